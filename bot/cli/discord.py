"""`discord invite`: what an operator needs of Discord."""

from __future__ import annotations

import asyncio

import typer

from bot.cli.errors import errors_told
from bot.cli.platforms import discord_token
from bot.cli.running import Config
from bot.config import load_settings

app = typer.Typer(no_args_is_help=True)


@app.callback()
def discord() -> None:
    """Set the bot up on Discord."""


@app.command("invite")
@errors_told()
def invite(config: Config = None) -> None:
    """Print the link that invites the bot to a server, with exactly the permissions that it needs."""
    # discord.py takes a while to import, and only those who use it should wait for it.
    from bot.platforms.discord.client import point_at
    from bot.platforms.discord.invite import find_invite_link

    settings = load_settings(config).platforms.discord
    if settings is not None:
        point_at(settings.api_url, settings.gateway_url)
    typer.echo(asyncio.run(find_invite_link(discord_token())))
