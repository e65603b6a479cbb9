"""Which column of a table of questions means what, and what its cells say."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.nearest import nearest
from bot.yamlsentences import shown

_SYNONYMS = {
    "question": "question questiontext text questiontitle prompt q ask asks thequestion",
    "id": "id slug key questionid identifier",
    "topic": "topic topics category categories theme subject area",
    "kind": "kind type questiontype questionkind format",
    "options": "options option choices choice alternatives answeroptions answers possibleanswers",
    "background": "background context intro introduction description explanation backgroundtext preamble",
    "follow_ups": "followups followup followupquestions followupquestion nextquestions",
    "tags": "tags tag labels label keywords keyword",
    "not_before": "notbefore from earliest startdate",
    "ask_on": "askon askdate dateasked scheduled scheduledfor",
    "retired": "retired",
    "draft": "draft ready status",
    "forecast.answer": "forecast forecastanswer estimate forecasttype",
    "forecast.unit": "unit units forecastunit",
    "forecast.resolves": "resolves resolution resolutioncriteria criteria forecastresolves",
    "forecast.by": "by deadline resolutiondate resolveby resolvedate forecastby",
    "reading": "reading source sourcereading document book article readingtitle sourcedocument sourcetitle",
    "section": "section chapter sourcesection sectiontitle",
    "author": "author authors readingauthor sourceauthor",
    "link": "link url href sourceurl sourcelink readinglink",
    "date": "date published publicationdate sourcedate readingdate",
}
_FIELDS = {synonym: field for field, synonyms in _SYNONYMS.items() for synonym in synonyms.split()}
_LISTED = re.compile(r"(option|choice|answer|followup|followupquestion|tag)(?:\d{1,2}|[a-e])")
_KINDS = {
    "open": "open openended freetext text essay discussion shortanswer longanswer free",
    "choice": "choice choices multiplechoice singlechoice poll mcq select pick",
    "forecast": "forecast prediction probability estimate",
}
_KIND_OF = {synonym: kind for kind, synonyms in _KINDS.items() for synonym in synonyms.split()}
_SPLITS = {"options": r"\s*[\n;|]\s*", "follow_ups": r"\s*[\n|]\s*|(?<=[?\uff1f])\s+", "tags": r"\s*[\n,;|]\s*"}


@dataclass(frozen=True, slots=True)
class Columns:
    """What a table's columns mean: names of fields by the columns' own names, and those that were not understood."""

    fields: Mapping[str, str]
    unknown: tuple[str, ...]

    def notes(self) -> list[str]:
        """Return sentences on how the columns were taken."""
        renamed = [f"{shown(name)} as {field}" for name, field in self.fields.items() if name.casefold() != field]
        told = [f"columns were taken so: {', '.join(renamed)}"] if renamed else []
        return told + [f"the column {shown(name)} was not understood{_suggested(name)}" for name in self.unknown]


def columns(names: Sequence[str]) -> Columns:
    """Return what columns mean by their names, in whatever case and spacing. Only the first of two alike is taken."""
    fields: dict[str, str] = {}
    unknown: list[str] = []
    for name in filter(None, names):
        field = _field(name)
        if field and (field not in fields.values() or _LISTED.fullmatch(_plain(name))):
            fields[name] = field
        elif name not in fields:
            unknown.append(name)
    return Columns(fields, tuple(unknown))


def cells(row: Mapping[str, object], meaning: Mapping[str, str]) -> dict[str, object]:
    """Return a row's cells by field, without empty ones: lists for options, follow-ups and tags, texts otherwise."""
    found: dict[str, object] = {}
    for name, field in meaning.items():
        value = row.get(name)
        if field in _SPLITS:
            more = _listed(value, field)
            known = found.get(field)
            more = [*known, *more] if isinstance(known, list) else more
            if more:
                found[field] = list(dict.fromkeys(more))
        elif text := _text(value):
            found.setdefault(field, text)
    return found


def kind_of(name: str) -> str:
    """Return the kind of question that a name means, or an empty string if it means none."""
    return _KIND_OF.get(_plain(name), "")


def _field(name: str) -> str:
    plain = _plain(name)
    listed = _LISTED.fullmatch(plain)
    return _FIELDS.get(plain) or (_FIELDS.get(listed[1], "") or "options" if listed else "")


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(char for char in folded if char.isalnum())


def _suggested(name: str) -> str:
    near = nearest(_plain(name), _FIELDS)
    return f"; call it {_FIELDS[near]} if it is that" if near else ""


def _listed(value: object, field: str) -> list[str]:
    if isinstance(value, list):
        parts = [_text(part) for part in value]
    else:
        text = _text(value)
        parts = re.split(_SPLITS[field], text)
        if field == "options" and len(parts) == 1:
            parts = re.split(r"\s*,\s*", text)
    kept = [part.strip(" \t-\u2022*") for part in parts]
    return [part.lower() if field == "tags" else part for part in kept if part]


def _text(value: object) -> str:
    match value:
        case None | list() | dict():
            return ""
        case bool():
            return "true" if value else ""
        case _:
            return "\n".join(filter(None, (" ".join(line.split()) for line in str(value).split("\n"))))
