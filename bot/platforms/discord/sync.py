"""Bringing Discord's list of the bot's commands to what the table says, and only when it changed.

Discord allows so many changes a day, and members' clients read the list again after each.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import discord
import structlog

from bot.platforms.discord.commands import fingerprint
from bot.ports import Chat

log = structlog.get_logger(__name__)

EVERYWHERE = "everywhere"
SYNCED = "discord commands"
"""The note that says which commands Discord has: a JSON object with the application's id, and by server what it got."""


async def sync_commands(
    client: discord.Client, desk: Chat, payloads: list[dict[str, Any]], guilds: Sequence[int]
) -> None:
    """Register the commands in the servers that are named, or everywhere if none is; withdraw them elsewhere.

    What cannot be brought up to date is tried again at the next start.
    """
    application = client.application_id
    if application is None:
        return
    wanted = dict.fromkeys(map(str, guilds), payloads) or {EVERYWHERE: payloads}
    known: dict[str, str] = json.loads(await desk.recall(SYNCED) or "{}").get(str(application), {})
    before = dict(known)
    for where in sorted({*known, *wanted}):
        commands = wanted.get(where, [])
        if known.get(where) == fingerprint(commands):
            continue
        try:
            if where == EVERYWHERE:
                await client.http.bulk_upsert_global_commands(application, commands)
            else:
                await client.http.bulk_upsert_guild_commands(application, int(where), commands)
        except discord.HTTPException as error:
            gone = not commands and isinstance(error, discord.Forbidden | discord.NotFound)
            if not gone:
                log.error("commands could not be registered", where=where, problem=str(error))
                continue
        known[where] = fingerprint(commands)
        if not commands:
            del known[where]
    if known != before:
        await desk.remember(SYNCED, json.dumps({str(application): known}))
        log.info("commands registered", where=sorted(known))
