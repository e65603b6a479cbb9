"""Asking a group its question: one transaction makes the round and a delivery for each of its rooms."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta

import structlog

from bot.errors import ChatError
from bot.model import Group, Order, Question, Round
from bot.schedule import instant, next_question, question_due
from bot.selection import Pick, Progress, Queued, choose, upcoming
from bot.services.context import Context
from bot.store.deliveries import DeliveryKind, NewDelivery
from bot.store.transaction import Transaction
from bot.yamlsentences import nearest

log = structlog.get_logger(__name__)


async def ask_if_due(context: Context, group: Group) -> Round | None:
    """Ask the group's question of today if it is due and return the round.

    None if nothing is due, or if there is nothing to ask: then the hosts are alerted. Raises QuestionSetError.
    """
    now = context.clock.now()
    async with context.database.write() as transaction:
        last = await transaction.rounds.last(group.id)
        day = question_due(group.schedule, last.local_date if last else None, now)
        if day is None:
            return None
        pick = await next_pick(transaction, context, group, day)
        if pick is None:
            return None
        return await _ask(transaction, context, group, pick, day)


async def ask_now(context: Context, group: Group, question_id: str | None) -> Round:
    """Ask a group today's question at once, or the one named, and return the round.

    Raises ChatError if today has its round, if the question is unknown, or if nothing is left to ask.
    """
    day = context.today(group)
    async with context.database.write() as transaction:
        last = await transaction.rounds.last(group.id)
        if last is not None and last.local_date >= day:
            raise ChatError("Today's question has been asked already.", "See it with `/reading today`.")
        if question_id is None:
            pick = await next_pick(transaction, context, group, day)
        else:
            progress = await transaction.rounds.progress(group.id)
            queued = next(
                (entry for entry, of in await transaction.questions.queued(group.id) if of.id == question_id), None
            )
            pick = Pick(find_question(context, group, question_id), progress.cycle, queued)
        if pick is None:
            raise ChatError(
                "Every question of the set has been asked.", "Choose another set, or ask one of them again."
            )
        return await _ask(transaction, context, group, pick, day)


async def next_pick(transaction: Transaction, context: Context, group: Group, day: date) -> Pick | None:
    """Return what would be asked on a local date, or None when the set is exhausted. Raises QuestionSetError."""
    picks = await _plan(transaction, context, group)
    return choose(*picks, on=day, exhausted=group.settings.exhausted)


async def coming(context: Context, group: Group, count: int) -> list[tuple[date, Pick]]:
    """Return the next questions with their local dates, as far as is known now. Raises QuestionSetError."""
    async with context.database.read() as transaction:
        days = await coming_days(transaction, context, group, count)
        plan = await _plan(transaction, context, group)
    return list(zip(days, upcoming(*plan, days=days, exhausted=group.settings.exhausted), strict=False))


async def coming_days(transaction: Transaction, context: Context, group: Group, count: int) -> list[date]:
    """Return the next local dates on which the group is asked, today's included until it has been asked."""
    last = await transaction.rounds.last(group.id)
    last_asked_on = last.local_date if last else None
    now = context.clock.now()
    days: list[date] = []
    while len(days) < count and (occurrence := next_question(group.schedule, last_asked_on, now)):
        last_asked_on, now = occurrence[0], max(now, occurrence[1])
        days.append(last_asked_on)
    return days


async def _plan(
    transaction: Transaction, context: Context, group: Group
) -> tuple[Sequence[Question], Order, int, Progress, Sequence[Queued]]:
    question_set = context.catalogue.get(group.settings.question_set)
    progress = await transaction.rounds.progress(group.id)
    queue = [entry for entry, _ in await transaction.questions.queued(group.id)]
    return question_set.questions, group.settings.order, group.id, progress, queue


def find_question(context: Context, group: Group, question_id: str) -> Question:
    """Return a question of the group's set that may be asked. Raises ChatError with the nearest id."""
    question_set = context.catalogue.get(group.settings.question_set)
    question = question_set.get(question_id)
    if question is None or question.draft or question.retired:
        known = nearest(
            question_id, [other.id for other in question_set.questions if not (other.draft or other.retired)]
        )
        hint = f"Did you mean `{known}`?" if known else "Find its id with `/reading search`."
        raise ChatError(f"There is no question “{question_id}” to ask in {question_set.title}.", hint)
    return question


async def _ask(transaction: Transaction, context: Context, group: Group, pick: Pick, day: date) -> Round:
    now = context.clock.now()
    key = await transaction.questions.key(group.settings.question_set, pick.question.id)
    round_ = await transaction.rounds.add(group.id, key, day, pick.cycle, now)
    if pick.queued is not None:
        await transaction.questions.dequeue(group.id, pick.queued.id)
    expires_at = instant(day + timedelta(days=1), time(0), group.settings.zone)
    for room in await transaction.groups.rooms(group.id):
        await transaction.deliveries.add(
            NewDelivery(
                key=f"question:{round_.id}:{room.id}",
                kind=DeliveryKind.QUESTION,
                room_id=room.id,
                round_id=round_.id,
                due_at=now,
                expires_at=expires_at,
            )
        )
    context.wake()
    log.info("question asked", group=group.slug, date=day.isoformat(), question=pick.question.id)
    return round_
