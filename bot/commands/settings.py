"""`/reading-host settings`: all that is set about a group, and what is changed there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from bot.commands.setup import AFTERWARDS, ORDERS, schedule_facts
from bot.commands.table import HOSTS, Call, Command, Parameter, ParameterKind
from bot.content import Action, Actions, Block, Facts, Field, Form, Heading, Item, Listing, Reply
from bot.errors import ChatError
from bot.model import Channel, Group, Ref, Room
from bot.services import hosting
from bot.services import settings as service
from bot.services.hosting import LONGEST_NAME
from bot.services.viewing import names_of, role_of
from bot.wording import describe_dates, parse_dates

EMPTY_WEEK = {True: "one line", False: "nothing"}
"""What a week without answers gets instead of a digest."""

_REMOVABLE = ("alerts", "mention", "holidays")


async def settings(call: Call) -> Reply | Form:
    """Show all that is set about the group, or change what is named."""
    group = call.group
    if call.get("form", str):
        hosting.require_changeable(group)
        return _form(call, group)
    done = await _change(call, group)
    if done:
        call = replace(call, group_or_none=await _current(call, group))
    return Reply.of(*([Listing(tuple(map(Item, done)))] if done else []), *await _shown(call))


async def change_by_form(call: Call, target: str, values: Mapping[str, str]) -> Reply:
    """Change the group as the form says."""
    group = call.group
    changes: dict[str, Any] = {
        **_picked("order", ORDERS, values),
        **_picked("exhausted", AFTERWARDS, values),
        **_picked("tell_empty_week", EMPTY_WEEK, values),
        "holidays": _dates(call, values.get("holidays", "")),
    }
    after = await service.change_settings(call.context, group, changes, values.get("name"))
    same = (after.name, after.settings) == (group.name, group.settings)
    first = f"Nothing changed: {after.name} was set like this already." if same else f"{after.name} is changed."
    return Reply.of(first, *await _shown(replace(call, group_or_none=after)))


def _picked(name: str, options: Mapping[Any, str], values: Mapping[str, str]) -> dict[str, Any]:
    """Return the field that an option of the form stands for; what is none of them changes nothing."""
    chosen = next((value for value, shown in options.items() if shown == values.get(name)), None)
    return {} if chosen is None else {name: chosen}


def _dates(call: Call, written: str) -> frozenset[date]:
    """Return the dates that are written and not over yet. Raises ChatError."""
    try:
        return frozenset(day for day in parse_dates(written) if day >= call.today)
    except ValueError as error:
        raise ChatError(f"holidays: {error}") from None


async def _change(call: Call, group: Group) -> list[str]:
    """Change what is named; return a sentence for each thing that was changed. What may be refused comes first."""
    changes, done = _changes(call)
    if role := call.get("mention", str):
        hosting.require_changeable(group)
        await service.find_role(call.context, _room(call), Ref(role))
    alerts = await _change_alerts(call, group)
    mention = await _change_mention(call, group)
    if changes:
        await service.change_settings(call.context, group, changes)
    return [*mention, *alerts, *done]


def _changes(call: Call) -> tuple[dict[str, Any], list[str]]:
    """Return the fields of `Settings` that are named, with a sentence for each. Raises ChatError."""
    changes: dict[str, Any] = {}
    done: list[str] = []
    removed = call.get("remove", str)
    if removed and call.get(removed, str) is not None:
        raise ChatError(f"`{removed}:` sets what `remove:{removed}` takes away.", "Write one of the two.")
    if (line := call.get("empty_week", str)) is not None:
        changes["tell_empty_week"] = line == "line"
        done.append(f"A week without answers gets {EMPTY_WEEK[line == 'line']}.")
    holidays = "" if removed == "holidays" else call.get("holidays", str)
    if holidays is not None:
        changes["holidays"] = _dates(call, holidays)
        days = describe_dates(changes["holidays"])
        done.append(f"No questions on {days}." if days else "There are no holidays.")
    if removed == "alerts":
        changes["alert_channel"] = None
        done.append("Alerts go to each host, in private.")
    return changes, done


async def _change_alerts(call: Call, group: Group) -> list[str]:
    named = call.get("alerts", str)
    if named is None:
        return []
    channel = replace(call.invocation.place.channel, channel=Ref(named))
    await service.send_alerts_to(call.context, group, channel)
    return [f"Alerts go to {await _name(call, channel)}."]


async def _change_mention(call: Call, group: Group) -> list[str]:
    role = call.get("mention", str)
    if role is None and call.get("remove", str) != "mention":
        return []
    room = _room(call)
    name = await service.ping_with_questions(call.context, group, room, Ref(role) if role else None)
    where = await _name(call, room.channel)
    if not role:
        return [f"Questions in {where} ping nobody."]
    return [f"Each question in {where} pings {name}. See that everyone may mention {name}; else nobody is pinged."]


def _room(call: Call) -> Room:
    if call.room is None:
        raise ChatError("No reading group meets in this channel.", "Write this in the channel where the group meets.")
    return call.room


async def _current(call: Call, group: Group) -> Group:
    async with call.context.database.read() as transaction:
        return await transaction.groups.get(group.id)


async def _shown(call: Call) -> list[Block | str]:
    group = call.group
    async with call.context.database.read() as transaction:
        rooms = await transaction.groups.rooms(group.id)
        hosts = await transaction.groups.hosts(group.id)
    alerts = group.settings.alert_channel
    facts = Facts(
        (
            ("Meets in", ", ".join([await _name(call, room.channel) for room in rooms])),
            ("Questions ping", await _pinged(call, rooms)),
            ("A week without answers gets", EMPTY_WEEK[group.settings.tell_empty_week]),
            ("Holidays", describe_dates(_coming(call, group)) or "none"),
            ("Alerts go to", await _name(call, alerts) if alerts else "each host, in private"),
            ("Hosts", ", ".join(host.name for host in hosts) or "those who run the workspace"),
        )
    )
    blocks: list[Block | str] = [Heading(group.name), await schedule_facts(call, group), facts]
    if group.declared:
        return [*blocks, f"All of this is decided by the operator's file, as group `{group.slug}`."]
    return [*blocks, _actions(call)]


def _actions(call: Call) -> Actions:
    channel = (("channel", str(_room(call).channel.channel)),)
    return Actions(
        (
            Action("Change the schedule", f"{HOSTS} setup", channel),
            Action("Change the rest", f"{HOSTS} settings", (("form", "yes"),)),
        )
    )


async def _pinged(call: Call, rooms: list[Room]) -> str:
    named: list[str] = []
    for room in rooms:
        if room.mention is not None:
            role = await role_of(call.context, room) or "a role that I cannot see"
            named.append(f"{role} in {await _name(call, room.channel)}")
    return ", ".join(named) or "nobody"


async def _name(call: Call, channel: Channel) -> str:
    """Return what people call a channel, as far as the bot can know."""
    found = await names_of(call.context, channel)
    return f"#{found.channel} ({found.workspace})" if found else f"a channel on {channel.platform} that I cannot see"


def _coming(call: Call, group: Group) -> frozenset[date]:
    return frozenset(day for day in group.settings.holidays if day >= call.today)


def _form(call: Call, group: Group) -> Form:
    present = group.settings
    return Form(
        SETTINGS.full_name,
        "",
        f"Change {group.name}",
        (
            Field("name", "Name of the group", group.name, limit=LONGEST_NAME),
            Field("order", "In which order questions come", ORDERS[present.order], options=tuple(ORDERS.values())),
            Field(
                "exhausted",
                "When all have been asked",
                AFTERWARDS[present.exhausted],
                options=tuple(AFTERWARDS.values()),
            ),
            Field(
                "tell_empty_week",
                "A week without answers gets",
                EMPTY_WEEK[present.tell_empty_week],
                options=tuple(EMPTY_WEEK.values()),
            ),
            Field(
                "holidays",
                "Dates without a question, such as 2030-12-24",
                describe_dates(_coming(call, group)),
                required=False,
                long=True,
            ),
        ),
    )


SETTINGS = Command(
    HOSTS,
    "settings",
    "Show all that is set about the group, and change it",
    settings,
    (
        Parameter("alerts", "the channel in which hosts are told of trouble", ParameterKind.CHANNEL),
        Parameter("mention", "the role or user group that each question here pings", ParameterKind.ROLE),
        Parameter("empty_week", "what a week without answers gets", choices=("line", "nothing")),
        Parameter("holidays", "dates without a question, such as 2030-12-24 to 2030-12-26"),
        Parameter("remove", "what to take away again", choices=_REMOVABLE),
        Parameter("form", "to change the rest in a form", choices=("yes",)),
    ),
    on_submit=change_by_form,
)
