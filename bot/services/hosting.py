"""What hosts decide: making a group, changing it, pausing it, and which question comes next."""

from __future__ import annotations

import asyncio
import re
import unicodedata
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from bot.errors import ChatError
from bot.model import Author, Channel, Group, Member, Pause, Question, Ref, Room, Settings
from bot.selection import Queued
from bot.services.asking import coming
from bot.services.context import Context
from bot.services.curating import group_questions
from bot.store.deliveries import DeliveryKind, NewDelivery
from bot.store.transaction import Transaction
from bot.wording import describe_days

DEFAULT_NAME = "Reading group"
LONGEST_NAME = 80
LONGEST_SLUG = 40
DIAGNOSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class SetUp:
    """What became of a set-up: the group as it is now and as it was, None for a new one.

    `problems` keep the bot from working in the channel.
    """

    group: Group
    before: Group | None
    problems: tuple[str, ...]


async def is_host(context: Context, author: Author, group: Group | None) -> bool:
    """Return whether a person may host a group; the one who runs the workspace may make the first."""
    if author.admin:
        return True
    if group is None:
        return False
    async with context.database.read() as transaction:
        hosts = await transaction.groups.hosts(group.id)
    return any((host.platform, host.user) == (author.platform, author.user) for host in hosts)


async def require_host(context: Context, author: Author, there: Group | None) -> None:
    """Raise ChatError for whoever may not set up the group of a channel; `there` is the one that meets in it."""
    if await is_host(context, author, there):
        return
    if there is None:
        raise ChatError("No reading group meets in that channel.", "Only who runs the workspace can start one there.")
    raise ChatError(f"{there.name} meets in that channel.", "Only its own hosts, or who runs the workspace, change it.")


async def add_host(context: Context, group: Group, channel: Channel, user: Ref) -> Member:
    """Make a person a host of a group and return them. Raises ChatError if there is nobody of that id."""
    person = await context.platforms[channel.platform].person(channel, user)
    if person is None:
        raise ChatError("There is nobody of that name here.", "Name a member of this workspace.")
    async with context.database.write() as transaction:
        member = await transaction.members.ensure(person)
        await transaction.groups.add_host(group.id, member.id)
    return member


async def remove_host(context: Context, group: Group, channel: Channel, user: Ref) -> Member:
    """Make a host no host any more and return them. Raises ChatError for whoever is none, and for the last one."""
    async with context.database.write() as transaction:
        hosts = await transaction.groups.hosts(group.id)
        host = next((one for one in hosts if (one.platform, one.user) == (channel.platform, user)), None)
        if host is None:
            raise ChatError("That member is no host of the group.", "See the hosts with `/reading-host hosts list`.")
        if len(hosts) == 1:
            raise ChatError(f"{host.name} is the only host.", "Add another one first.")
        await transaction.groups.remove_host(group.id, host.id)
    return host


async def set_up(
    context: Context, channel: Channel, host: Author, changes: Mapping[str, Any], name: str | None
) -> SetUp:
    """Make a group that meets in a channel, or give the one that does new settings: fields of `Settings` to change.

    A new schedule counts from now on: nothing that it would have had earlier is made up for. Raises ChatError for
    whoever may not host here and for a group that the operator's file declares, QuestionSetError for an unknown set.
    """
    there = await group_at(context, channel)
    await require_host(context, host, there)
    name = checked_name(name)
    if there is None:
        changes = {"question_set": first_set(context), **changes}
    if "question_set" in changes:
        context.catalogue.get(changes["question_set"])
    now = context.clock.now()
    async with context.database.write() as transaction:
        room = await transaction.groups.room_at(channel)
        if room is None:
            before = None
            slug = await _free_slug(transaction, name or DEFAULT_NAME)
            group = await transaction.groups.add(slug, name or DEFAULT_NAME, Settings(**changes), now)
            room = await transaction.groups.add_room(group.id, channel)
            await announce(transaction, room, f"The group “{name}”" if name else "A reading group", group.settings, now)
        else:
            before = await transaction.groups.get(room.group_id)
            require_changeable(before)
            group = with_settings(before, replace(before.settings, **changes), now)
            group = replace(group, name=name or before.name)
            await transaction.groups.save(group)
        member = await transaction.members.ensure(host)
        await transaction.groups.add_host(group.id, member.id)
    context.wake()
    return SetUp(group, before, await diagnose(context, channel))


async def diagnose(context: Context, channel: Channel) -> tuple[str, ...]:
    """Return one sentence for each thing that keeps the bot from working in a channel.

    A platform that does not answer is one, so that no room has to wait for another.
    """
    platform = context.platforms.get(channel.platform)
    if platform is None:
        return (f"The group also meets on {channel.platform}, which is not set up any more.",)
    try:
        async with asyncio.timeout(DIAGNOSE_SECONDS):
            return await platform.diagnose(channel)
    except TimeoutError:
        return (f"I cannot reach {channel.platform} at the moment. I keep trying.",)


async def group_at(context: Context, channel: Channel) -> Group | None:
    """Return the group that meets in exactly that channel, or None."""
    async with context.database.read() as transaction:
        room = await transaction.groups.room_at(channel)
        return await transaction.groups.get(room.group_id) if room else None


def with_settings(group: Group, settings: Settings, now: datetime) -> Group:
    """Return a group with new settings. If they change when it meets, that counts from `now` (UTC) on.

    Otherwise a digest that is moved to a day already past this week would be posted at once, for one.
    """
    changed = replace(group, settings=settings)
    return changed if changed.schedule == group.schedule else replace(changed, active_from=now)


async def announce(transaction: Transaction, room: Room, who: str, settings: Settings, now: datetime) -> None:
    """Have it said in a new room that `who` meets there, when, and that what is written is recorded."""
    text = (
        f"{who} meets here from now on. A question comes {describe_days(settings.days)} at {settings.ask_at:%H:%M} "
        f"({settings.zone}), with a thread below it for the discussion. What is written in these threads is recorded: "
        "it can be looked up, and the weekly digest quotes it. "
        "Whoever wants nothing recorded writes `/reading privacy opt-out`. `/reading help` shows more."
    )
    await post_notice(transaction, room, text, now)


async def post_notice(transaction: Transaction, room: Room, text: str, now: datetime) -> None:
    """Have something said in a room."""
    key = f"notice:{uuid.uuid4().hex}"
    await transaction.deliveries.add(NewDelivery(key, DeliveryKind.NOTICE, room.id, now, text=text))


def checked_name(name: str | None) -> str:
    """Return a group's name on one line; nothing for none. Raises ChatError for one that is too long."""
    plain = " ".join((name or "").split())
    if len(plain) > LONGEST_NAME:
        raise ChatError(f"The name has {len(plain):,} characters; at most {LONGEST_NAME} fit.", "Shorten it.")
    return plain


def first_set(context: Context) -> str:
    """Return the name of the question set that a new group gets unless told otherwise."""
    default = Settings().question_set
    return default if default in context.catalogue.sets else min(context.catalogue.sets, default=default)


def require_changeable(group: Group) -> None:
    """Raise ChatError for a group whose settings the operator's file decides."""
    if group.declared:
        raise ChatError(
            f"The settings of {group.name} are decided by the operator's file, so they cannot be changed from chat.",
            f"Ask the operator to change group `{group.slug}` there.",
        )


async def _free_slug(transaction: Transaction, name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain)[:LONGEST_SLUG].strip("-") or "group"
    slug, number = base, 1
    while await transaction.groups.by_slug(slug) is not None:
        number += 1
        slug = f"{base}-{number}"
    return slug


async def pause_group(context: Context, group: Group, until: date | None) -> Pause:
    """Ask no questions from today until `until` (a local date, when they begin again), or until resumed.

    Raises ChatError for a date that is not in the future.
    """
    today = context.today(group)
    if until is not None and until <= today:
        raise ChatError(f"{until.isoformat()} is not in the future.", "Name the day on which questions begin again.")
    pause = Pause(today, until)
    async with context.database.write() as transaction:
        await transaction.groups.end_pauses(group.id, today)
        await transaction.groups.pause(group.id, pause)
    context.wake()
    return pause


async def resume_group(context: Context, group: Group) -> bool:
    """End the group's pauses and return whether there were any. What was missed is not made up for."""
    async with context.database.write() as transaction:
        ended = await transaction.groups.end_pauses(group.id, context.today(group))
        if ended:
            current = await transaction.groups.get(group.id)
            await transaction.groups.save(replace(current, active_from=context.clock.now()))
    context.wake()
    return ended


async def skip_next(context: Context, group: Group) -> tuple[Question, list[tuple[date, Question]]]:
    """Pass over the question that comes next; return it and what comes now. Raises ChatError, QuestionSetError."""
    planned = await coming(context, group, 1)
    if not planned:
        raise ChatError("There is no question to skip.", "See why with `/reading-host status`.")
    _, pick = planned[0]
    async with context.database.write() as transaction:
        if pick.queued is not None:
            await transaction.questions.dequeue(group.id, pick.queued.id)
        known = await group_questions(transaction, context, group)
        key = await transaction.questions.key(known.set_of(pick.question.id), pick.question.id)
        await transaction.rounds.skip(group.id, key, pick.cycle)
    return pick.question, [(day, then.question) for day, then in await coming(context, group, 1)]


async def enqueue(context: Context, group: Group, host: Author, question_id: str, on: date | None) -> Question:
    """Put a question at the end of the queue, or on a local date, and return it. Raises ChatError."""
    if on is not None and on < context.today(group):
        raise ChatError(f"{on.isoformat()} is over.", "Name today or a later day.")
    async with context.database.write() as transaction:
        if on is not None and await transaction.rounds.on(group.id, on):
            raise ChatError("Today's question has been asked already.", "Name a later day.")
        queued = await transaction.questions.queued(group.id)
        if on is not None and (taken := next((of for entry, of in queued if entry.on == on), None)):
            raise ChatError(
                f"“{taken.id}” is already queued for {on.isoformat()}.", "Remove it first, or take another day."
            )
        known = await group_questions(transaction, context, group)
        question = known.find(question_id)
        member = await transaction.members.ensure(host)
        key = await transaction.questions.key(known.set_of(question_id), question_id)
        await transaction.questions.enqueue(group.id, key, on=on, by=member.id, now=context.clock.now())
    return question


def is_asked_on(group: Group, day: date) -> bool:
    """Return whether a group gets a question on a local date, as its schedule and pauses stand now."""
    schedule = group.schedule
    paused = any(pause.covers(day) for pause in schedule.pauses)
    return day.weekday() in schedule.days and day not in schedule.holidays and not paused


async def dequeue(context: Context, group: Group, position: int) -> Question:
    """Take the entry at a position (from 1) out of the queue and return its question. Raises ChatError."""
    async with context.database.write() as transaction:
        queued = await transaction.questions.queued(group.id)
        if not 1 <= position <= len(queued):
            raise ChatError(
                f"There is no number {position} in the queue.", "See the numbers with `/reading-host queue list`."
            )
        entry, question = queued[position - 1]
        await transaction.questions.dequeue(group.id, entry.id)
    return question


async def queue(context: Context, group: Group) -> list[tuple[Queued, Question, bool]]:
    """Return the group's queue in order, each with whether it can still be asked. Raises QuestionSetError."""
    async with context.database.read() as transaction:
        known = await group_questions(transaction, context, group)
        queued = await transaction.questions.queued(group.id)
    active = {question.id for question in known.active}
    return [(entry, question, question.id in active) for entry, question in queued]
