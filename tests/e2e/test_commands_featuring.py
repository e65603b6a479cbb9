"""What hosts decide about single answers, on a real database and the console."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.clock import ManualClock
from bot.content import Actions, Reply
from bot.errors import ChatError
from bot.events import Invocation, MessageDeleted, MessageSeen, Place
from bot.model import Channel, Choice, Ref
from bot.platforms.console.platform import CHANNEL, author, place_of
from bot.platforms.console.render import blocks_text
from bot.services.featuring import choose, take_back
from tests.standins.memory import MemoryPlatform, Service, channel, person
from tests.standins.program import MONDAY, a_group, program
from tests.standins.room import SIDE_ROOM, ConsoleRoom, console_room

TEN = MONDAY.replace(hour=10)
SUNDAY = datetime(2030, 1, 13, 18, tzinfo=UTC)
ODD = "My grandmother knew more about clouds than any satellite ever will, whatever they tell you."
GONE = "I have not recorded that message."


def reason(number: int) -> str:
    return f"Turbine number {number} has a queue, as turbines and their queues always had in such years."


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[ConsoleRoom]:
    """Give a room whose first question was asked an hour ago."""
    async with console_room(tmp_path) as opened:
        await opened.until(TEN)
        yield opened


def digests(room: ConsoleRoom) -> list[str]:
    """Return the digests that were posted, as they stand in the channel now."""
    return [text for text in room.posts() if "What comes next" in text]


async def crowded(room: ConsoleRoom) -> int:
    """Let eight members say nearly the same and one something else; return the number of that message."""
    for number in range(8):
        await room.says(f"Member{number}", reason(number))
    number = (await room.says("Odile", ODD)).number
    room.clock.advance(timedelta(minutes=1))
    return number


async def test_a_chosen_answer_is_quoted_and_nobody_is_told_by_whom(room: ConsoleRoom) -> None:
    number = await crowded(room)
    plain = await room.reads("you", "/reading-host digest preview")
    assert reason(0) in plain
    assert ODD not in plain
    told = await room.reads("you", f"/reading-host quote {number}")
    assert told.startswith("The digest quotes this answer. Nobody is told who chose it.")
    assert f"| {ODD}" in told
    await room.until(SUNDAY)
    (digest,) = digests(room)
    assert ODD in digest
    assert "you" not in digest.split()


async def test_a_choice_is_taken_back_by_its_button_or_in_words(room: ConsoleRoom) -> None:
    number = await crowded(room)
    done = await room.uses("you", f"/reading-host quote {number}")
    assert isinstance(done, Reply)
    ((action,),) = (block.actions for block in done.blocks if isinstance(block, Actions))
    undone = await room.invokes("you", action.command, dict(action.arguments))
    assert isinstance(undone, Reply)
    assert blocks_text(undone.blocks).startswith("Taken back: the digest quotes this answer only if")
    assert ODD not in await room.reads("you", "/reading-host digest preview")
    assert "nothing to take back" in await room.reads("you", f"/reading-host quote {number} undo:yes")


async def test_the_same_choice_again_changes_nothing_and_another_replaces_it(room: ConsoleRoom) -> None:
    number = await crowded(room)
    await room.reads("you", f"/reading-host quote {number}")
    assert "quotes this answer already" in await room.reads("you", f"/reading-host quote {number}")
    await room.reads("you", f"/reading-host hide {number}")
    assert ODD not in await room.reads("you", "/reading-host digest preview")
    assert "nothing to take back" in await room.reads("you", f"/reading-host quote {number} undo:yes")
    await room.reads("you", f"/reading-host quote {number}")
    assert ODD in await room.reads("you", "/reading-host digest preview")


async def test_a_hidden_message_leaves_posted_digests_at_once_and_comes_back_if_taken_back(room: ConsoleRoom) -> None:
    entry = await room.says("Ada", ODD)
    await room.until(SUNDAY)
    assert ODD in digests(room)[0]
    told = await room.reads("you", f"/reading-host hide {entry.number}")
    assert told.startswith("No digest quotes this message any more")
    assert ODD not in digests(room)[0]
    assert "1 answer from 1 member" in digests(room)[0], "it still counts"
    assert "| " + ODD in await room.reads("Ben", "/reading search grandmother"), "it is hidden from digests only"
    await room.reads("you", f"/reading-host hide {entry.number} undo:yes")
    assert ODD in digests(room)[0]


async def test_an_answer_chosen_after_its_digest_is_added_to_that_and_not_to_the_next(room: ConsoleRoom) -> None:
    number = await crowded(room)
    await room.until(SUNDAY)
    assert ODD not in digests(room)[0]
    await room.reads("you", f"/reading-host quote {number}")
    assert ODD in digests(room)[0]
    await room.says("Ada", reason(9))
    await room.until(SUNDAY + timedelta(days=7))
    assert ODD not in digests(room)[1]


async def test_a_choice_outlives_edits_and_what_is_quoted_follows_them(room: ConsoleRoom) -> None:
    number = await crowded(room)
    await room.reads("you", f"/reading-host quote {number}")
    other = ODD.replace("clouds", "storms")
    changed = await room.channel.edit(number, other, room.clock.now())
    edited = room.clock.now() + timedelta(seconds=1)
    seen = MessageSeen(place_of(changed), Ref(str(number)), author("Odile"), other, changed.sent_at, edited)
    await room.app.desk.record(seen)
    assert other in await room.reads("you", "/reading-host digest preview")


async def test_words_that_their_author_does_not_want_recorded_are_not_quoted_even_if_chosen(room: ConsoleRoom) -> None:
    number = await crowded(room)
    await room.reads("you", f"/reading-host quote {number}")
    await room.reads("Odile", "/reading privacy opt-out")
    assert ODD not in await room.reads("you", "/reading-host digest preview")
    await room.reads("you", f"/reading-host quote {number} undo:yes")
    assert "does not want to be recorded" in await room.reads("you", f"/reading-host quote {number}")
    await room.reads("Odile", "/reading privacy opt-in")
    await room.reads("you", f"/reading-host quote {number}")
    assert ODD in await room.reads("you", "/reading-host digest preview")
    await room.reads("Odile", "/reading privacy erase yes")
    assert ODD not in await room.reads("you", "/reading-host digest preview")
    assert GONE in await room.reads("you", f"/reading-host quote {number}")


async def test_a_deleted_answer_is_gone_although_it_was_chosen(room: ConsoleRoom) -> None:
    number = await crowded(room)
    await room.reads("you", f"/reading-host quote {number}")
    entry = room.channel.get(number)
    assert entry is not None
    await room.channel.delete(number, room.clock.now())
    await room.app.desk.record(MessageDeleted(place_of(entry), Ref(str(number)), room.clock.now()))
    assert ODD not in await room.reads("you", "/reading-host digest preview")


async def test_only_answers_are_quoted_but_anything_can_be_hidden(room: ConsoleRoom) -> None:
    thanks = await room.says("Ada", "thanks!")
    assert "Digests quote answers only" in await room.reads("you", f"/reading-host quote {thanks.number}")
    assert "No digest quotes" in await room.reads("you", f"/reading-host hide {thanks.number}")


@pytest.mark.parametrize("message", ["1", "2", "99", "nonsense"])
async def test_what_is_no_recorded_message_is_refused(room: ConsoleRoom, message: str) -> None:
    for command in ("quote", "hide"):
        assert (await room.reads("you", f"/reading-host {command} {message}")).startswith(GONE)


async def test_a_message_of_another_group_is_out_of_reach(room: ConsoleRoom) -> None:
    number = await crowded(room)
    async with room.app.context.database.write() as transaction:
        there = await transaction.groups.by_channel(CHANNEL)
        assert there is not None
        others = await transaction.groups.add("others", "Others", there.settings, room.clock.now())
        await transaction.groups.add_room(others.id, SIDE_ROOM)
    assert GONE in await room.reads("you", f"/reading-host hide {number}", SIDE_ROOM)
    elsewhere = Channel("console", Ref("elsewhere"), Ref("reading-room"))
    done = await room.app.desk.command(
        Invocation(Place(elsewhere), author("you"), "reading-host hide", {"message": str(number)})
    )
    assert isinstance(done, Reply)
    assert "No reading group meets in this channel" in blocks_text(done.blocks)


async def test_hosts_have_no_say_over_what_another_group_said_in_their_channel_before(tmp_path: Path) -> None:
    clock = ManualClock(MONDAY)
    here, there = channel("reading"), channel("other")
    service = Service(clock, here, there)
    async with program(tmp_path, clock, MemoryPlatform(service)) as app:
        first = await a_group(app, here, there, slug="first")
        clock.move_to(MONDAY.replace(hour=9))
        await app.settle()
        async with app.context.database.read() as transaction:
            (room, *_) = await transaction.groups.rooms(first.id)
            (round_,) = await transaction.rounds.recent(first.id, 1)
            thread = next(one for where, _, one in await transaction.rounds.threads(round_.id) if where.id == room.id)
        said = service.add(Place(here, thread), person("Odile"), ODD)
        await app.desk.record(MessageSeen(said.place, said.ref, person("Odile"), ODD, said.sent_at))
        async with app.context.database.write() as transaction:
            await transaction.groups.leave(room.id, clock.now())
        second = await a_group(app, here, slug="second")
        for choice in Choice:
            with pytest.raises(ChatError, match=GONE):
                await choose(app.context, second, said.place, said.ref, choice)
            with pytest.raises(ChatError, match=GONE):
                await take_back(app.context, second, said.place, said.ref, choice)
