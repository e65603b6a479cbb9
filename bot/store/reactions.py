"""Votes: a member's only stance on somebody else's message.

Reactions are kept as a set by message, member and stance, so that repeating one changes nothing. Opposing reactions by
one member count as none, and so does a member's reaction to their own words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.digest.model import Votes
from bot.model import Ref, Stance
from bot.store.messages import Key
from bot.store.schema import messages, reactions, tombstones

Reaction = tuple[int, Ref, int, Stance]
"""Room, message, member and stance."""


class Reactions:
    """Reactions by message, and the votes that they make."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def set(self, present: Sequence[Reaction], absent: Sequence[Reaction]) -> None:
        """Record reactions that are there and reactions that are not; those on deleted messages are left out."""
        columns = ("room_id", "ref", "member_id", "stance")
        if absent:
            where = tuple_(*(reactions.c[name] for name in columns)).in_(absent)
            await self._connection.execute(delete(reactions).where(where))
        if present:
            await self._connection.execute(
                upsert(reactions).on_conflict_do_nothing(),
                [dict(zip(columns, reaction, strict=True)) for reaction in present],
            )
            gone = select(tombstones.c.room_id, tombstones.c.ref)
            await self._connection.execute(
                delete(reactions).where(tuple_(reactions.c.room_id, reactions.c.ref).in_(gone))
            )

    async def replace(self, keys: Iterable[Key]) -> None:
        """Forget every reaction on these messages, to make room for a snapshot."""
        here = tuple_(reactions.c.room_id, reactions.c.ref).in_(list(keys))
        await self._connection.execute(delete(reactions).where(here))

    async def votes(self, message_ids: Sequence[int]) -> dict[int, Votes]:
        """Return the votes on messages, by id; messages without any are left out."""
        alone = (
            select(messages.c.id, func.min(reactions.c.stance).label("stance"))
            .join(reactions, (reactions.c.room_id == messages.c.room_id) & (reactions.c.ref == messages.c.ref))
            .where(messages.c.id.in_(message_ids), reactions.c.member_id != messages.c.member_id)
            .group_by(messages.c.id, reactions.c.member_id)
            .having(func.count() == 1)
            .subquery()
        )
        query = select(alone.c.id, alone.c.stance, func.count()).group_by(alone.c.id, alone.c.stance)
        counts: dict[int, dict[str, int]] = {}
        for message_id, stance, count in await self._connection.execute(query):
            counts.setdefault(message_id, {})[stance] = count
        return {
            message_id: Votes(of.get(Stance.AGREE, 0), of.get(Stance.DISAGREE, 0), of.get(Stance.PASS, 0))
            for message_id, of in counts.items()
        }
