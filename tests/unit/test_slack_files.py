"""Files that people add to a form are fetched from Slack, and the bot's token goes nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from bot.errors import ChatError
from bot.platforms.slack.files import read_text
from bot.platforms.slack.webapi import WebApi
from tests.standins.slack import SlackServer, payloads


@asynccontextmanager
async def elsewhere(heard: list[str]) -> AsyncIterator[str]:
    """Run a server that is not Slack's; yield its address under another name."""

    async def give(request: web.Request) -> web.Response:
        heard.append(request.headers.get("Authorization", ""))
        return web.Response(text="question,topic\n")

    app = web.Application()
    app.router.add_get("/{path:.*}", give)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://localhost:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_a_file_that_lies_elsewhere_is_not_fetched_with_the_bots_token() -> None:
    heard: list[str] = []
    async with SlackServer() as server, elsewhere(heard) as address:
        team, api = server.team("Readers"), WebApi(server.api_url)
        client = api.client(team.token)
        ours = payloads.file(server.world, server.url, team.owner.state, "new.csv", b"question\nWho gains?\n", "", "")
        assert (await read_text(client, ours)).text == "question\nWho gains?\n"
        for more in ({"is_external": True, "mode": "external"}, {}):
            theirs = {**ours, **more, "url_private": f"{address}/x", "url_private_download": f"{address}/x"}
            with pytest.raises(ChatError, match="not kept by Slack"):
                await read_text(client, theirs)
        assert heard == []
        await api.close()
