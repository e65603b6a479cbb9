"""Which words of a round's answers are quoted."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from math import ceil
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.model import Said, Votes
from bot.digest.rank import QUOTE_LENGTH, SHORT_ANSWER, quotable, rank
from tests.unit.discussions import GRID, LONG_ANSWER, START, said

TEXTS = (
    st.sampled_from([answer.text for answer in GRID])
    | st.text(max_size=40)
    | st.lists(
        st.sampled_from(["Power. ", "Why?\n", "The grid is slow. ", "因为算力不够。", "word " * 90, "x" * 400])
    ).map("".join)
)
VOTES = st.builds(Votes, *[st.integers(0, 9)] * 3)


@st.composite
def rounds(draw: st.DrawFn) -> list[Said]:
    answers = draw(st.lists(st.tuples(TEXTS, st.integers(1, 4), VOTES, st.integers(0, 5)), max_size=12))
    return [
        replace(said(number, text, member=member, votes=votes), replies=replies)
        for number, (text, member, votes, replies) in enumerate(answers, start=1)
    ]


@given(rounds(), st.integers(0, 6))
def test_quote_is_an_exact_part_of_the_answer_it_names(answers: list[Said], limit: int) -> None:
    by_id = {answer.message_id: answer for answer in answers}
    quotes = rank(answers, limit)
    assert len(quotes) <= limit
    assert len({quote.message_id for quote in quotes}) == len(quotes)
    for quote in quotes:
        source = by_id[quote.message_id]
        assert quote.text in source.text
        assert quote.text == quote.text.strip() != ""
        assert quote.whole == (quote.text == source.text.strip())
        assert len(quote.text) <= max(QUOTE_LENGTH, SHORT_ANSWER)
        assert (quote.name, quote.link, quote.votes) == (source.name, source.link, source.votes)


@given(rounds(), st.integers(1, 6))
def test_no_member_gets_more_than_their_share(answers: list[Said], limit: int) -> None:
    member_of = {answer.message_id: answer.member_id for answer in answers}
    could = Counter(answer.member_id for answer in answers if answer.text.strip())
    share = ceil(limit / max(1, len(could)))
    quoted = Counter(member_of[quote.message_id] for quote in rank(answers, limit))
    assert all(count <= share for count in quoted.values())
    texts = Counter(quote.text for quote in quotable(answers).values())
    if texts.total() == len(texts):
        assert quoted.total() == min(limit, sum(min(share, count) for count in could.values()))


def test_what_one_member_says_in_two_rooms_is_quoted_once() -> None:
    answers = [said(1, GRID[0].text, member=1), said(2, GRID[1].text, member=2), said(3, GRID[0].text, member=1)]
    assert [quote.message_id for quote in rank(answers, 3)] == [1, 2]
    shown = [quotable(answers)[3]]
    assert [quote.message_id for quote in rank(answers, 3, shown=shown)] == [2]


@given(st.data(), rounds(), st.integers(0, 6))
def test_order_of_the_input_makes_no_difference(data: st.DataObject, answers: list[Said], limit: int) -> None:
    assert rank(data.draw(st.permutations(answers)), limit) == rank(answers, limit)


@given(rounds())
def test_every_answer_with_text_can_be_quoted(answers: list[Said]) -> None:
    assert set(quotable(answers)) == {answer.message_id for answer in answers if answer.text.strip()}


@pytest.mark.parametrize("answers", [[], [said(1, "  ")], [said(1, "???"), said(2, "\ud800 \udc00. Lone.")]])
def test_rounds_with_hardly_any_words_do_no_harm(answers: list[Said]) -> None:
    assert len(rank(answers, 3)) == sum(bool(answer.text.strip()) for answer in answers)


def test_what_many_say_goes_before_what_one_says() -> None:
    order = [quote.message_id for quote in rank(GRID, len(GRID))]
    assert order[0] in {1, 3, 4, 6}
    assert order.index(5) > 2


def test_choppy_answer_gains_nothing_over_one_that_says_as_much_in_one_breath() -> None:
    flowing = "Turbines are sold out for years and the prices of gas show it, so energy comes first."
    choppy = "Energy first. Turbines sold out. For years now. Gas prices show it. So energy it is."
    others = [GRID[1], GRID[6]]
    assert rank([said(8, flowing), said(9, choppy), *others], 1)[0].message_id in {2, 7, 8}


def test_member_who_says_the_same_over_and_over_does_not_make_it_what_the_group_says() -> None:
    mine = [said(10 + n, f"Keyboards with cats on them are the trouble, case {n}.", member=9) for n in range(6)]
    assert rank([*mine, *GRID], 1)[0].message_id in {1, 3, 4, 6}


def test_second_quote_does_not_repeat_the_first() -> None:
    answers = [
        said(1, "The grid is the bottleneck, a connection takes five years or more."),
        said(2, "The grid is the bottleneck, a connection takes five years or longer."),
        said(3, "The grid is the bottleneck, since a connection takes five years or more."),
        said(4, "Investors leave when revenue disappoints, long before a connection to the grid matters."),
    ]
    first, second = rank(answers, 2)
    assert first.message_id != 4
    assert second.message_id == 4


def test_votes_lift_an_answer_and_one_vote_less_than_many() -> None:
    plain = [
        said(number, f"{city} will build the next reactor for its data centres.")
        for number, city in enumerate(["Lyon", "Turin", "Ghent"], start=1)
    ]
    assert rank(plain, 1)[0].message_id == 1
    many, one, none = plain[2], plain[1], plain[0]
    voted = [none, replace(one, votes=Votes(agree=1)), replace(many, votes=Votes(agree=9))]
    assert rank(voted, 1)[0].message_id == 3
    assert rank(voted[:2], 1)[0].message_id == 2


def test_replies_lift_an_answer() -> None:
    plain = [
        said(number, f"{city} will build the next reactor for its data centres.")
        for number, city in enumerate(["Lyon", "Turin"], start=1)
    ]
    assert rank([plain[0], replace(plain[1], replies=4)], 1)[0].message_id == 2


def test_long_answer_is_quoted_by_the_sentences_that_matter() -> None:
    quote = quotable(GRID)[3]
    assert not quote.whole
    assert "grid" in quote.text
    assert "sandwiches" not in quote.text
    assert quote.text[0].isupper()
    assert quote.text[-1] in ".!"


def test_short_answer_is_quoted_whole() -> None:
    assert quotable([said(1, " Yes. No. Perhaps. It depends on the price of power.\n")])[1].whole
    assert quotable([said(1, LONG_ANSWER[:150])])[1].text == LONG_ANSWER[:150].strip()


def test_two_sentences_stay_together_if_they_are_not_too_long() -> None:
    text = (
        "The grid is the bottleneck for every new data centre, since a connection takes years. "
        "My cat knows seventeen birds by name, twelve frogs by voice and every mouse by its footsteps."
    )
    assert SHORT_ANSWER < len(text) <= QUOTE_LENGTH
    assert quotable([*GRID, said(8, text)])[8].whole


def test_text_without_any_sentence_is_cut_between_words() -> None:
    text = "and then another thing " * 60
    quote = quotable([said(1, text)])[1]
    assert not quote.whole
    assert set(quote.text.split()) == {"and", "then", "another", "thing"}


@pytest.mark.parametrize("quoting", ["> {}\nSchools run theirs for years.", ">>> {}\nSchools run theirs for years."])
def test_lines_of_somebody_else_are_never_quoted_as_their_repeaters_words(quoting: str) -> None:
    theirs = "A system that decides badly gets switched off. Everybody sees that it decides badly."
    lines = theirs.replace("off. ", "off.\n> ") if quoting.startswith("> ") else theirs
    mine = f"Has anybody seen one switched off?\n{quoting.format(lines)}"
    quote = quotable([said(1, theirs), said(2, mine), said(3, theirs)])[2]
    assert "decides badly" not in quote.text
    assert quote.text in mine


def test_answer_below_a_repeated_line_is_quoted_whole_without_it() -> None:
    quote = quotable([said(1, "> Everybody sees it.\nNobody sees it, as long as it is cheap.\n")])[1]
    assert (quote.text, quote.whole) == ("Nobody sees it, as long as it is cheap.", True)


def test_answer_that_only_repeats_is_quoted_with_the_marks_that_say_so() -> None:
    assert quotable([said(1, "> Everybody sees it.")])[1].text == "> Everybody sees it."


def test_languages_without_spaces_are_ranked_by_what_they_say() -> None:
    answers = [
        said(1, "我家的猫非常不喜欢机械键盘。"),
        said(2, "数据中心要等五年才能接入电网。"),
        said(3, "数据中心最缺的是电网容量。"),
        said(4, "没有电网容量,再多芯片也没有用。"),
    ]
    assert rank(answers, 1, "zh")[0].message_id in {2, 3}


def test_what_is_shown_already_is_neither_quoted_nor_repeated() -> None:
    answers = [
        said(1, "The grid is the bottleneck, a connection takes five years or more."),
        said(2, "The grid is the bottleneck, a connection takes five years or longer."),
        said(3, "Investors leave when revenue disappoints, long before a connection to the grid matters."),
    ]
    shown = [quotable(answers)[1]]
    assert rank(answers, 1, shown=shown)[0].message_id == 3


def test_what_is_shown_already_counts_for_its_members_share() -> None:
    answers = [said(1, GRID[0].text, member=1), said(2, GRID[3].text, member=1), said(3, GRID[4].text, member=2)]
    assert [quote.message_id for quote in rank(answers, 1, shown=[quotable(answers)[1]])] == [3]
    shown = [quotable(answers)[1], quotable(answers)[3]]
    assert [quote.message_id for quote in rank(answers, 1, shown=shown)] == [2]


def test_hundreds_of_answers_take_well_under_a_second() -> None:
    words = LONG_ANSWER.split()
    answers = [
        replace(said(number, " ".join(words[number % 50 :] + words[: number % 50])), sent_at=START + timedelta(number))
        for number in range(300)
    ]
    began = perf_counter()
    assert len(rank(answers, 12)) == 12
    assert perf_counter() - began < 1
