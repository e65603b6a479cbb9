"""Showing something at once: to one person, to a group's hosts, or in a channel."""

from __future__ import annotations

import asyncio

from bot.content import Reply
from bot.model import Channel, Group, Member, Ref
from bot.services.context import Context

TELL_SECONDS = 10.0
"""How long reaching one person, or one channel, may take."""


async def tell_hosts(context: Context, group: Group, reply: Reply) -> bool:
    """Show something to each host of a group who can be reached; return whether there is one."""
    async with context.database.read() as transaction:
        hosts = await transaction.groups.hosts(group.id)
    reached = await asyncio.gather(*(tell_member(context, group, host, reply) for host in hosts))
    return any(reached)


async def tell_member(context: Context, group: Group, member: Member, reply: Reply) -> bool:
    """Show something to a member, who may be in any workspace of the group; return whether they could be reached."""
    async with context.database.read() as transaction:
        rooms = await transaction.groups.rooms(group.id)
    places: dict[Ref, Channel] = {}
    for room in rooms:
        if room.channel.platform == member.platform:
            places.setdefault(room.channel.workspace, room.channel)
    for place in places.values():
        if await tell_person(context, place, member, reply):
            return True
    return False


async def tell_person(context: Context, channel: Channel, member: Member, reply: Reply) -> bool:
    """Show something to a member who uses a channel; return whether they could be reached."""
    platform = context.platforms.get(channel.platform)
    if platform is None:
        return False
    try:
        async with asyncio.timeout(TELL_SECONDS):
            return await platform.tell(channel, member.user, reply)
    except TimeoutError:
        return False


async def say_in(context: Context, channel: Channel, reply: Reply) -> bool:
    """Show something to everyone in a channel; return whether it could be shown."""
    platform = context.platforms.get(channel.platform)
    if platform is None:
        return False
    try:
        async with asyncio.timeout(TELL_SECONDS):
            return await platform.announce(channel, reply)
    except TimeoutError:
        return False
