"""A channel that goes by another ref from one moment on: the group meets there as before."""

from __future__ import annotations

import json
from dataclasses import replace

import structlog

from bot.model import Channel, Ref
from bot.services.context import Context
from bot.store.transaction import Transaction

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
        declared = any(group.declared for group in (*meeting, *alerted))
        if declared:
            await transaction.notes.put(_key(old), json.dumps([new.platform, new.workspace, new.channel]))
        if moved or declared:
            await transaction.notes.drop(_key(new))
    if moved or alerted:
        log.info("a channel has a new id", platform=new.platform, old=old.channel, new=new.channel)
    if declared:
        tell_operator(old, new)


async def present_channel(transaction: Transaction, declared: Channel) -> Channel:
    """Return what a channel of the operator's file is called now, since the file may know only what it was called."""
    present = declared
    while (moved_to := await transaction.notes.get(_key(present))) is not None:
        platform, workspace, channel = json.loads(moved_to)
        present = Channel(platform, Ref(workspace), Ref(channel))
    return present


def tell_operator(old: Channel, new: Channel) -> None:
    """Log that the operator's file is to be brought up to date."""
    log.warning("the settings file still has a channel's old id", old=old.channel, new=new.channel)


def _key(channel: Channel) -> str:
    return f"moved:{channel.platform}:{channel.workspace}:{channel.channel}"
