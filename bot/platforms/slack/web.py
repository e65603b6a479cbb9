"""HTTP: the address that Slack sends events to, and those at which a workspace installs the app.

https://docs.slack.dev/apis/events-api/using-http-request-urls/, https://docs.slack.dev/authentication/installing-with-oauth/
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from logging import Logger

import structlog
from aiohttp import web
from cryptography.fernet import InvalidToken
from slack_bolt.app.async_server import AsyncSlackAppServer
from slack_bolt.async_app import AsyncApp
from slack_bolt.error import BoltError
from slack_bolt.oauth.async_callback_options import AsyncCallbackOptions, AsyncFailureArgs, AsyncSuccessArgs
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth.installation_store import Installation as OAuthInstallation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore

from bot.errors import DatabaseError, PlatformError
from bot.platforms.slack.installations import Cipher, Credentials, Installation, Installations
from bot.platforms.slack.logs import library_log
from bot.platforms.slack.outcomes import CONNECTION_ERRORS, named
from bot.platforms.slack.recent import Recent
from bot.platforms.slack.webapi import WebApi
from bot.platforms.slack.workspaces import signed_in

log = structlog.get_logger(__name__)

EVENTS, INSTALL, REDIRECT = "/slack/events", "/slack/install", "/slack/oauth_redirect"
"""The paths under the bot's public address."""

STATE_SECONDS = 600
"""How long somebody may take to install the app."""

CLOSING_SECONDS = 1.0
"""How long what came in last has to be answered when the bot stops."""

_TOLD = {
    "access_denied": "Nothing was installed, since you cancelled it.",
    "invalid_browser": "This is not the browser in which you began. Open the install address again.",
    "invalid_state": "This took too long, or was done already. Open the install address again.",
    "missing_code": "Slack sent no code along. Open the install address again.",
    "invalid_code": "Slack did not accept the code. Open the install address again.",
}


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Where the bot listens and is reached, and which workspaces may install it: all, unless `teams` are named."""

    host: str
    port: int
    public_url: str
    teams: frozenset[str] = frozenset()


class States(AsyncOAuthStateStore):
    """What ties the end of an installation to its beginning: encrypted, good for some minutes, and only once."""

    def __init__(self, keys: Cipher) -> None:
        self._keys = keys
        self._used: Recent[str, str] = Recent(10_000, 2.0 * STATE_SECONDS)

    @property
    def logger(self) -> Logger:
        """Return the libraries' log."""
        return library_log()

    async def async_issue(self, *args: object, **kwargs: object) -> str:
        """Return a new state."""
        return self._keys.encrypt(secrets.token_bytes(16)).rstrip("=")

    async def async_consume(self, state: str) -> bool:
        """Return whether a state is one of ours, in time, and was not used before."""
        try:
            self._keys.decrypt(state + "=" * (-len(state) % 4), ttl=STATE_SECONDS)
        except (InvalidToken, TypeError, ValueError):
            return False
        if self._used.get(state):
            return False
        self._used.put(state, state)
        return True


class Store(AsyncInstallationStore):
    """Takes what bolt's OAuth flow got from Slack."""

    def __init__(
        self, api: WebApi, installations: Installations, teams: frozenset[str], joined: Callable[[str], Awaitable[None]]
    ) -> None:
        self._api = api
        self._installations = installations
        self._teams = teams
        self._joined = joined

    @property
    def logger(self) -> Logger:
        """Return the libraries' log."""
        return library_log()

    async def async_save(self, installation: OAuthInstallation) -> None:
        """Keep an installation. Raises BoltError if it may not be or cannot be kept."""
        team, token = installation.team_id, installation.bot_token
        if not team or not token or installation.is_enterprise_install:
            raise BoltError("Install the app in one workspace, not in a whole organization.")
        if self._teams and team not in self._teams:
            log.warning("a workspace that is not listed tried to install the app", team=team)
            raise BoltError("Whoever runs this bot has not listed your workspace.")
        try:
            workspace = await signed_in(self._api.client(token))
            kept = Installation(
                team=team,
                token=token,
                user=workspace.user,
                bot=workspace.bot,
                url=workspace.url,
                name=workspace.name,
                refresh=installation.bot_refresh_token or "",
                expires_at=float(installation.bot_token_expires_at or 0),
            )
            await self._installations.add(kept)
            await self._joined(team)
        except (SlackApiError, DatabaseError, *CONNECTION_ERRORS) as error:
            log.error("a workspace could not be kept", team=team, problem=named(error))
            raise BoltError("The app could not be installed right now. Try again in a few minutes.") from error
        log.info("the app was installed in a workspace", team=team)


def oauth_settings(
    settings: HttpSettings,
    credentials: Credentials,
    scopes: Sequence[str],
    api: WebApi,
    keys: Cipher,
    store: Store,
) -> AsyncOAuthSettings:
    """Return how bolt is to install the app."""
    return AsyncOAuthSettings(
        client_id=credentials.client_id,
        client_secret=credentials.client_secret,
        scopes=list(scopes),
        user_scopes=[],
        redirect_uri=settings.public_url.rstrip("/") + REDIRECT,
        install_path=INSTALL,
        redirect_uri_path=REDIRECT,
        install_page_rendering_enabled=False,
        authorization_url=api.url.removesuffix("/").removesuffix("/api") + "/oauth/v2/authorize",
        callback_options=AsyncCallbackOptions(success=_installed, failure=_not_installed),
        installation_store=store,
        state_store=States(keys),
        state_expiration_seconds=STATE_SECONDS,
        logger=library_log(),
    )


async def _installed(args: AsyncSuccessArgs) -> BoltResponse:
    return _page(200, "The app is installed. Invite it to a channel, and begin there with /reading-host setup.")


async def _not_installed(args: AsyncFailureArgs) -> BoltResponse:
    told = (
        str(args.error) if isinstance(args.error, BoltError) else _TOLD.get(args.reason, "The app was not installed.")
    )
    return _page(args.suggested_status_code, told)


def _page(status: int, sentence: str) -> BoltResponse:
    return BoltResponse(status=status, body=sentence, headers={"Content-Type": "text/plain; charset=utf-8"})


class Server:
    """The server that Slack talks to."""

    def __init__(self, app: AsyncApp, settings: HttpSettings) -> None:
        self._settings = settings
        bolt = AsyncSlackAppServer(port=settings.port, path=EVENTS, app=app, host=settings.host)
        self._runner = web.AppRunner(bolt.web_app, access_log=None, shutdown_timeout=CLOSING_SECONDS)

    async def start(self) -> None:
        """Listen. Raises PlatformError if the port cannot be had."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._settings.host, self._settings.port).start()
        except OSError as error:
            where = f"{self._settings.host}:{self._settings.port}"
            raise PlatformError(
                f"The bot cannot listen for Slack at {where}.",
                "Set `http.host` to an address of this machine and `http.port` to a free port.",
            ) from error
        log.info("listening for Slack", host=self._settings.host, port=self._settings.port)

    async def close(self) -> None:
        """Answer what came in last, and listen no more."""
        await self._runner.cleanup()
