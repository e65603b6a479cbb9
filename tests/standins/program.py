"""The whole program, open on files of a test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.app import App, open_app
from bot.clock import Clock
from bot.model import Author, Channel, Group, Round, Settings
from bot.ports import Platform
from bot.store.deliveries import DeliveryState
from tests.standins.builders import migrated
from tests.standins.seeds import write_set

SET = "commons"
MONDAY = datetime(2030, 1, 7, 8, tzinfo=UTC)
"""An hour before groups are asked, unless a test says otherwise."""


@asynccontextmanager
async def program(
    folder: Path, clock: Clock, *platforms: Platform, questions: int = 3, purge_after: timedelta | None = None
) -> AsyncIterator[App]:
    """Open the program on a folder: its database, and a question set `commons` if there is none yet."""
    seeds = folder / "seeds"
    if not seeds.exists():
        write_set(seeds, SET, questions)
    async with open_app(
        database_url=migrated(folder), seeds=seeds, clock=clock, platforms=platforms, purge_after=purge_after
    ) as app:
        yield app


async def a_group(
    app: App, *channels: Channel, slug: str = "readers", hosts: Iterable[Author] = (), **settings: Any
) -> Group:
    """Make a group that meets in these channels and is asked at 09:00 (UTC) from now on."""
    wanted = Settings(**{"question_set": SET, **settings})
    async with app.context.database.write() as transaction:
        group = await transaction.groups.add(slug, slug.title(), wanted, app.context.clock.now())
        for channel in channels:
            await transaction.groups.add_room(group.id, channel)
        for member in [await transaction.members.ensure(host) for host in hosts]:
            await transaction.groups.add_host(group.id, member.id)
    return group


async def rounds_of(app: App, group: Group) -> list[Round]:
    """Return a group's rounds, oldest first."""
    async with app.context.database.read() as transaction:
        return (await transaction.rounds.recent(group.id, 1_000))[::-1]


async def alerts_of(app: App, group: Group) -> list[str]:
    """Return the sentences of a group's troubles."""
    async with app.context.database.read() as transaction:
        return await transaction.alerts.of_group(group.id)


async def problems_of(app: App, group: Group) -> list[tuple[DeliveryState, str]]:
    """Return how a group's deliveries stand that are in trouble, and why."""
    async with app.context.database.read() as transaction:
        return [(state, problem) for _, state, problem in await transaction.deliveries.problems(group.id)]
