"""The operator's settings as a file holds them."""

from __future__ import annotations

import os
import re
from datetime import date, time
from pathlib import Path

import pytest
from pydantic import BaseModel

from bot import config
from bot.cli import load_environment
from bot.config import BotSettings, ConsoleSettings, DeclaredGroup, load_settings
from bot.errors import SettingsError
from bot.model import Channel, Exhausted, Order, Ref

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "config" / "bot.example.yaml"
GROUP = """\
platforms: {console: }
groups:
  - slug: evening
    name: Evening readers
    rooms: [{platform: console}]
"""


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of the test's own, where `config/bot.yaml` may be written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    return Path("config/bot.yaml")


def told(path: Path, text: str) -> str:
    """Write a file and return what is told of it."""
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert caught.value.exit_code == 3
    return str(caught.value)


def uncommented() -> str:
    """Return the example with every setting that is commented out taken in."""
    return re.sub(r"(?m)^( *)#(?=[^ \n])", r"\1", EXAMPLE.read_text("utf-8"))


def models() -> list[type[BaseModel]]:
    """Return every part of the settings."""
    found = [one for one in vars(config).values() if isinstance(one, type) and issubclass(one, BaseModel)]
    return [one for one in found if one is not BaseModel and not one.__name__.startswith("_")]


def test_the_example_is_valid_as_it_stands_and_changes_only_that_the_console_is_connected() -> None:
    found = load_settings(EXAMPLE)
    assert found.platforms.console == ConsoleSettings()
    assert found.model_copy(update={"platforms": BotSettings().platforms}) == BotSettings()


def test_the_example_with_everything_taken_in_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "bot.yaml"
    path.write_text(uncommented())
    found = load_settings(path)
    assert [group.slug for group in found.groups] == ["evening-readers"]
    assert found.platforms.discord is not None


def test_every_setting_stands_in_the_example_with_a_comment_and_its_default(tmp_path: Path) -> None:
    text = uncommented()
    lines = text.splitlines()
    assert {BotSettings, DeclaredGroup} < set(models())
    for model in models():
        for name in model.model_fields:
            places = [number for number, line in enumerate(lines) if re.match(rf" *(- )?{name}:", line)]
            assert places, f"{name} of {model.__name__} is missing"
            above = [lines[number - 1].lstrip() for number in places]
            assert any(line.startswith(("# ", "digest_on", "api_url")) for line in above), f"{name} has no comment"
    path = tmp_path / "bot.yaml"
    path.write_text(text)
    group = load_settings(path).groups[0]
    for name, field in DeclaredGroup.model_fields.items():
        assert field.is_required() or getattr(group, name) == field.default, f"{name} is not at its default"


def test_without_a_file_there_are_the_defaults(written: Path) -> None:
    assert load_settings(None) == BotSettings()
    assert BotSettings().database_url == "sqlite+aiosqlite:///data/bot.db"


def test_the_usual_file_is_read_when_it_is_there(written: Path) -> None:
    written.write_text("database: elsewhere.db\n")
    assert load_settings(None).database == Path("elsewhere.db")


def test_a_file_that_was_named_must_be_there(written: Path) -> None:
    with pytest.raises(SettingsError, match=r"config/bot\.yaml:1: There is no such file; check the name\."):
        load_settings(written)


def test_a_declared_group_has_all_that_a_host_could_set(written: Path) -> None:
    more = """\
    zone: paris
    ask_at: 8:30
    days: [mon, wed, fri]
    holidays: [2030-12-24, 2030-12-31]
    digest_on: friday
    digest_at: 17:00
    question_set: commons
    order: reading
    exhausted: stop
    tell_empty_week: true
    alert_channel: {platform: console, channel: alerts}
"""
    written.write_text(GROUP.replace("console}]", "console, mention: '7'}]") + more)
    group = load_settings(None).groups[0]
    settings = group.settings
    assert settings.alert_channel == Channel("console", Ref("terminal"), Ref("alerts"))
    assert group.rooms[0].mention == "7"
    assert (settings.zone, settings.ask_at, settings.days) == ("Europe/Paris", time(8, 30), frozenset({0, 2, 4}))
    assert settings.holidays == {date(2030, 12, 24), date(2030, 12, 31)}
    assert (settings.digest_on, settings.digest_at) == (4, time(17))
    assert (settings.order, settings.exhausted, settings.tell_empty_week) == (Order.READING, Exhausted.STOP, True)
    assert settings.question_set == "commons"


def test_days_may_be_written_in_any_way_that_chat_takes(written: Path) -> None:
    for days in ("mon-fri", "weekdays", "mon, tue, wed, thu, fri", "[mon, tue-fri]"):
        written.write_text(f"{GROUP}    days: {days}\n")
        assert load_settings(None).groups[0].days == frozenset(range(5)), days


@pytest.mark.parametrize("empty", ["", " ~", " {}"])
def test_a_platform_that_is_only_named_is_connected(written: Path, empty: str) -> None:
    written.write_text(f"platforms:\n  console:{empty}\n")
    assert load_settings(None).platforms.console == ConsoleSettings()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("databse: x.db", "1: databse: There is no such key here; did you mean `database`?"),
        ("log_level: INFO", "1: log_level: “INFO” is not one of"),
        ("log_level: loud", "1: log_level: “loud” is not one of `debug`, `info`, `warning`, `error`"),
        ("database:", "1: database: This is empty"),
        ("database: [a]", "1: database: A path belongs here, such as data/bot.db."),
        (GROUP.replace("Evening readers", "'  '"), "4: groups[1].name: This is empty"),
        (
            "platforms: {slack: {api_url: wss://x}}",
            "1: platforms.slack.api_url: “wss://x” does not fit; write an address",
        ),
        (
            "platforms: {discord: {gateway_url: https://x}}",
            "1: platforms.discord.gateway_url: “https://x” does not fit; write an address that begins with wss://.",
        ),
        ("platforms:\n  consle:\n", "2: platforms.consle: There is no such key here; did you mean"),
        ("- a\n- b", "1: Keys with values belong here"),
        ("", "1: The file is empty."),
        ("a: [", "1: A bracket is opened here and never closed"),
        (
            GROUP + "    zone: Pariss\n",
            "6: groups[1].zone: “Pariss” is not a time zone I know; did you",
        ),
        (GROUP + "    ask_at: 9 o'clock\n", "6: groups[1].ask_at: "),
        (GROUP + "    days: someday\n", "6: groups[1].days: “someday” is not a day of the week"),
        (GROUP + "    days: [0, 1]\n", "6: groups[1].days: “0” is not a day of the week"),
        (GROUP + "    digest_on: mon-fri\n", "6: groups[1].digest_on: One weekday belongs here"),
        (GROUP + "    digest_on: [mon, fri]\n", "6: groups[1].digest_on: One weekday belongs here"),
        (
            GROUP + "    holidays: [31.12.2030]\n",
            "6: groups[1].holidays[1]: “31.12.2030” is not a date",
        ),
        (GROUP + "    order: random\n", "6: groups[1].order: “random” is not one of"),
        (
            GROUP.replace("evening\n", "Evening Readers\n"),
            "3: groups[1].slug: “Evening Readers” does not",
        ),
        (GROUP.replace("    name: Evening readers\n", ""), "3: groups[1].name: This is missing; add `name: …`."),
        (GROUP.replace("[{platform: console}]", "[]"), "5: groups[1].rooms: This is empty"),
    ],
)
def test_every_mistake_is_told_with_file_line_and_key(written: Path, text: str, expected: str) -> None:
    found = told(written, text)
    assert found.startswith(f"config/bot.yaml:{expected}")
    assert "\n" not in found


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(written: Path) -> None:
    found = told(written, "databse: x\nlog_level: loud\nseed: y\n").splitlines()
    assert [line.split(": ")[:2] for line in found] == [
        ["config/bot.yaml:1", "databse"],
        ["config/bot.yaml:2", "log_level"],
        ["config/bot.yaml:3", "seed"],
    ]


@pytest.mark.parametrize("key", ["token", "DISCORD_TOKEN", "bot-token", "client_secret", "apikey", "password"])
def test_a_secret_is_refused_with_where_it_belongs_and_never_repeated(written: Path, key: str) -> None:
    found = told(written, f"platforms:\n  discord:\n    {key}: hunter2hunter2\n")
    place = f"config/bot.yaml:3: platforms.discord.{key}: "
    assert found == (
        f"{place}Tokens and passwords are read from the environment only; delete this line and see .env.example."
    )


def test_two_groups_cannot_share_a_slug(written: Path) -> None:
    more = "  - {slug: evening, name: Others, rooms: [{platform: console, channel: other}]}\n"
    assert told(written, GROUP + more) == (
        "config/bot.yaml:6: groups[2].slug: Another group has the slug “evening”; give each its own."
    )


def test_two_groups_cannot_share_a_channel(written: Path) -> None:
    found = told(written, GROUP + "  - {slug: others, name: Others, rooms: [{platform: console}]}\n")
    assert found == (
        "config/bot.yaml:6: groups[2].rooms[1]: The group “evening” meets in channel reading-room already;"
        " a channel holds one."
    )


def test_a_group_cannot_meet_on_a_platform_that_is_not_connected(written: Path) -> None:
    found = told(written, GROUP.replace("platforms: {console: }\n", ""))
    assert found == (
        "config/bot.yaml:4: groups[1].rooms[1].platform: The bot is not connected to console;"
        " name it under `platforms`."
    )


@pytest.mark.parametrize(("shards", "expected"), [("auto", None), ("2", 2)])
def test_shards_are_a_number_or_left_to_discord(written: Path, shards: str, expected: int | None) -> None:
    written.write_text(f"platforms: {{discord: {{shards: {shards}}}}}\n")
    discord = load_settings(None).platforms.discord
    assert discord is not None
    assert discord.shards == expected


@pytest.mark.parametrize("shards", ["many", "0", "2.5"])
def test_other_shards_are_refused(written: Path, shards: str) -> None:
    assert told(written, f"platforms: {{discord: {{shards: {shards}}}}}\n").startswith(
        "config/bot.yaml:1: platforms.discord.shards: "
    )


def test_alerts_cannot_be_said_on_a_platform_that_is_not_connected(written: Path) -> None:
    where = "{platform: discord, workspace: '1', channel: '2'}"
    found = told(written, f"{GROUP}    alert_channel: {where}\n")
    assert found.startswith("config/bot.yaml:6: groups[1].alert_channel.platform: The bot is not connected to discord;")


def test_a_room_on_discord_says_which_server_and_channel(written: Path) -> None:
    found = told(written, GROUP.replace("{platform: console}", "{platform: discord, channel: '1'}"))
    assert "groups[1].rooms[1]: On discord a room needs both its `workspace` and its `channel`." in found


def test_a_group_knows_where_in_the_file_its_settings_stand(written: Path) -> None:
    written.write_text(GROUP + "    question_set: nowhere\n")
    group = load_settings(None).groups[0]
    assert group.wrong("question_set", "It is gone.") == "config/bot.yaml:6: groups[1].question_set: It is gone."
    assert group.wrong("days", "None.") == "config/bot.yaml:3: groups[1].days: None."


def test_variables_come_from_a_file_unless_they_are_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READING_GROUP_SEEDS", "set already")
    monkeypatch.delenv("READING_GROUP_CONFIG", raising=False)
    env = tmp_path / ".env"
    env.write_text("# a comment\nREADING_GROUP_SEEDS=from the file\nREADING_GROUP_CONFIG='other.yaml'\n")
    load_environment(env)
    assert (os.environ["READING_GROUP_SEEDS"], os.environ["READING_GROUP_CONFIG"]) == ("set already", "other.yaml")
    monkeypatch.delenv("READING_GROUP_CONFIG")


@pytest.mark.parametrize("line", ["this is no variable", "TOKEN='never closed", 'TOKEN="closed" and more'])
def test_a_line_of_variables_that_would_be_passed_over_is_told_with_its_place(tmp_path: Path, line: str) -> None:
    env = tmp_path / ".env"
    env.write_text(f"# a comment\n\nREADING_GROUP_SEEDS_OF_NOBODY=\n{line}\n")
    with pytest.raises(SettingsError) as caught:
        load_environment(env)
    told = "This line is no `NAME=value`, or its quotation marks are not closed. See .env.example."
    assert str(caught.value) == f"{env}:4: {told}"
    assert "READING_GROUP_SEEDS_OF_NOBODY" not in os.environ


def test_a_file_of_variables_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_bytes(b"TOKEN=\xff\xfe\n")
    with pytest.raises(SettingsError, match=r"\.env cannot be read \(it is not in UTF-8\)\. See \.env\.example\."):
        load_environment(env)
    load_environment(tmp_path / "not there")


def test_the_example_of_variables_sets_nothing() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    assert all(line.startswith("#") or not line for line in lines)
    assert any("DISCORD_TOKEN" in line for line in lines)


def test_settings_that_cannot_be_looked_for_are_not_taken_for_missing(written: Path) -> None:
    written.symlink_to("nowhere.yaml")
    with pytest.raises(SettingsError, match="There is no such file"):
        load_settings(None)
    written.unlink()
    written.parent.rmdir()
    written.parent.symlink_to(written.parent.name)
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(None)


def test_an_environment_file_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot be read \(File name too long\)"):
        load_environment(tmp_path / ("x" * 300))
    path = tmp_path / ".env"
    path.write_bytes(b"READING_GROUP_SEEDS=a\0b\n")
    with pytest.raises(SettingsError, match=r"cannot be read \(embedded null byte\)"):
        load_environment(path)
