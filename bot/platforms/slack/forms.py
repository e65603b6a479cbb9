"""Forms as Slack's modals, and what comes back of them.

A modal has at most 100 blocks and a title of 24 characters, a text input 3,000 characters, a select 100 options of 75
characters with values of 150 (https://docs.slack.dev/reference/block-kit/block-elements/).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from bot.commands.completing import COMPLETED
from bot.commands.table import Command, Parameter, ParameterKind
from bot.content import Field, Form, Paragraph, Reply
from bot.plaintext import one_line, shortened
from bot.platforms.slack.escape import Json, own, plain_text, rich_text, section, text_element
from bot.platforms.slack.ids import ARGUMENTS, FORM, REPLY, Origin, Sheet
from bot.platforms.slack.layout import MOST_IN_VIEW
from bot.platforms.slack.render import view_blocks

TITLE = 24
LABEL, HINT = 1_000, 150
OPTION_TEXT, OPTION_VALUE, MOST_OPTIONS = 75, 150, 100
LONGEST_TEXT = 3_000
WHOLE_TITLE = 600

TEXT_FILES = ["csv", "tsv", "json", "jsonl", "txt", "md"]


COMPLETION = re.compile(r"reading-complete-(?P<parameter>[\w-]+)")
"""The `action_id` of a field whose options are looked up."""

PASTED = "pasted-"
"""Before the name of a file's parameter: the field into which its text may be pasted instead."""

_FIELD = "reading-field-"
_REFUSAL = "reading-refusal"


def modal_of(form: Form, origin: Origin) -> Json:
    """Return a form as a modal."""
    inputs = [_input(field.name, field.label, _element(field), optional=not field.required) for field in form.fields]
    return _modal(FORM, form.title, Sheet(form.action, form.target, origin), inputs)


def arguments_modal(command: Command, given: Mapping[str, str], origin: Origin) -> Json:
    """Return a modal that asks for a command's arguments, filled with those that were given."""
    inputs: list[Json] = []
    for parameter in command.parameters:
        label = f"{parameter.name.capitalize()}: {parameter.help}"
        is_file = parameter.kind is ParameterKind.ATTACHMENT
        element = _argument(parameter, given.get(parameter.name, ""))
        inputs.append(_input(parameter.name, label, element, optional=is_file or not parameter.required))
        if is_file:
            pasted: Json = {"type": "plain_text_input", "multiline": True, "max_length": LONGEST_TEXT}
            inputs.append(_input(f"{PASTED}{parameter.name}", "Or paste its text here", pasted, optional=True))
    return _modal(ARGUMENTS, command.help, Sheet(command.full_name, "", origin), inputs)


def reply_modal(reply: Reply, origin: Origin) -> Json:
    """Return a reply as a modal, for whoever is not in a channel."""
    blocks = view_blocks(reply.blocks or (Paragraph("Done."),), MOST_IN_VIEW, origin.channel)
    return {
        "type": "modal",
        "callback_id": REPLY,
        "title": plain_text("Reading group", TITLE),
        "close": plain_text("Close", TITLE),
        "private_metadata": Sheet("", "", origin).metadata,
        "blocks": blocks,
    }


def with_refusal(view: Mapping[str, Any], sentence: str) -> Json:
    """Return a submitted modal again, with why nothing was done above it; Slack keeps what was filled in."""
    kept = {name: view[name] for name in ("type", "callback_id", "title", "submit", "close", "private_metadata")}
    told = rich_text(section(text_element("⚠️ "), *own(sentence)))
    blocks = [block for block in view["blocks"] if block.get("block_id") != _REFUSAL]
    return {**kept, "blocks": [{**told, "block_id": _REFUSAL}, *blocks]}


def refused_fields(view: Mapping[str, Any], sentence: str) -> dict[str, str]:
    """Return a refusal by the field that it begins with the name of, as in `zone: …`, or nothing."""
    name, colon, why = sentence.partition(": ")
    block = f"{_FIELD}{name}"
    return {block: why} if colon and any(one.get("block_id") == block for one in view["blocks"]) else {}


def missing_file(parameter: str) -> dict[str, str]:
    """Return the refusal of a form without the file that it asks for."""
    return {f"{_FIELD}{parameter}": "Choose a file, or paste its text below."}


def filled_in(view: Mapping[str, Any]) -> dict[str, str]:
    """Return the values of a submitted modal's fields; of what was left empty, an empty text."""
    return {
        block.removeprefix(_FIELD): _value(state)
        for block, states in view["state"]["values"].items()
        for state in states.values()
        if block.startswith(_FIELD) and state.get("type") != "file_input"
    }


def files_in(view: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return Slack's description of each file in a submitted modal, by field."""
    return {
        block.removeprefix(_FIELD): state["files"][0]
        for block, states in view["state"]["values"].items()
        for state in states.values()
        if block.startswith(_FIELD) and state.get("type") == "file_input" and state.get("files")
    }


def option(text: str, value: str) -> Json:
    """Return an option of a select."""
    return {"text": plain_text(text, OPTION_TEXT), "value": value[:OPTION_VALUE]}


def _value(state: Mapping[str, Any]) -> str:
    match state.get("type"):
        case "static_select" | "external_select":
            return str((state.get("selected_option") or {}).get("value", ""))
        case "users_select":
            return str(state.get("selected_user") or "")
        case "conversations_select":
            return str(state.get("selected_conversation") or "")
        case "datepicker":
            return str(state.get("selected_date") or "")
        case _:
            return str(state.get("value") or "")


def _modal(callback_id: str, title: str, sheet: Sheet, inputs: Sequence[Json]) -> Json:
    shown = one_line(title)
    whole = [] if len(shown) <= TITLE else [rich_text(section(text_element(shortened(shown, WHOLE_TITLE), "bold")))]
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain_text("Reading group" if whole else shown, TITLE),
        "submit": plain_text("Send", TITLE),
        "close": plain_text("Cancel", TITLE),
        "private_metadata": sheet.metadata,
        "blocks": [*whole, *inputs],
    }


def _input(name: str, label: str, element: Json, *, optional: bool) -> Json:
    return {
        "type": "input",
        "block_id": f"{_FIELD}{name}",
        "label": plain_text(label, LABEL),
        "element": {"action_id": name, **element},
        "optional": optional,
    }


def _element(field: Field) -> Json:
    if field.options:
        return _select(field.options, field.value)
    value = field.value[:LONGEST_TEXT]
    most = min(max(field.limit, len(value)), LONGEST_TEXT)
    return _text(value, long=field.long) | {"max_length": most}


def _text(value: str, *, long: bool = False) -> Json:
    given = {"initial_value": value[:LONGEST_TEXT]} if value else {}
    return {"type": "plain_text_input", "multiline": long, **given}


def _select(options: Sequence[str], value: str) -> Json:
    made = [option(one, one) for one in options[:MOST_OPTIONS]]
    chosen = next((made[number] for number, one in enumerate(options[:MOST_OPTIONS]) if one == value), None)
    return {"type": "static_select", "options": made, **({"initial_option": chosen} if chosen else {})}


def _argument(parameter: Parameter, given: str) -> Json:
    if parameter.choices:
        return _select(parameter.choices, given.lower())
    match parameter.kind:
        case ParameterKind.MEMBER:
            return {"type": "users_select", **({"initial_user": given} if given else {})}
        case ParameterKind.CHANNEL:
            which = {"include": ["public", "private"], "exclude_bot_users": True}
            chosen = {"initial_conversation": given} if given else {}
            return {"type": "conversations_select", "filter": which, **chosen}
        case ParameterKind.DATE:
            return {"type": "datepicker", **({"initial_date": given} if _is_date(given) else {})}
        case ParameterKind.ATTACHMENT:
            return {"type": "file_input", "filetypes": TEXT_FILES, "max_files": 1}
        case kind if kind in COMPLETED:
            element: Json = {"type": "external_select", "action_id": f"reading-complete-{parameter.name}"}
            return element | {"min_query_length": 0} | ({"initial_option": option(given, given)} if given else {})
        case _:
            return _text(given)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
