"""What the bot may do in a channel, and what a host can do about what it may not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import discord

Room = discord.TextChannel | discord.ForumChannel

NEEDED = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "create_public_threads": "Create Public Threads",
    "send_messages_in_threads": "Send Messages in Threads",
    "embed_links": "Embed Links",
    "attach_files": "Attach Files",
    "read_message_history": "Read Message History",
}
"""Each permission by discord.py's name, with the one that Discord shows in a text channel's settings."""

IN_FORUMS = {
    "view_channel": "View Channel",
    "send_messages": "Create Posts",
    "send_messages_in_threads": "Send Messages in Posts",
    "embed_links": "Embed Links",
    "attach_files": "Attach Files",
    "read_message_history": "Read Message History",
}
"""Likewise in a forum's settings; threads need no permission of their own there."""

WITH_SENDING = ("embed_links", "attach_files")
"""What nobody may do in a channel who may not send messages there, whatever else is set."""

ALERTING = ("view_channel", "send_messages")
READING = ("view_channel", "read_message_history")


def invite_permissions() -> discord.Permissions:
    """Return exactly the permissions that the bot needs."""
    return discord.Permissions(**dict.fromkeys(NEEDED, True))


def problems(room: Room, me: discord.Member) -> tuple[str, ...]:
    """Return one sentence for each thing that keeps the bot or the members from working in a channel."""
    names = IN_FORUMS if isinstance(room, discord.ForumChannel) else NEEDED
    found = [*_lacking(room, me, names)]
    if not room.permissions_for(me).view_channel:
        return tuple(found)
    if room.permissions_for(room.guild.default_role).view_channel and not _members_may_answer(room):
        shown = names["send_messages_in_threads"]
        found.append(f"Members cannot answer in #{room.name}. Give @everyone {shown} in the channel's settings.")
    if isinstance(room, discord.ForumChannel) and room.flags.require_tag:
        found.append(f"#{room.name} wants a tag on every post. Switch that off in the forum's settings.")
    return tuple(found)


def _members_may_answer(room: Room) -> bool:
    """Return whether a role that members may have lets them write in threads. Those of moderators do not count.

    Many servers give it by a role to whoever has read the rules.
    """
    roles = [room.permissions_for(role) for role in room.guild.roles if not role.managed]
    return any(may.view_channel and may.send_messages_in_threads and not may.manage_messages for may in roles)


def problems_with_alerts(room: Room, me: discord.Member) -> tuple[str, ...]:
    """Return one sentence for each thing that keeps hosts from being told of trouble in a channel."""
    if isinstance(room, discord.ForumChannel):
        return (f"#{room.name} is a forum, where hosts cannot be told. Choose another with `/reading-host settings`.",)
    return tuple(_lacking(room, me, {name: NEEDED[name] for name in ALERTING}))


def _lacking(room: Room, me: discord.Member, needed: Mapping[str, str]) -> Iterator[str]:
    mine = room.permissions_for(me)
    if not mine.view_channel:
        yield f"I cannot see #{room.name}. Give my role the permission View Channel in the channel's settings."
        return
    for permission, shown in needed.items():
        implied = permission in WITH_SENDING and not mine.send_messages
        if not getattr(mine, permission) and not implied:
            yield f"I lack the permission {shown} in #{room.name}. Give it to my role in the channel's settings."


def may_read(room: Room | discord.Thread) -> bool:
    """Return whether the bot may read what stands in a channel or thread. Without, Discord shows it as empty."""
    parent = room.parent if isinstance(room, discord.Thread) else room
    me = room.guild.me
    if parent is None or me is None:
        return False
    mine = parent.permissions_for(me)
    return all(getattr(mine, permission) for permission in READING)
