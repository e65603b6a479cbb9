"""Slack's Web API: clients that wait and try again where that is harmless, and nowhere else.

Slack has no key by which it would know a request again. A post whose answer was lost is never sent again behind our
back: whoever asked for it looks first.
"""

from __future__ import annotations

import aiohttp
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web.async_client import AsyncWebClient

from bot.platforms.slack.logs import library_log
from bot.platforms.slack.outcomes import CONNECTION_ERRORS

DEFAULT_API = "https://slack.com/api/"

UNHURRIED = frozenset({"conversations.history", "conversations.replies"})
"""What is waited for as long as Slack wants; else nobody waits longer than LONGEST_WAIT."""

READING = UNHURRIED | {
    "auth.test",
    "conversations.info",
    "conversations.open",
    "reactions.get",
    "usergroups.list",
    "users.conversations",
    "users.info",
}
"""What may be asked twice."""

LONGEST_WAIT = 10
"""Seconds."""

MOST_WAITS, MOST_REPETITIONS = 20, 2
REQUEST_SECONDS = 30.0


class WaitAsTold(AsyncRateLimitErrorRetryHandler):
    """Asks again after as long as Slack says, unless that is too long."""

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if response is None or response.status_code != 429:
            return False
        return _method(request) in UNHURRIED or _retry_after(response) <= LONGEST_WAIT


class AskAgain(AsyncRetryHandler):
    """Asks again for what is only read, if the connection broke or the server failed."""

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        failed = isinstance(error, CONNECTION_ERRORS) or (response is not None and response.status_code >= 500)
        return failed and _method(request) in READING


def _method(request: HttpRequest) -> str:
    return request.url.rpartition("/")[2]


def _retry_after(response: HttpResponse) -> int:
    values = [value for name, value in response.headers.items() if name.lower() == "retry-after"]
    return int(values[0][0]) if values and values[0][0].isdecimal() else 1


class WebApi:
    """The way to Slack, with one pool of connections for all workspaces."""

    def __init__(self, api_url: str | None = None) -> None:
        self.url = (api_url or DEFAULT_API).rstrip("/") + "/"
        self._session: aiohttp.ClientSession | None = None

    def client(self, token: str | None = None) -> AsyncWebClient:
        """Return a client that signs in with a token."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS))
        return AsyncWebClient(
            token=token,
            base_url=self.url,
            session=self._session,
            logger=library_log(),
            retry_handlers=[WaitAsTold(MOST_WAITS), AskAgain(MOST_REPETITIONS)],
        )

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
