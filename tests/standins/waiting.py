"""Waiting for what the program does by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PATIENCE_SECONDS = 20.0


async def until(condition: Callable[[], bool]) -> None:
    """Return once something is so. Raises TimeoutError if it never is."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110  (nothing tells when it becomes so)
            await asyncio.sleep(0.005)
