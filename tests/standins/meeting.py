"""The whole program at work in a Discord server: the stand-in, a guild with a channel, and the real client between.

async with meeting(tmp_path) as m:
    await m.ada.uses("/reading-host setup", m.channel, zone="UTC", at="09:00")
    await m.at(9)                            # the clock moves there, and what is due is done and posted
    thread = m.channel.visible()[-1].thread
"""

from __future__ import annotations

import asyncio
import atexit
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar
from unittest.mock import patch

from bot.app import App
from bot.clock import ManualClock
from bot.model import Channel, Ref
from bot.platforms.discord import client, platform
from bot.platforms.discord.platform import DiscordPlatform
from bot.ports import Platform
from bot.store.database import open_database
from tests.standins.builders import database_url
from tests.standins.discord import ChannelHand, DiscordServer, GuildHand, MemberHand, MessageView
from tests.standins.program import MONDAY, program
from tests.standins.watching import Watching

T = TypeVar("T")

PURGED_AFTER = timedelta(days=30)


async def _at_once(*_: object, **__: object) -> None:
    return None


async def _empty_database() -> Path:
    """Return a database without anything in it. Making one takes much longer than copying it."""
    folder = _folder()
    if not (folder / "bot.db").exists():
        async with open_database(database_url(folder)):
            pass
    return folder / "bot.db"


def _copy(file: Path, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    shutil.copy(file, folder)


@cache
def _folder() -> Path:
    folder = TemporaryDirectory()
    atexit.register(folder.cleanup)
    return Path(folder.name)


@contextmanager
def hurried() -> Iterator[None]:
    """Wait less where the client waits for servers to appear, and between two sessions."""
    with (
        patch.object(client, "GUILDS_COME_WITHIN", 0.02),
        patch.object(client, "FIRST_CATCH_UP", 0.02),
        patch.object(platform, "FIRST_LOGIN", 0.02),
        patch.object(client.Client, "before_identify_hook", _at_once),
    ):
        yield


def channel_of(hand: ChannelHand) -> Channel:
    """Return a channel as the core knows it."""
    return Channel("discord", Ref(str(hand.state.guild_id)), Ref(str(hand.id)))


@dataclass
class Meeting(Watching):
    """A server in which a group meets."""

    folder: Path
    clock: ManualClock
    server: DiscordServer
    guild: GuildHand
    channel: ChannelHand
    people: dict[str, MemberHand] = field(default_factory=dict)
    shards: int | None = None
    named: tuple[int, ...] = ()
    """The servers that the settings name for commands; everywhere if none."""
    _app: App | None = None
    _platform: DiscordPlatform | None = None

    @property
    def app(self) -> App:
        """The open program."""
        assert self._app is not None
        return self._app

    @property
    def platform(self) -> DiscordPlatform:
        """The adapter."""
        assert self._platform is not None
        return self._platform

    @property
    def place(self) -> Channel:
        """The channel as the core knows it."""
        return channel_of(self.channel)

    def platform_is_in(self, guild: GuildHand) -> bool:
        """Return whether the client knows itself to be in a server that works."""
        found = self.platform.client.get_guild(guild.id)
        return found is not None and not found.unavailable

    @property
    def host(self) -> MemberHand:
        """Who made the server."""
        return self.guild.owner

    def person(self, name: str) -> MemberHand:
        """Return a member of the server, new at the first call."""
        if name not in self.people:
            self.people[name] = self.guild.member(name)
        return self.people[name]

    @asynccontextmanager
    async def running(self, *others: Platform) -> AsyncIterator[None]:
        """Run the program, on other platforms as well if there are any; it can be run again afterwards."""
        self._platform = DiscordPlatform(self.server.token, self.clock, self.named, shards=self.shards)
        async with program(self.folder, self.clock, self._platform, *others, purge_after=PURGED_AFTER) as app:
            self._app = app
            task = asyncio.create_task(self._platform.run(app.desk))
            try:
                await self._platform.diagnose(channel_of(self.channel))
                yield
            finally:
                await self._platform.close()
                await asyncio.gather(task, return_exceptions=True)

    async def asked(self) -> tuple[MessageView, ChannelHand]:
        """Return the latest question's post and its thread."""
        post = next(m for m in reversed(self.channel.visible()) if "What about" in m.everything)
        assert post.thread is not None
        return post, post.thread

    async def until(self, happened: Callable[[], Awaitable[T]], timeout: float = 5.0) -> T:  # noqa: ASYNC109
        """Wait until this gives something true, and return it."""
        return await self.server.until(happened, timeout)


@asynccontextmanager
async def meeting(folder: Path, *, start: datetime = MONDAY, forum: bool = False) -> AsyncIterator[Meeting]:
    """Open a server with a channel, and run the program on it."""
    async with a_server(folder, start=start, forum=forum) as found, found.running():
        yield found


@asynccontextmanager
async def a_server(folder: Path, *, start: datetime = MONDAY, forum: bool = False) -> AsyncIterator[Meeting]:
    """Open a server with a channel, in which the program does not run yet."""
    clock = ManualClock(start)
    _copy(await _empty_database(), folder)
    async with DiscordServer(now=clock.now) as server:
        guild = server.guild("Readers")
        channel = guild.forum("rounds", tags=("Rules", "Other")) if forum else guild.text("reading")
        with server.serves_library(), hurried():
            yield Meeting(folder, clock, server, guild, channel)
