"""Opening, migrating and closing the database, and its transactions.

One process writes through one lock, so that SQLite never has to make a writer wait for another; a second process that
opens the same file (a backup, a `digest --preview`) waits its turn by `busy_timeout`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import alembic.command
import alembic.config
import alembic.util
from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bot.errors import DatabaseError
from bot.store.transaction import Transaction

BUSY_TIMEOUT_MS = 10_000


class Database:
    """An open database. Made by `open_database`."""

    def __init__(self, engine: AsyncEngine, where: str) -> None:
        self._engine = engine
        self._where = where
        self._writing = asyncio.Lock()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Transaction]:
        """Give a transaction that sees one state of the database. Raises DatabaseError."""
        async with self._transaction(immediate=False) as transaction:
            yield transaction

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """Give a transaction that commits at the end, or rolls back if anything is raised. Raises DatabaseError."""
        async with self._writing, self._transaction(immediate=True) as transaction:
            yield transaction

    @asynccontextmanager
    async def _transaction(self, *, immediate: bool) -> AsyncIterator[Transaction]:
        try:
            async with self._engine.connect() as connection:
                await connection.execution_options(immediate=immediate)
                async with connection.begin():
                    yield Transaction(connection)
        except IntegrityError:
            raise
        except DBAPIError as error:
            raise explain(error, self._where) from error

    async def migrate(self) -> str:
        """Bring the schema to what this program needs and return its revision. Raises DatabaseError."""
        try:
            async with self._writing, self._engine.connect() as connection:
                await connection.execution_options(immediate=True)
                async with connection.begin():
                    return await _migrate(connection, self._where)
        except DBAPIError as error:
            raise explain(error, self._where) from error

    async def check(self) -> None:
        """Read the whole file for damage. Raises DatabaseError."""
        async with self.read() as transaction:
            if damage := await transaction.damage():
                raise DatabaseError(
                    f"The database {self._where} is damaged ({damage}).", "Restore it from a backup; keep this file."
                )

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


def _prepare(url: str) -> str:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseError(f"“{url}” is not a database address.", "Write sqlite+aiosqlite:///data/bot.db.") from None
    if parsed.get_backend_name() != "sqlite":
        raise DatabaseError(
            f"The database “{parsed.drivername}” is not supported.", "Write sqlite+aiosqlite:///data/bot.db."
        )
    path = Path(parsed.database or "")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseError(
            f"The folder {path.parent} for the database cannot be made ({error.strerror}).",
            "Choose a folder that the bot may write to.",
        ) from error
    return str(path)


def _engine(url: str) -> AsyncEngine:
    engine = create_async_engine(url, hide_parameters=True)

    # The sqlite3 module would begin transactions by itself, and only before some statements; see SQLAlchemy's page on
    # pysqlite, "Serializable isolation / Savepoints / Transactional DDL".
    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout = {BUSY_TIMEOUT_MS}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "secure_delete = ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("immediate")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


async def _migrate(connection: AsyncConnection, where: str) -> str:
    config = alembic.config.Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    found: list[str] = []

    def upgrade(sync_connection: Connection) -> None:
        config.attributes["connection"] = sync_connection
        config.attributes["found"] = found
        alembic.command.upgrade(config, "head")

    try:
        await connection.run_sync(upgrade)
    except alembic.util.CommandError as error:
        raise DatabaseError(
            f"The database {where} was written by a newer version of this program.",
            "Install that version again, or restore a backup made with this one.",
        ) from error
    return found[-1]


def explain(error: DBAPIError, where: str) -> DatabaseError:
    """Return the sentence for what the driver reported.

    The messages are SQLite's result codes in words (https://www.sqlite.org/rescode.html).
    """
    said = str(error.orig).lower()
    cases: tuple[tuple[tuple[str, ...], str, str], ...] = (
        (("not a database", "malformed", "file is encrypted"), "is damaged or not a database", "Restore a backup."),
        (("disk is full", "disk i/o error"), "cannot be written: the disk is full", "Make room and start again."),
        (("readonly", "read-only"), "is read-only", "Let the bot's user write to the file and its folder."),
        (("unable to open",), "cannot be opened", "Let the bot's user write to the file and its folder."),
        (("locked", "busy"), "is in use by another program", "Stop that program, then try again."),
    )
    for signs, what, hint in cases:
        if any(sign in said for sign in signs):
            return DatabaseError(f"The database {where} {what}.", hint)
    return DatabaseError(f"The database {where} failed: {_first_line(error.orig)}.", "Run `reading-group-bot check`.")


def _first_line(error: Any) -> str:
    return (str(error).splitlines() or [""])[0].rstrip(".")
