"""Opening and closing the database, and its transactions.

One process writes through one lock, so that SQLite never has to make a writer wait for another; a second process that
opens the same file (a backup, a `digest --preview`) waits its turn by `busy_timeout`.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bot.errors import DatabaseError
from bot.store.driver import Connection as SQLiteConnection
from bot.store.driver import connect
from bot.store.migrating import RESTORE, require_current, upgrade, write_nothing
from bot.store.transaction import Transaction

T = TypeVar("T")

BUSY_TIMEOUT_MS = 10_000
DRIVER = "sqlite+aiosqlite"
EXAMPLE = f"Write {DRIVER}:///data/bot.db."

_LET_WRITE = "Let the bot's user write to the file and its folder."
_MAKE_ROOM = "Make room and start again."

_TROUBLES: Mapping[int, tuple[str, str]] = {
    sqlite3.SQLITE_CORRUPT: ("is damaged", RESTORE),
    sqlite3.SQLITE_NOTADB: ("is damaged or not a database", RESTORE),
    sqlite3.SQLITE_FULL: ("cannot be written: the disk is full", _MAKE_ROOM),
    sqlite3.SQLITE_IOERR: ("cannot be read or written: the disk is full or fails", _MAKE_ROOM),
    sqlite3.SQLITE_READONLY: ("is read-only", _LET_WRITE),
    sqlite3.SQLITE_PERM: ("is read-only", _LET_WRITE),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", _LET_WRITE),
    sqlite3.SQLITE_BUSY: ("is in use by another program", "Stop that program, then try again."),
    sqlite3.SQLITE_LOCKED: ("is in use by another program", "Stop that program, then try again."),
}
"""What SQLite's primary result codes (https://www.sqlite.org/rescode.html) mean for an operator, and what to do."""


class MissingError(DatabaseError):
    """There is no database file."""


class ConflictError(DatabaseError):
    """What was to be written contradicts what is there, such as a second round on one local date."""


class Database:
    """An open database. Made by `open_database`."""

    def __init__(self, engine: AsyncEngine, where: str) -> None:
        self._engine = engine
        self._where = where
        self._writing = asyncio.Lock()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Transaction]:
        """Give a transaction that sees one state of the database. Raises DatabaseError."""
        async with self._connected(immediate=False) as connection:
            yield Transaction(connection)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """Give a transaction that commits at the end, or rolls back if anything is raised. Raises DatabaseError."""
        async with self._writing, self._connected(immediate=True) as connection:
            yield Transaction(connection)

    @asynccontextmanager
    async def _connected(self, *, immediate: bool) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.connect() as connection:
                await connection.execution_options(immediate=immediate)
                async with connection.begin():
                    yield connection
        except (DBAPIError, NoConnectionError) as error:
            raise explain(error, self._where) from error

    async def migrate(self) -> str:
        """Bring the schema to what this program needs and return its revision. Raises DatabaseError."""
        try:
            async with self._writing, self._engine.connect() as connection:
                # SQLite changes a table by copying it and dropping the old one, and dropping would cascade.
                await connection.execution_options(immediate=True, foreign_keys=False)
                try:
                    async with connection.begin():
                        revision = await upgrade(connection, self._where)
                    # It stays so; a file that is not one of this program is left as it is.
                    await self._alone(connection, _log_ahead)
                    return revision
                finally:
                    await connection.invalidate()
        except (DBAPIError, NoConnectionError) as error:
            raise explain(error, self._where) from error

    async def require_current(self) -> None:
        """Raise OutdatedError or DatabaseError unless the schema is the one that this program works with."""
        async with self._connected(immediate=False) as connection:
            await require_current(connection, self._where)

    async def check(self) -> None:
        """Read the whole file for damage, and see that it can be written. Raises DatabaseError."""
        async with self.read() as transaction:
            if damage := await transaction.damage():
                raise DatabaseError(f"The database {self._where} is damaged ({damage}).", RESTORE)
        async with self._connected(immediate=True) as connection:
            await connection.run_sync(write_nothing)

    async def trim(self) -> bool:
        """Empty the write-ahead log, where deleted words would stand until they are written over.

        Return whether that could be done; not while anybody reads. Raises DatabaseError.
        """
        try:
            async with self._writing, self._engine.connect() as connection:
                return await self._alone(connection, _trim)
        except (DBAPIError, NoConnectionError) as error:
            raise explain(error, self._where) from error

    async def _alone(self, connection: AsyncConnection, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do something outside any transaction. Raises DatabaseError."""
        raw = await connection.get_raw_connection()
        try:
            return await cast("SQLiteConnection", raw.driver_connection).run(work)
        except sqlite3.Error as error:
            raise explain(DBAPIError(None, None, error), self._where) from error

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


@asynccontextmanager
async def open_database(url: str) -> AsyncIterator[Database]:
    """Open the database at an SQLAlchemy URL, migrate it and close it at the end. Raises DatabaseError."""
    where = await asyncio.to_thread(_prepare, url)
    database = Database(_engine(url), where)
    try:
        await database.migrate()
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def visit_database(url: str) -> AsyncIterator[Database]:
    """Open a database that is there, leave its schema as it is, and close it at the end.

    Raises MissingError, OutdatedError for one that has still to be brought up to date, and DatabaseError.
    """
    path = _path(url)
    await asyncio.to_thread(_require_file, path)
    database = Database(_engine(url), str(path))
    try:
        await database.require_current()
        yield database
    finally:
        await database.close()


def _prepare(url: str) -> str:
    """Make the folder of the database file and return the file's path."""
    path = _path(url)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseError(
            f"The folder {path.parent} for the database cannot be made ({error.strerror}).",
            "Choose a folder that the bot may write to.",
        ) from error
    return str(path)


def _require_file(path: Path) -> None:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise MissingError(f"There is no database {path}.", "`reading-group-bot run` makes it.") from None
    except OSError as error:
        raise DatabaseError(f"The database {path} cannot be opened ({error.strerror}).", _LET_WRITE) from error


def _path(url: str) -> Path:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseError(f"“{url}” is not a database address.", EXAMPLE) from None
    if parsed.drivername != DRIVER:
        raise DatabaseError(f"The database “{parsed.drivername}” is not supported.", EXAMPLE)
    if not parsed.database or parsed.database == ":memory:":
        raise DatabaseError("The address of the database names no file.", EXAMPLE)
    return Path(parsed.database)


def _engine(url: str) -> AsyncEngine:
    # At the level `debug` it logs every statement with its values, which are members' words.
    logging.getLogger("aiosqlite").setLevel(logging.INFO)
    path = make_url(url).database or ""
    engine = create_async_engine(url, async_creator=partial(connect, path), hide_parameters=True)

    # The sqlite3 module would begin transactions by itself, and only before some statements; see SQLAlchemy's page on
    # pysqlite, "Serializable isolation / Savepoints / Transactional DDL".
    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout = {BUSY_TIMEOUT_MS}",
            "synchronous = FULL",
            "foreign_keys = ON",
            "secure_delete = ON",
            # What is sorted or taken back is members' words, and a read-only container has no other place for it.
            "temp_store = MEMORY",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if not options.get("foreign_keys", True):
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        driver = cast("SQLiteConnection", connection.connection.driver_connection)
        driver.begin("BEGIN IMMEDIATE" if options.get("immediate") else "BEGIN")

    return engine


def _log_ahead(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")


def _trim(connection: sqlite3.Connection) -> bool:
    # To wait for a reader would keep all writers waiting as well.
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        ((busy, _, _),) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    return not busy


def explain(error: DBAPIError | NoConnectionError, where: str) -> DatabaseError:
    """Return the sentence for what the driver reported."""
    if isinstance(error, NoConnectionError):
        return DatabaseError(f"The database {where} is too busy.", "Try again in a few minutes.")
    said = (str(error.orig).splitlines() or [""])[0].rstrip(".")
    if isinstance(error, IntegrityError):
        return ConflictError(f"The database {where} refused to write what contradicts it ({said}).")
    # The low byte of an extended result code is the primary one.
    code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    what, hint = _TROUBLES.get(code, (f"failed: {said}", "Run `reading-group-bot check`."))
    return DatabaseError(f"The database {where} {what}.", hint)
