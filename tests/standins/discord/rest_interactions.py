"""Answers to interactions: the callback, and everything through its webhook token."""

from __future__ import annotations

from typing import Any

from . import happenings, payloads
from .components import check_modal
from .composing import change, compose
from .errors import ApiError, Problems
from .interactions import CHOICES, COMMAND, DEFER, DEFER_UPDATE, REPLY, SHOW_MODAL, UPDATE, Interaction
from .rest import Call, Route
from .state import CHAT_COMMAND, EPHEMERAL, LOADING, MENU_COMMAND, Channel, Json, Message


async def callback(call: Call) -> Json | None:
    """The first answer; with `with_response` its body tells what came of it."""
    body = call.body or {}
    kind = body.get("type", 0)
    it = call.server.interactions.to_answer(
        call.id("interaction_id"), call.request.match_info["interaction_token"], kind
    )
    data = body.get("data") or {}
    match kind:
        case 4 | 5:
            _first(call, it, kind, data)
        case 6:
            it.original = it.source
        case 7:
            _update_source(call, it, data)
        case 8:
            it.choices = _choices(data)
        case 9:
            problems = Problems()
            check_modal(problems, data)
            problems.raise_if_any()
            it.modal = data
    it.answered = kind
    if call.request.query.get("with_response", "").lower() not in {"1", "true"}:
        return None
    return _resource(call, it)


def _resource(call: Call, it: Interaction) -> Json:
    told: Json = {"id": str(it.id), "type": it.kind}
    resource: Json = {"type": UPDATE if it.answered == UPDATE else REPLY}
    if it.original and it.answered in {REPLY, DEFER, UPDATE, DEFER_UPDATE}:
        told["response_message_id"] = str(it.original.id)
        told["response_message_loading"] = bool(it.original.flags & LOADING)
        told["response_message_ephemeral"] = it.original.ephemeral_to is not None
        resource["message"] = payloads.message(call.server.world, it.original, call.server.bot.id)
    if it.answered in {CHOICES, SHOW_MODAL, DEFER_UPDATE}:
        return {"interaction": told}
    return {"interaction": told, "resource": resource}


def _choices(data: Json) -> list[Json]:
    problems = Problems()
    choices = data.get("choices")
    if problems.count("data.choices", choices, 25):
        for index, choice in enumerate(choices or []):
            problems.text(f"data.choices.{index}.name", choice.get("name", ""), 100, shortest=1)
            if isinstance(choice.get("value"), str):
                problems.text(f"data.choices.{index}.value", choice["value"], 100, shortest=1)
    problems.raise_if_any()
    return list(choices or [])


def _first(call: Call, it: Interaction, kind: int, data: Json) -> None:
    if kind == DEFER:
        message = happenings.draft(call.server, it.channel, call.server.bot, "")
        message.flags = LOADING
    else:
        message = compose(call.server, it.channel, call.server.bot, data, call.files)
    _send(call, it, message, data)
    it.original = message


def _send(call: Call, it: Interaction, message: Message, data: Json) -> None:
    """Show a message through the interaction: to its user only, or to the channel."""
    if it.kind == COMMAND and not it.messages:
        message.kind = CHAT_COMMAND if it.data["type"] == 1 else MENU_COMMAND
    message.application_id = message.webhook_id = call.server.application_id
    message.interaction = call.server.interactions.metadata(it)
    it.messages.append(message)
    pings = happenings.Pings.from_json(data.get("allowed_mentions"))
    if (data.get("flags") or 0) & EPHEMERAL:
        message.ephemeral_to = it.user.id
        happenings.apply_mentions(call.server, message, pings)
    elif call.server.world.channels.get(it.channel.id) is it.channel:
        happenings.post(call.server, message, pings)
    else:
        raise ApiError(10003)


def _update_source(call: Call, it: Interaction, data: Json) -> None:
    assert it.source is not None
    change(call.server, it.source, data, call.files)
    it.original = it.source
    it.edits += 1
    _tell(call, it.source)


def _tell(call: Call, message: Message) -> None:
    channel = call.server.world.channels.get(message.channel_id)
    if channel and message.id in channel.messages:
        happenings.changed(call.server, message)


def _interaction(call: Call) -> Interaction:
    return call.server.interactions.to_follow(call.id("webhook_id"), call.request.match_info["webhook_token"])


async def follow_up(call: Call) -> Json:
    """Another message; the first one after a deferred answer takes the spinner's place."""
    it = _interaction(call)
    if it.original and it.original.flags & LOADING:
        _edit(call, it, it.original)
        return payloads.message(call.server.world, it.original, call.server.bot.id)
    body = call.body or {}
    message = compose(call.server, it.channel, call.server.bot, body, call.files)
    _send(call, it, message, body)
    return payloads.message(call.server.world, message, call.server.bot.id)


def _edit(call: Call, it: Interaction, message: Message) -> None:
    filling = bool(message.flags & LOADING)
    change(call.server, message, call.body, call.files, quiet=filling)
    message.flags &= ~LOADING
    it.edits += 1
    _tell(call, message)


def _original(call: Call) -> tuple[Interaction, Message]:
    it = _interaction(call)
    return it, _existing(call, it.original)


def _existing(call: Call, message: Message | None) -> Message:
    if message is None:
        raise ApiError(10008)
    channel: Channel | None = call.server.world.channels.get(message.channel_id)
    if message.ephemeral_to is None and (channel is None or message.id not in channel.messages):
        raise ApiError(10008)
    return message


def _named(call: Call) -> tuple[Interaction, Message]:
    it = _interaction(call)
    wanted = call.id("message_id")
    candidates = [*it.messages, *([it.source] if it.source else [])]
    return it, _existing(call, next((m for m in candidates if m.id == wanted), None))


async def get_original(call: Call) -> Json:
    """The first answer."""
    return payloads.message(call.server.world, _original(call)[1], call.server.bot.id)


async def edit_original(call: Call) -> Json:
    """Change (or fill in) the first answer."""
    it, message = _original(call)
    _edit(call, it, message)
    return payloads.message(call.server.world, message, call.server.bot.id)


async def delete_original(call: Call) -> None:
    """Take the first answer away."""
    _remove(call, *_original(call))


async def get_follow_up(call: Call) -> Json:
    """One message of this interaction."""
    return payloads.message(call.server.world, _named(call)[1], call.server.bot.id)


async def edit_follow_up(call: Call) -> Json:
    """Change one message of this interaction."""
    it, message = _named(call)
    _edit(call, it, message)
    return payloads.message(call.server.world, message, call.server.bot.id)


async def delete_follow_up(call: Call) -> None:
    """Take one message of this interaction away."""
    _remove(call, *_named(call))


def _remove(call: Call, it: Interaction, message: Message) -> None:
    if message in it.messages:
        it.messages.remove(message)
    if it.original is message:
        it.original = None
    channel: Any = call.server.world.channels.get(message.channel_id)
    if channel and message.id in channel.messages:
        happenings.delete(call.server, [message])


HOOK = "/webhooks/{webhook_id}/{webhook_token}"
ROUTES = [
    Route("POST", "/interactions/{interaction_id}/{interaction_token}/callback", callback),
    Route("POST", HOOK, follow_up),
    Route("GET", HOOK + "/messages/@original", get_original),
    Route("PATCH", HOOK + "/messages/@original", edit_original),
    Route("DELETE", HOOK + "/messages/@original", delete_original),
    Route("GET", HOOK + "/messages/{message_id}", get_follow_up),
    Route("PATCH", HOOK + "/messages/{message_id}", edit_follow_up),
    Route("DELETE", HOOK + "/messages/{message_id}", delete_follow_up),
]
