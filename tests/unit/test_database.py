"""Opening and migrating the database, and what an operator is told when it cannot be used."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, create_engine, delete, event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.interfaces import DBAPIConnection

import bot.store.database
import bot.store.migrating
from bot.digest.model import Votes
from bot.errors import DatabaseError
from bot.model import Choice
from bot.store.codec import question_to_json
from bot.store.database import Database, open_database, visit_database
from bot.store.migrating import OutdatedError
from bot.store.schema import messages, metadata, reactions
from tests.standins.builders import CHANNEL, NOON, a_room, database_url, earlier_database, posted_round, question

ROOT = Path(__file__).parents[2]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up soon on a database that another program has locked."""
    monkeypatch.setattr(bot.store.database, "BUSY_TIMEOUT_MS", 20)


@contextlib.contextmanager
def pragma_on_every_connection(pragma: str) -> Iterator[list[DBAPIConnection]]:
    """Run a pragma on every connection that is made from now on, and give these connections."""
    made: list[DBAPIConnection] = []

    def run(connection: DBAPIConnection, _entry: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        made.append(connection)

    event.listen(Engine, "connect", run)
    try:
        yield made
    finally:
        event.remove(Engine, "connect", run)


async def problem(url: str) -> DatabaseError:
    """Return what is wrong with a database when it is opened, read through and written."""
    with pytest.raises(DatabaseError) as raised:
        await use(url)
    return raised.value


async def use(url: str) -> None:
    async with open_database(url) as database:
        await database.check()
        async with database.write() as transaction:
            await transaction.notes.put("key", "value")


def is_one_sentence_with_what_to_do(error: DatabaseError) -> bool:
    told = str(error)
    library = any(name in told for name in ("sqlite3", "sqlalchemy", "Traceback", "Background on this error"))
    return error.exit_code == 4 and "\n" not in told and bool(error.hint) and told.endswith(".") and not library


# Opening.


async def test_opening_makes_the_folder_and_the_newest_schema(tmp_path: Path) -> None:
    async with open_database(database_url(tmp_path / "data" / "deep")) as database:
        first = await database.migrate()
        assert await database.migrate() == first
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "deep" / "bot.db")) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(first,)]


async def test_the_migrations_make_the_schema_that_the_program_works_with(tmp_path: Path) -> None:
    async with open_database(database_url(tmp_path)):
        pass
    engine = create_engine(f"sqlite:///{tmp_path / 'bot.db'}")
    with engine.connect() as connection:
        found = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": True,
                "include_object": lambda _object, name, kind, *_: kind != "table" or "_fts" not in name,
            },
        )
        assert compare_metadata(found, metadata) == []
    engine.dispose()


REBUILD = """
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", {head!r}, None, None

def upgrade():
    with op.batch_alter_table("groups", recreate="always"):
        pass
"""


async def test_a_migration_that_rebuilds_a_table_keeps_what_refers_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_database(database_url(tmp_path)) as database:
        thread = await posted_round(database, await a_room(database))
        head = await database.migrate()
    migrations = shutil.copytree(bot.store.migrating.MIGRATIONS, tmp_path / "migrations")
    (migrations / "versions" / "9999_rebuild.py").write_text(REBUILD.format(head=head))
    monkeypatch.setattr(bot.store.migrating, "MIGRATIONS", migrations)
    async with open_database(database_url(tmp_path)) as database, database.read() as transaction:
        assert await database.migrate() == "9999"
        assert await transaction.rounds.get(thread.round.id) == thread.round


DATA_OF_0003 = """
INSERT INTO groups VALUES (1, 'readers', 'Readers', '{}', 0,
    '2030-01-07 11:00:00.000000', '2030-01-07 11:00:00.000000');
INSERT INTO rooms VALUES (1, 1, 'discord', 'guild', 'reading');
INSERT INTO members VALUES (1, 'discord', 'u1', 'Ada'), (2, 'discord', 'u2', 'Ben');
INSERT INTO hosts VALUES (1, 1);
INSERT INTO opt_outs VALUES (2, '2030-01-07 11:00:00.000000');
INSERT INTO questions VALUES (1, 'ai-futures', 'memory', '{question}', 'What do you make of memory?', 'Agents', '');
INSERT INTO rounds VALUES (1, 1, 1, '2030-01-07', 1, '2030-01-07 12:00:00.000000');
INSERT INTO messages VALUES (1, 1, 1, 1, 'm1', 'Memory is scarce, as we know.', 'answer', '', 0,
    '2030-01-07 12:01:00.000000', NULL, NULL);
INSERT INTO reactions VALUES (1, 'm1', 2, 'agree');
"""


async def test_a_database_of_an_earlier_version_keeps_all_it_holds(tmp_path: Path) -> None:
    earlier_database(tmp_path / "bot.db", "0003")
    with contextlib.closing(sqlite3.connect(tmp_path / "bot.db")) as connection:
        connection.executescript(DATA_OF_0003.replace("{question}", json.dumps(question_to_json(question()))))
    async with open_database(database_url(tmp_path)) as database:
        await database.check()
        async with database.read() as transaction:
            assert [room.channel for room in await transaction.groups.rooms(1)] == [CHANNEL]
            assert await transaction.groups.called(1) == [(await transaction.groups.room(1), None)]
            [hit] = await transaction.search.messages(1, "scarce", 5)
            assert (hit.name, hit.message_id) == ("Ada", 1)
            assert await transaction.reactions.votes([1]) == {1: Votes(agree=1)}
            assert await transaction.members.opted_out() == {2}
            assert [one.name for one in await transaction.accounts.of(2)] == ["Ben"]
        async with database.write() as transaction:
            await transaction.messages.choose(1, Choice.QUOTE)
            await transaction.accounts.link(1, 2)
            await transaction.groups.leave(1, NOON)
            assert await transaction.groups.rooms(1) == []


async def test_a_database_of_an_earlier_version_is_not_changed_by_a_visit(tmp_path: Path) -> None:
    earlier_database(tmp_path / "bot.db", "0003")
    with pytest.raises(OutdatedError) as caught:
        async with visit_database(database_url(tmp_path)):
            pass
    assert is_one_sentence_with_what_to_do(caught.value), caught.value
    with contextlib.closing(sqlite3.connect(tmp_path / "bot.db")) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0003",)]


async def test_a_visit_finds_what_is_there_and_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="There is no database"):
        async with visit_database(database_url(tmp_path / "none")):
            pass
    assert not (tmp_path / "none").exists()
    async with open_database(database_url(tmp_path)) as database, database.write() as transaction:
        await transaction.notes.put("key", "value")
    async with visit_database(database_url(tmp_path)) as database, database.read() as transaction:
        assert await transaction.notes.get("key") == "value"


async def test_a_visit_to_a_newer_or_a_foreign_database_is_refused(tmp_path: Path) -> None:
    await use(database_url(tmp_path))
    with contextlib.closing(sqlite3.connect(tmp_path / "bot.db", isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(DatabaseError, match="newer version"):
            async with visit_database(database_url(tmp_path)):
                pass
        connection.execute("DROP TABLE alembic_version")
    with pytest.raises(DatabaseError, match="not one of this program"):
        async with visit_database(database_url(tmp_path)):
            pass


async def test_a_file_that_is_looked_at_or_refused_stays_as_it_is_to_the_byte(tmp_path: Path) -> None:
    own, backup, foreign, empty = (tmp_path / name / "bot.db" for name in ("own", "backup", "foreign", "empty"))
    for path in (own, backup, foreign, empty):
        path.parent.mkdir()
    await use(database_url(own.parent))
    with contextlib.closing(sqlite3.connect(own)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        connection.execute("VACUUM INTO ?", [str(backup)])
    with contextlib.closing(sqlite3.connect(foreign)) as connection:
        connection.execute("CREATE TABLE theirs (id)")
    empty.touch()
    before = [path.read_bytes() for path in (backup, foreign, empty)]
    async with visit_database(database_url(backup.parent)) as database:
        await database.check()
    for path in (foreign, empty):
        with pytest.raises(DatabaseError):
            async with visit_database(database_url(path.parent)):
                pass
    with pytest.raises(DatabaseError):
        async with open_database(database_url(foreign.parent)):
            pass
    assert [path.read_bytes() for path in (backup, foreign, empty)] == before


@pytest.mark.parametrize("column", [messages.c.member_id, messages.c.room_id, reactions.c.member_id])
async def test_what_a_member_or_a_room_leaves_behind_is_found_without_reading_everything(
    tmp_path: Path, column: Column[int]
) -> None:
    async with open_database(database_url(tmp_path)):
        pass
    with contextlib.closing(sqlite3.connect(tmp_path / "bot.db")) as connection:
        forgetting = delete(column.table).where(column == 1).compile(compile_kwargs={"literal_binds": True})
        plans = [plan for *_, plan in connection.execute(f"EXPLAIN QUERY PLAN {forgetting}")]
        assert plans
        assert not [plan for plan in plans if plan.startswith("SCAN")]


async def test_what_was_written_is_there_after_closing_and_opening_again(tmp_path: Path) -> None:
    async with open_database(database_url(tmp_path)) as database, database.write() as transaction:
        await transaction.notes.put("key", "value")
    async with open_database(database_url(tmp_path)) as database, database.read() as transaction:
        assert await transaction.notes.get("key") == "value"


async def test_a_path_may_hold_odd_characters(tmp_path: Path) -> None:
    await use(f"sqlite+aiosqlite:///{tmp_path}/100% öd 'd\"/bot.db")
    assert (tmp_path / "100% öd 'd\"" / "bot.db").exists()


@pytest.mark.parametrize(
    "url", ["nonsense", "sqlite:///bot.db", "sqlite+pysqlcipher:///bot.db", "postgresql://host/bot", "sqlite+aiosqlite://",
            "sqlite+aiosqlite:///:memory:", "mysql+nonsense://host/bot"]
)  # fmt: skip
async def test_an_address_of_no_database_of_ours_is_refused(url: str) -> None:
    error = await problem(url)
    assert is_one_sentence_with_what_to_do(error), error
    assert "sqlite+aiosqlite:///" in error.hint


async def test_a_file_that_is_not_a_database_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "bot.db").write_text("Dear diary, " * 500)
    error = await problem(database_url(tmp_path))
    assert is_one_sentence_with_what_to_do(error), error
    assert "not a database" in str(error)
    assert (tmp_path / "bot.db").read_text() == "Dear diary, " * 500


async def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "bot.db")) as connection:
        connection.execute("CREATE TABLE groups (id INTEGER)")
    error = await problem(database_url(tmp_path))
    assert is_one_sentence_with_what_to_do(error), error
    assert "not one of this program" in str(error)
    with contextlib.closing(sqlite3.connect(tmp_path / "bot.db")) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("groups",)]


async def test_a_database_newer_than_the_program_is_left_alone(tmp_path: Path) -> None:
    await use(database_url(tmp_path))
    with contextlib.closing(sqlite3.connect(tmp_path / "bot.db", isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        error = await problem(database_url(tmp_path))
        assert is_one_sentence_with_what_to_do(error), error
        assert "newer version" in str(error)
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.6, 0.95])
async def test_a_damaged_file_is_reported(tmp_path: Path, share: float) -> None:
    file = tmp_path / "bot.db"
    await use(database_url(tmp_path))
    whole = file.read_bytes()
    start = int(len(whole) * share)
    file.write_bytes(whole[:start] + b"\xa5" * 8192 + whole[start + 8192 :])
    error = await problem(database_url(tmp_path))
    assert is_one_sentence_with_what_to_do(error), error
    assert "damaged" in str(error)


async def test_a_file_that_was_cut_short_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "bot.db"
    await use(database_url(tmp_path))
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    error = await problem(database_url(tmp_path))
    assert is_one_sentence_with_what_to_do(error), error
    assert "damaged" in str(error)


async def test_a_folder_in_place_of_the_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "bot.db").mkdir()
    before = set(threading.enumerate())
    assert is_one_sentence_with_what_to_do(await problem(database_url(tmp_path)))
    left = set(threading.enumerate()) - before
    assert not [thread for thread in left if "connection" in thread.name], "one that ends later fails with a traceback"


async def test_a_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    error = await problem(database_url(tmp_path / "file" / "data"))
    assert is_one_sentence_with_what_to_do(error), error
    assert str(tmp_path / "file" / "data") in str(error)


# What the operating system refuses is tried in a process that has no more rights than its user, even if that is root.

CHILD = """
import asyncio, ctypes, resource, sys
from bot.errors import BotError
from bot.store.database import open_database, visit_database

def drop_privileges():
    header, nothing = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(header, nothing) != 0:
        sys.exit("capset failed")

async def main():
    if sys.argv[2] == "check":
        async with visit_database(sys.argv[1]) as database:
            return await database.check()
    async with open_database(sys.argv[1]) as database:
        print("opened", flush=True)
        if sys.argv[2] == "fill":
            resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
        for number in range(200 if sys.argv[2] == "fill" else 1):
            async with database.write() as transaction:
                await transaction.notes.put(f"key {number}", "A secret. " * 1_000)
            print("written", number, flush=True)

drop_privileges()
try:
    asyncio.run(main())
except BotError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)
"""


def in_a_process(url: str, do: str = "write") -> tuple[int, str, str]:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", CHILD, url, do],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return ran.returncode, ran.stdout, ran.stderr


linux_only = pytest.mark.skipif(sys.platform != "linux", reason="privileges are dropped by a Linux system call")


@linux_only
@pytest.mark.parametrize("existing", [True, False])
async def test_a_read_only_folder_is_reported(tmp_path: Path, existing: bool) -> None:
    data = tmp_path / "data"
    data.mkdir()
    if existing:
        await use(database_url(data))
    data.chmod(0o555)
    code, out, told = in_a_process(database_url(data))
    data.chmod(0o755)
    assert (code, out, told.count("\n")) == (4, "", 1)
    assert "Let the bot's user write to the file and its folder." in told


@linux_only
@pytest.mark.parametrize("do", ["write", "check"])
async def test_a_read_only_file_is_reported(tmp_path: Path, do: str) -> None:
    await use(database_url(tmp_path))
    (tmp_path / "bot.db").chmod(0o444)
    code, out, told = in_a_process(database_url(tmp_path), do)
    assert (code, out) == (4, "")
    assert (
        told
        == f"The database {tmp_path / 'bot.db'} is read-only. Let the bot's user write to the file and its folder.\n"
    )


@linux_only
def test_a_folder_that_may_not_be_made_is_reported(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    code, out, told = in_a_process(database_url(tmp_path / "data"))
    tmp_path.chmod(0o755)
    assert (code, out, told.count("\n")) == (4, "", 1)
    assert "cannot be made (Permission denied)" in told


@linux_only
async def test_a_disk_that_takes_no_more_is_reported_and_nothing_written_is_lost(tmp_path: Path) -> None:
    code, out, told = in_a_process(database_url(tmp_path), "fill")
    written = out.count("written")
    assert (code, told.count("\n"), "disk is full" in told, "secret" in told) == (4, 1, True, False)
    assert 0 < written < 200
    async with open_database(database_url(tmp_path)) as database:
        await database.check()
        async with database.read() as transaction:
            for number in range(200):
                assert (await transaction.notes.get(f"key {number}") is not None) == (number < written)


async def test_a_full_disk_in_the_middle_of_a_write_is_reported_and_leaves_nothing(tmp_path: Path) -> None:
    async def fill(database: Database) -> None:
        async with database.write() as transaction:
            for number in range(1_000):
                await transaction.notes.put(f"key {number}", "A secret. " * 1_000)

    with pragma_on_every_connection("max_page_count = 150"):
        async with open_database(database_url(tmp_path)) as database:
            with pytest.raises(DatabaseError) as raised:
                await fill(database)
            assert is_one_sentence_with_what_to_do(raised.value), raised.value
            assert "disk is full" in str(raised.value)
            assert "secret" not in repr(raised.value.__cause__)
            assert "secret" not in str(raised.value.__cause__)
            async with database.write() as transaction:
                assert await transaction.notes.get("key 0") is None
                await transaction.notes.put("small", "fits")


async def test_a_disk_that_is_full_from_the_start_is_reported(tmp_path: Path) -> None:
    with pragma_on_every_connection("max_page_count = 20"):
        error = await problem(database_url(tmp_path))
    assert is_one_sentence_with_what_to_do(error), error
    assert "disk is full" in str(error)
    await use(database_url(tmp_path))


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("lock", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
async def test_a_database_that_another_program_holds_is_reported(tmp_path: Path, lock: str) -> None:
    await use(database_url(tmp_path))
    async with open_database(database_url(tmp_path)) as database:
        with contextlib.closing(sqlite3.connect(tmp_path / "bot.db", isolation_level=None)) as holder:
            holder.execute(lock)
            with pytest.raises(DatabaseError, match="is in use by another program") as raised:
                async with database.write() as transaction:
                    await transaction.notes.get("key")
            assert is_one_sentence_with_what_to_do(raised.value), raised.value
            error = await problem(database_url(tmp_path))
            assert is_one_sentence_with_what_to_do(error), error
            async with database.read() as transaction:
                assert await transaction.notes.get("key") == "value"
        await use(database_url(tmp_path))


async def test_a_database_that_is_held_for_a_moment_is_waited_for(tmp_path: Path) -> None:
    async with open_database(database_url(tmp_path)) as database:
        with contextlib.closing(sqlite3.connect(tmp_path / "bot.db", isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            asyncio.get_running_loop().call_later(0.1, holder.execute, "ROLLBACK")
            async with database.write() as transaction:
                await transaction.notes.put("key", "value")
