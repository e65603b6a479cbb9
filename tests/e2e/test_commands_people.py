"""Who hosts a group, and what a member wants to be recorded, on a real database and the console."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.events import MessageDeleted
from bot.model import Ref
from bot.platforms.console.platform import place_of, seen
from bot.services.backfill import backfill_platform
from tests.standins.program import MONDAY
from tests.standins.room import ConsoleRoom, console_room

NINE = MONDAY.replace(hour=9)
WORDS = "Memory is what they lack, more than anything else that money could buy."
OTHERS = "Electricity will run out long before the chips do, whatever is said."


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[ConsoleRoom]:
    """Give a room in which the first question was asked a minute ago."""
    async with console_room(tmp_path) as opened:
        await opened.until(NINE + timedelta(minutes=1))
        yield opened


async def test_a_host_makes_another_who_may_then_use_host_commands(room: ConsoleRoom) -> None:
    assert "is for hosts" in await room.reads("Ada", "/reading-host status")
    assert (await room.reads("you", "/reading-host hosts add Ada")).startswith("Ada is a host")
    assert "All is well." in await room.reads("Ada", "/reading-host status")
    assert "Ada" in await room.reads("you", "/reading-host hosts list")


async def test_a_host_who_is_removed_is_a_member_again(room: ConsoleRoom) -> None:
    await room.reads("you", "/reading-host hosts add Ada")
    assert "no host" in await room.reads("you", "/reading-host hosts remove ada")
    assert "is for hosts" in await room.reads("Ada", "/reading-host status")


async def test_the_last_host_and_whoever_is_none_cannot_be_removed(room: ConsoleRoom) -> None:
    assert "is the only host" in await room.reads("you", "/reading-host hosts remove you")
    assert "is no host of the group" in await room.reads("you", "/reading-host hosts remove ben")


async def test_whoever_opts_out_is_not_recorded_from_then_on(room: ConsoleRoom) -> None:
    await room.says("Ada", WORDS)
    await room.reads("Ada", "/reading privacy opt-out")
    other = await room.says("Ben", "Rivers carry what the fields have lost in every spring.")
    await room.says("Ada", OTHERS)
    await room.votes("Ada", other.number, "agree")
    assert "Messages recorded: 1" in await room.reads("Ada", "/reading privacy show")
    assert "Votes recorded: 0" in await room.reads("Ada", "/reading privacy show")
    assert "holds" in await room.reads("Ben", "/reading search electricity")
    assert "opted out" in await room.reads("Ada", f"/reading answer {OTHERS}")


async def test_whoever_opted_out_can_still_take_an_answer_back(room: ConsoleRoom) -> None:
    await room.reads("Ada", f"/reading answer {OTHERS}")
    await room.reads("Ada", "/reading privacy opt-out")
    form = await room.opens("Ada", "/reading answer")
    assert "opted out" in await room.fills("Ada", form, text=WORDS)
    assert "Withdrawn" in await room.fills("Ada", form, text="")
    assert "holds" in await room.reads("Ben", "/reading search electricity")


async def test_what_somebody_who_opted_out_edits_is_forgotten_and_stays_so(room: ConsoleRoom) -> None:
    said, kept = await room.says("Ada", WORDS), await room.says("Ada", "Rivers carry what the fields have lost.")
    await room.until(NINE + timedelta(hours=1))
    await room.reads("Ada", "/reading privacy opt-out")
    await backfill_platform(room.app.context, room.app.recorder, "console")
    assert WORDS in await room.reads("Ben", "/reading search memory"), "what is seen again is no edit"
    room.clock.advance(timedelta(minutes=1))
    edited = await room.channel.edit(said.number, "Never mind about memory.", room.clock.now())
    await room.app.desk.record(seen(edited))
    assert "holds" in await room.reads("Ben", "/reading search memory")
    assert kept.text in await room.reads("Ben", "/reading search rivers")
    await room.reads("Ada", "/reading privacy opt-in")
    await backfill_platform(room.app.context, room.app.recorder, "console")
    assert "holds" in await room.reads("Ben", "/reading search memory")


async def test_what_was_said_while_opted_out_comes_back_by_no_backfill(room: ConsoleRoom) -> None:
    await room.reads("Ada", "/reading privacy opt-out")
    await room.says("Ada", OTHERS)
    await backfill_platform(room.app.context, room.app.recorder, "console")
    assert "holds" in await room.reads("Ben", "/reading search electricity")


async def test_nor_does_it_once_its_author_opted_in_again(room: ConsoleRoom) -> None:
    await room.says("Ada", WORDS)
    for _ in range(2):
        await room.reads("Ada", "/reading privacy opt-out")
        room.clock.advance(timedelta(minutes=1))
        await room.says("Ada", OTHERS)
        room.clock.advance(timedelta(minutes=1))
        await room.reads("Ada", "/reading privacy opt-in")
    await backfill_platform(room.app.context, room.app.recorder, "console")
    assert "holds" in await room.reads("Ben", "/reading search electricity")
    assert WORDS in await room.reads("Ben", "/reading search memory")


async def test_whoever_opts_in_again_is_recorded(room: ConsoleRoom) -> None:
    assert "You had not opted out" in await room.reads("Ada", "/reading privacy opt-in")
    await room.reads("Ada", "/reading privacy opt-out")
    await room.reads("Ada", "/reading privacy opt-in")
    await room.says("Ada", WORDS)
    assert WORDS in await room.reads("Ben", "/reading search memory")


async def test_whoever_opts_out_is_quoted_no_more_in_what_is_posted_already(room: ConsoleRoom) -> None:
    await room.says("Ada", WORDS)
    await room.says("Ben", "Rivers carry what the fields have lost in every spring.")
    await room.until(NINE + timedelta(hours=1))
    await room.reads("you", "/reading-host digest now")
    assert WORDS in room.posts()[-1]
    await room.reads("Ada", "/reading privacy opt-out")
    assert WORDS not in room.posts()[-1]
    assert "Rivers carry" in room.posts()[-1]


async def test_erasing_asks_first_and_then_forgets_words_votes_and_quotes(room: ConsoleRoom) -> None:
    await room.says("Ada", WORDS)
    await room.reads("Ada", f"/reading answer {OTHERS}")
    ben = await room.says("Ben", "Rivers carry what the fields have lost in every spring.")
    await room.votes("Ada", ben.number, "agree")
    await room.until(NINE + timedelta(hours=1))
    await room.reads("you", "/reading-host digest now")
    assert WORDS in room.posts()[-1]
    assert "1 agree" in room.posts()[-1]

    asked = await room.reads("Ada", "/reading privacy erase")
    assert asked.startswith("This forgets 2 messages and 1 vote for good.")
    assert WORDS in await room.reads("Ben", "/reading search memory")

    assert (await room.reads("Ada", "/reading privacy erase yes")).startswith("Forgotten: 2 messages and 1 vote.")
    for word in ("memory", "electricity"):
        assert "holds" in await room.reads("Ben", f"/reading search {word}")
    digest = room.posts()[-1]
    assert WORDS not in digest
    assert OTHERS not in digest
    assert "1 agree" not in digest
    assert "Rivers carry" in digest
    assert not [entry for entry in room.channel.thread(2) if OTHERS in entry.text]


async def test_what_somebody_suggested_is_among_what_is_recorded_of_them_and_forgotten(room: ConsoleRoom) -> None:
    form = await room.opens("Ada", "/reading suggest")
    await room.fills("Ada", form, text="Which chapter would you cut?")
    assert "Questions suggested: 1" in await room.reads("Ada", "/reading privacy show")
    assert "0 messages, 0 votes and 1 suggestion for good" in await room.reads("Ada", "/reading privacy erase")
    told = await room.reads("Ada", "/reading privacy erase yes")
    assert told.startswith("Forgotten: 0 messages, 0 votes and 1 suggestion.")
    assert "Questions suggested: 0" in await room.reads("Ada", "/reading privacy show")
    assert "No suggestion awaits" in await room.reads("you", "/reading-host suggestions list")


async def test_digests_of_long_ago_do_not_name_whoever_was_forgotten(room: ConsoleRoom) -> None:
    said = await room.says("Ada", WORDS)
    await room.says("Ben", "Rivers carry what the fields have lost in every spring.")
    await room.reads("you", f"/reading-host hide {said.number}")
    await room.until(NINE + timedelta(hours=1))
    await room.reads("you", "/reading-host digest now")
    number = len(room.posts()) - 1
    assert "Ada (1)" in room.posts()[number]
    await room.until(NINE + timedelta(days=30))
    await room.reads("Ada", "/reading privacy erase yes")
    assert "Ada" not in room.posts()[number]
    assert "Ben (1)" in room.posts()[number]


def files(folder: Path) -> bytes:
    """Return all that the database's files hold, in lower case."""
    found = list(folder.rglob("bot.db*"))
    assert any(path.name == "bot.db-wal" for path in found)
    return b"".join(path.read_bytes() for path in found).lower()


async def test_what_was_deleted_stands_in_no_file_of_the_database_a_day_later(
    room: ConsoleRoom, tmp_path: Path
) -> None:
    said = await room.says("Ada", OTHERS)
    await room.says("Ben", WORDS)
    await room.channel.delete(said.number, room.clock.now())
    await room.app.desk.record(MessageDeleted(place_of(said), Ref(str(said.number)), room.clock.now()))
    await room.says("Ben", WORDS)
    assert b"electricity" in files(tmp_path)
    await room.until(room.clock.now() + timedelta(days=1, minutes=1))
    assert b"electricity" not in files(tmp_path)


async def test_what_was_erased_stands_in_no_file_of_the_database_an_hour_later(
    room: ConsoleRoom, tmp_path: Path
) -> None:
    await room.says("Ada", OTHERS)
    await room.until(NINE + timedelta(hours=1))
    await room.reads("you", "/reading-host digest now")
    assert b"electricity" in files(tmp_path)
    await room.reads("Ada", "/reading privacy erase yes")
    await room.until(NINE + timedelta(hours=2, minutes=1))
    assert b"electricity" not in files(tmp_path)


async def test_who_was_erased_is_not_known_by_name_any_more(room: ConsoleRoom, tmp_path: Path) -> None:
    def names() -> set[str]:
        (path,) = tmp_path.rglob("bot.db")
        with contextlib.closing(sqlite3.connect(path)) as database:
            return {name for (name,) in database.execute("SELECT name FROM members")}

    await room.says("Ada", WORDS)
    await room.reads("Ben", "/reading privacy opt-out")
    await room.reads("Ben", "/reading privacy opt-in")
    before = names()
    for who in ("Ada", "Ben", "you"):
        await room.reads(who, "/reading privacy erase yes")
    await backfill_platform(room.app.context, room.app.recorder, "console")
    assert before - names() == {"Ada"}, "Ben's silence and the host's rights rest on who they are"
    assert "All is well." in await room.reads("you", "/reading-host status")


async def test_what_was_erased_comes_back_by_no_backfill(room: ConsoleRoom) -> None:
    await room.says("Ada", WORDS)
    await room.reads("Ada", "/reading privacy erase yes")
    await backfill_platform(room.app.context, room.app.recorder, "console")
    assert "holds" in await room.reads("Ben", "/reading search memory")
    await room.says("Ada", "Nothing of this was said by me before today, I believe.")
    assert "Messages recorded: 1" in await room.reads("Ada", "/reading privacy show")


async def test_a_group_whose_data_makes_no_sense_is_not_told_to_come_back_in_a_few_minutes(
    room: ConsoleRoom, tmp_path: Path
) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "bot.db")) as database:
        database.execute("UPDATE questions SET body = '{}'")
        database.commit()
    assert "Something went wrong on my side" in await room.reads("Ada", "/reading today")
