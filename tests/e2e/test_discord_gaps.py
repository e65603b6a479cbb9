"""What happens in a Discord server while nobody listens is recorded afterwards: nothing is lost, nothing made up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.standins.discord import ChannelHand, MessageView
from tests.standins.meeting import Meeting, a_server, meeting

SAID = "Prices move faster than rules, which is why nobody follows them for very long."


@pytest.fixture
async def m(tmp_path: Path) -> AsyncIterator[Meeting]:
    async with meeting(tmp_path) as m:
        await m.a_group()
        await m.at(9)
        yield m


def text(number: int) -> str:
    return f"{SAID} ({number})"


class Talk:
    """What people have said and done in a thread, and what must be recorded of it."""

    def __init__(self, m: Meeting, thread: ChannelHand) -> None:
        self._m = m
        self._thread = thread
        self._messages: dict[int, MessageView] = {}
        self.texts: dict[int, str] = {}
        self.votes: dict[int, set[str]] = {}
        self._people = [m.person(f"Member {number}") for number in range(8)]

    async def say(self, *numbers: int) -> None:
        for number in numbers:
            self.texts[number] = text(number)
            self._messages[number] = await self._people[number % 8].says(self._thread, text(number))

    async def edit(self, *numbers: int) -> None:
        for number in numbers:
            self.texts[number] = text(number) + " Or so I used to think, before the drought."
            await self._people[number % 8].edits(self._messages[number], self.texts[number])

    async def delete(self, *numbers: int) -> None:
        for number in numbers:
            await self._people[number % 8].deletes(self._messages.pop(number))
            del self.texts[number]
            self.votes.pop(number, None)

    async def delete_at_once(self, *numbers: int) -> None:
        await self._m.host.deletes(*(self._messages.pop(number) for number in numbers))
        for number in numbers:
            del self.texts[number]
            self.votes.pop(number, None)

    async def react(self, *numbers: int, by: int = 0) -> None:
        for number in numbers:
            await self._people[by].reacts(self._messages[number], "👍🏾")
            self.votes.setdefault(number, set()).add(f"Member {by}")

    async def unreact(self, *numbers: int, by: int = 0) -> None:
        for number in numbers:
            await self._people[by].unreacts(self._messages[number], "👍🏾")
            self.votes[number].discard(f"Member {by}")

    async def until_recorded(self) -> None:
        """Wait until everything is recorded as it is now."""
        # Nobody's vote on their own words counts.
        counted = {number: voters - {f"Member {number % 8}"} for number, voters in self.votes.items()}
        wanted = {self.texts[number]: (len(voters), 0, 0) for number, voters in counted.items() if voters}

        async def done() -> bool:
            said = sorted(message.text for message in await self._m.said())
            return said == sorted(self.texts.values()) and await self._m.votes() == wanted

        await self._m.until(done, 20.0)


async def dropped(m: Meeting) -> None:
    m.server.faults.drop_sockets()


async def asked_to_reconnect(m: Meeting) -> None:
    m.server.faults.ask_to_reconnect()


async def invalid_session(m: Meeting) -> None:
    m.server.faults.invalidate(resumable=False)


async def closed(m: Meeting) -> None:
    m.server.faults.drop_sockets(4000)


async def test_ten_minutes_with_500_messages_edits_and_deletions(m: Meeting) -> None:
    _, thread = await m.asked()
    talk = Talk(m, thread)
    await talk.say(*range(20))
    await talk.react(*range(5))
    await talk.until_recorded()
    async with m.server.faults.gap():
        await talk.say(*range(20, 520))
        await talk.edit(3, 4, *range(100, 130))
        await talk.delete(0, 5, *range(200, 220))
        await talk.delete_at_once(6, 7, *range(300, 360))
        await talk.react(*range(400, 430), by=3)
        await talk.unreact(1, 2)
    await talk.until_recorded()
    await talk.say(1000)
    await talk.until_recorded()


@pytest.mark.parametrize("how", [dropped, asked_to_reconnect, invalid_session, closed])
async def test_a_connection_that_breaks_while_people_talk_loses_nothing(
    m: Meeting, how: Callable[[Meeting], Awaitable[None]]
) -> None:
    _, thread = await m.asked()
    talk = Talk(m, thread)
    for turn in range(4):
        first = turn * 10
        await talk.say(*range(first, first + 5))
        await how(m)
        await talk.say(*range(first + 5, first + 10))
        await talk.react(first, first + 5, by=1)
        await talk.delete(first + 1)
        await asyncio.sleep(0)
    await talk.until_recorded()


async def test_what_is_said_while_the_bot_is_off_is_recorded_at_its_next_start(tmp_path: Path) -> None:
    async with a_server(tmp_path) as m:
        async with m.running():
            await m.a_group()
            await m.at(9)
            _, thread = await m.asked()
            talk = Talk(m, thread)
            await talk.say(*range(10))
            await talk.react(1, 2, by=2)
            await talk.until_recorded()
        await talk.say(*range(10, 30))
        await talk.delete(3, 12)
        await talk.edit(4, 13)
        await talk.unreact(1, by=2)
        await talk.react(14, by=5)
        thread.archive()
        async with m.running():
            await talk.until_recorded()


async def test_whoever_is_mentioned_has_the_same_name_in_the_history(m: Meeting) -> None:
    _, thread = await m.asked()
    ada, ben = m.person("Ada"), m.person("Ben")
    ben.is_called("Benny")
    live = await ada.says(thread, f"{ben.mention} asked me why prices move faster than any of the rules.")
    await m.until_recorded(first := live.text.replace(ben.mention, "@Benny"))
    async with m.server.faults.gap():
        missed = await ada.says(thread, f"What {ben.mention} says about the well is only half of the story.")
    await m.until_recorded(first, missed.text.replace(ben.mention, "@Benny"))


async def test_a_history_that_fails_in_between_is_read_again(m: Meeting) -> None:
    _, thread = await m.asked()
    talk = Talk(m, thread)
    await talk.say(*range(150))
    await talk.until_recorded()
    async with m.server.faults.gap():
        await talk.say(*range(150, 350))
        await talk.delete(10)
        m.server.faults.hook("GET", "/channels/*/messages", times=1)
        m.server.faults.fail(503, "GET", "/channels/*/messages", times=2)
        m.server.faults.rate_limit("GET", "/channels/*/messages")
    await talk.until_recorded()


async def test_without_the_right_to_read_nothing_is_taken_for_deleted(m: Meeting) -> None:
    _, thread = await m.asked()
    talk = Talk(m, thread)
    await talk.say(*range(10))
    await talk.until_recorded()
    reads = len(m.server.requests("GET", "/channels/{channel_id}/messages"))
    m.channel.deny_bot("read_message_history")
    m.server.faults.invalidate(resumable=False)
    await m.server.until(lambda: m.server.gateway.identified >= 2)
    await m.platform.diagnose(m.place)
    await talk.until_recorded()
    assert len(m.server.requests("GET", "/channels/{channel_id}/messages")) == reads
    async with m.server.faults.gap():
        await talk.say(10)
        await talk.delete(3)
    await m.server.until(lambda: m.server.gateway.identified >= 3)
    m.channel.allow_bot("read_message_history")
    await talk.until_recorded()


async def test_a_role_that_lets_the_bot_read_again_is_enough(m: Meeting) -> None:
    _, thread = await m.asked()
    talk = Talk(m, thread)
    m.guild.bot_loses("read_message_history")
    async with m.server.faults.gap():
        await talk.say(1)
    await m.server.until(lambda: m.server.gateway.identified >= 2)
    # It is ready, and has tried.
    await m.server.until(lambda: len(m.server.requests("GET", "/users/@me/guilds")) >= 2)
    await m.until(lambda: lacks_reading(m))
    m.guild.bot_is_given(m.guild.role("Archivists", "read_message_history"))
    await talk.until_recorded()


async def lacks_reading(m: Meeting) -> bool:
    await m.settle()
    return "Read Message History" in " ".join(await m.platform.diagnose(m.place))


async def test_during_an_outage_and_while_kicked(m: Meeting) -> None:
    _, thread = await m.asked()
    talk = Talk(m, thread)
    await talk.say(*range(5))
    await talk.until_recorded()
    m.guild.go_unavailable()
    await talk.say(*range(5, 10))
    await talk.delete(1)
    m.guild.come_back()
    await talk.until_recorded()
    m.guild.kick_bot()
    await talk.say(*range(10, 15))
    await talk.edit(2)
    m.guild.invite_bot()
    await talk.until_recorded()
