"""What an imported document brings to a question set: a reading with its sections, draft questions and passages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.importing.asked import Asked, first_sentence, questions_of
from bot.importing.document import (
    About,
    DocumentSection,
    ImportedDocument,
    Paragraph,
    Watch,
    shortened,
)
from bot.importing.passages import Passage, passages_of
from bot.importing.rhetorical import why_rhetorical
from bot.yamlfile import Value

RHETORICAL = "rhetorical"
"""The tag of questions that look rhetorical."""

LONGEST_QUESTION = 280
"""Characters of a question in a set; a longer one is shortened, and stands in full above it."""

LONGEST_ORIGINAL = 2000
"""Characters of a shortened question that stand in full above it."""

_LONGEST_CONTEXT = 200


@dataclass(frozen=True, slots=True)
class DraftQuestion:
    """A question for a file. `section` counts the reading's sections from 0; `fields` are named as in question files.

    `comments` tell the host where it comes from. `id` is the one that a table gives it.
    """

    section: int
    fields: Mapping[str, Value]
    comments: tuple[str, ...]
    id: str = ""


@dataclass(frozen=True, slots=True)
class SectionTitle:
    """A section's title and the chapters around it."""

    title: str
    part: str = ""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One reading and what comes with it: passages by section, and notes on what was not understood."""

    file: str
    about: About
    sections: tuple[SectionTitle, ...]
    questions: tuple[DraftQuestion, ...]
    passages: tuple[tuple[Passage, ...], ...] = ()
    notes: tuple[str, ...] = ()


def from_document(document: ImportedDocument, watch: Watch) -> Incoming:
    """Return a document with the questions that it asks and its passages; one that asks none gets one to begin with."""
    language = document.about.language or "en"
    questions: list[DraftQuestion] = []
    passages: list[tuple[Passage, ...]] = []
    for index, section in enumerate(document.sections):
        heading = section.heading
        if index == 0 and document.about.title.endswith("?") and (heading is None or section.title != heading.text):
            heading = Paragraph(document.about.title)
        questions += _asked(section, index, heading, language)
        passages.append(passages_of(section, language))
        watch(f"Looking through {document.file}", index + 1, len(document.sections))
    if document.sections and not questions:
        questions.append(_to_begin_with(document.about.title))
    return Incoming(
        document.file,
        document.about,
        tuple(SectionTitle(section.title, section.part) for section in document.sections),
        tuple(questions),
        tuple(passages),
        document.notes,
    )


def _asked(section: DocumentSection, index: int, heading: Paragraph | None, language: str) -> Iterator[DraftQuestion]:
    texts = [heading, *section.paragraphs] if heading else list(section.paragraphs)
    for place, paragraph in enumerate(texts):
        found = questions_of(paragraph.text, language)
        following = texts[place + 1].text if found and place + 1 < len(texts) else ""
        number = place if heading else place + 1
        where = ", ".join(filter(None, (f"paragraph {number}" if number else "the heading", str(paragraph.place))))
        for asked in found:
            why = why_rhetorical(asked, first_sentence(following, language) if following else "", language)
            yield _draft(asked, index, where, why)


def _draft(asked: Asked, index: int, where: str, why: str) -> DraftQuestion:
    question = shortened(asked.text, LONGEST_QUESTION)
    comments = [
        where,
        f"in full: {shortened(asked.text, LONGEST_ORIGINAL)}" if question != asked.text else "",
        f"looks rhetorical: {why}" if why else "",
        f"after: {shortened(asked.before, _LONGEST_CONTEXT)}" if asked.before else "",
    ]
    fields: dict[str, Value] = {"question": question}
    if why:
        fields["tags"] = [RHETORICAL]
    return DraftQuestion(index, fields, tuple(filter(None, comments)))


def _to_begin_with(title: str) -> DraftQuestion:
    asked = f"What in “{shortened(title, 120)}” is most worth an argument, and why?"
    return DraftQuestion(
        0, {"question": asked}, ("the text asks nothing itself; passages.md has places to start from",)
    )


def told(notes: Sequence[str]) -> list[str]:
    """Return notes as sentences."""
    return [f"{note[:1].upper()}{note[1:]}{'' if note.endswith(('.', '!', '?')) else '.'}" for note in notes]
