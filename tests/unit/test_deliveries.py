"""The outbox: what is to be posted, who may work on it, and how far it got."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.model import Ref, Room
from bot.ports import Refs
from bot.store.database import ConflictError, Database
from bot.store.deliveries import Claim, DeliveryKind, DeliveryState, LeaseLostError, NewDelivery
from bot.store.transaction import Transaction
from tests.standins.builders import ADA, CHANNEL, NOON, SET, a_room, at, opened

REFS = Refs(Ref("message"), Ref("thread"))


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path) as database:
        yield database


@pytest.fixture
async def room(database: Database) -> Room:
    return await a_room(database)


@pytest.fixture
async def transaction(database: Database) -> AsyncIterator[Transaction]:
    async with database.write() as transaction:
        yield transaction


def notice(room: Room, key: str = "notice", due_at: datetime = NOON) -> NewDelivery:
    return NewDelivery(key, DeliveryKind.NOTICE, room.id, due_at, text="Words")


async def claim(transaction: Transaction, now: datetime = NOON, owner: str = "worker", limit: int = 10) -> list[Claim]:
    return await transaction.deliveries.claim(owner, now, now + timedelta(seconds=30), limit)


async def claim_one(transaction: Transaction, now: datetime = NOON) -> Claim:
    (one,) = await claim(transaction, now)
    return one


async def test_a_delivery_is_claimed_when_it_is_due_and_once(room: Room, transaction: Transaction) -> None:
    delivery = await transaction.deliveries.add(notice(room))
    assert await claim(transaction, at(-1)) == []
    one = await claim_one(transaction)
    assert (one.id, one.key, one.kind, one.state, one.room) == (
        delivery,
        "notice",
        DeliveryKind.NOTICE,
        DeliveryState.PENDING,
        room,
    )
    assert (one.refs, one.unsure, one.attempts, one.text, one.owner) == (Refs(), False, 0, "Words", "worker")
    assert await claim(transaction, owner="another") == []
    await transaction.deliveries.sent(one.id, REFS, one.revision)
    assert await claim(transaction, at(999)) == []
    assert await transaction.deliveries.next_due() is None


async def test_a_key_is_delivered_once(database: Database, room: Room) -> None:
    async def add() -> None:
        async with database.write() as transaction:
            await transaction.deliveries.add(notice(room))

    await add()
    with pytest.raises(ConflictError):
        await add()


async def test_what_is_due_longest_comes_first_one_a_room(database: Database, room: Room) -> None:
    other = await a_room(database, "others", replace(CHANNEL, channel=Ref("another")))
    async with database.write() as transaction:
        for key, where, due in (("b", room, at(-1)), ("c", other, at(-2)), ("a", room, at(-3)), ("d", other, at(-1))):
            await transaction.deliveries.add(notice(where, key, due))
        assert [one.key for one in await claim(transaction)] == ["a", "c"]
        busy = await transaction.deliveries.claim("another", at(1), at(2), 10, except_rooms=[room.id])
        assert [one.room for one in busy] == [other]


async def test_a_worker_that_dies_leaves_the_delivery_to_the_next_which_knows_that_it_may_be_there(
    room: Room, transaction: Transaction
) -> None:
    await transaction.deliveries.add(notice(room))
    first = await claim_one(transaction)
    await transaction.deliveries.found(first, Refs(Ref("message")))
    lease_ends = NOON + timedelta(seconds=30)
    assert await transaction.deliveries.next_due() == lease_ends
    assert await claim(transaction, lease_ends - timedelta(seconds=1)) == []
    (second,) = await claim(transaction, lease_ends, owner="another")
    assert (second.unsure, second.refs, second.state) == (True, Refs(Ref("message")), DeliveryState.SENDING)
    await transaction.deliveries.hold(second)
    with pytest.raises(LeaseLostError):
        await transaction.deliveries.hold(first)


@pytest.mark.parametrize("unknown", [True, False])
async def test_a_failed_attempt_is_made_again_later(room: Room, transaction: Transaction, unknown: bool) -> None:
    await transaction.deliveries.add(notice(room))
    one = await claim_one(transaction)
    await transaction.deliveries.retry(one.id, at(5), "No answer.", unknown=unknown)
    assert await transaction.deliveries.next_due() == at(5)
    assert await claim(transaction, at(4)) == []
    again = await claim_one(transaction, at(5))
    assert (again.unsure, again.attempts) == (unknown, 1)
    assert [text for _, _, text in await transaction.deliveries.problems(room.group_id)] == ["No answer."]
    await transaction.deliveries.sent(again.id, REFS, again.revision)
    assert await transaction.deliveries.problems(room.group_id) == []


async def test_what_is_given_up_is_not_tried_again(room: Room, transaction: Transaction) -> None:
    await transaction.deliveries.add(notice(room))
    one = await claim_one(transaction)
    await transaction.deliveries.fail(one.id, "Forbidden.", one.revision)
    assert await claim(transaction, at(999)) == []
    assert await transaction.deliveries.next_due() is None
    assert await transaction.deliveries.problems(room.group_id) == [
        (DeliveryKind.NOTICE, DeliveryState.FAILED, "Forbidden.")
    ]


async def add_answer(transaction: Transaction, room: Room) -> int:
    """Record a round with a form answer, intend to post both, and return the answer's id."""
    key = await transaction.questions.key(SET, "memory")
    round_ = await transaction.rounds.add(room.group_id, key, NOON.date(), 1, NOON)
    member = await transaction.members.ensure(ADA)
    answer = await transaction.messages.put_form_answer(round_.id, room.id, member.id, "Yes.", "", NOON)
    for name, kind, message in (("answer", DeliveryKind.ANSWER, answer), ("question", DeliveryKind.QUESTION, None)):
        await transaction.deliveries.add(NewDelivery(name, kind, room.id, NOON, round_id=round_.id, message_id=message))
    return answer


async def post_question(transaction: Transaction) -> None:
    one = await claim_one(transaction)
    assert one.kind is DeliveryKind.QUESTION
    await transaction.deliveries.sent(one.id, REFS, one.revision)


async def test_an_answer_waits_for_the_thread_of_its_question(room: Room, transaction: Transaction) -> None:
    answer = await add_answer(transaction, room)
    await post_question(transaction)
    one = await claim_one(transaction)
    assert (one.kind, one.thread, one.message_id) == (DeliveryKind.ANSWER, "thread", answer)


async def posted_answer(transaction: Transaction, room: Room) -> int:
    answer = await add_answer(transaction, room)
    await post_question(transaction)
    one = await claim_one(transaction)
    await transaction.deliveries.sent(one.id, Refs(Ref("m1")), one.revision)
    await transaction.messages.posted(answer, Ref("m1"))
    return answer


async def test_a_post_is_brought_to_its_newest_content(room: Room, transaction: Transaction) -> None:
    answer = await posted_answer(transaction, room)
    await transaction.deliveries.revise(message_id=answer, due_at=at(1))
    one = await claim_one(transaction, at(1))
    assert (one.state, one.refs.message, one.unsure) == (DeliveryState.REVISING, "m1", False)
    await transaction.deliveries.revise(message_id=answer, due_at=at(1))
    await transaction.deliveries.sent(one.id, one.refs, one.revision)
    again = await claim_one(transaction, at(1))
    assert again.revision == one.revision + 1, "what changed while it was being shown is shown next"
    await transaction.deliveries.sent(again.id, again.refs, again.revision)
    assert await claim(transaction, at(999)) == []


async def test_a_posted_answer_that_is_withdrawn_is_removed(room: Room, transaction: Transaction) -> None:
    answer = await posted_answer(transaction, room)
    await transaction.deliveries.retract(message_id=answer, due_at=at(1))
    one = await claim_one(transaction, at(1))
    assert (one.state, one.refs.message) == (DeliveryState.RETRACTING, "m1")
    await transaction.deliveries.retracted(one.id)
    assert await claim(transaction, at(999)) == []


async def test_an_answer_that_is_withdrawn_while_it_is_being_posted_is_removed(
    room: Room, transaction: Transaction
) -> None:
    answer = await add_answer(transaction, room)
    await post_question(transaction)
    one = await claim_one(transaction)
    await transaction.deliveries.retract(message_id=answer, due_at=NOON)
    message = await transaction.messages.get(answer)
    assert message is not None
    await transaction.messages.withdraw(message)
    await transaction.deliveries.sent(one.id, Refs(Ref("m1")), one.revision)
    again = await claim_one(transaction)
    assert (again.state, again.refs.message, again.message_id) == (DeliveryState.RETRACTING, "m1", None)


async def test_an_answer_that_is_withdrawn_before_it_was_posted_never_is(room: Room, transaction: Transaction) -> None:
    answer = await add_answer(transaction, room)
    await transaction.deliveries.retract(message_id=answer, due_at=NOON)
    await post_question(transaction)
    assert await claim(transaction, at(999)) == []
