"""The app as Slack is to make it: everything that is set on its pages, in one document.

Fields and limits: https://docs.slack.dev/reference/app-manifest
"""

from __future__ import annotations

from typing import Any

import yaml

from bot.commands.help import TABLE
from bot.commands.table import HOSTS, MEMBERS
from bot.platforms.slack.ids import menu_id
from bot.platforms.slack.scopes import SCOPES
from bot.platforms.slack.web import EVENTS, REDIRECT

NAME = "Reading Group"

EVENTS_HEARD = (
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "channel_id_changed",
    "member_joined_channel",
    "message.channels",
    "message.groups",
    "reaction_added",
    "reaction_removed",
    "tokens_revoked",
)
"""What Slack is to report (https://docs.slack.dev/reference/events)."""

_HINTS = {MEMBERS: "today, answer, search words, help …", HOSTS: "setup, status, next, help …"}
_COMMANDS = {MEMBERS: "Questions, answers and digests of your reading group", HOSTS: "Run your reading group"}
_FIRST_LINES = """\
# The bot as a Slack app. At https://api.slack.com/apps: Create New App, From a manifest, and paste this.
# `reading-group-bot slack manifest` prints it; with --url it is for a bot that Slack reaches over HTTP.
"""


def manifest(url: str = "") -> dict[str, Any]:
    """Return the manifest for Socket Mode, or for a bot at a public address such as `https://bot.example`."""
    base = url.rstrip("/")
    reached = {"request_url": f"{base}{EVENTS}"} if base else {}
    options = {"message_menu_options_url": f"{base}{EVENTS}"} if base else {}
    return {
        "display_information": {
            "name": NAME,
            "description": "A question a day, its discussion kept, a digest a week",
            "background_color": "#2c2d72",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,
            },
            "bot_user": {"display_name": NAME, "always_online": True},
            "shortcuts": _shortcuts(),
            "slash_commands": [_slash(root, f"{base}{EVENTS}" if base else "") for root in (MEMBERS, HOSTS)],
        },
        "oauth_config": {
            **({"redirect_urls": [f"{base}{REDIRECT}"]} if base else {}),
            "scopes": {"bot": sorted(SCOPES)},
        },
        "settings": {
            "event_subscriptions": {**reached, "bot_events": list(EVENTS_HEARD)},
            "interactivity": {"is_enabled": True, **reached, **options},
            "org_deploy_enabled": False,
            "socket_mode_enabled": not base,
            "token_rotation_enabled": False,
        },
    }


def manifest_text(url: str = "") -> str:
    """Return the manifest as Slack takes it, in YAML."""
    return _FIRST_LINES + yaml.safe_dump(manifest(url), sort_keys=False, allow_unicode=True, width=120)


def _shortcuts() -> list[dict[str, str]]:
    """Return what stands in each message's menu."""
    return [
        {
            "name": command.menu,
            "type": "message",
            "callback_id": menu_id(command.full_name),
            "description": command.help,
        }
        for command in TABLE.values()
        if command.menu
    ]


def _slash(root: str, url: str) -> dict[str, Any]:
    """Return a slash command. What it is given is escaped, so that members and channels come with their ids."""
    return {
        "command": f"/{root}",
        **({"url": url} if url else {}),
        "description": _COMMANDS[root],
        "usage_hint": _HINTS[root],
        "should_escape": True,
    }
