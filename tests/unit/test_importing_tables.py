"""Ready questions from CSV, JSON and lines of text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.errors import BotError
from bot.importing.document import ImportedTable
from bot.importing.incoming import Incoming
from bot.importing.readers import read_file
from bot.importing.ready import from_table


def read(folder: Path, name: str, text: str, *, questions: bool = False) -> list[Incoming]:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    table = read_file(path, lambda _what, _done, _total: None, questions=questions)
    assert isinstance(table, ImportedTable)
    return from_table(table, path)


def asked(readings: list[Incoming]) -> list[str]:
    return [str(question.fields["question"]) for reading in readings for question in reading.questions]


@pytest.mark.parametrize("name", ["Question", "question", "question_text", " Question  Text ", "PROMPT", "q"])
def test_the_column_of_questions_is_known_by_many_names(tmp_path: Path, name: str) -> None:
    assert asked(read(tmp_path, "a.csv", f"Nr,{name}\n1,Who pays?\n2,Who gains?\n")) == ["Who pays?", "Who gains?"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_columns_may_be_parted_by_other_characters(tmp_path: Path, delimiter: str) -> None:
    (reading,) = read(tmp_path, "a.csv", f'Question{delimiter}Category\n"Who, then; pays|gains?"{delimiter}Money\n')
    assert reading.questions[0].fields == {"question": "Who, then; pays|gains?", "topic": "Money"}


def test_every_field_of_a_question_can_be_a_column(tmp_path: Path) -> None:
    text = (
        "ID,Question,Type,Option 1,Option 2,Context,Follow-ups,Labels,Not before,Document,Chapter,Author,URL\n"
        'lid,Who pays?,Multiple choice,The town,The inn,"Some\nsay so.",Why? How long?,"Money, Trust",2031-02-01,'
        "The Well,Tolls,A. Sample,https://example.org/w\n"
    )
    (reading,) = read(tmp_path, "a.csv", text)
    (question,) = reading.questions
    assert (reading.about.title, reading.about.author, reading.about.link) == (
        "The Well",
        "A. Sample",
        "https://example.org/w",
    )
    assert reading.sections[question.section].title == "Tolls"
    assert question.id == "lid"
    assert question.fields == {
        "question": "Who pays?",
        "kind": "choice",
        "options": ["The town", "The inn"],
        "background": "Some\nsay so.",
        "follow_ups": ["Why?", "How long?"],
        "tags": ["money", "trust"],
        "not_before": "2031-02-01",
    }


def test_a_forecast_comes_from_its_columns(tmp_path: Path) -> None:
    text = (
        "Question,Estimate,Unit,Resolution criteria,Deadline\n"
        "How many wells?,number,wells,The town's count.,2031-12-31\n"
        "How many lids?,number,,The town's count.,2031-12-31\n"
    )
    (reading,) = read(tmp_path, "a.csv", text)
    first, second = reading.questions
    assert first.fields["forecast"] == {
        "answer": "number",
        "unit": "wells",
        "resolves": "The town's count.",
        "by": "2031-12-31",
    }
    assert "forecast" not in second.fields
    assert any("row 3" in note and "unit" in note for note in reading.notes)


def test_what_was_not_understood_is_told(tmp_path: Path) -> None:
    text = (
        "Question,Category,Mood,Qestion,Kind\n"
        "Who pays?,Money,glad,,riddle\n"
        ",Money,sad,,\n"
        f"{'Why ' * 80}?,{'x' * 90},,,\n"
        "Who gains?,,,,,,more\n"
    )
    (reading,) = read(tmp_path, "a.csv", text)
    notes = "\n".join(reading.notes)
    assert "“Category” as topic" in notes
    assert "“Mood” was not understood" in notes
    assert "“Qestion” was not understood; call it question" in notes
    assert "row 2: the kind “riddle”" in notes
    assert "row 3 has no question" in notes
    assert "row 4: the question is longer than 280 characters" in notes
    assert "row 4: its topic was left out" in notes
    assert "row 5 has more cells than the header" in notes
    assert len(asked([reading])) == 3
    assert any("in full: Why Why" in comment for comment in reading.questions[1].comments)


def test_a_column_of_questions_is_found_without_its_name(tmp_path: Path) -> None:
    named = read(tmp_path, "a.csv", "Title page,Category\nWho pays?,Money\nWho gains?,Trust\n")
    assert asked(named) == ["Who pays?", "Who gains?"]
    assert named[0].questions[0].fields["topic"] == "Money"
    assert asked(read(tmp_path, "b.csv", "1,Who pays?\n2,Who gains?\n")) == ["Who pays?", "Who gains?"]


def test_questions_are_grouped_by_their_reading(tmp_path: Path) -> None:
    readings = read(tmp_path, "my-list.csv", "Question,Book\nA?,Rain\nB?,\nC?,Rain\n")
    assert [(reading.about.title, len(reading.questions)) for reading in readings] == [("Rain", 2), ("My list", 1)]


@pytest.mark.parametrize(
    "value",
    [
        ["Who pays?", "Who gains?"],
        [{"question": "Who pays?"}, {"question": "Who gains?"}],
        {"questions": [{"Question": "Who pays?"}, "Who gains?"]},
        {"Money": ["Who pays?"], "Trust": [{"text": "Who gains?"}]},
    ],
)
def test_json_may_have_several_shapes(tmp_path: Path, value: object) -> None:
    assert asked(read(tmp_path, "a.json", json.dumps(value))) == ["Who pays?", "Who gains?"]


def test_a_question_file_as_json_keeps_all_its_fields(tmp_path: Path) -> None:
    item = {
        "id": "lids",
        "question": "How many lids?",
        "kind": "forecast",
        "forecast": {"answer": "year", "resolves": "By count.", "by": "2031-12-31"},
        "source": {"reading": "The Well", "section": "Lids"},
        "tags": ["lid"],
    }
    (reading,) = read(tmp_path, "a.json", json.dumps({"questions": [item]}))
    assert reading.about.title == "The Well"
    assert reading.sections[0].title == "Lids"
    assert reading.questions[0].fields == {key: item[key] for key in ("question", "kind", "forecast", "tags")}


def test_json_lines_are_read_and_odd_items_told(tmp_path: Path) -> None:
    (reading,) = read(tmp_path, "a.jsonl", '{"question": "Who pays?"}\n7\n"Who gains?"\n')
    assert asked([reading]) == ["Who pays?", "Who gains?"]
    assert any("item 2" in note for note in reading.notes)


def test_lines_that_all_ask_are_questions(tmp_path: Path) -> None:
    (reading,) = read(tmp_path, "a.txt", "1. It rains. Who pays?\n\n- Who gains?\nWho \u201cowns\u201d it?\n")
    assert asked([reading]) == ["It rains. Who pays?", "Who gains?", "Who \u201cowns\u201d it?"]
    assert reading.questions[1].comments == ("a.txt, line 3",)


def test_every_line_is_a_question_if_one_says_so(tmp_path: Path) -> None:
    (reading,) = read(tmp_path, "a.txt", "# Money\nTell of a time you paid\n---\nWho gains?\n", questions=True)
    assert asked([reading]) == ["Tell of a time you paid", "Who gains?"]
    assert any("line 3" in note for note in reading.notes)


def test_a_page_is_not_taken_for_lines_of_questions(tmp_path: Path) -> None:
    with pytest.raises(BotError, match="without --questions"):
        read(tmp_path, "a.html", "<p>Who pays?</p>", questions=True)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", 'question\n"Who pays?\n', "not valid CSV"),
        ("a.csv", 'question\n"Who" pays?\n', "not valid CSV"),
        ("a.csv", "Name,Mood\nAda,glad\n", "no column of questions"),
        ("a.csv", "question\n", "holds no questions"),
        ("a.json", '{"questions": [', "not valid JSON"),
        ("a.json", "[" * 100_000, "nested too deeply"),
        ("a.json", "7", "no list of questions"),
        ("a.json", "[]", "holds no questions"),
        ("a.json", '[{"mood": "glad"}]', "no key that means a question"),
        ("a.jsonl", '{"question": "Who?"}\n{"question":\n', "not valid JSON"),
    ],
)
def test_bad_tables_get_a_sentence(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(BotError, match=said) as raised:
        read(tmp_path, name, text)
    assert str(tmp_path / name) in str(raised.value)
