"""Objects as Slack sends them."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from .state import DIRECT, PRIVATE, PUBLIC, Channel, Json, Message, Team, User, Usergroup, View, World

if TYPE_CHECKING:
    from .server import App

EVERY_REACTOR = 1_000_000


def bot_profile(app: App, bot: User) -> Json:
    """The app's bot as it stands beside its messages."""
    icons = {f"image_{size}": f"https://a.slack-edge.com/bot_{size}.png" for size in (36, 48, 72)}
    return {
        "id": bot.bot_id,
        "deleted": False,
        "name": app.name,
        "updated": bot.updated,
        "app_id": app.id,
        "user_id": bot.id,
        "icons": icons,
        "team_id": bot.team_id,
    }


def message(app: App, it: Message) -> Json:
    """A message as it is by itself, in the shape in which events carry it."""
    data: Json = {"user": it.user.id, "type": "message", "ts": it.ts}
    if it.subtype:
        data["subtype"] = it.subtype
    if it.client_msg_id:
        data["client_msg_id"] = it.client_msg_id
    if it.by_app:
        data |= {"bot_id": it.user.bot_id, "app_id": app.id}
    data["text"] = it.text
    if not it.subtype or it.subtype in {"thread_broadcast", "file_share"}:
        data["team"] = it.user.team_id
    if it.by_app:
        data["bot_profile"] = bot_profile(app, it.user)
    if it.edited:
        data["edited"] = it.edited
    if it.files:
        data |= {"files": it.files, "upload": False, "display_as_bot": False}
    if it.blocks:
        data["blocks"] = it.blocks
    if it.thread_ts and it.is_reply:
        data["thread_ts"] = it.thread_ts
    return data | it.extra


def with_thread(app: App, channel: Channel, it: Message) -> Json:
    """A message with what Slack tells of its thread: below whose it stands, or how many stand below it."""
    data = message(app, it)
    if it.is_reply:
        parent = channel.messages.get(it.thread_ts or "")
        if parent:
            data["parent_user_id"] = parent.user.id
        if parent and it.subtype == "thread_broadcast":
            data["root"] = _parent(app, channel, parent)
        return data
    return _parent(app, channel, it)


def _parent(app: App, channel: Channel, it: Message) -> Json:
    data = message(app, it)
    replies = channel.replies(it.ts)
    if not replies:
        return data
    users = list(dict.fromkeys(reply.user.id for reply in replies))
    return data | {
        "thread_ts": it.ts,
        "reply_count": len(replies),
        "reply_users_count": len(users),
        "latest_reply": replies[-1].ts,
        "reply_users": users[:5],
        "is_locked": False,
        "subscribed": False,
    }


def reactions(it: Message, shown: int) -> list[Json]:
    """What stands under a message; of those who reacted, Slack may leave some out, but counts them all."""
    return [
        {"name": name, "users": users[:shown], "count": len(users)} for name, users in it.reactions.items() if users
    ]


def in_history(app: App, channel: Channel, it: Message, *, metadata: bool, shown: int) -> Json:
    """A message as `conversations.history` and `.replies` return it."""
    data = with_thread(app, channel, it)
    if it.reactions and (under := reactions(it, shown)):
        data["reactions"] = under
    if metadata and it.metadata:
        data["metadata"] = it.metadata
    return data


def user(it: User, team: Team) -> Json:
    """An account as `users.info` returns it."""
    return {
        "id": it.id,
        "team_id": team.id,
        "name": it.name,
        "deleted": it.deleted,
        "color": "9f69e7",
        "real_name": it.real_name,
        "tz": "Europe/London",
        "tz_label": "Greenwich Mean Time",
        "tz_offset": 0,
        "profile": {
            "title": "",
            "phone": "",
            "skype": "",
            "real_name": it.real_name,
            "real_name_normalized": it.real_name,
            "display_name": it.display_name,
            "display_name_normalized": it.display_name,
            "fields": None,
            "status_text": "",
            "status_emoji": "",
            "status_emoji_display_info": [],
            "status_expiration": 0,
            "avatar_hash": "0123456789ab",
            "always_active": bool(it.bot_id),
            "first_name": it.real_name.split(" ", 1)[0],
            "last_name": it.real_name.partition(" ")[2],
            **{f"image_{size}": f"https://avatars.slack-edge.com/{size}.png" for size in (24, 32, 48, 72, 192, 512)},
            "team": team.id,
        },
        "is_admin": it.is_admin,
        "is_owner": it.is_owner,
        "is_primary_owner": it.is_owner,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_bot": it.bot_id is not None,
        "is_app_user": False,
        "updated": it.updated,
        "is_email_confirmed": it.bot_id is None,
        "who_can_share_contact_card": "EVERYONE",
    }


def conversation(it: Channel, bot: User) -> Json:
    """A channel as `conversations.info` returns it to the bot."""
    if it.kind == DIRECT:
        other = next((user_id for user_id in it.members if user_id != bot.id), bot.id)
        return {
            "id": it.id,
            "created": it.created,
            "is_archived": False,
            "is_im": True,
            "is_org_shared": False,
            "context_team_id": it.team_id,
            "updated": it.created * 1000,
            "user": other,
            "last_read": "0000000000.000000",
            "latest": None,
            "unread_count": 0,
            "unread_count_display": 0,
            "is_open": True,
            "priority": 0,
        }
    nothing = {"value": "", "creator": "", "last_set": 0}
    return {
        "id": it.id,
        "name": it.name,
        "is_channel": it.kind == PUBLIC,
        "is_group": False,
        "is_im": False,
        "is_mpim": False,
        "is_private": it.kind == PRIVATE,
        "created": it.created,
        "is_archived": it.archived,
        "is_general": it.name == "general",
        "unlinked": 0,
        "name_normalized": it.name,
        "is_shared": False,
        "is_org_shared": False,
        "is_pending_ext_shared": False,
        "pending_shared": [],
        "context_team_id": it.team_id,
        "updated": it.created * 1000,
        "parent_conversation": None,
        "creator": it.creator,
        "is_ext_shared": False,
        "shared_team_ids": [it.team_id],
        "pending_connected_team_ids": [],
        "is_member": bot.id in it.members,
        "last_read": "0000000000.000000",
        "topic": dict(nothing),
        "purpose": dict(nothing),
        "previous_names": [],
    }


def usergroup(it: Usergroup, team: Team) -> Json:
    """A user group as `usergroups.list` returns it."""
    return {
        "id": it.id,
        "team_id": team.id,
        "is_usergroup": True,
        "is_subteam": True,
        "name": it.name,
        "description": "",
        "handle": it.handle,
        "is_external": False,
        "date_create": 1,
        "date_update": 1,
        "date_delete": 0,
        "auto_type": None,
        "auto_provision": False,
        "enterprise_subteam_id": "",
        "created_by": "USLACKBOT",
        "updated_by": "USLACKBOT",
        "deleted_by": None,
        "prefs": {"channels": [], "groups": []},
        "user_count": len(it.users),
    }


def view(app: App, it: View) -> Json:
    """A modal or App Home as Slack returns it."""
    body = it.body
    return {
        "id": it.id,
        "team_id": it.team.id,
        "type": body["type"],
        "blocks": body["blocks"],
        "private_metadata": body.get("private_metadata", ""),
        "callback_id": body.get("callback_id", ""),
        "state": {"values": {}},
        "hash": f"{it.version}.{it.id[-8:].lower()}",
        "title": body.get("title") or {"type": "plain_text", "text": "View Title", "emoji": True},
        "clear_on_close": body.get("clear_on_close", False),
        "notify_on_close": body.get("notify_on_close", False),
        "close": body.get("close"),
        "submit": body.get("submit"),
        "previous_view_id": it.previous.id if it.previous else None,
        "root_view_id": it.root.id,
        "app_id": app.id,
        "external_id": body.get("external_id", ""),
        "app_installed_team_id": it.team.id,
        "bot_id": it.team.bot.bot_id if it.team.bot else "",
    }


def file(world: World, url: str, owner: User, name: str, data: bytes, title: str, alt_text: str) -> Json:
    """A file; its bytes are kept with the world under its id."""
    file_id = world.id("F")
    kind = name.rpartition(".")[2].lower()
    world.file_bytes[file_id] = data
    it = {
        "id": file_id,
        "created": world.seconds(),
        "timestamp": world.seconds(),
        "name": name,
        "title": title or name,
        "mimetype": {"png": "image/png", "pdf": "application/pdf"}.get(kind, "text/plain"),
        "filetype": {"txt": "text", "md": "markdown"}.get(kind, kind),
        "pretty_type": kind.upper(),
        "user": owner.id,
        "user_team": owner.team_id,
        "editable": False,
        "size": len(data),
        "mode": "hosted",
        "is_external": False,
        "external_type": "",
        "is_public": True,
        "public_url_shared": False,
        "display_as_bot": False,
        "username": "",
        "url_private": f"{url}/files-pri/{owner.team_id}-{file_id}/{name}",
        "url_private_download": f"{url}/files-pri/{owner.team_id}-{file_id}/download/{name}",
        "permalink": f"https://files.slack.com/files/{owner.id}/{file_id}/{name}",
        "has_rich_preview": False,
        "file_access": "visible",
        "alt_txt": alt_text,
    }
    world.files[file_id] = it
    return it


def short_user(it: User) -> Json:
    """Who did something, as interactions say it."""
    return {"id": it.id, "username": it.name, "name": it.name, "team_id": it.team_id}


def channel_name(it: Channel) -> str:
    """A channel's name as interactions and slash commands say it."""
    if it.kind == DIRECT:
        return "directmessage"
    return "privategroup" if it.kind == PRIVATE else it.name


def event_callback(app: App, team: Team, event: Json, event_id: str, at: int) -> Json:
    """An event as the Events API wraps it."""
    assert team.bot is not None
    context = {"et": event["type"], "tid": team.id, "aid": app.id, "cid": event.get("channel", "")}
    return {
        "token": app.verification_token,
        "team_id": team.id,
        "context_team_id": team.id,
        "context_enterprise_id": None,
        "api_app_id": app.id,
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": at,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": team.id,
                "user_id": team.bot.id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{base64.urlsafe_b64encode(json.dumps(context).encode()).decode().rstrip('=')}",
    }
