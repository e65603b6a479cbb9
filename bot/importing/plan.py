"""What is new of an import to a question set, and under which ids.

Ids follow from the texts, so that importing a document again finds what it brought before. A reading is known by its id
or its title, a section likewise, and a question by its id in the same section. What is known is left as it is, whatever
a host made of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from bot.importing.document import About
from bot.importing.incoming import DraftQuestion, Incoming
from bot.importing.passages import Passage
from bot.model import QuestionSet, Reading, Source
from bot.words import words
from bot.yamlfile import Value

_LONGEST_ID = 48
_HASH = 6


@dataclass(frozen=True, slots=True)
class PlannedSection:
    """A section under its id. Not `new` if the set has it."""

    id: str
    title: str
    part: str
    new: bool
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class PlannedQuestion:
    """A new draft under its id."""

    id: str
    source: Source
    fields: Mapping[str, Value]
    comments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlannedReading:
    """A reading under its id, with what is new in it; `known` questions are in the set already."""

    id: str
    about: About
    new: bool
    sections: tuple[PlannedSection, ...]
    questions: tuple[PlannedQuestion, ...]
    known: int
    file: str
    notes: tuple[str, ...]


def plan(existing: QuestionSet | None, incoming: Sequence[Incoming]) -> tuple[PlannedReading, ...]:
    """Return what an import would add to a set, or what a new set would be made of."""
    ids = _Ids(existing)
    return tuple(_reading(existing, reading, ids) for reading in incoming)


def new_topics(existing: QuestionSet | None, readings: Sequence[PlannedReading]) -> tuple[str, ...]:
    """Return the topics of new questions that the set does not list."""
    known = existing.topics if existing else ()
    named = (str(question.fields["topic"]) for r in readings for question in r.questions if "topic" in question.fields)
    return tuple(topic for topic in dict.fromkeys(named) if topic not in known)


def slug(text: str, otherwise: str) -> str:
    """Return an id made of a text's words in ASCII, or of `otherwise` and a hash if most of it has no such letters."""
    plain = ["".join(char for char in unicodedata.normalize("NFKD", word) if char.isascii()) for word in words(text)]
    joined = "-".join(filter(None, (re.sub(r"[^a-z0-9]", "", word.lower()) for word in plain)))
    if len(joined) * 2 < len("".join(words(text))) or not joined:
        return f"{otherwise}-{_hash(text)}"
    if len(joined) > _LONGEST_ID:
        joined = joined[: _LONGEST_ID + 1].rpartition("-")[0] or joined[:_LONGEST_ID]
    return joined


class _Ids:
    """The ids that are taken, in the set and in this import."""

    def __init__(self, existing: QuestionSet | None) -> None:
        self.readings: set[str] = set()
        self.questions = {question.id: question.source for question in existing.questions} if existing else {}
        self._added: dict[str, str] = {}

    def of(self, draft: DraftQuestion, source: Source) -> str:
        """Return the id for a draft, or an empty string if it is known."""
        text = str(draft.fields["question"])
        plain = draft.id or slug(text, "question")
        if self.questions.get(plain) == source and self._added.get(plain, text) == text:
            return ""
        if plain not in self.questions:
            return self._taken(plain, source, text)
        longer = _lengthened(plain, _hash(f"{source.reading}/{source.section}/{text}"))
        return "" if longer in self.questions else self._taken(longer, source, text)

    def _taken(self, name: str, source: Source, text: str) -> str:
        self.questions[name] = source
        self._added[name] = text
        return name


def _reading(existing: QuestionSet | None, incoming: Incoming, ids: _Ids) -> PlannedReading:
    known = _known_reading(existing, incoming.about, ids.readings)
    reading_id = (
        known.id if known else _free(slug(incoming.about.title, "reading"), ids.readings | _reading_ids(existing))
    )
    ids.readings.add(reading_id)
    sections = _sections(known, incoming)
    questions: list[PlannedQuestion] = []
    for draft in incoming.questions:
        source = Source(reading_id, sections[draft.section].id)
        if name := ids.of(draft, source):
            questions.append(PlannedQuestion(name, source, draft.fields, draft.comments))
    repeated = len(incoming.questions) - len(questions)
    return PlannedReading(
        reading_id,
        incoming.about,
        known is None,
        sections,
        tuple(questions),
        repeated,
        incoming.file,
        incoming.notes,
    )


def _known_reading(existing: QuestionSet | None, about: About, taken: Collection[str]) -> Reading | None:
    name, title = slug(about.title, "reading"), about.title.casefold()
    for reading in existing.readings if existing else ():
        same_link = not reading.link or not about.link or reading.link == about.link
        if reading.id not in taken and same_link and (reading.id == name or reading.title.casefold() == title):
            return reading
    return None


def _reading_ids(existing: QuestionSet | None) -> set[str]:
    return {reading.id for reading in existing.readings} if existing else set()


def _sections(known: Reading | None, incoming: Incoming) -> tuple[PlannedSection, ...]:
    there = {section.id: section for section in known.sections} if known else {}
    by_title = {section.title.casefold(): section.id for section in known.sections} if known else {}
    taken: set[str] = set()
    planned: list[PlannedSection] = []
    for index, section in enumerate(incoming.sections):
        name = _free(slug(section.title, "section"), taken)
        titled = by_title.get(section.title.casefold(), "")
        if name not in there and titled and titled not in taken:
            name = titled
        taken.add(name)
        passages = incoming.passages[index] if incoming.passages else ()
        planned.append(PlannedSection(name, section.title, section.part, name not in there, passages))
    return tuple(planned)


def _free(name: str, taken: Collection[str]) -> str:
    free, count = name, 1
    while free in taken:
        count += 1
        free = _lengthened(name, str(count))
    return free


def _lengthened(name: str, ending: str) -> str:
    return f"{name[: _LONGEST_ID - len(ending) - 1].rstrip('-')}-{ending}"


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:_HASH]
