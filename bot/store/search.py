"""Full-text search over what a group was asked and what it said.

SQLite's FTS5 keeps the index in step by triggers, inside the transaction that changes the words. What a person types is
never parsed as FTS5's query language: it is cut at spaces, and each piece is quoted. FTS5 takes a run of a script that
is written without spaces for one word, so a piece in such a script is looked for inside the texts themselves. What is
left out of reach is a Latin word in the middle of such a run, looked for without its neighbours.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, column, func, literal_column, select, table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.schema import members, messages, questions, rounds
from bot.words import HAN, KANA, SOUTH_EAST_ASIAN

MOST_WORDS = 16

_UNSPACED = re.compile(f"[{HAN}{KANA}{SOUTH_EAST_ASIAN}]")

_questions_index = table("questions_fts", column("rowid"), column("questions_fts"))
_messages_index = table("messages_fts", column("rowid"), column("messages_fts"))


@dataclass(frozen=True, slots=True)
class Hit:
    """A question that was asked (`message_id` is None) or a message, with the round it belongs to."""

    round_id: int
    local_date: date
    text: str
    message_id: int | None = None
    name: str = ""
    room_id: int = 0


def match_expression(words: str) -> str:
    """Return an FTS5 expression for all words of spaced scripts, each the beginning of a word; empty if there are none.

    Quoted strings are FTS5's only literal form (https://www.sqlite.org/fts5.html#full_text_query_syntax).
    """
    spaced = [piece for piece in _pieces(words) if not _UNSPACED.search(piece) and any(map(str.isalnum, piece))]
    return " ".join('"{}"*'.format(piece.replace('"', '""')) for piece in spaced[:MOST_WORDS])


def unspaced_runs(words: str) -> list[str]:
    """Return the runs of unspaced scripts, which must stand in a text as they are."""
    runs = [run for piece in _pieces(words) if _UNSPACED.search(piece) for run in _letters(piece).split()]
    return runs[:MOST_WORDS]


def _pieces(words: str) -> list[str]:
    return "".join(" " if unicodedata.category(char)[0] == "C" else char for char in words).split()


def _letters(piece: str) -> str:
    return "".join(char if unicodedata.category(char)[0] in "LMN" else " " for char in piece)


class Search:
    """Full-text search."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def compact(self) -> None:
        """Rewrite the index, so that nothing of deleted words is left in it; it only marks them otherwise."""
        await self._connection.execute(text("INSERT INTO messages_fts(messages_fts) VALUES ('optimize')"))

    async def questions(self, group_id: int, words: str, limit: int) -> list[Hit]:
        """Return the questions that were asked to a group and hold all of the words, best first."""
        query = (
            select(rounds.c.id, rounds.c.local_date, questions.c.text)
            .join(questions, questions.c.id == rounds.c.question_id)
            .where(rounds.c.group_id == group_id)
        )
        if match := match_expression(words):
            query = query.join(_questions_index, _questions_index.c.rowid == questions.c.id)
            query = query.where(_questions_index.c.questions_fts.op("MATCH")(match))
            query = query.order_by(func.bm25(literal_column("questions_fts"), 4.0, 2.0, 1.0))
        everything = questions.c.text + "\n" + questions.c.topic + "\n" + questions.c.background
        query = query.order_by(rounds.c.local_date.desc()).limit(limit)
        return [Hit(row.id, row.local_date, row.text) for row in await self._rows(query, everything, words)]

    async def messages(self, group_id: int, words: str, limit: int) -> list[Hit]:
        """Return what a group's members said that holds all of the words, best first."""
        query = (
            select(
                rounds.c.id,
                rounds.c.local_date,
                messages.c.text,
                messages.c.id.label("message_id"),
                messages.c.room_id,
                members.c.name,
            )
            .join(messages, messages.c.round_id == rounds.c.id)
            .join(members, members.c.id == messages.c.member_id)
            .where(rounds.c.group_id == group_id)
        )
        if match := match_expression(words):
            query = query.join(_messages_index, _messages_index.c.rowid == messages.c.id)
            query = query.where(_messages_index.c.messages_fts.op("MATCH")(match))
            query = query.order_by(func.bm25(literal_column("messages_fts")))
        query = query.order_by(messages.c.sent_at.desc()).limit(limit)
        return [
            Hit(row.id, row.local_date, row.text, row.message_id, row.name, row.room_id)
            for row in await self._rows(query, messages.c.text, words)
        ]

    async def _rows(self, query: Select[Any], text: ColumnElement[str], words: str) -> Sequence[Row[Any]]:
        runs = unspaced_runs(words)
        if not runs and not match_expression(words):
            return ()
        for run in runs:
            query = query.where(func.instr(func.lower(text), func.lower(run)) > 0)
        rows: Sequence[Row[Any]] = (await self._connection.execute(query)).all()
        return rows
