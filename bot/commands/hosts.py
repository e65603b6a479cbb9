"""Commands for hosts."""

from __future__ import annotations

import asyncio
from datetime import date

from bot.commands.setup import schedule_facts, until
from bot.commands.table import HOSTS, Call, Command, Parameter, ParameterKind
from bot.content import Block, Facts, Heading, Item, Listing, Reply, plural
from bot.dates import describe_day
from bot.digest.compile import is_empty
from bot.digest.render import digest_blocks, digest_title
from bot.errors import ChatError
from bot.model import Group, Room
from bot.selection import Queued
from bot.services import asking, digests, hosting, lookups
from bot.services.viewing import full_name, platform_name
from bot.store.deliveries import DeliveryKind, DeliveryState

PLANNED = 5
"""How many coming questions `next` shows unless told otherwise."""

MOST_PLANNED = 14

_DEAD = "not asked: it was retired, or is of another question set"

_UNDONE = {
    DeliveryState.FAILED: "was not posted",
    DeliveryState.REVISING: "is not brought up to date yet",
    DeliveryState.RETRACTING: "is not removed yet",
}


async def status(call: Call) -> Reply:
    """Show how the group stands and what is wrong."""
    group = call.group
    async with call.context.database.read() as transaction:
        rooms = await transaction.groups.rooms(group.id)
        hosts = await transaction.groups.hosts(group.id)
        last = await transaction.rounds.last(group.id)
        called = {room.id: full_name(room.channel, names) for room, names in await transaction.groups.called(group.id)}
    trouble = await _trouble(call, group, rooms)
    where = f" ({'; '.join(called[room.id] for room in rooms)})" if len(rooms) > 1 else ""
    names = ", ".join(host.name for host in hosts) or "those who run the workspace"
    by = "the operator's file" if group.declared else "its hosts, from chat"
    asked = f"{describe_day(last.local_date)}: {last.question.text}" if last else "nothing yet"
    facts = Facts(
        (("Asked last", asked), ("Hosts", names), ("Rooms", f"{len(rooms)}{where}"), ("Settings decided by", by))
    )
    blocks: list[Block] = [Heading(group.name), await schedule_facts(call, group), facts]
    if not trouble:
        return Reply.of(*blocks, "All is well.")
    return Reply.of(*blocks, Heading("Trouble"), Listing(tuple(Item(sentence) for sentence in trouble)))


async def _trouble(call: Call, group: Group, rooms: list[Room]) -> list[str]:
    """Return one sentence for each thing that is wrong with a group."""
    async with call.context.database.read() as transaction:
        trouble = await transaction.alerts.of_group(group.id)
        late = await transaction.deliveries.problems(group.id)
    for kind, state, problem in late:
        article = "An" if kind is DeliveryKind.ANSWER else "A"
        trouble.append(f"{article} {kind} {_UNDONE.get(state, 'is not posted yet')}. {problem}")
    broken = call.context.catalogue.broken.get(group.settings.question_set)
    if broken and group.settings.question_set in call.context.catalogue.sets:
        trouble.append(f"The question set was edited and cannot be read; its last good version is used. {broken}")
    elif group.settings.question_set not in call.context.catalogue.sets:
        trouble.append(f"The question set cannot be used. {broken or 'It is gone: choose another one.'}")
    found = await asyncio.gather(*(hosting.diagnose(call.context, room.channel) for room in rooms))
    for room, sentences in zip(rooms, found, strict=True):
        about = f"On {platform_name(room.channel.platform)}: " if len(rooms) > 1 else ""
        trouble += [f"{about}{sentence}" for sentence in sentences]
    return list(dict.fromkeys(trouble))


async def ask(call: Call) -> Reply:
    """Ask today's question now."""
    round_ = await asking.ask_now(call.context, call.group, call.get("question", str))
    return Reply.of(f"Asked: {round_.question.text}")


async def next_(call: Call) -> Reply:
    """Show what comes."""
    count = call.get("count", int)
    count = PLANNED if count is None else count
    if not 1 <= count <= MOST_PLANNED:
        raise ChatError(f"I can show 1 to {MOST_PLANNED} questions.", "Write `/reading-host next 7`, for example.")
    coming = await asking.coming(call.context, call.group, count)
    if not coming:
        return Reply.of("No question comes.", "The group is paused, has no days, or has been asked everything.")
    items = [
        Item(
            pick.question.text,
            f"{describe_day(day)}, {pick.question.topic}, id {pick.question.id}"
            + (", from the queue" if pick.queued else ""),
        )
        for day, pick in coming
    ]
    after = [] if len(coming) == count else ["Nothing comes after that, as things stand."]
    return Reply.of(Heading("Coming questions"), Listing(tuple(items)), *after)


async def skip(call: Call) -> Reply:
    """Pass over the question that comes next."""
    skipped, then = await hosting.skip_next(call.context, call.group)
    now = f"{describe_day(then[0][0])} brings instead: {then[0][1].text}" if then else "Nothing is left to ask."
    return Reply.of(f"Passed over: {skipped.text}", now)


async def pause(call: Call) -> Reply:
    """Stop asking for a while."""
    paused = await hosting.pause_group(call.context, call.group, call.get("until", date))
    return Reply.of(f"Paused: no questions {until(paused)}. Answers are still recorded, and the digest still comes.")


async def resume(call: Call) -> Reply:
    """Ask again after a pause."""
    if not await hosting.resume_group(call.context, call.group):
        return Reply.of(f"{call.group.name} is not paused.")
    async with call.context.database.read() as transaction:
        group = await transaction.groups.get(call.group.id)
    return Reply.of("Resumed.", await schedule_facts(call, group))


async def digest_now(call: Call) -> Reply:
    """Post the digest now."""
    stored = await digests.post_digest_now(call.context, call.group)
    return Reply.of(f"Posted: {digest_title(stored.digest)}")


async def digest_preview(call: Call) -> Reply:
    """Show the digest as it would be posted now."""
    digest = await digests.preview_digest(call.context, call.group)
    if is_empty(digest):
        return Reply.of("Nobody has answered since the last digest, so there would be none.")
    view = await lookups.seen_from(call.context, call.group, call.room)
    return Reply.of(Heading(digest_title(digest)), *digest_blocks(digest, view))


async def queue_add(call: Call) -> Reply:
    """Queue a question."""
    on = call.get("on", date)
    question = await hosting.enqueue(call.context, call.group, call.invocation.author, call.need("question", str), on)
    when = f"for {describe_day(on)}" if on else "for the next free day"
    if on is None or hosting.is_asked_on(call.group, on):
        return Reply.of(f"Queued {when}: {question.text}")
    late = "The group is not asked on that day, so the question comes on the next day on which it is."
    return Reply.of(f"Queued {when}: {question.text}", late)


async def queue_remove(call: Call) -> Reply:
    """Take a question out of the queue."""
    question = await hosting.dequeue(call.context, call.group, call.need("number", int))
    return Reply.of(f"No longer queued: {question.text}")


async def queue_list(call: Call) -> Reply:
    """Show the queue."""
    queued = await hosting.queue(call.context, call.group)
    if not queued:
        return Reply.of("The queue is empty. Add to it with `/reading-host queue add`.")
    items = (
        Item(f"{number}. {question.text}", _comes(entry, call.today) if alive else _DEAD)
        for number, (entry, question, alive) in enumerate(queued, 1)
    )
    return Reply.of(Heading(plural(len(queued), "queued question")), Listing(tuple(items)))


def _comes(entry: Queued, today: date) -> str:
    """Return when a queued question comes; one whose day passed without it comes as if it had none."""
    return describe_day(entry.on) if entry.on and entry.on >= today else "next free day"


COMMANDS = (
    Command(HOSTS, "status", "Show how the group stands and what is wrong", status),
    Command(
        HOSTS,
        "ask",
        "Ask today's question now",
        ask,
        (Parameter("question", "the id of the question to ask", ParameterKind.QUESTION),),
    ),
    Command(
        HOSTS,
        "next",
        "Show the questions that come next",
        next_,
        (Parameter("count", "how many", ParameterKind.NUMBER),),
        lists=True,
    ),
    Command(HOSTS, "skip", "Pass over the question that comes next", skip),
    Command(
        HOSTS,
        "pause",
        "Stop asking questions for a while",
        pause,
        (Parameter("until", "the day on which questions begin again", ParameterKind.DATE),),
    ),
    Command(HOSTS, "resume", "Ask questions again after a pause", resume),
    Command(HOSTS, "digest now", "Post the digest now instead of at the end of the week", digest_now),
    Command(HOSTS, "digest preview", "Show the digest as it would be posted now", digest_preview, lists=True),
    Command(
        HOSTS,
        "queue add",
        "Have a question asked next, or on a day",
        queue_add,
        (
            Parameter("question", "the question's id", ParameterKind.QUESTION, required=True),
            Parameter("on", "the day, such as 2030-01-31", ParameterKind.DATE),
        ),
    ),
    Command(
        HOSTS,
        "queue remove",
        "Take a question out of the queue",
        queue_remove,
        (Parameter("number", "its number in the queue", ParameterKind.NUMBER, required=True),),
    ),
    Command(HOSTS, "queue list", "Show the questions that hosts have queued", queue_list, lists=True),
)
