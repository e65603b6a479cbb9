"""Being removed from a workspace: what is forgotten after a while, unless the bot is invited again."""

from __future__ import annotations

from datetime import timedelta

import structlog

from bot.model import Ref
from bot.services.context import Context
from bot.services.curating import own_set

log = structlog.get_logger(__name__)


async def note_departure(context: Context, platform: str, workspace: Ref) -> None:
    """Note that the bot was removed from a workspace; again changes nothing."""
    async with context.database.write() as transaction:
        new = await transaction.departures.note(platform, workspace, context.clock.now())
    if new:
        log.warning("removed from a workspace", platform=platform, workspace=workspace)


async def note_return(context: Context, platform: str, workspace: Ref) -> None:
    """Note that the bot is in a workspace, so that nothing of its groups is forgotten."""
    async with context.database.read() as transaction:
        if not await transaction.departures.has(platform, workspace):
            return
    async with context.database.write() as transaction:
        await transaction.departures.clear(platform, workspace)
    context.wake()
    log.info("back in a workspace", platform=platform, workspace=workspace)


async def purge_abandoned(context: Context, after: timedelta) -> int:
    """Forget the groups that meet only where the bot was removed longer ago than `after`, and return how many."""
    before = context.clock.now() - after
    async with context.database.read() as transaction:
        if not await transaction.departures.any(before):
            return 0
    async with context.database.write() as transaction:
        gone = await transaction.departures.abandoned(before)
        for group_id in gone:
            group = await transaction.groups.get(group_id)
            await transaction.groups.remove(group_id)
            await transaction.questions.remove_set(own_set(group))
            log.warning("group forgotten, since nobody invited the bot again", group=group.slug)
        if gone:
            await transaction.members.forget_strangers()
            await transaction.search.compact()
        await transaction.departures.forget_empty(before)
    return len(gone)
