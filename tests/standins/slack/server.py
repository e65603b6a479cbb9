"""The server itself: started on a free port of this machine, with everything that it holds."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import itertools
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self, TypeVar, cast, overload

from aiohttp import web

from tests.standins import wire

from . import api_apps, api_chat, api_conversations, api_views, happenings
from .events import EVENTS, Attempt, Events
from .faults import Faults
from .hooks import Hooks
from .interactions import Interactions, form
from .places import ChannelHand, TeamHand
from .scopes import EVERY
from .sockets import Sockets
from .state import Json, Message, Team, Token, User, World
from .web_api import Record, WebApi

T = TypeVar("T")


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _source(happened: Callable[[], object]) -> str:
    with contextlib.suppress(OSError, TypeError):
        return inspect.getsource(happened).strip()
    return repr(happened)


@dataclass
class App:
    """The app as it is configured at Slack. With a `request_url` it runs over HTTP, otherwise in Socket Mode."""

    id: str
    name: str = "Reading Group Bot"
    scopes: tuple[str, ...] = EVERY
    events: tuple[str, ...] = EVENTS
    commands: dict[str, bool] = field(default_factory=dict)
    """By command, whether what looks like an account or a channel is sent as such."""
    shortcuts: dict[str, str] = field(default_factory=dict)
    """By the name of a message shortcut, its callback id."""
    takes_messages: bool = True
    """Whether people may write in their direct messages with it; commands are written there too."""
    request_url: str | None = None
    redirect_urls: list[str] = field(default_factory=list)
    rotates_tokens: bool = False
    app_token: str = field(default_factory=lambda: f"xapp-1-{secrets.token_hex(12)}")
    client_id: str = "1111.2222"
    client_secret: str = field(default_factory=lambda: secrets.token_hex(16))
    signing_secret: str = field(default_factory=lambda: secrets.token_hex(16))
    verification_token: str = field(default_factory=lambda: secrets.token_hex(12))

    def configure(self, manifest: Mapping[str, Any]) -> None:
        """Take scopes, events, commands, shortcuts and addresses from an app manifest."""
        features, settings = manifest.get("features", {}), manifest.get("settings", {})
        self.name = manifest["display_information"]["name"]
        self.scopes = tuple(manifest["oauth_config"]["scopes"]["bot"])
        self.events = tuple(settings.get("event_subscriptions", {}).get("bot_events", ()))
        self.takes_messages = not features.get("app_home", {}).get("messages_tab_read_only_enabled", True)
        self.request_url = settings.get("event_subscriptions", {}).get("request_url")
        self.redirect_urls = list(manifest["oauth_config"].get("redirect_urls", ()))
        self.commands = {one["command"]: one.get("should_escape", False) for one in features.get("slash_commands", ())}
        self.shortcuts = {
            one["name"]: one["callback_id"] for one in features.get("shortcuts", ()) if one["type"] == "message"
        }


class SlackServer:
    """Slack for one app, over loopback. Use it as `async with SlackServer() as server`.

    `now` is its clock; `manifest` configures the app, which otherwise may do everything. Leaving the block raises
    AssertionError where the app called a method that Slack does not have here.
    """

    def __init__(self, *, now: Callable[[], datetime] = _utc_now, manifest: Mapping[str, Any] | None = None) -> None:
        self.world = World(now)
        self.app = App(self.world.id("A"))
        if manifest is not None:
            self.app.configure(manifest)
        self.patience = 5.0
        self.most_history = 999
        self.shown_reactors = 50
        self.edit_window: timedelta | None = None
        self.ephemerals: list[Message] = []
        self.acknowledgements: list[float] = []
        self.codes: dict[str, api_apps.Consent] = {}
        self.refused: list[str] = []
        self.events = Events(self)
        self.sockets = Sockets(self)
        self.hooks = Hooks(self)
        self.faults = Faults(self)
        self.interactions = Interactions(self)
        modules = (api_apps, api_chat, api_conversations, api_views)
        self.web_api = WebApi(self, {name: method for module in modules for name, method in module.METHODS.items()})
        self._block_ids = itertools.count(1)
        self._runner: web.AppRunner | None = None
        self._port = 0

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        files = api_views.FileStore(self)
        app.router.add_route("*", "/api/{method}", self.web_api.handle)
        app.router.add_get("/link/", self.sockets.handle)
        for kind in ("commands", "actions", "app"):
            app.router.add_post(f"/{kind}/{{path:.*}}", self.interactions.handle)
        app.router.add_post("/upload/v1/{file_id}", files.take)
        app.router.add_get("/files-pri/{file}/{name:.*}", files.give)
        app.router.add_route("*", "/{path:.*}", self._refuse)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.events.close()
        await self.hooks.close()
        self.faults.drop_sockets()
        if self._runner:
            await self._runner.cleanup()
        wire.write(
            wire.Exchange("slack", r.verb, f"/{r.method}", r.arguments, r.status, r.answer)
            for r in self.web_api.records
        )
        wire.write(
            wire.Exchange("slack", "EVENT", one.get("event", {}).get("type", one["type"]), None, 200, one)
            for one in self.events.told
        )
        if error is None and self.refused:
            raise AssertionError(f"the app asked for what the stand-in does not have: {self.refused}")

    async def _refuse(self, request: web.Request) -> web.Response:
        self.refused.append(f"{request.method} {request.path}")
        return web.Response(status=404)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def api_url(self) -> str:
        """What belongs into `AsyncWebClient(base_url=…)`."""
        return f"{self.url}/api/"

    async def transport(self, attempt: Attempt) -> str:
        """Deliver an event the way the app is configured."""
        over_http = self.app.request_url is not None
        return await (self.hooks.deliver(attempt) if over_http else self.sockets.deliver(attempt))

    async def ask(self, kind: str, payload: Json) -> Json | None:
        """Deliver a command or an interaction, and return what the acknowledgement carries."""
        if self.app.request_url is None:
            return await self.sockets.ask(kind, payload)
        return await self.hooks.ask(payload if kind == "slash_commands" else form(payload))

    @overload
    async def until(self, happened: Callable[[], Awaitable[T]], timeout: float = 5.0) -> T: ...  # noqa: ASYNC109

    @overload
    async def until(self, happened: Callable[[], T], timeout: float = 5.0) -> T: ...  # noqa: ASYNC109

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

    def calls(self, method: str) -> list[Record]:
        """The calls so far of one method of the Web API."""
        return [record for record in self.web_api.records if record.method == method]

    def block_id(self) -> str:
        """A short id as Slack gives blocks that have none."""
        return f"b{next(self._block_ids):x}="

    def permalink(self, message: Message) -> str:
        """The address of a message."""
        channel = self.world.channel(message.channel_id)
        assert channel is not None
        address = f"{self.world.team_of(channel).url}archives/{channel.id}/p{message.ts.replace('.', '')}"
        return f"{address}?thread_ts={message.thread_ts}&cid={channel.id}" if message.is_reply else address

    def team(self, name: str = "Readers", *, installed: bool = True) -> TeamHand:
        """A new workspace with an owner; the app is in it unless `installed` is False."""
        world = self.world
        domain = name.lower().replace(" ", "-")
        team = Team(world.id("T"), name, domain)
        world.teams[team.id] = team
        hand = TeamHand(self, team)
        owner = hand.member("Owner")
        owner.state.is_owner = owner.state.is_admin = True
        if installed:
            self.install(team, self.app.scopes)
        return hand

    def install(self, team: Team, scopes: tuple[str, ...]) -> Token:
        """The app comes into a workspace (again); return its token there."""
        if team.bot is None:
            name = self.app.name.lower().replace(" ", "_")
            bot = User(self.world.id("U"), team.id, name, self.app.name, bot_id=self.world.id("B"))
            bot.updated = self.world.seconds()
            team.bot = team.users[bot.id] = bot
        team.installed = True
        team.bot.deleted = False
        return self.new_token(team, scopes)

    def new_token(self, team: Team, scopes: tuple[str, ...]) -> Token:
        """One more token of a workspace."""
        prefix = "xoxe.xoxb-1" if self.app.rotates_tokens else "xoxb"
        token = Token(f"{prefix}-{team.id}-{secrets.token_hex(12)}", team, scopes)
        if self.app.rotates_tokens:
            token.refresh = f"xoxe-1-{secrets.token_hex(16)}"
            token.expires_at = self.world.now() + api_apps.TOKEN_LIFE
        self.world.tokens[token.value] = token
        return token

    def uninstalled(self, team: Team, *, told: bool = True) -> None:
        """The app is no longer in a workspace: its tokens are dead, and it may be told so."""
        for token in self.world.tokens.values():
            if token.team is team:
                token.refused = token.refused or "account_inactive"
        assert team.bot is not None
        if told:
            self.events.tell(team, {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [team.bot.id]}})
            self.events.tell(team, {"type": "app_uninstalled"})
        team.installed = False
        for channel in team.channels.values():
            if team.bot.id in channel.members:
                channel.members.remove(team.bot.id)

    def scopes_of(self, team: Team) -> tuple[str, ...]:
        """What the app may do in a workspace."""
        alive = [token for token in self.world.tokens.values() if token.team is team and token.refused is None]
        return alive[-1].scopes if alive else self.app.scopes

    def place(self, channel_id: str) -> ChannelHand:
        """A channel by its id."""
        channel = self.world.channel(channel_id)
        assert channel is not None
        return ChannelHand(self, channel)

    def direct(self, team: Team, user: User) -> ChannelHand:
        """The direct messages between somebody and the bot."""
        return ChannelHand(self, happenings.direct(self, team, user))
