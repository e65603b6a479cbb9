"""Adapters that go wrong in the ways in which networks and platforms do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from contextlib import suppress
from datetime import datetime
from enum import Enum, auto

from bot.content import Post
from bot.events import Place
from bot.ports import Found, NotSent, Outcome, Progress, Refs, Unknown
from tests.standins.memory import MemoryPlatform, Service


class Fault(Enum):
    """What goes wrong with one attempt to post."""

    NONE = auto()
    REPLY_LOST = auto()
    REPLY_LOST_AFTER_MESSAGE = auto()
    HANGS_BEFORE = auto()
    HANGS_AFTER = auto()
    BREAKS_BEFORE = auto()
    BREAKS_AFTER = auto()
    NOT_SENT = auto()
    REFUSED = auto()


class FaultyPlatform(MemoryPlatform):
    """The service in memory over a bad line: each attempt to post meets the next fault, and after them none."""

    def __init__(self, service: Service, faults: Iterable[Fault] = ()) -> None:
        super().__init__(service)
        self.faults = list(faults)
        self.attempts: list[tuple[datetime, str]] = []

    async def ensure_post(self, place: Place, key: str, post: Post, progress: Progress, found: Found) -> Outcome:
        """Post as the service does, unless something goes wrong."""
        self.attempts.append((self.service.clock.now(), key))
        fault = self.faults.pop(0) if self.faults else Fault.NONE
        match fault:
            case Fault.NOT_SENT:
                return NotSent("The service is overloaded.")
            case Fault.REFUSED:
                return NotSent("The bot may not write here.", permanent=True)
            case Fault.BREAKS_BEFORE:
                raise ValueError("a reply that makes no sense")
            case Fault.HANGS_BEFORE:
                await asyncio.Event().wait()
            case Fault.REPLY_LOST_AFTER_MESSAGE:
                return await _only_the_message(super().ensure_post(place, key, post, progress, _stop))
            case Fault.NONE:
                return await super().ensure_post(place, key, post, progress, found)
        await super().ensure_post(place, key, post, progress, _not_heard)
        match fault:
            case Fault.BREAKS_AFTER:
                raise ValueError("a reply that makes no sense")
            case Fault.HANGS_AFTER:
                await asyncio.Event().wait()
        return Unknown("The service did not answer.")


class _StopError(Exception):
    """The line is cut."""


async def _not_heard(refs: Refs) -> None:
    """Let a reply get lost."""


async def _stop(refs: Refs) -> None:
    raise _StopError


async def _only_the_message(attempt: Awaitable[Outcome]) -> Outcome:
    with suppress(_StopError):
        await attempt
    return Unknown("The service did not answer.")
