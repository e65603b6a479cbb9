"""What a table of ready questions brings to a question set: readings with their questions, as drafts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.importing.columns import kind_of
from bot.importing.document import TITLE_LENGTH, About, ImportedTable, ReadyQuestion, one_line, shortened
from bot.importing.incoming import LONGEST_ORIGINAL, LONGEST_QUESTION, DraftQuestion, Incoming, SectionTitle
from bot.importing.metadata import filled
from bot.questions.files import QuestionEntry
from bot.yamlfile import Document, Value, check

_SECTION = "Questions"
"""Title of the section for questions that name none."""

_KEPT_FIELDS = ("topic", "options", "background", "follow_ups", "tags", "not_before", "ask_on", "retired")
_ONLY_TO_CHECK = ("id", "draft", "source")


def from_table(table: ImportedTable, path: Path) -> list[Incoming]:
    """Return the readings that a table's questions come from, in the order in which they appear.

    Questions without a reading get one named for the file. What of a row does not fit a question file is left out and
    told in the notes of the first reading.
    """
    groups: dict[str, list[ReadyQuestion]] = {}
    for row in table.rows:
        groups.setdefault(row.reading.title or row.reading.link or table.about.title, []).append(row)
    notes = list(table.notes)
    readings: list[Incoming] = []
    for title, rows in groups.items():
        about = About(title=shortened(title, TITLE_LENGTH))
        for row in rows:
            about = filled(about, row.reading)
        titles = list(dict.fromkeys(row.section or _SECTION for row in rows))
        drafts = [_draft(row, titles.index(row.section or _SECTION), path, notes) for row in rows]
        sections = tuple(SectionTitle(shortened(name, TITLE_LENGTH)) for name in titles)
        readings.append(Incoming(table.file, about, sections, tuple(filter(None, drafts))))
    first = readings[0]
    readings[0] = Incoming(first.file, first.about, first.sections, first.questions, notes=tuple(notes))
    return readings


def _draft(row: ReadyQuestion, section: int, path: Path, notes: list[str]) -> DraftQuestion | None:
    """Return a row as a draft without what a question file would refuse, or None; `notes` grow by what was left out."""
    comments = [f"{path.name}, {row.place}"]
    original = one_line(str(row.fields["question"]))
    fields: dict[str, Value] = {"question": shortened(original, LONGEST_QUESTION)}
    if fields["question"] != original:
        comments.append(f"in full: {shortened(original, LONGEST_ORIGINAL)}")
        notes.append(f"{row.place}: the question is longer than {LONGEST_QUESTION} characters and was shortened")
    fields |= {name: _value(row.fields[name]) for name in _KEPT_FIELDS if name in row.fields}
    fields |= _kind(row, fields, notes)
    given = str(row.fields.get("id", ""))
    entry = _accepted({"id": given or "new", **fields}, row.place, path, notes)
    if entry is None:
        return None
    kept = {name: value for name, value in entry.items() if name not in _ONLY_TO_CHECK}
    return DraftQuestion(section, kept, tuple(comments), given if entry["id"] == given else "")


def _accepted(fields: Mapping[str, Value], place: str, path: Path, notes: list[str]) -> dict[str, Value] | None:
    """Return what of a question's fields a question file accepts, or None if it does not accept the question itself."""
    entry: dict[str, Value] = {**fields, "draft": "true", "source": {"reading": "r", "section": "s"}}
    for _ in range(len(entry)):
        model, problems = check(Document(path, entry, {}), QuestionEntry)
        if model is not None:
            return entry
        for name, told in {problem.key.split(".")[0].split("[")[0]: problem.sentence for problem in problems}.items():
            if name == "question":
                notes.append(f"{place} was left out: {told}")
                return None
            notes.append(f"{place}: its {name} was left out: {told}")
            _leave_out(entry, name)
    return None


def _leave_out(entry: dict[str, Value], name: str) -> None:
    if name == "id":
        entry["id"] = "new"
        return
    entry.pop(name, None)
    if name in {"options", "forecast"}:
        entry.pop("kind", None)


def _kind(row: ReadyQuestion, fields: Mapping[str, Value], notes: list[str]) -> dict[str, Value]:
    """Return a row's kind, and its forecast if it is one."""
    forecast: dict[str, Value] = {
        name.removeprefix("forecast."): _value(value)
        for name, value in row.fields.items()
        if name.startswith("forecast.")
    }
    named = str(row.fields.get("kind", ""))
    kind = kind_of(named)
    if named and not kind:
        notes.append(
            f"{row.place}: the kind “{shortened(named, 40)}” was not understood; it is open, choice or forecast"
        )
    if not kind:
        kind = (
            "choice" if "options" in fields else "forecast" if {"answer", "by", "resolves"} <= forecast.keys() else ""
        )
    match kind:
        case "forecast" if forecast:
            return {"kind": "forecast", "forecast": forecast}
        case "choice":
            return {"kind": "choice"}
        case _:
            return {}


def _value(value: object) -> Value:
    return [str(item) for item in value] if isinstance(value, list) else str(value)
