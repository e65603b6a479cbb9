"""When a group's questions and digests are due, in the group's own zone. Pure: `now` comes from the caller.

Everything rests on one definition. A wall-clock time happens at the first instant at which the local clock shows it or
later: after a spring gap that is the gap's end, in an autumn fold the first of the two. A date lasts from its first
midnight to the first midnight of the next one. From this follows:

- a date that a zone skipped (Pacific/Apia, 2011-12-30) has no length, and nothing is ever due on it;
- a clock that is set back over midnight does not begin its date again;
- when the gap ends the date (America/Nuuk goes from 23:00 to the next day's 00:00), a question that is asked inside the
  gap would fall on the next date: it is left out, for a question is never asked on a date that is not its own.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.model import Schedule, utc

DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
DAYS_AHEAD = 400
"""How far `next_question` looks: over a year, so that any yearly pattern of holidays and pauses is seen through."""


def instant(day: date, at: time, zone: str) -> datetime:
    """Return the UTC instant at which the clock of `zone` first shows `at` on `day`, or later if it skips that time.

    Raises zoneinfo.ZoneInfoNotFoundError for an unknown zone.
    """
    tz = ZoneInfo(zone)
    wall = datetime.combine(day, at.replace(tzinfo=None, fold=0))
    moment = wall.replace(tzinfo=tz).astimezone(UTC)
    if _clock(moment, tz) == wall:
        return moment
    # In a gap, fold=0 reads the wall clock with the offset before the gap and fold=1 with the one after it (PEP 495):
    # the first is past the gap's end and the second before it.
    before, after = int(wall.replace(tzinfo=tz, fold=1).timestamp()), int(moment.timestamp())
    seconds = range(before, after)
    return _at(before + bisect_left(seconds, wall, key=lambda second: _clock(_at(second), tz)))


def local_date(now: datetime, zone: str) -> date:
    """Return the date in `zone` that began last, which is what a calendar there shows."""
    shown = utc(now).astimezone(ZoneInfo(zone)).date()
    following = shown + DAY
    return following if instant(following, time.min, zone) <= now else shown


def exists(day: date, zone: str) -> bool:
    """Return whether `zone` has that date; a few zones skipped one when they crossed the date line."""
    return instant(day, time.min, zone) < instant(day + DAY, time.min, zone)


def question_due(schedule: Schedule, last_asked_on: date | None, now: datetime) -> date | None:
    """Return the local date whose question is to be asked now, or None.

    It is always today's: after downtime today's question is asked late, yesterday's never. Dates only move forward from
    `last_asked_on`, so that a change of zone or time never asks twice on one date.
    """
    today = local_date(now, schedule.zone)
    asks_at = _question_instant(schedule, last_asked_on, today)
    return today if asks_at is not None and asks_at <= now else None


def next_question(schedule: Schedule, last_asked_on: date | None, now: datetime) -> tuple[date, datetime] | None:
    """Return the local date and the UTC instant of the question that is due now or becomes due next.

    The instant lies in the past if the question is already due. None if there is no question in the next 400 days.
    """
    today = local_date(now, schedule.zone)
    for day in (today + ahead * DAY for ahead in range(DAYS_AHEAD)):
        asks_at = _question_instant(schedule, last_asked_on, day)
        if asks_at is not None:
            return day, asks_at
    return None


def digest_due(schedule: Schedule, last_digest_on: date | None, now: datetime) -> date | None:
    """Return the local date of the digest that is to be posted now, or None.

    It is the newest one whose time has come: late until the next, never an older one. Holidays and pauses do not count.
    """
    day = _newest_digest(schedule, now)
    return day if _digest_instant(schedule, last_digest_on, day) is not None else None


def next_digest(schedule: Schedule, last_digest_on: date | None, now: datetime) -> tuple[date, datetime]:
    """Return the local date and the UTC instant of the digest that is due now or becomes due next.

    The instant lies in the past if the digest is already due.
    """
    day = _newest_digest(schedule, now)
    while (posts_at := _digest_instant(schedule, last_digest_on, day)) is None:
        day += WEEK
    return day, posts_at


def _question_instant(schedule: Schedule, last_asked_on: date | None, day: date) -> datetime | None:
    """Return when the question of `day` becomes due (UTC), or None if the group is not asked on that date."""
    if day.weekday() not in schedule.days or day in schedule.holidays:
        return None
    if any(pause.covers(day) for pause in schedule.pauses) or (last_asked_on is not None and day <= last_asked_on):
        return None
    asks_at = instant(day, schedule.ask_at, schedule.zone)
    day_ends = instant(day + DAY, time.min, schedule.zone)
    return asks_at if schedule.active_from <= asks_at < day_ends else None


def _digest_instant(schedule: Schedule, last_digest_on: date | None, day: date) -> datetime | None:
    """Return when the digest of `day`, one of the digest weekdays, becomes due (UTC), or None if there is none."""
    if (last_digest_on is not None and day <= last_digest_on) or not exists(day, schedule.zone):
        return None
    posts_at = instant(day, schedule.digest_at, schedule.zone)
    return posts_at if posts_at >= schedule.active_from else None


def _newest_digest(schedule: Schedule, now: datetime) -> date:
    """Return the last local date on the digest weekday whose digest time has come."""
    today = local_date(now, schedule.zone)
    day = today - (today.weekday() - schedule.digest_on) % 7 * DAY
    while not exists(day, schedule.zone) or instant(day, schedule.digest_at, schedule.zone) > now:
        day -= WEEK
    return day


def _clock(moment: datetime, tz: ZoneInfo) -> datetime:
    """Return what a clock on the wall shows at an instant."""
    return moment.astimezone(tz).replace(tzinfo=None, fold=0)


def _at(second: int) -> datetime:
    """Return a POSIX time as an instant in UTC."""
    return datetime.fromtimestamp(second, UTC)
