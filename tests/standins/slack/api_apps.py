"""Methods `auth.*`, `apps.*` and `oauth.*`, and the page on which somebody allows the app into a workspace."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from .errors import SlackError
from .state import Json, Team, Token, User
from .web_api import Call, Method

if TYPE_CHECKING:
    from .server import SlackServer

CODE_LIFE = timedelta(minutes=10)
TOKEN_LIFE = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Consent:
    """Somebody allowed the app in; the code is not exchanged yet."""

    team: Team
    user: User
    scopes: tuple[str, ...]
    redirect_uri: str
    until: float


def consent(server: SlackServer, team: Team, user: User, asked: dict[str, str]) -> str:
    """Allow what the consent page asks for; return the code. Raises AssertionError where Slack shows an error page."""
    if asked.get("client_id") != server.app.client_id:
        raise AssertionError("Slack says: invalid client_id")
    scopes = tuple(filter(None, asked.get("scope", "").replace(" ", ",").split(",")))
    unknown = [scope for scope in scopes if scope not in server.app.scopes]
    if unknown or not scopes:
        raise AssertionError(f"Slack says: invalid_scope {unknown}")
    redirect = asked.get("redirect_uri") or server.app.redirect_urls[0]
    if not any(redirect.startswith(known) for known in server.app.redirect_urls):
        raise AssertionError(f"Slack says: bad_redirect_uri {redirect}")
    code = f"{secrets.randbelow(10**12)}.{secrets.token_hex(20)}"
    until = (server.world.now() + CODE_LIFE).timestamp()
    server.codes[code] = Consent(team, user, scopes, redirect, until)
    return code


async def access(call: Call) -> Json:
    server, app = call.server, call.server.app
    client_id, client_secret = call.text("client_id"), call.text("client_secret")
    if call.headers.get("Authorization", "").startswith("Basic "):
        decoded = base64.b64decode(call.headers["Authorization"].removeprefix("Basic ")).decode()
        client_id, _, client_secret = decoded.partition(":")
    if client_id != app.client_id:
        raise SlackError("invalid_client_id")
    if client_secret != app.client_secret:
        raise SlackError("bad_client_secret")
    if call.text("grant_type") == "refresh_token":
        return _refreshed(call)
    given = server.codes.pop(call.text("code"), None)
    if given is None:
        raise SlackError("invalid_code")
    if given.until < server.world.now().timestamp():
        raise SlackError("code_expired" if call.text("code") else "invalid_code")
    if (call.text("redirect_uri") or given.redirect_uri) != given.redirect_uri:
        raise SlackError("bad_redirect_uri")
    return _granted(server, server.install(given.team, given.scopes), given.user)


def _granted(server: SlackServer, token: Token, user: User | None) -> Json:
    team = token.team
    assert team.bot is not None
    answer: Json = {
        "app_id": server.app.id,
        "authed_user": {"id": user.id} if user else {},
        "scope": ",".join(token.scopes),
        "token_type": "bot",
        "access_token": token.value,
        "bot_user_id": team.bot.id,
        "team": {"id": team.id, "name": team.name},
        "enterprise": None,
        "is_enterprise_install": False,
    }
    if token.expires_at:
        answer |= {"refresh_token": token.refresh, "expires_in": int(TOKEN_LIFE.total_seconds())}
    return answer


def _refreshed(call: Call) -> Json:
    server = call.server
    old = next((t for t in server.world.tokens.values() if t.refresh == call.text("refresh_token")), None)
    if old is None or not old.refresh:
        raise SlackError("invalid_refresh_token")
    if old.refused:
        raise SlackError(old.refused)
    token = server.new_token(old.team, old.scopes)
    old.refresh = None
    old.expires_at = server.world.now() + timedelta(minutes=5) if old.expires_at is None else old.expires_at
    return _granted(server, token, None)


async def auth_test(call: Call) -> Json:
    return {
        "url": call.team.url,
        "team": call.team.name,
        "user": call.bot.name,
        "team_id": call.team.id,
        "user_id": call.bot.id,
        "bot_id": call.bot.bot_id,
        "is_enterprise_install": False,
    }


async def revoke(call: Call) -> Json:
    if call.flag("test"):
        return {"revoked": False}
    call.token.refused = "token_revoked"
    if not any(t.team is call.team and t.refused is None for t in call.server.world.tokens.values()):
        call.server.uninstalled(call.team)
    return {"revoked": True}


async def open_connection(call: Call) -> Json:
    if call.token_value != call.server.app.app_token:
        known = call.token_value in call.server.world.tokens
        raise SlackError("not_allowed_token_type" if known else "invalid_auth" if call.token_value else "not_authed")
    if call.server.app.request_url is not None:
        raise SlackError("forbidden")
    return {"url": call.server.sockets.url()}


METHODS: dict[str, Method] = {
    "apps.connections.open": open_connection,
    "auth.revoke": revoke,
    "auth.test": auth_test,
    "oauth.v2.access": access,
}
