"""Channels and threads over REST."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from . import happenings, payloads
from .composing import compose
from .errors import ApiError, Problems
from .rest import Call, Route
from .rest_messages import need_sending, shown
from .state import (
    ANNOUNCEMENT,
    ANNOUNCEMENT_THREAD,
    DM,
    FORUM,
    PUBLIC_THREAD,
    THREAD_CREATED,
    THREAD_STARTER,
    Channel,
    Json,
    Overwrite,
    ThreadState,
)
from .validation import check_thread

REQUIRES_TAG = 1 << 4


async def get(call: Call) -> Json:
    """A channel or thread."""
    return payloads.channel(call.server.world, call.channel("view_channel"))


async def update(call: Call) -> Json:
    """Change a channel (with the permission) or a thread."""
    channel = call.channel("view_channel")
    body = call.body or {}
    if channel.thread:
        _update_thread(call, channel, body)
        return payloads.channel(call.server.world, channel)
    call.need(channel, "manage_channels")
    problems = Problems()
    if "name" in body:
        problems.text("name", body["name"], 100, shortest=1)
    if body.get("topic"):
        problems.text("topic", body["topic"], 4096 if channel.kind == FORUM else 1024)
    problems.raise_if_any()
    channel.name = body.get("name", channel.name)
    channel.topic = body.get("topic", channel.topic)
    channel.auto_archive = body.get("default_auto_archive_duration") or channel.auto_archive
    if "available_tags" in body:
        channel.tags = [_tag(call, tag) for tag in body["available_tags"]]
    happenings.update_channel(call.server, channel)
    return payloads.channel(call.server.world, channel)


def _tag(call: Call, tag: Json) -> Json:
    blank = {"moderated": False, "emoji_id": None, "emoji_name": None}
    return {**blank, **tag, "id": str(tag.get("id") or call.server.world.snowflake())}


def _update_thread(call: Call, thread: Channel, body: Json) -> None:
    state = thread.thread
    assert state is not None
    only_wakes = set(body) <= {"archived", "auto_archive_duration"} and body.get("archived") is False
    if state.archived and body.get("archived") is not False:
        raise ApiError(50083)
    own = state.owner_id == call.server.bot.id
    if state.locked or "locked" in body or not (own or only_wakes):
        call.need(thread, "manage_threads")
    check_thread(body, call.server.world.channels[thread.parent_id or 0].tags)
    thread.name = (body.get("name") or thread.name).strip()
    thread.flags = body.get("flags", thread.flags)
    wanted = {"archived": "archived", "locked": "locked", "auto_archive_duration": "auto_archive"}
    changes: Json = {ours: body[theirs] for theirs, ours in wanted.items() if theirs in body}
    if "applied_tags" in body:
        changes["applied_tags"] = [int(tag) for tag in body["applied_tags"]]
    happenings.update_thread(call.server, thread, **changes)


async def delete(call: Call) -> Json:
    """Delete a channel or thread; close a direct message."""
    channel = call.channel("view_channel")
    payload = payloads.channel(call.server.world, channel)
    if channel.kind != DM:
        call.need(channel, "manage_threads" if channel.thread else "manage_channels")
        happenings.delete_channel(call.server, channel)
    return payload


async def thread_from_message(call: Call) -> Json:
    """Make a thread under a message; it gets the message's id."""
    channel = call.text_channel("view_channel")
    if channel.thread or channel.kind == DM:
        raise ApiError(50024)
    call.need(channel, "create_public_threads", "read_message_history")
    message = call.message(channel)
    if message.kind in {THREAD_STARTER, THREAD_CREATED}:
        raise ApiError(50021)
    if call.server.world.thread_of(message):
        raise ApiError(160004)
    thread = _new_thread(call, channel, message.id, call.body or {})
    happenings.open_thread(call.server, thread, call.server.bot)
    starter = happenings.draft(call.server, thread, message.author, "", kind=THREAD_STARTER)
    starter.reference = {"type": 0, "channel_id": str(channel.id), "message_id": str(message.id)}
    starter.reference["guild_id"] = str(channel.guild_id)
    thread.messages[starter.id] = starter
    starter.position = 0
    happenings.changed(call.server, message)
    return payloads.thread(call.server.world, thread, call.server.bot.id)


def _new_thread(call: Call, parent: Channel, thread_id: int, body: Json) -> Channel:
    if "name" not in body:
        problems = Problems()
        problems.required("name")
        problems.raise_if_any()
    check_thread(body, parent.tags)
    now = call.server.world.now()
    state = ThreadState(call.server.bot.id, now, now, body.get("auto_archive_duration") or parent.auto_archive)
    state.applied_tags = [int(tag) for tag in body.get("applied_tags") or []]
    kind = ANNOUNCEMENT_THREAD if parent.kind == ANNOUNCEMENT else PUBLIC_THREAD
    return Channel(thread_id, kind, body["name"].strip(), parent.guild_id, parent.id, thread=state)


async def thread_alone(call: Call) -> Json:
    """Make a thread without a message; in a forum, a post with its first message."""
    channel = call.channel("view_channel")
    if channel.kind == FORUM:
        return _forum_post(call, channel)
    if channel.thread or channel.kind == DM:
        raise ApiError(50024)
    call.need(channel, "create_public_threads")
    kind = (call.body or {}).get("type", 12)
    if kind not in {ANNOUNCEMENT_THREAD, PUBLIC_THREAD}:
        call.need(channel, "create_private_threads")
    thread = _new_thread(call, channel, call.server.world.snowflake(), call.body or {})
    happenings.open_thread(call.server, thread, call.server.bot)
    notice = happenings.draft(call.server, channel, call.server.bot, thread.name, kind=THREAD_CREATED)
    notice.reference = {"type": 0, "channel_id": str(thread.id), "guild_id": str(channel.guild_id)}
    happenings.post(call.server, notice)
    return payloads.thread(call.server.world, thread, call.server.bot.id)


def _forum_post(call: Call, forum: Channel) -> Json:
    body = call.body or {}
    inner: Any = body.get("message")
    if not isinstance(inner, dict):
        problems = Problems()
        problems.required("message")
        problems.raise_if_any()
    call.need(forum, "send_messages")
    need_sending(call, forum, inner)
    if forum.flags & REQUIRES_TAG and not body.get("applied_tags"):
        raise ApiError(40067)
    thread = _new_thread(call, forum, call.server.world.snowflake(), body)
    first = compose(call.server, thread, call.server.bot, inner, call.files)
    first.id = thread.id
    happenings.open_thread(call.server, thread, call.server.bot)
    forum.last_message_id = thread.id
    happenings.post(call.server, first, happenings.Pings.from_json(inner.get("allowed_mentions")))
    payload = payloads.thread(call.server.world, thread, call.server.bot.id)
    return {**payload, "message": shown(call, first)}


async def archived(call: Call) -> Json:
    """Archived public threads, last archived first, `limit` of them `before` an instant."""
    channel = call.channel("view_channel", "read_message_history")
    limit = call.number("limit", 50, 100)
    found = [t for t in _threads_of(call, channel) if t.thread and t.thread.archived]
    found.sort(key=lambda t: t.thread.archived_at if t.thread else call.server.world.now(), reverse=True)
    if before := call.request.query.get("before"):
        edge = datetime.fromisoformat(before)
        found = [t for t in found if t.thread and t.thread.archived_at < edge]
    return {**_listed(call, found[:limit]), "has_more": len(found) > limit}


def _threads_of(call: Call, channel: Channel) -> list[Channel]:
    guild = call.server.world.guild_of(channel)
    return [t for t in guild.threads() if t.parent_id == channel.id] if guild else []


def _listed(call: Call, threads: list[Channel]) -> Json:
    seen = []
    for thread in threads:
        if thread.hidden_reads:
            thread.hidden_reads -= 1
        else:
            seen.append(thread)
    me = call.server.bot.id
    return {
        "threads": [payloads.thread(call.server.world, thread, me) for thread in seen],
        "members": [payloads.thread_member(t, me) for t in seen if t.thread and me in t.thread.members],
    }


async def active(call: Call) -> Json:
    """The guild's threads that are not archived and that the bot can see."""
    found = [t for t in call.guild().threads() if t.thread and not t.thread.archived]
    visible = [thread for thread in found if call.server.bot_may(thread, "view_channel")]
    return {**_listed(call, sorted(visible, key=lambda t: t.id, reverse=True)), "has_more": False}


async def join(call: Call) -> None:
    """Let the bot join a thread."""
    thread = _thread(call)
    if thread.thread and thread.thread.archived:
        raise ApiError(50083)
    happenings.join(call.server, thread, call.server.bot)


async def leave(call: Call) -> None:
    """Let the bot leave a thread."""
    state = _thread(call).thread
    if state:
        state.members.pop(call.server.bot.id, None)


async def add_member(call: Call) -> None:
    """Bring somebody into a thread."""
    thread = _thread(call)
    user = call.server.world.users.get(call.id("user_id"))
    if user is None:
        raise ApiError(10013)
    call.need(thread, "send_messages")
    happenings.join(call.server, thread, user)


async def members(call: Call) -> list[Json]:
    """Who is in a thread."""
    thread = _thread(call)
    return [payloads.thread_member(thread, user_id) for user_id in (thread.thread.members if thread.thread else ())]


def _thread(call: Call) -> Channel:
    channel = call.channel("view_channel")
    if channel.thread is None:
        raise ApiError(50024)
    return channel


async def overwrite(call: Call) -> None:
    """Set what one role or member may do in a channel."""
    channel = call.channel("view_channel", "manage_roles")
    body = call.body or {}
    entry = Overwrite(int(body["type"]), int(body.get("allow") or 0), int(body.get("deny") or 0))
    channel.overwrites[call.id("overwrite_id")] = entry
    happenings.update_channel(call.server, channel)


CHANNEL = "/channels/{channel_id}"
ROUTES = [
    Route("GET", CHANNEL, get),
    Route("PATCH", CHANNEL, update),
    Route("DELETE", CHANNEL, delete),
    Route("PUT", CHANNEL + "/permissions/{overwrite_id}", overwrite),
    Route("POST", CHANNEL + "/messages/{message_id}/threads", thread_from_message, 201),
    Route("POST", CHANNEL + "/threads", thread_alone, 201),
    Route("GET", CHANNEL + "/threads/archived/public", archived),
    Route("GET", CHANNEL + "/thread-members", members),
    Route("PUT", CHANNEL + "/thread-members/@me", join),
    Route("DELETE", CHANNEL + "/thread-members/@me", leave),
    Route("PUT", CHANNEL + "/thread-members/{user_id}", add_member),
    Route("GET", "/guilds/{guild_id}/threads/active", active),
]
