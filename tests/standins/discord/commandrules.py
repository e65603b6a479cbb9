"""Discord's limits on application commands: names, descriptions, options, choices, and 8,000 characters in all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .errors import ApiError, Problems
from .state import Json

SUBCOMMAND, GROUP, STRING, INTEGER, NUMBER = 1, 2, 3, 4, 10
CHAT, USER_MENU, MESSAGE_MENU = 1, 2, 3
LARGEST, MOST_OPTIONS, MOST_CHOICES = 8000, 25, 25
MOST = {CHAT: 100, USER_MENU: 5, MESSAGE_MENU: 5}


def check_commands(commands: Any) -> None:
    """Check all commands of one place; ApiError 50035 names each problem as Discord does, 30032 too many."""
    if not isinstance(commands, list):
        raise ApiError(50035, message="Invalid Form Body", errors={"_errors": [{"code": "LIST_TYPE_CONVERT"}]})
    problems = Problems()
    for index, command in enumerate(commands):
        check_command(problems, str(index), command)
    named = [(command.get("type", CHAT), command.get("name")) for command in commands]
    for index, key in enumerate(named):
        if key in named[:index]:
            words = "Application command names must be unique"
            problems.add(f"{index}.name", "APPLICATION_COMMANDS_DUPLICATE_NAME", words)
    problems.raise_if_any()
    for kind, most in MOST.items():
        if sum(1 for k, _ in named if k == kind) > most:
            raise ApiError(30032)


def check_command(problems: Problems, path: str, command: Json) -> None:
    """Check one command."""
    kind = command.get("type", CHAT)
    if kind != CHAT:
        problems.text(f"{path}.name", command.get("name", ""), 32, shortest=1)
        if command.get("description"):
            words = "Context menu commands cannot have description"
            problems.add(f"{path}.description", "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_CANNOT_BE_SET", words)
        if command.get("options"):
            words = "Context menu commands cannot have options"
            problems.add(f"{path}.options", "APPLICATION_COMMAND_CONTEXT_MENU_OPTIONS_CANNOT_BE_SET", words)
        return
    _check_name(problems, path, command)
    options = command.get("options") or []
    _check_options(problems, f"{path}.options", options, depth=0)
    if sum(_sizes(command)) > LARGEST:
        words = f"Command exceeds maximum size ({LARGEST})"
        problems.add(path, "APPLICATION_COMMAND_TOO_LARGE", words)


def _check_name(problems: Problems, path: str, thing: Json) -> None:
    name = thing.get("name")
    at = f"{path}.name"
    if not name:
        problems.required(at)
    elif not re.fullmatch(r"[-_'\w]{1,32}", str(name)) or name != str(name).lower():
        problems.text(at, name, 32, shortest=1)
        problems.add(at, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    if not thing.get("description"):
        problems.required(f"{path}.description")
    else:
        problems.text(f"{path}.description", thing["description"], 100, shortest=1)


def _check_options(problems: Problems, path: str, options: list[Json], depth: int) -> None:
    if not problems.count(path, options, MOST_OPTIONS):
        return
    nested = [option.get("type") in {SUBCOMMAND, GROUP} for option in options]
    if any(nested) and not all(nested):
        words = "Sub-command and sub-command group option types are mutually exclusive to all other types"
        problems.add(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", words)
    names = [option.get("name") for option in options]
    seen_optional = False
    for index, option in enumerate(options):
        at = f"{path}.{index}"
        _check_name(problems, at, option)
        if names[index] in names[:index]:
            problems.add(at, "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", "Option name is not unique")
        if option.get("required") and seen_optional:
            words = "Required options must be placed before non-required options"
            problems.add(at, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", words)
        seen_optional = seen_optional or not option.get("required")
        _check_option(problems, at, option, depth)


def _check_option(problems: Problems, path: str, option: Json, depth: int) -> None:
    match option.get("type"):
        case 2 if depth > 0:
            problems.add(f"{path}.type", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Groups cannot be nested")
        case 1 if depth > 1:
            problems.add(f"{path}.type", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Sub-commands cannot be nested")
        case 1:
            _check_options(problems, f"{path}.options", option.get("options") or [], 2)
        case 2:
            inner = option.get("options") or []
            problems.count(f"{path}.options", inner, MOST_OPTIONS, least=1)
            _check_options(problems, f"{path}.options", inner, 1)
        case 3 | 4 | 10:
            _check_choices(problems, path, option)
        case kind:
            problems.choice(f"{path}.type", kind, set(range(1, 12)))


def _check_choices(problems: Problems, path: str, option: Json) -> None:
    choices = option.get("choices") or []
    problems.count(f"{path}.choices", choices, MOST_CHOICES)
    if choices and option.get("autocomplete"):
        words = "Choices and autocomplete are mutually exclusive"
        problems.add(f"{path}.autocomplete", "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES_EXCLUSIVE", words)
    for index, choice in enumerate(choices):
        problems.text(f"{path}.choices.{index}.name", choice.get("name", ""), 100, shortest=1)
        if option["type"] == STRING:
            problems.text(f"{path}.choices.{index}.value", choice.get("value", ""), 100)
    for key, most in (("min_length", 6000), ("max_length", 6000)):
        if option.get(key) is not None and not 0 <= option[key] <= most:
            problems.add(f"{path}.{key}", "NUMBER_TYPE_MAX", f"int value should be less than or equal to {most}.")


def _sizes(thing: Json) -> Iterator[int]:
    """What counts towards a command's size: names, descriptions, and values of choices."""
    yield len(str(thing.get("name", ""))) + len(str(thing.get("description", "")))
    for choice in thing.get("choices") or []:
        yield len(str(choice.get("name", ""))) + len(str(choice.get("value", "")))
    for option in thing.get("options") or []:
        yield from _sizes(option)


def stored(command: Json, command_id: int, version: int, application: int, guild: int | None) -> Json:
    """The command as Discord returns it."""
    kind = command.get("type", CHAT)
    kept: Json = {
        "id": str(command_id),
        "application_id": str(application),
        "version": str(version),
        "default_member_permissions": command.get("default_member_permissions"),
        "type": kind,
        "name": command["name"],
        "name_localizations": command.get("name_localizations"),
        "description": command.get("description") or "",
        "description_localizations": command.get("description_localizations"),
        "dm_permission": command.get("dm_permission", True),
        "contexts": command.get("contexts"),
        "integration_types": command.get("integration_types") or [0],
        "nsfw": command.get("nsfw", False),
    }
    if kind == CHAT and command.get("options"):
        kept["options"] = command["options"]
    if guild is not None:
        kept["guild_id"] = str(guild)
    return kept
