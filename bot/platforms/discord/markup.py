"""From plain text to Discord's Markdown, so that nobody's words pass for the bot's layout.

What text may mean to Discord: https://support.discord.com/hc/en-us/articles/210298617
"""

from __future__ import annotations

import re
import unicodedata

_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that turn the direction of what follows."""

_LINE_BREAKS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_HALVES = re.compile("[\ud800-\udfff]")

_MARKS = re.compile(
    r"(?P<url>https?://[^\s<>|*`\[\]\\]+)"
    r"|(?P<mark>[\\*_~`|\[\]<>])"
    r"|^(?P<indent>[ \t]*\d*)(?P<start>[-+#.)])",
    re.MULTILINE,
)
_EVERYBODY = re.compile(r"@(?=everyone|here)")
_SCHEME = re.compile(r"https?://")
_UNSAFE_IN_LINK = {ord(char): f"%{ord(char):02X}" for char in ' ()<>"\\^`{|}\n\r\t'}

LONGEST_ADDRESS = 512

NOTHING = "(nothing that can be shown)"
"""What stands for a text without a visible character."""


def plain(text: str) -> str:
    """Return a text so that Discord shows it as it is: no formatting, no mention, no masked link, no false direction.

    Addresses stay links, as they are for whoever writes them.
    """
    return _escaped(cleaned(text))


def line(text: str) -> str:
    """Return a text likewise, on one line."""
    return plain(one_line(text))


def own(text: str) -> str:
    """Return the bot's own words: commands in backquotes stay code, other marks are shown as they are."""
    parts = _neutral(text).split("`")
    if len(parts) % 2 == 0:
        parts[-2:] = ["`".join(parts[-2:])]
    first, *more = parts
    return _escaped(first) + "".join(
        _escaped(f"`{part}")[2:] if index % 2 else f"`{part}`" for index, part in enumerate(more)
    )


def linked(text: str, url: str) -> str:
    """Return one line of text as a link, or alone if there is no address. An address in the text is no link of its own.

    Discord shows no link whose text is an address.
    """
    target = address(url)
    return f"[{line(_SCHEME.sub('', text))}]({target})" if target else line(text)


def address(url: str) -> str:
    """Return an address so that nothing in it ends the link that it stands in; nothing for one that is too long."""
    target = url.strip().translate(_UNSAFE_IN_LINK)
    return target if len(target) <= LONGEST_ADDRESS else ""


def cleaned(text: str) -> str:
    """Return a text without what steers its surroundings, with ordinary line breaks, and with something to see."""
    kept = _neutral(text)
    return kept if any(map(_visible, kept)) or not text else NOTHING


def one_line(text: str) -> str:
    """Return a text on one line, with something to see."""
    return " ".join(cleaned(text).split())


def shortened(text: str, limit: int) -> str:
    """Return a text cut to a limit, with an ellipsis where something is missing."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def _neutral(text: str) -> str:
    return _STEERING.sub("", _HALVES.sub("\ufffd", _LINE_BREAKS.sub("\n", text)))


def _escaped(text: str) -> str:
    return _EVERYBODY.sub("@\u200b", _MARKS.sub(_with_backslash, text))


def _visible(char: str) -> bool:
    return not char.isspace() and unicodedata.category(char) not in ("Cc", "Cf", "Cn", "Zs", "Zl", "Zp")


def _with_backslash(match: re.Match[str]) -> str:
    if match["url"]:
        return match["url"]
    return f"\\{match['mark']}" if match["mark"] else f"{match['indent']}\\{match['start']}"
