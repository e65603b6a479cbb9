"""Work that does not end when whoever waits for it gives up.

An attempt to post is cancelled when it takes too long. A request that is on its way then may be carried out all the
same; so it is seen through, and the next attempt learns what came of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Generic, TypeVar

T = TypeVar("T")


class Lasting(Generic[T]):
    """Work by name. What nobody took the result of waits for the next who asks."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[T]] = {}

    async def result(self, name: str, work: Callable[[], Coroutine[None, None, T]]) -> T:
        """Return what the work under a name gives, begun now unless it is under way or done. Raises what it raises."""
        task = self._tasks.get(name)
        if task is None:
            task = self._tasks[name] = asyncio.create_task(work(), name=name)
            task.add_done_callback(_look_at)
        try:
            result = await asyncio.shield(task)
        except asyncio.CancelledError:
            raise
        except BaseException:
            self._tasks.pop(name, None)
            raise
        self._tasks.pop(name, None)
        return result

    async def of(self, prefix: str) -> list[T]:
        """Return what the work under names that begin so gave, once all is done; what failed may be begun again."""
        mine = {name: task for name, task in self._tasks.items() if name.startswith(prefix)}
        if mine:
            await asyncio.wait(mine.values())
        failed = [name for name, task in mine.items() if task.cancelled() or task.exception() is not None]
        for name in failed:
            self._tasks.pop(name, None)
        return [task.result() for name, task in mine.items() if name not in failed]

    def forget(self, prefix: str) -> None:
        """Keep no result of work that is done under names that begin so."""
        for name in [name for name, task in self._tasks.items() if name.startswith(prefix) and task.done()]:
            del self._tasks[name]

    async def close(self) -> None:
        """Give up all work."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()


def _look_at(task: asyncio.Task[T]) -> None:
    """Keep asyncio from complaining of an error that nobody came for."""
    if not task.cancelled():
        task.exception()
