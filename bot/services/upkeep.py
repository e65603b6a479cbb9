"""Keeping posted digests true to what was said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from bot.digest.agreement import voters
from bot.digest.compile import is_empty
from bot.digest.model import Digest, Votes
from bot.errors import DatabaseError, UnreadableError
from bot.model import Substance
from bot.services.context import Context
from bot.services.digests import compile_week, post_in_rooms
from bot.store.transaction import Transaction

log = structlog.get_logger(__name__)

GATHER = timedelta(minutes=10)
"""How long votes and late messages wait before posted digests show them."""

KEPT_TRUE_FOR = timedelta(days=14)
"""How long a digest's counts are kept true; words that are quoted follow edits and deletions for ever."""

Standing = tuple[tuple[int, Substance, Votes], ...]
"""What is recorded of a digest's week: its messages with their votes."""


class DigestUpkeep:
    """Compiles again what is recorded differently now.

    Digests that quote words which were edited or deleted come at once. Votes, and what arrived late, are gathered:
    every ten minutes the digests of the last two weeks are held against what is recorded.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._gathered_at: datetime | None = None
        self._standings: Mapping[int, Standing] = {}
        self._failed: set[int] = set()

    async def refresh(self) -> int:
        """Compile again the digests that need it, have their posts revised, and return how many they are.

        One with which something is wrong is tried again when votes are gathered next, lest it be at every message.
        """
        now = self._context.clock.now()
        async with self._context.database.read() as transaction:
            stale = set(await transaction.digests.stale())
            standings = self._standings
            if self._gathered_at is None or abs(now - self._gathered_at) >= GATHER:
                self._gathered_at = now
                self._failed.clear()
                standings = await _standings(transaction, now - KEPT_TRUE_FOR)
                stale |= await self._outgrown(transaction, standings)
        stale -= self._failed
        for digest_id in sorted(stale):
            try:
                await self._compile_again(digest_id)
            except Exception as error:
                if isinstance(error, DatabaseError) and not isinstance(error, UnreadableError):
                    raise
                # Whatever is wrong with one, words that were taken back leave the others.
                log.exception("a digest could not be compiled again", digest=digest_id)
                self._failed.add(digest_id)
        self._standings = {key: standing for key, standing in standings.items() if key not in self._failed}
        return len(stale)

    async def _compile_again(self, digest_id: int) -> None:
        async with self._context.database.write() as transaction:
            stored = await transaction.digests.get(digest_id)
            group = await transaction.groups.get(stored.group_id)
            digest = await compile_week(transaction, self._context, group, stored.digest.week, stored.digest.upcoming)
            await transaction.digests.replace(stored.id, digest, self._context.clock.now())
            await transaction.deliveries.revise(digest_id=stored.id, due_at=self._context.clock.now())
            if is_empty(stored.digest) and not is_empty(digest):
                # Nothing may have been known of the week when it ended, as after a week without the platform.
                await post_in_rooms(transaction, stored, self._context.clock.now())
        self._context.wake()
        log.info("digest compiled again", group=group.slug, date=stored.local_date.isoformat())

    async def _outgrown(self, transaction: Transaction, standings: Mapping[int, Standing]) -> set[int]:
        """Return digests whose counts are not those of what is recorded; only where that has changed is looked at."""
        changed = [digest_id for digest_id, standing in standings.items() if self._standings.get(digest_id) != standing]
        return {digest_id for digest_id in changed if await _differs(transaction, digest_id, standings[digest_id])}


async def _standings(transaction: Transaction, since: datetime) -> Mapping[int, Standing]:
    """Return what is recorded of each digest's week, of those that ended after an instant (UTC)."""
    said = await transaction.digests.said_since(since)
    votes = await transaction.reactions.votes([key for of in said.values() for key, _ in of])
    return {
        digest_id: tuple((key, substance, votes.get(key, Votes())) for key, substance in of)
        for digest_id, of in said.items()
    }


async def _differs(transaction: Transaction, digest_id: int, standing: Standing) -> bool:
    try:
        stored = await transaction.digests.get(digest_id)
    except UnreadableError:
        return True
    return _is_outgrown(stored.digest, standing)


def _is_outgrown(digest: Digest, standing: Standing) -> bool:
    answers = {key: votes for key, substance, votes in standing if substance is Substance.ANSWER}
    counts = (len(answers), len(standing) - len(answers), sum(map(voters, answers.values())))
    if counts != (digest.answers, digest.remarks, digest.votes):
        return True
    quotes = (quote for entry in digest.rounds for quote in (*entry.quotes, *entry.consensus, *entry.splits))
    return any(answers.get(quote.message_id, Votes()) != quote.votes for quote in quotes)
