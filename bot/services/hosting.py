"""What hosts decide: making a group, changing it, pausing it, and which question comes next."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from bot.errors import ChatError
from bot.model import Author, Channel, Group, Pause, Question, Settings
from bot.selection import Queued
from bot.services.asking import coming
from bot.services.context import Context
from bot.services.curating import group_questions
from bot.store.deliveries import DeliveryKind, NewDelivery
from bot.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class SetUp:
    """What became of a set-up. `problems` keep the bot from working in the channel."""

    group: Group
    created: bool
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


async def set_up(
    context: Context, channel: Channel, host: Author, changes: Mapping[str, Any], name: str | None
) -> SetUp:
    """Make a group that meets in a channel, or give the one that does new settings: fields of `Settings` to change.

    Raises ChatError for whoever may not host here and for a group that the operator's file declares, QuestionSetError
    for an unknown set.
    """
    async with context.database.read() as transaction:
        room = await transaction.groups.room_at(channel)
        there = await transaction.groups.get(room.group_id) if room else None
    if not await is_host(context, host, there):
        raise ChatError("Only a host of that group, or who runs the workspace, can set up a group there.")
    if there is None:
        changes = {"question_set": _first_set(context), **changes}
    if "question_set" in changes:
        context.catalogue.get(changes["question_set"])
    now = context.clock.now()
    async with context.database.write() as transaction:
        room = await transaction.groups.room_at(channel)
        if room is None:
            slug = await _free_slug(transaction, name or "reading-group")
            group = await transaction.groups.add(slug, name or "Reading group", Settings(**changes), now)
            room = await transaction.groups.add_room(group.id, channel)
            notice = (
                f"{group.name} meets here from now on: a question a day, and the discussion in the thread below it. "
                "What you write in those threads is recorded, to be looked up and quoted in the weekly digest."
            )
            await transaction.deliveries.add(
                NewDelivery(f"notice:set-up:{room.id}", DeliveryKind.NOTICE, room.id, now, text=notice)
            )
            created = True
        else:
            group = await transaction.groups.get(room.group_id)
            require_changeable(group)
            group = replace(group, settings=replace(group.settings, **changes), name=name or group.name)
            await transaction.groups.save(group)
            created = False
        member = await transaction.members.ensure(host)
        await transaction.groups.add_host(group.id, member.id)
    context.wake()
    return SetUp(group, created, await context.platforms[channel.platform].diagnose(channel))


def _first_set(context: Context) -> str:
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
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "group"
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


async def queue(context: Context, group: Group) -> list[tuple[Queued, Question]]:
    """Return the group's queue in order."""
    async with context.database.read() as transaction:
        return await transaction.questions.queued(group.id)
