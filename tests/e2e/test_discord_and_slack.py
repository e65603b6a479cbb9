"""One group with a room in a Discord server and one in a Slack workspace, over both wires."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.services.posting import LEASE
from tests.standins.meeting import Meeting, a_server
from tests.standins.slack import MessageView, SlackServer
from tests.standins.workspace import MANIFEST, Office, hurried, over_socket

MEMORY = "Memory is what they lack, more than anything else that money could buy."
POWER = "Electricity will run out long before the chips do, whatever is said."


@dataclass
class Two:
    """A server and a workspace; the program runs on both, or on neither."""

    discord: Meeting
    slack: Office

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the program; it can be run again afterwards."""
        platform = over_socket(self.slack.server, self.slack.team.token)
        async with self.discord.running(platform):
            self.slack = replace(self.slack, _app=self.discord.app, _platform=platform)
            task = asyncio.create_task(platform.run(self.discord.app.desk))
            try:
                await self.slack.reached(task)
                yield
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def come_together(self) -> None:
        """Let the channel of the workspace join the group of the server."""
        d, s = self.discord, self.slack
        await d.host.uses("/reading-host setup", d.channel, zone="UTC", at="09:00", name="Readers")
        await d.settle()
        made = await d.host.uses("/reading-host link", d.channel)
        code = made.everything.split("Code: ")[1][:9]
        shown = await s.host.uses(f"/reading-host link {code}", s.channel)
        assert shown.ephemeral
        assert "#reading in Readers on Discord" in shown.text
        assert "is asked to confirm now" in (await s.host.presses(shown, "Confirm")).text
        joined = await d.host.presses(d.host.inbox()[-1], "Confirm")
        assert "#reading in Acme on Slack is a room of Readers now" in joined.everything
        await d.settle()

    def digests(self) -> tuple[str, MessageView]:
        """Return the digest as it stands in the server and in the workspace."""
        here = next(view for view in reversed(self.discord.channel.visible()) if "What comes next" in view.everything)
        there = next(view for view in reversed(self.slack.channel.visible()) if "What comes next" in view.text)
        return here.everything, there


@asynccontextmanager
async def two_places(folder: Path) -> AsyncIterator[Two]:
    """Open a Discord server and a Slack workspace in which the program does not run yet."""
    async with a_server(folder) as meeting, SlackServer(now=meeting.clock.now, manifest=MANIFEST) as server:
        team = server.team("Acme", installed=True)
        with hurried():
            yield Two(meeting, Office(folder, meeting.clock, server, team, team.channel("reading")))


async def test_a_week_on_both_ends_in_one_digest(tmp_path: Path) -> None:
    async with two_places(tmp_path) as two, two.running():
        await two.come_together()
        d, s = two.discord, two.slack
        assert "Your words cross" in d.channel.visible()[-1].everything
        assert "Your words cross" in s.channel.visible()[-1].text

        await d.at(9)
        _, thread = await d.asked()
        post = await s.asked()
        said = await d.person("Ada").says(thread, MEMORY)
        answered = await s.person("Ben").says(post, POWER)
        await d.person("Eve").reacts(said, "👍")
        await s.person("Cem").reacts(answered, "thumbsdown")
        await d.until_recorded(MEMORY, POWER)
        await d.until_votes({MEMORY: (1, 0, 0), POWER: (0, 1, 0)})
        assert "2 by 2 members" in (await s.host.uses("/reading today", s.channel)).text

        await d.later(minutes=5)
        await d.host.uses("/reading-host digest now", d.channel)
        await d.settle()
        here, there = two.digests()
        for words in (MEMORY, POWER, "2 answers from 2 members to 1 question, 2 votes."):
            assert words in here
            assert words in there.text
        assert "Ben, on Slack" in here
        assert "Ada, on Slack" not in here
        assert "Ada, on Discord" in there.text
        assert "Ben, on Discord" not in there.text
        assert said.link in [url for _, url in there.links]


async def test_a_member_of_both_links_their_accounts_and_is_one_member(tmp_path: Path) -> None:
    async with two_places(tmp_path) as two, two.running():
        await two.come_together()
        d, s = two.discord, two.slack
        await d.at(9)
        _, thread = await d.asked()
        ada, ada_l = d.person("Ada"), s.person("Ada L.")
        await ada.says(thread, MEMORY)
        await ada_l.says(await s.asked(), POWER)
        await d.until_recorded(MEMORY, POWER)
        made = await ada.uses("/reading link", d.channel)
        code = made.everything.split("Code: ")[1][:9]
        shown = await ada_l.uses(f"/reading link {code}", s.channel)
        assert "Is Ada on Discord your account, too?" in shown.text
        await ada_l.presses(shown, "Confirm")
        linked = await ada.presses(ada.inbox()[-1], "Confirm")
        assert "This account and Ada L. on Slack are linked now" in linked.everything
        assert "2 by 1 member" in (await ada_l.uses("/reading today", s.channel)).text


@pytest.mark.parametrize("step", [1, 2, 3])
async def test_killed_in_the_middle_each_room_has_its_question_once(tmp_path: Path, step: int) -> None:
    async with two_places(tmp_path) as two:
        async with two.running():
            await two.come_together()
            two.discord.clock.advance(timedelta(hours=1))
            left = step

            def count() -> None:
                nonlocal left
                left -= 1
                if left == 0:
                    task.cancel()

            two.slack.server.faults.hook("*", after=count, times=10_000)
            task = asyncio.ensure_future(two.discord.settle())
            await asyncio.gather(task, return_exceptions=True)
            two.slack.server.faults.clear()
            assert left <= 0
        async with two.running():
            await two.discord.go_to(two.discord.clock.now() + LEASE + timedelta(seconds=1))
            here = [view for view in two.discord.channel.visible() if "What about" in view.everything]
            there = [view for view in two.slack.channel.visible() if "What about" in view.text]
            assert (len(here), len(there)) == (1, 1)
            await two.discord.person("Ada").says((await two.discord.asked())[1], MEMORY)
            await two.slack.person("Ben").says(there[0], POWER)
            await two.discord.until_recorded(MEMORY, POWER)
