"""Discord's events at work: discord.py begins a task for each and leaves it alone; here they have an owner."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

TO_FINISH = 1.0
"""Seconds that what is at work has before it is cancelled."""


class Handlers:
    """The tasks that handle events now."""

    def __init__(self) -> None:
        self._at_work: set[asyncio.Task[Any]] = set()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Own the current task until the end of the block."""
        task = asyncio.current_task()
        if task is None or task in self._at_work:
            yield
            return
        self._at_work.add(task)
        try:
            yield
        finally:
            self._at_work.discard(task)

    async def end(self) -> None:
        """Let what is at work finish, for a moment, and cancel what does not."""
        at_work = self._at_work - {asyncio.current_task()}
        if not at_work:
            return
        _, late = await asyncio.wait(at_work, timeout=TO_FINISH)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
