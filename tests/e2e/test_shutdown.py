"""`reading-group-bot run` as a process of its own: how it ends."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.standins.seeds import write_set

SETTINGS = """\
database: bot.db
seeds: seeds
platforms: {console: {channel: channel.jsonl}}
groups:
  - {slug: evening, name: Evening readers, question_set: commons, days: daily, rooms: [{platform: console}]}
"""
SECONDS = 60
"""How long anything but the end may take on a machine that is busy with others."""

END_WITHIN = 5


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with settings, a set, and a group that meets at the console."""
    write_set(tmp_path / "seeds")
    (tmp_path / "bot.yaml").write_text(SETTINGS)
    return tmp_path


class Program:
    """The running program, and somebody who types."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", "run", "--config", "bot.yaml"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._logged: list[str] = []
        self._reading = threading.Thread(target=self._read)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        self._logged += iter(self.process.stderr)

    def has_logged(self, event: str) -> bool:
        """Return whether the program logged something."""
        return any(f'"event": "{event}"' in line for line in self._logged)

    def type(self, line: str) -> None:
        """Type a line; into a program that has ended nothing can be typed."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(f"{line}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return

    @contextmanager
    def typing(self) -> Iterator[None]:
        """Keep typing."""
        done = threading.Event()

        def keep_typing() -> None:
            for number in range(1_000_000):
                if done.is_set():
                    return
                self.type(f"This is thought number {number}, and it is about memory.")

        thread = threading.Thread(target=keep_typing)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def end(self, signum: int) -> float:
        """Send a signal and return how many seconds the program took to end."""
        began = time.monotonic()
        self.process.send_signal(signum)
        self.process.wait(SECONDS)
        return time.monotonic() - began

    def close(self) -> list[str]:
        """Make sure that the program has ended, and return what it logged."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reading.join()
        for stream in (self.process.stdin, self.process.stderr):
            assert stream is not None
            try:
                stream.close()
            except BrokenPipeError:
                continue
        return self._logged


@contextmanager
def running(folder: Path) -> Iterator[Program]:
    program = Program(folder)
    try:
        yield program
    finally:
        program.close()


def until(condition: Callable[[], bool]) -> None:
    """Return once something is so."""
    give_up_at = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


def said(folder: Path) -> set[str]:
    """Return the numbers of people's messages in the channel."""
    path = folder / "channel.jsonl"
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    changes = [json.loads(line) for line in lines if line.endswith("\n")]
    return {str(change["number"]) for change in changes if change["do"] == "post" and change["author"]}


def recorded(folder: Path) -> set[str]:
    """Return the numbers of the messages in the database."""
    with closing(sqlite3.connect(folder / "bot.db", timeout=SECONDS)) as connection:
        return {ref for (ref,) in connection.execute("SELECT ref FROM messages")}


def opened(folder: Path) -> bool:
    """Return whether the question was posted and its thread is known."""
    if not (folder / "bot.db").exists():
        return False
    with closing(sqlite3.connect(folder / "bot.db", timeout=SECONDS)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE name = 'deliveries'").fetchall()
        return bool(tables) and bool(
            connection.execute("SELECT 1 FROM deliveries WHERE thread_ref IS NOT NULL").fetchall()
        )


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_program_in_good_order_while_people_write(folder: Path, signum: int) -> None:
    with running(folder) as program:
        program.type("/reading-host ask")
        until(lambda: opened(folder))
        with program.typing():
            until(lambda: len(recorded(folder)) > 20)
            took = program.end(signum)
        logged = [json.loads(line) for line in program.close()]
    assert program.process.returncode == 0
    assert took < END_WITHIN
    assert [entry["event"] for entry in logged][-1] == "stopped"
    assert not [entry for entry in logged if entry["level"] not in ("info", "debug")]
    assert recorded(folder) <= said(folder)
    assert len(said(folder) - recorded(folder)) <= 1
    _is_complete_after_the_next_start(folder)


def test_what_was_said_before_a_kill_is_complete_after_the_next_start(folder: Path) -> None:
    with running(folder) as program:
        program.type("/reading-host ask")
        until(lambda: opened(folder))
        with program.typing():
            until(lambda: len(recorded(folder)) > 20)
            program.end(signal.SIGKILL)
    _is_complete_after_the_next_start(folder)


def _is_complete_after_the_next_start(folder: Path) -> None:
    everything = said(folder)
    assert len(everything) > 20
    with running(folder) as program:
        until(lambda: program.has_logged("running"))
        until(lambda: recorded(folder) == everything)
        assert program.end(signal.SIGTERM) < END_WITHIN
        assert program.process.returncode == 0


def test_a_database_that_another_program_holds_does_not_hold_up_the_end(folder: Path) -> None:
    with running(folder) as program:
        program.type("/reading-host ask")
        until(lambda: opened(folder))
        with closing(sqlite3.connect(folder / "bot.db", isolation_level=None, timeout=SECONDS)) as other:
            other.execute("BEGIN IMMEDIATE")
            with program.typing():
                until(lambda: bool(said(folder) - recorded(folder)))
                took = program.end(signal.SIGTERM)
        assert took < END_WITHIN
        held_up = "held up the end" in program.close()[-1]
        assert program.process.returncode == (1 if held_up else 0)
    everything = said(folder)
    with running(folder) as program:
        until(lambda: recorded(folder) == everything)


def test_the_end_of_the_input_is_not_the_end_of_the_program(folder: Path) -> None:
    with running(folder) as program:
        program.type("/reading-host ask")
        assert program.process.stdin is not None
        program.process.stdin.close()
        until(lambda: opened(folder))
        assert program.end(signal.SIGTERM) < END_WITHIN
        assert program.process.returncode == 0


@pytest.mark.parametrize(
    ("settings", "code", "sentence"),
    [
        ("database: bot.db\nseeds: seeds\n", 3, "No chat platform is set up."),
        (SETTINGS.replace("console: {channel", "console: {chanel"), 3, "chanel"),
        (SETTINGS.replace("seeds: seeds", "seeds: [seeds"), 3, "bot.yaml"),
        (SETTINGS.replace("commons", "woods"), 3, "woods"),
        (SETTINGS.replace("database: bot.db", "database: bot.yaml"), 4, "bot.yaml"),
        (SETTINGS.replace("seeds: seeds", "seeds: nowhere"), 5, "nowhere"),
        (SETTINGS.replace("channel.jsonl", "bot.yaml"), 6, "bot.yaml"),
    ],
)
def test_what_is_wrong_at_the_start_is_one_sentence_and_an_exit_code(
    folder: Path, settings: str, code: int, sentence: str
) -> None:
    (folder / "bot.yaml").write_text(settings)
    with running(folder) as program:
        assert program.process.wait(SECONDS) == code
        told = [line for line in program.close() if not line.startswith("{")]
    assert len(told) == 1
    assert sentence in told[0]
    assert told[0].rstrip().endswith((".", "?"))
