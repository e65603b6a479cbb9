"""A channel that leaves its group: what was said there stays the group's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from bot.errors import ChatError
from bot.model import Channel, Group, Room
from bot.services.alerts import clear_alerts, delivery_cause
from bot.services.context import Context
from bot.services.hosting import post_notice, require_changeable
from bot.services.viewing import full_name
from bot.store.transaction import Transaction

log = structlog.get_logger(__name__)


async def leave_room(context: Context, group: Group, room: Room) -> None:
    """Let a group meet in one of its rooms no more, and have that said everywhere.

    Raises ChatError for the only room, and for a group that the operator's file declares.
    """
    async with context.database.write() as transaction:
        require_leavable(group, await transaction.groups.rooms(group.id), room)
        await close_rooms(transaction, group, [room], context.clock.now())
    context.wake()


def require_leavable(group: Group, rooms: Sequence[Room], room: Room) -> None:
    """Raise ChatError if a room cannot leave a group that meets in these rooms."""
    require_changeable(group)
    if room.id not in {one.id for one in rooms}:
        raise ChatError(f"{group.name} does not meet in this channel.", "Write this where it meets.")
    if len(rooms) == 1:
        raise ChatError(
            f"This is the only channel where {group.name} meets, so it cannot leave.",
            "`/reading-host pause` stops its questions.",
        )


async def close_rooms(
    transaction: Transaction, group: Group, rooms: Sequence[Room], now: datetime, handed_on: Collection[Channel] = ()
) -> None:
    """Let a group meet in rooms no more and have that said in all its rooms.

    Those that are `handed_on` to another group hear from that one, which records what is written there.
    """
    remaining = await give_up_rooms(transaction, group, rooms, now)
    where = f", which meets in {' and in '.join(remaining)}" if remaining else ""
    text = (
        f"{group.name} does not meet here any more, and nothing that is written here from now on is recorded. "
        f"What was said so far stays with the group{where}. "
        "`/reading privacy erase` still makes it forget what you said."
    )
    for room in rooms:
        if room.channel not in handed_on:
            await post_notice(transaction, room, text, now)


async def give_up_rooms(transaction: Transaction, group: Group, rooms: Sequence[Room], now: datetime) -> list[str]:
    """Let a group meet in rooms no more, have that said in its other rooms, and return what these are called."""
    names = {one.id: full_name(one.channel, called) for one, called in await transaction.groups.called(group.id)}
    for room in rooms:
        await transaction.groups.leave(room.id, now)
        await transaction.deliveries.call_off(room.id, now)
        await clear_alerts(transaction, group.id, delivery_cause(room.id))
        log.info("a channel left a group", group=group.slug, room=room.id)
    others = await transaction.groups.rooms(group.id)
    await _forget_alert_channel(transaction, group, others)
    text = (
        f"{group.name} does not meet in {' and in '.join(names[room.id] for room in rooms)} any more: "
        "what is written here does not go there now. What was said so far stays with the group."
    )
    for one in others:
        await post_notice(transaction, one, text, now)
    return [names[one.id] for one in others]


async def _forget_alert_channel(transaction: Transaction, group: Group, rooms: Sequence[Room]) -> None:
    """Tell hosts in private again if their alert channel is in a workspace that the group has left."""
    alerts = group.settings.alert_channel
    workspaces = {(room.channel.platform, room.channel.workspace) for room in rooms}
    if alerts is not None and (alerts.platform, alerts.workspace) not in workspaces:
        current = await transaction.groups.get(group.id)
        await transaction.groups.save(replace(current, settings=replace(current.settings, alert_channel=None)))
