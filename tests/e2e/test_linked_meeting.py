"""One group that meets on two services: one question, one digest, and trouble that stays on its side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import App, serve
from bot.clock import ManualClock
from bot.content import Post, Reply
from bot.errors import PlatformError
from bot.events import Invocation, Place
from bot.model import Channel, Ref, Stance, Whereabouts
from bot.platforms.console.render import blocks_text
from bot.ports import Chat, Found, Outcome, Progress
from bot.services.posting import LEASE
from tests.standins.bridge import ADA, BEN, CAFE, CEM, EVE, HOST, LIBRARY, PUB, Bridge, bridge
from tests.standins.faults import Fault, FaultyPlatform
from tests.standins.memory import MemoryPlatform, Service
from tests.standins.program import MONDAY, a_group, program, rounds_of
from tests.standins.waiting import until

NINE = MONDAY.replace(hour=9)
MEMORY = "Memory is what they lack, more than anything else that money could buy."
POWER = "Electricity will run out long before the chips do, whatever is said."


@pytest.fixture
async def b(tmp_path: Path) -> AsyncIterator[Bridge]:
    """Give two services; a group meets in the café of the east."""
    async with bridge(tmp_path) as opened:
        yield opened


async def test_both_rooms_get_the_same_question_and_one_digest_of_what_was_said_in_both(b: Bridge) -> None:
    await b.joins()
    await b.until(NINE)
    assert b.texts(CAFE)[1:] == b.texts(PUB)[1:]
    first = await b.says(ADA, MEMORY)
    second = await b.says(BEN, POWER)
    await b.votes(EVE, first, Stance.AGREE)
    await b.votes(CEM, second, Stance.DISAGREE)
    await b.until(NINE + timedelta(hours=1))
    assert "Answers: 2 by 2 members" in await b.reads(CEM, "/reading today")
    await b.reads(HOST, "/reading-host digest now")
    in_cafe, in_pub = b.texts(CAFE)[-1], b.texts(PUB)[-1]
    assert "2 answers from 2 members to 1 question, 2 votes." in in_cafe
    assert f"{MEMORY!r}, by='Ada', link='east://café/{first.ref}', note='1 agree'" in in_cafe
    assert f"{POWER!r}, by='Ben, on West', link='west://pub/{second.ref}', note='1 disagree'" in in_cafe
    assert f"{MEMORY!r}, by='Ada, on East', link='east://café/{first.ref}', note='1 agree'" in in_pub
    assert f"{POWER!r}, by='Ben', link='west://pub/{second.ref}', note='1 disagree'" in in_pub
    assert len(await rounds_of(b.app, b.group)) == 1


async def test_each_room_reads_links_to_its_own_thread_and_where_others_wrote(b: Bridge) -> None:
    await b.joins()
    await b.until(NINE)
    await b.says(ADA, MEMORY)
    asked = {there: b.posts(there)[1].ref for there in (CAFE, PUB)}
    assert f"east://café/{asked[CAFE]}" in await b.reads(ADA, "/reading today")
    assert f"west://pub/{asked[PUB]}" in await b.reads(BEN, "/reading today")
    assert "Ada, on East, Mon 7 Jan" in await b.reads(BEN, "/reading search memory")
    assert "Ada, Mon 7 Jan" in await b.reads(ADA, "/reading search memory")
    await b.until(NINE + timedelta(hours=1))
    await b.reads(HOST, "/reading-host digest now")
    assert f"west://pub/{asked[PUB]}" in b.texts(PUB)[-1]
    assert f"west://pub/{asked[PUB]}" not in b.texts(CAFE)[-1]
    assert "Ada, on East" in await b.reads(BEN, "/reading digest")
    assert "Ada, on East" not in await b.reads(ADA, "/reading digest")


async def test_two_rooms_of_one_service_are_named_by_their_channels(b: Bridge) -> None:
    await b.joins(PUB)
    await b.joins(LIBRARY)
    await b.until(NINE)
    await b.says(BEN, POWER, PUB)
    assert "Ben, in #pub, " in await b.reads(CEM, "/reading search electricity", LIBRARY)
    assert "Ben, on West, " in await b.reads(ADA, "/reading search electricity")


async def test_a_room_that_joins_after_the_question_gets_it_at_once(b: Bridge) -> None:
    await b.until(NINE)
    await b.joins()
    assert b.texts(PUB)[-1] == b.texts(CAFE)[0], "today's question, after the notice"
    await b.says(BEN, POWER)
    assert "Ben, on West" in await b.reads(ADA, "/reading search electricity")


async def test_a_room_that_joins_gets_nothing_of_the_days_before(b: Bridge) -> None:
    await b.until(NINE + timedelta(hours=15, minutes=30))
    await b.joins()
    assert len(b.texts(PUB)) == 1, "only the notice"
    await b.until(NINE + timedelta(days=1))
    assert b.texts(PUB)[-1] == b.texts(CAFE)[-1]


async def test_an_answer_to_what_was_asked_before_the_room_joined_is_posted_where_it_was_asked(b: Bridge) -> None:
    await b.until(NINE + timedelta(hours=15, minutes=30))
    await b.joins()
    told = await b.reads(BEN, f"/reading answer {POWER}")
    assert "appears in the thread on East in a moment" in told
    assert b.in_thread(CAFE)[-1] == f"Ben {POWER}"
    assert "The thread on East shows your answer" in await b.reads(BEN, f"/reading answer {MEMORY}")
    assert b.in_thread(CAFE)[-1] == f"Ben {MEMORY}"


# Trouble on one side


async def test_a_room_that_cannot_be_reached_keeps_no_other_from_question_and_digest(b: Bridge) -> None:
    await b.joins()
    b.services["west"].refuses = "The service is closed."
    await b.until(NINE)
    await b.says(ADA, MEMORY)
    await b.until(NINE + timedelta(hours=1))
    await b.reads(HOST, "/reading-host digest now")
    assert MEMORY in b.texts(CAFE)[-1]
    assert len(b.texts(PUB)) == 1
    assert "The service is closed." in await b.reads(HOST, "/reading-host status")


class HangingPlatform(FaultyPlatform):
    """A service that takes everything and answers nothing."""

    async def ensure_post(self, place: Place, key: str, post: Post, progress: Progress, found: Found) -> Outcome:
        """Never return."""
        await asyncio.Event().wait()
        raise AssertionError

    async def diagnose(self, channel: Channel) -> tuple[str, ...]:
        """Never return."""
        await asyncio.Event().wait()
        raise AssertionError

    async def whereabouts(self, channel: Channel) -> Whereabouts | None:
        """Never return."""
        await asyncio.Event().wait()
        raise AssertionError

    async def may_read(self, channel: Channel, user: Ref) -> bool:
        """Never return."""
        await asyncio.Event().wait()
        raise AssertionError

    async def role(self, channel: Channel, role: Ref) -> str | None:
        """Never return."""
        await asyncio.Event().wait()
        raise AssertionError


async def test_a_service_that_hangs_delays_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.services.hosting.DIAGNOSE_SECONDS", 0.05)
    monkeypatch.setattr("bot.services.viewing.LOOK_SECONDS", 0.05)
    async with bridge(tmp_path) as first:
        await first.joins()
    clock = first.clock
    services = {name: Service(clock, *one.channels, name=name) for name, one in first.services.items()}
    platforms = {"east": FaultyPlatform(services["east"]), "west": HangingPlatform(services["west"])}
    async with program(tmp_path, clock, *platforms.values()) as app:
        b = Bridge(app, clock, services, platforms, first.group)
        async with app.context.database.write() as transaction:
            for room in await transaction.groups.rooms(b.group.id):
                await transaction.groups.set_mention(room.id, Ref("readers"))
        clock.move_to(NINE)
        posting = asyncio.create_task(app.poster.run(app.poster_wake))
        try:
            await app.scheduler.tick()
            while not await _is_asked(b):  # noqa: ASYNC110  (nothing tells when it becomes so)
                await asyncio.sleep(0.005)
            await b.says(ADA, MEMORY)
            clock.advance(timedelta(minutes=1))
            asked = (("status", "cannot reach west"), ("settings", "that I cannot see"), ("digest now", "Posted"))
            for line, shown in asked:
                assert shown in await _told(app, _typed(line))
            elsewhere = Invocation(Place(LIBRARY), BEN, "reading today")
            assert "No reading group meets in this channel." in await _told(app, elsewhere)
            await until(lambda: MEMORY in b.texts(CAFE)[-1])
        finally:
            posting.cancel()
            with suppress(asyncio.CancelledError):
                await posting


class RefusingPlatform(FaultyPlatform):
    """A service that takes the bot's token for a wrong one."""

    async def run(self, chat: Chat) -> None:
        """Refuse."""
        raise PlatformError("The token is refused.")


async def test_a_service_that_refuses_the_bot_for_good_stops_no_other(tmp_path: Path) -> None:
    clock = ManualClock(NINE)
    services = {"east": Service(clock, CAFE, name="east"), "west": Service(clock, PUB, name="west")}
    platforms = {"east": FaultyPlatform(services["east"]), "west": RefusingPlatform(services["west"])}
    async with program(tmp_path, clock, *platforms.values()) as app:
        b = Bridge(app, clock, services, platforms, await a_group(app, CAFE, PUB))
        stop = asyncio.Event()
        serving = asyncio.create_task(serve(app, stop))
        clock.advance(timedelta(days=1))
        app.context.wake()
        await until(lambda: len(b.texts(CAFE)) == 1)
        stop.set()
        await serving
    async with program(tmp_path, clock, *(RefusingPlatform(service) for service in services.values())) as app:
        with pytest.raises(ExceptionGroup) as caught:
            await serve(app, asyncio.Event())
    assert [str(error) for error in caught.value.exceptions] == ["The token is refused."], "the last one ends it"


async def test_a_restart_in_the_middle_leaves_one_question_in_each_room(tmp_path: Path) -> None:
    async with bridge(tmp_path) as first:
        await first.joins()
    clock, east, west = first.clock, first.services["east"], first.services["west"]
    clock.move_to(NINE)
    async with program(tmp_path, clock, MemoryPlatform(east), FaultyPlatform(west, [Fault.HANGS_AFTER])) as app:
        posting = asyncio.create_task(app.poster.run(app.poster_wake))
        await app.scheduler.tick()
        await until(lambda: all(len(first.texts(there)) == 2 for there in (CAFE, PUB)))
        posting.cancel()
        await asyncio.gather(posting, return_exceptions=True)
    clock.advance(LEASE)
    async with program(tmp_path, clock, *first.platforms.values()) as app:
        await app.settle()
        b = Bridge(app, clock, first.services, first.platforms, first.group)
        assert [len(b.texts(there)) for there in (CAFE, PUB)] == [2, 2], "the notice and the question"
        await b.says(ADA, MEMORY)
        await b.says(BEN, POWER)
        assert "Answers: 2 by 2 members" in await b.reads(CEM, "/reading today")


async def _is_asked(b: Bridge) -> bool:
    (asked,) = await rounds_of(b.app, b.group)
    async with b.app.context.database.read() as transaction:
        return len(await transaction.rounds.threads(asked.id)) == 1


async def _told(app: App, typed: Invocation) -> str:
    done = await asyncio.wait_for(app.desk.command(typed), 5)
    assert isinstance(done, Reply)
    return blocks_text(done.blocks)


def _typed(line: str) -> Invocation:
    return Invocation(Place(CAFE), HOST, f"reading-host {line}")
