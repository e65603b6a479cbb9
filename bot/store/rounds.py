"""What was asked, and what was passed over."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import BindParameter, Row, Select, bindparam, func, insert, null, or_, select, union_all
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Channel, Ref, Room, Round
from bot.selection import Progress
from bot.store.codec import question_from_json
from bot.store.schema import deliveries, questions, rooms, rounds, skips


class Rounds:
    """Rounds by id, date or thread."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, group_id: int, question_key: int, local_date: date, cycle: int, now: datetime) -> Round:
        """Ask a group a question on a local date. Raises ConflictError if that date has its round."""
        values = {"group_id": group_id, "question_id": question_key, "local_date": local_date}
        insertion = await self._connection.execute(_ADD, {**values, "cycle": cycle, "asked_at": now})
        return await self.get(insertion.scalar_one())

    async def get(self, round_id: int) -> Round:
        """Return a round. Raises LookupError."""
        row = (await self._connection.execute(_GET, {"id": round_id})).first()
        if row is None:
            raise LookupError(round_id)
        return _round(row)

    async def last(self, group_id: int) -> Round | None:
        """Return the round of the latest local date, or None before the first."""
        row = (await self._connection.execute(_LATEST, {"group": group_id})).first()
        return _round(row) if row else None

    async def on(self, group_id: int, local_date: date) -> Round | None:
        """Return the round of a local date, or None."""
        return await self._one(_rounds().where(rounds.c.group_id == group_id, rounds.c.local_date == local_date))

    async def with_question(self, group_id: int, slug: str) -> list[Round]:
        """Return the rounds that asked a question, newest first."""
        query = _rounds().where(rounds.c.group_id == group_id, questions.c.slug == slug)
        return await self._many(query.order_by(rounds.c.local_date.desc()))

    async def on_topic(self, group_id: int, topic: str) -> list[Round]:
        """Return the rounds whose question is of a topic, newest first."""
        query = _rounds().where(rounds.c.group_id == group_id, questions.c.topic == topic)
        return await self._many(query.order_by(rounds.c.local_date.desc()))

    async def recent(self, group_id: int, limit: int) -> list[Round]:
        """Return a group's latest rounds, newest first."""
        query = _rounds().where(rounds.c.group_id == group_id).order_by(rounds.c.local_date.desc()).limit(limit)
        return await self._many(query)

    async def asked_between(self, group_id: int, since: datetime, until: datetime) -> list[Round]:
        """Return the rounds asked from `since` up to, but without, `until` (UTC), oldest first."""
        query = _rounds().where(rounds.c.group_id == group_id, rounds.c.asked_at >= since, rounds.c.asked_at < until)
        return await self._many(query.order_by(rounds.c.local_date))

    async def count(self, group_id: int) -> int:
        """Return how many rounds a group had."""
        query = select(func.count()).select_from(rounds).where(rounds.c.group_id == group_id)
        return (await self._connection.execute(query)).scalar_one()

    async def open_threads(self, platform: str, since: datetime) -> list[tuple[int, Room, Ref]]:
        """Return the threads on a platform of rounds asked since an instant (UTC), oldest first, with round ids."""
        query = (
            select(rounds.c.id, *_ROOM, deliveries.c.thread_ref)
            .join(deliveries, (deliveries.c.round_id == rounds.c.id) & (deliveries.c.kind == "question"))
            .join(rooms, rooms.c.id == deliveries.c.room_id)
            .where(rooms.c.platform == platform, rounds.c.asked_at >= since, deliveries.c.thread_ref.is_not(None))
            .order_by(rounds.c.id)
        )
        return [(row.id, _room(row), Ref(row.thread_ref)) for row in await self._connection.execute(query)]

    async def threads(self, round_id: int) -> list[tuple[Room, Ref, Ref]]:
        """Return where a round was posted: room, message and thread."""
        return (await self.threads_of([round_id])).get(round_id, [])

    async def threads_of(self, round_ids: Collection[int]) -> dict[int, list[tuple[Room, Ref, Ref]]]:
        """Return where rounds were posted, by round; those that are not posted yet are left out."""
        query = (
            select(*_ROOM, deliveries.c.round_id, deliveries.c.message_ref, deliveries.c.thread_ref)
            .join(rooms, rooms.c.id == deliveries.c.room_id)
            .where(
                deliveries.c.round_id.in_(round_ids),
                deliveries.c.kind == "question",
                deliveries.c.message_ref.is_not(None),
                deliveries.c.thread_ref.is_not(None),
            )
            .order_by(rooms.c.id)
        )
        found: dict[int, list[tuple[Room, Ref, Ref]]] = {}
        for row in await self._connection.execute(query):
            found.setdefault(row.round_id, []).append((_room(row), Ref(row.message_ref), Ref(row.thread_ref)))
        return found

    async def at(self, channel: Channel, thread: Ref) -> tuple[int, int, bool, datetime | None] | None:
        """Return the ids of the round and the room that a thread belongs to, or None.

        With them comes whether the round's group still meets there, and since when (UTC) if it came back.
        """
        met = (rooms.c.group_id == rounds.c.group_id) & rooms.c.left_at.is_(None)
        query = (
            select(deliveries.c.round_id, deliveries.c.room_id, met.label("met"), rooms.c.met_since)
            .join(rooms, rooms.c.id == deliveries.c.room_id)
            .join(rounds, rounds.c.id == deliveries.c.round_id)
            .where(
                rooms.c.platform == channel.platform,
                rooms.c.workspace == channel.workspace,
                rooms.c.channel == channel.channel,
                deliveries.c.kind == "question",
                deliveries.c.thread_ref == thread,
            )
        )
        row = (await self._connection.execute(query)).first()
        return (row.round_id, row.room_id, bool(row.met), row.met_since) if row else None

    async def skip(self, group_id: int, question_key: int, cycle: int) -> None:
        """Pass over a question for this cycle; again changes nothing."""
        values = {"group_id": group_id, "question_id": question_key, "cycle": cycle}
        await self._connection.execute(upsert(skips).values(values).on_conflict_do_nothing())

    async def progress(self, group_id: int) -> Progress:
        """Return how far a group is in its set, for `bot.selection`."""
        rows = (await self._connection.execute(_PROGRESS, {"group": group_id})).all()
        asked = [row for row in rows if row.asked_on is not None]
        cycle = max((row.cycle for row in rows), default=1)
        return Progress(
            cycle=cycle,
            asked=tuple(row.slug for row in asked if row.cycle == cycle),
            skipped=frozenset(row.slug for row in rows if row.asked_on is None),
            last=asked[-1].slug if asked else None,
        )

    async def _one(self, query: Select[Any]) -> Round | None:
        row = (await self._connection.execute(query)).first()
        return _round(row) if row else None

    async def _many(self, query: Select[Any]) -> list[Round]:
        return [_round(row) for row in await self._connection.execute(query)]


_ROOM = (
    rooms.c.id.label("room_id"),
    rooms.c.platform,
    rooms.c.workspace,
    rooms.c.channel,
    rooms.c.group_id.label("of"),
)


def _rounds() -> Select[Any]:
    return select(rounds, questions.c.question_set, questions.c.body).join(
        questions, questions.c.id == rounds.c.question_id
    )


_ADD = insert(rounds).returning(rounds.c.id)
_OF_GROUP: BindParameter[int] = bindparam("group")
_CYCLE = select(
    func.max(
        func.coalesce(select(func.max(rounds.c.cycle)).where(rounds.c.group_id == _OF_GROUP).scalar_subquery(), 1),
        func.coalesce(select(func.max(skips.c.cycle)).where(skips.c.group_id == _OF_GROUP).scalar_subquery(), 1),
    )
).scalar_subquery()
_GET = _rounds().where(rounds.c.id == bindparam("id"))
_LATEST = _rounds().where(rounds.c.group_id == _OF_GROUP).order_by(rounds.c.local_date.desc()).limit(1)
_LAST = select(func.max(rounds.c.local_date)).where(rounds.c.group_id == _OF_GROUP).scalar_subquery()
_PROGRESS = union_all(
    select(questions.c.slug, rounds.c.cycle, rounds.c.local_date.label("asked_on"))
    .join(rounds, rounds.c.question_id == questions.c.id)
    .where(rounds.c.group_id == _OF_GROUP, or_(rounds.c.cycle == _CYCLE, rounds.c.local_date == _LAST)),
    select(questions.c.slug, skips.c.cycle, null())
    .join(skips, skips.c.question_id == questions.c.id)
    .where(skips.c.group_id == _OF_GROUP, skips.c.cycle == _CYCLE),
).order_by("asked_on")
"""What was asked and passed over in a group's present cycle, and what was asked last, if only in the one before."""


def _round(row: Row[Any]) -> Round:
    return Round(
        id=row.id,
        group_id=row.group_id,
        local_date=row.local_date,
        question_set=row.question_set,
        question=question_from_json(row.body),
        cycle=row.cycle,
        asked_at=row.asked_at,
    )


def _room(row: Any) -> Room:
    return Room(row.room_id, row.of, Channel(row.platform, Ref(row.workspace), Ref(row.channel)))
