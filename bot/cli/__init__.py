"""The operator's command line, `reading-group-bot`."""

from __future__ import annotations

import typer
from dotenv import load_dotenv

from bot.cli import data, running, sets

app = typer.Typer(
    name="reading-group-bot",
    help="A bot for reading groups: a question a day, its discussion kept, a digest a week.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)
app.command("run")(running.run)
app.command("try")(running.try_)
app.command("check")(data.check)
app.command("health")(data.health)
app.command("migrate")(data.migrate)
app.command("digest")(data.digest)
app.add_typer(sets.app, name="sets")


def main() -> None:
    """Run the command that the arguments name; errors that a person can be told end in one sentence."""
    load_dotenv()
    app()
