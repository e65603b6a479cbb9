"""How what a member types as a pick is read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.picks import number_text, parse_pick
from bot.model import Forecast, Kind, Question


def choice(*options: str) -> Question:
    return Question("bound", "What binds first?", "Compute", Kind.CHOICE, "", (), options=options)


def forecast(answer: str, unit: str = "") -> Question:
    asked = Forecast(answer, "As published.", date(2030, 1, 1), unit)
    return Question("when", "When?", "Compute", Kind.FORECAST, "", (), forecast=asked)


BOUND = choice("Energy", "Chips and packaging", "Data")
PROBABILITY, YEAR, NUMBER = forecast("probability"), forecast("year"), forecast("number")


@pytest.mark.parametrize(
    ("text", "pick"),
    [
        ("Energy", "Energy"),
        ("  ENERGY ", "Energy"),
        ("chips  and\npackaging", "Chips and packaging"),
        ("1", "Energy"),
        ("3.", "Data"),
        ("#2", "Chips and packaging"),
        ("٢", "Chips and packaging"),
        ("２)", "Chips and packaging"),  # noqa: RUF001 -- what a Japanese keyboard types
    ],
)
def test_option_is_named_in_any_case_or_by_its_number(text: str, pick: str) -> None:
    assert parse_pick(BOUND, text) == pick


def test_option_that_is_a_number_itself_goes_before_the_number_of_an_option() -> None:
    assert parse_pick(choice("3", "2", "1"), "1") == "1"


@pytest.mark.parametrize("text", ["0", "4", "-1", "Energ", "Energy and data"])
def test_wrong_option_is_answered_with_the_options(text: str) -> None:
    with pytest.raises(ValueError, match=r"1\. Energy; 2\. Chips and packaging; 3\. Data"):
        parse_pick(BOUND, text)


@pytest.mark.parametrize(
    ("text", "pick"),
    [
        ("70", "70%"),
        ("70%", "70%"),
        ("70 %", "70%"),
        ("70 percent", "70%"),
        ("0.7", "70%"),
        (".7", "70%"),
        ("0.70", "70%"),
        ("12.5", "12.5%"),
        ("0.5%", "0.5%"),
        ("0.005", "0.5%"),
        ("1", "1%"),
        ("1.0", "1%"),
        ("0", "0%"),
        ("100", "100%"),
        ("७०", "70%"),
    ],
)
def test_probability_is_percent_or_a_fraction_of_one(text: str, pick: str) -> None:
    assert parse_pick(PROBABILITY, text) == pick


@pytest.mark.parametrize("text", ["101", "-5", "1e9", "150%"])
def test_impossible_probability_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="between 0% and 100%"):
        parse_pick(PROBABILITY, text)


@pytest.mark.parametrize("text", ["likely", "%", "60-70", "0,7", "1/3", "nan", "inf"])
def test_what_is_no_probability_is_answered_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="such as 70 or 70%"):
        parse_pick(PROBABILITY, text)


@pytest.mark.parametrize("text", ["2035", " 2035 ", "２０３５"])  # noqa: RUF001 -- what a Japanese keyboard types
def test_year_is_four_digits(text: str) -> None:
    assert parse_pick(YEAR, text) == "2035"


@pytest.mark.parametrize("text", ["35", "20350", "1492", "9999", "never", "2035-2040", "2035.5"])
def test_implausible_year_is_answered_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="such as 2035"):
        parse_pick(YEAR, text)


@pytest.mark.parametrize(
    ("text", "pick"),
    [
        ("1500", "1500"),
        ("1,500", "1500"),
        ("1 500", "1500"),
        ("1\u202f500", "1500"),
        ("1'234'567", "1234567"),
        ("1.5", "1.5"),
        ("1.50", "1.5"),
        ("1,500.25", "1500.25"),
        ("2e6", "2000000"),
        ("1.5E3", "1500"),
        ("2e27", "2e27"),
        ("0.000001", "0.000001"),
        ("-3", "-3"),
        ("\u22123", "-3"),
        ("+3", "3"),
        ("-0", "0"),
        ("0001", "1"),
        ("123456789012345", "123456789012000"),
    ],
)
def test_number_is_kept_in_one_form(text: str, pick: str) -> None:
    assert parse_pick(NUMBER, text) == pick


@pytest.mark.parametrize(
    "text", ["1,5", "1,50", "15,00", "1.500.000", "many", "1e", "e5", "1e999", "9" * 500, "nan", "∞"]
)
def test_ambiguous_or_senseless_number_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match=r"1,500 or 1\.5 or 2e6"):
        parse_pick(NUMBER, text)


@pytest.mark.parametrize("text", ["3", "3 million", "3 million people", "3 Million People", "3million"])
def test_number_may_come_with_its_unit(text: str) -> None:
    assert parse_pick(forecast("number", "million people"), text) == "3"


def test_percent_sign_is_a_unit_of_numbers_in_percent_only() -> None:
    assert parse_pick(forecast("number", "percent of world GDP"), "3%") == "3"
    with pytest.raises(ValueError, match="in robots"):
        parse_pick(forecast("number", "robots"), "3%")


@pytest.mark.parametrize("question", [BOUND, PROBABILITY, YEAR, NUMBER])
@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_empty_pick_is_refused(question: Question, text: str) -> None:
    with pytest.raises(ValueError, match="empty"):
        parse_pick(question, text)


def test_open_question_has_nothing_to_pick_from() -> None:
    with pytest.raises(ValueError, match="in your own words"):
        parse_pick(Question("why", "Why?", "Compute", Kind.OPEN, "", ()), "1")


QUESTIONS = st.sampled_from([BOUND, PROBABILITY, YEAR, NUMBER, forecast("number", "percent of GDP")])
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20)


@given(QUESTIONS, st.text() | st.from_regex(r"[-+0-9.,e% ]{1,12}", fullmatch=True) | NUMBERS.map(str))
def test_pick_parses_to_itself_and_bad_ones_get_a_sentence(question: Question, text: str) -> None:
    try:
        pick = parse_pick(question, text)
    except ValueError as error:
        assert str(error).endswith(".")  # noqa: PT017 -- either outcome is right
        return
    assert parse_pick(question, pick) == pick


@given(st.integers(-(10**12) + 1, 10**12 - 1))
def test_whole_number_is_read_alike_with_and_without_separators(number: int) -> None:
    assert parse_pick(NUMBER, f"{number:,}") == parse_pick(NUMBER, str(number)) == str(number)


@given(st.integers(0, 1000))
def test_fraction_and_percentage_are_the_same_probability(permille: int) -> None:
    percentage = f"{permille / 10}%"
    pick = parse_pick(PROBABILITY, percentage)
    assert Decimal(pick.removesuffix("%")) == Decimal(permille) / 10
    if 0 < permille < 1000:
        assert parse_pick(PROBABILITY, str(permille / 1000)) == pick


def test_numbers_are_grouped_for_reading() -> None:
    assert number_text(Decimal("1234567.50"), grouped=True) == "1,234,567.5"
    assert number_text(Decimal("2E+27"), grouped=True) == "2e27"
