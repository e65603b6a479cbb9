"""A small app made with the real slack_bolt, as the stand-in's own tests need it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.oauth.installation_store import FileInstallationStore
from slack_sdk.oauth.state_store import FileOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient

from .events import EVENTS
from .server import SlackServer

FORM = {
    "type": "modal",
    "callback_id": "filled",
    "title": {"type": "plain_text", "text": "Your answer"},
    "submit": {"type": "plain_text", "text": "Send"},
    "private_metadata": "what it is about",
    "blocks": [
        {
            "type": "input",
            "block_id": "answer",
            "label": {"type": "plain_text", "text": "Answer"},
            "element": {"type": "plain_text_input", "action_id": "answer", "max_length": 50},
        },
        {
            "type": "input",
            "block_id": "pick",
            "optional": True,
            "label": {"type": "plain_text", "text": "Pick"},
            "element": {
                "type": "static_select",
                "action_id": "pick",
                "options": [
                    {"text": {"type": "plain_text", "text": one.title()}, "value": one} for one in ("yes", "no")
                ],
            },
        },
    ],
}


@dataclass
class Heard:
    """What a sample app was told, and how it behaves."""

    events: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, Any]] = field(default_factory=list)
    refuses: int = 0
    """So many of the next events are not acknowledged."""

    def lines(self) -> list[str]:
        """Messages, changes and deletions as one line each."""
        found = []
        for event in self.events:
            if event["type"] == "message":
                inner = event.get("message", {})
                about = inner.get("text") or event.get("deleted_ts", "")
                found.append(" ".join(filter(None, [event.get("subtype", ""), event.get("text", about)])))
        return found


def _listen(app: AsyncApp, heard: Heard) -> None:
    async def event(event: dict[str, Any], body: dict[str, Any]) -> None:
        heard.events.append(event)
        heard.bodies.append(body)
        if heard.refuses:
            heard.refuses -= 1
            raise RuntimeError("not now")

    async def home(event: dict[str, Any], client: AsyncWebClient) -> None:
        welcome = {"type": "section", "text": {"type": "mrkdwn", "text": f"Welcome, <@{event['user']}>"}}
        button = {"type": "button", "action_id": "press", "text": {"type": "plain_text", "text": "Press"}}
        blocks = [welcome, {"type": "actions", "elements": [button]}]
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    for name in {name.partition(".")[0] for name in EVENTS} - {"app_home_opened"}:
        app.event(name)(event)
    app.event("app_home_opened")(home)

    async def command(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, respond: AsyncRespond) -> None:
        heard.bodies.append(body)
        match body["text"]:
            case "form":
                await ack()
                await client.views_open(trigger_id=body["trigger_id"], view=FORM)
            case "at once":
                await ack("here you are")
            case "aloud":
                await ack()
                await respond("hear, hear", response_type="in_channel")
            case "never":
                await asyncio.sleep(60)
            case text:
                await ack()
                await respond(f"you said {text}")

    app.command("/reading")(command)


def _answer_people(app: AsyncApp, heard: Heard) -> None:
    async def filled(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        heard.bodies.append(body)
        if body["view"]["state"]["values"]["answer"]["answer"]["value"] == "wrong":
            await ack(response_action="errors", errors={"answer": "That is wrong."})
            return
        await ack()
        await client.chat_postMessage(channel=body["user"]["id"], text="Thank you.")

    app.view("filled")(filled)

    async def pressed(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        heard.bodies.append(body)
        await ack()
        if "response_url" in body:
            await respond("pressed", replace_original=body["actions"][0].get("value") == "replace")

    app.action("press")(pressed)

    async def shortcut(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        await ack()
        await respond(f"about: {body['message']['text']}")

    app.shortcut("quote")(shortcut)


@asynccontextmanager
async def socket_app(server: SlackServer, token: str) -> AsyncIterator[Heard]:
    """Run a sample app in Socket Mode."""
    heard = Heard()
    client = AsyncWebClient(token, base_url=server.api_url)
    app = AsyncApp(client=client, process_before_response=True, raise_error_for_unhandled_request=False)
    _listen(app, heard)
    _answer_people(app, heard)
    handler = AsyncSocketModeHandler(app, server.app.app_token, ping_interval=0.1)
    connection: Any = handler.client
    await connection.connect()
    await server.until(lambda: server.sockets.listening)
    try:
        yield heard
    finally:
        await connection.close()


@asynccontextmanager
async def http_app(server: SlackServer) -> AsyncIterator[tuple[Heard, str]]:
    """Run a sample app over HTTP, which people install; give what it heard, and its address."""
    heard = Heard()
    config = server.app
    with tempfile.TemporaryDirectory() as folder:
        client = AsyncWebClient(base_url=server.api_url)
        settings = AsyncOAuthSettings(
            client_id=config.client_id,
            client_secret=config.client_secret,
            scopes=["chat:write", "channels:history", "channels:read"],
            installation_store=FileInstallationStore(base_dir=f"{folder}/installations", client_id=config.client_id),
            state_store=FileOAuthStateStore(expiration_seconds=600, base_dir=f"{folder}/states"),
        )
        flow = AsyncOAuthFlow(client=client, settings=settings)
        app = AsyncApp(
            client=client, signing_secret=config.signing_secret, oauth_flow=flow, process_before_response=True
        )
        _listen(app, heard)
        _answer_people(app, heard)
        runner = web.AppRunner(app.web_app(), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        config.request_url = f"{address}/slack/events"
        config.redirect_urls = [f"{address}/slack/oauth_redirect"]
        try:
            yield heard, address
        finally:
            await runner.cleanup()
