"""PDF as blocks, read by pypdf (pure Python, kept up, gives every piece of text its font and its place on the page)."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bot.errors import BotError
from bot.importing.document import About, Block, Paragraph, Place, Watch, one_line
from bot.importing.files import missing_extra, tidied
from bot.importing.lines import blocks_of_lines
from bot.importing.marks import ENDS_SENTENCE
from bot.importing.metadata import about

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

_LARGER = 1.12
"""How much larger than most of the text a heading is set."""

_LONGEST_HEADING = 120
_PARAGRAPH_GAP = 1.4
"""How much further apart than most lines two lines are that belong to different paragraphs."""

_MOST_LEVELS = 3
_FEWEST_PAGES = 3
_BOLD = re.compile(r"bold|black|heavy|demi|cmbx", re.IGNORECASE)
_NO_TITLE = re.compile(
    r"^(microsoft word|powerpoint|slide \d|untitled)|\.(docx?|pdf|indd|tex|qxd|pages|odt|rtf)$", re.I
)
_PAGE_NUMBER = re.compile(
    r"\W*(?:page|seite|p\.)?\s*(?:\d{1,4}|[ivxlc]{1,6})(?:\s*(?:/|of|von|de)\s*\d{1,4})?\W*", re.I
)
_LIGATURES = {
    "\ufb00": "ff",
    "\ufb01": "fi",
    "\ufb02": "fl",
    "\ufb03": "ffi",
    "\ufb04": "ffl",
    "\ufb05": "st",
    "\ufb06": "st",
}


@dataclass(slots=True)
class _Line:
    """One line of a page: its text, the size of its letters, whether all are bold, and how high it stands."""

    page: int
    text: str = ""
    size: float = 0.0
    bold: bool = True
    height: float = field(default=0.0)


def pdf(data: bytes, path: Path, watch: Watch) -> tuple[About, list[Block]]:
    """Return what a PDF says about itself, and its headings and paragraphs, each with its page.

    Lines in letters clearly larger than most are headings; if there are none, short lines in bold are; if there are
    none of those either, headings are told by their form. What stands at the top or bottom of many pages is left out.
    Raises BotError for a PDF that is encrypted, damaged or holds no text.
    """
    try:
        import pypdf
    except ImportError:
        raise missing_extra("PDF files") from None
    with _quiet():
        try:
            reader = pypdf.PdfReader(BytesIO(data))
            encrypted = reader.is_encrypted and not _opened(reader)
            pages = [] if encrypted else list(_pages(reader, path, watch))
            said = about({} if encrypted else _metadata(reader))
        except Exception as error:
            raise BotError(
                f"{path} cannot be read as a PDF ({one_line(str(error)) or type(error).__name__})."
            ) from error
    if encrypted:
        raise BotError(f"{path} is encrypted; save a copy without a password and import that.")
    if not any(line.text.strip() for lines in pages for line in lines):
        raise BotError(f"{path} holds no text, only pictures of it; run it through text recognition (OCR) first.")
    return said, _blocks(pages)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep pypdf's remarks on each oddity of a file off the operator's screen."""
    log = logging.getLogger("pypdf")
    before = log.disabled
    log.disabled = True
    try:
        yield
    finally:
        log.disabled = before


def _opened(reader: PdfReader) -> bool:
    from pypdf.errors import DependencyError

    try:
        return bool(reader.decrypt(""))
    except DependencyError:
        return False


def _metadata(reader: PdfReader) -> Mapping[str, object]:
    said = reader.metadata
    if said is None:
        return {}
    title = one_line(tidied(str(said.title or "")))
    return {
        "title": "" if _NO_TITLE.search(title) else title,
        "author": one_line(tidied(str(said.author or ""))),
        "date": re.sub(r"^D:(\d{4})(\d\d)(\d\d).*", r"\1-\2-\3", str(said.get("/CreationDate", ""))),
    }


def _pages(reader: PdfReader, path: Path, watch: Watch) -> Iterator[list[_Line]]:
    count = len(reader.pages)
    for number, page in enumerate(reader.pages, 1):
        yield _lines(page, number)
        watch(f"Reading {path.name}", number, count)


def _lines(page: PageObject, number: int) -> list[_Line]:
    lines = [_Line(number)]

    def note(
        text: str, around: list[float], matrix: list[float], font: Mapping[str, object] | None, size: float
    ) -> None:
        for index, piece in enumerate(text.split("\n")):
            if index:
                lines.append(_Line(number))
            line = lines[-1]
            line.text += piece
            if piece.strip():
                scale = (matrix[2] ** 2 + matrix[3] ** 2) ** 0.5 * (around[2] ** 2 + around[3] ** 2) ** 0.5
                line.size = max(line.size, round(size * scale, 1))
                line.bold = line.bold and _BOLD.search(str((font or {}).get("/BaseFont", ""))) is not None
                line.height = line.height or matrix[5] * around[3] + around[5]

    page.extract_text(visitor_text=note)
    for line in lines:
        line.text = tidied("".join(_LIGATURES.get(char, char) for char in line.text))
    return [line for line in lines if line.text.strip()]


def _blocks(pages: Sequence[Sequence[_Line]]) -> list[Block]:
    repeated = _repeated(pages)
    kept = [line for lines in pages for line in lines if not _is_margin(line, lines, repeated)]
    spaced, known = _spaced(kept, _levels(kept))
    return blocks_of_lines(spaced, known, hyphenated=True)


def _repeated(pages: Sequence[Sequence[_Line]]) -> frozenset[str]:
    """Return the lines, without digits, that stand at the edge of at least half of the pages."""
    if len(pages) < _FEWEST_PAGES:
        return frozenset()
    counts = Counter(key for lines in pages for key in {_without_digits(line) for line in _edges(lines)})
    return frozenset(key for key, count in counts.items() if count * 2 >= len(pages))


def _edges(lines: Sequence[_Line]) -> Sequence[_Line]:
    return [*lines[:2], *lines[2:][-2:]]


def _without_digits(line: _Line) -> str:
    return re.sub(r"\d+", "", one_line(line.text)).casefold()


def _is_margin(line: _Line, lines: Sequence[_Line], repeated: frozenset[str]) -> bool:
    if not any(line is edge for edge in _edges(lines)):
        return False
    return _without_digits(line) in repeated or _PAGE_NUMBER.fullmatch(line.text.strip()) is not None


def _levels(lines: Sequence[_Line]) -> dict[int, int]:
    """Return the levels of headings by index: the larger the letters the higher; bold ones alone are all alike."""
    amounts: Counter[float] = Counter()
    for line in lines:
        amounts[line.size] += len(line.text)
    body = amounts.most_common(1)[0][0]
    short = [i for i, line in enumerate(lines) if len(line.text.strip()) <= _LONGEST_HEADING and _has_letter(line.text)]
    large = [i for i in short if lines[i].size > body * _LARGER]
    if large:
        sizes = sorted({lines[i].size for i in large}, reverse=True)
        return {i: min(sizes.index(lines[i].size), _MOST_LEVELS) for i in large}
    bold = [i for i in short if lines[i].bold and not ENDS_SENTENCE.search(lines[i].text.strip())]
    return dict.fromkeys(bold, 1) if sum(len(lines[i].text) for i in bold) < sum(amounts.values()) / 4 else {}


def _has_letter(text: str) -> bool:
    return any(map(str.isalpha, text))


def _spaced(lines: Sequence[_Line], levels: Mapping[int, int]) -> tuple[list[Paragraph], dict[int, int]]:
    """Return the lines with blank ones where a paragraph ends, headings of several lines in one, and their levels."""
    gaps = [above.height - below.height for above, below in pairwise(lines) if above.page == below.page]
    usual = median([gap for gap in gaps if gap > 0] or [0.0])
    spaced: list[Paragraph] = []
    known: dict[int, int] = {}
    for i, line in enumerate(lines):
        above = lines[i - 1] if i else None
        goes_on = above is not None and levels.get(i) == levels.get(i - 1) and not _breaks(above, line, usual)
        if i in levels and goes_on and above is not None and above.size == line.size:
            spaced[-1] = Paragraph(f"{spaced[-1].text} {line.text.strip()}", spaced[-1].place)
            continue
        if not goes_on:
            spaced.append(Paragraph(""))
        if i in levels:
            known[len(spaced)] = levels[i]
        spaced.append(Paragraph(line.text, Place(page=line.page)))
    return spaced, known


def _breaks(above: _Line, below: _Line, usual: float) -> bool:
    gap = above.height - below.height
    if above.page != below.page or gap <= 0:
        return ENDS_SENTENCE.search(above.text.strip()) is not None
    scale = max(1.0, below.size / above.size) if above.size else 1.0
    return gap > usual * _PARAGRAPH_GAP * scale
