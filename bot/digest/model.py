"""What a digest is made from, and what it is.

The input is gathered by a service: one `Discussion` a round. The output, a `Digest`, is stored and rendered. Names and
texts are members' own words, verbatim.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
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
    """One answer. `pick` is the option or estimate that came with it; `replies` counts who else replied to it.

    Hosts may have it `pinned`, so that it is quoted in any case. What is `hidden` counts, but is never quoted. Linked
    accounts share a `member_id`; `name` is the one of the account that said it, in the room `room_id`.
    """

    message_id: int
    member_id: int
    name: str
    text: str
    link: str
    sent_at: datetime
    votes: Votes = Votes()
    replies: int = 0
    pick: str = ""
    pinned: bool = False
    hidden: bool = False
    room_id: int = 0


@dataclass(frozen=True, slots=True)
class Discussion:
    """One round of the week with the answers given in the week.

    `continued`: the question was asked before the week and is still being answered. `links` are its addresses by room,
    `link` one of them.
    """

    round_id: int
    asked_on: date
    question: Question
    link: str
    said: tuple[Said, ...]
    remarks: int = 0
    continued: bool = False
    links: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Week:
    """The time that a digest covers: from `since` up to, but without, `until` (UTC), in a group's zone."""

    group: str
    zone: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class QuotedAnswer:
    """Words of one answer, verbatim: whole or a run of its sentences; `whole` says which. `room_id` is where it is.

    `pick` is what they give the reasons for, where the question asks for a choice or an estimate.
    """

    message_id: int
    text: str
    name: str
    link: str
    votes: Votes
    whole: bool = True
    room_id: int = 0
    pick: str = ""


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
    links: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Participant:
    """How much one member gave in the week."""

    name: str
    answers: int


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """From which of a group's rooms something is read, and how the others are named there, such as `on Slack`."""

    room_id: int | None = None
    elsewhere: Mapping[int, str] = field(default_factory=dict)

    def signed(self, name: str, room_id: int) -> str:
        """Return who said something in a room, and where if that is another one: `Ada, on Slack`."""
        where = self.elsewhere.get(room_id, "")
        return f"{name}, {where}" if where else name

    def nearest(self, links: Iterable[tuple[int, str]], otherwise: str) -> str:
        """Return the address in this room out of those by room, if there is one."""
        return dict(links).get(self.room_id or 0, otherwise)


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
