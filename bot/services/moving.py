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
        for group in await transaction.groups.all():
            if group.settings.alert_channel == old:
                await transaction.groups.save(replace(group, settings=replace(group.settings, alert_channel=new)))
        room = await transaction.groups.room_at(new)
        declared = room is not None and (await transaction.groups.get(room.group_id)).declared
    if not moved:
        return
    log.info("a channel has a new id", platform=new.platform, old=old.channel, new=new.channel)
    if declared:
        log.warning("the settings file still has a channel's old id", old=old.channel, new=new.channel)
