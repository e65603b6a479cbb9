"""What a member may decide about their own words: not to be recorded, and to be forgotten.

It holds for all accounts that they linked.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from bot.model import Author
from bot.services.context import Context

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is recorded of a member, in every group of theirs."""

    messages: int
    votes: int
    suggestions: int
    opted_out: bool


async def recorded(context: Context, author: Author) -> Recorded:
    """Return what is recorded of a person."""
    async with context.database.read() as transaction:
        member = await transaction.members.find(author.platform, author.user)
        if member is None:
            return Recorded(0, 0, 0, opted_out=False)
        return Recorded(
            messages=len(await transaction.messages.all_by(member.id)),
            votes=await transaction.reactions.count(member.id),
            suggestions=await transaction.suggestions.count(member.id),
            opted_out=member.id in await transaction.members.opted_out(),
        )


async def opt_out(context: Context, author: Author) -> None:
    """Record nothing more of what a person says or votes.

    What is recorded already stays until they erase it, but digests quote it no more.
    """
    async with context.database.write() as transaction:
        member = await transaction.members.ensure(author)
        await transaction.members.opt_out(member.id, context.clock.now())
        await transaction.messages.outdate_digests_quoting(member.id)
    context.wake()


async def opt_in(context: Context, author: Author) -> bool:
    """Record what a person says from now on; return whether they had opted out."""
    async with context.database.write() as transaction:
        member = await transaction.members.ensure(author)
        return await transaction.members.opt_in(member.id, context.clock.now())


async def erase(context: Context, author: Author) -> Recorded:
    """Forget all that is recorded of a person, and return how much that was.

    Their thread messages stay on the platform, where only they can delete them, but are never recorded again; answers
    that the bot posted for them are removed, and digests that quote or name them are compiled again. Their accounts are
    linked no more. Who they are is forgotten as well, unless they host a group or have opted out.
    """
    before = await recorded(context, author)
    now = context.clock.now()
    async with context.database.write() as transaction:
        member = await transaction.members.ensure(author)
        said = await transaction.messages.all_by(member.id)
        await transaction.messages.outdate_digests_about(member.id)
        for message in said:
            if message.by_form:
                await transaction.deliveries.retract(message_id=message.id, due_at=now)
                await transaction.messages.withdraw(message)
        in_threads = [message for message in said if not message.by_form]
        await transaction.messages.bury({(one.room_id, one.ref): now for one in in_threads if one.ref is not None})
        await transaction.reactions.forget(member.id)
        await transaction.suggestions.forget(member.id)
        await transaction.links.forget(member.id)
        accounts = [account.id for account in await transaction.accounts.of(member.id)]
        await transaction.accounts.unlink_all(member.id)
        await transaction.members.forget(accounts)
        await transaction.search.compact()
    context.wake()
    log.info("a member was forgotten", messages=before.messages, votes=before.votes)
    return before
