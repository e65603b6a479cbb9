"""What goes wrong on demand: lost replies, errors, rate limits, slow answers, dropped sockets, late history."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from .state import Json

if TYPE_CHECKING:
    from .server import SlackServer

Hook = Callable[[], Awaitable[None] | None]


@dataclass(slots=True)
class Fault:
    """What happens to the next `left` calls of a method (a pattern: `chat.*`)."""

    method: str
    left: int
    error: str = ""
    more: Json = field(default_factory=dict)
    status: int = 0
    retry_after: float = 0.0
    acted: bool = False
    lose_reply: bool = False
    delay: float = 0.0
    before: Hook | None = None
    after: Hook | None = None


class Faults:
    """The faults of one server."""

    def __init__(self, server: SlackServer) -> None:
        self._server = server
        self._waiting: list[Fault] = []
        self.late_reads = 0

    def take(self, method: str) -> Fault | None:
        """The fault for this call, if any; it is used up by one."""
        for fault in self._waiting:
            if fault.left > 0 and fnmatchcase(method, fault.method):
                fault.left -= 1
                return fault
        return None

    def lose_reply(self, method: str, times: int = 1) -> None:
        """Slack acts, then the connection breaks before the reply."""
        self._waiting.append(Fault(method, times, lose_reply=True))

    def error(self, method: str, error: str, times: int = 1, **more: object) -> None:
        """Answer with this error code and do nothing."""
        self._waiting.append(Fault(method, times, error=error, more=more))

    def fail(self, status: int, method: str = "*", times: int = 1, *, acted: bool = False) -> None:
        """Answer with this HTTP status and do nothing, or, `acted`, after it was done."""
        self._waiting.append(Fault(method, times, status=status, acted=acted))

    def rate_limit(self, method: str = "*", times: int = 1, *, retry_after: float = 0) -> None:
        """Answer 429 with `Retry-After` (whole seconds; 0 lets the client try again at once)."""
        self._waiting.append(Fault(method, times, status=429, retry_after=retry_after))

    def slow(self, seconds: float, method: str = "*", times: int = 1) -> None:
        """Act, then keep the reply back for so long."""
        self._waiting.append(Fault(method, times, delay=seconds))

    def hook(self, method: str, *, before: Hook | None = None, after: Hook | None = None, times: int = 1) -> None:
        """Call something before Slack acts, or after it acted and before the reply."""
        self._waiting.append(Fault(method, times, before=before, after=after))

    def clear(self) -> None:
        """No more faults."""
        self._waiting.clear()
        self.late_reads = 0

    def show_late(self, reads: int) -> None:
        """Whatever is posted from now on is missing from the next so many reads of its history or thread."""
        self.late_reads = reads

    def restrict_history(self, *, per_minute: int = 1, most: int = 15) -> None:
        """Give the app what commercially distributed apps outside the Marketplace get of histories and threads."""
        for method in ("conversations.history", "conversations.replies"):
            self._server.web_api.limits[method] = (per_minute, 60.0)
        self._server.most_history = most

    def drop_sockets(self) -> None:
        """Break every connection without a word; what was not acknowledged is delivered again."""
        for connection in list(self._server.sockets.connections):
            connection.cut()

    async def ask_to_reconnect(self, reason: str = "refresh_requested") -> None:
        """Send `disconnect` (`warning`, `refresh_requested`, `link_disabled`) to every client."""
        await self._server.sockets.ask_to_reconnect(reason)

    def duplicate(self, events: int = 1) -> None:
        """Deliver each of the next events twice, as after an acknowledgement that got lost."""
        self._server.events.duplicate_next = events

    def reorder(self, events: int) -> None:
        """Hold the next so many events back, then deliver them with the newest first."""
        self._server.events.hold_next = events

    @contextlib.asynccontextmanager
    async def gap(self) -> AsyncIterator[None]:
        """What happens inside is never told to the app, whose connections break at the end."""
        self._server.events.deaf = True
        try:
            yield
        finally:
            self._server.events.deaf = False
            self.drop_sockets()

    def limit_events(self, team_id: str | None = None) -> None:
        """Tell the app that it got too many events within this minute."""
        server = self._server
        team = server.world.teams[team_id] if team_id else next(iter(server.world.teams.values()))
        minute = server.world.seconds() // 60 * 60
        server.events.send(
            {
                "token": server.app.verification_token,
                "type": "app_rate_limited",
                "team_id": team.id,
                "minute_rate_limited": minute,
                "api_app_id": server.app.id,
            }
        )
