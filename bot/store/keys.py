"""Messages by where they stand, and statements over many of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from sqlalchemy import ColumnElement, FromClause, and_, false, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Ref
from bot.store.schema import tombstones

Key = tuple[int, Ref]
"""A message: its room's id and the platform's id of it."""

_AT_ONCE = 400
"""Values in one statement, well below SQLite's limit of 32,766 parameters."""

T = TypeVar("T")


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield values in order, as many at a time as fit one statement."""
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))


def is_one_of(table: FromClause, keys: Sequence[Key]) -> ColumnElement[bool]:
    """Return the condition that a row of a table belongs to one of these messages.

    It goes room by room, because SQLite looks up a list of pairs without their index.
    """
    by_room: dict[int, list[Ref]] = {}
    for room_id, ref in keys:
        by_room.setdefault(room_id, []).append(ref)
    return or_(false(), *(and_(table.c.room_id == room_id, table.c.ref.in_(refs)) for room_id, refs in by_room.items()))


async def buried(connection: AsyncConnection, keys: Sequence[Key]) -> set[Key]:
    """Return which of these messages were deleted."""
    found: set[Key] = set()
    for some in chunks(keys):
        query = select(tombstones.c.room_id, tombstones.c.ref).where(is_one_of(tombstones, some))
        found.update((row.room_id, Ref(row.ref)) for row in await connection.execute(query))
    return found
