"""The workspaces that installed the app by OAuth: their tokens, encrypted, in the group's database.

A token that runs out is exchanged in time (https://docs.slack.dev/authentication/using-token-rotation/). The keys are
Fernet keys (https://cryptography.io/en/latest/fernet/): the first encrypts, the others still decrypt.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import structlog
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from slack_sdk.errors import SlackApiError

from bot.errors import SettingsError
from bot.platforms.slack.outcomes import CONNECTION_ERRORS, NotNowError, UnreachableError, code_of
from bot.platforms.slack.webapi import WebApi
from bot.platforms.slack.workspaces import Workspace
from bot.ports import Chat

log = structlog.get_logger(__name__)

INDEX = "slack workspaces"
"""The note that lists the workspaces, as a JSON array of their ids."""

CLOSING_SECONDS = 2.0
"""How long an exchange that is under way has to end when the bot stops."""

EARLY = 7_200.0
"""Seconds before a token runs out in which it is exchanged."""

KEPT_REFUSED = 90 * 86_400.0
"""Seconds for which a token is kept that Slack refuses: it may be for a while only, but not for as long."""

REFUSED_REFRESH = ("invalid_refresh_token", "token_revoked", "token_expired", "invalid_auth", "account_inactive")


@dataclass(frozen=True, slots=True)
class Installation:
    """The app in one workspace.

    `expires_at` and `refused_since`, when Slack was found to refuse the token, count seconds since 1970; 0 is never.
    """

    team: str
    token: str
    user: str
    bot: str
    url: str
    name: str = ""
    refresh: str = ""
    expires_at: float = 0.0
    refused_since: float = 0.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the app shows to Slack to get a token."""

    client_id: str
    client_secret: str


class Cipher:
    """Encrypts with the first of some Fernet keys, and decrypts with any."""

    def __init__(self, keys: Sequence[Fernet]) -> None:
        self._first = keys[0]
        self._all = MultiFernet(keys)

    def encrypt(self, text: bytes) -> str:
        """Return a text encrypted."""
        return self._first.encrypt(text).decode()

    def decrypt(self, written: str, ttl: int | None = None) -> bytes:
        """Return what was encrypted, at most `ttl` seconds ago. Raises InvalidToken."""
        return self._all.decrypt(written, ttl)

    def is_current(self, written: str) -> bool:
        """Return whether something was encrypted with the first key."""
        try:
            self._first.decrypt(written)
        except InvalidToken:
            return False
        return True


def cipher(keys: str) -> Cipher:
    """Return what encrypts with some Fernet keys, separated by commas. Raises SettingsError."""
    try:
        return Cipher([Fernet(key.strip()) for key in keys.split(",") if key.strip()])
    except (ValueError, IndexError):
        raise SettingsError(
            "SLACK_TOKEN_KEY is no Fernet key.",
            "It is 32 random bytes in URL-safe base64; .env.example says how to make one.",
        ) from None


class Vault:
    """Keeps installations through the chat desk."""

    def __init__(self, chat: Chat, keys: Cipher) -> None:
        self._chat = chat
        self._keys = keys

    async def teams(self) -> list[str]:
        """Return the workspaces that have the app. Raises DatabaseError."""
        return list(json.loads(await self._chat.recall(INDEX) or "[]"))

    async def load(self, team: str) -> Installation | None:
        """Return an installation, or None if there is none that can be decrypted. Raises DatabaseError."""
        written = await self._chat.recall(_note(team))
        if written is None:
            return None
        try:
            return Installation(**json.loads(self._keys.decrypt(written)))
        except (InvalidToken, TypeError, ValueError):
            log.error(
                "a workspace's token cannot be decrypted; SLACK_TOKEN_KEY lacks the key that it was kept with",
                team=team,
            )
            return None

    async def save(self, installation: Installation) -> None:
        """Keep an installation. Raises DatabaseError."""
        written = self._keys.encrypt(json.dumps(asdict(installation)).encode())
        await self._chat.remember(_note(installation.team), written)
        teams = await self.teams()
        if installation.team not in teams:
            await self._chat.remember(INDEX, json.dumps(sorted([*teams, installation.team])))

    async def renew(self, team: str) -> None:
        """Encrypt an installation with the first key if it was with another. Raises DatabaseError."""
        written = await self._chat.recall(_note(team))
        installation = await self.load(team)
        if written is not None and installation is not None and not self._keys.is_current(written):
            await self.save(installation)

    async def drop(self, team: str) -> None:
        """Keep an installation no longer. Raises DatabaseError."""
        await self._chat.forget(_note(team))
        teams = await self.teams()
        if team in teams:
            await self._chat.remember(INDEX, json.dumps([one for one in teams if one != team]))


class Installations:
    """All workspaces that installed the app, with tokens that are good for now."""

    def __init__(self, web: WebApi, credentials: Credentials) -> None:
        self._web = web
        self._credentials = credentials
        self._vault: Vault | None = None
        self._known: dict[str, Installation] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._index = asyncio.Lock()
        self._unsaved: dict[str, Installation] = {}
        self._under_way: dict[str, asyncio.Task[Installation]] = {}

    async def open(self, vault: Vault) -> None:
        """Read the installations. Raises DatabaseError."""
        self._vault = vault
        for team in await vault.teams():
            installation = await vault.load(team)
            if installation is not None:
                self._known[team] = installation

    def teams(self) -> Sequence[str]:
        """Return the ids of the workspaces that have the app."""
        return sorted(self._known)

    async def renew(self) -> None:
        """Encrypt with the first key what was with another. Raises DatabaseError."""
        for team in list(self._known):
            await self._opened.renew(team)

    async def add(self, installation: Installation) -> None:
        """Keep an installation, in place of an older one. Raises DatabaseError."""
        async with self._turns[installation.team]:
            await self._save(installation)

    async def remove(self, team: str) -> None:
        """Forget an installation. Raises DatabaseError."""
        async with self._turns[team]:
            await self._drop(team)

    async def found(self, team: str, *, there: bool) -> None:
        """Note whether Slack takes a workspace's token; forget one that it has long refused. Raises DatabaseError."""
        now = time.time()
        async with self._turns[team]:
            known = await self._opened.load(team)
            if known is None or team in self._unsaved:
                return
            if there == bool(known.refused_since):
                await self._save(replace(known, refused_since=0.0 if there else now))
            elif not there and known.refused_since < now - KEPT_REFUSED:
                log.info("a token is forgotten, since Slack refuses it for good", team=team)
                await self._drop(team)

    async def get(self, team: str) -> Workspace:
        """Return a workspace. Raises UnreachableError if the app is not installed there, DatabaseError."""
        installation = self._known.get(team)
        if installation is None or _runs_out(installation):
            installation = await self._seen_through(team)
        client = self._web.client(installation.token)
        return Workspace(team, client, installation.user, installation.bot, installation.url, installation.name)

    def address(self, team: str) -> str:
        """Return a workspace's address, or nothing."""
        return self._known[team].url if team in self._known else ""

    async def close(self) -> None:
        """Let the exchanges that are under way end."""
        tasks = list(self._under_way.values())
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSING_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _seen_through(self, team: str) -> Installation:
        """Return an installation as `_current` does, which goes on if whoever waits gives up.

        What Slack gives for a refresh token it gives once.
        """
        task = self._under_way.get(team)
        if task is None:
            task = self._under_way[team] = asyncio.create_task(self._current(team), name=team)
            task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[Installation]) -> None:
        del self._under_way[task.get_name()]
        if not task.cancelled():
            # Looked at, so that asyncio does not complain of an error that nobody came for.
            task.exception()

    async def _current(self, team: str) -> Installation:
        """Return an installation as another process may have left it, with its token exchanged if it is time."""
        async with self._turns[team]:
            if team in self._unsaved:
                await self._save(self._unsaved[team])
                return self._known[team]
            installation = await self._opened.load(team)
            if installation is None:
                self._known.pop(team, None)
                raise UnreachableError("The app is not installed in the workspace.", "Install it there.")
            self._known[team] = installation
            if not _runs_out(installation):
                return installation
            try:
                fresh = await self._exchanged(installation)
            except SlackApiError as error:
                if code_of(error) not in REFUSED_REFRESH:
                    return _if_good(installation)
                another = await self._opened.load(team)
                if another is not None and another != installation:
                    self._known[team] = another
                    return another
                raise UnreachableError("Slack has withdrawn the app's token.", "Install the app again.") from error
            except CONNECTION_ERRORS:
                return _if_good(installation)
            self._unsaved[team] = fresh
            await self._save(fresh)
            return fresh

    async def _exchanged(self, old: Installation) -> Installation:
        answer = await self._web.client().oauth_v2_access(
            client_id=self._credentials.client_id,
            client_secret=self._credentials.client_secret,
            grant_type="refresh_token",
            refresh_token=old.refresh,
        )
        said: Mapping[str, Any] = answer.data if isinstance(answer.data, dict) else {}
        log.info("a workspace's token was exchanged", team=old.team)
        return replace(
            old,
            token=str(said["access_token"]),
            refresh=str(said.get("refresh_token") or ""),
            expires_at=runs_out_at(said),
        )

    async def _drop(self, team: str) -> None:
        self._known.pop(team, None)
        self._unsaved.pop(team, None)
        async with self._index:
            await self._opened.drop(team)

    async def _save(self, installation: Installation) -> None:
        async with self._index:
            await self._opened.save(installation)
        self._known[installation.team] = installation
        self._unsaved.pop(installation.team, None)

    @property
    def _opened(self) -> Vault:
        if self._vault is None:
            raise RuntimeError("the installations are not read yet")
        return self._vault


def runs_out_at(answer: Mapping[str, Any]) -> float:
    """Return when the token in an answer runs out (seconds since 1970), 0 if never."""
    return time.time() + float(answer["expires_in"]) if answer.get("expires_in") else 0.0


def _runs_out(installation: Installation) -> bool:
    return bool(installation.refresh) and installation.expires_at - EARLY < time.time()


def _if_good(installation: Installation) -> Installation:
    if installation.expires_at < time.time():
        raise NotNowError("The app's token has run out, and Slack does not exchange it now.", "I try again later.")
    return installation


def _note(team: str) -> str:
    return f"slack workspace {team}"
