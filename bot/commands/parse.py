"""From what was typed after a slash to a command and its arguments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from bot.commands.table import MEMBERS, Command, Parameter, ParameterKind, Table
from bot.errors import ChatError
from bot.nearest import nearest
from bot.yamlsentences import shown

_CURLY = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"'})
_WORD = re.compile(r'(?:[^\s"]++|"[^"]*+")++')
_KEY = re.compile(r"([A-Za-z_]+):\s*")

_OF_SEVERAL_WORDS = frozenset(
    {
        ParameterKind.TEXT,
        ParameterKind.TIME,
        ParameterKind.DAYS,
        ParameterKind.WEEKDAY_TIME,
        ParameterKind.ZONE,
        ParameterKind.TOPIC,
    }
)


def parse_command(table: Table, root: str, line: str) -> tuple[Command, dict[str, str]]:
    """Return the command that a line after `/root` names, with its arguments as text; help for an empty line.

    Arguments are plain words in the order of the parameters, or `key:value` in any order. What may be of several words,
    such as `digest:sun 18:00`, goes on until the next key; "quoted words" are one. Raises ChatError with the nearest
    command where there is none of that name.
    """
    words = line.split(maxsplit=2)
    if not words:
        return table[f"{MEMBERS} help"], {}
    for count in (2, 1):
        command = table.get(" ".join((root, *(word.lower() for word in words[:count]))))
        if command is not None and len(words) >= count:
            rest = line.split(maxsplit=count)
            return command, parse_arguments(command, rest[count] if len(rest) > count else "")
    raise ChatError(*_unknown(table, root, words[:2]))


def _unknown(table: Table, root: str, words: list[str]) -> tuple[str, str]:
    """Return what is wrong with a command's name, and what to write instead."""
    name = " ".join(words)
    typed = shown(f"/{root} {name}")
    names = [command.name for command in table.values() if command.root == root]
    inside = [name for name in names if name.startswith(f"{words[0].lower()} ")]
    if inside and len(words) == 1:
        return f"{typed} is not complete.", f"Try {', '.join(f'`/{root} {name}`' for name in inside)}."
    elsewhere = [command.full_name for command in table.values() if command.name in (name.lower(), words[0].lower())]
    near = nearest(name, inside or names) or nearest(words[0], names)
    if meant := (elsewhere[0] if elsewhere else f"{root} {near}" if near else ""):
        return f"There is no command {typed}.", f"Did you mean `/{meant}`?"
    if inside:
        return f"There is no command {typed}.", f"Try {', '.join(f'`/{root} {name}`' for name in inside)}."
    return f"There is no command {typed}.", "See them all with `/reading help`."


def parse_arguments(command: Command, typed: str) -> dict[str, str]:
    """Return a command's arguments by parameter. Raises ChatError for one too many or an unclosed quotation mark."""
    parameters = {parameter.name: parameter for parameter in command.parameters}
    rest = next((parameter for parameter in command.parameters if parameter.rest), None)
    if rest is not None:
        return _with_rest(parameters, rest, typed)
    given: dict[str, str] = {}
    plain: list[str] = []
    key = ""
    for word in _words(typed):
        name, colon, value = word.partition(":")
        if colon and name.lower() in parameters:
            key = name.lower()
            given[key] = value
        elif key and (not given[key] or parameters[key].kind in _OF_SEVERAL_WORDS):
            given[key] = f"{given[key]} {word}".strip()
        else:
            plain.append(word)
    free = [name for name in parameters if name not in given]
    if len(plain) > len(free):
        raise ChatError(
            f"I do not know what {shown(plain[len(free)])} is for in `/{command.full_name}`.",
            f"Write `{command.usage}`.",
        )
    return given | dict(zip(free, plain, strict=False))


def _with_rest(parameters: Mapping[str, Parameter], rest: Parameter, typed: str) -> dict[str, str]:
    """Return arguments of which one takes all that is left, as it stands, after keys and what must be given."""
    given: dict[str, str] = {}
    typed = typed.strip()
    while typed:
        match = _KEY.match(typed)
        name = match[1].lower() if match else ""
        missing = [
            one.name for one in parameters.values() if one.required and one is not rest and one.name not in given
        ]
        if match and name in parameters and name not in given:
            typed = typed[match.end() :]
            if name == rest.name:
                break
        elif missing:
            name = missing[0]
        else:
            break
        word, _, typed = typed.partition(_space(typed))
        given[name], typed = word, typed.lstrip()
    if rest.kind is not ParameterKind.TEXT:
        typed = typed.translate(_CURLY).strip('" ')
    return given | ({rest.name: typed} if typed else {})


def _space(typed: str) -> str:
    """Return the first character that ends a word."""
    return next((char for char in typed if char.isspace()), " ")


def _words(typed: str) -> Iterator[str]:
    plain = typed.translate(_CURLY)
    if plain.count('"') % 2:
        raise ChatError("A quotation mark is opened but never closed.", 'Write "like this".')
    return (word.replace('"', "") for word in _WORD.findall(plain))
