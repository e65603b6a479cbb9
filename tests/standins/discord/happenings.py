"""What can happen to messages, reactions and channels: the world changes and the gateway tells. All come here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from . import payloads
from .gateway import DIRECT_MESSAGES, DIRECT_REACTIONS, MESSAGES, REACTIONS
from .permissions import may
from .state import Channel, Guild, Json, Message, Role, User

if TYPE_CHECKING:
    from .server import DiscordServer


@dataclass(frozen=True, slots=True)
class Pings:
    """Whom a message may ping, as `allowed_mentions` says it; everybody by default."""

    everyone: bool = True
    users: frozenset[int] | None = None
    roles: frozenset[int] | None = None
    replied: bool = True

    @classmethod
    def from_json(cls, data: Json | None) -> Pings:
        """Read `allowed_mentions`; null means that everybody may be pinged."""
        if data is None:
            return cls()
        parse = data.get("parse", [])
        return cls(
            "everyone" in parse,
            None if "users" in parse else frozenset(int(u) for u in data.get("users") or []),
            None if "roles" in parse else frozenset(int(r) for r in data.get("roles") or []),
            bool(data.get("replied_user", False)),
        )


def apply_mentions(server: DiscordServer, message: Message, pings: Pings) -> None:
    """Work out who is pinged by the message's text."""
    channel = server.world.channels[message.channel_id]
    guild = server.world.guild_of(channel)
    ids = dict.fromkeys(int(found) for found in re.findall(r"<@!?(\d+)>", message.content))
    users = server.world.users
    message.mentions = [users[u] for u in ids if u in users and (pings.users is None or u in pings.users)]
    if guild is None:
        return
    everyone = may(server.world, channel, message.author.id, "mention_everyone")
    message.mention_everyone = everyone and pings.everyone and bool(re.search(r"@(everyone|here)\b", message.content))
    wanted = dict.fromkeys(int(found) for found in re.findall(r"<@&(\d+)>", message.content))
    message.mention_roles = [
        role
        for role in wanted
        if (pings.roles is None or role in pings.roles)
        and (found := guild.roles.get(role))
        and (everyone or found.mentionable)
    ]


def message_event(server: DiscordServer, message: Message, guild: Guild | None) -> tuple[Json, Json | None]:
    """A message as the gateway sends it, and, where the content needs the intent, what an app without it gets."""
    payload = payloads.message(server.world, message, server.bot.id)
    payload.pop("reactions", None)
    payload["channel_type"] = server.world.channels[message.channel_id].kind
    if guild:
        payload["guild_id"] = str(guild.id)
        author = guild.members.get(message.author.id)
        if author and message.webhook_id is None:
            payload["member"] = payloads.member(author, with_user=False)
        for mention in payload["mentions"]:
            if mentioned := guild.members.get(int(mention["id"])):
                mention["member"] = payloads.member(mentioned, with_user=False)
    hidden = payloads.hides_content(server.world, message, server.bot.id)
    return payload, payloads.without_content(payload) if hidden else None


def _intent(guild: Guild | None) -> int:
    return MESSAGES if guild else DIRECT_MESSAGES


def _tell_message(server: DiscordServer, event: str, message: Message) -> None:
    channel = server.world.channels[message.channel_id]
    guild = server.world.guild_of(channel)
    data, bare = message_event(server, message, guild)
    if event == "MESSAGE_CREATE" and message.nonce is not None:
        data["nonce"] = message.nonce
    server.gateway.dispatch(event, data, guild, intents=_intent(guild), channel=channel, bare=bare)


def post(server: DiscordServer, message: Message, pings: Pings | None = None) -> Message:
    """Put a message into its channel, wake an archived thread, and tell."""
    world = server.world
    channel = world.channels[message.channel_id]
    apply_mentions(server, message, pings or Pings())
    message.hidden_reads = server.faults.late_reads
    if channel.thread:
        join(server, channel, message.author)
        if channel.thread.archived:
            update_thread(server, channel, archived=False)
        message.position = channel.thread.total_sent
        channel.thread.total_sent += message.id != channel.id
    channel.messages[message.id] = message
    channel.last_message_id = message.id
    _tell_message(server, "MESSAGE_CREATE", message)
    return message


def draft(server: DiscordServer, channel: Channel, author: User, content: str, *, kind: int = 0) -> Message:
    """A message of this instant that nobody has seen yet."""
    return Message(server.world.snowflake(), channel.id, channel.guild_id, author, content, server.world.now(), kind)


def changed(server: DiscordServer, message: Message) -> None:
    """Tell that a message is different now."""
    _tell_message(server, "MESSAGE_UPDATE", message)


def edit(server: DiscordServer, message: Message, content: str) -> None:
    """Change a message's words."""
    message.content = content
    message.edited_at = server.world.now()
    apply_mentions(server, message, Pings())
    changed(server, message)


def delete(server: DiscordServer, messages: Sequence[Message]) -> None:
    """Take messages of one channel away; several at once are one event."""
    if not messages:
        return
    channel = server.world.channels[messages[0].channel_id]
    guild = server.world.guild_of(channel)
    for message in messages:
        del channel.messages[message.id]
    place = {"channel_id": str(channel.id), **({"guild_id": str(guild.id)} if guild else {})}
    ids = [str(message.id) for message in messages]
    event, which = ("MESSAGE_DELETE", {"id": ids[0]}) if len(ids) == 1 else ("MESSAGE_DELETE_BULK", {"ids": ids})
    server.gateway.dispatch(event, {**which, **place}, guild, intents=_intent(guild), channel=channel)


def _tell_reaction(server: DiscordServer, event: str, message: Message, data: Json) -> None:
    channel = server.world.channels[message.channel_id]
    guild = server.world.guild_of(channel)
    place = {"channel_id": str(channel.id), "message_id": str(message.id)}
    if guild:
        place["guild_id"] = str(guild.id)
    intents = REACTIONS if guild else DIRECT_REACTIONS
    server.gateway.dispatch(event, {**place, **data}, guild, intents=intents, channel=channel)


def react(server: DiscordServer, message: Message, who: User, key: str, *, burst: bool = False) -> None:
    """Put someone's reaction, or super reaction, under a message; doing it twice changes nothing."""
    users = (message.super_reactions if burst else message.reactions).setdefault(key, [])
    if who.id in users:
        return
    users.append(who.id)
    guild = server.world.guild_of(server.world.channels[message.channel_id])
    data: Json = {"user_id": str(who.id), "emoji": payloads.emoji(key), "burst": burst, "type": int(burst)}
    data["message_author_id"] = str(message.author.id)
    if guild and (member := guild.members.get(who.id)):
        data["member"] = payloads.member(member)
    _tell_reaction(server, "MESSAGE_REACTION_ADD", message, data)


def unreact(server: DiscordServer, message: Message, who: User, key: str, *, burst: bool = False) -> None:
    """Take someone's reaction, or super reaction, away, where it is."""
    there = message.super_reactions if burst else message.reactions
    users = there.get(key, [])
    if who.id not in users:
        return
    users.remove(who.id)
    if not users:
        del there[key]
    data = {"user_id": str(who.id), "emoji": payloads.emoji(key), "burst": burst, "type": int(burst)}
    _tell_reaction(server, "MESSAGE_REACTION_REMOVE", message, data)


def clear_reactions(server: DiscordServer, message: Message, key: str | None = None) -> None:
    """Take every reaction, or every one with this emoji, away."""
    if key is None:
        message.reactions.clear()
        message.super_reactions.clear()
        _tell_reaction(server, "MESSAGE_REACTION_REMOVE_ALL", message, {})
    elif message.reactions.pop(key, []) + message.super_reactions.pop(key, []):
        _tell_reaction(server, "MESSAGE_REACTION_REMOVE_EMOJI", message, {"emoji": payloads.emoji(key)})


def join(server: DiscordServer, thread: Channel, who: User) -> None:
    """Make someone a member of a thread; the bot hears of its own joining."""
    assert thread.thread is not None
    if who.id in thread.thread.members or who.id not in server.world.guilds[thread.guild_id or 0].members:
        return
    thread.thread.members[who.id] = server.world.now()
    if who is server.bot:
        guild = server.world.guild_of(thread)
        data = {
            "id": str(thread.id),
            "guild_id": str(thread.guild_id),
            "member_count": len(thread.thread.members),
            "added_members": [payloads.thread_member(thread, who.id)],
        }
        server.gateway.dispatch("THREAD_MEMBERS_UPDATE", data, guild, intents=1, channel=thread)


def open_thread(server: DiscordServer, thread: Channel, maker: User) -> Channel:
    """Keep a new thread, with its maker inside, and tell."""
    assert thread.thread is not None
    server.world.add_channel(thread)
    thread.thread.members[maker.id] = server.world.now()
    thread.hidden_reads = server.faults.late_reads
    data = {**payloads.thread(server.world, thread, server.bot.id), "newly_created": True}
    server.gateway.dispatch("THREAD_CREATE", data, server.world.guild_of(thread), intents=1, channel=thread)
    return thread


def update_thread(server: DiscordServer, thread: Channel, **changes: object) -> None:
    """Change a thread's state (archived, locked, auto_archive, applied_tags) and tell."""
    assert thread.thread is not None
    now = server.world.now()
    if "archived" in changes and changes["archived"] != thread.thread.archived:
        changes["archived_at"] = now
    thread.thread = replace(thread.thread, **changes)  # type: ignore[arg-type]
    update_channel(server, thread)


def update_channel(server: DiscordServer, channel: Channel) -> None:
    """Tell that a channel or thread is different now."""
    event = "THREAD_UPDATE" if channel.thread else "CHANNEL_UPDATE"
    guild = server.world.guild_of(channel)
    seen = channel if channel.thread else None
    server.gateway.dispatch(event, payloads.channel(server.world, channel), guild, intents=1, channel=seen)


def delete_channel(server: DiscordServer, channel: Channel) -> None:
    """Remove a channel (with its threads) or a thread, and tell."""
    guild = server.world.guild_of(channel)
    data = payloads.channel(server.world, channel)
    if channel.thread:
        data = {key: data[key] for key in ("id", "guild_id", "parent_id", "type")}
    event = "THREAD_DELETE" if channel.thread else "CHANNEL_DELETE"
    server.gateway.dispatch(event, data, guild, intents=1, channel=channel if channel.thread else None)
    server.world.drop_channel(channel)


def create_channel(server: DiscordServer, channel: Channel) -> Channel:
    """Add a channel to a guild, and tell."""
    server.world.add_channel(channel)
    guild = server.world.guild_of(channel)
    server.gateway.dispatch("CHANNEL_CREATE", payloads.channel(server.world, channel), guild, intents=1)
    return channel


def sync_threads(server: DiscordServer, channel: Channel) -> None:
    """Tell which threads are active in a channel that the bot has come to see."""
    found = [c for c in server.world.channels.values() if c.thread and c.parent_id == channel.id]
    active = [c for c in found if c.thread and not c.thread.archived]
    me = server.bot.id
    data = {
        "guild_id": str(channel.guild_id),
        "channel_ids": [str(channel.id)],
        "threads": [payloads.thread(server.world, c, me) for c in active],
        "members": [payloads.thread_member(c, me) for c in active if c.thread and me in c.thread.members],
    }
    server.gateway.dispatch("THREAD_LIST_SYNC", data, server.world.guild_of(channel), intents=1, channel=channel)


def update_role(server: DiscordServer, guild: Guild, role: Role, event: str = "GUILD_ROLE_UPDATE") -> None:
    """Tell that a role is new or different."""
    data = {"guild_id": str(guild.id), "role": payloads.role(role, server.bot.id)}
    server.gateway.dispatch(event, data, guild, intents=1)
