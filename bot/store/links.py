"""What two sides are about to agree on: that a channel joins a group, or that two accounts are one person's.

A request is `offered` with a code, `taken` by whoever uses the code, `agreed` to by that side, and gone once the side
that made the code agrees as well. The code is kept as a hash, and only until it is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Channel, Member, Ref
from bot.store.schema import link_requests, members, wrong_codes


class LinkState(StrEnum):
    """How far two sides are."""

    OFFERED = "offered"
    TAKEN = "taken"
    AGREED = "agreed"


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """A request, for a group's room if it has a `group_id` and for two accounts otherwise.

    The one side made the code in `made_in`, the other used it in `taken_in`. Past `expires_at` (UTC) it is void.
    """

    id: int
    group_id: int | None
    state: LinkState
    maker: Member
    made_in: Channel
    expires_at: datetime
    taker: Member | None = None
    taken_in: Channel | None = None


class LinkRequests:
    """Requests that are not over."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def offer(
        self, group_id: int | None, maker_id: int, made_in: Channel, code_hash: str, expires_at: datetime
    ) -> None:
        """Keep a new code; one that its maker made before and that nobody used is void."""
        before = (link_requests.c.maker_id == maker_id) & (link_requests.c.state == LinkState.OFFERED)
        same = link_requests.c.group_id.is_(None) if group_id is None else link_requests.c.group_id == group_id
        await self._connection.execute(delete(link_requests).where(before, same))
        await self._connection.execute(
            insert(link_requests).values(
                group_id=group_id,
                state=LinkState.OFFERED,
                code_hash=code_hash,
                maker_id=maker_id,
                made_in=_written(made_in),
                expires_at=expires_at,
            )
        )

    async def by_code(self, code_hash: str, now: datetime, *, for_group: bool) -> LinkRequest | None:
        """Return what a code was made for, or None if there is no such code any more."""
        of_kind = link_requests.c.group_id.is_not(None) if for_group else link_requests.c.group_id.is_(None)
        return await self._one(now, link_requests.c.code_hash == code_hash, of_kind)

    async def get(self, request_id: int, now: datetime) -> LinkRequest | None:
        """Return a request, or None once it is over."""
        return await self._one(now, link_requests.c.id == request_id)

    async def take(self, request_id: int, taker_id: int, taken_in: Channel, expires_at: datetime) -> None:
        """Note who used the code, and where; nobody can use it again."""
        await self._change(
            request_id,
            state=LinkState.TAKEN,
            code_hash=None,
            taker_id=taker_id,
            taken_in=_written(taken_in),
            expires_at=expires_at,
        )

    async def agree(self, request_id: int, taker_id: int, expires_at: datetime) -> None:
        """Note that the side which used the code agrees, and who spoke for it."""
        await self._change(request_id, state=LinkState.AGREED, taker_id=taker_id, expires_at=expires_at)

    async def _change(self, request_id: int, **values: Any) -> None:
        await self._connection.execute(update(link_requests).where(link_requests.c.id == request_id).values(values))

    async def end(self, request_id: int) -> None:
        """Forget a request that is agreed on or refused."""
        await self._connection.execute(delete(link_requests).where(link_requests.c.id == request_id))

    async def of_group(self, group_id: int, now: datetime) -> list[LinkRequest]:
        """Return the requests that wait for a group's hosts, oldest first."""
        waiting = (link_requests.c.group_id == group_id, link_requests.c.state == LinkState.AGREED)
        return await self._many(now, *waiting)

    async def in_channel(self, channel: Channel, now: datetime) -> list[LinkRequest]:
        """Return the requests that wait for whoever may set up a channel, oldest first."""
        taken = await self._many(now, link_requests.c.group_id.is_not(None), link_requests.c.state == LinkState.TAKEN)
        return [request for request in taken if request.taken_in == channel]

    async def of_member(self, member_id: int, now: datetime) -> list[LinkRequest]:
        """Return the requests for accounts that wait for a member, oldest first."""
        for_me = or_(
            (link_requests.c.taker_id == member_id) & (link_requests.c.state == LinkState.TAKEN),
            (link_requests.c.maker_id == member_id) & (link_requests.c.state == LinkState.AGREED),
        )
        return await self._many(now, link_requests.c.group_id.is_(None), for_me)

    async def note_wrong(self, member_id: int, now: datetime) -> None:
        """Note that a member tried a code that there is not."""
        await self._connection.execute(insert(wrong_codes).values(member_id=member_id, tried_at=now))

    async def wrong_since(self, member_ids: Sequence[int], since: datetime) -> int:
        """Return how many wrong codes these members have tried since an instant (UTC)."""
        mine = wrong_codes.c.member_id.in_(member_ids)
        query = select(func.count()).select_from(wrong_codes).where(mine, wrong_codes.c.tried_at > since)
        return (await self._connection.execute(query)).scalar_one()

    async def forget_before(self, requests: datetime, tries: datetime) -> None:
        """Forget requests that ended, and wrong codes that were tried, before these instants (UTC)."""
        await self._connection.execute(delete(link_requests).where(link_requests.c.expires_at <= requests))
        await self._connection.execute(delete(wrong_codes).where(wrong_codes.c.tried_at <= tries))

    async def forget(self, member_id: int) -> None:
        """Forget the requests of a member for accounts."""
        mine = or_(link_requests.c.maker_id == member_id, link_requests.c.taker_id == member_id)
        await self._connection.execute(delete(link_requests).where(mine, link_requests.c.group_id.is_(None)))

    async def _one(self, now: datetime, *conditions: ColumnElement[bool]) -> LinkRequest | None:
        found = await self._many(now, *conditions)
        return found[0] if found else None

    async def _many(self, now: datetime, *conditions: ColumnElement[bool]) -> list[LinkRequest]:
        maker, taker = members.alias("maker"), members.alias("taker")
        query = (
            select(
                link_requests,
                *(column.label(f"maker_{column.name}") for column in (maker.c.platform, maker.c.user, maker.c.name)),
                *(column.label(f"taker_{column.name}") for column in (taker.c.platform, taker.c.user, taker.c.name)),
            )
            .join(maker, maker.c.id == link_requests.c.maker_id)
            .outerjoin(taker, taker.c.id == link_requests.c.taker_id)
            .where(link_requests.c.expires_at > now, *conditions)
            .order_by(link_requests.c.id)
        )
        return [_request(row) for row in await self._connection.execute(query)]


def _written(channel: Channel) -> list[str]:
    return [channel.platform, channel.workspace, channel.channel]


def _read(written: Sequence[str]) -> Channel:
    platform, workspace, channel = written
    return Channel(platform, Ref(workspace), Ref(channel))


def _request(row: Row[Any]) -> LinkRequest:
    taker = None
    if row.taker_id is not None:
        taker = Member(row.taker_id, row.taker_platform, Ref(row.taker_user), row.taker_name)
    return LinkRequest(
        id=row.id,
        group_id=row.group_id,
        state=LinkState(row.state),
        maker=Member(row.maker_id, row.maker_platform, Ref(row.maker_user), row.maker_name),
        made_in=_read(row.made_in),
        expires_at=row.expires_at,
        taker=taker,
        taken_in=_read(row.taken_in) if row.taken_in is not None else None,
    )
