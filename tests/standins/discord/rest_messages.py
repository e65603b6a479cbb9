"""Messages over REST: send, read, change, delete, pin, react."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from . import happenings, payloads
from .composing import change, compose
from .errors import ApiError
from .rest import Call, Route
from .state import DM, PINNED, Channel, Json, Message, iso

NONCE_WINDOW = timedelta(minutes=5)
OLDEST_BULK = timedelta(days=14)
SYSTEM_KINDS = {PINNED, 7, 18, 21}


def shown(call: Call, message: Message) -> Json:
    """A message as this application may read it."""
    payload = payloads.message(call.server.world, message, call.server.bot.id)
    hidden = payloads.hides_content(call.server.world, message, call.server.bot.id)
    return payloads.without_content(payload) if hidden and not call.server.content_allowed else payload


def need_sending(call: Call, channel: Channel, body: Any) -> None:
    """What sending takes: the channel's own permission, and those for embeds and files."""
    needed = ["view_channel", "send_messages"]
    if (body or {}).get("embeds"):
        needed.append("embed_links")
    if call.files:
        needed.append("attach_files")
    call.need(channel, *needed)
    if channel.kind == DM and channel.recipient and not call.server.accepts_direct(channel.recipient):
        raise ApiError(50007)
    need_open(call, channel)


def need_open(call: Call, channel: Channel) -> None:
    """Nobody writes or edits in a locked thread, be it archived or not, without the permission to manage threads."""
    if channel.thread and channel.thread.locked and not call.server.bot_may(channel, "manage_threads"):
        raise ApiError(160005)


async def create(call: Call) -> Json:
    """Send; a nonce that is enforced and known returns the message that it made before."""
    channel = call.text_channel("view_channel")
    body = call.body or {}
    need_sending(call, channel, body)
    world = call.server.world
    nonce = body.get("nonce")
    key = (call.server.bot.id, str(nonce))
    before = world.nonces.get(key)
    if body.get("enforce_nonce") and before and world.now() - before.at < NONCE_WINDOW:
        return _sent_before(call, before)
    message = compose(call.server, channel, call.server.bot, body, call.files)
    message.nonce = nonce
    if nonce is not None:
        world.nonces[key] = message
    happenings.post(call.server, message, happenings.Pings.from_json(body.get("allowed_mentions")))
    return _sent(call, message)


def _sent(call: Call, message: Message) -> Json:
    """A message as the one who sends it is told: only here and in MESSAGE_CREATE is the nonce, no history has it."""
    nonce = {} if message.nonce is None else {"nonce": message.nonce}
    return {**shown(call, message), **nonce}


def _sent_before(call: Call, before: Message) -> Json:
    """The message of a nonce; where it was deleted since, nothing is sent in its place."""
    place = call.server.world.channels.get(before.channel_id)
    if place is None or before.id not in place.messages:
        raise ApiError(10008)
    return _sent(call, before)


async def history(call: Call) -> list[Json]:
    """Newest first; `before`, `after` or `around` an id; nothing without the permission to read history."""
    channel = call.text_channel("view_channel")
    limit = call.number("limit", 50, 100)
    if not call.server.bot_may(channel, "read_message_history"):
        return []
    query = {key: int(call.request.query[key]) for key in ("before", "after", "around") if key in call.request.query}
    found = [channel.messages[message_id] for message_id in sorted(channel.messages)]
    return [shown(call, message) for message in reversed(_page(_visible(found), query, limit))]


def _visible(messages: Sequence[Message]) -> list[Message]:
    """Those that this read shows; each one shown late comes a read nearer."""
    seen = []
    for message in messages:
        if message.hidden_reads:
            message.hidden_reads -= 1
        else:
            seen.append(message)
    return seen


def _page(messages: list[Message], query: dict[str, int], limit: int) -> list[Message]:
    match query:
        case {"around": middle}:
            earlier = [m for m in messages if m.id < middle][-(limit // 2) :]
            return earlier + [m for m in messages if m.id >= middle][: limit - len(earlier)]
        case {"after": edge}:
            return [m for m in messages if m.id > edge][:limit]
        case {"before": edge}:
            return [m for m in messages if m.id < edge][-limit:]
    return messages[-limit:]


async def get(call: Call) -> Json:
    """One message."""
    return shown(call, call.message(call.text_channel("view_channel", "read_message_history")))


async def update(call: Call) -> Json:
    """Change the bot's own message."""
    channel = call.text_channel("view_channel")
    message = call.message(channel)
    if message.author is not call.server.bot:
        raise ApiError(50005)
    if channel.thread and channel.thread.archived:
        raise ApiError(50083)
    need_open(call, channel)
    if message.frozen:
        raise ApiError(30046)
    change(call.server, message, call.body, call.files)
    happenings.changed(call.server, message)
    return shown(call, message)


async def delete(call: Call) -> None:
    """Delete the bot's own message, or another's with the permission."""
    channel = call.text_channel("view_channel")
    message = call.message(channel)
    if message.author is not call.server.bot:
        call.need(channel, "manage_messages")
    if channel.thread and channel.thread.archived:
        raise ApiError(50083)
    happenings.delete(call.server, [message])


async def bulk_delete(call: Call) -> None:
    """Delete 2 to 100 messages, none older than two weeks."""
    channel = call.text_channel("view_channel", "manage_messages")
    ids = [int(message_id) for message_id in (call.body or {}).get("messages", [])]
    if not 2 <= len(ids) <= 100:
        raise ApiError(50016)
    found = [channel.messages[i] for i in dict.fromkeys(ids) if i in channel.messages]
    if any(call.server.world.now() - message.at > OLDEST_BULK for message in found):
        raise ApiError(50034)
    happenings.delete(call.server, found)


async def typing(call: Call) -> None:
    """Show that the bot is typing."""
    call.text_channel("view_channel", "send_messages")


async def react(call: Call) -> None:
    """Add the bot's reaction; one with a new emoji needs the permission to add."""
    channel = call.text_channel("view_channel", "read_message_history")
    message = call.message(channel)
    key = call.request.match_info["emoji_name"]
    if not _is_emoji(key):
        raise ApiError(10014)
    if channel.thread and channel.thread.archived:
        raise ApiError(50083)
    if key not in message.reactions:
        call.need(channel, "add_reactions")
        if len(message.reactions) >= 20:
            raise ApiError(30010)
    happenings.react(call.server, message, call.server.bot, key)


def _is_emoji(key: str) -> bool:
    name, _, custom = key.partition(":")
    return custom.isdigit() and bool(name) if custom else not key.isalnum() or key.isdigit()


async def unreact(call: Call) -> None:
    """Take the bot's own reaction away."""
    message = call.message(call.text_channel("view_channel"))
    happenings.unreact(call.server, message, call.server.bot, call.request.match_info["emoji_name"])


async def unreact_other(call: Call) -> None:
    """Take somebody's reaction away."""
    message = call.message(call.text_channel("view_channel", "manage_messages"))
    user = call.server.world.users.get(call.id("user_id"))
    if user is None:
        raise ApiError(10013)
    happenings.unreact(call.server, message, user, call.request.match_info["emoji_name"])


async def clear_reactions(call: Call) -> None:
    """Take all reactions, or all with one emoji, away."""
    message = call.message(call.text_channel("view_channel", "manage_messages"))
    happenings.clear_reactions(call.server, message, call.request.match_info.get("emoji_name"))


async def reactors(call: Call) -> list[Json]:
    """Who reacted, or super-reacted (type 1), with an emoji, by id, `limit` after `after`."""
    message = call.message(call.text_channel("view_channel", "read_message_history"))
    after = int(call.request.query.get("after", 0))
    limit = call.number("limit", 25, 100)
    there = message.super_reactions if call.request.query.get("type") == "1" else message.reactions
    ids = sorted(i for i in there.get(call.request.match_info["emoji_name"], []) if i > after)
    return [payloads.user(call.server.world.users[i]) for i in ids[:limit]]


async def pins(call: Call) -> Json:
    """The pinned messages."""
    channel = call.text_channel("view_channel", "read_message_history")
    pinned = [m for m in reversed(channel.messages.values()) if m.pinned]
    return {"items": [{"pinned_at": iso(m.at), "message": shown(call, m)} for m in pinned], "has_more": False}


async def old_pins(call: Call) -> list[Json]:
    """The pinned messages, as the older endpoint gives them."""
    return [item["message"] for item in (await pins(call))["items"]]


async def pin(call: Call) -> None:
    """Pin a message."""
    await _pin(call, pinned=True)


async def unpin(call: Call) -> None:
    """Unpin a message."""
    await _pin(call, pinned=False)


async def _pin(call: Call, *, pinned: bool) -> None:
    channel = call.text_channel("view_channel", "pin_messages")
    message = call.message(channel)
    message.pinned = pinned
    channel.last_pin_at = call.server.world.now()
    happenings.changed(call.server, message)
    place = {"channel_id": str(channel.id), "last_pin_timestamp": iso(channel.last_pin_at)}
    guild = call.server.world.guild_of(channel)
    if guild:
        place["guild_id"] = str(guild.id)
    call.server.gateway.dispatch("CHANNEL_PINS_UPDATE", place, guild, intents=1, channel=channel)


MESSAGES = r"/channels/{channel_id}/messages"
ONE = MESSAGES + "/{message_id}"
REACTIONS = ONE + "/reactions"
ROUTES = [
    Route("POST", MESSAGES, create),
    Route("GET", MESSAGES, history),
    Route("POST", MESSAGES + "/bulk-delete", bulk_delete),
    Route("GET", MESSAGES + "/pins", pins),
    Route("PUT", MESSAGES + "/pins/{message_id}", pin),
    Route("DELETE", MESSAGES + "/pins/{message_id}", unpin),
    Route("GET", "/channels/{channel_id}/pins", old_pins),
    Route("PUT", "/channels/{channel_id}/pins/{message_id}", pin),
    Route("DELETE", "/channels/{channel_id}/pins/{message_id}", unpin),
    Route("GET", ONE, get),
    Route("PATCH", ONE, update),
    Route("DELETE", ONE, delete),
    Route("POST", "/channels/{channel_id}/typing", typing),
    Route("DELETE", REACTIONS, clear_reactions),
    Route("GET", REACTIONS + "/{emoji_name}", reactors),
    Route("DELETE", REACTIONS + "/{emoji_name}", clear_reactions),
    Route("PUT", REACTIONS + "/{emoji_name}/@me", react),
    Route("DELETE", REACTIONS + "/{emoji_name}/@me", unreact),
    Route("DELETE", REACTIONS + "/{emoji_name}/{user_id}", unreact_other),
]
