"""What people do that the app must answer at once: commands, buttons, forms, shortcuts; and what it shows them then."""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from aiohttp import web

from . import composer, happenings, payloads
from .errors import SlackError
from .state import EPHEMERAL, Channel, Json, Message, Team, User, View
from .validation import check_message_blocks, check_view

if TYPE_CHECKING:
    from .server import SlackServer

TRIGGER_SECONDS = 3.0
RESPONSES, RESPONSE_LIFE = 5, timedelta(minutes=30)
FORM_ANSWERS = ("errors", "update", "push", "clear")


@dataclass(eq=False)
class Interaction:
    """Something that somebody did, and what she sees of it afterwards."""

    user: User
    team: Team
    channel: Channel | None = None
    thread_ts: str | None = None
    source: Message | None = None
    view: View | None = None
    began: datetime | None = None
    trigger_ends: float = 0.0
    trigger_used: bool = False
    acknowledged_after: float | None = None
    answer: Json | None = None
    failure: str = ""
    messages: list[Message] = field(default_factory=list)
    changed_source: bool = False
    deleted_source: bool = False
    opened: View | None = None
    responses_left: int = RESPONSES


class Interactions:
    """Trigger ids, response addresses, and the interactions behind them."""

    def __init__(self, server: SlackServer) -> None:
        self._server = server
        self._triggers: dict[str, Interaction] = {}
        self._responses: dict[str, Interaction] = {}

    def trigger(self, it: Interaction) -> str:
        """A trigger id: good for one view within three seconds."""
        it.trigger_ends = asyncio.get_running_loop().time() + TRIGGER_SECONDS
        it.trigger_used = False
        value = f"{len(self._triggers) + 1}.{it.team.id}.{secrets.token_hex(16)}"
        self._triggers[value] = it
        return value

    def response_url(self, it: Interaction, kind: str = "commands") -> str:
        """An address that takes five answers within half an hour."""
        it.began = self._server.world.now()
        value = f"{it.team.id}/{len(self._responses) + 1}/{secrets.token_hex(12)}"
        self._responses[value] = it
        return f"{self._server.url}/{kind}/{value}"

    def take_trigger(self, value: str) -> Interaction:
        """The interaction of a trigger id, which is used up. Raises SlackError."""
        it = self._triggers.get(value)
        if it is None:
            raise SlackError("invalid_trigger_id")
        if it.trigger_used:
            raise SlackError("exchanged_trigger_id")
        if asyncio.get_running_loop().time() > it.trigger_ends:
            raise SlackError("expired_trigger_id")
        it.trigger_used = True
        return it

    async def send(self, it: Interaction, kind: str, payload: Json) -> None:
        """Tell the app, wait for its acknowledgement, and show what that carries."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            it.answer = await self._server.ask(kind, payload)
        except TimeoutError:
            it.failure = "operation_timeout"
        except ConnectionError as error:
            it.failure = f"dispatch_failed: {error}"
        else:
            it.acknowledged_after = loop.time() - began
            self._server.acknowledgements.append(it.acknowledged_after)
            if it.view is not None and payload["type"] == "view_submission":
                self._submitted(it, it.view)
            elif kind == "slash_commands" and it.answer and (it.answer.get("text") or it.answer.get("blocks")):
                self.respond(it, it.answer)

    def _submitted(self, it: Interaction, view: View) -> None:
        action = (it.answer or {}).get("response_action")
        if action is not None and action not in FORM_ANSWERS:
            it.failure = f"unknown response_action {action}"
        if action == "update":
            self.replace(view, check_view((it.answer or {})["view"], "modal"))
            it.opened = view
        elif action == "push":
            it.opened = self.open(it, check_view((it.answer or {})["view"], "modal"), previous=view)
        elif action == "clear":
            _close(view)
        elif action is None:
            view.open = False
            if view.previous:
                it.opened = view.previous

    def open(self, it: Interaction, body: Json, previous: View | None = None) -> View:
        """Show a modal."""
        view = View(self._server.world.id("V"), it.team, it.user, self._filled(body), previous)
        self._server.world.views[view.id] = view
        it.opened = view
        return view

    def replace(self, view: View, body: Json) -> None:
        """Show something else in a modal that is open."""
        view.body = self._filled(body)
        view.version += 1

    def publish(self, team: Team, user: User, body: Json) -> View:
        """Show an App Home."""
        world = self._server.world
        view = world.homes.get((team.id, user.id))
        if view is None:
            view = world.homes[team.id, user.id] = View(world.id("V"), team, user, {})
            world.views[view.id] = view
        self.replace(view, body)
        return view

    def _filled(self, body: Json) -> Json:
        blocks = []
        for block in body["blocks"]:
            it = {**block, "block_id": block.get("block_id") or self._server.block_id()}
            if it["type"] == "input":
                it["element"] = {"action_id": self._server.block_id(), **it["element"]}
            blocks.append(it)
        return {**body, "blocks": blocks}

    async def handle(self, request: web.Request) -> web.Response:
        """Serve a response address."""
        it = self._responses.get(request.match_info["path"])
        if it is None or it.began is None:
            return web.json_response({"ok": False, "error": "invalid_url"}, status=404)
        if self._server.world.now() - it.began > RESPONSE_LIFE:
            return web.json_response({"ok": False, "error": "expired_url"}, status=404)
        if it.responses_left <= 0:
            return web.json_response({"ok": False, "error": "used_url"}, status=404)
        fault = self._server.faults.take("response_url")
        if fault and fault.status:
            return web.json_response({"ok": False, "error": "fatal_error"}, status=fault.status)
        it.responses_left -= 1
        try:
            self.respond(it, await request.json())
        except SlackError as error:
            return web.json_response(error.body, status=400)
        return web.Response(text="ok")

    def respond(self, it: Interaction, body: Json) -> None:
        """Show an answer: to her alone unless it is `in_channel`, or in the place of what she pressed."""
        if body.get("delete_original") and it.source:
            self._delete_source(it, it.source)
            return
        blocks = self._blocks(check_message_blocks(body["blocks"])) if body.get("blocks") else []
        text = str(body.get("text") or composer.as_text(blocks))
        if not text and not blocks:
            raise SlackError("no_text")
        if body.get("replace_original") and it.source:
            it.changed_source = True
            if it.source.ephemeral_to:
                it.source.text, it.source.blocks = text, blocks
            else:
                channel = self._channel(it)
                happenings.change(self._server, channel, it.source, {"text": text, "blocks": blocks}, flagged=False)
            return
        self._show(it, body, text, blocks)

    def _show(self, it: Interaction, body: Json, text: str, blocks: list[Json]) -> None:
        channel, bot = self._channel(it), it.team.bot
        assert bot is not None
        in_channel = body.get("response_type") == "in_channel"
        # Slack promises no thread for what one person alone sees.
        thread_ts = (body.get("thread_ts") or it.thread_ts) if in_channel else None
        message = Message(self._server.world.ts(), channel.id, bot, text, blocks, thread_ts, by_app=True)
        if in_channel:
            happenings.post(self._server, channel, message)
        else:
            message.subtype, message.ephemeral_to = EPHEMERAL, it.user.id
            self._server.ephemerals.append(message)
        it.messages.append(message)

    def _delete_source(self, it: Interaction, source: Message) -> None:
        it.deleted_source = True
        if source.ephemeral_to:
            self._server.ephemerals.remove(source)
        else:
            happenings.delete(self._server, self._channel(it), source)

    def _channel(self, it: Interaction) -> Channel:
        if it.channel is None:
            raise SlackError("invalid_url")
        return it.channel

    def _blocks(self, blocks: list[Json]) -> list[Json]:
        return [{**block, "block_id": block.get("block_id") or self._server.block_id()} for block in blocks]

    def common(self, it: Interaction, kind: str) -> Json:
        """What every interaction's payload begins with."""
        app = self._server.app
        return {
            "type": kind,
            "user": payloads.short_user(it.user),
            "api_app_id": app.id,
            "token": app.verification_token,
            "trigger_id": self.trigger(it),
            "team": {"id": it.team.id, "domain": it.team.domain},
            "enterprise": None,
            "is_enterprise_install": False,
        }


def _close(view: View) -> None:
    view.open = False
    if view.previous:
        _close(view.previous)


def form(payload: Json) -> dict[str, str]:
    """An interaction as the form in which it is posted."""
    return {"payload": json.dumps(payload)}
