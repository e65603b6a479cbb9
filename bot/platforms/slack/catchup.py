"""Fetching what was missed, whenever something may have been."""

from __future__ import annotations

import asyncio

import structlog

from bot.errors import DatabaseError
from bot.platforms.slack.ids import NAME
from bot.ports import Chat

log = structlog.get_logger(__name__)

FIRST_CATCH_UP, LONGEST_CATCH_UP = 5.0, 300.0
"""Seconds after which the history is read again if that failed, and the most that this grows to."""

GATHERING = 2.0
"""Seconds after reading the history in which reasons to read it again are gathered."""


class CatchUp:
    """Reads the history again, one time for all reasons that came up meanwhile."""

    def __init__(self) -> None:
        self._behind = asyncio.Event()
        self._again: asyncio.TimerHandle | None = None
        self._again_after = FIRST_CATCH_UP
        self._then: asyncio.TimerHandle | None = None

    def now(self) -> None:
        """Have what is missing fetched soon."""
        self._behind.set()

    def later(self) -> None:
        """Have what is missing fetched after a while, since fetching it now failed."""
        if self._again is None:
            self._again = asyncio.get_running_loop().call_later(self._again_after, self._now_again)
            self._again_after = min(self._again_after * 2, LONGEST_CATCH_UP)

    def after(self, seconds: float) -> None:
        """Have what is missing fetched once so many seconds are over."""
        if self._then is not None:
            self._then.cancel()
        self._then = asyncio.get_running_loop().call_later(seconds, self.now)

    def _now_again(self) -> None:
        self._again = None
        self.now()

    async def keep_up(self, desk: Chat) -> None:
        """Fetch what is missing whenever something may be, until cancelled. What fails is tried again."""
        try:
            while True:
                await self._behind.wait()
                self._behind.clear()
                await self._catch_up(desk)
                await asyncio.sleep(GATHERING)
        finally:
            for timer in (self._again, self._then):
                if timer is not None:
                    timer.cancel()

    async def _catch_up(self, desk: Chat) -> None:
        try:
            await desk.connected(NAME)
        except DatabaseError as error:
            log.error("what was missed could not be recorded yet", problem=str(error))
            self.later()
        except Exception:
            log.exception("what was missed could not be fetched")
            self.later()
        if self._again is None:
            self._again_after = FIRST_CATCH_UP
