"""Compiling a group's week, posting it, and keeping posted digests true to what was said."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

import structlog

from bot.digest.compile import compile_digest, is_empty
from bot.digest.model import Digest, Discussion, Said, Votes, Week
from bot.errors import ChatError, QuestionSetError
from bot.events import Place
from bot.model import Group, Message, Order, Ref, Room, Round, Substance
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
    now = context.clock.now()
    async with context.database.read() as transaction:
        last = await transaction.digests.last(group.id)
    day = digest_due(group.schedule, last.local_date if last else None, now)
    return None if day is None else await _post(context, group, day)


async def post_digest_now(context: Context, group: Group) -> StoredDigest:
    """Compile and post what was said since the last digest, as today's. Raises ChatError if today has its digest."""
    day = context.today(group)
    async with context.database.read() as transaction:
        if await transaction.digests.on(group.id, day):
            raise ChatError("Today's digest has been posted already.", "See it with `/reading digest`.")
    digest = await preview_digest(context, group)
    if is_empty(digest):
        raise ChatError("Nothing was said since the last digest, so there is nothing to post yet.")
    return await _post(context, group, day)


async def preview_digest(context: Context, group: Group) -> Digest:
    """Return the digest as it would be posted now, without keeping it."""
    now = context.clock.now()
    async with context.database.read() as transaction:
        since = await _since(transaction, group)
    return await compile_week(context, group, since, now)


async def _since(transaction: Transaction, group: Group) -> datetime:
    last = await transaction.digests.last(group.id)
    return last.digest.week.until if last else group.created_at


async def _post(context: Context, group: Group, day: date) -> StoredDigest:
    digest = await preview_digest(context, group)
    now = context.clock.now()
    silent = is_empty(digest) and not group.settings.tell_empty_week
    async with context.database.write() as transaction:
        digest_id = await transaction.digests.add(group.id, day, digest, now)
        for room in [] if silent else await transaction.groups.rooms(group.id):
            await transaction.deliveries.add(
                NewDelivery(
                    key=f"digest:{digest_id}:{room.id}",
                    kind=DeliveryKind.DIGEST,
                    room_id=room.id,
                    digest_id=digest_id,
                    due_at=now,
                    expires_at=now + WEEK,
                )
            )
    context.wake()
    log.info("digest compiled", group=group.slug, date=day.isoformat(), answers=digest.answers, posted=not silent)
    return StoredDigest(digest_id, group.id, day, digest)


async def refresh_stale_digests(context: Context) -> int:
    """Compile again the digests whose quoted words changed, have their posts revised, and return how many."""
    async with context.database.read() as transaction:
        stale = await transaction.digests.stale()
    for stored in stale:
        async with context.database.read() as transaction:
            group = await transaction.groups.get(stored.group_id)
        week = stored.digest.week
        digest = await compile_week(context, group, week.since, week.until, upcoming=stored.digest.upcoming)
        async with context.database.write() as transaction:
            await transaction.digests.replace(stored.id, digest, context.clock.now())
            await transaction.deliveries.revise(digest_id=stored.id, due_at=context.clock.now())
        context.wake()
        log.info("digest compiled again", group=group.slug, date=stored.local_date.isoformat())
    return len(stale)


async def compile_week(
    context: Context, group: Group, since: datetime, until: datetime, *, upcoming: Sequence[str] | None = None
) -> Digest:
    """Return the digest of what a group was asked and said from `since` up to, but without, `until` (UTC).

    Answers count for the week in which they were given, whenever their question was asked, so that none is left out.
    """
    if upcoming is None:
        upcoming = await upcoming_lines(context, group)
    async with context.database.read() as transaction:
        discussions = await _gather(transaction, context, group, since, until)
    week = Week(group.name, group.settings.zone, since, until)
    question_set = context.catalogue.sets.get(group.settings.question_set)
    language = question_set.language if question_set else "en"
    return await asyncio.to_thread(compile_digest, week, discussions, upcoming, language)


async def _gather(
    transaction: Transaction, context: Context, group: Group, since: datetime, until: datetime
) -> list[Discussion]:
    said = await transaction.messages.between(group.id, since, until)
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
    replies: dict[tuple[int, Ref], int] = {}
    for message in messages:
        if message.reply_to is not None:
            key = (message.room_id, message.reply_to)
            replies[key] = replies.get(key, 0) + 1
    answers = [message for message in messages if message.substance is Substance.ANSWER]
    return Discussion(
        round_id=round_.id,
        asked_on=round_.local_date,
        question=round_.question,
        link=round_link(context, threads.values()),
        said=tuple(
            Said(
                message_id=message.id,
                member_id=message.member.id,
                name=message.member.name,
                text=message.text,
                link=answer_link(context, threads.get(message.room_id), message),
                sent_at=message.sent_at,
                votes=votes.get(message.id, Votes()),
                replies=replies.get((message.room_id, message.ref), 0) if message.ref is not None else 0,
                pick=message.pick,
            )
            for message in answers
        ),
        remarks=len(messages) - len(answers),
        continued=continued,
    )


def round_link(context: Context, threads: Iterable[tuple[Room, Ref, Ref]]) -> str:
    """Return the address of a round's post in its first room, or nothing while it is not posted."""
    for room, message, _ in threads:
        return context.platforms[room.channel.platform].link(Place(room.channel), message)
    return ""


def answer_link(context: Context, at: tuple[Room, Ref, Ref] | None, message: Message) -> str:
    """Return the address of a message, or of its round until it is posted; `at` is where its room has the round."""
    if at is None:
        return ""
    room, question, thread = at
    platform = context.platforms[room.channel.platform]
    if message.ref is None:
        return platform.link(Place(room.channel), question)
    return platform.link(Place(room.channel, thread), message.ref)


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
