"""`check`, `health`, `migrate` and `digest`: the commands that look after what is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bot.cli.errors import errors_told
from bot.cli.running import Config
from bot.clock import SystemClock
from bot.config import load_settings
from bot.digest.model import Digest
from bot.digest.render import digest_blocks, digest_title
from bot.errors import BotError, SettingsError
from bot.platforms.console.render import blocks_text
from bot.questions.catalogue import Catalogue
from bot.services.context import Context
from bot.services.digests import preview_digest
from bot.services.lookups import find_digest
from bot.services.scheduling import HEARTBEAT
from bot.store.database import open_database

STALE_AFTER = timedelta(minutes=3)
"""How long after its last heartbeat the bot is taken for dead."""


def check(config: Config = None) -> None:
    """Check settings, question sets and database, each with a tick or a sentence."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    failed = not all(_tick(console, name, one) for name, one in _checks(config))
    if failed:
        raise typer.Exit(1)


def _checks(config: Path | None) -> list[tuple[str, Callable[[], str]]]:
    def settings() -> str:
        found = load_settings(config)
        return f"{len(found.groups)} declared groups" if found.groups else "groups are set up from chat"

    def sets() -> str:
        return asyncio.run(_check_sets(load_settings(config).seeds))

    def database() -> str:
        return asyncio.run(_check_database(load_settings(config).database_url))

    return [("Settings", settings), ("Question sets", sets), ("Database", database)]


def _tick(console: Console, name: str, one: Callable[[], str]) -> bool:
    try:
        console.print(f"✓ {name}: {one()}")
    except BotError as error:
        console.print(f"✗ {name}: {error}")
        return False
    return True


async def _check_sets(seeds: Path) -> str:
    catalogue = Catalogue(seeds)
    await catalogue.load()
    if catalogue.broken:
        raise BotError("\n  ".join(f"{name}: {sentence}" for name, sentence in catalogue.broken.items()))
    return ", ".join(f"{name} ({len(found.questions)} questions)" for name, found in catalogue.sets.items()) or "none"


async def _check_database(url: str) -> str:
    async with open_database(url) as database:
        await database.check()
        async with database.read() as transaction:
            groups = await transaction.groups.all()
    return f"sound, {len(groups)} groups"


@errors_told()
def health(config: Config = None) -> None:
    """Say whether the bot that uses this database is alive; for container health checks."""
    asyncio.run(_health(load_settings(config).database_url))


async def _health(url: str) -> None:
    async with open_database(url) as database, database.read() as transaction:
        beat = await transaction.notes.get(HEARTBEAT)
    if beat is None or datetime.now(UTC) - datetime.fromisoformat(beat) > STALE_AFTER:
        raise BotError("The bot is not running." if beat is None else f"The bot was last alive at {beat}.")


@errors_told()
def migrate(config: Config = None) -> None:
    """Bring the database's schema to what this version needs; `run` does so too."""
    asyncio.run(_migrate(load_settings(config).database_url))


async def _migrate(url: str) -> None:
    async with open_database(url) as database:
        Console(highlight=False).print(f"The database is at schema {await database.migrate()}.")


@errors_told()
def digest(
    group: Annotated[str, typer.Option(help="The group's slug.")],
    week: Annotated[
        str | None, typer.Option(help="A day on which a digest was posted; the latest if left out.")
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="The digest as it would be now.")] = False,  # noqa: FBT002
    config: Config = None,
) -> None:
    """Show a group's digest."""
    settings = load_settings(config)
    on = _day(week) if week else None
    shown = asyncio.run(_digest(settings.database_url, settings.seeds, group, on, preview=preview))
    Console(highlight=False, markup=False, soft_wrap=True).print(
        f"{digest_title(shown)}\n{blocks_text(digest_blocks(shown))}"
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"--week: “{text}” is not a date.", "Write it like 2030-01-31.") from None


async def _digest(url: str, seeds: Path, slug: str, on: date | None, *, preview: bool) -> Digest:
    catalogue = Catalogue(seeds)
    await catalogue.load()
    async with open_database(url) as database:
        async with database.read() as transaction:
            group = await transaction.groups.by_slug(slug)
            known = [one.slug for one in await transaction.groups.all()]
        if group is None:
            raise SettingsError(f"There is no group “{slug}”.", f"Known are: {', '.join(known) or 'none'}.")
        context = Context(database, catalogue, SystemClock(), {}, lambda: None)
        if preview:
            return await preview_digest(context, group)
        return (await find_digest(context, group, on)).digest
