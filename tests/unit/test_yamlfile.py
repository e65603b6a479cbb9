"""YAML files: what people write is understood, or refused with its line and a sentence."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from datetime import date, time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from bot.yamlfile import LARGEST_FILE, Day, Problem, TimeOfDay, YamlError, check, parse, read, validate

FILE = Path("some/file.yaml")


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Item(Strict):
    id: str
    words: list[Annotated[str, Field(max_length=5)]] = []
    on: Day | None = None


class Everything(Strict):
    name: Annotated[str, Field(min_length=2, max_length=10)] = "name"
    count: int = 1
    share: Annotated[float, Field(ge=0, le=1)] = 0.5
    active: bool = False
    day: Day = date(2030, 1, 1)
    at: TimeOfDay = time(9)
    colour: Colour = Colour.RED
    order: Literal["first", "last"] = "first"
    slug: Annotated[
        str, Field(pattern="^[a-z]+$", json_schema_extra={"patternErrorMessage": "use lowercase letters"})
    ] = "a"
    odd: Annotated[str, Field(pattern="^x+$")] = "x"
    either: int | Item = 1
    items: tuple[Item, ...] = ()
    named: dict[str, Item] = {}
    pair: Annotated[tuple[str, ...], Field(min_length=2, max_length=3)] = ("a", "b")


class Needy(Strict):
    title: str
    inner: Item


def model_of(text: str) -> Everything:
    return validate(parse(text.encode(), FILE), Everything)


def problems_in(text: str | bytes, model: type[BaseModel] = Everything) -> tuple[Problem, ...]:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(YamlError) as caught:
        validate(parse(data, FILE), model)
    return caught.value.problems


def the_problem(text: str | bytes, model: type[BaseModel] = Everything) -> Problem:
    (problem,) = problems_in(text, model)
    return problem


@pytest.mark.parametrize(
    "word", ["no", "off", "yes", "2030", "1e3", "0x1f", "1_000", "09:00", "2030-01-01", "==", "<<"]
)
def test_a_text_is_taken_as_it_was_written(word: str) -> None:
    assert model_of(f"name: {word}").name == word


@pytest.mark.parametrize("key", ["on", "off", "yes", "no", "y", "null"])
def test_a_key_that_yaml_takes_for_something_else_is_a_word(key: str) -> None:
    assert parse(f"{key}: 1".encode(), FILE).value == {key: "1"}


@pytest.mark.parametrize(("written", "meant"), [("9:00", time(9)), ("09:30", time(9, 30)), ("'23:59'", time(23, 59))])
def test_an_unquoted_time_is_a_time(written: str, meant: time) -> None:
    assert model_of(f"at: {written}").at == meant


@pytest.mark.parametrize("written", ["9", "540", "24:00", "9:60", "noon", "09:00:00"])
def test_what_is_no_time_is_refused_with_an_example(written: str) -> None:
    problem = the_problem(f"at: {written}")
    assert problem.sentence == f"“{written}” is not a time of day; write hours and minutes, for example 09:00."


@pytest.mark.parametrize("written", ["2030-12-31", "'2030-12-31'"])
def test_a_date_is_a_date_with_or_without_quotes(written: str) -> None:
    assert model_of(f"day: {written}").day == date(2030, 12, 31)


@pytest.mark.parametrize("written", ["2030-13-01", "86400", "20301231", "31.12.2030", "2030-12-31T00:00:00", "2030"])
def test_what_is_no_date_is_refused_with_an_example(written: str) -> None:
    problem = the_problem(f"day: {written}")
    assert problem.sentence == f"“{written}” is not a date; write year-month-day, for example 2030-12-31."


@pytest.mark.parametrize(
    ("written", "meant"), [("yes", True), ("on", True), ("True", True), ("no", False), ("off", False)]
)
def test_a_switch_may_be_written_in_any_usual_way(written: str, *, meant: bool) -> None:
    assert model_of(f"active: {written}").active is meant


def test_numbers_lists_and_mappings_are_read() -> None:
    found = model_of("count: 007\nshare: 0.25\nitems: [{id: a, on: 2031-05-01}]\nnamed: {x: {id: b}}\ncolour: green")
    assert (found.count, found.share, found.colour) == (7, 0.25, Colour.GREEN)
    assert found.items == (Item(id="a", on=date(2031, 5, 1)),)
    assert found.named == {"x": Item(id="b")}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nam: x", "There is no such key here; did you mean `name`?"),
        ("items: [{id: a, zzz: 1}]", "There is no such key here; there are `id`, `words`, `on`."),
        ("name: [a]", "A text belongs here, not a list; take away the “- ” or the brackets."),
        ("name: {a: b}", "A text belongs here, not keys with values; put a text that contains “: ” in quotes."),
        ("name: abcdefghijklm", "This has 13 characters; at most 10 are allowed."),
        ("name: a", "This has 1 character; at least 2 are needed."),
        ("name: ''", "This is empty; fill it in, or delete the line if it is not needed."),
        ("name:", "This is empty; fill it in, or delete the line if it is not needed."),
        ("pair: [a]", "This has 1 item; at least 2 are needed."),
        ("pair: [a, b, c, d]", "This has 4 items; at most 3 are allowed."),
        ("count: many", "“many” is not a whole number; write digits only."),
        ("share: half", "“half” is not a number; write one, such as 0.5."),
        ("share: 2", "“2” does not fit: input should be less than or equal to 1."),
        ("active: perhaps", "“perhaps” is neither true nor false; write one of the two."),
        ("colour: gren", "“gren” is not one of `red`, `green`; did you mean `green`?"),
        ("order: middle", "“middle” is not one of `first`, `last`; write one of them."),
        ("slug: A b", "“A b” does not fit; use lowercase letters."),
        ("odd: y", "“y” does not fit; it must match ^x+$."),
        ("items: a", "A list belongs here; begin every item with “- ” on a line of its own."),
        ("items: [a]", "Keys with values belong here, each on a line such as `key: value`."),
        ("named: [a]", "Keys with values belong here, each on a line such as `key: value`."),
        ("- a", "Keys with values belong here, each on a line such as `key: value`."),
        (f"slug: {'A' * 100}", f"“{'A' * 59}…” does not fit; use lowercase letters."),
    ],
)
def test_a_wrong_value_is_told_in_a_sentence(text: str, sentence: str) -> None:
    assert the_problem(text).sentence == sentence


def test_a_missing_key_is_told_at_the_thing_that_lacks_it() -> None:
    problem = the_problem("title: x\n\ninner:\n  words: []\n", Needy)
    assert str(problem) == "some/file.yaml:3: inner.id: This is missing; add `id: …`."


def test_a_value_that_may_be_two_things_is_told_once() -> None:
    problem = the_problem("name: ok\neither: many")
    assert (problem.line, problem.key) == (2, "either")


def test_everything_that_is_wrong_is_told_at_once_in_file_order() -> None:
    text = (
        "slug: A\nitems:\n  - id: one\n    words:\n      - short\n      - far too long\n  - id: [x]\nnam: x\ncount: y\n"
    )
    assert [(problem.line, problem.key) for problem in problems_in(text)] == [
        (1, "slug"),
        (6, "items[one].words[2]"),
        (7, "items[2].id"),
        (8, "nam"),
        (9, "count"),
    ]


def test_a_list_is_not_called_short_because_its_items_are_wrong() -> None:
    assert [problem.key for problem in problems_in("pair:\n  - [x]\n  - [y]")] == ["pair[1]", "pair[2]"]


def test_the_error_reads_as_file_line_key_sentence() -> None:
    with pytest.raises(YamlError) as caught:
        model_of("count: x\nslug: A")
    assert str(caught.value).splitlines() == [
        "some/file.yaml:1: count: “x” is not a whole number; write digits only.",
        "some/file.yaml:2: slug: “A” does not fit; use lowercase letters.",
    ]


def test_a_problem_found_later_can_be_located() -> None:
    document = parse(b"items:\n  - id: a\n    words:\n      - x\n  - words: []\n", FILE)
    assert document.line(("items", 0, "words")) == 3
    assert document.line(("items", 0, "words", 0)) == 4
    assert document.line(("items", 1, "id")) == 5, "a missing key lies where the thing that lacks it begins"
    assert str(document.problem(("items", 1, "words"), "Bad.")) == "some/file.yaml:5: items[2].words: Bad."


def test_a_part_of_a_document_can_be_checked_alone() -> None:
    document = parse(b"items:\n  - id: a\n  - id: b\n    words: x\n", FILE)
    good, none_wrong = check(document, Item, at=("items", 0))
    assert (good, none_wrong) == (Item(id="a"), ())
    bad, (problem,) = check(document, Item, at=("items", 1))
    assert bad is None
    assert (problem.line, problem.key) == (4, "items[b].words")


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        (b"", 1, "is empty"),
        (b"# nothing\n", 1, "is empty"),
        (b"a: 1\nb:\n\tc: 2\n", 3, "tab"),
        (b"a: 1\nb: caf\xe9\n", 2, "UTF-8"),
        ("a: ä".encode("utf-16"), 1, "UTF-8"),
        (b"a: 1\nb: x\x07y\n", 2, "U+0007"),
        ("a: 1\nb: x\u2028y\n".encode(), 2, "U+2028"),
        (b'a: 1\nb: "\\0"\n', 2, "U+0000"),
        (b"a: 1\nb: c: d\n", 2, "in quotes"),
        (b"a: 1\nb: @c\n", 2, "cannot begin with @"),
        (b"a: 1\nb: %c\n", 2, "cannot begin with %"),
        (b"a: 1\nb: 'c\nd: e\n", 2, "quotation mark is opened"),
        (b'a: 1\nb: "\\q"\n', 2, "backslash"),
        (b"a: 1\nb: [c, d\n", 2, "bracket is opened"),
        (b"a: 1\nb: {c: d\n", 2, "bracket is opened"),
        (b"a: 1\nb\nc: 2", 2, "does not fit those above"),
        (b"a: 1\n- b\n", 2, "does not fit those above"),
        (b"a: 1\nb: 'It's'\n", 2, "does not fit those above"),
        (b"a: 1\nb: *c\n", 2, "begins with *"),
        (b"a: 1\nb: *c* d\n", 2, "cannot begin with *"),
        (b"a: 1\nb: &c d\n", 2, "begins with &"),
        (b"a: 1\nb: !c d\n", 2, "begins with !"),
        (b"a: 1\nb: !!python/object:os.system x\n", 2, "begins with !"),
        (b"a: 1\n? [b]\n: c\n", 2, "plain word"),
        (b"a: 1\n---\nb: 2\n", 2, "second document"),
        (b"a: 1\nb: 2\na: 3\n", 3, "given twice, first on line 1"),
        (b"[" * 200, 1, "too deeply"),
        (b"a: " * 2 + b"x" * LARGEST_FILE, 1, "5 MB"),
    ],
)
def test_a_file_that_is_not_our_yaml_is_refused_with_line_and_reason(text: bytes, line: int, part: str) -> None:
    problem = the_problem(text)
    assert problem.line == line
    assert part in problem.sentence


def test_a_bomb_of_aliases_is_refused() -> None:
    bomb = "a: &a [x]\n" + "".join(
        f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert all("Anchors and aliases" in problem.sentence for problem in problems_in(bomb))


def test_every_key_given_twice_is_told() -> None:
    problems = problems_in("items:\n  - id: a\n    id: b\n    words: {x: 1}\n    words: {y: [2, {z: 3}]}\nitems: []\n")
    assert [(problem.line, problem.key) for problem in problems] == [
        (3, "items[1].id"),
        (5, "items[1].words"),
        (6, "items"),
    ]


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_lines_are_counted_whatever_ends_them(newline: str) -> None:
    assert the_problem(f"name: xy{newline * 3}nam: y").line == 4


def test_a_byte_order_mark_does_no_harm() -> None:
    assert model_of("\ufeffname: abc").name == "abc"


def make_folder(path: Path) -> None:
    path.mkdir()


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (lambda path: None, "no such file"),
        (make_folder, "a folder"),
        (make_socket, "not an ordinary file"),
        (lambda path: path.symlink_to(path), "cannot be read"),
        (lambda path: path.write_bytes(b"x" * (LARGEST_FILE + 1)), "larger than 5 MB"),
    ],
)
def test_what_is_no_readable_file_is_told_in_a_sentence(
    tmp_path: Path, make: Callable[[Path], object], part: str
) -> None:
    path = tmp_path / "x.yaml"
    make(path)
    with pytest.raises(YamlError, match=part) as caught:
        read(path)
    assert [problem.file for problem in caught.value.problems] == [path]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("a: 1")
    path.chmod(0)
    with pytest.raises(YamlError, match="cannot be read"):
        read(path)


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("name: Zoë\n", encoding="utf-8")
    assert read(path).value == {"name": "Zoë"}


def problems_of(data: bytes) -> tuple[Problem, ...]:
    try:
        validate(parse(data, FILE), Everything)
    except YamlError as error:
        return error.problems
    return ()


def assert_located(data: bytes) -> None:
    last_line = data.count(b"\n") + data.count(b"\r") + 1
    for problem in problems_of(data):
        assert 1 <= problem.line <= last_line
        assert problem.sentence.endswith((".", "?"))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_a_sentence(data: bytes) -> None:
    assert_located(data)


@given(
    st.lists(st.sampled_from([*"ab: -\n\t#&*!|>'\"%@`{}[],?~", "\n  ", "\n- ", ": ", "--- ", "items:", "\\x", "\r"]))
)
@example(["? ", "? ", "a"])
@example(["%", "a"])
def test_anything_made_of_yaml_signs_is_read_or_refused_with_a_sentence(signs: list[str]) -> None:
    assert_located("".join(signs).encode())


texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"], exclude_characters="\u2028\u2029\ufeff\ufffe")
)
values = st.recursive(
    texts, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=15
)


@given(st.dictionaries(texts, values, min_size=1), st.sampled_from([True, False, None]), st.booleans())
def test_texts_written_by_a_yaml_library_come_back_unchanged(
    content: dict[str, object], flow: bool | None, allow_unicode: bool
) -> None:
    written = yaml.safe_dump(content, default_flow_style=flow, allow_unicode=allow_unicode, width=60)
    assert parse(written.encode(), FILE).value == content


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3), st.lists(st.sampled_from(["ok", "far too long", "{a: b}"]), min_size=1, max_size=4)
        ),
        min_size=1,
    )
)
def test_every_problem_points_at_its_line(items: list[tuple[int, list[str]]]) -> None:
    lines, wrong = ["items:"], []
    for gap, words in items:
        lines += ["", "# a remark", ""][:gap]
        lines += ["  - id: >", "      folded", "", "      text", "    words:"]
        for word in words:
            lines.append(f"      - {word}")
            wrong += [len(lines)] if word != "ok" else []
    document = parse("\n".join(lines).encode(), FILE)
    _, problems = check(document, Everything)
    assert [problem.line for problem in problems] == wrong
