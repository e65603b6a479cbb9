"""Compiling a group's week, posting it, and keeping posted digests true to what was said."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import structlog

from bot.digest.compile import compile_digest, is_empty
from bot.digest.model import Digest, Discussion, Said, Votes, Week
from bot.errors import ChatError, QuestionSetError
from bot.events import Place
from bot.model import Choice, Group, Message, Order, Ref, Room, Round, Substance
from bot.schedule import digest_due
from bot.services.asking import coming
from bot.services.context import Context
from bot.store.deliveries import DeliveryKind, NewDelivery
from bot.store.digests import StoredDigest
from bot.store.transaction import Transaction

log = structlog.get_logger(__name__)

WEEK = timedelta(days=7)


async def post_digest_if_due(context: Context, group: Group) -> StoredDigest | None:
    """Compile and post the group's digest if it is due and return it, or None."""
    upcoming = await upcoming_lines(context, group)
    now = context.clock.now()
    async with context.database.write() as transaction:
        last = await transaction.digests.last(group.id)
        day = digest_due(group.schedule, last.local_date if last else None, now)
        if day is None:
            return None
        digest = await _compile_new(transaction, context, group, upcoming)
        stored = await _post(transaction, context, group, day, digest)
    context.wake()
    return stored


async def post_digest_now(context: Context, group: Group) -> StoredDigest:
    """Compile and post what was said since the last digest, as today's.

    Raises ChatError if today has its digest, posted or empty, or if nothing was said.
    """
    upcoming = await upcoming_lines(context, group)
    day = context.today(group)
    async with context.database.write() as transaction:
        if todays := await transaction.digests.on(group.id, day):
            if is_empty(todays.digest):
                raise ChatError(
                    "Today's digest was due already, and nobody had answered by then.",
                    "What was said since comes with the next one; you can post that tomorrow.",
                )
            raise ChatError("Today's digest has been posted already.", "See it with `/reading digest`.")
        digest = await _compile_new(transaction, context, group, upcoming)
        if is_empty(digest):
            raise ChatError("Nobody has answered since the last digest, so there is nothing to post yet.")
        stored = await _post(transaction, context, group, day, digest)
    context.wake()
    return stored


async def preview_digest(context: Context, group: Group) -> Digest:
    """Return the digest as it would be posted now, without keeping it."""
    upcoming = await upcoming_lines(context, group)
    async with context.database.read() as transaction:
        return await _compile_new(transaction, context, group, upcoming)


async def _compile_new(transaction: Transaction, context: Context, group: Group, upcoming: Sequence[str]) -> Digest:
    """Return the digest of all that was said since the last one."""
    last = await transaction.digests.last(group.id)
    since = last.digest.week.until if last else group.created_at
    week = Week(group.name, group.settings.zone, since, context.clock.now())
    return await compile_week(transaction, context, group, week, upcoming)


async def _post(transaction: Transaction, context: Context, group: Group, day: date, digest: Digest) -> StoredDigest:
    """Keep a digest and have it posted, in the transaction that it was compiled in.

    What is deleted meanwhile waits for the commit, and then finds the digest that quotes it.
    """
    now = context.clock.now()
    silent = is_empty(digest) and not group.settings.tell_empty_week
    digest_id = await transaction.digests.add(group.id, day, digest, now)
    stored = StoredDigest(digest_id, group.id, day, digest)
    if not silent:
        await post_in_rooms(transaction, stored, now)
    log.info("digest compiled", group=group.slug, date=day.isoformat(), answers=digest.answers, posted=not silent)
    return stored


async def post_in_rooms(transaction: Transaction, stored: StoredDigest, now: datetime) -> None:
    """Have a digest posted within a week of its time, in each of its group's rooms that does not have it."""
    expires_at = stored.digest.week.until + WEEK
    for room in await transaction.groups.rooms(stored.group_id) if now < expires_at else ():
        key = f"digest:{stored.id}:{room.id}"
        if await transaction.deliveries.state(key) is None:
            new = NewDelivery(key, DeliveryKind.DIGEST, room.id, now, expires_at, digest_id=stored.id)
            await transaction.deliveries.add(new)


async def compile_week(
    transaction: Transaction, context: Context, group: Group, week: Week, upcoming: Sequence[str]
) -> Digest:
    """Return the digest of a week.

    Answers count for the week in which they were given, whenever their question was asked, so that none is left out.
    """
    discussions = await _gather(transaction, context, group, week.since, week.until)
    question_set = context.catalogue.sets.get(group.settings.question_set)
    language = question_set.language if question_set else "en"
    # Ranking a large group's week takes its time, which the event loop has not.
    return await asyncio.to_thread(compile_digest, week, discussions, upcoming, language)


async def _gather(
    transaction: Transaction, context: Context, group: Group, since: datetime, until: datetime
) -> list[Discussion]:
    silent = await transaction.members.opted_out()
    said = [
        replace(message, choice=Choice.HIDE) if message.member.id in silent else message
        for message in await transaction.messages.between(group.id, since, until)
    ]
    votes = await transaction.reactions.votes([message.id for message in said])
    asked = await transaction.rounds.asked_between(group.id, since, until)
    own = {round_.id for round_ in asked}
    earlier = sorted({message.round_id for message in said} - own)
    rounds = [*[await transaction.rounds.get(round_id) for round_id in earlier], *asked]
    return [
        await _discussion(
            transaction,
            context,
            round_,
            [message for message in said if message.round_id == round_.id],
            votes,
            continued=round_.id not in own,
        )
        for round_ in rounds
    ]


async def _discussion(
    transaction: Transaction,
    context: Context,
    round_: Round,
    messages: Sequence[Message],
    votes: dict[int, Votes],
    *,
    continued: bool,
) -> Discussion:
    threads = {
        room.id: (room, message, thread) for room, message, thread in await transaction.rounds.threads(round_.id)
    }
    persons = await transaction.accounts.persons()
    by = {message.id: persons.get(message.member.id, message.member.id) for message in messages}
    replied: dict[tuple[int, Ref | None], set[int]] = {}
    for message in messages:
        if message.reply_to is not None:
            replied.setdefault((message.room_id, message.reply_to), set()).add(by[message.id])
    answers = [message for message in messages if message.substance is Substance.ANSWER]
    return Discussion(
        round_id=round_.id,
        asked_on=round_.local_date,
        question=round_.question,
        link=round_link(context, threads.values()),
        said=tuple(
            Said(
                message_id=message.id,
                member_id=by[message.id],
                name=message.member.name,
                text=message.text,
                link=answer_link(context, threads.get(message.room_id), message),
                sent_at=message.sent_at,
                votes=votes.get(message.id, Votes()),
                replies=len(replied.get((message.room_id, message.ref), set()) - {by[message.id]}),
                pick=message.pick,
                pinned=message.choice is Choice.QUOTE,
                hidden=message.choice is Choice.HIDE,
                room_id=message.room_id,
            )
            for message in answers
        ),
        remarks=len(messages) - len(answers),
        continued=continued,
        links=tuple((key, round_link(context, [thread])) for key, thread in threads.items()),
    )


def round_link(context: Context, threads: Iterable[tuple[Room, Ref, Ref]], here: Room | None = None) -> str:
    """Return the address of a round's post: `here`, or else in its first room; nothing while it is not posted."""
    posted = {room.id: (room, message) for room, message, _ in threads}
    if not posted:
        return ""
    room, message = posted[here.id] if here and here.id in posted else next(iter(posted.values()))
    return _link(context, room, Place(room.channel), message)


def answer_link(context: Context, at: tuple[Room, Ref, Ref] | None, message: Message) -> str:
    """Return the address of a message, or of its round until it is posted; `at` is where its room has the round."""
    if at is None:
        return ""
    room, question, thread = at
    if message.ref is None:
        return _link(context, room, Place(room.channel), question)
    return _link(context, room, Place(room.channel, thread), message.ref)


def _link(context: Context, room: Room, place: Place, message: Ref) -> str:
    platform = context.platforms.get(room.channel.platform)
    return platform.link(place, message) if platform else ""


async def upcoming_lines(context: Context, group: Group) -> tuple[str, ...]:
    """Return what the coming week is about: sections where the group reads in order, topics otherwise."""
    try:
        picks = [pick.question for day, pick in await coming(context, group, 7) if day <= context.today(group) + WEEK]
    except QuestionSetError:
        return ()
    if group.settings.order is not Order.READING:
        topics = dict.fromkeys(question.topic for question in picks)
        return (", ".join(topics),) if topics else ()
    question_set = context.catalogue.get(group.settings.question_set)
    sections: dict[str, dict[str, None]] = {}
    for source in (question.source for question in picks):
        if source is not None:
            reading = question_set.reading(source.reading)
            sections.setdefault(reading.title, {})[reading.section(source.section).title] = None
    return tuple(f"{title}: {', '.join(of)}" for title, of in sections.items())
