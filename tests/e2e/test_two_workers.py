"""Several workers on one database never post the same thing twice."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from bot.clock import ManualClock
from bot.content import Post
from bot.events import Place
from bot.ports import Found, Outcome, Progress, Refs
from bot.services.answering import give_answer
from bot.services.posting import LEASE
from tests.standins.memory import MemoryPlatform, Service, channel, person
from tests.standins.program import MONDAY, a_group, program, rounds_of

ASKED_AT = MONDAY + timedelta(hours=1)
GROUPS, ROOMS = 5, 30
"""More rooms than one worker takes at once."""


@pytest.mark.parametrize("workers", [2, 5])
async def test_workers_share_the_deliveries_of_many_rooms(tmp_path: Path, workers: int) -> None:
    clock = ManualClock(MONDAY)
    channels = [channel(f"room-{number}") for number in range(30)]
    service = Service(clock, *channels)
    async with program(tmp_path, clock, MemoryPlatform(service)) as app:
        group = await a_group(app, *channels)
        clock.move_to(ASKED_AT)
        await app.scheduler.tick()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(workers):
            tasks.create_task(_settle(tmp_path, clock, service))
    async with program(tmp_path, clock, MemoryPlatform(service)) as app:
        (round_,) = await rounds_of(app, group)
        async with app.context.database.read() as transaction:
            assert len(await transaction.rounds.threads(round_.id)) == 30
            assert await transaction.deliveries.next_due() is None
    assert Counter(one.place.channel for one in service.messages() if one.place.thread is None) == dict.fromkeys(
        channels, 1
    )
    assert len(list(service.messages())) == 60


async def _settle(folder: Path, clock: ManualClock, service: Service) -> None:
    async with program(folder, clock, MemoryPlatform(service)) as app:
        await app.settle()


class Delayed(MemoryPlatform):
    """A platform whose replies take long enough for a lease to end."""

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self.posted = asyncio.Event()
        self.reply = asyncio.Event()

    async def ensure_post(self, place: Place, key: str, post: Post, progress: Progress, found: Found) -> Outcome:
        async def late(refs: Refs) -> None:
            self.posted.set()
            await self.reply.wait()
            await found(refs)

        return await super().ensure_post(place, key, post, progress, late)


@pytest.mark.parametrize("what", ["question", "answer"])
async def test_a_worker_that_slept_through_its_lease_leaves_the_rest_to_the_other(tmp_path: Path, what: str) -> None:
    clock = ManualClock(MONDAY)
    here = channel("here")
    service = Service(clock, here)
    slow = Delayed(service)
    async with (
        program(tmp_path, clock, slow) as sleeper,
        program(tmp_path, clock, MemoryPlatform(service)) as other,
    ):
        group = await a_group(other, here)
        clock.move_to(ASKED_AT)
        if what == "answer":
            await other.settle()
            async with other.context.database.read() as transaction:
                (room,) = await transaction.groups.rooms(group.id)
            await give_answer(other.context, room, person("Ada"), 1, "It is the memory that they lack.")
        sleeping = asyncio.create_task(sleeper.settle())
        await slow.posted.wait()
        clock.advance(LEASE / 2)
        await other.settle()
        assert len(list(service.messages())) == (1 if what == "question" else 3)
        clock.advance(LEASE / 2)
        await other.settle()
        after = list(service.messages())
        assert len(after) == (2 if what == "question" else 3)
        slow.reply.set()
        await sleeping
        assert list(service.messages()) == after
        async with other.context.database.read() as transaction:
            ((_, message, thread),) = await transaction.rounds.threads(1)
        assert (message, thread) == (after[0].ref, after[1].place.thread)


def test_two_processes_ask_once_and_share_the_posts(tmp_path: Path) -> None:
    asyncio.run(_groups(tmp_path))
    command = [sys.executable, "-m", "tests.standins.worker", str(tmp_path)]
    workers = [
        subprocess.Popen(
            command, cwd=Path(__file__).parents[2], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for worker in workers:
        assert worker.stdout is not None
        while worker.stdout.readline() != "ready\n":
            assert worker.poll() is None
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    logs = [worker.communicate()[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    posted = (tmp_path / "posts.txt").read_text().splitlines()
    assert len(posted) == len(set(posted)) == GROUPS * ROOMS
    assert sum(log.count("delivered") for log in logs) == GROUPS * ROOMS
    assert all("delivered" in log for log in logs)
    asyncio.run(_each_has_one_round(tmp_path))


async def _groups(folder: Path) -> None:
    async with program(folder, ManualClock(MONDAY)) as app:
        for number in range(GROUPS):
            await a_group(app, *(channel(f"{number}-{room}") for room in range(ROOMS)), slug=f"group-{number}")


async def _each_has_one_round(folder: Path) -> None:
    async with program(folder, ManualClock(MONDAY)) as app:
        async with app.context.database.read() as transaction:
            groups = await transaction.groups.all()
        assert [len(await rounds_of(app, group)) for group in groups] == [1] * GROUPS
