"""What people said in a thread, read back from Slack."""

from __future__ import annotations

from collections.abc import AsyncIterator

from slack_sdk.errors import SlackApiError

from bot.errors import PlatformError
from bot.events import MessageDeleted, MessageSeen, Place, Recordable
from bot.model import Ref
from bot.platforms.slack.once import OPENING, is_own, mark_of
from bot.platforms.slack.outcomes import CONNECTION_ERRORS, MESSAGE_GONE, UnreachableError, code_of, is_passing, refusal
from bot.platforms.slack.reading import Reader
from bot.platforms.slack.recent import Recent
from bot.platforms.slack.translate import Translator

LATELY, FOR_SECONDS = 10_000, 30.0
"""Threads whose latest message is remembered, and for how many seconds: as long as Slack may show it late."""


class BrokenOffError(PlatformError):
    """A history could not be read to its end this time."""


class Lately:
    """The latest message that was told of in each thread: a history without it is behind, and proves no removal."""

    def __init__(self) -> None:
        self._latest: Recent[Place, Ref] = Recent(LATELY, FOR_SECONDS)

    def hear(self, event: Recordable) -> None:
        """Take note of a message that appeared or went away."""
        match event, self._latest.get(event.place):
            case MessageSeen(place, message), latest if latest is None or latest < message:
                self._latest.put(place, message)
            case MessageDeleted(place, message), latest if latest == message:
                self._latest.forget(place)

    def of(self, place: Place) -> Ref | None:
        """Return what was said last in a thread, if that was just now."""
        return self._latest.get(place)


async def history(reader: Reader, translator: Translator, place: Place, lately: Lately) -> AsyncIterator[Recordable]:
    """Yield what people said in a thread, each message followed by its votes, and of our own answers the votes.

    Raises UnreachableError where the bot may not read, BrokenOffError where another try may help, PlatformError where
    there is no such thread.
    """
    try:
        async for event in _history(reader, translator, place, lately.of(place)):
            yield event
    except SlackApiError as error:
        if code_of(error) in MESSAGE_GONE:
            raise PlatformError("The thread is gone.") from error
        refused = refusal(error)
        if refused.permanent:
            raise PlatformError(refused.reason) from error
        raise (BrokenOffError if is_passing(error) else UnreachableError)(refused.reason) from error
    except CONNECTION_ERRORS as error:
        raise BrokenOffError("Slack's history of a thread cannot be read to its end.") from error


async def _history(
    reader: Reader, translator: Translator, place: Place, latest: Ref | None
) -> AsyncIterator[Recordable]:
    channel, thread = place.channel.channel, place.thread
    if thread is None:
        raise PlatformError("Only a thread has a history.")
    workspace = translator.workspace
    there = False
    shown = latest is None
    async for message in reader.thread(workspace, channel, thread):
        if message["ts"] == thread:
            there = True
            continue
        shown = shown or message["ts"] == latest
        event = await translator.seen(channel, message)
        if event is not None:
            yield event
        mark = mark_of(message)
        answer = is_own(workspace, message) and mark is not None and mark.part != OPENING
        if event is not None or answer:
            yield await translator.reactions(place, message)
    if not there:
        raise PlatformError("The thread is gone.")
    if not shown:
        raise BrokenOffError("Slack's history of a thread is behind what it told.")
