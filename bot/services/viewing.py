"""What platforms say about rooms: what they are called, to people who meet in another one, and who may read there.

A platform that does not answer in time knows nothing, so that no room has to wait for another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.digest.model import Viewpoint
from bot.model import Channel, Ref, Room, Whereabouts
from bot.ports import Platform
from bot.services.context import Context
from bot.store.transaction import Transaction

LOOK_SECONDS = 5.0
"""How long a platform may take to say something about a channel."""

T = TypeVar("T")


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
    """Return where a channel is, in full: `#reading in Acme on Slack`; without known names `a channel on Slack`."""
    platform = platform_name(channel.platform)
    return f"#{names.channel} in {names.workspace} on {platform}" if names else f"a channel on {platform}"


async def names_of(context: Context, channel: Channel) -> Whereabouts | None:
    """Return what people call a channel, or None if its platform does not say so in time."""
    return await _answer(context, channel, lambda platform: platform.whereabouts(channel))


async def role_of(context: Context, room: Room) -> str | None:
    """Return the name of what the questions in a room ping, or None if that is nobody or its platform does not say."""
    mention = room.mention
    if mention is None:
        return None
    return await _answer(context, room.channel, lambda platform: platform.role(room.channel, mention))


async def may_read(context: Context, channel: Channel, user: Ref) -> bool:
    """Return whether a person may read what is said in a channel; not if its platform does not say so in time."""
    return bool(await _answer(context, channel, lambda platform: platform.may_read(channel, user)))


async def _answer(context: Context, channel: Channel, ask: Callable[[Platform], Awaitable[T]]) -> T | None:
    platform = context.platforms.get(channel.platform)
    if platform is None:
        return None
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            return await ask(platform)
    except TimeoutError:
        return None
