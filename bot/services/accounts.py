"""One person with accounts in several places: linking them, which both accounts confirm, and undoing it.

Linked accounts are counted once, and what a member may decide about their own words holds for all of them. They share
no rights: who hosts a group with one account does not host it with the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.content import Action, Actions, Reply
from bot.errors import ChatError
from bot.model import Author, Channel, Member
from bot.services import codes
from bot.services.context import Context
from bot.services.telling import tell_person
from bot.services.upkeep import KEPT_TRUE_FOR
from bot.services.viewing import platform_name
from bot.store.links import LinkRequest, LinkState
from bot.store.transaction import Transaction

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pairing:
    """A request as one of its two accounts sees it: the `other` one, and whether it could be told.

    `linked`: both have agreed. `silent`: one of them has opted out of being recorded, which then holds for both.
    """

    request: LinkRequest
    other: str
    linked: bool = False
    silent: bool = False
    told: bool = False


async def offer_account(context: Context, author: Author, channel: Channel) -> codes.Offer:
    """Make the code by which another account can be linked to a person's."""
    return await codes.offer(context, author, channel, None)


async def take_account_code(context: Context, author: Author, channel: Channel, code: str) -> Pairing:
    """Use a code from the other account, and return whose it is. Raises ChatError for a wrong one or one's own."""
    request = await codes.find_by_code(context, author, code, for_group=False)
    async with context.database.write() as transaction:
        member = await transaction.members.ensure(author)
        if request.maker.id == member.id:
            raise ChatError("This is your own code.", "Write `/reading link` with it from your other account.")
        if request.maker.id in {account.id for account in await transaction.accounts.of(member.id)}:
            raise ChatError("These two accounts are linked already.", "`/reading unlink` undoes it.")
        await codes.take(transaction, request, author, channel, context.clock.now())
    return await find_pairing(context, author, request.id)


async def find_pairing(context: Context, author: Author, request_id: int) -> Pairing:
    """Return a request that waits for one of a person's accounts. Raises ChatError for any other."""
    async with context.database.read() as transaction:
        return await _pairing(transaction, author, request_id, context.clock.now())


async def _pairing(transaction: Transaction, author: Author, request_id: int, now: datetime) -> Pairing:
    member = await transaction.members.find(author.platform, author.user)
    mine = await transaction.links.of_member(member.id, now) if member else []
    request = next((one for one in mine if one.id == request_id), None)
    if request is None and member is not None:
        await _require_not_agreed(transaction, member, request_id, now)
    if request is None or request.taker is None or member is None:
        raise codes.over()
    other = request.maker if request.taker.id == member.id else request.taker
    silent = await transaction.members.opted_out() & {request.maker.id, request.taker.id}
    return Pairing(request, account_name(other), silent=bool(silent))


async def _require_not_agreed(transaction: Transaction, member: Member, request_id: int, now: datetime) -> None:
    """Raise ChatError for an account that has agreed already, as when its button is pressed twice."""
    found = await transaction.links.get(request_id, now)
    agreed = found is not None and found.group_id is None and found.state is LinkState.AGREED
    if found is not None and agreed and found.taker is not None and found.taker.id == member.id:
        raise ChatError("This account has confirmed already.", f"Now confirm as {account_name(found.maker)}.")


async def waiting_pairings(context: Context, author: Author) -> list[Pairing]:
    """Return the requests that wait for a person's account."""
    now = context.clock.now()
    async with context.database.read() as transaction:
        member = await transaction.members.find(author.platform, author.user)
        requests = await transaction.links.of_member(member.id, now) if member else []
        return [await _pairing(transaction, author, request.id, now) for request in requests]


async def confirm_account(context: Context, author: Author, request_id: int) -> Pairing:
    """Agree for one account; when both have, link them. Raises ChatError for a request that waits for nobody here."""
    now = context.clock.now()
    async with context.database.write() as transaction:
        pairing = await _pairing(transaction, author, request_id, now)
        request = pairing.request
        if request.taker is None or request.taken_in is None:
            raise codes.over()
        if request.state is LinkState.TAKEN:
            await transaction.links.agree(request.id, request.taker.id, now + codes.TO_CONFIRM)
        else:
            await _link(transaction, request.maker, request.taker, now)
            await transaction.links.end(request.id)
    if request.state is LinkState.TAKEN:
        told = await tell_person(context, request.made_in, request.maker, _asking_reply(request, author))
        return Pairing(request, pairing.other, silent=pairing.silent, told=told)
    context.wake()
    done = Reply.of(f"This account and {author.name} on {platform_name(author.platform)} are linked now.")
    await tell_person(context, request.taken_in, request.taker, done)
    return Pairing(request, pairing.other, linked=True, silent=pairing.silent)


async def refuse_account(context: Context, author: Author, request_id: int) -> Pairing:
    """Say no for one account. Raises ChatError for a request that waits for nobody here."""
    async with context.database.write() as transaction:
        pairing = await _pairing(transaction, author, request_id, context.clock.now())
        await transaction.links.end(request_id)
    return pairing


async def unlink_account(context: Context, author: Author) -> list[Member]:
    """Count an account for itself again, and return the ones that it was linked to. Raises ChatError if to none."""
    async with context.database.write() as transaction:
        member = await transaction.members.ensure(author)
        since = context.clock.now() - KEPT_TRUE_FOR
        await transaction.messages.outdate_digests_with(member.id, since)
        others = await transaction.accounts.unlink(member.id)
        if not others:
            raise ChatError("This account is linked to no other.", "`/reading link` links one.")
    context.wake()
    log.info("accounts unlinked")
    return others


async def linked_accounts(context: Context, author: Author) -> list[Member]:
    """Return a person's other accounts."""
    async with context.database.read() as transaction:
        member = await transaction.members.find(author.platform, author.user)
        return (await transaction.accounts.of(member.id))[1:] if member else []


async def _link(transaction: Transaction, one: Member, other: Member, now: datetime) -> None:
    await transaction.accounts.link(one.id, other.id)
    accounts = {account.id for account in await transaction.accounts.of(one.id)}
    if accounts & await transaction.members.opted_out():
        await transaction.members.opt_out(one.id, now)
        await transaction.messages.outdate_digests_quoting(one.id)
    await transaction.messages.outdate_digests_with(one.id, now - KEPT_TRUE_FOR)
    log.info("accounts linked")


def account_name(member: Member | Author) -> str:
    """Return an account as its owner knows it: `Ada on Slack`."""
    return f"{member.name} on {platform_name(member.platform)}"


def _asking_reply(request: LinkRequest, by: Author) -> Reply:
    number = str(request.id)
    buttons = (("Confirm", "yes"), ("Refuse", "no"))
    return Reply.of(
        f"{account_name(by)} used your code, and says that both accounts are yours. Confirm it only if they are: "
        "whoever has either account sees, and can erase, what both have said.",
        "You can confirm within a day, here or with `/reading link` where your group meets.",
        Actions(tuple(Action(label, "reading link", (("code", number), ("confirm", yes))) for label, yes in buttons)),
    )
