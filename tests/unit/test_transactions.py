"""Transactions: what is written together, what is seen, and what is left when one breaks off."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import traceback
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

from bot.errors import DatabaseError
from bot.services.recording import Batch, write
from bot.store.database import ConflictError, Database
from tests.standins.builders import ADA, a_room, at, opened, posted_round


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path) as database:
        yield database


async def put_and_raise(database: Database, error: BaseException) -> None:
    async with database.write() as transaction:
        await transaction.notes.put("key", "value")
        raise error


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), asyncio.CancelledError(), SystemExit()])
async def test_a_write_that_is_broken_off_leaves_nothing(database: Database, error: BaseException) -> None:
    with pytest.raises(type(error)):
        await put_and_raise(database, error)
    async with database.write() as transaction:
        assert await transaction.notes.get("key") is None
        await transaction.notes.put("other", "value")


async def test_a_task_that_is_cancelled_while_it_writes_leaves_nothing(database: Database) -> None:
    async def keep_writing() -> None:
        async with database.write() as transaction:
            for number in range(100_000):
                await transaction.notes.put(f"key {number}", "value")
                begun.set()

    for _ in range(5):
        begun = asyncio.Event()
        writing = asyncio.create_task(keep_writing())
        await begun.wait()
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
    async with database.write() as transaction:
        assert await transaction.notes.get("key 0") is None
        await transaction.notes.put("other", "value")


async def test_a_write_that_is_cancelled_at_any_step_is_whole_or_not_there_and_lets_the_next_one_in(
    database: Database, tmp_path: Path
) -> None:
    async def put_two(number: int) -> None:
        async with database.write() as transaction:
            await transaction.notes.put(f"one {number}", "value")
            await transaction.notes.put(f"two {number}", "value")

    for steps in range(60):
        writing = asyncio.create_task(put_two(steps))
        for _ in range(steps):
            await asyncio.sleep(0)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        with contextlib.closing(sqlite3.connect(tmp_path / "bot.db", timeout=0)) as other:
            other.execute("BEGIN IMMEDIATE")
    async with database.read() as transaction:
        for steps in range(60):
            assert await transaction.notes.get(f"one {steps}") == await transaction.notes.get(f"two {steps}")
    await put_two(60)


async def test_a_write_that_is_cancelled_while_it_waits_for_another_program_lets_the_next_one_in(
    database: Database, tmp_path: Path
) -> None:
    async def put() -> None:
        async with database.write() as transaction:
            about_to.set()
            await transaction.notes.put("key", "value")

    about_to = asyncio.Event()
    with contextlib.closing(sqlite3.connect(tmp_path / "bot.db", isolation_level=None, timeout=0)) as other:
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(put())
        await about_to.wait()
        await asyncio.sleep(0)
        writing.cancel()
        await asyncio.sleep(0)
        other.execute("ROLLBACK")
        await asyncio.gather(writing, return_exceptions=True)
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    async with database.read() as transaction:
        assert await transaction.notes.get("key") is None


async def test_a_write_that_is_cancelled_twice_leaves_nothing_behind_that_waits(
    database: Database, tmp_path: Path
) -> None:
    async def put() -> None:
        async with database.write() as transaction:
            about_to.set()
            await transaction.notes.put("key", "value")

    about_to = asyncio.Event()
    with contextlib.closing(sqlite3.connect(tmp_path / "bot.db", isolation_level=None, timeout=0)) as other:
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(put())
        await about_to.wait()
        for _ in range(2):
            await asyncio.sleep(0)
            writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        other.execute("ROLLBACK")
    async with asyncio.timeout(5):
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()}, return_exceptions=True)


async def test_a_reader_sees_one_state_whatever_is_written_meanwhile(database: Database) -> None:
    async with database.read() as reading:
        assert await reading.notes.get("key") is None
        async with database.write() as writing:
            await writing.notes.put("key", "value")
        assert await reading.notes.get("key") is None
    async with database.read() as reading:
        assert await reading.notes.get("key") == "value"


async def test_writers_take_turns(database: Database) -> None:
    async def count() -> None:
        async with database.write() as transaction:
            known = int(await transaction.notes.get("count") or 0)
            await transaction.notes.put("count", str(known + 1))

    await asyncio.gather(*(count() for _ in range(50)))
    async with database.read() as transaction:
        assert await transaction.notes.get("count") == "50"


async def test_many_readers_at_once_are_served(database: Database) -> None:
    async def read() -> str | None:
        async with database.read() as transaction:
            return await transaction.notes.get("key")

    assert await asyncio.gather(*(read() for _ in range(200))) == [None] * 200


async def test_a_second_round_on_one_date_is_a_conflict_that_names_no_values(database: Database) -> None:
    room = await a_room(database)
    await posted_round(database, room)
    with pytest.raises(ConflictError) as raised:
        await posted_round(database, room)
    assert isinstance(raised.value, DatabaseError)
    assert "2030" not in str(raised.value)
    assert "2030" not in str(raised.value.__cause__)


async def test_stored_words_that_cannot_be_read_are_not_shown(database: Database, tmp_path: Path) -> None:
    room = await a_room(database)
    with contextlib.closing(sqlite3.connect(tmp_path / "bot.db", isolation_level=None)) as connection:
        connection.execute("""UPDATE groups SET settings = '{"zone": ["A secret"]}'""")

    async def read() -> None:
        async with database.read() as transaction:
            await transaction.groups.get(room.group_id)

    with pytest.raises(DatabaseError, match="settings in the database cannot be read") as raised:
        await read()
    assert raised.value.hint
    assert "secret" not in "".join(traceback.format_exception(raised.value))


async def test_every_connection_is_set_up_to_keep_what_it_acknowledges(database: Database) -> None:
    found: set[tuple[object, ...]] = set()

    def look(connection: Connection) -> None:
        pragmas = ("journal_mode", "synchronous", "foreign_keys")
        values = [connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() for pragma in pragmas]
        found.add((id(connection.connection.driver_connection), *values))

    event.listen(Engine, "begin", look)
    async with contextlib.AsyncExitStack() as readers:
        for _ in range(5):
            await readers.enter_async_context(database.read())
        async with database.write():
            pass
    event.remove(Engine, "begin", look)
    full = 2
    assert len(found) == 6
    assert {one[1:] for one in found} == {("wal", full, 1)}


async def test_a_row_that_refers_to_nothing_is_refused(database: Database) -> None:
    room = await a_room(database)

    async def enqueue() -> None:
        async with database.write() as transaction:
            await transaction.questions.enqueue(room.group_id, 999, on=None, by=None, now=at(0))

    with pytest.raises(ConflictError):
        await enqueue()


async def test_deleted_words_do_not_stay_in_the_file(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        thread = await posted_round(database, await a_room(database))
        for events in ([thread.says(ADA, "Xylophone " * 100, "m1")], [thread.deletes("m1")]):
            async with database.write() as transaction:
                await write(transaction, Batch.of(events))
    assert b"Xylophone Xylophone" not in (tmp_path / "bot.db").read_bytes()


async def test_the_log_is_emptied_unless_somebody_reads_who_holds_up_nobody(database: Database, tmp_path: Path) -> None:
    log = tmp_path / "bot.db-wal"
    async with database.write() as transaction:
        await transaction.notes.put("key", "value")
    async with database.read() as reading:
        assert await reading.notes.get("key") == "value"
        async with asyncio.timeout(5):
            assert not await database.trim()
        async with database.write() as transaction:
            await transaction.notes.put("key", "other")
        assert await reading.notes.get("key") == "value"
    assert log.stat().st_size > 0
    assert await database.trim()
    assert log.stat().st_size == 0
    async with database.read() as transaction:
        assert await transaction.notes.get("key") == "other"
