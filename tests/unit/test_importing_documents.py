"""From documents in every format to their sections, and the questions in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import BotError
from bot.importing.document import About, ImportedDocument, Place
from bot.importing.incoming import Incoming, from_document
from bot.importing.passages import passages_of
from bot.importing.readers import read_file
from tests.unit.imported_documents import CONTENTS, DOCUMENTS, MARKDOWN, PDF, WEB, WRAPPED, Sample
from tests.unit.pdf_maker import Line, pdf_of


def nobody_watches(_what: str, _done: int, _total: int) -> None:
    pass


def read(folder: Path, name: str, data: bytes | str) -> ImportedDocument:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    document = read_file(path, nobody_watches)
    assert isinstance(document, ImportedDocument)
    return document


def incoming(folder: Path, sample: Sample) -> Incoming:
    return from_document(read(folder, sample.name, sample.data), nobody_watches)


def placed(document: Incoming) -> list[tuple[str, str]]:
    return [(document.sections[q.section].title, str(q.fields["question"])) for q in document.questions]


def outline(document: ImportedDocument) -> list[tuple[str, str]]:
    return [(section.part, section.title) for section in document.sections]


@pytest.mark.parametrize("sample", DOCUMENTS, ids=lambda sample: sample.name)
def test_finds_nothing_but_the_questions_of_a_document(tmp_path: Path, sample: Sample) -> None:
    assert set(placed(incoming(tmp_path, sample))) <= set(sample.asks)


def test_finds_the_questions_of_all_documents_in_their_sections(tmp_path: Path) -> None:
    asked = [(sample.name, *question) for sample in DOCUMENTS for question in sample.asks]
    found = {(sample.name, *question) for sample in DOCUMENTS for question in placed(incoming(tmp_path, sample))}
    assert sum(question in found for question in asked) / len(asked) >= 0.98


@pytest.mark.parametrize(
    ("sample", "about"),
    [
        (
            MARKDOWN,
            About(
                "The Well Papers",
                "Ada Example, B. Sample",
                "essay",
                "2024-05-17",
                "https://example.org/well?page=1",
                "en",
            ),
        ),
        (CONTENTS, About("On Sharing a Pasture", "Cora Field")),
        (WRAPPED, About("Letters on a Lighthouse")),
        (WEB, About("The Toll Bridge", "Tom Sample", "", "2023-11-02", "https://example.org/bridge", "en")),
        (PDF, About("The Ferry and the Tunnel", "Nell Pier", "", "2022-03-04")),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_reads_what_a_document_says_about_itself(tmp_path: Path, sample: Sample, about: About) -> None:
    assert read(tmp_path, sample.name, sample.data).about == about


def test_nested_headings_become_sections_in_chapters(tmp_path: Path) -> None:
    assert outline(read(tmp_path, MARKDOWN.name, MARKDOWN.data)) == [
        ("", "Opening"),
        ("A dry summer", "Buckets"),
        ("A dry summer", "Leaks"),
        ("", "Who pays?"),
        ("", "Fashionable Wells"),
    ]


def test_a_table_of_contents_tells_the_headings_and_is_left_out(tmp_path: Path) -> None:
    document = read(tmp_path, CONTENTS.name, CONTENTS.data)
    assert outline(document) == [
        ("", "Opening"),
        ("Grass", "Counting sheep"),
        ("Grass", "Fences"),
        ("People", "The herder's view"),
        ("People", "The lender's view"),
    ]
    assert "Contents" not in {p.text for section in document.sections for p in section.paragraphs}


def test_a_table_of_contents_may_be_numbered_and_have_pages(tmp_path: Path) -> None:
    contents = "Contents\n1 Rain ....... 3\n1.1 Snow ...... 4\n2 Rope\t9\n\n"
    text = f"Wells\n\n{contents}1 Rain\nIt rains here.\n1.1 Snow\nNo snow.\n2 Rope\nOld.\n"
    assert outline(read(tmp_path, "a.txt", text)) == [("", "1 Rain"), ("1 Rain", "1.1 Snow"), ("", "2 Rope")]


def test_a_refrain_is_no_table_of_contents(tmp_path: Path) -> None:
    verse = "Draw the bucket up\nLet the bucket down\nWho will drink it all\nHalf of all the town\n"
    document = read(
        tmp_path, "song.txt", f"{verse}\nA verse about a well stands here.\n\n{verse}\nAnother verse stands here.\n"
    )
    assert len(document.sections) == 1


def test_lines_of_a_list_are_no_headings(tmp_path: Path) -> None:
    items = "1. Rope\n2. Buckets\n3. A lid\n"
    text = f"We need these things before the summer comes, said the smith:\n{items}He had none of them, nor did we.\n"
    assert outline(read(tmp_path, "a.txt", text)) == [("", "The text")]


def test_sentences_over_several_lines_are_whole(tmp_path: Path) -> None:
    document = incoming(tmp_path, WRAPPED)
    assert ("1. The lamp", "What happens in a month when the boat does not come?") in placed(document)


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        (
            "The Dry Year\n============\n\nIt was dry.\n\nThe Wet Year\n------------\n\nIt rained.\n",
            ["Opening", "The Wet Year"],
        ),
        (
            "Chapter One: Rain\nIt rained for days.\nChapter Two: Snow\nIt snowed for days.\n",
            ["Chapter One: Rain", "Chapter Two: Snow"],
        ),
        (
            "It rained on the town for a week.\n\nA Week of Snow\n\nThen it snowed on it for another.\n",
            ["Opening", "A Week of Snow"],
        ),
    ],
)
def test_headings_of_a_plain_text_are_told_by_their_form(tmp_path: Path, text: str, sections: list[str]) -> None:
    assert [title for _, title in outline(read(tmp_path, "a.txt", text))] == sections


def test_markdown_in_a_text_file_is_read_as_markdown(tmp_path: Path) -> None:
    document = read(tmp_path, "a.txt", "# Rain\n\nWho owns it?\n\n## Snow\n\nAnd **this**?\n")
    assert outline(document) == [("", "Opening"), ("", "Snow")]
    assert document.about.title == "Rain"


def test_a_heading_in_a_quote_is_no_heading_of_the_document(tmp_path: Path) -> None:
    assert outline(read(tmp_path, "a.md", "## Rain\n\n> ## Snow\n> falls\n\n## Hail\n\nToo.\n")) == [
        ("", "Rain"),
        ("", "Hail"),
    ]


def test_a_title_that_asks_is_a_question_of_the_opening(tmp_path: Path) -> None:
    document = incoming(tmp_path, Sample("a.md", b"---\ntitle: Who owns rain?\n---\n\nNobody can say.\n", ()))
    assert placed(document) == [("The text", "Who owns rain?")]


def test_broken_front_matter_is_told_and_passed_over(tmp_path: Path) -> None:
    document = read(tmp_path, "a.md", "---\ntitle: a: b: c\n---\n\n# Rain\n\nWho?\n")
    assert document.about.title == "Rain"
    assert "front matter" in document.notes[0]


def test_locators_count_lines_of_the_file_and_pages_of_a_pdf(tmp_path: Path) -> None:
    text = incoming(tmp_path, MARKDOWN)
    where = {str(q.fields["question"]): q.comments[0] for q in text.questions}
    lines = MARKDOWN.data.decode().split("\n")
    assert where["Who counts?"] == f"paragraph 6, line {lines.index('2. Who counts?') + 1}"
    assert where["Who pays?"] == f"the heading, line {lines.index('## Who pays?') + 1}"
    pages = {str(q.fields["question"]): q.comments[0] for q in incoming(tmp_path, PDF).questions}
    assert pages["Can that be insured?"] == "paragraph 1, page 2"


def test_running_heads_and_page_numbers_of_a_pdf_are_left_out(tmp_path: Path) -> None:
    document = read(tmp_path, PDF.name, PDF.data)
    text = " ".join(p.text for section in document.sections for p in section.paragraphs)
    assert "Quarterly" not in text
    assert "promoters" in text
    assert "that it was never about" in text


def test_bold_lines_are_headings_of_a_pdf_in_one_size(tmp_path: Path) -> None:
    lines = [
        Line("Rain", bold=True),
        Line("It rained for a whole week here."),
        Line("Snow", bold=True, gap=30),
        Line("Then it snowed. Why?"),
    ]
    document = read(tmp_path, "a.pdf", pdf_of([lines]))
    assert [title for _, title in outline(document)] == ["Rain", "Snow"]


def test_text_in_another_encoding_is_read_and_said_to_be(tmp_path: Path) -> None:
    text = "Wer zahlt für das Wasser? Die Mühle fährt über die Brücke. Schöne Grüße aus Köln. " * 8
    document = read(tmp_path, "a.txt", text.encode("cp1252"))
    assert "für das Wasser" in document.sections[0].paragraphs[0].text
    assert "UTF-8" in document.notes[0]
    page = f'<html><head><meta charset="iso-8859-1"></head><body><p>{text}</p></body></html>'
    assert "für" in read(tmp_path, "a.html", page.encode("latin-1")).sections[0].paragraphs[0].text
    assert "für" in read(tmp_path, "b.txt", text.encode("utf-16")).sections[0].paragraphs[0].text


def test_a_passage_is_verbatim_and_makes_a_claim(tmp_path: Path) -> None:
    paragraphs = [
        "The well stands in the middle of the square, near the mill and the old inn.",
        "A lid on the well would cost less than a guard, because a guard has to be paid every year and can be bribed.",
        "The square is paved with the same stone as the well, the mill and the inn beside it.",
        "Who should pay for the guard, and who would watch that the guard is not paid twice?",
    ]
    (section,) = read(tmp_path, "a.md", "\n\n".join(paragraphs)).sections
    assert [(p.text, p.paragraph, p.place) for p in passages_of(section)] == [(paragraphs[1], 2, Place(line=3))]


def test_a_text_that_lost_its_paragraphs_is_read_in_pieces(tmp_path: Path) -> None:
    data = ("It rained on the town. " * 1000 + "Who knows?").encode()
    document = incoming(tmp_path, Sample("a.txt", data, ()))
    (question,) = document.questions
    assert question.comments[0] == "paragraph 3, line 1"
    assert question.fields["question"] == "Who knows?"


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.txt", b"", "is empty"),
        ("a.txt", b" \n\t\n", "is empty"),
        ("a.pdf", b"", "is empty"),
        ("a.txt", bytes(range(256)) * 4, "binary"),
        ("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary"),
        ("a.docx", b"PK\x03\x04\x14\0\x06\0", "Word"),
        ("a.rtf", b"{\\rtf1 Why?}", "RTF"),
        ("a.pdf", b"%PDF-1.7 and nothing more", "PDF"),
        ("a.pdf", b"This is no PDF.", "PDF"),
        ("a.pdf", pdf_of([[], []]), "OCR"),
        ("a.txt", b"\xff\xfea", "UTF-8"),
    ],
)
def test_bad_input_gets_a_sentence(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    with pytest.raises(BotError) as raised:
        read(tmp_path, name, data)
    assert said in str(raised.value)
    assert str(tmp_path / name) in str(raised.value)
    assert "\n" not in str(raised.value)
