"""What hosts may type for days, times and zones, and what they are told when it cannot be read."""

from __future__ import annotations

from datetime import date, time
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.wording import describe_dates, describe_days, parse_dates, parse_days, parse_time, parse_zone

MON, TUE, WED, THU, FRI, SAT, SUN = range(7)


class TestDays:
    @pytest.mark.parametrize(
        ("text", "days"),
        [
            ("daily", {MON, TUE, WED, THU, FRI, SAT, SUN}),
            ("Every day", {MON, TUE, WED, THU, FRI, SAT, SUN}),
            ("weekdays", {MON, TUE, WED, THU, FRI}),
            ("weekends", {SAT, SUN}),
            ("weekend and wed", {WED, SAT, SUN}),
            ("mon-fri", {MON, TUE, WED, THU, FRI}),
            ("Mon \N{EN DASH} Fri", {MON, TUE, WED, THU, FRI}),
            ("Monday to Friday", {MON, TUE, WED, THU, FRI}),
            ("mon,wed,fri", {MON, WED, FRI}),
            ("mon wed fri", {MON, WED, FRI}),
            ("Mon., Wed. and Fri.", {MON, WED, FRI}),
            ("tue-thu, sun", {TUE, WED, THU, SUN}),
            ("fri-mon", {FRI, SAT, SUN, MON}),
            ("sun-sat", {MON, TUE, WED, THU, FRI, SAT, SUN}),
            ("wed-wed", {WED}),
            ("Tuesdays & Thursdays", {TUE, THU}),
            ("tues, weds, thurs", {TUE, WED, THU}),
            ("mo/we/fr", {MON, WED, FRI}),
        ],
    )
    def test_days_are_read_the_ways_people_write_them(self, text: str, days: set[int]) -> None:
        assert parse_days(text) == days

    @pytest.mark.parametrize(
        ("text", "word"),
        [
            ("banana", "banana"),
            ("mon, frj", "frj"),
            ("mon-banana", "banana"),
            ("weekend-mon", "weekend"),
            ("mon-tue-wed", "mon-tue-wed"),
            ("mon-", "mon-"),
            ("-", "-"),
            ("t", "t"),
            ("s", "s"),
            ("1", "1"),
        ],
    )
    def test_what_is_no_day_is_refused_with_the_word_and_an_example(self, text: str, word: str) -> None:
        with pytest.raises(ValueError, match=rf"^“{word}” is not a .*; write days like mon-fri, .* or daily\.$"):
            parse_days(text)

    @pytest.mark.parametrize("text", ["", "  ", ", and"])
    def test_naming_no_day_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="No day of the week is named"):
            parse_days(text)

    @pytest.mark.parametrize(
        ("days", "text"),
        [
            (set(range(7)), "every day"),
            ({MON, TUE, WED, THU, FRI}, "Mon\N{EN DASH}Fri"),
            ({MON, WED, FRI}, "Mon, Wed, Fri"),
            ({SAT, SUN}, "Sat, Sun"),
            ({TUE, WED, THU, SUN}, "Tue\N{EN DASH}Thu, Sun"),
            ({FRI, SAT, SUN, MON, WED}, "Wed, Fri\N{EN DASH}Mon"),
            ({SUN, MON, THU}, "Mon, Thu, Sun"),
            ({WED}, "Wed"),
            (set(), "no days"),
        ],
    )
    def test_days_are_said_shortly(self, days: set[int], text: str) -> None:
        assert describe_days(frozenset(days)) == text

    @given(days=st.frozensets(st.integers(0, 6), min_size=1))
    def test_days_that_are_said_can_be_typed(self, days: frozenset[int]) -> None:
        assert parse_days(describe_days(days)) == days


class TestTimes:
    @pytest.mark.parametrize(
        ("text", "wall"),
        [
            ("9", time(9)),
            ("09:00", time(9)),
            ("9:30pm", time(21, 30)),
            ("9.30 p.m.", time(21, 30)),
            ("9 AM", time(9)),
            ("18.30", time(18, 30)),
            ("18h30", time(18, 30)),
            ("18h", time(18)),
            ("1830", time(18, 30)),
            ("930", time(9, 30)),
            ("12am", time(0)),
            ("12:15 am", time(0, 15)),
            ("12pm", time(12)),
            ("noon", time(12)),
            ("Midnight", time(0)),
            (" 23:59 ", time(23, 59)),
        ],
    )
    def test_times_are_read_the_ways_people_write_them(self, text: str, wall: time) -> None:
        assert parse_time(text) == wall

    @pytest.mark.parametrize(
        "text",
        ["banana", "25:00", "24:00", "9:60", "13pm", "0am", "-9", "9:3", "9:30:15", "", "2026-03-01", "9 10", "٩"],
    )
    def test_what_is_no_time_is_refused_with_an_example(self, text: str) -> None:
        with pytest.raises(ValueError, match=f"“{text}” is not a time of day.*; write it like 09:00, 18.30 or 9:30pm"):
            parse_time(text)

    def test_refusal_repeats_only_the_beginning_of_a_long_text(self) -> None:
        with pytest.raises(ValueError, match=r"“aaa.*…”") as refusal:
            parse_time("a" * 5000)
        assert len(str(refusal.value)) < 150

    @given(wall=st.times())
    def test_any_minute_of_the_day_can_be_typed(self, wall: time) -> None:
        minute = wall.replace(second=0, microsecond=0)
        assert parse_time(f"{minute:%H:%M}") == parse_time(f"{minute:%I:%M%p}") == minute


class TestZones:
    @pytest.mark.parametrize(
        ("text", "key"),
        [
            ("Europe/Paris", "Europe/Paris"),
            ("europe/paris", "Europe/Paris"),
            ("paris", "Europe/Paris"),
            (" New  York ", "America/New_York"),
            ("america/new york", "America/New_York"),
            ("utc", "UTC"),
            ("mendoza", "America/Argentina/Mendoza"),
            ("etc/gmt+2", "Etc/GMT+2"),
        ],
    )
    def test_zones_are_read_in_any_case_and_by_city(self, text: str, key: str) -> None:
        assert parse_zone(text) == key

    def test_every_zone_can_be_typed(self) -> None:
        keys = available_timezones() - {"Factory", "localtime"}
        assert {key: parse_zone(key.lower().replace("_", " ")) for key in keys} == {key: key for key in keys}

    @pytest.mark.parametrize(
        ("text", "near"),
        [
            ("pariss", "Europe/Paris"),
            ("Berlim", "Europe/Berlin"),
            ("Europe/Pari", "Europe/Paris"),
            ("new york city", "America/New_York"),
            ("los angelos", "America/Los_Angeles"),
        ],
    )
    def test_misspelt_zone_is_answered_with_the_nearest(self, text: str, near: str) -> None:
        with pytest.raises(ValueError, match=f"“{text}” is not a time zone I know; did you mean {near}"):
            parse_zone(text)

    @pytest.mark.parametrize("text", ["banana", "UTC+2", "gmt+2", "", "localtime", "qqqqq"])
    def test_what_resembles_no_place_is_answered_with_an_example(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"is not a time zone I know; write it as .* like Europe/Paris"):
            parse_zone(text)

    def test_city_of_two_zones_is_answered_with_both(self) -> None:
        with pytest.raises(ValueError, match=r"“eastern” may be more than one .*; write Canada/Eastern or US/Eastern"):
            parse_zone("eastern")


@given(st.frozensets(st.dates(date(2026, 1, 1), date(2026, 3, 1)), max_size=20))
def test_dates_are_read_back_as_they_are_said(days: frozenset[date]) -> None:
    assert parse_dates(describe_dates(days)) == days


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        (" , ;\n", 0),
        ("2030-12-24", 1),
        ("2030-12-24;2030-12-24", 1),
        ("2030-12-24..2030-12-26, 2031-01-01", 4),
        ("2030-12-30 until 2031-01-02\n2031-02-01", 5),
        ("2030-12-24 to 2030-12-24", 1),
    ],
)
def test_dates_may_be_written_in_several_ways(text: str, count: int) -> None:
    assert len(parse_dates(text)) == count


@pytest.mark.parametrize(
    "text",
    ["soon", "2030-13-01", "2030-12-24 to", "2030-12-26 to 2030-12-24", "2030-01-01 to 2032-01-01", "a to b to c"],
)
def test_what_is_no_date_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="write dates like 2030-12-24"):
        parse_dates(text)
