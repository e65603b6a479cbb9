"""Files that people add to a form, and those that the bot hands out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.content import Attachment
from bot.errors import ChatError
from bot.events import TextFile
from bot.plaintext import decoded, one_line, shortened
from bot.platforms.slack.outcomes import CONNECTION_ERRORS

LARGEST = 1_000_000
"""Bytes of a text file that is read."""

HOSTS = ("slack.com", "slack-gov.com")
"""Where Slack keeps files, below these names; its API may be reached by another."""

_CELLS = re.compile(r"[,;\t|]")

CHUNK = 65_536
NAME = 100
SECONDS = 20.0


async def read_text(client: AsyncWebClient, described: Mapping[str, Any]) -> TextFile:
    """Return a file that Slack describes. Raises ChatError for one that is elsewhere, too large, gone, or not text."""
    name = shortened(one_line(str(described.get("name") or "file")), NAME)
    if int(described.get("size") or 0) > LARGEST:
        raise ChatError(f"{name} is larger than 1 MB.", "Choose a smaller file, or several.")
    url = str(described.get("url_private_download") or described.get("url_private"))
    if described.get("is_external") or not _is_slacks(url, client):
        raise ChatError(f"{name} is not kept by Slack itself.", "Upload it from your computer, or paste its text.")
    try:
        content = await _fetched(client, url)
    except CONNECTION_ERRORS:
        raise ChatError(f"{name} could not be fetched.", "Choose it again.") from None
    if len(content) > LARGEST:
        raise ChatError(f"{name} is larger than 1 MB.", "Choose a smaller file, or several.")
    text = decoded(content)
    if text is None:
        raise ChatError(f"{name} is not a text file in UTF-8.", "Save it as text or CSV in UTF-8 and choose that.")
    return TextFile(name, text)


def pasted_file(text: str) -> TextFile:
    """Return what was pasted as the kind of file that it may have come from."""
    text = text.strip()
    cells = {cell.strip(" \"'").lower() for cell in _CELLS.split(text.partition("\n")[0])}
    ending = "json" if text.startswith(("[", "{")) else "csv" if "question" in cells else "txt"
    return TextFile(f"pasted.{ending}", text)


def _is_slacks(url: str, slack: AsyncWebClient) -> bool:
    """Return whether an address may be told the bot's token: whoever adds a file to Slack may have it lie elsewhere."""
    there, api = urlsplit(url), urlsplit(slack.base_url)
    host = there.hostname or ""
    below = any(host == one or host.endswith(f".{one}") for one in (api.hostname, *HOSTS) if one)
    return below and there.scheme in ("https", api.scheme)


async def _fetched(client: AsyncWebClient, url: str) -> bytes:
    """Return what is at one of Slack's addresses for files, and no more than is needed to see that it is too large.

    Raises aiohttp.ClientError, TimeoutError. Whoever may not read a file is shown a page for signing in instead.
    """
    signed = {"Authorization": f"Bearer {client.token}"}
    patience = aiohttp.ClientTimeout(total=SECONDS)
    content = b""
    async with (
        aiohttp.ClientSession(timeout=patience, headers=signed) as session,
        session.get(url, allow_redirects=False, raise_for_status=True) as answer,
    ):
        if answer.status != HTTPStatus.OK:
            raise aiohttp.ClientPayloadError("the file is not there")
        async for chunk in answer.content.iter_chunked(CHUNK):
            content += chunk
            if len(content) > LARGEST:
                break
    return content


async def hand_out(client: AsyncWebClient, user: str, attached: Sequence[Attachment]) -> None:
    """Send files to somebody as direct messages, since what only one person can see cannot hold any.

    Raises SlackApiError and what ends a connection.
    """
    opened = await client.conversations_open(users=[user])
    for one in attached:
        name = shortened(one_line(one.name), NAME)
        await client.files_upload_v2(channel=opened["channel"]["id"], content=one.text, filename=name, title=name)
