"""Telling hosts what they must know: once per cause until it is over, restarts included."""

from __future__ import annotations

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
    await _alert(context, group, f"{group.name}: {text}")


async def _alert(context: Context, group: Group, text: str) -> None:
    """Say something in the group's alert channel; where there is none, or none that can be reached, to each host."""
    channel = group.settings.alert_channel
    if channel is None:
        await tell_hosts(context, group, Reply.of(text))
    elif not await say_in(context, channel, Reply.of(text)):
        await tell_hosts(
            context, group, Reply.of(text, "I tell you in private because I cannot reach the alert channel.")
        )


async def clear_alerts(transaction: Transaction, group_id: int, *causes: str) -> None:
    """Note that troubles are over, so that hosts are told if they come back."""
    for cause in (await transaction.alerts.causes(group_id)).intersection(causes):
        await transaction.alerts.clear(group_id, cause)
        log.info("trouble over", group=group_id, cause=cause)
