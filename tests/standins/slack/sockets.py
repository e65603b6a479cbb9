"""Socket Mode: connections, envelopes, acknowledgements, and when Slack asks a client to connect again."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import secrets
import uuid
from typing import TYPE_CHECKING

from aiohttp import WSMsgType, web

from .events import Attempt
from .state import Json

if TYPE_CHECKING:
    from .server import SlackServer

MOST = 10


class Connection:
    """One socket, and which of its envelopes wait for their acknowledgement."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.socket = socket
        self.request = request
        self.waiting: dict[str, asyncio.Future[Json | None]] = {}
        self.retiring = False

    def cut(self) -> None:
        """Drop the connection without a word."""
        self.retiring = True
        if self.request.transport:
            self.request.transport.abort()

    async def send(self, frame: Json) -> None:
        """Send a frame; a connection that is gone is left to whoever waits."""
        with contextlib.suppress(ConnectionError, RuntimeError):
            await self.socket.send_str(json.dumps(frame))

    def gone(self) -> None:
        """Fail whatever waits for this connection."""
        for future in self.waiting.values():
            if not future.done():
                future.set_exception(ConnectionError("the socket is gone"))


class Sockets:
    """Every Socket Mode connection of the app."""

    def __init__(self, server: SlackServer) -> None:
        self._server = server
        self._tickets: set[str] = set()
        self._turn = itertools.count()
        self.connections: list[Connection] = []
        self.opened = 0
        self.pings = 0
        self.pongs = 0
        self.answers_pings = True
        self.unknown_acks: list[str] = []

    @property
    def listening(self) -> bool:
        """Whether a client is connected."""
        return any(not connection.retiring for connection in self.connections)

    def url(self) -> str:
        """An address that is good for one connection."""
        ticket = secrets.token_hex(16)
        self._tickets.add(ticket)
        return f"{self._server.url.replace('http', 'ws', 1)}/link/?ticket={ticket}&app_id={self._server.app.id}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket from `hello` to its end."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=404)
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(autoping=False, compress=False)
        await socket.prepare(request)
        connection = Connection(socket, request)
        if len(self.connections) >= MOST:
            await connection.send(self._disconnect("too_many_websockets"))
            await socket.close()
            return socket
        self.connections.append(connection)
        self.opened += 1
        await connection.send(self._hello())
        try:
            async for frame in socket:
                if frame.type is WSMsgType.PING:
                    self.pings += 1
                    if self.answers_pings:
                        await socket.pong(frame.data)
                elif frame.type is WSMsgType.PONG:
                    self.pongs += 1
                elif frame.type is WSMsgType.TEXT:
                    self._received(connection, json.loads(frame.data))
        finally:
            self.connections.remove(connection)
            connection.gone()
        return socket

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.connections),
            "debug_info": {"host": "applink-1", "build_number": 130, "approximate_connection_time": 18060},
            "connection_info": {"app_id": self._server.app.id},
        }

    def _disconnect(self, reason: str) -> Json:
        return {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-1"}}

    def _received(self, connection: Connection, frame: Json) -> None:
        future = connection.waiting.get(frame.get("envelope_id", ""))
        if future is None:
            self.unknown_acks.append(frame.get("envelope_id", ""))
        elif not future.done():
            future.set_result(frame.get("payload"))

    def _next(self) -> Connection | None:
        ready = [connection for connection in self.connections if not connection.retiring]
        return ready[next(self._turn) % len(ready)] if ready else None

    async def ask(self, kind: str, payload: Json, *, more: Json | None = None) -> Json | None:
        """Send an envelope and return the payload of its acknowledgement.

        Raises ConnectionError where nobody is connected or the connection is lost, TimeoutError where nothing came.
        """
        connection = self._next()
        if connection is None:
            raise ConnectionError("nobody is connected")
        envelope_id = str(uuid.uuid4())
        future: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        connection.waiting[envelope_id] = future
        envelope: Json = {"envelope_id": envelope_id, "payload": payload, "type": kind}
        try:
            await connection.send(envelope | {"accepts_response_payload": kind != "events_api"} | (more or {}))
            return await asyncio.wait_for(future, self._server.events.ack_within)
        finally:
            connection.waiting.pop(envelope_id, None)

    async def deliver(self, attempt: Attempt) -> str:
        """Deliver an event; return why it was not acknowledged, or nothing."""
        try:
            more = {"retry_attempt": attempt.number, "retry_reason": attempt.reason}
            await self.ask("events_api", attempt.payload, more=more)
        except TimeoutError:
            return "timeout"
        except ConnectionError:
            return "timeout"
        return ""

    async def ping(self) -> None:
        """See whether every client is still there."""
        for connection in list(self.connections):
            await connection.socket.ping(b"Ping from applink-1")

    async def ask_to_reconnect(self, reason: str) -> None:
        """Send `disconnect` with this reason: no more is sent on those connections."""
        for connection in list(self.connections):
            connection.retiring = True
            await connection.send(self._disconnect(reason))
