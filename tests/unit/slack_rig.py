"""The Slack adapter in a workspace of the stand-in server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from cryptography.fernet import Fernet

from bot.errors import DatabaseError
from bot.events import Place, Recordable
from bot.model import Channel, Ref
from bot.platforms.slack.connecting import ByHttp, BySocket, Connection, HttpKeys, SocketKeys
from bot.platforms.slack.installations import Credentials, cipher
from bot.platforms.slack.platform import SlackPlatform
from bot.platforms.slack.web import HttpSettings
from bot.platforms.slack.webapi import WebApi
from bot.ports import Refs
from tests.contract.hands import Reports
from tests.standins.slack import ChannelHand, MemberHand, MessageView, SlackServer, TeamHand
from tests.standins.workspace import free_port, hurried

KEY = Fernet.generate_key().decode()


class Desk(Reports):
    """A chat desk whose database fails as often as it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.failures = 0

    async def record(self, event: Recordable) -> None:
        """Keep an event, unless the database fails."""
        if self.failures:
            self.failures -= 1
            raise DatabaseError("The disk is full.", "Make room.")
        await super().record(event)


@dataclass
class Rig:
    """A workspace with a channel, the adapter that is connected to it, and the desk that it reports to."""

    server: SlackServer
    team: TeamHand
    room: ChannelHand
    desk: Desk
    platform: SlackPlatform
    web: WebApi
    people: dict[str, MemberHand] = field(default_factory=dict)

    @property
    def channel(self) -> Channel:
        """The channel as the core knows it."""
        return Channel("slack", Ref(self.team.id), Ref(self.room.id))

    @property
    def place(self) -> Place:
        """Where posts go."""
        return Place(self.channel)

    def person(self, name: str) -> MemberHand:
        """Return a member of the workspace, new at the first call."""
        if name not in self.people:
            self.people[name] = self.team.member(name)
        return self.people[name]

    def message(self, ts: str | None) -> MessageView:
        """Return a message by its ts."""
        assert ts is not None
        return next(one for one in self.room.everything() if one.ts == ts)

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something is so."""
        await self.server.until(condition)


async def keep(refs: Refs) -> None:
    """Take note of nothing."""


def http_connection(web: WebApi, server: SlackServer, port: int, teams: frozenset[str] = frozenset()) -> ByHttp:
    """Return the way in which Slack reaches the bot at a port, which the app at Slack is told."""
    base = f"http://127.0.0.1:{port}"
    server.app.request_url = f"{base}/slack/events"
    server.app.redirect_urls = [base]
    credentials = Credentials(server.app.client_id, server.app.client_secret)
    keys = HttpKeys(server.app.signing_secret, credentials, cipher(KEY))
    return ByHttp(web, keys, HttpSettings("127.0.0.1", port, base, teams))


@asynccontextmanager
async def rigged(*, http: bool = False, restricted: bool = False) -> AsyncIterator[Rig]:
    """Run the adapter in a workspace."""
    async with SlackServer() as server:
        server.events.pauses = (0.01, 0.02, 0.03)
        server.events.ack_within = 0.3
        team = server.team("Readers")
        room = team.channel("reading")
        web = WebApi(server.api_url)
        connection: Connection
        if http:
            connection = http_connection(web, server, free_port())
        else:
            connection = BySocket(web, SocketKeys(team.token, server.app.app_token))
        rig = Rig(server, team, room, Desk(), SlackPlatform(web, connection, restricted=restricted), web)
        with hurried():
            async with running(rig.platform, rig.desk):
                if http:
                    base = str(server.app.request_url).removesuffix("/slack/events")
                    status, page = await team.owner.installs(f"{base}/slack/install")
                    assert status == 200, page
                yield rig


@asynccontextmanager
async def running(platform: SlackPlatform, desk: Desk) -> AsyncIterator[None]:
    """Run a platform until the end of the block; it is connected at its beginning."""
    task = asyncio.create_task(platform.run(desk))
    connected = asyncio.create_task(desk.reconnected.wait())
    try:
        await asyncio.wait({task, connected}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        yield
    finally:
        connected.cancel()
        task.cancel()
        await asyncio.gather(task, connected, return_exceptions=True)
        await platform.close()
