"""From what was typed after a slash to a command and its arguments."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from bot.commands.table import Command, Parameter, Table
from bot.errors import ChatError
from bot.nearest import nearest

_CURLY = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"'})
_KEYED = re.compile(r"([a-z_]+):")


def parse_command(table: Table, root: str, line: str) -> tuple[Command, dict[str, str]]:
    """Return the command that a line after `/root` names, with its arguments as text.

    Arguments are plain words in the order of the parameters, `key:value` in any order, and "quoted words" as one.
    Raises ChatError with the nearest command where there is none of that name.
    """
    words = line.split()
    for count in (2, 1):
        command = table.get(" ".join((root, *(word.lower() for word in words[:count]))))
        if command is not None and len(words) >= count:
            rest = line.split(maxsplit=count)
            return command, parse_arguments(command, rest[count] if len(rest) > count else "")
    raise ChatError(*_unknown(table, root, " ".join(words[:2])))


def _unknown(table: Table, root: str, typed: str) -> tuple[str, str]:
    names = [command.name for command in table.values() if command.root == root]
    inside = [name for name in names if name.startswith(f"{typed.split(maxsplit=1)[0]} ")] if typed else []
    if not typed:
        return f"`/{root}` needs a command.", f"See them all with `/reading help`. For example `/{root} {names[0]}`."
    if inside:
        return f"`/{root} {typed}` is not complete.", f"Try {', '.join(f'`/{root} {name}`' for name in inside)}."
    near = nearest(typed, names) or nearest(typed.split()[0], names)
    hint = f"Did you mean `/{root} {near}`?" if near else "See them all with `/reading help`."
    return f"There is no command `/{root} {typed}`.", hint


def parse_arguments(command: Command, typed: str) -> dict[str, str]:
    """Return a command's arguments by parameter. Raises ChatError for one too many or an unclosed quotation mark."""
    parameters = {parameter.name: parameter for parameter in command.parameters}
    rest = next((parameter for parameter in command.parameters if parameter.rest), None)
    if rest is not None:
        return _with_rest(parameters, rest, typed)
    given: dict[str, str] = {}
    plain: list[str] = []
    for word in _words(typed):
        key, colon, value = word.partition(":")
        if colon and key.lower() in parameters:
            given[key.lower()] = value
        else:
            plain.append(word)
    free = [name for name in parameters if name not in given]
    if len(plain) > len(free):
        extra = plain[len(free)]
        raise ChatError(f"I do not know what “{extra}” is for in `/{command.full_name}`.", f"Write `{command.usage}`.")
    return given | dict(zip(free, plain, strict=False))


def _with_rest(parameters: Mapping[str, Parameter], rest: Parameter, typed: str) -> dict[str, str]:
    given: dict[str, str] = {}
    typed = typed.strip()
    while (match := _KEYED.match(typed)) and match[1] in parameters:
        after = typed[match.end() :].lstrip()
        if match[1] == rest.name:
            typed = after
            break
        value, _, typed = after.partition(" ")
        given[match[1]] = value
        typed = typed.lstrip()
    return given | ({rest.name: typed} if typed else {})


def _words(typed: str) -> list[str]:
    lexer = shlex.shlex(typed.translate(_CURLY), posix=True, punctuation_chars=False)
    lexer.quotes, lexer.escape, lexer.commenters, lexer.whitespace_split = '"', "", "", True
    try:
        return list(lexer)
    except ValueError:
        raise ChatError("A quotation mark is opened but never closed.", 'Write "like this".') from None
