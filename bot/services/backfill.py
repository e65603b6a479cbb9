"""Fetching from the history what happened while nobody listened."""

from __future__ import annotations

from datetime import timedelta

import structlog

from bot.errors import PlatformError
from bot.events import MessageDeleted, MessageSeen, Place, ReactionChanged, ReactionsSeen, Recordable
from bot.model import Ref, Room
from bot.services.context import Context
from bot.services.recording import Recorder

log = structlog.get_logger(__name__)

OPEN_FOR = timedelta(days=14)
"""How long after it was asked a round is looked at again; live events are recorded at any age."""


async def backfill_platform(context: Context, recorder: Recorder, platform: str) -> None:
    """Fetch what every open round on a platform missed: messages, edits, deletions and reactions.

    Raises DatabaseError.
    """
    async with context.database.read() as transaction:
        threads = await transaction.rounds.open_threads(platform, context.clock.now() - OPEN_FOR)
    for round_id, room, thread in threads:
        await backfill_thread(context, recorder, round_id, room, thread)


async def backfill_thread(context: Context, recorder: Recorder, round_id: int, room: Room, thread: Ref) -> None:
    """Fetch what one thread missed. Raises DatabaseError.

    A history that breaks off is logged; what it gave is recorded, but proves no deletion.
    """
    place = Place(room.channel, thread)
    async with context.database.read() as transaction:
        recorded = await transaction.messages.refs(round_id, room.id)
    started = context.clock.now()
    history: list[Recordable] = []
    whole = True
    with recorder.overhear() as heard:
        try:
            async for event in context.platforms[room.channel.platform].history(place):
                history.append(event)  # noqa: PERF401  (what was read must survive the end)
        except PlatformError as error:
            whole = False
            log.warning("history could not be read", room=room.id, problem=str(error))
    # The reactions that the history tells of may be older than what was reported in the meantime.
    newer = [event for event in heard if event.place.channel == room.channel and _is_about_reactions(event)]
    await recorder.record_all([*history, *newer])
    if whole:
        there = {event.message for event in history if isinstance(event, MessageSeen)}
        await recorder.record_all([MessageDeleted(place, ref, started) for ref in recorded - there])


def _is_about_reactions(event: Recordable) -> bool:
    return isinstance(event, ReactionChanged | ReactionsSeen)
