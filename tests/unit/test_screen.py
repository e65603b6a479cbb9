"""How text is laid out on a terminal and in a pipe."""

from __future__ import annotations

import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from bot.cli.screen import PlainScreen, TerminalScreen, hanging
from tests.standins.trial import one_by_one


def laid_out(line: str, width: int) -> list[str]:
    return list(hanging(line, width))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("short", ["short"]),
        ("", [""]),
        ("one two three four", ["one two three", "four"]),
        ("  one two three four", ["  one two", "  three four"]),
        ("- one two three four", ["- one two", "  three four"]),
        ("  - one two three four", ["  - one two", "    three four"]),
        ("  2. one two three four", ["  2. one two", "    three four"]),
        ("  | one two three four", ["  | one two", "  | three four"]),
        ("  [4] Ada: one two three", ["  [4] Ada: one", "    two three"]),
    ],
)
def test_a_long_line_goes_on_below_its_text(line: str, expected: list[str]) -> None:
    assert laid_out(line, 14) == expected


def test_an_address_stays_whole_so_that_it_can_be_clicked() -> None:
    address = "https://docs.example/a/very/long/address"
    assert laid_out(f"see {address} for more", 14) == ["see", address, "for more"]


def test_wide_letters_without_spaces_are_broken_to_fit() -> None:
    assert laid_out("  " + "漢字" * 12, 22) == ["  " + "漢字" * 5, "  " + "漢字" * 5, "  " + "漢字" * 2]


@given(line=st.text(st.characters(exclude_categories=["C", "Zl", "Zp"])), width=st.integers(12, 60))
@example(line="- ", width=12)
@example(line="[1] a:  b", width=12)
def test_wrapping_loses_no_word_and_exceeds_the_width_only_for_one(line: str, width: int) -> None:
    pieces = laid_out(line, width)
    text = "".join(char for piece in pieces for char in piece if char not in " |")
    assert text == "".join(char for char in line if char not in " |")
    for piece in pieces:
        words = piece.split()
        assert cell_len(piece) <= width or max(map(cell_len, words)) > width - 10


def plain(*lines: str) -> tuple[PlainScreen, list[str]]:
    written: list[str] = []
    return PlainScreen(one_by_one(lines), written.append), written


async def test_a_pipe_gets_text_as_it_is_and_no_prompt() -> None:
    screen, written = plain("first", "second")
    assert [await screen.line("you> ") for _ in range(3)] == ["first", "second", None]
    screen.show("bot", "  a very long line " + "x" * 200)
    screen.tell("Ada", "\nfor you\n")
    assert written == [
        "  a very long line " + "x" * 200 + "\n",
        "--- only Ada can see this\nfor you\n---\n",
    ]


def test_nothing_that_is_shown_steers_a_terminal() -> None:
    screen, written = plain()
    screen.show("person", "a\x1b[2Jb\rc\x07")
    screen.tell("Eve\x1b[31m", "\x9b31m\u202eabc")
    assert not [char for char in "".join(written) if char != "\n" and (ord(char) < 32 or 127 <= ord(char) < 160)]
    assert "\u202e" not in "".join(written)


def test_a_person_sees_text_wrapped_and_private_text_behind_a_bar() -> None:
    console = Console(file=io.StringIO(), width=40, highlight=False, markup=False, emoji=False)
    screen = TerminalScreen(console)
    screen.show("bot", "  [12] bot: What do you think about [this] and :that: then?")
    screen.tell("Ada", "\nOnly some [words] that are for you alone, dear Ada.")
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        "  [12] bot: What do you think about",
        "    [this] and :that: then?",
        "╭ only Ada can see this",
        "│ Only some [words] that are for you",
        "│ alone, dear Ada.",
    ]


def test_only_notes_and_the_bar_before_private_text_are_dim() -> None:
    console = Console(file=io.StringIO(), width=40, force_terminal=True, color_system="standard", _environ={})
    screen = TerminalScreen(console)
    screen.show("bot", "words of the bot")
    screen.show("note", "a note")
    screen.tell("Ada", "words for Ada")
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        "words of the bot",
        "\x1b[2ma note\x1b[0m",
        "\x1b[2m╭ \x1b[0m\x1b[2monly Ada can see this\x1b[0m",
        "\x1b[2m│ \x1b[0mwords for Ada",
    ]
