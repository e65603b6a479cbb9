"""What Slack makes of what somebody types after a slash command and into the fields of a form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import payloads
from .composer import escaped
from .state import Json, Team, User
from .views import Form, FormField

if TYPE_CHECKING:
    from .server import SlackServer

SELECT_VALUES = {
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
}


def command_text(team: Team, text: str, *, escape: bool) -> str:
    """The text of a slash command: escaped, and, where the app wants it, with `<@U…|name>` and `<#C…|name>`."""
    text = escaped(text)
    if not escape:
        return text
    users = {user.name: user for user in team.users.values()}
    channels = {channel.name: channel for channel in team.channels.values() if channel.name}

    def person(found: re.Match[str]) -> str:
        user = users.get(found[1])
        return f"<@{user.id}|{user.name}>" if user else found[0]

    def place(found: re.Match[str]) -> str:
        channel = channels.get(found[1])
        return f"<#{channel.id}|{channel.name}>" if channel else found[0]

    return re.sub(r"(?<!\w)#([\w-]+)", place, re.sub(r"(?<!\w)@([\w.-]+)", person, text))


def form_state(server: SlackServer, user: User, form: Form, given: Mapping[str, Any]) -> Json:
    """`state.values` of a form that was filled in. Raises AssertionError where Slack would not send it."""
    wanted = {form.field(name).block_id: value for name, value in given.items()}
    state: Json = {}
    for field in form.fields:
        value = form.view.typed[field.block_id, field.action_id] = wanted.get(field.block_id, field.value)
        state[field.block_id] = {field.action_id: {"type": field.kind, **_value(server, user, field, value)}}
    return state


def _value(server: SlackServer, user: User, field: FormField, value: Any) -> Json:
    if field.required and value in ("", None, [], {}):
        raise AssertionError(f"Slack says: Please complete this required field: {field.label}")
    match field.kind:
        case "static_select" | "radio_buttons":
            return {"selected_option": _option(field, value) if value else None}
        case "external_select":
            return {"selected_option": _looked_up(value) if value else None}
        case "checkboxes" | "multi_static_select":
            several = [value] if isinstance(value, str) and value else value or []
            return {"selected_options": [_option(field, one) for one in several]}
        case "file_input":
            chosen = (value or {}).items()
            kept = (payloads.file(server.world, server.url, user, name, data, name, "") for name, data in chosen)
            return {"files": list(kept)}
        case kind if kind in SELECT_VALUES:
            return {SELECT_VALUES[kind]: value or None}
        case _:
            if len(str(value)) > field.most:
                raise AssertionError(f"Slack says: {field.label} takes {field.most} characters")
            return {"value": str(value) if value else None}


def _looked_up(value: str | tuple[str, str]) -> Json:
    """What was chosen among the options that the app suggested: its label and value."""
    label, chosen = (value, value) if isinstance(value, str) else value
    return {"text": {"type": "plain_text", "text": label, "emoji": False}, "value": chosen}


def _option(field: FormField, wanted: str) -> Json:
    options = list(field.element.get("options") or [])
    options += [one for group in field.element.get("option_groups") or [] for one in group["options"]]
    for option in options:
        if wanted in {option["value"], option["text"]["text"]}:
            return dict(option)
    raise AssertionError(f"{field.label!r} does not offer {wanted!r}, only {[label for label, _ in field.options]}")
