"""`/reading-host setup`: making the group of a channel, or changing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, time
from typing import Any

from bot.commands.arguments import check_arguments
from bot.commands.table import HOSTS, Call, Command, Parameter, ParameterKind
from bot.content import Block, Facts, Field, Form, Heading, Item, Listing, Paragraph, Reply
from bot.dates import describe_day, describe_moment
from bot.errors import ChatError
from bot.model import Channel, Exhausted, Group, Order, Pause, Ref, Settings
from bot.schedule import next_digest, next_question
from bot.services import hosting
from bot.wording import SHORT_WEEKDAYS, describe_days

MOST_OPTIONS = 25
"""Options of a form's field."""

ORDERS = {
    Order.READING: "in the order of the readings",
    Order.SHUFFLED: "shuffled",
    Order.TOPICS: "one topic after the other",
}
AFTERWARDS = {Exhausted.RESHUFFLE: "begin again", Exhausted.STOP: "stop, and tell the hosts"}


async def setup(call: Call) -> Reply | Form:
    """Make the group of a channel, or change it.

    Without arguments there is a form to fill in. A new group needs its time zone: none should start in the wrong one,
    nor in a channel where somebody only meant to change the group of another.
    """
    channel = _setup_channel(call, call.get("channel", str))
    there = await hosting.group_at(call.context, channel)
    await hosting.require_host(call.context, call.invocation.author, there)
    if there is not None:
        hosting.require_changeable(there)
    if not call.arguments.keys() - {"channel"}:
        return _setup_form(call, channel, there)
    if there is None and "zone" not in call.arguments:
        raise ChatError(
            "A new group needs its time zone.",
            "Add it, such as zone:Europe/Paris, or write `/reading-host setup` alone for a form.",
        )
    return await _set_up(call, channel)


async def set_up_by_form(call: Call, target: str, values: Mapping[str, str]) -> Reply:
    """Make or change the group of the channel `target` as the form says."""
    checked = check_arguments(SETUP, {**values, "channel": ""}, call.today)
    return await _set_up(replace(call, arguments=checked), _setup_channel(call, target))


def _setup_channel(call: Call, named: str | None) -> Channel:
    here = call.invocation.place.channel
    return replace(here, channel=Ref(named)) if named else here


def _setup_form(call: Call, channel: Channel, group: Group | None) -> Form:
    """Return the form, filled with how the group is set up now or would be by default."""
    settings = group.settings if group else Settings(zone="", question_set=hosting.first_set(call.context))
    present = {
        "zone": settings.zone,
        "at": f"{settings.ask_at:%H:%M}",
        "days": describe_days(settings.days),
        "set": settings.question_set,
        "digest": f"{SHORT_WEEKDAYS[settings.digest_on]} {settings.digest_at:%H:%M}",
    }
    sets = tuple(sorted(call.context.catalogue.sets))
    fields = (
        Field("zone", "Time zone, such as Europe/Paris", limit=40),
        Field("at", "Time of the question, such as 09:00", limit=20),
        Field("days", "Its days, such as mon-fri or every day", limit=60),
        Field("set", "Question set", limit=60, options=sets if len(sets) <= MOST_OPTIONS else ()),
        Field("digest", "Day and time of the digest, such as sun 18:00", limit=40),
    )
    title = f"Change {group.name}" if group else "Start a reading group"
    filled = tuple(replace(field, value=present[field.name]) for field in fields)
    return Form(SETUP.full_name, str(channel.channel), title, filled)


async def _set_up(call: Call, channel: Channel) -> Reply:
    done = await hosting.set_up(call.context, channel, call.invocation.author, _changes(call), call.get("name", str))
    group, before = done.group, done.before
    if before is None:
        first = f"{group.name} is set up."
    elif (group.name, group.settings) == (before.name, before.settings):
        first = f"Nothing changed: {group.name} was set up like this already."
    else:
        first = f"{group.name} is changed."
    blocks: list[Block] = [Heading(first), await schedule_facts(call, group)]
    if done.problems:
        blocks += [Heading("Before it works"), Listing(tuple(Item(problem) for problem in done.problems))]
    if channel != call.invocation.place.channel:
        blocks.append(Paragraph("Write these in the group's channel; here they are not about it:"))
    blocks.append(Listing(await _next_steps(call, group)))
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


async def _next_steps(call: Call, group: Group) -> tuple[Item, ...]:
    async with call.context.database.read() as transaction:
        asked = await transaction.rounds.on(group.id, call.context.today(group))
    first = () if asked else (Item("`/reading-host ask` asks today's question right now."),)
    return (
        *first,
        Item("`/reading-host next` shows which questions come."),
        Item("`/reading-host setup` again changes any of this; `/reading-host status` says whether all is well."),
    )


async def schedule_facts(call: Call, group: Group) -> Facts:
    """Return what a group is asked from and when, its next question and its next digest."""
    settings, now = group.settings, call.context.clock.now()
    async with call.context.database.read() as transaction:
        last = await transaction.rounds.last(group.id)
        last_digest = await transaction.digests.last(group.id)
    question = next_question(group.schedule, last.local_date if last else None, now)
    _, digest_at = next_digest(group.schedule, last_digest.local_date if last_digest else None, now)
    found = call.context.catalogue.sets.get(settings.question_set)
    return Facts(
        (
            ("Question set", f"{found.title if found else settings.question_set}, {ORDERS[settings.order]}"),
            ("When all were asked", AFTERWARDS[settings.exhausted]),
            ("Questions", f"{describe_days(settings.days)} at {settings.ask_at:%H:%M} ({settings.zone})"),
            ("Next question", describe_moment(max(now, question[1]), settings.zone) if question else "none"),
            ("Next digest", describe_moment(max(now, digest_at), settings.zone)),
            *_paused(group, call.context.today(group)),
        )
    )


def _paused(group: Group, today: date) -> list[tuple[str, str]]:
    running = [pause for pause in group.pauses if pause.covers(today)]
    return [("Paused", until(pause)) for pause in running[:1]]


def until(pause: Pause) -> str:
    """Return when a pause ends, in words."""
    return f"until {describe_day(pause.ends_on)}" if pause.ends_on else "until `/reading-host resume`"


SETUP = Command(
    HOSTS,
    "setup",
    "Start a reading group in this channel, or change it",
    setup,
    (
        Parameter("zone", "the group's time zone, such as Europe/Paris", ParameterKind.ZONE),
        Parameter("at", "when the question is posted, such as 09:00", ParameterKind.TIME),
        Parameter("days", "on which days, such as mon-fri", ParameterKind.DAYS),
        Parameter("set", "the question set", ParameterKind.QUESTION_SET),
        Parameter("order", "in which order questions come", choices=tuple(Order)),
        Parameter("digest", "when the digest comes, such as sun 18:00", ParameterKind.WEEKDAY_TIME),
        Parameter("exhausted", "what happens when all have been asked", choices=tuple(Exhausted)),
        Parameter("name", "what the group is called"),
        Parameter("channel", "where the group meets, if not here", ParameterKind.CHANNEL),
    ),
    on_submit=set_up_by_form,
)
