"""A platform whose threads are made by handing it events, so that a test may report other events than happened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from bot.clock import Clock
from bot.errors import PlatformError
from bot.events import MessageDeleted, MessageSeen, Place, ReactionChanged, ReactionsSeen, Recordable
from bot.model import Author, Ref, Stance
from tests.standins.memory import MemoryPlatform, Service


@dataclass(slots=True)
class Told:
    """What a thread holds."""

    messages: dict[Ref, MessageSeen] = field(default_factory=dict)
    stances: dict[Ref, set[tuple[Author, Stance]]] = field(default_factory=dict)
    ours: set[Ref] = field(default_factory=set)
    """The messages that the bot itself posted."""


class HistoryPlatform(MemoryPlatform):
    """Tells in its history what became of the events that happened.

    `breaks_after` so many events it cannot be read any further; `meanwhile` happens before the history ends.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__(Service(clock))
        self.breaks_after: int | None = None
        self.meanwhile: Callable[[], Awaitable[None]] | None = None
        self.read: list[Place] = []
        self._threads: dict[Place, Told] = {}

    def happens(self, *events: Recordable) -> None:
        """Let something happen, in this order."""
        for event in events:
            thread = self._threads.setdefault(event.place, Told())
            stances = thread.stances.setdefault(event.message, set())
            match event:
                case MessageSeen():
                    thread.messages[event.message] = event
                case MessageDeleted():
                    thread.messages.pop(event.message, None)
                case ReactionChanged() if event.present:
                    stances.add((event.author, event.stance))
                case ReactionChanged():
                    stances.discard((event.author, event.stance))
                case ReactionsSeen():
                    thread.stances[event.message] = set(event.stances)

    def only_reactions(self, place: Place, ref: Ref, *stances: tuple[Author, Stance]) -> None:
        """Let reactions stand on a message that the bot itself posted."""
        thread = self._threads.setdefault(place, Told())
        thread.ours.add(ref)
        thread.stances[ref] = set(stances)

    async def history(self, place: Place) -> AsyncIterator[Recordable]:
        """Yield each message that is there, followed by its reactions."""
        self.read.append(place)
        thread = self._threads.get(place, Told())
        events: list[Recordable] = []
        for ref, stances in thread.stances.items():
            if (message := thread.messages.get(ref)) is not None:
                events.append(message)
            if message is not None or ref in thread.ours:
                events.append(ReactionsSeen(place, ref, frozenset(stances)))
        for count, event in enumerate(events):
            if count == self.breaks_after:
                raise PlatformError("The history cannot be read at the moment.")
            await asyncio.sleep(0)
            yield event
        if self.meanwhile is not None:
            await self.meanwhile()
