"""What only looks something up changes nothing, so that it can be asked again for each page."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.commands.help import TABLE
from bot.commands.table import Command
from bot.content import Reply
from tests.standins.program import MONDAY
from tests.standins.room import console_room

LISTING = [command for command in TABLE.values() if command.lists]
WORDS = "Memory is what they lack, more than anything else that money could buy."


def everything(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "bot.db")) as connection:
        return list(connection.iterdump())


def test_what_may_be_long_is_among_them() -> None:
    names = {command.full_name for command in LISTING}
    assert {"reading search", "reading help", "reading digest", "reading-host digest preview"} <= names
    assert not any(command.on_submit for command in LISTING), "a form is no page"


@pytest.mark.parametrize("command", LISTING, ids=lambda command: command.full_name)
async def test_asking_again_changes_nothing(tmp_path: Path, command: Command) -> None:
    async with console_room(tmp_path) as room:
        await room.until(MONDAY + timedelta(hours=2))
        await room.says("Ada", WORDS)
        given = {"words": "memory"} if command.full_name == "reading search" else {}
        before = everything(tmp_path)
        first = await room.invokes("you", command.full_name, given)
        assert await room.invokes("you", command.full_name, given) == first
        assert isinstance(first, Reply)
        assert everything(tmp_path) == before
