"""What the stand-in server holds: users, guilds, channels, messages. Plain data, no sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

DISCORD_EPOCH_MS = 1_420_070_400_000
TEXT, DM, VOICE, CATEGORY, ANNOUNCEMENT, ANNOUNCEMENT_THREAD, PUBLIC_THREAD, FORUM = 0, 1, 2, 4, 5, 10, 11, 15
THREADS = frozenset({ANNOUNCEMENT_THREAD, PUBLIC_THREAD})

DEFAULT, PINNED, THREAD_CREATED, REPLY, CHAT_COMMAND, THREAD_STARTER, MENU_COMMAND = 0, 6, 18, 19, 20, 21, 23
HAS_THREAD, EPHEMERAL, LOADING, COMPONENTS_V2 = 1 << 5, 1 << 6, 1 << 7, 1 << 15


def iso(at: datetime) -> str:
    """A timestamp as Discord writes it: UTC, microseconds, `+00:00`."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


@dataclass(slots=True, eq=False)
class User:
    """An account; `dms_open` is its switch for direct messages."""

    id: int
    username: str
    global_name: str | None = None
    bot: bool = False
    dms_open: bool = True


@dataclass(slots=True, eq=False)
class Role:
    """A role of a guild; `permissions` is the bit set."""

    id: int
    name: str
    permissions: int
    position: int = 0
    mentionable: bool = False
    managed: bool = False


@dataclass(slots=True, eq=False)
class Member:
    """A user in a guild; `roles` never names @everyone."""

    user: User
    joined_at: datetime
    nick: str | None = None
    roles: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Overwrite:
    """What one role (kind 0) or member (kind 1) may or may not do in one channel."""

    kind: int
    allow: int = 0
    deny: int = 0


@dataclass(slots=True)
class ThreadState:
    """What a channel has when it is a thread or a forum post."""

    owner_id: int
    created_at: datetime
    archived_at: datetime
    auto_archive: int = 1440
    archived: bool = False
    locked: bool = False
    applied_tags: list[int] = field(default_factory=list)
    members: dict[int, datetime] = field(default_factory=dict)
    total_sent: int = 0


@dataclass(slots=True, eq=False)
class Message:
    """One message; only `ephemeral_to` sees it where that is set; `hidden_reads` reads of history still miss it.

    `embedded` are the ids of attachments that an embed shows: Discord does not list these beside it.
    """

    id: int
    channel_id: int
    guild_id: int | None
    author: User
    content: str
    at: datetime
    kind: int = DEFAULT
    edited_at: datetime | None = None
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    embedded: set[str] = field(default_factory=set)
    mentions: list[User] = field(default_factory=list)
    mention_roles: list[int] = field(default_factory=list)
    mention_everyone: bool = False
    reactions: dict[str, list[int]] = field(default_factory=dict)
    super_reactions: dict[str, list[int]] = field(default_factory=dict)
    pinned: bool = False
    flags: int = 0
    nonce: str | int | None = None
    reference: Json | None = None
    webhook_id: int | None = None
    application_id: int | None = None
    interaction: Json | None = None
    position: int | None = None
    ephemeral_to: int | None = None
    frozen: bool = False
    hidden_reads: int = 0


@dataclass(slots=True, eq=False)
class Channel:
    """A channel, forum, thread or direct-message channel with its messages, oldest first."""

    id: int
    kind: int
    name: str
    guild_id: int | None
    parent_id: int | None = None
    position: int = 0
    topic: str | None = None
    flags: int = 0
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    tags: list[Json] = field(default_factory=list)
    auto_archive: int = 1440
    slowmode: int = 0
    recipient: User | None = None
    thread: ThreadState | None = None
    last_message_id: int | None = None
    last_pin_at: datetime | None = None
    hidden_reads: int = 0
    messages: dict[int, Message] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Guild:
    """A server; `bot_inside` and `available` are what the bot's connection is told about it."""

    id: int
    name: str
    owner_id: int
    everyone: Role
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    bot_inside: bool = True
    available: bool = True
    locale: str = "en-US"

    def threads(self) -> Iterator[Channel]:
        """Its threads and forum posts, archived ones too."""
        return (channel for channel in self.channels.values() if channel.thread)


class World:
    """Everything there is on one server, found by id."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.files: dict[int, bytes] = {}
        self.commands: dict[int | None, dict[int, Json]] = {None: {}}
        self.nonces: dict[tuple[int, str], Message] = {}
        self._last_id = 0

    def snowflake(self) -> int:
        """A new id: of this instant, and larger than every one before."""
        moment = (int(self.now().timestamp() * 1000) - DISCORD_EPOCH_MS) << 22
        self._last_id = max(moment, self._last_id + 1)
        return self._last_id

    def user(self, name: str, *, bot: bool = False) -> User:
        """A new account."""
        plain = "".join(c for c in name.lower() if c.isascii() and (c.isalnum() or c in "._"))[:32] or "someone"
        user = User(self.snowflake(), name if bot else plain, None if bot else name, bot)
        self.users[user.id] = user
        return user

    def add_channel(self, channel: Channel) -> Channel:
        """Keep a channel, in its guild too."""
        self.channels[channel.id] = channel
        if channel.guild_id is not None:
            self.guilds[channel.guild_id].channels[channel.id] = channel
        return channel

    def drop_channel(self, channel: Channel) -> None:
        """Forget a channel and its threads."""
        guild = self.guilds[channel.guild_id] if channel.guild_id is not None else None
        if guild:
            for thread in [t for t in guild.threads() if t.parent_id == channel.id]:
                self.drop_channel(thread)
            del guild.channels[channel.id]
        del self.channels[channel.id]

    def guild_of(self, channel: Channel) -> Guild | None:
        """Its guild; None for a direct message."""
        return None if channel.guild_id is None else self.guilds[channel.guild_id]

    def thread_of(self, message: Message) -> Channel | None:
        """The thread that was made from this message."""
        thread = self.channels.get(message.id)
        return thread if thread and thread.parent_id == message.channel_id else None

    def direct(self, user: User) -> Channel:
        """The bot's direct-message channel with this user, made when it is first wanted."""
        for channel in self.channels.values():
            if channel.recipient is user:
                return channel
        return self.add_channel(Channel(self.snowflake(), DM, "", None, recipient=user))
