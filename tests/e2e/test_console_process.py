"""`reading-group-bot try` as a process of its own, fed from a pipe and sat at in a terminal."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.standins.seeds import write_set
from tests.standins.trial import written

SAID = "I think that compute is scarce, and whoever owns it decides who may think."
SECONDS = 120
"""How long a process may take on a machine that is busy with others."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with a set of twenty open questions."""
    write_set(tmp_path / "seeds", "commons", 20)
    return tmp_path


def command(*more: str) -> list[str]:
    return [sys.executable, "-m", "bot", "try", "--folder", "try", "--seeds", "seeds", *more]


def environment(**more: str) -> dict[str, str]:
    """Return an environment that finds the program from any folder."""
    root = str(Path(__file__).parents[2])
    return {**os.environ, "PYTHONPATH": root, "COVERAGE_PROCESS_START": "", "TERM": "xterm-256color", **more}


def piped(folder: Path, lines: bytes, *more: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """Feed bytes to a trial kept in a folder and return what came of it."""
    return subprocess.run(
        command(*more),
        input=lines,
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )


def test_a_piped_script_ends_with_zero_at_the_end_of_the_input(folder: Path) -> None:
    done = piped(folder, f"{SAID}\n/as Ada\n/vote 4 agree\n/week\n".encode())
    assert (done.returncode, done.stderr) == (0, b"")
    shown = done.stdout.decode()
    assert "1 answer from 1 member to 1 question, 1 vote." in shown
    assert f"    | {SAID}\n      you · 1 agree · [4]\n" in shown
    assert "\x1b" not in shown, "plain text"
    assert "> " not in shown, "and no prompt"


def test_a_piped_line_without_a_line_break_counts(folder: Path) -> None:
    assert piped(folder, SAID.encode()).returncode == 0
    assert SAID in str(written(folder))


def test_an_empty_pipe_shows_the_question_and_ends(folder: Path) -> None:
    done = piped(folder, b"")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Answer here." in done.stdout


def test_a_bad_line_ends_with_two_and_one_sentence(folder: Path) -> None:
    done = piped(folder, f"{SAID}\n/vot 4 agree\n{SAID}\n".encode())
    assert done.returncode == 2
    assert done.stderr.decode() == "Line 2: There is no command “/vot”. Did you mean `/vote`?\n"


def test_a_process_goes_on_where_the_last_one_stopped_and_fresh_starts_over(folder: Path) -> None:
    piped(folder, f"{SAID}\n/day\n".encode())
    assert len(written(folder)) == 6
    done = piped(folder, b"/reading stats\n")
    assert "Questions asked: 2\nAnswers: 1\n" in done.stdout.decode()
    done = piped(folder, b"/reading stats\n", "--fresh")
    assert "Questions asked: 1\nAnswers: 0\n" in done.stdout.decode()


ODD_LINES = (
    b"\xff\xfe\xc3( is not UTF-8 but said all the same by somebody",
    b"nothing \x00 at all stands in the middle of this sentence",
    b"\x1b[31m red words \x1b]0;title\x07 and a bell for everybody",
    b"a line that ends as they do on Windows, with two marks\r",
    "line\u2028separator and paragraph\u2029separator inside of a text".encode(),
    b"somebody repeats the same sentence about memory again " * 20_000,
)


def test_no_bytes_crash_a_trial_nor_its_next_start(folder: Path) -> None:
    done = piped(folder, b"\n".join((*ODD_LINES, b"/week", b"")))
    assert (done.returncode, done.stderr) == (0, b"")
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", done.stdout)
    assert f"{len(ODD_LINES)} answers from 1 member to 1 question." in done.stdout.decode()
    before = written(folder)
    assert piped(folder, b"").returncode == 0
    assert written(folder) == before


def test_output_that_a_terminal_cannot_show_is_replaced(folder: Path) -> None:
    done = piped(folder, "👍 ist hier kein Zeichen, sagt jeder, der es weiß".encode(), PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"[4] you: ? ist hier" in done.stdout


def test_a_reader_that_goes_away_ends_it_without_a_traceback(folder: Path) -> None:
    with subprocess.Popen(
        command(), cwd=folder, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdin
        assert running.stdout
        assert running.stderr
        running.stdout.readline()
        running.stdout.close()
        with contextlib.suppress(BrokenPipeError):  # it may have ended before it has read all
            running.stdin.write(b"/help\n" * 20_000)
            running.stdin.close()
        assert running.wait(SECONDS) == 1
        assert b"Traceback" not in running.stderr.read()


class Terminal:
    """A person's terminal, 60 columns wide."""

    def __init__(self, file: int, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._file = file
        self.seen = ""

    def waits_for(self, text: str) -> str:
        """Read until some text is there; return what was read since the last time."""
        read = ""
        deadline = time.monotonic() + SECONDS
        while text not in read:
            ready, _, _ = select.select([self._file], [], [], deadline - time.monotonic())
            assert ready, f"{text!r} never came; there was {read!r}"
            try:
                read += os.read(self._file, 65_536).decode("utf-8", "replace")
            except OSError:
                break
        self.seen += read
        return read

    def types(self, keys: str) -> None:
        """Press keys."""
        os.write(self._file, keys.encode())

    @property
    def text(self) -> str:
        """Return what was seen, without colours and other marks."""
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self.seen).replace("\r", "")


@contextmanager
def terminal(folder: Path, **variables: str) -> Iterator[Terminal]:
    """Sit at a trial kept in a folder."""
    ours, theirs = pty.openpty()
    size = environment(COLUMNS="60", LINES="40", **variables)
    with subprocess.Popen(
        command(), cwd=folder, env=size, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        try:
            yield Terminal(ours, process)
        finally:
            process.kill()
            os.close(ours)


def test_a_person_types_at_a_prompt_and_reads_wrapped_text(folder: Path) -> None:
    with terminal(folder) as sits:
        sits.waits_for("you> ")
        assert "Type to answer." in sits.text
        assert max(map(len, sits.text.split("\n"))) <= 60
        sits.types(f"{SAID}\r")
        sits.waits_for("you> ")
        assert "[4] in the thread under [2]" in sits.text
        sits.types("/as Ada\r")
        sits.waits_for("Ada> ")
        sits.types("/foo\r")
        sits.waits_for("Ada> ")
        assert "There is no command “/foo”." in sits.text
        sits.types("/reading stats\r")
        sits.waits_for("Ada> ")
        assert "╭ only Ada can see this\n│ Reading group\n" in sits.text
        sits.types("\x04")
        assert sits.process.wait(SECONDS) == 0


def test_the_arrow_keys_bring_back_and_change_what_was_typed(folder: Path) -> None:
    with terminal(folder) as sits:
        sits.waits_for("you> ")
        sits.types("/as Ad\r")
        sits.waits_for("Ad> ")
        sits.types("\x1b[A" + "a\r")
        sits.waits_for("Ada> ")
        sits.types("/quit\r")
        assert sits.process.wait(SECONDS) == 0


def test_what_a_terminal_cannot_send_is_replaced(folder: Path) -> None:
    with terminal(folder, PYTHONIOENCODING="ascii") as sits:
        sits.waits_for("you> ")
        sits.types("Ein Café, in dem alle lesen und reden\r")
        assert "[4] in the thread under [2]" in sits.waits_for("you> ")
        sits.types("\x04")
        assert sits.process.wait(SECONDS) == 0
        assert "Traceback" not in sits.text


def test_control_c_ends_a_trial_without_a_traceback_and_it_goes_on_later(folder: Path) -> None:
    with terminal(folder) as sits:
        sits.waits_for("you> ")
        sits.types(f"{SAID}\r")
        sits.waits_for("you> ")
        sits.process.send_signal(signal.SIGINT)
        assert sits.process.wait(SECONDS) == 130
        assert "Traceback" not in sits.text
    assert SAID in piped(folder, b"").stdout.decode()
