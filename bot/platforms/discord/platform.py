"""Discord as a `bot.ports.Platform`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import discord
import structlog

from bot.clock import Clock
from bot.content import Attachment, Post, Reply
from bot.errors import PlatformError
from bot.events import Place, Recordable
from bot.model import Author, Channel, Ref, Whereabouts
from bot.platforms.discord import changing
from bot.platforms.discord.client import Client
from bot.platforms.discord.directory import number
from bot.platforms.discord.files import attached_file
from bot.platforms.discord.ids import NAME
from bot.platforms.discord.inspecting import inspect
from bot.platforms.discord.outcomes import (
    CONNECTION_ERRORS,
    MISSING_ACCESS,
    MISSING_PERMISSIONS,
    Attempt,
    UnreachableError,
    outcome_of,
)
from bot.platforms.discord.permissions import may_read, problems
from bot.platforms.discord.posting import ArchiveAfter, Making, home_and_id
from bot.platforms.discord.render import reply_pages
from bot.platforms.discord.translate import reactions_seen, seen
from bot.ports import Chat, Found, Outcome, Progress

log = structlog.get_logger(__name__)

FIRST_LOGIN, LONGEST_LOGIN = 5.0, 300.0
"""Seconds after which a failed login is tried again, and the most that this grows to."""

TOKEN_REFUSED = 4004
"""With which code Discord closes a connection whose token was replaced."""

SHARDS_REFUSED = (4010, 4011)
"""With which codes Discord closes a connection whose shard does not exist, or has too many servers."""

_TOKEN_REFUSED = ("Discord refuses the token.", "Put a fresh one into DISCORD_TOKEN.")


class DiscordPlatform:
    """A bot's account on Discord, in all of its servers. `client` is its connection.

    It has as many `shards` as Discord advises unless told otherwise.
    """

    def __init__(
        self,
        token: str,
        clock: Clock,
        guilds: Sequence[int] = (),
        archive_after: ArchiveAfter = 10_080,
        shards: int | None = None,
    ) -> None:
        self._token = token
        self.client = Client(clock, guilds, shards)
        self._archive_after: ArchiveAfter = archive_after
        self._ran = False

    @property
    def name(self) -> str:
        """Return `discord`."""
        return NAME

    async def run(self, chat: Chat) -> None:
        """Connect and report until cancelled. Raises PlatformError if Discord refuses the bot."""
        self._ran = True
        self.client.report_to(chat)
        keeping_up = asyncio.ensure_future(self.client.keep_up())
        try:
            await self._until_reached(self._login)
            await self._until_reached(self.client.connect)
        except discord.LoginFailure as error:
            raise PlatformError(*_TOKEN_REFUSED) from error
        except discord.PrivilegedIntentsRequired as error:
            raise PlatformError(
                "Discord does not let the bot read messages.",
                "Switch on Message Content Intent on the Bot page of the application in the developer portal.",
            ) from error
        except discord.ConnectionClosed as error:
            if error.code == TOKEN_REFUSED:
                raise PlatformError(*_TOKEN_REFUSED) from error
            hint = "Set `shards` under `discord` to auto." if error.code in SHARDS_REFUSED else ""
            raise PlatformError(f"Discord closed the connection for good (code {error.code}).", hint) from error
        finally:
            keeping_up.cancel()
            await asyncio.gather(keeping_up, return_exceptions=True)

    async def _login(self) -> None:
        """Log in. Raises discord.LoginFailure."""
        try:
            await self.client.login(self._token)
        except CONNECTION_ERRORS:
            await self.client.http.close()
            # It is closed with the session, and only one that is missing is made again.
            self.client.http.connector = discord.utils.MISSING
            raise

    async def _until_reached(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do something again and again while Discord cannot be reached.

        discord.py begins nothing again before there was a first connection.
        """
        seconds = FIRST_LOGIN
        while True:
            try:
                return await work()
            except (discord.GatewayNotFound, *CONNECTION_ERRORS) as error:
                log.warning("Discord cannot be reached", problem=repr(error), again_after=seconds)
            await asyncio.sleep(seconds)
            seconds = min(seconds * 2, LONGEST_LOGIN)

    async def close(self) -> None:
        """Disconnect, if there was ever a connection."""
        if self._ran:
            await self.client.close()

    async def ensure_post(self, place: Place, key: str, post: Post, progress: Progress, found: Found) -> Outcome:
        """Post, and open a question's thread."""
        await self.client.until_up()
        making = Making(self.client.directory, key, post, progress, found, self._archive_after)
        return await self._outcome(place, making.make(place), making.attempt)

    async def revise(self, place: Place, message: Ref, post: Post) -> Outcome:
        """Edit a post."""
        await self.client.until_up()
        return await self._outcome(place, changing.revise(self.client.directory, place, message, post), Attempt())

    async def retract(self, place: Place, key: str, message: Ref | None) -> Outcome:
        """Delete a post."""
        await self.client.until_up()
        return await self._outcome(place, changing.retract(self.client.directory, place, key, message), Attempt())

    async def _outcome(self, place: Place, work: Awaitable[Outcome], attempt: Attempt) -> Outcome:
        """Return what became of an attempt; where a permission was missing, with its name."""
        return await outcome_of(self._with_reasons(place, work), attempt)

    async def _with_reasons(self, place: Place, work: Awaitable[Outcome]) -> Outcome:
        try:
            return await work
        except (discord.Forbidden, UnreachableError) as error:
            if isinstance(error, discord.Forbidden) and error.code not in (MISSING_ACCESS, MISSING_PERMISSIONS):
                raise
            found = await self.diagnose(place.channel)
            if not found:
                raise
            raise UnreachableError(" ".join(found)) from error

    async def history(self, place: Place) -> AsyncIterator[Recordable]:
        """Yield what people wrote in a thread, each message followed by its reactions."""
        await self.client.until_up()
        try:
            async for event in self._history(place):
                yield event
        except UnreachableError:
            self.client.bar(number(place.channel.workspace))
            raise
        except discord.NotFound as error:
            raise PlatformError("The thread is gone.") from error
        except (discord.HTTPException, *CONNECTION_ERRORS) as error:
            self.client.fall_behind_later()
            raise PlatformError("Discord's history of a thread cannot be read to its end.") from error

    async def _history(self, place: Place) -> AsyncIterator[Recordable]:
        directory = self.client.directory
        thread = await directory.thread(place.channel, place.thread or Ref(""))
        _require_reading(thread)
        async for message in thread.history(limit=None, oldest_first=True):
            event = await seen(directory, place, message)
            if event is not None:
                yield event
            if event is not None or message.author == self.client.user:
                yield await reactions_seen(directory, place, message)
        # Discord shows nothing, and says nothing, to whoever may not read.
        _require_reading(thread)

    async def tell(self, channel: Channel, user: Ref, reply: Reply) -> bool:
        """Send a direct message."""
        await self.client.until_up()
        try:
            await self._show(await self.client.create_dm(discord.Object(number(user))), reply, channel)
        except (discord.HTTPException, *CONNECTION_ERRORS) as error:
            log.warning("a person could not be reached", problem=str(error))
            return False
        return True

    async def _show(self, where: discord.TextChannel | discord.DMChannel, reply: Reply, channel: Channel) -> None:
        pages = reply_pages(reply.blocks, channel)
        files = [attached_file(block) for block in reply.blocks if isinstance(block, Attachment)]
        for page in pages:
            await where.send(
                embed=page.embed,
                view=page.view if page.rows else discord.utils.MISSING,
                files=files if page is pages[-1] else discord.utils.MISSING,
            )

    async def announce(self, channel: Channel, reply: Reply) -> bool:
        """Send a message into a text channel."""
        await self.client.until_up()
        try:
            room = await self.client.directory.room(channel)
            if isinstance(room, discord.ForumChannel):
                return False
            await self._show(room, reply, channel)
        except (PlatformError, discord.HTTPException, *CONNECTION_ERRORS) as error:
            log.warning("a channel could not be told", problem=str(error))
            return False
        return True

    async def person(self, channel: Channel, user: Ref) -> Author | None:
        """Return a member of the server."""
        await self.client.until_up()
        try:
            return await self.client.directory.member(number(channel.workspace), number(user))
        except (discord.HTTPException, *CONNECTION_ERRORS) as error:
            raise PlatformError("Discord does not say who that is.", "Try again later.") from error

    async def may_read(self, channel: Channel, user: Ref) -> bool:
        """Return whether a member of the server sees a channel."""
        await self.client.until_up()
        try:
            return await self.client.directory.may_read(channel, number(user))
        except (PlatformError, discord.HTTPException, *CONNECTION_ERRORS):
            return False

    async def whereabouts(self, channel: Channel) -> Whereabouts | None:
        """Return the names of a server and of one of its channels."""
        await self.client.until_up()
        try:
            room = await self.client.directory.room(channel)
        except (PlatformError, discord.HTTPException, *CONNECTION_ERRORS):
            return None
        return Whereabouts(room.guild.name, room.name)

    async def diagnose(self, channel: Channel) -> tuple[str, ...]:
        """Return what the bot lacks in a channel."""
        await self.client.until_up()
        try:
            room = await self.client.directory.room(channel)
        except PlatformError as error:
            return (str(error),)
        except discord.NotFound:
            return ("The channel is gone. Choose another with `/reading-host setup`.",)
        except discord.Forbidden:
            return ("I cannot see the channel. Give me the permission View Channel there, or choose another.",)
        except (discord.HTTPException, *CONNECTION_ERRORS):
            return ("Discord does not say how the channel is. Try again later.",)
        return problems(room, room.guild.me)

    async def role(self, channel: Channel, role: Ref) -> str | None:
        """Return a role's name. The one of everyone is none: it would ping the whole server."""
        await self.client.until_up()
        guild = self.client.get_guild(number(channel.workspace))
        found = guild.get_role(number(role)) if guild else None
        return None if found is None or found.is_default() else found.name

    async def inspect(self, chat: Chat, rooms: Sequence[Channel], alerts: Sequence[Channel]) -> tuple[str, ...]:
        """Return what is wrong with the token, the application and the channels."""
        return await inspect(self._token, rooms, alerts)

    def link(self, place: Place, message: Ref) -> str:
        """Return a message's address."""
        home, own = home_and_id(message)
        where = home or place.thread or place.channel.channel
        return f"https://discord.com/channels/{place.channel.workspace}/{where}/{own}"


def _require_reading(thread: discord.Thread) -> None:
    if not may_read(thread):
        raise UnreachableError("I may not read the thread.", "Give me Read Message History in its channel.")
