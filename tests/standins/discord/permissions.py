"""Who may do what where: Discord's permission bits and the order in which they are computed."""

from __future__ import annotations

from .state import Channel, Guild, Member, Role, World

BITS = {
    "kick_members": 1,
    "administrator": 3,
    "manage_channels": 4,
    "manage_guild": 5,
    "add_reactions": 6,
    "view_channel": 10,
    "send_messages": 11,
    "manage_messages": 13,
    "embed_links": 14,
    "attach_files": 15,
    "read_message_history": 16,
    "mention_everyone": 17,
    "use_external_emojis": 18,
    "manage_roles": 28,
    "use_application_commands": 31,
    "manage_threads": 34,
    "create_public_threads": 35,
    "create_private_threads": 36,
    "send_messages_in_threads": 38,
    "pin_messages": 51,
}
ALL = sum(1 << bit for bit in BITS.values())


def bits(*names: str) -> int:
    """The bit set of these permissions."""
    return sum(1 << BITS[name] for name in names)


MEMBERS_HAVE = bits(
    "view_channel",
    "send_messages",
    "add_reactions",
    "embed_links",
    "attach_files",
    "read_message_history",
    "use_application_commands",
    "create_public_threads",
    "send_messages_in_threads",
)
BOTS_HAVE = MEMBERS_HAVE & ~bits("use_application_commands")


def roles_of(guild: Guild, member: Member) -> list[Role]:
    """The member's roles, @everyone first."""
    return [guild.everyone, *(guild.roles[role] for role in member.roles if role in guild.roles)]


def base(guild: Guild, member: Member) -> int:
    """What a member may do in the guild before any channel has its say."""
    if member.user.id == guild.owner_id:
        return ALL
    held = 0
    for role in roles_of(guild, member):
        held |= role.permissions
    return ALL if held & bits("administrator") else held


def in_channel(world: World, channel: Channel, user_id: int) -> int:
    """What a user may do in a channel or thread: overwrites of @everyone, then of roles, then of the member.

    A thread has its parent's permissions. Nothing is allowed where the channel cannot be seen.
    """
    guild = world.guild_of(channel)
    if guild is None:
        return ALL
    member = guild.members.get(user_id)
    if member is None:
        return 0
    held = base(guild, member)
    if held & bits("administrator"):
        return ALL
    place = world.channels[channel.parent_id] if channel.thread and channel.parent_id else channel
    if everyone := place.overwrites.get(guild.id):
        held = held & ~everyone.deny | everyone.allow
    own_roles = [place.overwrites[role] for role in member.roles if role in place.overwrites]
    for overwrite in own_roles:
        held &= ~overwrite.deny
    for overwrite in own_roles:
        held |= overwrite.allow
    if own := place.overwrites.get(user_id):
        held = held & ~own.deny | own.allow
    return held if held & bits("view_channel") else 0


def may(world: World, channel: Channel, user_id: int, *names: str) -> bool:
    """Whether the user has all of these there; in a thread `send_messages` means the threads' own permission."""
    wanted = {"send_messages_in_threads" if channel.thread and name == "send_messages" else name for name in names}
    needed = bits(*wanted)
    return in_channel(world, channel, user_id) & needed == needed
