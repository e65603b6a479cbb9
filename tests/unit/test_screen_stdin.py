"""Lines from a real pipe, in a process of its own, since standard input is a process's."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path

BUSY = """
import asyncio
from bot.cli.screen import stdin_lines

async def main() -> None:
    lines = stdin_lines()
    print(await anext(lines), flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
COUNTING = """
import asyncio
from bot.cli.screen import stdin_lines

async def main() -> None:
    print([line async for line in stdin_lines()])

asyncio.run(main())
"""
MEGABYTE = 1 << 20


def test_input_waits_in_the_pipe_until_the_lines_before_it_are_taken() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", BUSY], cwd=Path(__file__).parents[2], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        pipe = program.stdin.fileno()
        os.set_blocking(pipe, False)
        written = os.write(pipe, b"the first line\n")
        assert program.stdout.readline() == b"the first line\n"
        while written < 64 * MEGABYTE and select.select([], [pipe], [], 3)[1]:
            written += os.write(pipe, b"a line that nobody takes\n" * 1_000)
        program.kill()
    assert written < 4 * MEGABYTE


def test_every_line_of_a_pipe_comes_whole_and_in_order() -> None:
    lines = [f"{number} {'häh ' * (number % 50)}" for number in range(20_000)]
    ended = subprocess.run(
        [sys.executable, "-c", COUNTING],
        cwd=Path(__file__).parents[2],
        input="\n".join(lines).encode() + b"\xff",
        capture_output=True,
        check=True,
    )
    assert ended.stdout.decode() == f"{[*lines[:-1], lines[-1] + chr(0xFFFD)]}\n"
