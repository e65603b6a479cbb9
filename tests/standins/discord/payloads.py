"""The objects of the wire, as Discord writes them: ids as strings, every field that it always sends."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

from .permissions import bits, in_channel
from .state import (
    ANNOUNCEMENT,
    CATEGORY,
    DM,
    EPHEMERAL,
    FORUM,
    HAS_THREAD,
    REPLY,
    TEXT,
    THREAD_STARTER,
    VOICE,
    Channel,
    Guild,
    Json,
    Member,
    Message,
    Role,
    User,
    World,
    iso,
)


def user(who: User) -> Json:
    """A user."""
    payload: Json = {
        "id": str(who.id),
        "username": who.username,
        "avatar": None,
        "discriminator": f"{who.id % 10000:04}" if who.bot else "0",
        "public_flags": 0,
        "flags": 0,
        "global_name": who.global_name,
        "avatar_decoration_data": None,
        "banner": None,
        "accent_color": None,
        "collectibles": None,
        "primary_guild": None,
    }
    if who.bot:
        payload["bot"] = True
    return payload


def member(who: Member, *, with_user: bool = True) -> Json:
    """A guild member; its roles are ids."""
    payload: Json = {
        "avatar": None,
        "banner": None,
        "communication_disabled_until": None,
        "flags": 0,
        "joined_at": iso(who.joined_at),
        "nick": who.nick,
        "pending": False,
        "premium_since": None,
        "roles": [str(role) for role in who.roles],
        "mute": False,
        "deaf": False,
    }
    if with_user:
        payload["user"] = user(who.user)
    return payload


def role(it: Role, bot_id: int | None = None) -> Json:
    """A role."""
    payload: Json = {
        "id": str(it.id),
        "name": it.name,
        "description": None,
        "permissions": str(it.permissions),
        "position": it.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": it.managed,
        "mentionable": it.mentionable,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }
    if it.managed and bot_id is not None:
        payload["tags"] = {"bot_id": str(bot_id)}
    return payload


def channel(world: World, it: Channel) -> Json:
    """A channel of any kind, threads and direct messages too."""
    if it.thread:
        return thread(world, it)
    last = None if it.last_message_id is None else str(it.last_message_id)
    payload: Json = {"id": str(it.id), "type": it.kind, "flags": it.flags}
    if it.kind == DM:
        recipients = [user(it.recipient)] if it.recipient else []
        return {**payload, "last_message_id": last, "recipients": recipients}
    payload |= {
        "guild_id": str(it.guild_id),
        "name": it.name,
        "position": it.position,
        "parent_id": None if it.parent_id is None else str(it.parent_id),
        "permission_overwrites": [
            {"id": str(target), "type": ow.kind, "allow": str(ow.allow), "deny": str(ow.deny)}
            for target, ow in it.overwrites.items()
        ],
    }
    if it.kind != CATEGORY:
        payload |= {"last_message_id": last, "nsfw": False, "rate_limit_per_user": it.slowmode}
    if it.kind == VOICE:
        payload |= {"bitrate": 64000, "user_limit": 0, "rtc_region": None}
    if it.kind in {TEXT, ANNOUNCEMENT, FORUM}:
        payload |= {"topic": it.topic, "default_auto_archive_duration": it.auto_archive}
    if it.kind == TEXT and it.last_pin_at:
        payload["last_pin_timestamp"] = iso(it.last_pin_at)
    if it.kind == FORUM:
        payload |= {
            "available_tags": it.tags,
            "default_reaction_emoji": None,
            "default_sort_order": None,
            "default_forum_layout": 0,
            "template": "",
        }
    return payload


def thread(world: World, it: Channel, viewer: int | None = None) -> Json:
    """A thread; with `member` where the viewer has joined it."""
    state = it.thread
    assert state is not None
    starter = 0 if it.parent_id is None or world.channels[it.parent_id].kind == FORUM else 1
    spoken = sum(message.kind != THREAD_STARTER for message in it.messages.values())
    count = max(0, spoken - (1 - starter))
    payload: Json = {
        "id": str(it.id),
        "type": it.kind,
        "flags": it.flags,
        "guild_id": str(it.guild_id),
        "name": it.name,
        "parent_id": str(it.parent_id),
        "last_message_id": None if it.last_message_id is None else str(it.last_message_id),
        "rate_limit_per_user": it.slowmode,
        "owner_id": str(state.owner_id),
        "thread_metadata": {
            "archived": state.archived,
            "archive_timestamp": iso(state.archived_at),
            "auto_archive_duration": state.auto_archive,
            "locked": state.locked,
            "create_timestamp": iso(state.created_at),
        },
        "message_count": count,
        "member_count": min(50, len(state.members)),
        "total_message_sent": state.total_sent,
    }
    if not starter:
        payload["applied_tags"] = [str(tag) for tag in state.applied_tags]
    if viewer is not None and viewer in state.members:
        payload["member"] = thread_member(it, viewer)
    return payload


def thread_member(it: Channel, user_id: int) -> Json:
    """Someone's membership of a thread."""
    assert it.thread is not None
    return {
        "id": str(it.id),
        "user_id": str(user_id),
        "join_timestamp": iso(it.thread.members[user_id]),
        "flags": 1,
        "muted": False,
        "mute_config": None,
    }


def emoji(key: str) -> Json:
    """An emoji as reactions carry it; the key is the character or `name:id`."""
    name, _, custom = key.partition(":")
    return {"id": custom or None, "name": name}


def reactions(it: Message, viewer: int) -> list[Json]:
    """How often each emoji stands under a message."""
    return [
        {
            "emoji": emoji(key),
            "count": len(users) + len(supers),
            "count_details": {"burst": len(supers), "normal": len(users)},
            "burst_colors": [],
            "me_burst": viewer in supers,
            "burst_me": viewer in supers,
            "burst_count": len(supers),
            "me": viewer in users,
        }
        for key in {**it.reactions, **it.super_reactions}
        if (users := it.reactions.get(key, [])) + (supers := it.super_reactions.get(key, []))
    ]


def message(world: World, it: Message, viewer: int, *, deep: bool = True) -> Json:
    """A message as the REST API gives it; `deep` adds the message that it answers."""
    thread_made = world.thread_of(it)
    payload: Json = {
        "type": it.kind,
        "content": it.content,
        "mentions": [user(who) for who in it.mentions],
        "mention_roles": [str(role_id) for role_id in it.mention_roles],
        "attachments": [a for a in it.attachments if a["id"] not in it.embedded],
        "embeds": it.embeds,
        "timestamp": iso(it.at),
        "edited_timestamp": iso(it.edited_at) if it.edited_at else None,
        "flags": it.flags | (HAS_THREAD if thread_made else 0) | (EPHEMERAL if it.ephemeral_to else 0),
        "components": it.components,
        "id": str(it.id),
        "channel_id": str(it.channel_id),
        "author": user(it.author),
        "pinned": it.pinned,
        "mention_everyone": it.mention_everyone,
        "tts": False,
    }
    optional: Json = {
        "webhook_id": str(it.webhook_id) if it.webhook_id else None,
        "application_id": str(it.application_id) if it.application_id else None,
        "message_reference": it.reference,
        "position": it.position,
        "interaction_metadata": it.interaction,
        "thread": thread(world, thread_made, viewer) if thread_made else None,
        "reactions": reactions(it, viewer) or None,
    }
    payload |= {key: value for key, value in optional.items() if value is not None}
    if deep and it.kind in {REPLY, THREAD_STARTER} and it.reference:
        place = world.channels.get(int(it.reference["channel_id"]))
        answered = place.messages.get(int(it.reference["message_id"])) if place else None
        payload["referenced_message"] = message(world, answered, viewer, deep=False) if answered else None
    return payload


def without_content(payload: Json) -> Json:
    """The same message as an app without the message content intent gets it."""
    empty: Json = {"content": "", "embeds": [], "attachments": [], "components": []}
    return {key: value for key, value in {**payload, **empty}.items() if key != "poll"}


def hides_content(world: World, it: Message, app_user: int) -> bool:
    """Whether a message is one whose content needs the privileged intent: not its own, not direct, no mention of it."""
    direct = world.channels[it.channel_id].kind == DM if it.channel_id in world.channels else False
    return not direct and it.author.id != app_user and all(who.id != app_user for who in it.mentions)


def guild_create(world: World, it: Guild, bot: User, *, members: bool) -> Json:
    """The dispatch GUILD_CREATE: with channels, active threads that the bot may see, and members (at least the bot)."""
    view = bits("view_channel")
    seen = [t for t in it.threads() if t.thread and not t.thread.archived and in_channel(world, t, bot.id) & view]
    return {
        **guild(it, bot),
        "joined_at": iso(it.members[bot.id].joined_at),
        "large": len(it.members) > 250,
        "member_count": len(it.members),
        "members": [member(m) for m in it.members.values() if members or m.user is bot],
        "channels": [channel(world, c) for c in it.channels.values() if not c.thread],
        "threads": [thread(world, t, bot.id) for t in seen],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
        "activity_instances": [],
        "embedded_activities": [],
    }


def guild(it: Guild, bot: User) -> Json:
    """A guild as the REST API gives it."""
    return {
        "id": str(it.id),
        "name": it.name,
        "icon": None,
        "description": None,
        "home_header": None,
        "splash": None,
        "discovery_splash": None,
        "features": ["COMMUNITY"],
        "banner": None,
        "owner_id": str(it.owner_id),
        "application_id": None,
        "region": "deprecated",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "widget_enabled": False,
        "widget_channel_id": None,
        "verification_level": 1,
        "roles": [role(r, bot.id) for r in (it.everyone, *it.roles.values())],
        "default_message_notifications": 1,
        "mfa_level": 0,
        "explicit_content_filter": 2,
        "max_presences": None,
        "max_members": 25_000_000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "vanity_url_code": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": it.locale,
        "rules_channel_id": None,
        "safety_alerts_channel_id": None,
        "public_updates_channel_id": None,
        "hub_type": None,
        "premium_progress_bar_enabled": False,
        "latest_onboarding_question_id": None,
        "incidents_data": None,
        "inventory_settings": None,
        "nsfw": False,
        "nsfw_level": 0,
        "emojis": [],
        "stickers": [],
    }


def attachment(base: str, channel_id: int, attachment_id: int, filename: str, data: bytes, kind: str) -> Json:
    """An uploaded file; its address is one that this server answers."""
    url = f"{base}/attachments/{channel_id}/{attachment_id}/{quote(filename)}"
    payload: Json = {
        "id": str(attachment_id),
        "filename": filename,
        "size": len(data),
        "url": url,
        "proxy_url": url,
        "content_type": kind,
        "content_scan_version": 2,
    }
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        payload |= {"width": int.from_bytes(data[16:20]), "height": int.from_bytes(data[20:24])}
    return payload


def ended(at: datetime | None) -> str | None:
    """A timestamp or null."""
    return iso(at) if at else None
