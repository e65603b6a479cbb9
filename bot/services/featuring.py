"""What hosts decide about single answers: digests quote them in any case, or never."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from bot.errors import ChatError
from bot.events import Place
from bot.model import Choice, Group, Message, Ref, Substance
from bot.services.context import Context
from bot.store.transaction import Transaction

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What became of a choice: the message as it was before, and whether anything changed."""

    message: Message
    changed: bool


async def choose(context: Context, group: Group, place: Place, ref: Ref, choice: Choice) -> Chosen:
    """Have digests quote a message in any case, or never; the latest choice holds, and posted digests follow it.

    Raises ChatError for what is not recorded, and for what cannot be quoted.
    """
    async with context.database.write() as transaction:
        message = await _find(transaction, group, place, ref)
        if choice is Choice.QUOTE:
            await _require_quotable(transaction, message)
        if message.choice is choice:
            return Chosen(message, changed=False)
        await _keep(transaction, message, choice)
    context.wake()
    log.info("a host chose", group=group.slug, choice=choice)
    return Chosen(message, changed=True)


async def take_back(context: Context, group: Group, place: Place, ref: Ref, choice: Choice) -> Chosen:
    """Undo a choice, if it still holds. Raises ChatError for what is not recorded."""
    async with context.database.write() as transaction:
        message = await _find(transaction, group, place, ref)
        if message.choice is not choice:
            return Chosen(message, changed=False)
        await _keep(transaction, message, None)
    context.wake()
    log.info("a host took a choice back", group=group.slug, choice=choice)
    return Chosen(message, changed=True)


async def _keep(transaction: Transaction, message: Message, choice: Choice | None) -> None:
    await transaction.messages.choose(message.id, choice)
    await transaction.messages.outdate_digests_over(message.id)


async def _find(transaction: Transaction, group: Group, place: Place, ref: Ref) -> Message:
    """Return the message of that reference: in the channel if it is a room of the group's, else in the workspace.

    What another group said while it met in the channel is that one's.
    """
    rooms = await transaction.groups.rooms(group.id)
    here = [room for room in rooms if room.channel == place.channel]
    beside = [room for room in rooms if room.channel.workspace == place.channel.workspace]
    for room in here or beside:
        message = await transaction.messages.at((room.id, ref))
        if message is not None and (await transaction.rounds.get(message.round_id)).group_id == group.id:
            return message
    raise ChatError(
        "I have not recorded that message.",
        "Choose one in the thread of a question; what members do not want to be recorded is not.",
    )


async def _require_quotable(transaction: Transaction, message: Message) -> None:
    if message.member.id in await transaction.members.opted_out():
        raise ChatError("Its author does not want to be recorded, so it is not quoted.", "Choose another answer.")
    if message.substance is not Substance.ANSWER or not message.text.strip():
        raise ChatError("Digests quote answers only, and this is none.", "Choose one that says what its author thinks.")
