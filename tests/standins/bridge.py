"""Two chat services, the program on both, and people who write, vote and use commands on either.

async with bridge(tmp_path) as b:            # a group meets in the café; nobody meets in the pub yet
    await b.joins()                          # by codes and confirmations, as hosts do it
    await b.until(NINE)                      # the question is in both
    await b.says(ADA, "Memory is scarce.")
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.app import App
from bot.clock import ManualClock
from bot.commands.help import TABLE
from bot.commands.parse import parse_command
from bot.content import Actions, Form, Reply
from bot.events import Invocation, Place, Submission
from bot.model import Author, Channel, Group, Ref, Stance
from bot.platforms.console.render import blocks_text
from tests.standins.faults import FaultyPlatform
from tests.standins.memory import Posted, Service, channel, person
from tests.standins.program import MONDAY, a_group, program

CAFE = channel("café", "east")
PUB = channel("pub", "west")
LIBRARY = channel("library", "west")

HOST = person("Hilda", "east")
ADA = person("Ada", "east")
EVE = person("Eve", "east")
BOSS = person("Boss", "west", admin=True)
BEN = person("Ben", "west")
CEM = person("Cem", "west")

_CODE = re.compile(r"Code: (\S+)")


@dataclass
class Bridge:
    """The open program on two services."""

    app: App
    clock: ManualClock
    services: Mapping[str, Service]
    platforms: Mapping[str, FaultyPlatform]
    group: Group

    async def uses(self, who: Author, line: str, there: Channel | None = None) -> Reply | Form:
        """Let somebody type `/root command …`, where the group of their service meets unless told otherwise."""
        root, _, rest = line.removeprefix("/").partition(" ")
        command, arguments = parse_command(TABLE, root, rest)
        place = Place(there or _home(who))
        done = await self.app.desk.command(Invocation(place, who, command.full_name, arguments))
        await self.app.settle()
        return done

    async def reads(self, who: Author, line: str, there: Channel | None = None) -> str:
        """Let somebody type a command and return the reply's words."""
        done = await self.uses(who, line, there)
        assert isinstance(done, Reply)
        return blocks_text(done.blocks)

    async def fills(self, who: Author, line: str) -> str:
        """Let somebody send the form that a command hands out as it is, and return what they read then."""
        form = await self.uses(who, line)
        assert isinstance(form, Form)
        values = {field.name: field.value for field in form.fields}
        done = await self.app.desk.submit(Submission(Place(_home(who)), who, form.action, form.target, values))
        return blocks_text(done.blocks)

    async def presses(self, who: Author, label: str, reply: Reply, there: Channel | None = None) -> str:
        """Let somebody press a button of a reply, and return what they read then."""
        actions = [one for block in reply.blocks if isinstance(block, Actions) for one in block.actions]
        action = next(one for one in actions if one.label == label)
        invocation = Invocation(Place(there or _home(who)), who, action.command, dict(action.arguments))
        done = await self.app.desk.command(invocation)
        await self.app.settle()
        assert isinstance(done, Reply)
        return blocks_text(done.blocks)

    async def code(self, who: Author, line: str = "/reading-host link") -> str:
        """Let somebody make a code and return it."""
        found = _CODE.search(await self.reads(who, line))
        assert found
        return found[1]

    def told(self, who: Author) -> Reply:
        """Return what somebody was told in private last."""
        return [reply for user, reply in self.services[who.platform].told if user == who.user][-1]

    async def joins(self, there: Channel = PUB) -> None:
        """Let a channel in the west join the group."""
        shown = await self.uses(BOSS, f"/reading-host link {await self.code(HOST)}", there)
        assert isinstance(shown, Reply)
        await self.presses(BOSS, "Confirm", shown, there)
        assert "is a room of Readers now" in await self.presses(HOST, "Confirm", self.told(HOST))

    async def links(self, one: Author, other: Author) -> None:
        """Let a person link two accounts."""
        shown = await self.uses(other, f"/reading link {await self.code(one, '/reading link')}")
        assert isinstance(shown, Reply)
        await self.presses(other, "Confirm", shown)
        assert "are linked now" in await self.presses(one, "Confirm", self.told(one))

    def posts(self, there: Channel) -> list[Posted]:
        """Return what the bot posted into a channel itself, oldest first."""
        found = self.services[there.platform].messages()
        return [one for one in found if one.author is None and one.place == Place(there)]

    def texts(self, there: Channel) -> list[str]:
        """Return the words of what the bot posted into a channel itself."""
        return [one.text for one in self.posts(there)]

    def thread(self, there: Channel) -> Ref:
        """Return the thread of the latest question in a channel."""
        service = self.services[there.platform]
        return [thread for one in self.posts(there) if (thread := service.thread_of(one.ref))][-1]

    def in_thread(self, there: Channel) -> list[str]:
        """Return what stands in the thread of the latest question in a channel."""
        return [one.text for one in self.services[there.platform].thread(self.thread(there)) or ()]

    async def says(self, who: Author, text: str, there: Channel | None = None) -> Posted:
        """Let somebody write into the thread of the latest question."""
        there = there or _home(who)
        posted = self.services[who.platform].add(Place(there, self.thread(there)), who, text)
        await self.app.desk.record(posted.seen)
        return posted

    async def votes(self, who: Author, on: Posted, stance: Stance) -> None:
        """Let somebody vote on a message."""
        await self.app.desk.record(self.services[who.platform].react(on.ref, who, stance).reactions)

    async def until(self, moment: datetime) -> None:
        """Let time pass, and what falls due meanwhile happen at its time."""
        while (due := await self.app.scheduler.next_due()) is not None and self.clock.now() < due < moment:
            self.clock.move_to(due)
            await self.app.settle()
        self.clock.move_to(moment)
        await self.app.settle()


def _home(who: Author) -> Channel:
    return CAFE if who.platform == CAFE.platform else PUB


@asynccontextmanager
async def bridge(folder: Path) -> AsyncIterator[Bridge]:
    """Open the program on two services; a group, asked at 09:00 (UTC), meets in the east; it is Monday, 08:00."""
    clock = ManualClock(MONDAY)
    services = {"east": Service(clock, CAFE, name="east"), "west": Service(clock, PUB, LIBRARY, name="west")}
    platforms = {name: FaultyPlatform(service) for name, service in services.items()}
    async with program(folder, clock, *platforms.values()) as app:
        group = await a_group(app, CAFE, hosts=[HOST])
        yield Bridge(app, clock, services, platforms, group)
