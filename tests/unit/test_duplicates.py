"""Near duplicates: what is found, what is not, and how fast."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Kind, Question
from bot.questions.duplicates import ALIKE, near_duplicates


def question(question_id: str, text: str) -> Question:
    return Question(id=question_id, text=text, topic="T", kind=Kind.OPEN, background="", follow_ups=())


ORIGINAL = "If a machine did your job better than you, what would you still want to do yourself, and why?"


@pytest.mark.parametrize(
    "text",
    [
        ORIGINAL,
        ORIGINAL.upper().replace(",", " -").replace("?", "!"),
        "If a robot did your job better than you, what would you still like to do yourself, and why?",
        "What would you still want to do yourself, and why, if a machine did your job better than you?",
    ],
)
def test_an_edited_copy_is_found(text: str) -> None:
    (pair,) = near_duplicates([question("a", ORIGINAL), question("b", text)])
    assert (pair.first.id, pair.second.id) == ("a", "b")
    assert ALIKE <= pair.likeness <= 100


def test_the_same_forecast_for_another_year_is_found() -> None:
    text = "How likely is it that by the end of 2030 a model proves a theorem that nobody had proved?"
    assert near_duplicates([question("a", text), question("b", text.replace("2030", "2035"))])


@pytest.mark.parametrize(
    "text",
    [
        "If a machine did your job worse than you, who would notice first, and what would they do about it?",
        "What would you ask a machine that knows your job better than you do?",
        "Why?",
    ],
)
def test_another_question_in_like_words_is_not_found(text: str) -> None:
    assert near_duplicates([question("a", ORIGINAL), question("b", text)]) == []


def test_a_copy_in_a_language_without_spaces_is_found() -> None:
    first = "機械があなたの仕事をもっとうまくできるなら、それでも自分でしたいことは何ですか。"
    assert near_duplicates([question("a", first), question("b", first.replace("機械", "人工知能"))])


def test_a_retired_question_does_not_count() -> None:
    assert near_duplicates([replace(question("a", ORIGINAL), retired=True), question("b", ORIGINAL)]) == []


def test_each_pair_is_told_once_in_the_order_of_the_set() -> None:
    pairs = near_duplicates([question(name, ORIGINAL) for name in "abc"])
    assert [(pair.first.id, pair.second.id) for pair in pairs] == [("a", "b"), ("a", "c"), ("b", "c")]


@given(st.lists(st.text(max_size=30), max_size=6))
def test_any_texts_can_be_compared_and_equal_ones_are_always_found(texts: list[str]) -> None:
    questions = [question(str(number), text) for number, text in enumerate(texts)]
    found = {(pair.first.id, pair.second.id) for pair in near_duplicates(questions)}
    words = {i: any(char.isalnum() for char in text) for i, text in enumerate(texts)}
    equal = {(str(i), str(j)) for j in range(len(texts)) for i in range(j) if texts[i] == texts[j] and words[i]}
    assert equal <= found


def test_a_thousand_questions_are_compared_quickly() -> None:
    chance = random.Random(1)  # noqa: S311 - test data
    vocabulary = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(2, 10))) for _ in range(800)]
    questions = [question(str(i), " ".join(chance.choices(vocabulary, k=35))) for i in range(1000)]
    started = time.perf_counter()
    assert near_duplicates([*questions, replace(questions[500], id="copy")])
    assert time.perf_counter() - started < 5
