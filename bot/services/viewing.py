"""How a group's rooms are named to people who meet in another one of them."""

from __future__ import annotations

import asyncio

from bot.digest.model import Viewpoint
from bot.model import Channel, Room, Whereabouts
from bot.services.context import Context
from bot.store.transaction import Transaction

NAMES_SECONDS = 5.0
"""How long a platform may take to say what a channel is called."""


async def viewpoint(transaction: Transaction, group_id: int, here: Room | None) -> Viewpoint:
    """Return how a group's other rooms are named in one of them, or in general; those that it left are among them."""
    called = await transaction.groups.called(group_id)
    if len(called) == 1:
        return Viewpoint(here.id if here else None)
    elsewhere = {room.id: _seen_from(here, room, names) for room, names in called if here is None or room.id != here.id}
    return Viewpoint(here.id if here else None, elsewhere)


def _seen_from(here: Room | None, room: Room, names: Whereabouts | None) -> str:
    if here is None or here.channel.platform != room.channel.platform:
        return f"on {platform_name(room.channel.platform)}"
    if names is None:
        return "in another channel"
    return f"in #{names.channel}" if here.channel.workspace == room.channel.workspace else f"in {names.workspace}"


def platform_name(platform: str) -> str:
    """Return a platform's name as people write it."""
    return platform.capitalize()


def full_name(channel: Channel, names: Whereabouts | None) -> str:
    """Return where a channel is, in full: `#reading in Acme on Slack`; the platform alone where names are not known."""
    platform = platform_name(channel.platform)
    return f"#{names.channel} in {names.workspace} on {platform}" if names else platform


async def names_of(context: Context, channel: Channel) -> Whereabouts | None:
    """Return what people call a channel, or None if its platform does not say so in time."""
    platform = context.platforms.get(channel.platform)
    if platform is None:
        return None
    try:
        async with asyncio.timeout(NAMES_SECONDS):
            return await platform.whereabouts(channel)
    except TimeoutError:
        return None
