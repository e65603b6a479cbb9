"""Commands in channels where no group meets: they serve those who may read where it does, and nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.clock import ManualClock
from bot.content import Reply
from bot.events import Invocation, MessageSeen, Place
from bot.model import Ref
from tests.standins.meeting import Meeting, meeting
from tests.standins.memory import MemoryPlatform, Service, channel, person
from tests.standins.memory import told as words_of
from tests.standins.program import MONDAY, a_group, program

WORDS = "What we say about our employer in here must never be read by our employer."
NOWHERE = "No reading group meets in this channel."
LOOKUPS = ("reading search", "reading today", "reading topics", "reading digest", "reading stats", "reading mine")


@pytest.fixture
async def m(tmp_path: Path) -> AsyncIterator[Meeting]:
    async with meeting(tmp_path) as m:
        yield m


@pytest.mark.parametrize("command", LOOKUPS)
async def test_who_is_kept_out_of_the_room_learns_nothing_of_it_elsewhere(tmp_path: Path, command: str) -> None:
    clock, ada = ManualClock(MONDAY), person("Ada")
    inside, outside = channel("inside"), channel("outside")
    service = Service(clock, inside, outside)
    arguments = {"words": "employer"} if command.endswith("search") else {}
    async with program(tmp_path, clock, MemoryPlatform(service)) as app:
        await a_group(app, inside)
        clock.move_to(MONDAY.replace(hour=9))
        await app.settle()
        asked = next(one for one in service.log if one.key.startswith("question"))
        place = Place(inside, service.thread_of(asked.ref))
        await app.desk.record(MessageSeen(place, Ref("1"), person("Ben"), WORDS, clock.now()))

        async def told() -> str:
            reply = await app.desk.command(Invocation(Place(outside), ada, command, arguments))
            assert isinstance(reply, Reply)
            return words_of(reply)

        assert not (await told()).startswith(NOWHERE)
        service.shut_out.add(ada.user)
        assert (await told()).startswith(NOWHERE)
        typing = Invocation(Place(outside), ada, "reading question", {"question": ""})
        assert not await app.desk.complete(typing, "question")


async def test_a_private_channel_on_discord_stays_private(m: Meeting) -> None:
    lobby, ada = m.guild.text("lobby"), m.person("Ada")
    await m.host.uses("/reading-host setup", m.channel, zone="UTC", at="09:00", set="commons", name="Readers")
    await m.at(9)
    _, thread = await m.asked()
    await m.host.says(thread, WORDS)

    await m.until_recorded(WORDS)
    assert WORDS in (await ada.uses("/reading search", lobby, words="employer")).everything
    m.channel.allow_bot("view_channel", "send_messages")
    m.channel.deny_everyone("view_channel")

    async def told() -> str:
        shown = (await ada.uses("/reading search", lobby, words="employer")).everything
        return shown if NOWHERE in shown else ""

    assert WORDS not in await m.until(told)
    assert WORDS in (await m.host.uses("/reading search", lobby, words="employer")).everything
