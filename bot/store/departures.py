"""Workspaces that the bot was removed from."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Ref
from bot.store.schema import departures, groups, rooms


class Departures:
    """When the bot was removed, by workspace."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def note(self, platform: str, workspace: Ref, now: datetime) -> bool:
        """Note a removal; return whether it is new. The time of the first one stays."""
        values = {"platform": platform, "workspace": workspace, "left_at": now}
        noted = await self._connection.execute(insert(departures).values(values).on_conflict_do_nothing())
        return noted.rowcount == 1

    async def clear(self, platform: str, workspace: Ref) -> bool:
        """Note that the bot is in a workspace; return whether it had been removed."""
        here = (departures.c.platform == platform) & (departures.c.workspace == workspace)
        return (await self._connection.execute(delete(departures).where(here))).rowcount > 0

    async def has(self, platform: str, workspace: Ref) -> bool:
        """Return whether the bot was removed from a workspace."""
        here = (departures.c.platform == platform) & (departures.c.workspace == workspace)
        return (await self._connection.execute(select(departures.c.left_at).where(here))).first() is not None

    async def any(self, before: datetime) -> bool:
        """Return whether the bot was removed from any workspace before an instant (UTC)."""
        query = select(departures.c.left_at).where(departures.c.left_at <= before).limit(1)
        return (await self._connection.execute(query)).first() is not None

    async def abandoned(self, before: datetime) -> list[int]:
        """Return the ids of the groups all of whose rooms are in workspaces that were left before an instant (UTC).

        Groups that the operator's file declares are not among them.
        """
        left = select(departures.c.platform, departures.c.workspace).where(departures.c.left_at <= before)
        is_left = tuple_(rooms.c.platform, rooms.c.workspace).in_(left)
        meets = select(rooms.c.id).where(rooms.c.group_id == groups.c.id, rooms.c.left_at.is_(None))
        query = (
            select(groups.c.id)
            .where(groups.c.declared.is_(False), meets.exists(), ~meets.where(~is_left).exists())
            .order_by(groups.c.id)
        )
        return list((await self._connection.execute(query)).scalars())

    async def forget_empty(self, before: datetime) -> None:
        """Drop the removals before an instant (UTC) from workspaces where nobody meets any more."""
        meets = (rooms.c.platform == departures.c.platform) & (rooms.c.workspace == departures.c.workspace)
        nobody = ~select(rooms.c.id).where(meets).exists()
        await self._connection.execute(delete(departures).where(departures.c.left_at <= before, nobody))
