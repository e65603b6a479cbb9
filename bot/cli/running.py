"""`run` and `try`: the commands that hold reading groups."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import structlog
import typer

from bot.app import open_app, serve
from bot.cli.errors import errors_told
from bot.cli.platforms import make_platforms
from bot.cli.screen import terminal_screen
from bot.clock import SystemClock
from bot.config import BotSettings, load_settings
from bot.logs import configure_logs
from bot.trial import run_trial, start_over

log = structlog.get_logger(__name__)

TRIAL = Path("data/try")

END_SECONDS = 4.0
"""How long the program may take to end in good order once it is told to."""

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
    _leave()


async def _run(settings: BotSettings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end() -> None:
        stop.set()
        loop.call_later(END_SECONDS, _end_now)

    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, end)
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


def _leave() -> None:
    """End the process without taking the interpreter apart, which threads that still wait can hold up."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)


def _end_now() -> None:
    """End the process where it stands, as a kill would: what is not recorded was not acknowledged, and comes again."""
    log.error("something held up the end, such as another program that writes to the database")
    os._exit(1)


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
