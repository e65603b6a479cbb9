"""Methods `conversations.*`, `users.*`, `usergroups.*`, `team.*` and `bots.*`."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from . import happenings, payloads
from .errors import SlackError
from .state import DIRECT, PUBLIC, Channel, Json, Message
from .web_api import Call, Method

T = TypeVar("T")


def _cursor(value: str) -> str:
    return base64.b64encode(f"next_ts:{value}".encode()).decode()


def _read_cursor(call: Call) -> str | None:
    given = call.text("cursor")
    if not given:
        return None
    try:
        kind, _, value = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise SlackError("invalid_cursor") from None
    if kind != "next_ts":
        raise SlackError("invalid_cursor")
    return value


def _page(call: Call, items: Sequence[T], default: int, most: int) -> tuple[list[T], str]:
    """One page of a list that does not change, and the cursor of the next."""
    start = int(_read_cursor(call) or 0)
    limit = call.number("limit", default, most)
    more = start + limit < len(items)
    return list(items[start : start + limit]), _cursor(str(start + limit)) if more else ""


def _bound(call: Call, name: str, default: str) -> str:
    value = call.text(name, default) or default
    try:
        number = float(value)
    except ValueError:
        raise SlackError(f"invalid_ts_{name}") from None
    return f"{number:017.6f}" if "." not in value else value.rjust(17, "0")


def _within(call: Call, messages: Sequence[Message]) -> list[Message]:
    oldest, latest = _bound(call, "oldest", "0"), _bound(call, "latest", "9999999999.999999")
    inclusive = call.flag("inclusive")

    def fits(message: Message) -> bool:
        ts = message.ts.rjust(17, "0")
        return oldest < ts < latest or (inclusive and ts in {oldest, latest})

    return [message for message in messages if fits(message)]


def _shown(messages: Sequence[Message]) -> list[Message]:
    """Without what the history does not show yet."""
    found = []
    for message in messages:
        if message.late:
            message.late -= 1
        else:
            found.append(message)
    return found


def _limit(call: Call, default: int) -> int:
    most = call.server.most_history
    return min(call.number("limit", min(default, most), 999 if most > 15 else 100_000), most)


def _told(call: Call, channel: Channel, messages: Sequence[Message]) -> list[Json]:
    metadata, shown = call.flag("include_all_metadata"), call.server.shown_reactors
    return [
        payloads.in_history(call.server.app, channel, message, metadata=metadata, shown=shown) for message in messages
    ]


async def history(call: Call) -> Json:
    channel = call.readable()
    limit, before = _limit(call, 100), _read_cursor(call)
    top = [m for m in channel.messages.values() if not m.is_reply or m.subtype == "thread_broadcast"]
    ordered = sorted(_shown(_within(call, top)), key=lambda m: m.ts, reverse=True)
    ordered = [message for message in ordered if before is None or message.ts <= before]
    page, rest = ordered[:limit], ordered[limit:]
    answer: Json = {
        "messages": _told(call, channel, page),
        "has_more": bool(rest),
        "pin_count": 0,
        "channel_actions_ts": None,
        "channel_actions_count": 0,
    }
    if rest:
        answer["response_metadata"] = {"next_cursor": _cursor(rest[0].ts)}
    return answer


async def replies(call: Call) -> Json:
    """The parent stands at the head of every page, whatever page it is."""
    channel = call.readable()
    limit, after = _limit(call, 1000), _read_cursor(call)
    asked = call.message(channel, "ts", "thread_not_found")
    parent = channel.messages.get(asked.thread_ts or asked.ts, asked)
    below = _shown(_within(call, sorted(channel.replies(parent.ts), key=lambda m: m.ts)))
    below = [message for message in below if after is None or message.ts >= after]
    page, rest = below[: max(1, limit - 1)], below[max(1, limit - 1) :]
    answer: Json = {"messages": _told(call, channel, [parent, *page]), "has_more": bool(rest)}
    if rest:
        answer["response_metadata"] = {"next_cursor": _cursor(rest[0].ts)}
    return answer


async def info(call: Call) -> Json:
    channel = call.visible()
    told = payloads.conversation(channel, call.bot)
    if call.flag("include_num_members"):
        told["num_members"] = len(channel.members)
    return {"channel": told}


def _listed(call: Call) -> list[Channel]:
    kinds = {"public_channel": PUBLIC, "private_channel": "group", "im": DIRECT}
    wanted = {kinds.get(kind.strip()) for kind in call.text("types", "public_channel").split(",")}
    return [
        channel
        for channel in call.team.channels.values()
        if channel.kind in wanted
        and (channel.kind == PUBLIC or call.bot.id in channel.members)
        and not (channel.archived and call.flag("exclude_archived"))
    ]


async def list_conversations(call: Call) -> Json:
    page, cursor = _page(call, _listed(call), 100, 1000)
    channels = [payloads.conversation(channel, call.bot) for channel in page]
    return {"channels": channels, "response_metadata": {"next_cursor": cursor}}


async def members(call: Call) -> Json:
    page, cursor = _page(call, call.visible().members, 100, 1000)
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


async def join(call: Call) -> Json:
    channel = call.visible()
    if channel.archived:
        raise SlackError("is_archived")
    if channel.kind != PUBLIC:
        raise SlackError("method_not_supported_for_channel_type")
    if call.bot.id in channel.members:
        call.warnings.append("already_in_channel")
    happenings.join(call.server, channel, call.bot)
    return {"channel": payloads.conversation(channel, call.bot)}


async def open_conversation(call: Call) -> Json:
    user = call.team.users.get(call.required("users").split(",")[0])
    if user is None:
        raise SlackError("user_not_found")
    if user.deleted:
        raise SlackError("user_disabled")
    if user.bot_id:
        raise SlackError("cannot_dm_bot")
    channel = happenings.direct(call.server, call.team, user)
    return {"channel": {"id": channel.id}, "no_op": True, "already_open": True}


async def conversations_of(call: Call) -> Json:
    """What somebody is in; the bot learns of private channels only where it is too."""
    user = call.team.users.get(call.text("user") or call.bot.id)
    if user is None:
        raise SlackError("user_not_found")
    page, cursor = _page(call, [one for one in _listed(call) if user.id in one.members], 100, 999)
    channels = [payloads.conversation(channel, call.bot) for channel in page]
    return {"channels": channels, "response_metadata": {"next_cursor": cursor}}


async def user_info(call: Call) -> Json:
    return {"user": payloads.user(call.user(), call.team)}


async def list_users(call: Call) -> Json:
    page, cursor = _page(call, list(call.team.users.values()), 1000, 1000)
    return {
        "members": [payloads.user(user, call.team) for user in page],
        "cache_ts": call.server.world.seconds(),
        "response_metadata": {"next_cursor": cursor},
    }


async def list_usergroups(call: Call) -> Json:
    groups = []
    for group in call.team.usergroups.values():
        told = payloads.usergroup(group, call.team)
        groups.append(told | {"users": group.users} if call.flag("include_users") else told)
    return {"usergroups": groups}


async def team_info(call: Call) -> Json:
    team = call.team
    icon = {"image_default": True, "image_132": "https://a.slack-edge.com/132.png"}
    told = {
        "id": team.id,
        "name": team.name,
        "url": team.url,
        "domain": team.domain,
        "email_domain": "",
        "icon": icon,
        "avatar_base_url": "https://ca.slack-edge.com/",
        "is_verified": False,
    }
    return {"team": told}


async def bot_info(call: Call) -> Json:
    given = call.text("bot") or call.bot.bot_id
    bot = next((user for user in call.team.users.values() if user.bot_id == given), None)
    if bot is None:
        raise SlackError("bot_not_found")
    profile = payloads.bot_profile(call.server.app, bot)
    return {"bot": {key: value for key, value in profile.items() if key != "team_id"}}


METHODS: dict[str, Method] = {
    "bots.info": bot_info,
    "conversations.history": history,
    "conversations.info": info,
    "conversations.join": join,
    "conversations.list": list_conversations,
    "conversations.members": members,
    "conversations.open": open_conversation,
    "conversations.replies": replies,
    "team.info": team_info,
    "usergroups.list": list_usergroups,
    "users.conversations": conversations_of,
    "users.info": user_info,
    "users.list": list_users,
}
