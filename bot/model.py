"""The plain data that every part of the program shares.

Instants (`*_at`) are aware datetimes in UTC. Local calendar dates (`*_on`, `local_date`) and wall-clock times
(`ask_at`, `digest_at`) belong to the group's own time zone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import NewType

Ref = NewType("Ref", str)
"""An identifier that a platform gave to something; opaque to the core."""

ANSWER_LIMIT = 1800
"""Characters of one form answer, so that answer and attribution fit one message on every platform."""


class Kind(StrEnum):
    """What form a question's answers take."""

    OPEN = "open"
    CHOICE = "choice"
    FORECAST = "forecast"


class Stance(StrEnum):
    """What one member says of one answer."""

    AGREE = "agree"
    DISAGREE = "disagree"
    PASS = "pass"  # noqa: S105  (a vote, not a password)


class Order(StrEnum):
    """How a group walks through its question set."""

    READING = "reading"
    SHUFFLED = "shuffled"
    TOPICS = "topics"


class Exhausted(StrEnum):
    """What happens when every question of the set has been asked."""

    RESHUFFLE = "reshuffle"
    STOP = "stop"


class Substance(StrEnum):
    """Whether a message counts as an answer or is only a remark."""

    ANSWER = "answer"
    REMARK = "remark"


class Choice(StrEnum):
    """What hosts decided about one answer: that digests quote it in any case, or never."""

    QUOTE = "quote"
    HIDE = "hide"


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel of one workspace on one platform."""

    platform: str
    workspace: Ref
    channel: Ref


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What people call a channel and its workspace, without marks such as `#`."""

    workspace: str
    channel: str


@dataclass(frozen=True, slots=True)
class Author:
    """A person as a platform names them.

    `admin` is the platform's word that the person runs the workspace; such a person may set up and host groups in it.
    """

    platform: str
    user: Ref
    name: str
    admin: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """A person on one platform, as recorded."""

    id: int
    platform: str
    user: Ref
    name: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Local dates without questions: from `starts_on` until the day before `ends_on`; open-ended without it."""

    starts_on: date
    ends_on: date | None = None

    def covers(self, day: date) -> bool:
        """Return whether no question is asked on `day`."""
        return self.starts_on <= day and (self.ends_on is None or day < self.ends_on)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a group is asked and when it gets its digest.

    `zone` is an IANA name; `ask_at` and `digest_at` are local wall-clock times; `days` and `digest_on` count weekdays
    from Monday = 0. Occurrences whose instant lies before `active_from` (UTC) are not due: a group that is set up or
    resumed in the afternoon is not asked what it missed in the morning.
    """

    zone: str
    ask_at: time
    active_from: datetime
    days: frozenset[int] = frozenset(range(7))
    holidays: frozenset[date] = frozenset()
    pauses: tuple[Pause, ...] = ()
    digest_on: int = 6
    digest_at: time = time(18, 0)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a host decides about a group. Times are local wall-clock times; weekdays count from Monday = 0.

    What hosts must know is said in `alert_channel`; without one, each host is told in private.
    """

    zone: str = "UTC"
    ask_at: time = time(9, 0)
    days: frozenset[int] = frozenset(range(7))
    holidays: frozenset[date] = frozenset()
    digest_on: int = 6
    digest_at: time = time(18, 0)
    question_set: str = "ai-futures"
    order: Order = Order.SHUFFLED
    exhausted: Exhausted = Exhausted.RESHUFFLE
    tell_empty_week: bool = False
    alert_channel: Channel | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A reading group. `declared` groups are set in the operator's files, which chat cannot override."""

    id: int
    slug: str
    name: str
    settings: Settings
    created_at: datetime
    active_from: datetime
    declared: bool = False
    pauses: tuple[Pause, ...] = ()

    @property
    def schedule(self) -> Schedule:
        """Return the group's settings as far as time is concerned."""
        return Schedule(
            zone=self.settings.zone,
            ask_at=self.settings.ask_at,
            active_from=self.active_from,
            days=self.settings.days,
            holidays=self.settings.holidays,
            pauses=self.pauses,
            digest_on=self.settings.digest_on,
            digest_at=self.settings.digest_at,
        )


@dataclass(frozen=True, slots=True)
class Room:
    """Where a group meets. `mention` is the role or user group that each question there pings."""

    id: int
    group_id: int
    channel: Channel
    mention: Ref | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where in a question set's readings a question comes from."""

    reading: str
    section: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a forecast asks for: a `probability`, a `year` or a `number` of `unit`s; settled as `resolves` says."""

    answer: str
    resolves: str
    by: date
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a set.

    Asked never before `not_before`, and on `ask_on` if the group is asked on that local date. A `draft` waits for its
    host to mark it ready; a `retired` question is kept for its answers only. Neither is asked.
    """

    id: str
    text: str
    topic: str
    kind: Kind
    background: str
    follow_ups: tuple[str, ...]
    source: Source | None = None
    options: tuple[str, ...] = ()
    forecast: Forecast | None = None
    tags: tuple[str, ...] = ()
    not_before: date | None = None
    ask_on: date | None = None
    draft: bool = False
    retired: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a reading, in the document's order. `part` is the chapter that it belongs to, where there is one."""

    id: str
    title: str
    part: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A document that a question set draws on. `date` is as precise as the document is: year, month or day."""

    id: str
    title: str
    sections: tuple[Section, ...]
    author: str = ""
    kind: str = ""
    date: str = ""
    link: str = ""

    def section(self, section_id: str) -> Section:
        """Return the section with that id. Raises KeyError."""
        for section in self.sections:
            if section.id == section_id:
                return section
        raise KeyError(section_id)


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """A folder under `seeds/`: readings with their questions. `questions` stand in syllabus order."""

    name: str
    title: str
    description: str
    language: str
    topics: tuple[str, ...]
    readings: tuple[Reading, ...]
    questions: tuple[Question, ...]
    _by_id: dict[str, Question] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._by_id.update({question.id: question for question in self.questions})

    def get(self, question_id: str) -> Question | None:
        """Return the question with that id, or None."""
        return self._by_id.get(question_id)

    def reading(self, reading_id: str) -> Reading:
        """Return the reading with that id. Raises KeyError."""
        for reading in self.readings:
            if reading.id == reading_id:
                return reading
        raise KeyError(reading_id)

    def cite(self, source: Source) -> str:
        """Return a one-line reference to a source, such as `Title, “Section” (Author, 2025-03)`."""
        reading = self.reading(source.reading)
        about = ", ".join(filter(None, (reading.author, reading.date)))
        return f"{reading.title}, “{reading.section(source.section).title}”" + (f" ({about})" if about else "")


@dataclass(frozen=True, slots=True)
class Round:
    """One question asked to one group on one local date. `cycle` counts the group's passes through its set."""

    id: int
    group_id: int
    local_date: date
    question_set: str
    question: Question
    cycle: int
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """What a member said in a round: an answer or a remark.

    `ref` is None while a form answer has not been posted yet. `pick` is the option or the estimate chosen in a form,
    `choice` what hosts decided about it.
    """

    id: int
    round_id: int
    room_id: int
    member: Member
    text: str
    substance: Substance
    sent_at: datetime
    ref: Ref | None = None
    thread: Ref | None = None
    edited_at: datetime | None = None
    pick: str = ""
    by_form: bool = False
    reply_to: Ref | None = None
    choice: Choice | None = None


def utc(moment: datetime) -> datetime:
    """Return an aware instant in UTC. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return moment.astimezone(UTC)
