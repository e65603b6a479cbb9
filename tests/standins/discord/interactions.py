"""One use of a command, button, select or form: from INTERACTION_CREATE to what its user has seen so far."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from . import payloads
from .errors import ApiError
from .permissions import in_channel
from .state import Channel, Json, Message, User

if TYPE_CHECKING:
    from .server import DiscordServer

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
REPLY, DEFER, DEFER_UPDATE, UPDATE, CHOICES, SHOW_MODAL = 4, 5, 6, 7, 8, 9
ANSWER_WITHIN = 3.0
TOKEN_LASTS = timedelta(minutes=15)


@dataclass(slots=True, eq=False)
class Interaction:
    """Its state; `answered` is the type of the first reply, `messages` what the bot has shown through it."""

    id: int
    token: str
    kind: int
    user: User
    channel: Channel
    at: datetime
    expires: float
    data: Json
    source: Message | None = None
    answered: int | None = None
    original: Message | None = None
    messages: list[Message] = field(default_factory=list)
    modal: Json | None = None
    choices: list[Json] | None = None
    edits: int = 0

    @property
    def settled(self) -> bool:
        """Whether its user sees the answer: not a spinner, not nothing."""
        if self.answered == DEFER:
            return self.original is None or not self.original.flags & 1 << 7
        return self.answered is not None


class Interactions:
    """All interactions of one server, by token."""

    def __init__(self, server: DiscordServer) -> None:
        self._server = server
        self.by_token: dict[str, Interaction] = {}
        self.answer_within = ANSWER_WITHIN

    def begin(self, kind: int, user: User, channel: Channel, data: Json, source: Message | None = None) -> Interaction:
        """Send INTERACTION_CREATE to the bot."""
        world = self._server.world
        expires = asyncio.get_running_loop().time() + self.answer_within
        token = "aW50ZXJhY3Rpb246" + secrets.token_urlsafe(120)
        it = Interaction(world.snowflake(), token, kind, user, channel, world.now(), expires, data, source)
        self.by_token[token] = it
        self._server.gateway.dispatch("INTERACTION_CREATE", self._payload(it), world.guild_of(channel))
        return it

    def _payload(self, it: Interaction) -> Json:
        server = self._server
        guild = server.world.guild_of(it.channel)
        held = str(in_channel(server.world, it.channel, it.user.id))
        owners = {"0": str(guild.id if guild else 0)}
        payload: Json = {
            "id": str(it.id),
            "application_id": str(server.application_id),
            "type": it.kind,
            "token": it.token,
            "version": 1,
            "data": it.data,
            "channel_id": str(it.channel.id),
            "channel": {**payloads.channel(server.world, it.channel), "permissions": held},
            "locale": "en-US",
            "app_permissions": str(in_channel(server.world, it.channel, server.bot.id)),
            "entitlements": [],
            "entitlement_sku_ids": [],
            "authorizing_integration_owners": owners,
            "context": 0 if guild else 1,
            "attachment_size_limit": 10 * 1024 * 1024,
        }
        if guild:
            payload["guild_id"] = str(guild.id)
            payload["guild"] = {"id": str(guild.id), "locale": guild.locale, "features": ["COMMUNITY"]}
            payload["guild_locale"] = guild.locale
            payload["member"] = {**payloads.member(guild.members[it.user.id]), "permissions": held}
        else:
            payload["user"] = payloads.user(it.user)
        if it.source:
            payload["message"] = payloads.message(server.world, it.source, server.bot.id)
        return payload

    def to_answer(self, interaction_id: int, token: str, kind: int) -> Interaction:
        """The interaction that a callback is for; 10062 unknown or too late, 40060 already answered."""
        it = self.by_token.get(token)
        if it is None or it.id != interaction_id:
            raise ApiError(10062)
        if it.answered is not None:
            raise ApiError(40060)
        if asyncio.get_running_loop().time() > it.expires:
            raise ApiError(10062)
        allowed = {
            COMMAND: {REPLY, DEFER, SHOW_MODAL},
            COMPONENT: {REPLY, DEFER, DEFER_UPDATE, UPDATE, SHOW_MODAL},
            AUTOCOMPLETE: {CHOICES},
            MODAL: {REPLY, DEFER} | ({DEFER_UPDATE, UPDATE} if it.source else set()),
        }[it.kind]
        if kind not in allowed:
            words = f"Value must be one of {tuple(sorted(allowed))}."
            errors = {"type": {"_errors": [{"code": "BASE_TYPE_CHOICES", "message": words}]}}
            raise ApiError(50035, message="Invalid Form Body", errors=errors)
        return it

    def to_follow(self, application_id: int, token: str) -> Interaction:
        """The interaction that a webhook request is for; 10015 unknown or not answered yet, 50027 after 15 minutes."""
        it = self.by_token.get(token)
        if it is None or application_id != self._server.application_id or it.answered is None:
            raise ApiError(10015)
        if self._server.world.now() - it.at > TOKEN_LASTS:
            raise ApiError(50027)
        return it

    def metadata(self, it: Interaction) -> Json:
        """Whose use of what a message came from, as the message tells it."""
        told: Json = {
            "id": str(it.id),
            "type": it.kind,
            "user": payloads.user(it.user),
            "authorizing_integration_owners": {"0": str(it.channel.guild_id or 0)},
        }
        if it.kind == COMMAND:
            told |= {"name": it.data["name"], "command_type": it.data["type"]}
        if it.kind == COMPONENT and it.source:
            told["interacted_message_id"] = str(it.source.id)
        if it.kind == MODAL:
            trigger = {**told, "type": COMPONENT if it.source else COMMAND}
            told["triggering_interaction_metadata"] = trigger | (
                {"interacted_message_id": str(it.source.id)} if it.source else {"name": "form", "command_type": 1}
            )
        return told
