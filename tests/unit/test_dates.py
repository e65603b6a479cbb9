"""How dates and instants read to people."""

from __future__ import annotations

from datetime import UTC, date, datetime

from bot.dates import describe_day, describe_moment


def test_a_day_is_told_with_its_weekday_and_year() -> None:
    assert describe_day(date(2026, 3, 2)) == "Mon 2 Mar 2026"


def test_an_instant_is_told_as_the_clock_of_the_zone_shows_it() -> None:
    evening = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    assert describe_moment(evening, "UTC") == "Mon 2 Mar 2026, 23:30 (UTC)"
    assert describe_moment(evening, "Asia/Tokyo") == "Tue 3 Mar 2026, 08:30 (Asia/Tokyo)"


def test_the_two_sides_of_a_clock_change_are_told_apart_by_the_zone() -> None:
    before, after = datetime(2026, 3, 29, 0, 59, tzinfo=UTC), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert describe_moment(before, "Europe/Paris") == "Sun 29 Mar 2026, 01:59 (Europe/Paris)"
    assert describe_moment(after, "Europe/Paris") == "Sun 29 Mar 2026, 03:00 (Europe/Paris)"
