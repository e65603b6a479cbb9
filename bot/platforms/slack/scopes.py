"""What the app asks to be allowed (https://docs.slack.dev/reference/scopes/)."""

from __future__ import annotations

SCOPES = {
    "app_mentions:read": "be spoken to",
    "channels:history": "read answers in public channels",
    "channels:read": "see public channels",
    "chat:write": "post",
    "commands": "take commands",
    "files:read": "read the files that hosts import",
    "files:write": "send files",
    "groups:history": "read answers in private channels",
    "groups:read": "see private channels",
    "im:write": "write to people directly",
    "reactions:read": "count votes",
    "usergroups:read": "know the groups that questions may ping",
    "users:read": "know people's names",
}
"""Each scope with what it is for."""
