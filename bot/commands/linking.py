"""Commands that bring things together: a channel and a group, and a member's accounts."""

from __future__ import annotations

from bot.commands.table import HOSTS, MEMBERS, Call, Command, Parameter
from bot.content import Action, Actions, Block, Facts, Heading, Item, Listing, Paragraph, Reply
from bot.errors import ChatError
from bot.services import accounts, leaving, linking
from bot.services.accounts import Pairing, account_name
from bot.services.codes import Offer, over
from bot.services.linking import Proposal
from bot.store.links import LinkState

LINK, ROOM_LINK = f"{MEMBERS} link", f"{HOSTS} link"


async def room_link(call: Call) -> Reply:
    """Make a code for another channel, use one here, or decide a request."""
    typed, decision = call.get("code", str), call.get("confirm", str)
    channel, author, group = call.invocation.place.channel, call.invocation.author, call.group_or_none
    if typed is None:
        _require_number(decision)
        waiting = await linking.waiting_proposals(call.context, channel, author, group)
        if waiting:
            return Reply.of(*(block for proposal in waiting for block in _proposal_blocks(proposal)))
        return _room_code(call, await linking.offer_room(call.context, call.group, author, channel))
    if not typed.isdecimal():
        return Reply.of(*_proposal_blocks(await linking.take_room_code(call.context, channel, author, typed)))
    number = _number(typed)
    if decision is None:
        waiting = await linking.waiting_proposals(call.context, channel, author, group)
        shown = next((one for one in waiting if one.request.id == number), None)
        if shown is None:
            raise over()
        return Reply.of(*_proposal_blocks(shown))
    if decision == "no":
        refused = await linking.refuse_room(call.context, channel, author, group, number)
        return Reply.of(f"Refused: {refused.channel} does not join {refused.group.name}. The other side is told.")
    return _room_confirmed(await linking.confirm_room(call.context, channel, author, group, number))


def _room_code(call: Call, offer: Offer) -> Reply:
    return Reply.of(
        Heading(f"Code: {offer.code}"),
        "Give it in private to a host of the other server or workspace, where I must be as well. Within a quarter of "
        f"an hour they write `/{ROOM_LINK} {offer.code}` in the channel that is to become a room of {call.group.name}.",
        "They see which group it is, and confirm. Then you are asked to confirm. Until then nothing changes.",
    )


def _proposal_blocks(proposal: Proposal) -> list[Block]:
    """Return a request with what it means, for the side that it waits for."""
    name = proposal.group.name
    ours = proposal.request.state is LinkState.AGREED
    here = Facts((("Group", name), ("It meets in", proposal.rooms), ("What joins", proposal.channel)))
    asked = "The other side has confirmed." if ours else "Then a host of the group confirms as well."
    return [
        Heading(f"Shall {proposal.channel} become a room of {name}?"),
        here,
        Listing(
            (
                Item("The same question is posted in every room, and there is one digest for all."),
                Item("What is said in one room's threads is quoted, and can be looked up, in the others."),
                Item("Hosts of both sides host the group together. `/reading-host unlink` parts the rooms again."),
            )
        ),
        Paragraph(asked),
        _decide(ROOM_LINK, proposal.request.id),
    ]


def _decide(command: str, number: int) -> Actions:
    code = ("code", str(number))
    return Actions(
        (
            Action("Confirm", command, (code, ("confirm", "yes"))),
            Action("Refuse", command, (code, ("confirm", "no"))),
        )
    )


def _room_confirmed(done: linking.Confirmed) -> Reply:
    proposal = done.proposal
    if done.room is None:
        told = "is asked to confirm now" if done.told else "must confirm now, with `/reading-host link`: tell them"
        return Reply.of(f"Confirmed. The host who made the code {told}. They have a day for it.")
    blocks: list[Block] = [
        Paragraph(f"{proposal.channel} is a room of {proposal.group.name} now. Every room is told so."),
    ]
    if done.problems:
        blocks += [Heading("Before it works"), Listing(tuple(Item(problem) for problem in done.problems))]
    return Reply.of(*blocks)


async def room_unlink(call: Call) -> Reply:
    """Let this channel leave its group."""
    room = call.room
    if room is None or room.channel != call.invocation.place.channel:
        raise ChatError(f"{call.group.name} does not meet in this channel.", "Write this where it does.")
    async with call.context.database.read() as transaction:
        leaving.require_leavable(call.group, await transaction.groups.rooms(call.group.id), room)
    if call.get("confirm", str) != "yes":
        return Reply.of(
            f"This channel would leave {call.group.name}: no question and no digest comes here any more, and nothing "
            "more is recorded. What was said so far stays with the group. All rooms are told.",
            Actions((Action("Leave", f"{HOSTS} unlink", (("confirm", "yes"),)),)),
        )
    await leaving.leave_room(call.context, call.group, room)
    return Reply.of(f"This channel has left {call.group.name}.")


async def link(call: Call) -> Reply:
    """Make a code for another account, use one, or decide a request."""
    typed, decision, author = call.get("code", str), call.get("confirm", str), call.invocation.author
    if typed is None:
        _require_number(decision)
        if waiting := await accounts.waiting_pairings(call.context, author):
            return Reply.of(*(block for pairing in waiting for block in _pairing_blocks(pairing)))
        return _account_code(await accounts.offer_account(call.context, author, call.invocation.place.channel))
    if not typed.isdecimal():
        channel = call.invocation.place.channel
        return Reply.of(*_pairing_blocks(await accounts.take_account_code(call.context, author, channel, typed)))
    if decision is None:
        return Reply.of(*_pairing_blocks(await accounts.find_pairing(call.context, author, _number(typed))))
    if decision == "no":
        refused = await accounts.refuse_account(call.context, author, _number(typed))
        return Reply.of(f"Refused: this account and {refused.other} are not linked.")
    done = await accounts.confirm_account(call.context, author, _number(typed))
    if done.linked:
        return Reply.of(f"This account and {done.other} are linked now, and count as one. `/reading unlink` undoes it.")
    told = "is asked now" if done.told else "cannot be reached: write `/reading link` from it"
    return Reply.of(f"Confirmed from this side. {done.other} {told}; it has a day to confirm.")


def _account_code(offer: Offer) -> Reply:
    return Reply.of(
        Heading(f"Code: {offer.code}"),
        f"Within a quarter of an hour, write `/{LINK} {offer.code}` from your other account, where the group meets. "
        "Then each account is asked to confirm.",
        "Never give this code to anybody else: whoever has either account then sees, and can erase, what both said.",
    )


def _pairing_blocks(pairing: Pairing) -> list[Block]:
    silent = Paragraph("One of them has opted out of being recorded: then neither is recorded any more.")
    return [
        Heading(f"Is {pairing.other} your account, too?"),
        Paragraph(
            "Linked accounts count as one: in participation, in votes, and in the digest. `/reading mine` and "
            "`/reading privacy` cover both. What you wrote keeps the name that you wrote it under."
        ),
        Paragraph("Go on only if both are yours: whoever has either sees, and can erase, what both have said."),
        *([silent] if pairing.silent else []),
        _decide(LINK, pairing.request.id),
    ]


async def unlink(call: Call) -> Reply:
    """Undo the link of the asker's account."""
    others = await accounts.unlink_account(call.context, call.invocation.author)
    names = " and ".join(account_name(other) for other in others)
    return Reply.of(f"This account and {names} are no longer linked, and each counts for itself again.")


def _require_number(decision: str | None) -> None:
    if decision is not None:
        raise ChatError("There is nothing to confirm without its number.", "Leave out everything to see what waits.")


def _number(typed: str) -> int:
    """Return the number of a request; 0, which none has, if it is too long for one."""
    return int(typed) if len(typed) < 19 else 0


def _parameters(code: str) -> tuple[Parameter, ...]:
    return (
        Parameter("code", code),
        Parameter("confirm", "what you say to a request", choices=("yes", "no")),
    )


MEMBERS_COMMANDS = (
    Command(
        MEMBERS,
        "link",
        "Count your account on another platform and this one as one",
        link,
        _parameters("the code that you made with your other account; leave it out to make one"),
    ),
    Command(MEMBERS, "unlink", "Count this account for itself again", unlink),
)

HOSTS_COMMANDS = (
    Command(
        HOSTS,
        "link",
        "Let the group meet in another server or workspace as well",
        room_link,
        _parameters("the code that the other side made; leave it out to make one"),
    ),
    Command(
        HOSTS,
        "unlink",
        "Let this channel leave the group",
        room_unlink,
        (Parameter("confirm", "that you are sure", choices=("yes",)),),
    ),
)
