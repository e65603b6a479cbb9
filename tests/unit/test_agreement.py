"""What votes and picks say."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.agreement import agree_estimate, disagree_estimate, is_consensus, is_split, tally, voters
from bot.digest.model import Votes
from bot.digest.picks import parse_pick
from bot.model import Forecast, Kind, Question

COUNTS = st.integers(0, 3000)
VOTES = st.builds(Votes, COUNTS, COUNTS, COUNTS)
FEW_VOTES = st.builds(Votes, *[st.integers(0, 12)] * 3)


def swapped(votes: Votes) -> Votes:
    return Votes(votes.disagree, votes.agree, votes.passed)


def test_one_vote_says_less_than_many() -> None:
    assert agree_estimate(Votes(agree=1)) == pytest.approx(2 / 3)
    assert agree_estimate(Votes(agree=40)) == pytest.approx(41 / 42)
    assert disagree_estimate(Votes(agree=8, disagree=1, passed=1)) == pytest.approx(2 / 12)
    assert agree_estimate(Votes()) == disagree_estimate(Votes()) == 0.5


@pytest.mark.parametrize(
    "votes", [Votes(3), Votes(5, 0, 0), Votes(4, 1), Votes(8, 1, 1), Votes(8, 0, 2), Votes(2200, 800), Votes(30, 0, 10)]
)
def test_clear_majority_of_enough_voters_is_consensus(votes: Votes) -> None:
    assert is_consensus(votes)


@pytest.mark.parametrize(
    "votes", [Votes(), Votes(1), Votes(2), Votes(2, 1), Votes(3, 1), Votes(3, 0, 1), Votes(7, 2, 1), Votes(2000, 1000)]
)
def test_few_voters_or_a_narrow_majority_are_no_consensus(votes: Votes) -> None:
    assert not is_consensus(votes)


@pytest.mark.parametrize("votes", [Votes(2, 1), Votes(2, 2), Votes(4, 2), Votes(4, 4, 1), Votes(1900, 1100)])
def test_two_strong_sides_are_a_split(votes: Votes) -> None:
    assert is_split(votes)
    assert is_split(swapped(votes))


@pytest.mark.parametrize("votes", [Votes(), Votes(1, 1), Votes(3, 1), Votes(5, 2), Votes(1, 1, 2), Votes(2000, 1000)])
def test_lone_dissent_or_few_voters_are_no_split(votes: Votes) -> None:
    assert not is_split(votes)
    assert not is_split(swapped(votes))


def test_rejected_answer_is_neither_consensus_nor_split() -> None:
    assert not is_consensus(Votes(0, 9))
    assert not is_split(Votes(0, 9))


@given(VOTES | FEW_VOTES)
def test_consensus_and_split_exclude_each_other(votes: Votes) -> None:
    assert not (is_consensus(votes) and is_split(votes))


@given(VOTES | FEW_VOTES)
def test_estimates_are_shares_that_never_sum_to_more_than_one(votes: Votes) -> None:
    assert 0 < agree_estimate(votes) < 1
    assert agree_estimate(votes) + disagree_estimate(votes) <= 1 + 1e-12
    assert agree_estimate(votes) == disagree_estimate(swapped(votes))


@given(FEW_VOTES | VOTES)
def test_one_more_who_agrees_raises_the_estimate_and_keeps_a_consensus(votes: Votes) -> None:
    more = Votes(votes.agree + 1, votes.disagree, votes.passed)
    assert agree_estimate(more) > agree_estimate(votes)
    assert disagree_estimate(more) < disagree_estimate(votes)
    assert is_consensus(more) or not is_consensus(votes)


@given(FEW_VOTES | VOTES)
def test_one_more_who_passes_takes_strength_from_both_sides(votes: Votes) -> None:
    more = Votes(votes.agree, votes.disagree, votes.passed + 1)
    assert voters(more) == voters(votes) + 1
    assert agree_estimate(more) < agree_estimate(votes)
    assert disagree_estimate(more) < disagree_estimate(votes)


CHOICE = Question("bound", "What binds first?", "Compute", Kind.CHOICE, "", (), options=("Energy", "Chips", "Data"))
OPEN = Question("why", "Why?", "Compute", Kind.OPEN, "", ())


def forecast(answer: str, unit: str = "") -> Question:
    asked = Forecast(answer, "As published.", date(2030, 1, 1), unit)
    return Question("when", "When?", "Compute", Kind.FORECAST, "", (), forecast=asked)


def test_every_option_is_counted_in_the_questions_order() -> None:
    assert tally(["Data", "Energy", "Data"], CHOICE) == (("Energy", "1"), ("Chips", "0"), ("Data", "2"))


def test_picks_of_an_option_that_was_edited_away_are_still_counted() -> None:
    assert tally(["Water", "Data"], CHOICE)[-2:] == (("Data", "1"), ("Water", "1"))


@pytest.mark.parametrize("question", [CHOICE, OPEN, forecast("probability")])
def test_without_picks_there_is_no_tally(question: Question) -> None:
    assert tally([], question) == ()


def test_open_question_has_no_tally() -> None:
    assert tally(["Energy"], OPEN) == ()


def test_probabilities_are_summed_up_by_their_middle() -> None:
    assert tally(["10%", "20%", "30%", "40%", "90%"], forecast("probability")) == (
        ("Estimates", "5"),
        ("Median", "30%"),
        ("Middle half", "20% to 40%"),
    )


def test_years_stay_whole() -> None:
    assert tally(["2030", "2031"], forecast("year")) == (
        ("Estimates", "2"),
        ("Median", "2031"),
        ("Middle half", "2030 to 2031"),
    )


def test_numbers_are_grouped_and_carry_their_unit() -> None:
    assert tally(["1000", "2500.5", "2e27"], forecast("number", "robots"))[:2] == (
        ("Estimates", "3"),
        ("Median", "2,500.5 robots"),
    )


def test_single_estimate_has_no_spread() -> None:
    assert tally(["70%"], forecast("probability")) == (("Estimates", "1"), ("Median", "70%"))


def test_picks_from_before_a_question_became_a_forecast_are_left_out() -> None:
    assert tally(["Energy", "70%"], forecast("probability"))[0] == ("Estimates", "1")
    assert tally(["Energy"], forecast("probability")) == ()


@given(st.lists(st.sampled_from(CHOICE.options), min_size=1))
def test_counts_add_up_to_the_picks(picks: list[str]) -> None:
    assert sum(int(count) for _, count in tally(picks, CHOICE)) == len(picks)


@given(st.data(), st.lists(st.integers(0, 100), min_size=2, max_size=30))
def test_middle_half_holds_the_median_whatever_the_order(data: st.DataObject, percentages: list[int]) -> None:
    question = forecast("probability")
    picks = [parse_pick(question, str(percentage)) for percentage in percentages]
    summed = dict(tally(picks, question))
    low, high = (Decimal(end.removesuffix("%")) for end in summed["Middle half"].split(" to "))
    assert min(percentages) <= low <= Decimal(summed["Median"].removesuffix("%")) <= high <= max(percentages)
    assert tally(data.draw(st.permutations(picks)), question) == tally(picks, question)
