"""Methods `chat.*` and `reactions.*`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from . import composer, happenings, payloads
from .errors import SlackError
from .state import EPHEMERAL, JOIN, TOMBSTONE, Channel, Json, Message
from .validation import check_message_blocks, check_metadata
from .web_api import Call, Method

POSTED, UPDATED = 40_000, 4_000


def filled(call: Call, blocks: list[Json]) -> list[Json]:
    """Blocks as Slack keeps them: every one with an id, and every element with an `action_id`."""
    kept = []
    for block in blocks:
        it = {**block, "block_id": block.get("block_id") or call.server.block_id()}
        if it["type"] == "actions":
            it["elements"] = [{"action_id": call.server.block_id(), **element} for element in it["elements"]]
        for name in ("text", "label", "title"):
            if isinstance(it.get(name), dict) and it[name]["type"] == "plain_text":
                it[name] = {"emoji": True, **it[name]}
            elif isinstance(it.get(name), dict):
                it[name] = {"verbatim": False, **it[name]}
        kept.append(it)
    return kept


def _content(call: Call) -> tuple[str, list[Json]]:
    blocks = call.arguments.get("blocks")
    checked = filled(call, check_message_blocks(blocks)) if blocks else []
    text = call.text("text")
    if not text and not checked and not call.arguments.get("attachments"):
        raise SlackError("no_text")
    return text or composer.as_text(checked), checked


def _parent(call: Call, channel: Channel) -> str | None:
    """The thread that a new message joins. Where its parent is gone, Slack posts to the channel without a word."""
    wanted = call.text("thread_ts")
    if not wanted:
        return None
    seconds, _, rest = wanted.partition(".")
    if not (seconds.isdigit() and rest.isdigit() and len(rest) == 6):
        raise SlackError("invalid_thread_ts")
    found = channel.messages.get(wanted)
    if found is None:
        return None
    if found.subtype == JOIN:
        raise SlackError("cannot_reply_to_message")
    return found.thread_ts or found.ts


async def post_message(call: Call) -> Json:
    channel = _target(call)
    text, blocks = _content(call)
    metadata = check_metadata(call.arguments.get("metadata"))
    if len(text) > POSTED:
        text = text[:POSTED]
        call.warnings.append("message_truncated")
    message = Message(call.server.world.ts(), channel.id, call.bot, text, blocks, _parent(call, channel))
    message.by_app, message.metadata = True, metadata
    broadcast = call.flag("reply_broadcast") and message.thread_ts is not None
    happenings.post(call.server, channel, message, broadcast=broadcast)
    told = payloads.with_thread(call.server.app, channel, message)
    if metadata:
        told["metadata"] = metadata
    return {"channel": channel.id, "ts": message.ts, "message": told}


def _target(call: Call) -> Channel:
    """Where to post: a channel, or somebody's direct messages by their account's id."""
    given = call.text("channel")
    user = call.team.users.get(given)
    if user is not None and not user.bot_id:
        return happenings.direct(call.server, call.team, user)
    return call.writable()


async def update(call: Call) -> Json:
    channel = call.inside()
    if channel.archived:
        raise SlackError("is_archived")
    message = call.message(channel, "ts")
    _may_update(call, message)
    if len(call.text("text")) > UPDATED:
        raise SlackError("msg_too_long")
    has_blocks = call.arguments.get("blocks") is not None
    text, blocks = _content(call)
    fields: Json = {"text": text}
    if has_blocks or call.text("text"):
        fields["blocks"] = blocks
    if "metadata" in call.arguments:
        fields["metadata"] = check_metadata(call.arguments["metadata"])
    happenings.change(call.server, channel, message, fields, flagged=not has_blocks)
    told = payloads.with_thread(call.server.app, channel, message)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": told}


def _may_update(call: Call, message: Message) -> None:
    if not message.by_app or message.user is not call.bot or message.subtype == TOMBSTONE:
        raise SlackError("cant_update_message")
    window = call.server.edit_window
    if window is not None:
        age = timedelta(seconds=call.server.world.now().timestamp() - float(message.ts))
        if age > window:
            raise SlackError("edit_window_closed")


async def delete(call: Call) -> Json:
    channel = call.inside()
    message = call.message(channel, "ts")
    if not message.by_app or message.user is not call.bot:
        raise SlackError("cant_delete_message")
    happenings.delete(call.server, channel, message)
    return {"channel": channel.id, "ts": message.ts}


async def post_ephemeral(call: Call) -> Json:
    channel = call.writable()
    user = call.team.users.get(call.required("user"))
    if user is None or user.id not in channel.members:
        raise SlackError("user_not_in_channel")
    text, blocks = _content(call)
    ts = call.server.world.ts()
    message = Message(ts, channel.id, call.bot, text, blocks, call.text("thread_ts") or None, EPHEMERAL, by_app=True)
    message.ephemeral_to = user.id
    call.server.ephemerals.append(message)
    return {"message_ts": ts}


async def get_permalink(call: Call) -> Json:
    channel = call.visible()
    message = call.message(channel, "message_ts")
    return {"channel": channel.id, "permalink": call.server.permalink(message)}


def _reactable(call: Call) -> tuple[Channel, Message]:
    if not call.text("channel") or not call.text("timestamp"):
        raise SlackError("no_item_specified")
    channel = call.inside()
    return channel, call.message(channel, "timestamp")


async def add_reaction(call: Call) -> Json:
    channel, message = _reactable(call)
    name = call.required("name").strip(":")
    if call.bot.id in message.reactions.get(name, []):
        raise SlackError("already_reacted")
    happenings.react(call.server, channel, message, call.bot, name, present=True)
    return {}


async def remove_reaction(call: Call) -> Json:
    channel, message = _reactable(call)
    name = call.required("name").strip(":")
    if call.bot.id not in message.reactions.get(name, []):
        raise SlackError("no_reaction")
    happenings.react(call.server, channel, message, call.bot, name, present=False)
    return {}


async def get_reactions(call: Call) -> Json:
    channel, message = _reactable(call)
    shown = payloads.EVERY_REACTOR if call.flag("full") else call.server.shown_reactors
    told: dict[str, Any] = payloads.in_history(call.server.app, channel, message, metadata=False, shown=shown)
    return {
        "type": "message",
        "channel": channel.id,
        "message": {**told, "permalink": call.server.permalink(message)},
    }


METHODS: dict[str, Method] = {
    "chat.delete": delete,
    "chat.getPermalink": get_permalink,
    "chat.postEphemeral": post_ephemeral,
    "chat.postMessage": post_message,
    "chat.update": update,
    "reactions.add": add_reaction,
    "reactions.get": get_reactions,
    "reactions.remove": remove_reaction,
}
