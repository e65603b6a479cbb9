"""How fast messages are recorded, against inserting the same rows with bare sqlite3 in commits of the same size."""

from __future__ import annotations

import asyncio
import sqlite3
from itertools import count
from pathlib import Path

from benchmarks.measure import Result, best, messages, open_group
from bot.services.recording import MOST_AT_ONCE

MESSAGES = 5_000

TABLES = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE messages(id INTEGER PRIMARY KEY, ref TEXT UNIQUE, author TEXT, text TEXT, sent_at TEXT);
CREATE VIRTUAL TABLE words USING fts5(text, content='messages', content_rowid='id');
CREATE TRIGGER index_words AFTER INSERT ON messages BEGIN
    INSERT INTO words(rowid, text) VALUES (new.id, new.text);
END;
"""


async def recording(folder: Path) -> list[Result]:
    """Return the rate of recording many messages at once, and of one after the other."""
    seeds = count()
    async with open_group(folder) as app:

        async def many() -> int:
            events = messages(MESSAGES, next(seeds))
            await app.recorder.record_all(events)
            return len(events)

        together = await best(many)
    bare = sqlite3.connect(folder / "bare.db")
    bare.executescript(TABLES)

    async def bare_many() -> int:
        rows = [
            (event.message, event.author.user, event.text, event.sent_at.isoformat())
            for event in messages(MESSAGES, next(seeds))
        ]
        for start in range(0, len(rows), MOST_AT_ONCE):
            with bare:
                bare.executemany(
                    "INSERT INTO messages(ref, author, text, sent_at) VALUES (?, ?, ?, ?)",
                    rows[start : start + MOST_AT_ONCE],
                )
        await asyncio.sleep(0)
        return len(rows)

    bare_together = await best(bare_many)
    bare.close()
    return [Result("recording messages, 500 a commit", together, bare_together)]
