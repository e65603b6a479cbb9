"""What can go wrong in a Slack workspace has an outcome, and hosts hear of it once until it is over."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import aiohttp
import pytest

from bot.errors import DatabaseError, PlatformError
from bot.events import MessageSeen, Recordable
from bot.model import Author, Ref
from bot.platforms.slack import installations
from bot.platforms.slack.connecting import BySocket, SocketKeys
from bot.platforms.slack.platform import SlackPlatform
from bot.platforms.slack.scopes import SCOPES
from bot.platforms.slack.webapi import WebApi
from tests.contract.hands import Reports
from tests.standins.program import problems_of
from tests.standins.slack import MemberHand, SlackServer
from tests.standins.workspace import Office, a_workspace, hurried, office, over_http, over_socket

SAID = "Prices move faster than rules, which is why nobody follows them for very long."


@pytest.fixture
async def o(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as o:
        yield o


def author(hand: MemberHand) -> Author:
    return Author("slack", Ref(hand.id), hand.name)


def told(o: Office) -> list[str]:
    """Return what the host was told."""
    return [view.text for view in o.host.inbox()]


def lose_scope(o: Office) -> None:
    o.team.lacks("chat:write")


def regain_scopes(o: Office) -> None:
    for token in o.server.world.tokens.values():
        token.scopes = tuple(SCOPES)


Change = Callable[[Office], object]
TROUBLES: dict[str, tuple[Change, Change, str]] = {
    "not_in_channel": (lambda o: o.channel.remove_bot(), lambda o: o.channel.invite_bot(), "/invite"),
    "is_archived": (lambda o: o.channel.archive(), lambda o: o.channel.unarchive(), "archived"),
    "restricted_action": (
        lambda o: o.channel.restrict_posting(),
        lambda o: setattr(o.channel.state, "posting_restricted", False),
        "posting permissions",
    ),
    "ratelimited": (
        lambda o: o.server.faults.rate_limit("chat.*", 20, retry_after=60),
        lambda o: o.server.faults.clear(),
        "wants me to wait",
    ),
    "internal_error": (
        lambda o: o.server.faults.error("chat.postMessage", "internal_error", 1_000),
        lambda o: o.server.faults.clear(),
        "did not say whether",
    ),
}
OUT_OF_REACH: dict[str, tuple[Change, Change, str]] = {
    "missing_scope": (lose_scope, regain_scopes, "chat:write"),
    **{
        error: (lambda o, error=error: o.team.refuse_token(error), lambda o: o.team.accept_token(), "nstall it again")  # type: ignore[misc]
        for error in ("invalid_auth", "token_revoked", "account_inactive")
    },
}


@pytest.mark.parametrize("error", ["not_in_channel", "is_archived", "restricted_action"])
async def test_a_trouble_is_told_once_and_the_question_comes_when_it_is_over(o: Office, error: str) -> None:
    begins, ends, words = TROUBLES[error]
    await o.a_group(hosts=[author(o.host)])
    begins(o)
    await o.at(9)
    for _ in range(8):
        await o.later(minutes=11)
    (sentence,) = told(o)
    assert words in sentence
    ends(o)
    await o.later(minutes=11)
    post = await o.asked()
    assert sum("What about" in view.text for view in o.channel.visible()) == 1
    assert sum("Answer here" in reply.text for reply in post.replies) == 1
    begins(o)
    await o.at(9)
    for _ in range(8):
        await o.later(minutes=11)
    assert len(told(o)) == 2


@pytest.mark.parametrize("error", [*TROUBLES, *OUT_OF_REACH])
async def test_each_error_has_a_sentence_and_is_tried_again(o: Office, error: str) -> None:
    begins, ends, words = {**TROUBLES, **OUT_OF_REACH}[error]
    group = await o.a_group()
    begins(o)
    await o.at(9)
    await o.later(minutes=11)
    ((_, problem),) = await problems_of(o.app, group)
    assert words in problem
    ends(o)
    await o.later(minutes=21)
    await o.asked()
    assert await problems_of(o.app, group) == []


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("msg_too_long", "form"),
        ("invalid_blocks", "form"),
        ("msg_blocks_too_long", "form"),
        ("channel_not_found", "channel is gone"),
    ],
)
async def test_what_no_other_try_would_change_is_given_up_with_a_sentence(o: Office, error: str, words: str) -> None:
    group = await o.a_group(hosts=[author(o.host)])
    o.server.faults.error("chat.postMessage", error)
    await o.at(9)
    ((_, problem),) = await problems_of(o.app, group)
    assert words in problem
    for _ in range(3):
        await o.later(minutes=30)
    assert o.channel.visible() == []
    assert len(told(o)) == 1


async def test_setup_and_status_name_what_is_missing(o: Office) -> None:
    for scope in ("chat:write", "channels:history", "reactions:read"):
        o.team.lacks(scope)
        for line in ("/reading-host setup zone:UTC at:09:00 set:commons", "/reading-host status"):
            assert scope in (await o.host.uses(line, o.channel)).text
        regain_scopes(o)
    o.channel.remove_bot()
    assert "/invite" in (await o.host.uses("/reading-host status", o.channel)).text
    o.channel.invite_bot()
    assert "All is well" in (await o.host.uses("/reading-host status", o.channel)).text


async def test_a_workspace_that_removes_the_app_can_install_it_again(tmp_path: Path) -> None:
    async with office(tmp_path, http=True) as o:
        await o.a_group()
        await o.at(9)
        post = await o.asked()
        await o.person("Ada").says(post, SAID)
        await o.until_recorded(SAID)
        o.team.uninstall()
        await o.at(9)
        for _ in range(3):
            await o.later(minutes=11)
        assert len(o.channel.visible()) == 1
        status, page = await o.host.installs(f"{o.address}/slack/install")
        assert (status, "is installed" in page) == (200, True)
        o.channel.invite_bot()
        await o.later(minutes=11)
        assert [view.ts for view in o.channel.visible() if "What about" in view.text] == [
            post.ts,
            (await o.asked()).ts,
        ]
        await o.person("Ada").says(await o.asked(), SAID)
        await o.until_recorded(SAID)


async def test_tokens_that_run_out_are_exchanged_in_time(tmp_path: Path) -> None:
    async with a_workspace(tmp_path, http=True) as o:
        o.server.app.rotates_tokens = True
        async with o.running():
            await o.a_group()
            await o.at(9)
            first = o.team.token
            later = SimpleNamespace(time=lambda: time.time() + 11 * 3600)
            with patch.object(installations, "time", later):
                await o.at(9)
                assert o.team.token != first
                assert len(o.server.calls("oauth.v2.access")) == 2
                assert sum("What about" in view.text for view in o.channel.visible()) == 2
        o.team.refuse_token("token_expired")
        o.server.world.tokens[o.team.token].refused = None
        async with o.running():
            assert await o.platform.diagnose(o.place) == ()


async def test_tokens_are_kept_encrypted(tmp_path: Path) -> None:
    async with a_workspace(tmp_path, http=True) as o:
        async with o.running():
            pass
        kept = _all_bytes(tmp_path)
        assert o.team.id.encode() in kept
        assert b"xoxb" not in kept


def _all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("*.db*"))


@pytest.mark.parametrize("how", ["forged", "stale", "unsigned", "signed for another time"])
async def test_requests_that_are_not_slacks_are_refused(tmp_path: Path, how: str) -> None:
    async with office(tmp_path, http=True) as o:
        await o.a_group()
        await o.at(9)
        post = await o.asked()
        said = await o.person("Ada").says(post, SAID)
        await o.until_recorded(SAID)
        event = o.server.events.told[-1]["event"] | {"text": "Forged.", "blocks": [], "ts": said.ts[:-1] + "9"}
        body = json.dumps(o.server.events.told[-1] | {"event": event, "event_id": "Ev1"}).encode()
        headers = o.server.hooks.headers(body, "application/json")
        match how:
            case "forged":
                headers = o.server.hooks.headers(b"another", "application/json")
            case "stale":
                headers = o.server.hooks.headers(body, "application/json", timestamp=int(time.time()) - 301)
            case "unsigned":
                del headers["X-Slack-Signature"]
            case _:
                headers["X-Slack-Request-Timestamp"] = str(int(time.time()) + 1)
        status, _, _ = await o.server.hooks.post(body, headers)
        assert status == 401
        good = o.server.hooks.headers(body, "application/json")
        assert (await o.server.hooks.post(body, good))[0] == 200
        await o.until_recorded(SAID, "Forged.")


async def test_requests_that_are_sent_again_change_nothing(tmp_path: Path) -> None:
    async with office(tmp_path, http=True) as o:
        ada = o.person("Ada")
        await o.host.uses("/reading-host setup zone:UTC at:09:00 set:commons", o.channel)
        await o.at(9)
        post = await o.asked()
        await ada.submits(await ada.presses(post, "Answer"), text=SAID)
        await o.settle()
        await o.host.uses("/reading-host ask", o.channel)
        await o.settle()
        before = [view.text for view in o.channel.everything()]
        rounds = await o.rounds()
        for headers, body in list(o.server.hooks.sent):
            status, _, _ = await o.server.hooks.post(body, headers)
            assert status == 200
        await o.settle()
        assert [view.text for view in o.channel.everything()] == before
        assert await o.rounds() == rounds


async def test_only_who_began_an_installation_can_end_it(tmp_path: Path) -> None:
    async with a_workspace(tmp_path, http=True) as o:
        platform = over_http(o.server)
        running = asyncio.create_task(platform.run(Reports()))
        await o.until(o.answers_over_http)
        async with aiohttp.ClientSession() as browser:
            async with browser.get(f"{o.address}/slack/install", allow_redirects=False) as page:
                state = page.headers["Location"].partition("state=")[2].partition("&")[0]
            async with aiohttp.ClientSession() as other:
                stolen = f"{o.address}/slack/oauth_redirect?code=1&state={state}"
                async with other.get(stolen) as response:
                    assert response.status == 400
        _, page_text = await o.host.installs(f"{o.address}/slack/install", allows=False)
        assert "cancelled" in page_text
        assert o.server.calls("oauth.v2.access") == []
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await platform.close()


async def test_wrong_tokens_end_in_a_sentence(tmp_path: Path) -> None:
    async with SlackServer() as server:
        team = server.team()
        for bot, app, sentence in (
            ("xoxb-wrong", server.app.app_token, "SLACK_BOT_TOKEN"),
            (team.token, "xapp-wrong", "SLACK_APP_TOKEN"),
            (team.token, team.token, "SLACK_APP_TOKEN"),
        ):
            web = WebApi(server.api_url)
            platform = SlackPlatform(web, BySocket(web, SocketKeys(bot, app)))
            with hurried(), pytest.raises(PlatformError, match=sentence):
                await platform.run(Reports())
            await platform.close()


class Refusing(Reports):
    """A chat desk whose database cannot be written at first."""

    refusals = 3

    async def record(self, event: Recordable) -> None:
        if self.refusals:
            self.refusals -= 1
            raise DatabaseError("The disk is full.")
        await super().record(event)


@pytest.mark.parametrize("http", [False, True], ids=["by socket", "over HTTP"])
async def test_what_the_database_does_not_take_is_not_acknowledged_and_told_again(tmp_path: Path, http: bool) -> None:
    async with a_workspace(tmp_path, http=http) as o:
        o.server.events.pauses = (0.01, 0.01, 0.01)
        o.server.events.ack_within = 0.2
        reports = Refusing()
        platform = over_http(o.server) if http else over_socket(o.server, o.team.token)
        running = asyncio.create_task(platform.run(reports))
        await o.reached()
        root = await o.person("Ada").says(o.channel, "A root.")
        before = o.server.events.acknowledged
        said = await o.person("Ada").says(root, SAID)
        await o.server.until(lambda: reports.events)
        (event,) = reports.events
        assert isinstance(event, MessageSeen)
        assert (event.message, reports.refusals) == (said.ts, 0)
        await o.server.until(lambda: o.server.events.acknowledged > before)
        assert o.server.events.lost == []
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await platform.close()


async def test_what_cannot_be_reached_at_the_start_is_tried_again(tmp_path: Path) -> None:
    async with a_workspace(tmp_path) as o:
        o.server.faults.fail(503, "auth.test")
        o.server.faults.lose_reply("auth.test")
        o.server.faults.fail(500, "apps.connections.open", times=2)
        async with o.running():
            await o.a_group()
            await o.at(9)
            await o.asked()
