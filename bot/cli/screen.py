"""The terminal itself, or the two ends of a pipe: lines from standard input, text to standard output.

Nothing that is shown can steer a terminal, whoever wrote it.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import importlib
import os
import re
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from types import ModuleType

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.text import Text

from bot.cli.errors import drop_output
from bot.errors import PlatformError
from bot.platforms.console.render import printable
from bot.platforms.console.screen import Screen, Style

WIDEST = 100
"""Columns of running text, beyond which lines are hard to read."""

_CHUNK = 65_536
_CHUNKS = 16
_STYLES: dict[Style, str] = {"bot": "", "person": "", "note": "dim", "error": "yellow"}
_LEAD = re.compile(r"(?P<indent> *)(?P<name>\[\d+\] [^:]{1,80}:|)(?P<mark>- |\d+\. |\| |) ?")


class OutputError(PlatformError):
    """What is shown cannot be written: whoever read it is gone, or the disk is full."""

    exit_code = 1


def terminal_screen() -> Screen:
    """Return a screen on standard input and output: for a person if both are a terminal's, else plain text."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        if termios := _module("termios"):
            # The thread that waits for a line is not told that the program ends, and would leave the terminal its way.
            atexit.register(termios.tcsetattr, 0, termios.TCSADRAIN, termios.tcgetattr(0))
        return TerminalScreen(Console(highlight=False, markup=False, emoji=False))
    return PlainScreen(stdin_lines(), _write)


class PlainScreen:
    """The ends of a pipe: text as it is, in whole lines."""

    interactive = False

    def __init__(self, lines: AsyncIterator[str], write: Callable[[str], None]) -> None:
        self._lines = lines
        self._write = write

    async def line(self, prompt: str) -> str | None:
        """Return the next line, or None when there are no more."""
        return await anext(self._lines, None)

    def show(self, style: Style, text: str) -> None:
        """Write a text."""
        self._write(f"{printable(text)}\n")

    def tell(self, user: str, text: str) -> None:
        """Write a text for one person, set apart."""
        self._write(printable(f"--- only {user} can see this\n{text.strip()}\n---\n"))


class TerminalScreen:
    """A person's terminal: with a prompt that can be edited, and text that is wrapped and coloured."""

    interactive = True

    def __init__(self, console: Console) -> None:
        self._console = console
        self._prompt = ""
        self._readline = _module("readline")

    async def line(self, prompt: str) -> str | None:
        """Return the line that the person types, or None at its end (Ctrl-D)."""
        self._prompt = prompt
        line = None
        try:
            line = await _typed(prompt)
        finally:
            self._prompt = ""
            if line is None:
                self._console.out("")
        return line

    def show(self, style: Style, text: str) -> None:
        """Print a text, wrapped to the terminal."""
        self._print(text, _STYLES[style], border="")

    def tell(self, user: str, text: str) -> None:
        """Print a text for one person, behind a bar."""
        self._print(f"only {user} can see this", "dim", border="╭ ")
        self._print(text.strip(), "", border="│ ")

    def _print(self, text: str, style: str, *, border: str) -> None:
        if self._prompt:
            # Something happened while the person types: put the prompt below it.
            self._console.file.write("\r\x1b[K")
        width = min(self._console.width, WIDEST) - len(border)
        with _output_told():
            for line in printable(text).split("\n"):
                for wrapped in hanging(line, width):
                    self._console.print(Text.assemble((border, "dim"), _styled(wrapped, style)), soft_wrap=True)
            if self._prompt:
                begun = self._readline.get_line_buffer() if self._readline else ""
                self._console.file.write(self._prompt + begun)
                self._console.file.flush()


def hanging(line: str, width: int) -> Iterator[str]:
    """Yield a line in pieces of at most `width` columns, all but the first of them indented below its text.

    A word that is too long for a line, such as an address, stays whole unless its letters are wide ones.
    """
    lead = _LEAD.match(line)
    first = lead[0] if lead else ""
    indent = " " * (len(lead["indent"]) + (2 if lead["name"] or lead["mark"] else 0)) if lead else ""
    bar = f"{lead['indent']}| " if lead and lead["mark"] == "| " else indent
    room = max(width - len(bar), 10)
    piece, used = first, cell_len(first) - len(bar)
    begun = False
    for word in _words(line[len(first) :], room):
        size = cell_len(word)
        if begun and used + 1 + size > room:
            yield piece
            piece, used, begun = bar + word, size, True
            continue
        piece, used = (f"{piece} {word}", used + 1 + size) if begun else (piece + word, used + size)
        begun = True
    yield piece


def _words(text: str, room: int) -> Iterator[str]:
    for word in text.split(" "):
        if cell_len(word) > max(room, len(word)):
            yield from chop_cells(word, room)
        else:
            yield word


def _styled(line: str, style: str) -> Text:
    text = Text(line, style)
    lead = _LEAD.match(line)
    if lead and lead["name"]:
        text.stylize("bold", lead.start("name"), lead.end("name"))
    return text


def _module(name: str) -> ModuleType | None:
    """Return a module that not every system has, or None."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


async def _typed(prompt: str) -> str | None:
    """Return what is typed at the terminal, or None at its end.

    A daemon thread waits for it, so that a line which never comes cannot hold up the end of the program.
    """
    loop = asyncio.get_running_loop()
    typed: asyncio.Future[str | None] = loop.create_future()

    def settle(line: str | None) -> None:
        if not typed.done():
            typed.set_result(line)

    def read() -> None:
        try:
            line: str | None = input(prompt)
        except (EOFError, OSError):
            line = None
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, line)

    threading.Thread(target=read, daemon=True, name="terminal").start()
    return await typed


async def stdin_lines() -> AsyncIterator[str]:
    """Yield the lines of standard input; bytes that are not UTF-8 are shown as such.

    A daemon thread reads, so that a read which never returns cannot hold up the end of the program. It reads no further
    than a few chunks ahead of whoever takes the lines.
    """
    loop = asyncio.get_running_loop()
    chunks: asyncio.Queue[bytes] = asyncio.Queue()
    room = threading.Semaphore(_CHUNKS)

    def pump() -> None:
        while True:
            room.acquire()
            try:
                chunk = os.read(0, _CHUNK)
            except OSError:
                chunk = b""
            try:
                loop.call_soon_threadsafe(chunks.put_nowait, chunk)
            except RuntimeError:
                return
            if not chunk:
                return

    threading.Thread(target=pump, daemon=True, name="stdin").start()
    pending = b""
    while chunk := await chunks.get():
        room.release()
        *lines, pending = (pending + chunk).split(b"\n")
        for line in lines:
            yield line.decode("utf-8", errors="replace")
    if pending:
        yield pending.decode("utf-8", errors="replace")


def _write(text: str) -> None:
    with _output_told():
        sys.stdout.write(text)
        sys.stdout.flush()


@contextmanager
def _output_told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        drop_output()
        raise OutputError(f"Standard output cannot be written to ({error.strerror}).") from error
