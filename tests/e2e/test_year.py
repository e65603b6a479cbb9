"""A year of five groups at full speed: exactly the expected rounds and digests."""

from __future__ import annotations

import asyncio
import logging
import random
import sys
import time as stopwatch
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import structlog
from coverage import Coverage

from bot.app import App
from bot.clock import ManualClock
from bot.events import Place, Recordable, Submission
from bot.model import Author, Channel, Group, Pause, Stance
from tests.standins.memory import MemoryPlatform, Posted, Service, channel, person, told
from tests.standins.program import a_group, program, rounds_of

START = datetime(2029, 12, 30, 12, tzinfo=UTC)
END = START + timedelta(days=365)
STEP = timedelta(minutes=15)
"""All times of day below are multiples of it."""

MEMBERS = tuple(person(f"Member {number}") for number in range(20))
SENTENCES = (
    "The memory of agents fades before long tasks are done.",
    "Nobody pays for patience, which is why we see so little of it.",
    "My guess is that data, not chips, will be scarce by then.",
    "I doubt it, because the incentives point the other way.",
)


@dataclass(frozen=True)
class Wanted:
    """How a group meets."""

    slug: str
    zone: str
    ask_at: time
    digest_on: int
    digest_at: time
    days: frozenset[int] = frozenset(range(7))
    holidays: frozenset[date] = frozenset()
    pause: Pause | None = None

    @property
    def channel(self) -> Channel:
        return channel(self.slug)


GROUPS = (
    Wanted("paris", "Europe/Paris", time(2, 30), 6, time(18)),
    Wanted("new-york", "America/New_York", time(9), 4, time(17), days=frozenset(range(5))),
    Wanted("kathmandu", "Asia/Kathmandu", time(7, 15), 5, time(7, 15), holidays=frozenset({date(2030, 4, 14)})),
    Wanted("lord-howe", "Australia/Lord_Howe", time(23, 45), 0, time(2), days=frozenset({1, 3, 5, 6})),
    Wanted("st-johns", "America/St_Johns", time(0), 2, time(12), pause=Pause(date(2030, 7, 1), date(2030, 8, 12))),
)


def moments(zone: str) -> Iterator[tuple[datetime, datetime]]:
    """Yield instants of the year with what a clock on the wall shows, one step after the other."""
    tz = ZoneInfo(zone)
    moment = START + STEP
    while moment <= END:
        yield moment, moment.astimezone(tz)
        moment += STEP


def expected_rounds(wanted: Wanted) -> dict[date, datetime]:
    """Return by local date when its question is asked: at the first moment of the date that shows the time or later."""
    found: dict[date, datetime] = {}
    for moment, wall in moments(wanted.zone):
        day = wall.date()
        paused = wanted.pause is not None and wanted.pause.starts_on <= day < (wanted.pause.ends_on or date.max)
        if day.weekday() in wanted.days and day not in wanted.holidays and not paused and wall.time() >= wanted.ask_at:
            found.setdefault(day, moment)
    first = START.astimezone(ZoneInfo(wanted.zone))
    if first.time() >= wanted.ask_at:
        found.pop(first.date(), None)
    return found


def expected_digests(wanted: Wanted) -> dict[date, datetime]:
    """Return by local date when its digest is compiled."""
    found: dict[date, datetime] = {}
    for moment, wall in moments(wanted.zone):
        if wall.weekday() == wanted.digest_on and wall.time() >= wanted.digest_at:
            found.setdefault(wall.date(), moment)
    first = START.astimezone(ZoneInfo(wanted.zone))
    if first.time() >= wanted.digest_at:
        found.pop(first.date(), None)
    return found


class Talk:
    """What members say under each question: answers, remarks, edits, deletions, votes and filled-in forms."""

    def __init__(self, app: App, service: Service) -> None:
        self._app = app
        self._service = service
        self._chance = random.Random(7)  # noqa: S311
        self._heard = 0
        self.answers: dict[Channel, list[tuple[datetime, Author]]] = defaultdict(list)

    async def about_new_questions(self) -> bool:
        """Discuss whatever was posted since this was last called; return whether the bot has answers to post."""
        new = self._service.log[self._heard :]
        self._heard += len(new)
        questions = [one for one in new if one.key.startswith("question") and one.place.thread is None]
        return any([await self._about(question) for question in questions])

    async def _about(self, question: Posted) -> bool:
        place = Place(question.place.channel, self._service.thread_of(question.ref))
        counted = self.answers[place.channel]
        events: list[Recordable] = []
        filled_in = False
        for minute, speaker in enumerate(self._chance.sample(MEMBERS, self._chance.randint(0, 4)), 1):
            at = question.sent_at + timedelta(minutes=minute)
            if self._chance.random() < 0.1:
                filled_in = True
                await self._fill_in(question, speaker)
                counted.append((question.sent_at, speaker))
                continue
            later = at + timedelta(seconds=30)
            posted = self._service.add(place, speaker, self._words(), at=at)
            events.append(posted.seen)
            match self._chance.randrange(6):
                case 0:
                    events.append(self._service.change(posted.ref, self._words(), at=later).seen)
                    counted.append((at, speaker))
                case 1:
                    events.append(self._service.change(posted.ref, "Thanks!", at=later).seen)
                case 2:
                    events.append(self._service.remove(posted.ref))
                case _:
                    voter = self._chance.choice(MEMBERS)
                    events.append(self._service.react(posted.ref, voter, Stance.AGREE).reactions)
                    counted.append((at, speaker))
        self._chance.shuffle(events)
        await asyncio.gather(*map(self._app.desk.record, events))
        return filled_in

    async def _fill_in(self, question: Posted, speaker: Author) -> None:
        _, round_id, _ = question.key.split(":")
        form = Submission(question.place, speaker, "reading answer", round_id, {"text": self._words()})
        assert told(await self._app.desk.submit(form)).startswith("Recorded.")

    def _words(self) -> str:
        return self._chance.choice(SENTENCES)


async def live_through(app: App, clock: ManualClock, talk: Talk) -> None:
    """Let the year pass, stopping wherever the scheduler says that something is due."""
    while (due := await app.scheduler.next_due()) is not None and due <= END:
        clock.move_to(due)
        await app.settle()
        if await talk.about_new_questions():
            await app.poster.settle()


@pytest.fixture
def at_full_speed() -> Iterator[None]:
    """Log warnings only, and let nobody count the lines."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    counting = Coverage.current()
    if counting is not None:
        counting.stop()
    yield
    if counting is not None:
        counting.start()
    structlog.reset_defaults()


@pytest.mark.usefixtures("at_full_speed")
async def test_a_year_has_exactly_the_expected_rounds_and_digests(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = ManualClock(START)
    service = Service(clock, *(wanted.channel for wanted in GROUPS))
    began = stopwatch.perf_counter()
    async with program(tmp_path, clock, MemoryPlatform(service), questions=40) as app:
        groups = [await a_wanted_group(app, wanted) for wanted in GROUPS]
        talk = Talk(app, service)
        await live_through(app, clock, talk)
        took = stopwatch.perf_counter() - began
        for wanted, group in zip(GROUPS, groups, strict=True):
            posts = [one for one in service.messages() if one.place.channel == wanted.channel]
            await check_rounds(app, wanted, group, posts)
            await check_digests(app, wanted, group, posts, talk.answers[wanted.channel])
    assert sum(map(len, talk.answers.values())) > 2_000
    with capsys.disabled():
        sys.stdout.write(f"\na year took {took:.1f} seconds\n")


async def a_wanted_group(app: App, wanted: Wanted) -> Group:
    """Make a group of the test."""
    group = await a_group(
        app,
        wanted.channel,
        slug=wanted.slug,
        zone=wanted.zone,
        ask_at=wanted.ask_at,
        days=wanted.days,
        holidays=wanted.holidays,
        digest_on=wanted.digest_on,
        digest_at=wanted.digest_at,
    )
    if wanted.pause is not None:
        async with app.context.database.write() as transaction:
            await transaction.groups.pause(group.id, wanted.pause)
    return group


async def check_rounds(app: App, wanted: Wanted, group: Group, posts: list[Posted]) -> None:
    """Hold what was asked against what was to be asked."""
    rounds = await rounds_of(app, group)
    expected = expected_rounds(wanted)
    assert {round_.local_date: round_.asked_at for round_ in rounds} == expected
    assert len(rounds) == len(expected)
    keys = [one.key for one in posts if one.key.startswith("question") and one.place.thread is None]
    assert keys == [f"question:{round_.id}:{group.id}" for round_ in rounds]
    cycles = Counter(round_.cycle for round_ in rounds)
    assert all(cycles[cycle] == 40 for cycle in range(1, max(cycles)))


async def check_digests(
    app: App, wanted: Wanted, group: Group, posts: list[Posted], answers: list[tuple[datetime, Author]]
) -> None:
    """Hold what was compiled and posted against what was said."""
    expected, since = {}, START
    for day, until in expected_digests(wanted).items():
        of_week = [author for at, author in answers if since <= at < until]
        expected[day] = (until, len(of_week), len(set(of_week)))
        since = until
    async with app.context.database.read() as transaction:
        stored = (await transaction.digests.recent(group.id, 100))[::-1]
    found = {
        one.local_date: (one.digest.week.until, one.digest.answers, len(one.digest.participants)) for one in stored
    }
    assert found == expected
    keys = [one.key for one in posts if one.key.startswith("digest")]
    assert keys == [f"digest:{one.id}:{group.id}" for one in stored if one.digest.answers]
