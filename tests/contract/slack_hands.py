"""People in a Slack workspace, over the wire to the stand-in: in Socket Mode or over HTTP."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

from bot.model import Channel, Ref, Stance
from bot.ports import Platform
from tests.contract.hands import Reports, Seen
from tests.standins.slack import ChannelHand, MemberHand, MessageView, SlackServer, TeamHand
from tests.standins.slack.views import elements
from tests.standins.workspace import MANIFEST, channel_of, hurried, over_http, over_socket

REACTION = {Stance.AGREE: "+1::skin-tone-3", Stance.DISAGREE: "-1", Stance.PASS: "woman-shrugging::skin-tone-6"}
OURS = ("https://chat.example/", "https://docs.example/", "https://readers.slack.com/archives/")


class SlackHands:
    """People in a workspace."""

    replies_name_their_message = False

    def __init__(self, server: SlackServer, *, http: bool) -> None:
        self._server = server
        self._http = http
        self._team: TeamHand = server.team("Readers", installed=not http)
        self._room: ChannelHand = self._team.channel("reading")
        self._people: dict[str, MemberHand] = {}
        self._votes: dict[tuple[str, Ref], str] = {}
        self.channel = channel_of(self._room)
        self.elsewhere = Channel("slack", self.channel.workspace, Ref("C404"))
        self.platform: Platform = over_http(server) if http else over_socket(server, self._team.token)
        self.reports = Reports()

    async def arrive(self) -> None:
        """Have the workspace's owner install the app, where that is the way in."""
        if not self._http:
            return
        address = self._server.app.redirect_urls[0].replace("oauth_redirect", "install")
        status, page = await self._team.owner.installs(address)
        assert status == 200, page
        self._room.state.members.append(self._team.bot.id)

    def _person(self, name: str) -> MemberHand:
        if name not in self._people:
            self._people[name] = self._team.member(name)
        return self._people[name]

    def _find(self, message: Ref) -> MessageView:
        return next(view for view in self._room.everything() if view.ts == message)

    async def _reported(self, count: int) -> None:
        await self._server.until(lambda: len(self.reports.events) >= count)

    async def write(self, name: str, thread: Ref, text: str, reply_to: Ref | None = None) -> Ref:
        before = len(self.reports.events)
        said = await self._person(name).says(self._find(thread), text, plainly=True)
        await self._reported(before + 1)
        return Ref(said.ts)

    async def edit(self, name: str, message: Ref, text: str) -> None:
        before = len(self.reports.events)
        await self._person(name).edits(self._find(message), text)
        await self._reported(before + 1)

    async def delete(self, name: str, message: Ref) -> None:
        before = len(self.reports.events)
        await self._person(name).deletes(self._find(message))
        await self._reported(before + 1)

    async def react(self, name: str, message: Ref, stance: Stance) -> None:
        before, last = len(self.reports.events), self._votes.pop((name, message), None)
        if last is not None:
            await self._person(name).unreacts(self._find(message), last)
        await self._person(name).reacts(self._find(message), REACTION[stance])
        self._votes[name, message] = REACTION[stance]
        await self._reported(before + (2 if last else 1))

    async def remove_post(self, message: Ref) -> None:
        await self._team.owner.deletes(self._find(message))

    def visible(self) -> list[Seen]:
        return [self._seen(view) for view in self._room.everything()]

    def _seen(self, view: MessageView) -> Seen:
        thread = Ref(view.state.thread_ts) if view.in_thread and view.state.thread_ts else None
        return Seen(Ref(view.ts), thread, "" if view.by_bot else view.author, view.text)

    def told(self) -> list[tuple[Ref, str]]:
        shown = ((one, view) for one in self._people.values() for view in (*one.inbox(), *one.whispers()))
        return [(Ref(one.id), view.text) for one, view in shown]

    def forged(self) -> list[str]:
        """Return pings, addresses behind other words, marks that members' words make, and what turns directions."""
        found: list[str] = []
        for view in self._room.everything():
            if not view.by_bot:
                continue
            found += view.pings
            found += [repr(char) for words in (view.text, view.notification) for char in words if _steers(char)]
            found += [url for words, url in view.links if words != url and not url.startswith(OURS)]
            found += _marks(view)
        return found

    async def refuse(self) -> None:
        """Remove the bot from the channel."""
        self._room.remove_bot()


def _marks(view: MessageView) -> Iterator[str]:
    """What Slack would read as marks: in a fallback text all but entities, and in blocks whatever is not plain."""
    if "<" in view.state.text:
        yield view.state.text
    yield from (text for text in map(_marked_up, elements(view.state.blocks)) if text and not _is_own_link(text))


def _marked_up(element: dict[str, Any]) -> str:
    return str(element["text"]) if element.get("type") == "mrkdwn" else ""


def _is_own_link(text: str) -> bool:
    return text.startswith(tuple(f"<{address}" for address in OURS)) and text.count("<") == 1 and text.endswith(">")


def _steers(char: str) -> bool:
    overrides = "\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069"
    return overrides or (unicodedata.category(char) in ("Cc", "Cs") and char != "\n")


@asynccontextmanager
async def in_slack(*, http: bool) -> AsyncIterator[SlackHands]:
    """Let people meet in a workspace."""
    async with SlackServer(manifest=MANIFEST) as server:
        with hurried():
            yield SlackHands(server, http=http)
