"""What people said in a thread, read back from Slack."""

from __future__ import annotations

from collections.abc import AsyncIterator

from slack_sdk.errors import SlackApiError

from bot.errors import PlatformError
from bot.events import Place, Recordable
from bot.platforms.slack.once import OPENING, is_own, mark_of
from bot.platforms.slack.outcomes import CONNECTION_ERRORS, MESSAGE_GONE, UnreachableError, code_of, refusal
from bot.platforms.slack.reading import Reader
from bot.platforms.slack.translate import Translator


class BrokenOffError(PlatformError):
    """A history could not be read to its end this time."""


async def history(reader: Reader, translator: Translator, place: Place) -> AsyncIterator[Recordable]:
    """Yield what people said in a thread, each message followed by its votes, and of our own answers the votes.

    Raises UnreachableError where the bot may not read, BrokenOffError where another try may help, PlatformError where
    there is no such thread.
    """
    try:
        async for event in _history(reader, translator, place):
            yield event
    except SlackApiError as error:
        if code_of(error) in MESSAGE_GONE:
            raise PlatformError("The thread is gone.") from error
        refused = refusal(error)
        if refused.permanent:
            raise PlatformError(refused.reason) from error
        hopeless = code_of(error) not in ("ratelimited", "internal_error", "fatal_error", "service_unavailable", "")
        raise (UnreachableError if hopeless else BrokenOffError)(refused.reason) from error
    except CONNECTION_ERRORS as error:
        raise BrokenOffError("Slack's history of a thread cannot be read to its end.") from error


async def _history(reader: Reader, translator: Translator, place: Place) -> AsyncIterator[Recordable]:
    channel, thread = place.channel.channel, place.thread
    if thread is None:
        raise PlatformError("Only a thread has a history.")
    workspace = translator.workspace
    there = False
    async for message in reader.thread(workspace.client, channel, thread):
        if message["ts"] == thread:
            there = True
            continue
        event = await translator.seen(channel, message)
        if event is not None:
            yield event
        mark = mark_of(message)
        answer = is_own(workspace, message) and mark is not None and mark.part != OPENING
        if event is not None or answer:
            yield await translator.reactions(place, message)
    if not there:
        raise PlatformError("The thread is gone.")
