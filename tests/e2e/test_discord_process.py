"""The program as an operator runs it against Discord: in a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest

from bot.cli.platforms import make_platforms
from bot.clock import SystemClock
from bot.config import BotSettings, DiscordSettings, Platforms
from bot.errors import SettingsError
from tests.standins.discord import DiscordServer
from tests.standins.seeds import write_set

TOKEN = "of-somebody-else"  # noqa: S105
NEEDED = 1 << 10 | 1 << 11 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 35 | 1 << 38
"""View, send, embed, attach, read history, create public threads, send in threads."""

ROOT = Path(__file__).parents[2]


async def started(folder: Path, server: DiscordServer, *arguments: str, token: str | None = None) -> Process:
    config = folder / "bot.yaml"
    write_set(folder / "seeds")
    config.write_text(
        f"database: {folder}/bot.db\nseeds: {folder}/seeds\nplatforms:\n  discord:\n"
        f"    api_url: {server.api_url}\n    gateway_url: {server.gateway_url}\n"
    )
    environment = {**os.environ, "DISCORD_TOKEN": server.token if token is None else token, "PYTHONPATH": str(ROOT)}
    command = (sys.executable, "-m", "bot", *arguments, "--config", str(config))
    return await asyncio.create_subprocess_exec(*command, cwd=folder, env=environment, stdout=PIPE, stderr=PIPE)


async def test_invite_prints_a_link_with_exactly_what_is_needed(tmp_path: Path) -> None:
    async with DiscordServer() as server:
        process = await started(tmp_path, server, "discord", "invite")
        printed, problems = await process.communicate()
        assert process.returncode == 0, problems.decode()
        (link,) = printed.decode().split()
        assert link.startswith(f"https://discord.com/oauth2/authorize?client_id={server.application_id}&")
        assert f"permissions={NEEDED}" in link
        assert "scope=bot+applications.commands" in link


async def test_a_wrong_token_ends_in_a_sentence(tmp_path: Path) -> None:
    async with DiscordServer() as server:
        process = await started(tmp_path, server, "run", token=TOKEN)
        _, problems = await process.communicate()
        assert process.returncode == 6
        assert "Discord refuses the token." in problems.decode()
        assert "Traceback" not in problems.decode()


async def test_it_runs_until_it_is_told_to_stop(tmp_path: Path) -> None:
    async with DiscordServer() as server:
        server.guild("Readers").text("reading")
        process = await started(tmp_path, server, "run")
        await server.until(lambda: server.gateway.listening, 30.0)
        process.send_signal(signal.SIGTERM)
        _, problems = await asyncio.wait_for(process.communicate(), 10)
        assert process.returncode == 0, problems.decode()
        assert "Traceback" not in problems.decode()


async def test_without_a_token_it_says_where_to_put_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISCORD_TOKEN", raising=False)
    settings = BotSettings(platforms=Platforms(discord=DiscordSettings()))
    with pytest.raises(SettingsError, match="DISCORD_TOKEN"):
        await make_platforms(settings, SystemClock())
