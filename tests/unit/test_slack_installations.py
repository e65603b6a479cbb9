"""Workspaces install the app, their tokens are kept encrypted and fresh, and forgotten when they leave."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest
from cryptography.fernet import Fernet, InvalidToken

from bot.content import NoticePost
from bot.errors import DatabaseError, SettingsError
from bot.events import Place
from bot.model import Channel, Ref
from bot.platforms.slack import installations as keeping
from bot.platforms.slack import rollcall
from bot.platforms.slack.connecting import ByHttp, HttpKeys
from bot.platforms.slack.installations import Credentials, Installation, Installations, Vault, cipher
from bot.platforms.slack.outcomes import UnreachableError
from bot.platforms.slack.platform import SlackPlatform
from bot.platforms.slack.web import STATE_SECONDS, HttpSettings, States
from bot.platforms.slack.webapi import WebApi
from bot.ports import NotSent, Progress, Sent
from tests.standins.slack import SlackServer, TeamHand
from tests.standins.workspace import free_port, hurried
from tests.unit.slack_rig import KEY, Desk, http_connection, keep, rigged, running

OURS = Installation("T1", "xoxb-secret", "U1", "B1", "https://readers.slack.com/", "Readers")


@asynccontextmanager
async def served(server: SlackServer, desk: Desk, teams: frozenset[str] = frozenset()) -> AsyncIterator[str]:
    """Run an app that workspaces install; yield where they do."""
    web, port = WebApi(server.api_url), free_port()
    platform = SlackPlatform(web, http_connection(web, server, port, teams))
    with hurried():
        async with running(platform, desk):
            yield f"http://127.0.0.1:{port}/slack/install"


async def post_in(platform: SlackPlatform, team: TeamHand, channel: str) -> object:
    """Try to post a notice in a workspace."""
    place = Place(Channel("slack", Ref(team.id), Ref(channel)))
    return await platform.ensure_post(place, "n", NoticePost("We meet here."), Progress(), keep)


async def test_several_workspaces_install_the_app_and_it_works_in_each() -> None:
    async with rigged(http=True) as rig:
        other = rig.server.team("Writers")
        room = other.channel("reading")
        base = str(rig.server.app.request_url).removesuffix("/slack/events")
        assert isinstance(await post_in(rig.platform, other, room.id), NotSent)
        status, page = await other.owner.installs(f"{base}/slack/install")
        assert (status, "is installed" in page) == (200, True)
        assert isinstance(await post_in(rig.platform, other, room.id), Sent)
        assert isinstance(await post_in(rig.platform, rig.team, rig.room.id), Sent)
        assert "We meet here." in room.visible()[-1].text


async def test_no_token_is_kept_in_the_clear() -> None:
    async with rigged(http=True) as rig:
        kept = "\n".join(rig.desk.notes.values())
        assert rig.team.id in kept
        assert rig.team.token not in kept
        assert "xoxb" not in kept


async def test_an_installation_survives_a_restart() -> None:
    async with SlackServer() as server:
        desk, team = Desk(), server.team("Readers")
        room = team.channel("reading")
        async with served(server, desk) as address:
            await team.owner.installs(address)
        desk.reconnected.clear()
        web = WebApi(server.api_url)
        platform = SlackPlatform(web, http_connection(web, server, free_port()))
        async with running(platform, desk):
            assert isinstance(await post_in(platform, team, room.id), Sent)


async def test_whoever_cancels_is_told_so_and_nothing_is_kept() -> None:
    async with SlackServer() as server:
        desk, team = Desk(), server.team("Readers")
        async with served(server, desk) as address:
            _, page = await team.owner.installs(address, allows=False)
        assert page == "Nothing was installed, since you cancelled it."
        assert desk.notes == {}


async def test_only_listed_workspaces_may_install_where_some_are_listed() -> None:
    async with SlackServer() as server:
        desk, team, stranger = Desk(), server.team("Readers"), server.team("Strangers")
        async with served(server, desk, frozenset({team.id})) as address:
            assert (await team.owner.installs(address))[0] == 200
            status, page = await stranger.owner.installs(address)
        assert (status, page) == (500, "Whoever runs this bot has not listed your workspace.")
        assert json.loads(desk.notes["slack workspaces"]) == [team.id]


@pytest.mark.parametrize("cookie", ["none", "of another state"])
async def test_an_installation_that_somebody_else_began_is_refused(cookie: str) -> None:
    async with SlackServer() as server, aiohttp.ClientSession() as browser:
        desk = Desk()
        server.team("Readers")
        async with served(server, desk) as address:
            async with browser.get(address, allow_redirects=False) as page:
                state = page.headers["Location"].partition("state=")[2].partition("&")[0]
            sent = {} if cookie == "none" else {"Cookie": "slack-app-oauth-state=other"}
            back = address.replace("install", "oauth_redirect")
            async with browser.get(back, params={"state": state, "code": "1"}, headers=sent) as page:
                assert page.status == 400
                assert "not the browser" in await page.text()
        assert server.calls("oauth.v2.access") == []


async def test_a_state_is_good_once_and_for_some_minutes() -> None:
    states = States(cipher(KEY))
    state = await states.async_issue()
    assert await states.async_consume(state)
    assert not await states.async_consume(state)
    assert not await states.async_consume("made up")
    old = Fernet(KEY).encrypt_at_time(b"state", int(time.time()) - STATE_SECONDS - 1).decode()
    assert not await states.async_consume(old.rstrip("="))
    assert not await States(cipher(Fernet.generate_key().decode())).async_consume(await states.async_issue())


async def test_an_uninstalled_workspace_is_forgotten_and_may_come_back() -> None:
    async with rigged(http=True) as rig:
        base = str(rig.server.app.request_url).removesuffix("/slack/events")
        rig.team.uninstall()
        await rig.until(lambda: json.loads(rig.desk.notes["slack workspaces"]) == [])
        assert [note for note in rig.desk.notes if rig.team.id in note] == []
        assert ("slack", rig.team.id) in rig.desk.gone
        outcome = await post_in(rig.platform, rig.team, rig.room.id)
        assert outcome == NotSent("The app is not installed in the workspace. Install it there.")
        await rig.team.owner.installs(f"{base}/slack/install")
        assert ("slack", rig.team.id) not in rig.desk.gone
        rig.room.invite_bot()
        assert isinstance(await post_in(rig.platform, rig.team, rig.room.id), Sent)


async def test_a_removal_while_the_bot_was_off_is_noticed_at_its_start() -> None:
    async with SlackServer() as server:
        desk, readers, writers = Desk(), server.team("Readers"), server.team("Writers")
        async with served(server, desk) as address:
            await readers.owner.installs(address)
            await writers.owner.installs(address)
        readers.uninstall(told=False)
        desk.gone.add(("slack", Ref(writers.id)))
        async with served(server, desk):
            await server.until(lambda: desk.gone == {("slack", readers.id)})
        server.faults.error("auth.test", "account_inactive", times=2)
        async with served(server, desk):
            await server.until(lambda: desk.gone == {("slack", readers.id), ("slack", writers.id)})
        async with served(server, desk):
            await server.until(lambda: desk.gone == {("slack", readers.id)})


async def test_a_token_that_slack_refuses_for_months_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollcall, "EVERY_SECONDS", 0.01)
    async with SlackServer() as server:
        desk, team = Desk(), server.team("Readers")
        vault = Vault(desk, cipher(KEY))

        async def refused_since() -> float | None:
            kept = await vault.load(team.id)
            return None if kept is None else kept.refused_since

        async def was_refused() -> bool:
            return bool(await refused_since())

        async def is_taken() -> bool:
            return await refused_since() == 0.0

        async def is_forgotten() -> bool:
            return await refused_since() is None

        async with served(server, desk) as address:
            await team.owner.installs(address)
            server.faults.error("auth.test", "account_inactive", times=3)
            await server.until(was_refused)
            await server.until(is_taken)
            team.uninstall(told=False)
            await server.until(was_refused)
            monkeypatch.setattr(keeping, "KEPT_REFUSED", 0.05)
            await server.until(is_forgotten)
        assert json.loads(desk.notes["slack workspaces"]) == []


async def test_where_slack_does_not_tell_whether_the_app_was_removed_nothing_is_noted() -> None:
    async with SlackServer() as server:
        desk, teams = Desk(), sorted((server.team("Readers"), server.team("Writers")), key=lambda team: team.id)
        async with served(server, desk) as address:
            for team in teams:
                await team.owner.installs(address)
        for team in teams:
            team.uninstall(told=False)
        server.faults.error("auth.test", "internal_error")
        async with served(server, desk):
            await server.until(lambda: bool(desk.gone))
        assert desk.gone == {("slack", teams[1].id)}


async def test_a_token_that_runs_out_is_exchanged_in_time_and_kept() -> None:
    async with SlackServer() as server:
        server.app.rotates_tokens = True
        desk, team = Desk(), server.team("Readers")
        async with served(server, desk) as address:
            await team.owner.installs(address)
        web = WebApi(server.api_url)
        installations = Installations(web, Credentials(server.app.client_id, server.app.client_secret))
        vault = Vault(desk, cipher(KEY))
        await installations.open(vault)
        first = (await installations.get(team.id)).client.token
        assert (await installations.get(team.id)).client.token == first
        kept = await vault.load(team.id)
        assert kept is not None
        await installations.add(replace(kept, expires_at=time.time() + 60))
        fresh = await installations.get(team.id)
        assert fresh.client.token not in (None, first)
        assert (await fresh.client.auth_test())["ok"]
        again = Installations(web, Credentials(server.app.client_id, server.app.client_secret))
        await again.open(vault)
        assert (await again.get(team.id)).client.token == fresh.client.token
        await web.close()


async def test_a_token_that_another_process_exchanged_is_taken_over() -> None:
    async with SlackServer() as server:
        server.app.rotates_tokens = True
        desk, team = Desk(), server.team("Readers")
        async with served(server, desk) as address:
            await team.owner.installs(address)
        web, vault = WebApi(server.api_url), Vault(desk, cipher(KEY))
        kept = await vault.load(team.id)
        assert kept is not None
        await vault.save(replace(kept, expires_at=time.time() + 60))
        both = [Installations(web, Credentials(server.app.client_id, server.app.client_secret)) for _ in range(2)]
        for one in both:
            await one.open(vault)
        tokens = [(await one.get(team.id)).client.token for one in both]
        assert tokens[0] == tokens[1] != kept.token
        await web.close()


async def test_two_processes_that_exchange_a_token_at_once_go_on_with_the_same() -> None:
    async with SlackServer() as server:
        server.app.rotates_tokens = True
        desk, team = Desk(), server.team("Readers")
        async with served(server, desk) as address:
            await team.owner.installs(address)
        web, vault = WebApi(server.api_url), Vault(desk, cipher(KEY))
        kept = await vault.load(team.id)
        assert kept is not None
        await vault.save(replace(kept, expires_at=time.time() + 60))
        both = [Installations(web, Credentials(server.app.client_id, server.app.client_secret)) for _ in range(2)]
        for one in both:
            await one.open(vault)
        first, second = await asyncio.gather(*(one.get(team.id) for one in both))
        assert first.client.token == second.client.token != kept.token
        await web.close()


async def test_looking_at_installations_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.platforms.slack.webapi.MOST_REPETITIONS", 0)
    desk = Desk()
    await Vault(desk, cipher(KEY)).save(OURS)
    before = dict(desk.notes)
    web = WebApi("http://127.0.0.1:9/api")
    keys = HttpKeys("secret", Credentials("1", "2"), cipher(f"{Fernet.generate_key().decode()},{KEY}"))
    platform = SlackPlatform(web, ByHttp(web, keys, HttpSettings("127.0.0.1", 1, "https://reading.example.org")))
    assert await platform.inspect(desk, [], []) == ("In the workspace T1: Slack cannot be reached. Try again later.",)
    assert desk.notes == before
    await platform.close()


async def test_a_withdrawn_refresh_token_is_told() -> None:
    async with SlackServer() as server:
        web, vault = WebApi(server.api_url), Vault(Desk(), cipher(KEY))
        installations = Installations(web, Credentials(server.app.client_id, server.app.client_secret))
        await installations.open(vault)
        await installations.add(replace(OURS, refresh="xoxe-gone", expires_at=time.time() - 1))
        with pytest.raises(UnreachableError, match="Install the app again"):
            await installations.get("T1")
        server.faults.error("oauth.v2.access", "internal_error")
        with pytest.raises(UnreachableError, match="I try again later"):
            await installations.get("T1")
        await web.close()


async def test_keys_can_be_changed_one_after_the_other() -> None:
    desk, new = Desk(), Fernet.generate_key().decode()
    await Vault(desk, cipher(KEY)).save(OURS)
    installations = Installations(WebApi(), Credentials("1", "2"))
    await installations.open(Vault(desk, cipher(f"{new}, {KEY}")))
    assert installations.teams() == ["T1"]
    await installations.renew()
    assert await Vault(desk, cipher(new)).load("T1") == OURS
    with pytest.raises(InvalidToken):
        cipher(KEY).decrypt(desk.notes["slack workspace T1"])


async def test_without_its_key_an_installation_is_left_alone() -> None:
    desk = Desk()
    await Vault(desk, cipher(KEY)).save(OURS)
    before = dict(desk.notes)
    installations = Installations(WebApi(), Credentials("1", "2"))
    await installations.open(Vault(desk, cipher(Fernet.generate_key().decode())))
    assert installations.teams() == []
    with pytest.raises(UnreachableError):
        await installations.get("T1")
    assert desk.notes == before


@pytest.mark.parametrize("keys", ["", "short", f"{KEY},nonsense"], ids=["none", "short", "one-that-is-none"])
def test_a_key_that_is_none_is_told_in_a_sentence(keys: str) -> None:
    with pytest.raises(SettingsError, match="SLACK_TOKEN_KEY is no Fernet key"):
        cipher(keys)


async def test_a_database_that_fails_at_the_start_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing(Desk):
        misses = 2

        async def recall(self, key: str) -> str | None:
            if self.misses:
                self.misses -= 1
                raise DatabaseError("The disk is full.")
            return await super().recall(key)

    monkeypatch.setattr("bot.platforms.slack.platform.DATABASE_RETRY_SECONDS", 0.01)
    async with SlackServer() as server:
        desk, team = Failing(), server.team("Readers")
        async with served(server, desk) as address:
            assert (await team.owner.installs(address))[0] == 200


async def test_an_installation_that_cannot_be_kept_is_not_taken_for_done() -> None:
    class Failing(Desk):
        async def remember(self, key: str, value: str) -> None:
            raise DatabaseError("The disk is full.")

    async with SlackServer() as server:
        desk, team = Failing(), server.team("Readers")
        async with served(server, desk) as address:
            status, page = await team.owner.installs(address)
        assert (status, page) == (500, "The app could not be installed right now. Try again in a few minutes.")


class Forgetful(Desk):
    """A desk that cannot keep anything for a while."""

    full = False

    async def remember(self, key: str, value: str) -> None:
        if self.full:
            raise DatabaseError("The disk is full.")
        await super().remember(key, value)


@asynccontextmanager
async def running_out(desk: Desk) -> AsyncIterator[tuple[SlackServer, TeamHand, Installations]]:
    """Yield the installations of a workspace whose token is to be exchanged."""
    async with SlackServer() as server:
        server.app.rotates_tokens = True
        team = server.team("Readers")
        async with served(server, desk) as address:
            await team.owner.installs(address)
        web, vault = WebApi(server.api_url), Vault(desk, cipher(KEY))
        kept = await vault.load(team.id)
        assert kept is not None
        await vault.save(replace(kept, expires_at=time.time() + 60))
        installations = Installations(web, Credentials(server.app.client_id, server.app.client_secret))
        await installations.open(vault)
        yield server, team, installations
        await installations.close()
        await web.close()


async def test_a_token_that_could_not_be_kept_at_once_is_kept_later() -> None:
    desk = Forgetful()
    async with running_out(desk) as (server, team, installations):
        desk.full = True
        for _ in range(2):
            with pytest.raises(DatabaseError):
                await installations.get(team.id)
        desk.full = False
        token = (await installations.get(team.id)).client.token
        kept = await Vault(desk, cipher(KEY)).load(team.id)
        assert kept is not None
        assert kept.token == token
        assert len([one for one in server.calls("oauth.v2.access") if one.arguments.get("refresh_token")]) == 1


async def test_an_exchange_is_seen_through_though_nobody_waits_for_it_any_more() -> None:
    desk = Desk()
    async with running_out(desk) as (server, team, installations):
        server.faults.slow(0.1, "oauth.v2.access")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(installations.get(team.id), 0.05)
        fresh = await installations.get(team.id)
        assert (await fresh.client.auth_test())["ok"]
        assert len([one for one in server.calls("oauth.v2.access") if one.arguments.get("refresh_token")]) == 1


async def test_what_is_told_while_a_token_cannot_be_exchanged_is_not_acknowledged() -> None:
    async with rigged(http=True) as rig:
        vault = Vault(rig.desk, cipher(KEY))
        kept = await vault.load(rig.team.id)
        assert kept is not None
        installations = rig.platform._connection.workspaces  # noqa: SLF001  (there is no other way to a token's end)
        assert isinstance(installations, Installations)
        await installations.add(replace(kept, refresh="xoxe-later", expires_at=time.time() - 1))
        rig.server.faults.error("oauth.v2.access", "internal_error", times=2)
        rig.server.faults.error("oauth.v2.access", "bad_client_secret", times=2)
        await rig.until(lambda: len(rig.desk.connections) == 2)
        await rig.team.owner.says(rig.room, "What do agents lack?")
        await rig.until(lambda: rig.server.events.pending == 0)
        assert rig.server.events.acknowledged == 0
        await rig.until(lambda: len(rig.desk.connections) > 2)
