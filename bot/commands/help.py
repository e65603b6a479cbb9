"""The table of every command, and help made from it."""

from __future__ import annotations

from bot.commands import curating, featuring, hosts, linking, members, people, settings, setup
from bot.commands.parse import parse_command
from bot.commands.table import HOSTS, MEMBERS, Call, Command, Parameter, ParameterKind, Table
from bot.content import Block, Facts, Heading, Item, Listing, Reply
from bot.services.hosting import is_host


async def help_(call: Call) -> Reply:
    """Show the commands, or how to use one."""
    asked = call.get("command", str)
    if asked is not None:
        words = asked.lstrip("/").split()
        root = words.pop(0) if words and words[0] in (MEMBERS, HOSTS) else MEMBERS
        if f"{root} {' '.join(words)}" not in TABLE and f"{HOSTS} {' '.join(words)}" in TABLE:
            root = HOSTS
        command, _ = parse_command(TABLE, root, " ".join(words))
        return Reply.of(Heading(command.usage), command.help + ".", *_parameters(command))
    host = await is_host(call.context, call.invocation.author, call.group_or_none)
    blocks: list[Block | str] = [
        "Answer in the thread under the question, or with `/reading answer`. Vote on answers with 👍, 👎 or 🤷."
        if call.group_or_none
        else f"No reading group meets here yet. {'Start' if host else 'A host can start'} one with `/{HOSTS} setup`.",
        Heading("Commands"),
        _listing(MEMBERS),
    ]
    if host:
        blocks += [Heading("For hosts"), _listing(HOSTS)]
    return Reply.of(*blocks)


def _listing(root: str) -> Listing:
    return Listing(tuple(Item(command.usage, command.help) for command in TABLE.values() if command.root == root))


def _parameters(command: Command) -> tuple[Facts, ...]:
    if not command.parameters:
        return ()
    pairs = (
        (p.name, p.help + (f" ({', '.join(p.choices)})" if p.choices else "") + ("" if p.required else ", optional"))
        for p in command.parameters
    )
    return (Facts(tuple(pairs)),)


HELP = Command(
    MEMBERS,
    "help",
    "Show the commands, or how to use one",
    help_,
    (Parameter("command", "the command", ParameterKind.COMMAND, rest=True),),
    lists=True,
)

TABLE: Table = {
    command.full_name: command
    for command in (
        *members.COMMANDS,
        curating.SUGGEST,
        *people.MEMBERS_COMMANDS,
        *linking.MEMBERS_COMMANDS,
        HELP,
        setup.SETUP,
        settings.SETTINGS,
        *hosts.COMMANDS,
        *featuring.COMMANDS,
        *curating.COMMANDS,
        *people.HOSTS_COMMANDS,
        *linking.HOSTS_COMMANDS,
    )
}
"""Every command by its full name."""
