"""The outbox: what is to be posted where, and how far that got.

A delivery is `pending` until a worker claims it, which makes it `sending` under a lease. From there it becomes `sent`,
goes back to `pending` (certainly not sent, try again later), fails for good, or stays `sending` without a live lease:
then its outcome is unknown and the next attempt looks before it sends. A `sent` delivery whose content changed has a
`revision` above its `sent_revision`; one that must go is `retracting`, then `retracted`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, insert, or_, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Channel, Ref, Room
from bot.ports import Refs
from bot.store.schema import Instant, deliveries, rooms


class DeliveryKind(StrEnum):
    """What is delivered."""

    QUESTION = "question"
    ANSWER = "answer"
    DIGEST = "digest"
    NOTICE = "notice"


class DeliveryState(StrEnum):
    """How far a delivery got."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    RETRACTING = "retracting"
    RETRACTED = "retracted"


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """The intention to post something in a room, once, under `key`. `expires_at` (UTC): not worth posting any more."""

    key: str
    kind: DeliveryKind
    room_id: int
    due_at: datetime
    expires_at: datetime | None = None
    round_id: int | None = None
    digest_id: int | None = None
    message_id: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that this process may work on until its lease ends. `thread` is where an answer belongs."""

    id: int
    key: str
    kind: DeliveryKind
    state: DeliveryState
    room: Room
    refs: Refs
    unsure: bool
    attempts: int
    revision: int
    round_id: int | None
    digest_id: int | None
    message_id: int | None
    text: str
    expires_at: datetime | None
    thread: Ref | None


class Deliveries:
    """Deliveries by key, and claims on them."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, new: NewDelivery) -> int:
        """Intend to post something and return the delivery's id."""
        insertion = insert(deliveries).values(
            key=new.key,
            kind=new.kind,
            room_id=new.room_id,
            round_id=new.round_id,
            digest_id=new.digest_id,
            message_id=new.message_id,
            text=new.text,
            state=DeliveryState.PENDING,
            due_at=new.due_at,
            expires_at=new.expires_at,
        )
        delivery_id: int = (await self._connection.execute(insertion.returning(deliveries.c.id))).scalar_one()
        return delivery_id

    async def claim(
        self, owner: str, now: datetime, until: datetime, limit: int, except_rooms: Collection[int] = ()
    ) -> list[Claim]:
        """Take up to `limit` deliveries that are due at `now`, under a lease until `until` (UTC), oldest first."""
        query = (
            select(
                deliveries,
                rooms.c.group_id,
                rooms.c.platform,
                rooms.c.workspace,
                rooms.c.channel,
                _THREAD.label("thread"),
            )
            .join(rooms, rooms.c.id == deliveries.c.room_id)
            .where(_workable(except_rooms), deliveries.c.due_at <= now, _unleased(now))
            .order_by(deliveries.c.due_at, deliveries.c.id)
            .limit(limit)
        )
        rows = (await self._connection.execute(query)).all()
        ids = [row.id for row in rows]
        leased = update(deliveries).where(deliveries.c.id.in_(ids))
        await self._connection.execute(leased.values(lease_owner=owner, lease_until=until))
        await self._connection.execute(
            leased.where(deliveries.c.state == DeliveryState.PENDING).values(state=DeliveryState.SENDING)
        )
        return [_claim(row) for row in rows]

    async def next_due(self, except_rooms: Collection[int] = ()) -> datetime | None:
        """Return when the earliest unfinished delivery is due or its lease ends (UTC), or None."""
        due = func.max(deliveries.c.due_at, func.coalesce(deliveries.c.lease_until, deliveries.c.due_at))
        query = select(type_coerce(due, Instant)).where(_workable(except_rooms)).order_by(due).limit(1)
        return (await self._connection.execute(query)).scalar()

    async def found(self, delivery_id: int, refs: Refs) -> None:
        """Note what a post became as far as is known."""
        known = {"message_ref": refs.message, "thread_ref": refs.thread}
        await self._update(delivery_id, {name: ref for name, ref in known.items() if ref is not None})

    async def sent(self, delivery_id: int, refs: Refs, revision: int) -> None:
        """Note that the post is there, with the content of `revision`."""
        await self.found(delivery_id, refs)
        await self._update(
            delivery_id, {"state": DeliveryState.SENT, "sent_revision": revision, "problem": "", **_RELEASED}
        )

    async def retry(self, delivery_id: int, state: DeliveryState, due_at: datetime, problem: str) -> None:
        """Let go of a delivery until `due_at` (UTC). In the state `sending` its outcome is unknown."""
        later = {
            "state": state,
            "due_at": due_at,
            "attempts": deliveries.c.attempts + 1,
            "problem": problem,
            **_RELEASED,
        }
        await self._update(delivery_id, later)

    async def fail(self, delivery_id: int, problem: str) -> None:
        """Give up on a delivery for good."""
        await self._update(delivery_id, {"state": DeliveryState.FAILED, "problem": problem, **_RELEASED})

    async def retracted(self, delivery_id: int) -> None:
        """Note that the post is gone."""
        await self._update(delivery_id, {"state": DeliveryState.RETRACTED, **_RELEASED})

    async def revise(self, *, digest_id: int | None = None, message_id: int | None = None, due_at: datetime) -> None:
        """Ask for the posts of a digest or of an answer to be brought to their present content."""
        which = deliveries.c.digest_id == digest_id if digest_id is not None else deliveries.c.message_id == message_id
        changed = {"revision": deliveries.c.revision + 1, "due_at": due_at}
        await self._connection.execute(update(deliveries).where(which).values(changed))

    async def retract(self, *, message_id: int, due_at: datetime) -> None:
        """Ask for the posts of an answer to be removed; what was never sent is simply dropped."""
        mine = update(deliveries).where(deliveries.c.message_id == message_id)
        await self._connection.execute(
            mine.where(deliveries.c.state == DeliveryState.PENDING).values(state=DeliveryState.RETRACTED)
        )
        known = (DeliveryState.SENDING, DeliveryState.SENT)
        await self._connection.execute(
            mine.where(deliveries.c.state.in_(known)).values(state=DeliveryState.RETRACTING, due_at=due_at)
        )

    async def problems(self, group_id: int) -> list[tuple[DeliveryKind, DeliveryState, str]]:
        """Return the deliveries of a group that are not there yet although they were tried, newest first."""
        query = (
            select(deliveries.c.kind, deliveries.c.state, deliveries.c.problem)
            .join(rooms, rooms.c.id == deliveries.c.room_id)
            .where(rooms.c.group_id == group_id, deliveries.c.problem != "", deliveries.c.state != DeliveryState.SENT)
            .order_by(deliveries.c.id.desc())
            .limit(5)
        )
        return [
            (DeliveryKind(row.kind), DeliveryState(row.state), row.problem)
            for row in await self._connection.execute(query)
        ]

    async def _update(self, delivery_id: int, values: dict[str, Any]) -> None:
        if values:
            await self._connection.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(values))


_RELEASED: dict[str, Any] = {"lease_owner": None, "lease_until": None}


_question = deliveries.alias("question")
_THREAD = (
    select(_question.c.thread_ref)
    .where(
        _question.c.kind == DeliveryKind.QUESTION,
        _question.c.round_id == deliveries.c.round_id,
        _question.c.room_id == deliveries.c.room_id,
    )
    .scalar_subquery()
)
"""The thread of the round that a delivery belongs to; an answer waits for it."""


def _workable(except_rooms: Collection[int]) -> ColumnElement[bool]:
    unsent = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.RETRACTING)
    outdated = and_(deliveries.c.state == DeliveryState.SENT, deliveries.c.sent_revision < deliveries.c.revision)
    unfinished = or_(deliveries.c.state.in_(unsent), outdated)
    has_a_place = or_(deliveries.c.kind != DeliveryKind.ANSWER, _THREAD.is_not(None))
    return and_(unfinished, has_a_place, deliveries.c.room_id.not_in(except_rooms))


def _unleased(now: datetime) -> ColumnElement[bool]:
    return or_(deliveries.c.lease_until.is_(None), deliveries.c.lease_until <= now)


def _claim(row: Row[Any]) -> Claim:
    return Claim(
        id=row.id,
        key=row.key,
        kind=DeliveryKind(row.kind),
        state=DeliveryState(row.state),
        room=Room(row.room_id, row.group_id, Channel(row.platform, Ref(row.workspace), Ref(row.channel))),
        refs=Refs(
            Ref(row.message_ref) if row.message_ref is not None else None,
            Ref(row.thread_ref) if row.thread_ref is not None else None,
        ),
        unsure=row.state == DeliveryState.SENDING,
        attempts=row.attempts,
        revision=row.revision,
        round_id=row.round_id,
        digest_id=row.digest_id,
        message_id=row.message_id,
        text=row.text,
        expires_at=row.expires_at,
        thread=Ref(row.thread) if row.thread is not None else None,
    )
