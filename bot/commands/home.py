"""A member's own page, on platforms that have one: what their groups are asked, what they said, what came of it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.members import excerpt
from bot.commands.setup import schedule_facts
from bot.commands.table import HOSTS, MEMBERS, Call
from bot.content import Action, Actions, Block, Heading, Item, Listing, Paragraph, Quote, Reply
from bot.dates import describe_day
from bot.digest.render import digest_title
from bot.model import Message, Round
from bot.services import lookups
from bot.services.hosting import is_host

ANSWERS, DIGESTS = 5, 3


async def home_page(calls: Sequence[Call]) -> Reply:
    """Return the page of a member whose groups are these calls', each in a room of its own."""
    blocks: list[Block] = []
    for call in calls:
        blocks += await _group(call)
    return Reply(tuple(blocks)) if blocks else Reply.of(_NO_GROUP)


_NO_GROUP = (
    "No reading group meets in a channel that both you and I are in. "
    f"A host starts one with `/{HOSTS} setup` in its channel, or invites me to it."
)


async def _group(call: Call) -> list[Block]:
    context, group, author = call.context, call.group, call.invocation.author
    answers = await lookups.answers_by(context, group, author, ANSWERS)
    blocks: list[Block] = [Heading(group.name)]
    latest = await lookups.recent_rounds(context, group, 1, call.room)
    if latest:
        blocks += _question(call, latest[0], [said for said in answers if said[1].id == latest[0].round.id])
    else:
        blocks.append(Paragraph("No question has been asked here yet."))
    if earlier := [said for said in answers if not latest or said[1].id != latest[0].round.id]:
        blocks += [Heading("Your latest answers"), *(_answer(said) for said in earlier)]
    blocks += await _digests(call)
    if await is_host(context, author, group):
        blocks += [Heading("For hosts"), await schedule_facts(call, group), _host_buttons(call)]
    return blocks


def _question(call: Call, view: lookups.RoundView, answers: Sequence[tuple[Message, Round, str]]) -> list[Block]:
    """Return the latest question with what the member said to it, and buttons to say more."""
    round_ = view.round
    day = "Today's question" if round_.local_date == call.today else f"Asked {describe_day(round_.local_date)}"
    blocks: list[Block] = [Listing((Item(round_.question.text, day, view.link),))]
    blocks += [_answer(said) for said in answers] or [Paragraph("You have not answered it yet.")]
    question = ("question", round_.question.id)
    mine = any(message.by_form for message, _, _ in answers)
    buttons = (
        _button(call, "Change your answer" if mine else "Answer", f"{MEMBERS} answer", question),
        _button(call, "Background", f"{MEMBERS} question", ("id", round_.question.id)),
    )
    return [*blocks, Actions(buttons)]


def _answer(said: tuple[Message, Round, str]) -> Quote:
    message, round_, link = said
    words = " — ".join(filter(None, (message.pick, message.text)))
    return Quote(excerpt(words), f"you, {describe_day(round_.local_date)}", link, round_.question.text)


async def _digests(call: Call) -> list[Block]:
    """Return buttons for the last digests, none before the first."""
    stored = await lookups.recent_digests(call.context, call.group, DIGESTS)
    buttons = [
        _button(call, digest_title(one.digest), f"{MEMBERS} digest", ("date", one.local_date.isoformat()))
        for one in stored
    ]
    return [Heading("Digests"), Actions(tuple(buttons))] if buttons else []


def _host_buttons(call: Call) -> Actions:
    changes = (
        _button(call, "Change the schedule", f"{HOSTS} setup"),
        _button(call, "Change the rest", f"{HOSTS} settings", ("form", "yes")),
    )
    return Actions((*(() if call.group.declared else changes), _button(call, "How it stands", f"{HOSTS} status")))


def _button(call: Call, label: str, command: str, *arguments: tuple[str, str]) -> Action:
    return Action(label, command, arguments, call.invocation.place.channel)
