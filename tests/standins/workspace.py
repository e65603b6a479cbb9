"""The whole program at work in a Slack workspace: the stand-in, a workspace with a channel, and bolt between.

async with office(tmp_path) as o:
    await o.host.uses("/reading-host setup", o.channel)
    await o.at(9)                            # the clock moves there, and what is due is done and posted
    question = o.channel.visible()[-1]       # question.replies is its thread
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from unittest.mock import patch

from cryptography.fernet import Fernet

from bot.app import App
from bot.clock import ManualClock
from bot.model import Channel, Ref
from bot.platforms.slack import catchup, listening, once
from bot.platforms.slack import socket as socket_mode
from bot.platforms.slack.connecting import ByHttp, BySocket, HttpKeys, SocketKeys
from bot.platforms.slack.installations import Credentials, cipher
from bot.platforms.slack.manifest import manifest
from bot.platforms.slack.platform import SlackPlatform
from bot.platforms.slack.web import HttpSettings
from bot.platforms.slack.webapi import WebApi
from tests.standins.program import MONDAY, program
from tests.standins.slack import ChannelHand, MemberHand, MessageView, SlackServer, TeamHand
from tests.standins.watching import Watching

T = TypeVar("T")
MANIFEST = manifest()
TOKEN_KEY = Fernet.generate_key().decode()


def channel_of(hand: ChannelHand) -> Channel:
    """Return a channel as the core knows it."""
    return Channel("slack", Ref(hand.team.id), Ref(hand.id))


def over_socket(server: SlackServer, token: str, *, restricted: bool = False) -> SlackPlatform:
    """Return the adapter as it runs in one workspace."""
    web = WebApi(server.api_url)
    return SlackPlatform(web, BySocket(web, SocketKeys(token, server.app.app_token)), restricted=restricted)


def over_http(server: SlackServer) -> SlackPlatform:
    """Return the adapter as it runs at an address of its own, which Slack is told."""
    if server.app.request_url is None:
        server.app.configure(manifest(f"http://127.0.0.1:{free_port()}"))
    address = str(server.app.request_url).removesuffix("/slack/events")
    web = WebApi(server.api_url)
    keys = HttpKeys(
        server.app.signing_secret, Credentials(server.app.client_id, server.app.client_secret), cipher(TOKEN_KEY)
    )
    settings = HttpSettings("127.0.0.1", int(address.rpartition(":")[2]), address)
    return SlackPlatform(web, ByHttp(web, keys, settings))


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def hurried() -> Iterator[None]:
    """Wait less between two looks at the history, and before a socket is opened again."""
    with (
        patch.object(catchup, "GATHERING", 0.02),
        patch.object(catchup, "FIRST_CATCH_UP", 0.05),
        patch.object(listening, "HELD_BACK_SECONDS", 0.05),
        patch.object(once, "SECOND_LOOK", 0.02),
        patch.object(socket_mode, "FIRST_AGAIN", 0.02),
        patch.object(socket_mode, "PING_SECONDS", 0.2),
    ):
        yield


@dataclass
class Office(Watching):
    """A workspace in which a group meets."""

    folder: Path
    clock: ManualClock
    server: SlackServer
    team: TeamHand
    channel: ChannelHand
    http: bool = False
    people: dict[str, MemberHand] = field(default_factory=dict)
    _app: App | None = None
    _platform: SlackPlatform | None = None

    @property
    def app(self) -> App:
        """The open program."""
        assert self._app is not None
        return self._app

    @property
    def platform(self) -> SlackPlatform:
        """The adapter."""
        assert self._platform is not None
        return self._platform

    @property
    def place(self) -> Channel:
        """The channel as the core knows it."""
        return channel_of(self.channel)

    @property
    def host(self) -> MemberHand:
        """Who made the workspace."""
        return self.team.owner

    def person(self, name: str) -> MemberHand:
        """Return a member of the workspace, new at the first call."""
        if name not in self.people:
            self.people[name] = self.team.member(name)
        return self.people[name]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the program; it can be run again afterwards."""
        self._platform = over_http(self.server) if self.http else over_socket(self.server, self.team.token)
        async with program(self.folder, self.clock, self._platform) as app:
            self._app = app
            task = asyncio.create_task(self._platform.run(app.desk))
            try:
                await self.reached(task)
                yield
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                await self._platform.close()

    async def reached(self, task: asyncio.Task[None] | None = None) -> None:
        """Wait until Slack reaches the program; over HTTP, the owner installs it at the first time."""

        async def settled() -> bool:
            done = task is not None and task.done()
            return done or await (self.answers_over_http() if self.http else self._listens())

        await self.until(settled)
        if task is not None and task.done():
            task.result()
        if self.http and not self.team.state.installed:
            status, page = await self.host.installs(f"{self.address}/slack/install")
            assert status == 200, page
            self.channel.state.members.append(self.team.bot.id)

    @property
    def address(self) -> str:
        """Where Slack reaches the program over HTTP."""
        return str(self.server.app.request_url).removesuffix("/slack/events")

    async def _listens(self) -> bool:
        return self.server.sockets.listening

    async def answers_over_http(self) -> bool:
        """Return whether somebody listens at the program's address."""
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", int(self.address.rpartition(":")[2]))
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True

    async def asked(self) -> MessageView:
        """Return the latest question's post."""
        return next(m for m in reversed(self.channel.visible()) if m.by_bot and "What about" in m.text)

    async def until(self, happened: Callable[[], Awaitable[T]], timeout: float = 5.0) -> T:  # noqa: ASYNC109
        """Wait until this gives something true, and return it."""
        return await self.server.until(happened, timeout)


@asynccontextmanager
async def office(folder: Path, *, start: datetime = MONDAY, http: bool = False) -> AsyncIterator[Office]:
    """Open a workspace with a channel, and run the program in it."""
    async with a_workspace(folder, start=start, http=http) as found, found.running():
        yield found


@asynccontextmanager
async def a_workspace(folder: Path, *, start: datetime = MONDAY, http: bool = False) -> AsyncIterator[Office]:
    """Open a workspace with a channel, in which the program does not run yet."""
    clock = ManualClock(start)
    async with SlackServer(now=clock.now, manifest=MANIFEST) as server:
        team = server.team("Readers", installed=not http)
        with hurried():
            yield Office(folder, clock, server, team, team.channel("reading"), http=http)
