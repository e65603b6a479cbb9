"""What the server holds: workspaces, people, channels, messages, tokens and views. Nothing here does anything."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Json = dict[str, Any]
PUBLIC, PRIVATE, DIRECT = "channel", "group", "im"
EPHEMERAL, TOMBSTONE, BROADCAST, FILE_SHARE, JOIN = (
    "ephemeral",
    "tombstone",
    "thread_broadcast",
    "file_share",
    "channel_join",
)
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(slots=True, eq=False)
class User:
    """An account of one workspace."""

    id: str
    team_id: str
    name: str
    real_name: str
    display_name: str = ""
    bot_id: str | None = None
    is_admin: bool = False
    is_owner: bool = False
    deleted: bool = False
    updated: int = 0

    @property
    def shown(self) -> str:
        """The name that stands above what the account writes."""
        return self.display_name or self.real_name


@dataclass(slots=True, eq=False)
class Message:
    """One message; `ts` is its id within its channel and, for a parent, its thread's."""

    ts: str
    channel_id: str
    user: User
    text: str
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    subtype: str | None = None
    client_msg_id: str | None = None
    by_app: bool = False
    metadata: Json | None = None
    edited: Json | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    files: list[Json] = field(default_factory=list)
    extra: Json = field(default_factory=dict)
    ephemeral_to: str | None = None
    late: int = 0

    @property
    def is_reply(self) -> bool:
        """Whether it stands below another message."""
        return self.thread_ts is not None and self.thread_ts != self.ts


@dataclass(slots=True, eq=False)
class Channel:
    """A public or private channel, or direct messages."""

    id: str
    team_id: str
    name: str
    kind: str
    creator: str
    created: int
    members: list[str] = field(default_factory=list)
    archived: bool = False
    posting_restricted: bool = False
    messages: dict[str, Message] = field(default_factory=dict)

    def replies(self, ts: str) -> list[Message]:
        """What stands below a message, oldest first."""
        return [m for m in self.messages.values() if m.thread_ts == ts and m.ts != ts]


@dataclass(slots=True, eq=False)
class Usergroup:
    """A user group, which can be mentioned with its handle."""

    id: str
    handle: str
    name: str
    users: list[str] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Team:
    """A workspace. `bot` is the app's account in it, once the app was installed."""

    id: str
    name: str
    domain: str
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    usergroups: dict[str, Usergroup] = field(default_factory=dict)
    bot: User | None = None
    installed: bool = False

    @property
    def url(self) -> str:
        return f"https://{self.domain}.slack.com/"


@dataclass(slots=True, eq=False)
class Token:
    """A bot token and what may be done with it. `refused` is the error that it is answered with, once it is dead."""

    value: str
    team: Team
    scopes: tuple[str, ...]
    refused: str | None = None
    refresh: str | None = None
    expires_at: datetime | None = None


@dataclass(slots=True, eq=False)
class View:
    """A modal, or somebody's App Home.

    `typed` is what stands in its fields, by `block_id` and `action_id`, and stays as long as these do.
    """

    id: str
    team: Team
    user: User
    body: Json
    previous: View | None = None
    open: bool = True
    version: int = 0
    typed: dict[tuple[str, str], Any] = field(default_factory=dict)

    @property
    def root(self) -> View:
        """The first view of its stack."""
        return self.previous.root if self.previous else self


class World:
    """Everything, and what makes its ids and timestamps."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.teams: dict[str, Team] = {}
        self.tokens: dict[str, Token] = {}
        self.views: dict[str, View] = {}
        self.homes: dict[tuple[str, str], View] = {}
        self.files: dict[str, Json] = {}
        self.file_bytes: dict[str, bytes] = {}
        self._count = itertools.count(1)
        self._last = 0

    def id(self, prefix: str) -> str:
        """A new id that looks like Slack's."""
        number, digits = next(self._count) * 7919 + 36**6, ""
        while number:
            number, digit = divmod(number, 36)
            digits = DIGITS[digit] + digits
        return f"{prefix}0{digits.rjust(9, '7')}"

    def ts(self) -> str:
        """A new timestamp, later than every one before."""
        self._last = max(self._last + 1, int(self.now().timestamp() * 1_000_000))
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06}"

    def seconds(self) -> int:
        """Now, as Slack writes it where fractions do not matter."""
        return int(self.now().timestamp())

    def team_of(self, channel: Channel) -> Team:
        return self.teams[channel.team_id]

    def user(self, user_id: str) -> User | None:
        """An account of any workspace."""
        return next((team.users[user_id] for team in self.teams.values() if user_id in team.users), None)

    def channel(self, channel_id: str) -> Channel | None:
        """A channel of any workspace."""
        return next((team.channels[channel_id] for team in self.teams.values() if channel_id in team.channels), None)
