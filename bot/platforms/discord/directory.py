"""Where things are and who people are: what discord.py does not keep is fetched once and remembered."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

import discord

from bot.errors import PlatformError
from bot.events import Place
from bot.model import Author, Channel, Ref
from bot.platforms.discord.ids import NAME
from bot.platforms.discord.outcomes import UnreachableError
from bot.platforms.discord.permissions import Room

MOST_REMEMBERED = 10_000
LONGEST_ID = 20

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """What was used last, by key."""

    def __init__(self, most: int) -> None:
        self._values: OrderedDict[K, V] = OrderedDict()
        self._most = most

    def get(self, key: K) -> V | None:
        """Return a value, or None if it is not known any more."""
        if key in self._values:
            self._values.move_to_end(key)
        return self._values.get(key)

    def put(self, key: K, value: V) -> None:
        """Keep a value, and forget the one that nobody asked for the longest."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)


def ref(snowflake: int) -> Ref:
    """Return one of Discord's ids as a reference."""
    return Ref(str(snowflake))


def place_of(channel: object) -> Place | None:
    """Return where a channel or a thread is, or None for a direct message and for what is known by its id only."""
    match channel:
        case discord.Thread():
            return Place(Channel(NAME, ref(channel.guild.id), ref(channel.parent_id)), ref(channel.id))
        case discord.abc.GuildChannel():
            return Place(Channel(NAME, ref(channel.guild.id), ref(channel.id)))
        case _:
            return None


class Directory:
    """The channels and people that a client meets."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._places: Recent[int, tuple[Place, ...]] = Recent(MOST_REMEMBERED)
        self._names: Recent[tuple[int, int], str] = Recent(MOST_REMEMBERED)

    def look_again(self) -> None:
        """Forget which channels were out of reach."""
        self._places = Recent(MOST_REMEMBERED)

    async def place(self, channel_id: int) -> Place | None:
        """Return where a channel or thread is, or None if the bot may not know. Raises discord.HTTPException."""
        if (channel := self._client.get_channel(channel_id)) is not None:
            return place_of(channel)
        known = self._places.get(channel_id)
        if known is None:
            try:
                found = place_of(await self._client.fetch_channel(channel_id))
            except (discord.NotFound, discord.Forbidden, discord.InvalidData):
                found = None
            known = (found,) if found else ()
            self._places.put(channel_id, known)
        return known[0] if known else None

    async def room(self, channel: Channel) -> Room:
        """Return a group's channel. Raises PlatformError if it cannot be one, discord.HTTPException."""
        guild = self._client.get_guild(number(channel.workspace))
        if guild is None:
            raise UnreachableError("I am not in the server.", "Invite me again.")
        if guild.unavailable:
            raise UnreachableError("Discord has an outage that concerns the server.")
        room = guild.get_channel(number(channel.channel)) or await self._client.fetch_channel(number(channel.channel))
        if not isinstance(room, discord.TextChannel | discord.ForumChannel) or room.guild.id != guild.id:
            raise PlatformError("The channel is neither a text channel nor a forum.", "Choose another.")
        return room

    async def thread(self, channel: Channel, thread: Ref) -> discord.Thread:
        """Return a thread. Raises PlatformError if there is none, discord.HTTPException."""
        await self.room(channel)
        try:
            found = self._client.get_channel(number(thread)) or await self._client.fetch_channel(number(thread))
        except discord.NotFound:
            found = None
        if not isinstance(found, discord.Thread):
            raise PlatformError("The thread is gone.")
        return found

    async def author(self, guild_id: int, user: discord.abc.User) -> Author:
        """Return a person under the name that they have in a server. Raises nothing of Discord's."""
        if isinstance(user, discord.Member):
            self._names.put((guild_id, user.id), user.display_name)
            return Author(NAME, ref(user.id), user.display_name)
        name = self._names.get((guild_id, user.id))
        if name is None:
            member = await self._member(guild_id, user.id)
            name = (member or user).display_name
            self._names.put((guild_id, user.id), name)
        return Author(NAME, ref(user.id), name)

    async def author_by_id(self, guild_id: int, user_id: int) -> Author | None:
        """Return a person, or None for a bot. Raises discord.HTTPException."""
        if (name := self._names.get((guild_id, user_id))) is not None:
            return Author(NAME, ref(user_id), name)
        user = await self._member(guild_id, user_id) or await self._client.fetch_user(user_id)
        return None if user.bot else await self.author(guild_id, user)

    async def member(self, guild_id: int, user_id: int) -> Author | None:
        """Return a member of a server, or None if there is none, or a bot. Raises discord.HTTPException."""
        guild = self._client.get_guild(guild_id)
        try:
            found = await guild.fetch_member(user_id) if guild else None
        except discord.NotFound:
            found = None
        return None if found is None or found.bot else await self.author(guild_id, found)

    async def may_read(self, channel: Channel, user_id: int) -> bool:
        """Return whether a member of the server sees a channel. Raises what `room` raises."""
        room = await self.room(channel)
        member = await self._member(room.guild.id, user_id)
        return member is not None and room.permissions_for(member).view_channel

    async def _member(self, guild_id: int, user_id: int) -> discord.Member | None:
        guild = self._client.get_guild(guild_id)
        try:
            return await guild.fetch_member(user_id) if guild else None
        except discord.HTTPException:
            return None


def number(snowflake: Ref) -> int:
    """Return a reference as one of Discord's ids; 0, which nothing has, if it is none."""
    return int(snowflake) if snowflake.isdecimal() and len(snowflake) <= LONGEST_ID else 0
