"""The outbox: what is to be posted where, and how far that got.

A delivery is `pending` until a worker claims it, which makes it `sending` under a lease. From there it becomes `sent`,
goes back to `pending` (certainly not sent, try again later), fails for good, or stays `sending` without a live lease:
then its outcome is unknown and the next attempt looks before it sends. A `sent` delivery whose content changed is
`revising` until the post shows its latest `revision`; one that must go is `retracting`, then `retracted`. What is asked
for while a worker is at it outlives that worker's outcome.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Integer, Row, and_, bindparam, case, func, insert, or_, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Channel, Ref, Room
from bot.ports import Refs
from bot.store.schema import Instant, deliveries, digests, rooms, rounds


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
        values = {**asdict(new), "state": DeliveryState.PENDING}
        delivery_id: int = (await self._connection.execute(_ADD, values)).scalar_one()
        return delivery_id

    async def state(self, key: str) -> DeliveryState | None:
        """Return how far the delivery under a key got, or None if there is none."""
        found = (await self._connection.execute(select(deliveries.c.state).where(deliveries.c.key == key))).scalar()
        return None if found is None else DeliveryState(found)

    async def call_off(self, room_id: int, due_at: datetime) -> None:
        """Post nothing but notices in a room that is not there yet; what may be there goes again."""
        state = case(
            (deliveries.c.state == DeliveryState.SENDING, DeliveryState.RETRACTING), else_=DeliveryState.RETRACTED
        )
        unposted = deliveries.c.state.in_((DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.FAILED))
        await self._connection.execute(
            update(deliveries)
            .where(deliveries.c.room_id == room_id, unposted)
            .where(deliveries.c.kind != DeliveryKind.NOTICE)
            .values(state=state, due_at=due_at, attempts=0, problem="")
        )

    async def claim(
        self, owner: str, now: datetime, until: datetime, limit: int, except_rooms: Collection[int] = ()
    ) -> list[Claim]:
        """Take what is due at `now`, under a lease until `until` (UTC): the oldest delivery of up to `limit` rooms."""
        these = {"now": now, "except_rooms": list(except_rooms), "limit": limit}
        rows = (await self._connection.execute(_CLAIMABLE, these)).all()
        if not rows:
            return []
        lease = {"lease_owner": owner, "lease_until": until}
        await self._connection.execute(_CLAIM, {"ids": [row.id for row in rows], **lease})
        return [_claim(row, owner) for row in rows]

    async def hold(self, claim: Claim) -> None:
        """Make sure that a claim is still held. Raises LeaseLostError if another worker has taken the delivery."""
        if (await self._connection.execute(_OWNER, {"id": claim.id})).scalar() != claim.owner:
            raise LeaseLostError(claim.key)

    async def next_due(self, except_rooms: Collection[int] = ()) -> datetime | None:
        """Return when the earliest unfinished delivery is due or its lease ends (UTC), or None."""
        found = await self._connection.execute(_NEXT_DUE, {"except_rooms": list(except_rooms)})
        return found.scalar()

    async def found(self, claim: Claim, refs: Refs) -> None:
        """Note what a post became as far as is known. Raises LeaseLostError."""
        held = {"of": claim.id, "owner": claim.owner}
        if (await self._connection.execute(_FOUND, {**held, **_known(refs)})).rowcount == 0:
            raise LeaseLostError(claim.key)

    async def sent(self, delivery_id: int, refs: Refs, revision: int) -> None:
        """Note that the post is there, with the content of `revision`."""
        await self._connection.execute(_SENT, {"of": delivery_id, "shown": revision, **_known(refs)})

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

        What could not be posted as it was is tried again while it is worth posting.
        """
        which = deliveries.c.digest_id == digest_id if digest_id is not None else deliveries.c.message_id == message_id
        in_time = or_(deliveries.c.expires_at.is_(None), deliveries.c.expires_at > due_at)
        state = case(
            (deliveries.c.state == DeliveryState.SENT, DeliveryState.REVISING),
            (and_(deliveries.c.state == DeliveryState.FAILED, in_time), DeliveryState.PENDING),
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

    async def concerns_hosts(self, delivery_id: int) -> bool:
        """Return whether a delivery is one of the group that meets in its room now, if one does."""
        query = select(_CONCERNS_HOSTS).select_from(deliveries).join(rooms, rooms.c.id == deliveries.c.room_id)
        return bool((await self._connection.execute(query.where(deliveries.c.id == delivery_id))).scalar())

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
            .where(rooms.c.group_id == group_id, _CONCERNS_HOSTS, deliveries.c.problem != "", lasting)
            .order_by(deliveries.c.id.desc())
            .limit(5)
        )
        return [
            (DeliveryKind(row.kind), DeliveryState(row.state), row.problem)
            for row in await self._connection.execute(query)
        ]

    async def _update(self, delivery_id: int, values: dict[str, Any]) -> None:
        await self._connection.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(values))


_ADD = insert(deliveries).returning(deliveries.c.id)
_OWNER = select(deliveries.c.lease_owner).where(deliveries.c.id == bindparam("id"))
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


_ITS_GROUP = func.coalesce(
    select(rounds.c.group_id).where(rounds.c.id == deliveries.c.round_id).scalar_subquery(),
    select(digests.c.group_id).where(digests.c.id == deliveries.c.digest_id).scalar_subquery(),
    rooms.c.group_id,
)
_CONCERNS_HOSTS = and_(rooms.c.left_at.is_(None), rooms.c.group_id == _ITS_GROUP)
"""Where a group has left, or another one meets since, hosts have nothing to mend."""

_WORKABLE = and_(
    deliveries.c.state.in_(_UNFINISHED),
    or_(deliveries.c.kind != DeliveryKind.ANSWER, _THREAD.is_not(None)),
    deliveries.c.room_id.not_in(bindparam("except_rooms", expanding=True)),
)
_DUE_AT = func.max(deliveries.c.due_at, func.coalesce(deliveries.c.lease_until, deliveries.c.due_at))

_NEXT_DUE = select(type_coerce(_DUE_AT, Instant)).where(_WORKABLE).order_by(_DUE_AT).limit(1)
"""This and what is claimed stand here, built once, because the poster asks for them all the time."""

_TURN = func.row_number().over(partition_by=deliveries.c.room_id, order_by=(deliveries.c.due_at, deliveries.c.id))
_IN_TURN = (
    select(deliveries.c.id, _TURN.label("turn")).where(_WORKABLE, bindparam("now", type_=Instant) >= _DUE_AT).subquery()
)
_CLAIMABLE = (
    select(
        deliveries,
        rooms.c.group_id,
        rooms.c.platform,
        rooms.c.workspace,
        rooms.c.channel,
        rooms.c.mention,
        _THREAD.label("thread"),
    )
    .join(_IN_TURN, _IN_TURN.c.id == deliveries.c.id)
    .join(rooms, rooms.c.id == deliveries.c.room_id)
    .where(_IN_TURN.c.turn == 1)
    .order_by(deliveries.c.due_at, deliveries.c.id)
    .limit(bindparam("limit", type_=Integer))
)

_CLAIM = (
    update(deliveries)
    .where(deliveries.c.id.in_(bindparam("ids", expanding=True)))
    .values(
        state=case((deliveries.c.state == DeliveryState.PENDING, DeliveryState.SENDING), else_=deliveries.c.state),
        lease_owner=bindparam("lease_owner"),
        lease_until=bindparam("lease_until"),
    )
)


_REFS: dict[str, Any] = {
    "message_ref": func.coalesce(bindparam("message"), deliveries.c.message_ref),
    "thread_ref": func.coalesce(bindparam("thread"), deliveries.c.thread_ref),
}
_FOUND = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("of"), deliveries.c.lease_owner == bindparam("owner"))
    .values(_REFS)
)
_SENT = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("of"))
    .values(
        state=case(
            (deliveries.c.state == DeliveryState.RETRACTING, DeliveryState.RETRACTING),
            (deliveries.c.revision > bindparam("shown"), DeliveryState.REVISING),
            else_=DeliveryState.SENT,
        ),
        sent_revision=bindparam("shown"),
        attempts=0,
        problem="",
        **_REFS,
        **_RELEASED,
    )
)


def _known(refs: Refs) -> dict[str, Ref | None]:
    return {"message": refs.message, "thread": refs.thread}


def _claim(row: Row[Any], owner: str) -> Claim:
    return Claim(
        id=row.id,
        owner=owner,
        key=row.key,
        kind=DeliveryKind(row.kind),
        state=DeliveryState(row.state),
        room=Room(
            row.room_id,
            row.group_id,
            Channel(row.platform, Ref(row.workspace), Ref(row.channel)),
            Ref(row.mention) if row.mention else None,
        ),
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
