"""What a digest is made from, and what it is.

The input is gathered by a service: one `Discussion` a round. The output, a `Digest`, is stored and rendered. Names and
texts are members' own words, verbatim.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from bot.model import Question


@dataclass(frozen=True, slots=True)
class Votes:
    """Raw counts of votes on one answer."""

    agree: int = 0
    disagree: int = 0
    passed: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """One answer. `pick` is the option or estimate that came with it; `replies` counts messages that reply to it."""

    message_id: int
    member_id: int
    name: str
    text: str
    link: str
    sent_at: datetime
    votes: Votes = Votes()
    replies: int = 0
    pick: str = ""


@dataclass(frozen=True, slots=True)
class Discussion:
    """One round of the week with the answers given in the week.

    `continued`: the question was asked before the week and is still being answered.
    """

    round_id: int
    asked_on: date
    question: Question
    link: str
    said: tuple[Said, ...]
    remarks: int = 0
    continued: bool = False


@dataclass(frozen=True, slots=True)
class Week:
    """The time that a digest covers: from `since` up to, but without, `until` (UTC), in a group's zone."""

    group: str
    zone: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class QuotedAnswer:
    """Words of one answer, verbatim: whole or a run of its sentences; `whole` says which."""

    message_id: int
    text: str
    name: str
    link: str
    votes: Votes
    whole: bool = True


@dataclass(frozen=True, slots=True)
class RoundDigest:
    """What became of one round. `picks` are the counts of each option or the median and spread of the estimates."""

    round_id: int
    asked_on: date
    question: str
    topic: str
    link: str
    answers: int
    members: int
    quotes: tuple[QuotedAnswer, ...]
    consensus: tuple[QuotedAnswer, ...] = ()
    splits: tuple[QuotedAnswer, ...] = ()
    picks: tuple[tuple[str, str], ...] = ()
    continued: bool = False


@dataclass(frozen=True, slots=True)
class Participant:
    """How much one member gave in the week."""

    name: str
    answers: int


@dataclass(frozen=True, slots=True)
class Digest:
    """One group's week, compiled. `upcoming` are lines that say what is read next."""

    week: Week
    rounds: tuple[RoundDigest, ...]
    participants: tuple[Participant, ...]
    answers: int
    remarks: int
    votes: int
    upcoming: tuple[str, ...] = ()

    @property
    def quoted(self) -> frozenset[int]:
        """Return the ids of the messages whose words stand in the digest."""
        return frozenset(
            quote.message_id for entry in self.rounds for quote in (*entry.quotes, *entry.consensus, *entry.splits)
        )
