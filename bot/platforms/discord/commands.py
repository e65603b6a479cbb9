"""From the table of commands to Discord's application commands, and from what Discord sends back to what was used.

Option types: https://discord.com/developers/docs/interactions/application-commands#application-command-object-application-command-option-type
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.commands.completing import COMPLETED
from bot.commands.table import HOSTS, MEMBERS, Command, Parameter, ParameterKind, Table

SUB_COMMAND, SUB_COMMAND_GROUP, STRING, INTEGER, USER, CHANNEL, ROLE, ATTACHMENT = 1, 2, 3, 4, 6, 7, 8, 11
CHAT_INPUT, MESSAGE = 1, 3
IN_SERVERS = 0
TEXT_CHANNELS = [0, 5, 15]
"""Text, announcement and forum channels."""

LARGEST_NUMBER = 999_999_999


_MESSAGE_LINK = re.compile(r"https://(?:\w+\.)?discord(?:app)?\.com/channels/\d+/\d+/(?P<id>\d+)")

_ROOTS = {MEMBERS: "Questions, answers and digests of your reading group", HOSTS: "Run your reading group"}


def command_payloads(table: Table) -> list[dict[str, Any]]:
    """Return the table as Discord's application commands: the roots, and what stands in a message's menu.

    They need no permission of Discord's: hosts are those of the group, who may have none.
    """
    roots = [_root(root, [command for command in table.values() if command.root == root]) for root in _ROOTS]
    menus = [command.menu for command in table.values() if command.menu]
    return [*roots, *({"type": MESSAGE, "name": menu, "contexts": [IN_SERVERS]} for menu in menus)]


def fingerprint(payloads: Sequence[Mapping[str, Any]]) -> str:
    """Return a hash of the commands, by which a change is noticed."""
    return hashlib.sha256(json.dumps(payloads, sort_keys=True).encode()).hexdigest()


def _root(root: str, commands: Sequence[Command]) -> dict[str, Any]:
    groups: dict[str, list[dict[str, Any]]] = {}
    options: list[dict[str, Any]] = []
    for command in commands:
        group, _, name = command.name.rpartition(" ")
        if not group:
            options.append(_subcommand(command, name))
            continue
        if group not in groups:
            groups[group] = []
            told = f"{group.capitalize()}: see and change"
            options.append({"type": SUB_COMMAND_GROUP, "name": group, "description": told, "options": groups[group]})
        groups[group].append(_subcommand(command, name))
    return {
        "type": CHAT_INPUT,
        "name": root,
        "description": _ROOTS[root],
        "options": options,
        "contexts": [IN_SERVERS],
    }


def _subcommand(command: Command, name: str) -> dict[str, Any]:
    parameters = sorted(command.parameters, key=lambda parameter: not parameter.required)
    return {
        "type": SUB_COMMAND,
        "name": name,
        "description": command.help,
        "options": [_option(parameter) for parameter in parameters],
    }


def _option(parameter: Parameter) -> dict[str, Any]:
    option: dict[str, Any] = {
        "type": STRING,
        "name": parameter.name,
        "description": parameter.help,
        "required": parameter.required,
    }
    if parameter.choices:
        option["choices"] = [{"name": choice, "value": choice} for choice in parameter.choices]
    elif parameter.kind is ParameterKind.NUMBER:
        option |= {"type": INTEGER, "min_value": 1, "max_value": LARGEST_NUMBER}
    elif parameter.kind is ParameterKind.CHANNEL:
        option |= {"type": CHANNEL, "channel_types": TEXT_CHANNELS}
    elif parameter.kind is ParameterKind.MEMBER:
        option["type"] = USER
    elif parameter.kind is ParameterKind.ROLE:
        option["type"] = ROLE
    elif parameter.kind is ParameterKind.ATTACHMENT:
        option["type"] = ATTACHMENT
    elif parameter.kind in COMPLETED:
        option["autocomplete"] = True
    return option


@dataclass(frozen=True, slots=True)
class Used:
    """What somebody used: a command's full name, what they gave, and which parameter they are typing, if any.

    `attached` has Discord's description of each attached file, by parameter.
    """

    command: str
    arguments: Mapping[str, str]
    attached: Mapping[str, Mapping[str, Any]]
    focused: str = ""


def used(data: Mapping[str, Any], table: Table) -> Used:
    """Return what an interaction with a command, or with one in a message's menu, says."""
    if data.get("type") == MESSAGE:
        command = next((name for name, command in table.items() if command.menu == data["name"]), data["name"])
        return Used(command, {"message": str(data["target_id"])}, {})
    words, options = [data["name"]], data.get("options", [])
    while options and options[0]["type"] in (SUB_COMMAND, SUB_COMMAND_GROUP):
        words.append(options[0]["name"])
        options = options[0].get("options", [])
    files = data.get("resolved", {}).get("attachments", {})
    attached = {one["name"]: files[str(one["value"])] for one in options if one["type"] == ATTACHMENT}
    name = " ".join(words)
    messages = (
        {one.name for one in table[name].parameters if one.kind is ParameterKind.MESSAGE} if name in table else ()
    )
    given = {one["name"]: str(one.get("value", "")) for one in options if one["type"] != ATTACHMENT}
    return Used(
        command=name,
        arguments={name: _own_id(value) if name in messages else value for name, value in given.items()},
        attached=attached,
        focused=next((one["name"] for one in options if one.get("focused")), ""),
    )


def _own_id(message: str) -> str:
    """Return a message's id, out of its link if that was given."""
    link = _MESSAGE_LINK.fullmatch(message.strip())
    return link["id"] if link else message
