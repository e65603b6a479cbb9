"""Signing in, the socket, forged requests, and what is said of what does not work."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.errors import PlatformError
from bot.model import Channel, Ref
from bot.platforms.slack.connecting import BySocket, SocketKeys
from bot.platforms.slack.logs import Discreet, library_log
from bot.platforms.slack.platform import SlackPlatform
from bot.platforms.slack.scopes import SCOPES
from bot.platforms.slack.webapi import WebApi
from tests.standins.slack import SlackServer, api_apps, signature
from tests.standins.slack.state import Json
from tests.standins.slack.web_api import Call
from tests.standins.workspace import free_port, hurried
from tests.unit.slack_rig import Desk, http_connection, rigged, running


def platform_for(server: SlackServer, bot_token: str, app_token: str) -> SlackPlatform:
    """Return an adapter in Socket Mode."""
    web = WebApi(server.api_url)
    return SlackPlatform(web, BySocket(web, SocketKeys(bot_token, app_token)))


async def test_a_wrong_token_ends_the_start_with_what_to_do() -> None:
    async with SlackServer() as server:
        team = server.team("Readers")
        for platform, variable in (
            (platform_for(server, "xoxb-wrong", server.app.app_token), "SLACK_BOT_TOKEN"),
            (platform_for(server, team.token, "xapp-wrong"), "SLACK_APP_TOKEN"),
        ):
            with pytest.raises(PlatformError, match=variable):
                await platform.run(Desk())
            await platform.close()


async def test_a_slack_that_is_down_at_the_start_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.platforms.slack.workspaces.FIRST_LOGIN", 0.01)
    async with SlackServer() as server:
        team = server.team("Readers")
        server.faults.error("auth.test", "internal_error", times=2)
        server.faults.error("auth.test", "org_login_required")
        server.faults.error("apps.connections.open", "internal_error", times=2)
        desk = Desk()
        with hurried():
            async with running(platform_for(server, team.token, server.app.app_token), desk):
                assert desk.connections == ["slack"]


async def test_variables_for_http_are_left_alone_in_socket_mode(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_SIGNING_SECRET", "SLACK_BOT_TOKEN"):
        monkeypatch.setenv(name, "of another app")
    monkeypatch.setenv("HOME", str(tmp_path))
    async with rigged() as rig:
        question = await rig.team.owner.says(rig.room, "What do agents lack?")
        await rig.team.owner.says(question, "Memory.")
        await rig.until(lambda: rig.desk.events)
    assert await asyncio.to_thread(lambda: list(tmp_path.iterdir())) == []


async def test_a_port_that_is_taken_is_told() -> None:
    async with SlackServer() as server:
        web, port = WebApi(server.api_url), free_port()
        taken = await asyncio.start_server(lambda *_: None, "127.0.0.1", port)
        platform = SlackPlatform(web, http_connection(web, server, port))
        with pytest.raises(PlatformError, match=rf"cannot listen for Slack at 127\.0\.0\.1:{port}"):
            await platform.run(Desk())
        await platform.close()
        taken.close()
        await taken.wait_closed()


def callback(team: str, channel: str, user: str) -> str:
    """Return an event as Slack sends it."""
    event = {"type": "message", "channel": channel, "user": user, "text": "Forged.", "ts": "2.1", "thread_ts": "1.1"}
    said = {"type": "event_callback", "team_id": team, "event_id": "Ev1", "event": event | {"event_ts": "2.1"}}
    return json.dumps(said)


@pytest.mark.parametrize(
    ("forged", "status"),
    [("nothing", 200), ("secret", 401), ("body", 401), ("age", 401), ("signature missing", 401)],
)
async def test_only_what_slack_signed_lately_is_taken(forged: str, status: int) -> None:
    async with rigged(http=True) as rig, aiohttp.ClientSession() as browser:
        ada = rig.person("Ada")
        body = callback(rig.team.id, rig.room.id, ada.id)
        at = str(int(time.time()) - (360 if forged == "age" else 0))
        secret = "guessed" if forged == "secret" else rig.server.app.signing_secret
        headers = {"X-Slack-Request-Timestamp": at, "Content-Type": "application/json"}
        if forged != "signature missing":
            headers["X-Slack-Signature"] = signature(secret, at, body.encode())
        sent = body.replace("Forged", "Changed") if forged == "body" else body
        async with browser.post(str(rig.server.app.request_url), data=sent, headers=headers) as answer:
            assert answer.status == status
        assert len(rig.desk.events) == (1 if forged == "nothing" else 0)


async def test_a_dropped_socket_loses_nothing_and_says_nothing_twice() -> None:
    async with rigged() as rig:
        rig.server.events.pauses = (0.05, 0.5, 2.0)
        question = await rig.team.owner.says(rig.room, "What do agents lack?")
        ada = rig.person("Ada")
        for number in range(60):
            await ada.says(question, f"Thought {number}.")
            if number == 30:
                rig.server.faults.drop_sockets()
            await asyncio.sleep(0)
        await rig.until(lambda: {event.message for event in rig.desk.events} >= {one.ts for one in question.replies})
        assert rig.server.events.lost == []


async def test_what_is_being_recorded_when_the_bot_stops_is_acknowledged() -> None:
    recording = asyncio.Event()

    class Slow(Desk):
        async def record(self, event: Any) -> None:
            recording.set()
            await asyncio.sleep(0.2)
            await super().record(event)

    async with SlackServer() as server:
        team = server.team("Readers")
        room, desk = team.channel("reading"), Slow()
        question = await team.owner.says(room, "What do agents lack?")
        async with running(platform_for(server, team.token, server.app.app_token), desk):
            await team.owner.says(question, "Memory.")
            await asyncio.wait_for(recording.wait(), 5)
            assert server.events.acknowledged == 0
        await server.until(lambda: server.events.acknowledged == 1)
        assert len(desk.events) == 1


async def test_a_healthy_app_is_inspected_without_a_word_and_without_a_connection() -> None:
    async with SlackServer() as server:
        team = server.team("Readers")
        room = team.channel("reading")
        await team.owner.says(room, "Hello.")
        platform = platform_for(server, team.token, server.app.app_token)
        assert await platform.inspect(Desk(), [Channel("slack", Ref(team.id), Ref(room.id))], []) == ()
        assert server.sockets.connections == []
        await platform.close()


async def test_each_thing_that_is_wrong_is_told_once_with_what_to_do() -> None:
    async with SlackServer() as server:
        team = server.team("Readers")
        outside, archived = team.channel("outside", bot_inside=False), team.channel("archived")
        archived.archive()
        server.faults.error("apps.connections.open", "invalid_auth")
        platform = platform_for(server, team.token, server.app.app_token)
        places = [*(one.id for one in (outside, archived)), "C0NOTHING"]
        told = await platform.inspect(Desk(), [Channel("slack", Ref(team.id), Ref(place)) for place in places], [])
        token, *rest = told
        assert "SLACK_APP_TOKEN" in token
        assert [problem.split()[1] for problem in rest] == places
        for problem, hint in zip(rest, ("/invite", "Unarchive", "gone"), strict=True):
            assert hint in problem
        await platform.close()


async def test_a_token_that_may_not_read_threads_is_found_out() -> None:
    async with SlackServer() as server:
        team = server.team("Readers")
        room = team.channel("reading")
        await team.owner.says(room, "Hello.")
        server.faults.error("conversations.replies", "not_allowed_token_type")
        platform = platform_for(server, team.token, server.app.app_token)
        (told,) = await platform.inspect(Desk(), [Channel("slack", Ref(team.id), Ref(room.id))], [])
        assert "does not let this app read threads" in told
        await platform.close()


async def test_with_a_wrong_token_nothing_is_said_of_channels() -> None:
    async with SlackServer() as server:
        team = server.team("Readers")
        room = team.channel("reading")
        platform = platform_for(server, "xoxb-wrong", server.app.app_token)
        told = await platform.inspect(Desk(), [Channel("slack", Ref(team.id), Ref(room.id))], [])
        assert told == ("Slack refuses the app's token. Whoever runs the bot has to install it again.",)
        await platform.close()


async def test_a_running_bot_says_what_it_lacks_in_a_channel() -> None:
    async with rigged() as rig:
        assert await rig.platform.diagnose(rig.channel) == ()
        rig.room.remove_bot()
        assert await rig.platform.diagnose(rig.channel) == ("I am not in the channel. Invite me there with `/invite`.",)
        elsewhere = Channel("slack", Ref("T0OTHER"), rig.channel.channel)
        (told,) = await rig.platform.diagnose(elsewhere)
        assert "I am not in the workspace" in told


async def test_channels_and_user_groups_are_known_by_name() -> None:
    async with rigged() as rig:
        found = await rig.platform.whereabouts(rig.channel)
        assert found is not None
        assert (found.workspace, found.channel) == ("Readers", "reading")
        assert await rig.platform.whereabouts(Channel("slack", Ref(rig.team.id), Ref("C0NOTHING"))) is None
        group = rig.team.usergroup("readers")
        assert await rig.platform.role(rig.channel, Ref(group.id)) is not None
        assert await rig.platform.role(rig.channel, Ref("S0NOTHING")) is None


async def test_scopes_that_are_missing_are_named() -> None:
    async with SlackServer() as server:
        server.app.scopes = tuple(scope for scope in SCOPES if scope != "reactions:read")
        team = server.team("Readers")
        platform = platform_for(server, team.token, server.app.app_token)
        (told,) = await platform.inspect(Desk(), [], [])
        assert "reactions:read (to count votes)" in told
        await platform.close()


async def test_an_app_that_nobody_installed_says_where_to() -> None:
    async with SlackServer() as server:
        web = WebApi(server.api_url)
        platform = SlackPlatform(web, http_connection(web, server, 1))
        (told,) = await platform.inspect(Desk(), [], [])
        assert "http://127.0.0.1:1/slack/install" in told
        await platform.close()


def test_the_libraries_log_lines_give_nothing_away(caplog: pytest.LogCaptureFixture) -> None:
    log = library_log()
    assert [one for one in log.filters if isinstance(one, Discreet)]
    with caplog.at_level(logging.ERROR, log.name):
        log.error("no luck with xoxb-1-abc and xapp-1-A-2 at wss://x/?ticket=3\nand a message")
        try:
            int("Ada's words")
        except ValueError:
            log.exception("Failed to run a listener: Ada's words")
    assert caplog.messages == ["no luck with … and … at …", "Failed to run a listener (ValueError)"]
    assert "words" not in caplog.text


async def test_a_token_for_a_whole_organization_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    async def for_all(call: Call) -> Json:
        return {**await api_apps.auth_test(call), "team_id": "E0ALL", "is_enterprise_install": True}

    monkeypatch.setitem(api_apps.METHODS, "auth.test", for_all)
    async with SlackServer() as server:
        team = server.team("Readers")
        platform = platform_for(server, team.token, server.app.app_token)
        with pytest.raises(PlatformError, match="whole organization"):
            await platform.run(Desk())
        (told,) = await platform.inspect(Desk(), [], [])
        assert "Install the app in one workspace" in told
        await platform.close()
