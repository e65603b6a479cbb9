"""From what Discord answers to what became of a post.

Error codes: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass

import aiohttp
import discord

from bot.errors import PlatformError
from bot.platforms.discord.once import ServerFailedError, unrepeated
from bot.ports import NotSent, Outcome, Unknown

UNKNOWN_CHANNEL, UNKNOWN_GUILD, UNKNOWN_MESSAGE = 10003, 10004, 10008
MISSING_ACCESS, MISSING_PERMISSIONS = 50001, 50013
OLD_MESSAGE_EDITED_TOO_OFTEN = 30046
THREAD_ARCHIVED = 50083
THREAD_EXISTS = 160004
THREAD_LOCKED = 160005
TOO_MANY_REQUESTS = 429

PASSING = (0, 20028, 40004, 40006, 40333, 130000)
"""Codes of refusals that are about Discord itself, and pass: limits, what it switched off, and Cloudflare's.

Without a code (0) answers what stands before the API, or the API where a token was replaced a moment ago.
"""

CONNECTION_ERRORS = (aiohttp.ClientError, OSError, TimeoutError, discord.RateLimited, discord.DiscordServerError)
"""What ends a request without saying whether it was carried out."""

_SENTENCES = {
    UNKNOWN_CHANNEL: ("The channel is gone. Choose another with `/reading-host setup`.", True),
    UNKNOWN_MESSAGE: ("The message was removed before its thread was opened.", True),
    MISSING_ACCESS: ("I cannot see the channel. Give me the permission View Channel there.", False),
    MISSING_PERMISSIONS: ("I lack a permission in the channel; `/reading-host status` names it.", False),
    OLD_MESSAGE_EDITED_TOO_OFTEN: ("Discord takes no more changes to so old a message for now.", False),
    160006: ("The server has as many active threads as Discord allows; close some.", False),
    160007: ("The server has as many active announcement threads as Discord allows; close some.", False),
    40067: ("The forum wants a tag on every post. Switch that off in its settings.", False),
    THREAD_ARCHIVED: ("The thread is closed. Open it again.", False),
    THREAD_LOCKED: ("The thread is locked. Unlock it, or give me Manage Threads in its channel.", False),
}


class UnreachableError(PlatformError):
    """A place is out of reach for now: it is not gone, and may come back."""


@dataclass(slots=True)
class Attempt:
    """An attempt at something that an earlier one may have done: `doubtful` until it was looked for."""

    doubtful: bool = False


async def outcome_of(work: Awaitable[Outcome], attempt: Attempt) -> Outcome:
    """Return what became of an attempt: a refusal is certain, a server error or a broken connection is not.

    As long as nobody has looked whether an earlier attempt succeeded, a refusal says nothing about that.
    """
    try:
        with unrepeated():
            return await work
    except ServerFailedError as error:
        return Unknown(str(error))
    except CONNECTION_ERRORS:
        return Unknown("The connection to Discord broke.")
    except discord.HTTPException as error:
        passes = error.status == TOO_MANY_REQUESTS or error.code in PASSING
        refused = f"Discord refused it (error {error.code or error.status})."
        sentence, permanent = _SENTENCES.get(error.code, (refused, not passes))
        gone = error.code == UNKNOWN_CHANNEL
        return NotSent(sentence, permanent) if gone or not attempt.doubtful else Unknown(sentence)
    except PlatformError as error:
        permanent = not isinstance(error, UnreachableError)
        return NotSent(str(error), permanent) if permanent or not attempt.doubtful else Unknown(str(error))
