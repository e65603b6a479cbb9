"""`slack manifest`: what an operator needs of Slack."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from bot.cli.errors import UsageError, errors_told

app = typer.Typer(no_args_is_help=True)

Url = Annotated[
    str,
    typer.Option(
        "--url", help="Where Slack reaches the bot, such as https://bot.example; leave it out for Socket Mode."
    ),
]


@app.callback()
def slack() -> None:
    """Set the bot up on Slack."""


@app.command("manifest")
@errors_told()
def manifest(url: Url = "") -> None:
    """Print the manifest of which Slack makes the app, with exactly the scopes and events that it uses."""
    # slack-bolt takes a while to import, and only those who use it should wait for it.
    from bot.platforms.slack.manifest import manifest_text

    if url and not re.fullmatch(r"https://[^\s/]+/?", url):
        raise UsageError(
            f"{url} is no address that Slack would call.", "Give one that begins with https:// and has no path."
        )
    typer.echo(manifest_text(url), nl=False)
