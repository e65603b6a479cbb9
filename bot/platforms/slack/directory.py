"""Where things are and who people are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.events import Place
from bot.model import Author, Channel, Ref
from bot.platforms.slack.ids import NAME
from bot.platforms.slack.outcomes import code_of, is_passing
from bot.platforms.slack.recent import Recent

MOST_REMEMBERED = 10_000
FRESH_FOR = 600.0
"""Seconds after which a person is looked up again: names change, and so does who runs a workspace."""

SLACKBOT = "USLACKBOT"
UNKNOWN_PERSON = ("user_not_found", "user_not_visible", "users_not_found", "invalid_user")
NEVER_TOLD = (*UNKNOWN_PERSON, "missing_scope", "not_allowed_token_type", "no_permission")
"""Errors after which it is no use to ask again who somebody is."""


PRIVATE = "private-channel"
"""What a private channel is called where it is mentioned: not all who read that may know its name."""


@dataclass(frozen=True, slots=True)
class _Account:
    author: Author
    person: bool = True
    known: bool = True


@dataclass(frozen=True, slots=True)
class _Place:
    name: str
    private: bool = False


class Directory:
    """The people and channels of all workspaces that were met lately."""

    def __init__(self) -> None:
        self._accounts: Recent[tuple[str, str], _Account] = Recent(MOST_REMEMBERED, FRESH_FOR)
        self._channels: Recent[tuple[str, str], _Place] = Recent(MOST_REMEMBERED, FRESH_FOR)
        self._groups: Recent[tuple[str, str], str] = Recent(MOST_REMEMBERED, FRESH_FOR)

    def place(self, team: str, channel: str, thread: str | None = None) -> Place:
        """Return where something happens; `thread` is the ts of the message that the thread belongs to."""
        return Place(Channel(NAME, Ref(team), Ref(channel)), Ref(thread) if thread else None)

    async def author(self, client: AsyncWebClient, team: str, user: str) -> Author:
        """Return somebody under the name that they have in a workspace, with whether they run it.

        Whom Slack does not show has their id for a name. Raises SlackApiError and what ends a connection if Slack did
        not answer and nothing older is known.
        """
        return (await self._account(client, team, user)).author

    async def person(self, client: AsyncWebClient, team: str, user: str) -> Author | None:
        """Return somebody as `author` does, or None for a bot. Raises the same."""
        found = await self._account(client, team, user)
        return found.author if found.person else None

    async def member(self, client: AsyncWebClient, team: str, user: str) -> Author | None:
        """Return somebody as `person` does, or None if there is nobody of that id. Raises the same."""
        found = await self._account(client, team, user)
        return found.author if found.person and found.known else None

    async def names(self, client: AsyncWebClient, team: str, ids: Iterable[str]) -> Mapping[str, str]:
        """Return how people, channels and user groups are called where they are mentioned, by id.

        What has no name is left out. Raises as `author`.
        """
        found: dict[str, str] = {}
        for one in sorted(set(ids)):
            name = ""
            if one.startswith(("U", "W")):
                account = await self._account(client, team, one)
                name = account.author.name if account.known else ""
            elif one.startswith(("C", "G")):
                place = await self._place(client, team, one)
                name = PRIVATE if place.private else place.name
            elif one.startswith("S"):
                name = await self.group(client, team, one)
            if name:
                found[one] = name
        return found

    async def channel(self, client: AsyncWebClient, team: str, channel: str) -> str:
        """Return a channel's name, or nothing if the bot may not know it. Raises as `author` does."""
        return (await self._place(client, team, channel)).name

    async def group(self, client: AsyncWebClient, team: str, group: str) -> str:
        """Return by which handle a user group is mentioned, or nothing if the bot may not know it.

        Raises as `author` does.
        """
        name = self._groups.get((team, group))
        if name is None:
            try:
                answer = await client.usergroups_list()
                for one in answer.get("usergroups") or ():
                    self._groups.put((team, str(one["id"])), str(one["handle"]))
            except SlackApiError as error:
                if is_passing(error):
                    raise
            name = self._groups.last((team, group)) or ""
            self._groups.put((team, group), name)
        return name

    async def _place(self, client: AsyncWebClient, team: str, channel: str) -> _Place:
        place = self._channels.get((team, channel))
        if place is None:
            try:
                about = (await client.conversations_info(channel=channel))["channel"]
                place = _Place(str(about.get("name", "")), bool(about.get("is_private")))
            except SlackApiError as error:
                if is_passing(error):
                    raise
                # Of a private channel the bot may not know the name.
                place = _Place("")
            self._channels.put((team, channel), place)
        return place

    async def _account(self, client: AsyncWebClient, team: str, user: str) -> _Account:
        known = self._accounts.get((team, user))
        if known is not None:
            return known
        try:
            answer = await client.users_info(user=user)
            found = _described(answer["user"], team)
        except SlackApiError as error:
            known = self._accounts.last((team, user))
            if known is None and code_of(error) not in NEVER_TOLD:
                raise
            nobody = code_of(error) in UNKNOWN_PERSON
            found = known or _Account(Author(NAME, Ref(user), user), person=user != SLACKBOT, known=not nobody)
        self._accounts.put((team, user), found)
        return found


def _described(user: Mapping[str, Any], team: str) -> _Account:
    profile = user.get("profile") or {}
    own, spare = profile.get("display_name"), profile.get("real_name")
    name = own or spare or user.get("real_name") or user.get("name") or user["id"]
    # In a channel that is shared with others, people come from workspaces of their own, which they may run. Of people
    # in an Enterprise organization Slack may leave `team_id` out.
    homes = {user.get("team_id"), *((user.get("enterprise_user") or {}).get("teams") or ())}
    admin = team in homes and any(user.get(right) for right in ("is_admin", "is_owner", "is_primary_owner"))
    bot = bool(user.get("is_bot")) or user["id"] == SLACKBOT
    return _Account(Author(NAME, Ref(str(user["id"])), str(name), admin=admin), person=not bot)
