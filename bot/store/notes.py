"""Small facts about the program itself: its heartbeat, the console's clock."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.schema import notes


class Notes:
    """A value by its key."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, key: str) -> str | None:
        """Return the value, or None."""
        return (await self._connection.execute(select(notes.c.value).where(notes.c.key == key))).scalar()

    async def put(self, key: str, value: str) -> None:
        """Keep a value, over the one before."""
        await self._connection.execute(_PUT, {"key": key, "value": value})

    async def drop(self, key: str) -> None:
        """Keep no value any more."""
        await self._connection.execute(delete(notes).where(notes.c.key == key))


_INSERT = insert(notes)
_PUT = _INSERT.on_conflict_do_update(index_elements=["key"], set_={"value": _INSERT.excluded.value})
