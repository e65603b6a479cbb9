"""`check --online`: asking each platform whether the bot can work there, without disturbing one that runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.chat import ChatDesk
from bot.cli.platforms import make_platforms
from bot.clock import SystemClock
from bot.config import BotSettings, Platforms, database_url
from bot.content import plural
from bot.errors import BotError
from bot.model import Channel
from bot.questions.catalogue import Catalogue
from bot.services.context import Context
from bot.services.recording import Recorder
from bot.store.database import Database, MissingError, open_database, visit_database


async def inspect_platforms(settings: BotSettings) -> list[tuple[str, list[str], str]]:
    """Return for each platform that is set up its name, a sentence for each trouble, and what was looked at.

    Nothing can be wrong with the console. Raises DatabaseError.
    """
    async with AsyncExitStack() as stack:
        database = await _opened(settings, stack)
        rooms, alerts = await _channels(database, settings)
        found: list[tuple[str, list[str], str]] = []
        for name, alone in _each(settings):
            if name == "console":
                found.append((name, [], "needs no connection"))
                continue
            here, alerted = _on(name, rooms), _on(name, alerts - rooms)
            troubles = await _inspect(alone, database, here, alerted)
            channels = plural(len(here) + len(alerted), "channel")
            found.append((name, troubles, f"the bot can work there, with {channels}"))
        return found


async def _opened(settings: BotSettings, stack: AsyncExitStack) -> Database:
    """Open the database; one that is not there yet is not made, an empty one stands in for it."""
    try:
        return await stack.enter_async_context(visit_database(settings.database_url))
    except MissingError:
        folder = stack.enter_context(TemporaryDirectory())
        return await stack.enter_async_context(open_database(database_url(Path(folder) / "empty.db")))


async def _channels(database: Database, settings: BotSettings) -> tuple[set[Channel], set[Channel]]:
    """Return where groups meet and where alerts go, those of declared groups included."""
    async with database.read() as transaction:
        groups = await transaction.groups.all()
        rooms = {room.channel for group in groups for room in await transaction.groups.rooms(group.id)}
    rooms |= {room.place for group in settings.groups for room in group.rooms}
    held = [*(group.settings for group in groups), *(group.settings for group in settings.groups)]
    return rooms, {one.alert_channel for one in held if one.alert_channel is not None}


def _on(platform: str, channels: Iterable[Channel]) -> list[Channel]:
    there = (channel for channel in channels if channel.platform == platform)
    return sorted(there, key=lambda one: (one.workspace, one.channel))


def _each(settings: BotSettings) -> Iterator[tuple[str, BotSettings]]:
    """Yield each platform's name with settings that name it alone."""
    for name in Platforms.model_fields:
        own = getattr(settings.platforms, name)
        if own is not None:
            yield name, settings.model_copy(update={"platforms": Platforms(**{name: own})})


async def _inspect(
    settings: BotSettings, database: Database, rooms: Sequence[Channel], alerts: Sequence[Channel]
) -> list[str]:
    clock = SystemClock()
    try:
        (platform,) = await make_platforms(settings, clock)
    except BotError as error:
        return [str(error)]
    context = Context(database, Catalogue(settings.seeds), clock, {platform.name: platform}, lambda: None)
    try:
        return list(await platform.inspect(ChatDesk(context, Recorder(database)), rooms, alerts))
    except BotError as error:
        return [str(error)]
    finally:
        await platform.close()
