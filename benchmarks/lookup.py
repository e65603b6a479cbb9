"""How fast `/reading search` answers, against the same full-text query with bare sqlite3 on the same file."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

from benchmarks.measure import WORDS, Result, best, messages, open_group
from bot.events import Invocation, Place
from bot.platforms.console.platform import CHANNEL, author
from bot.store.search import match_expression

LOOKUPS = 200
RECORDED = 5_000

QUERY = """
SELECT messages.text FROM messages_fts JOIN messages ON messages.id = messages_fts.rowid
WHERE messages_fts MATCH ? ORDER BY bm25(messages_fts) LIMIT 10
"""


async def lookup(folder: Path) -> list[Result]:
    """Return the rate of searches among thousands of messages."""
    chance = random.Random(7)  # noqa: S311  (the same words in each run)
    wanted = [" ".join(chance.choices([word for word in WORDS if word.isalpha()], k=2)) for _ in range(LOOKUPS)]
    home = folder / "lookup"
    async with open_group(home) as app:
        await app.recorder.record_all(messages(RECORDED, 1))

        async def search() -> int:
            for words in wanted:
                await app.desk.command(Invocation(Place(CHANNEL), author("Ada"), "reading search", {"words": words}))
            return len(wanted)

        ours = await best(search)
        bare = sqlite3.connect(home / "bot.db")

        async def bare_search() -> int:
            for words in wanted:
                bare.execute(QUERY, (match_expression(words),)).fetchall()
            return len(wanted)

        rate = await best(bare_search)
        bare.close()
    return [Result("searching 5,000 messages, as a command", ours, rate)]
