"""The manifest asks for what the code uses: nothing less, and nothing more."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from slack_bolt.async_app import AsyncApp
from typer.testing import CliRunner

from bot.cli import app as cli
from bot.platforms.slack.directory import Directory
from bot.platforms.slack.interactions import register
from bot.platforms.slack.manifest import manifest, manifest_text

ROOT = Path(__file__).parents[2]
ADAPTER = sorted((ROOT / "bot/platforms/slack").glob("*.py"))

HISTORY, READ = {"channels:history", "groups:history"}, {"channels:read", "groups:read"}

METHODS: dict[str, set[str]] = {
    "api_call": set(),
    "apps_connections_open": set(),
    "auth_test": set(),
    "chat_delete": {"chat:write"},
    "chat_postEphemeral": {"chat:write"},
    "chat_postMessage": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_history": HISTORY,
    "conversations_info": READ,
    "conversations_open": {"im:write"},
    "conversations_replies": HISTORY,
    "files_upload_v2": {"files:write"},
    "oauth_v2_access": set(),
    "reactions_get": {"reactions:read"},
    "team_info": {"team:read"},
    "usergroups_list": {"usergroups:read"},
    "users_conversations": READ,
    "users_info": {"users:read"},
    "views_open": set(),
    "views_publish": set(),
    "views_push": set(),
    "views_update": set(),
}
"""What each method of the Web API needs: https://docs.slack.dev/reference/methods"""

EVENTS: dict[str, dict[str, set[str]]] = {
    "app_home_opened": {"app_home_opened": set()},
    "app_mention": {"app_mention": {"app_mentions:read"}},
    "app_uninstalled": {"app_uninstalled": set()},
    "channel_archive": {"channel_archive": {"channels:read"}, "group_archive": {"groups:read"}},
    "channel_id_changed": {"channel_id_changed": {"groups:read"}},
    "member_joined_channel": {"member_joined_channel": READ},
    "message": {"message.channels": {"channels:history"}, "message.groups": {"groups:history"}},
    "reaction_added": {"reaction_added": {"reactions:read"}},
    "reaction_removed": {"reaction_removed": {"reactions:read"}},
    "tokens_revoked": {"tokens_revoked": set()},
    "user_change": {"user_change": {"users:read"}},
}
"""What an event that is listened to is called in subscriptions, and what that needs: https://docs.slack.dev/reference/events"""

ELEMENTS = {"file_input": {"files:read"}}
"""What needs a scope in a form."""


class Listening:
    """Stands in for an app, and keeps what is listened to."""

    def __init__(self) -> None:
        self.heard: dict[str, list[Any]] = {}

    def __getattr__(self, kind: str) -> Callable[[Any], Callable[[Any], Any]]:
        def listen(constraint: Any) -> Callable[[Any], Any]:
            self.heard.setdefault(kind, []).append(constraint)
            return lambda listener: listener

        return listen


def interactions() -> dict[str, list[Any]]:
    """Return what people can do that the bot answers, by kind."""
    listening = Listening()
    register(cast("AsyncApp", listening), lambda: cast("Any", None), Directory())
    return listening.heard


def source() -> str:
    return "\n".join(path.read_text("utf-8") for path in ADAPTER)


def events_heard() -> set[str]:
    return set(re.findall(r'\.event\("(\w+)"\)', source()))


def methods_called() -> set[str]:
    named = re.findall(r"client\.((?:\w+_)+\w+)\b", source()) + re.findall(r"client\(\)\.((?:\w+_)+\w+)\b", source())
    return {name for name in named if name in METHODS or "_" in name} - {"client_id", "client_secret"}


def test_the_events_are_those_that_are_listened_to() -> None:
    subscribed = manifest()["settings"]["event_subscriptions"]["bot_events"]
    assert sorted(subscribed) == sorted(name for event in events_heard() for name in EVENTS[event])


def test_the_scopes_are_those_that_are_used() -> None:
    heard = interactions()
    needed = {"commands"} if heard["command"] or heard["message_shortcut"] else set()
    for method in methods_called():
        needed |= METHODS[method]
    for event in events_heard():
        needed |= set().union(*EVENTS[event].values())
    for element, scopes in ELEMENTS.items():
        needed |= scopes if f'"{element}"' in source() else set()
    assert sorted(manifest()["oauth_config"]["scopes"]["bot"]) == sorted(needed)


def test_the_commands_and_shortcuts_are_those_that_are_answered() -> None:
    features, heard = manifest()["features"], interactions()
    assert [one["command"] for one in features["slash_commands"]] == heard["command"]
    assert [one["callback_id"] for one in features["shortcuts"]] == heard["message_shortcut"]
    assert {one["type"] for one in features["shortcuts"]} == {"message"}
    assert all(one["should_escape"] for one in features["slash_commands"]), "members come with their ids"


def test_what_is_pressed_filled_in_and_looked_up_is_sent_to_the_bot() -> None:
    heard = interactions()
    assert heard["block_action"]
    assert heard["view_submission"]
    assert heard["block_suggestion"]
    assert manifest()["settings"]["interactivity"] == {"is_enabled": True}


def test_the_manifest_fits_slacks_limits() -> None:
    """Limits: https://docs.slack.dev/reference/app-manifest"""
    made = manifest("https://bot.example/")
    shown, features = made["display_information"], made["features"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert len(features["bot_user"]["display_name"]) <= 80
    assert all(len(one["name"]) <= 24 and len(one["description"]) <= 150 for one in features["shortcuts"])
    assert all(len(one["callback_id"]) <= 255 for one in features["shortcuts"])
    assert all(len(one["command"]) <= 32 and len(one["description"]) <= 2_000 for one in features["slash_commands"])
    assert all(len(one["usage_hint"]) <= 1_000 for one in features["slash_commands"])
    assert len(made["settings"]["event_subscriptions"]["bot_events"]) <= 100


def test_over_http_slack_is_told_where_the_bot_is() -> None:
    made = manifest("https://bot.example/")
    events = "https://bot.example/slack/events"
    assert made["settings"]["event_subscriptions"]["request_url"] == events
    interactivity = {"is_enabled": True, "request_url": events, "message_menu_options_url": events}
    assert made["settings"]["interactivity"] == interactivity
    assert {one["url"] for one in made["features"]["slash_commands"]} == {events}
    assert made["oauth_config"]["redirect_urls"] == ["https://bot.example/slack/oauth_redirect"]
    assert not made["settings"]["socket_mode_enabled"]
    assert manifest()["settings"]["socket_mode_enabled"]


def test_the_file_and_the_command_are_the_manifest() -> None:
    written = (ROOT / "config/slack-manifest.yaml").read_text("utf-8")
    assert written == manifest_text(), "reading-group-bot slack manifest > config/slack-manifest.yaml"
    assert yaml.safe_load(written) == manifest()
    run = CliRunner()
    assert run.invoke(cli, ["slack", "manifest"]).output == written
    printed = run.invoke(cli, ["slack", "manifest", "--url", "https://bot.example"]).output
    assert yaml.safe_load(printed) == manifest("https://bot.example")


@pytest.mark.parametrize("url", ["http://bot.example", "bot.example", "https://bot.example/slack"])
def test_an_address_that_slack_would_not_call_is_refused(url: str) -> None:
    done = CliRunner().invoke(cli, ["slack", "manifest", "--url", url])
    assert done.exit_code == 2
    assert "https://" in done.output
