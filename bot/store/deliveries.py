"""The outbox: what is to be posted where, and how far that got.

A delivery is `pending` until a worker claims it, which makes it `sending` under a lease. From there it becomes `sent`,
goes back to `pending` (certainly not sent, try again later), fails for good, or stays `sending` without a live lease:
then its outcome is unknown and the next attempt looks before it sends. A `sent` delivery whose content changed is
`revising` until the post shows its latest `revision`; one that must go is `retracting`, then `retracted`. What is asked
for while a worker is at it outlives that worker's outcome.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, func, insert, or_, select, type_coerce, update
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
    REVISING = "revising"
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
    """A delivery that `owner` may work on until its lease ends. `thread` is where an answer belongs.

    `state` is the one that it was found in; `unsure`: an earlier attempt may have posted without telling.
    """

    id: int
    owner: str
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


class LeaseLostError(Exception):
    """A delivery's lease ended and another worker has taken it."""


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
        """Take what is due at `now`, under a lease until `until` (UTC): the oldest delivery of up to `limit` rooms."""
        turn = func.row_number().over(
            partition_by=deliveries.c.room_id, order_by=(deliveries.c.due_at, deliveries.c.id)
        )
        workable = _workable(except_rooms)
        due = select(deliveries.c.id, turn.label("turn")).where(workable, deliveries.c.due_at <= now, _unleased(now))
        ranked = due.subquery()
        query = (
            select(
                deliveries,
                rooms.c.group_id,
                rooms.c.platform,
                rooms.c.workspace,
                rooms.c.channel,
                _THREAD.label("thread"),
            )
            .join(ranked, ranked.c.id == deliveries.c.id)
            .join(rooms, rooms.c.id == deliveries.c.room_id)
            .where(ranked.c.turn == 1)
            .order_by(deliveries.c.due_at, deliveries.c.id)
            .limit(limit)
        )
        rows = (await self._connection.execute(query)).all()
        sending = case((deliveries.c.state == DeliveryState.PENDING, DeliveryState.SENDING), else_=deliveries.c.state)
        await self._connection.execute(
            update(deliveries)
            .where(deliveries.c.id.in_([row.id for row in rows]))
            .values(state=sending, lease_owner=owner, lease_until=until)
        )
        return [_claim(row, owner) for row in rows]

    async def hold(self, claim: Claim) -> None:
        """Make sure that a claim is still held. Raises LeaseLostError if another worker has taken the delivery."""
        query = select(deliveries.c.lease_owner).where(deliveries.c.id == claim.id)
        if (await self._connection.execute(query)).scalar() != claim.owner:
            raise LeaseLostError(claim.key)

    async def next_due(self, except_rooms: Collection[int] = ()) -> datetime | None:
        """Return when the earliest unfinished delivery is due or its lease ends (UTC), or None."""
        due = func.max(deliveries.c.due_at, func.coalesce(deliveries.c.lease_until, deliveries.c.due_at))
        query = select(type_coerce(due, Instant)).where(_workable(except_rooms)).order_by(due).limit(1)
        return (await self._connection.execute(query)).scalar()

    async def found(self, claim: Claim, refs: Refs) -> None:
        """Note what a post became as far as is known. Raises LeaseLostError."""
        held = (deliveries.c.id == claim.id) & (deliveries.c.lease_owner == claim.owner)
        noted = await self._connection.execute(update(deliveries).where(held).values(_known(refs)))
        if noted.rowcount == 0:
            raise LeaseLostError(claim.key)

    async def sent(self, delivery_id: int, refs: Refs, revision: int) -> None:
        """Note that the post is there, with the content of `revision`."""
        state = case(
            (deliveries.c.state == DeliveryState.RETRACTING, DeliveryState.RETRACTING),
            (deliveries.c.revision > revision, DeliveryState.REVISING),
            else_=DeliveryState.SENT,
        )
        shown = {"state": state, "sent_revision": revision, "attempts": 0, "problem": ""}
        await self._update(delivery_id, {**_known(refs), **shown, **_RELEASED})

    async def retry(self, delivery_id: int, due_at: datetime, problem: str, *, unknown: bool) -> None:
        """Let go of a delivery until `due_at` (UTC). `unknown`: what was to be posted may be there."""
        unposted = DeliveryState.SENDING if unknown else DeliveryState.PENDING
        later = {
            "state": case((deliveries.c.state == DeliveryState.SENDING, unposted), else_=deliveries.c.state),
            "due_at": due_at,
            "attempts": deliveries.c.attempts + 1,
            "problem": problem,
        }
        await self._update(delivery_id, {**later, **_RELEASED})

    async def fail(self, delivery_id: int, problem: str, revision: int) -> None:
        """Give up on posting the content of `revision`, or on bringing a post to it; what must go must still go."""
        posted = deliveries.c.state == DeliveryState.REVISING
        state = case(
            (deliveries.c.state == DeliveryState.RETRACTING, DeliveryState.RETRACTING),
            (and_(posted, deliveries.c.revision > revision), DeliveryState.REVISING),
            (posted, DeliveryState.SENT),
            (deliveries.c.revision > revision, DeliveryState.PENDING),
            else_=DeliveryState.FAILED,
        )
        await self._update(delivery_id, {"state": state, "problem": problem, **_RELEASED})

    async def retracted(self, delivery_id: int) -> None:
        """Note that the post is gone."""
        await self._update(delivery_id, {"state": DeliveryState.RETRACTED, "problem": "", **_RELEASED})

    async def revise(self, *, digest_id: int | None = None, message_id: int | None = None, due_at: datetime) -> None:
        """Ask for the posts of a digest or of an answer to be brought to their present content.

        What could not be posted as it was is tried again.
        """
        which = deliveries.c.digest_id == digest_id if digest_id is not None else deliveries.c.message_id == message_id
        state = case(
            (deliveries.c.state == DeliveryState.SENT, DeliveryState.REVISING),
            (deliveries.c.state == DeliveryState.FAILED, DeliveryState.PENDING),
            else_=deliveries.c.state,
        )
        changed = {"state": state, "revision": deliveries.c.revision + 1, "due_at": due_at, "attempts": 0}
        await self._connection.execute(update(deliveries).where(which).values(changed))

    async def retract(self, *, message_id: int, due_at: datetime) -> None:
        """Ask for the posts of an answer to be removed; what was never sent is simply dropped."""
        unsent = deliveries.c.state.in_((DeliveryState.PENDING, DeliveryState.FAILED, DeliveryState.RETRACTED))
        state = case((unsent, DeliveryState.RETRACTED), else_=DeliveryState.RETRACTING)
        gone = {"state": state, "due_at": due_at, "attempts": 0, "problem": ""}
        await self._connection.execute(update(deliveries).where(deliveries.c.message_id == message_id).values(gone))

    async def struggling(self, room_id: int, attempts: int) -> bool:
        """Return whether something unfinished in a room has failed at least so many times."""
        query = select(deliveries.c.id).where(
            deliveries.c.room_id == room_id, deliveries.c.state.in_(_UNFINISHED), deliveries.c.attempts >= attempts
        )
        return (await self._connection.execute(query.limit(1))).scalar() is not None

    async def problems(self, group_id: int) -> list[tuple[DeliveryKind, DeliveryState, str]]:
        """Return what could not be done as it should, newest first; what failed only until its room works again."""
        later = deliveries.alias("later")
        works_again = select(later.c.id).where(
            later.c.room_id == deliveries.c.room_id, later.c.id > deliveries.c.id, later.c.state == DeliveryState.SENT
        )
        lasting = or_(deliveries.c.state.in_(_UNFINISHED), ~works_again.exists())
        query = (
            select(deliveries.c.kind, deliveries.c.state, deliveries.c.problem)
            .join(rooms, rooms.c.id == deliveries.c.room_id)
            .where(rooms.c.group_id == group_id, deliveries.c.problem != "", lasting)
            .order_by(deliveries.c.id.desc())
            .limit(5)
        )
        return [
            (DeliveryKind(row.kind), DeliveryState(row.state), row.problem)
            for row in await self._connection.execute(query)
        ]

    async def _update(self, delivery_id: int, values: dict[str, Any]) -> None:
        await self._connection.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(values))


_RELEASED: dict[str, Any] = {"lease_owner": None, "lease_until": None}

_UNFINISHED = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.REVISING, DeliveryState.RETRACTING)

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


def _known(refs: Refs) -> dict[str, Any]:
    known = {"message_ref": refs.message, "thread_ref": refs.thread}
    return {name: ref for name, ref in known.items() if ref is not None}


def _workable(except_rooms: Collection[int]) -> ColumnElement[bool]:
    has_a_place = or_(deliveries.c.kind != DeliveryKind.ANSWER, _THREAD.is_not(None))
    return and_(deliveries.c.state.in_(_UNFINISHED), has_a_place, deliveries.c.room_id.not_in(except_rooms))


def _unleased(now: datetime) -> ColumnElement[bool]:
    return or_(deliveries.c.lease_until.is_(None), deliveries.c.lease_until <= now)


def _claim(row: Row[Any], owner: str) -> Claim:
    return Claim(
        id=row.id,
        owner=owner,
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
