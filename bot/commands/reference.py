"""`docs/commands.md`, made from the table."""

from __future__ import annotations

from collections.abc import Iterator

from bot.commands.help import TABLE
from bot.commands.table import HOSTS, MEMBERS, Command, Parameter

INTRODUCTION = f"""\
# Commands

This page is made from the table of commands: `reading-group-bot commands > docs/commands.md`.

`/{MEMBERS}` is for everyone, `/{HOSTS}` for hosts: whoever runs the workspace, and whoever set a group up. Replies are
seen by whoever asked and by nobody else. Where slash commands do not work, `@bot today` is `/{MEMBERS} today`.

In the tables, `<…>` must be given and `[…]` may be left out. What is typed follows one rule on every platform:

- arguments stand in the order shown, or anywhere as `name:value`;
- what may be of several words goes on until the next `name:`, as in `digest:sun 18:00 name:Evening readers`;
- dates are written 2030-01-31, `today` or `tomorrow`; times 09:00, 18.30 or 9:30pm; days mon-fri, weekends or daily;
  zones by city or in full, `paris` or `Europe/Paris`.
"""


def reference() -> str:
    """Return the page on every command, as Markdown."""
    return "\n".join((INTRODUCTION, *_section("For everyone", MEMBERS), *_section("For hosts", HOSTS)))


def _section(title: str, root: str) -> Iterator[str]:
    commands = [command for command in TABLE.values() if command.root == root]
    yield f"## {title}\n"
    yield "| command | what it does |\n|---|---|"
    for command in commands:
        yield f"| `{command.usage}` | {_cell(_told(command))} |"
    yield ""


def _told(command: Command) -> str:
    return "<br>".join((f"{command.help}.", *(f"`{one.name}`: {_parameter(one)}" for one in command.parameters)))


def _parameter(parameter: Parameter) -> str:
    choices = f" ({', '.join(parameter.choices)})" if parameter.choices else ""
    return f"{parameter.help}{choices}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
