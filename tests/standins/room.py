"""The console's room with people in it, who use commands and forms as any adapter hands them in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bot.app import App
from bot.clock import ManualClock
from bot.commands.help import TABLE
from bot.commands.parse import parse_command
from bot.content import Form, Reply
from bot.events import Invocation, Place, Submission
from bot.model import Channel, Ref
from bot.platforms.console.channel import ConsoleChannel, Entry, open_channel
from bot.platforms.console.platform import CHANNEL, ConsolePlatform, author, reactions_seen, seen
from bot.platforms.console.render import blocks_text
from tests.standins.program import MONDAY, program
from tests.standins.seeds import write_set

SIDE_ROOM = Channel(CHANNEL.platform, CHANNEL.workspace, Ref("side-room"))

QUESTIONS = {
    "open-one": "",
    "open-two": "",
    "pick-one": "kind: choice\n    options: [The first, The second, None of them]",
    "how-likely": (
        "kind: forecast\n    forecast: {answer: probability, resolves: By the yearbook of that year., by: 2032-03-01}"
    ),
    "how-many": (
        "kind: forecast\n    forecast: {answer: number, unit: towns, resolves: By the yearbook of that year.,"
        " by: 2032-03-01}"
    ),
}


@dataclass
class ConsoleRoom:
    """The open program on the console."""

    app: App
    channel: ConsoleChannel
    clock: ManualClock
    told: list[tuple[str, str]] = field(default_factory=list)

    async def uses(self, who: str, line: str, there: Channel = CHANNEL) -> Reply | Form:
        """Let somebody type `/root command …` and return what comes back. Raises ChatError if it cannot be parsed."""
        root, _, rest = line.removeprefix("/").partition(" ")
        command, arguments = parse_command(TABLE, root, rest)
        return await self.invokes(who, command.full_name, arguments, there)

    async def invokes(
        self, who: str, command: str, arguments: Mapping[str, str], there: Channel = CHANNEL
    ) -> Reply | Form:
        """Let somebody use a command with the given arguments."""
        return await self.app.desk.command(Invocation(Place(there), author(who), command, arguments))

    async def reads(self, who: str, line: str, there: Channel = CHANNEL) -> str:
        """Let somebody type a command and return the reply's words; settle what follows from it."""
        reply = await self.uses(who, line, there)
        assert isinstance(reply, Reply), f"a form came back: {reply}"
        await self.app.settle()
        return blocks_text(reply.blocks)

    async def opens(self, who: str, line: str, there: Channel = CHANNEL) -> Form:
        """Let somebody type a command that hands out a form."""
        form = await self.uses(who, line, there)
        assert isinstance(form, Form), blocks_text(form.blocks)
        return form

    async def fills(self, who: str, form: Form, **values: str) -> str:
        """Let somebody fill in a form, keeping what stands in it already, and return the reply's words."""
        all_values = {one.name: one.value for one in form.fields} | values
        place = Place(CHANNEL)
        reply = await self.app.desk.submit(Submission(place, author(who), form.action, form.target, all_values))
        await self.app.settle()
        return blocks_text(reply.blocks)

    async def says(self, who: str, text: str, *, reply_to: int | None = None) -> Entry:
        """Let somebody write into the thread of the latest question."""
        threads = [entry.thread for entry in self.channel.entries() if not entry.author and entry.thread]
        entry = await self.channel.post(who, text, self.clock.now(), thread=max(threads), reply_to=reply_to)
        await self.app.desk.record(seen(entry))
        return entry

    async def votes(self, who: str, number: int, stance: str) -> None:
        """Let somebody vote on a message."""
        await self.app.desk.record(reactions_seen(await self.channel.react(number, who, stance, self.clock.now())))

    async def until(self, moment: datetime) -> None:
        """Let time pass, and what falls due meanwhile happen at its time."""
        while (due := await self.app.scheduler.next_due()) is not None and self.clock.now() < due < moment:
            self.clock.move_to(due)
            await self.app.settle()
        self.clock.move_to(moment)
        await self.app.settle()

    def posts(self) -> list[str]:
        """Return what the bot posted into the channel itself, oldest first."""
        return [entry.text for entry in self.channel.entries() if not entry.author and entry.thread is None]

    def questions(self) -> list[str]:
        """Return what was asked, oldest first."""
        return [text.splitlines()[1] for text in self.posts() if "Source: " in text]


@asynccontextmanager
async def empty_room(folder: Path, at: datetime = MONDAY) -> AsyncIterator[ConsoleRoom]:
    """Open the program on a console where no group meets yet; its set is `commons`."""
    if not (folder / "seeds").exists():
        write_set(folder / "seeds", "commons", QUESTIONS)
    channel, clock = await open_channel(folder / "channel.jsonl"), ManualClock(at)
    told: list[tuple[str, str]] = []
    platform = ConsolePlatform(channel, clock, lambda user, text: told.append((user, text)))
    async with program(folder, clock, platform) as app:
        yield ConsoleRoom(app, channel, clock, told)


@asynccontextmanager
async def console_room(folder: Path, settings: str = "order:reading") -> AsyncIterator[ConsoleRoom]:
    """Open the program on a console where a group meets in UTC, asked at 09:00; it is Monday, 08:00."""
    async with empty_room(folder) as room:
        await room.reads("you", f"/reading-host setup zone:UTC {settings}")
        yield room
