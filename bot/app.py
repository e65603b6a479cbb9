"""Where the program's parts are made, wired together, run and closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog

from bot.chat import ChatDesk
from bot.clock import Clock
from bot.config import DeclaredGroup
from bot.errors import PlatformError
from bot.ports import Platform
from bot.questions.catalogue import Catalogue
from bot.services.context import Context
from bot.services.declaring import declare_groups
from bot.services.posting import Poster
from bot.services.recording import Recorder
from bot.services.scheduling import Scheduler, sync_questions
from bot.store.database import open_database
from bot.wording import parse_zone

log = structlog.get_logger(__name__)

CLOSE_SECONDS = 2.0
"""How long closing a platform may take."""


@dataclass(frozen=True, slots=True)
class App:
    """The open program."""

    context: Context
    desk: ChatDesk
    recorder: Recorder
    poster: Poster
    scheduler: Scheduler
    scheduler_wake: asyncio.Event
    poster_wake: asyncio.Event

    async def settle(self) -> None:
        """Do everything that is due now and post it, without waiting for anything that is due later."""
        await self.scheduler.tick()
        await self.poster.settle()


@asynccontextmanager
async def open_app(
    *,
    database_url: str,
    seeds: Path,
    clock: Clock,
    platforms: Iterable[Platform],
    declared: Iterable[DeclaredGroup] = (),
    purge_after: timedelta | None = None,
) -> AsyncIterator[App]:
    """Open the program: database, question sets, declared groups, and the writer of events. Close all at the end.

    What members say is recorded as long as it is open. Groups that meet only where the bot was removed are forgotten
    `purge_after` that, if it is given. Raises DatabaseError, QuestionSetError, SettingsError.
    """
    catalogue = Catalogue(seeds)
    await catalogue.load()
    async with open_database(database_url) as database:
        wakes = (asyncio.Event(), asyncio.Event())

        def wake() -> None:
            for event in wakes:
                event.set()

        by_name: Mapping[str, Platform] = {platform.name: platform for platform in platforms}
        context = Context(database, catalogue, clock, by_name, wake)
        await sync_questions(context)
        await declare_groups(context, declared)
        recorder = Recorder(database)
        app = App(
            context,
            ChatDesk(context, recorder),
            recorder,
            Poster(context, recorder),
            Scheduler(context, purge_after),
            *wakes,
        )
        writing = asyncio.create_task(recorder.run(), name="recorder")
        try:
            yield app
        finally:
            await _close(by_name.values())
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            await recorder.drain()


async def _close_in_time(platform: Platform) -> None:
    async with asyncio.timeout(CLOSE_SECONDS):
        await platform.close()


async def _close(platforms: Iterable[Platform]) -> None:
    """Close every platform, whatever becomes of the others."""
    for problem in await asyncio.gather(*map(_close_in_time, platforms), return_exceptions=True):
        if problem is not None:
            log.error("a platform could not be closed", problem=repr(problem))


async def serve(app: App, stop: asyncio.Event) -> None:
    """Run every platform, the scheduler and the poster until `stop` is set; then end them in good order.

    A platform that refuses the bot for good is logged and done without. Raises PlatformError for the last one.
    """
    await asyncio.to_thread(parse_zone, "UTC")
    log.info("running", platforms=sorted(app.context.platforms))
    left = set(app.context.platforms)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(_run(platform, app, left)) for platform in app.context.platforms.values()]
        running.append(tasks.create_task(app.scheduler.run(app.scheduler_wake)))
        running.append(tasks.create_task(app.poster.run(app.poster_wake)))
        await stop.wait()
        log.info("stopping")
        for task in running:
            task.cancel()
    log.info("stopped")


async def _run(platform: Platform, app: App, left: set[str]) -> None:
    """Run a platform. `left` are the names of those that have not refused the bot."""
    try:
        await platform.run(app.desk)
    except PlatformError as error:
        left.discard(platform.name)
        if not left:
            raise
        log.error("a platform refuses the bot; the others go on", platform=platform.name, problem=str(error))
