"""Groups that the operator's file declares: the file decides, at every start."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

import structlog

from bot.config import DeclaredGroup
from bot.errors import SettingsError
from bot.model import Channel, Group, Ref, Room
from bot.nearest import nearest
from bot.questions.catalogue import Catalogue
from bot.services.context import Context
from bot.services.hosting import announce, with_settings
from bot.services.leaving import close_rooms, give_up_rooms
from bot.services.linking import announce_crossing
from bot.services.moving import present_channel, tell_operator
from bot.store.transaction import Transaction

log = structlog.get_logger(__name__)


async def declare_groups(context: Context, declared: Iterable[DeclaredGroup]) -> None:
    """Make or bring up to date the groups of the file; those that left it stay as they were, decided from chat again.

    Channels that join or leave a group by it are told. Raises SettingsError for the slug of a group that was set up
    from chat elsewhere, and for an unknown question set; one that cannot be read just now is the hosts' trouble, not
    the operator's.
    """
    wanted = {group.slug: group for group in declared}
    require_sets(context.catalogue, wanted.values())
    now = context.clock.now()
    async with context.database.write() as transaction:
        places = {await present_channel(transaction, room.place) for group in wanted.values() for room in group.rooms}
        for group in wanted.values():
            await _declare(transaction, group, places, now)
        for known in await transaction.groups.all():
            if known.declared and known.slug not in wanted:
                await transaction.groups.save(replace(known, declared=False))
                log.info("group left the file and is decided from chat", group=known.slug)


def require_sets(catalogue: Catalogue, declared: Iterable[DeclaredGroup]) -> None:
    """Raise SettingsError, with its place in the file, for the first question set that is not there."""
    known = {*catalogue.sets, *catalogue.broken}
    for group in declared:
        if group.question_set not in known:
            near = nearest(group.question_set, known)
            hint = f"did you mean `{near}`?" if near else f"there are {', '.join(sorted(known)) or 'none'}."
            told = f"There is no question set “{group.question_set}”; {hint}"
            raise SettingsError(group.wrong("question_set", told))


async def _declare(transaction: Transaction, wanted: DeclaredGroup, places: Collection[Channel], now: datetime) -> None:
    """Make or bring up to date one group of the file, whose groups meet in these places."""
    mentions = {await _present(transaction, room.place): room.mention for room in wanted.rooms}
    settings = wanted.settings
    if settings.alert_channel is not None:
        settings = replace(settings, alert_channel=await _present(transaction, settings.alert_channel))
    group = await transaction.groups.by_slug(wanted.slug)
    if group is None:
        group = await transaction.groups.add(wanted.slug, wanted.name, settings, now, declared=True)
        log.info("group declared", group=wanted.slug)
    else:
        rooms = await transaction.groups.rooms(group.id)
        if not group.declared and rooms and mentions.keys().isdisjoint(room.channel for room in rooms):
            told = f"A group `{wanted.slug}` was set up from chat, and meets in none of these channels;"
            raise SettingsError(wanted.wrong("slug", f"{told} choose another slug, or name a channel of that group"))
        if left := [room for room in rooms if room.channel not in mentions]:
            await close_rooms(transaction, group, left, now, handed_on=places)
        group = replace(with_settings(group, settings, now), name=wanted.name, declared=True)
        await transaction.groups.save(group)
    await _join(transaction, group, mentions, now)


async def _present(transaction: Transaction, declared: Channel) -> Channel:
    present = await present_channel(transaction, declared)
    if present != declared:
        tell_operator(declared, present)
    return present


async def _join(transaction: Transaction, group: Group, mentions: Mapping[Channel, str | None], now: datetime) -> None:
    """Let a group meet in channels, whatever group met there before, and have that said in those that are new."""
    before = [room for place in mentions if (room := await transaction.groups.room_at(place)) is not None]
    for group_id in {room.group_id for room in before} - {group.id}:
        theirs = [room for room in before if room.group_id == group_id]
        await give_up_rooms(transaction, await transaction.groups.get(group_id), theirs, now)
    known = {room.channel for room in before if room.group_id == group.id}
    joined: list[Room] = []
    for place, mention in mentions.items():
        room = await transaction.groups.add_room(group.id, place, since=None if place in known else now)
        await transaction.groups.set_mention(room.id, Ref(mention) if mention else None)
        if place not in known:
            joined.append(room)
    if len(mentions) == 1:
        for room in joined:
            await announce(transaction, room, f"The group “{group.name}”", group.settings, now)
    elif joined:
        await announce_crossing(transaction, group, [room.id for room in joined], now)
