"""Finding out what Slack could not tell, as which workspaces removed the app: it tries for some six minutes only."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot.errors import DatabaseError
from bot.model import Ref
from bot.platforms.slack.ids import NAME
from bot.platforms.slack.installations import Installations
from bot.platforms.slack.outcomes import NotNowError
from bot.platforms.slack.workspaces import is_in
from bot.ports import Chat

log = structlog.get_logger(__name__)

EVERY_SECONDS = 86_400.0


async def call_rolls(desk: Chat, installations: Installations, joined: Callable[[str], Awaitable[None]]) -> None:
    """Ask Slack at once, and then each day until cancelled, where the app still is, and tell `joined` or the desk.

    Tokens are kept for long: should Slack refuse one for a while only, the next roll call finds the app there.
    """
    while True:
        for team in installations.teams():
            try:
                there = await is_in(installations, team)
                await (joined(team) if there else desk.left(NAME, Ref(team)))
                await installations.found(team, there=there)
            except NotNowError:
                continue
            except DatabaseError as error:
                log.error("where the app is could not be noted", problem=str(error))
        await asyncio.sleep(EVERY_SECONDS)
