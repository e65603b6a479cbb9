"""The one writer of events: what it commits together, and what becomes of events when something goes wrong."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from sqlalchemy import Connection, Engine, event

import bot.store.database
from bot.errors import DatabaseError
from bot.logs import configure_logs
from bot.model import Ref
from bot.services.recording import Recorder
from bot.store.database import Database
from tests.standins.builders import ADA, BEN, Thread, a_room, opened, posted_round, recording


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path) as database:
        yield database


@pytest.fixture
async def thread(database: Database) -> Thread:
    return await posted_round(database, await a_room(database))


@pytest.fixture
def elsewhere(database: Database, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Another connection to the same file, which sees only what is committed."""
    connection = sqlite3.connect(tmp_path / "bot.db", isolation_level=None)
    yield connection
    connection.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up soon on a database that another program has locked."""
    monkeypatch.setattr(bot.store.database, "BUSY_TIMEOUT_MS", 20)


@pytest.fixture
def logs(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """The log lines, as an operator gets them."""
    root = logging.getLogger()
    before = root.handlers, root.level
    configure_logs("json", "debug")
    yield capsys
    root.handlers, root.level = before
    structlog.reset_defaults()


@contextlib.contextmanager
def writes(stage: str) -> Iterator[asyncio.Queue[None]]:
    """Give a queue that gets an item whenever a write transaction has reached a stage: `begin` or `commit`."""
    reached: asyncio.Queue[None] = asyncio.Queue()

    def note(connection: Connection) -> None:
        if connection.get_execution_options().get("immediate"):
            reached.put_nowait(None)

    event.listen(Engine, stage, note)
    try:
        yield reached
    finally:
        event.remove(Engine, stage, note)


def recorded(elsewhere: sqlite3.Connection) -> set[str]:
    return {text for (text,) in elsewhere.execute("SELECT text FROM messages")}


async def test_events_that_come_together_are_committed_together(
    database: Database, thread: Thread, elsewhere: sqlite3.Connection
) -> None:
    async with recording(database) as recorder:
        with writes("commit") as commits:
            await asyncio.gather(*(recorder.record(thread.says(ADA, f"Answer {number}")) for number in range(500)))
    assert len(recorded(elsewhere)) == 500
    assert commits.qsize() <= 3


async def test_a_recorded_event_is_committed(database: Database, thread: Thread, elsewhere: sqlite3.Connection) -> None:
    async def record_and_look(number: int) -> bool:
        await recorder.record(thread.says(ADA, f"Answer {number}"))
        return f"Answer {number}" in recorded(elsewhere)

    async with recording(database) as recorder:
        assert all(await asyncio.gather(*map(record_and_look, range(50))))
        assert await record_and_look(50)


@pytest.mark.parametrize("fault", ["without a time zone", "without a name"])
async def test_an_event_that_is_no_good_does_not_spoil_its_companions(
    database: Database, thread: Thread, elsewhere: sqlite3.Connection, logs: pytest.CaptureFixture[str], fault: str
) -> None:
    events = [thread.says(ADA, f"Answer {number}") for number in range(40)]
    bad = replace(events[17], text="A secret")
    if fault == "without a time zone":
        bad = replace(bad, sent_at=bad.sent_at.replace(tzinfo=None))
    else:
        bad = replace(bad, author=replace(ADA, user=Ref("u9"), name=None))  # type: ignore[arg-type]
    async with recording(database) as recorder:
        outcomes = await asyncio.gather(
            *map(recorder.record, [*events[:17], bad, *events[18:]]), return_exceptions=True
        )
        await recorder.record(thread.says(BEN, "Afterwards"))
    assert recorded(elsewhere) == {"Afterwards", *(one.text for one in events if one is not events[17])}
    assert [type(one) for one in outcomes if one is not None] == [DatabaseError]
    assert str(outcomes[17]) == "An event could not be recorded. The operator's log says why."
    logged = logs.readouterr().err
    assert "an event could not be recorded" in logged
    assert ("needs a time zone" if "zone" in fault else "members.name") in logged
    assert "secret" not in logged


@pytest.mark.usefixtures("impatient")
async def test_a_database_that_fails_is_told_to_everyone_who_waits_and_used_again_once_it_works(
    tmp_path: Path, logs: pytest.CaptureFixture[str]
) -> None:
    async with opened(tmp_path) as database:
        thread = await posted_round(database, await a_room(database))
        with contextlib.closing(sqlite3.connect(tmp_path / "bot.db", isolation_level=None)) as elsewhere:
            async with recording(database) as recorder:
                elsewhere.execute("BEGIN IMMEDIATE")
                outcomes = await asyncio.gather(
                    *(recorder.record(thread.says(ADA, f"Secret {number}")) for number in range(30)),
                    return_exceptions=True,
                )
                elsewhere.execute("ROLLBACK")
                assert [type(one) for one in outcomes] == [DatabaseError] * 30
                assert "is in use by another program" in str(outcomes[0])
                await recorder.record(thread.says(ADA, "At last"))
            assert recorded(elsewhere) == {"At last"}
    assert "Secret" not in logs.readouterr().err


async def test_a_writer_that_is_stopped_in_the_middle_of_a_commit_loses_nothing(
    database: Database, thread: Thread, elsewhere: sqlite3.Connection
) -> None:
    recorder = Recorder(database)
    running = asyncio.create_task(recorder.run())
    elsewhere.execute("BEGIN IMMEDIATE")
    with writes("begin") as beginnings:
        waiting = [asyncio.create_task(recorder.record(thread.says(ADA, f"Early {number}"))) for number in range(10)]
        await beginnings.get()
    waiting += [asyncio.create_task(recorder.record(thread.says(ADA, f"Late {number}"))) for number in range(10)]
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert not any(one.done() for one in waiting)
    elsewhere.execute("ROLLBACK")
    await recorder.drain()
    await asyncio.gather(*waiting)
    assert recorded(elsewhere) == {f"{when} {number}" for when in ("Early", "Late") for number in range(10)}


async def test_a_writer_that_never_ran_records_what_waits_when_it_is_drained(
    database: Database, thread: Thread, elsewhere: sqlite3.Connection
) -> None:
    recorder = Recorder(database)
    waiting = [asyncio.create_task(recorder.record(thread.says(ADA, f"Answer {number}"))) for number in range(1_200)]
    await asyncio.sleep(0)
    await recorder.drain()
    await asyncio.gather(*waiting)
    assert len(recorded(elsewhere)) == 1_200


async def test_who_stops_waiting_does_not_stop_the_others(
    database: Database, thread: Thread, elsewhere: sqlite3.Connection
) -> None:
    async with recording(database) as recorder:
        waiting = [asyncio.create_task(recorder.record(thread.says(ADA, f"Answer {number}"))) for number in range(10)]
        await asyncio.sleep(0)
        waiting[3].cancel()
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        await recorder.record(thread.says(ADA, "Afterwards"))
    assert [number for number, one in enumerate(outcomes) if one is not None] == [3]
    assert recorded(elsewhere) >= {"Afterwards", *(f"Answer {number}" for number in range(10) if number != 3)}


async def test_no_words_are_logged_at_any_level(tmp_path: Path, logs: pytest.CaptureFixture[str]) -> None:
    async with opened(tmp_path) as database, recording(database) as recorder:
        thread = await posted_round(database, await a_room(database))
        await recorder.record(thread.says(ADA, "A secret", "m1"))
        async with database.read() as transaction:
            assert await transaction.search.messages(thread.group.id, "secret", 10)
        await recorder.record(thread.deletes("m1"))
    assert "secret" not in logs.readouterr().err
