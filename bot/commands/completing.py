"""What is suggested while an argument is typed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from rapidfuzz import fuzz, process

from bot.commands.table import Call, Command, ParameterKind, Table
from bot.content import Suggested
from bot.dates import describe_day
from bot.services import lookups
from bot.services.curating import group_questions
from bot.wording import zone_names

COMPLETED = frozenset(
    {
        ParameterKind.QUESTION,
        ParameterKind.TOPIC,
        ParameterKind.READING,
        ParameterKind.DIGEST,
        ParameterKind.QUESTION_SET,
        ParameterKind.ZONE,
        ParameterKind.COMMAND,
    }
)
"""What is suggested while it is typed."""

MOST = 25
"""Suggestions at once, as many as the strictest platform shows."""

LONGEST = 100
"""Characters of a label or a value on the strictest platform."""


async def complete(table: Table, command: Command, call: Call, parameter: str, typed: str) -> tuple[Suggested, ...]:
    """Return what may be meant by what has been typed of a parameter so far, best first."""
    kinds = {one.name: one.kind for one in command.parameters}
    match kinds.get(parameter):
        case ParameterKind.QUESTION if command.for_hosts:
            async with call.context.database.read() as transaction:
                known = await group_questions(transaction, call.context, call.group)
            found = [Suggested(question.text, question.id) for question in known.active]
        case ParameterKind.QUESTION:
            views = await lookups.recent_rounds(call.context, call.group, 200)
            asked = dict.fromkeys((view.round.question.text, view.round.question.id) for view in views)
            found = [Suggested(text, question_id) for text, question_id in asked]
        case ParameterKind.TOPIC:
            found = _same(sorted(await lookups.topics(call.context, call.group)))
        case ParameterKind.READING:
            question_set = call.context.catalogue.get(call.group.settings.question_set)
            found = [Suggested(reading.title, reading.id) for reading in question_set.readings]
        case ParameterKind.DIGEST:
            digests = await lookups.recent_digests(call.context, call.group, MOST)
            found = [Suggested(describe_day(one.local_date), one.local_date.isoformat()) for one in digests]
        case ParameterKind.QUESTION_SET:
            found = _same(sorted(call.context.catalogue.sets))
        case ParameterKind.ZONE:
            found = _same(await asyncio.to_thread(zone_names))
        case ParameterKind.COMMAND:
            found = _same(table)
        case _:
            found = []
    return _best(found, typed)


def _same(names: Iterable[str]) -> list[Suggested]:
    return [Suggested(name, name) for name in names]


def _best(found: list[Suggested], typed: str) -> tuple[Suggested, ...]:
    if typed.strip():
        labels = [f"{one.label} {one.value}" for one in found]
        ranked = process.extract(
            typed, labels, scorer=fuzz.partial_ratio, processor=str.casefold, score_cutoff=75, limit=MOST
        )
        found = [found[position] for _, _, position in ranked]
    return tuple(
        Suggested(one.label if len(one.label) <= LONGEST else f"{one.label[: LONGEST - 1]}…", one.value)
        for one in found[:MOST]
        if len(one.value) <= LONGEST
    )
