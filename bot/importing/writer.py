"""Question sets' files on disk: all that an import writes, or nothing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bot.errors import BotError
from bot.model import QuestionSet
from bot.questions.loader import SET_FILE, BrokenSetError, check_set, set_files


def make_set(folder: Path, texts: Mapping[str, str]) -> None:
    """Make a set's folder of its files' texts by name. Raises BotError if they would not load, OSError."""
    with _temporary_folder(folder) as made:
        _fill(made, texts)
        _check(made)
        made.rename(folder)


def add_to_set(folder: Path, existing: QuestionSet, texts: Mapping[str, str]) -> None:
    """Put files into a set's folder, new or in the place of the one of that name. Raises BotError, OSError.

    The set loads at every moment: first come the readings, then the questions that refer to them.
    """
    with _temporary_folder(folder) as made:
        for path in set_files(folder):
            copy = made / path.relative_to(folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        _fill(made, texts)
        after = _check(made)
        if any(after.get(question.id) != question for question in existing.questions):
            raise BotError(
                f"Nothing was added to {folder}: its {SET_FILE} is written in a way that import cannot add to."
            )
        _move(made, folder, sorted(texts, key=lambda name: name != SET_FILE))


def _move(made: Path, folder: Path, names: Sequence[str]) -> None:
    """Move files from one folder to another, all of them or none."""
    before: dict[str, bytes | None] = {}
    try:
        for name in names:
            before[name] = (folder / name).read_bytes() if (folder / name).exists() else None
            (made / name).replace(folder / name)
    except OSError:
        for name, held in before.items():
            if held is None:
                (folder / name).unlink(missing_ok=True)
            else:
                (folder / name).write_bytes(held)
        raise


@contextmanager
def _temporary_folder(folder: Path) -> Iterator[Path]:
    """Make a hidden folder beside a set's, which the bot passes over, and in it one of the set's name."""
    outer = Path(tempfile.mkdtemp(prefix=".import-", dir=folder.parent))
    try:
        inner = outer / folder.name
        inner.mkdir()
        yield inner
    finally:
        shutil.rmtree(outer, ignore_errors=True)


def _fill(folder: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode("utf-8"))


def _check(made: Path) -> QuestionSet:
    """Return the set that would come of the import. Raises BotError if its files would not load."""
    checked = check_set(made)
    if checked.question_set is None:
        error = BrokenSetError(made.name, checked.problems)
        raise BotError(f"The import would make no set that loads, so nothing was written: {error.summary}")
    return checked.question_set
