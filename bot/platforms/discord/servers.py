"""Which servers the bot is in: the core hears when that changes, also while nobody was connected."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

from bot.platforms.discord.directory import ref
from bot.platforms.discord.ids import NAME
from bot.ports import Chat

SERVERS = "discord servers"
"""The note that says in which servers the bot was last: a JSON list of their ids."""


class Servers:
    """The servers, one change of them after the other. Each operation raises DatabaseError."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    async def compare(self, desk: Chat, find: Callable[[], Awaitable[set[int]]]) -> None:
        """Tell the core of servers that the bot left since the last time, and of those it is in, which `find` gives.

        Of all of these: the bot may have been killed between telling that it left one and noting that.
        """
        async with self._turn:
            before, now = await _noted(desk), await find()
            for guild in sorted(before - now):
                await desk.left(NAME, ref(guild))
            for guild in sorted(now):
                await desk.joined(NAME, ref(guild))
            if now != before:
                await _note(desk, now)

    async def joined(self, desk: Chat, guild: int) -> None:
        """Tell the core that the bot joined a server."""
        async with self._turn:
            await desk.joined(NAME, ref(guild))
            await _note(desk, await _noted(desk) | {guild})

    async def left(self, desk: Chat, guild: int) -> None:
        """Tell the core that the bot left a server."""
        async with self._turn:
            await desk.left(NAME, ref(guild))
            await _note(desk, await _noted(desk) - {guild})


async def _noted(desk: Chat) -> set[int]:
    return set(json.loads(await desk.recall(SERVERS) or "[]"))


async def _note(desk: Chat, guilds: set[int]) -> None:
    await desk.remember(SERVERS, json.dumps(sorted(guilds)))
