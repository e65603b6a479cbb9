"""Telling hosts what they must know: once per cause until it is over, restarts included.

Where nobody can be reached, as while the platform itself is away, it is tried again until somebody is.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from bot.content import Reply
from bot.model import Group
from bot.services.context import Context
from bot.services.telling import say_in, tell_hosts
from bot.store.transaction import Transaction

log = structlog.get_logger(__name__)

EXHAUSTED = "exhausted"
"""The cause: the group has been asked everything."""

QUESTION_SET = "question set"
"""The cause: the group's question set cannot be used."""


JUST_NOW = timedelta(minutes=5)


def delivery_cause(room_id: int) -> str:
    """Return the cause: posting in a room keeps failing."""
    return f"delivery:{room_id}"


async def raise_alert(context: Context, group_id: int, cause: str, text: str) -> None:
    """Tell a group's hosts about a trouble, unless they were told already."""
    async with context.database.write() as transaction:
        if not await transaction.alerts.raise_(group_id, cause, text, context.clock.now()):
            return
        group = await transaction.groups.get(group_id)
    log.warning("hosts alerted", group=group.slug, cause=cause)
    if not await _tell(context, group, cause, text):
        log.warning("no host could be reached", group=group.slug)


async def tell_again(context: Context) -> None:
    """Tell of the troubles that last and of which no host could be told when they came up.

    Those that came up just now are left to whoever raised them.
    """
    async with context.database.read() as transaction:
        untold = await transaction.alerts.untold(context.clock.now() - JUST_NOW)
        groups = {group_id: await transaction.groups.get(group_id) for group_id in {one for one, _, _ in untold}}
    await asyncio.gather(*(_tell(context, groups[group_id], cause, text) for group_id, cause, text in untold))


async def _tell(context: Context, group: Group, cause: str, text: str) -> bool:
    """Tell of a trouble, and note that if anybody could be told; return whether they could."""
    told = await _alert(context, group, f"{group.name}: {text}")
    if told:
        async with context.database.write() as transaction:
            await transaction.alerts.told(group.id, cause, context.clock.now())
    return told


async def _alert(context: Context, group: Group, text: str) -> bool:
    """Say something in the group's alert channel; where there is none, or none that can be reached, to each host."""
    channel = group.settings.alert_channel
    if channel is None:
        return await tell_hosts(context, group, Reply.of(text))
    if await say_in(context, channel, Reply.of(text)):
        return True
    why = "I tell you in private because I cannot reach the alert channel."
    return await tell_hosts(context, group, Reply.of(text, why))


async def clear_alerts(transaction: Transaction, group_id: int, *causes: str) -> None:
    """Note that troubles are over, so that hosts are told if they come back."""
    for cause in (await transaction.alerts.causes(group_id)).intersection(causes):
        await transaction.alerts.clear(group_id, cause)
        log.info("trouble over", group=group_id, cause=cause)
