"""What happens in a Slack workspace while nobody listens, twice or in another order, is recorded once and as it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from bot.platforms.slack import reading, rollcall
from tests.standins.slack import MessageView
from tests.standins.workspace import Office, a_workspace, office, over_socket

SAID = "Prices move faster than rules, which is why nobody follows them for very long."


@pytest.fixture
async def o(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as o:
        await o.a_group()
        await o.at(9)
        yield o


def text(number: int) -> str:
    return f"{SAID} ({number})"


class Talk:
    """What people have said and done in a thread, and what must be recorded of it."""

    def __init__(self, o: Office, thread: MessageView) -> None:
        self._o = o
        self._thread = thread
        self._messages: dict[int, MessageView] = {}
        self.texts: dict[int, str] = {}
        self.votes: dict[int, set[str]] = {}
        self._people = [o.person(f"Member {number}") for number in range(8)]

    async def say(self, *numbers: int) -> None:
        for number in numbers:
            self.texts[number] = text(number)
            also = number % 50 == 7
            self._messages[number] = await self._people[number % 8].says(
                self._thread, text(number), also_in_channel=also
            )

    async def edit(self, *numbers: int) -> None:
        for number in numbers:
            self.texts[number] = text(number) + " Or so I used to think, before the drought."
            await self._people[number % 8].edits(self._messages[number], self.texts[number])

    async def delete(self, *numbers: int) -> None:
        for number in numbers:
            await self._people[number % 8].deletes(self._messages.pop(number))
            del self.texts[number]
            self.votes.pop(number, None)

    async def react(self, *numbers: int, by: int = 0) -> None:
        for number in numbers:
            await self._people[by].reacts(self._messages[number], "+1::skin-tone-5")
            self.votes.setdefault(number, set()).add(f"Member {by}")

    async def unreact(self, *numbers: int, by: int = 0) -> None:
        for number in numbers:
            await self._people[by].unreacts(self._messages[number], "+1::skin-tone-5")
            self.votes[number].discard(f"Member {by}")

    async def until_recorded(self) -> None:
        """Wait until everything is recorded as it is now, and each message once."""
        # Nobody's vote on their own words counts.
        counted = {number: voters - {f"Member {number % 8}"} for number, voters in self.votes.items()}
        wanted = {self.texts[number]: (len(voters), 0, 0) for number, voters in counted.items() if voters}

        async def done() -> bool:
            said = sorted(message.text for message in await self._o.said())
            return said == sorted(self.texts.values()) and await self._o.votes() == wanted

        await self._o.until(done, 20.0)


async def dropped(o: Office) -> None:
    o.server.faults.drop_sockets()


async def refreshed(o: Office) -> None:
    await o.server.faults.ask_to_reconnect("refresh_requested")


async def warned(o: Office) -> None:
    await o.server.faults.ask_to_reconnect("warning")


async def silent(o: Office) -> None:
    o.server.sockets.answers_pings = False
    opened = o.server.sockets.opened
    await o.server.until(lambda: o.server.sockets.opened > opened)
    o.server.sockets.answers_pings = True


async def limited(o: Office) -> None:
    o.server.events.deaf = True
    asyncio.get_running_loop().call_later(0.01, setattr, o.server.events, "deaf", False)
    o.server.faults.limit_events()


async def test_a_gap_with_500_messages_edits_and_deletions(o: Office) -> None:
    talk = Talk(o, await o.asked())
    await talk.say(*range(20))
    await talk.react(*range(5))
    await talk.until_recorded()
    async with o.server.faults.gap():
        await talk.say(*range(20, 520))
        o.clock.move_to(o.clock.now().replace(minute=1))
        await talk.edit(3, 4, *range(100, 130))
        await talk.delete(0, 5, *range(200, 220))
        await talk.react(*range(400, 430), by=3)
        await talk.unreact(1, 2)
    await talk.until_recorded()
    await talk.say(1000)
    await talk.until_recorded()


@pytest.mark.parametrize("how", [dropped, refreshed, warned])
async def test_a_socket_that_breaks_during_500_messages_loses_nothing(
    o: Office, how: Callable[[Office], Coroutine[Any, Any, None]]
) -> None:
    talk = Talk(o, await o.asked())
    for turn in range(10):
        first = turn * 50
        await talk.say(*range(first, first + 25))
        await how(o)
        await talk.say(*range(first + 25, first + 50))
        await talk.react(first, first + 30, by=1)
        await talk.delete(first + 1)
        if turn % 2:
            await o.server.until(lambda: o.server.sockets.listening)
    await talk.until_recorded()


@pytest.mark.parametrize("how", [silent, limited])
async def test_what_is_not_told_for_a_while_is_fetched(
    o: Office, how: Callable[[Office], Coroutine[Any, Any, None]]
) -> None:
    talk = Talk(o, await o.asked())
    await talk.say(*range(5))
    await talk.until_recorded()
    hidden = asyncio.create_task(how(o))
    await asyncio.sleep(0)
    await talk.say(*range(5, 10))
    await hidden
    await talk.until_recorded()


@pytest.mark.parametrize("http", [False, True], ids=["by socket", "over HTTP"])
async def test_events_that_come_twice_change_nothing(tmp_path: Path, http: bool) -> None:
    async with office(tmp_path, http=http) as o:
        await o.a_group()
        await o.at(9)
        talk = Talk(o, await o.asked())
        o.server.faults.duplicate(1_000)
        await talk.say(*range(30))
        await talk.react(*range(10), by=3)
        await talk.unreact(*range(5), by=3)
        o.clock.move_to(o.clock.now().replace(minute=1))
        await talk.edit(*range(10, 15))
        await talk.delete(20, 21)
        await talk.until_recorded()
        told = len(o.server.events.told)
        await o.server.until(lambda: o.server.events.acknowledged >= 2 * told - 5)
        await talk.until_recorded()


@pytest.mark.parametrize("http", [False, True], ids=["by socket", "over HTTP"])
@pytest.mark.parametrize("count", [2, 7, 60])
async def test_events_in_another_order_end_the_same(tmp_path: Path, count: int, http: bool) -> None:
    async with office(tmp_path, http=http) as o:
        await o.a_group()
        await o.at(9)
        talk = Talk(o, await o.asked())
        for turn in range(60 // count):
            first = turn * 10
            o.server.faults.reorder(count)
            await talk.say(*range(first, first + 10))
            o.clock.move_to(o.clock.now().replace(minute=turn + 1))
            await talk.edit(first + 1, first + 2)
            await talk.delete(first + 3, first + 4)
            await talk.react(first, first + 1, by=1)
            await talk.unreact(first, by=1)
            o.server.events.release()
            o.server.events.hold_next = 0
        await talk.until_recorded()


async def test_a_reaction_that_is_told_after_it_was_taken_back_stays_away(o: Office) -> None:
    talk = Talk(o, await o.asked())
    await talk.say(0, 1)
    await talk.until_recorded()
    o.server.faults.reorder(2)
    await talk.react(0, by=3)
    await talk.unreact(0, by=3)
    await talk.react(1, by=3)
    told = len(o.server.events.told)
    await o.server.until(lambda: o.server.events.acknowledged == told)
    await talk.until_recorded()


async def test_what_is_said_while_the_bot_is_off_is_recorded_at_its_next_start(tmp_path: Path) -> None:
    async with a_workspace(tmp_path) as o:
        async with o.running():
            await o.a_group()
            await o.at(9)
            talk = Talk(o, await o.asked())
            await talk.say(*range(10))
            await talk.react(1, 2, by=2)
            await talk.until_recorded()
        await talk.say(*range(10, 30))
        await talk.delete(3, 12)
        o.clock.move_to(o.clock.now().replace(minute=1))
        await talk.edit(4, 13)
        await talk.unreact(1, by=2)
        await talk.react(14, by=5)
        async with o.running():
            await talk.until_recorded()


async def test_a_history_that_fails_in_between_is_read_again(o: Office) -> None:
    talk = Talk(o, await o.asked())
    await talk.say(*range(150))
    await talk.until_recorded()
    async with o.server.faults.gap():
        await talk.say(*range(150, 650))
        await talk.delete(10)
        o.server.faults.hook("conversations.replies", times=1)
        o.server.faults.error("conversations.replies", "internal_error")
        o.server.faults.rate_limit("conversations.replies")
    await talk.until_recorded()


async def test_under_tight_limits_the_history_comes_slowly_and_holds_up_nothing_else(tmp_path: Path) -> None:
    async with a_workspace(tmp_path) as o:
        with patch.object(reading, "SECONDS_BETWEEN", 0.06):
            o.server.faults.restrict_history()
            for method in o.server.web_api.limits:
                o.server.web_api.limits[method] = (1, 0.05)
            with patch("tests.standins.workspace.over_socket", lambda s, t: over_socket(s, t, restricted=True)):
                async with o.running():
                    await o.a_group()
                    await o.at(9)
                    talk = Talk(o, await o.asked())
                    async with o.server.faults.gap():
                        await talk.say(*range(200))
                    await o.server.until(lambda: o.server.sockets.listening)
                    reads = len(o.server.calls("conversations.replies"))
                    answer = await o.person("Ada").uses("/reading today", o.channel)
                    assert "What about" in answer.text
                    assert len(o.server.calls("conversations.replies")) - reads < 10
                    await talk.until_recorded()
        assert all(r.status == 200 for r in o.server.calls("conversations.replies"))


async def test_without_the_right_to_read_nothing_is_taken_for_deleted(o: Office) -> None:
    talk = Talk(o, await o.asked())
    await talk.say(*range(10))
    await talk.until_recorded()
    scopes = o.server.world.tokens[o.team.token].scopes
    o.team.lacks("channels:history")
    o.server.faults.drop_sockets()
    await o.server.until(lambda: o.server.calls("conversations.replies")[-1].answer.get("error") == "missing_scope")
    await talk.until_recorded()
    async with o.server.faults.gap():
        await talk.say(10)
        await talk.delete(3)
    o.server.world.tokens[o.team.token].scopes = scopes
    await talk.until_recorded()


async def test_while_the_bot_is_not_in_the_channel(o: Office) -> None:
    talk = Talk(o, await o.asked())
    await talk.say(*range(5))
    await talk.until_recorded()
    o.channel.remove_bot()
    await talk.say(*range(5, 10))
    await talk.delete(1)
    o.channel.invite_bot()
    await talk.until_recorded()


async def test_what_never_reached_the_bots_address_is_fetched_within_a_day(tmp_path: Path) -> None:
    with patch.object(rollcall, "EVERY_SECONDS", 0.1):
        async with office(tmp_path, http=True) as o:
            await o.a_group()
            await o.at(9)
            question = await o.asked()
            o.server.events.deaf = True
            await o.person("Ada").says(question, SAID)
            await o.until_recorded(SAID)
