"""What is kept in Discord's identifiers comes back as it was, and fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Channel, Ref
from bot.platforms.discord.ids import LONGEST, Press, Sheet, Turn, parse_press, parse_sheet, parse_turn, token

SNOWFLAKE = st.integers(10**16, 10**19 - 1).map(lambda number: Ref(str(number)))
CHANNEL = st.none() | st.builds(Channel, st.just("discord"), SNOWFLAKE, SNOWFLAKE)
WORDS = st.text(min_size=1, max_size=8)
HARD = st.text("%|&=0123", min_size=1, max_size=6)


@given(st.dictionaries(WORDS | HARD, WORDS | HARD, max_size=1), CHANNEL, st.sampled_from(["", token("k")]))
def test_a_button_comes_back_as_it_was_or_is_refused(
    arguments: dict[str, str], channel: Channel | None, post: str
) -> None:
    press = Press("reading answer", arguments, post, channel)
    try:
        written = press.custom_id
    except ValueError:
        return
    assert len(written) <= LONGEST
    assert parse_press(written) == press


@given(st.dictionaries(WORDS | HARD, WORDS | HARD, max_size=1), CHANNEL, st.integers(1, 500))
def test_a_button_that_turns_a_page_comes_back_as_it_was_and_is_no_other(
    arguments: dict[str, str], channel: Channel | None, page: int
) -> None:
    turn = Turn("reading search", arguments, page, channel)
    try:
        written = turn.custom_id
    except ValueError:
        return
    assert len(written) <= LONGEST
    assert parse_turn(written) == turn
    assert parse_press(written) is None
    assert parse_turn(Press("reading search", arguments, str(page)).custom_id) is None


@given(WORDS | HARD, CHANNEL)
def test_a_form_comes_back_as_it_was(target: str, channel: Channel | None) -> None:
    sheet = Sheet("reading-host setup", target, channel)
    assert parse_sheet(sheet.custom_id) == sheet


def test_the_longest_question_id_fits_with_the_token_of_its_post() -> None:
    question = {"question": "q" * 48}
    for press in (
        Press("reading answer", {**question, "text": "25"}),
        Press("reading answer", question, token("question:1:1")),
        Press("reading question", {"id": "q" * 48}, token("question:1:1")),
    ):
        assert len(press.custom_id) <= LONGEST


def test_what_is_too_long_is_refused_instead_of_cut() -> None:
    with pytest.raises(ValueError, match="characters"):
        _ = Press("reading search", {"words": "w" * LONGEST}).custom_id
    with pytest.raises(ValueError, match="characters"):
        _ = Sheet("reading answer", "w" * LONGEST).custom_id


@pytest.mark.parametrize("foreign", ["", "rg", "rg|a|b|c", "other|a|b|c|d", "rg-form|a", "rg-form|reading answer|1|"])
def test_buttons_of_others_are_none_of_ours(foreign: str) -> None:
    assert parse_press(foreign) is None


def test_different_keys_have_different_tokens_that_fit_a_nonce() -> None:
    tokens = {token(f"question:{number}:1") for number in range(1_000)}
    assert len(tokens) == 1_000
    assert max(map(len, tokens)) <= 25
