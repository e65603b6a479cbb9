"""What was said.

Messages are keyed by room and platform id. The newest version wins; a deletion leaves a tombstone without text, and
nothing that arrives later brings the words back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, func, insert, select, tuple_, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Member, Message, Ref, Substance
from bot.store.schema import digest_quotes, digests, members, messages, reactions, rounds, tombstones

Key = tuple[int, Ref]
"""A message: its room's id and the platform's id of it."""

_AT_ONCE = 400
"""Keys in one statement, well below SQLite's limit of 32,766 parameters."""


@dataclass(frozen=True, slots=True)
class Version:
    """A thread message as it was at one time."""

    room_id: int
    round_id: int
    ref: Ref
    member_id: int
    text: str
    substance: Substance
    sent_at: datetime
    edited_at: datetime | None
    reply_to: Ref | None


class Messages:
    """Answers and remarks."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def keep(self, versions: Sequence[Version]) -> None:
        """Record versions of messages, each unless a newer one is known or the message was deleted."""
        buried = await self._buried([(version.room_id, version.ref) for version in versions])
        rows = [asdict(version) for version in versions if (version.room_id, version.ref) not in buried]
        if not rows:
            return
        insertion = upsert(messages)
        new = insertion.excluded
        newer = tuple_(func.coalesce(new.edited_at, new.sent_at), new.text) > tuple_(
            func.coalesce(messages.c.edited_at, messages.c.sent_at), messages.c.text
        )
        await self._connection.execute(
            insertion.on_conflict_do_update(
                index_elements=["room_id", "ref"],
                set_={name: new[name] for name in ("text", "substance", "sent_at", "edited_at", "reply_to")},
                where=newer,
            ),
            rows,
        )

    async def bury(self, deleted: dict[Key, datetime]) -> None:
        """Forget messages for good; `deleted` gives when each went away (UTC)."""
        if not deleted:
            return
        insertion = upsert(tombstones)
        await self._connection.execute(
            insertion.on_conflict_do_update(
                index_elements=["room_id", "ref"],
                set_={"deleted_at": func.min(tombstones.c.deleted_at, insertion.excluded.deleted_at)},
            ),
            [{"room_id": room, "ref": ref, "deleted_at": at} for (room, ref), at in deleted.items()],
        )
        for some in _chunks(list(deleted)):
            for table in (messages, reactions):
                await self._connection.execute(delete(table).where(tuple_(table.c.room_id, table.c.ref).in_(some)))

    async def _buried(self, keys: Sequence[Key]) -> set[Key]:
        found: set[Key] = set()
        for some in _chunks(keys):
            query = select(tombstones.c.room_id, tombstones.c.ref).where(
                tuple_(tombstones.c.room_id, tombstones.c.ref).in_(some)
            )
            found.update((row.room_id, Ref(row.ref)) for row in await self._connection.execute(query))
        return found

    async def outdate_digests(self, keys: Sequence[Key]) -> None:
        """Mark the digests that quote any of these messages, so that they are compiled again."""
        for some in _chunks(keys):
            quoting = (
                select(digest_quotes.c.digest_id)
                .join(messages, messages.c.id == digest_quotes.c.message_id)
                .where(tuple_(messages.c.room_id, messages.c.ref).in_(some))
            )
            await self._connection.execute(update(digests).where(digests.c.id.in_(quoting)).values(stale=True))

    async def outdate_digests_of(self, message_id: int) -> None:
        """Mark the digests that quote a message, so that they are compiled again."""
        quoting = select(digest_quotes.c.digest_id).where(digest_quotes.c.message_id == message_id)
        await self._connection.execute(update(digests).where(digests.c.id.in_(quoting)).values(stale=True))

    async def refs(self, round_id: int, room_id: int) -> set[Ref]:
        """Return the thread messages, other than form answers, that are recorded for a round in a room."""
        query = select(messages.c.ref).where(
            messages.c.round_id == round_id, messages.c.room_id == room_id, messages.c.by_form.is_(False)
        )
        return {Ref(ref) for ref in (await self._connection.execute(query)).scalars() if ref is not None}

    async def put_form_answer(
        self, round_id: int, room_id: int, member_id: int, text: str, pick: str, now: datetime
    ) -> int:
        """Record a member's form answer to a round, over the one before, and return its id."""
        values = {
            "round_id": round_id,
            "room_id": room_id,
            "member_id": member_id,
            "text": text,
            "pick": pick,
            "substance": Substance.ANSWER,
            "by_form": True,
        }
        mine = await self.form_answer(round_id, member_id)
        if mine is None:
            insertion = insert(messages).values(sent_at=now, **values).returning(messages.c.id)
            new: int = (await self._connection.execute(insertion)).scalar_one()
            return new
        changed = {"text": text, "pick": pick, "edited_at": now}
        await self._connection.execute(update(messages).where(messages.c.id == mine.id).values(changed))
        return mine.id

    async def form_answer(self, round_id: int, member_id: int) -> Message | None:
        """Return a member's form answer to a round, or None."""
        return await self._one(
            _messages().where(messages.c.round_id == round_id, messages.c.member_id == member_id, messages.c.by_form)
        )

    async def withdraw(self, message: Message) -> None:
        """Forget a form answer and the reactions to it."""
        await self._connection.execute(delete(messages).where(messages.c.id == message.id))
        if message.ref is not None:
            here = (reactions.c.room_id == message.room_id) & (reactions.c.ref == message.ref)
            await self._connection.execute(delete(reactions).where(here))

    async def posted(self, message_id: int, ref: Ref) -> None:
        """Note under which platform id a form answer was posted."""
        await self._connection.execute(update(messages).where(messages.c.id == message_id).values(ref=ref))

    async def get(self, message_id: int) -> Message | None:
        """Return a message, or None once it is gone."""
        return await self._one(_messages().where(messages.c.id == message_id))

    async def of_round(self, round_id: int, *, answers_only: bool = False) -> list[Message]:
        """Return what was said in a round, oldest first."""
        query = _messages().where(messages.c.round_id == round_id).order_by(messages.c.sent_at, messages.c.id)
        return await self._many(query.where(messages.c.substance == Substance.ANSWER) if answers_only else query)

    async def between(self, group_id: int, since: datetime, until: datetime) -> list[Message]:
        """Return what a group said from `since` up to, but without, `until` (UTC), oldest first."""
        query = (
            _messages()
            .join(rounds, rounds.c.id == messages.c.round_id)
            .where(rounds.c.group_id == group_id, messages.c.sent_at >= since, messages.c.sent_at < until)
        )
        return await self._many(query.order_by(messages.c.sent_at, messages.c.id))

    async def answers_by(self, group_id: int, member_id: int, limit: int) -> list[Message]:
        """Return a member's latest answers in a group, newest first."""
        query = (
            _messages()
            .join(rounds, rounds.c.id == messages.c.round_id)
            .where(
                rounds.c.group_id == group_id,
                messages.c.member_id == member_id,
                messages.c.substance == Substance.ANSWER,
            )
        )
        return await self._many(query.order_by(messages.c.sent_at.desc(), messages.c.id.desc()).limit(limit))

    async def count_answers(self, round_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
        """Return by round how many answers there are and how many members gave them; rounds without are left out."""
        query = (
            select(messages.c.round_id, func.count(), func.count(messages.c.member_id.distinct()))
            .where(messages.c.round_id.in_(round_ids), messages.c.substance == Substance.ANSWER)
            .group_by(messages.c.round_id)
        )
        return {row[0]: (row[1], row[2]) for row in await self._connection.execute(query)}

    async def count_by_member(self, group_id: int, since: datetime | None = None) -> list[tuple[Member, int, int]]:
        """Return each member with how many answers they gave and to how many rounds, most rounds first."""
        answered = func.count(messages.c.round_id.distinct())
        query = (
            select(members, func.count().label("answers"), answered.label("answered"))
            .join(messages, messages.c.member_id == members.c.id)
            .join(rounds, rounds.c.id == messages.c.round_id)
            .where(rounds.c.group_id == group_id, messages.c.substance == Substance.ANSWER)
            .group_by(members.c.id)
            .order_by(answered.desc(), func.count().desc(), members.c.name)
        )
        if since is not None:
            query = query.where(messages.c.sent_at >= since)
        return [(_member(row, row.id), row.answers, row.answered) for row in await self._connection.execute(query)]

    async def _one(self, query: Select[Any]) -> Message | None:
        row = (await self._connection.execute(query)).first()
        return _message(row) if row else None

    async def _many(self, query: Select[Any]) -> list[Message]:
        return [_message(row) for row in await self._connection.execute(query)]


def _messages() -> Select[Any]:
    return select(messages, members.c.platform, members.c.user, members.c.name).join(
        members, members.c.id == messages.c.member_id
    )


def _member(row: Row[Any], member_id: int) -> Member:
    return Member(member_id, row.platform, Ref(row.user), row.name)


def _message(row: Row[Any]) -> Message:
    return Message(
        id=row.id,
        round_id=row.round_id,
        room_id=row.room_id,
        member=_member(row, row.member_id),
        text=row.text,
        substance=Substance(row.substance),
        sent_at=row.sent_at,
        ref=Ref(row.ref) if row.ref is not None else None,
        edited_at=row.edited_at,
        pick=row.pick,
        by_form=row.by_form,
        reply_to=Ref(row.reply_to) if row.reply_to is not None else None,
    )


def _chunks(keys: Sequence[Key]) -> list[Sequence[Key]]:
    return [keys[start : start + _AT_ONCE] for start in range(0, len(keys), _AT_ONCE)]
