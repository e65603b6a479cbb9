"""From what Slack sends to the core's events.

Messages: https://docs.slack.dev/reference/events/message/, reactions: https://docs.slack.dev/reference/events/reaction_added/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from slack_sdk.errors import SlackApiError

from bot.events import MessageDeleted, MessageSeen, Place, ReactionChanged, ReactionsSeen, Recordable
from bot.model import Author, Ref, Stance
from bot.platforms.slack.commands import is_command
from bot.platforms.slack.directory import SLACKBOT, Directory
from bot.platforms.slack.markup import incoming_text, mentioned_ids
from bot.platforms.slack.outcomes import MESSAGE_GONE, code_of
from bot.platforms.slack.workspaces import Workspace

Payload = Mapping[str, Any]

STANCES = {
    "+1": Stance.AGREE,
    "thumbsup": Stance.AGREE,
    "-1": Stance.DISAGREE,
    "thumbsdown": Stance.DISAGREE,
    "shrug": Stance.PASS,
    "man-shrugging": Stance.PASS,
    "woman-shrugging": Stance.PASS,
}
"""Slack's names of the reactions that are votes. A skin tone follows after two colons."""

SPOKEN = (None, "file_share", "thread_broadcast", "me_message")
"""The subtypes of what people say."""

TOMBSTONE = "tombstone"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Translator:
    """Translates what happened in one workspace."""

    directory: Directory
    workspace: Workspace

    def place(self, channel: str, thread: str | None) -> Place:
        """Return where something happened."""
        return self.directory.place(self.workspace.team, channel, thread)

    async def message(self, event: Payload) -> Recordable | None:
        """Return what a message event tells, or None if it tells nothing of what people said in threads.

        Raises SlackApiError and what ends a connection.
        """
        channel = str(event["channel"])
        match event.get("subtype"):
            case "message_deleted":
                before = event.get("previous_message") or {}
                return self._deleted(channel, event, str(event["deleted_ts"]), before)
            case "message_changed":
                now = event["message"]
                if now.get("subtype") == TOMBSTONE or self._is_command(now):
                    # What it said before is said no more.
                    return self._deleted(channel, event, str(now["ts"]), now)
                return await self.seen(channel, now)
            case _:
                return await self.seen(channel, event)

    def _is_command(self, message: Payload) -> bool:
        return is_spoken(message) and is_command(str(message.get("text") or ""), self.workspace.user)

    def _deleted(self, channel: str, event: Payload, message: str, before: Payload) -> MessageDeleted:
        thread = before.get("thread_ts")
        at = moment(str(event.get("event_ts") or event["ts"]))
        return MessageDeleted(self.place(channel, thread if thread != message else None), Ref(message), at)

    async def seen(self, channel: str, message: Payload) -> MessageSeen | None:
        """Return a person's message in a thread, or None for any other and for commands. Raises as `message` does."""
        thread = message.get("thread_ts")
        if not is_spoken(message) or not thread or thread == message["ts"]:
            return None
        if self._is_command(message):
            return None
        author = await self._person(str(message["user"]))
        if author is None:
            return None
        names = await self.directory.names(self.workspace.client, self.workspace.team, mentioned_ids(message))
        sent_at = moment(str(message["ts"]))
        edited = (message.get("edited") or {}).get("ts")
        return MessageSeen(
            place=self.place(channel, str(thread)),
            message=Ref(str(message["ts"])),
            author=author,
            text="\n".join(filter(None, (incoming_text(message, names), attached(message)))),
            sent_at=sent_at,
            # Slack gives the moment of an edit without its fraction of a second.
            edited_at=max(moment(str(edited)), sent_at) if edited else None,
        )

    async def reaction(self, event: Payload, *, present: bool) -> ReactionChanged | None:
        """Return a reaction that came or went, or None if it is no vote. Raises as `message` does.

        Slack does not say in which thread the message stands.
        """
        item = event["item"]
        stance = stance_of(str(event["reaction"]))
        if stance is None or item.get("type") != "message":
            return None
        author = await self._person(str(event["user"]))
        if author is None or (not present and await self._votes_still(item, author.user, stance)):
            return None
        return ReactionChanged(self.place(str(item["channel"]), None), Ref(str(item["ts"])), author, stance, present)

    async def _votes_still(self, item: Payload, user: Ref, stance: Stance) -> bool:
        """Return whether somebody who took a vote back gave the same with another reaction, as in two skin tones."""
        try:
            answer = await self.workspace.client.reactions_get(
                channel=str(item["channel"]), timestamp=str(item["ts"]), full=True
            )
        except SlackApiError as error:
            if code_of(error) in MESSAGE_GONE:
                return False
            raise
        given: Iterable[Payload] = answer["message"].get("reactions") or ()
        return any(user in one["users"] for one in given if stance_of(str(one["name"])) is stance)

    async def reactions(self, place: Place, message: Payload) -> ReactionsSeen:
        """Return all votes on a message. Raises as `message` does."""
        given: Iterable[Payload] = message.get("reactions") or ()
        votes = [(one, stance) for one in given if (stance := stance_of(str(one["name"]))) is not None]
        if any(one["count"] > len(one["users"]) for one, _ in votes):
            # Slack names only some of many.
            answer = await self.workspace.client.reactions_get(
                channel=place.channel.channel, timestamp=str(message["ts"]), full=True
            )
            given = answer["message"].get("reactions") or ()
            votes = [(one, stance) for one in given if (stance := stance_of(str(one["name"]))) is not None]
        stances: set[tuple[Author, Stance]] = set()
        for one, stance in votes:
            for user in one["users"]:
                author = await self._person(str(user))
                if author is not None:
                    stances.add((author, stance))
        return ReactionsSeen(place, Ref(str(message["ts"])), frozenset(stances))

    async def _person(self, user: str) -> Author | None:
        if user in (self.workspace.user, SLACKBOT):
            return None
        return await self.directory.person(self.workspace.client, self.workspace.team, user)


def is_spoken(message: Payload) -> bool:
    """Return whether a message was written by somebody and not by an app, a workflow or Slack itself."""
    return message.get("subtype") in SPOKEN and not message.get("bot_id") and bool(message.get("user"))


def attached(message: Payload) -> str:
    """Return the names of what is attached to a message, in brackets."""
    names = (file.get("name") or file.get("title") for file in message.get("files") or ())
    return " ".join(f"[{name}]" for name in names if name)


def stance_of(reaction: str) -> Stance | None:
    """Return what a reaction says, whatever the hand's colour, or None if it says nothing of the kind."""
    return STANCES.get(reaction.partition("::")[0])


def moment(ts: str) -> datetime:
    """Return the instant (UTC) of a ts, which counts seconds since 1970 and after the dot microseconds."""
    seconds, _, rest = ts.partition(".")
    return EPOCH + timedelta(seconds=int(seconds), microseconds=int(rest[:6].ljust(6, "0")) if rest else 0)
