"""A member's own page, on platforms that have one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.content import Actions, Reply
from bot.model import Channel
from bot.platforms.console.platform import CHANNEL, author
from bot.platforms.console.render import blocks_text
from tests.standins.program import MONDAY, a_group
from tests.standins.room import SIDE_ROOM, ConsoleRoom, console_room

WORDS = "Memory is what they lack, more than anything else that money could buy."


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[ConsoleRoom]:
    async with console_room(tmp_path) as opened:
        await opened.until(MONDAY.replace(hour=9) + timedelta(minutes=1))
        yield opened


async def home(room: ConsoleRoom, who: str, *channels: Channel) -> Reply:
    return await room.app.desk.home(author(who), channels)


def buttons(reply: Reply) -> list[tuple[str, Channel | None]]:
    return [(one.label, one.channel) for block in reply.blocks if isinstance(block, Actions) for one in block.actions]


async def test_a_group_is_shown_once_in_whichever_of_its_rooms_comes_first(room: ConsoleRoom) -> None:
    async with room.app.context.database.write() as transaction:
        [group] = await transaction.groups.all()
        await transaction.groups.add_room(group.id, SIDE_ROOM)
    shown = await home(room, "Ada", SIDE_ROOM, CHANNEL)
    assert blocks_text(shown.blocks).count("What about open-one?") == 1
    assert {channel for _, channel in buttons(shown)} == {SIDE_ROOM}


async def test_what_was_said_to_the_latest_question_stands_below_it_and_only_there(room: ConsoleRoom) -> None:
    await room.says("Ada", WORDS)
    shown = blocks_text((await home(room, "Ada", CHANNEL)).blocks)
    assert shown.count(WORDS) == 1
    assert "You have not answered it yet." not in shown
    assert "Your latest answers" not in shown
    assert "You have not answered it yet." in blocks_text((await home(room, "Ben", CHANNEL)).blocks)


async def test_only_hosts_have_the_settings(room: ConsoleRoom) -> None:
    labels = [label for label, _ in buttons(await home(room, "Ada", CHANNEL))]
    assert labels == ["Answer", "Background"]
    hosts = [label for label, _ in buttons(await home(room, "you", CHANNEL))]
    assert hosts == [*labels, "Change the schedule", "Change the rest", "How it stands"]


async def test_several_groups_have_a_part_each_and_no_group_has_none(room: ConsoleRoom) -> None:
    await a_group(room.app, SIDE_ROOM, slug="others")
    shown = await home(room, "Ada", CHANNEL, SIDE_ROOM)
    text = blocks_text(shown.blocks)
    assert "No question has been asked here yet." in text
    assert "Others" in text
    assert "What about open-one?" in text
    nothing = await home(room, "Ada")
    assert "No reading group meets" in blocks_text(nothing.blocks)
