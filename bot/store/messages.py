"""What was said.

Messages are keyed by room and platform id. The newest version wins; a deletion leaves a tombstone without text, and
nothing that arrives later brings the words back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, delete, func, insert, select, tuple_, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Choice, Member, Message, Ref, Substance
from bot.store.accounts import accounts_of, person_of
from bot.store.keys import Key, buried, chunks, is_one_of
from bot.store.schema import digest_quotes, digests, linked_accounts, members, messages, reactions, rounds, tombstones


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

    @property
    def key(self) -> Key:
        """Return the message that this is a version of."""
        return self.room_id, self.ref

    def replaces(self, stored: Row[Any]) -> bool:
        """Return whether this version brings other words than those that are stored."""
        newer = age(self.sent_at, self.edited_at, self.text) > age(stored.sent_at, stored.edited_at, stored.text)
        return newer and self.text != stored.text


_COLUMNS = tuple(one.name for one in fields(Version))


def age(sent_at: datetime, edited_at: datetime | None, text: str) -> tuple[datetime, bool, str]:
    """Return what orders the versions of one message, oldest first.

    Any edit is newer than the message as it was sent, even within one instant; of two edits at the same instant the one
    whose text sorts last wins, whichever comes first.
    """
    return edited_at or sent_at, edited_at is not None, text


class Messages:
    """Answers and remarks."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def keep(self, versions: Sequence[Version]) -> None:
        """Record versions of messages that are not `buried`, each unless a newer one is known."""
        if not versions:
            return
        await self._outdate_digests_of_edited(versions)
        insertion = upsert(messages)
        await self._connection.execute(
            insertion.on_conflict_do_update(
                index_elements=["room_id", "ref"],
                set_={
                    name: insertion.excluded[name] for name in ("text", "substance", "sent_at", "edited_at", "reply_to")
                },
                where=_age(insertion.excluded) > _age(messages.c),
            ),
            [{name: getattr(version, name) for name in _COLUMNS} for version in versions],
        )

    async def buried(self, keys: Sequence[Key]) -> set[Key]:
        """Return which of these messages were deleted, whose words must not come back."""
        return await buried(self._connection, keys)

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
        for some in chunks(list(deleted)):
            query = select(messages.c.id).where(is_one_of(messages, some))
            await self._outdate_digests((await self._connection.execute(query)).scalars().all())
            for table in (messages, reactions):
                await self._connection.execute(delete(table).where(is_one_of(table, some)))

    async def known(self, keys: Sequence[Key]) -> set[Key]:
        """Return which of these messages are recorded."""
        found: set[Key] = set()
        for some in chunks(keys):
            query = select(messages.c.room_id, messages.c.ref).where(is_one_of(messages, some))
            found.update((row.room_id, Ref(row.ref)) for row in await self._connection.execute(query))
        return found

    async def replaced_by(self, versions: Sequence[Version]) -> list[Version]:
        """Return which versions are edits that bring other words than those that are recorded."""
        return [version for version, _ in await self._edits(versions)]

    async def _edits(self, versions: Sequence[Version], *where: ColumnElement[bool]) -> list[tuple[Version, Row[Any]]]:
        """Return the versions that bring other words, each with what is recorded, where that is so."""
        edited = {version.key: version for version in versions if version.edited_at is not None}
        found: list[tuple[Version, Row[Any]]] = []
        for some in chunks(list(edited)):
            rows = await self._connection.execute(select(messages).where(is_one_of(messages, some), *where))
            here = ((edited[row.room_id, Ref(row.ref)], row) for row in rows)
            found += [(version, row) for version, row in here if version.replaces(row)]
        return found

    async def _outdate_digests_of_edited(self, versions: Sequence[Version]) -> None:
        """Mark the digests that quote words which these versions replace; those that bring nothing new change none."""
        quoting = select(digest_quotes.c.digest_id).where(digest_quotes.c.message_id == messages.c.id)
        await self._outdate_digests([row.id for _, row in await self._edits(versions, quoting.exists())])

    async def _outdate_digests(self, message_ids: Sequence[int]) -> None:
        for some in chunks(message_ids):
            quoting = select(digest_quotes.c.digest_id).where(digest_quotes.c.message_id.in_(some))
            await self._connection.execute(update(digests).where(digests.c.id.in_(quoting)).values(stale=True))

    async def outdate_digests_quoting(self, member_id: int) -> None:
        """Mark the digests that quote a member, from any of their accounts, so that they are compiled again."""
        quoted = select(messages.c.id).where(messages.c.member_id.in_(accounts_of(member_id)))
        quoting = select(digest_quotes.c.digest_id).where(digest_quotes.c.message_id.in_(quoted))
        await self._connection.execute(update(digests).where(digests.c.id.in_(quoting)).values(stale=True))

    async def outdate_digests_over(self, message_id: int) -> None:
        """Mark the digests of the weeks that a message falls into, so that they are compiled again."""
        await self._outdate_digests_over(messages.c.id == message_id)

    async def outdate_digests_about(self, member_id: int) -> None:
        """Mark the digests of all weeks in which a member said something, from any of their accounts."""
        await self._outdate_digests_over(messages.c.member_id.in_(accounts_of(member_id)))

    async def _outdate_digests_over(self, which: ColumnElement[bool]) -> None:
        over = (
            select(digests.c.id)
            .join(rounds, rounds.c.group_id == digests.c.group_id)
            .join(messages, messages.c.round_id == rounds.c.id)
            .where(which, messages.c.sent_at >= digests.c.since, messages.c.sent_at < digests.c.until)
        )
        await self._connection.execute(update(digests).where(digests.c.id.in_(over)).values(stale=True))

    async def outdate_digests_with(self, member_id: int, since: datetime) -> None:
        """Mark the digests of weeks that ended after an instant (UTC) in the groups where a member said something."""
        groups = (
            select(rounds.c.group_id)
            .join(messages, messages.c.round_id == rounds.c.id)
            .where(messages.c.member_id.in_(accounts_of(member_id)))
        )
        theirs = update(digests).where(digests.c.until > since, digests.c.group_id.in_(groups))
        await self._connection.execute(theirs.values(stale=True))

    async def refs(self, round_id: int, room_id: int) -> set[Ref]:
        """Return the thread messages, other than form answers, that are recorded for a round in a room."""
        query = select(messages.c.ref).where(
            messages.c.round_id == round_id, messages.c.room_id == room_id, messages.c.by_form.is_(False)
        )
        return {Ref(ref) for ref in (await self._connection.execute(query)).scalars() if ref is not None}

    async def put_form_answer(
        self, round_id: int, room_id: int, member_id: int, text: str, pick: str, now: datetime
    ) -> int:
        """Record a member's form answer to a round, over the one before, and return its id.

        One that was given from another account of theirs stays that account's, in the room where it was given.
        """
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
        """Return a member's form answer to a round, or the one from another account of theirs, or None."""
        theirs = messages.c.member_id.in_(accounts_of(member_id))
        query = _messages().where(messages.c.round_id == round_id, theirs, messages.c.by_form)
        return await self._one(query.order_by(messages.c.member_id != member_id, messages.c.id))

    async def withdraw(self, message: Message) -> None:
        """Forget a form answer and the reactions to it."""
        await self._connection.execute(delete(messages).where(messages.c.id == message.id))
        if message.ref is not None:
            here = (reactions.c.room_id == message.room_id) & (reactions.c.ref == message.ref)
            await self._connection.execute(delete(reactions).where(here))

    async def posted(self, message_id: int, ref: Ref) -> None:
        """Note under which platform id a form answer was posted; forget it if that post was deleted by now."""
        mine = messages.c.id == message_id
        await self._connection.execute(update(messages).where(mine).values(ref=ref))
        gone = select(tombstones).where(tombstones.c.room_id == messages.c.room_id, tombstones.c.ref == messages.c.ref)
        await self._connection.execute(delete(messages).where(mine, gone.exists()))

    async def get(self, message_id: int) -> Message | None:
        """Return a message, or None once it is gone."""
        return await self._one(_messages().where(messages.c.id == message_id))

    async def at(self, key: Key) -> Message | None:
        """Return the message that stands somewhere, or None if it is not recorded."""
        return await self._one(_messages().where(is_one_of(messages, [key])))

    async def choose(self, message_id: int, choice: Choice | None) -> None:
        """Note what hosts decided about a message."""
        await self._connection.execute(update(messages).where(messages.c.id == message_id).values(choice=choice))

    async def by_ids(self, message_ids: Sequence[int]) -> dict[int, Message]:
        """Return messages by id; those that are gone are left out."""
        return {message.id: message for message in await self._many(_messages().where(messages.c.id.in_(message_ids)))}

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

    async def all_by(self, member_id: int) -> list[Message]:
        """Return everything that a member said from all of their accounts, in every group, oldest first."""
        theirs = messages.c.member_id.in_(accounts_of(member_id))
        return await self._many(_messages().where(theirs).order_by(messages.c.id))

    async def answers_by(self, group_id: int, member_id: int, limit: int) -> list[Message]:
        """Return a member's latest answers in a group, from all of their accounts, newest first."""
        query = (
            _messages()
            .join(rounds, rounds.c.id == messages.c.round_id)
            .where(
                rounds.c.group_id == group_id,
                messages.c.member_id.in_(accounts_of(member_id)),
                messages.c.substance == Substance.ANSWER,
            )
        )
        return await self._many(query.order_by(messages.c.sent_at.desc(), messages.c.id.desc()).limit(limit))

    async def count_answers(self, round_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
        """Return by round how many answers there are and how many people gave them; rounds without are left out."""
        query = (
            select(messages.c.round_id, func.count(), func.count(_PERSON.distinct()))
            .outerjoin(linked_accounts, linked_accounts.c.member_id == messages.c.member_id)
            .where(messages.c.round_id.in_(round_ids), messages.c.substance == Substance.ANSWER)
            .group_by(messages.c.round_id)
        )
        return {row[0]: (row[1], row[2]) for row in await self._connection.execute(query)}

    async def count_by_member(self, group_id: int, since: datetime | None = None) -> list[tuple[Member, int, int]]:
        """Return each member with how many answers they gave and to how many rounds, most rounds first.

        Linked accounts are one, the one that answered last.
        """
        counted = (
            select(
                func.max(messages.c.id).label("latest"),
                func.count().label("answers"),
                func.count(messages.c.round_id.distinct()).label("answered"),
            )
            .join(rounds, rounds.c.id == messages.c.round_id)
            .outerjoin(linked_accounts, linked_accounts.c.member_id == messages.c.member_id)
            .where(rounds.c.group_id == group_id, messages.c.substance == Substance.ANSWER)
            .group_by(_PERSON)
        )
        if since is not None:
            counted = counted.where(messages.c.sent_at >= since)
        found = counted.subquery()
        query = (
            select(members, found.c.answers, found.c.answered)
            .join(messages, messages.c.member_id == members.c.id)
            .join(found, found.c.latest == messages.c.id)
            .order_by(found.c.answered.desc(), found.c.answers.desc(), members.c.name)
        )
        return [(_member(row, row.id), row.answers, row.answered) for row in await self._connection.execute(query)]

    async def _one(self, query: Select[Any]) -> Message | None:
        row = (await self._connection.execute(query)).first()
        return _message(row) if row else None

    async def _many(self, query: Select[Any]) -> list[Message]:
        return [_message(row) for row in await self._connection.execute(query)]


_PERSON = person_of(linked_accounts, messages.c.member_id)


def _age(version: Any) -> ColumnElement[Any]:
    """Return `age` of a row, in SQL."""
    last = func.coalesce(version.edited_at, version.sent_at)
    return tuple_(last, version.edited_at.is_not(None), version.text)


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
        choice=Choice(row.choice) if row.choice else None,
    )
