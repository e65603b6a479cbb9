"""What the importer makes of a file, whatever its format: a document in sections, or a table of ready questions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

TITLE_LENGTH = 120
"""Characters of a title, an author or a kind in a question set."""

Watch: TypeAlias = Callable[[str, int, int], None]
"""Told about long work: what is being done, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text stands in its file: a line or a page, from 1; 0 where the format has none."""

    line: int = 0
    page: int = 0

    def __str__(self) -> str:
        return f"line {self.line}" if self.line else f"page {self.page}" if self.page else ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading. Level 1 is the highest."""

    text: str
    level: int
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph, list item or table cell in one line, without markup. Code in it stands in backquotes."""

    text: str
    place: Place = Place()


Block: TypeAlias = Heading | Paragraph


@dataclass(frozen=True, slots=True)
class About:
    """What a document says about itself; empty where it does not."""

    title: str = ""
    author: str = ""
    kind: str = ""
    date: str = ""
    link: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class DocumentSection:
    """One section with its text. `part` names the chapters around it. `heading` is None for text under no heading."""

    title: str
    part: str
    heading: Paragraph | None
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True, slots=True)
class ImportedDocument:
    """A document as it was read. `notes` are sentences on what was not understood."""

    file: str
    about: About
    sections: tuple[DocumentSection, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadyQuestion:
    """One row of a table: what was found in it under the names that a question file uses. `place` is as in “row 7”."""

    place: str
    fields: Mapping[str, object]
    reading: About = About()
    section: str = ""


@dataclass(frozen=True, slots=True)
class ImportedTable:
    """A file of ready questions as it was read. `notes` are sentences on what was and was not understood."""

    file: str
    about: About
    rows: tuple[ReadyQuestion, ...]
    notes: tuple[str, ...] = ()


def one_line(text: str) -> str:
    """Return a text with every run of white space as one space, and none at its ends."""
    return " ".join(text.split())


def shortened(text: str, length: int) -> str:
    """Return a text of at most `length` characters, cut between words and ended with an ellipsis where it is longer."""
    if len(text) <= length:
        return text
    cut = text[: length - 1]
    at = cut.rfind(" ")
    return cut[: at if at > length // 2 else len(cut)].rstrip(" ,;:-\u2013\u2014") + "…"


def humanised(stem: str) -> str:
    """Return a file name without its ending as a title."""
    words = one_line(re.sub(r"[-_.]+", " ", stem))
    return shortened(words[:1].upper() + words[1:], TITLE_LENGTH) or "Untitled"
