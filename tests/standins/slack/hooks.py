"""HTTP mode: events, commands and interactions posted to the app's own address, signed."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import aiohttp

from .events import Attempt
from .state import Json

if TYPE_CHECKING:
    from .server import SlackServer

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
REASONS = {"timeout": "http_timeout"}


def signature(secret: str, timestamp: int | str, body: bytes) -> str:
    """The header `X-Slack-Signature` of a request."""
    signed = f"v0:{timestamp}:".encode() + body
    return "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


class Hooks:
    """Requests from Slack to the app."""

    def __init__(self, server: SlackServer) -> None:
        self._server = server
        self._session: aiohttp.ClientSession | None = None
        self.sent: list[tuple[dict[str, str], bytes]] = []

    def headers(self, body: bytes, kind: str, *, timestamp: int | None = None) -> dict[str, str]:
        """Headers that are right for this body."""
        at = int(time.time()) if timestamp is None else timestamp
        return {
            "Content-Type": kind,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": str(at),
            "X-Slack-Signature": signature(self._server.app.signing_secret, at, body),
        }

    async def post(self, body: bytes, headers: dict[str, str]) -> tuple[int, str, dict[str, str]]:
        """Post to the app's address; return status, text and headers of what it answers within Slack's patience."""
        if self._session is None:
            self._session = aiohttp.ClientSession()
        self.sent.append((headers, body))
        limit = aiohttp.ClientTimeout(total=self._server.events.ack_within)
        address = self._server.app.request_url
        assert address is not None
        async with self._session.post(address, data=body, headers=headers, timeout=limit) as response:
            return response.status, await response.text(), dict(response.headers)

    async def deliver(self, attempt: Attempt) -> str:
        """Deliver an event; return why it was not acknowledged, or nothing."""
        body = json.dumps(attempt.payload).encode()
        headers = self.headers(body, JSON)
        if attempt.number:
            reason = REASONS.get(attempt.reason, attempt.reason)
            headers |= {"X-Slack-Retry-Num": str(attempt.number), "X-Slack-Retry-Reason": reason}
        try:
            status, _, answered = await self.post(body, headers)
        except TimeoutError:
            return "timeout"
        except aiohttp.ClientError:
            return "connection_failed"
        if 200 <= status < 300:
            return ""
        return "no_retry" if answered.get("X-Slack-No-Retry") == "1" else "http_error"

    async def ask(self, form: dict[str, str]) -> Json | None:
        """Post a command or an interaction; return what the app answers at once.

        Raises ConnectionError where it could not be reached or answered with an error, TimeoutError where it was slow.
        """
        body = urlencode(form).encode()
        try:
            status, text, _ = await self.post(body, self.headers(body, FORM))
        except aiohttp.ClientError as error:
            raise ConnectionError(str(error)) from error
        if status != 200:
            raise ConnectionError(f"http_error {status}")
        if not text:
            return None
        try:
            found = json.loads(text)
        except json.JSONDecodeError:
            return {"text": text}
        return found if isinstance(found, dict) else {"text": text}

    async def verify_url(self) -> None:
        """Slack's check when somebody enters the address: the challenge must come back."""
        challenge = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"
        asked = {"token": self._server.app.verification_token, "challenge": challenge, "type": "url_verification"}
        body = json.dumps(asked).encode()
        status, text, _ = await self.post(body, self.headers(body, JSON))
        if status != 200 or challenge not in text:
            raise AssertionError(f"Your URL didn't respond with the value of the challenge parameter: {status} {text}")

    async def close(self) -> None:
        """Close the connections to the app."""
        if self._session:
            await self._session.close()
