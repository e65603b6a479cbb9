"""The question set that comes with the bot."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.model import Exhausted, Kind, Order, QuestionSet, Source
from bot.questions.duplicates import near_duplicates
from bot.questions.loader import check_set, load_set
from bot.selection import Progress, upcoming

FOLDER = Path(__file__).parents[2] / "seeds" / "ai-futures"
FORECASTS_STAY_OPEN_UNTIL = date(2027, 6, 30)


@pytest.fixture(scope="module")
def seed_set() -> QuestionSet:
    return load_set(FOLDER)


def sections_left_out_on_purpose() -> set[str]:
    """Return the ids of sections whose line in set.yaml ends in a comment that they hold nothing to ask about."""
    return set(
        re.findall(r"{id: ([a-z0-9-]+),.*}\s*# holds nothing", (FOLDER / "set.yaml").read_text(encoding="utf-8"))
    )


def test_nothing_is_wrong_with_it() -> None:
    assert [str(problem) for problem in check_set(FOLDER).problems] == []


def test_no_two_questions_are_nearly_the_same(seed_set: QuestionSet) -> None:
    assert [(pair.first.id, pair.second.id) for pair in near_duplicates(seed_set.questions)] == []


def test_every_question_is_ready_to_be_asked(seed_set: QuestionSet) -> None:
    assert [question.id for question in seed_set.questions if question.draft or question.retired] == []


def test_it_lasts_most_of_a_year(seed_set: QuestionSet) -> None:
    assert len(seed_set.questions) >= 230


@pytest.mark.parametrize(
    ("reading", "fewest"), [("questions-about-ai", 130), ("ai-91", 70), ("ai-bosses", 8), ("redwood-comments", 16)]
)
def test_every_reading_gives_questions_in_proportion(seed_set: QuestionSet, reading: str, fewest: int) -> None:
    assert (
        sum(question.source is not None and question.source.reading == reading for question in seed_set.questions)
        >= fewest
    )


def test_every_section_is_drawn_on_unless_it_holds_nothing(seed_set: QuestionSet) -> None:
    drawn_on = {question.source for question in seed_set.questions}
    left_out = {
        section.id
        for reading in seed_set.readings
        for section in reading.sections
        if Source(reading.id, section.id) not in drawn_on
    }
    assert left_out == sections_left_out_on_purpose()


def test_every_topic_has_questions(seed_set: QuestionSet) -> None:
    assert {question.topic for question in seed_set.questions} == set(seed_set.topics)


@pytest.mark.parametrize(("kind", "fewest"), [(Kind.FORECAST, 25), (Kind.CHOICE, 20)])
def test_there_are_questions_of_every_kind(seed_set: QuestionSet, kind: Kind, fewest: int) -> None:
    assert sum(question.kind is kind for question in seed_set.questions) >= fewest


def test_no_forecast_is_settled_too_soon(seed_set: QuestionSet) -> None:
    early = [q.id for q in seed_set.questions if q.forecast is not None and q.forecast.by <= FORECASTS_STAY_OPEN_UNTIL]
    assert early == []


@pytest.mark.parametrize("seed", range(5))
def test_any_two_weeks_of_a_shuffled_year_are_varied(seed_set: QuestionSet, seed: int) -> None:
    days = [date(2026, 12, 1) + timedelta(days=number) for number in range(len(seed_set.questions))]
    picks = upcoming(seed_set.questions, Order.SHUFFLED, seed, Progress(), (), days, Exhausted.STOP)
    topics = [pick.question.topic for pick in picks]
    assert len(topics) == len(seed_set.questions)
    for start in range(len(topics) - 13):
        counts = Counter(topics[start : start + 14])
        assert len(counts) >= 8, f"days {start} to {start + 13}: {counts}"
        assert max(counts.values()) <= 3, f"days {start} to {start + 13}: {counts}"
