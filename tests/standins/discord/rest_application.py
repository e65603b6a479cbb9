"""The application over REST: itself, its commands, its users, and the guilds it is in."""

from __future__ import annotations

from typing import Any

from . import happenings, payloads
from .commandrules import check_commands, stored
from .errors import ApiError, Problems
from .rest import Call, Route
from .state import Json


async def me(call: Call) -> Json:
    """The bot's user."""
    account = {"mfa_enabled": False, "locale": "en-US", "verified": True, "email": None, "bio": ""}
    return {**payloads.user(call.server.bot), **account}


async def application(call: Call) -> Json:
    """The application, with its owner."""
    return call.server.application()


async def gateway(call: Call) -> Json:
    """Where the gateway is."""
    return {"url": call.server.gateway_url}


async def gateway_bot(call: Call) -> Json:
    """Where the gateway is, and how many shards and sessions are right."""
    limit = {"total": 1000, "remaining": 1000, "reset_after": 86_400_000, "max_concurrency": 1}
    return {"url": call.server.gateway_url, "shards": call.server.shards, "session_start_limit": limit}


def _application_id(call: Call) -> None:
    if call.id("application_id") != call.server.application_id:
        raise ApiError(20012, status=403, message="You are not authorized to perform this action on this application")


def _place(call: Call) -> int | None:
    _application_id(call)
    return call.guild().id if "guild_id" in call.request.match_info else None


async def commands(call: Call) -> list[Json]:
    """The commands of one place: everywhere, or one guild."""
    return list(call.server.world.commands.get(_place(call), {}).values())


async def put_commands(call: Call) -> list[Json]:
    """Replace every command of one place; a command that keeps its name and kind keeps its id."""
    place = _place(call)
    check_commands(call.body)
    world = call.server.world
    old = {(c["type"], c["name"]): c for c in world.commands.get(place, {}).values()}
    new: dict[int, Json] = {}
    for command in call.body:
        before = old.get((command.get("type", 1), command["name"]))
        command_id = int(before["id"]) if before else world.snowflake()
        new[command_id] = stored(command, command_id, world.snowflake(), call.server.application_id, place)
    world.commands[place] = new
    return list(new.values())


async def post_command(call: Call) -> Json:
    """Add or replace one command."""
    place = _place(call)
    body: Any = call.body or {}
    kept = [c for c in call.server.world.commands.get(place, {}).values() if c["name"] != body.get("name")]
    check_commands([body])
    check_commands([*kept, body])
    world = call.server.world
    old = [c for c in world.commands.get(place, {}).values() if c["name"] == body["name"]]
    command_id = int(old[0]["id"]) if old else world.snowflake()
    command = stored(body, command_id, world.snowflake(), call.server.application_id, place)
    world.commands.setdefault(place, {})[command_id] = command
    return command


async def delete_command(call: Call) -> None:
    """Remove one command."""
    if call.server.world.commands.get(_place(call), {}).pop(call.id("command_id"), None) is None:
        raise ApiError(10063)


async def open_direct(call: Call) -> Json:
    """The direct-message channel with a user; it opens even where the user takes no messages."""
    user = call.server.world.users.get(int((call.body or {}).get("recipient_id", 0)))
    if user is None or user.bot:
        problems = Problems()
        problems.add("recipient_id", "USER_UNKNOWN", "Unknown user")
        problems.raise_if_any()
        raise ApiError(10013)
    return payloads.channel(call.server.world, call.server.world.direct(user))


async def user(call: Call) -> Json:
    """Any user."""
    found = call.server.world.users.get(call.id("user_id"))
    if found is None:
        raise ApiError(10013)
    return payloads.user(found)


async def leave_guild(call: Call) -> None:
    """The bot leaves."""
    call.server.bot_leaves(call.guild())


async def my_guilds(call: Call) -> list[Json]:
    """The guilds that the bot is in."""
    found = [g for g in call.server.world.guilds.values() if g.bot_inside]
    wanted = ("id", "name", "icon", "banner", "features")
    extra = {"owner": False, "permissions": "0"}
    return [{**{k: v for k, v in payloads.guild(g, call.server.bot).items() if k in wanted}, **extra} for g in found]


async def guild(call: Call) -> Json:
    """A guild."""
    payload = payloads.guild(call.guild(), call.server.bot)
    if call.request.query.get("with_counts") in {"1", "true", "True"}:
        count = len(call.guild().members)
        payload |= {"approximate_member_count": count, "approximate_presence_count": count}
    return payload


async def channels(call: Call) -> list[Json]:
    """A guild's channels, threads not included."""
    return [payloads.channel(call.server.world, c) for c in call.guild().channels.values() if not c.thread]


async def roles(call: Call) -> list[Json]:
    """A guild's roles."""
    found = call.guild()
    return [payloads.role(role, call.server.bot.id) for role in (found.everyone, *found.roles.values())]


async def members(call: Call) -> list[Json]:
    """A guild's members, by id; needs the privileged intent."""
    if not call.server.members_allowed:
        raise ApiError(50001)
    limit = call.number("limit", 1, 1000)
    after = int(call.request.query.get("after", 0))
    found = sorted((m for m in call.guild().members.values() if m.user.id > after), key=lambda m: m.user.id)
    return [payloads.member(m) for m in found[:limit]]


async def member(call: Call) -> Json:
    """One member."""
    found = call.guild().members.get(call.id("user_id"))
    if found is None:
        raise ApiError(10007 if call.id("user_id") in call.server.world.users else 10013)
    return payloads.member(found)


async def create_channel(call: Call) -> Json:
    """A new channel in a guild."""
    found = call.guild()
    if not call.server.bot_may_in(found, "manage_channels"):
        raise ApiError(50013)
    body = call.body or {}
    problems = Problems()
    problems.text("name", body.get("name", ""), 100, shortest=1)
    problems.raise_if_any()
    channel = call.server.new_channel(found, body["name"], body.get("type") or 0, body.get("topic"))
    return payloads.channel(call.server.world, happenings.create_channel(call.server, channel))


APP = "/applications/{application_id}"
GUILD = "/guilds/{guild_id}"
ROUTES = [
    Route("GET", "/users/@me", me),
    Route("GET", "/users/@me/guilds", my_guilds),
    Route("DELETE", "/users/@me/guilds/{guild_id}", leave_guild),
    Route("POST", "/users/@me/channels", open_direct),
    Route("GET", "/users/{user_id}", user),
    Route("GET", "/oauth2/applications/@me", application),
    Route("GET", "/applications/@me", application),
    Route("GET", "/gateway", gateway),
    Route("GET", "/gateway/bot", gateway_bot),
    *(
        route
        for place in (APP + "/commands", APP + "/guilds/{guild_id}/commands")
        for route in (
            Route("GET", place, commands),
            Route("PUT", place, put_commands),
            Route("POST", place, post_command, 201),
            Route("DELETE", place + "/{command_id}", delete_command),
        )
    ),
    Route("GET", GUILD, guild),
    Route("GET", GUILD + "/channels", channels),
    Route("POST", GUILD + "/channels", create_channel, 201),
    Route("GET", GUILD + "/roles", roles),
    Route("GET", GUILD + "/members", members),
    Route("GET", GUILD + "/members/{user_id}", member),
]
