"""People, as platforms name them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import and_, delete, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Author, Member, Ref
from bot.store.accounts import accounts_of
from bot.store.keys import chunks
from bot.store.schema import (
    hosts,
    linked_accounts,
    members,
    messages,
    opt_outs,
    reactions,
    suggestions,
    wrong_codes,
)


class Members:
    """People by platform and user."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def ensure(self, author: Author) -> Member:
        """Return the member that a person is, recorded under the name they have now."""
        return (await self.ensure_all([author]))[author.platform, author.user]

    async def ensure_all(self, authors: Iterable[Author]) -> dict[tuple[str, Ref], Member]:
        """Return members by platform and user, recorded under the names they have now."""
        rows = {(author.platform, author.user): author.name for author in authors}
        if not rows:
            return {}
        insertion = insert(members)
        await self._connection.execute(
            insertion.on_conflict_do_update(
                index_elements=["platform", "user"],
                set_={"name": insertion.excluded.name},
                where=members.c.name != insertion.excluded.name,
            ),
            [{"platform": platform, "user": user, "name": name} for (platform, user), name in rows.items()],
        )
        found: dict[tuple[str, Ref], Member] = {}
        for platform in {platform for platform, _ in rows}:
            for some in chunks([user for on, user in rows if on == platform]):
                query = select(members).where(members.c.platform == platform, members.c.user.in_(some))
                for row in await self._connection.execute(query):
                    found[platform, Ref(row.user)] = Member(row.id, platform, Ref(row.user), row.name)
        return found

    async def find(self, platform: str, user: Ref) -> Member | None:
        """Return the member, or None if the person was never recorded."""
        query = select(members).where(members.c.platform == platform, members.c.user == user)
        row = (await self._connection.execute(query)).one_or_none()
        return Member(row.id, row.platform, Ref(row.user), row.name) if row else None

    async def forget_strangers(self) -> None:
        """Forget those of whom nothing is left: no words, votes or suggestions, no group, no opt-out, no link."""
        silent = select(opt_outs.c.member_id).where(opt_outs.c.member_id == members.c.id, _IS_SILENT)
        await self._connection.execute(delete(members).where(_NOTHING_LEFT, ~silent.exists()))

    async def forget(self, member_ids: Collection[int]) -> None:
        """Forget the names of members of whom nothing is left.

        Whoever ever opted out stays known, so that what they said meanwhile is not recorded by and by, and whoever
        tried wrong codes, so that they cannot try on.
        """
        needed = (table.c.member_id for table in (opt_outs, wrong_codes))
        unneeded = (~select(column.label("id")).where(column == members.c.id).exists() for column in needed)
        await self._connection.execute(delete(members).where(members.c.id.in_(member_ids), _NOTHING_LEFT, *unneeded))

    async def opt_out(self, member_id: int, now: datetime) -> None:
        """Note that a member does not want to be recorded, from any of their accounts; again changes nothing."""
        ids = (await self._connection.execute(accounts_of(member_id))).scalars().all()
        rows = [{"member_id": account, "since": now} for account in ids]
        again = insert(opt_outs).on_conflict_do_update(index_elements=["member_id"], set_={"ended_at": None})
        await self._connection.execute(again, rows)

    async def opt_in(self, member_id: int, now: datetime) -> bool:
        """Note that a member may be recorded, from all of their accounts; return whether they had opted out."""
        theirs = opt_outs.c.member_id.in_(accounts_of(member_id))
        ended = await self._connection.execute(update(opt_outs).where(theirs, _IS_SILENT).values(ended_at=now))
        return ended.rowcount > 0

    async def opted_out(self) -> set[int]:
        """Return the ids of the members who do not want to be recorded."""
        return set((await self._connection.execute(select(opt_outs.c.member_id).where(_IS_SILENT))).scalars())

    async def silences(self) -> dict[int, tuple[datetime, datetime | None]]:
        """Return since when and until when (UTC) members did not want to be recorded, None for those who still do not.

        Of somebody who did so more than once it is the time from the first to the last.
        """
        return {row.member_id: (row.since, row.ended_at) for row in await self._connection.execute(select(opt_outs))}


_TIES = (
    *(table.c.member_id for table in (messages, reactions, suggestions, hosts, linked_accounts)),
    linked_accounts.c.person_id,
)
_NOTHING_LEFT = and_(*(~select(column.label("id")).where(column == members.c.id).exists() for column in _TIES))
_IS_SILENT = opt_outs.c.ended_at.is_(None)
