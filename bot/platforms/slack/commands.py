"""From what was typed after `/reading`, or to the bot, to a command with its arguments.

The slash commands escape what they are given: a member comes as `<@U123|name>`, a channel as `<#C123|name>`
(https://docs.slack.dev/interactivity/implementing-slash-commands/#escaping).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.commands.help import TABLE
from bot.commands.parse import parse_command
from bot.commands.table import HOSTS, MEMBERS, Command, Parameter, ParameterKind, Table
from bot.errors import ChatError
from bot.platforms.slack.markup import readable, with_bare_ids
from bot.yamlsentences import shown

_ID = {
    ParameterKind.MEMBER: re.compile(r"<@(?P<id>[UW][A-Z0-9]+)>|(?P<bare>[UW][A-Z0-9]{7,})"),
    ParameterKind.CHANNEL: re.compile(r"<#(?P<id>[CG][A-Z0-9]+)>|(?P<bare>[CG][A-Z0-9]{7,})"),
    ParameterKind.ROLE: re.compile(r"<!subteam\^(?P<id>S[A-Z0-9]+)>|(?P<bare>S[A-Z0-9]{7,})"),
}
_HOW = {
    ParameterKind.MEMBER: "Type @ and pick the member from Slack's list.",
    ParameterKind.CHANNEL: "Type # and pick the channel from Slack's list.",
    ParameterKind.ROLE: "Type @ and pick the user group from Slack's list.",
}
_MESSAGE_LINK = re.compile(r"https://[\w.-]+/archives/[A-Z0-9]+/p(?P<seconds>\d{10,})(?P<rest>\d{6})(?:\?\S*)?")


@dataclass(frozen=True, slots=True)
class Used:
    """What somebody used: a command with what they gave, as text, by parameter."""

    command: Command
    arguments: Mapping[str, str]

    @property
    def is_complete(self) -> bool:
        """Return whether nothing is missing that must be given."""
        return all(one.name in self.arguments for one in self.command.parameters if one.required)


def used(table: Table, root: str, line: str, names: Mapping[str, str] | None = None) -> Used:
    """Return what a line after `/root` means; `names` are those of members whom the line mentions by id only.

    Raises ChatError where there is no such command, and for what cannot be an argument of it.
    """
    bare, labels = with_bare_ids(line)
    command, typed = parse_command(table, root, bare)
    known = {**labels, **(names or {})}
    parameters = {parameter.name: parameter for parameter in command.parameters}
    given = {name: _argument(parameters[name], value, known) for name, value in typed.items()}
    return Used(command, {name: value for name, value in given.items() if value})


def spoken(table: Table, line: str, names: Mapping[str, str]) -> Used:
    """Return what a line that was written to the bot means, with or without its slash. Raises ChatError.

    What only hosts have needs no `reading-host` before it.
    """
    line = line.strip().removeprefix("/")
    first, _, rest = line.partition(" ")
    if first.lower() in (MEMBERS, HOSTS):
        return used(table, first.lower(), rest, names)
    hosts_only = not _begins(table, MEMBERS, first) and _begins(table, HOSTS, first)
    return used(table, HOSTS if hosts_only else MEMBERS, line, names)


def to_the_bot(text: str, bot: str) -> str | None:
    """Return what stands after the mention of the bot that a text begins with, or None if it does not."""
    match = re.match(rf"\s*<@{re.escape(bot)}(?:\|[^<>]*)?>[\s,:]*", text)
    return text[match.end() :] if match else None


def is_command(text: str, bot: str) -> bool:
    """Return whether a text is a command that was written to the bot, and so no part of what people discuss."""
    line = to_the_bot(text, bot)
    if line is None:
        return False
    try:
        spoken(TABLE, line, {})
    except ChatError:
        return False
    return True


def _begins(table: Table, root: str, word: str) -> bool:
    """Return whether one of a root's commands begins with a word."""
    return word.lower() in {command.name.partition(" ")[0] for command in table.values() if command.root == root}


def _argument(parameter: Parameter, typed: str, names: Mapping[str, str]) -> str:
    """Return an argument as the core takes it: ids for members and channels, otherwise what a human reads."""
    pattern = _ID.get(parameter.kind)
    if pattern is None:
        text = readable(typed, names)
        link = _MESSAGE_LINK.fullmatch(text.strip()) if parameter.kind is ParameterKind.MESSAGE else None
        return f"{link['seconds']}.{link['rest']}" if link else text
    if not typed.strip():
        return ""
    match = pattern.fullmatch(typed.strip())
    if match is None:
        raise ChatError(f"{parameter.name}: {shown(readable(typed, names))} is not one I know.", _HOW[parameter.kind])
    return match["id"] or match["bare"]
