"""What the files of a question set may hold.

`set.yaml` names the readings; every other file holds questions. The JSON Schemas that editors use are generated from
these models. Given a set's `References` as validation context, questions are also held against its topics and readings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from bot.words import HAN, KANA, SOUTH_EAST_ASIAN
from bot.yamlfile import Day
from bot.yamlsentences import one_of, shown

FEWEST_WORDS, MOST_WORDS = 40, 110
"""Of a background. A draft may still have fewer. Two characters count as a word where none is set off by spaces."""

_UNSPACED = re.compile(f"[{HAN}{KANA}{SOUTH_EAST_ASIAN}]")
_UNSPACED_PUNCTUATION = re.compile("[\u3000-\u303f\uff00-\uff65]")


def _one_line(value: object) -> object:
    return " ".join(value.split()) if isinstance(value, str) else value


def _stripped(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    seen: set[str] = set()
    for value in values:
        if value.casefold() in seen:
            raise ValueError(f"{shown(value)} stands here twice; keep one of them.")
        seen.add(value.casefold())
    return values


def _count_words(text: str) -> int:
    spaced, unspaced = _UNSPACED.subn(" ", text)
    return len(_UNSPACED_PUNCTUATION.sub(" ", spaced).split()) + unspaced // 2


Distinct = AfterValidator(_distinct)

Slug = Annotated[
    str,
    Field(
        max_length=48,
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$",
        json_schema_extra={"patternErrorMessage": "use lowercase letters and digits with single hyphens between them"},
    ),
]
Language = Annotated[
    str,
    Field(
        pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        json_schema_extra={"patternErrorMessage": "write a language code such as en, ja or pt-BR"},
    ),
]
Published = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$",
        json_schema_extra={
            "patternErrorMessage": "write a year, a month or a day, such as 2025, 2025-03 or 2025-03-31"
        },
    ),
]
Link = Annotated[
    str,
    Field(
        max_length=500,
        pattern=r"^https?://[^\s/]\S*$",
        json_schema_extra={"patternErrorMessage": "write a link that begins with https://"},
    ),
]
Tag = Annotated[
    str,
    Field(
        min_length=1,
        max_length=40,
        pattern=r"^[^A-Z]*$",
        json_schema_extra={"patternErrorMessage": "write tags in lowercase"},
    ),
    BeforeValidator(_one_line),
]
Title = Annotated[str, Field(min_length=1, max_length=120), BeforeValidator(_one_line)]
Short = Annotated[str, Field(min_length=1, max_length=80), BeforeValidator(_one_line)]
FollowUp = Annotated[str, Field(min_length=1, max_length=200), BeforeValidator(_one_line)]
QuestionText = Annotated[str, Field(min_length=1, max_length=280), BeforeValidator(_one_line)]
Resolution = Annotated[str, Field(min_length=1, max_length=400), BeforeValidator(_one_line)]
Prose = Annotated[str, Field(min_length=1, max_length=2000), BeforeValidator(_stripped)]


@dataclass(frozen=True, slots=True)
class References:
    """What a set's questions may refer to: its topics and, by reading, the ids of its sections."""

    topics: Sequence[str]
    sections: Mapping[str, Sequence[str]]


def _references(info: ValidationInfo) -> References | None:
    return info.context if isinstance(info.context, References) else None


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SectionEntry(_Entry):
    """One section of a reading."""

    id: Slug = Field(description="Short name of the section, unique in its reading. Questions refer to it.")
    title: Title = Field(description="The section's heading.")
    part: Title = Field(default="", description="The chapter or part that the section belongs to, if there is one.")


class ReadingEntry(_Entry):
    """One document that the set draws on."""

    id: Slug = Field(description="Short name of the reading, unique in the set. Questions refer to it.")
    title: Title = Field(description="The document's title.")
    author: Title = Field(default="", description="Who wrote it.")
    kind: Title = Field(default="", description="What it is: essay, newsletter, chapter, interview …")
    date: Published = Field(default="", description="When it appeared: a year, a month or a day, such as 2025-03.")
    link: Link = Field(default="", description="Where it can be read.")
    sections: tuple[SectionEntry, ...] = Field(min_length=1, description="Its sections, in the document's order.")


class SetFile(_Entry):
    """`set.yaml`: what the set is about, and the readings in the order of the syllabus."""

    title: Title = Field(description="The set's title, as people see it.")
    description: Prose = Field(description="What the set is about, in a sentence or two.")
    language: Language = Field(default="en", description="Code of the language that the questions are written in.")
    topics: Annotated[tuple[Short, ...], Distinct] = Field(
        min_length=1,
        description="Every topic that a question of the set may have.",
        json_schema_extra={"uniqueItems": True},
    )
    readings: tuple[ReadingEntry, ...] = Field(min_length=1, description="The readings, in the order of the syllabus.")


class SourceEntry(_Entry):
    """Where a question comes from."""

    reading: Slug = Field(description="Id of one of the readings in set.yaml.")
    section: Slug = Field(description="Id of one of that reading's sections.")

    @field_validator("reading")
    @classmethod
    def _known_reading(cls, reading: str, info: ValidationInfo) -> str:
        references = _references(info)
        if references and reading not in references.sections:
            raise ValueError(one_of(reading, list(references.sections), "a reading of this set"))
        return reading

    @field_validator("section")
    @classmethod
    def _known_section(cls, section: str, info: ValidationInfo) -> str:
        references, reading = _references(info), info.data.get("reading")
        if references and reading and section not in references.sections[reading]:
            raise ValueError(one_of(section, references.sections[reading], f"a section of “{reading}”"))
        return section


class ForecastEntry(_Entry):
    """What a forecast asks for, and how it is settled."""

    answer: Literal["probability", "year", "number"] = Field(description="What members give as their estimate.")
    unit: Title | None = Field(
        default=None,
        validate_default=True,
        description="What the number counts, such as `percent of new code`. Only with `answer: number`.",
    )
    resolves: Resolution = Field(description="How it will be settled, from which public source, and what counts.")
    by: Day = Field(description="The date by which it is settled, such as 2030-12-31.")

    @field_validator("unit")
    @classmethod
    def _unit_of_numbers(cls, unit: str | None, info: ValidationInfo) -> str | None:
        match info.data.get("answer"), unit:
            case "number", None:
                raise ValueError("A number needs a unit; add `unit: …`.")
            case "probability" | "year", str():
                raise ValueError("Only a number has a unit; delete the line or write `answer: number`.")
        return unit


class QuestionEntry(_Entry):
    """One question."""

    id: Slug = Field(description="Short name of the question, unique in the set. It stays when the question is edited.")
    draft: bool = Field(
        default=False, description="Not ready: loaded, never asked. Topic, background and follow-ups may be missing."
    )
    retired: bool = Field(default=False, description="Never asked again; kept for the answers that it got.")
    question: QuestionText = Field(description="The question itself, in one line of at most 280 characters.")
    topic: Short | None = Field(default=None, validate_default=True, description="One of the topics in set.yaml.")
    kind: Literal["open", "choice", "forecast"] = Field(
        default="open", description="What answers look like: free text, one of the options, or an estimate."
    )
    options: (
        Annotated[
            tuple[Short, ...], Field(min_length=2, max_length=5, json_schema_extra={"uniqueItems": True}), Distinct
        ]
        | None
    ) = Field(
        default=None, validate_default=True, description="What can be chosen, 2 to 5 of them. Only with `kind: choice`."
    )
    forecast: ForecastEntry | None = Field(
        default=None, validate_default=True, description="What is estimated. Only with `kind: forecast`."
    )
    background: Prose | None = Field(
        default=None,
        validate_default=True,
        description="What somebody who has not read the source must know to answer, in 40 to 110 words.",
    )
    follow_ups: Annotated[tuple[FollowUp, ...], Field(min_length=1, max_length=3), Distinct] | None = Field(
        default=None,
        validate_default=True,
        description="1 to 3 questions that push further, each at most 200 characters.",
    )
    source: SourceEntry = Field(description="The reading and the section that the question comes from.")
    tags: Annotated[tuple[Tag, ...], Distinct] = Field(
        default=(), description="Words to find the question by, in lowercase."
    )
    not_before: Day | None = Field(default=None, description="The first local date on which it may be asked.")
    ask_on: Day | None = Field(default=None, description="The local date on which it is asked, before any other.")

    @field_validator("topic", "background", "follow_ups")
    @classmethod
    def _only_a_draft_lacks_it(cls, value: object, info: ValidationInfo) -> object:
        if value is None and info.data.get("draft") is False:
            raise ValueError(f"This is missing; add `{info.field_name}: …`, or `draft: true` if it is not ready.")
        return value

    @field_validator("topic")
    @classmethod
    def _known_topic(cls, topic: str | None, info: ValidationInfo) -> str | None:
        references = _references(info)
        if references and topic is not None and topic not in references.topics:
            raise ValueError(one_of(topic, references.topics, "a topic of this set"))
        return topic

    @field_validator("background")
    @classmethod
    def _right_length(cls, background: str | None, info: ValidationInfo) -> str | None:
        words = _count_words(background) if background else FEWEST_WORDS
        fewest = 1 if info.data.get("draft") else FEWEST_WORDS
        if not fewest <= words <= MOST_WORDS:
            raise ValueError(f"This has {words} words; a background has {FEWEST_WORDS} to {MOST_WORDS}.")
        return background

    @field_validator("options", "forecast")
    @classmethod
    def _goes_with_the_kind(cls, value: object, info: ValidationInfo) -> object:
        kind = {"options": "choice", "forecast": "forecast"}[str(info.field_name)]
        if "kind" not in info.data:
            return value
        if value is None and info.data["kind"] == kind:
            raise ValueError(f"A {kind} needs this; add `{info.field_name}: …`.")
        if value is not None and info.data["kind"] != kind:
            raise ValueError(f"Only a {kind} has this; delete it or write `kind: {kind}`.")
        return value

    @field_validator("ask_on")
    @classmethod
    def _not_too_early(cls, ask_on: Day | None, info: ValidationInfo) -> Day | None:
        first = info.data.get("not_before")
        if ask_on and first and ask_on < first:
            raise ValueError(f"{ask_on} lies before `not_before: {first}`; change one of them.")
        return ask_on


class QuestionFile(_Entry):
    """A file of questions, anywhere in the set's folder."""

    questions: tuple[QuestionEntry, ...] = Field(
        min_length=1, description="The questions, in the order of the section."
    )
