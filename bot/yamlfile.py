"""YAML files that people write: read, checked against a model, and every mistake told in a sentence with its line.

A plain value stays the text that was written. `09:00`, `no` and `2030` become a time, a switch or a year only if the
model asks for one, so nothing that YAML 1.1 would guess (minutes in base sixty, booleans) can surprise anybody.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache
from pathlib import Path
from typing import Annotated, TypeAlias, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ValidationError

from bot.errors import BotError
from bot.yamlsentences import Schema, known_keys, not_a_day, not_a_time, schemas_at, sentence, syntax_sentence

LARGEST_FILE = 5_000_000
"""Bytes; what people write by hand stays far below."""

DEEPEST = 32
"""Levels of nesting."""

Value: TypeAlias = "str | list[Value] | dict[str, Value] | None"
KeyPath: TypeAlias = tuple[str | int, ...]
ModelT = TypeVar("ModelT", bound=BaseModel)

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_ODD = re.compile("[^\t\n -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""What no editor types: control characters, exotic line breaks, halves of surrogate pairs, marks of byte order."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a file. `line` counts from 1; `key` is empty when it is about the whole file."""

    file: Path
    line: int
    key: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key}: {self.sentence}" if self.key else f"{self.place}: {self.sentence}"

    @property
    def place(self) -> str:
        """Return `file:line`."""
        return f"{self.file}:{self.line}"


class YamlError(BotError):
    """A file cannot be read or is not what it should be. `problems` holds all that is wrong, in file order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True, slots=True)
class Document:
    """A file's content: texts, lists and mappings of texts, None for what was left empty; and where each stands."""

    file: Path
    value: Value
    lines: Mapping[KeyPath, int]

    def at(self, path: KeyPath) -> Value:
        """Return the value at a path such as `("questions", 3, "topic")`; None where there is nothing."""
        value = self.value
        for part in path:
            value = _child(value, part)
        return value

    def line(self, path: KeyPath) -> int:
        """Return the line (from 1) of a key or list item, or of the closest thing around it if it is not there."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def key(self, path: KeyPath) -> str:
        """Return a path as people read it: `questions[some-id].follow_ups[2]`. Items without an `id` count from 1."""
        words = ""
        for depth, part in enumerate(path):
            if isinstance(part, str):
                words += f".{part}" if words else part
            else:
                name = _child(self.at(path[: depth + 1]), "id")
                words += f"[{name if isinstance(name, str) else part + 1}]"
        return words

    def problem(self, path: KeyPath, told: str) -> Problem:
        """Return a problem located at a path. `told` is its sentence."""
        return Problem(self.file, self.line(path), self.key(path), told)


def read(path: Path) -> Document:
    """Return what a YAML file holds. Raises YamlError if it cannot be read or is not the YAML that we take."""
    try:
        info = path.stat()
        if stat.S_ISDIR(info.st_mode):
            raise _broken(path, "This is a folder; a YAML file is needed.")
        if not stat.S_ISREG(info.st_mode):
            raise _broken(path, "This is not an ordinary file; a YAML file is needed.")
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise _broken(path, "There is no such file; check the name.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _broken(path, f"The file cannot be read ({reason}).") from error
    return parse(data, path)


def parse(data: bytes, path: Path) -> Document:
    """Return what a YAML file's bytes hold; `path` is only named in problems. Raises YamlError and nothing else."""
    if len(data) > LARGEST_FILE:
        raise _broken(path, f"The file is larger than {LARGEST_FILE // 1_000_000} MB; split it into several files.")
    text = _decoded(data, path)
    if odd := _ODD.search(text):
        told = f"The character U+{ord(odd[0]):04X} cannot stand in a file; delete it."
        raise _broken(path, told, text.count("\n", 0, odd.start()) + 1)
    builder = _Builder(path)
    try:
        document = builder.document(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        line, told = syntax_sentence(error, text)
        raise _broken(path, told, line) from error
    except (yaml.YAMLError, ValueError) as error:
        raise _broken(path, f"This is not valid YAML ({' '.join(str(error).split())}).") from error
    if builder.problems:
        raise YamlError(builder.problems)
    return document


def validate(document: Document, model: type[ModelT], *, context: object = None) -> ModelT:
    """Return the document as a model. `context` goes to the model's validators. Raises YamlError with every problem."""
    found, problems = check(document, model, context=context)
    if found is None:
        raise YamlError(problems)
    return found


def check(
    document: Document, model: type[ModelT], *, at: KeyPath = (), context: object = None
) -> tuple[ModelT | None, tuple[Problem, ...]]:
    """Return the part of a document at a path as a model, or None and every problem in it, in file order."""
    try:
        return model.model_validate(document.at(at), context=context), ()
    except ValidationError as error:
        problems: dict[KeyPath, Problem] = {}
        for detail in error.errors():
            if detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]:
                continue  # pydantic does not count items that have problems of their own
            path = _resolve(document, at, detail["loc"], _schema(model))
            siblings = known_keys(schemas_at(_schema(model), path[len(at) : -1])) if path else ()
            told = sentence(detail, schemas_at(_schema(model), path[len(at) :]), siblings)
            problems.setdefault(path, document.problem(path, told))
        return None, tuple(sorted(problems.values(), key=lambda problem: problem.line))


def _read_day(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", value, re.ASCII)
    if match is None:
        raise ValueError(not_a_day(value))
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise ValueError(not_a_day(value)) from None


def _read_time(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"(\d{1,2}):(\d{2})", value, re.ASCII)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise ValueError(not_a_time(value))
    return time(int(match[1]), int(match[2]))


Day = Annotated[date, BeforeValidator(_read_day)]
"""A calendar date written as 2030-12-31 and in no other way (a plain `date` would take 86400 for a day in 1970)."""

TimeOfDay = Annotated[time, BeforeValidator(_read_time)]
"""A wall-clock time written as 9:00 or 09:00."""


def _broken(path: Path, told: str, line: int = 1) -> YamlError:
    return YamlError([Problem(path, line, "", told)])


def _decoded(data: bytes, path: Path) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _broken(path, "The file is not in UTF-8; save it in that encoding.", line) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _child(value: Value, part: str | int) -> Value:
    match value, part:
        case dict(), str():
            return value.get(part)
        case list(), int() if part < len(value):
            return value[part]
        case _:
            return None


def _resolve(document: Document, at: KeyPath, loc: tuple[str | int, ...], schema: Schema) -> KeyPath:
    """Return where in the document pydantic's location lies; the names of a union's members stand in it too."""
    path = at
    for part in loc:
        value = document.at(path)
        there = part in value if isinstance(value, dict) else isinstance(value, list) and isinstance(part, int)
        if there or part in known_keys(schemas_at(schema, path[len(at) :])):
            path = (*path, part)
    return path


@lru_cache(maxsize=32)
def _schema(model: type[BaseModel]) -> Schema:
    return model.model_json_schema()


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


class _Builder:
    """Makes a document of a parser's events and collects what we do not take: aliases, tags, keys given twice."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lines: dict[KeyPath, int] = {}
        self.problems: list[Problem] = []

    def document(self, events: Iterator[yaml.Event]) -> Document:
        next(events)
        if isinstance(next(events), yaml.StreamEndEvent):
            raise _broken(self._file, "The file is empty.")
        root = next(events)
        self._lines[()] = _line(root)
        value = self._value(root, events, ())
        if value is None and not self.problems:
            raise _broken(self._file, "The file is empty.")
        next(events)
        more = next(events)
        if isinstance(more, yaml.DocumentStartEvent):
            self._refuse(more, (), "A second document begins here; delete the line “---” or split the file.")
        return Document(self._file, value, self._lines)

    def _value(self, event: yaml.Event, events: Iterator[yaml.Event], path: KeyPath) -> Value:
        if len(path) > DEEPEST:
            raise _broken(self._file, "This is nested too deeply.", _line(event))
        self._refuse_marks(event, path)
        match event:
            case yaml.ScalarEvent():
                return self._text(event, path)
            case yaml.SequenceStartEvent():
                return self._list(events, path)
            case yaml.MappingStartEvent():
                return self._mapping(events, path)
            case _:
                return None

    def _text(self, event: yaml.ScalarEvent, path: KeyPath) -> str | None:
        text: str = event.value
        if odd := _ODD.search(text):
            self._refuse(event, path, f"The character U+{ord(odd[0]):04X} cannot stand in a text; delete it.")
        plain = event.style in {None, ""}
        return None if plain and text in _NULLS else text

    def _list(self, events: Iterator[yaml.Event], path: KeyPath) -> list[Value]:
        items: list[Value] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            here = (*path, len(items))
            self._lines[here] = _line(event)
            items.append(self._value(event, events, here))
        return items

    def _mapping(self, events: Iterator[yaml.Event], path: KeyPath) -> dict[str, Value]:
        values: dict[str, Value] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self._key(event, events, path)
            here = (*path, key)
            if key in values:
                told = f"This key is given twice, first on line {self._lines[here]}; keep one of them."
                self._refuse(event, here, told)
                self._value(next(events), events, (*path, ""))
                continue
            self._lines[here] = _line(event)
            values[key] = self._value(next(events), events, here)
        return values

    def _key(self, event: yaml.Event, events: Iterator[yaml.Event], path: KeyPath) -> str:
        self._refuse_marks(event, path)
        if isinstance(event, yaml.ScalarEvent):
            return event.value
        if not isinstance(event, yaml.AliasEvent):
            self._refuse(event, path, "A key must be a plain word; put a text that begins with [, { or ? in quotes.")
            self._value(event, events, (*path, ""))
        return ""

    def _refuse_marks(self, event: yaml.Event, path: KeyPath) -> None:
        if getattr(event, "anchor", None):
            sign = "*" if isinstance(event, yaml.AliasEvent) else "&"
            self._refuse(
                event, path, f"Anchors and aliases are not used; put a text that begins with {sign} in quotes."
            )
        elif getattr(event, "tag", None):
            self._refuse(event, path, "Tags are not used; put a text that begins with ! in quotes.")

    def _refuse(self, event: yaml.Event, path: KeyPath, told: str) -> None:
        line = _line(event)
        key = Document(self._file, None, {}).key(path)
        self.problems.append(Problem(self._file, line, key, told))
