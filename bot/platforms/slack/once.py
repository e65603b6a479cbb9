"""Sending a message once.

Slack has no key by which it would know a request again. So each message carries in its metadata the key of the post
that it belongs to, and which part of it it is; where an earlier attempt may have sent it, it is looked for first. Slack
also tells us of each of our own messages, without what is in its metadata, but with the `block_id` of its first block.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from slack_sdk.errors import SlackApiError

from bot.errors import PlatformError
from bot.events import Place
from bot.model import Ref
from bot.platforms.slack.lasting import Lasting
from bot.platforms.slack.outcomes import MESSAGE_GONE, code_of
from bot.platforms.slack.reading import Message, Reader
from bot.platforms.slack.recent import Recent
from bot.platforms.slack.render import Message as Rendered
from bot.platforms.slack.workspaces import Workspace

EVENT_TYPE = "reading_group_post"
_BLOCK = "reading-post-"
_FIRST = re.compile(rf"{_BLOCK}(?P<token>[0-9a-f]+)-1")

LOOK_BACK = 400
"""Messages of a channel among which a post is looked for."""

SECOND_LOOK = 1.0
"""Seconds after which a post that was not found is looked for again: what was said last Slack may show late."""

HEARD, HEARD_FOR = 1_000, 3_600.0
"""How many messages that came or went are remembered, and for how many seconds."""

OURS, OTHERS = "ours", "others"
"""Whose a removal was."""

OPENING = 0
"""The part that opens a question's thread; the others count from 1."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a message carries unseen: its post's key, its part, and a fingerprint of what it shows."""

    key: str
    part: int
    shown: str

    @property
    def metadata(self) -> dict[str, Any]:
        """Return the mark as Slack keeps it (https://docs.slack.dev/messaging/message-metadata/)."""
        return {"event_type": EVENT_TYPE, "event_payload": {"key": self.key, "part": self.part, "shown": self.shown}}

    @property
    def block_id(self) -> str:
        """Return what the message's first block is called."""
        return f"{_BLOCK}{_token(self.key)}-{self.part}"


@dataclass(frozen=True, slots=True)
class Piece:
    """A message that is there."""

    ts: str
    mark: Mark


def mark_for(key: str, part: int, message: Rendered) -> Mark:
    """Return the mark of a message that is to be sent."""
    written = json.dumps(asdict(message), sort_keys=True)
    return Mark(key, part, hashlib.blake2s(written.encode(), digest_size=12).hexdigest())


def mark_of(message: Message) -> Mark | None:
    """Return the mark of a message, or None if it is none of our posts."""
    match message.get("metadata"):
        case {"event_type": str(kind), "event_payload": {"key": str(key), "part": int(part), **more}}:
            return Mark(key, part, str(more.get("shown", ""))) if kind == EVENT_TYPE else None
        case _:
            return None


class Once:
    """Sends messages, and knows what is on its way."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._sending: Lasting[Piece] = Lasting()
        self._looking: Lasting[str | None] = Lasting()
        self._listing: Lasting[list[Piece]] = Lasting()
        self._reading: Lasting[Message | None] = Lasting()
        self._heard: Recent[tuple[str, str, str], str] = Recent(HEARD, HEARD_FOR)
        self._gone: Recent[tuple[str, str], str] = Recent(HEARD, HEARD_FOR)

    def hear(self, team: str, channel: str, message: Message) -> None:
        """Take note of a message of ours that Slack tells of: the first of a post."""
        blocks: Sequence[Message] = message.get("blocks") or ()
        found = _FIRST.fullmatch(str(blocks[0].get("block_id", ""))) if blocks else None
        if found:
            self._heard.put((team, channel, found["token"]), str(message["ts"]))

    def heard(self, workspace: Workspace, channel: str, key: str) -> str | None:
        """Return the ts of a post's first message, if Slack told us of it lately and it is not gone."""
        found = self._heard.get((workspace.team, channel, _token(key)))
        return None if found is None or self._gone.get((channel, found)) else found

    def lose(self, channel: str, message: str) -> bool:
        """Take note that a message is gone, and return whether it was us who removed it."""
        ours = self._gone.get((channel, message)) == OURS
        self._gone.put((channel, message), OURS if ours else OTHERS)
        return ours

    async def remove(self, workspace: Workspace, channel: str, message: str) -> None:
        """Remove a message, if it is still there. Raises SlackApiError and what ends a connection."""
        self._gone.put((channel, message), OURS)
        try:
            await workspace.client.chat_delete(channel=channel, ts=message)
        except SlackApiError as error:
            if code_of(error) not in MESSAGE_GONE:
                raise

    async def send(self, workspace: Workspace, channel: str, thread: str | None, mark: Mark, message: Rendered) -> str:
        """Send a message and return its ts.

        Raises PlatformError if its thread is gone, SlackApiError and what ends a connection.
        """

        first = next(iter(message.blocks), None)

        async def work() -> Piece:
            answer = await workspace.client.chat_postMessage(
                channel=channel,
                text=message.text,
                blocks=[{**block, "block_id": mark.block_id} if block is first else block for block in message.blocks],
                thread_ts=thread,
                metadata=mark.metadata,
                unfurl_links=False,
                unfurl_media=False,
            )
            ts = str(answer["ts"])
            if thread is not None and answer["message"].get("thread_ts") != thread:
                # Slack lets an answer to nothing stand in the channel.
                await self.remove(workspace, channel, ts)
                raise PlatformError("The message was removed before its thread was opened.")
            return Piece(ts, mark)

        return (await self._sending.result(f"{_prefix(workspace, channel, mark.key)}{mark.part}", work)).ts

    async def on_its_way(self, workspace: Workspace, channel: str, key: str) -> dict[int, Piece]:
        """Return what attempts that were given up sent of a post all the same, by part."""
        pieces = await self._sending.of(_prefix(workspace, channel, key))
        return {piece.mark.part: piece for piece in pieces}

    def forget(self, workspace: Workspace, channel: str, key: str) -> None:
        """Keep nothing of a post that is complete, or gone."""
        self._sending.forget(_prefix(workspace, channel, key))

    async def find(
        self, workspace: Workspace, channel: str, thread: str | None, key: str, after: str = ""
    ) -> str | None:
        """Return the ts of a post's first message, or None if it is not there.

        A search that was given up goes on, and its result is there for the next. Raises SlackApiError and what ends a
        connection.
        """

        async def work() -> str | None:
            found = await self._look(workspace, channel, thread, key, after)
            if found is None:
                await asyncio.sleep(SECOND_LOOK)
                found = await self._look(workspace, channel, thread, key, after)
            return found

        return await self._looking.result(f"{_prefix(workspace, channel, key)}{after}", work)

    async def _look(self, workspace: Workspace, channel: str, thread: str | None, key: str, after: str) -> str | None:
        if thread is not None:
            messages = self._reader.thread(workspace, channel, thread)
        else:
            messages = self._reader.channel(workspace, channel, LOOK_BACK, after)
        async for message in messages:
            mark = mark_of(message)
            newer = message["ts"] > after
            if newer and mark is not None and (mark.key, mark.part) == (key, 1) and is_own(workspace, message):
                return str(message["ts"])
        return None

    async def pieces(self, workspace: Workspace, channel: str, home: str, key: str) -> list[Piece]:
        """Return what is there of a post in a thread, under the same promise as `find`."""

        async def work() -> list[Piece]:
            found = []
            async for message in self._reader.thread(workspace, channel, home):
                mark = mark_of(message)
                if mark is not None and mark.key == key and is_own(workspace, message):
                    found.append(Piece(str(message["ts"]), mark))
            return found

        return await self._listing.result(f"{_prefix(workspace, channel, key)}{home}", work)

    async def read(self, workspace: Workspace, place: Place, message: Ref) -> Message | None:
        """Return a message as `Reader.one` does, under the same promise as `find`."""

        async def work() -> Message | None:
            return await self._reader.one(workspace, place, message)

        return await self._reading.result(_prefix(workspace, place.channel.channel, message), work)

    async def close(self) -> None:
        """Give up what is on its way."""
        for kind in (self._sending, self._looking, self._listing, self._reading):
            await kind.close()


def is_own(workspace: Workspace, message: Message) -> bool:
    """Return whether the bot wrote a message."""
    return message.get("user") == workspace.user or (bool(workspace.bot) and message.get("bot_id") == workspace.bot)


def _token(key: str) -> str:
    return hashlib.blake2s(key.encode(), digest_size=8).hexdigest()


def _prefix(workspace: Workspace, channel: str, key: str) -> str:
    return f"{workspace.team} {channel} {key} "
