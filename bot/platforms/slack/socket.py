"""Socket Mode: one connection that Slack sends everything through.

https://docs.slack.dev/apis/events-api/using-socket-mode/
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import PlatformError
from bot.platforms.slack.logs import library_log
from bot.platforms.slack.outcomes import CONNECTION_ERRORS, NO_SUCH_TOKEN, code_of, named

log = structlog.get_logger(__name__)

PING_SECONDS = 5.0
FIRST_AGAIN, LONGEST_AGAIN = 1.0, 60.0
"""Seconds after which a failed connection is tried again, and the most that this grows to."""

CLOSING_SECONDS = 1.0
"""How long what came in last has to be recorded and acknowledged when the bot stops."""


async def socket_address(web: AsyncWebClient, app_token: str) -> str:
    """Return an address at which a socket can be opened. Raises PlatformError if Slack refuses, SlackApiError."""
    try:
        answer = await web.apps_connections_open(app_token=app_token)
    except SlackApiError as error:
        if code_of(error) in NO_SUCH_TOKEN:
            raise PlatformError(
                f"Slack refuses the app-level token ({code_of(error)}).",
                "Put one with the scope connections:write into SLACK_APP_TOKEN.",
            ) from error
        if code_of(error) == "missing_scope":
            raise PlatformError(
                "The app-level token lacks a permission.",
                "Generate one with the scope connections:write, and put it into SLACK_APP_TOKEN.",
            ) from error
        raise
    return str(answer["url"])


class Socket(SocketModeClient):
    """The SDK's client, which opens a socket again after any error and owns all that it begins."""

    def __init__(self, app: AsyncApp, web: AsyncWebClient, app_token: str, connected: Callable[[], None]) -> None:
        super().__init__(app_token=app_token, web_client=web, logger=library_log(), ping_interval=PING_SECONDS)
        self._app = app
        self._connected = connected
        self._handling: set[asyncio.Task[None]] = set()
        self.message_listeners.append(self._on_message)
        self.socket_mode_request_listeners.append(self._on_request)

    async def connect(self) -> None:
        """Open a socket in place of the one before, again and again until that succeeds."""
        seconds = FIRST_AGAIN
        while not self.closed:
            try:
                await self._open()
            except (SlackApiError, PlatformError, *CONNECTION_ERRORS) as error:
                log.warning("no socket to Slack can be opened", problem=named(error), again_after=seconds)
                await asyncio.sleep(seconds)
                seconds = min(seconds * 2, LONGEST_AGAIN)
            else:
                return

    async def _open(self) -> None:
        self.auto_reconnect_enabled = False
        if self.current_session is not None:
            await self.current_session.close()
        if self.aiohttp_client_session.closed:
            self.aiohttp_client_session = aiohttp.ClientSession()
        self.current_session = await self.aiohttp_client_session.ws_connect(
            await self.issue_new_wss_url(), autoping=False, heartbeat=self.ping_interval, proxy=self.proxy
        )
        self.auto_reconnect_enabled = self.default_auto_reconnect_enabled
        self.stale = False
        self.last_ping_pong_time = None
        before = (self.current_session_monitor, self.message_receiver)
        self.current_session_monitor = asyncio.ensure_future(self.monitor_current_session())
        self.message_receiver = asyncio.ensure_future(self.receive_messages())
        # Last, since it may be one of them that runs this.
        for task in before:
            if task is not None:
                task.cancel()

    async def connect_to_new_endpoint(self, force: bool = False) -> None:  # noqa: FBT001, FBT002  (the SDK's signature)
        """Open another socket if there is none, or in any case if that is to be so."""
        async with self.connect_operation_lock:
            if force or not await self.is_connected():
                await self.connect()

    async def issue_new_wss_url(self) -> str:
        """Return an address at which a socket can be opened. Raises PlatformError, SlackApiError."""
        return await socket_address(self.web_client, self.app_token)

    async def process_message(self) -> None:
        """Deal with what came next, beside what came before."""
        raw = await self.message_queue.get()
        if raw is None:
            return
        message = json.loads(raw) if raw.startswith("{") else {}
        task = asyncio.create_task(self.run_message_listeners(message, raw))
        self._handling.add(task)
        task.add_done_callback(self._handling.discard)

    async def _on_message(self, _: AsyncBaseSocketModeClient, message: dict[str, Any], raw: str | None) -> None:
        if message.get("type") == "hello":
            log.info("connected to Slack")
            self._connected()

    async def _on_request(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        answer = await run_async_bolt_app(self._app, request)
        try:
            await send_async_response(client, request, answer, time.time())
        except ConnectionError:
            log.debug("the socket broke before something was acknowledged; Slack tells it again")

    async def close(self) -> None:
        """Acknowledge what is being recorded, and disconnect."""
        own = (self.current_session_monitor, self.message_receiver, self.message_processor)
        self.auto_reconnect_enabled = False
        for task in own:
            if task is not None:
                task.cancel()
        handling = {task for task in self._handling if task is not asyncio.current_task()}
        if handling:
            await asyncio.wait(handling, timeout=CLOSING_SECONDS)
        for left in handling:
            left.cancel()
        self.closed = True
        await asyncio.gather(*handling, *(task for task in own if task is not None), return_exceptions=True)
        if self.current_session is not None:
            await self.current_session.close()
        await self.aiohttp_client_session.close()
