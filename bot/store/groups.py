"""Groups with their rooms, hosts and pauses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import UnreadableError
from bot.model import Channel, Group, Member, Pause, Ref, Room, Settings, Whereabouts
from bot.store.codec import settings_from_json, settings_to_json
from bot.store.schema import deliveries, digests, groups, hosts, members, messages, pauses, rooms, rounds


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a group is in its schedule: the latest local dates that have a round and a digest, None before these."""

    group: Group
    asked_on: date | None
    digested_on: date | None


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
        return await self._many(_GROUPS)

    async def get(self, group_id: int) -> Group:
        """Return a group. Raises LookupError."""
        found = await self._many(_GROUP, {"id": group_id})
        if not found:
            raise LookupError(group_id)
        return found[0]

    async def by_slug(self, slug: str) -> Group | None:
        """Return the group with that slug, or None."""
        found = await self._many(_GROUPS.where(groups.c.slug == slug))
        return found[0] if found else None

    async def by_channel(self, channel: Channel) -> Group | None:
        """Return the group that meets in a channel; else the only group of the workspace; else None."""
        query = select(rooms.c.group_id, rooms.c.channel).where(
            rooms.c.platform == channel.platform, rooms.c.workspace == channel.workspace, _MET_IN
        )
        by_channel = {row.channel: row.group_id for row in await self._connection.execute(query)}
        meeting = set(by_channel.values())
        group_id = by_channel.get(channel.channel, meeting.pop() if len(meeting) == 1 else None)
        return None if group_id is None else await self.get(group_id)

    async def standings(self) -> tuple[list[Standing], dict[str, UnreadableError]]:
        """Return how far every group is in its schedule, oldest group first.

        Groups that cannot be read are apart, by slug, so that they keep no other from being asked.
        """
        reached = {row.id: (row.asked_on, row.digested_on) for row in await self._connection.execute(_REACHED)}
        standings: list[Standing] = []
        unreadable: dict[str, UnreadableError] = {}
        for row, paused in await self._rows(_GROUPS):
            try:
                standings.append(Standing(_group(row, paused), *reached[row.id]))
            except UnreadableError as error:
                unreadable[row.slug] = error
        return standings, unreadable

    async def _many(self, query: Select[Any], values: Mapping[str, Any] | None = None) -> list[Group]:
        return [_group(row, paused) for row, paused in await self._rows(query, values)]

    async def _rows(
        self, query: Select[Any], values: Mapping[str, Any] | None = None
    ) -> list[tuple[Row[Any], list[Pause]]]:
        """Return a row for each group with its pauses, out of rows that repeat a group for each of them."""
        found: dict[int, tuple[Row[Any], list[Pause]]] = {}
        for row in await self._connection.execute(query, values or {}):
            _, paused = found.setdefault(row.id, (row, []))
            if row.starts_on is not None:
                paused.append(Pause(row.starts_on, row.ends_on))
        return list(found.values())

    async def remove(self, group_id: int) -> None:
        """Forget a group with everything that it was asked and said.

        A room in which another group met before is that one's again, left when this one was made.
        """
        before = (
            select(rounds.c.group_id)
            .join(messages, messages.c.round_id == rounds.c.id)
            .where(messages.c.room_id == rooms.c.id, rounds.c.group_id != group_id)
            .order_by(rounds.c.id.desc())
            .limit(1)
            .scalar_subquery()
        )
        made = select(groups.c.created_at).where(groups.c.id == group_id).scalar_subquery()
        theirs = update(rooms).where(rooms.c.group_id == group_id, before.is_not(None))
        await self._connection.execute(theirs.values(group_id=before, left_at=made))
        await self._connection.execute(delete(groups).where(groups.c.id == group_id))

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

    async def add_room(self, group_id: int, channel: Channel, since: datetime | None = None) -> Room:
        """Let a group meet in a channel and return the room. A channel belongs to one group at a time.

        In one where the group met before, what was written before `since` (UTC) is not recorded any more.
        """
        here = {"platform": channel.platform, "workspace": channel.workspace, "channel": channel.channel}
        insertion = upsert(rooms).values(group_id=group_id, met_since=since, **here)
        met_since = func.coalesce(insertion.excluded.met_since, rooms.c.met_since)
        again = {"group_id": group_id, "left_at": None, "met_since": met_since}
        await self._connection.execute(insertion.on_conflict_do_update(index_elements=list(here), set_=again))
        room = await self.room_at(channel)
        if room is None:
            raise LookupError(channel)
        return room

    async def move_room(self, old: Channel, new: Channel) -> bool:
        """Let a room, left or not, be another channel, unless that one is a room itself; return whether it is now."""
        here = (rooms.c.platform == old.platform) & (rooms.c.workspace == old.workspace)
        moving = update(rooms).prefix_with("OR IGNORE").where(here, rooms.c.channel == old.channel)
        moved = moving.values(platform=new.platform, workspace=new.workspace, channel=new.channel)
        return (await self._connection.execute(moved)).rowcount > 0

    async def set_mention(self, room_id: int, mention: Ref | None) -> None:
        """Note which role or user group the questions in a room ping."""
        await self._connection.execute(update(rooms).where(rooms.c.id == room_id).values(mention=mention))

    async def rooms(self, group_id: int) -> list[Room]:
        """Return where a group meets, oldest room first."""
        query = select(rooms).where(rooms.c.group_id == group_id, _MET_IN).order_by(rooms.c.id)
        return [_room(row) for row in await self._connection.execute(query)]

    async def leave(self, room_id: int, now: datetime) -> None:
        """Let a group meet in a room no more; what was said there stays the group's."""
        left = {"left_at": now, "mention": None}
        await self._connection.execute(update(rooms).where(rooms.c.id == room_id).values(left))

    async def call(self, room_id: int, names: Whereabouts) -> None:
        """Note what people call a room's channel and workspace."""
        called = {"workspace_name": names.workspace, "channel_name": names.channel}
        await self._connection.execute(update(rooms).where(rooms.c.id == room_id).values(called))

    async def called(self, group_id: int) -> list[tuple[Room, Whereabouts | None]]:
        """Return where a group meets or ever met, oldest room first, with what people call it as far as is known.

        In a room that it left another group may meet by now.
        """
        asked_in = select(deliveries.c.room_id).join(rounds, rounds.c.id == deliveries.c.round_id)
        ever = rooms.c.id.in_(asked_in.where(rounds.c.group_id == group_id))
        query = select(rooms).where((rooms.c.group_id == group_id) | ever).order_by(rooms.c.id)
        return [
            (_room(row), Whereabouts(row.workspace_name, row.channel_name or "") if row.workspace_name else None)
            for row in await self._connection.execute(query)
        ]

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
            _MET_IN,
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


_MET_IN = rooms.c.left_at.is_(None)

_GROUPS = (
    select(groups, pauses.c.starts_on, pauses.c.ends_on)
    .outerjoin(pauses, pauses.c.group_id == groups.c.id)
    .order_by(groups.c.id, pauses.c.id)
)
_GROUP = _GROUPS.where(groups.c.id == bindparam("id"))
_REACHED = select(
    groups.c.id,
    select(func.max(rounds.c.local_date)).where(rounds.c.group_id == groups.c.id).scalar_subquery().label("asked_on"),
    select(func.max(digests.c.local_date))
    .where(digests.c.group_id == groups.c.id)
    .scalar_subquery()
    .label("digested_on"),
)


def _group(row: Row[Any], paused: Iterable[Pause]) -> Group:
    return Group(
        id=row.id,
        slug=row.slug,
        name=row.name,
        settings=settings_from_json(row.settings),
        created_at=row.created_at,
        active_from=row.active_from,
        declared=row.declared,
        pauses=tuple(paused),
    )


def _room(row: Row[Any]) -> Room:
    mention = Ref(row.mention) if row.mention else None
    return Room(row.id, row.group_id, Channel(row.platform, Ref(row.workspace), Ref(row.channel)), mention)
