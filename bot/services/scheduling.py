"""The scheduler: at each tick, does what `bot.schedule` says is due, and sleeps until something will be."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from datetime import datetime, timedelta
from zoneinfo import ZoneInfoNotFoundError

import structlog

from bot.errors import DatabaseError, QuestionSetError, UnreadableError
from bot.schedule import digest_due, next_digest, next_question, question_due
from bot.services.alerts import EXHAUSTED, QUESTION_SET, clear_alerts, raise_alert
from bot.services.asking import ExhaustedError, ask_if_due
from bot.services.context import Context
from bot.services.digests import post_digest_if_due
from bot.services.housekeeping import chores
from bot.services.upkeep import DigestUpkeep
from bot.store.database import ConflictError
from bot.store.groups import Standing

log = structlog.get_logger(__name__)

LONGEST_SLEEP = 10.0
"""Seconds after which question sets are looked at again, and a machine's clock that jumped is noticed."""

COMPANY_SECONDS = 0.2
"""How long to wait for more of what woke the scheduler: every message does."""

HEARTBEAT = "heartbeat"
"""The note that says when the scheduler last ticked (UTC, ISO 8601)."""

HEARTBEAT_EVERY = timedelta(seconds=30)


class Scheduler:
    """Asks questions and compiles digests when they are due, and forgets groups that were left `purge_after` ago."""

    def __init__(self, context: Context, purge_after: timedelta | None = None) -> None:
        self._context = context
        self._chores = chores(context, purge_after)
        self._ticked_at: datetime | None = None
        self._beaten_at: datetime | None = None
        self._upkeep = DigestUpkeep(context)
        self._synced = True
        self._troubles: dict[str, str] = {}

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
            with suppress(TimeoutError):
                async with asyncio.timeout(max(seconds, 0.05)):
                    await wake.wait()
                await asyncio.sleep(COMPANY_SECONDS)

    async def tick(self) -> None:
        """Do everything that is due now: one digest and one question a group at most."""
        now = self._context.clock.now()
        await self._apart("question sets", self._reload())
        async with self._context.database.read() as transaction:
            standings, unreadable = await transaction.groups.standings()
        for slug, error in unreadable.items():
            self._log_trouble(f"group {slug}", error)
        for at in standings:
            await self._apart(f"digest of {at.group.slug}", self._post_digest(at, now))
            await self._apart(f"question of {at.group.slug}", self._ask(at, now))
        await self._apart("upkeep", self._upkeep.refresh())
        for chore in self._chores:
            if chore.is_due(now):
                await self._apart(chore.name, chore.do(now))
        self._ticked_at = now
        await self._beat(now)

    async def next_due(self) -> datetime | None:
        """Return the next instant (UTC) at which a question or a digest is due, or None without groups.

        What was due at the last tick counts no more: if it is not done, that is because it cannot be.
        """
        now = self._context.clock.now()
        async with self._context.database.read() as transaction:
            standings, _ = await transaction.groups.standings()
        instants: list[datetime] = []
        for at in standings:
            with suppress(ZoneInfoNotFoundError):
                instants += self._coming(at, now)
        return min(instants, default=None)

    def _coming(self, at: Standing, now: datetime) -> list[datetime]:
        schedule = at.group.schedule
        question = next_question(schedule, at.asked_on, now)
        if question is not None and self._was_tried(question[1]):
            question = next_question(schedule, question[0], now)
        digest = next_digest(schedule, at.digested_on, now)
        if self._was_tried(digest[1]):
            digest = next_digest(schedule, digest[0], now)
        return [occurrence[1] for occurrence in (question, digest) if occurrence is not None]

    def _was_tried(self, due: datetime) -> bool:
        return self._ticked_at is not None and due <= self._ticked_at

    async def _reload(self) -> None:
        if await self._context.catalogue.refresh():
            self._synced = False
        if not self._synced:
            await sync_questions(self._context)
            self._synced = True

    async def _post_digest(self, at: Standing, now: datetime) -> None:
        if digest_due(at.group.schedule, at.digested_on, now):
            await post_digest_if_due(self._context, at.group)

    async def _ask(self, at: Standing, now: datetime) -> None:
        group = at.group
        if not question_due(group.schedule, at.asked_on, now):
            return
        try:
            await ask_if_due(self._context, group.id)
        except QuestionSetError as error:
            await raise_alert(self._context, group.id, QUESTION_SET, f"Today's question cannot be asked. {error}")
        except ExhaustedError as error:
            async with self._context.database.write() as transaction:
                await clear_alerts(transaction, group.id, QUESTION_SET)
            await raise_alert(self._context, group.id, EXHAUSTED, str(error))

    async def _beat(self, now: datetime) -> None:
        if self._beaten_at is None or abs(now - self._beaten_at) >= HEARTBEAT_EVERY:
            async with self._context.database.write() as transaction:
                await transaction.notes.put(HEARTBEAT, now.isoformat())
            self._beaten_at = now

    async def _apart(self, what: str, work: Awaitable[object]) -> None:
        """Do some work whose failure must not keep the rest waiting, unless the database itself cannot be used."""
        try:
            await work
        except Exception as error:
            if isinstance(error, DatabaseError) and not isinstance(error, ConflictError | UnreadableError):
                raise
            self._log_trouble(what, error)
        else:
            self._troubles.pop(what, None)

    def _log_trouble(self, what: str, error: Exception) -> None:
        """Log what is wrong with some work, once as long as it stays the same: ticks are many."""
        if self._troubles.get(what) != repr(error):
            self._troubles[what] = repr(error)
            log.error("what is due could not be done", work=what, exc_info=error)


async def sync_questions(context: Context) -> None:
    """Bring the database's questions to what the sets hold now, so that rounds can point at them."""
    async with context.database.write() as transaction:
        for name, question_set in context.catalogue.sets.items():
            await transaction.questions.sync(name, question_set.questions)
