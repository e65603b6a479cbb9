"""Checking what was given to a command: from text to dates, times, zones and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Any

from bot.commands.table import Command, Parameter, ParameterKind
from bot.errors import ChatError
from bot.events import TextFile
from bot.nearest import nearest
from bot.wording import parse_days, parse_time, parse_zone
from bot.yamlsentences import shown

MOST_DIGITS = 9


def check_arguments(
    command: Command, given: Mapping[str, str], today: date, files: Mapping[str, TextFile] | None = None
) -> dict[str, Any]:
    """Return a command's arguments as values; those left out or left empty are not in it.

    `today` is the group's local date, which `today` and `tomorrow` are counted from; `files` are what was attached, by
    parameter. Raises ChatError with one sentence that says what was wrong and how to write it.
    """
    checked: dict[str, Any] = {}
    for parameter in command.parameters:
        # Halves of characters, which JSON can hold and a database cannot, must not reach a look-up.
        text = given.get(parameter.name, "").encode("utf-8", "replace").decode("utf-8").strip()
        if files and parameter.name in files:
            checked[parameter.name] = files[parameter.name]
        elif text and parameter.kind is ParameterKind.ATTACHMENT:
            raise ChatError(f"{parameter.name}: a file belongs here.", "Attach one.")
        elif text:
            checked[parameter.name] = _value(parameter, text, today)
        elif parameter.required:
            raise ChatError(
                f"`/{command.full_name}` needs {parameter.name}: {parameter.help}.", f"Write `{command.usage}`."
            )
    return checked


def _value(parameter: Parameter, text: str, today: date) -> Any:
    if parameter.choices:
        return _choice(parameter, text)
    try:
        match parameter.kind:
            case ParameterKind.NUMBER:
                return _number(text)
            case ParameterKind.DATE | ParameterKind.DIGEST:
                return _date(text, today)
            case ParameterKind.TIME:
                return parse_time(text)
            case ParameterKind.ZONE:
                return parse_zone(text)
            case ParameterKind.DAYS:
                return parse_days(text)
            case ParameterKind.WEEKDAY_TIME:
                return _weekday_and_time(text)
            case _:
                return text
    except ValueError as error:
        raise ChatError(f"{parameter.name}: {error}") from None


def _choice(parameter: Parameter, text: str) -> str:
    if text.lower() in parameter.choices:
        return text.lower()
    near = nearest(text, parameter.choices)
    hint = f"Did you mean {near}?" if near else f"Write one of {', '.join(parameter.choices)}."
    raise ChatError(f"{parameter.name}: {shown(text)} is not one of the choices.", hint)


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > MOST_DIGITS:
        raise ValueError(f"{shown(text)} is not a number I can use; write one such as 3.")
    return int(text)


def _date(text: str, today: date) -> date:
    match text.lower():
        case "today":
            return today
        case "tomorrow":
            return today + timedelta(days=1)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{shown(text)} is not a date; write it like {today.isoformat()}, today or tomorrow."
        ) from None


def _weekday_and_time(text: str) -> tuple[int, time]:
    day, _, at = text.partition(" ")
    days = parse_days(day)
    at = at.strip().removeprefix("at ")
    if len(days) != 1 or not at:
        raise ValueError(f"{shown(text)} is not a weekday and a time; write it like sun 18:00.")
    return min(days), parse_time(at)
