"""Who people are and what channels are called, asked of Slack as seldom as possible."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.platforms.slack import directory as looking_up
from bot.platforms.slack.directory import Directory
from bot.platforms.slack.webapi import WebApi
from tests.standins.slack import SlackServer, TeamHand, payloads


@dataclass
class Looking:
    """A workspace, and somebody who looks people up in it."""

    server: SlackServer
    team: TeamHand
    client: AsyncWebClient
    directory: Directory


@asynccontextmanager
async def looking() -> AsyncIterator[Looking]:
    """Open a workspace."""
    async with SlackServer() as server:
        team = server.team("Readers")
        web = WebApi(server.api_url)
        yield Looking(server, team, web.client(team.token), Directory())
        await web.close()


async def test_the_name_that_people_chose_goes_before_their_own() -> None:
    async with looking() as it:
        for real, chosen, shown in (("Ada Lovelace", "Countess", "Countess"), ("Ben", "", "Ben")):
            member = it.team.member(real, display_name=chosen)
            assert (await it.directory.author(it.client, it.team.id, member.id)).name == shown


async def test_who_runs_the_workspace_is_known() -> None:
    async with looking() as it:
        people = [it.team.member("Ada"), it.team.member("Ben", admin=True), it.team.owner]
        rights = [(await it.directory.author(it.client, it.team.id, one.id)).admin for one in people]
        assert rights == [False, True, True]


async def test_somebody_is_asked_for_once_and_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    async with looking() as it:
        ada = it.team.member("Ada")
        for _ in range(3):
            await it.directory.author(it.client, it.team.id, ada.id)
        assert len(it.server.calls("users.info")) == 1
        monkeypatch.setattr(looking_up, "FRESH_FOR", -1.0)
        forgetful = Directory()
        for _ in range(3):
            await forgetful.author(it.client, it.team.id, ada.id)
        assert len(it.server.calls("users.info")) == 4


async def test_while_slack_fails_the_name_that_was_known_is_good_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking_up, "FRESH_FOR", -1.0)
    async with looking() as it:
        ada, ben, known = it.team.member("Ada"), it.team.member("Ben"), Directory()
        await known.author(it.client, it.team.id, ada.id)
        it.server.faults.error("users.info", "internal_error", times=2)
        assert (await known.author(it.client, it.team.id, ada.id)).name == "Ada"
        with pytest.raises(SlackApiError):
            await known.author(it.client, it.team.id, ben.id)


async def test_whom_slack_does_not_show_has_their_id_for_a_name() -> None:
    async with looking() as it:
        found = await it.directory.author(it.client, it.team.id, "U0NOBODY")
        assert (found.name, found.admin) == ("U0NOBODY", False)
        assert await it.directory.member(it.client, it.team.id, "U0NOBODY") is None
        assert await it.directory.names(it.client, it.team.id, ["U0NOBODY"]) == {}


async def test_bots_are_no_people() -> None:
    async with looking() as it:
        bot = it.team.other_bot("Weather")
        assert await it.directory.person(it.client, it.team.id, bot.id) is None
        assert await it.directory.person(it.client, it.team.id, "USLACKBOT") is None


async def test_channels_have_names_unless_they_are_none_of_the_bots_business() -> None:
    async with looking() as it:
        public, private = it.team.channel("reading"), it.team.channel("board", private=True, bot_inside=False)
        ada = it.team.member("Ada")
        ids = [public.id, private.id, ada.id, "S0GROUP"]
        assert await it.directory.names(it.client, it.team.id, ids) == {public.id: "reading", ada.id: "Ada"}
        assert await it.directory.names(it.client, it.team.id, [public.id]) == {public.id: "reading"}
        assert len(it.server.calls("conversations.info")) == 2


async def test_a_mention_of_a_private_channel_does_not_tell_its_name() -> None:
    # Slack shows it to its members only; a digest has more readers.
    async with looking() as it:
        board = it.team.channel("hostile-takeover", private=True)
        assert await it.directory.names(it.client, it.team.id, [board.id]) == {board.id: "private-channel"}
        assert await it.directory.channel(it.client, it.team.id, board.id) == "hostile-takeover"


async def test_whoever_runs_another_workspace_does_not_run_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    # In a channel that is shared with another company, Slack shows the bot that company's people too.
    async with looking() as it:
        guest = it.team.member("Eve", admin=True)
        at_home = payloads.user(guest.state, it.team.state)
        for team, more, admin in (
            ("T0OTHER", {}, False),
            ("T0OTHER", {"enterprise_user": {"teams": ["T0OTHER"]}}, False),
            ("T0OTHER", {"enterprise_user": {"teams": ["T0OTHER", it.team.id]}}, True),
            (None, {"enterprise_user": {"teams": ["T0OTHER"]}}, False),
            (None, {"enterprise_user": {"teams": [it.team.id]}}, True),
            (it.team.id, {}, True),
        ):
            told = {**at_home, "team_id": team, **more}
            if team is None:
                del told["team_id"]
            monkeypatch.setattr(payloads, "user", lambda *_, told=told: told)
            assert (await Directory().author(it.client, it.team.id, guest.id)).admin is admin


async def test_a_channel_whose_name_slack_does_not_tell_now_is_asked_for_again() -> None:
    async with looking() as it:
        room, group = it.team.channel("reading"), it.team.usergroup("readers")
        for method, one in (("conversations.info", room.id), ("usergroups.list", group.id)):
            it.server.faults.error(method, "internal_error", times=1)
            with pytest.raises(SlackApiError):
                await it.directory.names(it.client, it.team.id, [one])
            assert await it.directory.names(it.client, it.team.id, [one])
