"""Who is told of what: subscriptions, scopes and membership; then each event goes out until it is acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import payloads
from .state import DIRECT, PRIVATE, PUBLIC, Channel, Json, Team

if TYPE_CHECKING:
    from .server import SlackServer

SUFFIX = {PUBLIC: "channels", PRIVATE: "groups", DIRECT: "im"}
NEEDS = {
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
    "app_mention": "app_mentions:read",
    "channel_archive": "channels:read",
    "channel_unarchive": "channels:read",
    "channel_deleted": "channels:read",
    "channel_rename": "channels:read",
    "channel_left": "channels:read",
    "channel_id_changed": "groups:read",
    "group_archive": "groups:read",
    "group_unarchive": "groups:read",
    "group_deleted": "groups:read",
    "group_rename": "groups:read",
    "group_left": "groups:read",
    "user_change": "users:read",
    "team_join": "users:read",
}
MEMBERSHIP = ("member_joined_channel", "member_left_channel")
EVENTS = (*NEEDS, *MEMBERSHIP, "app_home_opened", "app_uninstalled", "tokens_revoked")
RETRIES = 3


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to deliver something: the how manieth (0 is the first), and why the one before failed."""

    payload: Json
    number: int = 0
    reason: str = ""


Transport = Callable[[Attempt], Awaitable[str]]
"""Delivers an attempt; returns why it failed, or nothing."""


class Events:
    """The Events API: what happens in workspaces, told to the app."""

    def __init__(self, server: SlackServer) -> None:
        self._server = server
        self.pauses: tuple[float, ...] = (0.0, 60.0, 300.0)
        self.ack_within = 3.0
        self.deaf = False
        self.told: list[Json] = []
        self.lost: list[Json] = []
        self.acknowledged = 0
        self._held: list[Json] = []
        self.hold_next = 0
        self.duplicate_next = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def pending(self) -> int:
        """How many events are on their way or wait for another try."""
        return len(self._tasks)

    def tell(self, team: Team, event: Json, channel: Channel | None = None) -> None:
        """Tell the app, if it is installed, subscribed, allowed and, where it is about a channel, in it."""
        if not self._wanted(team, event, channel):
            return
        world = self._server.world
        event = {**event, "event_ts": event.get("event_ts") or world.ts()}
        if event["type"] == "message" and channel:
            event["channel_type"] = channel.kind
        self.send(payloads.event_callback(self._server.app, team, event, world.id("Ev"), world.seconds()))

    def _wanted(self, team: Team, event: Json, channel: Channel | None) -> bool:
        if self.deaf or not team.installed or team.bot is None:
            return False
        if channel and team.bot.id not in channel.members:
            return False
        name = event["type"]
        if name == "message" and channel:
            name = f"message.{SUFFIX[channel.kind]}"
        needs = NEEDS.get(name)
        if name in MEMBERSHIP and channel:
            needs = "groups:read" if channel.kind == PRIVATE else "channels:read"
        return name in self._server.app.events and (needs is None or needs in self._server.scopes_of(team))

    def send(self, payload: Json) -> None:
        """Send a payload of the Events API, with the faults that are set."""
        self.told.append(payload)
        if self.hold_next:
            self.hold_next -= 1
            self._held.append(payload)
            if not self.hold_next:
                self.release()
            return
        self._start(payload)

    def release(self) -> None:
        """Send what was held back, the newest first."""
        held, self._held = self._held, []
        for payload in reversed(held):
            self._start(payload)

    def _start(self, payload: Json) -> None:
        twice = self.duplicate_next > 0
        self.duplicate_next -= twice
        for number in range(1 + twice):
            task = asyncio.create_task(self._deliver(payload, number))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _deliver(self, payload: Json, first: int) -> None:
        attempt = Attempt(payload, first, "timeout" if first else "")
        while True:
            reason = await self._server.transport(attempt)
            if not reason:
                self.acknowledged += 1
                return
            if attempt.number >= RETRIES or reason == "no_retry":
                self.lost.append(payload)
                return
            await asyncio.sleep(self.pauses[attempt.number])
            attempt = Attempt(payload, attempt.number + 1, reason)

    async def close(self) -> None:
        """Give up what is still on its way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
