"""How a request becomes an answer: authorisation, faults, rate limits, errors, and the record of it all."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .errors import ApiError
from .faults import Fault, Hook
from .permissions import in_channel, may
from .state import CATEGORY, FORUM, Channel, Guild, Json, Message

if TYPE_CHECKING:
    from .server import DiscordServer

Handler = Callable[["Call"], Awaitable[Any]]
PREFIX = "/api/v10"
MAJOR = ("channel_id", "guild_id", "webhook_token")
UNAUTHENTICATED = ("/interactions/", "/webhooks/{webhook_id}/{webhook_token}")


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint: its template is written as in Discord's published description."""

    method: str
    template: str
    handler: Handler
    status: int = 200


@dataclass(frozen=True, slots=True)
class Record:
    """One request and its answer."""

    method: str
    template: str
    path: str
    query: dict[str, str]
    body: Any
    status: int
    answer: Any
    multipart: bool = False


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a multipart request."""

    filename: str
    data: bytes
    content_type: str


@dataclass(slots=True)
class Call:
    """One request, read; with what most handlers look up first."""

    server: DiscordServer
    request: web.Request
    body: Any = None
    files: dict[str, Upload] = field(default_factory=dict)

    def id(self, name: str) -> int:
        """An id of the path."""
        return int(self.request.match_info[name])

    def number(self, name: str, default: int, most: int) -> int:
        """A number of the query, within 1 and `most`."""
        value = int(self.request.query.get(name, default))
        if not 1 <= value <= most:
            code, words = (
                ("NUMBER_TYPE_MAX", f"int value should be less than or equal to {most}.")
                if value > most
                else ("NUMBER_TYPE_MIN", "int value should be greater than or equal to 1.")
            )
            errors = {name: {"_errors": [{"code": code, "message": words}]}}
            raise ApiError(50035, status=400, message="Invalid Form Body", errors=errors)
        return value

    def guild(self) -> Guild:
        """The guild of the path; 10004 where the bot is not in it."""
        guild = self.server.world.guilds.get(self.id("guild_id"))
        if guild is None or not guild.bot_inside:
            raise ApiError(10004)
        return guild

    def channel(self, *permissions: str) -> Channel:
        """The channel of the path; 10003 unknown, 50001 not to be seen, 50013 a permission is missing."""
        channel = self.server.world.channels.get(self.id("channel_id"))
        if channel is None:
            raise ApiError(10003)
        self.need(channel, *permissions)
        return channel

    def need(self, channel: Channel, *permissions: str) -> None:
        """Raise what Discord raises where the bot may not."""
        guild = self.server.world.guild_of(channel)
        if guild and (not guild.bot_inside or not in_channel(self.server.world, channel, self.server.bot.id)):
            raise ApiError(50001)
        if not may(self.server.world, channel, self.server.bot.id, *permissions):
            raise ApiError(50013)

    def text_channel(self, *permissions: str) -> Channel:
        """As `channel`, where messages can be written."""
        channel = self.channel(*permissions)
        if channel.kind in {FORUM, CATEGORY}:
            raise ApiError(50008)
        return channel

    def message(self, channel: Channel) -> Message:
        """The message of the path; 10008 where there is none (any more)."""
        message = channel.messages.get(self.id("message_id"))
        if message is None:
            raise ApiError(10008)
        return message


@dataclass(slots=True)
class _Bucket:
    left: int
    resets_at: float


class RateLimits:
    """`limit` requests in each window of `window` seconds, for each endpoint and place."""

    def __init__(self, limit: int = 1000, window: float = 1.0) -> None:
        self.limit = limit
        self.window = window
        self._buckets: dict[str, _Bucket] = {}

    def spend(self, name: str, place: str) -> tuple[bool, dict[str, str]]:
        """Count one request: whether it is allowed, and the headers that say how many more are."""
        now = asyncio.get_running_loop().time()
        bucket = self._buckets.get(name + place)
        if bucket is None or bucket.resets_at <= now:
            bucket = self._buckets[name + place] = _Bucket(self.limit, now + self.window)
        allowed = bucket.left > 0
        bucket.left = max(0, bucket.left - 1)
        wait = bucket.resets_at - now
        return allowed, {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(bucket.left),
            "X-RateLimit-Reset": f"{time.time() + wait:.3f}",
            "X-RateLimit-Reset-After": f"{wait:.3f}",
            "X-RateLimit-Bucket": hashlib.md5(name.encode(), usedforsecurity=False).hexdigest(),
        }


async def _read(request: web.Request) -> tuple[Any, dict[str, Upload], bool]:
    """The JSON of a request and its files."""
    if request.content_type == "multipart/form-data":
        body: Any = None
        files: dict[str, Upload] = {}
        form = await request.post()
        for name, part in form.items():
            if isinstance(part, web.FileField):
                files[name] = Upload(part.filename, part.file.read(), part.content_type)
            elif name == "payload_json":
                body = json.loads(str(part))
        return body or {}, files, True
    raw = await request.read()
    if not raw:
        return None, {}, False
    if request.content_type != "application/json":
        raise ApiError(50035, message="Invalid Form Body", errors={"_errors": [{"code": "CONTENT_TYPE_INVALID"}]})
    try:
        return json.loads(raw), {}, False
    except json.JSONDecodeError:
        raise ApiError(50109) from None


def answer(payload: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """JSON with the content type exactly as Discord sends it; nothing at all for None."""
    if payload is None:
        return web.Response(status=204, headers=headers)
    sent = {**(headers or {}), "Content-Type": "application/json", "Via": "1.1 google"}
    return web.Response(body=json.dumps(payload).encode(), status=status, headers=sent)


async def _run(hook: Hook | None) -> None:
    if hook and inspect.isawaitable(result := hook()):
        await result


class Rest:
    """The REST side of one server."""

    def __init__(self, server: DiscordServer, routes: list[Route]) -> None:
        self._server = server
        self.limits = RateLimits()
        self.records: list[Record] = []
        self._routes = routes

    def add_to(self, app: web.Application) -> None:
        """Serve every route, and refuse every other path."""
        for route in self._routes:
            app.router.add_route(route.method, PREFIX + route.template, self._serving(route))
        app.router.add_route("*", "/{path:.*}", self._refuse)

    async def _refuse(self, request: web.Request) -> web.Response:
        self._server.refused.append(f"{request.method} {request.path}")
        return answer({"message": "404: Not Found", "code": 0}, 404)

    def _serving(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            path = request.path.removeprefix(PREFIX)
            fault = self._server.faults.take(route.method, route.template, path)
            if fault:
                await _run(fault.before)
            response = await self._answer(route, request, path, fault)
            if fault:
                await _run(fault.after)
                await asyncio.sleep(fault.delay)
                if fault.lose_reply and request.transport:
                    request.transport.abort()
            return response

        return serve

    async def _answer(self, route: Route, request: web.Request, path: str, fault: Fault | None) -> web.Response:
        place = next((request.match_info[name] for name in MAJOR if name in request.match_info), "")
        allowed, headers = self.limits.spend(f"{route.method} {route.template}", place)
        body: Any = None
        multipart = False
        understood = False
        try:
            body, files, multipart = await _read(request)
            if fault and fault.status == 429:
                allowed, headers = False, self._limited(headers, fault)
            failing = fault is not None and fault.status >= 400 and fault.status != 429
            payload = None
            if allowed and (fault is None or fault.acted or not failing):
                self._authorise(route, request)
                payload = await route.handler(Call(self._server, request, body, files))
            status = route.status if payload is not None else 204
            if fault and failing:
                status, payload = fault.status, {"message": f"{fault.status}: It fails", "code": 0}
            elif not allowed:
                status, payload = 429, self._too_many(headers)
            understood = True
        except ApiError as error:
            status, payload = error.status, error.body
            understood = True
        finally:
            if not understood:
                self._server.refused.append(f"{route.method} {path} (the stand-in itself broke)")
        record = Record(route.method, route.template, path, dict(request.query), body, status, payload, multipart)
        self.records.append(record)
        if status in {502, 503, 504}:
            return web.Response(text="upstream connect error", status=status, content_type="text/plain")
        return answer(payload, status, headers)

    def _limited(self, headers: dict[str, str], fault: Fault) -> dict[str, str]:
        limited = {**headers, "X-RateLimit-Reset-After": f"{fault.retry_after:.3f}", "X-RateLimit-Remaining": "0"}
        if fault.is_global:
            limited["X-RateLimit-Global"] = "true"
        return limited | {"X-RateLimit-Scope": "global" if fault.is_global else "user"}

    def _too_many(self, headers: dict[str, str]) -> Json:
        wait = float(headers["X-RateLimit-Reset-After"])
        headers["Retry-After"] = str(int(wait) + 1)
        is_global = "X-RateLimit-Global" in headers
        return {"message": "You are being rate limited.", "retry_after": wait, "global": is_global}

    def _authorise(self, route: Route, request: web.Request) -> None:
        if route.template.startswith(UNAUTHENTICATED):
            return
        if request.headers.get("Authorization") != f"Bot {self._server.token}":
            raise ApiError(0, status=401, message="401: Unauthorized")
