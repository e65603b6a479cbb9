"""Compiled weeks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.digest.model import Digest
from bot.model import Substance
from bot.store.codec import digest_from_json, digest_to_json
from bot.store.schema import Instant, digest_quotes, digests, messages, rounds


@dataclass(frozen=True, slots=True)
class StoredDigest:
    """A digest as it was last compiled. `local_date` is the date that it is of, in the group's zone."""

    id: int
    group_id: int
    local_date: date
    digest: Digest


class Digests:
    """Digests by group and local date."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, group_id: int, local_date: date, digest: Digest, now: datetime) -> int:
        """Keep a new digest and return its id."""
        insertion = insert(digests).values(
            group_id=group_id,
            local_date=local_date,
            since=digest.week.since,
            until=digest.week.until,
            body=digest_to_json(digest),
            compiled_at=now,
        )
        key: int = (await self._connection.execute(insertion.returning(digests.c.id))).scalar_one()
        await self._quote(key, digest)
        return key

    async def replace(self, digest_id: int, digest: Digest, now: datetime) -> None:
        """Keep a digest as it is compiled now."""
        await self._connection.execute(
            update(digests)
            .where(digests.c.id == digest_id)
            .values(body=digest_to_json(digest), compiled_at=now, stale=False)
        )
        await self._connection.execute(delete(digest_quotes).where(digest_quotes.c.digest_id == digest_id))
        await self._quote(digest_id, digest)

    async def _quote(self, digest_id: int, digest: Digest) -> None:
        if digest.quoted:
            await self._connection.execute(
                insert(digest_quotes),
                [{"digest_id": digest_id, "message_id": message_id} for message_id in sorted(digest.quoted)],
            )

    async def get(self, digest_id: int) -> StoredDigest:
        """Return a digest. Raises LookupError."""
        row = (await self._connection.execute(select(digests).where(digests.c.id == digest_id))).first()
        if row is None:
            raise LookupError(digest_id)
        return _stored(row)

    async def last(self, group_id: int) -> StoredDigest | None:
        """Return a group's latest digest, or None before the first."""
        found = await self.recent(group_id, 1)
        return found[0] if found else None

    async def recent(self, group_id: int, limit: int) -> list[StoredDigest]:
        """Return a group's latest digests, newest first."""
        query = select(digests).where(digests.c.group_id == group_id).order_by(digests.c.local_date.desc())
        return [_stored(row) for row in await self._connection.execute(query.limit(limit))]

    async def with_answers(self, group_id: int, limit: int) -> list[StoredDigest]:
        """Return a group's latest digests in which something was said, newest first."""
        something = digests.c.body["answers"].as_integer() > 0
        query = select(digests).where(digests.c.group_id == group_id, something)
        query = query.order_by(digests.c.local_date.desc()).limit(limit)
        return [_stored(row) for row in await self._connection.execute(query)]

    async def said_since(self, moment: datetime) -> dict[int, list[tuple[int, Substance]]]:
        """Return what was said in the weeks of the digests that ended after an instant (UTC).

        That is by digest's id: message ids, and which are answers.
        """
        said: dict[int, list[tuple[int, Substance]]] = {}
        for digest_id, message_id, substance in await self._connection.execute(_SAID, {"moment": moment}):
            of = said.setdefault(digest_id, [])
            if message_id is not None:
                of.append((message_id, Substance(substance)))
        return said

    async def on(self, group_id: int, local_date: date) -> StoredDigest | None:
        """Return the digest of a local date, or None."""
        query = select(digests).where(digests.c.group_id == group_id, digests.c.local_date == local_date)
        row = (await self._connection.execute(query)).first()
        return _stored(row) if row else None

    async def stale(self) -> list[int]:
        """Return the ids of the digests that quote words which changed since they were compiled."""
        query = select(digests.c.id).where(digests.c.stale).order_by(digests.c.id)
        return list((await self._connection.execute(query)).scalars())


_OF_GROUP = select(rounds.c.id).where(rounds.c.group_id == digests.c.group_id).scalar_subquery()
_SAID = (
    select(digests.c.id, messages.c.id, messages.c.substance)
    .select_from(digests)
    .outerjoin(
        messages,
        and_(
            messages.c.round_id.in_(_OF_GROUP),
            messages.c.sent_at >= digests.c.since,
            messages.c.sent_at < digests.c.until,
        ),
    )
    .where(digests.c.until > bindparam("moment", type_=Instant))
    .order_by(digests.c.id, messages.c.id)
)


def _stored(row: Row[Any]) -> StoredDigest:
    return StoredDigest(row.id, row.group_id, row.local_date, digest_from_json(row.body))
