"""One of several programs on one database, which share a channel service made of a file.

    python -m tests.standins.worker FOLDER

It says `ready`, waits for a line, then asks and posts what is due an hour after `MONDAY`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import timedelta
from pathlib import Path

from bot.clock import ManualClock
from bot.content import Post, QuestionPost
from bot.events import Place
from bot.model import Ref
from bot.ports import Found, Outcome, Progress, Refs, Sent
from tests.standins.memory import MemoryPlatform, Service
from tests.standins.program import MONDAY, program

DUE_AT = MONDAY + timedelta(hours=1)


class FilePlatform(MemoryPlatform):
    """A service whose messages are the lines of a file: their keys."""

    def __init__(self, path: Path) -> None:
        super().__init__(Service(ManualClock(DUE_AT)))
        self._path = path

    async def ensure_post(self, place: Place, key: str, post: Post, progress: Progress, found: Found) -> Outcome:
        """Add a line, unless an earlier attempt may have and did."""
        known = self._path.read_text().splitlines() if progress.unsure and self._path.exists() else []
        await asyncio.sleep(0.001)
        if key not in known:
            line = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(line, f"{key}\n".encode())
            os.close(line)
        await found(Refs(Ref(key)))
        return Sent(Refs(Ref(key), Ref(f"t-{key}") if isinstance(post, QuestionPost) else None))


async def work(folder: Path) -> None:
    """Ask and post what is due."""
    async with program(folder, ManualClock(DUE_AT), FilePlatform(folder / "posts.txt")) as app:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)
        await app.settle()


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1])))
