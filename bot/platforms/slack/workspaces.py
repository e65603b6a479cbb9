"""The workspaces that the bot is in, and how it signs in to each."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

import structlog
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import PlatformError
from bot.platforms.slack.outcomes import (
    CONNECTION_ERRORS,
    NO_SUCH_TOKEN,
    TOKEN_REFUSED,
    NotNowError,
    UnreachableError,
    code_of,
    named,
)
from bot.platforms.slack.webapi import WebApi

log = structlog.get_logger(__name__)

FIRST_LOGIN, LONGEST_LOGIN = 5.0, 300.0
"""Seconds after which a failed login is tried again, and the most that this grows to."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """The bot in one workspace: a client that is signed in, and who the bot is there."""

    team: str
    client: AsyncWebClient
    user: str
    bot: str
    url: str
    name: str


class Workspaces(Protocol):
    """All workspaces that the bot is in."""

    async def get(self, team: str) -> Workspace:
        """Return a workspace. Raises UnreachableError if the bot is not in it, DatabaseError."""
        ...

    def address(self, team: str) -> str:
        """Return the address of a workspace that is known, as `https://readers.slack.com/`, or nothing."""
        ...


class OneWorkspace:
    """The one workspace that a bot's token is for."""

    def __init__(self, web: WebApi, token: str) -> None:
        self._web = web
        self._token = token
        self._workspace: Workspace | None = None

    async def sign_in(self) -> Workspace:
        """Find out whose the token is, again and again while Slack cannot be reached. Raises PlatformError."""
        seconds = FIRST_LOGIN
        while True:
            try:
                self._workspace = await signed_in(self._web.client(self._token))
            except (SlackApiError, *CONNECTION_ERRORS) as error:
                if isinstance(error, SlackApiError) and code_of(error) in NO_SUCH_TOKEN:
                    raise PlatformError(
                        f"Slack refuses the bot's token ({code_of(error)}).",
                        "Put the Bot User OAuth Token of the installed app into SLACK_BOT_TOKEN.",
                    ) from error
                log.warning("Slack cannot be reached", problem=named(error), again_after=seconds)
            else:
                if not self._workspace.team.startswith("T"):
                    raise PlatformError(
                        "The bot's token is for a whole organization.",
                        "Install the app in one workspace, and put the token for that into SLACK_BOT_TOKEN.",
                    )
                return self._workspace
            await asyncio.sleep(seconds)
            seconds = min(seconds * 2, LONGEST_LOGIN)

    async def get(self, team: str) -> Workspace:
        """Return the workspace. Raises UnreachableError for any other."""
        if self._workspace is None or self._workspace.team != team:
            raise UnreachableError(
                "I am not in the workspace.", "Install the app there, and restart it with its token."
            )
        return self._workspace

    def address(self, team: str) -> str:
        """Return the workspace's address, or nothing."""
        return self._workspace.url if self._workspace is not None and self._workspace.team == team else ""


async def signed_in(client: AsyncWebClient) -> Workspace:
    """Return the workspace of a client's token. Raises SlackApiError and what ends a connection."""
    said = await client.auth_test()
    return Workspace(
        team=str(said["team_id"]),
        client=client,
        user=str(said["user_id"]),
        bot=str(said.get("bot_id", "")),
        url=str(said["url"]),
        name=str(said.get("team", "")),
    )


async def is_in(workspaces: Workspaces, team: str) -> bool:
    """Return whether the app has a token of a workspace that is good.

    Raises NotNowError if Slack does not tell now, DatabaseError.
    """
    try:
        await (await workspaces.get(team)).client.auth_test()
    except NotNowError:
        raise
    except UnreachableError:
        return False
    except (SlackApiError, *CONNECTION_ERRORS) as error:
        if isinstance(error, SlackApiError) and code_of(error) in TOKEN_REFUSED:
            return False
        raise NotNowError(
            f"Slack does not tell whether the app is in the workspace ({named(error)}).", "I ask again later."
        ) from error
    return True


class Authorize(AsyncAuthorize):
    """Tells bolt who the bot is where a request comes from, without asking Slack each time."""

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces

    async def __call__(
        self,
        *,
        context: AsyncBoltContext,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None,
        actor_enterprise_id: str | None = None,
        actor_team_id: str | None = None,
        actor_user_id: str | None = None,
    ) -> AuthorizeResult | None:
        """Return who the bot is in a workspace, or None if it is not there: what comes from there is acknowledged then.

        Raises NotNowError, DatabaseError.
        """
        try:
            workspace = await self._workspaces.get(team_id or "")
        except NotNowError:
            raise
        except UnreachableError:
            return None
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=workspace.team,
            bot_user_id=workspace.user,
            bot_id=workspace.bot,
            bot_token=workspace.client.token,
        )
