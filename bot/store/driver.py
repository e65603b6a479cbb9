"""The connection to SQLite: aiosqlite's, with as few trips to its thread as can be.

Such a trip takes longer than most statements do. aiosqlite makes one to open a cursor, one to execute, one to fetch and
one to close; here a statement takes one, and the beginning of a transaction goes along with its first statement.
Results are small, so that all rows are fetched at once.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar

import aiosqlite

T = TypeVar("T")
Parameters = Sequence[Any]


class Cursor:
    """What SQLAlchemy uses of a cursor; it holds nothing open."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: list[tuple[Any, ...]] = []
        self.description: tuple[tuple[Any, ...], ...] | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Cursor:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def execute(self, sql: str, parameters: Parameters = ()) -> Cursor:
        """Execute a statement and fetch its result."""
        return await self._connection.run(partial(self._take, sqlite3.Connection.execute, sql, parameters))

    async def executemany(self, sql: str, parameters: Iterable[Parameters]) -> Cursor:
        """Execute a statement with each of several sets of parameters."""
        many = sqlite3.Connection.executemany
        return await self._connection.run(partial(self._take, many, sql, parameters))

    def _take(self, execute: Callable[..., sqlite3.Cursor], sql: str, values: Any, of: sqlite3.Connection) -> Cursor:
        cursor = execute(of, sql, values)
        self.description = cursor.description
        self._rows = [] if cursor.description is None else cursor.fetchall()
        self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        cursor.close()
        return self

    async def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the rows of the result."""
        return self._rows

    async def close(self) -> None:
        """Do nothing: a cursor is closed once its statement is executed."""


class Connection(aiosqlite.Connection):
    """A connection whose cursors are those above."""

    _to_begin = ""
    """The statement that begins the transaction, until it is executed."""

    _ending: asyncio.Future[Any] | None = None

    def cursor(self) -> Cursor:  # type: ignore[override]
        """Return a new cursor."""
        return Cursor(self)

    def begin(self, statement: str) -> None:
        """Have a transaction begin with the next statement."""
        self._to_begin = statement

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do something with the connection in its thread, in the transaction that was asked for; return the result."""
        begin, self._to_begin = self._to_begin, ""
        return await self._in_thread(partial(_begun, begin, work) if begin else work)

    async def commit(self) -> None:
        """Commit the transaction; one that has not begun needs none."""
        if not self._to_begin:
            await self._in_thread(sqlite3.Connection.commit)
        self._to_begin = ""

    async def rollback(self) -> None:
        """Roll the transaction back, if there is one; SQLAlchemy asks for it after every commit too.

        It drops a connection whose statement was cancelled, so that none is under way here.
        """
        self._to_begin = ""
        if self._conn.in_transaction:
            await self._in_thread(sqlite3.Connection.rollback)

    async def open(self) -> Connection:
        """Open the connection and return it. If nobody closes it, it does not keep the program from ending."""
        self._thread.daemon = True
        try:
            await self
        except BaseException:
            # Its thread tells the loop when it ends, and would fail if that were closed by then.
            await asyncio.to_thread(self._thread.join)
            raise
        return self

    def stop(self) -> asyncio.Future[Any] | None:
        """Have the thread end, once. SQLAlchemy stops what it closes if it is cancelled again, and both would wait."""
        if self._running:
            self._ending = super().stop()
        return self._ending

    async def _in_thread(self, work: Callable[[sqlite3.Connection], T]) -> T:
        result: T = await self._execute(lambda: work(self._conn))  # type: ignore[no-untyped-call]
        return result


def _begun(begin: str, work: Callable[[sqlite3.Connection], T], connection: sqlite3.Connection) -> T:
    connection.execute(begin).close()
    return work(connection)


async def connect(path: str) -> Connection:
    """Open a connection to a database file."""
    return await Connection(partial(sqlite3.connect, path), iter_chunk_size=64).open()
