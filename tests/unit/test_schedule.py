"""When questions and digests are due, over clock changes, downtime, pauses and changes of zone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import cycle
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import Pause, Schedule
from bot.schedule import digest_due, exists, instant, local_date, next_digest, next_question, question_due
from tests.unit.schedule_oracle import (
    Event,
    Period,
    digest_windows,
    expected,
    first_showing,
    jumps,
    question_windows,
    stretches,
)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SECOND = timedelta(seconds=1)
ZONES = sorted(available_timezones() - {"Factory", "localtime"})
TEN_YEARS = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
UPS_AND_DOWNS = (
    (61 * DAY + 7 * HOUR, 5 * HOUR),
    (HOUR, 11 * HOUR),
    (97 * DAY, timedelta(0)),
    (3 * DAY + 13 * MINUTE, 9 * DAY),
    (20 * HOUR, 31 * HOUR),
)
"""How long the bot runs and then does not, again and again; the lengths fit neither days nor weeks."""

TURNS = (
    ("America/New_York", date(2024, 3, 10)),
    ("America/New_York", date(2024, 11, 3)),
    ("Europe/London", date(2024, 3, 31)),
    ("Australia/Lord_Howe", date(2024, 10, 6)),
    ("Australia/Lord_Howe", date(2024, 4, 7)),
    ("America/Havana", date(2024, 3, 10)),
    ("America/Havana", date(2024, 11, 3)),
    ("Asia/Beirut", date(2024, 3, 31)),
    ("America/Nuuk", date(2025, 3, 29)),
    ("America/Asuncion", date(2023, 3, 26)),
    ("America/St_Johns", date(2010, 11, 6)),
    ("Antarctica/Casey", date(2010, 3, 4)),
    ("Antarctica/Troll", date(2024, 3, 31)),
    ("Africa/Casablanca", date(2024, 3, 10)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Kwajalein", date(1993, 8, 21)),
)
"""Places and dates at which a clock was set, the odd ones among them."""

Due = Callable[[Schedule, date | None, datetime], date | None]
Next = Callable[[Schedule, date | None, datetime], tuple[date, datetime] | None]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def at(zone: str, text: str) -> datetime:
    """Return the instant at which a clock in the zone shows that, at an hour that is neither skipped nor repeated."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def daily(zone: str = "Europe/Paris", ask_at: time = time(9), **changes: Any) -> Schedule:
    return replace(Schedule(zone, ask_at, active_from=utc("1980-01-01")), **changes)


def live(periods: Sequence[Period], due: Due, following: Next) -> list[Event]:
    """Do what the program does: sleep until what comes next, do what is due, remember for which date."""
    done: list[Event] = []
    last: date | None = None
    for period in periods:
        now = period.since
        while (coming := following(period.schedule, last, now)) is not None:
            now = max(now, coming[1])
            if now >= period.until:
                break
            assert due(period.schedule, last, now) == coming[0]
            last = coming[0]
            done.append((last, now))
    return done


def questions(*periods: Period) -> list[Event]:
    return live(periods, question_due, next_question)


def asked(schedule: Schedule, since: datetime, until: datetime) -> list[Event]:
    """Return what a group is asked that is set up at `since`."""
    return questions(Period(replace(schedule, active_from=since), since, until))


class TestWallClock:
    @pytest.mark.parametrize(
        ("zone", "day", "wall", "moment"),
        [
            ("America/New_York", date(2024, 3, 10), time(2, 30), utc("2024-03-10 07:00")),
            ("America/New_York", date(2024, 3, 10), time(2, 0), utc("2024-03-10 07:00")),
            ("America/New_York", date(2024, 3, 10), time(2, 59, 59, 999999), utc("2024-03-10 07:00")),
            ("Europe/London", date(2024, 3, 31), time(1, 30), utc("2024-03-31 01:00")),
            ("Australia/Lord_Howe", date(2024, 10, 6), time(2, 15), utc("2024-10-05 15:30")),
            ("America/Havana", date(2024, 3, 10), time(0, 0), utc("2024-03-10 05:00")),
            ("America/Havana", date(2024, 3, 10), time(0, 30), utc("2024-03-10 05:00")),
            ("Asia/Beirut", date(2024, 3, 31), time(0, 30), utc("2024-03-30 22:00")),
        ],
    )
    def test_skipped_time_happens_when_the_gap_ends(self, zone: str, day: date, wall: time, moment: datetime) -> None:
        assert instant(day, wall, zone) == moment

    @pytest.mark.parametrize(
        ("zone", "day", "wall", "moment"),
        [
            ("America/New_York", date(2024, 11, 3), time(1, 30), utc("2024-11-03 05:30")),
            ("Europe/London", date(2024, 10, 27), time(1, 0), utc("2024-10-27 00:00")),
            ("Australia/Lord_Howe", date(2024, 4, 7), time(1, 45), utc("2024-04-06 14:45")),
            ("America/Havana", date(2024, 11, 3), time(0, 30), utc("2024-11-03 04:30")),
        ],
    )
    def test_repeated_time_happens_the_first_time(self, zone: str, day: date, wall: time, moment: datetime) -> None:
        assert instant(day, wall, zone) == moment
        assert instant(day, wall.replace(fold=1), zone) == moment

    @pytest.mark.parametrize(
        ("zone", "day"),
        [
            ("Pacific/Apia", date(2011, 12, 30)),
            ("Pacific/Fakaofo", date(2011, 12, 30)),
            ("Pacific/Kiritimati", date(1994, 12, 31)),
            ("Kwajalein", date(1993, 8, 21)),
        ],
    )
    def test_date_that_a_zone_skipped_does_not_exist(self, zone: str, day: date) -> None:
        assert [exists(day + ahead * DAY, zone) for ahead in (-1, 0, 1)] == [True, False, True]

    def test_date_stays_the_same_when_the_clock_is_set_back_over_midnight(self) -> None:
        before_midnight = utc("2010-11-07 02:29")
        shown = [local_date(before_midnight + minutes * MINUTE, "America/St_Johns") for minutes in (0, 1, 2, 60, 62)]
        assert shown == [date(2010, 11, 6), *4 * [date(2010, 11, 7)]]

    def test_naive_now_is_refused(self) -> None:
        with pytest.raises(ValueError, match="time zone"):
            question_due(daily(), None, utc("2026-03-02 09:00").replace(tzinfo=None))


class TestQuestions:
    def test_question_is_due_from_its_time_on(self) -> None:
        nine = at("Europe/Paris", "2026-03-02 09:00")
        assert question_due(daily(), date(2026, 3, 1), nine - SECOND) is None
        assert question_due(daily(), date(2026, 3, 1), nine) == date(2026, 3, 2)

    def test_missed_question_is_asked_late_the_same_day(self) -> None:
        almost_midnight = at("Europe/Paris", "2026-03-02 23:59")
        assert question_due(daily(), date(2026, 3, 1), almost_midnight) == date(2026, 3, 2)

    def test_question_missed_for_a_whole_day_is_never_asked(self) -> None:
        after_midnight = at("Europe/Paris", "2026-03-03 00:00")
        assert question_due(daily(), date(2026, 3, 1), after_midnight) is None
        assert next_question(daily(), date(2026, 3, 1), after_midnight) == (
            date(2026, 3, 3),
            at("Europe/Paris", "2026-03-03 09:00"),
        )

    def test_asked_question_is_not_due_again(self) -> None:
        assert question_due(daily(), date(2026, 3, 2), at("Europe/Paris", "2026-03-02 10:00")) is None

    def test_moving_the_time_later_does_not_ask_twice(self) -> None:
        later = daily(ask_at=time(18))
        assert question_due(later, date(2026, 3, 2), at("Europe/Paris", "2026-03-02 19:00")) is None

    def test_group_set_up_in_the_afternoon_starts_tomorrow(self) -> None:
        set_up = at("Europe/Paris", "2026-03-02 15:00")
        schedule = daily(active_from=set_up)
        assert question_due(schedule, None, set_up) is None
        assert next_question(schedule, None, set_up) == (date(2026, 3, 3), at("Europe/Paris", "2026-03-03 09:00"))

    def test_group_set_up_at_its_very_time_is_asked_at_once(self) -> None:
        set_up = at("Europe/Paris", "2026-03-02 09:00")
        assert question_due(daily(active_from=set_up), None, set_up) == date(2026, 3, 2)

    def test_days_holidays_and_pauses_are_left_out(self) -> None:
        schedule = daily(
            days=frozenset(range(5)),
            holidays=frozenset({date(2026, 3, 4)}),
            pauses=(Pause(date(2026, 3, 9), date(2026, 3, 12)),),
        )
        done = asked(schedule, at("Europe/Paris", "2026-03-02 08:00"), at("Europe/Paris", "2026-03-14 08:00"))
        assert [day.day for day, _ in done] == [2, 3, 5, 6, 12, 13]

    def test_nothing_comes_next_while_paused_for_good_or_without_days(self) -> None:
        now = at("Europe/Paris", "2026-03-02 08:00")
        assert next_question(daily(pauses=(Pause(date(2026, 3, 1)),)), None, now) is None
        assert next_question(daily(days=frozenset()), None, now) is None

    def test_question_after_a_pause_of_a_year_is_foreseen(self) -> None:
        schedule = daily(pauses=(Pause(date(2026, 3, 1), date(2027, 3, 1)),))
        coming = next_question(schedule, None, at("Europe/Paris", "2026-03-02 08:00"))
        assert coming == (date(2027, 3, 1), at("Europe/Paris", "2027-03-01 09:00"))

    def test_spring_gap_asks_once_when_it_ends(self) -> None:
        schedule = daily("America/New_York", time(2, 30))
        done = asked(schedule, utc("2024-03-09 12:00"), utc("2024-03-11 12:00"))
        assert done == [(date(2024, 3, 10), utc("2024-03-10 07:00")), (date(2024, 3, 11), utc("2024-03-11 06:30"))]

    def test_autumn_fold_asks_once(self) -> None:
        schedule = daily("America/New_York", time(1, 30))
        done = asked(schedule, utc("2024-11-03 00:00"), utc("2024-11-04 00:00"))
        assert done == [(date(2024, 11, 3), utc("2024-11-03 05:30"))]

    def test_bot_that_starts_in_the_repeated_hour_asks_late(self) -> None:
        schedule = daily("America/New_York", time(1, 30))
        second_one_oclock = utc("2024-11-03 06:00")
        assert question_due(schedule, date(2024, 11, 2), second_one_oclock) == date(2024, 11, 3)

    def test_midnight_that_is_skipped_asks_when_the_date_begins(self) -> None:
        schedule = daily("Asia/Beirut", time(0, 0))
        done = asked(schedule, utc("2024-03-30 12:00"), utc("2024-03-31 12:00"))
        assert done == [(date(2024, 3, 31), utc("2024-03-30 22:00"))]

    def test_midnight_that_comes_twice_asks_once(self) -> None:
        done = asked(daily("America/St_Johns", time(0, 0)), utc("2010-11-06 12:00"), utc("2010-11-07 12:00"))
        assert done == [(date(2010, 11, 7), utc("2010-11-07 02:30"))]

    def test_date_that_the_zone_skipped_is_not_asked(self) -> None:
        schedule = daily("Pacific/Apia")
        done = asked(schedule, at("Pacific/Apia", "2011-12-28 00:00"), at("Pacific/Apia", "2012-01-02 00:00"))
        assert [day for day, _ in done] == [
            date(2011, 12, 28),
            date(2011, 12, 29),
            date(2011, 12, 31),
            date(2012, 1, 1),
        ]

    def test_time_that_a_gap_pushes_into_the_next_date_is_left_out(self) -> None:
        schedule = daily("America/Nuuk", time(23, 30))
        done = asked(schedule, at("America/Nuuk", "2025-03-28 12:00"), at("America/Nuuk", "2025-03-31 12:00"))
        assert [day for day, _ in done] == [date(2025, 3, 28), date(2025, 3, 30)]

    def test_zone_change_over_the_date_line_and_back_asks_once_a_date(self) -> None:
        auckland, honolulu = daily("Pacific/Auckland"), daily("Pacific/Honolulu")
        start = at("Pacific/Auckland", "2026-06-10 08:00")
        done = questions(
            Period(auckland, start, start + 2 * HOUR),
            Period(honolulu, start + 2 * HOUR, start + 48 * HOUR),  # the 9th again, the 10th again, then the 11th
            Period(auckland, start + 48 * HOUR, start + 74 * HOUR),  # the 12th and the 13th
        )
        assert done == [
            (date(2026, 6, 10), at("Pacific/Auckland", "2026-06-10 09:00")),
            (date(2026, 6, 11), at("Pacific/Honolulu", "2026-06-11 09:00")),
            (date(2026, 6, 12), at("Pacific/Auckland", "2026-06-12 09:00")),
            (date(2026, 6, 13), at("Pacific/Auckland", "2026-06-13 09:00")),
        ]


class TestDigests:
    SUNDAY = date(2026, 3, 8)
    SUNDAY_AT_SIX = at("Europe/Paris", "2026-03-08 18:00")

    def test_digest_is_due_from_its_time_until_the_next_one(self) -> None:
        due = [
            digest_due(daily(), date(2026, 3, 1), self.SUNDAY_AT_SIX + later)
            for later in (-SECOND, 0 * DAY, 3 * DAY, 7 * DAY - SECOND, 7 * DAY)
        ]
        assert due == [None, self.SUNDAY, self.SUNDAY, self.SUNDAY, date(2026, 3, 15)]

    def test_posted_digest_is_not_due_again(self) -> None:
        assert digest_due(daily(), self.SUNDAY, self.SUNDAY_AT_SIX + DAY) is None
        assert next_digest(daily(), self.SUNDAY, self.SUNDAY_AT_SIX + DAY) == (
            date(2026, 3, 15),
            self.SUNDAY_AT_SIX + 7 * DAY,
        )

    def test_overdue_digest_comes_next(self) -> None:
        assert next_digest(daily(), None, self.SUNDAY_AT_SIX + 2 * DAY) == (self.SUNDAY, self.SUNDAY_AT_SIX)

    def test_group_set_up_after_the_digest_waits_for_the_next_one(self) -> None:
        schedule = daily(active_from=self.SUNDAY_AT_SIX + SECOND)
        assert digest_due(schedule, None, self.SUNDAY_AT_SIX + DAY) is None
        assert next_digest(schedule, None, self.SUNDAY_AT_SIX + DAY)[0] == date(2026, 3, 15)

    def test_group_set_up_at_the_time_of_its_digest_gets_it(self) -> None:
        assert digest_due(daily(active_from=self.SUNDAY_AT_SIX), None, self.SUNDAY_AT_SIX) == self.SUNDAY

    def test_pauses_holidays_and_days_do_not_move_the_digest(self) -> None:
        schedule = daily(days=frozenset(), holidays=frozenset({self.SUNDAY}), pauses=(Pause(date(2026, 3, 1)),))
        assert digest_due(schedule, None, self.SUNDAY_AT_SIX) == self.SUNDAY

    def test_digest_in_a_gap_is_posted_when_it_ends_even_on_the_next_date(self) -> None:
        schedule = daily("America/Nuuk", digest_on=5, digest_at=time(23, 30))
        gap_end = utc("2025-03-30 01:00")
        assert next_digest(schedule, date(2025, 3, 22), gap_end - HOUR) == (date(2025, 3, 29), gap_end)
        assert digest_due(schedule, date(2025, 3, 22), gap_end) == date(2025, 3, 29)

    def test_digest_of_a_date_that_the_zone_skipped_is_left_out(self) -> None:
        schedule = daily("Pacific/Apia", digest_on=4)
        since, until = at("Pacific/Apia", "2011-12-20 00:00"), at("Pacific/Apia", "2012-01-10 00:00")
        posted = live([Period(schedule, since, until)], digest_due, next_digest)
        assert [day for day, _ in posted] == [date(2011, 12, 16), date(2011, 12, 23), date(2012, 1, 6)]

    def test_digest_is_late_until_the_next_one_that_there_is(self) -> None:
        schedule = daily("Pacific/Apia", digest_on=4)
        after_the_skipped_date = at("Pacific/Apia", "2012-01-03 12:00")
        assert digest_due(schedule, date(2011, 12, 16), after_the_skipped_date) == date(2011, 12, 23)

    def test_zone_change_over_the_date_line_posts_once(self) -> None:
        posted_at = at("Pacific/Auckland", "2026-03-08 18:00")
        honolulu = daily("Pacific/Honolulu")
        assert digest_due(honolulu, self.SUNDAY, posted_at + DAY) is None
        assert next_digest(honolulu, self.SUNDAY, posted_at)[0] == date(2026, 3, 15)


WALL_TIMES = st.one_of(
    st.sampled_from([time(0), time(0, 30), time(1, 30), time(2), time(2, 30), time(2, 59), time(3), time(23, 30)]),
    st.times().map(lambda wall: wall.replace(second=0, microsecond=0)),
)


@st.composite
def schedules(draw: st.DrawFn, zone: str, around: date) -> Schedule:
    """Return a schedule with holidays and pauses near a date, mostly one that asks often."""
    nearby = st.integers(-12, 12).map(lambda ahead: around + ahead * DAY)
    pauses = st.builds(
        lambda starts_on, length: Pause(starts_on, None if length is None else starts_on + length * DAY),
        nearby,
        st.one_of(st.integers(0, 6), st.none()),
    )
    noon = datetime.combine(around, time(12), UTC)
    return Schedule(
        zone=zone,
        ask_at=draw(WALL_TIMES),
        active_from=noon + draw(st.one_of(st.just(-60 * DAY), st.integers(-14_400, 14_400).map(MINUTE.__mul__))),
        days=draw(st.one_of(st.just(frozenset(range(7))), st.frozensets(st.integers(0, 6)))),
        holidays=draw(st.frozensets(nearby, max_size=3)),
        pauses=tuple(draw(st.lists(pauses, max_size=2))) if draw(st.booleans()) else (),
        digest_on=draw(st.integers(0, 6)),
        digest_at=draw(WALL_TIMES),
    )


@st.composite
def places(draw: st.DrawFn, first: date = date(1985, 1, 1)) -> tuple[str, date]:
    """Return a zone and a date: where and when a clock was set, or anywhere and any time."""
    turns = st.sampled_from([turn for turn in TURNS if turn[1] >= first])
    return draw(st.one_of(turns, st.tuples(st.sampled_from(ZONES), st.dates(first, date(2037, 12, 31)))))


@st.composite
def lives(draw: st.DrawFn, first: date = date(1985, 1, 1)) -> list[Period]:
    """Return some weeks of a group: times when the bot was up, between them downtime or a change of its schedule."""
    zone, around = draw(places(first))
    now = datetime.combine(around, time(12), UTC) - draw(st.integers(0, 20_000)) * MINUTE
    schedule = draw(schedules(zone, around))
    periods = []
    for _ in range(draw(st.integers(1, 6))):
        up, down = draw(st.integers(1, 12_000)), draw(st.one_of(st.just(0), st.integers(0, 6_000)))
        periods.append(Period(schedule, now, now + up * MINUTE))
        now += (up + down) * MINUTE
        if draw(st.booleans()):
            other_zone = draw(st.one_of(st.just(zone), st.sampled_from(ZONES)))
            schedule = replace(draw(schedules(other_zone, around)), active_from=schedule.active_from)
    return periods


class TestAnyLife:
    """Properties over any zone, schedule, downtime and change of zone."""

    @settings(max_examples=120, deadline=None)
    @given(place=places(), wall=WALL_TIMES, ahead=st.integers(-2, 2))
    def test_instants_agree_with_a_walk_through_utc(self, place: tuple[str, date], wall: time, ahead: int) -> None:
        zone, around = place
        day = around + ahead * DAY
        noon = datetime.combine(day, time(12), UTC)
        walk = stretches(zone, noon - 5 * DAY, noon + 5 * DAY)
        assert instant(day, wall, zone) == first_showing(walk, day, wall)

    @settings(max_examples=60, deadline=None)
    @given(periods=lives())
    def test_one_question_for_every_date_on_which_the_bot_was_up_in_time(self, periods: list[Period]) -> None:
        assert questions(*periods) == expected(periods, question_windows)

    @settings(max_examples=100, deadline=None)
    @given(periods=lives())
    def test_one_digest_for_every_week_in_which_the_bot_was_up_in_time(self, periods: list[Period]) -> None:
        assert live(periods, digest_due, next_digest) == expected(periods, digest_windows)

    @settings(max_examples=60, deadline=None)
    @given(periods=lives(first=date(2011, 1, 1)))
    def test_questions_are_asked_on_their_own_date_after_their_time_and_never_twice(
        self, periods: list[Period]
    ) -> None:
        done = questions(*periods)
        assert len({day for day, _ in done}) == len(done)
        for day, moment in done:
            period = next(period for period in periods if period.since <= moment < period.until)
            shown = moment.astimezone(ZoneInfo(period.schedule.zone))
            assert shown.date() == day
            assert shown.time() >= period.schedule.ask_at or shown.fold

    @settings(max_examples=60, deadline=None)
    @given(
        periods=lives(),
        last=st.one_of(st.none(), st.integers(-3, 3)),
        share=st.floats(0, 1),
        thing=st.sampled_from(((question_due, next_question), (digest_due, next_digest))),
    )
    def test_nothing_is_due_before_what_comes_next(
        self, periods: list[Period], last: int | None, share: float, thing: tuple[Due, Next]
    ) -> None:
        due, following = thing
        schedule, now = periods[0].schedule, periods[0].since
        done_on = None if last is None else now.date() + last * DAY
        coming = following(schedule, done_on, now)
        if coming is None:
            assert due(schedule, done_on, now + share * 399 * DAY) is None
            return
        day, moment = coming
        if moment > now:
            between = now + share * (moment - now - SECOND)
            assert [due(schedule, done_on, when) for when in (now, between, moment - SECOND)] == [None] * 3
        assert due(schedule, done_on, max(now, moment)) == day


@pytest.mark.full
@pytest.mark.parametrize("zone", ZONES)
def test_ten_years_in_every_zone(zone: str) -> None:
    """Ask at nine, at midnight and in the middle of each time that the zone's clock skips or repeats, with downtime."""
    since, until = TEN_YEARS
    middles = {(before + (after - before) / 2).time() for before, after in jumps(stretches(zone, since, until))}
    for ask_at in sorted({time(0), time(9), *middles}):
        schedule = daily(zone, ask_at, digest_on=6, digest_at=ask_at)
        periods, now = [], since
        for up, down in cycle(UPS_AND_DOWNS):
            if now >= until:
                break
            periods.append(Period(schedule, now, min(now + up, until)))
            now += up + down
        assert questions(*periods) == expected(periods, question_windows)
        assert live(periods, digest_due, next_digest) == expected(periods, digest_windows)
