"""From plain text to Discord's Markdown, so that nobody's words pass for the bot's layout.

What text may mean to Discord: https://support.discord.com/hc/en-us/articles/210298617
"""

from __future__ import annotations

import re

from bot.plaintext import cleaned, neutral, one_line

_MARKS = re.compile(
    r"<(?P<closed>https?://[^\s<>|*`\[\]\\]+)>"
    r"|(?P<url>https?://[^\s<>|*`\[\]\\]+)(?P<open>(?=[<>|*`\[\]\\]))?"
    r"|(?P<mark>[\\*_~`|\[\]<>])"
    r"|^(?P<indent>[ \t]*\d*)(?P<start>[-+#.)])",
    re.MULTILINE,
)
_EVERYBODY = re.compile(r"@(?=everyone|here)")
_SCHEME = re.compile(r"https?://")
_UNSAFE_IN_LINK = {ord(char): f"%{ord(char):02X}" for char in ' ()<>"\\^`{|}\n\r\t'}

LONGEST_ADDRESS = 512


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
    parts = neutral(text).split("`")
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


def _escaped(text: str) -> str:
    return _EVERYBODY.sub("@\u200b", _MARKS.sub(_with_backslash, text))


def _with_backslash(match: re.Match[str]) -> str:
    if match["url"] and match["open"] is None:
        return match["url"]
    if url := match["closed"] or match["url"]:
        # Otherwise the backslash of what follows would be part of the address.
        return f"<{url}>"
    return f"\\{match['mark']}" if match["mark"] else f"{match['indent']}\\{match['start']}"
