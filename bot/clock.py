"""Where the program gets the time from, so that a test or the console can give it another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

from bot.model import utc


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the current instant (UTC)."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the current instant (UTC)."""
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is moved, and never goes back."""

    def __init__(self, start: datetime) -> None:
        self._now = utc(start)

    def now(self) -> datetime:
        """Return the instant that the clock was moved to last (UTC)."""
        return self._now

    def move_to(self, moment: datetime) -> None:
        """Move forward to `moment`; an earlier one changes nothing."""
        self._now = max(self._now, utc(moment))

    def advance(self, by: timedelta) -> None:
        """Move forward by a span of time."""
        self.move_to(self._now + by)
