"""Commands for hosts."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from bot.commands.table import HOSTS, Call, Command, Parameter, ParameterKind
from bot.content import Block, Facts, Heading, Item, Listing, Reply, plural
from bot.dates import describe_day, describe_moment
from bot.digest.compile import is_empty
from bot.digest.render import digest_blocks, digest_title
from bot.errors import ChatError
from bot.model import Channel, Exhausted, Group, Order, Ref
from bot.schedule import next_digest, next_question
from bot.services import asking, digests, hosting
from bot.wording import describe_days

PLANNED = 5
"""How many coming questions `next` shows unless told otherwise."""

MOST_PLANNED = 14


async def setup(call: Call) -> Reply:
    """Make the group of a channel, or change it."""
    here = call.invocation.place.channel
    channel = here
    if (named := call.get("channel", str)) is not None:
        channel = Channel(here.platform, here.workspace, Ref(named))
    done = await hosting.set_up(call.context, channel, call.invocation.author, _changes(call), call.get("name", str))
    first = f"{done.group.name} is set up here." if done.created else f"{done.group.name} is changed."
    blocks: list[Block] = [Heading(first), await _when(call, done.group)]
    if done.problems:
        blocks += [Heading("Before it works"), Listing(tuple(Item(problem) for problem in done.problems))]
    blocks.append(Listing(_next_steps(created=done.created)))
    return Reply.of(*blocks)


def _changes(call: Call) -> dict[str, Any]:
    digest = call.get("digest", tuple) or (None, None)
    order, exhausted = call.get("order", str), call.get("exhausted", str)
    given = {
        "zone": call.get("zone", str),
        "ask_at": call.get("at", time),
        "days": call.get("days", frozenset),
        "question_set": call.get("set", str),
        "order": Order(order) if order else None,
        "exhausted": Exhausted(exhausted) if exhausted else None,
        "digest_on": digest[0],
        "digest_at": digest[1],
    }
    return {name: value for name, value in given.items() if value is not None}


def _next_steps(*, created: bool) -> tuple[Item, ...]:
    first = (Item("`/reading-host ask` asks the first question right now."),) if created else ()
    return (*first, Item("`/reading-host next` shows what comes."), Item("`/reading-host setup` again changes things."))


async def _when(call: Call, group: Group) -> Facts:
    settings = group.settings
    async with call.context.database.read() as transaction:
        last = await transaction.rounds.last(group.id)
        last_digest = await transaction.digests.last(group.id)
    now = call.context.clock.now()
    question = next_question(group.schedule, last.local_date if last else None, now)
    _, digest_at = next_digest(group.schedule, last_digest.local_date if last_digest else None, now)
    asked = f"{describe_days(settings.days)} at {settings.ask_at:%H:%M} ({settings.zone})"
    return Facts(
        (
            ("Question set", f"{settings.question_set}, order {settings.order}"),
            ("Questions", asked),
            (
                "Next question",
                describe_moment(max(now, question[1]), settings.zone) if question else "none while paused",
            ),
            ("Next digest", describe_moment(max(now, digest_at), settings.zone)),
        )
    )


async def status(call: Call) -> Reply:
    """Show how the group stands and what is wrong."""
    group = call.group
    async with call.context.database.read() as transaction:
        rooms = await transaction.groups.rooms(group.id)
        hosts = await transaction.groups.hosts(group.id)
        alerts = await transaction.alerts.of_group(group.id)
        late = await transaction.deliveries.problems(group.id)
    trouble = [*alerts, *(f"A {kind} is {state}: {problem}" for kind, state, problem in late)]
    broken = call.context.catalogue.broken.get(group.settings.question_set)
    if broken:
        trouble.append(f"The question set was edited and cannot be read; the last good version is used. {broken}")
    for room in rooms:
        platform = call.context.platforms.get(room.channel.platform)
        trouble += await platform.diagnose(room.channel) if platform else [f"{room.channel.platform} is not set up."]
    names = ", ".join(host.name for host in hosts) or "those who run the workspace"
    by = "the operator's file" if group.declared else "its hosts, from chat"
    facts = Facts((("Hosts", names), ("Rooms", str(len(rooms))), ("Settings decided by", by)))
    wrong: list[Block] = [Heading("Trouble"), Listing(tuple(Item(sentence) for sentence in dict.fromkeys(trouble)))]
    return Reply.of(
        Heading(group.name), await _when(call, group), facts, *(wrong if trouble else ["Nothing is wrong."])
    )


async def ask(call: Call) -> Reply:
    """Ask today's question now."""
    round_ = await asking.ask_now(call.context, call.group, call.get("question", str))
    return Reply.of(f"Asked: {round_.question.text}")


async def next_(call: Call) -> Reply:
    """Show what comes."""
    count = call.get("count", int) or PLANNED
    if not 1 <= count <= MOST_PLANNED:
        raise ChatError(f"{count} is too many.", f"Ask for 1 to {MOST_PLANNED}.")
    coming = await asking.coming(call.context, call.group, count)
    if not coming:
        return Reply.of("No question comes: the group is paused, has no days, or has been asked everything.")
    items = (
        Item(
            pick.question.text,
            f"{describe_day(day)}, {pick.question.topic}, id {pick.question.id}"
            + (", from the queue" if pick.queued else ""),
        )
        for day, pick in coming
    )
    return Reply.of(Heading("Coming questions"), Listing(tuple(items)))


async def skip(call: Call) -> Reply:
    """Pass over the question that comes next."""
    skipped, then = await hosting.skip_next(call.context, call.group)
    now = f"Next is, on {describe_day(then[0][0])}: {then[0][1].text}" if then else "Nothing is left to ask."
    return Reply.of(f"Passed over: {skipped.text}", now)


async def pause(call: Call) -> Reply:
    """Stop asking for a while."""
    paused = await hosting.pause_group(call.context, call.group, call.get("until", date))
    until = f"until {describe_day(paused.ends_on)}" if paused.ends_on else "until `/reading-host resume`"
    return Reply.of(f"Paused: no questions {until}. Answers are still recorded, and the digest still comes.")


async def resume(call: Call) -> Reply:
    """Ask again after a pause."""
    if not await hosting.resume_group(call.context, call.group):
        return Reply.of(f"{call.group.name} is not paused.")
    async with call.context.database.read() as transaction:
        group = await transaction.groups.get(call.group.id)
    return Reply.of("Resumed.", await _when(call, group))


async def digest_now(call: Call) -> Reply:
    """Post the digest now."""
    stored = await digests.post_digest_now(call.context, call.group)
    return Reply.of(f"Posted: {digest_title(stored.digest)}")


async def digest_preview(call: Call) -> Reply:
    """Show the digest as it would be posted now."""
    digest = await digests.preview_digest(call.context, call.group)
    if is_empty(digest):
        return Reply.of("Nothing was said since the last digest, so there would be none.")
    return Reply.of(Heading(digest_title(digest)), *digest_blocks(digest))


async def queue_add(call: Call) -> Reply:
    """Queue a question."""
    on = call.get("on", date)
    question = await hosting.enqueue(call.context, call.group, call.invocation.author, call.need("question", str), on)
    when = f"for {describe_day(on)}" if on else "for the next free day"
    return Reply.of(f"Queued {when}: {question.text}")


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
        Item(f"{number}. {question.text}", describe_day(entry.on) if entry.on else "next free day")
        for number, (entry, question) in enumerate(queued, 1)
    )
    return Reply.of(Heading(plural(len(queued), "queued question")), Listing(tuple(items)))


_SETUP = (
    Parameter("zone", "the group's time zone, such as Europe/Paris", ParameterKind.ZONE),
    Parameter("at", "when the question is posted, such as 09:00", ParameterKind.TIME),
    Parameter("days", "on which days, such as mon-fri", ParameterKind.DAYS),
    Parameter("set", "the question set", ParameterKind.QUESTION_SET),
    Parameter("order", "in which order questions come", choices=tuple(Order)),
    Parameter("digest", "when the digest comes, such as sun 18:00", ParameterKind.WEEKDAY_TIME),
    Parameter("exhausted", "what happens when all have been asked", choices=tuple(Exhausted)),
    Parameter("name", "what the group is called"),
    Parameter("channel", "where the group meets, if not here", ParameterKind.CHANNEL),
)

COMMANDS = (
    Command(HOSTS, "setup", "Start a reading group in this channel, or change it", setup, _SETUP),
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
    Command(HOSTS, "digest preview", "Show the digest as it would be posted now", digest_preview),
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
    Command(HOSTS, "queue list", "Show the questions that hosts have queued", queue_list),
)
