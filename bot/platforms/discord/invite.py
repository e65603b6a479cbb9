"""The address that invites the bot to a server."""

from __future__ import annotations

import discord

from bot.errors import PlatformError
from bot.platforms.discord.outcomes import CONNECTION_ERRORS
from bot.platforms.discord.permissions import invite_permissions

SCOPES = ("bot", "applications.commands")


async def find_invite_link(token: str) -> str:
    """Return the invite link of the bot whose token it is. Raises PlatformError if Discord does not say who that is."""
    async with discord.Client(intents=discord.Intents.none()) as client:
        try:
            await client.login(token)
        except discord.LoginFailure as error:
            raise PlatformError("Discord refuses the token.", "Put a fresh one into DISCORD_TOKEN.") from error
        except (discord.HTTPException, *CONNECTION_ERRORS) as error:
            raise PlatformError("Discord cannot be reached.", "Try again later.") from error
        return invite_link(client.application_id or 0)


def invite_link(application_id: int) -> str:
    """Return the address that invites an application's bot, with its commands and exactly what it needs."""
    return discord.utils.oauth_url(application_id, permissions=invite_permissions(), scopes=SCOPES)
