"""The table of commands as Discord takes it: https://discord.com/developers/docs/interactions/application-commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from bot.commands.help import TABLE
from bot.commands.table import ParameterKind
from bot.platforms.discord.commands import command_payloads, fingerprint, used

NAME = re.compile(r"[-_a-z0-9]{1,32}")


def levels(options: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    yield options
    for option in options:
        yield from levels(option.get("options", []))


def size(payload: dict[str, Any]) -> int:
    """Return what Discord counts: names, descriptions and values of a command and everything in it."""
    own = len(payload["name"]) + len(payload.get("description", ""))
    choices = sum(len(choice["name"]) + len(str(choice["value"])) for choice in payload.get("choices", []))
    return own + choices + sum(map(size, payload.get("options", [])))


def slash_commands() -> list[dict[str, Any]]:
    return [payload for payload in command_payloads(TABLE) if payload["type"] == 1]


def test_the_commands_keep_to_discords_limits() -> None:
    for command in slash_commands():
        assert size(command) <= 8_000
        for options in levels(command["options"]):
            assert len(options) <= 25
            assert len({option["name"] for option in options}) == len(options)
            required = [option.get("required", False) for option in options]
            assert required == sorted(required, reverse=True), "required options come first"
            for option in options:
                assert NAME.fullmatch(option["name"])
                assert 1 <= len(option["description"]) <= 100
                assert len(option.get("choices", [])) <= 25
                assert not (option.get("choices") and option.get("autocomplete"))


def test_each_command_is_there_with_its_parameters_and_open_to_hosts_without_rights() -> None:
    found: dict[str, set[str]] = {}
    for root in slash_commands():
        assert root["contexts"] == [0]
        assert "default_member_permissions" not in root
        for option in root["options"]:
            subcommands = option["options"] if option["type"] == 2 else [option]
            group = f"{option['name']} " if option["type"] == 2 else ""
            for one in subcommands:
                found[f"{root['name']} {group}{one['name']}"] = {parameter["name"] for parameter in one["options"]}
    assert found == {name: {one.name for one in command.parameters} for name, command in TABLE.items()}


def test_menus_of_messages_keep_to_discords_limits() -> None:
    menus = [payload for payload in command_payloads(TABLE) if payload["type"] == 3]
    assert [menu["name"] for menu in menus] == ["Quote in digest", "Hide from digest"]
    assert len(menus) <= 15
    for menu in menus:
        assert menu.keys() == {"type", "name", "contexts"}, "Discord takes neither description nor options here"
        assert len(menu["name"]) <= 32


def test_parameters_are_typed() -> None:
    types = {
        (f"{root['name']} {command['name']}", option["name"]): option
        for root in slash_commands()
        for command in root["options"]
        for option in command["options"]
        if command["type"] == 1
    }
    setup = "reading-host setup"
    assert types[setup, "channel"]["type"] == 7
    assert types[setup, "channel"]["channel_types"] == [0, 5, 15]
    assert types[setup, "zone"]["autocomplete"]
    assert types[setup, "set"]["autocomplete"]
    assert {choice["value"] for choice in types[setup, "order"]["choices"]} == {"reading", "shuffled", "topics"}
    assert types["reading-host next", "count"]["type"] == 4
    kinds = {one.kind for command in TABLE.values() for one in command.parameters}
    assert {ParameterKind.ATTACHMENT, ParameterKind.MEMBER} <= kinds


def test_a_change_is_noticed_and_nothing_else() -> None:
    payloads = command_payloads(TABLE)
    assert fingerprint(payloads) == fingerprint(command_payloads(TABLE))
    payloads[0]["options"][0]["description"] += "!"
    assert fingerprint(payloads) != fingerprint(command_payloads(TABLE))


def test_what_is_used_is_read_with_its_path_values_and_files() -> None:
    file = {"id": "7", "filename": "q.csv", "size": 3, "url": "https://cdn.example/q.csv"}
    options = [
        {"type": 3, "name": "zone", "value": "par", "focused": True},
        {"type": 4, "name": "count", "value": 3},
        {"type": 11, "name": "file", "value": "7"},
    ]
    inside = [{"type": 2, "name": "queue", "options": [{"type": 1, "name": "add", "options": options}]}]
    use = used({"name": "reading-host", "options": inside, "resolved": {"attachments": {"7": file}}}, TABLE)
    assert (use.command, use.focused) == ("reading-host queue add", "zone")
    assert use.arguments == {"zone": "par", "count": "3"}
    assert use.attached == {"file": file}
    assert used({"name": "reading", "options": [{"type": 1, "name": "today"}]}, TABLE).command == "reading today"


def test_a_messages_menu_hands_over_the_message() -> None:
    use = used({"type": 3, "name": "Hide from digest", "target_id": "77"}, TABLE)
    assert (use.command, use.arguments) == ("reading-host hide", {"message": "77"})


@pytest.mark.parametrize(
    "written", ["77", "https://discord.com/channels/1/2/77", "https://canary.discord.com/channels/1/2/77"]
)
def test_a_message_is_known_by_its_link_as_well(written: str) -> None:
    options = [{"type": 1, "name": "quote", "options": [{"type": 3, "name": "message", "value": written}]}]
    assert used({"name": "reading-host", "options": options}, TABLE).arguments == {"message": "77"}
