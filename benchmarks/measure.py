"""Timing, and the group that the benchmarks work on."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.app import App, open_app
from bot.clock import ManualClock
from bot.config import database_url
from bot.events import MessageSeen, Place
from bot.model import Ref
from bot.platforms.console.channel import open_channel
from bot.platforms.console.platform import CHANNEL, HOST, ConsolePlatform, author
from bot.services.hosting import set_up

SEEDS = Path(__file__).parents[1] / "seeds"
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
ROUNDS = 3
"""How often each side is measured; the best counts, since noise only ever slows."""

WORDS = (Path(__file__).parents[1] / "seeds" / "README.md").read_text("utf-8").split()


@dataclass(frozen=True, slots=True)
class Result:
    """What one benchmark measured, in operations a second."""

    name: str
    ours: float
    bare: float


def sentence(chance: random.Random) -> str:
    """Return words to record."""
    return " ".join(chance.choices(WORDS, k=30))


def messages(count: int, seed: int) -> list[MessageSeen]:
    """Return that many messages by 50 members in the first round's thread, which is under message 2."""
    chance = random.Random(seed)  # noqa: S311  (the same texts in each run)
    people = [author(f"member {number}") for number in range(50)]
    return [
        MessageSeen(
            Place(CHANNEL, Ref("2")), Ref(f"{seed}-{number}"), chance.choice(people), sentence(chance),
            START + timedelta(seconds=number),
        )
        for number in range(count)
    ]  # fmt: skip


@asynccontextmanager
async def open_group(folder: Path) -> AsyncIterator[App]:
    """Open the program with one group that has been asked its first question."""
    clock = ManualClock(START)
    platform = ConsolePlatform(await open_channel(folder / "channel.jsonl"), clock, lambda _user, _text: None)
    url = database_url(folder / "bot.db")
    async with open_app(database_url=url, seeds=SEEDS, clock=clock, platforms=[platform]) as app:
        await set_up(app.context, CHANNEL, author(HOST), {}, None)
        await app.settle()
        yield app


async def best(work: Callable[[], Awaitable[int]]) -> float:
    """Return the highest rate of a few rounds of work, each of which returns how many operations it did."""
    rates = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        done = await work()
        rates.append(done / (time.perf_counter() - started))
    return max(rates)
