"""`sets` as an operator uses it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli.sets import app
from bot.questions.schema import schemas

SET = """\
title: The commons
description: What people own together.
topics: [Rules, Sharing]
readings:
  - id: well
    title: The well
    author: A. Example
    link: https://example.org/well
    sections:
      - {id: drought, title: A dry summer, part: One}
      - {id: meeting, title: The meeting}
"""
BACKGROUND = "word " * 40
QUESTIONS = f"""\
questions:
  - id: buckets
    question: Who should count the buckets?
    topic: Rules
    kind: choice
    options: [Every house, Somebody paid]
    background: {BACKGROUND}
    follow_ups: [And who counts the counter?]
    source: {{reading: well, section: meeting}}
    tags: [trust]
  - id: next-well
    question: How many towns will share a well at the end of 2031?
    topic: Sharing
    kind: forecast
    forecast: {{answer: number, unit: towns, resolves: By the yearbook., by: 2032-03-01}}
    background: {BACKGROUND}
    follow_ups: [Why not more?]
    source: {{reading: well, section: drought}}
  - id: unfinished
    draft: true
    question: What about rain?
    source: {{reading: well, section: drought}}
"""


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    folder = tmp_path / "commons"
    folder.mkdir()
    (folder / "set.yaml").write_text(SET)
    (folder / "questions.yaml").write_text(QUESTIONS)
    return tmp_path


def run(seeds: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--seeds", str(seeds)])


def rows(result: Result) -> list[list[str]]:
    assert result.exit_code == 0, result.stderr
    return [line.split() for line in result.stdout.splitlines()]


def spoil(seeds: Path) -> Path:
    path = seeds / "commons" / "questions.yaml"
    path.write_text(QUESTIONS.replace("topic: Rules", "topic: Rule").replace("yearbook., by: 2032-03-01", "yearbook."))
    return path


def test_list_names_every_set(seeds: Path) -> None:
    assert rows(run(seeds, "list"))[1] == ["commons", "The", "commons", "1", "2"]


def test_list_says_which_set_is_broken_and_still_lists_the_others(seeds: Path) -> None:
    spoil(seeds)
    (seeds / "woods").mkdir()
    (seeds / "woods" / "set.yaml").write_text(SET)
    (seeds / "woods" / "questions.yaml").write_text(QUESTIONS)
    result = run(seeds, "list")
    assert result.exit_code == 5
    assert "commons  (broken)" in result.stdout
    assert "woods    The commons" in result.stdout
    assert "The question set “commons” cannot be loaded" in result.stderr


def test_show_gives_readings_with_their_sections_and_how_long_they_take(seeds: Path) -> None:
    result = run(seeds, "show", "commons")
    assert result.exit_code == 0
    assert "The well (well): A. Example" in result.stdout
    assert "2 questions, about 2 days at one a day" in result.stdout
    assert ["drought", "One", "1", "A", "dry", "summer"] in rows(result)
    assert ["meeting", "1", "The", "meeting"] in rows(result)
    assert "1 draft never asked" in result.stdout


def test_show_gives_all_that_is_known_of_a_question(seeds: Path) -> None:
    result = run(seeds, "show", "commons", "buckets")
    for part in (
        "Who should count the buckets?",
        "1. Every house",
        "2. Somebody paid",
        BACKGROUND.strip(),
        "- And who counts the counter?",
        "Rules",
        "trust",
        "The well, “The meeting” (A. Example)",
        "https://example.org/well",
        f"{seeds}/commons/questions.yaml:2",
    ):
        assert part in result.stdout


def test_show_gives_how_a_forecast_is_settled(seeds: Path) -> None:
    result = run(seeds, "show", "commons", "next-well")
    for part in ("number, in towns", "2032-03-01", "By the yearbook."):
        assert part in result.stdout


def test_show_says_that_a_draft_is_never_asked(seeds: Path) -> None:
    assert "draft: never asked" in run(seeds, "show", "commons", "unfinished").stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["show", "comons"], "There is no question set called “comons”. Did you mean “commons”?"),
        (["stats", "zebra"], "There is no question set called “zebra”. There are “commons”."),
        (["show", "commons", "bucket"], "“commons” has no question “bucket”. Did you mean “buckets”?"),
        (["validate", "comons"], "There is no question set called “comons”. Did you mean “commons”?"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(seeds: Path, arguments: list[str], sentence: str) -> None:
    result = run(seeds, *arguments)
    assert (result.exit_code, result.stdout, result.stderr.strip()) == (5, "", sentence)


@pytest.mark.parametrize("command", ["list", "validate"])
def test_a_folder_that_is_not_there_is_told(tmp_path: Path, command: str) -> None:
    result = run(tmp_path / "nothing", command)
    assert result.exit_code == 5
    assert "cannot be read" in result.stderr


@pytest.mark.parametrize("command", ["show", "stats", "preview"])
def test_a_broken_set_is_told_in_a_sentence(seeds: Path, command: str) -> None:
    path = spoil(seeds)
    result = run(seeds, command, "commons")
    assert (result.exit_code, result.stdout) == (5, "")
    assert result.stderr.startswith(f"The question set “commons” cannot be loaded: {path}:4: questions[buckets].topic")
    assert "Traceback" not in result.stderr


def test_validate_ticks_a_set_with_nothing_wrong(seeds: Path) -> None:
    result = run(seeds, "validate")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "✓ commons: 3 questions, nothing wrong\n", "")


def test_validate_tells_everything_that_is_wrong_with_its_line(seeds: Path) -> None:
    path = spoil(seeds)
    result = run(seeds, "validate", "commons")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"{path}:4: questions[buckets].topic: “Rule” is not a topic of this set; did you mean `Rules`?",
        f"{path}:15: questions[next-well].forecast.by: This is missing; add `by: …`.",
    ]


def test_validate_tells_questions_that_are_nearly_the_same(seeds: Path) -> None:
    path = seeds / "commons" / "questions.yaml"
    path.write_text(QUESTIONS.replace("What about rain?", "So who should count the buckets?"))
    result = run(seeds, "validate")
    assert result.exit_code == 1
    assert result.stderr.strip() == (
        f"{path}:2: questions[buckets].question: This asks nearly the same as “unfinished” ({path}:19); "
        "change or retire one of the two."
    )


def test_stats_count_by_reading_section_topic_and_kind(seeds: Path) -> None:
    found = rows(run(seeds, "stats", "commons"))
    for row in (
        ["well", "2", "100%"],
        ["well/drought", "1", "50%"],
        ["well/meeting", "1", "50%"],
        ["Sharing", "1", "50%"],
        ["open", "0", "0%"],
        ["choice", "1", "50%"],
    ):
        assert row in found


def test_preview_shows_what_each_day_would_bring(seeds: Path) -> None:
    result = run(seeds, "preview", "commons", "--days", "3", "--order", "reading", "--start", "2026-12-01")
    days = rows(result)[1:]
    assert [day[:2] for day in days] == [["Tue", "2026-12-01"], ["Wed", "2026-12-02"], ["Thu", "2026-12-03"]]
    assert "next-well" in days[0]
    assert "buckets" in days[1]
    assert all("unfinished" not in day for day in days)


def test_preview_changes_with_the_seed_and_not_otherwise(seeds: Path) -> None:
    def first(seed: int) -> str:
        return run(seeds, "preview", "commons", "--days", "1", "--start", "2026-12-01", "--seed", str(seed)).stdout

    assert first(1) == first(1)
    assert len({first(seed) for seed in range(20)}) == 2


def test_preview_says_when_there_is_nothing_to_ask(seeds: Path) -> None:
    path = seeds / "commons" / "questions.yaml"
    path.write_text(QUESTIONS.replace("topic:", "retired: true\n    topic:"))
    result = run(seeds, "preview", "commons", "--start", "2026-12-01")
    assert "From 2026-12-01 on there is nothing to ask." in result.stdout


def test_preview_refuses_a_date_that_is_none(seeds: Path) -> None:
    assert run(seeds, "preview", "commons", "--start", "soon").exit_code == 2


def test_preview_refuses_more_days_than_the_calendar_has(seeds: Path) -> None:
    result = run(seeds, "preview", "commons", "--start", "9999-12-30", "--days", "3")
    assert result.exit_code == 2
    assert "from 9999-12-30 on there are no 3 days left." in result.stderr


def test_schema_writes_what_editors_need_and_only_if_it_changed(seeds: Path) -> None:
    assert run(seeds, "schema").stdout.count(": written") == 2
    for name, text in schemas().items():
        assert (seeds / "schema" / name).read_text(encoding="utf-8") == text
    assert run(seeds, "schema").stdout.count(": up to date") == 2
    assert rows(run(seeds, "list"))[1][0] == "commons", "the schemas' folder is not a set"


def test_schema_tells_where_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "schema").write_text("in the way")
    result = run(tmp_path, "schema")
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr


def test_the_folder_may_come_from_the_environment(seeds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READING_GROUP_SEEDS", str(seeds))
    assert "commons" in CliRunner().invoke(app, ["list"]).stdout


def test_output_that_is_not_a_terminals_has_one_line_for_one_thing(seeds: Path) -> None:
    path = seeds / "commons" / "questions.yaml"
    path.write_text(QUESTIONS.replace("Who should count the buckets?", f"{'Very ' * 50}long?"))
    result = run(seeds, "preview", "commons", "--days", "2")
    assert len(result.stdout.splitlines()) == 3
    assert "\x1b" not in result.stdout
