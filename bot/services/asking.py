"""Asking a group its question: one transaction makes the round and a delivery for each of its rooms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import structlog

from bot.errors import BotError, ChatError
from bot.model import Group, Question, Room, Round
from bot.schedule import instant, next_question, question_due
from bot.selection import Pick, Progress, Queued, choose, upcoming
from bot.services.alerts import EXHAUSTED, QUESTION_SET, clear_alerts
from bot.services.context import Context
from bot.services.curating import GroupQuestions, group_questions
from bot.store.deliveries import DeliveryKind, NewDelivery
from bot.store.transaction import Transaction

log = structlog.get_logger(__name__)


class ExhaustedError(BotError):
    """A group has been asked everything that it may be asked."""


async def ask_if_due(context: Context, group_id: int) -> Round | None:
    """Ask a group's question of today if it is due and return the round, or None if nothing is due.

    Raises ExhaustedError if there is nothing left to ask, QuestionSetError if the group's set cannot be used.
    """
    now = context.clock.now()
    async with context.database.write() as transaction:
        group = await transaction.groups.get(group_id)
        last = await transaction.rounds.last(group.id)
        day = question_due(group.schedule, last.local_date if last else None, now)
        if day is None:
            return None
        plan = await make_plan(transaction, context, group)
        pick = plan.choose(day)
        if pick is None:
            raise ExhaustedError(
                "There is no question left to ask.",
                "Choose another set, or begin again with this one, with `/reading-host setup`.",
            )
        round_ = await _ask(transaction, context, plan, pick, day)
    context.wake()
    return round_


async def ask_now(context: Context, group: Group, question_id: str | None) -> Round:
    """Ask a group today's question at once, or the one named, and return the round.

    Raises ChatError if today has its round, if the question is unknown, or if nothing is left to ask.
    """
    day = context.today(group)
    async with context.database.write() as transaction:
        last = await transaction.rounds.last(group.id)
        if last is not None and last.local_date >= day:
            raise ChatError("Today's question has been asked already.", "See it with `/reading today`.")
        plan = await make_plan(transaction, context, group)
        if question_id is None:
            pick = plan.choose(day)
        else:
            queued = next((entry for entry in plan.queue if entry.question_id == question_id), None)
            pick = Pick(plan.questions.find(question_id), plan.progress.cycle, queued)
        if pick is None:
            raise ChatError(
                "Every question of the set has been asked.", "Choose another set, or ask one of them again."
            )
        round_ = await _ask(transaction, context, plan, pick, day)
    context.wake()
    return round_


@dataclass(frozen=True, slots=True)
class Plan:
    """What is needed to say which questions come next."""

    group: Group
    questions: GroupQuestions
    progress: Progress
    queue: Sequence[Queued]

    def choose(self, day: date) -> Pick | None:
        """Return what is asked on a local date, or None when everything has been asked."""
        settings = self.group.settings
        questions = self.questions.questions
        return choose(questions, settings.order, self.group.id, self.progress, self.queue, day, settings.exhausted)

    def upcoming(self, days: Sequence[date]) -> list[Pick]:
        """Return what local dates get if nothing changes."""
        settings = self.group.settings
        questions = self.questions.questions
        return upcoming(questions, settings.order, self.group.id, self.progress, self.queue, days, settings.exhausted)


async def make_plan(transaction: Transaction, context: Context, group: Group) -> Plan:
    """Return how a group stands with its questions. Raises QuestionSetError."""
    return Plan(
        group=group,
        questions=await group_questions(transaction, context, group),
        progress=await transaction.rounds.progress(group.id),
        queue=[entry for entry, _ in await transaction.questions.queued(group.id)],
    )


async def coming(context: Context, group: Group, count: int) -> list[tuple[date, Pick]]:
    """Return the next questions with their local dates, as far as is known now. Raises QuestionSetError."""
    async with context.database.read() as transaction:
        days = await coming_days(transaction, context, group, count)
        plan = await make_plan(transaction, context, group)
    return list(zip(days, plan.upcoming(days), strict=False))


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


async def _key(transaction: Transaction, of_set: str, question: Question) -> int:
    try:
        return await transaction.questions.key(of_set, question.id)
    except LookupError:
        # The sets were read again since the database was last brought to what they hold.
        await transaction.questions.sync(of_set, [question])
        return await transaction.questions.key(of_set, question.id)


async def _ask(transaction: Transaction, context: Context, plan: Plan, pick: Pick, day: date) -> Round:
    now, group = context.clock.now(), plan.group
    of_set = plan.questions.set_of(pick.question.id)
    key = await _key(transaction, of_set, pick.question)
    round_ = await transaction.rounds.add(group.id, key, day, pick.cycle, now)
    if pick.queued is not None:
        await transaction.questions.dequeue(group.id, pick.queued.id)
    for room in await transaction.groups.rooms(group.id):
        await post_in(transaction, group, round_, room, now)
    await clear_alerts(transaction, group.id, QUESTION_SET, EXHAUSTED)
    log.info("question asked", group=group.slug, date=day.isoformat(), question=pick.question.id)
    return round_


async def post_in(transaction: Transaction, group: Group, round_: Round, room: Room, now: datetime) -> None:
    """Have a round posted in one of its group's rooms before its day is over."""
    await transaction.deliveries.add(
        NewDelivery(
            key=question_key(round_, room),
            kind=DeliveryKind.QUESTION,
            room_id=room.id,
            round_id=round_.id,
            due_at=now,
            expires_at=instant(round_.local_date + timedelta(days=1), time(0), group.settings.zone),
        )
    )


def question_key(round_: Round, room: Room) -> str:
    """Return the key under which a round is posted in a room."""
    return f"question:{round_.id}:{room.id}"
