"""What is done every so often, whatever is asked or said: forgetting groups and words, and telling hosts again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.services.alerts import tell_again
from bot.services.context import Context
from bot.services.departing import purge_abandoned

PURGE_EVERY = timedelta(minutes=10)

TELL_AGAIN_EVERY = timedelta(hours=1)
"""How often hosts whom no alert could reach are told again; some want no private messages, and never can be."""

TRIM_EVERY = timedelta(hours=1)
"""How long what was deleted may still stand in the database's log."""

COMPACT_EVERY = timedelta(days=1)
"""How long words that were deleted or edited may still stand in the index for searching."""


@dataclass(slots=True)
class Chore:
    """Something that is done every so often.

    `work` returns whether it could be done now. `done_at` is UTC; None for what is to be done at once.
    """

    name: str
    every: timedelta
    work: Callable[[], Awaitable[bool]]
    done_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Return whether it is time; a clock that was put back does not put it off."""
        return self.done_at is None or abs(now - self.done_at) >= self.every

    async def do(self, now: datetime) -> None:
        """Do it. It waits for the next time if it fails, but not if it could not be done."""
        before, self.done_at = self.done_at, now
        if not await self.work():
            self.done_at = before


def chores(context: Context, purge_after: timedelta | None) -> tuple[Chore, ...]:
    """Return what is to be done. Groups that were left are forgotten `purge_after` that, if it is given."""

    async def purge() -> bool:
        if purge_after is not None:
            await purge_abandoned(context, purge_after)
        return True

    async def compact() -> bool:
        async with context.database.write() as transaction:
            await transaction.search.compact()
        return True

    async def tell() -> bool:
        await tell_again(context)
        return True

    now = context.clock.now()
    return (
        # What happened while nobody ran is heard first: the bot may have been invited again, and hosts be in reach.
        Chore("forgetting groups", PURGE_EVERY, purge, now),
        Chore("alerts", TELL_AGAIN_EVERY, tell, now),
        Chore("index", COMPACT_EVERY, compact),
        Chore("log", TRIM_EVERY, context.database.trim),
    )
