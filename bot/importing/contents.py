"""A table of contents in plain lines, and the headings that it leads to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.importing.marks import ITEM

_CALLED = re.compile(
    r"\s*(?:table of contents|contents|inhalt(?:sverzeichnis)?|sommaire|[ií]ndice|indice)\s*:?\s*", re.I
)
_SEARCHED = 300
"""Lines from the beginning among which a table of contents is looked for."""

_FEWEST, _FEWEST_UNNAMED = 2, 4
_MOST_MISSES = 2
_LONGEST_ENTRY = 120
_LEADER = re.compile(r"(?:\s*\.{2,}\s*|\s{2,}|\t+|\s*…+\s*)\d+\s*$")
_NUMBER = re.compile(r"\s*(?:(?:chapter|part|section)\s+)?(\d+(?:\.\d+)*)[.):]?\s+", re.I)


@dataclass(frozen=True, slots=True)
class Contents:
    """Levels of the headings by the index of their line, and the indices of the table's own lines."""

    levels: Mapping[int, int]
    left_out: frozenset[int]


def find_contents(texts: Sequence[str]) -> Contents | None:
    """Return the headings that a table of contents announces, or None if there is no such table."""
    later = _places(texts)
    for start in range(min(len(texts), _SEARCHED)):
        named = _CALLED.fullmatch(texts[start]) is not None
        begin = start + 1 if named else start
        entries = _entries(texts, begin, later)
        found = _headings(texts, entries, later)
        enough = len(found) >= (_FEWEST if named else _FEWEST_UNNAMED) and len(found) * 2 > len(entries)
        if enough and _have_text_between(texts, found):
            table = range(start, entries[-1] + 1)
            return Contents(_levels(texts, found), frozenset(table))
    return None


def _places(texts: Sequence[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for index, text in enumerate(texts):
        if key := _key(text):
            places.setdefault(key, []).append(index)
    return places


def _entries(texts: Sequence[str], begin: int, later: Mapping[str, Sequence[int]]) -> list[int]:
    """Return the lines of a table that begins at a line: up to the first that repeats one or leads nowhere."""
    entries: list[int] = []
    first, misses = "", 0
    for index in range(begin, len(texts)):
        if not texts[index].strip():
            continue
        key = _key(texts[index])
        if not key or (entries and key == first):
            break
        leads = later[key][-1] > index if key in later else False
        misses = 0 if leads else misses + 1
        if misses > _MOST_MISSES or (misses and not entries):
            break
        entries.append(index)
        first = first or key
    return entries[: len(entries) - misses] if misses else entries


def _headings(
    texts: Sequence[str], entries: Sequence[int], later: Mapping[str, Sequence[int]]
) -> list[tuple[int, int]]:
    """Return pairs of a table's line and the line that it leads to, both in order."""
    found: list[tuple[int, int]] = []
    after = entries[-1] if entries else 0
    for entry in entries:
        place = next((index for index in later.get(_key(texts[entry]), ()) if index > after), None)
        if place is not None:
            found.append((entry, place))
            after = place
    return found


def _have_text_between(texts: Sequence[str], found: Sequence[tuple[int, int]]) -> bool:
    """Return whether most headings lead somewhere; lines that only come again together are a refrain."""
    empty = sum(_adjoin(texts, place, following) for (_, place), (_, following) in pairwise(found))
    return empty * 2 <= len(found)


def _adjoin(texts: Sequence[str], place: int, following: int) -> bool:
    return not any(map(str.strip, texts[place + 1 : following]))


def _levels(texts: Sequence[str], found: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Return the headings' levels: by the table's numbers, else by its indents.

    Where it has neither, a heading that another follows at once is a chapter, and the others stand in chapters.
    """
    numbers = [_NUMBER.match(texts[entry]) for entry, _ in found]
    if all(numbers):
        return {place: match[1].count(".") + 1 for match, (_, place) in zip(numbers, found, strict=True) if match}
    indents = [len(texts[entry]) - len(texts[entry].lstrip()) for entry, _ in found]
    steps = sorted(set(indents))
    if len(steps) > 1:
        return {place: steps.index(indent) + 1 for indent, (_, place) in zip(indents, found, strict=True)}
    places = [place for _, place in found]
    chapters = {place for place, following in pairwise(places) if _adjoin(texts, place, following)}
    return {place: 1 if place in chapters or not chapters else 2 for place in places}


def _key(text: str) -> str:
    if len(text := text.strip()) > _LONGEST_ENTRY:
        return ""
    plain = _LEADER.sub("", text)
    plain = _NUMBER.sub("", ITEM.sub("", plain, count=1))
    return " ".join(plain.split()).casefold().rstrip(":")
