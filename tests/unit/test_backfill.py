"""Fetching from the history what happened while nobody listened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.clock import ManualClock
from bot.digest.model import Votes
from bot.events import Recordable
from bot.model import Ref, Stance
from bot.services.backfill import OPEN_FOR, backfill_platform
from bot.store.database import Database
from tests.standins.builders import (
    ADA,
    BEN,
    CEM,
    CHANNEL,
    NOON,
    Thread,
    a_room,
    at,
    context,
    opened,
    posted_round,
    recording,
)
from tests.standins.history import HistoryPlatform

ANSWER = "Because compute is scarce, they plan ahead."


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path) as database:
        yield database


@pytest.fixture
async def thread(database: Database) -> Thread:
    return await posted_round(database, await a_room(database))


@pytest.fixture
def platform() -> HistoryPlatform:
    return HistoryPlatform(ManualClock(NOON))


async def record(database: Database, *events: Recordable) -> None:
    async with recording(database) as recorder:
        await recorder.record_all(events)


async def backfill(database: Database, platform: HistoryPlatform, now: datetime | None = None) -> None:
    async with recording(database) as recorder:
        await backfill_platform(context(database, platform, now or at(100)), recorder, "discord")


async def said(database: Database, thread: Thread) -> dict[str | None, str]:
    async with database.read() as transaction:
        return {message.ref: message.text for message in await transaction.messages.of_round(thread.round.id)}


async def votes(database: Database, thread: Thread) -> dict[str | None, Votes]:
    async with database.read() as transaction:
        messages = await transaction.messages.of_round(thread.round.id)
        found = await transaction.reactions.votes([message.id for message in messages])
        return {message.ref: found[message.id] for message in messages if message.id in found}


async def test_what_happened_while_nobody_listened_is_recorded(
    database: Database, thread: Thread, platform: HistoryPlatform
) -> None:
    kept, edited, deleted = (thread.says(ADA, f"{ANSWER} {ref}", ref) for ref in ("kept", "edited", "deleted"))
    before = kept, edited, deleted, thread.reacts(BEN, "kept", Stance.AGREE), thread.reacts(CEM, "kept", Stance.AGREE)
    platform.happens(*before)
    await record(database, *before)
    platform.happens(
        replace(edited, text="Other words now stand here.", edited_at=at(5)),
        thread.deletes("deleted"),
        thread.says(BEN, "This one is new.", "new"),
        thread.reacts(BEN, "kept", Stance.AGREE, present=False),
    )
    await backfill(database, platform)
    assert await said(database, thread) == {
        "kept": kept.text,
        "edited": "Other words now stand here.",
        "new": "This one is new.",
    }
    assert await votes(database, thread) == {"kept": Votes(agree=1)}


async def test_doing_it_again_changes_nothing(database: Database, thread: Thread, platform: HistoryPlatform) -> None:
    platform.happens(thread.says(ADA, ANSWER, "m1"), thread.reacts(BEN, "m1", Stance.PASS))
    for _ in range(3):
        await backfill(database, platform)
    assert await said(database, thread) == {"m1": ANSWER}
    assert await votes(database, thread) == {"m1": Votes(passed=1)}


@pytest.mark.parametrize("breaks_after", [0, 1, 3])
async def test_a_history_that_breaks_off_gives_what_it_has_and_proves_no_deletion(
    database: Database, thread: Thread, platform: HistoryPlatform, breaks_after: int
) -> None:
    known = [thread.says(ADA, ANSWER, "m1"), thread.says(ADA, ANSWER, "m3")]
    platform.happens(known[0], thread.says(BEN, ANSWER, "m2"), known[1], thread.says(BEN, ANSWER, "m4"))
    await record(database, *known)
    platform.breaks_after = breaks_after
    await backfill(database, platform)
    assert set(await said(database, thread)) == {"m1", "m3"} | ({"m2"} if breaks_after == 3 else set())
    platform.breaks_after = None
    await backfill(database, platform)
    assert set(await said(database, thread)) == {"m1", "m2", "m3", "m4"}


async def test_one_thread_that_cannot_be_read_does_not_keep_others_from_being_read(
    database: Database, thread: Thread, platform: HistoryPlatform
) -> None:
    later = await posted_round(database, thread.room, (NOON + timedelta(days=1)).date())
    platform.happens(later.says(BEN, ANSWER, "m2"))
    platform.breaks_after = 1
    platform.happens(thread.says(ADA, ANSWER, "m1"), thread.says(ADA, ANSWER, "m3"))
    await backfill(database, platform)
    assert platform.read == [thread.place, later.place]
    assert set(await said(database, later)) == {"m2"}


@pytest.mark.parametrize("posted", [True, False])
async def test_form_answers_are_never_taken_for_deleted(
    database: Database, thread: Thread, platform: HistoryPlatform, posted: bool
) -> None:
    """The bot posts them itself, so the history does not show them as anybody's messages."""
    async with database.write() as transaction:
        member = await transaction.members.ensure(ADA)
        answer = await transaction.messages.put_form_answer(
            thread.round.id, thread.room.id, member.id, ANSWER, "", at(1)
        )
        if posted:
            await transaction.messages.posted(answer, Ref("by-the-bot"))
    platform.happens(thread.says(BEN, ANSWER, "m1"))
    await backfill(database, platform)
    assert await said(database, thread) == {"by-the-bot" if posted else None: ANSWER, "m1": ANSWER}


async def test_votes_on_form_answers_come_back(database: Database, thread: Thread, platform: HistoryPlatform) -> None:
    async with database.write() as transaction:
        member = await transaction.members.ensure(ADA)
        answer = await transaction.messages.put_form_answer(
            thread.round.id, thread.room.id, member.id, ANSWER, "", at(1)
        )
        await transaction.messages.posted(answer, Ref("by-the-bot"))
    await record(database, thread.reacts(CEM, "by-the-bot", Stance.AGREE))
    platform.only_reactions(thread.place, Ref("by-the-bot"), (BEN, Stance.AGREE), (ADA, Stance.AGREE))
    await backfill(database, platform)
    assert await votes(database, thread) == {"by-the-bot": Votes(agree=1)}
    async with database.read() as transaction:
        assert await transaction.members.find("discord", BEN.user) is not None


async def test_only_rounds_of_the_last_fortnight_are_read(
    database: Database, thread: Thread, platform: HistoryPlatform
) -> None:
    now = NOON + OPEN_FOR
    later = await posted_round(database, thread.room, (NOON + timedelta(days=1)).date())
    await backfill(database, platform, now)
    assert platform.read == [thread.place, later.place]
    platform.read.clear()
    await backfill(database, platform, now + timedelta(seconds=1))
    assert platform.read == [later.place]
    assert timedelta(days=14) == OPEN_FOR


async def test_only_threads_of_the_platform_are_read(
    database: Database, thread: Thread, platform: HistoryPlatform
) -> None:
    elsewhere = replace(CHANNEL, platform="slack", channel=Ref("C1"))
    await posted_round(database, await a_room(database, "others", elsewhere))
    await backfill(database, platform)
    assert platform.read == [thread.place]


async def test_a_reaction_that_comes_while_the_history_is_read_outlives_it(
    database: Database, thread: Thread, platform: HistoryPlatform
) -> None:
    """The history may have told of the message's reactions before it came."""
    messages = thread.says(ADA, ANSWER, "m1"), thread.says(ADA, ANSWER, "m2")
    platform.happens(*messages, thread.reacts(CEM, "m2", Stance.AGREE))
    await record(database, *messages)
    async with recording(database) as recorder:

        async def people_vote() -> None:
            await recorder.record(thread.reacts(BEN, "m1", Stance.AGREE))
            await recorder.record(thread.reacts(CEM, "m2", Stance.AGREE, present=False))

        platform.meanwhile = people_vote
        await backfill_platform(context(database, platform, at(100)), recorder, "discord")
    assert await votes(database, thread) == {"m1": Votes(agree=1)}


async def test_a_message_that_comes_while_the_history_is_read_is_not_taken_for_deleted(
    database: Database, thread: Thread, platform: HistoryPlatform
) -> None:
    async with recording(database) as recorder:

        async def somebody_writes() -> None:
            await recorder.record(thread.says(BEN, ANSWER, "new"))

        platform.meanwhile = somebody_writes
        await backfill_platform(context(database, platform, at(100)), recorder, "discord")
    assert await said(database, thread) == {"new": ANSWER}
