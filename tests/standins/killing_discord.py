"""Posts a question to Discord over and over, and kills the process with SIGKILL one step later each time.

    python -m tests.standins.killing_discord FOLDER TOKEN API GATEWAY GUILD CHANNEL…

A step is: before a POST, when it is on its way, and when its answer has come but nothing of it is committed. Every
channel has a group of its own in a folder of its own, named after the channel. After each kill the program is started
again, a little later, and runs to its end. It says how often it was killed; the channels that are left saw no kill.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import aiohttp
import structlog

from bot.clock import ManualClock
from bot.model import Channel, Ref
from bot.platforms.discord import client, once
from bot.platforms.discord.client import point_at
from bot.platforms.discord.platform import DiscordPlatform
from bot.services.posting import LEASE
from tests.standins.killing import ended, forked
from tests.standins.meeting import hurried
from tests.standins.program import MONDAY, a_group, program

ASKED_AT = MONDAY + timedelta(hours=1)
AFTERWARDS = ASKED_AT + LEASE + timedelta(seconds=1)


class Steps:
    """Counts steps from when it is told to begin, and kills the process at one of them."""

    def __init__(self, kill_at: int) -> None:
        self._left = kill_at
        self._begun = False

        def counted() -> aiohttp.TraceConfig:
            trace = once.trace_config()
            for signals in (trace.on_request_start, trace.on_request_chunk_sent, trace.on_request_end):
                signals.append(self._at_a_request)
            return trace

        patch.object(client, "trace_config", counted).start()

    def begin(self) -> None:
        """Count from now on."""
        self._begun = True

    async def _at_a_request(
        self,
        _session: aiohttp.ClientSession,
        _context: SimpleNamespace,
        params: aiohttp.TraceRequestStartParams | aiohttp.TraceRequestChunkSentParams | aiohttp.TraceRequestEndParams,
    ) -> None:
        if self._begun and params.method == "POST":
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


async def ask(folder: Path, token: str, channel: Channel, at: datetime, step: int, *, kill: bool) -> None:
    """Run the program on Discord until nothing is left to do; steps count from the moment when it is connected."""
    steps = Steps(step) if kill else None
    clock = ManualClock(MONDAY)
    with hurried():
        platform = DiscordPlatform(token, clock)
        async with program(folder, clock, platform) as app:
            async with app.context.database.read() as transaction:
                known = await transaction.groups.all()
            if not known:
                # Rooms in which nobody meets: each database is new, and the nonces of what is posted must differ.
                others = [replace(channel, channel=Ref(f"{number}")) for number in range(step)]
                await a_group(app, *others, slug="others", days=frozenset())
                await a_group(app, channel)
            running = asyncio.create_task(platform.run(app.desk))
            await platform.diagnose(channel)
            clock.move_to(at)
            if steps is not None:
                steps.begin()
            await app.settle()
            await platform.close()
            await asyncio.gather(running, return_exceptions=True)


def main() -> None:
    """Kill the program at every step, each time in another channel, until it ends before it comes so far."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    folder, token, api, gateway, guild, *channels = sys.argv[1:]
    point_at(api, gateway)
    for step, number in enumerate(channels, 1):
        of_step, channel = Path(folder) / number, Channel("discord", Ref(guild), Ref(number))
        of_step.mkdir()
        status = ended(forked(lambda: asyncio.run(ask(of_step, token, channel, ASKED_AT, step, kill=True))))  # noqa: B023
        if status == 0:
            sys.stdout.write(str(step - 1))
            return
        if status != -signal.SIGKILL:
            sys.exit(f"{of_step}: the program ended with {status}")
        again = ended(forked(lambda: asyncio.run(ask(of_step, token, channel, AFTERWARDS, step, kill=False))))  # noqa: B023
        if again:
            sys.exit(f"{of_step}: the program ended with {again} when it was started again")
    sys.exit("there are more steps than channels")


if __name__ == "__main__":
    main()
