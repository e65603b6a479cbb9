"""What members of a made-up group said, for tests of the digest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from bot.digest.model import Discussion, Said, Votes, Week
from bot.model import Kind, Question

MONDAY = date(2025, 3, 3)
START = datetime(2025, 3, 2, 17, tzinfo=UTC)
WEEK = Week("Slow Readers", "Europe/Berlin", START, START + timedelta(days=7))

LONG_ANSWER = (
    "I kept changing my mind while reading this chapter. The grid is what stops new data centres, because a connection "
    "takes five years in most of Europe. Chips arrive in months and money arrives in weeks. My brother, who sells "
    "sandwiches, asked me why anybody cares. So whoever owns a connection to the grid already will set the pace, and "
    "the rest will rent from them. I would love to be wrong about that!"
)


def said(message_id: int, text: str, *, member: int | None = None, votes: Votes | None = None, pick: str = "") -> Said:
    """Return an answer by a member of its own, unless told otherwise, some minutes after the one before it."""
    member_id = message_id if member is None else member
    return Said(
        message_id=message_id,
        member_id=member_id,
        name=f"Member {member_id}",
        text=text,
        link=f"https://chat.example/{message_id}",
        sent_at=START + timedelta(minutes=10 * message_id),
        votes=votes or Votes(),
        pick=pick,
    )


def question(text: str, **changes: object) -> Question:
    """Return an open question with a text."""
    return replace(Question(text.lower(), text, "Compute", Kind.OPEN, "", ()), **changes)  # type: ignore[arg-type]


def discussion(
    round_id: int, *answers: Said, asked_on: date | None = None, about: Question | None = None, continued: bool = False
) -> Discussion:
    """Return what was said in a round, which was asked a day after the one before it."""
    return Discussion(
        round_id=round_id,
        asked_on=asked_on or MONDAY + timedelta(days=round_id - 1),
        question=about or question(f"Question {round_id}?"),
        link=f"https://chat.example/round/{round_id}",
        said=answers,
        continued=continued,
    )


GRID = (
    said(1, "The grid is the bottleneck: nobody gets a new connection before 2030."),
    said(2, "Chips, I think. Packaging capacity is sold out for two years."),
    said(3, LONG_ANSWER),
    said(4, "A new grid connection takes years, so the grid is the bottleneck for every new data centre."),
    said(5, "My cat has opinions about keyboards."),
    said(6, "Permits for a grid connection take longer than building the data centre."),
    said(7, "Investors. They leave as soon as revenue disappoints twice."),
)
