"""Which of a text's plain lines are headings.

Three signs are looked for, the surest first; where one is found, weaker ones are not looked for.

1. A table of contents: lines near the beginning that all stand again further down, in the same order, each alone on its
   line. Those further down are the headings; the table itself is left out of the text.
2. Form: a line that is underlined (=== or ---), numbered (1., 2.3, IV., Chapter 4), all in capitals, or short, in
   title case or set off by blank lines, does not end like a sentence, and is followed by prose or another such line.

The first line is the document's title if it is short and does not end like a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.importing.contents import find_contents
from bot.importing.document import Paragraph
from bot.importing.marks import CLOSING, DASHES, ENDS_ASKING, ENDS_SENTENCE, ITEM

TITLE_LEVEL = 0

_LONGEST_TITLE = 100
_LONGEST = 60
_LONGEST_NUMBERED = 80
_MOST_WORDS = 9
_PROSE_LENGTH = 60
_PROSE_WORDS = 5
_UNDERLINES = {"=": 1, "-": 2, "~": 2, "^": 3}
_UNDERLINE = re.compile(r"\s*([=~^-])\1{2,}\s*")
_ENDS_OPEN = re.compile(rf"[\w%+{CLOSING}]$")
_CHAPTER = re.compile(
    r"(?:chapter|part|section|book|appendix|kapitel|teil|chapitre|partie|cap[ií]tulo|parte|capitolo)\s+"
    rf"(?:\d+|[ivxlc]+|[a-h]|one|two|three|four|five|six|seven|eight|nine|ten)\b[\s.:){DASHES}]*(.{{0,80}})",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(?:(\d{1,2}(?:\.\d{1,2}){0,3})[.)]?|([IVX]{1,5})\.|§\s*\d+)\s+(\S.*)")
_SMALL_WORD = 3
_TITLE_CASE = 0.75


@dataclass(frozen=True, slots=True)
class FoundHeadings:
    """Levels of the lines that are headings, by index, and the lines that are no text: those of a table of contents."""

    levels: Mapping[int, int]
    left_out: frozenset[int] = frozenset()


def find_headings(lines: Sequence[Paragraph]) -> FoundHeadings:
    """Return which lines are headings."""
    texts = [line.text for line in lines]
    contents = find_contents(texts)
    if contents is not None:
        levels, left_out = dict(contents.levels), contents.left_out
    else:
        by_form = _Form(texts)
        levels = {i: level for i in range(len(texts)) if (level := by_form.level(i))}
        left_out = frozenset()
    first = next((i for i, text in enumerate(texts) if text.strip()), 0)
    if texts and first not in left_out and _is_title(texts, first, levels):
        levels[first] = TITLE_LEVEL
    return FoundHeadings(levels, left_out)


def _is_title(texts: Sequence[str], first: int, levels: Mapping[int, int]) -> bool:
    text = texts[first].strip()
    following = texts[first + 1] if first + 1 < len(texts) else ""
    if len(text) > _LONGEST_TITLE or not any(map(str.isalpha, text)):
        return False
    if ITEM.match(text) or _CHAPTER.fullmatch(text) or _NUMBERED.fullmatch(text):
        return False
    alone = not following.strip() or first + 1 in levels or _UNDERLINE.fullmatch(following) is not None
    if text.endswith("?"):
        return alone and any(other.strip() for other in texts[first + 1 :])
    is_open = _ENDS_OPEN.search(text) is not None and following.lstrip()[:1].upper() == following.lstrip()[:1]
    return is_open and any(other.strip() for other in texts[first + 1 :])


class _Form:
    """Tells headings by their form, which depends on the lines around them."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._filled = [i for i, text in enumerate(texts) if text.strip() and not _UNDERLINE.fullmatch(text)]
        self._order = {index: place for place, index in enumerate(self._filled)}

    def level(self, index: int) -> int:
        """Return the level of a line as a heading, from 1; 0 if it is none."""
        text = self._texts[index].strip()
        if index not in self._order or len(text) > _LONGEST_NUMBERED + 20:
            return 0
        if level := self._underlined(index):
            return level
        if (chapter := _CHAPTER.fullmatch(text)) and not ENDS_SENTENCE.search(chapter[1]):
            return 1
        if numbered := _NUMBERED.fullmatch(text):
            return self._numbered(index, numbered)
        return self._short(index, text)

    def _underlined(self, index: int) -> int:
        below = _UNDERLINE.fullmatch(self._near(index, 1))
        if below is None or self._near(index, -1).strip():
            return 0
        long_enough = len(below[0].strip()) >= min(len(self._texts[index].strip()), 10) - 2
        return _UNDERLINES[below[1]] if long_enough else 0

    def _numbered(self, index: int, numbered: re.Match[str]) -> int:
        title, depth = numbered[3], (numbered[1] or "").count(".") + 1
        if len(title) > _LONGEST_NUMBERED or not title[0].isupper() or re.search(r"[.,;:!]$", title):
            return 0
        before, after = _NUMBERED.fullmatch(self._previous(index).strip()), self._following(index).strip()
        following = _NUMBERED.fullmatch(after)
        if before and (before[1] or "").count(".") + 1 >= depth:
            return 0
        deeper = following is not None and (following[1] or "").count(".") + 1 > depth
        return depth if deeper or (following is None and _is_prose(after)) else 0

    def _short(self, index: int, text: str) -> int:
        words = text.split()
        if len(text) > _LONGEST or len(words) > _MOST_WORDS or not text[0].isupper() or not _ENDS_OPEN.search(text):
            return 0
        if text.casefold().startswith("by ") or not _is_prose(self._following(index).strip()):
            return 0
        before = self._near(index, -1).strip()
        if before and not ENDS_SENTENCE.search(before) and self._level_before(index) == 0:
            return 0
        if text.isupper() and sum(map(str.isalpha, text)) > _SMALL_WORD:
            return 1
        alone = not before and not self._near(index, 1).strip()
        return 2 if alone or _in_title_case(words) else 0

    def _level_before(self, index: int) -> int:
        place = self._order[index]
        return 1 if place == 0 or self._texts[self._filled[place - 1]].strip().isupper() else 0

    def _near(self, index: int, step: int) -> str:
        return self._texts[index + step] if 0 <= index + step < len(self._texts) else ""

    def _previous(self, index: int) -> str:
        place = self._order[index]
        return self._texts[self._filled[place - 1]] if place else ""

    def _following(self, index: int) -> str:
        place = self._order[index]
        return self._texts[self._filled[place + 1]] if place + 1 < len(self._filled) else ""


def _is_prose(text: str) -> bool:
    if len(text) >= _PROSE_LENGTH or ENDS_ASKING.search(text):
        return True
    return len(text.split()) >= _PROSE_WORDS and ENDS_SENTENCE.search(text) is not None


def _in_title_case(words: Sequence[str]) -> bool:
    weighty = [word for word in words if len(word) > _SMALL_WORD] or list(words)
    return sum(word[0].isupper() or word[0].isdigit() for word in weighty) >= _TITLE_CASE * len(weighty)
