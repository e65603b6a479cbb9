"""What hosts decide beside the schedule: where alerts go, whom a question pings, and how the group goes about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.content import Reply
from bot.errors import ChatError
from bot.model import Channel, Group, Ref, Room
from bot.services.context import Context
from bot.services.hosting import checked_name, require_changeable, with_settings
from bot.services.telling import say_in


async def change_settings(context: Context, group: Group, changes: Mapping[str, Any], name: str | None = None) -> Group:
    """Give a group other settings (fields of `Settings`) and return it. Raises ChatError for a declared group."""
    name = checked_name(name)
    async with context.database.write() as transaction:
        before = await transaction.groups.get(group.id)
        require_changeable(before)
        after = with_settings(before, replace(before.settings, **changes), context.clock.now())
        after = replace(after, name=name or before.name)
        await transaction.groups.save(after)
    context.wake()
    return after


async def send_alerts_to(context: Context, group: Group, channel: Channel) -> Group:
    """Have alerts said in a channel from now on, and say so there. Raises ChatError if nothing can be said there."""
    require_changeable(group)
    told = Reply.of(f"What the hosts of {group.name} must know is said here from now on.")
    if not await say_in(context, channel, told):
        raise ChatError("I cannot write in that channel.", "Name a text channel in which I may see and send messages.")
    return await change_settings(context, group, {"alert_channel": channel})


async def ping_with_questions(context: Context, group: Group, room: Room, role: Ref | None) -> str:
    """Have each question in a room ping a role or user group, or nobody any more; return its name.

    Raises ChatError for a role that is none, and for a declared group.
    """
    require_changeable(group)
    name = "" if role is None else await find_role(context, room, role)
    async with context.database.write() as transaction:
        await transaction.groups.set_mention(room.id, role)
    return name


async def find_role(context: Context, room: Room, role: Ref) -> str:
    """Return the name of a role or user group that questions in a room can ping. Raises ChatError."""
    found = await context.platforms[room.channel.platform].role(room.channel, role)
    if found is None:
        raise ChatError("That is no role that a question can ping.", "Choose one that your readers have.")
    return found
