"""Telling hosts what they must know: once per cause until it is over, restarts included."""

from __future__ import annotations

import structlog

from bot.content import Reply
from bot.services.context import Context

log = structlog.get_logger(__name__)

EXHAUSTED = "exhausted"
"""The cause: the group has been asked everything."""

QUESTION_SET = "question set"
"""The cause: the group's question set cannot be used."""


def delivery_cause(room_id: int) -> str:
    """Return the cause: posting in a room keeps failing."""
    return f"delivery:{room_id}"


async def raise_alert(context: Context, group_id: int, cause: str, text: str) -> None:
    """Tell a group's hosts about a trouble, unless they were told already."""
    async with context.database.write() as transaction:
        if not await transaction.alerts.raise_(group_id, cause, text, context.clock.now()):
            return
        hosts = await transaction.groups.hosts(group_id)
        rooms = await transaction.groups.rooms(group_id)
        group = await transaction.groups.get(group_id)
    log.warning("hosts alerted", group=group.slug, cause=cause)
    for host in hosts:
        room = next((room for room in rooms if room.channel.platform == host.platform), None)
        platform = context.platforms.get(host.platform)
        if room is not None and platform is not None:
            await platform.tell(room.channel, host.user, Reply.of(f"{group.name}: {text}"))


async def clear_alert(context: Context, group_id: int, cause: str) -> None:
    """Note that a trouble is over, so that hosts are told if it comes back."""
    async with context.database.read() as transaction:
        if cause not in await transaction.alerts.causes(group_id):
            return
    async with context.database.write() as transaction:
        await transaction.alerts.clear(group_id, cause)
    log.info("trouble over", group=group_id, cause=cause)
