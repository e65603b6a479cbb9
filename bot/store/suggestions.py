"""Questions that members put before their hosts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, Select, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Member, Ref
from bot.store.accounts import accounts_of
from bot.store.schema import members, suggestions


class SuggestionState(StrEnum):
    """What hosts have decided."""

    OPEN = "open"
    DEFERRED = "deferred"
    ACCEPTED = "accepted"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question that a member suggested. `reason` is the hosts' for declining it."""

    id: int
    group_id: int
    member: Member
    text: str
    background: str
    topic: str
    state: SuggestionState
    reason: str


class Suggestions:
    """Suggestions by group."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, group_id: int, member_id: int, text: str, background: str, topic: str, now: datetime) -> int:
        """Keep a suggestion and return its number."""
        insertion = insert(suggestions).values(
            group_id=group_id,
            member_id=member_id,
            text=text,
            background=background,
            topic=topic,
            state=SuggestionState.OPEN,
            suggested_at=now,
        )
        number: int = (await self._connection.execute(insertion.returning(suggestions.c.id))).scalar_one()
        return number

    async def get(self, group_id: int, number: int) -> Suggestion | None:
        """Return a group's suggestion, or None."""
        query = _suggestions().where(suggestions.c.group_id == group_id, suggestions.c.id == number)
        row = (await self._connection.execute(query)).first()
        return _suggestion(row) if row else None

    async def waiting(self, group_id: int) -> list[Suggestion]:
        """Return a group's suggestions that await a decision: open ones, then deferred ones, oldest first."""
        undecided = suggestions.c.state.in_((SuggestionState.OPEN, SuggestionState.DEFERRED))
        query = _suggestions().where(suggestions.c.group_id == group_id, undecided)
        query = query.order_by(suggestions.c.state.desc(), suggestions.c.id)
        return [_suggestion(row) for row in await self._connection.execute(query)]

    async def count_since(self, group_id: int, member_id: int, since: datetime) -> int:
        """Return how many suggestions a member made, from all of their accounts, since an instant (UTC)."""
        query = select(func.count()).where(
            suggestions.c.group_id == group_id,
            suggestions.c.member_id.in_(accounts_of(member_id)),
            suggestions.c.suggested_at >= since,
        )
        return (await self._connection.execute(query)).scalar_one()

    async def count(self, member_id: int) -> int:
        """Return how many suggestions of a member, from all of their accounts, are kept, whatever became of them."""
        query = select(func.count()).where(suggestions.c.member_id.in_(accounts_of(member_id)))
        return (await self._connection.execute(query)).scalar_one()

    async def forget(self, member_id: int) -> None:
        """Forget what a member suggested from any of their accounts; what hosts accepted has become the group's own."""
        theirs = suggestions.c.member_id.in_(accounts_of(member_id))
        await self._connection.execute(delete(suggestions).where(theirs))

    async def decide(self, number: int, state: SuggestionState, now: datetime, reason: str = "") -> None:
        """Record what hosts decided."""
        decision = update(suggestions).where(suggestions.c.id == number)
        await self._connection.execute(decision.values(state=state, reason=reason, decided_at=now))


def _suggestions() -> Select[Any]:
    return select(suggestions, members.c.platform, members.c.user, members.c.name).join(
        members, members.c.id == suggestions.c.member_id
    )


def _suggestion(row: Row[Any]) -> Suggestion:
    return Suggestion(
        id=row.id,
        group_id=row.group_id,
        member=Member(row.member_id, row.platform, Ref(row.user), row.name),
        text=row.text,
        background=row.background,
        topic=row.topic,
        state=SuggestionState(row.state),
        reason=row.reason,
    )
