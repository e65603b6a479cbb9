"""What hosts were told, so that each cause is told once until it is over."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.schema import alerts


class Alerts:
    """Troubles that last, by group and cause."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def raise_(self, group_id: int, cause: str, text: str, now: datetime) -> bool:
        """Note a trouble; return whether it is new, that is, whether hosts are to be told."""
        insertion = insert(alerts).values(group_id=group_id, cause=cause, text=text, raised_at=now)
        result = await self._connection.execute(insertion.on_conflict_do_nothing())
        return result.rowcount == 1

    async def told(self, group_id: int, cause: str, now: datetime) -> None:
        """Note that hosts were told of a trouble."""
        mine = (alerts.c.group_id == group_id) & (alerts.c.cause == cause)
        await self._connection.execute(update(alerts).where(mine).values(told_at=now))

    async def untold(self, before: datetime) -> list[tuple[int, str, str]]:
        """Return the group, the cause and the sentence of each trouble of which no host could be told, oldest first.

        Those that were raised since an instant (UTC) are left out.
        """
        untold = alerts.c.told_at.is_(None) & (alerts.c.raised_at <= before)
        query = select(alerts.c.group_id, alerts.c.cause, alerts.c.text).where(untold).order_by(alerts.c.id)
        return [(row.group_id, row.cause, row.text) for row in await self._connection.execute(query)]

    async def clear(self, group_id: int, cause: str) -> None:
        """Note that a trouble is over."""
        mine = (alerts.c.group_id == group_id) & (alerts.c.cause == cause)
        await self._connection.execute(delete(alerts).where(mine))

    async def causes(self, group_id: int) -> set[str]:
        """Return the causes of a group's troubles."""
        return set((await self._connection.execute(_CAUSES, {"group": group_id})).scalars())

    async def of_group(self, group_id: int) -> list[str]:
        """Return the sentences of a group's troubles, oldest first."""
        query = select(alerts.c.text).where(alerts.c.group_id == group_id).order_by(alerts.c.id)
        return list((await self._connection.execute(query)).scalars())


_CAUSES = select(alerts.c.cause).where(alerts.c.group_id == bindparam("group"))
