"""Import files into a question set: read all of them, and only then write, so that a failure leaves nothing behind."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.errors import BotError
from bot.importing.document import ImportedTable, Watch, humanised
from bot.importing.incoming import RHETORICAL, Incoming, from_document, told
from bot.importing.plan import PlannedReading, new_topics, plan
from bot.importing.readers import read_file
from bot.importing.ready import from_table
from bot.importing.settext import grown, passages_text, questions_text, set_text
from bot.importing.writer import add_to_set, make_set
from bot.model import QuestionSet
from bot.questions.loader import LONGEST_NAME, SET_FILE, load_set

PASSAGES_FILE = "passages.md"
MOST_QUESTIONS = 5000
"""Drafts in one import; nobody reads more, and a set of them still loads in seconds."""

_A_FILE = 1000
"""Drafts in one file."""

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class ImportedReading:
    """What became of one reading: how many sections and drafts are new, how many questions were in the set already."""

    file: str
    id: str
    title: str
    new: bool
    sections: int
    questions: int
    known: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did. `rhetorical` of the drafts look so; `files` were written."""

    folder: Path
    new: bool
    readings: tuple[ImportedReading, ...]
    rhetorical: int
    passages: int
    files: tuple[Path, ...]


def import_files(
    paths: Sequence[Path], target: Path, seeds: Path, watch: Watch, *, questions: bool = False
) -> Imported:
    """Import documents and tables into the set in the folder `target`, which is made if it does not exist.

    `seeds` is the folder of question sets that `target` has to lie in; `questions` says that plain texts hold one
    question a line. Every question becomes a draft. What the set holds already stays exactly as it is. Raises BotError,
    and then nothing has been written.
    """
    folder = checked_target(target, seeds)
    existing = load_set(folder) if folder.exists() else None
    incoming = [part for path in paths for part in _incoming(path, watch, questions=questions)]
    count = sum(len(reading.questions) for reading in incoming)
    if count > MOST_QUESTIONS:
        raise BotError(f"These files hold {count:,} questions; at most {MOST_QUESTIONS:,} are imported at once.")
    readings = plan(existing, incoming)
    texts = _texts(folder, existing, readings, incoming)
    try:
        make_set(folder, texts) if existing is None else add_to_set(folder, existing, texts)
    except OSError as error:
        raise BotError(f"The question set cannot be written to {folder} ({error.strerror}).") from error
    return _done(folder, existing, readings, texts)


def checked_target(target: Path, seeds: Path) -> Path:
    """Return the folder of the set to import into. Raises BotError for one that cannot be a set's."""
    folder = seeds / target if len(target.parts) == 1 and target != seeds else target
    if not seeds.is_dir():
        raise BotError(f"There is no folder {seeds} to hold the set; make it, or name the right one with --seeds.")
    if folder.parent.resolve() != seeds.resolve():
        raise BotError(
            f"{target} is not directly in {seeds}, where question sets are.",
            "Write --to seeds/NAME, or name another folder with --seeds.",
        )
    if not _NAME.fullmatch(folder.name) or len(folder.name) > LONGEST_NAME:
        raise BotError(
            f"“{folder.name}” cannot name a set; use lowercase letters, digits and hyphens, at most {LONGEST_NAME}."
        )
    if (folder.exists() or folder.is_symlink()) and not (folder / SET_FILE).is_file():
        raise BotError(f"{folder} exists and is not a question set: it has no {SET_FILE}.", "Choose another name.")
    return folder


def _incoming(path: Path, watch: Watch, *, questions: bool) -> list[Incoming]:
    watch(f"Reading {path.name}", 0, 1)
    read = read_file(path, watch, questions=questions)
    watch(f"Reading {path.name}", 1, 1)
    return from_table(read, path) if isinstance(read, ImportedTable) else [from_document(read, watch)]


def _texts(
    folder: Path, existing: QuestionSet | None, readings: Sequence[PlannedReading], incoming: Sequence[Incoming]
) -> dict[str, str]:
    """Return what is to be written, by file name."""
    schemas = folder.parent / "schema"
    set_schema, questions_schema = (
        f"../schema/{name}" if (schemas / name).is_file() else ""
        for name in ("set.schema.json", "questions.schema.json")
    )
    texts: dict[str, str] = {}
    for reading in readings:
        for start in range(0, len(reading.questions), _A_FILE):
            name = _free_name(folder, reading.id, texts)
            texts[name] = questions_text(reading.questions[start : start + _A_FILE], reading, questions_schema)
    topics = new_topics(existing, readings)
    if existing is None:
        language = next((part.about.language for part in incoming if part.about.language), "en")
        texts[SET_FILE] = set_text(humanised(folder.name), language, topics, readings, set_schema)
    elif topics or any(section.new for reading in readings for section in reading.sections):
        before = (folder / SET_FILE).read_bytes().decode("utf-8")
        texts[SET_FILE] = grown(before, topics, readings, str(folder / SET_FILE))
    passages = folder / PASSAGES_FILE
    held = passages.read_bytes().decode("utf-8", "replace") if passages.is_file() else ""
    if text := passages_text(readings, held):
        texts[PASSAGES_FILE] = text
    return texts


def _free_name(folder: Path, reading: str, taken: Mapping[str, str]) -> str:
    """Return a name for a file of questions that comes after those that the reading has."""
    name, count = f"{reading}.yaml", 1
    while name in taken or (folder / name).exists() or name == SET_FILE:
        count += 1
        name = f"{reading}_{count:02}.yaml"
    return name


def _done(
    folder: Path, existing: QuestionSet | None, readings: Sequence[PlannedReading], texts: Mapping[str, str]
) -> Imported:
    drafts = [question for reading in readings for question in reading.questions]
    passages = [passage for r in readings for section in r.sections if section.new for passage in section.passages]
    return Imported(
        folder,
        existing is None,
        tuple(
            ImportedReading(
                reading.file,
                reading.id,
                reading.about.title,
                reading.new,
                sum(section.new for section in reading.sections),
                len(reading.questions),
                reading.known,
                tuple(told(reading.notes)),
            )
            for reading in readings
        ),
        sum(RHETORICAL in (draft.fields.get("tags") or []) for draft in drafts),
        len(passages),
        tuple(folder / name for name in sorted(texts)),
    )
