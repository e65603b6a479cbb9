"""`import` as an operator uses it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from bot.cli.importing import import_documents
from bot.questions.loader import load_set
from tests.unit.imported_documents import CONTENTS, DOCUMENTS, PDF

BLOCKED = """
import sys
sys.modules[{module!r}] = None
import typer
from bot.cli.importing import import_documents
typer.run(import_documents)
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "seeds").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(import_documents)
    return CliRunner().invoke(app, arguments, env={"READING_GROUP_SEEDS": None})


def test_documents_become_a_set_and_it_is_said_what_comes_next(here: Path) -> None:
    for sample in DOCUMENTS:
        (here / sample.name).write_bytes(sample.data)
    result = run(*(sample.name for sample in DOCUMENTS), "--to", "seeds/commons")
    assert result.exit_code == 0, result.output
    assert len(load_set(here / "seeds" / "commons").readings) == len(DOCUMENTS)
    assert "commons.txt: “On Sharing a Pasture”: 5 new sections, 7 new drafts" in result.stdout
    assert "Drafts are never asked" in result.stdout
    assert "draft: true" in result.stdout
    assert "sets validate commons" in result.stdout


def test_a_name_alone_is_enough_and_a_second_run_adds_nothing(here: Path) -> None:
    (here / CONTENTS.name).write_bytes(CONTENTS.data)
    assert run(CONTENTS.name, "--to", "commons").exit_code == 0
    before = sorted((here / "seeds").rglob("*"))
    result = run(CONTENTS.name, "--to", "seeds/commons")
    assert result.exit_code == 0
    assert "Nothing was added: seeds/commons has all of it already." in result.stdout
    assert sorted((here / "seeds").rglob("*")) == before


def test_what_was_not_understood_is_told(here: Path) -> None:
    (here / "list.csv").write_text("Question Text,Category,Mood\nWho pays?,Money,glad\n,Money,sad\n", "utf-8")
    result = run("list.csv", "--to", "seeds/mine")
    assert result.exit_code == 0
    assert "Columns were taken so: “Question Text” as question, “Category” as topic." in result.stdout
    assert "The column “Mood” was not understood." in result.stdout
    assert "Row 3 has no question and was left out." in result.stdout


def test_every_line_can_be_taken_as_a_question(here: Path) -> None:
    (here / "list.txt").write_text("Tell of a time you paid too much\nWho gains?\n", "utf-8")
    assert run("list.txt", "--to", "mine", "--questions").exit_code == 0
    assert len(load_set(here / "seeds" / "mine").questions) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("missing.md", "--to", "seeds/mine"), "There is no file missing.md"),
        (("seeds", "--to", "seeds/mine"), "seeds is a folder"),
        (("well.md", "--to", "seeds/My Set"), "lowercase letters"),
        (("well.md", "--to", "elsewhere/mine"), "not directly in seeds"),
        (("well.md", "--to", "seeds/mine", "--seeds", "nowhere"), "no folder nowhere"),
        (("binary.bin", "--to", "seeds/mine"), "binary"),
        (("well.md", "empty.md", "--to", "seeds/mine"), "empty.md is empty"),
    ],
)
def test_what_is_wrong_is_told_in_one_sentence_and_nothing_is_written(
    here: Path, arguments: tuple[str, ...], said: str
) -> None:
    (here / "well.md").write_text("# The well\n\nWho owns rain?\n", "utf-8")
    (here / "empty.md").write_bytes(b"")
    (here / "binary.bin").write_bytes(bytes(range(256)))
    result = run(*arguments)
    assert result.exit_code == 1
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert list((here / "seeds").iterdir()) == []


@pytest.mark.parametrize(
    ("module", "name", "data"),
    [
        ("pypdf", "a.pdf", PDF.data),
        ("selectolax.lexbor", "a.html", b"<p>Who pays?</p>"),
        ("charset_normalizer", "a.txt", "Wer zahlt für Öl?".encode("cp1252")),
        ("markdown_it", "a.md", b"Who pays?"),
    ],
)
def test_a_missing_extra_is_named(here: Path, module: str, name: str, data: bytes) -> None:
    (here / name).write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED.format(module=module), name, "--to", "seeds/mine"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.returncode == 1, done.stderr
    assert 'pip install "reading-group-bot[import]"' in done.stderr
    assert done.stderr.count("\n") == 1
    assert list((here / "seeds").iterdir()) == []
