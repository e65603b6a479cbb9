"""The scheduler: at each tick, does what `bot.schedule` says is due, and sleeps until something will be."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog

from bot.errors import DatabaseError, QuestionSetError
from bot.model import Group
from bot.schedule import digest_due, next_digest, next_question, question_due
from bot.services.alerts import EXHAUSTED, QUESTION_SET, clear_alert, raise_alert
from bot.services.asking import ask_if_due
from bot.services.context import Context
from bot.services.digests import post_digest_if_due, refresh_stale_digests

log = structlog.get_logger(__name__)

LONGEST_SLEEP = 10.0
"""Seconds after which question sets are looked at again, and a machine's clock that jumped is noticed."""

HEARTBEAT = "heartbeat"
"""The note that says when the scheduler last ticked (UTC, ISO 8601)."""

HEARTBEAT_EVERY = timedelta(seconds=30)


class Scheduler:
    """Asks questions and compiles digests when they are due."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._beaten_at: datetime | None = None

    async def run(self, wake: asyncio.Event) -> None:
        """Tick until cancelled; look again at each `wake`. A database that fails is tried again."""
        while True:
            wake.clear()
            seconds = LONGEST_SLEEP
            try:
                await self.tick()
                coming = await self.next_due()
                if coming is not None:
                    seconds = min(seconds, (coming - self._context.clock.now()).total_seconds())
            except DatabaseError as error:
                log.error("scheduler could not use the database", problem=str(error))
            try:
                await asyncio.wait_for(wake.wait(), max(seconds, 0.05))
            except TimeoutError:
                continue

    async def tick(self) -> None:
        """Do everything that is due now: one digest and one question a group at most."""
        if await self._context.catalogue.refresh():
            await sync_questions(self._context)
        now = self._context.clock.now()
        async with self._context.database.read() as transaction:
            groups = await transaction.groups.all()
            asked = await transaction.rounds.last_dates()
            digested = await transaction.digests.last_dates()
        for group in groups:
            if digest_due(group.schedule, digested.get(group.id), now):
                await post_digest_if_due(self._context, group)
            if question_due(group.schedule, asked.get(group.id), now):
                await self._ask(group)
        await refresh_stale_digests(self._context)
        await self._beat(now)

    async def next_due(self) -> datetime | None:
        """Return the next instant (UTC) at which a question or a digest is due, or None without groups."""
        now = self._context.clock.now()
        async with self._context.database.read() as transaction:
            groups = await transaction.groups.all()
            asked = await transaction.rounds.last_dates()
            digested = await transaction.digests.last_dates()
        instants = [next_digest(group.schedule, digested.get(group.id), now)[1] for group in groups]
        questions = (next_question(group.schedule, asked.get(group.id), now) for group in groups)
        instants += [question[1] for question in questions if question is not None]
        return min(instants, default=None)

    async def _ask(self, group: Group) -> None:
        try:
            asked = await ask_if_due(self._context, group)
        except QuestionSetError as error:
            await raise_alert(self._context, group.id, QUESTION_SET, f"Today's question cannot be asked. {error}")
            return
        await clear_alert(self._context, group.id, QUESTION_SET)
        if asked is None:
            text = "Every question of the set has been asked. Choose another set with `/reading-host setup`."
            await raise_alert(self._context, group.id, EXHAUSTED, text)
        else:
            await clear_alert(self._context, group.id, EXHAUSTED)

    async def _beat(self, now: datetime) -> None:
        if self._beaten_at is None or now - self._beaten_at >= HEARTBEAT_EVERY:
            async with self._context.database.write() as transaction:
                await transaction.notes.put(HEARTBEAT, now.isoformat())
            self._beaten_at = now


async def sync_questions(context: Context) -> None:
    """Bring the database's questions to what the sets hold now, so that rounds can point at them."""
    async with context.database.write() as transaction:
        for name, question_set in context.catalogue.sets.items():
            await transaction.questions.sync(name, question_set.questions)
