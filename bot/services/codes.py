"""One-time codes, by which two sides that cannot see each other find each other.

A code is 8 of 20 letters, 34 bits, valid for a quarter of an hour and kept as a hash. Whoever has tried 5 wrong ones in
that time must wait, so guessing is hopeless.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import ChatError
from bot.model import Author, Channel
from bot.services.context import Context
from bot.store.links import LinkRequest
from bot.store.transaction import Transaction

LETTERS = "ABCDEFGHJKMNPQRTVWXY"
"""No I, L, O, S, U or Z, which are taken for others."""

LENGTH = 8
VALID_FOR = timedelta(minutes=15)
TO_CONFIRM = timedelta(days=1)
"""How long the side that made the code may take to confirm."""

MOST_WRONG = 5


@dataclass(frozen=True, slots=True)
class Offer:
    """A new code, and until when it can be used (UTC)."""

    code: str
    expires_at: datetime


async def offer(context: Context, author: Author, channel: Channel, group_id: int | None) -> Offer:
    """Make a code, for a group's room or for an account, in place of the one that its maker made before."""
    code, now = "".join(secrets.choice(LETTERS) for _ in range(LENGTH)), context.clock.now()
    async with context.database.write() as transaction:
        member = await transaction.members.ensure(author)
        await transaction.links.forget_before(requests=now, tries=now - VALID_FOR)
        await transaction.links.offer(group_id, member.id, channel, _hash(code), now + VALID_FOR)
    return Offer(f"{code[:4]}-{code[4:]}", now + VALID_FOR)


async def find_by_code(context: Context, author: Author, typed: str, *, for_group: bool) -> LinkRequest:
    """Return what a code was made for, and leave the code as it is. Raises ChatError for a wrong one."""
    now = context.clock.now()
    async with context.database.write() as transaction:
        member = await transaction.members.ensure(author)
        accounts = [account.id for account in await transaction.accounts.of(member.id)]
        if await transaction.links.wrong_since(accounts, now - VALID_FOR) >= MOST_WRONG:
            raise ChatError("You have tried too many wrong codes.", "Try again in a quarter of an hour.")
        found = await transaction.links.by_code(_hash(_plain(typed)), now, for_group=for_group)
        if found is None:
            await transaction.links.note_wrong(member.id, now)
    if found is None:
        raise ChatError(
            "There is no such code, or it is used already or older than a quarter of an hour.",
            "Check it, or have a new one made.",
        )
    return found


async def take(transaction: Transaction, request: LinkRequest, author: Author, channel: Channel, now: datetime) -> None:
    """Use up a code that was found. Raises ChatError if somebody else was faster."""
    current = await transaction.links.get(request.id, now)
    if current is None or current.state is not request.state:
        raise over()
    member = await transaction.members.ensure(author)
    await transaction.links.take(request.id, member.id, channel, now + VALID_FOR)


def over() -> ChatError:
    """Return the error for a request that is not there any more."""
    return ChatError("That request is over.", "Begin again with a new code.")


def _plain(typed: str) -> str:
    return "".join(filter(str.isalpha, typed.upper()))


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
