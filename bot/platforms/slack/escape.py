"""From plain text to Slack's blocks and texts, so that nobody's words pass for the bot's layout, nor ping anybody.

In rich text nothing is a mark: what a text element holds is shown as it is. Elsewhere `&`, `<` and `>` steer
(https://docs.slack.dev/messaging/formatting-message-text/#escaping), and in plain text objects an emoji's short name
becomes the emoji unless that is switched off.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from bot.plaintext import cleaned, neutral, one_line, shortened

Json: TypeAlias = dict[str, Any]

LONGEST_ADDRESS = 1_000

_EVERYBODY = re.compile(r"@(?=everyone|channel|here)", re.IGNORECASE)
_UNSAFE_IN_ADDRESS = {ord(char): f"%{ord(char):02X}" for char in ' <>"\\^`{|}\n\r\t'}
_COMMAND = re.compile(r"/(reading(?:-host)?)\b")


def escaped(text: str) -> str:
    """Return a text for a notification: nothing in it is a mention, a link or a command of Slack's."""
    plain = neutral(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _EVERYBODY.sub("@\u200b", plain)


def plain_text(text: str, limit: int) -> Json:
    """Return a text object of one line that shows a text as it is."""
    return {"type": "plain_text", "text": shortened(one_line(text), limit) or "—", "emoji": False}


def text_element(text: str, *styles: str) -> Json:
    """Return a rich text element that shows a text as it is, in styles such as `bold` or `code`."""
    element: Json = {"type": "text", "text": text}
    return element | ({"style": dict.fromkeys(styles, True)} if styles else {})


def plain(text: str, *styles: str) -> list[Json]:
    """Return a text as rich text elements that show it as it is."""
    return [text_element(shown, *styles)] if (shown := cleaned(text)) else []


def line(text: str, *styles: str) -> list[Json]:
    """Return a text likewise, on one line."""
    return plain(one_line(text), *styles)


def own(text: str, spoken: str = "") -> list[Json]:
    """Return the bot's own words: commands in backquotes become code, all else is shown as it is.

    Where slash commands do not work, `spoken` is the bot's name, and commands are shown as they are written to it.
    """
    return [
        text_element(as_typed(part, spoken), "code") if is_code else text_element(part)
        for is_code, part in _parts(neutral(text))
    ]


def own_line(text: str, spoken: str = "") -> list[Json]:
    """Return the bot's own words on one line; a line that begins with a command is nothing else."""
    said = " ".join(neutral(text).split())
    is_command = _COMMAND.match(said) is not None and "`" not in said
    return [text_element(as_typed(said, spoken), "code")] if is_command else own(said, spoken)


def _parts(text: str) -> list[tuple[bool, str]]:
    """Return a text's parts, with whether each stands in backquotes. One that is never closed is an ordinary mark.

    No two parts in a row are ordinary, as each makes an element, of which a message can take only so many.
    """
    parts = text.split("`")
    if len(parts) % 2 == 0:
        parts[-2:] = ["`".join(parts[-2:])]
    found: list[tuple[bool, str]] = []
    for index, part in enumerate(parts):
        is_code = index % 2 == 1 and bool(part.strip()) and "\n" not in part
        shown = part if is_code or index % 2 == 0 else f"`{part}`"
        if found and not is_code and not found[-1][0]:
            shown = found.pop()[1] + shown
        if shown:
            found.append((is_code, shown))
    return found


def as_typed(text: str, name: str) -> str:
    """Return a text that begins with a command as that is written to a bot of that name: `@bot today`."""
    match = _COMMAND.match(text) if name else None
    if match is None:
        return text
    root = "" if match[1] == "reading" else f" {match[1]}"
    return f"@{name}{root}{text[match.end() :]}"


def linked(text: str, url: str) -> list[Json]:
    """Return one line of text as a link, or alone if there is no address."""
    target = address(url)
    shown = one_line(text)
    return [{"type": "link", "url": target, "text": shown}] if target and shown else line(text)


def address(url: str) -> str:
    """Return an address so that nothing in it ends the link that it stands in; nothing for what is none."""
    target = url.strip().translate(_UNSAFE_IN_ADDRESS)
    is_one = target.lower().startswith(("https://", "http://")) and target.isprintable()
    return target if is_one and len(target) <= LONGEST_ADDRESS else ""


def link_text(label: str, url: str) -> Json | None:
    """Return a text object with a link under the bot's own label, or None if there is no address."""
    target = address(url).replace("&", "&amp;")
    return {"type": "mrkdwn", "text": f"<{target}|{label}>", "verbatim": True} if target else None


def section(*elements: Json) -> Json:
    """Return a line of rich text."""
    return {"type": "rich_text_section", "elements": list(elements)}


def quoted(elements: list[Json]) -> Json:
    """Return somebody's words in rich text."""
    return {"type": "rich_text_quote", "elements": elements}


def rich_text(*parts: Json) -> Json:
    """Return a block of rich text."""
    return {"type": "rich_text", "elements": list(parts)}


def said_in(block: Mapping[str, Any]) -> str:
    """Return what a block that we made says, as plain text."""
    match block:
        case {"type": "rich_text", "elements": elements}:
            return "\n".join(filter(None, (said_in(part) for part in elements)))
        case {"type": "rich_text_list", "elements": items}:
            return "\n".join(f"- {said_in(item)}" for item in items)
        case {"type": "rich_text_quote", "elements": elements}:
            return "\n".join(f"> {each}" for each in "".join(map(said_in, elements)).split("\n"))
        case {"type": "rich_text_section", "elements": elements}:
            return "".join(map(said_in, elements))
        case {"type": "context", "elements": elements}:
            return " · ".join(filter(None, map(said_in, elements)))
        case {"type": "header", "text": {"text": str(text)}} | {"type": "text" | "link" | "plain_text", "text": text}:
            return str(text)
        case _:
            return ""
