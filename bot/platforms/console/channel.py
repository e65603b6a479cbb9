"""The console's side of the wire: a channel with threads, kept in a file as a chat service would keep it.

Each line of the file is one change (JSON), and the channel is what the changes amount to. Messages are numbered through
the whole channel, so that a person can point at any of them. A line that a crash cut short is dropped when the file is
opened again: what it said was never acknowledged. One program at a time writes to a channel.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.errors import PlatformError

BOT = ""
"""The author of what the bot posts."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A message in the channel, or in the thread under `thread`. Times are UTC."""

    number: int
    author: str
    text: str
    sent_at: datetime
    thread: int | None = None
    key: str = ""
    reply_to: int | None = None
    edited_at: datetime | None = None
    deleted: bool = False
    reactions: frozenset[tuple[str, str]] = field(default=frozenset())
    """Who reacted, and with which stance."""


class ConsoleChannel:
    """A channel in a file. Made by `open_channel`."""

    def __init__(self, path: Path, changes: Iterable[dict[str, Any]], size: int) -> None:
        self._path = path
        self._size = size
        self._writing = asyncio.Lock()
        self._entries: dict[int, Entry] = {}
        self._clock: datetime | None = None
        for change in changes:
            self._apply(change)

    @property
    def clock(self) -> datetime | None:
        """Return the latest instant (UTC) that the channel has seen, or None when it is new."""
        return self._clock

    def get(self, number: int) -> Entry | None:
        """Return a message that is there, or None."""
        entry = self._entries.get(number)
        return entry if entry is not None and not entry.deleted else None

    def knows(self, number: int) -> bool:
        """Return whether a message is or was there."""
        return number in self._entries

    def entries(self) -> Iterator[Entry]:
        """Yield every message that is there, oldest first."""
        return (entry for entry in self._entries.values() if not entry.deleted)

    def thread(self, number: int) -> list[Entry]:
        """Return what stands in the thread under a message, oldest first."""
        return [entry for entry in self.entries() if entry.thread == number]

    async def find(self, key: str) -> Entry | None:
        """Return the message that was posted under a key, or None, once what is being written is there."""
        async with self._writing:
            return next((entry for entry in self.entries() if entry.key == key), None)

    async def post(
        self,
        author: str,
        text: str,
        at: datetime,
        *,
        thread: int | None = None,
        key: str = "",
        reply_to: int | None = None,
    ) -> Entry:
        """Add a message and return it. Raises PlatformError if the file cannot be written."""
        change = {"do": "post", "author": author, "text": text, "thread": thread, "key": key, "reply_to": reply_to}
        return self._entries[await self._write(change, at)]

    async def edit(self, number: int, text: str, at: datetime) -> Entry:
        """Change a message's text and return the message. Raises PlatformError if it is not there."""
        return self._entries[await self._write({"do": "edit", "number": number, "text": text}, at)]

    async def delete(self, number: int, at: datetime) -> None:
        """Remove a message. Raises PlatformError if it is not there."""
        await self._write({"do": "delete", "number": number}, at)

    async def react(self, number: int, who: str, stance: str, at: datetime) -> Entry:
        """Give a person exactly one reaction on a message and return the message. Raises PlatformError likewise."""
        return self._entries[await self._write({"do": "react", "number": number, "who": who, "stance": stance}, at)]

    async def note_time(self, at: datetime) -> None:
        """Keep an instant (UTC), so that the channel goes on from there when it is opened again."""
        await self._write({"do": "time"}, at)

    async def _write(self, change: dict[str, Any], at: datetime) -> int:
        """Make a change and return its message's number; once begun it is finished, even if nobody waits any more."""
        return await asyncio.shield(asyncio.ensure_future(self._keep(change | {"at": at.isoformat()})))

    async def _keep(self, change: dict[str, Any]) -> int:
        async with self._writing:
            if change["do"] == "post":
                change["number"] = len(self._entries) + 1
            elif "number" in change and self.get(change["number"]) is None:
                raise PlatformError(f"There is no message {change['number']} in the channel.")
            # A lone surrogate, which UTF-8 cannot hold, stands as the JSON escape that means the same.
            line = json.dumps(change, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
            try:
                await asyncio.to_thread(_append, self._path, line, self._size)
            except OSError as error:
                raise PlatformError(
                    f"The console's channel {self._path} cannot be written ({error.strerror}).",
                    "Make room, and let the bot's user write there.",
                ) from error
            self._size += len(line)
            self._apply(change)
        number: int = change.get("number", 0)
        return number

    def _apply(self, change: dict[str, Any]) -> None:
        at = datetime.fromisoformat(change["at"])
        if at.tzinfo is None:
            raise ValueError(f"{at} is no instant")
        self._clock = max(at, self._clock or at)
        number = change.get("number", 0)
        match change["do"]:
            case "post":
                self._entries[number] = Entry(
                    number=number,
                    author=change["author"],
                    text=change["text"],
                    sent_at=at,
                    thread=change["thread"],
                    key=change["key"],
                    reply_to=change["reply_to"],
                )
            case "edit":
                self._entries[number] = replace(self._entries[number], text=change["text"], edited_at=at)
            case "delete":
                self._entries[number] = replace(self._entries[number], text="", deleted=True)
            case "react":
                entry = self._entries[number]
                others = frozenset(reaction for reaction in entry.reactions if reaction[0] != change["who"])
                self._entries[number] = replace(entry, reactions=others | {(change["who"], change["stance"])})


async def open_channel(path: Path) -> ConsoleChannel:
    """Open the channel that a file holds, or a new one. Raises PlatformError for a file that is not a channel."""
    try:
        content = await asyncio.to_thread(_load, path)
    except OSError as error:
        raise PlatformError(f"The console's channel {path} cannot be read ({error.strerror}).") from error
    try:
        changes = [json.loads(line) for line in content.split(b"\n") if line]
        return ConsoleChannel(path, changes, len(content))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise PlatformError(f"{path} is not a console channel.", "Move it away, or start over.") from error


def _load(path: Path) -> bytes:
    """Return a channel's whole lines, and cut off what a crash left of another."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        return b""
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        os.truncate(path, len(whole))
    return whole


def _append(path: Path, line: bytes, size: int) -> None:
    """Write a line at the end of a file of that size, and see it on the disk. Raises PlatformError, OSError."""
    with path.open("ab", buffering=0) as file:
        if file.tell() != size:
            raise PlatformError(f"Another program writes to the console's channel {path}.", "End it, and start again.")
        rest = memoryview(line)
        try:
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        except OSError:
            file.truncate(size)
            raise
