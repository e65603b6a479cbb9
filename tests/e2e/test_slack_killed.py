"""Whatever kills the program while it posts to Slack, and at whichever call: the question is there exactly once."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest

from tests.standins.program import MONDAY
from tests.standins.slack import SlackServer
from tests.standins.workspace import MANIFEST

ROOT = Path(__file__).parents[2]
ASKED_AT, AFTERWARDS = 60, 75
"""Minutes: when the question is due, and when nobody else can be at it any more."""


class Driver:
    """Runs the program in one process after the other."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.child: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def run(self, folder: Path, channel: str, minutes: int) -> int:
        """Run it, and return how it ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.child = asyncio.get_running_loop().create_future()
        self._process.stdin.write(f"{folder} {channel} {minutes}\n".encode())
        self.child.set_result(int(await self._process.stdout.readline()))
        return int(await self._process.stdout.readline())

    async def kill(self) -> None:
        """Kill what runs now."""
        os.kill(await self.child, signal.SIGKILL)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_question_is_posted_once_with_one_opening(tmp_path: Path, when: str) -> None:
    async with SlackServer(now=lambda: MONDAY, manifest=MANIFEST) as server:
        team = server.team("Readers")
        command = (sys.executable, "-m", "tests.standins.killing_slack")
        where = (team.token, server.app.app_token, server.api_url, team.id)
        process = await asyncio.create_subprocess_exec(*command, *where, cwd=ROOT, stdin=PIPE, stdout=PIPE)
        driver = Driver(process)
        step, status = 0, -signal.SIGKILL
        while status == -signal.SIGKILL:
            channel = team.channel(f"room-{step}")
            server.faults.hook("chat.*", times=step)
            before, after = (driver.kill, None) if when == "before" else (None, driver.kill)
            server.faults.hook("chat.*", before=before, after=after)
            status = await driver.run(tmp_path / str(step), channel.id, ASKED_AT)
            server.faults.clear()
            assert await driver.run(tmp_path / str(step), channel.id, AFTERWARDS) == 0
            (question,) = channel.visible()
            assert "What about" in question.text
            assert sum("Answer here" in reply.text for reply in question.replies) == 1
            step += 1
        assert status == 0
        assert step == 3
        assert process.stdin is not None
        process.stdin.close()
        assert await process.wait() == 0
