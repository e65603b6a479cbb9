"""Groups, questions, rounds and alerts, as they are kept."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path

import pytest

from bot.events import Recordable
from bot.model import (
    Exhausted,
    Forecast,
    Group,
    Kind,
    Order,
    Pause,
    Question,
    Ref,
    Room,
    Settings,
    Source,
)
from bot.selection import Progress, Queued
from bot.services.recording import Batch, write
from bot.store.database import ConflictError, Database
from tests.standins.builders import (
    ADA,
    BEN,
    CEM,
    CHANNEL,
    NOON,
    SET,
    a_room,
    at,
    opened,
    posted_round,
    question,
)

DAY = timedelta(days=1)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path) as database:
        yield database


@pytest.fixture
def elsewhere(database: Database, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Another connection to the same file."""
    connection = sqlite3.connect(tmp_path / "bot.db", isolation_level=None)
    yield connection
    connection.close()


async def record(database: Database, *events: Recordable) -> None:
    async with database.write() as transaction:
        await write(transaction, Batch.of(events))


# Groups.

EVERYTHING_CHANGED = Settings(
    zone="Asia/Kathmandu",
    ask_at=time(7, 45),
    days=frozenset({0, 2}),
    holidays=frozenset({date(2030, 12, 25)}),
    digest_on=2,
    digest_at=time(20, 15),
    question_set="another",
    order=Order.TOPICS,
    exhausted=Exhausted.STOP,
    tell_empty_week=True,
)


async def test_a_group_is_kept_as_it_was_saved(database: Database) -> None:
    async with database.write() as transaction:
        made = await transaction.groups.add("readers", "Readers", Settings(), NOON)
        assert await transaction.groups.get(made.id) == made
        saved = replace(made, name="Ré\U0001f4da", settings=EVERYTHING_CHANGED, active_from=at(5), declared=True)
        await transaction.groups.save(saved)
    async with database.read() as transaction:
        assert await transaction.groups.get(made.id) == saved
        assert await transaction.groups.by_slug("readers") == saved
        assert await transaction.groups.all() == [saved]
        assert await transaction.groups.by_slug("nobody") is None
        with pytest.raises(LookupError):
            await transaction.groups.get(made.id + 1)


async def test_two_groups_cannot_have_one_slug(database: Database) -> None:
    await a_room(database)
    with pytest.raises(ConflictError):
        await a_room(database, channel=replace(CHANNEL, channel=Ref("another")))


async def test_a_channel_finds_its_group_or_the_only_one_of_its_workspace(database: Database) -> None:
    elsewhere = replace(CHANNEL, channel=Ref("elsewhere"))
    another = replace(CHANNEL, channel=Ref("another"))
    first = await a_room(database)
    async with database.write() as transaction:
        found = transaction.groups.by_channel
        assert (await only(await found(CHANNEL))).id == (await only(await found(elsewhere))).id == first.group_id
        await transaction.groups.add_room(first.group_id, another)
        assert (await only(await found(elsewhere))).id == first.group_id, "two rooms, but one group"
        assert await found(replace(CHANNEL, workspace=Ref("other guild"))) is None
        assert await found(replace(CHANNEL, platform="slack")) is None
    second = await a_room(database, "others", elsewhere)
    async with database.read() as transaction:
        found = transaction.groups.by_channel
        assert (await only(await found(CHANNEL))).id == (await only(await found(another))).id == first.group_id
        assert (await only(await found(elsewhere))).id == second.group_id
        assert await found(replace(CHANNEL, channel=Ref("nowhere"))) is None, "two groups, so it could be either"


async def only(group: Group | None) -> Group:
    assert group is not None
    return group


async def test_a_channel_belongs_to_one_group_at_a_time(database: Database) -> None:
    room = await a_room(database)
    async with database.write() as transaction:
        other = await transaction.groups.add("others", "Others", Settings(), NOON)
        moved = await transaction.groups.add_room(other.id, CHANNEL)
        assert moved == Room(room.id, other.id, CHANNEL)
        assert await transaction.groups.rooms(room.group_id) == []
        assert await transaction.groups.rooms(other.id) == [moved]
        assert await transaction.groups.room(room.id) == await transaction.groups.room_at(CHANNEL) == moved
        with pytest.raises(LookupError):
            await transaction.groups.room(room.id + 1)


async def test_pauses_end_where_they_are_ended(database: Database) -> None:
    room = await a_room(database)
    today = date(2030, 1, 10)
    over, running, open_ended, coming = (
        Pause(today - 9 * DAY, today),
        Pause(today - DAY, today + DAY),
        Pause(today),
        Pause(today + 5 * DAY, today + 6 * DAY),
    )
    async with database.write() as transaction:
        assert not await transaction.groups.end_pauses(room.group_id, today)
        for pause in (over, running, open_ended, coming):
            await transaction.groups.pause(room.group_id, pause)
        assert (await transaction.groups.get(room.group_id)).pauses == (over, running, open_ended, coming)
        assert await transaction.groups.end_pauses(room.group_id, today)
        left = (await transaction.groups.get(room.group_id)).pauses
        assert not any(pause.covers(today + number * DAY) for pause in left for number in range(400))
        assert left[0] == over
        assert any(pause.covers(today - DAY) for pause in left), "what was paused stays so"
        assert not await transaction.groups.end_pauses(room.group_id, today)


async def test_hosts_are_kept_once_and_listed_by_name(database: Database) -> None:
    room = await a_room(database)
    async with database.write() as transaction:
        for author in (CEM, ADA, CEM, BEN):
            await transaction.groups.add_host(room.group_id, (await transaction.members.ensure(author)).id)
        assert [host.name for host in await transaction.groups.hosts(room.group_id)] == ["Ada", "Ben", "Cem"]


async def test_a_member_is_known_by_platform_and_user(database: Database) -> None:
    async with database.write() as transaction:
        ada = await transaction.members.ensure(ADA)
        namesake = await transaction.members.ensure(replace(ADA, platform="slack"))
        renamed = await transaction.members.ensure(replace(ADA, name="Ada L."))
        assert renamed == replace(ada, name="Ada L.")
        assert namesake.id != ada.id
        assert await transaction.members.find("discord", ADA.user) == renamed
        assert await transaction.members.find("discord", Ref("nobody")) is None


# Questions and rounds.


async def test_a_question_is_kept_with_everything_it_has(database: Database) -> None:
    full = Question(
        id="q",
        text="How likely?",
        topic="Timelines",
        kind=Kind.FORECAST,
        background="“Much” is said; 多.",
        follow_ups=("Why?", "Why not?"),
        source=Source("reading", "section"),
        options=("a", "b"),
        forecast=Forecast("number", "by the paper", date(2031, 1, 1), "people"),
        tags=("x",),
        not_before=date(2030, 1, 1),
        ask_on=date(2030, 2, 2),
        draft=True,
        retired=True,
    )
    thread = await posted_round(database, await a_room(database, questions=[full]), slug="q")
    assert thread.round.question == full


async def test_syncing_what_has_not_changed_writes_nothing(database: Database, elsewhere: sqlite3.Connection) -> None:
    await a_room(database)
    before = elsewhere.execute("PRAGMA data_version").fetchone()
    async with database.write() as transaction:
        await transaction.questions.sync(SET, [question()])
        await transaction.questions.sync(SET, [])
    assert elsewhere.execute("PRAGMA data_version").fetchone() == before
    async with database.write() as transaction:
        await transaction.questions.sync(SET, [question(text="Changed?")])
    assert elsewhere.execute("PRAGMA data_version").fetchone() != before


async def test_an_edited_question_keeps_its_rounds_and_a_dropped_one_stays_for_them(database: Database) -> None:
    room = await a_room(database, questions=[question("memory"), question("chips")])
    asked = [
        await posted_round(database, room, NOON.date() + DAY * n, slug=s) for n, s in enumerate(["memory", "chips"])
    ]
    async with database.write() as transaction:
        await transaction.questions.sync(SET, [question("memory", text="Edited?")])
        assert (await transaction.rounds.get(asked[0].round.id)).question.text == "Edited?"
        assert (await transaction.rounds.get(asked[1].round.id)).question == question("chips")
        with pytest.raises(LookupError):
            await transaction.questions.key(SET, "never")


async def test_the_queue_keeps_its_order_and_is_each_groups_own(database: Database) -> None:
    room = await a_room(database, questions=[question("a"), question("b")])
    other = await a_room(database, "others", replace(CHANNEL, channel=Ref("another")), questions=[question("a")])
    async with database.write() as transaction:
        by = (await transaction.members.ensure(ADA)).id
        keys = [await transaction.questions.key(SET, slug) for slug in ("a", "b")]
        queue = transaction.questions
        first = await queue.enqueue(room.group_id, keys[1], on=None, by=by, now=NOON)
        second = await queue.enqueue(room.group_id, keys[0], on=date(2030, 2, 2), by=None, now=NOON)
        third = await queue.enqueue(room.group_id, keys[1], on=None, by=None, now=NOON)
        assert await queue.queued(room.group_id) == [
            (Queued(first, "b"), question("b")),
            (Queued(second, "a", date(2030, 2, 2)), question("a")),
            (Queued(third, "b"), question("b")),
        ]
        assert await queue.queued(other.group_id) == []
        assert not await queue.dequeue(other.group_id, first)
        assert await queue.dequeue(room.group_id, first)
        assert not await queue.dequeue(room.group_id, first)
        assert [entry.id for entry, _ in await queue.queued(room.group_id)] == [second, third]


async def test_progress_goes_through_cycles_and_skips(database: Database) -> None:
    slugs = ["a", "b", "c", "d"]
    room = await a_room(database, questions=[question(slug) for slug in slugs])

    async def progress() -> Progress:
        async with database.read() as transaction:
            return await transaction.rounds.progress(room.group_id)

    async def skip(slug: str, cycle: int) -> None:
        async with database.write() as transaction:
            await transaction.rounds.skip(room.group_id, await transaction.questions.key(SET, slug), cycle)

    assert await progress() == Progress()
    await posted_round(database, room, date(2030, 1, 7), slug="b")
    await posted_round(database, room, date(2030, 1, 8), slug="a")
    await skip("d", 1)
    await skip("d", 1)
    assert await progress() == Progress(1, ("b", "a"), frozenset({"d"}), "a")
    await posted_round(database, room, date(2030, 1, 9), slug="c")
    await skip("a", 2)
    assert await progress() == Progress(2, (), frozenset({"a"}), "c"), "skipping may begin a cycle"
    await posted_round(database, room, date(2030, 1, 10), slug="d", cycle=2)
    assert await progress() == Progress(2, ("d",), frozenset({"a"}), "d")
    other = await a_room(database, "others", replace(CHANNEL, channel=Ref("another")))
    async with database.read() as transaction:
        assert await transaction.rounds.progress(other.group_id) == Progress()


async def test_rounds_are_found_by_date_question_topic_time_and_thread(database: Database) -> None:
    asked = [question("a", topic="One"), question("b", topic="Two")]
    room = await a_room(database, questions=asked)
    days = [date(2030, 1, 7), date(2030, 1, 8), date(2030, 1, 9)]
    threads = [await posted_round(database, room, day, slug=slug) for day, slug in zip(days, "aba", strict=True)]
    first, second, third = (thread.round for thread in threads)
    group = room.group_id
    async with database.read() as transaction:
        rounds = transaction.rounds
        assert await rounds.last(group) == third
        assert [(at.asked_on, at.digested_on) for at in (await transaction.groups.standings())[0]] == [(days[2], None)]
        assert await rounds.on(group, days[1]) == second
        assert await rounds.on(group, date(2031, 1, 1)) is None
        assert await rounds.with_question(group, "a") == [third, first]
        assert await rounds.on_topic(group, "Two") == [second]
        assert await rounds.recent(group, 2) == [third, second]
        assert await rounds.asked_between(group, first.asked_at, third.asked_at) == [first, second]
        assert await rounds.count(group) == 3
        assert await rounds.at(CHANNEL, threads[1].thread) == (second.id, room.id, True, None)
        assert await rounds.at(CHANNEL, threads[1].message) is None
        assert await rounds.at(replace(CHANNEL, workspace=Ref("other")), threads[1].thread) is None
        assert await rounds.threads(second.id) == [(room, threads[1].message, threads[1].thread)]
        assert await rounds.open_threads("discord", second.asked_at) == [
            (one.round.id, room, one.thread) for one in threads[1:]
        ]
        with pytest.raises(LookupError):
            await rounds.get(99)


# Alerts and notes.


async def test_a_trouble_is_new_once_until_it_is_over(database: Database) -> None:
    room = await a_room(database)
    other = await a_room(database, "others", replace(CHANNEL, channel=Ref("another")))
    async with database.write() as transaction:
        alerts = transaction.alerts
        assert await alerts.raise_(room.group_id, "room", "The room is gone.", NOON)
        assert not await alerts.raise_(room.group_id, "room", "The room is still gone.", at(1))
        assert await alerts.raise_(room.group_id, "set", "The set is broken.", at(2))
        assert await alerts.raise_(other.group_id, "room", "The room is gone.", NOON)
        assert await alerts.of_group(room.group_id) == ["The room is gone.", "The set is broken."]
        assert await alerts.causes(room.group_id) == {"room", "set"}
        await alerts.clear(room.group_id, "room")
        assert await alerts.causes(room.group_id) == {"set"}
        assert await alerts.causes(other.group_id) == {"room"}
        assert await alerts.raise_(room.group_id, "room", "The room is gone again.", at(3))


async def test_a_note_is_kept_over_the_one_before(database: Database) -> None:
    async with database.write() as transaction:
        assert await transaction.notes.get("key") is None
        await transaction.notes.put("key", "one")
        await transaction.notes.put("key", "two")
        assert await transaction.notes.get("key") == "two"


async def test_instants_are_kept_to_the_microsecond_in_any_zone_and_need_one(database: Database) -> None:
    tokyo = datetime(2030, 1, 7, 21, 0, 0, 123456, tzinfo=timezone(timedelta(hours=9)))
    async with database.write() as transaction:
        made = await transaction.groups.add("readers", "Readers", Settings(), tokyo)
        kept = (await transaction.groups.get(made.id)).created_at
        assert kept == tokyo
        assert kept.tzinfo is UTC
        with pytest.raises(Exception, match="needs a time zone"):
            await transaction.groups.add("others", "Others", Settings(), datetime(2030, 1, 7))  # noqa: DTZ001
