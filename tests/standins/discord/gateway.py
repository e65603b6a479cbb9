"""The gateway: identify, heartbeats, sequence numbers, resume and replay, and who is told what."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from . import payloads
from .permissions import may
from .state import Channel, Guild, Json

if TYPE_CHECKING:
    from .server import DiscordServer

GUILDS, MEMBERS, PRESENCES, MESSAGES, REACTIONS = 1 << 0, 1 << 1, 1 << 8, 1 << 9, 1 << 10
DIRECT_MESSAGES, DIRECT_REACTIONS, CONTENT = 1 << 12, 1 << 13, 1 << 15

LARGEST_CHUNK = 1000
DISPATCH, RECONNECT, INVALID, HELLO, ACK = 0, 7, 9, 10, 11


class _Compressor:
    """One stream over the whole connection, flushed after every payload."""

    def __init__(self, kind: str | None) -> None:
        self.compress: Callable[[bytes], bytes] | None = None
        if kind == "zlib-stream":
            stream = zlib.compressobj()
            self.compress = lambda data: stream.compress(data) + stream.flush(zlib.Z_SYNC_FLUSH)
        elif kind == "zstd-stream":
            from compression import zstd  # type: ignore[import-not-found, unused-ignore]

            zstream = zstd.ZstdCompressor()
            self.compress = lambda data: bytes(zstream.compress(data, zstream.FLUSH_BLOCK))


class Connection:
    """One socket; frames leave it in the order in which they were queued."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.socket = socket
        self.request = request
        self.closed_here = False
        self._compressor = _Compressor(request.query.get("compress"))
        self._frames: asyncio.Queue[Json | int] = asyncio.Queue()

    def send(self, op: int, data: Any = None, *, event: str | None = None, seq: int | None = None) -> None:
        """Queue one payload."""
        self._frames.put_nowait({"op": op, "d": data, "s": seq, "t": event})

    def close(self, code: int) -> None:
        """Close the socket with this code after what is queued."""
        self._frames.put_nowait(code)

    def cut(self) -> None:
        """Drop the connection without a word."""
        if self.request.transport:
            self.request.transport.abort()

    async def write(self) -> None:
        """Send what is queued until the socket is closed."""
        with contextlib.suppress(ConnectionError):
            while True:
                frame = await self._frames.get()
                if isinstance(frame, int):
                    self.closed_here = True
                    await self.socket.close(code=frame)
                    return
                text = json.dumps(frame, separators=(",", ":"))
                if self._compressor.compress is None:
                    await self.socket.send_str(text)
                else:
                    await self.socket.send_bytes(self._compressor.compress(text.encode()))


@dataclass(slots=True, eq=False)
class Session:
    """What RESUME needs: every dispatch so far, and the socket while there is one."""

    id: str
    intents: int
    shard: int
    shards: int
    log: list[tuple[str, Json]] = field(default_factory=list)
    connection: Connection | None = None
    deaf: bool = False

    def hears(self, guild: Guild | None) -> bool:
        """Whether this shard is told of the guild; direct messages go to the first shard."""
        return (guild.id >> 22) % self.shards == self.shard if guild else self.shard == 0

    def dispatch(self, event: str, data: Json) -> None:
        """Number, keep and send one event; while deaf, lose it."""
        if self.deaf:
            return
        self.log.append((event, data))
        if self.connection:
            self.connection.send(DISPATCH, data, event=event, seq=len(self.log))


class Gateway:
    """Every session of the bot and what happens on its sockets."""

    def __init__(self, server: DiscordServer) -> None:
        self._server = server
        self.sessions: dict[str, Session] = {}
        self.connections: set[Connection] = set()
        self.told: list[tuple[str, Json]] = []
        self.identified = 0
        self.resumed = 0
        self.heartbeats = 0
        self.heartbeat_ms = 41_250
        self.answers_heartbeats = True

    @property
    def listening(self) -> bool:
        """Whether a client is connected and identified."""
        return any(session.connection for session in self.sessions.values())

    def dispatch(
        self,
        event: str,
        data: Json,
        guild: Guild | None,
        *,
        intents: int = 0,
        channel: Channel | None = None,
        bare: Json | None = None,
    ) -> None:
        """Tell every session that may know: it hears the guild, has one of the intents and can see the channel.

        `bare` is what a session without the message content intent gets instead.
        """
        if guild and not (guild.available and guild.bot_inside):
            return
        if channel and not may(self._server.world, channel, self._server.bot.id, "view_channel"):
            return
        self.told.append((event, data))
        for session in self.sessions.values():
            if session.hears(guild) and (not intents or session.intents & intents):
                session.dispatch(event, bare if bare is not None and not session.intents & CONTENT else data)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket from HELLO to its end."""
        socket = web.WebSocketResponse(max_msg_size=4096 * 4, compress=False)
        await socket.prepare(request)
        connection = Connection(socket, request)
        self.connections.add(connection)
        writer = asyncio.create_task(connection.write())
        connection.send(HELLO, {"heartbeat_interval": self.heartbeat_ms, "_trace": ["standin"]})
        try:
            async for frame in socket:
                if frame.type is not WSMsgType.TEXT:
                    connection.close(4002)
                    continue
                self._received(connection, json.loads(frame.data))
        finally:
            writer.cancel()
            self.connections.discard(connection)
            session = self._session_of(connection)
            if session:
                session.connection = None
                if socket.close_code in {1000, 1001} and not connection.closed_here:
                    del self.sessions[session.id]
        return socket

    def _session_of(self, connection: Connection) -> Session | None:
        return next((s for s in self.sessions.values() if s.connection is connection), None)

    def _received(self, connection: Connection, frame: Json) -> None:
        match frame["op"]:
            case 1:  # heartbeat
                self.heartbeats += 1
                if self.answers_heartbeats:
                    connection.send(ACK)
            case 2 if self._session_of(connection):
                connection.close(4005)
            case 2:  # identify
                self._identify(connection, frame["d"])
            case 6:  # resume
                self._resume(connection, frame["d"])
            case 3 | 4:  # presence, voice
                if self._session_of(connection) is None:
                    connection.close(4003)
            case 8:  # request members
                self._members(connection, frame["d"])
            case _:
                connection.close(4001)

    def _identify(self, connection: Connection, data: Json) -> None:
        server = self._server
        if data["token"] != server.token:
            return connection.close(4004)
        wanted = data.get("intents")
        if not isinstance(wanted, int) or wanted >> 26:
            return connection.close(4013)
        if wanted & (MEMBERS | PRESENCES | CONTENT) & ~server.privileged_intents:
            return connection.close(4014)
        shard, shards = data.get("shard", (0, 1))
        if not 0 <= shard < shards:
            return connection.close(4010)
        self.identified += 1
        session = Session(secrets.token_hex(16), wanted, shard, shards, connection=connection)
        self.sessions[session.id] = session
        guilds = [g for g in server.world.guilds.values() if g.bot_inside and session.hears(g)]
        session.dispatch("READY", server.ready(session.id, [g.id for g in guilds], shard, shards))
        for guild in guilds:
            if guild.available and wanted & GUILDS:
                session.dispatch("GUILD_CREATE", {**self.guild_create(session, guild), "unavailable": False})
        return None

    def guild_create(self, session: Session, guild: Guild) -> Json:
        """The guild as this session is told of it."""
        everyone = bool(session.intents & (MEMBERS | PRESENCES)) and len(guild.members) <= 250
        return payloads.guild_create(self._server.world, guild, self._server.bot, members=everyone)

    def _resume(self, connection: Connection, data: Json) -> None:
        if data["token"] != self._server.token:
            return connection.close(4004)
        session = self.sessions.get(data["session_id"])
        if session is None:
            return connection.send(INVALID, data=False)
        if not 0 <= (data["seq"] or 0) <= len(session.log):
            return connection.close(4007)
        self.resumed += 1
        session.connection = connection
        for seq, (event, payload) in enumerate(session.log[data["seq"] :], data["seq"] + 1):
            connection.send(DISPATCH, payload, event=event, seq=seq)
        session.dispatch("RESUMED", {"_trace": ["standin"]})
        return None

    def _members(self, connection: Connection, data: Json) -> None:
        session = self._session_of(connection)
        guild = self._server.world.guilds.get(int(data["guild_id"]))
        if session is None or guild is None or not guild.bot_inside:
            return None
        if data.get("query") == "" and not data.get("limit") and not session.intents & MEMBERS:
            return connection.close(4014)
        wanted = {int(user_id) for user_id in data.get("user_ids") or []}
        prefix = (data.get("query") or "").lower()
        found = [
            m
            for m in guild.members.values()
            if m.user.id in wanted or (not wanted and m.user.username.lower().startswith(prefix))
        ]
        found = found[: data.get("limit") or None]
        starts = range(0, max(1, len(found)), LARGEST_CHUNK)
        for index, start in enumerate(starts):
            chunk: Json = {
                "guild_id": str(guild.id),
                "members": [payloads.member(m) for m in found[start : start + LARGEST_CHUNK]],
                "chunk_index": index,
                "chunk_count": len(starts),
                "not_found": [str(user_id) for user_id in wanted - {m.user.id for m in found}],
            }
            if "nonce" in data:
                chunk["nonce"] = data["nonce"]
            session.dispatch("GUILD_MEMBERS_CHUNK", chunk)
        return None
