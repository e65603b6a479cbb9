"""The connection to Discord: what the gateway reports, handed to the chat desk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from weakref import WeakValueDictionary

import discord
import structlog
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from bot.clock import Clock
from bot.commands.help import TABLE
from bot.errors import DatabaseError
from bot.events import Recordable
from bot.platforms.discord.commands import command_payloads
from bot.platforms.discord.directory import Directory
from bot.platforms.discord.handlers import Handlers
from bot.platforms.discord.ids import NAME
from bot.platforms.discord.interactions import handle
from bot.platforms.discord.once import trace_config
from bot.platforms.discord.outcomes import CONNECTION_ERRORS
from bot.platforms.discord.servers import Servers
from bot.platforms.discord.sync import sync_commands
from bot.platforms.discord.translate import deleted, reaction_changed, reactions_seen, seen, stance_of
from bot.ports import Chat

log = structlog.get_logger(__name__)

GUILDS_COME_WITHIN = 2.0
"""Seconds without a further server after which all are taken to be there; discord.py's own default."""

FIRST_CATCH_UP, LONGEST_CATCH_UP = 5.0, 300.0
"""Seconds after which the history is read again if that failed, and the most that this grows to."""

Translation = Callable[[], Awaitable[Sequence[Recordable | None]]]


def point_at(api_url: str | None, gateway_url: str | None) -> None:
    """Let discord.py talk to other addresses than Discord's own, for the whole process; it has one place for each."""
    if api_url is not None:
        Route.BASE = api_url.rstrip("/")
    if gateway_url is not None:
        DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway_url)


def intents() -> discord.Intents:
    """Return what the bot must be told: servers, messages with their text, reactions."""
    wanted = discord.Intents.none()
    wanted.guilds = wanted.guild_messages = wanted.message_content = wanted.guild_reactions = True
    return wanted


class Client(discord.AutoShardedClient):
    """A client that reports to a chat desk."""

    def __init__(self, clock: Clock, guilds: Sequence[int], shards: int | None = None) -> None:
        # The bot has no voice, and nobody needs to hear that it could have one.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        super().__init__(
            intents=intents(),
            shard_count=shards,
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            guild_ready_timeout=GUILDS_COME_WITHIN,
            http_trace=trace_config(),
        )
        self.directory = Directory(self)
        self._clock = clock
        self._guilds_to_sync = guilds
        self._chat: Chat | None = None
        self._barred: set[int] = set()
        self._again: asyncio.TimerHandle | None = None
        self._again_after = FIRST_CATCH_UP
        self._up = asyncio.Event()
        self._behind = asyncio.Event()
        self._servers = Servers()
        self._at_work = Handlers()
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def report_to(self, chat: Chat) -> None:
        """Report to a chat desk from now on."""
        self._chat = chat

    @property
    def _desk(self) -> Chat:
        if self._chat is None:
            raise RuntimeError("the client reports to nobody yet")
        return self._chat

    async def close(self) -> None:
        """See the events at work through, which may have to ask or answer Discord, and disconnect."""
        await self._at_work.end()
        await super().close()
        await self._at_work.end()

    async def until_up(self) -> None:
        """Wait until a connection was made."""
        await self._up.wait()

    async def setup_hook(self) -> None:
        """Bring Discord's list of commands to what the table says."""
        try:
            await sync_commands(self, self._desk, command_payloads(TABLE), self._guilds_to_sync)
        except (DatabaseError, *CONNECTION_ERRORS) as error:
            log.error("commands could not be looked at", problem=str(error))

    async def on_ready(self) -> None:
        """Catch up after a new session, also with which servers the bot is in."""
        log.info("connected to Discord", guilds=len(self.guilds))
        self._up.set()
        self.fall_behind()
        await self._noted(self._servers.compare(self._desk, self._servers_now))

    async def on_resumed(self) -> None:
        """Catch up after a gap; what Discord replays comes besides, and recording twice changes nothing."""
        self.fall_behind()

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Catch up with what was said while the bot was not in a server."""
        self._back(guild)
        await self._noted(self._servers.joined(self._desk, guild.id))

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Note that the bot was removed from a server. One that has an outage is reported otherwise."""
        log.warning("removed from a server", guild=guild.id)
        await self._noted(self._servers.left(self._desk, guild.id))

    async def _servers_now(self) -> set[int]:
        """Return which servers the bot is in. After a gap discord.py still knows those that it was removed from."""
        with_an_outage = {guild.id for guild in self.guilds if guild.unavailable}
        return with_an_outage | {guild.id async for guild in self.fetch_guilds(limit=None, with_counts=False)}

    async def _noted(self, work: Awaitable[None]) -> None:
        try:
            with self._at_work.one():
                await work
        except (DatabaseError, discord.HTTPException, *CONNECTION_ERRORS) as error:
            log.error("the servers could not be noted; they are at the next connection", problem=str(error))

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Catch up with what was said during an outage."""
        self._back(guild)

    def _back(self, guild: discord.Guild) -> None:
        if self._up.is_set():
            log.info("back in a server", guild=guild.id)
            self.fall_behind()

    async def on_guild_channel_update(self, _: discord.abc.GuildChannel, channel: discord.abc.GuildChannel) -> None:
        """Catch up where the bot may be allowed to read again."""
        self._let_in(channel.guild)

    async def on_guild_role_update(self, _: discord.Role, role: discord.Role) -> None:
        """Catch up where the bot may be allowed to read again."""
        self._let_in(role.guild)

    async def on_member_update(self, _: discord.Member, member: discord.Member) -> None:
        """Catch up where the bot may be allowed to read again: it has other roles. Of others nobody tells."""
        self._let_in(member.guild)

    def bar(self, guild_id: int) -> None:
        """Note that a history could not be read for lack of rights; it is read once these have changed."""
        self._barred.add(guild_id)

    def _let_in(self, guild: discord.Guild) -> None:
        if guild.id in self._barred:
            self._barred.discard(guild.id)
            self.fall_behind()

    def fall_behind(self) -> None:
        """Have what is missing fetched from the history soon."""
        self._behind.set()

    def fall_behind_later(self) -> None:
        """Have what is missing fetched after a while, since fetching it now failed."""
        if self._again is None:
            self._again = asyncio.get_running_loop().call_later(self._again_after, self._fall_behind_again)
            self._again_after = min(self._again_after * 2, LONGEST_CATCH_UP)

    def _fall_behind_again(self) -> None:
        self._again = None
        self.fall_behind()

    async def keep_up(self) -> None:
        """Fetch what is missing whenever something may be, until cancelled. What fails is tried again."""
        try:
            while True:
                await self._behind.wait()
                self._behind.clear()
                await self._catch_up()
        finally:
            if self._again is not None:
                self._again.cancel()

    async def _catch_up(self) -> None:
        self.directory.look_again()
        try:
            await self._desk.connected(NAME)
        except DatabaseError as error:
            log.error("what was missed could not be recorded yet", problem=str(error))
            self.fall_behind_later()
        except Exception:
            log.exception("what was missed could not be fetched")
            self.fall_behind_later()
        if self._again is None:
            self._again_after = FIRST_CATCH_UP

    async def _report(self, channel_id: int, translation: Translation) -> None:
        """Record what happened in a channel, in the order in which it happened there.

        What cannot be translated or recorded comes back from the history.
        """
        with self._at_work.one():
            await self._record_in_turn(channel_id, translation)

    async def _record_in_turn(self, channel_id: int, translation: Translation) -> None:
        turn = self._turns.setdefault(channel_id, asyncio.Lock())
        async with turn:
            try:
                events = await translation()
            except (discord.HTTPException, *CONNECTION_ERRORS) as error:
                log.warning("an event could not be understood; it comes back from the history", problem=str(error))
                self.fall_behind_later()
                return
            # Begun here, ended outside, so that events of one channel can be committed together.
            recording = [asyncio.ensure_future(self._record(event)) for event in events if event is not None]
        await asyncio.gather(*recording)

    async def _record(self, event: Recordable) -> None:
        try:
            await self._desk.record(event)
        except DatabaseError:
            log.error("an event was not recorded; it comes back from the history", event_type=type(event).__name__)
            self.fall_behind_later()

    async def on_message(self, message: discord.Message) -> None:
        """Record a new message."""
        await self._seen(message)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Record an edited message."""
        await self._seen(payload.message)

    async def _seen(self, message: discord.Message) -> None:
        if message.guild is None or message.author == self.user:
            return

        async def translation() -> Sequence[Recordable | None]:
            return (await seen(self.directory, await self.directory.place(message.channel.id), message),)

        await self._report(message.channel.id, translation)

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """Record a deletion."""
        await self._deleted(payload.channel_id, {payload.message_id})

    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """Record deletions."""
        await self._deleted(payload.channel_id, payload.message_ids)

    async def _deleted(self, channel_id: int, message_ids: set[int]) -> None:
        async def translation() -> Sequence[Recordable | None]:
            place = await self.directory.place(channel_id)
            if place is None or place.thread is None:
                return ()
            return [deleted(place, message_id, self._clock.now()) for message_id in sorted(message_ids)]

        await self._report(channel_id, translation)

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        """Record a reaction."""
        await self._reaction(payload, present=True)

    async def on_raw_reaction_remove(self, payload: discord.RawReactionActionEvent) -> None:
        """Record that a reaction was taken back."""
        await self._reaction(payload, present=False)

    async def _reaction(self, payload: discord.RawReactionActionEvent, *, present: bool) -> None:
        async def translation() -> Sequence[Recordable | None]:
            place = await self.directory.place(payload.channel_id)
            if not present and place is not None and place.thread is not None:
                message = await self._with_more_of(payload)
                if message is not None:
                    return (await reactions_seen(self.directory, place, message),)
            return (await reaction_changed(self.directory, place, payload, present=present),)

        await self._report(payload.channel_id, translation)

    async def _with_more_of(self, payload: discord.RawReactionActionEvent) -> discord.Message | None:
        """Return the message if the same vote stands there otherwise too, perhaps from the same member.

        It may be in another colour, or a super reaction beside an ordinary one.
        """
        if (stance := stance_of(payload.emoji)) is None:
            return None
        try:
            message = await self.get_partial_messageable(payload.channel_id).fetch_message(payload.message_id)
        except discord.NotFound:
            return None
        others = (
            one
            for one in message.reactions
            if str(one.emoji) != str(payload.emoji) or (one.normal_count if payload.burst else one.burst_count)
        )
        return message if any(stance_of(other.emoji) is stance for other in others) else None

    async def on_raw_reaction_clear(self, payload: discord.RawReactionClearEvent) -> None:
        """Record what reactions are left."""
        await self._reactions_now(payload.channel_id, payload.message_id)

    async def on_raw_reaction_clear_emoji(self, payload: discord.RawReactionClearEmojiEvent) -> None:
        """Record what reactions are left."""
        await self._reactions_now(payload.channel_id, payload.message_id)

    async def _reactions_now(self, channel_id: int, message_id: int) -> None:
        async def translation() -> Sequence[Recordable | None]:
            place = await self.directory.place(channel_id)
            if place is None or place.thread is None:
                return ()
            try:
                message = await self.get_partial_messageable(channel_id).fetch_message(message_id)
            except discord.NotFound:
                return ()
            return (await reactions_seen(self.directory, place, message),)

        await self._report(channel_id, translation)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Answer a command, a button or a form."""
        try:
            with self._at_work.one():
                await handle(self._desk, self.directory, interaction)
        except discord.HTTPException as error:
            log.warning("an interaction could not be answered", code=error.code, status=error.status)
        except CONNECTION_ERRORS as error:
            log.warning("an interaction could not be answered", problem=repr(error))
