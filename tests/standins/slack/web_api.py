"""How a call of the Web API becomes an answer: token, scopes, faults, rate limits, errors, and the record of it all."""

from __future__ import annotations

import asyncio
import inspect
import json
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .errors import SlackError, invalid_arguments, rate_limited
from .faults import Fault, Hook
from .scopes import SCOPES
from .state import DIRECT, PRIVATE, PUBLIC, Channel, Json, Message, Team, Token, User

if TYPE_CHECKING:
    from .server import SlackServer

Method = Callable[["Call"], Awaitable[Json]]
JSON_ARGUMENTS = {
    "blocks": "invalid_blocks_format",
    "metadata": "invalid_metadata_format",
    "view": "invalid_arguments",
    "files": "invalid_arguments",
    "attachments": "invalid_attachments",
}
WITHOUT_TOKEN = {"oauth.v2.access", "apps.connections.open"}
HISTORY_SCOPE = {PUBLIC: "channels:history", PRIVATE: "groups:history", DIRECT: "im:history"}


@dataclass(frozen=True, slots=True)
class Record:
    """One call and its answer; tokens are not kept."""

    method: str
    verb: str
    arguments: Json
    status: int
    answer: Json
    at: float


@dataclass(slots=True)
class Call:
    """One call, read; with what most methods look up first."""

    server: SlackServer
    method: str
    arguments: Json
    headers: Any
    token_value: str
    _token: Token | None = None
    warnings: list[str] = field(default_factory=list)

    @property
    def token(self) -> Token:
        assert self._token is not None
        return self._token

    @token.setter
    def token(self, token: Token) -> None:
        self._token = token

    @property
    def team(self) -> Team:
        return self.token.team

    @property
    def bot(self) -> User:
        assert self.team.bot is not None
        return self.team.bot

    def text(self, name: str, default: str = "") -> str:
        value = self.arguments.get(name)
        return default if value is None else str(value)

    def required(self, name: str) -> str:
        """A text that must be there."""
        value = self.text(name)
        if not value:
            raise invalid_arguments(f"missing required field: {name}")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.arguments.get(name, default)
        return value if isinstance(value, bool) else str(value).lower() in {"1", "true"}

    def number(self, name: str, default: int, most: int) -> int:
        """How many things are asked for."""
        try:
            value = int(self.arguments.get(name, default))
        except ValueError:
            raise SlackError("invalid_limit") from None
        if not 1 <= value <= most:
            raise SlackError("invalid_limit")
        return value

    def user(self, name: str = "user") -> User:
        """The account that an argument names."""
        found = self.team.users.get(self.required(name))
        if found is None:
            raise SlackError("user_not_found")
        return found

    def visible(self, name: str = "channel") -> Channel:
        """The channel of the call, as far as the bot may know of it."""
        given = self.text(name)
        if not given:
            raise SlackError("channel_not_found")
        channel = self.team.channels.get(given)
        if channel is None or (channel.kind != PUBLIC and self.bot.id not in channel.members):
            raise SlackError("channel_not_found")
        return channel

    def inside(self, name: str = "channel") -> Channel:
        """The channel of the call, in which the bot must be."""
        channel = self.visible(name)
        if self.bot.id not in channel.members:
            raise SlackError("not_in_channel")
        return channel

    def writable(self) -> Channel:
        """The channel of the call, to which the bot must be able to write."""
        channel = self.visible()
        if channel.archived:
            raise SlackError("is_archived")
        if self.bot.id not in channel.members:
            raise SlackError("not_in_channel")
        if channel.posting_restricted:
            raise SlackError("restricted_action")
        return channel

    def readable(self) -> Channel:
        """The channel of the call, whose history the token may read."""
        channel = self.inside()
        needed = HISTORY_SCOPE[channel.kind]
        if needed not in self.token.scopes:
            raise missing_scope(needed, self.token)
        return channel

    def message(self, channel: Channel, name: str, error: str = "message_not_found") -> Message:
        """The message that an argument names."""
        found = channel.messages.get(self.text(name))
        if found is None or found.ephemeral_to:
            raise SlackError(error)
        return found


def missing_scope(needed: str, token: Token) -> SlackError:
    """What a method answers that the token may not use."""
    return SlackError("missing_scope", needed=needed, provided=",".join(token.scopes))


async def read(request: web.Request) -> Json:
    """The arguments of a call, whichever way they came."""
    found: Json = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except json.JSONDecodeError:
            raise SlackError("invalid_json") from None
        if not isinstance(body, dict):
            raise SlackError("json_not_object")
        found |= body
    elif request.body_exists:
        found |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    for name, error in JSON_ARGUMENTS.items():
        if isinstance(found.get(name), str):
            try:
                found[name] = json.loads(found[name])
            except json.JSONDecodeError:
                raise SlackError(error) from None
    return found


async def _run(hook: Hook | None) -> None:
    if hook and inspect.isawaitable(result := hook()):
        await result


class WebApi:
    """The Web API of one server."""

    def __init__(self, server: SlackServer, methods: dict[str, Method]) -> None:
        self._server = server
        self._methods = methods
        self.records: list[Record] = []
        self.limits: dict[str, tuple[int, float]] = {}
        self._spent: dict[tuple[str, str], deque[float]] = {}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one call."""
        method = request.match_info["method"]
        fault = self._server.faults.take(method)
        if fault:
            await _run(fault.before)
        response = await self._answer(method, request, fault)
        if fault:
            await _run(fault.after)
            await asyncio.sleep(fault.delay)
            if fault.lose_reply and request.transport:
                request.transport.abort()
        return response

    async def _answer(self, method: str, request: web.Request, fault: Fault | None) -> web.Response:
        headers = {"x-slack-req-id": "0123456789abcdef0123456789abcdef", "x-slack-unique-id": "standin"}
        arguments: Json = {}
        status, body, understood = 500, {"ok": False, "error": "fatal_error"}, False
        try:
            arguments = await read(request)
            authorization = request.headers.get("Authorization", "")
            given = str(arguments.pop("token", "") or authorization.removeprefix("Bearer "))
            call = Call(self._server, method, arguments, request.headers, given)
            status, body = await self._carry_out(call, fault, headers)
            understood = True
        except SlackError as error:
            status, body = error.status, error.body
            headers |= error.headers
            understood = True
        finally:
            if not understood:
                self._server.refused.append(f"{method} (the stand-in itself broke)")
        if fault and fault.status >= 500:
            status, body = fault.status, {}
        self.records.append(Record(method, request.method, arguments, status, body, time.monotonic()))
        if status >= 500:
            return web.Response(text="<html>Server Error</html>", status=status, content_type="text/html")
        return web.json_response(body, status=status, headers=headers)

    async def _carry_out(self, call: Call, fault: Fault | None, headers: dict[str, str]) -> tuple[int, Json]:
        if fault and fault.status == 429:
            raise rate_limited(fault.retry_after)
        if fault and fault.error:
            raise SlackError(fault.error, **fault.more)
        if fault and fault.status >= 500 and not fault.acted:
            return fault.status, {}
        handler = self._methods.get(call.method)
        if handler is None:
            self._server.refused.append(call.method)
            raise SlackError("unknown_method", req_method=call.method)
        self._authorise(call, headers)
        self._spend(call)
        answer = await handler(call)
        if call.warnings:
            answer.setdefault("response_metadata", {})["warnings"] = call.warnings
            answer["warning"] = ",".join(call.warnings)
        return 200, {"ok": True, **answer}

    def _authorise(self, call: Call, headers: dict[str, str]) -> None:
        if call.method in WITHOUT_TOKEN:
            return
        if not call.token_value:
            raise SlackError("not_authed")
        token = self._server.world.tokens.get(call.token_value)
        if token is None:
            raise SlackError("not_allowed_token_type" if call.token_value.startswith("xapp-") else "invalid_auth")
        if token.refused:
            raise SlackError(token.refused)
        if token.expires_at and token.expires_at <= self._server.world.now():
            raise SlackError("token_expired")
        call.token = token
        needed = SCOPES[call.method]
        headers |= {"x-oauth-scopes": ",".join(token.scopes), "x-accepted-oauth-scopes": ",".join(needed)}
        if needed and not set(needed) & set(token.scopes):
            raise missing_scope(",".join(needed), token)

    def _spend(self, call: Call) -> None:
        if call.method not in self.limits:
            return
        most, window = self.limits[call.method]
        team = call.token.team.id if call.method not in WITHOUT_TOKEN else ""
        spent = self._spent.setdefault((call.method, team), deque())
        now = asyncio.get_running_loop().time()
        while spent and spent[0] <= now - window:
            spent.popleft()
        if len(spent) >= most:
            raise rate_limited(window - (now - spent[0]) + 0.5)
        spent.append(now)
