"""Whatever kills the program, and at whichever step: what it had to post is there exactly once."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.platforms.console.channel import BOT, ConsoleChannel, Entry, open_channel
from tests.standins.killing import WORDS

FEWEST_STEPS = 15
"""Doing one thing and posting it takes more than that."""


class Aftermath:
    """What a run left behind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.channel: ConsoleChannel = asyncio.run(open_channel(folder / "channel.jsonl"))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what the database says."""
        connection = sqlite3.connect(self.folder / "bot.db")
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def posts(self, key: str) -> list[Entry]:
        """Return what was posted under a key."""
        return [entry for entry in self.channel.entries() if entry.key == key]

    def numbered(self) -> list[int]:
        """Return the number of every message that there ever was, as the file has them."""
        changes = map(json.loads, (self.folder / "channel.jsonl").read_text().splitlines())
        return [change["number"] for change in changes if change["do"] == "post"]

    def delivery(self, kind: str) -> tuple[Any, ...]:
        """Return state, message and thread of the only delivery of a kind."""
        (row,) = self.rows(f"SELECT state, message_ref, thread_ref FROM deliveries WHERE kind = '{kind}'")  # noqa: S608
        return row


def killed_at_every_step(scenario: str, folder: Path) -> Iterator[Aftermath]:
    command = [sys.executable, "-m", "tests.standins.killing", scenario, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    folders = sorted(folder.glob("[0-9]*"), key=lambda path: int(path.name))
    assert len(folders) > FEWEST_STEPS
    return map(Aftermath, folders)


def test_a_question_is_posted_once_with_one_thread(tmp_path: Path) -> None:
    for after in killed_at_every_step("question", tmp_path / "runs"):
        assert after.rows("SELECT local_date FROM rounds") == [("2030-01-07",)], after.folder
        (question,) = [entry for entry in after.channel.entries() if entry.thread is None]
        (opening,) = after.channel.thread(question.number)
        assert (question.key, opening.key) == ("question:1:1", "question:1:1:thread")
        assert after.delivery("question") == ("sent", str(question.number), str(question.number)), after.folder
        assert after.numbered() == [1, 2], after.folder


def test_a_form_answer_is_posted_once(tmp_path: Path) -> None:
    for after in killed_at_every_step("answer", tmp_path / "runs"):
        assert after.rows("SELECT text, ref FROM messages") == [(WORDS, "3")], after.folder
        (answer,) = [entry for entry in after.channel.entries() if WORDS in entry.text]
        assert (answer.author, answer.thread) == (BOT, 1)
        assert after.delivery("answer")[:2] == ("sent", str(answer.number)), after.folder
        assert after.numbered() == [1, 2, 3], after.folder


def test_a_withdrawn_answer_is_gone(tmp_path: Path) -> None:
    for after in killed_at_every_step("withdrawal", tmp_path / "runs"):
        assert after.rows("SELECT text FROM messages") == [], after.folder
        assert [entry.number for entry in after.channel.entries()] == [1, 2], after.folder
        assert after.delivery("answer")[0] == "retracted", after.folder


def test_a_digest_is_posted_once(tmp_path: Path) -> None:
    for after in killed_at_every_step("digest", tmp_path / "runs"):
        assert after.rows("SELECT local_date FROM digests") == [("2030-01-13",)], after.folder
        (digest,) = [entry for entry in after.channel.entries() if entry.key == "digest:1:1"]
        assert WORDS in digest.text
        assert after.delivery("digest")[:2] == ("sent", str(digest.number)), after.folder
        assert after.numbered() == [1, 2, 3, 4], after.folder


def test_a_digest_no_longer_quotes_what_was_deleted(tmp_path: Path) -> None:
    for after in killed_at_every_step("revision", tmp_path / "runs"):
        (digest,) = after.posts("digest:1:1")
        assert WORDS not in digest.text, after.folder
        assert after.delivery("digest")[:2] == ("sent", str(digest.number)), after.folder
        assert after.numbered() == [1, 2, 3, 4], after.folder
