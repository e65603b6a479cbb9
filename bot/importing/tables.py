"""Files of ready questions: CSV, JSON, or one question a line."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path

from bot.errors import BotError
from bot.importing.columns import Columns, cells, columns
from bot.importing.document import About, ImportedTable, ReadyQuestion, humanised, one_line
from bot.importing.files import tidied
from bot.importing.marks import ENDS_ASKING, ITEM
from bot.importing.metadata import about
from bot.yamlsentences import shown

CSV = frozenset({".csv", ".tsv"})
JSON = frozenset({".json", ".jsonl", ".ndjson"})
_DELIMITERS = ",;\t|"
_FEWEST_LINES = 3
_LONGEST_LINE = 280
_LISTS = ("questions", "items", "rows", "entries", "data", "results", "records")
_PUT_FIRST = re.compile(rf"{ITEM.pattern}|\s*(?:\d{{1,4}}:|Q\d{{0,4}}\s*[.:)])\s*")
_MOST_NOTES = 20
_HALF = 0.5


def looks_like_questions(text: str) -> bool:
    """Return whether a text is one question a line: at least three lines, and every one ends in a question mark."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return len(lines) >= _FEWEST_LINES and all(
        len(line) <= _LONGEST_LINE and ENDS_ASKING.search(line) is not None for line in lines
    )


def read_table(text: str, path: Path) -> ImportedTable:
    """Return the ready questions of a text, read as the ending of its name says: CSV, JSON, or else one a line.

    Raises BotError for what is none of these.
    """
    ending = path.suffix.lower()
    if ending in CSV:
        return csv_table(text, path, ())
    return json_table(text, path, ()) if ending in JSON else lines_table(text, path, ())


def lines_table(text: str, path: Path, notes: Sequence[str]) -> ImportedTable:
    """Return one question for each line; bullets and numbers before it and lines like `# this` go."""
    rows, odd = [], []
    for number, line in enumerate(text.split("\n"), 1):
        asked = one_line(line[found.end() :] if (found := _PUT_FIRST.match(line)) else line)
        if not asked or line.lstrip().startswith("#"):
            continue
        if any(map(str.isalnum, asked)):
            rows.append(ReadyQuestion(f"line {number}", {"question": asked}))
        else:
            odd.append(f"line {number} has no question")
    return _table(path, rows, [*notes, *odd])


def csv_table(text: str, path: Path, notes: Sequence[str]) -> ImportedTable:
    """Return one question for each row under a header; the delimiter is the commonest of , ; tab and | in the header.

    Without a header, the column whose cells end in question marks holds the questions. Raises BotError for what is no
    CSV or has no column with questions.
    """
    rows = list(_csv_rows(text, path))
    if not rows:
        raise BotError(
            f"{path} holds no rows; put the columns' names in the first one and a question in each other one."
        )
    header = [one_line(name) for name in rows[0][1]]
    meaning = columns(header)
    if "question" not in meaning.fields.values():
        meaning, header, rows = _by_content(header, meaning, rows, path)
    else:
        rows = rows[1:]
    named = ((f"row {line}", dict(zip(header, row, strict=False))) for line, row in rows)
    extra = [
        f"row {line} has more cells than the header" for line, row in rows if any(map(str.strip, row[len(header) :]))
    ]
    ready, odd = _ready(named, meaning.fields)
    return _table(path, ready, [*notes, *meaning.notes(), *extra, *odd])


def json_table(text: str, path: Path, notes: Sequence[str]) -> ImportedTable:
    """Return one question for each text or object of a list, under `questions` or alone, or each line of JSON Lines.

    An object of lists is taken as topics with their questions. Raises BotError for what is no JSON or holds no list.
    """
    items = _json_items(_parsed(text, path), path)
    odd = [
        f"item {number} is neither a text nor an object" for number, item in items if not isinstance(item, str | dict)
    ]
    named = [
        (f"item {number}", {"question": item} if isinstance(item, str) else dict(_flat(item)))
        for number, item in items
        if isinstance(item, str | dict)
    ]
    shapes = [columns(names) for names in dict.fromkeys(tuple(item) for _, item in named)]
    fields = {name: field for shape in shapes for name, field in shape.fields.items()}
    unknown = dict.fromkeys(name for shape in shapes for name in shape.unknown if name not in fields)
    meaning = Columns(fields, tuple(unknown))
    if named and "question" not in meaning.fields.values():
        raise BotError(f"{path} has no key that means a question; call it `question`.")
    ready, more = _ready(named, meaning.fields)
    return _table(path, ready, [*notes, *meaning.notes(), *odd, *more])


def _table(path: Path, rows: Sequence[ReadyQuestion], notes: Sequence[str]) -> ImportedTable:
    if not rows:
        raise BotError(f"{path} holds no questions.", "Put one in each row or line.")
    left = len(notes) - _MOST_NOTES
    told = (*notes[:_MOST_NOTES], f"and {left} more of this kind") if left > 0 else tuple(notes)
    return ImportedTable(path.name, About(title=humanised(path.stem)), tuple(rows), told)


def _csv_rows(text: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    header = next((line for line in text.split("\n") if line.strip()), "")
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise BotError(
            f"{path}, line {reader.line_num}: this is not valid CSV ({error}).", "Check the quotation marks there."
        ) from error


def _by_content(
    header: Sequence[str], meaning: Columns, rows: list[tuple[int, list[str]]], path: Path
) -> tuple[Columns, list[str], list[tuple[int, list[str]]]]:
    """Return the meaning, header and rows of a table that names no column for its questions."""
    has_header = not any(ENDS_ASKING.search(name) for name in header)
    body = rows[1:] if has_header else rows
    asking = [
        sum(ENDS_ASKING.search(row[i].strip()) is not None for _, row in body if i < len(row))
        for i in range(len(header))
    ]
    best = max(range(len(header)), key=asking.__getitem__)
    if asking[best] <= len(body) * _HALF or not body:
        raise BotError(
            f"{path} has no column of questions; call it “question” (there are {', '.join(map(shown, header))})."
        )
    names = list(header) if has_header else [f"column {i + 1}" for i in range(len(header))]
    fields = {name: field for name, field in meaning.fields.items() if has_header and name != names[best]}
    unknown = [name for name in names if name not in fields and name != names[best]]
    return Columns({**fields, names[best]: "question"}, tuple(unknown)), names, body


def _parsed(text: str, path: Path) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        try:
            return [json.loads(line) for _, line in lines] if len(lines) > 1 else _refuse(path, error)
        except (json.JSONDecodeError, RecursionError):
            return _refuse(path, error)
    except (RecursionError, ValueError):
        raise BotError(f"{path} is nested too deeply to be a list of questions.") from None


def _refuse(path: Path, error: json.JSONDecodeError) -> object:
    raise BotError(f"{path}, line {error.lineno}: this is not valid JSON ({error.msg}).") from error


def _json_items(value: object, path: Path) -> list[tuple[int, object]]:
    if isinstance(value, dict):
        named = next((value[name] for name in _LISTS if isinstance(value.get(name), list)), None)
        lists = {name: items for name, items in value.items() if isinstance(items, list)}
        if named is None and len(lists) == len(value) and value:
            named = [_with_topic(item, name) for name, items in lists.items() for item in items]
        value = named if named is not None else [value]
    if not isinstance(value, list):
        raise BotError(f"{path} holds no list of questions.")
    return list(enumerate(value, 1))


def _with_topic(item: object, topic: str) -> object:
    match item:
        case str():
            return {"question": item, "topic": topic}
        case dict():
            return {"topic": topic, **item}
        case _:
            return item


def _flat(item: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield an object's keys and values, and those of objects in it as `outer inner`."""
    for name, value in item.items():
        if isinstance(value, dict):
            yield from ((f"{name} {inner}", within) for inner, within in value.items())
        else:
            yield name, value


def _ready(
    rows: Iterable[tuple[str, Mapping[str, object]]], meaning: Mapping[str, str]
) -> tuple[list[ReadyQuestion], list[str]]:
    ready: list[ReadyQuestion] = []
    odd: list[str] = []
    for place, row in rows:
        found = cells({name: _clean(value) for name, value in row.items()}, meaning)
        if not any(map(str.isalnum, str(found.get("question", "")))):
            odd.append(f"{place} has no question and was left out")
            continue
        reading = str(found.pop("reading", ""))
        link = reading if reading.startswith(("http://", "https://")) else found.pop("link", "")
        said = about({"title": reading, "author": found.pop("author", ""), "date": found.pop("date", ""), "link": link})
        ready.append(ReadyQuestion(place, found, said, one_line(str(found.pop("section", "")))))
    return ready, odd


def _clean(value: object) -> object:
    match value:
        case str():
            return tidied(value)
        case list():
            return [_clean(item) for item in value]
        case _:
            return value
