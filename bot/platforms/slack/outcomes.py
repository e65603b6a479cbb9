"""From what Slack answers to what became of a post.

Error codes: https://docs.slack.dev/reference/methods/chat.postMessage#errors and the pages beside it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.errors import PlatformError
from bot.ports import NotSent, Outcome, Unknown

CONNECTION_ERRORS = (aiohttp.ClientError, OSError, TimeoutError)
"""What ends a request without saying whether it was carried out."""

NEVER_SENT = (aiohttp.ClientConnectorError,)
"""What ends a request before Slack can have heard of it."""

TOO_MANY_REQUESTS = 429

DOUBTFUL = ("fatal_error", "internal_error", "service_unavailable", "request_timeout", "")
"""Errors after which what was asked may be done all the same."""

CHANNEL_GONE = ("channel_not_found", "channel_is_deleted")
MESSAGE_GONE = ("message_not_found", "thread_not_found")
NOT_EDITABLE = ("edit_window_closed", "cant_update_message")
PASSING = ("ratelimited", "rate_limited", "org_login_required", "team_added_to_org")
"""Refusals that end by themselves: the last two while a workspace is moved into an Enterprise organization."""

NOT_REMOVABLE = "cant_delete_message"
TOKEN_REFUSED = ("invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired")
NO_SUCH_TOKEN = (*TOKEN_REFUSED, "not_allowed_token_type", "no_permission")
"""Errors at signing in after which another try with the same token is no use."""

_MOVING = ("Slack moves the workspace into an organization, and lets nobody in until that is done.", False)
_PLAIN = {
    "ratelimited": ("Slack wants me to wait before I say more.", False),
    "rate_limited": ("Slack wants me to wait before I say more.", False),
    "message_limit_exceeded": ("The workspace has reached Slack's limit of messages.", False),
    "not_in_channel": ("I am not in the channel. Invite me there with `/invite`.", False),
    "is_archived": ("The channel is archived. Unarchive it, or choose another with `/reading-host setup`.", False),
    "account_inactive": ("Slack has switched the app off in this workspace. Install it again.", False),
    "token_revoked": ("The app was removed from this workspace. Install it again.", False),
    "token_expired": ("The app's token has run out. Install it again, or switch token rotation off.", False),
    "invalid_auth": ("Slack refuses the app's token. Whoever runs the bot has to install it again.", False),
    "not_authed": ("Slack refuses the app's token. Whoever runs the bot has to install it again.", False),
    "edit_window_closed": ("Slack takes no more changes to so old a message.", True),
    "cant_update_message": ("Slack takes no more changes to this message.", True),
    "cant_delete_message": ("Slack does not let me remove the message. Somebody who runs the workspace can.", False),
    "team_access_not_granted": ("The app may not be used in this workspace. Have it approved and installed.", False),
    "org_login_required": _MOVING,
    "team_added_to_org": _MOVING,
    "ekm_access_denied": ("The workspace's administrators have stopped all posting for now.", False),
    "user_not_in_channel": ("That person is not in the channel.", False),
    "compliance_exports_prevent_deletion": ("The workspace's rules forbid to remove messages.", True),
}
_GONE = "The channel is gone, or private without me. Invite me there, or choose another with `/reading-host setup`."
_REMOVED = "The message was removed before its thread was opened."
_FORM = ("msg_too_long", "msg_blocks_too_long", "no_text", "too_many_attachments", "metadata_too_large")
_FORM_PREFIXES = ("invalid_blocks", "invalid_metadata", "metadata_must_be")


class UnreachableError(PlatformError):
    """A place is out of reach for now: it is not gone, and may come back."""


class NotNowError(UnreachableError):
    """A place is out of reach, but what happens there concerns the bot all the same."""


@dataclass(slots=True)
class Attempt:
    """An attempt at something that an earlier one may have done: `doubtful` until it was looked for."""

    doubtful: bool = False


def code_of(error: SlackApiError) -> str:
    """Return the error's code, or nothing if the answer had none, as that of a failing server."""
    return "ratelimited" if status_of(error) == TOO_MANY_REQUESTS else str(_said(error).get("error", ""))


def status_of(error: SlackApiError) -> int:
    """Return the answer's HTTP status, or 0."""
    response = error.response
    return int(getattr(response, "status_code", None) or getattr(response, "status", None) or 0)


def _said(error: SlackApiError) -> Mapping[str, Any]:
    data = getattr(error.response, "data", error.response)
    return data if isinstance(data, Mapping) else {}


def named(error: Exception) -> str:
    """Return what a log line says of an error: nothing that was sent or answered but the code."""
    match error:
        case SlackApiError():
            return code_of(error) or f"status {status_of(error)}"
        case PlatformError():
            return str(error)
        case _:
            return type(error).__name__


def refusal(error: SlackApiError) -> NotSent:
    """Return what an error means, with what a host can do about it."""
    code = code_of(error)
    if code in _PLAIN:
        return NotSent(*_PLAIN[code])
    if code in CHANNEL_GONE:
        return NotSent(_GONE, permanent=True)
    if code in MESSAGE_GONE:
        return NotSent(_REMOVED, permanent=True)
    if code in _FORM or code.startswith(_FORM_PREFIXES):
        return NotSent(f"Slack refuses the message's form ({code}). Tell whoever runs the bot.", permanent=True)
    if code.startswith("restricted_action"):
        return NotSent("The channel does not let me post. Allow it in its posting permissions.")
    if code == "missing_scope":
        needed = _said(error).get("needed") or "another"
        return NotSent(f"The app lacks the permission {needed}. Add that scope to it, and install it again.")
    if not code:
        return NotSent("Slack did not answer as it should. I try again later.")
    return NotSent(f"Slack refused it ({code}).", permanent=code not in DOUBTFUL)


def is_doubtful(error: SlackApiError) -> bool:
    """Return whether what was asked may be done in spite of the error."""
    return code_of(error) in DOUBTFUL or status_of(error) >= 500


def is_passing(error: SlackApiError) -> bool:
    """Return whether the same may be answered in a while."""
    return is_doubtful(error) or code_of(error) in PASSING


async def outcome_of(work: Awaitable[Outcome], attempt: Attempt) -> Outcome:
    """Return what became of an attempt: a refusal is certain, a failing server or a broken connection is not.

    As long as nobody has looked whether an earlier attempt succeeded, a refusal says nothing about that.
    """
    try:
        return await work
    except SlackApiError as error:
        refused = refusal(error)
        if is_doubtful(error):
            return Unknown("Slack failed, and did not say whether it did what I asked.")
        return Unknown(refused.reason) if attempt.doubtful and code_of(error) not in CHANNEL_GONE else refused
    except NEVER_SENT:
        told = "Slack cannot be reached."
        return Unknown(told) if attempt.doubtful else NotSent(told)
    except CONNECTION_ERRORS:
        return Unknown("The connection to Slack broke.")
    except PlatformError as error:
        permanent = not isinstance(error, UnreachableError)
        return NotSent(str(error), permanent) if permanent or not attempt.doubtful else Unknown(str(error))
