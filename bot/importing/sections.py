"""From headings and paragraphs in a row to sections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.importing.document import TITLE_LENGTH, Block, DocumentSection, Heading, Paragraph, one_line, shortened

OPENING = "Opening"
"""Title of the section for text before the first heading."""

WHOLE = "The text"
"""Title of the only section of a document without headings."""

_BETWEEN_CHAPTERS = " \u203a "


def title_of(blocks: Sequence[Block]) -> str:
    """Return the document's title as its headings tell: that of the first, if it stands above all others."""
    headings = [block for block in blocks if isinstance(block, Heading)]
    return one_line(headings[0].text) if _is_titled(blocks, headings) else ""


def arrange(blocks: Sequence[Block], title: str = "") -> tuple[DocumentSection, ...]:
    """Return the sections of a document, in order.

    A section is what stands under one heading; its `part` names the headings above that one. A first heading that
    stands above all others, or that is the document's `title`, counts as no chapter. A heading with only headings under
    it makes no section of its own, unless it asks something.
    """
    headings = [block for block in blocks if isinstance(block, Heading)]
    titled = _is_titled(blocks, headings) or (bool(headings) and one_line(headings[0].text) == title)
    opening = OPENING if len(headings) > titled else WHOLE
    path: list[Heading] = []
    sections: list[DocumentSection] = []
    for heading, paragraphs, nested in _runs(blocks):
        if heading is None:
            if paragraphs:
                sections.append(DocumentSection(opening, "", None, paragraphs))
            continue
        while path and path[-1].level >= heading.level:
            path.pop()
        above, is_title = path[:], titled and heading is headings[0]
        if not is_title:
            path.append(heading)
        if not paragraphs and nested and "?" not in heading.text:
            continue
        opens = is_title and one_line(heading.text) == title
        sections.append(_section(heading, above, paragraphs, opening if opens else one_line(heading.text)))
    return tuple(sections)


def _section(heading: Heading, above: Sequence[Heading], text: tuple[Paragraph, ...], title: str) -> DocumentSection:
    part = shortened(_BETWEEN_CHAPTERS.join(one_line(chapter.text) for chapter in above), TITLE_LENGTH)
    return DocumentSection(shortened(title, TITLE_LENGTH), part, Paragraph(heading.text, heading.place), text)


def _is_titled(blocks: Sequence[Block], headings: Sequence[Heading]) -> bool:
    """Return whether the first heading gives the document its title: it stands above all others, at the very top."""
    if not headings or any(other.level <= headings[0].level for other in headings[1:]):
        return False
    return headings[0].level <= 1 or blocks[0] is headings[0]


def _runs(blocks: Sequence[Block]) -> Iterator[tuple[Heading | None, tuple[Paragraph, ...], bool]]:
    """Yield each heading with the paragraphs up to the next one, and whether that one is nested in it."""
    heading: Heading | None = None
    paragraphs: list[Paragraph] = []
    for block in blocks:
        if isinstance(block, Paragraph):
            paragraphs.append(block)
            continue
        nested = heading is not None and block.level > heading.level
        yield heading, tuple(paragraphs), nested
        heading, paragraphs = block, []
    yield heading, tuple(paragraphs), False
