"""From discord.py's objects to the core's events."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

import discord

from bot.events import MessageDeleted, MessageSeen, Place, ReactionChanged, ReactionsSeen
from bot.model import Author, Stance
from bot.platforms.discord.directory import Directory, ref

STANCES = {"👍": Stance.AGREE, "👎": Stance.DISAGREE, "🤷": Stance.PASS}
_VARIANTS = dict.fromkeys(map(ord, "\ufe0f\u200d♀♂🏻🏼🏽🏾🏿"))
"""What only changes how an emoji looks: skin tones, genders and their joiners."""

_MENTION = re.compile(r"<(?P<kind>@!?|@&|#)(?P<id>\d+)>|<a?:(?P<emoji>\w+):\d+>")


def stance_of(emoji: discord.PartialEmoji | discord.Emoji | str) -> Stance | None:
    """Return what a reaction says, whatever the hand's colour, or None if it says nothing of the kind."""
    name = emoji if isinstance(emoji, str) else emoji.name or ""
    return STANCES.get(name.translate(_VARIANTS))


def is_by_a_person(message: discord.Message) -> bool:
    """Return whether a message was written by a person: not by a bot, a webhook or Discord itself."""
    ordinary = message.type in (discord.MessageType.default, discord.MessageType.reply)
    return ordinary and not message.author.bot and message.webhook_id is None


async def seen(directory: Directory, place: Place | None, message: discord.Message) -> MessageSeen | None:
    """Return a person's message in a thread as an event, or None for any other message."""
    if place is None or place.thread is None or not is_by_a_person(message):
        return None
    guild = int(place.channel.workspace)
    answered = message.reference if message.type is discord.MessageType.reply else None
    # The history knows nobody by the name that they have in the server.
    written = {int(match["id"]) for match in _MENTION.finditer(message.content) if match["kind"] in ("@", "@!")}
    named = [user for user in message.mentions if user.id in written]
    names = {user.id: (await directory.author(guild, user)).name for user in named}
    return MessageSeen(
        place=place,
        message=ref(message.id),
        author=await directory.author(guild, message.author),
        text=text_of(message, names),
        sent_at=message.created_at,
        edited_at=message.edited_at,
        reply_to=ref(answered.message_id) if answered and answered.message_id else None,
    )


def text_of(message: discord.Message, names: Mapping[int, str]) -> str:
    """Return what a message says, verbatim, but with names for numbers where it mentions somebody or something.

    `names` has those of people. What is attached is noted by name.
    """

    def named(match: re.Match[str]) -> str:
        if match["emoji"]:
            return f":{match['emoji']}:"
        return _named(message, names, match["kind"], int(match["id"])) or match[0]

    attached = [f"[{attachment.filename}]" for attachment in message.attachments]
    attached += [f"[{sticker.name}]" for sticker in message.stickers]
    return "\n".join(filter(None, (_MENTION.sub(named, message.content), " ".join(attached))))


def _named(message: discord.Message, names: Mapping[int, str], kind: str, number: int) -> str:
    """Return the name of what is mentioned, or nothing if it is not known."""
    match kind:
        case "#":
            channel = message.guild.get_channel_or_thread(number) if message.guild else None
            return f"#{channel.name}" if channel and _is_as_open(channel, message.channel) else ""
        case "@&":
            role = message.guild.get_role(number) if message.guild else None
            return f"@{role.name}" if role else ""
        case _:
            return f"@{names[number]}" if number in names else ""


def _is_as_open(channel: discord.abc.GuildChannel | discord.Thread, room: object) -> bool:
    """Return whether everyone who reads a room sees a channel too, whose name Discord keeps from others.

    Either everyone sees it, or it is open to the same people, as channels of one category are.
    """
    place = channel.parent if isinstance(channel, discord.Thread) else channel
    here = room.parent if isinstance(room, discord.Thread) else room
    if place is None or (isinstance(channel, discord.Thread) and channel.is_private() and channel != room):
        return False
    if place == here or place.permissions_for(place.guild.default_role).view_channel:
        return True
    return isinstance(here, discord.abc.GuildChannel) and place.overwrites == here.overwrites


async def reaction_changed(
    directory: Directory, place: Place | None, payload: discord.RawReactionActionEvent, *, present: bool
) -> ReactionChanged | None:
    """Return a reaction that came or went as an event, or None if it says nothing of the kind or is a bot's.

    Raises discord.HTTPException.
    """
    stance = stance_of(payload.emoji)
    if stance is None or place is None or place.thread is None:
        return None
    guild = int(place.channel.workspace)
    author: Author | None
    if payload.member is not None:
        author = None if payload.member.bot else await directory.author(guild, payload.member)
    else:
        author = await directory.author_by_id(guild, payload.user_id)
    return ReactionChanged(place, ref(payload.message_id), author, stance, present) if author else None


async def reactions_seen(directory: Directory, place: Place, message: discord.Message) -> ReactionsSeen:
    """Return all reactions on a message as an event. Raises discord.HTTPException."""
    stances: set[tuple[Author, Stance]] = set()
    for reaction in message.reactions:
        stance = stance_of(reaction.emoji)
        if stance is None:
            continue
        kinds = [discord.ReactionType.normal, *([discord.ReactionType.burst] if reaction.burst_count else [])]
        for kind in kinds:
            async for user in reaction.users(type=kind):
                if not user.bot:
                    stances.add((await directory.author(int(place.channel.workspace), user), stance))
    return ReactionsSeen(place, ref(message.id), frozenset(stances))


def deleted(place: Place, message_id: int, now: datetime) -> MessageDeleted:
    """Return a deletion, which Discord reports without a time, as an event of now (UTC)."""
    return MessageDeleted(place, ref(message_id), now)
