"""What a schedule must lead to, worked out in another way than `bot.schedule` does.

The zone's offsets are read off by walking through UTC, hour by hour; everything else is arithmetic on stretches of time
with one offset. No wall-clock time is ever handed to zoneinfo, and `fold` is never looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from bot.model import Schedule

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
FORTNIGHT = timedelta(weeks=2)

Event = tuple[date, datetime]
"""What was done: for which local date, at which instant."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in UTC, `until` excluded, during which a zone keeps one offset."""

    since: datetime
    until: datetime
    offset: timedelta


@dataclass(frozen=True, slots=True)
class Period:
    """A time in UTC, `until` excluded, during which the bot is up and a schedule is in force."""

    schedule: Schedule
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Window:
    """The time in UTC, `closes` excluded, during which something for a local date may be done."""

    day: date
    opens: datetime
    closes: datetime


@lru_cache(maxsize=500)
def stretches(zone: str, since: datetime, until: datetime) -> tuple[Stretch, ...]:
    """Return the zone's stretches, to the second, found by walking through UTC."""
    tz = ZoneInfo(zone)
    found: list[Stretch] = []
    begins = moment = since
    offset = _offset(moment, tz)
    while moment < until:
        later = moment + HOUR
        if _offset(later, tz) != offset:
            before, after = moment, later
            while after - before > SECOND:
                middle = before + (after - before) // (2 * SECOND) * SECOND
                before, after = (middle, after) if _offset(middle, tz) == offset else (before, middle)
            found.append(Stretch(begins, after, offset))
            begins, offset = after, _offset(later, tz)
        moment = later
    return (*found, Stretch(begins, until, offset))


def first_showing(walk: Sequence[Stretch], day: date, at: time) -> datetime:
    """Return the first instant at which the clock on the wall shows that time or a later one."""
    wall = datetime.combine(day, at, UTC)
    return next(max(stretch.since, wall - stretch.offset) for stretch in walk if wall < stretch.until + stretch.offset)


def jumps(walk: Sequence[Stretch]) -> list[tuple[datetime, datetime]]:
    """Return what the clock on the wall shows when it is about to be set, and what it shows then (written as UTC)."""
    return [(one.until + one.offset, two.since + two.offset) for one, two in pairwise(walk)]


def question_windows(schedule: Schedule, since: datetime, until: datetime) -> Iterator[Window]:
    """Yield when each date's question may be asked: from its time until the date is over."""
    walk = stretches(schedule.zone, since - 4 * DAY, until + 4 * DAY)
    for day in _days(since - 2 * DAY, until + 2 * DAY):
        if day.weekday() not in schedule.days or day in schedule.holidays:
            continue
        if any(pause.starts_on <= day and day < (pause.ends_on or date.max) for pause in schedule.pauses):
            continue
        yield Window(day, first_showing(walk, day, schedule.ask_at), first_showing(walk, day + DAY, time(0)))


def digest_windows(schedule: Schedule, since: datetime, until: datetime) -> Iterator[Window]:
    """Yield when each digest may be posted: from its time until the time of the next one."""
    # Beyond each end lies a digest or, where a date was skipped, the one a week further.
    first, last = since - FORTNIGHT - DAY, until + FORTNIGHT + DAY
    walk = stretches(schedule.zone, first - 2 * DAY, last + 2 * DAY)
    opening = {
        day: first_showing(walk, day, schedule.digest_at)
        for day in _days(first, last)
        if day.weekday() == schedule.digest_on
        and first_showing(walk, day, time(0)) < first_showing(walk, day + DAY, time(0))
    }
    for day, following in pairwise(opening):
        yield Window(day, opening[day], opening[following])


def expected(
    periods: Sequence[Period], windows: Callable[[Schedule, datetime, datetime], Iterator[Window]]
) -> list[Event]:
    """Return what is done over consecutive periods: in each window once the bot is up, with dates that only rise."""
    done: list[Event] = []
    for period in periods:
        for window in windows(period.schedule, period.since, period.until):
            moment = max(window.opens, period.since)
            seen = moment < min(window.closes, period.until)
            if seen and window.opens >= period.schedule.active_from and (not done or window.day > done[-1][0]):
                done.append((window.day, moment))
    return done


def _days(since: datetime, until: datetime) -> list[date]:
    return [since.date() + ahead * DAY for ahead in range((until.date() - since.date()).days + 1)]


def _offset(moment: datetime, tz: ZoneInfo) -> timedelta:
    offset = moment.astimezone(tz).utcoffset()
    assert offset is not None
    return offset
