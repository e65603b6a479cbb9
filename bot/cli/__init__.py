"""The operator's command line, `reading-group-bot`."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from pathlib import Path

import typer
from dotenv import load_dotenv
from dotenv.parser import parse_stream

from bot.cli import data, discord, importing, running, sets, slack
from bot.cli.errors import open_closed_streams, tell, tell_about_file
from bot.errors import SettingsError
from bot.logs import configure_logs

app = typer.Typer(
    name="reading-group-bot",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)


@app.callback()
def quietly() -> None:
    """A bot for reading groups: a question a day, its discussion kept, a digest a week."""
    # What commands find out they say themselves; `run` logs as its settings say.
    configure_logs("auto", "error")


app.command("run")(running.run)
app.command("try")(running.try_)
app.command("check")(data.check)
app.command("health")(data.health)
app.command("migrate")(data.migrate)
app.command("digest")(data.digest)
app.command("commands")(data.commands)
app.command("import")(importing.import_documents)
app.add_typer(sets.app, name="sets")
app.add_typer(discord.app, name="discord")
app.add_typer(slack.app, name="slack")


def main() -> None:
    """Run the command that the arguments name; errors that a person can be told end in one sentence."""
    open_closed_streams()
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # What this terminal cannot send or show must not end a program whose business is other people's words.
            stream.reconfigure(errors="replace")
    try:
        load_environment(Path(".env"))
    except SettingsError as error:
        tell(str(error))
        sys.exit(error.exit_code)
    try:
        app()
    except OSError as error:
        if not tell_about_file(error):
            raise
        sys.exit(1)


def load_environment(path: Path) -> None:
    """Set the variables that a file names, unless they are set already. Raises SettingsError if it cannot be read."""
    try:
        if path.is_file():
            _require_readable(path)
            load_dotenv(path, encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = "it is not in UTF-8" if isinstance(error, UnicodeError) else getattr(error, "strerror", None) or error
        raise SettingsError(f"{path} cannot be read ({reason}).", "See .env.example.") from error


def _require_readable(path: Path) -> None:
    """Raise SettingsError for a line that would be passed over."""
    with path.open(encoding="utf-8") as file:
        wrong = next((found.original.line for found in parse_stream(file) if found.error), None)
    if wrong is not None:
        raise SettingsError(
            f"{path}:{wrong}: This line is no `NAME=value`, or its quotation marks are not closed.",
            "See .env.example.",
        )
