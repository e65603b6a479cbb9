"""The two ways in which Slack reaches the bot: through a socket that the bot opens, or at an address of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.errors import SlackApiError

from bot.errors import PlatformError
from bot.platforms.slack.inspecting import token_problems
from bot.platforms.slack.installations import Cipher, Credentials, Installations, Vault
from bot.platforms.slack.logs import library_log
from bot.platforms.slack.outcomes import CONNECTION_ERRORS, UnreachableError, refusal
from bot.platforms.slack.rollcall import call_rolls
from bot.platforms.slack.scopes import SCOPES
from bot.platforms.slack.socket import Socket, socket_address
from bot.platforms.slack.web import HttpSettings, Server, Store, oauth_settings
from bot.platforms.slack.webapi import WebApi
from bot.platforms.slack.workspaces import Authorize, OneWorkspace, Workspaces
from bot.ports import Chat

Joined = Callable[[str], Awaitable[None]]


class Connection(Protocol):
    """A way in which Slack reaches the bot. What is called after `prepare` may be called until `close`."""

    @property
    def workspaces(self) -> Workspaces:
        """Return the workspaces that the bot is in, as far as they are known."""
        ...

    async def prepare(self, chat: Chat, joined: Joined) -> Sequence[str]:
        """Sign in, and return the workspaces that the bot is in. Raises PlatformError, DatabaseError.

        `joined` hears of each workspace that the bot is in, now and later on: something may have been missed there.
        """
        ...

    def app(self) -> AsyncApp:
        """Return an app without listeners."""
        ...

    async def connect(self, app: AsyncApp, connected: Callable[[], None]) -> None:
        """Let Slack reach an app from now on; `connected` hears of each new connection. Raises PlatformError."""
        ...

    async def forget(self, team: str) -> None:
        """Forget a workspace that the bot was removed from. Raises DatabaseError."""
        ...

    async def problems(self, chat: Chat) -> tuple[str, ...]:
        """Return what is wrong before any channel is looked at, without connecting. Raises DatabaseError."""
        ...

    async def close(self) -> None:
        """Be reached no more."""
        ...


@dataclass(frozen=True, slots=True)
class SocketKeys:
    """The tokens of an app that is in one workspace."""

    bot_token: str
    app_token: str


class BySocket:
    """Socket Mode: one workspace, no address of one's own."""

    def __init__(self, web: WebApi, keys: SocketKeys) -> None:
        self._web = web
        self._keys = keys
        self.workspaces = OneWorkspace(web, keys.bot_token)
        self._socket: Socket | None = None

    async def prepare(self, chat: Chat, joined: Joined) -> Sequence[str]:
        """Sign in, and see that a socket may be opened."""
        workspace = await self.workspaces.sign_in()
        try:
            await socket_address(self._web.client(), self._keys.app_token)
        except (SlackApiError, *CONNECTION_ERRORS):
            # Once it was not refused, it is tried until it succeeds.
            pass
        await joined(workspace.team)
        return [workspace.team]

    def app(self) -> AsyncApp:
        """Return an app that answers in one workspace."""
        return _app(self._web, self.workspaces)

    async def connect(self, app: AsyncApp, connected: Callable[[], None]) -> None:
        """Open the socket."""
        self._socket = Socket(app, self._web.client(), self._keys.app_token, connected)
        await self._socket.connect()

    async def forget(self, team: str) -> None:
        """Nothing is kept."""

    async def problems(self, chat: Chat) -> tuple[str, ...]:
        """Return what is wrong with the two tokens."""
        found = list(await token_problems(self._web.client(self._keys.bot_token)))
        try:
            if not found:
                await self.workspaces.sign_in()
        except PlatformError as error:
            found.append(str(error))
        try:
            await socket_address(self._web.client(), self._keys.app_token)
        except PlatformError as error:
            found.append(str(error))
        except SlackApiError as error:
            found.append(refusal(error).reason)
        except CONNECTION_ERRORS:
            found.append("Slack cannot be reached. Try again later.")
        return tuple(found)

    async def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            await self._socket.close()


@dataclass(frozen=True, slots=True)
class HttpKeys:
    """What an app shows to Slack and knows Slack by, and what its tokens are encrypted with."""

    signing_secret: str
    credentials: Credentials
    tokens: Cipher


class ByHttp:
    """HTTP: any number of workspaces, which install the app at the bot's own address."""

    def __init__(self, web: WebApi, keys: HttpKeys, settings: HttpSettings) -> None:
        self._web = web
        self._keys = keys
        self._settings = settings
        self.workspaces = Installations(web, keys.credentials)
        self._oauth: AsyncOAuthSettings | None = None
        self._server: Server | None = None
        self._rolls: asyncio.Task[None] | None = None

    async def prepare(self, chat: Chat, joined: Joined) -> Sequence[str]:
        """Read who installed the app."""
        store = Store(self._web, self.workspaces, self._settings.teams, joined)
        keys = self._keys
        self._oauth = oauth_settings(self._settings, keys.credentials, list(SCOPES), self._web, keys.tokens, store)
        await self.workspaces.open(Vault(chat, keys.tokens))
        await self.workspaces.renew()
        self._rolls = asyncio.create_task(call_rolls(chat, self.workspaces, joined))
        return self.workspaces.teams()

    def app(self) -> AsyncApp:
        """Return an app that answers in every workspace, and proves that it is Slack who asks."""
        return _app(self._web, self.workspaces, self._keys.signing_secret, self._oauth)

    async def connect(self, app: AsyncApp, connected: Callable[[], None]) -> None:
        """Listen."""
        self._server = Server(app, self._settings)
        await self._server.start()
        connected()

    async def forget(self, team: str) -> None:
        """Forget a workspace's token."""
        await self.workspaces.remove(team)

    async def problems(self, chat: Chat) -> tuple[str, ...]:
        """Return which workspaces' tokens do not work."""
        await self.workspaces.open(Vault(chat, self._keys.tokens))
        if not (teams := self.workspaces.teams()):
            where = self._settings.public_url.rstrip("/")
            return (f"No workspace has installed the app yet. Open {where}/slack/install in a browser.",)
        found: list[str] = []
        for team in teams:
            try:
                workspace = await self.workspaces.get(team)
            except UnreachableError as error:
                problems: tuple[str, ...] = (str(error),)
            else:
                problems = await token_problems(workspace.client)
            found += [f"In the workspace {team}: {problem}" for problem in problems]
        return tuple(found)

    async def close(self) -> None:
        """Listen no more."""
        if self._rolls is not None:
            self._rolls.cancel()
            await asyncio.gather(self._rolls, return_exceptions=True)
        if self._server is not None:
            await self._server.close()
        await self.workspaces.close()


def _app(
    web: WebApi, workspaces: Workspaces, signing_secret: str = "", oauth: AsyncOAuthSettings | None = None
) -> AsyncApp:
    return AsyncApp(
        name="reading-group-bot",
        logger=library_log(),
        client=web.client(),
        signing_secret=signing_secret,
        # One that is made for bolt goes along with OAuth; bolt's types do not know.
        authorize=cast("Callable[..., Awaitable[AuthorizeResult]]", Authorize(workspaces)),
        oauth_settings=oauth,
        process_before_response=True,
        # The listeners see to that themselves, since bolt leaves out too much.
        ignoring_self_events_enabled=False,
    )
