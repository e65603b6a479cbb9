"""Files that people attach, and those that the bot does."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import aiohttp
import discord
from discord.http import HTTPClient

from bot.content import Attachment
from bot.errors import ChatError
from bot.events import TextFile
from bot.plaintext import decoded, one_line, shortened

LARGEST = 1_000_000
"""Bytes of a text file that is read."""


async def read_text(http: HTTPClient, described: Mapping[str, Any]) -> TextFile:
    """Return a file that Discord describes. Raises ChatError for one that is too large, gone, or not text."""
    name = shortened(one_line(str(described["filename"])), 100)
    if described["size"] > LARGEST:
        raise ChatError(f"{name} is larger than 1 MB.", "Attach a smaller file, or several.")
    try:
        content = await http.get_from_cdn(described["url"])
    except (discord.HTTPException, aiohttp.ClientError, OSError):
        raise ChatError(f"{name} could not be fetched.", "Attach it again.") from None
    text = decoded(content)
    if text is None:
        raise ChatError(f"{name} is not a text file in UTF-8.", "Save it as text or CSV in UTF-8 and attach that.")
    return TextFile(name, text)


def attached_file(attachment: Attachment) -> discord.File:
    """Return a file to send."""
    return discord.File(io.BytesIO(attachment.text.encode()), shortened(one_line(attachment.name), 100))
