"""One group in several places: a channel joins it when hosts of both sides agree.

A host of the group makes a code, whoever may set up the other channel uses it there, sees which group it is and agrees,
and then a host of the group agrees as well. Each step checks the rights of whoever takes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.content import Action, Actions, Paragraph, Reply
from bot.errors import ChatError
from bot.model import Author, Channel, Group, Room, Round
from bot.services import codes
from bot.services.asking import post_in, question_key
from bot.services.context import Context
from bot.services.hosting import diagnose, group_at, is_host, post_notice, require_changeable, require_host
from bot.services.telling import tell_person
from bot.services.viewing import full_name, names_of
from bot.store.links import LinkRequest, LinkState
from bot.store.transaction import Transaction
from bot.wording import describe_days

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A request as both sides are shown it: the group, where it meets, and the channel that would join."""

    request: LinkRequest
    group: Group
    rooms: str
    channel: str


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a confirmation led to: a `room` once both sides agree; until then, whether the other one could be told.

    `problems` keep the bot from working in the new room.
    """

    proposal: Proposal
    room: Room | None = None
    problems: tuple[str, ...] = ()
    told: bool = False


async def offer_room(context: Context, group: Group, host: Author, channel: Channel) -> codes.Offer:
    """Make the code by which another channel can join a group, and make whoever does so one of its hosts.

    Only so can they confirm where platforms do not say who runs the workspace, as in a direct message. Raises ChatError
    for a group that the operator's file declares.
    """
    require_changeable(group)
    async with context.database.write() as transaction:
        member = await transaction.members.ensure(host)
        await transaction.groups.add_host(group.id, member.id)
    return await codes.offer(context, host, channel, group.id)


async def take_room_code(context: Context, channel: Channel, author: Author, code: str) -> Proposal:
    """Use a code in the channel that is to join, and return what it would join.

    Raises ChatError for a wrong code, for whoever may not set up the channel, and where a group meets already: then the
    code stays good for another channel.
    """
    there = await group_at(context, channel)
    await require_host(context, author, there)
    request = await codes.find_by_code(context, author, code, for_group=True)
    _require_free(there, request)
    async with context.database.write() as transaction:
        await codes.take(transaction, request, author, channel, context.clock.now())
    return await find_proposal(context, request.id)


def _require_free(there: Group | None, request: LinkRequest) -> None:
    if there is None:
        return
    if there.id == request.group_id:
        raise ChatError(f"This channel is one of {there.name}'s already.", "Use the code in another channel.")
    raise ChatError(
        f"{there.name} meets in this channel, and a channel belongs to one group.",
        "Use the code in a channel where no group meets.",
    )


async def find_proposal(context: Context, request_id: int) -> Proposal:
    """Return a request that waits for one of the two sides. Raises ChatError once it is over."""
    async with context.database.read() as transaction:
        request = await transaction.links.get(request_id, context.clock.now())
        if request is None or request.group_id is None or request.taken_in is None:
            raise codes.over()
        group = await transaction.groups.get(request.group_id)
        met = {room.id for room in await transaction.groups.rooms(group.id)}
        known = [(room, names) for room, names in await transaction.groups.called(group.id) if room.id in met]
    meets = [full_name(room.channel, names or await names_of(context, room.channel)) for room, names in known]
    joins = full_name(request.taken_in, await names_of(context, request.taken_in))
    return Proposal(request, group, " and in ".join(meets), joins)


async def waiting_proposals(context: Context, channel: Channel, author: Author, group: Group | None) -> list[Proposal]:
    """Return the requests that a person may confirm in a channel, whose `group` they host if there is one."""
    there = await group_at(context, channel)
    now = context.clock.now()
    async with context.database.read() as transaction:
        ours = await transaction.links.of_group(group.id, now) if group else []
        theirs = await transaction.links.in_channel(channel, now)
    if theirs and not await is_host(context, author, there):
        theirs = []
    return [await find_proposal(context, request.id) for request in (*theirs, *ours)]


async def confirm_room(
    context: Context, channel: Channel, author: Author, group: Group | None, request_id: int
) -> Confirmed:
    """Agree for the side that a person is on: the channel that is to join, or the group. Raises ChatError."""
    proposal = await find_proposal(context, request_id)
    await _require_side(context, proposal.request, channel, author, group)
    if proposal.request.state is LinkState.AGREED:
        return await _join(context, proposal)
    _require_free(await group_at(context, channel), proposal.request)
    now = context.clock.now()
    async with context.database.write() as transaction:
        await _require_unchanged(transaction, proposal.request, now)
        member = await transaction.members.ensure(author)
        await transaction.links.agree(request_id, member.id, now + codes.TO_CONFIRM)
    request = proposal.request
    told = await tell_person(context, request.made_in, request.maker, _asking_reply(proposal, author))
    return Confirmed(proposal, told=told)


async def refuse_room(
    context: Context, channel: Channel, author: Author, group: Group | None, request_id: int
) -> Proposal:
    """Say no for the side that a person is on, and tell the other one. Raises ChatError."""
    proposal = await find_proposal(context, request_id)
    request = proposal.request
    await _require_side(context, request, channel, author, group)
    async with context.database.write() as transaction:
        await _require_unchanged(transaction, request, context.clock.now())
        await transaction.links.end(request.id)
    told = Reply.of(f"{proposal.channel} and {proposal.group.name} do not come together: the other side said no.")
    if request.state is LinkState.TAKEN:
        await tell_person(context, request.made_in, request.maker, told)
    elif request.taker and request.taken_in:
        await tell_person(context, request.taken_in, request.taker, told)
    return proposal


async def _require_side(
    context: Context, request: LinkRequest, channel: Channel, author: Author, group: Group | None
) -> None:
    """Raise ChatError unless a request waits for whoever is here, and they may decide it."""
    if request.state is LinkState.TAKEN and request.taken_in == channel:
        await require_host(context, author, await group_at(context, channel))
    elif request.state is LinkState.AGREED and group is not None and group.id == request.group_id:
        await require_host(context, author, group)
        require_changeable(group)
    else:
        raise ChatError("This is for the other side to confirm.", "You are told when they have.")


async def _require_unchanged(transaction: Transaction, request: LinkRequest, now: datetime) -> None:
    current = await transaction.links.get(request.id, now)
    if current is None or current.state is not request.state:
        raise codes.over()


def _asking_reply(proposal: Proposal, by: Author) -> Reply:
    number = str(proposal.request.id)
    buttons = (("Confirm", "yes"), ("Refuse", "no"))
    return Reply.of(
        f"{by.name} used your code for {proposal.group.name} in {proposal.channel}, and agrees that the channel joins. "
        "From then on what is said in one place can be read in the other. Hosts there host the group with you.",
        Paragraph("Confirm it within a day, here or with `/reading-host link` where the group meets."),
        Actions(
            tuple(Action(label, "reading-host link", (("code", number), ("confirm", yes))) for label, yes in buttons)
        ),
    )


async def _join(context: Context, proposal: Proposal) -> Confirmed:
    """Let the group meet in the channel as well, and have that said everywhere."""
    request, now = proposal.request, context.clock.now()
    if request.taken_in is None or request.taker is None:
        raise codes.over()
    async with context.database.read() as transaction:
        before = await transaction.groups.rooms(proposal.group.id)
    places = [*(room.channel for room in before), request.taken_in]
    names = dict(zip(places, await asyncio.gather(*(names_of(context, place) for place in places)), strict=True))
    async with context.database.write() as transaction:
        await _require_unchanged(transaction, request, now)
        if await transaction.groups.room_at(request.taken_in):
            raise ChatError("Another group meets in that channel by now.", "Begin again with another channel.")
        group = await transaction.groups.get(proposal.group.id)
        room = await transaction.groups.add_room(group.id, request.taken_in, since=now)
        for one in await transaction.groups.rooms(group.id):
            if called := names.get(one.channel):
                await transaction.groups.call(one.id, called)
        await transaction.groups.add_host(group.id, request.taker.id)
        await announce_crossing(transaction, group, [room.id], now)
        last = await transaction.rounds.last(group.id)
        if last is not None and last.local_date == context.today(group):
            await _catch_up(transaction, group, last, room, now)
        await transaction.links.end(request.id)
    context.wake()
    log.info("a channel joined a group", group=group.slug, room=room.id)
    joined = Reply.of(f"{proposal.channel} is a room of {group.name} now. `/reading-host status` shows how it stands.")
    await tell_person(context, request.taken_in, request.taker, joined)
    return Confirmed(proposal, room, await diagnose(context, request.taken_in))


async def _catch_up(transaction: Transaction, group: Group, today: Round, room: Room, now: datetime) -> None:
    """Have today's question posted in a new room as well, unless the room left and came back on the same day."""
    if await transaction.deliveries.state(question_key(today, room)) is None:
        await post_in(transaction, group, today, room, now)


async def announce_crossing(transaction: Transaction, group: Group, joined: Collection[int], now: datetime) -> None:
    """Have it said in each room of a group that words cross from now on, and where to; `joined` are its new rooms."""
    crossing = (
        "Your words cross: what is written in the threads in one place can be looked up and is quoted in the other, "
        "with its author's name. Answers and votes are counted together, and there is one digest. "
        "Whoever wants nothing recorded writes `/reading privacy opt-out`."
    )
    settings, rooms = group.settings, await transaction.groups.rooms(group.id)
    names = {room.id: full_name(room.channel, called) for room, called in await transaction.groups.called(group.id)}
    new = " and in ".join(names[room.id] for room in rooms if room.id in joined)
    for room in rooms:
        others = " and in ".join(names[one.id] for one in rooms if one.id != room.id)
        if room.id in joined:
            text = (
                f"{group.name} meets here from now on, as it does in {others}. A question comes "
                f"{describe_days(settings.days)} at {settings.ask_at:%H:%M} ({settings.zone}), with a thread below it "
                f"for the discussion, which is recorded. {crossing} `/reading help` shows more."
            )
        else:
            text = f"{group.name} meets in {new} as well from now on. {crossing}"
        await post_notice(transaction, room, text, now)
