"""What is logged, and what is not."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot.logs import configure_logs
from tests.standins.logs import logs_kept

log = structlog.get_logger("bot.somewhere")


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    with logs_kept():
        yield


def fail() -> None:
    raise ValueError("what went wrong")


def test_lines_are_json_where_no_person_reads(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("auto", "info")
    log.info("question asked", group="readers", date="2030-01-07")
    logging.getLogger("library").warning("careful with %s", "that")
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert {
        "event": "question asked",
        "group": "readers",
        "level": "info",
        "logger": "bot.somewhere",
    }.items() <= first.items()
    assert (second["event"], second["level"], second["logger"]) == ("careful with that", "warning", "library")
    assert first["timestamp"].endswith("Z")


def test_lines_are_text_where_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("text", "info")
    log.info("question asked", group="readers")
    told = capsys.readouterr().err
    assert "question asked" in told
    assert not told.startswith("{")


def test_less_than_the_level_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("json", "warning")
    log.info("nothing new")
    logging.getLogger("library").info("nothing new")
    log.warning("something new")
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["something new"]


def test_what_libraries_tell_at_the_level_of_debugging_is_never_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("json", "debug")
    log.debug("own words")
    logging.getLogger("aiosqlite").debug("executing INSERT with %s", "a member's words")
    logging.getLogger("alembic.runtime").info("Context impl SQLiteImpl.")
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["own words"]


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_traceback_shows_where_and_none_of_the_values(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("json" if form == "json" else "text", "info")
    said = "a member's " + "words"
    try:
        fail()
    except ValueError:
        log.exception("command failed", command="reading today")
    told = capsys.readouterr().err
    assert "what went wrong" in told
    assert "in fail" in told
    assert said not in told
