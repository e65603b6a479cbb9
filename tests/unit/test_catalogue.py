"""The catalogue: sets follow their files, and a broken set never replaces a good one."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.errors import QuestionSetError
from bot.model import QuestionSet
from bot.questions.catalogue import Catalogue
from bot.questions.loader import load_set

SET = """\
title: {title}
description: About it.
topics: [Rules]
readings:
  - id: well
    title: The well
    sections:
      - {{id: drought, title: A dry summer}}
"""

Logs = list[MutableMapping[str, Any]]


def write_set(seeds: Path, name: str = "commons", *, title: str = "The commons", questions: int = 2) -> Path:
    folder = seeds / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "set.yaml").write_text(SET.format(title=title))
    (folder / "questions.yaml").write_text("questions:\n" + "".join(map(question, range(questions))))
    return folder


def question(number: int) -> str:
    return (
        f"  - id: number-{number}\n    question: What about number {number}?\n    topic: Rules\n"
        f"    background: {'word ' * 40}\n    follow_ups: [Why?]\n    source: {{reading: well, section: drought}}\n"
    )


async def catalogue_of(seeds: Path) -> Catalogue:
    catalogue = Catalogue(seeds)
    await catalogue.load()
    return catalogue


def warnings(logs: Logs) -> Logs:
    return [entry for entry in logs if entry["log_level"] == "warning"]


@pytest.fixture
def logs() -> Iterator[Logs]:
    with capture_logs() as captured:
        yield captured


async def test_every_set_is_loaded_and_found_by_name(tmp_path: Path) -> None:
    write_set(tmp_path)
    write_set(tmp_path, "woods", title="The woods")
    (tmp_path / "schema").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "README.md").write_text("x")
    catalogue = await catalogue_of(tmp_path)
    assert set(catalogue.sets) == {"commons", "woods"}
    assert not catalogue.broken
    assert catalogue.get("woods").title == "The woods"


async def test_an_unknown_name_is_answered_with_the_nearest(tmp_path: Path) -> None:
    write_set(tmp_path)
    catalogue = await catalogue_of(tmp_path)
    with pytest.raises(QuestionSetError) as caught:
        catalogue.get("comons")
    assert str(caught.value) == "There is no question set called “comons”. Did you mean “commons”?"
    with pytest.raises(QuestionSetError, match="There are “commons”"):
        catalogue.get("zebra")


async def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(QuestionSetError, match="cannot be read"):
        await Catalogue(tmp_path / "nothing").load()


async def test_a_set_that_was_broken_from_the_start_is_only_told_about(tmp_path: Path, logs: Logs) -> None:
    folder = write_set(tmp_path)
    (folder / "set.yaml").write_text("title: x\n")
    catalogue = await catalogue_of(tmp_path)
    assert not catalogue.sets
    assert catalogue.broken["commons"].startswith(f"{folder}/set.yaml:1: description: This is missing")
    with pytest.raises(QuestionSetError, match=r"cannot be loaded: .*description: This is missing"):
        catalogue.get("commons")
    assert [entry["event"] for entry in warnings(logs)] == ["question set is broken; it cannot be used"]


async def test_nothing_is_read_again_when_nothing_changed(tmp_path: Path, logs: Logs) -> None:
    write_set(tmp_path)
    catalogue = await catalogue_of(tmp_path)
    before = catalogue.get("commons")
    logs.clear()
    assert not await catalogue.refresh()
    assert catalogue.get("commons") is before
    assert logs == []


async def test_a_changed_set_is_taken_over(tmp_path: Path) -> None:
    write_set(tmp_path)
    catalogue = await catalogue_of(tmp_path)
    write_set(tmp_path, questions=3)
    assert await catalogue.refresh()
    assert len(catalogue.get("commons").questions) == 3


async def test_a_change_that_leaves_the_size_is_noticed(tmp_path: Path) -> None:
    folder = write_set(tmp_path, title="One")
    catalogue = await catalogue_of(tmp_path)
    (folder / "set.yaml").write_text(SET.format(title="Two"))
    os.utime(folder / "set.yaml", ns=(1, 1))
    assert await catalogue.refresh()
    assert catalogue.get("commons").title == "Two"


async def test_a_new_file_a_new_set_and_a_removed_file_are_noticed(tmp_path: Path) -> None:
    folder = write_set(tmp_path)
    catalogue = await catalogue_of(tmp_path)
    (folder / "deep").mkdir()
    (folder / "deep" / "more.yaml").write_text("questions:\n" + question(9))
    assert await catalogue.refresh()
    assert catalogue.get("commons").get("number-9")
    write_set(tmp_path, "woods")
    assert await catalogue.refresh()
    assert set(catalogue.sets) == {"commons", "woods"}
    (folder / "deep" / "more.yaml").unlink()
    assert await catalogue.refresh()
    assert catalogue.get("commons").get("number-9") is None


async def test_a_broken_edit_never_replaces_the_good_version(tmp_path: Path, logs: Logs) -> None:
    folder = write_set(tmp_path)
    catalogue = await catalogue_of(tmp_path)
    before = catalogue.get("commons")
    (folder / "questions.yaml").write_text("questions:\n  - id: [\n")
    assert await catalogue.refresh()
    assert catalogue.get("commons") is before
    assert catalogue.broken["commons"].startswith(f"{folder}/questions.yaml:2: ")
    (entry,) = warnings(logs)
    assert entry["event"] == "question set is broken; the last good version stays in use"
    assert entry["question_set"] == "commons"
    assert entry["problem"] == catalogue.broken["commons"]


@pytest.mark.parametrize("left", range(0, 620, 31))
async def test_a_file_that_is_cut_off_anywhere_never_raises_and_is_mended(tmp_path: Path, left: int) -> None:
    folder = write_set(tmp_path)
    catalogue = await catalogue_of(tmp_path)
    whole = (folder / "questions.yaml").read_text()
    (folder / "questions.yaml").write_text(whole[:left])
    await catalogue.refresh()
    assert catalogue.get("commons").questions
    (folder / "questions.yaml").write_text(whole)
    await catalogue.refresh()
    assert len(catalogue.get("commons").questions) == 2
    assert not catalogue.broken


async def test_what_is_read_while_somebody_still_writes_waits_for_the_next_refresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_set(tmp_path, questions=3)
    catalogue = await catalogue_of(tmp_path)
    before = catalogue.get("commons")
    write_set(tmp_path, questions=1)

    def load_while_the_rest_arrives(path: Path) -> QuestionSet:
        found = load_set(path)
        with (folder / "questions.yaml").open("a") as file:
            file.write(question(1))
        return found

    with monkeypatch.context() as patch:
        patch.setattr("bot.questions.catalogue.load_set", load_while_the_rest_arrives)
        assert not await catalogue.refresh()
    assert catalogue.get("commons") is before
    assert await catalogue.refresh()
    assert len(catalogue.get("commons").questions) == 2


async def test_the_same_breakage_is_logged_once_and_another_one_again(tmp_path: Path, logs: Logs) -> None:
    folder = write_set(tmp_path)
    catalogue = await catalogue_of(tmp_path)
    for content in ("questions: [", "questions: [", "questions: [ ", "questions: {"):
        (folder / "questions.yaml").write_text(content)
        os.utime(folder / "questions.yaml", ns=(len(logs), len(logs)))
        await catalogue.refresh()
    (folder / "questions.yaml").write_text("- x\n")
    await catalogue.refresh()
    assert len(warnings(logs)) == 2


async def test_a_mended_set_is_no_longer_broken(tmp_path: Path) -> None:
    folder = write_set(tmp_path)
    (folder / "set.yaml").write_text("")
    catalogue = await catalogue_of(tmp_path)
    write_set(tmp_path)
    assert await catalogue.refresh()
    assert not catalogue.broken
    assert set(catalogue.sets) == {"commons"}


async def test_a_deleted_folder_leaves_the_good_version_and_is_told(tmp_path: Path, logs: Logs) -> None:
    folder = write_set(tmp_path)
    catalogue = await catalogue_of(tmp_path)
    before = catalogue.get("commons")
    shutil.rmtree(folder)
    assert await catalogue.refresh()
    assert not await catalogue.refresh()
    assert catalogue.get("commons") is before
    assert catalogue.broken["commons"] == f"The folder {folder} is gone; put it back."
    assert len(warnings(logs)) == 1
    write_set(tmp_path)
    assert await catalogue.refresh()
    assert not catalogue.broken


async def test_deleting_all_sets_at_once_leaves_them_in_use(tmp_path: Path) -> None:
    write_set(tmp_path / "seeds")
    catalogue = await catalogue_of(tmp_path / "seeds")
    shutil.rmtree(tmp_path / "seeds")
    assert await catalogue.refresh()
    assert set(catalogue.sets) == {"commons"}


async def test_a_set_that_never_worked_is_forgotten_with_its_folder(tmp_path: Path) -> None:
    folder = write_set(tmp_path)
    (folder / "set.yaml").unlink()
    catalogue = await catalogue_of(tmp_path)
    assert set(catalogue.broken) == {"commons"}
    shutil.rmtree(folder)
    assert await catalogue.refresh()
    assert not catalogue.broken


async def test_refreshes_at_the_same_time_log_a_breakage_once(tmp_path: Path, logs: Logs) -> None:
    folder = write_set(tmp_path)
    catalogue = await catalogue_of(tmp_path)
    (folder / "set.yaml").write_text("x")
    assert sorted(await asyncio.gather(*(catalogue.refresh() for _ in range(5)))) == [False] * 4 + [True]
    assert len(warnings(logs)) == 1


async def test_sets_in_hand_do_not_change_under_their_holder(tmp_path: Path) -> None:
    write_set(tmp_path)
    catalogue = await catalogue_of(tmp_path)
    in_hand = catalogue.sets
    write_set(tmp_path, "woods")
    await catalogue.refresh()
    assert set(in_hand) == {"commons"}
    assert set(catalogue.sets) == {"commons", "woods"}
