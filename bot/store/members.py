"""People, as platforms name them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Author, Member, Ref
from bot.store.schema import members


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
        query = select(members).where(tuple_(members.c.platform, members.c.user).in_(list(rows)))
        found = await self._connection.execute(query)
        return {(row.platform, Ref(row.user)): Member(row.id, row.platform, Ref(row.user), row.name) for row in found}

    async def find(self, platform: str, user: Ref) -> Member | None:
        """Return the member, or None if the person was never recorded."""
        query = select(members).where(members.c.platform == platform, members.c.user == user)
        row = (await self._connection.execute(query)).one_or_none()
        return Member(row.id, row.platform, Ref(row.user), row.name) if row else None
