"""Form answers: recorded first, then posted in the round's thread by the bot, and kept true to later edits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.digest.picks import parse_pick
from bot.errors import ChatError
from bot.model import ANSWER_LIMIT, Author, Group, Kind, Message, Question, Room, Round
from bot.services.asking import question_key
from bot.services.context import Context
from bot.store.deliveries import DeliveryKind, DeliveryState, NewDelivery
from bot.store.transaction import Transaction
from bot.yamlsentences import shown

_NEVER_THERE = (None, DeliveryState.FAILED, DeliveryState.RETRACTING, DeliveryState.RETRACTED)


class Change(StrEnum):
    """What became of a form answer."""

    GIVEN = "given"
    EDITED = "edited"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Standing:
    """A round as one member sees it: with their form answer, if they gave one."""

    round: Round
    mine: Message | None


async def find_round(transaction: Transaction, group: Group, question_id: str | None) -> Round:
    """Return the latest round, or the latest that asked a question. Raises ChatError."""
    if question_id is None:
        last = await transaction.rounds.last(group.id)
        if last is None:
            raise ChatError("No question has been asked here yet.")
        return last
    rounds = await transaction.rounds.with_question(group.id, question_id)
    if not rounds:
        raise ChatError(f"{shown(question_id)} has not been asked here.", "See what was with `/reading question`.")
    return rounds[0]


def is_pick(question: Question, text: str) -> bool:
    """Return whether a text is nothing but a choice or an estimate that the question asks for."""
    try:
        parse_pick(question, text)
    except ValueError:
        return False
    return True


async def find_standing(context: Context, group: Group, author: Author, question_id: str | None) -> Standing:
    """Return the round that a member may answer, with what they answered. Raises ChatError."""
    async with context.database.read() as transaction:
        round_ = await find_round(transaction, group, question_id)
        member = await transaction.members.find(author.platform, author.user)
        mine = await transaction.messages.form_answer(round_.id, member.id) if member else None
    return Standing(round_, mine)


@dataclass(frozen=True, slots=True)
class Given:
    """What became of a form answer, with its pick as it is kept, and the room in whose thread it stands."""

    change: Change
    round: Round
    room_id: int
    pick: str = ""


async def give_answer(context: Context, room: Room, author: Author, round_id: int, text: str, pick: str = "") -> Given:
    """Record a member's form answer to a round, over the one before; an empty one withdraws it.

    Raises ChatError for an answer that is too long, too empty or not one that the question asks for, and for a round
    that the room's group was never asked.
    """
    async with context.database.write() as transaction:
        round_ = await _round(transaction, room, round_id)
        given = await _give(transaction, room, author, round_, text.strip(), pick.strip(), context.clock.now())
    context.wake()
    return given


async def _give(
    transaction: Transaction, room: Room, author: Author, round_: Round, text: str, pick: str, now: datetime
) -> Given:
    member = await transaction.members.ensure(author)
    mine = await transaction.messages.form_answer(round_.id, member.id)
    if not text and not pick:
        if mine is None:
            raise ChatError("An empty answer says nothing.", "Write a sentence or two.")
        await transaction.messages.outdate_digests_over(mine.id)
        await transaction.deliveries.retract(message_id=mine.id, due_at=now)
        await transaction.messages.withdraw(mine)
        return Given(Change.WITHDRAWN, round_, mine.room_id)
    if member.id in await transaction.members.opted_out():
        raise ChatError("You have opted out of being recorded.", "Write `/reading privacy opt-in` to answer.")
    chosen = _checked(round_, text, pick)
    room_id = mine.room_id if mine else await _room_for(transaction, round_, room)
    answer_id = await transaction.messages.put_form_answer(round_.id, room_id, member.id, text, chosen, now)
    if mine is None:
        await transaction.deliveries.add(
            NewDelivery(
                key=f"answer:{answer_id}:{room_id}",
                kind=DeliveryKind.ANSWER,
                room_id=room_id,
                round_id=round_.id,
                message_id=answer_id,
                due_at=now,
            )
        )
    else:
        # A pick is counted even where the words that came with it are not quoted.
        await transaction.messages.outdate_digests_over(mine.id)
        await transaction.deliveries.revise(message_id=answer_id, due_at=now)
    return Given(Change.GIVEN if mine is None else Change.EDITED, round_, room_id, chosen)


async def _room_for(transaction: Transaction, round_: Round, here: Room) -> int:
    """Return the room in which an answer is posted: `here`, unless the round is only in others of the group's rooms."""
    if await transaction.deliveries.state(question_key(round_, here)) not in _NEVER_THERE:
        return here.id
    meets_in = {room.id for room in await transaction.groups.rooms(round_.group_id)}
    posted = [room.id for room, _, _ in await transaction.rounds.threads(round_.id) if room.id in meets_in]
    return posted[0] if posted else here.id


async def _round(transaction: Transaction, room: Room, round_id: int) -> Round:
    try:
        round_ = await transaction.rounds.get(round_id)
    except LookupError:
        round_ = None
    if round_ is None or round_.group_id != room.group_id:
        raise ChatError("This form is out of date.", "Open it again.")
    return round_


def _checked(round_: Round, text: str, pick: str) -> str:
    if len(text) > ANSWER_LIMIT:
        raise ChatError(
            f"Your answer has {len(text):,} characters; at most {ANSWER_LIMIT:,} fit in one message.",
            "Shorten it, or write it in the thread in several messages.",
        )
    if round_.question.kind is Kind.OPEN:
        if not text:
            raise ChatError("An empty answer says nothing.", "Write a sentence or two.")
        return ""
    if not pick.strip():
        raise ChatError(
            "This question asks for a choice or an estimate as well.", "Answer with the form: `/reading answer`."
        )
    try:
        return parse_pick(round_.question, pick)
    except ValueError as error:
        raise ChatError(str(error)) from None
