"""Reading what stands in channels and threads, page by page, as fast as Slack lets the app.

An app that is sold outside Slack's marketplace may ask for 15 messages a minute
(https://docs.slack.dev/changelog/2025/05/29/rate-limit-changes-for-non-marketplace-apps/). Then each page waits for its
turn, first come, first served, and nothing else waits with it.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from typing import Any

from bot.events import Place
from bot.model import Ref
from bot.platforms.slack.workspaces import Workspace

PAGE, RESTRICTED_PAGE = 200, 15
"""Messages that are asked for at a time."""

SECONDS_BETWEEN = 61.0
"""From one page to the next where Slack allows one a minute."""

Message = Mapping[str, Any]


class Reader:
    """Reads histories; `restricted` as Slack restricts apps outside its marketplace."""

    def __init__(self, *, restricted: bool) -> None:
        self._restricted = restricted
        self._turns: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._next: dict[tuple[str, str], float] = {}

    async def channel(self, workspace: Workspace, channel: str, most: int, after: str = "") -> AsyncIterator[Message]:
        """Yield what was said last in a channel, newest first, with what else was sent to it from a thread.

        At most `most` messages, and only what came `after`. Raises SlackApiError and what ends a connection.
        """
        asked = {"channel": channel, "include_all_metadata": "true"} | ({"oldest": after} if after else {})
        read = 0
        async for message in self._pages(workspace, "conversations.history", asked):
            yield message
            read += 1
            if read >= most:
                return

    async def thread(self, workspace: Workspace, channel: str, thread: str) -> AsyncIterator[Message]:
        """Yield a thread's messages, oldest first, beginning with the one that it belongs to. Raises as `channel`."""
        asked = {"channel": channel, "ts": thread, "include_all_metadata": "true"}
        async for message in self._pages(workspace, "conversations.replies", asked):
            yield message

    async def one(self, workspace: Workspace, place: Place, message: Ref) -> Message | None:
        """Return one message, or None if it is not there; of one that was answered a tombstone remains.

        Raises as `channel`.
        """
        asked = {"channel": place.channel.channel, "include_all_metadata": "true", "inclusive": "true"}
        asked |= {"oldest": message, "latest": message}
        method = "conversations.history"
        if place.thread is not None:
            asked["ts"], method = place.thread, "conversations.replies"
        async for found in self._pages(workspace, method, asked):
            if found.get("ts") == message:
                return found
        return None

    async def _pages(self, workspace: Workspace, method: str, asked: dict[str, str]) -> AsyncIterator[Message]:
        seen: set[str] = set()
        cursor = ""
        while True:
            params = asked | {"limit": str(RESTRICTED_PAGE if self._restricted else PAGE)}
            answer = await self._ask(workspace, method, params | ({"cursor": cursor} if cursor else {}))
            for message in answer.get("messages") or ():
                # A thread's first message stands on each of its pages.
                if message["ts"] not in seen:
                    seen.add(message["ts"])
                    yield message
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    async def _ask(self, workspace: Workspace, method: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        if not self._restricted:
            return await _asked(workspace, method, params)
        turn = (workspace.team, method)
        async with self._turns[turn]:
            await asyncio.sleep(max(0.0, self._next.get(turn, 0.0) - time.monotonic()))
            try:
                return await _asked(workspace, method, params)
            finally:
                self._next[turn] = time.monotonic() + SECONDS_BETWEEN


async def _asked(workspace: Workspace, method: str, params: Mapping[str, str]) -> Mapping[str, Any]:
    answer = await workspace.client.api_call(method, http_verb="GET", params=dict(params))
    return answer.data if isinstance(answer.data, dict) else {}
