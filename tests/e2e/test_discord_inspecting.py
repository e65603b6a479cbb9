"""`check --online` on Discord: what keeps the bot from working, found out without a gateway."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.model import Channel, Ref
from bot.platforms.discord.permissions import IN_FORUMS, NEEDED
from bot.platforms.discord.platform import DiscordPlatform
from tests.contract.hands import Reports
from tests.standins.discord import ChannelHand, DiscordServer
from tests.standins.meeting import channel_of
from tests.standins.seeds import write_set

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        with server.serves_library():
            yield server


async def found(
    server: DiscordServer, *rooms: Channel, alerts: Sequence[Channel] = (), token: str = ""
) -> tuple[str, ...]:
    platform = DiscordPlatform(token or server.token, SystemClock())
    try:
        return await platform.inspect(Reports(), rooms, alerts)
    finally:
        await platform.close()


async def test_nothing_is_wrong_and_no_gateway_was_needed(server: DiscordServer) -> None:
    guild = server.guild("Readers")
    rooms = [channel_of(guild.text("reading")), channel_of(guild.forum("rounds"))]
    assert await found(server, *rooms) == ()
    assert server.gateway.identified == 0


async def test_a_channel_for_alerts_needs_no_more_than_alerts_do(server: DiscordServer) -> None:
    guild = server.guild("Readers")
    room = guild.text("hosts")
    room.deny_bot("create_public_threads", "send_messages_in_threads", "attach_files", "read_message_history")
    assert len(await found(server, channel_of(room))) == 4
    assert await found(server, alerts=[channel_of(room)]) == ()
    room.deny_bot("send_messages")
    (told,) = await found(server, alerts=[channel_of(room), channel_of(guild.text("open"))])
    assert "I lack the permission Send Messages in #hosts." in told
    (told,) = await found(server, alerts=[channel_of(guild.forum("rounds"))])
    assert "#rounds is a forum" in told


async def test_a_wrong_token_and_a_server_that_is_down_are_one_sentence_each(server: DiscordServer) -> None:
    assert await found(server, token="wrong") == (  # noqa: S106
        "Discord refuses the token. Put a fresh one into DISCORD_TOKEN.",
    )
    server.faults.lose_reply("GET", "/users/@me", times=3)
    assert await found(server) == ("Discord cannot be reached. Try again later.",)


async def test_the_missing_intent_is_told_before_the_channels() -> None:
    async with DiscordServer(content_allowed=False) as server:
        with server.serves_library():
            room = server.guild("Readers").text("reading")
            room.deny_bot("embed_links")
            intent, permission = await found(server, channel_of(room))
            assert "Switch on Message Content Intent" in intent
            assert "Embed Links" in permission


async def test_each_missing_permission_is_named(server: DiscordServer) -> None:
    guild = server.guild("Readers")

    async def each(room: ChannelHand, names: dict[str, str]) -> None:
        for permission, shown in names.items():
            room.deny_bot(permission)
            first, *_ = await found(server, channel_of(room))
            assert f"I lack the permission {shown} in #{room.name}" in first
            room.allow_bot(permission)

    await each(guild.text("reading"), {name: shown for name, shown in NEEDED.items() if name != "view_channel"})
    await each(guild.forum("rounds"), {name: shown for name, shown in IN_FORUMS.items() if name != "view_channel"})


async def test_what_is_wrong_with_a_channel_itself_is_told(server: DiscordServer) -> None:
    guild, other = server.guild("Readers"), server.guild("Others")
    room, hidden, gone, left = (guild.text(name) for name in ("reading", "hidden", "gone", "left"))
    hidden.deny_bot("view_channel")
    gone.delete()
    there = other.text("there")
    other.kick_bot()
    elsewhere = Channel("discord", channel_of(room).workspace, Ref("1234567890123456789"))
    cases = {
        channel_of(hidden): "I cannot see it. Give me the permission View Channel there, or choose another.",
        channel_of(gone): "is gone. Choose another with `/reading-host setup`.",
        channel_of(there): "I am not in the server. Invite me again.",
        elsewhere: "is gone. Choose another with `/reading-host setup`.",
    }
    sentences = await found(server, *cases, channel_of(left))
    for (channel, expected), sentence in zip(cases.items(), sentences, strict=True):
        assert sentence.startswith(f"Channel {channel.channel} of server {channel.workspace}")
        assert sentence.endswith(expected)


async def checked(folder: Path, server: DiscordServer, token: str) -> tuple[int, list[str]]:
    """Run `check --online` in a process of its own; return its exit code and what it printed of the platforms."""
    write_set(folder / "seeds")
    guild = server.guild("Readers")
    room, hosts = guild.text("reading"), guild.text("hosts")
    room.deny_bot("attach_files")
    hosts.deny_bot("send_messages", "attach_files")
    (folder / "bot.yaml").write_text(
        f"database: {folder}/bot.db\nseeds: {folder}/seeds\nplatforms:\n  discord:\n    api_url: {server.api_url}\n"
        f"groups:\n  - slug: evening\n    name: Evening\n    question_set: commons\n"
        f"    rooms: [{{platform: discord, workspace: '{room.state.guild_id}', channel: '{room.id}'}}]\n"
        f"    alert_channel: {{platform: discord, workspace: '{room.state.guild_id}', channel: '{hosts.id}'}}\n"
    )
    environment = {**os.environ, "DISCORD_TOKEN": token, "PYTHONPATH": str(ROOT)}
    command = (sys.executable, "-m", "bot", "check", "--online", "--config", str(folder / "bot.yaml"))
    process = await asyncio.create_subprocess_exec(*command, cwd=folder, env=environment, stdout=PIPE, stderr=PIPE)
    printed, problems = await process.communicate()
    assert "Traceback" not in problems.decode()
    return process.returncode or 0, [line for line in printed.decode().splitlines() if "discord:" in line]


async def test_check_online_prints_what_is_wrong_and_makes_nothing(tmp_path: Path) -> None:
    async with DiscordServer() as server:
        code, (first, second) = await checked(tmp_path, server, server.token)
        assert code == 1
        assert first.startswith("✗ discord: Readers: I lack the permission Attach Files in #reading.")
        assert second.startswith("✗ discord: Readers: I lack the permission Send Messages in #hosts.")
        assert not (tmp_path / "bot.db").exists()
        code, (line,) = await checked(tmp_path, server, "")
        assert code == 1
        assert line == "✗ discord: There is no token for Discord. Put it into the environment as DISCORD_TOKEN."
