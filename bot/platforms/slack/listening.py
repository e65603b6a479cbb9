"""What Slack reports, handed to the chat desk.

A listener returns once what it was told is committed, and only then bolt acknowledges it (`process_before_response`).
If it could not be recorded, the error goes through to bolt, Slack hears no acknowledgement, and tells it again.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any
from weakref import WeakValueDictionary

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError

from bot.errors import DatabaseError
from bot.events import MessageDeleted, Recordable
from bot.model import Channel, Ref
from bot.platforms.slack.catchup import CatchUp
from bot.platforms.slack.directory import Directory
from bot.platforms.slack.history import Lately
from bot.platforms.slack.ids import NAME
from bot.platforms.slack.once import Once
from bot.platforms.slack.outcomes import CONNECTION_ERRORS, NotNowError, named
from bot.platforms.slack.recent import Recent
from bot.platforms.slack.translate import Translator
from bot.platforms.slack.workspaces import Workspaces, is_in
from bot.ports import Chat

log = structlog.get_logger(__name__)

REACTIONS_REMEMBERED, FOR_SECONDS = 10_000, 3_600.0
"""Reactions of which the latest change is remembered, so that an older one that comes again changes nothing."""

HELD_BACK_SECONDS = 60.0
"""How long Slack holds events back once it says so; it says so again for the next minute."""

Event = Mapping[str, Any]


class NotUnderstoodError(Exception):
    """Slack did not tell who somebody is, so that an event is to come again."""


class Listener:
    """Reports to a chat desk what happens in all workspaces.

    `posts` knows our own messages, `lately` what was said just now; `gone` forgets a workspace that the bot was
    removed from.
    """

    def __init__(
        self,
        desk: Chat,
        workspaces: Workspaces,
        directory: Directory,
        catch_up: CatchUp,
        posts: Once,
        lately: Lately,
        gone: Callable[[str], Awaitable[None]],
    ) -> None:
        self._desk = desk
        self._workspaces = workspaces
        self._directory = directory
        self._catch_up = catch_up
        self._posts = posts
        self._lately = lately
        self._gone = gone
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._reacted: Recent[tuple[str, ...], str] = Recent(REACTIONS_REMEMBERED, FOR_SECONDS)

    def register(self, app: AsyncApp) -> None:
        """Have an app report."""
        app.event("message")(self._message)
        app.event("reaction_added")(self._reaction)
        app.event("reaction_removed")(self._reaction)
        app.event("member_joined_channel")(self._joined)
        app.event("channel_id_changed")(self._moved)
        app.event("app_uninstalled")(self._uninstalled)
        app.event("tokens_revoked")(self._revoked)
        app.use(self._held_back)
        app.use(self._told_again)
        app.use(self._without_echo)
        app.error(self._failed)

    async def _message(self, event: Event, context: AsyncBoltContext) -> None:
        channel = str(event["channel"])

        async def translated(translator: Translator) -> Recordable | None:
            found = await translator.message(event)
            if found is not None:
                self._lately.hear(found)
            ours = isinstance(found, MessageDeleted) and self._posts.lose(channel, found.message)
            return None if ours else found

        await self._report(str(context.team_id), channel, translated)

    async def _reaction(self, event: Event, context: AsyncBoltContext) -> None:
        team = str(context.team_id)

        async def translated(translator: Translator) -> Recordable | None:
            if not self._is_latest(team, event):
                return None
            return await translator.reaction(event, present=event["type"] == "reaction_added")

        await self._report(team, str(event["item"].get("channel", "")), translated)

    async def _joined(self, event: Event, context: AsyncBoltContext) -> None:
        if event.get("user") == context.bot_user_id:
            self._catch_up.now()

    async def _moved(self, event: Event, context: AsyncBoltContext) -> None:
        """Follow a private channel that gets a new id, as it does when it is shared with another workspace."""
        old = Channel(NAME, Ref(str(context.team_id)), Ref(str(event["old_channel_id"])))
        await self._desk.moved(old, replace(old, channel=Ref(str(event["new_channel_id"]))))
        self._catch_up.now()

    async def _uninstalled(self, context: AsyncBoltContext) -> None:
        await self._leave(str(context.team_id))

    async def _revoked(self, event: Event, context: AsyncBoltContext) -> None:
        if (event.get("tokens") or {}).get("bot"):
            await self._leave(str(context.team_id))

    async def _held_back(self, body: Event, next_: Callable[[], Awaitable[None]]) -> BoltResponse | None:
        if body.get("type") != "app_rate_limited":
            await next_()
            return None
        log.warning("Slack held events back, since there were too many")
        self._catch_up.after(HELD_BACK_SECONDS)
        return BoltResponse(status=200)

    async def _told_again(self, request: AsyncBoltRequest, next_: Callable[[], Awaitable[None]]) -> None:
        """Have what is missing fetched when something is told again: other things Slack may have given up telling."""
        if request.headers.get("x-slack-retry-num", ["0"]) != ["0"]:
            self._catch_up.after(HELD_BACK_SECONDS)
        await next_()

    async def _without_echo(
        self, body: Event, context: AsyncBoltContext, next_: Callable[[], Awaitable[None]]
    ) -> BoltResponse | None:
        """Leave out what the bot itself does, but not what others do to its messages."""
        event: Event = body.get("event") or {}
        own = event and context.user_id and context.user_id == context.bot_user_id
        if own and event.get("type") != "member_joined_channel" and event.get("subtype") != "message_deleted":
            if event.get("type") == "message" and "subtype" not in event:
                self._posts.hear(str(context.team_id), str(event["channel"]), event)
            return BoltResponse(status=200)
        await next_()
        return None

    async def _leave(self, team: str) -> None:
        """Forget a workspace, unless the app is there: Slack may tell of its removal after it was installed again."""
        if await is_in(self._workspaces, team):
            log.info("a workspace tells that the app was removed, but it is there", team=team)
            return
        log.warning("the app was removed from a workspace", team=team)
        await self._desk.left(NAME, Ref(team))
        await self._gone(team)

    async def _report(
        self, team: str, channel: str, translation: Callable[[Translator], Awaitable[Recordable | None]]
    ) -> None:
        """Record what happened in a channel, in the order in which it was told. Raises if it is to be told again."""
        turn = self._turns.setdefault((team, channel), asyncio.Lock())
        try:
            async with turn:
                event = await translation(Translator(self._directory, await self._workspaces.get(team)))
                if event is None:
                    return
                # Begun here, ended outside, so that events of one channel can be committed together.
                recording = asyncio.ensure_future(self._desk.record(event))
            await recording
        except DatabaseError:
            self._catch_up.later()
            raise
        except (SlackApiError, *CONNECTION_ERRORS) as error:
            self._catch_up.later()
            raise NotUnderstoodError(named(error)) from error

    async def _failed(self, error: Exception, body: Event) -> None:
        """Say what went wrong; bolt answers with an error, and Slack tells the same again."""
        kind = str((body.get("event") or {}).get("type") or body.get("type", ""))
        if isinstance(error, NotNowError):
            self._catch_up.later()
        if isinstance(error, DatabaseError | NotNowError | NotUnderstoodError):
            log.error("an event was not recorded; Slack tells it again", kind=kind, problem=str(error))
        else:
            log.error("a request of Slack's failed", kind=kind, exc_info=error)

    def _is_latest(self, team: str, event: Event) -> bool:
        """Return whether nothing newer was told of a reaction; changes may come in any order."""
        item: Event = event.get("item") or {}
        at = str(event.get("event_ts", ""))
        which = (
            team,
            *(str(item.get(name, "")) for name in ("channel", "ts")),
            str(event["user"]),
            str(event["reaction"]),
        )
        if at < (self._reacted.get(which) or ""):
            return False
        self._reacted.put(which, at)
        return True


def ignore_the_rest(app: AsyncApp) -> None:
    """Acknowledge events that nothing listens to. Comes after all other listeners."""

    async def ignored() -> None:
        """Nothing is to be done."""

    app.event(re.compile(""))(ignored)
