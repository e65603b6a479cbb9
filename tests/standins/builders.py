"""What tests put into a database: a group that meets in a room, its questions, and rounds posted there.

async with opened(tmp_path) as database:
    thread = await posted_round(database, await a_room(database))
    await recorder.record(thread.says(ADA, "I think so, because compute is scarce."))
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import alembic.command
import alembic.config
from sqlalchemy import create_engine

from bot.clock import ManualClock
from bot.events import MessageDeleted, MessageSeen, Place, ReactionChanged, ReactionsSeen
from bot.model import Author, Channel, Group, Kind, Question, Ref, Room, Round, Settings, Stance
from bot.ports import Platform, Refs
from bot.questions.catalogue import Catalogue
from bot.services.context import Context
from bot.services.recording import Recorder
from bot.store.database import Database, open_database
from bot.store.deliveries import DeliveryKind, NewDelivery
from bot.store.migrating import MIGRATIONS

NOON = datetime(2030, 1, 7, 12, tzinfo=UTC)
"""A Monday: when the first round is asked unless a test says otherwise."""

SET = "ai-futures"
CHANNEL = Channel("discord", Ref("guild"), Ref("reading"))
ADA = Author("discord", Ref("u1"), "Ada")
BEN = Author("discord", Ref("u2"), "Ben")
CEM = Author("discord", Ref("u3"), "Cem")

_refs = itertools.count(1)


def database_url(folder: Path) -> str:
    """Return the address of a database file in a folder."""
    return f"sqlite+aiosqlite:///{folder / 'bot.db'}"


def opened(folder: Path) -> AbstractAsyncContextManager[Database]:
    """Open the database in a folder, made in no time if there is none yet; it is closed at the end."""
    return open_database(migrated(folder))


def migrated(folder: Path) -> str:
    """Return the address of a database in a folder: what is there, or a copy of one that was just migrated."""
    path = folder / "bot.db"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_new_database())
    return database_url(folder)


@cache
def earlier_database(path: Path, revision: str) -> None:
    """Make a database of an earlier version of the program."""
    config = alembic.config.Config(attributes={"found": []})
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, revision)
    engine.dispose()


def _new_database() -> bytes:
    async def make(folder: Path) -> None:
        async with open_database(database_url(folder)):
            pass

    with tempfile.TemporaryDirectory() as folder:
        # A test's own event loop is running already.
        maker = threading.Thread(target=asyncio.run, args=(make(Path(folder)),))
        maker.start()
        maker.join()
        return (Path(folder) / "bot.db").read_bytes()


@asynccontextmanager
async def recording(database: Database) -> AsyncIterator[Recorder]:
    """Run a recorder; at the end what still waits is written."""
    recorder = Recorder(database)
    running = asyncio.create_task(recorder.run())
    try:
        yield recorder
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await recorder.drain()


def context(database: Database, platform: Platform, now: datetime, name: str = "discord") -> Context:
    """Return the program as use cases see it, with one platform and no question sets."""
    return Context(database, Catalogue(Path()), ManualClock(now), {name: platform}, lambda: None)


def question(slug: str = "memory", **changes: Any) -> Question:
    """Return an open question."""
    told: dict[str, Any] = {
        "text": f"What do you make of {slug}?",
        "topic": "Agents",
        "kind": Kind.OPEN,
        "background": f"Much has been written about {slug}.",
        "follow_ups": ("Why?",),
    }
    return Question(id=slug, **(told | changes))


def at(minutes: float) -> datetime:
    """Return the instant so many minutes after the first round was asked."""
    return NOON + timedelta(minutes=minutes)


@dataclass(frozen=True, slots=True)
class Thread:
    """A round as it was posted in a room, and what people do in its thread."""

    group: Group
    room: Room
    round: Round
    message: Ref
    thread: Ref
    delivery_id: int

    @property
    def place(self) -> Place:
        """Return where the discussion takes place."""
        return Place(self.room.channel, self.thread)

    def says(
        self,
        author: Author,
        text: str,
        ref: str | None = None,
        *,
        sent_at: datetime | None = None,
        edited_at: datetime | None = None,
        reply_to: Ref | None = None,
    ) -> MessageSeen:
        """Return a member's message, or what it became by an edit. Without `ref` it is a new one."""
        message = Ref(ref if ref is not None else f"m{next(_refs)}")
        return MessageSeen(self.place, message, author, text, sent_at or at(1), edited_at, reply_to)

    def deletes(self, ref: str, deleted_at: datetime | None = None) -> MessageDeleted:
        """Return that a message is gone."""
        return MessageDeleted(self.place, Ref(ref), deleted_at or at(60))

    def reacts(self, author: Author, ref: str, stance: Stance, *, present: bool = True) -> ReactionChanged:
        """Return that a member's reaction came or went."""
        return ReactionChanged(self.place, Ref(ref), author, stance, present)

    def reactions(self, ref: str, *stances: tuple[Author, Stance]) -> ReactionsSeen:
        """Return all reactions on a message."""
        return ReactionsSeen(self.place, Ref(ref), frozenset(stances))


async def a_room(
    database: Database,
    slug: str = "readers",
    channel: Channel = CHANNEL,
    settings: Settings | None = None,
    questions: Iterable[Question] = (),
) -> Room:
    """Make a group that meets in one channel, sync its questions (by default one, `memory`) and return its room."""
    async with database.write() as transaction:
        group = await transaction.groups.add(slug, slug.title(), settings or Settings(question_set=SET), at(-60))
        await transaction.questions.sync(group.settings.question_set, list(questions) or [question()])
        return await transaction.groups.add_room(group.id, channel)


async def posted_round(
    database: Database,
    room: Room,
    on: date | None = None,
    *,
    slug: str = "memory",
    asked_at: datetime | None = None,
    cycle: int = 1,
) -> Thread:
    """Ask a room's group a question that was synced, as if it had been posted, and return its thread."""
    asked_at = asked_at or (NOON if on is None else datetime(on.year, on.month, on.day, 12, tzinfo=UTC))
    async with database.write() as transaction:
        group = await transaction.groups.get(room.group_id)
        key = await transaction.questions.key(group.settings.question_set, slug)
        round_ = await transaction.rounds.add(group.id, key, on or asked_at.date(), cycle, asked_at)
        delivery_id = await transaction.deliveries.add(
            NewDelivery(
                f"question:{round_.id}:{room.id}",
                DeliveryKind.QUESTION,
                room.id,
                due_at=asked_at,
                round_id=round_.id,
            )
        )
        message, thread = Ref(f"q{round_.id}"), Ref(f"t{round_.id}")
        await transaction.deliveries.sent(delivery_id, Refs(message, thread), revision=1)
    return Thread(group, room, round_, message, thread, delivery_id)
