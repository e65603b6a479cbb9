"""From what Slack sends to plain text, as a human reads it.

A message has its rich text, or a `text` with marks such as `<@U123|name>`, in which `&`, `<` and `>` stand as entities
(https://docs.slack.dev/messaging/formatting-message-text/#retrieving-messages).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_MARK = re.compile(r"<(?P<sign>[@#!]?)(?P<what>[^<>|]*)(?:\|(?P<label>[^<>]*))?>")
_GROUP = "subteam^"
_INDENT = "  "


def mentioned_ids(message: Mapping[str, Any]) -> set[str]:
    """Return the ids (U…, W…, C…, S…) that a message mentions and whose names `incoming_text` wants."""
    if blocks := _rich_blocks(message):
        return {str(found) for block in blocks for found in _ids(block)}
    marks = _MARK.finditer(str(message.get("text") or ""))
    return {mark["what"].removeprefix(_GROUP) for mark in marks if mark["sign"] in ("@", "#") or _is_group(mark)}


def incoming_text(message: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return what a message says, verbatim, from its rich text or else its `text`, with `@name` and `#name` for ids.

    `names` are display names by id; what is not in it stays an id unless Slack sent a name along. Files are not in it.
    """
    if blocks := _rich_blocks(message):
        return "\n".join(_lines(block, names) for block in blocks).strip("\n")
    return readable(str(message.get("text") or ""), names)


def readable(text: str, names: Mapping[str, str]) -> str:
    """Return a text with Slack's marks and entities as a human reads it."""
    parts: list[str] = []
    end = 0
    for mark in _MARK.finditer(text):
        parts += [unescaped(text[end : mark.start()]), _named(mark, names)]
        end = mark.end()
    return "".join([*parts, unescaped(text[end:])])


def with_bare_ids(text: str) -> tuple[str, dict[str, str]]:
    """Return a text, still with its entities, in which marks for people and places have no labels, and these by id.

    So no mark has a space in it. Links stand there as they were typed.
    """
    labels: dict[str, str] = {}

    def bare(mark: re.Match[str]) -> str:
        sign, what, label = mark["sign"], mark["what"], mark["label"] or ""
        if not sign:
            return _link(what, label)
        if label:
            labels[what.removeprefix(_GROUP)] = unescaped(label).removeprefix("@").removeprefix("#")
        return f"<{sign}{what}>"

    return _MARK.sub(bare, text), labels


def unescaped(text: str) -> str:
    """Return a text with characters for Slack's three entities."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _named(mark: re.Match[str], names: Mapping[str, str]) -> str:
    sign, what, label = mark["sign"], mark["what"], unescaped(mark["label"] or "")
    match sign:
        case "@" | "#":
            return f"{sign}{names.get(what) or label.removeprefix(sign) or what}"
        case "!" if _is_group(mark):
            return f"@{names.get(what.removeprefix(_GROUP)) or label.removeprefix('@') or what}"
        case "!":
            return label or f"@{what}"
        case _:
            return _link(unescaped(what), label)


def _link(url: str, label: str) -> str:
    """Return a link as it was typed: Slack makes one of `a.example` as well. Other words have it told behind them."""
    typed = (url, url.partition("://")[2], url.removeprefix("mailto:"), url.removeprefix("tel:"))
    return label or url if label in ("", *typed) else f"{label} ({url})"


def _is_group(mark: re.Match[str]) -> bool:
    return mark["sign"] == "!" and mark["what"].startswith(_GROUP)


def _rich_blocks(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [block for block in message.get("blocks") or () if block.get("type") == "rich_text"]


def _ids(part: Mapping[str, Any]) -> Iterator[str]:
    match part.get("type"):
        case "user" | "channel" | "usergroup" as kind:
            yield part.get(f"{kind}_id", "")
        case _:
            for inner in part.get("elements") or ():
                yield from _ids(inner)


def _lines(block: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return a block of rich text; its parts stand on lines of their own."""
    parts: list[str] = []
    for part in block.get("elements") or ():
        said = _inline(part.get("elements") or (), names)
        match part.get("type"):
            case "rich_text_quote":
                parts.append("\n".join(f"> {each}" for each in said.split("\n")))
            case "rich_text_list":
                parts.append(_list(part, names))
            case _:
                # A section before a quote or a list may end in the line break that sets them apart.
                parts.append(said.removesuffix("\n"))
    return "\n".join(parts)


def _list(part: Mapping[str, Any], names: Mapping[str, str]) -> str:
    first = int(part.get("offset") or 0) + 1
    indent = _INDENT * int(part.get("indent") or 0)
    items = [_inline(item.get("elements") or (), names) for item in part.get("elements") or ()]
    ordered = part.get("style") == "ordered"
    marks = (f"{number}." if ordered else "•" for number in range(first, first + len(items)))
    return "\n".join(f"{indent}{mark} {item}" for mark, item in zip(marks, items, strict=True))


def _inline(elements: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> str:
    return "".join(_element(element, names) for element in elements)


def _element(element: Mapping[str, Any], names: Mapping[str, str]) -> str:
    match element.get("type"):
        case "user" | "usergroup" as kind:
            mentioned = str(element.get(f"{kind}_id", ""))
            return f"@{names.get(mentioned) or mentioned}"
        case "channel":
            mentioned = str(element.get("channel_id", ""))
            return f"#{names.get(mentioned) or mentioned}"
        case "broadcast":
            return f"@{element.get('range', '')}"
        case "emoji":
            return _emoji(element)
        case "link":
            return _link(str(element.get("url", "")), str(element.get("text") or ""))
        case "date":
            return str(element.get("fallback") or element.get("timestamp", ""))
        case "color":
            return str(element.get("value", ""))
        case _:
            return str(element.get("text", ""))


def _emoji(element: Mapping[str, Any]) -> str:
    """Return an emoji as a character if it is one of Unicode's, otherwise by its name in the workspace."""
    try:
        return "".join(chr(int(code, 16)) for code in str(element["unicode"]).split("-"))
    except (KeyError, ValueError, OverflowError):
        return f":{element.get('name', '')}:"
