"""One program in several Slack workspaces, which install it by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.standins.slack import ChannelHand, MemberHand, MessageView, TeamHand
from tests.standins.workspace import Office, a_workspace, office

SETUP = "/reading-host setup zone:UTC at:09:00 set:commons name:"
SAID = "Prices move faster than rules, which is why nobody follows them for very long."


@dataclass
class Workspace:
    """A workspace with a channel and somebody in it."""

    team: TeamHand
    channel: ChannelHand
    ada: MemberHand

    async def install(self, o: Office) -> str:
        """Install the program and invite it; return what the owner is shown."""
        status, page = await self.team.owner.installs(f"{o.address}/slack/install")
        if status == 200:
            self.channel.invite_bot()
        return page

    def questions(self) -> list[MessageView]:
        """Return the questions that were posted here."""
        return [view for view in self.channel.visible() if view.by_bot and "What about" in view.text]


@pytest.fixture
async def o(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path, http=True) as o:
        await o.host.uses(f"{SETUP}Readers", o.channel)
        yield o


def another(o: Office, name: str) -> Workspace:
    """Open one more workspace, in which the program is not installed."""
    team = o.server.team(name, installed=False)
    return Workspace(team, team.channel("books"), team.member("Ada"))


async def recorded(o: Office) -> dict[str, list[str]]:
    """Return what was said to each group's latest round."""
    found: dict[str, list[str]] = {}
    async with o.app.context.database.read() as transaction:
        for group in await transaction.groups.all():
            (latest,) = await transaction.rounds.recent(group.id, 1)
            found[group.name] = [message.text for message in await transaction.messages.of_round(latest.id)]
    return found


async def test_each_workspace_has_its_own_group_and_sees_nothing_of_the_other(o: Office) -> None:
    other = another(o, "Writers")
    assert "is installed" in await other.install(o)
    done = await other.team.owner.uses(f"{SETUP}Writers", other.channel)
    assert "Writers is set up" in done.text
    await o.at(9)
    (question,) = other.questions()
    here = await o.asked()
    await other.ada.says(question, f"{SAID} (Writers)")
    await o.person("Ada").says(here, f"{SAID} (Readers)")
    wanted = {"Readers": [f"{SAID} (Readers)"], "Writers": [f"{SAID} (Writers)"]}

    async def both() -> bool:
        return await recorded(o) == wanted

    await o.until(both)
    found = await other.ada.uses("/reading search prices", other.channel)
    assert "(Writers)" in found.text
    assert "(Readers)" not in found.text
    assert "for hosts" in (await other.ada.uses("/reading-host status", other.channel)).text
    assert question.link.startswith("https://writers.slack.com/")


async def test_one_that_removes_the_program_leaves_the_others_alone(o: Office) -> None:
    other = another(o, "Writers")
    await other.install(o)
    await other.team.owner.uses(f"{SETUP}Writers", other.channel)
    other.team.uninstall()
    await o.server.until(lambda: o.server.events.told[-1]["event"]["type"] == "app_uninstalled")
    for _ in range(2):
        await o.at(9)
    assert other.questions() == []
    assert sum("What about" in view.text for view in o.channel.visible()) == 2
    assert "is installed" in await other.install(o)
    await o.at(9)
    assert len(other.questions()) == 1


async def test_a_new_token_takes_the_old_ones_place_while_it_runs(o: Office) -> None:
    before = o.team.token
    assert "is installed" in (await o.host.installs(f"{o.address}/slack/install"))[1]
    o.server.world.tokens[before].refused = "token_revoked"
    await o.at(9)
    await o.asked()
    (call, *_) = o.server.calls("chat.postMessage")[-1:]
    assert call.answer["ok"]


async def test_many_workspaces_install_it_at_once_and_it_knows_them_at_its_next_start(tmp_path: Path) -> None:
    async with a_workspace(tmp_path, http=True) as o:
        async with o.running():
            clubs = [another(o, f"Club {number}") for number in range(8)]
            await asyncio.gather(*(club.install(o) for club in clubs))
            for club in clubs:
                await club.team.owner.uses(f"{SETUP}Club", club.channel)
            await o.at(9)
            assert [len(club.questions()) for club in clubs] == [1] * 8
        async with o.running():
            await o.at(9)
        assert [len(club.questions()) for club in clubs] == [2] * 8
