"""One group with a room in a Discord server and one on the console, brought together by their hosts and members."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bot.platforms.console.channel import open_channel
from bot.platforms.console.platform import ConsolePlatform
from tests.standins.discord import MessageView
from tests.standins.meeting import Meeting, a_server
from tests.standins.room import ConsoleRoom

MEMORY = "Memory is what they lack, more than anything else that money could buy."
POWER = "Electricity will run out long before the chips do, whatever is said."


@dataclass
class Sides:
    """A server and a console, with the program on both."""

    meeting: Meeting
    console: ConsoleRoom

    def digest(self) -> MessageView:
        """Return the latest digest in the server."""
        return next(view for view in reversed(self.meeting.channel.visible()) if "What comes next" in view.everything)

    async def come_together(self) -> None:
        """Let the console's host use the code of the server's, and both confirm."""
        made = await self.meeting.host.uses("/reading-host link", self.meeting.channel)
        code = made.everything.split("Code: ")[1][:9]
        shown = await self.console.reads("you", f"/reading-host link {code}")
        assert "#reading in Readers on Discord" in shown
        typed = next(line for line in shown.splitlines() if "Confirm: " in line).split("Confirm: ")[1]
        assert "is asked to confirm now" in await self.console.reads("you", typed)
        asked = self.meeting.host.inbox()[-1]
        joined = await self.meeting.host.presses(asked, "Confirm")
        assert "is a room of Readers now" in joined.everything
        await self.meeting.settle()


@pytest.fixture
async def sides(tmp_path: Path) -> AsyncIterator[Sides]:
    """Give a group in a Discord server, whose host is no host on the console."""
    async with a_server(tmp_path) as meeting:
        channel = await open_channel(tmp_path / "channel.jsonl")
        told: list[tuple[str, str]] = []
        console = ConsolePlatform(channel, meeting.clock, lambda user, text: told.append((user, text)))
        async with meeting.running(console):
            await meeting.host.uses("/reading-host setup", meeting.channel, zone="UTC", at="09:00", name="Readers")
            await meeting.settle()
            found = Sides(meeting, ConsoleRoom(meeting.app, channel, meeting.clock, told))
            await found.come_together()
            yield found


async def test_a_week_in_two_places_ends_in_one_digest(sides: Sides) -> None:
    m, console = sides.meeting, sides.console
    assert "Your words cross" in m.channel.visible()[-1].everything
    assert "Your words cross" in console.posts()[-1]
    await m.at(9)
    asked, thread = await m.asked()
    (question,) = console.questions()
    assert question in asked.everything

    said = await m.person("Ada").says(thread, MEMORY)
    await m.person("Eve").reacts(said, "👍")
    await console.says("Ben", POWER)
    await m.until_recorded(MEMORY, POWER)
    await m.until_votes({MEMORY: (1, 0, 0)})
    await m.later(minutes=5)
    await m.host.uses("/reading-host digest now", m.channel)
    await m.settle()
    here, there = sides.digest().everything, console.posts()[-1]
    assert "2 answers from 2 members to 1 question, 1 vote." in there
    for words in (MEMORY, POWER):
        assert words in here
        assert words in there
    assert "Ben, on Console" in here
    assert "Ada, on Discord" in there
    assert said.link in there
    assert "1 agree" in there
    assert "Ada, on Discord" not in here
    assert "Ben, on Console" not in there


async def test_a_member_of_both_is_counted_once(sides: Sides) -> None:
    m, console = sides.meeting, sides.console
    await m.at(9)
    _, thread = await m.asked()
    ada = m.person("Ada")
    await ada.says(thread, MEMORY)
    await console.says("Ada", POWER)
    await m.until_recorded(MEMORY, POWER)
    made = await console.reads("Ada", "/reading link")
    code = made.splitlines()[1].removeprefix("Code: ")
    shown = await ada.uses("/reading link", m.channel, code=code)
    assert "Is Ada on Console your account, too?" in shown.everything
    await ada.presses(shown, "Confirm")
    asked = [text for who, text in console.told if who == "ada"][-1]
    typed = next(line for line in asked.splitlines() if "Confirm: " in line).split("Confirm: ")[1]
    assert "This account and Ada on Discord are linked now" in await console.reads("Ada", typed)
    assert "Answers: 2 by 1 member" in await console.reads("Ben", "/reading today")
    mine = await ada.uses("/reading mine", m.channel)
    assert POWER in mine.everything


async def test_the_server_s_channel_leaves_and_the_console_goes_on(sides: Sides) -> None:
    m, console = sides.meeting, sides.console
    asked = await m.host.uses("/reading-host unlink", m.channel)
    await m.host.presses(asked, "Leave")
    await m.settle()
    assert "does not meet here any more" in m.channel.visible()[-1].everything
    assert "does not meet in #reading in Readers on Discord any more" in console.posts()[-1]
    before = len(m.channel.visible())
    await m.go_to(m.clock.now() + timedelta(hours=3))
    assert len(m.channel.visible()) == before
    assert len(console.questions()) == 1
