"""Making a post exist exactly once.

What does not fit one message goes on in the thread of the first, and so does what opens a question's thread.
"""

from __future__ import annotations

from bot.content import Post, QuestionPost
from bot.events import Place
from bot.model import Ref
from bot.platforms.slack.once import OPENING, Once, mark_for
from bot.platforms.slack.outcomes import Attempt
from bot.platforms.slack.render import Message, opening_message, post_message
from bot.platforms.slack.workspaces import Workspace
from bot.ports import TOO_LATE, Found, Outcome, Progress, Refs, Sent


class Making:
    """One attempt to make a post in a workspace."""

    def __init__(
        self,
        workspace: Workspace,
        once: Once,
        key: str,
        post: Post,
        progress: Progress,
        found: Found,
        attempt: Attempt,
    ) -> None:
        self._workspace = workspace
        self._once = once
        self._key = key
        self._post = post
        self._progress = progress
        self._found = found
        self._attempt = attempt

    async def make(self, place: Place) -> Outcome:
        """Make what is missing. Raises SlackApiError, what ends a connection, and what `found` raises."""
        channel = place.channel.channel
        first, *more = post_message(self._post, self._key)
        known = await self._known(place)
        self._attempt.doubtful = False
        if known is None and self._progress.overdue:
            return TOO_LATE
        message = Ref(known or await self._send(channel, place.thread, 1, first))
        refs = Refs(message, self._progress.refs.thread)
        await self._found(refs)
        parts = dict(enumerate(more, 2))
        if isinstance(self._post, QuestionPost) and place.thread is None:
            refs = Refs(message, message)
            await self._found(refs)
            parts[OPENING] = opening_message(self._post)
        await self._continue(channel, place.thread or message, parts, fresh=known is None)
        self._once.forget(self._workspace, channel, self._key)
        return Sent(refs)

    async def _known(self, place: Place) -> str | None:
        if self._progress.refs.message is not None:
            return self._progress.refs.message
        channel = place.channel.channel
        sent = await self._once.on_its_way(self._workspace, channel, self._key)
        if 1 in sent:
            return sent[1].ts
        if not self._progress.unsure:
            return None
        heard = self._once.heard(self._workspace, channel, self._key)
        return heard or await self._once.find(self._workspace, channel, place.thread, self._key)

    async def _continue(self, channel: str, home: str, parts: dict[int, Message], *, fresh: bool) -> None:
        """Send the further parts that are not there yet."""
        there: set[int] = set()
        if parts and not fresh:
            there = set(await self._once.on_its_way(self._workspace, channel, self._key))
            if not there >= parts.keys():
                pieces = await self._once.pieces(self._workspace, channel, home, self._key)
                there |= {piece.mark.part for piece in pieces}
        for part, message in parts.items():
            if part not in there:
                await self._send(channel, home, part, message)

    async def _send(self, channel: str, thread: str | None, part: int, message: Message) -> str:
        mark = mark_for(self._key, part, message)
        return await self._once.send(self._workspace, channel, thread, mark, message)
