"""What Slack's refusals mean."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.errors import SlackApiError

from bot.errors import PlatformError
from bot.platforms.slack.outcomes import Attempt, UnreachableError, code_of, outcome_of, refusal
from bot.platforms.slack.webapi import WebApi
from bot.ports import NotSent, Outcome, Unknown


def error(code: str, **more: object) -> SlackApiError:
    """Return an error as the SDK raises it."""
    untyped: Any = SlackApiError
    made: SlackApiError = untyped("refused", {"ok": False, "error": code, **more})
    return made


async def became(problem: Exception, *, doubtful: bool = False) -> Outcome:
    """Return what becomes of an attempt that ends so."""

    async def work() -> Outcome:
        raise problem

    return await outcome_of(work(), Attempt(doubtful))


@given(st.text(max_size=40))
def test_every_refusal_is_told_in_a_sentence(code: str) -> None:
    refused = refusal(error(code))
    assert refused.reason[0].isupper()
    assert refused.reason.endswith(".")


async def test_as_long_as_nobody_looked_a_refusal_proves_nothing() -> None:
    assert await became(error("not_in_channel"), doubtful=True) == Unknown(refusal(error("not_in_channel")).reason)
    assert isinstance(await became(UnreachableError("Away."), doubtful=True), Unknown)


async def test_in_a_channel_that_is_gone_nothing_can_be() -> None:
    outcome = await became(error("channel_not_found"), doubtful=True)
    assert isinstance(outcome, NotSent)
    assert outcome.permanent


async def test_what_is_out_of_reach_may_come_back_and_what_is_wrong_does_not() -> None:
    assert await became(UnreachableError("Away.", "Invite me.")) == NotSent("Away. Invite me.")
    assert await became(PlatformError("Wrong.")) == NotSent("Wrong.", permanent=True)


@pytest.mark.parametrize("code", ["org_login_required", "team_added_to_org", "ekm_access_denied"])
async def test_a_workspace_that_slack_closes_for_a_while_is_tried_again(code: str) -> None:
    outcome = await became(error(code))
    assert isinstance(outcome, NotSent)
    assert not outcome.permanent


@pytest.mark.parametrize("code", ["internal_error", "fatal_error", "service_unavailable", "request_timeout", ""])
async def test_an_error_within_slack_leaves_it_open_what_was_done(code: str) -> None:
    assert isinstance(await became(error(code)), Unknown)


@pytest.mark.parametrize("problem", [aiohttp.ServerDisconnectedError(), ConnectionResetError(), TimeoutError()])
async def test_a_connection_that_broke_leaves_it_open_what_was_done(problem: Exception) -> None:
    assert await became(problem) == Unknown("The connection to Slack broke.")


async def test_a_server_that_cannot_be_reached_was_certainly_not_asked() -> None:
    web = WebApi("http://127.0.0.1:9/api")

    async def work() -> Outcome:
        await web.client("xoxb-1").chat_postMessage(channel="C1", text="Hello.")
        raise AssertionError("nobody listens there")

    assert await outcome_of(work(), Attempt()) == NotSent("Slack cannot be reached.")
    assert isinstance(await outcome_of(work(), Attempt(doubtful=True)), Unknown)
    await web.close()


async def test_the_scope_that_is_missing_is_named() -> None:
    told = refusal(error("missing_scope", needed="chat:write", provided="users:read"))
    assert told == NotSent("The app lacks the permission chat:write. Add that scope to it, and install it again.")


async def test_an_answer_that_is_none_of_slacks_has_no_code() -> None:
    async def page(_: aiohttp.web.Request) -> aiohttp.web.Response:
        return aiohttp.web.Response(text="<html>Bad gateway</html>", content_type="text/html", status=502)

    assert await _code_behind(page) == ""


async def test_a_limit_is_one_whatever_stands_in_the_answer() -> None:
    async def limited(_: aiohttp.web.Request) -> aiohttp.web.Response:
        return aiohttp.web.Response(text="slow down", status=429, headers={"Retry-After": "60"})

    assert await _code_behind(limited) == "ratelimited"


async def _code_behind(handler: Any) -> str:
    app = aiohttp.web.Application()
    app.router.add_post("/api/chat.postMessage", handler)
    runner = aiohttp.web.AppRunner(app)
    await runner.setup()
    site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    web = WebApi(f"http://{host}:{port}/api")
    try:
        await web.client("xoxb-1").chat_postMessage(channel="C1", text="Hello.")
    except SlackApiError as problem:
        return code_of(problem)
    finally:
        await web.close()
        await runner.cleanup()
    raise AssertionError("Slack took it")
