"""Runs the program on the console over and over, and kills it with SIGKILL one step later each time.

    python -m tests.standins.killing SCENARIO FOLDER

A step is: before and after each commit to the database, before and after each write to the channel's file. What led up
to the scenario is prepared once and copied for every run. After each kill the program is started again, a little later,
and runs to its end. Each run leaves its folder, named after the step; the last two ended before they came so far.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path

import structlog
from sqlalchemy import Engine, event
from sqlalchemy.pool import Pool

from bot.app import App
from bot.clock import ManualClock
from bot.model import Author, Room
from bot.platforms.console import channel as console_channel
from bot.platforms.console.channel import ConsoleChannel, open_channel
from bot.platforms.console.platform import CHANNEL, ConsolePlatform, author, seen
from bot.services.answering import give_answer
from bot.services.posting import LEASE
from tests.standins.program import MONDAY, a_group, program, rounds_of

ADA = author("Ada")
ASKED_AT = MONDAY + timedelta(hours=1)
ANSWERED_AT = ASKED_AT + timedelta(hours=1)
DIGEST_AT = MONDAY.replace(hour=18) + timedelta(days=6)
LATER = LEASE + timedelta(seconds=1)
WORDS = "It is the memory that they lack, more than anything else."

Action = Callable[[App, ConsoleChannel], Awaitable[None]]


class Steps:
    """Counts the program's steps, and kills the process at one of them."""

    def __init__(self, kill_at: int) -> None:
        self._left = kill_at

    def install(self) -> None:
        """Begin to count."""
        event.listen(Engine, "commit", self._step)
        event.listen(Pool, "checkin", self._step)
        append = console_channel._append  # noqa: SLF001

        def counted(path: Path, line: bytes, size: int) -> None:
            self._step()
            append(path, line, size)
            self._step()

        console_channel._append = counted  # noqa: SLF001

    def _step(self, *_: object) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What happened before, one after the other, and what is under way while the program is killed.

    Steps count from the moment when the program is open, or `from_start`.
    """

    before: tuple[tuple[datetime, Action], ...]
    at: datetime
    action: Action
    from_start: bool = False


async def set_up(app: App, channel: ConsoleChannel) -> None:
    """Make a group that is asked on Mondays."""
    await a_group(app, CHANNEL, days=frozenset({0}))


async def nothing(app: App, channel: ConsoleChannel) -> None:
    """Leave it to the program."""


async def say(app: App, channel: ConsoleChannel) -> None:
    """Say something in the thread."""
    (question,) = [entry for entry in channel.entries() if entry.thread is None]
    entry = await channel.post(ADA.name, WORDS, app.context.clock.now(), thread=question.number)
    await app.desk.record(seen(entry))


async def answer(app: App, channel: ConsoleChannel) -> None:
    """Answer with the form, as somebody does who repeats what was never confirmed."""
    await _fill_in(app, WORDS)


async def withdraw(app: App, channel: ConsoleChannel) -> None:
    """Take the form's answer back."""
    async with app.context.database.read() as transaction:
        member = await transaction.members.find(ADA.platform, ADA.user)
        assert member is not None
        standing = await transaction.messages.form_answer(1, member.id)
    if standing is not None:
        await _fill_in(app, "")


async def delete(app: App, channel: ConsoleChannel) -> None:
    """Delete what the digest quotes; the console's history tells if nobody listened."""
    said = next((entry for entry in channel.entries() if entry.author == ADA.name), None)
    if said is not None:
        await channel.delete(said.number, app.context.clock.now())
    await app.desk.connected("console")


async def _fill_in(app: App, text: str) -> None:
    async with app.context.database.read() as transaction:
        (group,) = await transaction.groups.all()
        room: Room = (await transaction.groups.rooms(group.id))[0]
    (round_,) = await rounds_of(app, group)
    member: Author = ADA
    await give_answer(app.context, room, member, round_.id, text)


GROUP = (MONDAY, set_up)
ASKED = (GROUP, (ASKED_AT, nothing))
SCENARIOS = {
    "question": Scenario((GROUP,), ASKED_AT, nothing, from_start=True),
    "answer": Scenario(ASKED, ANSWERED_AT, answer),
    "withdrawal": Scenario((*ASKED, (ANSWERED_AT, answer)), ANSWERED_AT + timedelta(hours=1), withdraw),
    "digest": Scenario((*ASKED, (ANSWERED_AT, say)), DIGEST_AT, nothing),
    "revision": Scenario((*ASKED, (ANSWERED_AT, say), (DIGEST_AT, nothing)), DIGEST_AT + timedelta(hours=1), delete),
}


async def live(folder: Path, at: datetime, action: Action, begun: Callable[[], None] = lambda: None) -> None:
    """Run the program until nothing is left to do; say when it has `begun`."""
    clock = ManualClock(at)
    channel = await open_channel(folder / "channel.jsonl")
    platform = ConsolePlatform(channel, clock, lambda _user, _text: None)
    async with program(folder, clock, platform) as app:
        await app.desk.connected(platform.name)
        begun()
        await action(app, channel)
        await app.settle()


def run_and_kill(scenario: Scenario, folder: Path, step: int) -> bool:
    """Kill the program at a step and start it again a little later; return whether it ended before it came so far."""
    status = ended(forked(lambda: _count_and_live(Steps(step), folder, scenario)))
    if status == -signal.SIGKILL:
        asyncio.run(live(folder, scenario.at + LATER, scenario.action))
    elif status != 0:
        sys.exit(f"{folder}: the program ended with {status}")
    return status == 0


def _count_and_live(steps: Steps, folder: Path, scenario: Scenario) -> None:
    if scenario.from_start:
        steps.install()
        asyncio.run(live(folder, scenario.at, scenario.action))
    else:
        asyncio.run(live(folder, scenario.at, scenario.action, steps.install))


def forked(work: Callable[[], None]) -> int:
    """Do something in a process of its own and return its id."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        work()
        status = 0
    finally:
        if status:
            traceback.print_exc()
        os._exit(status)


def ended(child: int) -> int:
    """Return a process's exit status once it has ended; a signal's is negative."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill_at_steps(scenario: Scenario, folder: Path, steps: Iterable[int]) -> None:
    """Kill the program at each step, each time on a copy of what was prepared, until it ends before it comes so far."""
    for step in steps:
        of_step = folder / str(step)
        shutil.copytree(folder / "prepared", of_step)
        if run_and_kill(scenario, of_step, step):
            return


def main() -> None:
    """Kill the program at every step of a scenario, on two processors."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    scenario, folder = SCENARIOS[sys.argv[1]], Path(sys.argv[2])
    (folder / "prepared").mkdir(parents=True)
    for at, action in scenario.before:
        asyncio.run(live(folder / "prepared", at, action))
    two = [forked(partial(kill_at_steps, scenario, folder, count(first, 2))) for first in (1, 2)]
    sys.exit(max(map(ended, two)))


if __name__ == "__main__":
    main()
