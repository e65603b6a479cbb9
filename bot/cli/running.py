"""`run` and `try`: the commands that hold reading groups."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.app import open_app, serve
from bot.cli.ending import end_on_signals
from bot.cli.errors import errors_told
from bot.cli.platforms import make_platforms
from bot.cli.screen import terminal_screen
from bot.clock import SystemClock
from bot.config import BotSettings, load_settings
from bot.logs import configure_logs
from bot.trial import run_trial, start_over

TRIAL = Path("data/try")

Config = Annotated[
    Path | None,
    typer.Option("--config", envvar="READING_GROUP_CONFIG", help="The settings file; config/bot.yaml if not given."),
]


@errors_told()
def run(config: Config = None) -> None:
    """Hold the reading groups on the platforms that the settings name, until told to stop."""
    settings = load_settings(config)
    configure_logs(settings.log_format, settings.log_level)
    asyncio.run(_run(settings))


async def _run(settings: BotSettings) -> None:
    stop = asyncio.Event()
    end_on_signals(stop)
    clock = SystemClock()
    async with open_app(
        database_url=settings.database_url,
        seeds=settings.seeds,
        clock=clock,
        platforms=await make_platforms(settings, clock),
        declared=settings.groups,
        purge_after=settings.purge_after,
    ) as app:
        await serve(app, stop)


@errors_told()
def try_(
    folder: Annotated[Path, typer.Option(help="Where the trial keeps what it needs.")] = TRIAL,
    seeds: Annotated[
        Path, typer.Option(envvar="READING_GROUP_SEEDS", help="The folder that holds the question sets.")
    ] = Path("seeds"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over.")] = False,  # noqa: FBT002
) -> None:
    """Hold a reading group in this terminal, on a clock of its own."""
    if fresh:
        start_over(folder)
    asyncio.run(run_trial(folder, seeds, terminal_screen()))
