"""Runs the program on Slack, each time in a process of its own, so that somebody else can kill it.

    python -m tests.standins.killing_slack TOKEN APP_TOKEN API TEAM

It reads lines `FOLDER CHANNEL MINUTES`: the program runs in that folder, with a group in that channel, so many minutes
after a Monday's eight o'clock, until nothing is left to do. For each it prints the process's id, then how it ended.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from datetime import timedelta
from pathlib import Path

import structlog

from bot.clock import ManualClock
from bot.model import Channel, Ref
from bot.platforms.slack.connecting import BySocket, SocketKeys
from bot.platforms.slack.platform import SlackPlatform
from bot.platforms.slack.webapi import WebApi
from tests.standins.killing import ended, forked
from tests.standins.program import MONDAY, a_group, program
from tests.standins.workspace import hurried


async def ask(folder: Path, channel: Channel, keys: SocketKeys, api: str, minutes: int) -> None:
    """Run the program until nothing is left to do."""
    clock = ManualClock(MONDAY)
    web = WebApi(api)
    platform = SlackPlatform(web, BySocket(web, keys))
    with hurried():
        async with program(folder, clock, platform) as app:
            async with app.context.database.read() as transaction:
                known = await transaction.groups.all()
            if not known:
                await a_group(app, channel)
            running = asyncio.create_task(platform.run(app.desk))
            await platform.diagnose(channel)
            clock.move_to(MONDAY + timedelta(minutes=minutes))
            await app.settle()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await platform.close()


def main() -> None:
    """Run what is asked for, line by line."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    token, app_token, api, team = sys.argv[1:]
    for line in sys.stdin:
        folder, number, minutes = line.split()
        Path(folder).mkdir(exist_ok=True)
        where = Channel("slack", Ref(team), Ref(number))
        work = ask(Path(folder), where, SocketKeys(token, app_token), api, int(minutes))
        child = forked(lambda work=work: asyncio.run(work))  # type: ignore[misc]
        work.close()
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        sys.stdout.write(f"{ended(child)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
