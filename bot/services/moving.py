"""A channel that goes by another ref from one moment on: the group meets there as before."""

from __future__ import annotations

from dataclasses import replace

import structlog

from bot.model import Channel
from bot.services.context import Context

log = structlog.get_logger(__name__)


async def follow_channel(context: Context, old: Channel, new: Channel) -> None:
    """Let whatever was bound to a channel be bound to what it is called now; again changes nothing."""
    async with context.database.write() as transaction:
        moved = await transaction.groups.move_room(old, new)
        room = await transaction.groups.room_at(new)
        # A group that cannot be read must not keep the others from going along.
        readable, _ = await transaction.groups.standings()
        alerted = [one.group for one in readable if one.group.settings.alert_channel == old]
        for group in alerted:
            await transaction.groups.save(replace(group, settings=replace(group.settings, alert_channel=new)))
    meeting = [one.group for one in readable if moved and room is not None and one.group.id == room.group_id]
    if not moved and not alerted:
        return
    log.info("a channel has a new id", platform=new.platform, old=old.channel, new=new.channel)
    if any(group.declared for group in (*meeting, *alerted)):
        log.warning("the settings file still has a channel's old id", old=old.channel, new=new.channel)
