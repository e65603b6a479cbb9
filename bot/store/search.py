"""Full-text search over what a group was asked and what it said.

SQLite's FTS5 keeps the index in step by triggers, inside the transaction that changes the words. What a person types is
never parsed as FTS5's query language: it is cut at spaces, and each piece is quoted. FTS5 takes a run of a script that
is written without spaces for one word, so a piece in such a script is looked for inside the texts themselves. So is a
word of a to z that follows upon such a script without a space, unless the index finds enough already.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Row,
    Select,
    TableClause,
    cast,
    column,
    false,
    func,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.schema import members, messages, questions, rounds
from bot.words import HAN, KANA, SOUTH_EAST_ASIAN

MOST_WORDS = 16
LONGEST_WORD = 100
"""Characters of a word that are looked for inside texts; SQLite's patterns are limited."""

_UNSPACED_LETTER = f"[{HAN}{KANA}{SOUTH_EAST_ASIAN}]"
_UNSPACED = re.compile(_UNSPACED_LETTER)
_AROUND_A_WORD = re.compile(r"^[\W_]+|[\W_]+$")
_GLOB_MARK = re.compile(r"[*?\[]")

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
    return " ".join(f"{_quoted(piece)}*" for piece in _spaced(words))


def unspaced_runs(words: str) -> list[str]:
    """Return the runs of unspaced scripts, which must stand in a text as they are."""
    runs = [run for piece in _pieces(words) if _UNSPACED.search(piece) for run in _letters(piece).split()]
    return runs[:MOST_WORDS]


def _quoted(piece: str) -> str:
    return '"{}"'.format(piece.replace('"', '""'))


def _spaced(words: str) -> list[str]:
    """Return the pieces of spaced scripts."""
    spaced = [piece for piece in _pieces(words) if not _UNSPACED.search(piece) and any(map(str.isalnum, piece))]
    return spaced[:MOST_WORDS]


def _bare(piece: str) -> str:
    """Return a piece without the marks around it, as it may stand inside a run."""
    return _AROUND_A_WORD.sub("", piece)[:LONGEST_WORD]


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
        searched = _Searched(
            key=questions.c.id,
            text=questions.c.text + "\n" + questions.c.topic + "\n" + questions.c.background,
            index=_questions_index,
            words=_questions_index.c.questions_fts,
            rank=func.bm25(literal_column("questions_fts"), 4.0, 2.0, 1.0),
            newest=rounds.c.local_date.desc(),
        )
        rows = await self._rows(query, searched, words, limit)
        return [Hit(row.id, row.local_date, row.text) for row in rows]

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
        searched = _Searched(
            key=messages.c.id,
            text=messages.c.text,
            index=_messages_index,
            words=_messages_index.c.messages_fts,
            rank=func.bm25(literal_column("messages_fts")),
            newest=messages.c.sent_at.desc(),
        )
        rows = await self._rows(query, searched, words, limit)
        return [Hit(row.id, row.local_date, row.text, row.message_id, row.name, row.room_id) for row in rows]

    async def _rows(self, query: Select[Any], searched: _Searched, words: str, limit: int) -> Sequence[Row[Any]]:
        """Return what the index finds, best first, and then, newest first, what else stands behind unspaced letters.

        What holds the words themselves goes before what holds longer ones that begin with them.
        """
        runs, match = unspaced_runs(words), match_expression(words)
        for run in runs:
            query = query.where(func.instr(func.lower(searched.text), func.lower(run)) > 0)
        if not match:
            return (await self._connection.execute(query.order_by(searched.newest).limit(limit))).all() if runs else ()
        matching = searched.words.bool_op("MATCH")
        indexed = query.join(searched.index, searched.index.c.rowid == searched.key).where(matching(match))
        known = select(searched.index.c.rowid)
        as_they_are = searched.key.in_(known.where(matching(" ".join(map(_quoted, _spaced(words))))))
        indexed = indexed.order_by(as_they_are.desc(), searched.rank, searched.newest)
        found: Sequence[Row[Any]] = (await self._connection.execute(indexed.limit(limit))).all()
        if len(found) == limit:
            return found
        inside = query.where(searched.key.not_in(known.where(matching(match))))
        for piece in _spaced(words):
            begins_one = searched.key.in_(known.where(matching(f"{_quoted(piece)}*")))
            inside = inside.where(begins_one | _behind_unspaced(searched.text, _bare(piece)))
        more = await self._connection.execute(inside.order_by(searched.newest).limit(limit - len(found)))
        return [*found, *more]


@dataclass(frozen=True, slots=True)
class _Searched:
    """Where words are looked for: texts by `key`, and their index with its `rank`, best first."""

    key: ColumnElement[int]
    text: ColumnElement[str]
    index: TableClause
    words: ColumnElement[str]
    rank: ColumnElement[float]
    newest: ColumnElement[Any]


def _behind_unspaced(text: ColumnElement[str], word: str) -> ColumnElement[bool]:
    """Return whether a word of a to z stands right behind an unspaced letter.

    What comes first rules most texts out at less cost: the word is not in it, or all its letters are of one byte.
    """
    if not word.isascii():
        return false()
    folded, wanted = func.lower(text), func.lower(word)
    is_wider = func.length(cast(text, LargeBinary)) > func.length(text)
    literal = _GLOB_MARK.sub(r"[\g<0>]", word)
    pattern = func.lower(f"*{_UNSPACED_LETTER}{literal}*")
    return (func.instr(folded, wanted) > 0) & is_wider & folded.bool_op("GLOB")(pattern)
