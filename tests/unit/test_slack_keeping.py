"""What is kept for a while: what was looked up, and work that goes on without whoever asked for it."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import DatabaseError
from bot.platforms.slack.catchup import CatchUp
from bot.platforms.slack.lasting import Lasting
from bot.platforms.slack.recent import Recent
from tests.contract.hands import Reports


def test_what_was_put_there_is_found_until_its_time_is_over() -> None:
    now = [0.0]
    kept: Recent[str, int] = Recent(2, 10.0, lambda: now[0])
    kept.put("a", 1)
    now[0] = 10.0
    assert kept.get("a") == 1
    now[0] = 10.1
    assert (kept.get("a"), kept.last("a")) == (None, 1)
    kept.put("a", 2)
    assert kept.get("a") == 2


def test_what_nobody_asked_for_the_longest_makes_room() -> None:
    kept: Recent[str, int] = Recent(2, 10.0)
    kept.put("a", 1)
    kept.put("b", 2)
    assert kept.get("a") == 1
    kept.put("c", 3)
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (1, None, 3)


class Work:
    """Work that waits until it may end."""

    def __init__(self) -> None:
        self.begun = 0
        self.may_end = asyncio.Event()
        self.fails = False

    async def __call__(self) -> int:
        self.begun += 1
        await self.may_end.wait()
        if self.fails:
            raise ConnectionResetError
        return self.begun


async def given_up(lasting: Lasting[int], work: Work) -> None:
    """Begin work, and give it up."""
    waiting = asyncio.create_task(lasting.result("k 1", work))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


async def test_work_that_was_given_up_is_done_once_and_its_result_taken_once() -> None:
    lasting: Lasting[int] = Lasting()
    work = Work()
    await given_up(lasting, work)
    await given_up(lasting, work)
    work.may_end.set()
    assert await lasting.of("k ") == [1]
    assert await lasting.result("k 1", work) == 1
    assert await lasting.result("k 1", work) == 2
    await lasting.close()


async def test_work_that_failed_may_be_begun_again() -> None:
    lasting: Lasting[int] = Lasting()
    work = Work()
    work.fails = True
    work.may_end.set()
    with pytest.raises(ConnectionResetError):
        await lasting.result("k 1", work)
    await given_up(lasting, work)
    assert await lasting.of("k ") == []
    work.fails = False
    assert await lasting.result("k 1", work) == 3


async def test_nothing_goes_on_after_the_end() -> None:
    lasting: Lasting[int] = Lasting()
    work = Work()
    waiting = asyncio.create_task(lasting.result("k 1", work))
    await asyncio.sleep(0)
    await lasting.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_reasons_to_read_the_history_that_come_together_are_one() -> None:
    desk, reading = Reports(), CatchUp()
    keeping_up = asyncio.create_task(reading.keep_up(desk))
    for _ in range(5):
        reading.now()
    await desk.reconnected.wait()
    for _ in range(5):
        reading.now()
        await asyncio.sleep(0)
    assert desk.connections == ["slack"]
    keeping_up.cancel()
    await asyncio.gather(keeping_up, return_exceptions=True)


async def test_what_was_held_back_is_fetched_once_the_last_time_given_is_over() -> None:
    desk, reading = Reports(), CatchUp()
    keeping_up = asyncio.create_task(reading.keep_up(desk))
    reading.after(0.0)
    reading.after(0.05)
    await asyncio.sleep(0)
    await asyncio.sleep(0.01)
    assert desk.connections == []
    await asyncio.wait_for(desk.reconnected.wait(), 5)
    assert desk.connections == ["slack"]
    keeping_up.cancel()
    await asyncio.gather(keeping_up, return_exceptions=True)


async def test_what_could_not_be_recorded_is_fetched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing(Reports):
        failures = 2

        async def connected(self, platform: str) -> None:
            if self.failures:
                self.failures -= 1
                raise DatabaseError("The disk is full.")
            await super().connected(platform)

    desk = Failing()
    for name in ("FIRST_CATCH_UP", "GATHERING"):
        monkeypatch.setattr(f"bot.platforms.slack.catchup.{name}", 0.01)
    reading = CatchUp()
    keeping_up = asyncio.create_task(reading.keep_up(desk))
    reading.now()
    await asyncio.wait_for(desk.reconnected.wait(), 5)
    assert desk.failures == 0
    keeping_up.cancel()
    await asyncio.gather(keeping_up, return_exceptions=True)
