"""What Slack's message field makes of what somebody types: rich text blocks, and the same as marked-up text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .state import Json, Team

EMOJI = {
    "+1": "1f44d",
    "-1": "1f44e",
    "heart": "2764-fe0f",
    "joy": "1f602",
    "shrug": "1f937",
    "smile": "1f604",
    "tada": "1f389",
    "thinking_face": "1f914",
}
_BY_CHARACTER = {"".join(chr(int(part, 16)) for part in code.split("-")): name for name, code in EMOJI.items()}
_PIECES = re.compile(
    r"<@(?P<user>[UW][A-Z0-9]+)>"
    r"|<#(?P<channel>C[A-Z0-9]+)>"
    r"|<!subteam\^(?P<group>S[A-Z0-9]+)>"
    r"|(?<!\w)@(?P<everybody>channel|here|everyone)\b"
    r"|(?P<url>https?://[^\s<>|]*[^\s<>|.,;:!?)'\"])"
    r"|(?<!\w):(?P<emoji>[a-z0-9_+-]+):(?!\w)"
    r"|`(?P<code>[^`\n]+)`"
    r"|(?<![\w*])\*(?P<bold>[^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])"
    r"|(?<![\w_])_(?P<italic>[^\s_](?:[^_\n]*[^\s_])?)_(?![\w_])"
    r"|(?<![\w~])~(?P<strike>[^\s~](?:[^~\n]*[^\s~])?)~(?![\w~])"
    rf"|(?P<character>{'|'.join(map(re.escape, _BY_CHARACTER))})"
)
_FENCE = re.compile(r"```\n?(.*?)\n?```", re.DOTALL)
UNDONE = ("emoji", "character", "code", "bold", "italic", "strike")
_MARKS = {"code": "`", "bold": "*", "italic": "_", "strike": "~"}


def escaped(text: str) -> str:
    """Text with the three characters replaced that Slack replaces."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def compose(team: Team, block_id: str, typed: str, *, plainly: bool = False) -> tuple[str, list[Json]]:
    """Return the message's `text` and its `blocks`.

    Mentions are typed as `<@U…>`, `<#C…>` and `@channel`, as if they were picked from what the field suggests; what
    names nobody stays as it was typed. `plainly` undoes what the field makes of emoji's names and of marks.
    """
    parts: list[Json] = []
    text = ""
    for number, piece in enumerate([typed] if plainly else _FENCE.split(typed)):
        if number % 2:
            parts.append({"type": "rich_text_preformatted", "elements": [{"type": "text", "text": piece}], "border": 0})
            text += f"```{escaped(piece)}```"
        elif piece:
            elements = list(_elements(team, piece, plainly=plainly))
            parts.append({"type": "rich_text_section", "elements": elements})
            text += "".join(marked_up(element) for element in elements)
    return text, [{"type": "rich_text", "block_id": block_id, "elements": parts}]


def _elements(team: Team, typed: str, *, plainly: bool) -> Iterator[Json]:
    plain, place = "", 0
    for found in _PIECES.finditer(typed):
        element = _element(team, found)
        if element is None or (plainly and found.lastgroup in UNDONE):
            continue
        plain += typed[place : found.start()]
        place = found.end()
        if plain:
            yield {"type": "text", "text": plain}
        plain = ""
        yield element
    plain += typed[place:]
    if plain:
        yield {"type": "text", "text": plain}


def _element(team: Team, found: re.Match[str]) -> Json | None:
    kind = found.lastgroup or ""
    value = found[kind]
    match kind:
        case "user" if value in team.users:
            return {"type": "user", "user_id": value}
        case "channel" if value in team.channels:
            return {"type": "channel", "channel_id": value}
        case "group" if value in team.usergroups:
            return {"type": "usergroup", "usergroup_id": value}
        case "everybody":
            return {"type": "broadcast", "range": value}
        case "url":
            return {"type": "link", "url": value}
        case "emoji" if value in EMOJI:
            return {"type": "emoji", "name": value, "unicode": EMOJI[value]}
        case "character":
            name = _BY_CHARACTER[value]
            return {"type": "emoji", "name": name, "unicode": EMOJI[name]}
        case "code" | "bold" | "italic" | "strike":
            return {"type": "text", "text": value, "style": {kind: True}}
        case _:
            return None


def marked_up(element: Json) -> str:
    """An element of rich text as Slack writes it in `text`."""
    match element["type"]:
        case "text":
            marks = [_MARKS[name] for name, on in element.get("style", {}).items() if on and name in _MARKS]
            return "".join(marks) + escaped(element["text"]) + "".join(reversed(marks))
        case "user":
            return f"<@{element['user_id']}>"
        case "channel":
            return f"<#{element['channel_id']}|>"
        case "usergroup":
            return f"<!subteam^{element['usergroup_id']}>"
        case "broadcast":
            return f"<!{element['range']}>"
        case "link":
            words = element.get("text")
            return f"<{escaped(element['url'])}|{escaped(words)}>" if words else f"<{escaped(element['url'])}>"
        case "emoji":
            return f":{element['name']}:"
        case _:
            return ""


def as_text(blocks: list[Json]) -> str:
    """Blocks of a message without `text`, as the fallback that Slack makes of them."""
    lines = []
    for block in blocks:
        for part in block.get("elements", []) if block["type"] == "rich_text" else []:
            lines += ["".join(map(marked_up, part.get("elements", [])))]
        if "text" in block and isinstance(block["text"], dict):
            lines.append(block["text"]["text"])
    return "\n".join(filter(None, lines))
