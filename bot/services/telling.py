"""Showing something to one person, or to a group's hosts, and to nobody else."""

from __future__ import annotations

from bot.content import Reply
from bot.model import Group, Member
from bot.services.context import Context


async def tell_hosts(context: Context, group: Group, reply: Reply) -> None:
    """Show something to each host of a group who can be reached."""
    async with context.database.read() as transaction:
        hosts = await transaction.groups.hosts(group.id)
    for host in hosts:
        await tell_member(context, group, host, reply)


async def tell_member(context: Context, group: Group, member: Member, reply: Reply) -> bool:
    """Show something to a member; return whether they could be reached."""
    async with context.database.read() as transaction:
        rooms = await transaction.groups.rooms(group.id)
    room = next((room for room in rooms if room.channel.platform == member.platform), None)
    platform = context.platforms.get(member.platform)
    if room is None or platform is None:
        return False
    return await platform.tell(room.channel, member.user, reply)
