"""From a file to a document or a table: which reader a file needs, and what its text tells about the document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from bot.errors import BotError
from bot.importing.document import (
    About,
    Block,
    Heading,
    ImportedDocument,
    ImportedTable,
    Paragraph,
    Place,
    Watch,
    humanised,
)
from bot.importing.files import decoded, read_bytes
from bot.importing.lines import blocks_of_lines
from bot.importing.markdown import looks_like_markdown, markdown_blocks
from bot.importing.marks import APOSTROPHES
from bot.importing.metadata import about, filled, front_matter
from bot.importing.pdf import pdf
from bot.importing.sections import arrange, title_of
from bot.importing.tables import CSV, JSON, csv_table, json_table, lines_table, looks_like_questions
from bot.importing.webpage import declared_encoding, webpage

_MARKDOWN = frozenset({".md", ".markdown", ".mdown", ".mkd"})
_HTML = frozenset({".html", ".htm", ".xhtml"})
_HTML_START = re.compile(r"\s*(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_BYLINE = re.compile(rf"[Bb]y ((?:[^\W\d_][\w.{APOSTROPHES}-]*\s?){{1,6}})")
_BYLINE_WITHIN = 4
_LONGEST_PARAGRAPH = 10_000
"""Characters; what is longer has lost its paragraphs, and takes too long to split into sentences."""


def read_file(path: Path, watch: Watch, *, questions: bool = False) -> ImportedDocument | ImportedTable:
    """Return what a file holds. Raises BotError with what is wrong with it.

    CSV, TSV and JSON are tables of ready questions by their endings. So is a plain text if `questions` says so, or if
    it has at least three lines and every one ends in a question mark. Everything else is a document: PDF by its first
    bytes, Markdown and HTML by their endings or how they begin, otherwise plain text.
    """
    data = read_bytes(path)
    ending = path.suffix.lower()
    is_pdf = ending == ".pdf" or data.lstrip().startswith(b"%PDF-")
    if questions and (is_pdf or ending in _HTML):
        raise BotError(f"{path} is no text file with a question a line; import it without --questions.")
    if is_pdf:
        said, blocks = pdf(data, path, watch)
        return _document(path, said, blocks, [])
    text, guessed = decoded(data, path, declared_encoding(data) if ending in _HTML else "")
    notes = [f"it is not in UTF-8; it was read as {guessed}, so look at its accents"] if guessed else []
    if ending in CSV:
        return csv_table(text, path, notes)
    if ending in JSON:
        return json_table(text, path, notes)
    if questions or (ending not in _MARKDOWN | _HTML and looks_like_questions(text)):
        return lines_table(text, path, notes)
    if ending in _HTML or _HTML_START.match(text):
        said, blocks = webpage(text)
        return _document(path, said, blocks, notes)
    return _text_document(path, text, notes, is_markdown=ending in _MARKDOWN)


def _text_document(path: Path, text: str, notes: list[str], *, is_markdown: bool) -> ImportedDocument:
    said, skipped, note = front_matter(text)
    body = "\n".join(text.split("\n")[skipped:])
    notes = [*notes, note] if note else notes
    if is_markdown or skipped or looks_like_markdown(body):
        return _document(path, about(said), markdown_blocks(body, skipped), notes)
    lines = [Paragraph(line.rstrip(), Place(line=number)) for number, line in enumerate(body.split("\n"), 1)]
    return _document(path, About(), blocks_of_lines(lines), notes)


def _document(path: Path, said: About, blocks: Sequence[Block], notes: Sequence[str]) -> ImportedDocument:
    if not blocks:
        raise BotError(f"{path} holds no text; name a file that does.")
    heading = title_of(blocks)
    if heading and said.title.startswith(heading):
        # What a page's title says beyond its heading is the name of the site.
        said = replace(said, title=heading)
    found = filled(said, About(title=heading, author=_byline(blocks)))
    told = filled(found, About(title=humanised(path.stem)))
    readable = [piece for block in blocks for piece in _pieces(block)]
    return ImportedDocument(path.name, told, arrange(readable, told.title), tuple(notes))


def _pieces(block: Block) -> Iterator[Block]:
    """Yield a block in pieces of bearable length, cut after a sentence where there is one."""
    rest = block.text
    while isinstance(block, Paragraph) and len(rest) > _LONGEST_PARAGRAPH:
        cut = max(rest.rfind(mark, 1, _LONGEST_PARAGRAPH) for mark in (". ", "? ", "! ")) + 1
        cut = cut or rest.rfind(" ", 1, _LONGEST_PARAGRAPH) + 1 or _LONGEST_PARAGRAPH
        yield Paragraph(rest[:cut].strip(), block.place)
        rest = rest[cut:].lstrip()
    yield replace(block, text=rest)


def _byline(blocks: Sequence[Block]) -> str:
    """Return the name in a line such as “By A. Writer” among a document's first ones."""
    for block in blocks[:_BYLINE_WITHIN]:
        if not isinstance(block, Heading) and (found := _BYLINE.fullmatch(block.text)):
            return found[1].strip()
    return ""
