"""Groups that the operator's file declares: the file decides, at every start."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import structlog

from bot.config import DeclaredGroup
from bot.errors import QuestionSetError, SettingsError
from bot.services.context import Context

log = structlog.get_logger(__name__)


async def declare_groups(context: Context, declared: Iterable[DeclaredGroup]) -> None:
    """Make or bring up to date the groups of the file; those that left it stay as they were, decided from chat again.

    Raises SettingsError for an unknown question set.
    """
    now = context.clock.now()
    slugs: set[str] = set()
    async with context.database.write() as transaction:
        for wanted in declared:
            slugs.add(wanted.slug)
            try:
                context.catalogue.get(wanted.question_set)
            except QuestionSetError as error:
                raise SettingsError(f"groups[{wanted.slug}].question_set: {error}") from error
            group = await transaction.groups.by_slug(wanted.slug)
            if group is None:
                group = await transaction.groups.add(wanted.slug, wanted.name, wanted.settings, now, declared=True)
                log.info("group declared", group=wanted.slug)
            else:
                await transaction.groups.save(replace(group, name=wanted.name, settings=wanted.settings, declared=True))
            for room in wanted.rooms:
                await transaction.groups.add_room(group.id, room.place)
        for group in await transaction.groups.all():
            if group.declared and group.slug not in slugs:
                await transaction.groups.save(replace(group, declared=False))
                log.info("group left the file and is decided from chat", group=group.slug)
