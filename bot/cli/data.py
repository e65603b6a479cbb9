"""`check`, `health`, `migrate`, `digest` and `commands`: looking after what is kept, and looking things up."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bot.cli.errors import UsageError, errors_told
from bot.cli.online import inspect_platforms
from bot.cli.running import Config
from bot.clock import SystemClock
from bot.commands.reference import reference
from bot.config import BotSettings, load_settings
from bot.content import plural
from bot.digest.model import Digest
from bot.digest.render import digest_blocks, digest_title
from bot.errors import BotError, DatabaseError
from bot.nearest import nearest
from bot.platforms.console.render import blocks_text
from bot.questions.catalogue import Catalogue
from bot.services.context import Context
from bot.services.declaring import require_sets
from bot.services.digests import preview_digest
from bot.services.lookups import find_digest
from bot.services.scheduling import HEARTBEAT
from bot.store.database import MissingError, open_database, visit_database
from bot.store.migrating import OutdatedError

STALE_AFTER = timedelta(minutes=3)
"""How long after its last heartbeat the bot is taken for dead."""


def check(
    online: Annotated[bool, typer.Option("--online", help="Ask the platforms as well.")] = False,  # noqa: FBT002
    config: Config = None,
) -> None:
    """Check settings, question sets and database, each with a tick or a sentence."""
    try:
        settings = load_settings(config)
    except BotError as error:
        _say(f"✗ Settings: {error}\nThe rest can be checked once this is right.")
        raise typer.Exit(1) from None
    groups = plural(len(settings.groups), "declared group") if settings.groups else "groups are set up from chat"
    _say(f"✓ Settings: {groups}")
    sets, database = asyncio.run(_check(settings))
    reachable = not online or (database and asyncio.run(_check_online(settings)))
    if not (sets and database and reachable):
        raise typer.Exit(1)


async def _check(settings: BotSettings) -> tuple[bool, bool]:
    try:
        _say(f"✓ Question sets: {await _check_sets(settings)}")
        sets = True
    except BotError as error:
        _say(f"✗ Question sets: {error}")
        sets = False
    try:
        _say(f"✓ Database: {await _check_database(settings)}")
    except BotError as error:
        _say(f"✗ Database: {error}")
        return sets, False
    return sets, True


async def _check_online(settings: BotSettings) -> bool:
    try:
        found = await inspect_platforms(settings)
    except DatabaseError as error:
        _say(f"✗ Platforms: {error}")
        return False
    for name, troubles, well in found:
        for line in [f"✗ {name}: {trouble}" for trouble in troubles] or [f"✓ {name}: {well}"]:
            _say(line)
    if not found:
        _say("✗ Platforms: No chat platform is set up. Name one under `platforms`.")
    return bool(found) and not any(troubles for _, troubles, _ in found)


async def _check_sets(settings: BotSettings) -> str:
    catalogue = Catalogue(settings.seeds)
    await catalogue.load()
    if catalogue.broken:
        raise BotError("\n  ".join(catalogue.broken.values()))
    if not catalogue.sets:
        raise BotError(f"There are none in {settings.seeds}.", "Name the right folder as `seeds`.")
    require_sets(catalogue, settings.groups)
    return ", ".join(f"{name} ({plural(len(found.questions), 'question')})" for name, found in catalogue.sets.items())


async def _check_database(settings: BotSettings) -> str:
    try:
        async with visit_database(settings.database_url) as database:
            await database.check()
            async with database.read() as transaction:
                groups = await transaction.groups.all()
    except MissingError:
        _require_makeable(settings.database)
        return f"{settings.database} is made at the first start"
    except OutdatedError:
        return f"{settings.database} is of an earlier version, and is brought up to date at the next start"
    return f"{settings.database} is sound and holds {plural(len(groups), 'group')}"


def _require_makeable(path: Path) -> None:
    folder = next(parent for parent in path.absolute().parents if os.path.lexists(parent))
    if not folder.is_dir():
        raise DatabaseError(f"{path} cannot be made: {folder} is no folder.", "Choose another place for it.")
    if not os.access(folder, os.W_OK):
        raise DatabaseError(f"{path} cannot be made.", f"Let the bot's user write to {folder}.")


@errors_told()
def health(config: Config = None) -> None:
    """Say whether the bot that uses this database is alive; for container health checks."""
    asyncio.run(_health(load_settings(config)))


async def _health(settings: BotSettings) -> None:
    beat = None
    with suppress(MissingError):
        async with visit_database(settings.database_url) as database, database.read() as transaction:
            beat = await transaction.notes.get(HEARTBEAT)
    if beat is None:
        raise BotError("The bot has never run with this database.", "Start it with `reading-group-bot run`.")
    silent = datetime.now(UTC) - datetime.fromisoformat(beat)
    if silent > STALE_AFTER:
        raise BotError(f"The bot gave its last sign of life {plural(int(silent.total_seconds()) // 60, 'minute')} ago.")
    _say("The bot is alive.")


@errors_told()
def migrate(config: Config = None) -> None:
    """Bring the database's schema to what this version needs; `run` does so too."""
    asyncio.run(_migrate(load_settings(config)))


async def _migrate(settings: BotSettings) -> None:
    async with open_database(settings.database_url) as database:
        _say(f"{settings.database} is at schema {await database.migrate()}.")


@errors_told()
def digest(
    group: Annotated[str, typer.Option(help="The group's short name.")],
    week: Annotated[
        str | None, typer.Option(help="The day on which a digest was posted; the latest if left out.")
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="The digest as it would be now.")] = False,  # noqa: FBT002
    config: Config = None,
) -> None:
    """Show a group's digest."""
    if week and preview:
        raise UsageError("--week shows a digest that was posted and --preview the next one.", "Use one of them.")
    on = _day(week) if week else None
    shown = asyncio.run(_digest(load_settings(config), group, on, preview=preview))
    _say(f"{digest_title(shown)}\n{blocks_text(digest_blocks(shown))}")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--week: “{text}” is not a date.", "Write it like 2030-01-31.") from None


async def _digest(settings: BotSettings, slug: str, on: date | None, *, preview: bool) -> Digest:
    catalogue = Catalogue(settings.seeds)
    await catalogue.load()
    async with visit_database(settings.database_url) as database:
        async with database.read() as transaction:
            group = await transaction.groups.by_slug(slug)
            known = [one.slug for one in await transaction.groups.all()]
        if group is None:
            near = nearest(slug, known)
            hint = f"Did you mean {near}?" if near else f"There are {', '.join(known)}." if known else ""
            raise UsageError(f"There is no group “{slug}”.", hint or "No group was set up yet.")
        context = Context(database, catalogue, SystemClock(), {}, lambda: None)
        if preview:
            return await preview_digest(context, group)
        return (await find_digest(context, group, on)).digest


def commands() -> None:
    """Print the page on every chat command, as Markdown."""
    typer.echo(reference(), nl=False)


def _say(text: str) -> None:
    Console(highlight=False, markup=False, emoji=False, soft_wrap=True).print(text)
