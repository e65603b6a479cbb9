"""One group with a room in a Discord server and one in a Slack workspace, over both wires."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bot.services.posting import LEASE
from tests.standins import discord, slack
from tests.standins.meeting import Meeting, a_server
from tests.standins.slack import SlackServer
from tests.standins.workspace import MANIFEST, Office, over_socket
from tests.standins.workspace import hurried as slack_hurried

MEMORY = "Memory is what they lack, more than anything else that money could buy."
POWER = "Electricity will run out long before the chips do, whatever is said."


@dataclass
class Sides:
    """A server and a workspace, with the program in both while it runs."""

    d: Meeting
    s: Office

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the program; it can be run again afterwards."""
        platform = over_socket(self.s.server, self.s.team.token)
        async with self.d.running(platform):
            task = asyncio.create_task(platform.run(self.d.app.desk))
            try:
                await self.s.reached(task)
                yield
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                await platform.close()

    async def come_together(self) -> None:
        """Let the workspace's owner use the code of the server's host, and both confirm."""
        made = await self.d.host.uses("/reading-host link", self.d.channel)
        code = made.everything.split("Code: ")[1][:9]
        shown = await self.s.host.uses(f"/reading-host link {code}", self.s.channel)
        assert "#reading in Readers on Discord" in shown.text
        assert "is asked to confirm now" in (await self.s.host.presses(shown, "Confirm")).text
        joined = await self.d.host.presses(self.d.host.inbox()[-1], "Confirm")
        assert "is a room of Readers now" in joined.everything
        await self.d.settle()

    def questions(self) -> tuple[list[discord.MessageView], list[slack.MessageView]]:
        """Return the posts of questions in both places."""
        there = [view for view in self.d.channel.visible() if "What about" in view.everything and view.buttons]
        here = [view for view in self.s.channel.visible() if "What about" in view.text and "Answer" in view.buttons]
        return [view for view in there if "Answer" in view.buttons], here

    def digests(self) -> tuple[discord.MessageView, slack.MessageView]:
        """Return the latest digest in both places."""
        there = next(view for view in reversed(self.d.channel.visible()) if "What comes next" in view.everything)
        here = next(view for view in reversed(self.s.channel.visible()) if "What comes next" in view.text)
        return there, here


@asynccontextmanager
async def two_places(folder: Path) -> AsyncIterator[Sides]:
    """Open a server and a workspace, each with a channel."""
    async with a_server(folder) as d, SlackServer(now=d.clock.now, manifest=MANIFEST) as server:
        team = server.team("Office")
        with slack_hurried():
            yield Sides(d, Office(folder, d.clock, server, team, team.channel("books")))


@pytest.fixture
async def sides(tmp_path: Path) -> AsyncIterator[Sides]:
    """Give a group in a Discord server that a channel of a Slack workspace has joined."""
    async with two_places(tmp_path) as sides, sides.running():
        await sides.d.host.uses("/reading-host setup", sides.d.channel, zone="UTC", at="09:00", name="Readers")
        await sides.d.settle()
        await sides.come_together()
        yield sides


async def test_a_week_in_two_places_ends_in_one_digest(sides: Sides) -> None:
    d, s = sides.d, sides.s
    assert "Your words cross" in d.channel.visible()[-1].everything
    assert "Your words cross" in s.channel.visible()[-1].text
    await d.at(9)
    (asked,), (question,) = sides.questions()
    assert asked.thread is not None
    said = await d.person("Ada").says(asked.thread, MEMORY)
    written = await s.person("Ben").says(question, POWER)
    await d.person("Eve").reacts(said, "👍")
    await s.person("Cem").reacts(written, "+1::skin-tone-2")
    await s.person("Dag").reacts(written, "-1")
    await d.until_recorded(MEMORY, POWER)
    await d.until_votes({MEMORY: (1, 0, 0), POWER: (1, 1, 0)})
    for _ in range(6):
        await d.at(9)
    await d.at(18)
    there, here = sides.digests()
    assert "2 answers from 2 members to 1 question, 3 votes" in here.text
    for words in (MEMORY, POWER):
        assert words in there.everything
        assert words in here.text
    assert "Ben, on Slack" in there.everything
    assert "Ada, on Discord" in here.text
    assert written.link in there.everything
    assert said.link in [url for _, url in here.links]
    assert "Ada, on Discord" not in there.everything
    assert "Ben, on Slack" not in here.text
    assert here.pings == []


async def test_stopped_in_the_middle_and_run_again_each_place_has_everything_once(tmp_path: Path) -> None:
    """At each call, to whichever place it goes, the program is killed; then it runs again."""
    async with two_places(tmp_path) as sides:
        async with sides.running():
            await sides.d.host.uses("/reading-host setup", sides.d.channel, zone="UTC", at="09:00", name="Readers")
            await sides.d.settle()
            await sides.come_together()
        for day in range(6):
            async with sides.running():
                sides.d.clock.move_to(sides.d.clock.now().replace(hour=9) + timedelta(days=day > 0))
                task = asyncio.ensure_future(sides.d.settle())
                left = [day]

                def count(task: asyncio.Task[None] = task, left: list[int] = left) -> None:
                    left[0] -= 1
                    if left[0] == 0:
                        task.cancel()

                sides.d.server.faults.hook("*", "/channels/*", before=count, times=100)
                sides.s.server.faults.hook("chat.*", before=count, times=100)
                await asyncio.gather(task, return_exceptions=True)
                sides.d.server.faults.clear()
                sides.s.server.faults.clear()
                told = sides.questions()
                if told[0] and told[0][-1].thread:
                    await sides.d.person("Ada").says(told[0][-1].thread, f"{MEMORY} ({day})")
            if len(told[1]) == day + 1:
                await sides.s.person("Ben").says(told[1][-1], f"{POWER} ({day})")
            async with sides.running():
                await sides.d.go_to(sides.d.clock.now() + LEASE + timedelta(seconds=1))
                there, here = sides.questions()
                assert (len(there), len(here)) == (day + 1, day + 1)
                assert sum("Answer here" in reply.text for reply in here[-1].replies) == 1
        async with sides.running():
            await sides.d.host.uses("/reading-host digest now", sides.d.channel)
            await sides.d.settle()
            discord_digest, slack_digest = sides.digests()
            assert "on Slack" in discord_digest.everything
            assert "on Discord" in slack_digest.text


async def test_a_workspace_that_cannot_be_reached_does_not_delay_the_server(sides: Sides) -> None:
    sides.s.team.refuse_token("token_revoked")
    await sides.d.at(9)
    assert [len(found) for found in sides.questions()] == [1, 0]
    sides.s.team.accept_token()
    for _ in range(3):
        await sides.d.later(minutes=21)
    assert [len(found) for found in sides.questions()] == [1, 1]


async def test_a_member_of_both_is_counted_once(sides: Sides) -> None:
    d, s = sides.d, sides.s
    await d.at(9)
    (asked,), (question,) = sides.questions()
    assert asked.thread is not None
    here, there = s.person("Ada"), d.person("Ada")
    await there.says(asked.thread, MEMORY)
    await here.says(question, POWER)
    await d.until_recorded(MEMORY, POWER)
    made = await there.uses("/reading link", d.channel)
    code = made.everything.split("Code: ")[1][:9]
    shown = await here.uses(f"/reading link {code}", s.channel)
    assert "Is Ada on Discord your account, too?" in shown.text
    await here.presses(shown, "Confirm")
    linked = await there.presses(there.inbox()[-1], "Confirm")
    assert "are linked now" in linked.everything
    assert "2 by 1 member" in (await s.person("Ben").uses("/reading today", s.channel)).text
    assert MEMORY in (await here.uses("/reading mine", s.channel)).text
