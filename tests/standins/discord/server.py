"""The server itself: started on a free port of this machine, with everything that it holds."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, TypeVar, cast

import discord
import yarl
from aiohttp import web
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.standins import wire

from . import payloads, rest_application, rest_channels, rest_interactions, rest_messages
from .faults import Faults
from .gateway import CONTENT, MEMBERS, Gateway
from .interactions import Interactions
from .permissions import BOTS_HAVE, MEMBERS_HAVE, base, bits, may
from .places import ChannelHand, GuildHand
from .rest import PREFIX, Record, Rest
from .state import Channel, Guild, Json, Member, Message, Role, User, World

T = TypeVar("T")
TOKEN = "MTA1.standin.not-a-secret"  # noqa: S105 - it opens nothing
DETAILED_FLAGS = 1 << 23


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _source(happened: Callable[[], object]) -> str:
    with contextlib.suppress(OSError, TypeError):
        return inspect.getsource(happened).strip()
    return repr(happened)


class DiscordServer:
    """Discord for one bot, over loopback. Use it as `async with DiscordServer() as server`.

    `now` is its clock; `patience` is how many seconds people wait for an answer. `content_allowed` and
    `members_allowed` are the privileged intents' switches in the portal.
    Leaving the block raises AssertionError where the client asked for an address that Discord does not have here.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = _utc_now,
        content_allowed: bool = True,
        members_allowed: bool = True,
        shards: int = 1,
    ) -> None:
        self.token = TOKEN
        self.content_allowed = content_allowed
        self.members_allowed = members_allowed
        self.shards = shards
        self.patience = 5.0
        self.world = World(now)
        self.bot = self.world.user("Reading Group Bot", bot=True)
        self.owner = self.world.user("Operator")
        self.application_id = self.bot.id
        self.gateway = Gateway(self)
        self.faults = Faults(self)
        self.interactions = Interactions(self)
        self.refused: list[str] = []
        routes = (rest_application, rest_messages, rest_channels, rest_interactions)
        self.rest = Rest(self, [route for module in routes for route in module.ROUTES])
        self._runner: web.AppRunner | None = None
        self._port = 0

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_get("/gateway/", self.gateway.handle)
        app.router.add_get("/attachments/{channel_id}/{attachment_id}/{filename}", self._file)
        self.rest.add_to(app)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.faults.drop_sockets()
        if self._runner:
            await self._runner.cleanup()
        wire.write(
            wire.Exchange("discord", r.method, r.template, r.body, r.status, r.answer) for r in self.rest.records
        )
        wire.write(wire.Exchange("discord", "EVENT", event, None, 200, data) for event, data in self.gateway.told)
        if error is None and self.refused:
            raise AssertionError(f"the client asked for what the stand-in does not have: {self.refused}")

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def api_url(self) -> str:
        """What belongs into `discord.http.Route.BASE`."""
        return self.url + PREFIX

    @property
    def gateway_url(self) -> str:
        """What belongs into `DiscordWebSocket.DEFAULT_GATEWAY`."""
        return f"ws://127.0.0.1:{self._port}/gateway/"

    @contextlib.contextmanager
    def serves_library(self) -> Iterator[None]:
        """Point discord.py of this process here, for as long as the block lasts."""
        before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = self.api_url, yarl.URL(self.gateway_url)
        try:
            yield
        finally:
            Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = before

    async def _file(self, request: web.Request) -> web.Response:
        data = self.world.files.get(int(request.match_info["attachment_id"]))
        return web.Response(status=404) if data is None else web.Response(body=data)

    async def until(self, happened: Callable[[], T | Awaitable[T]], timeout: float = 5.0) -> T:  # noqa: ASYNC109
        """Wait until this gives something true, and return it; AssertionError after `timeout` seconds."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + timeout
        while True:
            result = happened()
            value = cast("T", await result if inspect.isawaitable(result) else result)
            if value:
                return value
            if loop.time() > ends:
                raise AssertionError(f"not within {timeout} s: {_source(happened)}")
            await asyncio.sleep(0.005)

    async def until_ready(self, client: discord.Client, timeout: float = 5.0) -> None:  # noqa: ASYNC109
        """Wait until the client has had its `on_ready`."""
        await self.until(client.is_ready, timeout)

    def requests(self, method: str, template: str) -> list[Record]:
        """The requests so far to one endpoint, as `("POST", "/channels/{channel_id}/messages")`."""
        return [r for r in self.rest.records if r.method == method and r.template == template]

    def guild(self, name: str = "Reading group", *, bot_inside: bool = True) -> GuildHand:
        """A new guild with an owner, no channels, and the bot, whose own role has what it needs and no more."""
        world = self.world
        guild_id = world.snowflake()
        host = world.user("Owner")
        guild = Guild(guild_id, name, host.id, Role(guild_id, "@everyone", MEMBERS_HAVE), bot_inside=False)
        world.guilds[guild_id] = guild
        guild.members[host.id] = Member(host, world.now())
        if bot_inside:
            self.bot_joins(guild)
        return GuildHand(self, guild)

    def place(self, channel_id: int) -> ChannelHand:
        """A channel or thread by its id."""
        return ChannelHand(self, self.world.channels[channel_id])

    def name_of(self, message: Message) -> str:
        """The name above a message: nickname, display name, account."""
        guild = self.world.guilds.get(message.guild_id or 0)
        member = guild.members.get(message.author.id) if guild else None
        nick = member.nick if member else None
        return nick or message.author.global_name or message.author.username

    def let_bot_in(self, guild: Guild) -> None:
        """The bot becomes a member, with a role of its own."""
        role = Role(self.world.snowflake(), self.bot.username, BOTS_HAVE, position=1, managed=True)
        guild.roles[role.id] = role
        guild.members[self.bot.id] = Member(self.bot, self.world.now(), roles=[role.id])
        guild.bot_inside = True

    def bot_joins(self, guild: Guild) -> None:
        """Somebody invites the bot."""
        self.let_bot_in(guild)
        for session in self.gateway.sessions.values():
            if session.hears(guild):
                session.dispatch("GUILD_CREATE", self.gateway.guild_create(session, guild))

    def bot_leaves(self, guild: Guild) -> None:
        """The bot leaves or is kicked: it hears GUILD_DELETE without `unavailable`."""
        self.gateway.dispatch("GUILD_DELETE", {"id": str(guild.id)}, guild, intents=1)
        own = guild.members.pop(self.bot.id)
        for role in own.roles:
            guild.roles.pop(role, None)
        guild.bot_inside = False

    def new_channel(self, guild: Guild, name: str, kind: int, topic: str | None = None) -> Channel:
        """A channel that nobody knows of yet."""
        place = sum(not channel.thread for channel in guild.channels.values())
        return Channel(self.world.snowflake(), kind, name, guild.id, position=place, topic=topic)

    def bot_may(self, channel: Channel, *names: str) -> bool:
        """Whether the bot has these permissions in a channel."""
        return may(self.world, channel, self.bot.id, *names)

    def bot_may_in(self, guild: Guild, *names: str) -> bool:
        """Whether the bot has these permissions in the guild as a whole."""
        return base(guild, guild.members[self.bot.id]) & bits(*names) == bits(*names)

    def accepts_direct(self, user: User) -> bool:
        """Whether a user takes direct messages from the bot: the switch is on and they share a guild."""
        shared = any(g.bot_inside and user.id in g.members for g in self.world.guilds.values())
        return user.dms_open and shared

    @property
    def privileged_intents(self) -> int:
        """The privileged intents that the portal allows."""
        return (CONTENT if self.content_allowed else 0) | (MEMBERS if self.members_allowed else 0)

    @property
    def application_flags(self) -> int:
        """The application's flags: the limited intents that are switched on."""
        return (1 << 19 if self.content_allowed else 0) | (1 << 15 if self.members_allowed else 0) | DETAILED_FLAGS

    def application(self) -> Json:
        """The application as its own bot sees it."""
        return {
            "id": str(self.application_id),
            "name": "Reading Group Bot",
            "icon": None,
            "description": "",
            "type": None,
            "bot": payloads.user(self.bot),
            "summary": "",
            "is_monetized": False,
            "bot_public": True,
            "bot_require_code_grant": False,
            "integration_types_config": {"0": {}},
            "verify_key": "0" * 64,
            "flags": self.application_flags,
            "flags_new": str(self.application_flags),
            "hook": True,
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "owner": payloads.user(self.owner),
            "approximate_guild_count": sum(g.bot_inside for g in self.world.guilds.values()),
            "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0,
            "event_webhooks_url": None,
            "event_webhooks_status": 1,
            "event_webhooks_types": [],
            "explicit_content_filter": 0,
            "team": None,
            "eligible_oauth2_scopes": ["applications.commands", "bot"],
        }

    def ready(self, session_id: str, guild_ids: list[int], shard: int, shards: int) -> dict[str, Any]:
        """The dispatch READY."""
        return {
            "v": 10,
            "user": {**payloads.user(self.bot), "verified": True, "mfa_enabled": False, "email": None},
            "guilds": [{"id": str(guild_id), "unavailable": True} for guild_id in guild_ids],
            "session_id": session_id,
            "session_type": "normal",
            "resume_gateway_url": self.gateway_url,
            "shard": [shard, shards],
            "application": {"id": str(self.application_id), "flags": self.application_flags},
            "private_channels": [],
            "relationships": [],
            "presences": [],
            "guild_join_requests": [],
            "geo_ordered_rtc_regions": [],
            "user_settings": {},
            "_trace": ["standin"],
        }
