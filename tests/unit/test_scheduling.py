"""The loops that run by themselves: asking, posting, looking at files, surviving, stopping."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest

from bot.app import App, serve
from bot.clock import ManualClock
from bot.content import Reply
from bot.errors import PlatformError
from bot.events import MessageSeen, Place
from bot.logs import configure_logs
from bot.model import Channel, Exhausted, Ref
from bot.ports import Chat
from bot.services import posting, scheduling
from bot.services.answering import give_answer
from bot.services.asking import ask_now
from bot.services.digests import post_digest_now
from bot.services.scheduling import HEARTBEAT
from tests.standins.logs import logs_kept
from tests.standins.memory import MemoryPlatform, Service, channel, person
from tests.standins.program import MONDAY, SET, a_group, program, rounds_of
from tests.standins.seeds import write_set
from tests.standins.waiting import PATIENCE_SECONDS, until

HERE = channel("here")
NINE = MONDAY + timedelta(hours=1)
DAY = timedelta(days=1)


class RunningClock:
    """A clock that runs, from any instant on, and that somebody may set."""

    def __init__(self, start: datetime) -> None:
        self._zero = start - timedelta(seconds=time.monotonic())

    def now(self) -> datetime:
        """Return the current instant (UTC)."""
        return self._zero + timedelta(seconds=time.monotonic())

    def set_by(self, span: timedelta) -> None:
        """Set the clock forward or back."""
        self._zero += span


@dataclass(frozen=True, slots=True)
class Running:
    """The program while its loops run."""

    app: App
    service: Service
    stop: asyncio.Event
    serving: asyncio.Task[None]

    def posted(self) -> list[str]:
        """Return the keys of the bot's messages in channels."""
        return [one.key for one in self.service.messages() if one.place.thread is None]

    def digest(self) -> str:
        """Return the first digest as it is posted."""
        digest = self.service.find("digest:1:1")
        return digest.text if digest else ""

    async def asked(self) -> list[str]:
        """Return the local dates that were asked on."""
        async with self.app.context.database.read() as transaction:
            groups = await transaction.groups.all()
        return [round_.local_date.isoformat() for group in groups for round_ in await rounds_of(self.app, group)]

    async def heartbeat(self) -> datetime | None:
        """Return when the scheduler last said that it is alive."""
        async with self.app.context.database.read() as transaction:
            noted = await transaction.notes.get(HEARTBEAT)
        return None if noted is None else datetime.fromisoformat(noted)


@asynccontextmanager
async def running(
    folder: Path, clock: RunningClock | ManualClock, platform: Callable[[Service], MemoryPlatform] = MemoryPlatform
) -> AsyncIterator[Running]:
    """Run the whole program, and stop it at the end."""
    stop = asyncio.Event()
    service = Service(clock, HERE)
    memory = platform(service)
    async with program(folder, clock, memory) as app:
        serving = asyncio.create_task(serve(app, stop))
        await memory.is_up.wait()
        yield Running(app, service, stop, serving)
        stop.set()
        await serving


async def until_so(condition: Callable[[], Awaitable[bool]]) -> None:
    """Return once something that has to be asked for is so."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await condition():  # noqa: ASYNC110  (nothing tells when it becomes so)
            await asyncio.sleep(0.005)


@pytest.fixture
def attentive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the loops look again after a moment."""
    monkeypatch.setattr(scheduling, "LONGEST_SLEEP", 0.05)
    monkeypatch.setattr(posting, "DATABASE_RETRY_SECONDS", 0.05)


async def test_a_question_comes_by_itself_at_its_time(tmp_path: Path) -> None:
    clock = RunningClock(MONDAY)
    async with running(tmp_path, clock) as r:
        await a_group(r.app, HERE)
        clock.set_by(NINE - clock.now() - timedelta(seconds=0.5))
        r.app.context.wake()
        await until(lambda: len(r.posted()) == 1)
        async with r.app.context.database.read() as transaction:
            (round_,) = await transaction.rounds.recent(1, 9)
        assert round_.asked_at >= NINE


async def test_what_people_do_shows_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without being woken, scheduler and poster would look again when the test has long given up."""
    monkeypatch.setattr(scheduling, "LONGEST_SLEEP", 1_000)
    monkeypatch.setattr(posting, "LONGEST_SLEEP", 1_000)
    clock = ManualClock(MONDAY)
    async with running(tmp_path, clock) as r:
        await until_so(lambda: _is(r.heartbeat(), MONDAY))
        group = await a_group(r.app, HERE)
        clock.move_to(NINE)
        r.app.context.wake()
        await until(lambda: r.posted() == ["question:1:1"])
        async with r.app.context.database.read() as transaction:
            (room,) = await transaction.groups.rooms(group.id)
        await give_answer(r.app.context, room, person("Ada"), 1, "It is the memory that they lack.")
        await until(lambda: r.service.find("answer:1:1") is not None)
        clock.advance(timedelta(hours=1))
        await post_digest_now(r.app.context, group)
        await until(lambda: r.posted()[1:] == ["digest:1:1"])
        await give_answer(r.app.context, room, person("Ada"), 1, "")
        await until(lambda: r.service.find("answer:1:1") is None)
        await until(lambda: "memory" not in r.digest())
        clock.advance(DAY)
        await ask_now(r.app.context, group, None)
        await until(lambda: r.posted()[2:] == ["question:2:1"])


async def _is(value: Awaitable[object], wanted: object) -> bool:
    return await value == wanted


@pytest.mark.usefixtures("attentive")
async def test_a_clock_that_is_set_forward_is_noticed(tmp_path: Path) -> None:
    clock = RunningClock(MONDAY)
    async with running(tmp_path, clock) as r:
        await a_group(r.app, HERE)
        clock.set_by(3 * DAY + timedelta(hours=2))
        await until(lambda: len(r.posted()) == 1)
        assert await r.asked() == ["2030-01-10"]


class Wake(asyncio.Event):
    """An event that tells when it is waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.awaited = asyncio.Event()

    async def wait(self) -> Literal[True]:
        self.awaited.set()
        return await super().wait()


@pytest.mark.parametrize("steps", range(6))
@pytest.mark.parametrize("name", ["scheduler", "poster"])
async def test_a_loop_that_is_woken_while_it_is_ended_ends(tmp_path: Path, name: str, steps: int) -> None:
    async with program(tmp_path, ManualClock(MONDAY), MemoryPlatform(Service(ManualClock(MONDAY)))) as app:
        wake = Wake()
        loop = app.scheduler.run(wake) if name == "scheduler" else app.poster.run(wake)
        running = asyncio.create_task(loop)
        await wake.awaited.wait()
        wake.set()
        for _ in range(steps):
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait({running}, timeout=5)
        assert running.cancelled()


@pytest.mark.usefixtures("attentive")
async def test_a_clock_that_is_set_back_asks_nothing_twice_and_the_heart_goes_on(tmp_path: Path) -> None:
    clock = RunningClock(NINE + timedelta(minutes=1))
    async with running(tmp_path, clock) as r:
        group = await a_group(r.app, HERE)
        clock.set_by(DAY)
        await until(lambda: len(r.posted()) == 1)
        clock.set_by(-DAY)
        await until_so(lambda: _before(r.heartbeat(), NINE + DAY / 2))
        clock.set_by(timedelta(minutes=1))
        await until_so(lambda: _after(r.heartbeat(), NINE + timedelta(minutes=2)))
        assert [round_.local_date.isoformat() for round_ in await rounds_of(r.app, group)] == ["2030-01-08"]
        clock.set_by(2 * DAY)
        await until(lambda: len(r.posted()) == 2)
        assert await r.asked() == ["2030-01-08", "2030-01-09"]


async def _before(value: Awaitable[datetime | None], moment: datetime) -> bool:
    found = await value
    return found is not None and found < moment


async def _after(value: Awaitable[datetime | None], moment: datetime) -> bool:
    found = await value
    return found is not None and found >= moment


async def test_the_heart_beats_twice_a_minute(tmp_path: Path) -> None:
    clock = ManualClock(MONDAY)
    async with program(tmp_path, clock, MemoryPlatform(Service(clock, HERE))) as app:
        beats = []
        for _ in range(12):
            await app.scheduler.tick()
            async with app.context.database.read() as transaction:
                beats.append(await transaction.notes.get(HEARTBEAT))
            clock.advance(timedelta(seconds=10))
        assert len(set(beats)) == 4


@pytest.mark.usefixtures("attentive")
async def test_sets_are_read_again_while_the_program_runs_and_can_be_asked_from(tmp_path: Path) -> None:
    async with running(tmp_path, RunningClock(MONDAY)) as r:
        write_set(tmp_path / "seeds", SET, 5)
        await until_so(lambda: _synced(r.app, "number-4"))
        write_set(tmp_path / "seeds", "woods", {"oak": ""})
        await until_so(lambda: _synced(r.app, "oak"))
        assert len(r.app.context.catalogue.get(SET).questions) == 5


async def _synced(app: App, slug: str) -> bool:
    async with app.context.database.read() as transaction:
        found = await transaction.questions.of_set(SET) + await transaction.questions.of_set("woods")
    return slug in {question.id for question in found}


@pytest.mark.usefixtures("attentive")
async def test_a_database_that_fails_for_a_while_is_survived(tmp_path: Path) -> None:
    clock = RunningClock(MONDAY)
    async with running(tmp_path, clock) as r:
        await a_group(r.app, HERE)
        async with without(tmp_path, "deliveries"):
            clock.set_by(timedelta(hours=1))
            write_set(tmp_path / "seeds", SET, 4)
            await until(lambda: len(r.app.context.catalogue.get(SET).questions) == 4)
            assert not r.serving.done()
        await until(lambda: len(r.posted()) == 1)
        async with without(tmp_path, "questions"):
            write_set(tmp_path / "seeds", SET, 6)
            await until(lambda: len(r.app.context.catalogue.get(SET).questions) == 6)
            assert not r.serving.done()
        await until_so(lambda: _synced(r.app, "number-5"))
        assert await r.asked() == ["2030-01-07"]


@asynccontextmanager
async def without(folder: Path, table: str) -> AsyncIterator[None]:
    """Take a table away for a while, so that every statement that needs it fails."""
    await asyncio.to_thread(_rename, folder / "bot.db", table, f"{table}_away")
    try:
        yield
    finally:
        await asyncio.to_thread(_rename, folder / "bot.db", f"{table}_away", table)


def _rename(path: Path, table: str, name: str) -> None:
    connection = sqlite3.connect(path, timeout=10)
    connection.execute("PRAGMA legacy_alter_table = ON")
    connection.execute(f"ALTER TABLE {table} RENAME TO {name}")
    connection.commit()
    connection.close()


async def test_what_cannot_be_done_today_does_not_keep_the_program_busy(tmp_path: Path) -> None:
    clock = ManualClock(MONDAY)
    async with program(tmp_path, clock, MemoryPlatform(Service(clock, HERE)), questions=1) as app:
        await a_group(app, HERE, exhausted=Exhausted.STOP)
        assert await app.scheduler.next_due() == NINE
        for day in range(3):
            clock.move_to(NINE + day * DAY)
            await app.scheduler.tick()
            assert await app.scheduler.next_due() == NINE + (day + 1) * DAY
            clock.advance(timedelta(minutes=7))
            assert await app.scheduler.next_due() == NINE + (day + 1) * DAY


class Broken(MemoryPlatform):
    """A platform on which telling anybody anything goes wrong."""

    async def tell(self, channel: Channel, user: Ref, reply: Reply) -> bool:
        raise ValueError("a reply that makes no sense")


async def test_trouble_with_one_group_keeps_no_other_waiting(tmp_path: Path) -> None:
    clock = ManualClock(MONDAY)
    service = Service(clock, HERE, channel("there"))
    async with program(tmp_path, clock, Broken(service)) as app:
        await a_group(app, HERE, slug="first", hosts=[person("Host")], question_set="woods")
        second = await a_group(app, channel("there"), slug="second")
        clock.move_to(NINE)
        await app.scheduler.tick()
        assert len(await rounds_of(app, second)) == 1


@pytest.fixture
def logs(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """Log to what the test reads."""
    with logs_kept():
        configure_logs("json", "info")
        yield capsys


BREAK = {
    "a zone that the machine does not know": "UPDATE groups SET settings = json_set(settings, '$.zone', 'Mars/Base')",
    "settings that make no sense": "UPDATE groups SET settings = '{\"days\": 8}'",
    "a question that makes no sense": "UPDATE questions SET body = '{}' WHERE question_set = 'commons'",
    "a digest that makes no sense": "UPDATE digests SET body = '{}', stale = 1",
}


@pytest.mark.parametrize("how", BREAK)
async def test_a_group_whose_data_makes_no_sense_keeps_no_other_waiting(
    tmp_path: Path, how: str, logs: pytest.CaptureFixture[str]
) -> None:
    clock, there = ManualClock(NINE), channel("there")
    service = Service(clock, HERE, there)
    write_set(tmp_path / "seeds", SET)
    write_set(tmp_path / "seeds", "woods")
    async with program(tmp_path, clock, MemoryPlatform(service)) as app:
        await a_group(app, HERE, slug="first", tell_empty_week=True)
        clock.advance(6 * DAY + timedelta(hours=9))
        await app.settle()
        with contextlib.closing(sqlite3.connect(tmp_path / "bot.db")) as database:
            database.execute(BREAK[how])
            database.commit()
        await a_group(app, there, slug="second", question_set="woods", tell_empty_week=True)
        logs.readouterr()
        clock.advance(7 * DAY)
        for _ in range(5):
            clock.advance(timedelta(minutes=1))
            await app.settle()
        posted = {one.key.partition(":")[0] for one in service.messages() if one.place.channel == there}
        assert posted == {"question", "digest"}
        assert logs.readouterr().err.count('"level": "error"') <= 2, "what stays wrong is not logged at each tick"
        assert await app.scheduler.next_due() == NINE + 14 * DAY
        async with app.context.database.read() as transaction:
            assert await transaction.notes.get(HEARTBEAT) == clock.now().isoformat()


class Deaf(MemoryPlatform):
    """A platform on which telling anybody anything never ends."""

    async def tell(self, channel: Channel, user: Ref, reply: Reply) -> bool:
        await asyncio.Event().wait()
        return True


async def test_a_host_who_cannot_be_reached_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.services.telling.TELL_SECONDS", 0.05)
    clock = ManualClock(MONDAY)
    service = Service(clock, HERE, channel("there"))
    async with program(tmp_path, clock, Deaf(service)) as app:
        await a_group(app, HERE, slug="first", hosts=[person("Host")], question_set="woods")
        second = await a_group(app, channel("there"), slug="second")
        clock.move_to(NINE)
        await app.settle()
        assert len(await rounds_of(app, second)) == 1


async def test_stopping_ends_every_loop_and_keeps_what_was_said(tmp_path: Path) -> None:
    clock = ManualClock(MONDAY)
    async with running(tmp_path, clock) as r:
        await a_group(r.app, HERE)
        clock.move_to(NINE)
        r.app.context.wake()
        await until(lambda: len(list(r.service.messages())) == 2)
        await until_so(lambda: _has_thread(r.app))
        thread = r.service.thread_of(next(r.service.messages()).ref)
        saying = [
            asyncio.create_task(
                r.app.desk.record(
                    MessageSeen(
                        Place(HERE, thread),
                        Ref(f"x{number}"),
                        person("Ada"),
                        f"Because of reason {number}.",
                        clock.now(),
                    )
                )
            )
            for number in range(50)
        ]
        await asyncio.sleep(0)
        r.stop.set()
        await r.serving
    await asyncio.gather(*saying)
    async with program(tmp_path, clock) as app, app.context.database.read() as transaction:
        assert len(await transaction.messages.of_round(1)) == 50


async def _has_thread(app: App) -> bool:
    async with app.context.database.read() as transaction:
        return len(await transaction.rounds.threads(1)) == 1


class Refusing(MemoryPlatform):
    """A platform that refuses the bot for good."""

    async def run(self, chat: Chat) -> None:
        raise PlatformError("The token is not valid.", "Make a new one.")


async def test_a_platform_that_refuses_the_bot_ends_the_program_with_its_sentence(tmp_path: Path) -> None:
    clock = ManualClock(MONDAY)
    async with program(tmp_path, clock, Refusing(Service(clock, HERE))) as app:
        with pytest.raises(ExceptionGroup) as caught:
            await serve(app, asyncio.Event())
    assert [str(error) for error in caught.value.exceptions] == ["The token is not valid. Make a new one."]


class Clinging(MemoryPlatform):
    """A platform that fails to close."""

    async def close(self) -> None:
        raise ValueError("not now")


async def test_a_platform_that_cannot_be_closed_loses_nothing_that_was_said(tmp_path: Path) -> None:
    clock = ManualClock(MONDAY)
    service = Service(clock, HERE)
    async with program(tmp_path, clock, Clinging(service)) as app:
        await a_group(app, HERE)
        clock.move_to(NINE)
        await app.settle()
        opening = list(service.messages())[1]
        said = service.add(opening.place, person("Ada"), "It is the memory that they lack.")
        recording = asyncio.create_task(app.desk.record(said.seen))
        await asyncio.sleep(0)
    await recording
    async with program(tmp_path, clock) as app, app.context.database.read() as transaction:
        assert [message.ref for message in await transaction.messages.of_round(1)] == [said.ref]
