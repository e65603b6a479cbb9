"""Plain lines as blocks: which lines are headings, and which belong together as one paragraph.

Lines are `Paragraph`s whose text may be empty (a blank line) or indented.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bot.importing.document import Block, Heading, Paragraph, one_line
from bot.importing.headings import find_headings
from bot.importing.marks import ENDS_ASKING, ITEM

LONGEST_WRAPPED = 120
"""Characters of a line; where more than a tenth of the lines are longer, every line is a paragraph of its own."""

_SHORTEST_WRAPPED = 50
_NEARLY_FULL = 0.8
"""A line goes on in the next one if the next one's first word would have brought it beyond this share of the width."""

_UNDERLINE = re.compile(r"\s*([=~^*_-])\1{2,}\s*")


def blocks_of_lines(
    lines: Sequence[Paragraph], known: Mapping[int, int] | None = None, *, hyphenated: bool = False
) -> list[Block]:
    """Return the headings and paragraphs of lines.

    `known` gives the levels of the lines, by index, that are known to be headings; without it they are found as
    `find_headings` says. With `hyphenated`, a hyphen at the end of a line that goes on in lower case is taken away.
    """
    found = find_headings(lines) if not known else None
    levels = found.levels if found else known or {}
    left_out = found.left_out if found else frozenset()
    width = _width(lines)
    blocks: list[Block] = []
    run: list[Paragraph] = []
    for index, line in enumerate(lines):
        drop = index in left_out or _UNDERLINE.fullmatch(line.text) is not None
        if not line.text.strip() or drop or index in levels:
            blocks += _paragraphs(run, width, hyphenated=hyphenated)
            run = []
        if index in levels and index not in left_out:
            blocks.append(Heading(one_line(line.text), levels[index], line.place))
        elif line.text.strip() and not drop:
            run.append(line)
    return blocks + _paragraphs(run, width, hyphenated=hyphenated)


def _width(lines: Sequence[Paragraph]) -> int:
    """Return the width at which lines are broken, or 0 if they are not."""
    lengths = sorted(len(line.text) for line in lines if line.text.strip())
    if not lengths or sum(length > LONGEST_WRAPPED for length in lengths) > len(lengths) / 10:
        return 0
    width = min(lengths[int(len(lengths) * 0.95)] if len(lengths) > 20 else lengths[-1], LONGEST_WRAPPED)
    return width if width >= _SHORTEST_WRAPPED else 0


def _paragraphs(run: Sequence[Paragraph], width: int, *, hyphenated: bool) -> list[Paragraph]:
    joined: list[Paragraph] = []
    previous = ""
    for line in run:
        if joined and _goes_on(previous, line.text, width):
            text = _joined(joined[-1].text, line.text.strip(), hyphenated=hyphenated)
            joined[-1] = Paragraph(text, joined[-1].place)
        else:
            joined.append(Paragraph(one_line(line.text), line.place))
        previous = line.text
    return joined


def _goes_on(line: str, following: str, width: int) -> bool:
    if not width or ENDS_ASKING.search(line.rstrip()) or ITEM.match(following):
        return False
    return len(line.rstrip()) + 1 + len(following.split()[0]) > _NEARLY_FULL * width


def _joined(text: str, more: str, *, hyphenated: bool) -> str:
    if re.search(r"[^\W\d_]-$", text) and more[:1].islower():
        return (text[:-1] if hyphenated else text) + one_line(more)
    return f"{text} {one_line(more)}"
