"""Every question that a set held, so that rounds can point at it, and groups' queues."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Question
from bot.selection import Queued
from bot.store.codec import question_from_json, question_to_json
from bot.store.schema import questions, queue, retirements


class Questions:
    """Questions by set and slug."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def sync(self, question_set: str, loaded: Iterable[Question]) -> None:
        """Keep what a set holds now. What it no longer holds stays, for the rounds that point at it."""
        rows = [
            {
                "question_set": question_set,
                "slug": question.id,
                "body": question_to_json(question),
                "text": question.text,
                "topic": question.topic,
                "background": question.background,
            }
            for question in loaded
        ]
        if not rows:
            return
        insertion = upsert(questions)
        new = insertion.excluded
        await self._connection.execute(
            insertion.on_conflict_do_update(
                index_elements=["question_set", "slug"],
                set_={"body": new.body, "text": new.text, "topic": new.topic, "background": new.background},
                where=questions.c.body != new.body,
            ),
            rows,
        )

    async def key(self, question_set: str, slug: str) -> int:
        """Return the row of a question that was synced. Raises LookupError."""
        which = {"set": question_set, "slug": slug}
        found: int | None = (await self._connection.execute(_KEY, which)).scalar()
        if found is None:
            raise LookupError(slug)
        return found

    async def of_set(self, question_set: str) -> list[Question]:
        """Return every question that was ever synced under a set's name, oldest first."""
        bodies = (await self._connection.execute(_OF_SET, {"set": question_set})).scalars()
        return [question_from_json(body) for body in bodies]

    async def remove_set(self, question_set: str) -> None:
        """Forget a set's questions, to which no round may point any more."""
        await self._connection.execute(delete(questions).where(questions.c.question_set == question_set))

    async def retire(self, group_id: int, question_key: int) -> None:
        """Never ask a group a question again; again changes nothing."""
        values = {"group_id": group_id, "question_id": question_key}
        await self._connection.execute(upsert(retirements).values(values).on_conflict_do_nothing())

    async def retired(self, group_id: int) -> set[str]:
        """Return the slugs of the questions that a group retired."""
        return set((await self._connection.execute(_RETIRED, {"group": group_id})).scalars())

    async def enqueue(self, group_id: int, question_key: int, *, on: date | None, by: int | None, now: datetime) -> int:
        """Put a question at the end of a group's queue, for a local date or for the next free one; return its entry."""
        insertion = insert(queue).values(
            group_id=group_id, question_id=question_key, on_date=on, added_by=by, added_at=now
        )
        entry: int = (await self._connection.execute(insertion.returning(queue.c.id))).scalar_one()
        return entry

    async def dequeue(self, group_id: int, entry: int) -> bool:
        """Take an entry out of a group's queue; return whether it was there."""
        gone = delete(queue).where(queue.c.group_id == group_id, queue.c.id == entry)
        return (await self._connection.execute(gone)).rowcount > 0

    async def queued(self, group_id: int) -> list[tuple[Queued, Question]]:
        """Return a group's queue in order, each entry with its question."""
        return [
            (Queued(row.id, row.slug, row.on_date), question_from_json(row.body))
            for row in await self._connection.execute(_QUEUED, {"group": group_id})
        ]


_OF_SET = select(questions.c.body).where(questions.c.question_set == bindparam("set")).order_by(questions.c.id)
_KEY = select(questions.c.id).where(questions.c.question_set == bindparam("set"), questions.c.slug == bindparam("slug"))
_RETIRED = (
    select(questions.c.slug)
    .join(retirements, retirements.c.question_id == questions.c.id)
    .where(retirements.c.group_id == bindparam("group"))
)
_QUEUED = (
    select(queue.c.id, queue.c.on_date, questions.c.slug, questions.c.body)
    .join(questions, questions.c.id == queue.c.question_id)
    .where(queue.c.group_id == bindparam("group"))
    .order_by(queue.c.id)
)
