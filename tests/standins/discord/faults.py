"""What goes wrong on demand: lost replies, server errors, rate limits, slow answers, dropped sockets, late history."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from .gateway import INVALID, RECONNECT

if TYPE_CHECKING:
    from .server import DiscordServer
    from .views import MessageView

Hook = Callable[[], Awaitable[None] | None]


@dataclass(slots=True)
class Fault:
    """What happens to the next `left` requests of a method to a path (a pattern over the path or its template)."""

    method: str
    path: str
    left: int
    status: int = 0
    retry_after: float = 0.0
    is_global: bool = False
    acted: bool = False
    lose_reply: bool = False
    delay: float = 0.0
    before: Hook | None = None
    after: Hook | None = None

    def fits(self, method: str, template: str, path: str) -> bool:
        """Whether it is meant for this request and not used up."""
        fitting = self.path == template or fnmatchcase(path, self.path) or fnmatchcase(template, self.path)
        return self.left > 0 and self.method in {"*", method} and fitting


class Faults:
    """The faults of one server. `method` is `POST` …, or `*`; `path` as in `/channels/*/messages`, no prefix."""

    def __init__(self, server: DiscordServer) -> None:
        self._server = server
        self._waiting: list[Fault] = []
        self.late_reads = 0

    def take(self, method: str, template: str, path: str) -> Fault | None:
        """The fault for this request, if any; it is used up by one."""
        for fault in self._waiting:
            if fault.fits(method, template, path):
                fault.left -= 1
                return fault
        return None

    def lose_reply(self, method: str, path: str, times: int = 1) -> None:
        """The server acts, then the connection breaks before the reply (aiohttp itself repeats GET, PUT and DELETE)."""
        self._waiting.append(Fault(method, path, times, lose_reply=True))

    def fail(self, status: int, method: str = "*", path: str = "*", times: int = 1, *, acted: bool = False) -> None:
        """Answer with this status and do nothing, or, `acted`, after it was done.

        The library repeats 500, 502 and 504 after 1, 3, 5 … seconds, 503 never.
        """
        self._waiting.append(Fault(method, path, times, status=status, acted=acted))

    def rate_limit(
        self,
        method: str = "*",
        path: str = "*",
        times: int = 1,
        *,
        retry_after: float = 0.01,
        is_global: bool = False,
    ) -> None:
        """Answer 429."""
        fault = Fault(method, path, times, status=429, retry_after=retry_after, is_global=is_global)
        self._waiting.append(fault)

    def slow(self, seconds: float, method: str = "*", path: str = "*", times: int = 1) -> None:
        """Act, then keep the reply back for so long."""
        self._waiting.append(Fault(method, path, times, delay=seconds))

    def hook(
        self, method: str, path: str, *, before: Hook | None = None, after: Hook | None = None, times: int = 1
    ) -> None:
        """Call something before the server acts or after it acted, before the reply: kill a process, say something."""
        self._waiting.append(Fault(method, path, times, before=before, after=after))

    def clear(self) -> None:
        """No more faults."""
        self._waiting.clear()
        self.late_reads = 0

    def show_late(self, reads: int) -> None:
        """Whatever is posted from now on is missing from the next so many reads of its history or list of posts."""
        self.late_reads = reads

    def freeze(self, message: MessageView) -> None:
        """Editing this message fails with 30046 from now on: it is old and was edited too often."""
        message.state.frozen = True

    def drop_sockets(self, code: int | None = None) -> None:
        """Break every gateway connection without a word, or close it with this code. Sessions can be resumed."""
        for connection in list(self._server.gateway.connections):
            if code is None:
                connection.cut()
            else:
                connection.close(code)

    def ask_to_reconnect(self) -> None:
        """Send RECONNECT to every client."""
        for connection in list(self._server.gateway.connections):
            connection.send(RECONNECT)

    def invalidate(self, *, resumable: bool) -> None:
        """Send INVALID_SESSION; unless resumable, the sessions are gone."""
        for connection in list(self._server.gateway.connections):
            connection.send(INVALID, data=resumable)
        if not resumable:
            self.forget_sessions()

    def forget_sessions(self) -> None:
        """Every later RESUME is answered with INVALID_SESSION, and nothing is replayed."""
        self._server.gateway.sessions.clear()

    @contextlib.asynccontextmanager
    async def gap(self) -> AsyncIterator[None]:
        """What happens inside is never told to the client: its connection is dead and its session lost at the end."""
        for session in self._server.gateway.sessions.values():
            session.deaf = True
        try:
            yield
        finally:
            self.forget_sessions()
            self.drop_sockets()
