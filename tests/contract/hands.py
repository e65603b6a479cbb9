"""What people do and see on each platform, so that one suite can look at every adapter from the outside."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from bot.clock import ManualClock
from bot.content import Form, Reply, Suggested
from bot.events import Invocation, Place, Recordable, Submission
from bot.model import Author, Channel, Ref, Stance
from bot.platforms.console.channel import BOT, ConsoleChannel, open_channel
from bot.platforms.console.platform import CHANNEL, ConsolePlatform
from bot.platforms.console.screen import Style
from bot.platforms.console.terminal import Terminal
from bot.ports import Platform
from tests.standins import memory

START = datetime(2030, 1, 7, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as people see it; the bot's have no author."""

    ref: Ref
    thread: Ref | None
    author: str
    text: str


class Reports:
    """A `bot.ports.Chat` that keeps what an adapter reports."""

    def __init__(self) -> None:
        self.events: list[Recordable] = []
        self.connections: list[str] = []
        self.notes: dict[str, str] = {}
        self.gone: set[tuple[str, Ref]] = set()
        self.moves: list[tuple[Channel, Channel]] = []
        self.reconnected = asyncio.Event()

    async def record(self, event: Recordable) -> None:
        """Keep an event."""
        self.events.append(event)

    async def command(self, invocation: Invocation) -> Reply | Form:
        """Answer a command with its name."""
        return Reply.of(f"You used {invocation.command}.")

    async def submit(self, submission: Submission) -> Reply:
        """Answer a form with its action."""
        return Reply.of(f"You filled in {submission.action}.")

    async def complete(self, invocation: Invocation, parameter: str) -> tuple[Suggested, ...]:
        """Suggest nothing."""
        return ()

    async def recall(self, key: str) -> str | None:
        """Return what was remembered."""
        return self.notes.get(key)

    async def remember(self, key: str, value: str) -> None:
        """Remember it."""
        self.notes[key] = value

    async def forget(self, key: str) -> None:
        """Forget it."""
        self.notes.pop(key, None)

    async def left(self, platform: str, workspace: Ref) -> None:
        """Keep that the bot was removed."""
        self.gone.add((platform, workspace))

    async def joined(self, platform: str, workspace: Ref) -> None:
        """Keep that the bot is there."""
        self.gone.discard((platform, workspace))

    async def moved(self, old: Channel, new: Channel) -> None:
        """Keep where a channel is now."""
        self.moves.append((old, new))

    async def home(self, author: Author, channels: Sequence[Channel]) -> Reply:
        """Greet whoever comes home."""
        return Reply.of(f"Welcome, {author.name}.")

    async def connected(self, platform: str) -> None:
        """Keep that a connection was made."""
        self.connections.append(platform)
        self.reconnected.set()


class Hands(Protocol):
    """A running adapter, and people who use the same platform."""

    platform: Platform
    channel: Channel
    elsewhere: Channel
    """A channel in which the bot cannot work."""
    reports: Reports
    replies_name_their_message: bool
    """Whether a message in a thread can answer another one."""

    async def arrive(self) -> None:
        """Let the bot in, where it has to run for that."""
        ...

    async def write(self, name: str, thread: Ref, text: str, reply_to: Ref | None = None) -> Ref:
        """Write a message of one line in the latest thread and return it."""
        ...

    async def edit(self, name: str, message: Ref, text: str) -> None:
        """Change one's message."""
        ...

    async def delete(self, name: str, message: Ref) -> None:
        """Remove one's message."""
        ...

    async def react(self, name: str, message: Ref, stance: Stance) -> None:
        """Vote on a message, over the vote before."""
        ...

    async def remove_post(self, message: Ref) -> None:
        """Remove what the bot posted, as somebody with the right to do so."""
        ...

    def visible(self) -> list[Seen]:
        """Return every message that is there, oldest first."""
        ...

    def told(self) -> list[tuple[Ref, str]]:
        """Return what single people were shown: to whom, and the words."""
        ...

    def forged(self) -> list[str]:
        """Return what on the screen passes for something that nobody wrote, or does what text should not do."""
        ...

    async def refuse(self) -> None:
        """Let the platform refuse whatever the bot does from now on."""
        ...


class MemoryHands:
    """People on the service in memory."""

    replies_name_their_message = True
    channel = memory.channel("reading")
    elsewhere = memory.channel("nowhere")

    def __init__(self) -> None:
        self.clock = ManualClock(START)
        self.service = memory.Service(self.clock, self.channel)
        self.platform: Platform = memory.MemoryPlatform(self.service)
        self.reports = Reports()

    async def arrive(self) -> None:
        return

    async def write(self, name: str, thread: Ref, text: str, reply_to: Ref | None = None) -> Ref:
        posted = self.service.add(Place(self.channel, thread), memory.person(name), text, reply_to=reply_to)
        await self.reports.record(posted.seen)
        return posted.ref

    async def edit(self, name: str, message: Ref, text: str) -> None:
        await self.reports.record(self.service.change(message, text).seen)

    async def delete(self, name: str, message: Ref) -> None:
        await self.reports.record(self.service.remove(message))

    async def react(self, name: str, message: Ref, stance: Stance) -> None:
        await self.reports.record(self.service.react(message, memory.person(name), stance).reactions)

    async def remove_post(self, message: Ref) -> None:
        self.service.remove(message)

    def visible(self) -> list[Seen]:
        return [
            Seen(one.ref, one.place.thread, one.author.name if one.author else "", one.text)
            for one in self.service.messages()
        ]

    def told(self) -> list[tuple[Ref, str]]:
        return [(user, memory.told(reply)) for user, reply in self.service.told]

    def forged(self) -> list[str]:
        return []

    async def refuse(self) -> None:
        self.service.refuses = "The bot may not write here; give it the right to."


class TypedScreen:
    """A `bot.platforms.console.screen.Screen` at which a person types, one line after the other is dealt with."""

    interactive = True

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.told: list[tuple[Ref, str]] = []
        self._lines: asyncio.Queue[str] = asyncio.Queue()
        self._waiting = asyncio.Event()

    async def line(self, prompt: str) -> str | None:
        """Return what is typed next."""
        self._waiting.set()
        return await self._lines.get()

    def show(self, style: Style, text: str) -> None:
        """Keep what everybody can see."""
        self.shown.append(text)

    def tell(self, user: str, text: str) -> None:
        """Keep what one person can see."""
        self.told.append((Ref(user), text))

    async def type(self, line: str) -> None:
        """Type a line, and return once it has been dealt with."""
        await self._waiting.wait()
        self._waiting.clear()
        self._lines.put_nowait(line)
        await self._waiting.wait()


class ConsoleHands:
    """A person at the terminal, who speaks as several."""

    replies_name_their_message = True
    channel = CHANNEL
    elsewhere = Channel("console", Ref("terminal"), Ref("nowhere"))

    def __init__(self, path: Path, channel: ConsoleChannel) -> None:
        self._path = path
        self._channel = channel
        self._screen = TypedScreen()
        clock = ManualClock(START)
        self._terminal = Terminal(channel, clock, self._screen, machine=None)
        self.platform: Platform = ConsolePlatform(channel, clock, self._screen.tell, self._terminal)
        self.reports = Reports()

    async def arrive(self) -> None:
        return

    async def write(self, name: str, thread: Ref, text: str, reply_to: Ref | None = None) -> Ref:
        await self._screen.type(f"/as {name}")
        await self._screen.type(text if reply_to is None else f"/reply {reply_to} {text}")
        return self.visible()[-1].ref

    async def edit(self, name: str, message: Ref, text: str) -> None:
        await self._screen.type(f"/as {name}")
        await self._screen.type(f"/edit {message} {text}")

    async def delete(self, name: str, message: Ref) -> None:
        await self._screen.type(f"/as {name}")
        await self._screen.type(f"/delete {message}")

    async def react(self, name: str, message: Ref, stance: Stance) -> None:
        await self._screen.type(f"/as {name}")
        await self._screen.type(f"/vote {message} {stance}")

    async def remove_post(self, message: Ref) -> None:
        await self._channel.delete(int(message), START)

    def visible(self) -> list[Seen]:
        return [
            Seen(
                Ref(str(entry.number)),
                None if entry.thread is None else Ref(str(entry.thread)),
                "" if entry.author == BOT else entry.author,
                entry.text,
            )
            for entry in self._channel.entries()
        ]

    def told(self) -> list[tuple[Ref, str]]:
        return self._screen.told

    def forged(self) -> list[str]:
        """Return characters that steer a terminal, and lines that look like messages which are not there."""
        self._screen.shown.clear()
        self._terminal.show_new()
        shown = "".join(self._screen.shown)
        steering = [repr(char) for char in shown if char != "\n" and _steers(char)]
        real = {self._first_line(one) for one in self.visible()}
        heads = (line for text in self._screen.shown for line in text.splitlines() if re.match(r" {0,3}\[", line))
        return [*steering, *(line for line in heads if not any(line.startswith(start) for start in real))]

    @staticmethod
    def _first_line(seen: Seen) -> str:
        return ("  " if seen.thread else "") + f"[{seen.ref}] {seen.author or 'bot'}"

    async def refuse(self) -> None:
        """Let another program write to the channel's file, which the console does not put up with."""
        with self._path.open("a") as file:
            file.write("\n")


def _steers(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cs") or unicodedata.bidirectional(char) in (
        *("LRE", "RLE", "LRO", "RLO", "PDF"),
        *("LRI", "RLI", "FSI", "PDI"),
    )


@asynccontextmanager
async def running(kind: str, folder: Path) -> AsyncIterator[Hands]:
    """Run an adapter of a kind, with its platform's data in a folder."""
    async with AsyncExitStack() as standins:
        hands: Hands
        match kind:
            case "console":
                path = folder / "channel.jsonl"
                hands = ConsoleHands(path, await open_channel(path))
            case "memory":
                hands = MemoryHands()
            case "slack" | "slack over HTTP":
                from tests.contract.slack_hands import in_slack

                hands = await standins.enter_async_context(in_slack(http=kind != "slack"))
            case _:
                from tests.contract.discord_hands import in_discord

                hands = await standins.enter_async_context(in_discord(forum=kind.endswith("forum")))
        task = asyncio.create_task(hands.platform.run(hands.reports))
        await hands.reports.reconnected.wait()
        await hands.arrive()
        try:
            yield hands
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await hands.platform.close()
