"""Recording what people say: one writer that commits many events at once.

`record` returns after the commit that holds the event, so an adapter that acknowledges afterwards loses nothing.
Message events may come in any order and any number of times: what a batch amounts to is worked out first, and the store
keeps the newest version of each message and never brings back a deleted one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from bot.errors import DatabaseError
from bot.events import MessageDeleted, MessageSeen, Place, ReactionChanged, ReactionsSeen, Recordable
from bot.model import Author, Channel, Ref, Stance
from bot.store.database import ConflictError, Database
from bot.store.keys import Key
from bot.store.messages import Version, age
from bot.store.reactions import Reaction
from bot.store.transaction import Transaction
from bot.substance import substance

LINGER_SECONDS = 0.003
"""How long the writer waits for company before it commits."""

MOST_AT_ONCE = 500

log = structlog.get_logger(__name__)

Spot = tuple[Place, Ref]
"""A message, by where it stands."""

_Waiting = tuple[Recordable, asyncio.Future[None]]


@dataclass(frozen=True, slots=True)
class Home:
    """A round's thread in a room; without `round_id` the room's channel, outside any thread that is known.

    Once the group has left the room, what it knows is still kept true there, but nothing new is recorded; nor is, when
    it is back, what was written before `since` (UTC).
    """

    room_id: int
    round_id: int | None = None
    left: bool = False
    since: datetime | None = None

    def is_closed(self, sent_at: datetime) -> bool:
        """Return whether what was written at an instant (UTC) is only kept true, if it is known."""
        return self.left or (self.since is not None and sent_at < self.since)


@dataclass(slots=True)
class Change:
    """What a run of events amounts to for the reactions on one message.

    Some events tell in which thread it is and others only its channel, so that it may have several `places`.
    """

    places: set[Place] = field(default_factory=set)
    replaces: bool = False
    """Whether what was known before is forgotten."""
    authors: dict[tuple[str, Ref], Author] = field(default_factory=dict)
    present: dict[tuple[tuple[str, Ref], Stance], bool] = field(default_factory=dict)

    def set(self, author: Author, stance: Stance, *, present: bool) -> None:
        """Note that a person's reaction is there or not, over what was noted before."""
        who = (author.platform, author.user)
        self.authors[who] = author
        self.present[who, stance] = present

    def replace(self, stances: Iterable[tuple[Author, Stance]]) -> None:
        """Note that these reactions are there and no others, whatever was noted before."""
        self.replaces = True
        self.authors.clear()
        self.present.clear()
        for author, stance in stances:
            self.set(author, stance, present=True)


@dataclass(slots=True)
class Batch:
    """What a run of events amounts to."""

    seen: dict[Spot, MessageSeen] = field(default_factory=dict)
    deleted: dict[Spot, datetime] = field(default_factory=dict)
    reactions: dict[tuple[Channel, Ref], Change] = field(default_factory=dict)

    @classmethod
    def of(cls, events: Iterable[Recordable]) -> Batch:
        """Return what events amount to, in the order in which they came."""
        batch = cls()
        for event in events:
            batch._add(event)
        return batch

    @property
    def places(self) -> set[Place]:
        """Return everywhere where something happened."""
        there = {place for spots in (self.seen, self.deleted) for place, _ in spots}
        return there.union(*(change.places for change in self.reactions.values()))

    def _add(self, event: Recordable) -> None:
        spot = (event.place, event.message)
        match event:
            case MessageSeen():
                if spot not in self.seen or _age(self.seen[spot]) < _age(event):
                    self.seen[spot] = event
            case MessageDeleted():
                self.deleted[spot] = min(event.deleted_at, self.deleted.get(spot, event.deleted_at))
            case ReactionChanged():
                self._change(event).set(event.author, event.stance, present=event.present)
            case ReactionsSeen():
                self._change(event).replace(event.stances)

    def _change(self, event: ReactionChanged | ReactionsSeen) -> Change:
        """Return the change that an event is part of: one, whether or not events tell the message's thread."""
        change = self.reactions.setdefault((event.place.channel, event.message), Change())
        change.places.add(event.place)
        return change


def _age(event: MessageSeen) -> tuple[datetime, bool, str]:
    return age(event.sent_at, event.edited_at, event.text)


class Recorder:
    """The one writer of events."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._committing: asyncio.Future[None] | None = None
        self._overhearing: dict[int, list[Recordable]] = {}

    async def record(self, event: Recordable) -> None:
        """Record an event; return once it is committed. Raises DatabaseError if it could not be."""
        for heard in self._overhearing.values():
            heard.append(event)
        await self._put(event)

    async def record_all(self, events: Iterable[Recordable]) -> None:
        """Record what a history holds; return once all is committed. Raises DatabaseError if any could not be."""
        await asyncio.gather(*[self._put(event) for event in events])

    @contextmanager
    def overhear(self) -> Iterator[list[Recordable]]:
        """Collect the events that are reported from now on to the end of the block, in order."""
        heard: list[Recordable] = []
        self._overhearing[id(heard)] = heard
        try:
            yield heard
        finally:
            del self._overhearing[id(heard)]

    def _put(self, event: Recordable) -> asyncio.Future[None]:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((event, done))
        return done

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
        if self._queue.qsize() < MOST_AT_ONCE:
            await asyncio.sleep(LINGER_SECONDS)
        await self._commit([first, *self._waiting()])

    def _waiting(self) -> list[_Waiting]:
        return [self._queue.get_nowait() for _ in range(min(self._queue.qsize(), MOST_AT_ONCE))]

    async def _commit(self, waiting: list[_Waiting]) -> None:
        try:
            await self._write([event for event, _ in waiting])
        except Exception as error:
            if isinstance(error, DatabaseError) and not isinstance(error, ConflictError):
                log.error("events could not be recorded", events=len(waiting), problem=str(error))
                _settle(waiting, error)
            elif len(waiting) > 1:
                # One of the events is no good; halving finds it and spares the others.
                middle = len(waiting) // 2
                await self._commit(waiting[:middle])
                await self._commit(waiting[middle:])
            else:
                log.exception("an event could not be recorded", event_type=type(waiting[0][0]).__name__)
                _settle(waiting, DatabaseError("An event could not be recorded.", "The operator's log says why."))
        else:
            _settle(waiting, None)

    async def _write(self, events: list[Recordable]) -> None:
        batch = Batch.of(events)
        async with self._database.write() as transaction:
            await write(transaction, batch)


def _settle(waiting: list[_Waiting], error: Exception | None) -> None:
    for _, done in waiting:
        if done.cancelled():
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)


async def write(transaction: Transaction, batch: Batch) -> None:
    """Record what a batch amounts to; what happened outside the rounds' threads is left out."""
    homes = await _homes(transaction, batch.places)
    await transaction.messages.bury(
        {(homes[place].room_id, ref): at for (place, ref), at in batch.deleted.items() if place in homes}
    )
    await _write_messages(transaction, batch, homes)
    await _write_reactions(transaction, batch, homes)


async def _homes(transaction: Transaction, places: Iterable[Place]) -> dict[Place, Home]:
    """Return what each place is, of those that are a round's thread or a room's channel.

    Some platforms do not say in which thread the message is that somebody reacted to.
    """
    homes: dict[Place, Home] = {}
    for place in places:
        if place.thread is not None:
            if found := await transaction.rounds.at(place.channel, place.thread):
                round_id, room_id, met, since = found
                homes[place] = Home(room_id, round_id, not met, since)
        elif room := await transaction.groups.room_at(place.channel):
            homes[place] = Home(room.id)
    return homes


async def _write_messages(transaction: Transaction, batch: Batch, homes: dict[Place, Home]) -> None:
    there = [(home, event) for event in batch.seen.values() if (home := homes.get(event.place)) is not None]
    closed = [(home.room_id, event.message) for home, event in there if home.is_closed(event.sent_at)]
    left_out = await _unknown(transaction, closed)
    # Nor is anybody known by what was deleted or erased.
    left_out |= await transaction.messages.buried([(home.room_id, event.message) for home, event in there])
    said = [
        ((home.room_id, event.message), home.round_id, event)
        for home, event in there
        if home.round_id is not None and (home.room_id, event.message) not in left_out
    ]
    if not said:
        return
    members = await transaction.members.ensure_all([event.author for _, _, event in said])
    versions = [
        Version(
            room_id=key[0],
            round_id=round_id,
            ref=event.message,
            member_id=members[event.author.platform, event.author.user].id,
            text=event.text,
            substance=substance(event.text),
            sent_at=event.sent_at,
            edited_at=event.edited_at,
            reply_to=event.reply_to,
        )
        for key, round_id, event in said
    ]
    await transaction.messages.keep(await _wanted(transaction, versions))


async def _wanted(transaction: Transaction, versions: Sequence[Version]) -> list[Version]:
    """Return what may be recorded: nothing of whoever has opted out, nor afterwards what they wrote meanwhile.

    If they edit what was recorded before, it is forgotten: the words are theirs no more, and the new ones not ours.
    """
    silences = await transaction.members.silences()
    wanted: list[Version] = []
    silent: list[Version] = []
    past: list[Version] = []
    for version in versions:
        since, until = silences.get(version.member_id, (None, None))
        if since is None:
            wanted.append(version)
        elif until is None:
            silent.append(version)
        elif since <= version.sent_at < until:
            past.append(version)
        else:
            wanted.append(version)
    edited = await transaction.messages.replaced_by(silent)
    await transaction.messages.bury({one.key: one.edited_at for one in edited if one.edited_at is not None})
    unknown = await _unknown(transaction, [version.key for version in past])
    return wanted + [version for version in past if version.key not in unknown]


async def _unknown(transaction: Transaction, keys: Sequence[Key]) -> set[Key]:
    """Return which of these messages are not recorded."""
    return set(keys) - await transaction.messages.known(keys) if keys else set()


async def _write_reactions(transaction: Transaction, batch: Batch, homes: dict[Place, Home]) -> None:
    changes: dict[Key, Change] = {}
    unplaced: list[Key] = []
    for (_, ref), change in batch.reactions.items():
        found = [homes[place] for place in change.places if place in homes]
        if not found:
            continue
        key = (found[0].room_id, ref)
        changes[key] = change
        if all(home.round_id is None or home.left for home in found):
            unplaced.append(key)
    for key in set(unplaced) - await transaction.messages.known(unplaced):
        del changes[key]
    if not changes:
        return
    members = await transaction.members.ensure_all(
        [author for change in changes.values() for author in change.authors.values()]
    )
    await transaction.reactions.replace([key for key, change in changes.items() if change.replaces])
    silent = await transaction.members.opted_out()
    present: list[Reaction] = []
    absent: list[Reaction] = []
    for (room_id, ref), change in changes.items():
        for (who, stance), there in change.present.items():
            if there and members[who].id in silent:
                continue
            (present if there else absent).append((room_id, ref, members[who].id, stance))
    await transaction.reactions.set(present, absent)
