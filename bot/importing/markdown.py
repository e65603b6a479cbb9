"""Markdown as blocks, read by markdown-it-py (CommonMark with tables), which gives every block its line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from bot.importing.document import Block, Heading, Paragraph, Place, one_line
from bot.importing.files import missing_extra
from bot.importing.webpage import fragment_blocks

if TYPE_CHECKING:
    from markdown_it.token import Token

LOWEST = 7
"""Level of a heading that is only a line in bold."""

_NUMBERED_HEADING = re.compile(r"^\s*\d{1,3}[.)] ?(#{1,6}\s)", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6}\s+\S", re.MULTILINE)
_LONGEST_BOLD_HEADING = 80
_WIKI_LINK = re.compile(r"\[\[(?:[^\[\]|]+\|)?([^\[\]|]+)\]\]")
_STRAY_MARK = re.compile(r"^(?:\.\s+)?[-*]\s+")
"""What is left of a list item that stands where CommonMark sees no list."""


def looks_like_markdown(text: str) -> bool:
    """Return whether a plain text is Markdown after all: it has two headings that begin with `#`."""
    return len(_HEADING.findall(text)) > 1


def markdown_blocks(text: str, first_line: int = 0) -> list[Block]:
    """Return the headings and paragraphs of a Markdown text; code blocks and what is not shown are left out.

    Lines count from `first_line` + 1. A heading inside a list item counts as a heading, one inside a quote does not. A
    short line in bold alone counts as a heading of the lowest level, unless it ends like a sentence.
    """
    try:
        from markdown_it import MarkdownIt
    except ImportError:
        raise missing_extra("Markdown") from None
    tokens = MarkdownIt("commonmark").enable("table").parse(_NUMBERED_HEADING.sub(r"\1", text))
    return list(_blocks(tokens, first_line))


def _blocks(tokens: Sequence[Token], first_line: int) -> Iterator[Block]:
    quotes, level, place = 0, 0, Place()
    for token in tokens:
        if token.map:
            place = Place(line=first_line + token.map[0] + 1)
        match token.type:
            case "blockquote_open" | "blockquote_close":
                quotes += token.nesting
            case "heading_open":
                level = int(token.tag[1])
            case "heading_close":
                level = 0
            case "inline":
                yield from _inline(token, 0 if quotes else level, place, bold_heads=not quotes)
            case "html_block":
                yield from fragment_blocks(token.content, place)
            case _:
                pass


def _inline(token: Token, level: int, place: Place, *, bold_heads: bool) -> Iterator[Block]:
    children = token.children or []
    text = _WIKI_LINK.sub(r"\1", one_line("".join(map(_shown, children))))
    text = _STRAY_MARK.sub("", text)
    if not text:
        return
    if level:
        yield Heading(text, level, place)
    elif bold_heads and _all_bold(children) and len(text) <= _LONGEST_BOLD_HEADING and text[-1] not in ".?!,;…":
        yield Heading(text.rstrip(":"), LOWEST, place)
    else:
        yield Paragraph(text, place)


def _shown(child: Token) -> str:
    match child.type:
        case "text":
            return child.content
        case "code_inline":
            return f"`{child.content}`"
        case "softbreak" | "hardbreak":
            return " "
        case _:
            return ""


def _all_bold(children: Sequence[Token]) -> bool:
    kinds = [child.type for child in children if child.type != "text" or child.content.strip()]
    return len(kinds) > 2 and kinds[0] == "strong_open" and kinds.index("strong_close") == len(kinds) - 1
