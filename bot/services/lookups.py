"""What members look up: rounds, questions, answers, digests, readings and figures of their group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bot.digest.model import Viewpoint
from bot.errors import ChatError
from bot.model import Author, Group, Member, Message, QuestionSet, Reading, Ref, Room, Round
from bot.nearest import nearest
from bot.services.answering import find_round
from bot.services.context import Context
from bot.services.curating import group_questions
from bot.services.digests import answer_link, round_link
from bot.services.viewing import viewpoint
from bot.store.digests import StoredDigest
from bot.store.search import Hit
from bot.store.transaction import Transaction
from bot.yamlsentences import shown


@dataclass(frozen=True, slots=True)
class RoundView:
    """A round with its address and how many answers it has by how many members."""

    round: Round
    link: str
    answers: int
    members: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, best first, each with its address; of what was said, with who said it and where."""

    questions: list[tuple[Hit, str]]
    messages: list[tuple[Hit, str, str]]


@dataclass(frozen=True, slots=True)
class Figures:
    """A group in numbers. `members` are each with answers given and rounds answered, most rounds first."""

    rounds: int
    answers: int
    members: list[tuple[Member, int, int]]
    left: int


async def round_view(context: Context, group: Group, question_id: str | None, here: Room | None = None) -> RoundView:
    """Return the latest round, or the latest that asked a question, with its address `here`. Raises ChatError."""
    async with context.database.read() as transaction:
        [view] = await _views(transaction, context, [await find_round(transaction, group, question_id)], here)
        return view


async def recent_rounds(context: Context, group: Group, limit: int, here: Room | None = None) -> list[RoundView]:
    """Return the latest rounds, newest first, with their addresses `here`."""
    async with context.database.read() as transaction:
        rounds = await transaction.rounds.recent(group.id, limit)
        return await _views(transaction, context, rounds, here)


async def _views(
    transaction: Transaction, context: Context, rounds: Sequence[Round], here: Room | None
) -> list[RoundView]:
    ids = [round_.id for round_ in rounds]
    counts = await transaction.messages.count_answers(ids)
    threads = await transaction.rounds.threads_of(ids)
    return [
        RoundView(round_, round_link(context, threads.get(round_.id, ()), here), *counts.get(round_.id, (0, 0)))
        for round_ in rounds
    ]


async def search(context: Context, group: Group, words: str, limit: int, here: Room | None = None) -> Found:
    """Return the asked questions and the messages that hold all of the words, as they are seen from `here`."""
    async with context.database.read() as transaction:
        questions = await transaction.search.questions(group.id, words, limit)
        messages = await transaction.search.messages(group.id, words, limit)
        threads = await transaction.rounds.threads_of({hit.round_id for hit in (*questions, *messages)})
        known = await transaction.messages.by_ids([hit.message_id for hit in messages if hit.message_id is not None])
        view = await viewpoint(transaction, group.id, here)
    return Found(
        [(hit, round_link(context, threads.get(hit.round_id, ()), here)) for hit in questions],
        [
            (hit, view.signed(hit.name, hit.room_id), _message_link(context, threads, known[hit.message_id]))
            for hit in messages
            if hit.message_id in known
        ],
    )


async def answers_by(context: Context, group: Group, author: Author, limit: int) -> list[tuple[Message, Round, str]]:
    """Return a member's latest answers, from all of their accounts, with rounds and addresses, newest first."""
    async with context.database.read() as transaction:
        member = await transaction.members.find(author.platform, author.user)
        if member is None:
            return []
        answers = await transaction.messages.answers_by(group.id, member.id, limit)
        threads = await transaction.rounds.threads_of({answer.round_id for answer in answers})
        rounds = {answer.round_id: await transaction.rounds.get(answer.round_id) for answer in answers}
    return [(answer, rounds[answer.round_id], _message_link(context, threads, answer)) for answer in answers]


def _message_link(context: Context, threads: Mapping[int, Sequence[tuple[Room, Ref, Ref]]], message: Message) -> str:
    of_round = {room.id: (room, post, thread) for room, post, thread in threads.get(message.round_id, ())}
    return answer_link(context, of_round.get(message.room_id), message)


async def topics(context: Context, group: Group) -> Counter[str]:
    """Return how many questions that the group may be asked each topic has. Raises QuestionSetError."""
    async with context.database.read() as transaction:
        known = await group_questions(transaction, context, group)
    return Counter(question.topic for question in known.active)


async def find_topic(context: Context, group: Group, topic: str) -> str:
    """Return a topic of the group's questions by its name in any case. Raises ChatError with the nearest one."""
    known = {name.casefold(): name for name in await topics(context, group)}
    if topic.casefold() in known:
        return known[topic.casefold()]
    near = nearest(topic, list(known.values()))
    raise ChatError(
        f"There is no topic “{topic}”.", f"Did you mean {near}?" if near else "See them with `/reading topics`."
    )


async def asked_of_topic(context: Context, group: Group, topic: str, here: Room | None = None) -> list[RoundView]:
    """Return the rounds on a topic, newest first, with their addresses `here`."""
    async with context.database.read() as transaction:
        rounds = await transaction.rounds.on_topic(group.id, topic)
        return await _views(transaction, context, rounds, here)


def question_counts(question_set: QuestionSet) -> Counter[tuple[str, str]]:
    """Return how many questions each section of each reading has."""
    asked = (question for question in question_set.questions if not (question.retired or question.draft))
    sources = (question.source for question in asked)
    return Counter((source.reading, source.section) for source in sources if source is not None)


def find_reading(question_set: QuestionSet, wanted: str) -> Reading:
    """Return the reading of that id or title, or the only one whose title has these words. Raises ChatError."""
    words = wanted.casefold()
    for reading in question_set.readings:
        if words in (reading.id, reading.title.casefold()):
            return reading
    having = [reading for reading in question_set.readings if words in reading.title.casefold()]
    if len(having) == 1:
        return having[0]
    near = nearest(wanted, [reading.title for reading in question_set.readings])
    hint = f"Did you mean “{near}”?" if near else "See them with `/reading readings`."
    raise ChatError(f"{shown(wanted)} is not the title of one reading.", hint)


async def recent_digests(context: Context, group: Group, limit: int) -> list[StoredDigest]:
    """Return the latest digests in which something was said, newest first."""
    async with context.database.read() as transaction:
        return await transaction.digests.with_answers(group.id, limit)


async def find_digest(context: Context, group: Group, on: date | None) -> StoredDigest:
    """Return the latest digest in which something was said, or the one of a date. Raises ChatError."""
    recent = await recent_digests(context, group, 5)
    if not recent:
        raise ChatError("There is no digest yet.", "The first one comes at the end of the first week with answers.")
    if on is None:
        return recent[0]
    async with context.database.read() as transaction:
        stored = await transaction.digests.on(group.id, on)
    if stored is not None and stored.digest.answers:
        return stored
    dates = ", ".join(one.local_date.isoformat() for one in recent)
    raise ChatError(f"There is no digest of {on.isoformat()}.", f"The latest are of {dates}.")


async def seen_from(context: Context, group: Group, here: Room | None) -> Viewpoint:
    """Return how what was said in a group's other rooms is signed `here`."""
    async with context.database.read() as transaction:
        return await viewpoint(transaction, group.id, here)


async def figures(context: Context, group: Group) -> Figures:
    """Return the group in numbers. Raises QuestionSetError."""
    async with context.database.read() as transaction:
        members = await transaction.messages.count_by_member(group.id)
        progress = await transaction.rounds.progress(group.id)
        rounds = await transaction.rounds.count(group.id)
        known = await group_questions(transaction, context, group)
    done = {*progress.asked, *progress.skipped}
    left = sum(question.id not in done for question in known.active)
    return Figures(rounds, sum(answers for _, answers, _ in members), members, left)
