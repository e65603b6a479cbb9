"""Whatever kills the program while it posts to Discord, and at whichever step: the question is there exactly once."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from asyncio.subprocess import PIPE
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.standins.discord import ChannelHand, DiscordServer

ROOT = Path(__file__).parents[2]
STEPS = {False: 3 * 3, True: 2 * 3}
"""Before, during and after each request: message, thread, and the thread's opening. A forum's post is two of them."""


def state(folder: Path) -> tuple[Any, ...]:
    """Return how the question's delivery stands in a database, with its message and thread."""
    with closing(sqlite3.connect(folder / "bot.db")) as connection:
        row: tuple[Any, ...]
        (row,) = connection.execute("SELECT state, message_ref, thread_ref FROM deliveries WHERE kind = 'question'")
    return row


@pytest.mark.parametrize("forum", [False, True])
async def test_a_question_is_posted_once_with_one_thread(tmp_path: Path, forum: bool) -> None:
    async with DiscordServer() as server:
        guild = server.guild("Readers")
        rooms: list[ChannelHand] = [
            (guild.forum if forum else guild.text)(f"room-{one}") for one in range(STEPS[forum] + 1)
        ]
        command = (sys.executable, "-m", "tests.standins.killing_discord", str(tmp_path), server.token)
        where = (server.api_url, server.gateway_url, str(guild.id), *(str(room.id) for room in rooms))
        process = await asyncio.create_subprocess_exec(*command, *where, cwd=ROOT, stdout=PIPE, stderr=PIPE)
        printed, problems = await process.communicate()
        assert process.returncode == 0, problems.decode()
        assert int(printed) == STEPS[forum]
        for room in rooms:
            (thread,) = room.threads()
            posts = thread.visible() if forum else room.visible()
            assert sum("What about" in view.everything for view in posts) == 1
            assert sum("Answer here" in view.everything for view in thread.visible()) == 1
            post = f"{thread.id}/{thread.id}" if forum else str(posts[0].id)
            assert state(tmp_path / str(room.id)) == ("sent", post, str(thread.id))
