"""Slack's rules for blocks, views and metadata: what is wrong is said with Slack's own error codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from .checker import Checker
from .elements import ACCESSORIES, IN_ACTIONS, INPUTS, check_element, image
from .errors import SlackError, invalid_arguments, invalid_blocks
from .state import Json

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
# Undocumented; measured by others as about 13,200 characters of text, with something for each container.
MOST_TEXT, PER_BLOCK = 13_200, 100
METADATA_BYTES = 12_000
STYLES = {"bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink"}
INLINE: dict[str, tuple[str, str]] = {
    "text": ("text", "style"),
    "link": ("url", "text style unsafe"),
    "user": ("user_id", "style"),
    "usergroup": ("usergroup_id", "style"),
    "channel": ("channel_id", "style"),
    "emoji": ("name", "unicode skin_tone style url"),
    "broadcast": ("range", "style"),
    "date": ("timestamp format", "url fallback style"),
    "color": ("value", "style"),
}
Rule = Callable[[Checker, Json, str], None]


def check_message_blocks(blocks: Any) -> list[Json]:
    """Blocks of a message; raises SlackError `invalid_blocks_format`, `invalid_blocks` or `msg_blocks_too_long`."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise SlackError("invalid_blocks_format")
    checker = Checker()
    _blocks(checker, blocks, "/blocks", MESSAGE_BLOCKS)
    if checker.problems:
        raise invalid_blocks(checker.problems)
    if sum(map(_text_in, blocks)) + PER_BLOCK * len(blocks) > MOST_TEXT:
        raise SlackError("msg_blocks_too_long")
    return blocks


def _text_in(value: Any) -> int:
    if isinstance(value, list):
        return sum(map(_text_in, value))
    if isinstance(value, dict):
        own = sum(len(value[name]) for name in ("text", "alt_text", "url") if isinstance(value.get(name), str))
        return own + sum(_text_in(inner) for inner in value.values() if isinstance(inner, dict | list))
    return 0


def _blocks(checker: Checker, blocks: list[Json], where: str, most: int) -> None:
    if len(blocks) > most:
        checker.wrong(where, f"no more than {most} items allowed")
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        place = f"{where}/{number}"
        checker.optional_length(block, "block_id", place, 255)
        block_id = block.get("block_id")
        if block_id and block_id in seen:
            checker.wrong(f"{place}/block_id", f'block_id "{block_id}" already exists')
        seen.add(block_id or "")
        rule = RULES.get(block.get("type", ""))
        if rule is None:
            checker.wrong(f"{place}/type", f"unsupported type: {block.get('type')}")
        else:
            rule(checker, block, place)


def _header(checker: Checker, it: Json, where: str) -> None:
    if checker.fields(it, where, "text", "block_id level"):
        checker.text(it["text"], f"{where}/text", 150)


def _section(checker: Checker, it: Json, where: str) -> None:
    checker.fields(it, where, "", "text fields accessory block_id expand")
    if "text" not in it and "fields" not in it:
        checker.wrong(where, "must define either `text` or `fields`")
    if "text" in it:
        checker.text(it["text"], f"{where}/text", 3000, plain=False)
    if "fields" in it:
        checker.items(it, "fields", where, 10, lambda field, place: checker.text(field, place, 2000, plain=False))
    if "accessory" in it:
        check_element(checker, it["accessory"], f"{where}/accessory", ACCESSORIES)


def _context(checker: Checker, it: Json, where: str) -> None:
    def element(inner: Json, place: str) -> None:
        if inner.get("type") == "image":
            image(checker, inner, place)
        else:
            checker.text(inner, place, plain=False)

    if checker.fields(it, where, "elements", "block_id"):
        checker.items(it, "elements", where, 10, element)


def _actions(checker: Checker, it: Json, where: str) -> None:
    if not checker.fields(it, where, "elements", "block_id"):
        return
    checker.items(it, "elements", where, 25, lambda inner, place: check_element(checker, inner, place, IN_ACTIONS))
    ids = [inner.get("action_id") for inner in it["elements"] if isinstance(inner, dict) and inner.get("action_id")]
    for repeated in {one for one in ids if ids.count(one) > 1}:
        checker.wrong(f"{where}/elements", f'action_id "{repeated}" already exists for another element')


def _input(checker: Checker, it: Json, where: str) -> None:
    if checker.fields(it, where, "label element", "block_id hint optional dispatch_action"):
        checker.text(it["label"], f"{where}/label", 2000)
        check_element(checker, it["element"], f"{where}/element", INPUTS)
    checker.plain(it, "hint", where, 2000)


def _markdown(checker: Checker, it: Json, where: str) -> None:
    if checker.fields(it, where, "text", "block_id"):
        checker.length(it["text"], f"{where}/text", 12_000)


def _rich_text(checker: Checker, it: Json, where: str) -> None:
    def part(inner: Json, place: str) -> None:
        kind = inner.get("type")
        if kind == "rich_text_list":
            if checker.fields(inner, place, "style elements", "indent offset border"):
                checker.items(inner, "elements", place, 500, partial(_inline_parts, checker))
            if inner.get("style") not in {"bullet", "ordered"}:
                checker.wrong(f"{place}/style", "must be a valid enum value")
        elif kind in {"rich_text_section", "rich_text_quote", "rich_text_preformatted"}:
            _inline_parts(checker, inner, place)
        else:
            checker.wrong(place, f"unsupported type: {kind}")

    if checker.fields(it, where, "elements", "block_id"):
        checker.items(it, "elements", where, 500, part)


def _inline_parts(checker: Checker, it: Json, where: str) -> None:
    if not checker.fields(it, where, "elements", "border language"):
        return
    for number, inner in enumerate(it["elements"]):
        place = f"{where}/elements/{number}"
        rule = INLINE.get(inner.get("type", ""))
        if rule is None:
            checker.wrong(place, f"unsupported type: {inner.get('type')}")
            continue
        checker.fields(inner, place, *rule)
        for name in ("text", "url"):
            if name in inner:
                checker.length(inner[name], f"{place}/{name}", 40_000)
        if not set(inner.get("style", {})) <= STYLES:
            checker.wrong(f"{place}/style", "invalid additional property")


def _image_block(checker: Checker, it: Json, where: str) -> None:
    checker.fields(it, where, "alt_text", "image_url slack_file title block_id")
    image(checker, it, where)


def _divider(checker: Checker, it: Json, where: str) -> None:
    checker.fields(it, where, "", "block_id")


RULES: dict[str, Rule] = {
    "actions": _actions,
    "context": _context,
    "divider": _divider,
    "header": _header,
    "image": _image_block,
    "input": _input,
    "markdown": _markdown,
    "rich_text": _rich_text,
    "section": _section,
}


def check_view(view: Any, kind: str) -> Json:
    """A modal or a home tab; raises SlackError `invalid_arguments`."""
    if not isinstance(view, dict):
        raise invalid_arguments("must be an object [json-pointer:/view]")
    checker = Checker()
    checker.fields(
        view,
        "/view",
        "blocks title" if kind == "modal" else "blocks",
        "title submit close callback_id private_metadata external_id clear_on_close notify_on_close submit_disabled",
    )
    if view.get("type") != kind:
        checker.wrong("/view/type", f"must be {kind}")
    for name in ("title", "submit", "close"):
        checker.plain(view, name, "/view", 24)
    checker.optional_length(view, "private_metadata", "/view", 3000)
    checker.optional_length(view, "callback_id", "/view", 255)
    checker.optional_length(view, "external_id", "/view", 255)
    blocks = view.get("blocks") or []
    _blocks(checker, blocks, "/view/blocks", VIEW_BLOCKS)
    if kind == "modal" and not view.get("submit") and any(block.get("type") == "input" for block in blocks):
        checker.wrong("/view/submit", "missing required field: submit")
    if checker.problems:
        raise invalid_arguments(*checker.problems)
    return view


def check_metadata(metadata: Any) -> Json | None:
    """A message's metadata; an empty object takes it away. Raises SlackError."""
    if metadata is None or metadata == {}:
        return None
    if not isinstance(metadata, dict) or set(metadata) - {"event_type", "event_payload"}:
        raise SlackError("invalid_metadata_format")
    if not metadata.get("event_type") or not isinstance(metadata.get("event_payload"), dict):
        raise SlackError("invalid_metadata_format")
    payload = metadata["event_payload"]
    if any(isinstance(value, list) and any(isinstance(i, dict) for i in value) for value in payload.values()):
        raise SlackError("invalid_metadata_schema")
    if len(json.dumps(metadata).encode()) > METADATA_BYTES:
        raise SlackError("metadata_too_large")
    return metadata
