"""Recording what people say: one writer that commits many events at once.

`record` returns after the commit that holds the event, so an adapter that acknowledges afterwards loses nothing.
Message events may come in any order and any number of times: what a batch amounts to is worked out first, and the store
keeps the newest version of each message and never brings back a deleted one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from bot.errors import DatabaseError
from bot.events import MessageDeleted, MessageSeen, Place, ReactionChanged, ReactionsSeen, Recordable
from bot.model import Author, Ref, Stance
from bot.store.database import Database
from bot.store.messages import Version
from bot.store.transaction import Transaction
from bot.substance import substance

LINGER_SECONDS = 0.003
"""How long the writer waits for company before it commits."""

MOST_AT_ONCE = 500

log = structlog.get_logger(__name__)

Spot = tuple[Place, Ref]
"""A message, by where it stands."""

_Waiting = tuple[Recordable, asyncio.Future[None]]


@dataclass(slots=True)
class Batch:
    """What a run of events amounts to."""

    seen: dict[Spot, MessageSeen] = field(default_factory=dict)
    deleted: dict[Spot, datetime] = field(default_factory=dict)
    changed: set[Spot] = field(default_factory=set)
    snapshots: set[Spot] = field(default_factory=set)
    reactions: dict[tuple[Spot, Author, Stance], bool] = field(default_factory=dict)

    @classmethod
    def of(cls, events: Iterable[Recordable]) -> Batch:
        """Return what events amount to, in the order in which they came."""
        batch = cls()
        for event in events:
            batch._add(event)
        return batch

    def _add(self, event: Recordable) -> None:
        spot = (event.place, event.message)
        match event:
            case MessageSeen():
                if spot not in self.seen or _age(self.seen[spot]) < _age(event):
                    self.seen[spot] = event
                if event.edited_at is not None:
                    self.changed.add(spot)
            case MessageDeleted():
                self.deleted[spot] = min(event.deleted_at, self.deleted.get(spot, event.deleted_at))
                self.changed.add(spot)
            case ReactionChanged():
                self.reactions[spot, event.author, event.stance] = event.present
            case ReactionsSeen():
                self.snapshots.add(spot)
                for known in [key for key in self.reactions if key[0] == spot]:
                    del self.reactions[known]
                self.reactions.update({(spot, author, stance): True for author, stance in event.stances})


def _age(event: MessageSeen) -> tuple[datetime, str]:
    return (event.edited_at or event.sent_at, event.text)


class Recorder:
    """The one writer of events."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._committing: asyncio.Future[None] | None = None

    async def record(self, event: Recordable) -> None:
        """Record an event; return once it is committed. Raises DatabaseError if it could not be."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((event, done))
        await done

    async def record_all(self, events: Iterable[Recordable]) -> None:
        """Record many events; return once all are committed. Raises DatabaseError if any could not be."""
        await asyncio.gather(*(self.record(event) for event in events))

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            first = await self._queue.get()
            self._committing = asyncio.ensure_future(self._commit_with_company(first))
            await asyncio.shield(self._committing)

    async def drain(self) -> None:
        """Write what is still waiting, after `run` was cancelled."""
        if self._committing is not None:
            await self._committing
        while not self._queue.empty():
            await self._commit(self._waiting())

    async def _commit_with_company(self, first: _Waiting) -> None:
        await asyncio.sleep(LINGER_SECONDS)
        await self._commit([first, *self._waiting()])

    def _waiting(self) -> list[_Waiting]:
        return [self._queue.get_nowait() for _ in range(min(self._queue.qsize(), MOST_AT_ONCE))]

    async def _commit(self, waiting: list[_Waiting]) -> None:
        try:
            await self._write([event for event, _ in waiting])
        except DatabaseError as error:
            log.error("events could not be recorded", events=len(waiting), problem=str(error))
            for _, done in waiting:
                _settle(done, error)
        except Exception as error:
            if len(waiting) == 1:
                log.exception("an event could not be recorded", event_type=type(waiting[0][0]).__name__)
                _settle(waiting[0][1], error)
                return
            for one in waiting:
                await self._commit([one])
        else:
            for _, done in waiting:
                _settle(done, None)

    async def _write(self, events: list[Recordable]) -> None:
        batch = Batch.of(events)
        async with self._database.write() as transaction:
            await write(transaction, batch)


def _settle(done: asyncio.Future[None], error: Exception | None) -> None:
    if done.cancelled():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)


async def write(transaction: Transaction, batch: Batch) -> None:
    """Record what a batch amounts to; what happened outside the rounds' threads is left out."""
    spots = {*batch.seen, *batch.deleted, *batch.snapshots, *(spot for spot, _, _ in batch.reactions)}
    homes = await _homes(transaction, {place for place, _ in spots})
    authors = [event.author for (place, _), event in batch.seen.items() if place in homes]
    authors += [author for (place, _), author, _ in batch.reactions if place in homes]
    members = await transaction.members.ensure_all(authors)

    def key(spot: Spot) -> tuple[int, Ref]:
        return homes[spot[0]][1], spot[1]

    await transaction.messages.outdate_digests([key(spot) for spot in batch.changed if spot[0] in homes])
    await transaction.messages.bury({key(spot): at for spot, at in batch.deleted.items() if spot[0] in homes})
    versions = []
    for (place, ref), event in batch.seen.items():
        round_id, room_id = homes.get(place, (None, 0))
        if round_id is not None:
            member_id = members[event.author.platform, event.author.user].id
            versions.append(_version(event, round_id, room_id, ref, member_id))
    await transaction.messages.keep(versions)
    await transaction.reactions.replace([key(spot) for spot in batch.snapshots if spot[0] in homes])
    reactions = [
        ((*key(spot), members[author.platform, author.user].id, stance), present)
        for (spot, author, stance), present in batch.reactions.items()
        if spot[0] in homes
    ]
    await transaction.reactions.set(
        [reaction for reaction, present in reactions if present],
        [reaction for reaction, present in reactions if not present],
    )


async def _homes(transaction: Transaction, places: Iterable[Place]) -> dict[Place, tuple[int | None, int]]:
    """Return round and room of each place that is a round's thread; for a room's channel the room alone.

    Some platforms do not say in which thread the message is that somebody reacted to.
    """
    homes: dict[Place, tuple[int | None, int]] = {}
    for place in places:
        if place.thread is not None:
            if found := await transaction.rounds.at(place.channel, place.thread):
                homes[place] = found
        elif room := await transaction.groups.room_at(place.channel):
            homes[place] = (None, room.id)
    return homes


def _version(event: MessageSeen, round_id: int, room_id: int, ref: Ref, member_id: int) -> Version:
    return Version(
        room_id=room_id,
        round_id=round_id,
        ref=ref,
        member_id=member_id,
        text=event.text,
        substance=substance(event.text),
        sent_at=event.sent_at,
        edited_at=event.edited_at,
        reply_to=event.reply_to,
    )
