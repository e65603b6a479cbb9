"""Slack as a `bot.ports.Platform`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import structlog
from slack_sdk.errors import SlackApiError

from bot.content import Attachment, Post, Reply
from bot.errors import DatabaseError, PlatformError
from bot.events import Place, Recordable
from bot.model import Author, Channel, Ref, Whereabouts
from bot.platforms.slack import history
from bot.platforms.slack.catchup import CatchUp
from bot.platforms.slack.changing import Changing
from bot.platforms.slack.connecting import Connection
from bot.platforms.slack.directory import Directory
from bot.platforms.slack.home import channels_of
from bot.platforms.slack.ids import NAME
from bot.platforms.slack.inspecting import inspect_channel, inspect_room, problems_of
from bot.platforms.slack.interactions import register
from bot.platforms.slack.listening import Listener, ignore_the_rest
from bot.platforms.slack.once import Once
from bot.platforms.slack.outcomes import CONNECTION_ERRORS, Attempt, NotNowError, UnreachableError, named, outcome_of
from bot.platforms.slack.posting import Making
from bot.platforms.slack.reading import Reader
from bot.platforms.slack.render import reply_messages
from bot.platforms.slack.translate import Translator
from bot.platforms.slack.webapi import WebApi
from bot.platforms.slack.workspaces import Workspace
from bot.ports import Chat, Found, Outcome, Progress

log = structlog.get_logger(__name__)

DATABASE_RETRY_SECONDS = 5.0


class SlackPlatform:
    """An app on Slack, in one workspace or in all that installed it.

    `restricted` tells that Slack restricts how much history the app may read, as it does outside its marketplace.
    """

    def __init__(self, web: WebApi, connection: Connection, *, restricted: bool = False) -> None:
        self._web = web
        self._connection = connection
        self._directory = Directory()
        self._reader = Reader(restricted=restricted)
        self._once = Once(self._reader)
        self._changing = Changing(self._once)
        self._catch_up = CatchUp()
        self._lately = history.Lately()
        self._up = asyncio.Event()

    @property
    def name(self) -> str:
        """Return `slack`."""
        return NAME

    async def run(self, chat: Chat) -> None:
        """Connect and report until cancelled. Raises PlatformError if Slack refuses the app."""
        await self._prepare(chat)
        app = self._connection.app()
        Listener(
            chat,
            self._connection.workspaces,
            self._directory,
            self._catch_up,
            self._once,
            self._lately,
            self._connection.forget,
        ).register(app)
        interactions = register(app, lambda: chat, self._directory)
        ignore_the_rest(app)
        keeping_up = asyncio.create_task(self._catch_up.keep_up(chat))
        try:
            await self._connection.connect(app, self._connected)
            await asyncio.Event().wait()
        finally:
            await self._connection.close()
            keeping_up.cancel()
            await asyncio.gather(keeping_up, return_exceptions=True)
            await interactions.close()

    async def _prepare(self, chat: Chat) -> None:
        async def joined(team: str) -> None:
            await chat.joined(NAME, Ref(team))
            if self._up.is_set():
                self._catch_up.now()

        while True:
            try:
                teams = await self._connection.prepare(chat, joined)
            except DatabaseError as error:
                log.error("the workspaces cannot be read yet", problem=str(error))
                await asyncio.sleep(DATABASE_RETRY_SECONDS)
            else:
                log.info("signed in to Slack", workspaces=len(teams))
                return

    def _connected(self) -> None:
        self._up.set()
        self._catch_up.now()

    async def close(self) -> None:
        """Let go of what is on its way, and of all connections."""
        await self._once.close()
        await self._web.close()

    async def _workspace(self, channel: Channel) -> Workspace:
        """Return where a channel is, once there is a connection. Raises UnreachableError, DatabaseError."""
        await self._up.wait()
        return await self._connection.workspaces.get(channel.workspace)

    async def ensure_post(self, place: Place, key: str, post: Post, progress: Progress, found: Found) -> Outcome:
        """Post, and open a question's thread."""
        doubtful = Attempt(doubtful=progress.unsure and progress.refs.message is None)

        async def work(workspace: Workspace) -> Outcome:
            return await Making(workspace, self._once, key, post, progress, found, doubtful).make(place)

        return await self._outcome(place, work, doubtful)

    async def revise(self, place: Place, message: Ref, post: Post) -> Outcome:
        """Edit a post."""
        return await self._outcome(place, lambda here: self._changing.revise(here, place, message, post), Attempt())

    async def retract(self, place: Place, key: str, message: Ref | None) -> Outcome:
        """Delete a post."""
        return await self._outcome(place, lambda here: self._changing.retract(here, place, key, message), Attempt())

    async def _outcome(
        self, place: Place, work: Callable[[Workspace], Awaitable[Outcome]], attempt: Attempt
    ) -> Outcome:
        async def done() -> Outcome:
            return await work(await self._workspace(place.channel))

        return await outcome_of(done(), attempt)

    async def history(self, place: Place) -> AsyncIterator[Recordable]:
        """Yield what people wrote in a thread, each message followed by its votes."""
        try:
            workspace = await self._workspace(place.channel)
            translator = Translator(self._directory, workspace)
            async for event in history.history(self._reader, translator, place, self._lately):
                yield event
        except (history.BrokenOffError, NotNowError):
            self._catch_up.later()
            raise

    async def tell(self, channel: Channel, user: Ref, reply: Reply) -> bool:
        """Send a direct message; where that may not be, show it in the channel to that person only."""
        try:
            workspace = await self._workspace(channel)
            try:
                await _written_to(workspace, channel, user, reply)
            except SlackApiError as error:
                log.info("a person cannot be written to", problem=named(error))
                await _whispered_to(workspace, channel, user, reply)
        except (SlackApiError, PlatformError, *CONNECTION_ERRORS) as error:
            log.warning("a person could not be reached", problem=named(error))
            return False
        return True

    async def announce(self, channel: Channel, reply: Reply) -> bool:
        """Post in a channel."""
        try:
            workspace = await self._workspace(channel)
            await _show(workspace, channel.channel, reply)
        except (SlackApiError, PlatformError, *CONNECTION_ERRORS) as error:
            log.warning("nothing could be announced", channel=channel.channel, problem=named(error))
            return False
        return True

    async def person(self, channel: Channel, user: Ref) -> Author | None:
        """Return somebody in the workspace."""
        try:
            workspace = await self._workspace(channel)
            return await self._directory.member(workspace.client, workspace.team, user)
        except (SlackApiError, PlatformError, *CONNECTION_ERRORS) as error:
            log.warning("a person could not be looked up", problem=named(error))
            return None

    async def may_read(self, channel: Channel, user: Ref) -> bool:
        """Return whether somebody is in a channel."""
        try:
            workspace = await self._workspace(channel)
            return channel in await channels_of(workspace.client, workspace.team, user)
        except (SlackApiError, PlatformError, *CONNECTION_ERRORS) as error:
            log.warning("a person's channels could not be looked up", problem=named(error))
            return False

    async def whereabouts(self, channel: Channel) -> Whereabouts | None:
        """Return the names of a workspace and of one of its channels."""
        try:
            workspace = await self._workspace(channel)
            name = await self._directory.channel(workspace.client, workspace.team, channel.channel)
        except (SlackApiError, PlatformError, *CONNECTION_ERRORS):
            return None
        return Whereabouts(workspace.name, name) if name else None

    async def role(self, channel: Channel, role: Ref) -> str | None:
        """Return a user group's name."""
        try:
            workspace = await self._workspace(channel)
            groups = (await workspace.client.usergroups_list()).get("usergroups") or ()
        except (SlackApiError, PlatformError, *CONNECTION_ERRORS) as error:
            log.warning("the user groups could not be looked up", problem=named(error))
            return None
        return next((str(group["name"]) for group in groups if group["id"] == role), None)

    async def diagnose(self, channel: Channel) -> tuple[str, ...]:
        """Return what the bot lacks in a channel."""
        try:
            workspace = await self._workspace(channel)
        except UnreachableError as error:
            return (str(error),)
        return await problems_of(workspace.client, channel)

    async def inspect(self, chat: Chat, rooms: Sequence[Channel], alerts: Sequence[Channel]) -> tuple[str, ...]:
        """Return what is wrong with the tokens, then with each channel."""
        found = list(await self._connection.problems(chat))
        troubled = bool(found)
        looks = (*((room, inspect_room) for room in rooms), *((channel, inspect_channel) for channel in alerts))
        for channel, look in looks:
            try:
                workspace = await self._connection.workspaces.get(channel.workspace)
            except UnreachableError as error:
                # Whoever is not let in at all needs no list of where.
                problems: tuple[str, ...] = () if troubled else (str(error),)
            else:
                problems = await look(workspace.client, channel)
            where = f"Channel {channel.channel} of workspace {channel.workspace}"
            found += [f"{where}: {problem}" for problem in problems]
        return tuple(found)

    def link(self, place: Place, message: Ref) -> str:
        """Return a message's address."""
        channel = place.channel
        home = self._connection.workspaces.address(channel.workspace)
        if not home:
            return f"https://slack.com/app_redirect?team={channel.workspace}&channel={channel.channel}&message_ts={message}"
        address = f"{home}archives/{channel.channel}/p{message.replace('.', '')}"
        if place.thread is None or place.thread == message:
            return address
        return f"{address}?thread_ts={place.thread}&cid={channel.channel}"


async def _written_to(workspace: Workspace, channel: Channel, user: Ref, reply: Reply) -> None:
    opened = await workspace.client.conversations_open(users=[user])
    await _show(workspace, str(opened["channel"]["id"]), reply, channel)


async def _show(workspace: Workspace, where: str, reply: Reply, about: Channel | None = None) -> None:
    for message in reply_messages(reply, about):
        await workspace.client.chat_postMessage(
            channel=where, text=message.text, blocks=message.blocks, unfurl_links=False
        )
    for block in reply.blocks:
        if isinstance(block, Attachment):
            await workspace.client.files_upload_v2(
                channel=where, content=block.text, filename=block.name, title=block.name
            )


async def _whispered_to(workspace: Workspace, channel: Channel, user: Ref, reply: Reply) -> None:
    for message in reply_messages(reply):
        await workspace.client.chat_postEphemeral(
            channel=channel.channel, user=user, text=message.text, blocks=message.blocks
        )
