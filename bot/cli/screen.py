"""The terminal itself: lines from standard input, text to standard output."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator

from rich.console import Console

from bot.platforms.console.terminal import Screen

_STYLES = {"bot": "cyan", "dim": "dim", "plain": ""}
_CHUNK = 65_536


def terminal_screen(lines: AsyncIterator[str]) -> Screen:
    """Return a screen on standard output: coloured and with a prompt on a terminal, plain text otherwise."""
    console = Console(highlight=False, markup=False, emoji=False)
    interactive = sys.stdin.isatty() and sys.stdout.isatty()

    def show(style: str, text: str) -> None:
        console.print(text, style=_STYLES[style], soft_wrap=not interactive)

    def prompt(text: str) -> None:
        if interactive:
            console.print(text, end="", style="bold")

    return Screen(lines, show, prompt, interactive)


async def stdin_lines() -> AsyncIterator[str]:
    """Yield the lines of standard input; bytes that are not UTF-8 are shown as such.

    A daemon thread reads, so that a read which never returns cannot hold up the end of the program.
    """
    loop = asyncio.get_running_loop()
    chunks: asyncio.Queue[bytes] = asyncio.Queue()

    def pump() -> None:
        while True:
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
        *lines, pending = (pending + chunk).split(b"\n")
        for line in lines:
            yield line.decode("utf-8", errors="replace")
    if pending:
        yield pending.decode("utf-8", errors="replace")
