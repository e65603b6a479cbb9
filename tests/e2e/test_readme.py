"""The README tells the truth: its transcript is what a trial shows, and what it names is there.

`python -m tests.e2e.test_readme` writes the transcript anew.
"""

from __future__ import annotations

import asyncio
import io
import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from typer.testing import CliRunner

from bot.cli import app
from bot.cli.screen import TerminalScreen
from bot.commands.help import TABLE
from bot.trial import run_trial

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
BLOCK = re.compile(r"(?<=<!-- transcript -->\n```\n).*?(?=```\n<!-- /transcript -->)", re.DOTALL)
TYPED = re.compile(r"^(?:[A-Z]?[a-z]+>|…) (.*)$", re.MULTILINE)
MONDAY = "2026-03-02T09:00:00+00:00"


class Transcript(TerminalScreen):
    """A terminal at which somebody types given lines, on paper."""

    def __init__(self, lines: Iterator[str], paper: io.StringIO) -> None:
        super().__init__(Console(file=paper, width=100, highlight=False, markup=False, emoji=False, no_color=True))
        self._lines = lines
        self._paper = paper

    async def line(self, prompt: str) -> str | None:
        """Return the next line and note it behind its prompt."""
        line = next(self._lines, None)
        if line is not None:
            self._paper.write(f"{prompt}{line}\n")
        return line


async def transcript(folder: Path, lines: list[str]) -> str:
    """Return what a trial that begins on a Monday in March shows to somebody who types these lines."""
    await asyncio.to_thread((folder / "channel.jsonl").write_text, json.dumps({"do": "time", "at": MONDAY}) + "\n")
    paper = io.StringIO()
    await run_trial(folder, ROOT / "seeds", Transcript(iter(lines), paper))
    return "\n".join(line.rstrip() for line in paper.getvalue().splitlines()).strip("\n") + "\n"


async def test_the_transcript_is_what_a_trial_shows(tmp_path: Path) -> None:
    found = BLOCK.search(README.read_text("utf-8"))
    assert found is not None
    assert await transcript(tmp_path, TYPED.findall(found[0])) == found[0]


def test_every_chat_command_it_names_is_in_the_table() -> None:
    text = BLOCK.sub("", README.read_text("utf-8"))
    for root, words in re.findall(r"`/(reading(?:-host)?) ([a-z]+(?: [a-z-]+)?)", text):
        assert {f"{root} {words}", f"{root} {words.split()[0]}"} & TABLE.keys(), f"/{root} {words}"


def test_every_command_it_names_is_on_the_command_line() -> None:
    text = README.read_text("utf-8")
    shown = CliRunner().invoke(app, ["--help"]).output
    for name in re.findall(r"^\| `([a-z]+)", text, re.MULTILINE):
        assert re.search(rf"\b{name}\b", shown), name


def test_every_file_it_links_to_is_there() -> None:
    for page in (README, ROOT / "CONTRIBUTING.md", ROOT / "docs" / "architecture.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def _write() -> None:
    text = README.read_text("utf-8")
    found = BLOCK.search(text)
    lines = TYPED.findall(found[0]) if found else []
    with tempfile.TemporaryDirectory() as folder:
        shown = asyncio.run(transcript(Path(folder), lines))
    README.write_text(BLOCK.sub(lambda _: shown, text), "utf-8")


if __name__ == "__main__":
    _write()
