"""People in a Discord server: a text channel or a forum, over the wire to the stand-in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

from bot.clock import SystemClock
from bot.model import Channel, Ref, Stance
from bot.platforms.discord.platform import DiscordPlatform
from bot.ports import Platform
from tests.contract.hands import Reports, Seen
from tests.standins.discord import ChannelHand, DiscordServer, GuildHand, MemberHand, MessageView
from tests.standins.meeting import channel_of, hurried

EMOJI = {Stance.AGREE: "👍🏽", Stance.DISAGREE: "👎", Stance.PASS: "🤷🏿‍♀️"}
OURS = ("https://chat.example/", "https://docs.example/", "https://discord.com/channels/")

_LINK = re.compile(r"(?<!\\)\](?P<target>\([^)\s]*\))")
_MENTION = re.compile(r"@everyone|@here|(?<!\\)<[@#:/a]")
_LAYOUT = re.compile(r"^\s*(?:[#>-]|\d+\.)|(?<!\\)[*_~`|]", re.MULTILINE)


class DiscordHands:
    """People in a server."""

    replies_name_their_message = True

    def __init__(self, server: DiscordServer, *, forum: bool) -> None:
        self._server = server
        self._guild: GuildHand = server.guild("Readers")
        self._room: ChannelHand = self._guild.forum("rounds") if forum else self._guild.text("reading")
        self._forum = forum
        self._people: dict[str, MemberHand] = {}
        self._votes: dict[tuple[str, Ref], str] = {}
        self.channel = channel_of(self._room)
        self.elsewhere = Channel("discord", self.channel.workspace, Ref("999999999"))
        self.platform: Platform = DiscordPlatform(server.token, SystemClock())
        self.reports = Reports()

    async def arrive(self) -> None:
        return

    def _person(self, name: str) -> MemberHand:
        if name not in self._people:
            self._people[name] = self._guild.member(name)
        return self._people[name]

    def _messages(self) -> Iterator[MessageView]:
        if not self._forum:
            yield from self._room.visible()
        for thread in self._room.threads():
            yield from thread.visible()

    def _find(self, message: Ref) -> MessageView:
        number = int(message.rpartition("/")[2])
        return next(view for view in self._messages() if view.id == number)

    async def _reported(self, count: int) -> None:
        await self._server.until(lambda: len(self.reports.events) >= count)

    async def write(self, name: str, thread: Ref, text: str, reply_to: Ref | None = None) -> Ref:
        before = len(self.reports.events)
        place = self._server.place(int(thread))
        said = await self._person(name).says(place, text, reply_to=self._find(reply_to) if reply_to else None)
        await self._reported(before + 1)
        return Ref(str(said.id))

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
        await self._person(name).reacts(self._find(message), EMOJI[stance])
        self._votes[name, message] = EMOJI[stance]
        await self._reported(before + (2 if last else 1))

    async def remove_post(self, message: Ref) -> None:
        await self._guild.owner.deletes(self._find(message))

    def visible(self) -> list[Seen]:
        return [self._seen(view) for view in self._messages()]

    def _seen(self, view: MessageView) -> Seen:
        in_thread = view.channel.id != self._room.id
        starts_post = self._forum and view.id == view.channel.id
        own = Ref(f"{view.id}/{view.id}" if starts_post else str(view.id))
        thread = Ref(str(view.channel.id)) if in_thread and not starts_post else None
        by_the_bot = view.state.author is self._server.bot
        return Seen(own, thread, "" if by_the_bot else view.author, view.everything)

    def told(self) -> list[tuple[Ref, str]]:
        return [(Ref(str(one.id)), view.everything) for one in self._people.values() for view in one.inbox()]

    def forged(self) -> list[str]:
        """Return pings, addresses behind other words, layout that members' words make, and what turns directions."""
        found: list[str] = []
        for view in self._messages():
            if view.state.author is not self._server.bot:
                continue
            words = "\n".join([view.text, *map(_formatted, view.state.embeds)])
            found += view.pings
            found += [repr(char) for char in words if char != "\n" and _steers(char)]
            found += [match[0] for match in _LINK.finditer(words) if not match["target"][1:].startswith(OURS)]
            found += _MENTION.findall(words)
            if view.buttons == ["My answers"]:
                found += _LAYOUT.findall(re.sub(r"https?://[^\s<>|*`\\]+", "", words))
        return found

    async def refuse(self) -> None:
        """Let the bot see the channel no longer."""
        self._room.deny_bot("view_channel")


def _formatted(embed: dict[str, Any]) -> str:
    """Return what Discord reads as Markdown in an embed; an author's name it shows as it is."""
    fields = (f"{field['name']}\n{field['value']}" for field in embed.get("fields", []))
    return "\n".join((embed.get("title", ""), embed.get("description", ""), *fields))


def _steers(char: str) -> bool:
    overrides = "\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069"
    return overrides or unicodedata.category(char) in ("Cc", "Cs")


@asynccontextmanager
async def in_discord(*, forum: bool) -> AsyncIterator[DiscordHands]:
    """Let people meet in a text channel or a forum."""
    async with DiscordServer() as server:
        with server.serves_library(), hurried():
            yield DiscordHands(server, forum=forum)
