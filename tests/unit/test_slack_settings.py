"""Slack, as the operator's file and the environment set it up."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cli.platforms import make_platforms
from bot.clock import SystemClock
from bot.config import BotSettings, load_settings
from bot.errors import SettingsError
from tests.unit.slack_rig import KEY

BY_SOCKET = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
BY_HTTP = {
    "SLACK_SIGNING_SECRET": "1",
    "SLACK_CLIENT_ID": "2",
    "SLACK_CLIENT_SECRET": "3",
    "SLACK_TOKEN_KEY": KEY,
}
HTTP = "    mode: http\n    http: {public_url: https://reading.example.org}\n"


def settings(folder: Path, more: str = "") -> BotSettings:
    """Return settings that name Slack."""
    path = folder / "bot.yaml"
    path.write_text("platforms:\n  slack:\n" + more)
    return load_settings(path)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Return an environment without anything of Slack's."""
    for name in (*BY_SOCKET, *BY_HTTP):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(("more", "needed"), [("", BY_SOCKET), (HTTP, BY_HTTP)], ids=["socket", "http"])
async def test_each_variable_that_is_missing_is_named_in_a_sentence(
    environment: pytest.MonkeyPatch, tmp_path: Path, more: str, needed: dict[str, str]
) -> None:
    found = settings(tmp_path, more)
    for name, value in needed.items():
        with pytest.raises(SettingsError, match=rf"^Slack needs {name}\. Put it into the environment"):
            await make_platforms(found, SystemClock())
        environment.setenv(name, value)
    (platform,) = await make_platforms(found, SystemClock())
    assert platform.name == "slack"
    await platform.close()


async def test_a_key_that_cannot_encrypt_is_told(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in (BY_HTTP | {"SLACK_TOKEN_KEY": "hunter2"}).items():
        environment.setenv(name, value)
    with pytest.raises(SettingsError, match="SLACK_TOKEN_KEY is no Fernet key"):
        await make_platforms(settings(tmp_path, HTTP), SystemClock())


def test_over_http_the_file_must_say_where_slack_finds_the_bot(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="`http` must say at which `public_url` Slack finds the bot"):
        settings(tmp_path, "    mode: http\n")


@pytest.mark.parametrize("team", ["Readers", "t123", "C123"])
def test_a_workspace_is_listed_by_its_id(tmp_path: Path, team: str) -> None:
    with pytest.raises(SettingsError, match="the workspace's id, which begins with T"):
        settings(tmp_path, HTTP + f"    teams: [{team}]\n")


def test_a_declared_group_may_meet_on_slack(tmp_path: Path) -> None:
    rooms = "groups: [{slug: a, name: A, rooms: [{platform: slack, workspace: T012, channel: C012}]}]\n"
    found = settings(tmp_path, "    history: restricted\n" + rooms)
    assert found.groups[0].rooms[0].place.channel == "C012"
    assert found.platforms.slack is not None
    assert found.platforms.slack.history == "restricted"


@pytest.mark.parametrize("url", ["wss://reading.example.org", "https://reading.example.org/slack/events", "a.example"])
def test_slack_finds_the_bot_at_a_web_address_without_a_path(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match=r"such as https://reading\.example\.org, without a path"):
        settings(tmp_path, f"    mode: http\n    http: {{public_url: {url}}}\n")
