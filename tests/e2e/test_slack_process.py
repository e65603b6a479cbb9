"""The program as an operator runs it against Slack: in a process of its own."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sqlite3
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml

from bot.platforms.slack.manifest import manifest
from tests.standins.seeds import write_set
from tests.standins.slack import ChannelHand, MessageView, SlackServer, TeamHand
from tests.standins.workspace import MANIFEST, TOKEN_KEY, free_port

ROOT = Path(__file__).parents[2]
SAID = "Prices move faster than rules, which is why nobody follows them for very long."
A_SECOND, SECONDS = 200, 4
SLACKS_PATIENCE = 3.0


async def started(
    folder: Path, server: SlackServer, token: str, *arguments: str, http: str = "", output: int = PIPE
) -> Process:
    """Run a command of the program, with what Slack needs in its settings and its environment."""
    config = folder / "bot.yaml"
    write_set(folder / "seeds", "commons")
    slack: dict[str, object] = {"api_url": server.api_url.rstrip("/")}
    if http:
        port = int(http.rpartition(":")[2])
        slack |= {"mode": "http", "http": {"host": "127.0.0.1", "port": port, "public_url": http}}
    told = {"database": f"{folder}/bot.db", "seeds": f"{folder}/seeds", "platforms": {"slack": slack}}
    config.write_text(yaml.safe_dump(told))
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "SLACK_BOT_TOKEN": token,
        "SLACK_APP_TOKEN": server.app.app_token,
        "SLACK_SIGNING_SECRET": server.app.signing_secret,
        "SLACK_CLIENT_ID": server.app.client_id,
        "SLACK_CLIENT_SECRET": server.app.client_secret,
        "SLACK_TOKEN_KEY": TOKEN_KEY,
    }
    command = (sys.executable, "-m", "bot", *arguments, "--config", str(config))
    return await asyncio.create_subprocess_exec(*command, cwd=folder, env=environment, stdout=output, stderr=output)


@asynccontextmanager
async def running(
    folder: Path, server: SlackServer, token: str, *, http: str = "", output: int = PIPE
) -> AsyncIterator[Process]:
    """Run the program; what is not stopped by then is killed in the end."""
    process = await started(folder, server, token, "run", http=http, output=output)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def stopped(process: Process) -> str:
    """End a process as an operator does; return what it printed of problems. Raises AssertionError if it failed."""
    process.send_signal(signal.SIGTERM)
    _, problems = await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode == 0, problems.decode()
    assert b"Traceback" not in problems
    return problems.decode()


@asynccontextmanager
async def a_workspace(*, http: bool = False) -> AsyncIterator[tuple[SlackServer, TeamHand, ChannelHand, str]]:
    """Open a workspace with a channel, and say at which address the program is reached over HTTP."""
    address = f"http://127.0.0.1:{free_port()}" if http else ""
    async with SlackServer(manifest=manifest(address) if http else MANIFEST) as server:
        team = server.team("Readers", installed=not http)
        yield server, team, team.channel("reading"), address


def token_of(team: TeamHand) -> str:
    """Return the workspace's token, or nothing as long as the program is not installed there."""
    return team.token if team.state.installed else ""


async def asked(team: TeamHand, channel: ChannelHand) -> MessageView:
    """Set a group up by chat, and have it asked at once."""
    set_up = "/reading-host setup zone:UTC at:09:00 set:commons"
    assert "is set up" in (await team.owner.uses(set_up, channel)).text
    await team.owner.uses("/reading-host ask", channel)
    question = await channel.message("What about", 10.0)
    await channel.message("Answer here", 10.0)
    return question


@pytest.mark.parametrize("http", [False, True], ids=["by socket", "over HTTP"])
async def test_while_much_is_said_commands_are_acknowledged_in_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], http: bool
) -> None:
    async with (
        a_workspace(http=http) as (server, team, channel, address),
        running(tmp_path, server, token_of(team), http=address, output=DEVNULL) as process,
    ):
        if http:
            await install(server, team, channel, address)
        else:
            await server.until(lambda: server.sockets.listening, 30.0)
        question = await asked(team, channel)
        people = [team.member(f"Member {number}") for number in range(20)]
        began = asyncio.get_running_loop().time()
        server.acknowledgements.clear()

        async def talk() -> None:
            for number in range(A_SECOND * SECONDS):
                await people[number % 20].says(question, f"{SAID} ({number})")
                ahead = began + number / A_SECOND - asyncio.get_running_loop().time()
                await asyncio.sleep(max(0.0, ahead))

        talking = asyncio.create_task(talk())
        turn = 0
        while not talking.done():
            person = people[turn % 20]
            turn += 1
            await person.uses("/reading today", channel)
            opened = await person.presses(question, "Answer")
            await person.submits(opened, text=f"{SAID} (form {turn})")
            await person.asks(question, "today")
        await talking
        rate = A_SECOND * SECONDS / (asyncio.get_running_loop().time() - began)
        total = len(server.events.told)
        await server.until(lambda: not server.events.pending, 20.0)
        assert server.events.lost == []
        longest = max(server.acknowledgements)
        with capsys.disabled():
            count = len(server.acknowledgements)
            mode = "over HTTP" if http else "by socket"
            sys.stdout.write(
                f"\nSlack {mode}: {count} commands, buttons and forms were acknowledged within {longest * 1000:.0f} ms "
                f"while {rate:.0f} messages a second were recorded ({total} events).\n"
            )
        assert longest < SLACKS_PATIENCE
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0
        assert recorded(tmp_path) == {f"{SAID} ({number})" for number in range(A_SECOND * SECONDS)}


async def install(server: SlackServer, team: TeamHand, channel: ChannelHand, address: str) -> None:
    """Have the owner install the program, once somebody listens there."""

    async def done() -> bool:
        try:
            status, _ = await team.owner.installs(f"{address}/slack/install")
        except OSError:
            return False
        return status == 200

    ready: Callable[[], Awaitable[bool]] = done
    await server.until(ready, 30.0)
    channel.state.members.append(team.bot.id)


def recorded(folder: Path) -> set[str]:
    """Return what people wrote in the thread, without what they wrote to the bot and in forms."""
    with sqlite3.connect(folder / "bot.db") as database:
        found = [str(text) for (text,) in database.execute("SELECT text FROM messages")]
    database.close()
    return {text for text in found if re.search(r"\(\d+\)$", text)}


@pytest.mark.parametrize("http", [False, True], ids=["by socket", "over HTTP"])
async def test_it_runs_until_it_is_told_to_stop_and_never_logs_a_secret(tmp_path: Path, http: bool) -> None:
    async with (
        a_workspace(http=http) as (server, team, channel, address),
        running(tmp_path, server, token_of(team), http=address) as process,
    ):
        if http:
            await install(server, team, channel, address)
        else:
            await server.until(lambda: server.sockets.listening, 30.0)
        question = await asked(team, channel)
        await team.member("Ada").says(question, SAID)
        await server.until(lambda: server.events.acknowledged >= 2)
        logged = await stopped(process)
        secrets = (team.token, server.app.app_token, server.app.signing_secret, server.app.client_secret, TOKEN_KEY)
        assert not [secret for secret in (*secrets, SAID) if secret in logged]


async def test_a_wrong_token_ends_in_a_sentence(tmp_path: Path) -> None:
    async with a_workspace() as (server, _, _, _):
        process = await started(tmp_path, server, "xoxb-wrong", "run")
        _, problems = await process.communicate()
        assert process.returncode == 6
        assert "SLACK_BOT_TOKEN" in problems.decode()
        assert "Traceback" not in problems.decode()
        assert "xoxb-wrong" not in problems.decode()


async def test_without_a_token_it_says_which_is_missing(tmp_path: Path) -> None:
    async with a_workspace() as (server, _, _, _):
        process = await started(tmp_path, server, "", "run")
        _, problems = await process.communicate()
        assert process.returncode not in (0, None)
        assert "SLACK_BOT_TOKEN" in problems.decode()


async def test_the_manifest_is_printed_for_both_ways_to_run(tmp_path: Path) -> None:
    for more, expected in (((), MANIFEST), (("--url", "https://bot.example"), manifest("https://bot.example"))):
        command = (sys.executable, "-m", "bot", "slack", "manifest", *more)
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = await asyncio.create_subprocess_exec(
            *command, cwd=tmp_path, env=environment, stdout=PIPE, stderr=PIPE
        )
        printed, problems = await process.communicate()
        assert process.returncode == 0, problems.decode()
        assert yaml.safe_load(printed) == expected


async def test_check_online_says_what_to_mend(tmp_path: Path) -> None:
    async with a_workspace() as (server, team, channel, _):
        async with running(tmp_path, server, team.token) as process:
            await server.until(lambda: server.sockets.listening, 30.0)
            await asked(team, channel)
            await stopped(process)
        for words in ("", "/invite", "token"):
            if words == "/invite":
                channel.remove_bot()
            elif words:
                team.refuse_token()
            opened = server.sockets.opened
            process = await started(tmp_path, server, team.token, "check", "--online")
            printed, problems = await process.communicate()
            told = (printed + problems).decode()
            assert (process.returncode == 0) is (words == ""), told
            assert words in told
            assert team.token not in told
            assert server.sockets.opened == opened
