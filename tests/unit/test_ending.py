"""How signals end a running program, in a process of its own, since signals are a process's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import asyncio, os, signal, sys, threading, time
from bot.cli.ending import end_on_signals

async def main(calls: int, blocked: bool) -> None:
    stop = asyncio.Event()
    end_on_signals(stop)
    loop = asyncio.get_running_loop()
    other = threading.Thread(target=lambda: [loop.call_soon_threadsafe(int) for _ in range(calls)])
    other.start()
    other.join()
    os.kill(os.getpid(), signal.{signum})
    await stop.wait()
    if blocked:
        time.sleep(60)

asyncio.run(main({calls}, {blocked}))
os.kill(os.getpid(), signal.{signum})
print("ended in good order")
"""

SECONDS = 30


def run(*, signum: str = "SIGTERM", calls: int = 0, blocked: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a program that signals itself after so many calls to its loop, and that then ends or blocks."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(signum=signum, calls=calls, blocked=blocked)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.mark.parametrize("signum", ["SIGTERM", "SIGINT"])
@pytest.mark.parametrize("calls", [0, 5_000])
def test_a_signal_is_heard_however_many_calls_wait_for_the_loop(signum: str, calls: int) -> None:
    ended = run(signum=signum, calls=calls)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "ended in good order\n", "")


def test_a_program_whose_loop_is_blocked_is_ended_all_the_same() -> None:
    ended = run(blocked=True)
    assert ended.returncode == 1
    assert "held up the end" in ended.stdout + ended.stderr
