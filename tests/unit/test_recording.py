"""Recording what people say, in whatever order and however often it is reported."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.clock import ManualClock
from bot.digest.model import Votes
from bot.events import Place, Recordable
from bot.model import Message, Ref, Stance
from bot.services.backfill import backfill_thread
from bot.services.recording import Batch, write
from bot.store.database import Database
from tests.standins.builders import (
    ADA,
    BEN,
    CEM,
    CHANNEL,
    Thread,
    a_room,
    at,
    context,
    opened,
    posted_round,
    recording,
)
from tests.standins.history import HistoryPlatform

PEOPLE = (ADA, BEN, CEM)
rooms = itertools.count(1)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path) as database:
        yield database


@pytest.fixture
async def thread(database: Database) -> Thread:
    return await posted_round(database, await a_room(database))


@pytest.fixture
def elsewhere(database: Database, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Another connection to the same file, which sees only what is committed."""
    connection = sqlite3.connect(tmp_path / "bot.db", isolation_level=None)
    yield connection
    connection.close()


async def record(database: Database, *events: Recordable) -> None:
    async with database.write() as transaction:
        await write(transaction, Batch.of(events))


async def said(database: Database, *threads: Thread) -> list[Message]:
    async with database.read() as transaction:
        return [message for thread in threads for message in await transaction.messages.of_round(thread.round.id)]


async def texts(database: Database, thread: Thread) -> list[str]:
    return [message.text for message in await said(database, thread)]


async def votes(database: Database, thread: Thread) -> dict[str | None, Votes]:
    messages = {message.id: message.ref for message in await said(database, thread)}
    async with database.read() as transaction:
        found = await transaction.reactions.votes(list(messages))
    return {messages[message_id]: of for message_id, of in found.items()}


# What happens: a story in the order in which it happens, told again in any order.


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that somebody does to a message: `say`, `edit`, `delete`, a stance, or `undo` with a stance."""

    do: str
    message: int
    who: int
    text: str
    minute: int

    def event(self, threads: Sequence[Thread]) -> Recordable:
        """Return what a platform reports. Who writes a message, where, and as a reply to what, is up to its number."""
        number, who = self.message, PEOPLE[self.who]
        thread, ref = threads[number % len(threads)], f"r{number}"
        match self.do:
            case "say" | "edit":
                return thread.says(
                    PEOPLE[number % 3],
                    self.text,
                    ref,
                    sent_at=at(number),
                    edited_at=at(self.minute) if self.do == "edit" else None,
                    reply_to=Ref(f"r{number - 2}") if number % 3 else None,
                )
            case "delete":
                return thread.deletes(ref, at(self.minute))
            case _:
                stance = Stance(self.do.removeprefix("undo "))
                return thread.reacts(who, ref, stance, present=not self.do.startswith("undo"))


WORDS = st.sampled_from(
    ["No.", "I think so, because compute is scarce.", "Because memory is short, agents forget.", ""]
)
REACTING = [word for stance in Stance for word in (stance.value, f"undo {stance.value}")]


@st.composite
def stories(draw: st.DrawFn, *, reactions: bool, same_minutes: bool) -> list[Step]:
    """Return what can happen: nothing happens to a message before it was said or after it was deleted."""
    alive: list[int] = []
    steps: list[Step] = []
    for number in range(draw(st.integers(1, 15))):
        doings = ["say", *(["edit", "edit", "delete"] if alive else []), *(REACTING if alive and reactions else [])]
        do = draw(st.sampled_from(doings))
        message = number if do == "say" else draw(st.sampled_from(alive))
        minute = draw(st.integers(30, 32)) if same_minutes else 30 + number
        steps.append(Step(do, message, draw(st.integers(0, 2)), draw(WORDS), minute))
        alive = [*alive, number] if do == "say" else [one for one in alive if do != "delete" or one != message]
    return steps


@st.composite
def reports(draw: st.DrawFn, steps: list[Step], *, complete: bool) -> list[list[Step]]:
    """Return batches in which steps are reported: shuffled, some twice, and not all unless `complete`."""
    told = steps if complete else draw(st.lists(st.sampled_from(steps), unique=True))
    twice = draw(st.lists(st.sampled_from(steps), max_size=8))
    shuffled = draw(st.permutations([*told, *twice]))
    size = draw(st.integers(1, 12))
    return [shuffled[start : start + size] for start in range(0, len(shuffled), size)]


async def two_threads(database: Database) -> list[Thread]:
    name = f"room{next(rooms)}"
    room = await a_room(database, name, replace(CHANNEL, channel=Ref(name)))
    return [await posted_round(database, room, date(2030, 1, day)) for day in (7, 8)]


def comparable(messages: list[Message]) -> list[tuple[Any, ...]]:
    return sorted(
        (one.ref, one.member, one.text, one.substance, one.sent_at, one.edited_at, one.reply_to) for one in messages
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(data=st.data())
async def test_any_order_of_reports_ends_in_the_same_state(
    database: Database, elsewhere: sqlite3.Connection, data: st.DataObject
) -> None:
    steps = data.draw(stories(reactions=False, same_minutes=True))
    straight, shuffled = await two_threads(database), await two_threads(database)
    await record(database, *(step.event(straight) for step in steps))
    async with recording(database) as recorder:
        for batch in data.draw(reports(steps, complete=True)):
            await recorder.record_all(step.event(shuffled) for step in batch)
    assert comparable(await said(database, *straight)) == comparable(await said(database, *shuffled))
    elsewhere.execute("INSERT INTO messages_fts (messages_fts, rank) VALUES ('integrity-check', 1)")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(data=st.data())
async def test_what_is_never_reported_comes_back_from_the_history(
    database: Database, elsewhere: sqlite3.Connection, data: st.DataObject
) -> None:
    steps = data.draw(stories(reactions=True, same_minutes=False))
    straight, gappy = await two_threads(database), await two_threads(database)
    platform = HistoryPlatform(ManualClock(at(0)))
    platform.happens(*(step.event(gappy) for step in steps))
    await record(database, *(step.event(straight) for step in steps))
    async with recording(database) as recorder:
        for batch in data.draw(reports(steps, complete=False)):
            await recorder.record_all(step.event(gappy) for step in batch)
        for thread in gappy:
            program = context(database, platform, at(600))
            await backfill_thread(program, recorder, thread.round.id, thread.room, thread.thread)
    assert comparable(await said(database, *straight)) == comparable(await said(database, *gappy))
    for first, second in zip(straight, gappy, strict=True):
        assert await votes(database, first) == await votes(database, second)
    elsewhere.execute("INSERT INTO messages_fts (messages_fts, rank) VALUES ('integrity-check', 1)")


# Messages.


@pytest.mark.parametrize(
    "batches",
    [
        [["say", "delete"]],
        [["delete", "say"]],
        [["say"], ["delete"]],
        [["delete"], ["say"]],
        [["delete"], ["edit"], ["say"]],
        [["edit", "delete", "say"]],
    ],
)
async def test_a_deletion_is_final_however_it_comes(
    database: Database, thread: Thread, elsewhere: sqlite3.Connection, batches: list[list[str]]
) -> None:
    for batch in batches:
        await record(database, *(Step(do, 1, 0, "Compute is scarce.", 30).event([thread]) for do in batch))
    assert await said(database, thread) == []
    assert not any("scarce" in line for line in elsewhere.iterdump() if "_fts_data" not in line)


async def test_the_newest_edit_wins(database: Database, thread: Thread) -> None:
    first = thread.says(ADA, "No.", "m1")
    newest = replace(first, text="Because compute is scarce, they plan.", edited_at=at(9))
    await record(database, newest)
    await record(database, replace(first, text="Perhaps, but energy is scarce.", edited_at=at(5)), first)
    (message,) = await said(database, thread)
    assert (message.text, message.edited_at, message.substance) == (newest.text, newest.edited_at, "answer")


async def test_an_edit_that_leaves_an_answer_without_substance_makes_it_a_remark(
    database: Database, thread: Thread
) -> None:
    first = thread.says(ADA, "Because compute is scarce, they plan.", "m1")
    await record(database, first, replace(first, text="No.", edited_at=at(5)))
    assert [message.substance for message in await said(database, thread)] == ["remark"]


@pytest.mark.parametrize("together", [True, False])
async def test_an_edit_in_the_instant_of_writing_is_the_newer_version(
    database: Database, thread: Thread, together: bool
) -> None:
    for number, backwards in enumerate((False, True)):
        first = thread.says(ADA, "Zebras think so.", f"m{number}")
        versions = [first, replace(first, text="Apes think so.", edited_at=first.sent_at)]
        for batch in [versions] if together else [[one] for one in versions[:: -1 if backwards else 1]]:
            await record(database, *batch)
    assert await texts(database, thread) == ["Apes think so."] * 2


@pytest.mark.parametrize("together", [True, False])
async def test_of_edits_at_the_same_instant_the_same_one_always_wins(
    database: Database, thread: Thread, together: bool
) -> None:
    first = thread.says(ADA, "?", "m1")
    one, other = (replace(first, text=text, edited_at=at(5)) for text in ("Apes think so.", "Zebras think so."))
    outcomes = []
    for number, order in enumerate(itertools.permutations((first, one, other))):
        events = [replace(version, message=Ref(f"m{number}")) for version in order]
        for batch in [events] if together else [[version] for version in events]:
            await record(database, *batch)
        outcomes.append((await texts(database, thread))[-1])
    assert len(set(outcomes)) == 1
    assert outcomes[0] in (one.text, other.text)


async def test_only_what_is_said_in_the_rounds_threads_is_recorded(
    database: Database, thread: Thread, elsewhere: sqlite3.Connection
) -> None:
    channel = thread.room.channel
    for number, place in enumerate(
        [
            Place(channel),
            Place(channel, Ref("another thread")),
            Place(replace(channel, channel=Ref("another")), thread.thread),
            Place(replace(channel, workspace=Ref("another")), thread.thread),
            Place(replace(channel, platform="slack"), thread.thread),
        ]
    ):
        message = replace(thread.says(ADA, "Nobody asked me this.", f"m{number}"), place=place)
        reaction = replace(thread.reacts(BEN, f"m{number}", Stance.AGREE), place=place)
        await record(database, message, reaction)
    kept = "SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM members), (SELECT count(*) FROM reactions)"
    assert elsewhere.execute(kept).fetchone() == (0, 0, 0)


async def test_a_message_may_hold_anything(database: Database, thread: Thread) -> None:
    odd = ["", "\0", "a\0b", "🎉" * 500, "é" * 10_000, "'; DROP TABLE messages; --", "\u202e", "{}", "%s"]
    await record(database, *(thread.says(ADA, text, f"m{number:02}") for number, text in enumerate(odd)))
    assert [message.text for message in sorted(await said(database, thread), key=lambda one: str(one.ref))] == odd


async def test_half_an_emoji_is_recorded_as_a_replacement_character(database: Database, thread: Thread) -> None:
    await record(database, thread.says(replace(ADA, name="Ada\udc00"), "Broken \ud83d here, whole \ud83c\udf89 here"))
    (message,) = await said(database, thread)
    assert (message.text, message.member.name) == ("Broken \ufffd here, whole 🎉 here", "Ada\ufffd")


async def test_a_member_goes_by_the_name_reported_last(database: Database, thread: Thread) -> None:
    await record(database, thread.says(ADA, "One"))
    await record(database, thread.says(replace(ADA, name="Ada L."), "Two"))
    assert {message.member.name for message in await said(database, thread)} == {"Ada L."}


# Votes.


async def test_reactions_of_others_are_votes(database: Database, thread: Thread) -> None:
    await record(
        database,
        thread.says(ADA, "Compute is scarce.", "m1"),
        thread.reacts(ADA, "m1", Stance.AGREE),
        thread.reacts(BEN, "m1", Stance.AGREE),
        thread.reacts(BEN, "m1", Stance.AGREE),
        thread.reacts(CEM, "m1", Stance.PASS),
    )
    assert await votes(database, thread) == {"m1": Votes(agree=1, passed=1)}


async def test_opposing_reactions_count_as_none_until_one_is_taken_back(database: Database, thread: Thread) -> None:
    await record(database, thread.says(ADA, "Compute is scarce.", "m1"))
    await record(database, thread.reacts(BEN, "m1", Stance.AGREE), thread.reacts(BEN, "m1", Stance.DISAGREE))
    assert await votes(database, thread) == {}
    await record(database, thread.reacts(BEN, "m1", Stance.AGREE, present=False))
    assert await votes(database, thread) == {"m1": Votes(disagree=1)}


@pytest.mark.parametrize("together", [True, False])
async def test_a_reaction_taken_back_under_another_name_is_gone(
    database: Database, thread: Thread, together: bool
) -> None:
    """Where a platform reports who took a reaction back, it may not know their name."""
    await record(database, thread.says(ADA, "Compute is scarce.", "m1"))
    nameless = replace(BEN, name="u2")
    events = thread.reacts(BEN, "m1", Stance.AGREE), thread.reacts(nameless, "m1", Stance.AGREE, present=False)
    for batch in [events] if together else [[one] for one in events]:
        await record(database, *batch)
    assert await votes(database, thread) == {}


@pytest.mark.parametrize("together", [True, False])
async def test_a_snapshot_replaces_what_was_known_and_later_changes_go_on_from_it(
    database: Database, thread: Thread, together: bool
) -> None:
    events: list[Recordable] = [
        thread.says(ADA, "Compute is scarce.", "m1"),
        thread.says(ADA, "Energy is scarce.", "m2"),
        thread.reacts(BEN, "m1", Stance.AGREE),
        thread.reacts(BEN, "m2", Stance.AGREE),
        thread.reactions("m1", (CEM, Stance.DISAGREE)),
        thread.reacts(BEN, "m1", Stance.PASS),
    ]
    for batch in [events] if together else [[one] for one in events]:
        await record(database, *batch)
    assert await votes(database, thread) == {"m1": Votes(disagree=1, passed=1), "m2": Votes(agree=1)}


@pytest.mark.parametrize("snapshot_last", [True, False])
async def test_a_snapshot_and_a_change_that_does_not_tell_its_thread_count_in_their_order(
    database: Database, thread: Thread, snapshot_last: bool
) -> None:
    vote = replace(thread.reacts(BEN, "m1", Stance.AGREE), place=Place(thread.room.channel))
    snapshot = thread.reactions("m1", (CEM, Stance.AGREE))
    events: list[Recordable] = [vote, snapshot] if snapshot_last else [snapshot, vote]
    await record(database, thread.says(ADA, "Compute is scarce.", "m1"), *events)
    assert await votes(database, thread) == {"m1": Votes(agree=1 if snapshot_last else 2)}


async def test_whoever_opted_out_can_still_take_a_vote_back(database: Database, thread: Thread) -> None:
    await record(database, thread.says(ADA, "Compute is scarce.", "m1"), thread.reacts(BEN, "m1", Stance.AGREE))
    async with database.write() as transaction:
        await transaction.members.opt_out((await transaction.members.ensure(BEN)).id, at(2))
    await record(database, thread.reacts(BEN, "m1", Stance.AGREE, present=False))
    assert await votes(database, thread) == {}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_votes_on_a_deleted_message_vanish(
    database: Database, thread: Thread, elsewhere: sqlite3.Connection, order: tuple[int, ...]
) -> None:
    events: list[Recordable] = [
        thread.says(ADA, "Compute is scarce.", "m1"),
        thread.reacts(BEN, "m1", Stance.AGREE),
        thread.deletes("m1"),
    ]
    for number in order:
        await record(database, events[number])
    assert await votes(database, thread) == {}
    assert elsewhere.execute("SELECT count(*) FROM reactions").fetchone() == (0,)


async def test_a_reaction_that_comes_before_its_message_counts(database: Database, thread: Thread) -> None:
    await record(database, thread.reacts(BEN, "m1", Stance.AGREE))
    await record(database, thread.says(ADA, "Compute is scarce.", "m1"))
    assert await votes(database, thread) == {"m1": Votes(agree=1)}


async def test_where_the_thread_is_not_told_reactions_and_deletions_find_their_message(
    database: Database, thread: Thread
) -> None:
    channel = Place(thread.room.channel)
    vote = replace(thread.reacts(BEN, "m1", Stance.AGREE), place=channel)
    await record(database, thread.says(ADA, "Compute is scarce.", "m1"), vote)
    assert await votes(database, thread) == {"m1": Votes(agree=1)}
    await record(database, replace(thread.deletes("m1"), place=channel))
    assert await said(database, thread) == []


async def test_votes_on_more_messages_than_one_statement_can_name_are_counted(
    database: Database, thread: Thread
) -> None:
    await record(database, *(thread.says(ADA, "So.", f"m{number}") for number in range(1_000)))
    await record(database, *(thread.reacts(BEN, f"m{number}", Stance.AGREE) for number in range(1_000)))
    async with database.read() as transaction:
        ids = [message.id for message in await transaction.messages.of_round(thread.round.id)]
        found = await transaction.reactions.votes([*ids, *range(10**6, 10**6 + 300_000)])
    assert len(found) == 1_000
