"""Plain text that is fit to be shown: nothing in it steers what stands around it, and there is something to see."""

from __future__ import annotations

import codecs
import re
import unicodedata

_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that turn the direction of what follows."""

_LINE_BREAKS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_HALVES = re.compile("[\ud800-\udfff]")

NOTHING = "(nothing that can be shown)"
"""What stands for a text without a visible character."""


def neutral(text: str) -> str:
    """Return a text without what steers its surroundings, with ordinary line breaks."""
    return _STEERING.sub("", _HALVES.sub("\ufffd", _LINE_BREAKS.sub("\n", text)))


def cleaned(text: str) -> str:
    """Return a text likewise, with something to see unless there is none of it."""
    kept = neutral(text)
    return kept if any(map(_visible, kept)) or not text else NOTHING


def one_line(text: str) -> str:
    """Return a text on one line, with something to see."""
    return " ".join(cleaned(text).split())


def shortened(text: str, limit: int) -> str:
    """Return a text cut to a limit, with an ellipsis where something is missing."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def decoded(content: bytes) -> str | None:
    """Return the text of a file in UTF-8, or in UTF-16 if it says so, or None if it is no such text."""
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _visible(char: str) -> bool:
    return not char.isspace() and unicodedata.category(char) not in ("Cc", "Cf", "Cn", "Zs", "Zl", "Zp")
