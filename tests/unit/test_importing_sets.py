"""What an import makes of a folder: a set that loads, or nothing at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.errors import BotError, QuestionSetError
from bot.importing.files import LARGEST_FILE
from bot.importing.importer import Imported, import_files
from bot.model import QuestionSet
from bot.questions.loader import load_set
from tests.unit.imported_documents import DOCUMENTS, MARKDOWN, PDF, WEB
from tests.unit.pdf_maker import Line, encrypted, pdf_of

WELL = """\
# The Well

## Rain

Who owns rain? Some say the town, because it falls there. Others say that it belongs to nobody.

## Snow

Who owns snow?
"""


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    (tmp_path / "seeds").mkdir()
    return tmp_path / "seeds"


def write(seeds: Path, name: str, data: str | bytes) -> Path:
    path = seeds.parent / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def bring(seeds: Path, *paths: Path, to: str = "mine", questions: bool = False) -> Imported:
    return import_files(paths, seeds / to, seeds, lambda _what, _done, _total: None, questions=questions)


def texts(question_set: QuestionSet) -> list[str]:
    return [question.text for question in question_set.questions]


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@contextmanager
def nothing_changes(seeds: Path) -> Iterator[None]:
    before = files(seeds), sorted(seeds.rglob("*"))
    yield
    assert (files(seeds), sorted(seeds.rglob("*"))) == before


def test_documents_and_tables_become_a_set_of_drafts(seeds: Path) -> None:
    documents = [write(seeds, sample.name, sample.data) for sample in DOCUMENTS]
    table = write(seeds, "more.csv", "question,topic\nWho counts the counters?,Trust\n")
    imported = bring(seeds, *documents, table)
    made = load_set(seeds / "mine")
    assert len(made.readings) == len(DOCUMENTS) + 1
    assert all(question.draft for question in made.questions)
    assert len(made.questions) == sum(len(sample.asks) for sample in DOCUMENTS) + 1
    assert made.topics == ("Trust",)
    assert made.readings[0].id == "the-well-papers"
    assert imported.new
    assert imported.rhetorical == sum("rhetorical" in question.tags for question in made.questions) == 2
    assert not list(seeds.glob(".*"))


def test_passages_are_written_for_the_host_with_their_places(seeds: Path) -> None:
    bring(seeds, write(seeds, "well.md", WELL))
    passages = (seeds / "mine" / "passages.md").read_text("utf-8")
    assert "- `the-well/rain`, paragraph 1, line 5:\n\n  > Who owns rain? Some say the town, because" in passages


def test_a_question_stands_below_its_place_and_context(seeds: Path) -> None:
    bring(seeds, write(seeds, "a.md", "It rained. Who knows? " + "Is " + "it, or " * 60 + "not?"))
    text = (seeds / "mine" / "a.yaml").read_text("utf-8")
    comments = ["paragraph 1, line 1", "looks rhetorical: a phrase that expects no answer", "after: It rained."]
    assert "".join(f"  # {comment}\n" for comment in comments) + "  - id: who-knows\n    draft: true\n" in text
    assert re.search(r"# in full: Is it, or .* or not\?\n", text)
    assert all(len(question.text) <= 280 for question in load_set(seeds / "mine").questions)


def test_a_document_that_asks_nothing_gets_a_question_to_begin_with(seeds: Path) -> None:
    bring(seeds, write(seeds, "a.md", "# Rain\n\nIt belongs to nobody, because nobody can say where it falls.\n"))
    (question,) = load_set(seeds / "mine").questions
    assert "Rain" in question.text
    assert question.draft


def test_importing_again_adds_only_what_is_new(seeds: Path) -> None:
    path = write(seeds, "well.md", WELL)
    bring(seeds, path)
    before = files(seeds)
    assert bring(seeds, path).files == ()
    assert files(seeds) == before
    path.write_text(WELL + "\nAnd hail?\n\n## Wind\n\nWho owns the wind?\n", "utf-8")
    imported = bring(seeds, path)
    assert texts(load_set(seeds / "mine"))[-2:] == ["And hail?", "Who owns the wind?"]
    assert imported.readings[0].questions == 2
    assert {name: data for name, data in files(seeds).items() if name in before and name != "mine/set.yaml"} == {
        name: data for name, data in before.items() if name != "mine/set.yaml"
    }


def test_what_a_host_edited_stays_as_it_is(seeds: Path) -> None:
    path = write(seeds, "well.md", WELL)
    bring(seeds, path)
    questions, about = seeds / "mine" / "the-well.yaml", seeds / "mine" / "set.yaml"
    edited = questions.read_text("utf-8").replace("Who owns rain?", "Whose is the rain that falls on us all?")
    questions.write_text(edited, "utf-8")
    renamed = "# our own remark\n" + about.read_text("utf-8").replace("title: Snow", "title: Snow and hail")
    about.write_text(renamed, "utf-8")
    bring(seeds, path, write(seeds, "web.html", WEB.data))
    made = load_set(seeds / "mine")
    assert questions.read_text("utf-8") == edited
    assert about.read_text("utf-8").startswith(renamed.rstrip("\n"))
    assert [reading.id for reading in made.readings] == ["the-well", "the-toll-bridge"]
    assert [section.title for section in made.readings[0].sections] == ["Rain", "Snow and hail"]
    assert "Who owns rain?" not in texts(made)


BLOCKS = """\
title: T
description: D
topics: [A, B]
readings:
- id: the-well
  title: W
  sections:
  - id: rain
    title: >
      Rain
# end
"""
DEEP_WITHOUT_LAST_LINE_FEED = """\
readings:
    - sections: [{id: rain, title: Rain}]
      title: W
      id: the-well


title: T
topics:
  - A

  # more
description: D"""
BRACKETS = """\
title: T
description: D
topics: [A,]
readings: [{id: the-well, title: W, sections: [{id: rain, title: Rain}]}]
"""


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("about", [BLOCKS, DEEP_WITHOUT_LAST_LINE_FEED, BRACKETS])
def test_a_set_file_may_be_written_in_any_way(seeds: Path, about: str, ending: str) -> None:
    (seeds / "mine").mkdir()
    (seeds / "mine" / "set.yaml").write_bytes(about.replace("\n", ending).encode())
    (seeds / "mine" / "q.yaml").write_text(
        "questions:\n  - {id: x, draft: true, question: X?, source: {reading: the-well, section: rain}}\n", "utf-8"
    )
    bring(seeds, write(seeds, "well.md", WELL), write(seeds, "b.csv", "question,topic\nWho?,New: one\n"))
    made = load_set(seeds / "mine")
    assert made.topics[-1] == "New: one"
    assert [reading.id for reading in made.readings] == ["the-well", "b"]
    assert [section.id for section in made.readings[0].sections] == ["rain", "snow"]
    data = (seeds / "mine" / "set.yaml").read_bytes()
    assert data.count(ending.encode()) == data.count(b"\n")
    assert (b"\r" in data) == ("\r" in ending)
    kept = iter(data.decode())
    assert all(char in kept for char in about.replace("\n", ending))


def test_a_file_that_cannot_be_put_in_place_takes_the_others_back(seeds: Path) -> None:
    bring(seeds, write(seeds, "b.csv", "question\nWho?\n"))
    (seeds / "mine" / "passages.md").mkdir()
    with nothing_changes(seeds), pytest.raises(BotError, match="cannot be written"):
        bring(seeds, write(seeds, "well.md", WELL))


def test_the_same_question_in_two_sections_is_two_drafts(seeds: Path) -> None:
    path = write(seeds, "a.md", "# T\n\n## A\n\nWhy? Why?\n\n## B\n\nWhy?\n")
    bring(seeds, path)
    made = load_set(seeds / "mine")
    assert [(q.text, q.source.section) for q in made.questions if q.source] == [("Why?", "a"), ("Why?", "b")]
    assert bring(seeds, path).files == ()


def test_documents_of_one_title_are_two_readings(seeds: Path) -> None:
    bring(seeds, write(seeds, "a.md", "# Rain\n\nWho?\n"), write(seeds, "b.md", "# Rain\n\nWhere?\n"))
    assert [reading.id for reading in load_set(seeds / "mine").readings] == ["rain", "rain-2"]


def test_titles_without_latin_letters_get_ids_that_stay(seeds: Path) -> None:
    path = write(seeds, "a.md", "# \u4e95\u6238\n\n## \u96e8\n\n\u96e8\u306f\u8ab0\u306e\u3082\u306e\u304b\uff1f\n")
    bring(seeds, path)
    (reading,) = load_set(seeds / "mine").readings
    assert reading.title == "\u4e95\u6238"
    assert re.fullmatch(r"reading-[0-9a-f]{6}", reading.id)
    assert bring(seeds, path).files == ()


def test_an_id_that_is_taken_is_not_taken_again(seeds: Path) -> None:
    bring(seeds, write(seeds, "a.csv", "id,question\nrain,Who owns rain?\nrain,Who sells rain?\n"))
    assert len({question.id for question in load_set(seeds / "mine").questions}) == 2


@pytest.mark.parametrize("to", ["Mine", "my set", "a--b", "x" * 49, "a/b", "../mine", "."])
def test_only_a_good_name_directly_in_the_seeds_folder_is_taken(seeds: Path, to: str) -> None:
    with nothing_changes(seeds), pytest.raises(BotError):
        bring(seeds, write(seeds, "well.md", WELL), to=to)


def test_a_folder_that_is_no_set_is_left_alone(seeds: Path) -> None:
    (seeds / "mine").mkdir()
    (seeds / "mine" / "notes.txt").write_text("mine", "utf-8")
    with nothing_changes(seeds), pytest.raises(BotError, match=r"is not a question set"):
        bring(seeds, write(seeds, "well.md", WELL))


def test_a_broken_set_is_left_alone(seeds: Path) -> None:
    (seeds / "mine").mkdir()
    (seeds / "mine" / "set.yaml").write_text("title: [", "utf-8")
    with nothing_changes(seeds), pytest.raises(QuestionSetError, match="sets validate mine"):
        bring(seeds, write(seeds, "well.md", WELL))


def test_a_missing_seeds_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(BotError, match="--seeds"):
        bring(tmp_path / "seeds", write(tmp_path / "seeds", "well.md", WELL))


def test_one_bad_file_among_good_ones_writes_nothing(seeds: Path) -> None:
    good = write(seeds, "well.md", WELL)
    for bad in (
        seeds.parent / "missing.md",
        seeds,
        write(seeds, "empty.md", ""),
        write(seeds, "locked.pdf", encrypted(PDF.data, "secret")),
    ):
        with nothing_changes(seeds), pytest.raises(BotError):
            bring(seeds, good, bad)


def test_an_encrypted_pdf_is_refused_unless_it_opens_without_a_password(seeds: Path) -> None:
    data = pdf_of([[Line("Who owns rain, and who would pay for it?")]])
    with pytest.raises(BotError, match="is encrypted"):
        bring(seeds, write(seeds, "a.pdf", encrypted(data, "secret")))
    bring(seeds, write(seeds, "a.pdf", encrypted(data, "")))
    assert texts(load_set(seeds / "mine")) == ["Who owns rain, and who would pay for it?"]


def test_a_file_that_is_too_large_is_not_even_read(seeds: Path) -> None:
    path = seeds.parent / "large.txt"
    with path.open("wb") as file:
        file.truncate(LARGEST_FILE * 4)
    with nothing_changes(seeds), pytest.raises(BotError, match="200 MB; at most 50 MB"):
        bring(seeds, path)


def test_too_many_questions_are_refused(seeds: Path) -> None:
    path = write(seeds, "a.csv", "question\n" + "".join(f"Who paid in year {year}?\n" for year in range(5001)))
    with nothing_changes(seeds), pytest.raises(BotError, match="5,001 questions; at most 5,000"):
        bring(seeds, path)


def test_many_questions_are_spread_over_files(seeds: Path) -> None:
    bring(seeds, write(seeds, "a.csv", "question\n" + "".join(f"Who paid in year {year}?\n" for year in range(1500))))
    assert len(load_set(seeds / "mine").questions) == 1500
    assert len(list((seeds / "mine").glob("a*.yaml"))) == 2


MARKDOWN_PIECES = [
    "---\n",
    "title: a\n",
    "# ",
    "\n\n",
    "\n",
    "> ",
    "- ",
    "1. ",
    "| a? | b |\n|--|--|\n",
    "```\n",
    "[",
    "`",
]
TABLE_PIECES = ["question,topic\n", "{", '"question": "Why?"', "}", "]", '"', ",", ";", ": ", " #", "'", "\t", "\r"]
PAGE_PIECES = [
    "<p>",
    "<h2>",
    "</p>",
    "<br>",
    "<div hidden>",
    "&amp;",
    "Why? ",
    "Who, then? No. ",
    "Contents\n",
    "Rain\n",
]
ODD_PIECES = [
    "\u00a0",
    "\u2028",
    "\ufeff",
    "\x07",
    "\x1b",
    "\u202e",
    "\U0001f600?",
    "\uff1f",
    "%PDF-1.4\n",
    "trailer\n",
    "\0",
]
PIECES = st.sampled_from([*MARKDOWN_PIECES, *TABLE_PIECES, *PAGE_PIECES, *ODD_PIECES])
DATA = (
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.lists(PIECES, max_size=30).map(lambda pieces: "".join(pieces).encode())
    | st.tuples(st.sampled_from([PDF.data, MARKDOWN.data, WEB.data]), st.integers(0, 3000), st.binary(max_size=20)).map(
        lambda given: given[0][: given[1]] + given[2] + given[0][given[1] + len(given[2]) :]
    )
)


@settings(max_examples=40)
@given(
    data=DATA,
    ending=st.sampled_from([".md", ".txt", ".html", ".pdf", ".csv", ".json", ".jsonl", ""]),
    questions=st.booleans(),
)
@example(data=b"---\n{a: *b}\n---\nWhy?", ending=".md", questions=False)
@example(data=b"---\n!!python/object:os.system x\n---\nWhy?", ending=".md", questions=False)
@example(data=("# " + "A" * 500 + "?\n\n> Why?\n").encode(), ending=".md", questions=False)
@example(data=(">" * 500 + "Why?").encode(), ending=".md", questions=False)
@example(data=("<div>" * 5000 + "Why?").encode(), ending=".html", questions=False)
@example(data=b'[{"question": "a", "tags": [["x"]], "options": {"a": 1}}]', ending=".json", questions=False)
@example(data=b"question,question\nWhy?,What?", ending=".csv", questions=False)
def test_any_file_becomes_a_set_that_loads_or_a_sentence(data: bytes, ending: str, questions: bool) -> None:
    with TemporaryDirectory() as folder:
        seeds = Path(folder, "seeds")
        seeds.mkdir()
        path = Path(folder, f"a{ending}")
        path.write_bytes(data)
        try:
            bring(seeds, path, questions=questions)
        except BotError:
            assert not list(seeds.iterdir())
            return
        made = load_set(seeds / "mine")
        assert all(question.draft for question in made.questions)
        assert bring(seeds, path, questions=questions).files == ()
