"""Small facts about the program itself: its heartbeat, the console's clock."""

from __future__ import annotations

from sqlalchemy import select
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
        insertion = insert(notes).values(key=key, value=value)
        await self._connection.execute(insertion.on_conflict_do_update(index_elements=["key"], set_={"value": value}))
