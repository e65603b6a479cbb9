"""Votes: a member's only stance on somebody else's message.

Reactions are kept as a set by message, member and stance, so that repeating one changes nothing. Opposing reactions by
one member count as none, and so does a member's reaction to their own words. A member's linked accounts vote as one.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, bindparam, delete, func, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.digest.model import Votes
from bot.model import Ref, Stance
from bot.store.accounts import accounts_of, person_of
from bot.store.keys import Key, buried, chunks, is_one_of
from bot.store.schema import linked_accounts, messages, reactions

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
            gone_one = and_(*(reactions.c[name] == bindparam(f"old_{name}") for name in columns))
            values = [{f"old_{name}": value for name, value in zip(columns, one, strict=True)} for one in absent]
            await self._connection.execute(delete(reactions).where(gone_one), values)
        gone = await buried(self._connection, list(dict.fromkeys((room, ref) for room, ref, _, _ in present)))
        rows = [dict(zip(columns, reaction, strict=True)) for reaction in present if reaction[:2] not in gone]
        if rows:
            await self._connection.execute(upsert(reactions).on_conflict_do_nothing(), rows)

    async def replace(self, keys: Sequence[Key]) -> None:
        """Forget every reaction on these messages, to make room for a snapshot."""
        for some in chunks(keys):
            await self._connection.execute(delete(reactions).where(is_one_of(reactions, some)))

    async def count(self, member_id: int) -> int:
        """Return how many reactions of a member, from all of their accounts, are recorded."""
        theirs = reactions.c.member_id.in_(accounts_of(member_id))
        query = select(func.count()).select_from(reactions).where(theirs)
        return (await self._connection.execute(query)).scalar_one()

    async def forget(self, member_id: int) -> int:
        """Forget every reaction of a member, from all of their accounts, and return how many there were."""
        theirs = reactions.c.member_id.in_(accounts_of(member_id))
        return (await self._connection.execute(delete(reactions).where(theirs))).rowcount

    async def votes(self, message_ids: Sequence[int]) -> dict[int, Votes]:
        """Return the votes on messages, by id; messages without any are left out."""
        found: dict[int, Votes] = {}
        for some in chunks(message_ids):
            found.update(await self._votes(some))
        return found

    async def _votes(self, message_ids: Sequence[int]) -> dict[int, Votes]:
        authors, voters = linked_accounts.alias("authors"), linked_accounts.alias("voters")
        author, voter = person_of(authors, messages.c.member_id), person_of(voters, reactions.c.member_id)
        alone = (
            select(messages.c.id, func.min(reactions.c.stance).label("stance"))
            .join(reactions, (reactions.c.room_id == messages.c.room_id) & (reactions.c.ref == messages.c.ref))
            .outerjoin(authors, authors.c.member_id == messages.c.member_id)
            .outerjoin(voters, voters.c.member_id == reactions.c.member_id)
            .where(messages.c.id.in_(message_ids), voter != author)
            .group_by(messages.c.id, voter)
            .having(func.min(reactions.c.stance) == func.max(reactions.c.stance))
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
