"""What becomes of posts when the platform fails, hangs, forgets to answer or refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.app import App
from bot.clock import ManualClock
from bot.content import Post
from bot.events import Place, Recordable
from bot.model import Group, Message, Room, Round
from bot.ports import Found, NotSent, Outcome, Progress
from bot.services import posting
from bot.services.answering import give_answer
from bot.services.digests import post_digest_now
from bot.services.privacy import erase
from tests.standins.faults import Fault, FaultyPlatform
from tests.standins.memory import Service, channel, person, told
from tests.standins.program import MONDAY, a_group, alerts_of, problems_of, program, rounds_of
from tests.standins.waiting import PATIENCE_SECONDS, until

HERE, THERE = channel("here"), channel("there")
HOST, ADA = person("Host"), person("Ada")
ASKED_AT = MONDAY + timedelta(hours=1)
KEY = "question:1:1"


@dataclass(frozen=True, slots=True)
class World:
    """The open program on a faulty platform, with one group that meets `HERE`."""

    app: App
    clock: ManualClock
    service: Service
    platform: FaultyPlatform
    group: Group

    async def settle(self) -> None:
        """Do what is due, and go on to each retry until nothing is left to do for a day."""
        await self.app.settle()
        while (due := await self._next_delivery()) is not None and due < self.clock.now() + timedelta(hours=3):
            self.clock.move_to(due)
            await self.app.settle()

    async def _next_delivery(self) -> datetime | None:
        async with self.app.context.database.read() as transaction:
            return await transaction.deliveries.next_due()

    async def go_to(self, moment: datetime) -> None:
        """Let time pass and do what is due then."""
        self.clock.move_to(moment)
        await self.settle()

    def posted(self) -> list[str]:
        """Return the keys of the bot's messages."""
        return [one.key for one in self.service.messages() if one.author is None]

    def alarms(self) -> list[str]:
        """Return what the host was told."""
        return [told(reply) for user, reply in self.service.told if user == HOST.user]

    async def room(self) -> Room:
        """Return the group's room."""
        async with self.app.context.database.read() as transaction:
            return (await transaction.groups.rooms(self.group.id))[0]


@asynccontextmanager
async def world(folder: Path, *faults: Fault) -> AsyncIterator[World]:
    clock = ManualClock(MONDAY)
    service = Service(clock, HERE, THERE)
    platform = FaultyPlatform(service, faults)
    async with program(folder, clock, platform, questions=30) as app:
        group = await a_group(app, HERE, hosts=[HOST])
        yield World(app, clock, service, platform, group)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "ATTEMPT_SECONDS", 0.05)


@pytest.mark.parametrize(
    "fault",
    [
        Fault.REPLY_LOST,
        Fault.REPLY_LOST_AFTER_MESSAGE,
        Fault.HANGS_BEFORE,
        Fault.HANGS_AFTER,
        Fault.BREAKS_BEFORE,
        Fault.BREAKS_AFTER,
        Fault.NOT_SENT,
    ],
)
@pytest.mark.usefixtures("impatient")
async def test_a_question_is_there_once_whatever_went_wrong(tmp_path: Path, fault: Fault) -> None:
    async with world(tmp_path, fault, fault) as w:
        await w.go_to(ASKED_AT)
        assert w.posted() == [KEY, f"{KEY}:opening"]
        (message, opening) = w.service.messages()
        async with w.app.context.database.read() as transaction:
            ((room, ref, thread),) = await transaction.rounds.threads(1)
            assert await transaction.deliveries.next_due() is None
        assert (room.channel, ref, thread) == (HERE, message.ref, opening.place.thread)
        assert len(w.platform.attempts) == 3
        assert await problems_of(w.app, w.group) == []
        assert w.alarms() == []


@pytest.mark.usefixtures("impatient")
async def test_a_form_answer_whose_post_got_lost_is_there_once_and_known(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.go_to(ASKED_AT)
        w.platform.faults += [Fault.REPLY_LOST, Fault.NOT_SENT, Fault.HANGS_AFTER]
        await give_answer(w.app.context, await w.room(), ADA, 1, "It is the memory that they lack.")
        await w.settle()
        (answer,) = [one for one in w.service.messages() if one.key == "answer:1:1"]
        async with w.app.context.database.read() as transaction:
            (recorded,) = await transaction.messages.of_round(1)
        assert recorded.ref == answer.ref


async def test_attempts_become_rarer_and_never_end_before_the_day_does(tmp_path: Path) -> None:
    async with world(tmp_path, *[Fault.NOT_SENT] * 200) as w:
        await w.go_to(ASKED_AT)
        times = [at for at, _ in w.platform.attempts]
        waits = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
        assert waits[:9] == [5, 10, 20, 40, 80, 160, 320, 600, 600]
        assert set(waits[9:]) == {600}
        assert times[-1] < MONDAY.replace(hour=0) + timedelta(days=1)
        assert w.posted() == []
        ((state, problem),) = await problems_of(w.app, w.group)
        assert state == "failed"
        assert problem == "Its time was over before it could be posted."


async def test_a_platform_that_is_down_for_a_day_does_not_fill_the_log(tmp_path: Path) -> None:
    async with world(tmp_path, *([Fault.NOT_SENT] * 1_000)) as w:
        with capture_logs() as logged:
            await w.go_to(ASKED_AT)
        assert len(w.platform.attempts) > 80
        told = [
            line["attempt"] for line in logged if line["event"] == "delivery delayed" and line["log_level"] != "debug"
        ]
        assert told == [1, 2, 4, 8, 16, 32, 64]


async def test_hosts_are_told_once_of_a_post_that_keeps_failing_and_again_after_it_worked(tmp_path: Path) -> None:
    async with world(tmp_path, *[Fault.NOT_SENT] * 5) as w:
        await w.go_to(ASKED_AT)
        assert w.posted() == [KEY, f"{KEY}:opening"]
        assert w.alarms() == ["Readers: The question cannot be posted. The service is overloaded. I keep trying."]
        assert await alerts_of(w.app, w.group) == []
        w.platform.faults += [Fault.NOT_SENT] * 5
        await w.go_to(ASKED_AT + timedelta(days=1))
        assert len(w.alarms()) == 2


async def test_two_failures_in_a_row_are_nobodys_business(tmp_path: Path) -> None:
    async with world(tmp_path, Fault.NOT_SENT, Fault.NOT_SENT) as w:
        await w.go_to(ASKED_AT)
        assert w.posted() == [KEY, f"{KEY}:opening"]
        assert w.alarms() == []


async def test_hosts_are_told_once_of_a_refusal_restarts_included_and_again_after_it_worked(tmp_path: Path) -> None:
    clock = ManualClock(MONDAY)
    service = Service(clock, HERE)
    async with program(tmp_path, clock, FaultyPlatform(service), questions=30) as app:
        group = await a_group(app, HERE, hosts=[HOST])
    refusing = [True, True, True, False, True]
    for day, refused in enumerate(refusing):
        platform = FaultyPlatform(service, [Fault.REFUSED] * 9 if refused else [])
        async with program(tmp_path, clock, platform) as app:
            w = World(app, clock, service, platform, group)
            await w.go_to(ASKED_AT + timedelta(days=day))
            assert len(platform.attempts) == 1
            assert await alerts_of(app, group) == (
                ["The question could not be posted. The bot may not write here."] if refused else []
            )
            assert bool(await problems_of(app, group)) is refused
            assert len(await rounds_of(app, group)) == day + 1
        assert len(w.alarms()) == (1 if day < 4 else 2)
    assert [one.key for one in service.messages() if one.place.thread is None] == ["question:4:1"]


async def test_one_success_does_not_end_a_trouble_that_lasts(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.go_to(ASKED_AT)
        room = await w.room()
        w.platform.faults += [Fault.NOT_SENT] * 3
        await give_answer(w.app.context, room, ADA, 1, "It is the memory that they lack.")
        for seconds in (0, 5, 10):
            w.clock.advance(timedelta(seconds=seconds))
            await w.app.settle()
        assert len(w.alarms()) == 1
        await give_answer(w.app.context, room, person("Ben"), 1, "I would rather say that it is patience.")
        await w.app.settle()
        assert "answer:2:1" in w.posted()
        assert len(await alerts_of(w.app, w.group)) == 1
        await w.settle()
        assert "answer:1:1" in w.posted()
        assert await alerts_of(w.app, w.group) == []
        assert len(w.alarms()) == 1


class Stuck(FaultyPlatform):
    """A platform on which posting HERE hangs until it is let go."""

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self.hangs = True

    async def ensure_post(self, place: Place, key: str, post: Post, progress: Progress, found: Found) -> Outcome:
        if place.channel == HERE and self.hangs:
            await asyncio.Event().wait()
        return await super().ensure_post(place, key, post, progress, found)


async def test_a_room_that_hangs_holds_up_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "ATTEMPT_SECONDS", 0.2)
    monkeypatch.setattr(posting, "FIRST_RETRY", timedelta())
    clock = ManualClock(MONDAY)
    service = Service(clock, HERE, THERE)
    platform = Stuck(service)
    async with program(tmp_path, clock, platform) as app:
        group = await a_group(app, HERE, THERE)
        other = await a_group(app, channel("elsewhere"), slug="others")
        service.channels.add(channel("elsewhere"))
        clock.move_to(ASKED_AT)
        await app.scheduler.tick()
        running = asyncio.create_task(app.poster.run(app.poster_wake))
        await until(lambda: len(list(service.messages())) == 4)
        assert {one.place.channel for one in service.messages()} == {THERE, channel("elsewhere")}
        platform.hangs = False
        await until(lambda: len(list(service.messages())) == 6)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert len(await rounds_of(app, group)) == len(await rounds_of(app, other)) == 1


class Reluctant(FaultyPlatform):
    """A platform that lets one wait for a history."""

    def __init__(self, service: Service, faults: Iterable[Fault]) -> None:
        super().__init__(service, faults)
        self.asked = asyncio.Event()
        self.go_on = asyncio.Event()

    async def history(self, place: Place) -> AsyncIterator[Recordable]:
        self.asked.set()
        await self.go_on.wait()
        async for event in super().history(place):
            yield event


async def test_what_was_said_before_a_thread_was_known_is_recorded_however_late_it_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "ATTEMPT_SECONDS", 0.2)
    clock = ManualClock(MONDAY)
    service = Service(clock, HERE)
    platform = Reluctant(service, [Fault.REPLY_LOST])
    async with program(tmp_path, clock, platform) as app:
        group = await a_group(app, HERE)
        clock.move_to(ASKED_AT)
        await app.settle()
        (question,) = [one for one in service.messages() if one.key == KEY]
        service.add(Place(HERE, service.thread_of(question.ref)), ADA, "It is the memory that they lack.")
        clock.advance(timedelta(minutes=10))
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(app.poster.run(app.poster_wake))
            await platform.asked.wait()
            (round_,) = await rounds_of(app, group)
            async with app.context.database.read() as transaction:
                (room,) = await transaction.groups.rooms(group.id)
            await give_answer(app.context, room, person("Ben"), round_.id, "It is the patience that they lack.")
            await until(lambda: any(one.key.startswith("answer") for one in service.messages()))
            await asyncio.sleep(posting.ATTEMPT_SECONDS)
            platform.go_on.set()
            async with asyncio.timeout(PATIENCE_SECONDS):
                while len(await said(app, round_)) < 2:  # noqa: ASYNC110  (nothing tells when it becomes so)
                    await asyncio.sleep(0.005)
            running.cancel()


async def said(app: App, round_: Round) -> list[Message]:
    async with app.context.database.read() as transaction:
        return await transaction.messages.of_round(round_.id)


class Slow(FaultyPlatform):
    """A platform on which something happens while an answer is being posted."""

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self.under_way = asyncio.Event()
        self.go_on = asyncio.Event()
        self.then: Outcome | None = None

    async def ensure_post(self, place: Place, key: str, post: Post, progress: Progress, found: Found) -> Outcome:
        if key.startswith("answer") and not self.go_on.is_set():
            self.under_way.set()
            await self.go_on.wait()
            if self.then is not None:
                return self.then
        return await super().ensure_post(place, key, post, progress, found)


@pytest.mark.parametrize("then", [None, NotSent("Too busy."), NotSent("Too long.", permanent=True)])
@pytest.mark.parametrize("text", ["", "It is patience that they lack, rather."])
async def test_what_a_member_does_while_their_answer_is_posted_is_not_lost(
    tmp_path: Path, then: Outcome | None, text: str
) -> None:
    clock = ManualClock(MONDAY)
    service = Service(clock, HERE)
    platform = Slow(service)
    async with program(tmp_path, clock, platform) as app:
        w = World(app, clock, service, platform, await a_group(app, HERE))
        await w.go_to(ASKED_AT)
        room = await w.room()
        platform.then = then
        await give_answer(app.context, room, ADA, 1, "It is the memory that they lack.")
        posting_it = asyncio.create_task(app.poster.settle())
        await platform.under_way.wait()
        await give_answer(app.context, room, ADA, 1, text)
        platform.go_on.set()
        await posting_it
        await w.settle()
        assert [one.text for one in service.messages() if one.key == "answer:1:1"] == ([f"Ada {text}"] if text else [])


async def test_a_withdrawn_answer_goes_even_if_the_platform_refuses_at_first(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.go_to(ASKED_AT)
        room = await w.room()
        await give_answer(w.app.context, room, ADA, 1, "It is the memory that they lack.")
        await w.settle()
        w.service.refuses = "The bot may not write here."
        await give_answer(w.app.context, room, ADA, 1, "")
        for _ in range(5):
            await w.app.settle()
            w.clock.advance(timedelta(minutes=10))
        assert "answer:1:1" in w.posted()
        assert w.alarms() == ["Readers: An answer cannot be removed. The bot may not write here. I keep trying."]
        w.service.refuses = ""
        await w.settle()
        assert "answer:1:1" not in w.posted()


async def test_an_edit_that_is_refused_leaves_the_answer_and_a_later_one_counts(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.go_to(ASKED_AT)
        room = await w.room()
        await give_answer(w.app.context, room, ADA, 1, "It is the memory that they lack.")
        await w.settle()
        w.service.refuses = "The bot may not write here."
        await give_answer(w.app.context, room, ADA, 1, "It is the patience that they lack.")
        await w.settle()
        assert w.alarms() == ["Readers: An answer could not be brought up to date. The bot may not write here."]
        w.service.refuses = ""
        await give_answer(w.app.context, room, ADA, 1, "It is the company that they lack.")
        await w.settle()
        assert [one.text for one in w.service.messages() if one.key == "answer:1:1"] == [
            "Ada It is the company that they lack."
        ]


async def test_an_answer_that_was_refused_is_posted_once_it_is_changed(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.go_to(ASKED_AT)
        w.platform.faults.append(Fault.REFUSED)
        room = await w.room()
        await give_answer(w.app.context, room, ADA, 1, "It is the memory that they lack.")
        await w.settle()
        assert "answer:1:1" not in w.posted()
        await give_answer(w.app.context, room, ADA, 1, "It is the patience that they lack.")
        await w.settle()
        assert "answer:1:1" in w.posted()


async def test_a_digest_that_was_never_posted_is_nobodys_business_a_month_later(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.go_to(ASKED_AT)
        await give_answer(w.app.context, await w.room(), ADA, 1, "It is the memory that they lack, more than money.")
        await w.settle()
        w.clock.advance(timedelta(minutes=1))
        w.platform.faults.append(Fault.REFUSED)
        await post_digest_now(w.app.context, w.group)
        await w.settle()
        assert w.alarms() == ["Readers: The digest could not be posted. The bot may not write here."]
        await w.go_to(ASKED_AT + timedelta(days=30))
        await erase(w.app.context, ADA)
        await w.settle()
        assert len(w.alarms()) == 1


async def test_a_platform_that_is_not_connected_today_gets_its_question_when_it_is(tmp_path: Path) -> None:
    clock = ManualClock(MONDAY)
    service = Service(clock, HERE)
    async with program(tmp_path, clock) as app:
        group = await a_group(app, HERE)
        clock.move_to(ASKED_AT)
        await app.settle()
        ((state, problem),) = await problems_of(app, group)
        assert (state, problem) == ("pending", "The bot is not connected to memory.")
    platform = FaultyPlatform(service)
    clock.advance(timedelta(hours=1))
    async with program(tmp_path, clock, platform) as app:
        await app.settle()
        assert [key for _, key in platform.attempts] == [KEY]
