"""From a folder of files to a question set, or to everything that is wrong with it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.content import plural
from bot.errors import QuestionSetError
from bot.model import Forecast, Kind, Question, QuestionSet, Reading, Section, Source
from bot.nearest import nearest
from bot.questions.files import QuestionEntry, QuestionFile, ReadingEntry, References, SetFile
from bot.yamlfile import Document, KeyPath, Problem, YamlError, check, read
from bot.yamlsentences import shown

SET_FILE = "set.yaml"
LONGEST_NAME = 48


class BrokenSetError(QuestionSetError):
    """A question set whose files are wrong. `problems` holds all that is, file by file; `summary` tells the first."""

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        more = f" (and {plural(len(problems) - 1, 'more problem')})" if len(problems) > 1 else ""
        self.summary = f"{problems[0]}{more}"
        super().__init__(
            f"The question set “{name}” cannot be loaded: {self.summary}",
            f"Run `reading-group-bot sets validate {name}` to see all that is wrong.",
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a question stands."""

    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class CheckedSet:
    """What a folder holds. `question_set` is None if there are `problems`; `questions` are those that can be read."""

    question_set: QuestionSet | None
    questions: tuple[Question, ...]
    places: Mapping[str, Place]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """One item of a question file; `entry` is None if something is wrong with it."""

    document: Document
    position: int
    entry: QuestionEntry | None

    @property
    def path(self) -> KeyPath:
        return ("questions", self.position)


def load_set(folder: Path) -> QuestionSet:
    """Return the question set in a folder. Raises BrokenSetError, a QuestionSetError, with everything that is wrong."""
    checked = check_set(folder)
    if checked.question_set is None:
        raise BrokenSetError(folder.name, checked.problems)
    return checked.question_set


def set_folder(seeds: Path, name: str) -> Path:
    """Return the folder of a set. Raises QuestionSetError, which suggests the nearest name."""
    folders = set_folders(seeds)
    if name not in folders:
        raise unknown_set(name, folders)
    return folders[name]


def unknown_set(name: str, known: Iterable[str]) -> QuestionSetError:
    """Return the error for a name that no set has."""
    names = sorted(known)
    near = nearest(name, names)
    listed = ", ".join(f"“{other}”" for other in names)
    hint = f"Did you mean “{near}”?" if near else f"There are {listed}." if names else ""
    return QuestionSetError(f"There is no question set called {shown(name)}.", hint)


def set_folders(seeds: Path) -> dict[str, Path]:
    """Return the folders of question sets by name: those that hold YAML files or cannot be read.

    Raises QuestionSetError if `seeds` is no folder that can be listed.
    """
    try:
        folders = [path for path in sorted(seeds.iterdir()) if path.is_dir() and not path.name.startswith(".")]
    except OSError as error:
        raise QuestionSetError(
            f"The folder {seeds} with the question sets cannot be read ({error.strerror}).", "Name the right one."
        ) from error
    return {folder.name: folder for folder in folders if _holds_files(folder)}


def set_files(folder: Path) -> tuple[Path, ...]:
    """Return the YAML files anywhere below a folder, by path, without hidden files and folders. Raises OSError."""

    def give_up(error: OSError) -> None:
        raise error

    found: list[Path] = []
    for here, folders, names in os.walk(folder, onerror=give_up):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(here, name) for name in names if not name.startswith(".") and name.endswith((".yaml", ".yml"))]
    return tuple(sorted(found, key=lambda path: path.relative_to(folder).parts))


def _holds_files(folder: Path) -> bool:
    try:
        return bool(set_files(folder))
    except OSError:
        return True


def check_set(folder: Path) -> CheckedSet:
    """Return what a question set's folder holds and all that is wrong with it."""
    problems = list(_name_problems(folder))
    try:
        files = [path for path in set_files(folder) if path != folder / SET_FILE]
    except OSError as error:
        problems.append(Problem(folder, 1, "", f"The folder cannot be read ({error.strerror})."))
        return CheckedSet(None, (), {}, tuple(problems))
    about, set_problems = _read_set_file(folder / SET_FILE)
    problems += set_problems
    references = _references(about) if about else None
    found: list[_Found] = []
    for file in files:
        items, file_problems = _read_question_file(file, references)
        found += items
        problems += file_problems
    problems += _repeated((item.document, (*item.path, "id")) for item in found)
    if not found and not problems:
        problems.append(Problem(folder / SET_FILE, 1, "", "The set has no questions; add a file that holds some."))
    in_order = [folder, folder / SET_FILE, *files]
    problems.sort(key=lambda problem: (in_order.index(problem.file), problem.line))
    readable = [item.entry for item in found if item.entry]
    if references:
        readable.sort(key=lambda entry: _syllabus_place(entry, references))
    questions = tuple(_question(entry) for entry in readable)
    return CheckedSet(
        _question_set(folder.name, about, questions) if about and not problems else None,
        questions,
        {item.entry.id: Place(item.document.file, item.document.line(item.path)) for item in found if item.entry},
        tuple(problems),
    )


def _name_problems(folder: Path) -> Iterator[Problem]:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", folder.name) or len(folder.name) > LONGEST_NAME:
        told = f"The folder {shown(folder.name)} names the set; use lowercase letters, digits and hyphens, at most 48."
        yield Problem(folder, 1, "", told)


def _read_set_file(path: Path) -> tuple[SetFile | None, list[Problem]]:
    try:
        document = read(path)
    except YamlError as error:
        return None, list(error.problems)
    about, problems = check(document, SetFile)
    if about is None:
        return None, list(problems)
    readings = [(document, ("readings", i, "id")) for i in range(len(about.readings))]
    repeated = list(_repeated(readings))
    for i, reading in enumerate(about.readings):
        sections = [(document, ("readings", i, "sections", j, "id")) for j in range(len(reading.sections))]
        repeated += _repeated(sections)
    return None if repeated else about, repeated


def _read_question_file(path: Path, references: References | None) -> tuple[list[_Found], list[Problem]]:
    """Return a file's questions and problems; both are empty for a file that holds something else."""
    if path.suffix == ".yml":
        return [], [Problem(path, 1, "", f"Only names that end in .yaml are read; call the file {path.stem}.yaml.")]
    try:
        document = read(path)
    except YamlError as error:
        return [], list(error.problems)
    if isinstance(document.value, dict) and not nearest("questions", document.value):
        return [], []
    file, problems = check(document, QuestionFile, context=references)
    items = document.at(("questions",))
    if not isinstance(items, list):
        return [], list(problems)
    entries = file.questions if file else [_entry(document, i, references) for i in range(len(items))]
    return [_Found(document, i, entry) for i, entry in enumerate(entries)], list(problems)


def _entry(document: Document, position: int, references: References | None) -> QuestionEntry | None:
    return check(document, QuestionEntry, at=("questions", position), context=references)[0]


def _references(about: SetFile) -> References:
    sections = {reading.id: [section.id for section in reading.sections] for reading in about.readings}
    return References(about.topics, sections)


def _repeated(ids: Iterable[tuple[Document, KeyPath]]) -> Iterator[Problem]:
    """Yield a problem for every id that stood somewhere before."""
    first: dict[str, str] = {}
    for document, path in ids:
        name = document.at(path)
        if not isinstance(name, str):
            continue
        if name in first:
            yield document.problem(path, f"The id {shown(name)} is taken by {first[name]}; choose another.")
        else:
            first[name] = f"{document.file}:{document.line(path)}"


def _syllabus_place(entry: QuestionEntry, references: References) -> tuple[int, int]:
    reading, section = entry.source.reading, entry.source.section
    return list(references.sections).index(reading), references.sections[reading].index(section)


def _question_set(name: str, about: SetFile, questions: tuple[Question, ...]) -> QuestionSet:
    return QuestionSet(
        name=name,
        title=about.title,
        description=" ".join(about.description.split()),
        language=about.language,
        topics=about.topics,
        readings=tuple(_reading(entry) for entry in about.readings),
        questions=questions,
    )


def _reading(entry: ReadingEntry) -> Reading:
    return Reading(
        id=entry.id,
        title=entry.title,
        sections=tuple(Section(section.id, section.title, section.part) for section in entry.sections),
        author=entry.author,
        kind=entry.kind,
        date=entry.date,
        link=entry.link,
    )


def _question(entry: QuestionEntry) -> Question:
    asked = entry.forecast
    return Question(
        id=entry.id,
        text=entry.question,
        topic=entry.topic or "",
        kind=Kind(entry.kind),
        background=entry.background or "",
        follow_ups=entry.follow_ups or (),
        source=Source(entry.source.reading, entry.source.section),
        options=entry.options or (),
        forecast=Forecast(asked.answer, asked.resolves, asked.by, asked.unit or "") if asked else None,
        tags=entry.tags,
        not_before=entry.not_before,
        ask_on=entry.ask_on,
        draft=entry.draft,
        retired=entry.retired,
    )
