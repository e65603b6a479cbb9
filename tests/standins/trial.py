"""A reading group in the terminal, lived in by a list of lines."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.cli.screen import PlainScreen
from bot.trial import run_trial


class PersonScreen(PlainScreen):
    """The ends of a pipe, with a person at them who can be told a mistake."""

    interactive = True


async def one_by_one(lines: Iterable[str]) -> AsyncIterator[str]:
    """Yield lines as they would be read."""
    for line in lines:
        yield line


async def lives(folder: Path, *lines: str, screen: type[PlainScreen] = PlainScreen) -> str:
    """Let a trial kept in a folder read lines, on the question sets beside it, and return what it shows."""
    shown: list[str] = []
    await run_trial(folder / "try", folder / "seeds", screen(one_by_one(lines), shown.append))
    return "".join(shown)


@dataclass(frozen=True)
class Written:
    """A message as the channel's file has it."""

    number: int
    author: str
    text: str
    thread: int | None
    key: str
    sent_at: datetime
    reactions: dict[str, str] = field(default_factory=dict)


def written(folder: Path) -> dict[int, Written]:
    """Return the messages that are there by number, read off the channel's file and nothing else."""
    messages: dict[int, Written] = {}
    for line in (folder / "try" / "channel.jsonl").read_text("utf-8").split("\n"):
        change: dict[str, Any] = json.loads(line) if line else {"do": "nothing"}
        match change["do"]:
            case "post":
                at = datetime.fromisoformat(change["at"])
                one = Written(change["number"], change["author"], change["text"], change["thread"], change["key"], at)
                messages[one.number] = one
            case "edit":
                messages[change["number"]] = replace(messages[change["number"]], text=change["text"])
            case "react":
                messages[change["number"]].reactions[change["who"]] = change["stance"]
            case "delete":
                del messages[change["number"]]
    return messages
