"""A digest as blocks of plain text, which each platform lays out in its own way.

Counts are shown as they are: nobody is put into a camp, and no share stands without the votes that it is made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_interval, format_skeleton

from bot.content import Block, Facts, Heading, Item, Listing, Paragraph, Quote, plural
from bot.dates import LOCALE
from bot.digest.model import Digest, Participant, QuotedAnswer, RoundDigest, Viewpoint, Votes, Week

NAMES = 40
"""Participants up to which all are named; the rest are counted."""

_NAMELESS = "a member"
_ANYWHERE = Viewpoint()


def digest_title(digest: Digest) -> str:
    """Return a digest's title: the group and the local dates that it covers."""
    return f"{digest.week.group}: {_dates(digest.week)}"


def digest_blocks(digest: Digest, seen_from: Viewpoint = _ANYWHERE) -> tuple[Block, ...]:
    """Return a digest's text: what was said to each question, what nobody answered, who took part, what comes next.

    Every quote carries its author (or "a member"), its link, its votes and the choice or estimate that it explains. A
    week without answers starts with the line of `empty_week_blocks` instead of its totals. What was said in another
    room than the one it is `seen_from` says so.
    """
    answered = [entry for entry in digest.rounds if entry.answers]
    unanswered = [entry for entry in digest.rounds if not entry.answers]
    blocks: list[Block] = [_totals(digest, len(answered))] if answered else [*empty_week_blocks(digest.week)]
    for entry in answered:
        blocks += _round(entry, seen_from)
    if unanswered:
        items = (
            Item(
                entry.question,
                detail=f"Asked {_day(entry.asked_on)}",
                link=seen_from.nearest(entry.links, entry.link),
            )
            for entry in unanswered
        )
        blocks += [Heading("Still waiting for an answer"), Listing(tuple(items))]
    if digest.participants:
        blocks += [Heading("Who took part"), Paragraph(_names(digest.participants))]
    if digest.upcoming:
        blocks += [Heading("What comes next"), Listing(tuple(map(Item, digest.upcoming)))]
    return tuple(blocks)


def empty_week_blocks(week: Week) -> tuple[Block, ...]:
    """Return the one line for a week in which nobody answered."""
    line = f"A quiet week ({_dates(week)}): nobody answered, and every question is still there to pick up."
    return (Paragraph(line),)


def vote_counts(votes: Votes) -> str:
    """Return raw counts, such as `12 agree · 3 disagree · 1 pass`, without those that are zero."""
    counts = ((votes.agree, "agree"), (votes.disagree, "disagree"), (votes.passed, "pass"))
    return " · ".join(f"{count:,} {stance}" for count, stance in counts if count)


def _totals(digest: Digest, answered: int) -> Paragraph:
    answers = f"{plural(digest.answers, 'answer')} from {plural(len(digest.participants), 'member')}"
    parts = [f"{answers} to {plural(answered, 'question')}"]
    if digest.votes:
        parts.append(plural(digest.votes, "vote"))
    if digest.remarks:
        parts.append(plural(digest.remarks, "remark"))
    return Paragraph(", ".join(parts) + ".")


def _round(entry: RoundDigest, seen_from: Viewpoint) -> Iterator[Block]:
    yield Heading(f"{_day(entry.asked_on)} · {entry.question}")
    counts = f"{plural(entry.answers, 'answer')} from {plural(entry.members, 'member')}"
    link = seen_from.nearest(entry.links, entry.link)
    yield Listing((Item(f"{counts} this week" if entry.continued else counts, link=link),))
    yield from _quotes(entry.quotes, seen_from)
    if entry.consensus:
        yield Paragraph("Where you agree:")
        yield from _quotes(entry.consensus, seen_from)
    if entry.splits:
        yield Paragraph("Where you split:")
        yield from _quotes(entry.splits, seen_from)
    if entry.picks:
        yield Facts(entry.picks)


def _quotes(quotes: Iterable[QuotedAnswer], seen_from: Viewpoint) -> Iterator[Quote]:
    for quote in quotes:
        part = "" if quote.whole else "from a longer answer"
        note = " · ".join(filter(None, (quote.pick, vote_counts(quote.votes), part)))
        by = seen_from.signed(quote.name or _NAMELESS, quote.room_id)
        yield Quote(quote.text, by=by, link=quote.link, note=note)


def _names(participants: tuple[Participant, ...]) -> str:
    named = [f"{one.name or _NAMELESS} ({one.answers:,})" for one in participants[:NAMES]]
    others = len(participants) - len(named)
    return ", ".join(named) + (f" and {plural(others, 'other')}" if others else "")


def _day(day: date) -> str:
    return format_skeleton("MMMEd", day, locale=LOCALE)


def _dates(week: Week) -> str:
    """Return the local dates from a week's first instant to its last, in words."""
    zone = ZoneInfo(week.zone)
    first = week.since.astimezone(zone).date()
    last = (week.until - timedelta.resolution).astimezone(zone).date()
    return format_interval(first, last, "yMMMd", locale=LOCALE)
