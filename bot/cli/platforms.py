"""Making the platforms that the settings name."""

from __future__ import annotations

import os
import re
from typing import cast

from bot.cli.screen import terminal_screen
from bot.clock import Clock
from bot.config import BotSettings, ConsoleSettings, DiscordSettings, SlackSettings
from bot.errors import SettingsError
from bot.platforms.console.channel import open_channel
from bot.platforms.console.platform import ConsolePlatform
from bot.platforms.console.terminal import Terminal
from bot.ports import Platform

DISCORD_TOKEN = "DISCORD_TOKEN"  # noqa: S105  (the variable's name)
SLACK_TOKEN_KEY = "SLACK_TOKEN_KEY"  # noqa: S105  (the variable's name; several keys may stand in it, and spaces)


async def make_platforms(settings: BotSettings, clock: Clock) -> list[Platform]:
    """Return the platforms that the settings name. Raises SettingsError if there are none or a token is missing."""
    platforms: list[Platform] = []
    if settings.platforms.discord is not None:
        platforms.append(_discord(settings.platforms.discord, clock))
    if settings.platforms.slack is not None:
        platforms.append(_slack(settings.platforms.slack))
    if settings.platforms.console is not None:
        platforms.append(await _console(settings.platforms.console, clock))
    if not platforms:
        raise SettingsError("No chat platform is set up.", "Name one under `platforms`, or have a look with `try`.")
    return platforms


async def _console(settings: ConsoleSettings, clock: Clock) -> Platform:
    channel = await open_channel(settings.channel)
    screen = terminal_screen()
    return ConsolePlatform(channel, clock, screen.tell, Terminal(channel, clock, screen, machine=None))


def _discord(settings: DiscordSettings, clock: Clock) -> Platform:
    # discord.py takes a while to import, and only those who use it should wait for it.
    from bot.platforms.discord.client import point_at
    from bot.platforms.discord.platform import DiscordPlatform
    from bot.platforms.discord.posting import ArchiveAfter

    token = discord_token()
    point_at(settings.api_url, settings.gateway_url)
    archive_after = cast("ArchiveAfter", int(settings.archive_after))
    return DiscordPlatform(token, clock, [int(guild) for guild in settings.guilds], archive_after, settings.shards)


def discord_token() -> str:
    """Return the bot's token on Discord. Raises SettingsError if there is none."""
    token = os.environ.get(DISCORD_TOKEN, "").strip()
    if not token:
        raise SettingsError("There is no token for Discord.", f"Put it into the environment as {DISCORD_TOKEN}.")
    return _in_one_piece(DISCORD_TOKEN, token)


def _slack(settings: SlackSettings) -> Platform:
    # Slack's libraries take a while to import, and only those who use them should wait for it.
    from bot.platforms.slack.connecting import ByHttp, BySocket, Connection, HttpKeys, SocketKeys
    from bot.platforms.slack.installations import Credentials, cipher
    from bot.platforms.slack.platform import SlackPlatform
    from bot.platforms.slack.web import HttpSettings
    from bot.platforms.slack.webapi import WebApi

    web = WebApi(settings.api_url)
    connection: Connection
    if settings.mode == "http" and settings.http is not None:
        keys = HttpKeys(
            _secret("SLACK_SIGNING_SECRET"),
            Credentials(_secret("SLACK_CLIENT_ID"), _secret("SLACK_CLIENT_SECRET")),
            cipher(_secret(SLACK_TOKEN_KEY)),
        )
        at = HttpSettings(settings.http.host, settings.http.port, settings.http.public_url, frozenset(settings.teams))
        connection = ByHttp(web, keys, at)
    else:
        connection = BySocket(web, SocketKeys(_secret("SLACK_BOT_TOKEN"), _secret("SLACK_APP_TOKEN")))
    return SlackPlatform(web, connection, restricted=settings.history == "restricted")


def _secret(name: str) -> str:
    """Return what the environment holds for Slack under a name. Raises SettingsError if that is nothing."""
    found = os.environ.get(name, "").strip()
    if not found:
        raise SettingsError(f"Slack needs {name}.", "Put it into the environment; .env.example says what it is.")
    return found if name == SLACK_TOKEN_KEY else _in_one_piece(name, found)


def _in_one_piece(name: str, found: str) -> str:
    """Return a token that can be sent as it is. Raises SettingsError, which does not repeat it."""
    if not re.fullmatch(r"[!-~]+", found):
        raise SettingsError(f"{name} holds a space, a line break or a character that no token has.", "Copy it again.")
    return found
