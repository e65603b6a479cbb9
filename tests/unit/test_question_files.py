"""Question sets' files: what is loaded, and what is told about mistakes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.errors import QuestionSetError
from bot.model import Forecast, Kind, Question, QuestionSet, Source
from bot.questions.loader import BrokenSetError, check_set, load_set
from bot.questions.schema import schemas

SEEDS = Path(__file__).parents[2] / "seeds"

SET = """\
title: The commons
description: >
  What people own
  together.
topics: [Rules, Sharing]
readings:
  - id: well
    title: The well
    author: A. Example
    date: 2024-05
    sections:
      - {id: drought, title: A dry summer, part: One}
      - {id: meeting, title: The meeting}
  - id: wood
    title: The wood
    sections:
      - {id: axe, title: The axe}
"""
BACKGROUND = "word " * 40


def question(question_id: str = "one", **changes: str) -> str:
    """Return the YAML of a question; a change replaces a key's line, an empty one drops it."""
    keys = {
        "question": f"What about {question_id}?",
        "topic": "Rules",
        "background": BACKGROUND,
        "follow_ups": "[And then?]",
        "source": "{reading: well, section: drought}",
        **changes,
    }
    return f"  - id: {question_id}\n" + "".join(f"    {key}: {value}\n" for key, value in keys.items() if value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "commons"
    made.mkdir()
    (made / "set.yaml").write_text(SET)
    return made


def write(folder: Path, *questions: str, name: str = "questions.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("questions:\n" + "".join(questions))
    return path


def loaded(folder: Path, **changes: str) -> Question:
    write(folder, question("one", **changes))
    (found,) = load_set(folder).questions
    return found


def told(folder: Path) -> list[str]:
    """Return all that is wrong, with files named as they are below the folder."""
    with pytest.raises(QuestionSetError) as caught:
        load_set(folder)
    assert isinstance(caught.value, BrokenSetError)
    return [str(problem).removeprefix(f"{folder}/") for problem in caught.value.problems]


def told_about(folder: Path, **changes: str) -> str:
    """Return the only thing wrong with a question, without its place."""
    write(folder, question("one", **changes))
    (line,) = told(folder)
    return line.split(": ", 1)[1].removeprefix("questions[one].")


def test_a_set_is_loaded_with_its_readings(folder: Path) -> None:
    write(folder, question())
    found = load_set(folder)
    assert (found.name, found.title, found.description) == ("commons", "The commons", "What people own together.")
    assert (found.language, found.topics) == ("en", ("Rules", "Sharing"))
    assert [reading.id for reading in found.readings] == ["well", "wood"]
    assert found.cite(Source("well", "drought")) == "The well, “A dry summer” (A. Example, 2024-05)"


def test_an_open_question_is_loaded(folder: Path) -> None:
    assert loaded(folder, question="'  What about\n\n      it? '", tags="[trust, small towns]") == Question(
        id="one",
        text="What about it?",
        topic="Rules",
        kind=Kind.OPEN,
        background=BACKGROUND.strip(),
        follow_ups=("And then?",),
        source=Source("well", "drought"),
        tags=("trust", "small towns"),
    )


def test_a_choice_is_loaded_with_options_as_they_are_written(folder: Path) -> None:
    found = loaded(folder, kind="choice", options="[yes, no, 50]")
    assert (found.kind, found.options) == (Kind.CHOICE, ("yes", "no", "50"))


def test_a_forecast_is_loaded(folder: Path) -> None:
    found = loaded(
        folder, kind="forecast", forecast="{answer: number, unit: wells, resolves: By counting., by: 2030-12-31}"
    )
    assert found.forecast == Forecast("number", "By counting.", date(2030, 12, 31), "wells")


def test_dates_drafts_and_retirement_are_loaded(folder: Path) -> None:
    found = loaded(folder, not_before="2030-01-01", ask_on="2030-02-01", retired="yes")
    assert (found.not_before, found.ask_on) == (date(2030, 1, 1), date(2030, 2, 1))
    assert found.retired
    assert not found.draft


def test_a_draft_may_lack_what_is_still_to_be_written(folder: Path) -> None:
    found = loaded(folder, draft="true", topic="", background="", follow_ups="")
    assert found.draft
    assert (found.topic, found.background, found.follow_ups) == ("", "", ())


def test_a_draft_may_have_a_short_background(folder: Path) -> None:
    assert loaded(folder, draft="true", background="Soon.").background == "Soon."


@pytest.mark.parametrize("key", ["topic", "background", "follow_ups"])
def test_what_a_draft_may_lack_must_be_there_otherwise(folder: Path, key: str) -> None:
    assert told_about(folder, **{key: ""}) == (
        f"{key}: This is missing; add `{key}: …`, or `draft: true` if it is not ready."
    )


@pytest.mark.parametrize("key", ["question", "source"])
def test_even_a_draft_has_a_question_and_a_source(folder: Path, key: str) -> None:
    assert told_about(folder, draft="true", **{key: ""}) == f"{key}: This is missing; add `{key}: …`."


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"question": "x" * 281}, "question: This has 281 characters; at most 280 are allowed."),
        ({"background": "word " * 39}, "background: This has 39 words; a background has 40 to 110."),
        ({"background": "word " * 111}, "background: This has 111 words; a background has 40 to 110."),
        ({"background": "word " * 111, "draft": "true"}, "background: This has 111 words; a background has 40 to 110."),
        ({"follow_ups": "[a, b, c, d]"}, "follow_ups: This has 4 items; at most 3 are allowed."),
        ({"follow_ups": f"[{'x' * 201}]"}, "follow_ups[1]: This has 201 characters; at most 200 are allowed."),
        ({"topic": "Rule"}, "topic: “Rule” is not a topic of this set; did you mean `Rules`?"),
        ({"topic": "Zebras"}, "topic: “Zebras” is not a topic of this set; known are `Rules`, `Sharing`."),
        (
            {"source": "{reading: wel, section: drought}"},
            "source.reading: “wel” is not a reading of this set; did you mean `well`?",
        ),
        (
            {"source": "{reading: well, section: axe}"},
            "source.section: “axe” is not a section of “well”; known are `drought`, `meeting`.",
        ),
        ({"source": "{reading: well}"}, "source.section: This is missing; add `section: …`."),
        ({"kind": "choice"}, "options: A choice needs this; add `options: …`."),
        ({"kind": "choice", "options": "[one]"}, "options: This has 1 item; at least 2 are needed."),
        ({"kind": "choice", "options": "[a, b, c, d, e, f]"}, "options: This has 6 items; at most 5 are allowed."),
        (
            {"kind": "choice", "options": f"[a, {'x' * 81}]"},
            "options[2]: This has 81 characters; at most 80 are allowed.",
        ),
        ({"kind": "choice", "options": "[yes, YES]"}, "options: “YES” stands here twice; keep one of them."),
        ({"options": "[a, b]"}, "options: Only a choice has this; delete it or write `kind: choice`."),
        ({"kind": "forecast"}, "forecast: A forecast needs this; add `forecast: …`."),
        (
            {"forecast": "{answer: year, resolves: x, by: 2030-01-01}"},
            "forecast: Only a forecast has this; delete it or write `kind: forecast`.",
        ),
        (
            {"kind": "forecast", "forecast": "{answer: number, resolves: x, by: 2030-01-01}"},
            "forecast.unit: A number needs a unit; add `unit: …`.",
        ),
        (
            {"kind": "forecast", "forecast": "{answer: year, unit: x, resolves: x, by: 2030-01-01}"},
            "forecast.unit: Only a number has a unit; delete the line or write `answer: number`.",
        ),
        (
            {"kind": "forecast", "forecast": "{answer: year, resolves: x, by: soon}"},
            "forecast.by: “soon” is not a date; write year-month-day, for example 2030-12-31.",
        ),
        ({"kind": "poll"}, "kind: “poll” is not one of `open`, `choice`, `forecast`; write one of them."),
        ({"tags": "[Trust]"}, "tags[1]: “Trust” does not fit; write tags in lowercase."),
        ({"ask_on": "12/31/2030"}, "ask_on: “12/31/2030” is not a date; write year-month-day, for example 2030-12-31."),
        (
            {"not_before": "2030-02-01", "ask_on": "2030-01-01"},
            "ask_on: 2030-01-01 lies before `not_before: 2030-02-01`; change one of them.",
        ),
        ({"bacground": "x"}, "bacground: There is no such key here; did you mean `background`?"),
    ],
)
def test_a_mistake_in_a_question_is_told(folder: Path, changes: dict[str, str], sentence: str) -> None:
    assert told_about(folder, **changes) == sentence


def test_limits_themselves_are_allowed(folder: Path) -> None:
    loaded(
        folder,
        question="x" * 280,
        background="word " * 110,
        kind="choice",
        options=f"[{'a' * 80}, b, c, d, e]",
        follow_ups=f"[{'x' * 200}, y, z]",
    )


@pytest.mark.parametrize("question_id", ["Upper", "two_words", "-a", "a--b", "a" * 49])
def test_an_id_is_a_short_slug(folder: Path, question_id: str) -> None:
    write(folder, question(question_id))
    (line,) = told(folder)
    assert line.startswith("questions.yaml:2: questions[")


def test_words_are_counted_in_a_language_without_spaces(folder: Path) -> None:
    assert loaded(folder, background="井戸の水は、みんなのもの。" * 10).background
    assert told_about(folder, background="井戸の水。") == "background: This has 2 words; a background has 40 to 110."


def test_everything_wrong_in_every_file_is_told_at_once(folder: Path) -> None:
    write(folder, question("one", topic="Rule"), question("two", kind="choice"), name="a.yaml")
    write(folder, question("one"), question("three", question=""), name="sub/b.yaml")
    (folder / "c.yaml").write_text("questions: [\n")
    assert told(folder) == [
        "a.yaml:4: questions[one].topic: “Rule” is not a topic of this set; did you mean `Rules`?",
        "a.yaml:8: questions[two].options: A choice needs this; add `options: …`.",
        "c.yaml:1: A bracket is opened here and never closed, or a comma is missing; "
        "put texts with brackets in quotes.",
        f"sub/b.yaml:2: questions[one].id: The id “one” is taken by {folder}/a.yaml:2; choose another.",
        "sub/b.yaml:8: questions[three].question: This is missing; add `question: …`.",
    ]


def test_questions_are_checked_even_if_the_set_file_is_broken(folder: Path) -> None:
    (folder / "set.yaml").write_text(SET + "titel: x\n")
    write(folder, question("one", topic="Anything", follow_ups=""))
    assert told(folder) == [
        "set.yaml:18: titel: There is no such key here; did you mean `title`?",
        "questions.yaml:2: questions[one].follow_ups: This is missing; add `follow_ups: …`, "
        "or `draft: true` if it is not ready.",
    ]


def test_questions_that_are_right_can_be_used_although_others_are_wrong(folder: Path) -> None:
    path = write(folder, question("one", topic="Rule"), question("two"))
    checked = check_set(folder)
    assert checked.question_set is None
    assert [found.id for found in checked.questions] == ["two"]
    assert str(checked.places["two"]) == f"{path}:8"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("id: wood", "id: well", ":14: readings[well].id: The id “well” is taken by {file}:7; choose another."),
        (
            "id: meeting",
            "id: drought",
            ":13: readings[well].sections[drought].id: The id “drought” is taken by {file}:12; choose another.",
        ),
        ("Sharing]", "rules]", ":5: topics: “rules” stands here twice; keep one of them."),
        (
            "date: 2024-05",
            "date: May 2024",
            ":10: readings[well].date: “May 2024” does not fit; "
            "write a year, a month or a day, such as 2025, 2025-03 or 2025-03-31.",
        ),
        (
            "date: 2024-05",
            "link: example.org",
            ":10: readings[well].link: “example.org” does not fit; write a link that begins with https://.",
        ),
        (
            "title: The commons",
            "title:",
            ":1: title: This is empty; fill it in, or delete the line if it is not needed.",
        ),
    ],
)
def test_a_mistake_in_the_set_file_is_told(folder: Path, old: str, new: str, sentence: str) -> None:
    (folder / "set.yaml").write_text(SET.replace(old, new))
    write(folder, question())
    assert told(folder) == ["set.yaml" + sentence.format(file=folder / "set.yaml")]


@pytest.mark.parametrize("year", ["2024", "'2024'", "2024-05-31"])
def test_a_reading_may_be_dated_by_year_or_day(folder: Path, year: str) -> None:
    (folder / "set.yaml").write_text(SET.replace("2024-05", year))
    write(folder, question())
    assert load_set(folder).reading("well").date == year.strip("'")


def test_questions_stand_in_the_order_of_the_syllabus(folder: Path) -> None:
    axe, meeting = "{reading: wood, section: axe}", "{reading: well, section: meeting}"
    write(folder, question("f", source=axe), question("c", source=meeting), question("b"), name="b.yaml")
    write(folder, question("e", source=axe), question("a"), name="a.yaml")
    write(folder, question("d", source=meeting), name="sub/a.yaml")
    assert [found.id for found in load_set(folder).questions] == ["a", "b", "c", "d", "e", "f"]


def test_other_files_are_passed_over(folder: Path) -> None:
    write(folder, question())
    (folder / "notes.yaml").write_text("notes: [x]\nsections: []\n")
    (folder / "README.md").write_text("questions: no\n")
    (folder / ".draft.yaml").write_text("questions: [\n")
    (folder / ".git").mkdir()
    (folder / ".git" / "x.yaml").write_text("questions: [\n")
    assert len(load_set(folder).questions) == 1


@pytest.mark.parametrize("content", ["", "quest", "questions", "questions:", "question:\n  - id: a\n", "- id: a\n"])
def test_a_file_that_may_have_been_meant_to_hold_questions_is_not_passed_over(folder: Path, content: str) -> None:
    write(folder, question())
    (folder / "more.yaml").write_text(content)
    assert all(line.startswith("more.yaml:1:") for line in told(folder))


def test_a_file_with_the_other_ending_is_told(folder: Path) -> None:
    write(folder, question())
    write(folder, question("two"), name="more.yml")
    assert told(folder) == ["more.yml:1: Only names that end in .yaml are read; call the file more.yaml."]


def test_a_set_without_questions_is_refused(folder: Path) -> None:
    assert told(folder) == ["set.yaml:1: The set has no questions; add a file that holds some."]


def test_a_set_without_set_file_is_refused(folder: Path) -> None:
    write(folder, question())
    (folder / "set.yaml").unlink()
    assert told(folder) == ["set.yaml:1: There is no such file; check the name."]


def test_a_folder_that_is_no_name_is_refused(folder: Path) -> None:
    write(folder, question())
    renamed = folder.rename(folder.parent / "My Set")
    (line,) = told(renamed)
    assert "use lowercase letters, digits and hyphens" in line


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(QuestionSetError, match="cannot be read"):
        load_set(tmp_path / "nothing")


def test_a_broken_set_tells_the_first_problem_and_how_many_more(folder: Path) -> None:
    write(folder, question("one", topic="Rule"), question("two", topic="Rule"), question("three", topic="Rule"))
    with pytest.raises(BrokenSetError) as caught:
        load_set(folder)
    assert str(caught.value) == (
        f"The question set “commons” cannot be loaded: {folder}/questions.yaml:4: questions[one].topic: “Rule” is not "
        "a topic of this set; did you mean `Rules`? (and 2 more problems) "
        "Run `reading-group-bot sets validate commons` to see all that is wrong."
    )


def example_in_the_readme(tmp_path: Path) -> QuestionSet:
    about, questions = (
        part.split("```", 1)[0] for part in (SEEDS / "README.md").read_text(encoding="utf-8").split("```yaml\n")[1:]
    )
    folder = tmp_path / "the-commons"
    folder.mkdir()
    (folder / "set.yaml").write_text(about, encoding="utf-8")
    (folder / "questions.yaml").write_text(questions, encoding="utf-8")
    return load_set(folder)


def test_the_example_in_the_readme_is_a_set(tmp_path: Path) -> None:
    assert [found.id for found in example_in_the_readme(tmp_path).questions] == ["who-counts-the-buckets"]


@pytest.mark.parametrize("name", ["set.schema.json", "questions.schema.json"])
def test_the_schema_for_editors_is_current(name: str) -> None:
    assert (SEEDS / "schema" / name).read_text(encoding="utf-8") == schemas()[name], (
        "run `reading-group-bot sets schema`"
    )
