"""People with more than one account.

A member is an account on one platform. Accounts that their owner linked share a person, named by the id of one of them;
an account that is not linked is a person of its own, and has no row here.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, delete, func, literal, select, union
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import FromClause

from bot.model import Member, Ref
from bot.store.schema import linked_accounts, members


def accounts_of(member_id: int) -> Select[tuple[int]]:
    """Return the ids of all accounts of a member's person, as a query."""
    mine, other = linked_accounts.alias("mine"), linked_accounts.alias("other")
    linked = (
        select(other.c.member_id).join(mine, mine.c.person_id == other.c.person_id).where(mine.c.member_id == member_id)
    )
    everything = union(select(literal(member_id).label("member_id")), linked).subquery()
    return select(everything.c.member_id)


def person_of(account: FromClause, member_id: ColumnElement[int]) -> ColumnElement[int]:
    """Return the person behind a member, where `account` is the table outer-joined by `member_id`."""
    person: ColumnElement[int] = func.coalesce(account.c.person_id, member_id)
    return person


class Accounts:
    """Which members are one person."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of(self, member_id: int) -> list[Member]:
        """Return all accounts of a member's person, that member's own first."""
        query = select(members).where(members.c.id.in_(accounts_of(member_id)))
        query = query.order_by(members.c.id != member_id, members.c.id)
        return [Member(row.id, row.platform, Ref(row.user), row.name) for row in await self._connection.execute(query)]

    async def persons(self) -> dict[int, int]:
        """Return the person of every linked account, by member id."""
        query = select(linked_accounts.c.member_id, linked_accounts.c.person_id)
        return {row.member_id: row.person_id for row in await self._connection.execute(query)}

    async def link(self, one: int, other: int) -> None:
        """Make all accounts of two members' persons one person's."""
        every = {member.id for member in [*await self.of(one), *await self.of(other)]}
        rows = [{"member_id": member_id, "person_id": min(every)} for member_id in sorted(every)]
        insertion = insert(linked_accounts)
        await self._connection.execute(
            insertion.on_conflict_do_update(
                index_elements=["member_id"], set_={"person_id": insertion.excluded.person_id}
            ),
            rows,
        )

    async def unlink(self, member_id: int) -> list[Member]:
        """Make a member a person of their own again, and return the accounts that they were linked to."""
        _, *others = await self.of(member_id)
        await self.unlink_all(member_id)
        for other in others[1:]:
            await self.link(others[0].id, other.id)
        return others

    async def unlink_all(self, member_id: int) -> None:
        """Make each account of a member's person a person of its own again."""
        every = (await self._connection.execute(accounts_of(member_id))).scalars().all()
        await self._connection.execute(delete(linked_accounts).where(linked_accounts.c.member_id.in_(every)))
