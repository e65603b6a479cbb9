"""What can happen to messages, reactions and channels: the world changes and the app is told. All come here."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from . import composer, payloads
from .state import (
    BROADCAST,
    DIRECT,
    FILE_SHARE,
    JOIN,
    PRIVATE,
    PUBLIC,
    TOMBSTONE,
    Channel,
    Json,
    Message,
    Team,
    User,
)

if TYPE_CHECKING:
    from .server import SlackServer

LETTER = {PUBLIC: "C", PRIVATE: "G", DIRECT: "D"}


def typed(
    server: SlackServer,
    channel: Channel,
    user: User,
    text: str,
    thread_ts: str | None = None,
    *,
    plainly: bool = False,
) -> Message:
    """What somebody typed, not sent yet."""
    world = server.world
    words, blocks = composer.compose(world.team_of(channel), server.block_id(), text, plainly=plainly)
    message = Message(world.ts(), channel.id, user, words, blocks, thread_ts)
    message.client_msg_id = str(uuid.uuid4())
    return message


def post(server: SlackServer, channel: Channel, message: Message, *, broadcast: bool = False) -> Message:
    """A message appears: in a thread where it has one, and, `broadcast`, in the channel as well."""
    message.late = server.faults.late_reads
    if broadcast:
        message.subtype = BROADCAST
    elif message.files:
        message.subtype = FILE_SHARE
    channel.messages[message.ts] = message
    server.events.tell(server.world.team_of(channel), _told(server, channel, message), channel)
    if broadcast:
        _changed(server, channel, message, payloads.with_thread(server.app, channel, message))
    _mentioned(server, channel, message)
    return message


def _told(server: SlackServer, channel: Channel, message: Message) -> Json:
    data = payloads.with_thread(server.app, channel, message) if message.is_reply else None
    data = data or payloads.message(server.app, message)
    return data | {"channel": channel.id, "event_ts": message.ts}


def _changed(server: SlackServer, channel: Channel, message: Message, before: Json) -> None:
    ts = server.world.ts()
    after = payloads.with_thread(server.app, channel, message)
    if message.edited:
        after |= {"source_team": message.user.team_id, "user_team": message.user.team_id}
    event: Json = {
        "type": "message",
        "subtype": "message_changed",
        "message": after,
        "previous_message": before,
        "channel": channel.id,
        "hidden": True,
        "ts": ts,
        "event_ts": ts,
    }
    server.events.tell(server.world.team_of(channel), event, channel)


def _mentioned(server: SlackServer, channel: Channel, message: Message) -> None:
    team = server.world.team_of(channel)
    if message.by_app or team.bot is None or f"<@{team.bot.id}>" not in message.text or channel.kind == DIRECT:
        return
    told = _told(server, channel, message)
    event = {key: value for key, value in told.items() if key not in {"root", "subtype", "parent_user_id"}}
    server.events.tell(team, {**event, "type": "app_mention"}, channel)


def edit(server: SlackServer, channel: Channel, message: Message, text: str) -> None:
    """Somebody changes what they wrote. Slack gives the moment in whole seconds."""
    before = payloads.with_thread(server.app, channel, message)
    words, blocks = composer.compose(server.world.team_of(channel), server.block_id(), text)
    message.text, message.blocks = words, blocks
    message.edited = {"user": message.user.id, "ts": f"{server.world.seconds()}.000000"}
    _changed(server, channel, message, before)


def change(server: SlackServer, channel: Channel, message: Message, fields: Json, *, flagged: bool) -> None:
    """The app changes its own message; `flagged` shows it as edited."""
    before = payloads.with_thread(server.app, channel, message)
    for name, value in fields.items():
        setattr(message, name, value)
    if flagged:
        message.edited = {"user": message.user.id, "ts": f"{server.world.seconds()}.000000"}
    _changed(server, channel, message, before)


def delete(server: SlackServer, channel: Channel, message: Message) -> None:
    """A message goes away. Where others stand below it, a tombstone stays in its place until they are gone too."""
    before = payloads.with_thread(server.app, channel, message)
    if channel.replies(message.ts):
        _bury(server, channel, message, before)
        return
    del channel.messages[message.ts]
    _deleted(server, channel, message.ts, before)
    parent = channel.messages.get(message.thread_ts or "")
    if parent and parent.subtype == TOMBSTONE and not channel.replies(parent.ts):
        gone = payloads.with_thread(server.app, channel, parent)
        del channel.messages[parent.ts]
        _deleted(server, channel, parent.ts, gone)


def _bury(server: SlackServer, channel: Channel, message: Message, before: Json) -> None:
    slackbot = User("USLACKBOT", channel.team_id, "slackbot", "Slackbot")
    message.user, message.text, message.blocks = slackbot, "This message was deleted.", []
    message.subtype, message.client_msg_id, message.by_app = TOMBSTONE, None, False
    message.edited, message.metadata, message.files = None, None, []
    message.reactions = {}
    message.extra = {"hidden": True}
    _changed(server, channel, message, before)


def _deleted(server: SlackServer, channel: Channel, ts: str, before: Json) -> None:
    at = server.world.ts()
    event: Json = {
        "type": "message",
        "subtype": "message_deleted",
        "previous_message": before,
        "channel": channel.id,
        "hidden": True,
        "deleted_ts": ts,
        "ts": at,
        "event_ts": at,
    }
    server.events.tell(server.world.team_of(channel), event, channel)


def react(server: SlackServer, channel: Channel, message: Message, user: User, name: str, *, present: bool) -> None:
    """A reaction appears under a message or goes away."""
    users = message.reactions.setdefault(name, [])
    if (user.id in users) is present:
        return
    if present:
        users.append(user.id)
    else:
        users.remove(user.id)
        if not users:
            del message.reactions[name]
    event: Json = {
        "type": "reaction_added" if present else "reaction_removed",
        "user": user.id,
        "reaction": name,
        "item": {"type": "message", "channel": channel.id, "ts": message.ts},
        "item_user": message.user.id,
    }
    server.events.tell(server.world.team_of(channel), event, channel)


def join(server: SlackServer, channel: Channel, user: User, inviter: User | None = None) -> None:
    """Somebody, or the bot, joins a channel."""
    if user.id in channel.members:
        return
    channel.members.append(user.id)
    team = server.world.team_of(channel)
    told = {"user": user.id, "channel": channel.id, "channel_type": LETTER[channel.kind], "team": team.id}
    if inviter:
        told["inviter"] = inviter.id
    server.events.tell(team, {"type": "member_joined_channel", **told}, channel)
    words = f"<@{user.id}> has joined the channel"
    message = Message(server.world.ts(), channel.id, user, words, subtype=JOIN)
    if inviter:
        message.extra = {"inviter": inviter.id}
    post(server, channel, message)


def leave(server: SlackServer, channel: Channel, user: User, *, removed_by: User | None = None) -> None:
    """Somebody leaves a channel, or the bot is removed from it."""
    team = server.world.team_of(channel)
    told: Json = {"user": user.id, "channel": channel.id, "channel_type": LETTER[channel.kind], "team": team.id}
    if team.bot is user:
        name = "group_left" if channel.kind == PRIVATE else "channel_left"
        actor = (removed_by or user).id
        server.events.tell(team, {"type": name, "channel": channel.id, "actor_id": actor}, channel)
    channel.members.remove(user.id)
    server.events.tell(team, {"type": "member_left_channel", **told}, channel)


def tell_of_channel(server: SlackServer, channel: Channel, what: str, by: User, more: Json | None = None) -> None:
    """`archive`, `unarchive`, `deleted` or `rename` of a channel."""
    prefix = "group" if channel.kind == PRIVATE else "channel"
    told: Json = {"type": f"{prefix}_{what}", "channel": channel.id, "user": by.id} | (more or {})
    if what == "deleted":
        del told["user"]
        told["actor_id"] = by.id
    server.events.tell(server.world.team_of(channel), told, channel)


def direct(server: SlackServer, team: Team, user: User) -> Channel:
    """The direct messages between somebody and the bot."""
    assert team.bot is not None
    members = [team.bot.id, user.id]
    for channel in team.channels.values():
        if channel.kind == DIRECT and set(channel.members) == set(members):
            return channel
    world = server.world
    channel = Channel(world.id("D"), team.id, "", DIRECT, team.bot.id, world.seconds(), members)
    team.channels[channel.id] = channel
    return channel
