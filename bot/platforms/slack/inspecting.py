"""What keeps the bot from working, each with what to do about it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.model import Channel
from bot.platforms.slack.outcomes import CONNECTION_ERRORS, MESSAGE_GONE, code_of, is_doubtful, refusal
from bot.platforms.slack.scopes import SCOPES

LONGEST_LOOK = 10.0
"""Seconds that are spent to see whether a thread may be read."""

_SILENT = "Slack does not say how the channel is. Try again later."
_NO_THREADS = (
    "Slack does not let this app read threads again after a gap. "
    "It records what it hears as it is said; what is said while it is not connected is lost."
)


async def problems_of(client: AsyncWebClient, channel: Channel) -> tuple[str, ...]:
    """Return what keeps the bot from working in a channel, permissions included. Raises nothing of Slack's."""
    lacking, here = await _of_channel(client, channel)
    return (*lacking, *here)


async def inspect_room(client: AsyncWebClient, channel: Channel) -> tuple[str, ...]:
    """Return what is wrong with a channel itself, and whether its threads may be read. Raises nothing of Slack's."""
    return await inspect_channel(client, channel) or await _of_threads(client, channel)


async def inspect_channel(client: AsyncWebClient, channel: Channel) -> tuple[str, ...]:
    """Return what keeps the bot from writing in a channel. Raises nothing of Slack's."""
    _, here = await _of_channel(client, channel)
    return here


async def _of_channel(client: AsyncWebClient, channel: Channel) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which permissions are missing, and what is wrong with the channel."""
    try:
        answer = await client.conversations_info(channel=channel.channel)
    except SlackApiError as error:
        return (), (_SILENT if is_doubtful(error) else refusal(error).reason,)
    except CONNECTION_ERRORS:
        return (), (_SILENT,)
    about: Mapping[str, Any] = answer["channel"]
    here: tuple[str, ...] = ()
    if about.get("is_im") or about.get("is_mpim"):
        here = ("A direct message cannot be a group's room. Choose a channel with `/reading-host setup`.",)
    elif about.get("is_archived"):
        here = ("The channel is archived. Unarchive it, or choose another with `/reading-host setup`.",)
    elif not about.get("is_member"):
        here = ("I am not in the channel. Invite me there with `/invite`.",)
    return missing_scopes(_granted(answer.headers)), here


async def _of_threads(client: AsyncWebClient, channel: Channel) -> tuple[str, ...]:
    """Return whether threads may be read, tried on the channel's latest message."""
    try:
        async with asyncio.timeout(LONGEST_LOOK):
            latest = await client.conversations_history(channel=channel.channel, limit=1)
            for message in latest.get("messages") or ():
                await client.conversations_replies(channel=channel.channel, ts=message["ts"], limit=1)
    except SlackApiError as error:
        if code_of(error) in ("not_allowed_token_type", "missing_scope", "no_permission"):
            return (_NO_THREADS,)
        return () if code_of(error) in MESSAGE_GONE else (refusal(error).reason,)
    except TimeoutError:
        # So Slack lets the app read, if slowly.
        return ()
    except CONNECTION_ERRORS:
        return (_SILENT,)
    return ()


async def token_problems(client: AsyncWebClient) -> tuple[str, ...]:
    """Return what is wrong with a bot's token. Raises nothing of Slack's."""
    try:
        answer = await client.auth_test()
    except SlackApiError as error:
        return (refusal(error).reason,)
    except CONNECTION_ERRORS:
        return ("Slack cannot be reached. Try again later.",)
    return missing_scopes(_granted(answer.headers))


def missing_scopes(granted: Collection[str]) -> tuple[str, ...]:
    """Return one sentence that names the scopes that the app lacks, if any; none if Slack did not say what it has."""
    lacking = [f"{scope} (to {purpose})" for scope, purpose in SCOPES.items() if scope not in granted]
    if not granted or not lacking:
        return ()
    return (f"The app lacks the permission {', '.join(lacking)}. Add that to it, and install it again.",)


def _granted(headers: Mapping[str, str]) -> set[str]:
    """Return the scopes of a token, which Slack names beside each answer."""
    named = next((value for name, value in headers.items() if name.lower() == "x-oauth-scopes"), "")
    return {scope.strip() for scope in named.split(",") if scope.strip()}
