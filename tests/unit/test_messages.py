"""Form answers, what was said and the digests that quote it, as they are kept."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.digest.model import Digest, Participant, QuotedAnswer, RoundDigest, Votes, Week
from bot.events import Recordable
from bot.model import (
    Message,
    Ref,
    Stance,
    Substance,
)
from bot.services.recording import Batch, write
from bot.store.database import ConflictError, Database
from tests.standins.builders import (
    ADA,
    BEN,
    CEM,
    Thread,
    a_room,
    at,
    opened,
    posted_round,
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


# Messages and votes.


async def form_answer(database: Database, thread: Thread, text: str, ref: str | None, pick: str = "") -> Message:
    async with database.write() as transaction:
        member = await transaction.members.ensure(ADA)
        messages = transaction.messages
        answer = await messages.put_form_answer(thread.round.id, thread.room.id, member.id, text, pick, at(3))
        if ref is not None:
            await messages.posted(answer, Ref(ref))
        found = await messages.get(answer)
        assert found is not None
        return found


async def test_a_form_answer_is_one_a_round_and_edited_in_place(database: Database) -> None:
    thread = await posted_round(database, await a_room(database))
    first = await form_answer(database, thread, "No.", None, "A")
    assert (first.text, first.pick, first.substance, first.sent_at, first.edited_at, first.ref) == (
        "No.",
        "A",
        Substance.ANSWER,
        at(3),
        None,
        None,
    )
    second = await form_answer(database, thread, "Yes.", "m1", "B")
    assert (second.id, second.text, second.pick, second.edited_at, second.ref) == (first.id, "Yes.", "B", at(3), "m1")
    async with database.read() as transaction:
        assert await transaction.messages.form_answer(thread.round.id, first.member.id) == second
        assert await transaction.messages.form_answer(thread.round.id, first.member.id + 1) is None
        assert await transaction.messages.of_round(thread.round.id) == [second]


async def test_a_withdrawn_form_answer_is_gone_with_its_votes(
    database: Database, elsewhere: sqlite3.Connection
) -> None:
    thread = await posted_round(database, await a_room(database))
    answer = await form_answer(database, thread, "Yes.", "m1")
    await record(database, thread.reacts(BEN, "m1", Stance.AGREE), thread.reacts(BEN, "m2", Stance.AGREE))
    async with database.write() as transaction:
        await transaction.messages.withdraw(answer)
        assert await transaction.messages.get(answer.id) is None
    assert elsewhere.execute("SELECT ref FROM reactions").fetchall() == [("m2",)]
    assert (await form_answer(database, thread, "Again.", None)).id > answer.id, "ids of messages are never used again"


async def test_a_form_answer_whose_post_was_deleted_before_it_was_known_is_gone(database: Database) -> None:
    thread = await posted_round(database, await a_room(database))
    await record(database, thread.deletes("m1"))
    async with database.write() as transaction:
        member = await transaction.members.ensure(ADA)
        answer = await transaction.messages.put_form_answer(
            thread.round.id, thread.room.id, member.id, "Yes.", "", at(3)
        )
        await transaction.messages.posted(answer, Ref("m1"))
        assert await transaction.messages.get(answer) is None


async def test_what_was_said_is_counted_by_round_member_and_time(database: Database) -> None:
    room = await a_room(database)
    first, second = [await posted_round(database, room, date(2030, 1, day)) for day in (7, 8)]
    long = "Because compute is scarce, they plan ahead."
    await record(
        database,
        first.says(ADA, long, "m1", sent_at=at(1)),
        first.says(ADA, long, "m2", sent_at=at(2)),
        first.says(BEN, long, "m3", sent_at=at(3)),
        first.says(CEM, "No.", "m4", sent_at=at(4)),
        second.says(ADA, long, "m5", sent_at=at(1500)),
    )
    async with database.read() as transaction:
        messages = transaction.messages
        assert await messages.count_answers([first.round.id, second.round.id, 99]) == {
            first.round.id: (3, 2),
            second.round.id: (1, 1),
        }
        counted = await messages.count_by_member(room.group_id)
        assert [(member.name, answers, rounds) for member, answers, rounds in counted] == [("Ada", 3, 2), ("Ben", 1, 1)]
        since = await messages.count_by_member(room.group_id, at(3))
        assert [(member.name, answers, rounds) for member, answers, rounds in since] == [("Ada", 1, 1), ("Ben", 1, 1)]
        assert [one.ref for one in await messages.between(room.group_id, at(2), at(4))] == ["m2", "m3"]
        assert [one.ref for one in await messages.of_round(first.round.id, answers_only=True)] == ["m1", "m2", "m3"]
        ada = await transaction.members.find("discord", ADA.user)
        assert ada is not None
        assert [one.ref for one in await messages.answers_by(room.group_id, ada.id, 2)] == ["m5", "m2"]


async def test_deleting_a_group_takes_its_words_along(database: Database, elsewhere: sqlite3.Connection) -> None:
    thread = await posted_round(database, await a_room(database))
    await record(database, thread.says(ADA, "Xylophone", "m1"), thread.reacts(BEN, "m1", Stance.AGREE))
    elsewhere.execute("PRAGMA foreign_keys = ON")
    elsewhere.execute("DELETE FROM groups")
    assert elsewhere.execute("SELECT * FROM messages").fetchall() == []
    assert elsewhere.execute("SELECT * FROM reactions").fetchall() == []
    elsewhere.execute("INSERT INTO messages_fts (messages_fts, rank) VALUES ('integrity-check', 1)")
    assert elsewhere.execute("SELECT count(*) FROM messages_fts WHERE messages_fts MATCH 'xylophone'").fetchone() == (
        0,
    )


# Digests.


def digest_of(*messages: Message, consensus: tuple[Message, ...] = (), splits: tuple[Message, ...] = ()) -> Digest:
    def quotes(some: tuple[Message, ...]) -> tuple[QuotedAnswer, ...]:
        return tuple(QuotedAnswer(one.id, one.text, one.member.name, "link", Votes(1, 2, 3)) for one in some)

    entry = RoundDigest(
        1, date(2030, 1, 7), "Why?", "Agents", "link", 3, 2, quotes(messages), quotes(consensus), quotes(splits)
    )
    return Digest(
        Week("Readers", "Europe/Berlin", at(0), at(7 * 24 * 60)), (entry,), (Participant("Ada", 2),), 3, 1, 6, ("Next",)
    )  # fmt: skip


async def quoted(database: Database) -> tuple[Thread, dict[str, Message], int]:
    """Return a thread, its messages q1, q2 and q3, which a digest quotes, and m4, which it does not; and its id."""
    thread = await posted_round(database, await a_room(database))
    refs = ("q1", "q2", "q3", "m4")
    await record(database, *(thread.says(ADA, f"Because of {ref}.", ref) for ref in refs))
    async with database.write() as transaction:
        said = {str(one.ref): one for one in await transaction.messages.of_round(thread.round.id)}
        digest = digest_of(said["q1"], consensus=(said["q2"],), splits=(said["q3"],))
        key = await transaction.digests.add(thread.group.id, date(2030, 1, 13), digest, at(99))
    return thread, said, key


async def stale(database: Database) -> list[int]:
    async with database.read() as transaction:
        return await transaction.digests.stale()


async def test_a_digest_is_kept_as_it_was_compiled(database: Database) -> None:
    thread, said, key = await quoted(database)
    digest = digest_of(said["q1"], consensus=(said["q2"],), splits=(said["q3"],))
    group = thread.group.id
    async with database.write() as transaction:
        digests = transaction.digests
        stored = await digests.get(key)
        assert (stored.group_id, stored.local_date, stored.digest) == (group, date(2030, 1, 13), digest)
        later = await digests.add(group, date(2030, 1, 20), digest, at(99))
        assert await digests.last(group) == await digests.get(later)
        assert [one.id for one in await digests.recent(group, 5)] == [later, key]
        assert await digests.on(group, date(2030, 1, 13)) == stored
        assert await digests.on(group, date(2030, 1, 14)) is None
        assert [at.digested_on for at in (await transaction.groups.standings())[0]] == [date(2030, 1, 20)]
        assert await digests.last(group + 1) is None
        with pytest.raises(LookupError):
            await digests.get(99)
    with pytest.raises(ConflictError):
        await again(database, group, digest)


async def again(database: Database, group_id: int, digest: Digest) -> None:
    async with database.write() as transaction:
        await transaction.digests.add(group_id, date(2030, 1, 20), digest, at(99))


@pytest.mark.parametrize("ref", ["q1", "q2", "q3"])
@pytest.mark.parametrize("change", ["edit", "deletion"])
async def test_a_digest_is_outdated_when_words_that_it_quotes_change(database: Database, ref: str, change: str) -> None:
    thread, _, key = await quoted(database)
    assert await stale(database) == []
    edit = thread.says(ADA, "Other words.", ref, edited_at=at(50))
    await record(database, edit if change == "edit" else thread.deletes(ref))
    assert await stale(database) == [key]
    async with database.write() as transaction:
        digest = (await transaction.digests.get(key)).digest
        await transaction.digests.replace(key, replace(digest, rounds=()), at(100))
    assert await stale(database) == []
    await record(database, thread.says(ADA, "More words.", "q1", edited_at=at(60)), thread.deletes("q2"))
    assert await stale(database) == [], "it quotes nothing any more"


async def test_a_digest_is_not_outdated_by_what_it_does_not_quote_or_knows_already(database: Database) -> None:
    thread, _, _ = await quoted(database)
    await record(
        database,
        thread.says(ADA, "Because of q1.", "q1"),
        thread.says(ADA, "Because of q2.", "q2", edited_at=at(50)),
        thread.says(BEN, "Something new.", "m5"),
        thread.says(ADA, "Other words.", "m4", edited_at=at(50)),
        thread.deletes("m4"),
        thread.deletes("m6"),
        thread.reacts(BEN, "q1", Stance.AGREE),
    )
    assert await stale(database) == []
    await record(database, thread.says(ADA, "Words before those.", "q2", edited_at=at(40)))
    assert await stale(database) == [], "an older version changes nothing"


async def test_a_form_answer_outdates_the_digests_of_its_week(database: Database) -> None:
    thread = await posted_round(database, await a_room(database))
    answer = await form_answer(database, thread, "Yes.", "m1")
    async with database.write() as transaction:
        key = await transaction.digests.add(thread.group.id, date(2030, 1, 13), digest_of(answer), at(99))
        await transaction.messages.outdate_digests_over(answer.id)
    assert await stale(database) == [key]
