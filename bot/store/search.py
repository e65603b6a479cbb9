"""Full-text search over what a group was asked and what it said.

SQLite's FTS5 keeps the index in step by triggers, inside the transaction that changes the words. What a person types is
never parsed as FTS5's query language: it is cut into words, and each is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

_WORD = re.compile(r"\w+")
MAX_WORDS = 16


@dataclass(frozen=True, slots=True)
class Hit:
    """A question that was asked (`message_id` is None) or a message, with the round it belongs to."""

    round_id: int
    local_date: date
    text: str
    message_id: int | None = None
    name: str = ""


def match_expression(words: str) -> str:
    """Return an FTS5 expression for all of the words, each a prefix; empty if there are none.

    Quoted strings are FTS5's only literal form (https://www.sqlite.org/fts5.html#full_text_query_syntax).
    """
    found = _WORD.findall(words)[:MAX_WORDS]
    return " ".join(f'"{word}"*' for word in found)


class Search:
    """Full-text search."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def questions(self, group_id: int, words: str, limit: int) -> list[Hit]:
        """Return the questions that were asked to a group and hold all of the words, best first."""
        query = text(
            """
            SELECT rounds.id, rounds.local_date AS on_date, questions.text AS words
            FROM questions_fts
            JOIN questions ON questions.id = questions_fts.rowid
            JOIN rounds ON rounds.question_id = questions.id AND rounds.group_id = :group_id
            WHERE questions_fts MATCH :match
            ORDER BY bm25(questions_fts, 4.0, 2.0, 1.0), rounds.local_date DESC LIMIT :limit
            """
        )
        return [
            Hit(row.id, date.fromisoformat(row.on_date), row.words)
            for row in await self._rows(query, group_id, words, limit)
        ]

    async def messages(self, group_id: int, words: str, limit: int) -> list[Hit]:
        """Return what a group's members said that holds all of the words, best first."""
        query = text(
            """
            SELECT rounds.id, rounds.local_date AS on_date, messages.text AS words, messages.id AS message_id,
                   members.name
            FROM messages_fts
            JOIN messages ON messages.id = messages_fts.rowid
            JOIN members ON members.id = messages.member_id
            JOIN rounds ON rounds.id = messages.round_id AND rounds.group_id = :group_id
            WHERE messages_fts MATCH :match
            ORDER BY bm25(messages_fts), messages.sent_at DESC LIMIT :limit
            """
        )
        return [
            Hit(row.id, date.fromisoformat(row.on_date), row.words, row.message_id, row.name)
            for row in await self._rows(query, group_id, words, limit)
        ]

    async def _rows(self, query: TextClause, group_id: int, words: str, limit: int) -> Sequence[Row[Any]]:
        match = match_expression(words)
        if not match:
            return ()
        values = {"group_id": group_id, "match": match, "limit": limit}
        return (await self._connection.execute(query, values)).all()
