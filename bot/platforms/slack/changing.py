"""Bringing posts that exist to other content, and removing them."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from slack_sdk.errors import SlackApiError

from bot.content import Post, QuestionPost
from bot.events import Place
from bot.model import Ref
from bot.platforms.slack.once import OPENING, Mark, Once, Piece, mark_for, mark_of
from bot.platforms.slack.outcomes import MESSAGE_GONE, NOT_EDITABLE, NOT_REMOVABLE, code_of
from bot.platforms.slack.render import Message, post_message
from bot.platforms.slack.workspaces import Workspace
from bot.ports import Outcome, Refs, Sent, Unknown

log = structlog.get_logger(__name__)

TOMBSTONE = "tombstone"
"""The subtype of what remains of a removed message that had answers."""

_NOT_SHOWN = Unknown("Slack does not show all of the post now. I change the rest later.")


class Changing:
    """Changes posts in one workspace."""

    def __init__(self, once: Once) -> None:
        self._once = once

    async def revise(self, workspace: Workspace, place: Place, message: Ref, post: Post) -> Outcome:
        """Bring a post to the given content. Raises SlackApiError and what ends a connection."""
        # What Slack does not show yet is changed all the same, as far as it is known; if it is gone, Slack says so.
        old = await self._once.read(workspace, place, message) or {}
        if old.get("subtype") == TOMBSTONE:
            return Sent(Refs(message))
        mark = mark_of(old)
        key = mark.key if mark else ""
        messages = post_message(post, key)
        home = place.thread or message
        pieces = [Piece(message, mark or Mark("", 1, ""))]
        if key and (old.get("reply_count") or place.thread):
            pieces += await self._pieces(workspace, place, home, key)
        try:
            known = messages if key else messages[:1]
            await self._bring_to(workspace, place, home, key, known, {piece.mark.part: piece for piece in pieces})
        except SlackApiError as error:
            if code_of(error) in MESSAGE_GONE:
                return Sent(Refs(message))
            if code_of(error) not in NOT_EDITABLE or isinstance(post, QuestionPost) or not key:
                raise
            return await self._replace(workspace, place, message, key, messages, pieces)
        return Sent(Refs(message)) if len(known) == len(messages) else _NOT_SHOWN

    async def _bring_to(
        self,
        workspace: Workspace,
        place: Place,
        home: str,
        key: str,
        messages: Sequence[Message],
        there: dict[int, Piece],
    ) -> None:
        """Edit a post's messages, send those that it has too few, and remove those that it has too many."""
        channel = place.channel.channel
        for part, message in enumerate(messages, 1):
            mark = mark_for(key, part, message)
            if part not in there:
                await self._once.send(workspace, channel, home, mark, message)
            elif there[part].mark.shown != mark.shown:
                await workspace.client.chat_update(
                    channel=channel,
                    ts=there[part].ts,
                    text=message.text,
                    blocks=message.blocks,
                    metadata=mark.metadata if key else None,
                )
        for part, piece in there.items():
            if part != OPENING and part > len(messages):
                await self._once.remove(workspace, channel, piece.ts)
        self._once.forget(workspace, channel, key)

    async def _replace(
        self,
        workspace: Workspace,
        place: Place,
        old: Ref,
        key: str,
        messages: Sequence[Message],
        pieces: Sequence[Piece],
    ) -> Outcome:
        """Send a post that can be edited no more again under the same key, and remove the old one."""
        channel = place.channel.channel
        sent = await self._once.on_its_way(workspace, channel, key)
        self._once.forget(workspace, channel, key)
        new = sent[1].ts if 1 in sent and sent[1].ts > old else None
        new = new or await self._once.find(workspace, channel, place.thread, key, after=old)
        if new is None:
            mark = mark_for(key, 1, messages[0])
            new = await self._once.send(workspace, channel, place.thread, mark, messages[0])
        for piece in pieces:
            if piece.mark.part > 1:
                await self._once.remove(workspace, channel, piece.ts)
        for part, message in enumerate(messages[1:], 2):
            await self._once.send(workspace, channel, place.thread or new, mark_for(key, part, message), message)
        try:
            await self._once.remove(workspace, channel, old)
        except SlackApiError as error:
            if code_of(error) != NOT_REMOVABLE:
                raise
            log.warning("an old post could not be removed, and stands beside the new one", channel=channel)
        self._once.forget(workspace, channel, key)
        return Sent(Refs(Ref(new)))

    async def retract(self, workspace: Workspace, place: Place, key: str, message: Ref | None) -> Outcome:
        """Remove a post. Raises SlackApiError and what ends a connection."""
        channel = place.channel.channel
        found: str | None = message
        if found is None:
            sent = await self._once.on_its_way(workspace, channel, key)
            found = sent[1].ts if 1 in sent else await self._once.find(workspace, channel, place.thread, key)
        if found is not None:
            # The first goes last, so that the post is found as long as anything is there.
            pieces = await self._pieces(workspace, place, place.thread or found, key)
            for piece in pieces:
                if piece.ts != found:
                    await self._once.remove(workspace, channel, piece.ts)
            await self._once.remove(workspace, channel, found)
        self._once.forget(workspace, channel, key)
        return Sent(Refs(message))

    async def _pieces(self, workspace: Workspace, place: Place, home: str, key: str) -> list[Piece]:
        try:
            return await self._once.pieces(workspace, place.channel.channel, home, key)
        except SlackApiError as error:
            if code_of(error) not in MESSAGE_GONE:
                raise
            return []
