"""What keeps the bot from working, found out over REST alone, so that a bot that runs keeps its connection."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import discord

from bot.model import Channel
from bot.platforms.discord.directory import number
from bot.platforms.discord.outcomes import CONNECTION_ERRORS
from bot.platforms.discord.permissions import Room, problems, problems_with_alerts

_NO_CONTENT = (
    "The bot may not read what members write. Switch on Message Content Intent on the Bot page of the application in "
    "the developer portal."
)
_ENDPOINT = (
    "Commands go to another address instead of the bot. Empty Interactions Endpoint URL on the General Information "
    "page of the application in the developer portal."
)


async def inspect(token: str, rooms: Sequence[Channel], alerts: Sequence[Channel]) -> tuple[str, ...]:
    """Return one sentence for each thing that is wrong: with the token, the application, then each channel."""
    async with discord.Client(intents=discord.Intents.none()) as client:
        try:
            await client.login(token)
        except discord.LoginFailure:
            return ("Discord refuses the token. Put a fresh one into DISCORD_TOKEN.",)
        except (discord.HTTPException, *CONNECTION_ERRORS):
            return ("Discord cannot be reached. Try again later.",)
        found = [*_of_application(client)]
        for channel in rooms:
            found += await _of_channel(client, channel, problems)
        for channel in alerts:
            found += await _of_channel(client, channel, problems_with_alerts)
        return tuple(found)


def _of_application(client: discord.Client) -> tuple[str, ...]:
    """Return what is wrong with the application. One flag stands for few servers, the other for many."""
    application = client.application
    flags = client.application_flags
    reads = flags.gateway_message_content or flags.gateway_message_content_limited
    endpoint = application is not None and application.interactions_endpoint_url
    return (*(() if reads else (_NO_CONTENT,)), *((_ENDPOINT,) if endpoint else ()))


async def _of_channel(
    client: discord.Client, channel: Channel, look: Callable[[Room, discord.Member], tuple[str, ...]]
) -> tuple[str, ...]:
    where = f"Channel {channel.channel} of server {channel.workspace}"
    guild: discord.Guild | None = None
    try:
        guild = await client.fetch_guild(number(channel.workspace), with_counts=False)
        me = await guild.fetch_member(client.user.id if client.user else 0)
        room = await guild.fetch_channel(number(channel.channel))
    except (discord.NotFound, discord.Forbidden) as error:
        if guild is None:
            return (f"{where}: I am not in the server. Invite me again.",)
        if isinstance(error, discord.NotFound):
            return (f"{where} is gone. Choose another with `/reading-host setup`.",)
        return (f"{where}: I cannot see it. Give me the permission View Channel there, or choose another.",)
    except discord.InvalidData:
        return (f"{where}: there is no such channel in the server. Choose another with `/reading-host setup`.",)
    except (discord.HTTPException, *CONNECTION_ERRORS):
        return (f"{where}: Discord does not say how it is. Try again later.",)
    if not isinstance(room, discord.TextChannel | discord.ForumChannel):
        return (f"{where} is neither a text channel nor a forum. Choose another.",)
    return tuple(f"{guild.name}: {problem}" for problem in look(room, me))
