"""Groups with their rooms, hosts and pauses."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Channel, Group, Member, Pause, Ref, Room, Settings
from bot.store.codec import settings_from_json, settings_to_json
from bot.store.schema import groups, hosts, members, pauses, rooms


class Groups:
    """Groups, by id, slug or channel."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, slug: str, name: str, settings: Settings, now: datetime, *, declared: bool = False) -> Group:
        """Make a group whose first question is due after `now` (UTC) and return it."""
        insertion = insert(groups).values(
            slug=slug,
            name=name,
            settings=settings_to_json(settings),
            declared=declared,
            created_at=now,
            active_from=now,
        )
        group_id = (await self._connection.execute(insertion.returning(groups.c.id))).scalar_one()
        return Group(group_id, slug, name, settings, now, now, declared)

    async def save(self, group: Group) -> None:
        """Keep a group's name, settings, `active_from` and whether it is declared."""
        await self._connection.execute(
            update(groups)
            .where(groups.c.id == group.id)
            .values(
                name=group.name,
                settings=settings_to_json(group.settings),
                active_from=group.active_from,
                declared=group.declared,
            )
        )

    async def all(self) -> list[Group]:
        """Return every group, oldest first."""
        rows = (await self._connection.execute(select(groups).order_by(groups.c.id))).all()
        return await self._build(rows)

    async def get(self, group_id: int) -> Group:
        """Return a group. Raises LookupError."""
        rows = (await self._connection.execute(select(groups).where(groups.c.id == group_id))).all()
        if not rows:
            raise LookupError(group_id)
        return (await self._build(rows))[0]

    async def by_slug(self, slug: str) -> Group | None:
        """Return the group with that slug, or None."""
        rows = (await self._connection.execute(select(groups).where(groups.c.slug == slug))).all()
        return (await self._build(rows))[0] if rows else None

    async def by_channel(self, channel: Channel) -> Group | None:
        """Return the group that meets in a channel; else the only group of the workspace; else None."""
        query = (
            select(groups, rooms.c.channel.label("in_channel"))
            .join(rooms, rooms.c.group_id == groups.c.id)
            .where(rooms.c.platform == channel.platform, rooms.c.workspace == channel.workspace)
        )
        rows = (await self._connection.execute(query)).all()
        here = [row for row in rows if row.in_channel == channel.channel]
        if not here and len({row.id for row in rows}) == 1:
            here = list(rows[:1])
        return (await self._build(here))[0] if here else None

    async def _build(self, rows: list[Row[Any]] | Any) -> list[Group]:
        found = await self._connection.execute(
            select(pauses).where(pauses.c.group_id.in_([row.id for row in rows])).order_by(pauses.c.id)
        )
        by_group: dict[int, list[Pause]] = {}
        for pause in found:
            by_group.setdefault(pause.group_id, []).append(Pause(pause.starts_on, pause.ends_on))
        return [
            Group(
                id=row.id,
                slug=row.slug,
                name=row.name,
                settings=settings_from_json(row.settings),
                created_at=row.created_at,
                active_from=row.active_from,
                declared=row.declared,
                pauses=tuple(by_group.get(row.id, ())),
            )
            for row in rows
        ]

    async def pause(self, group_id: int, pause: Pause) -> None:
        """Add a pause."""
        await self._connection.execute(
            insert(pauses).values(group_id=group_id, starts_on=pause.starts_on, ends_on=pause.ends_on)
        )

    async def end_pauses(self, group_id: int, on: date) -> bool:
        """End what pauses cover a local date or begin later; return whether there were any."""
        running = (pauses.c.group_id == group_id) & (pauses.c.ends_on.is_(None) | (pauses.c.ends_on > on))
        started = await self._connection.execute(
            update(pauses).where(running, pauses.c.starts_on <= on).values(ends_on=on)
        )
        coming = await self._connection.execute(delete(pauses).where(running, pauses.c.starts_on > on))
        return started.rowcount + coming.rowcount > 0

    async def add_room(self, group_id: int, channel: Channel) -> Room:
        """Let a group meet in a channel and return the room. A channel belongs to one group at a time."""
        here = {"platform": channel.platform, "workspace": channel.workspace, "channel": channel.channel}
        insertion = upsert(rooms).values(group_id=group_id, **here)
        await self._connection.execute(
            insertion.on_conflict_do_update(index_elements=list(here), set_={"group_id": group_id})
        )
        room = await self.room_at(channel)
        if room is None:
            raise LookupError(channel)
        return room

    async def rooms(self, group_id: int) -> list[Room]:
        """Return where a group meets, oldest room first."""
        query = select(rooms).where(rooms.c.group_id == group_id).order_by(rooms.c.id)
        return [_room(row) for row in await self._connection.execute(query)]

    async def room(self, room_id: int) -> Room:
        """Return a room. Raises LookupError."""
        row = (await self._connection.execute(select(rooms).where(rooms.c.id == room_id))).one_or_none()
        if row is None:
            raise LookupError(room_id)
        return _room(row)

    async def room_at(self, channel: Channel) -> Room | None:
        """Return the room that a channel is, or None."""
        query = select(rooms).where(
            rooms.c.platform == channel.platform,
            rooms.c.workspace == channel.workspace,
            rooms.c.channel == channel.channel,
        )
        row = (await self._connection.execute(query)).one_or_none()
        return _room(row) if row else None

    async def add_host(self, group_id: int, member_id: int) -> None:
        """Make a member a host of a group; again changes nothing."""
        await self._connection.execute(
            upsert(hosts).values(group_id=group_id, member_id=member_id).on_conflict_do_nothing()
        )

    async def remove_host(self, group_id: int, member_id: int) -> bool:
        """Make a member no host of a group any more; return whether they were one."""
        mine = (hosts.c.group_id == group_id) & (hosts.c.member_id == member_id)
        return (await self._connection.execute(delete(hosts).where(mine))).rowcount > 0

    async def hosts(self, group_id: int) -> list[Member]:
        """Return a group's hosts by name."""
        query = (
            select(members)
            .join(hosts, hosts.c.member_id == members.c.id)
            .where(hosts.c.group_id == group_id)
            .order_by(members.c.name, members.c.id)
        )
        return [Member(row.id, row.platform, Ref(row.user), row.name) for row in await self._connection.execute(query)]


def _room(row: Row[Any]) -> Room:
    return Room(row.id, row.group_id, Channel(row.platform, Ref(row.workspace), Ref(row.channel)))
