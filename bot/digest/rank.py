"""Which words of a round's answers carry its discussion.

Extractive, deterministic and offline: every quote is an exact substring of an answer. Each answer offers one candidate,
itself if it is short, otherwise its best run of sentences. Lines of others that an answer repeats are never part of it:
they would pass for its author's words. Candidates are scored by

- centrality, by degree in LexRank's graph (Erkan and Radev, 2004): how much a candidate resembles all that was said, by
  the cosine of idf-weighted words. A candidate's cosines with all sentences add up to its product with their sum, so
  the matrix of similarities is never built. What a member's own sentences add counts by its square root, or who says
  much would resemble the rest by that alone. The paper's random walk would give an answer that resembles no other an
  average rank; here it gets the lowest;
- place and length: people tend to say first what they mean, and a few words alone quote badly;
- votes and replies, both smoothed, so that one of them does not decide.

Then they are chosen one by one, each for its score less what it repeats of those before it (maximal marginal relevance,
Carbonell and Goldstein, 1998), and no member gets more than their share.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil, log, sqrt

import sentencex  # type: ignore[import-untyped]

from bot.digest.agreement import agree_estimate
from bot.digest.model import QuotedAnswer, Said
from bot.words import HAN, KANA, QUOTED_LINES, SOUTH_EAST_ASIAN, words

SHORT_ANSWER = 160
"""Characters up to which an answer is quoted whole, however many its sentences."""

QUOTE_LENGTH = 350
"""Characters that a run of a longer answer's sentences never exceeds."""

RUN_SENTENCES = 2
"""Sentences of a longer answer that are quoted at most; an answer of so many is quoted whole if it is not too long."""

# Different words count once each up to this many; a candidate of fewer loses by the square root of what it lacks.
_ENOUGH_WORDS = 12
# A run that starts at an answer's second sentence is worth 1/1.5 of its score, at the third 1/2, and so on.
_LATER_SENTENCE = 0.5
# What opens a discussion is what the rest builds on, but nobody should lose much by waking up later than others.
_LATER_ANSWER = 0.1
_LATEST_ANSWER = 0.8
# Words that share so many letters count as one, so that endings matter little in any language.
_STEM = 6

_WITHOUT_SPACES = re.compile(f"[{HAN}{KANA}{SOUTH_EAST_ASIAN}]")
_LINK = re.compile(r"https?://\S+")
_QUOTED = re.compile(QUOTED_LINES, re.MULTILINE)
_TO_A_SPACE = re.compile(rf".{{1,{QUOTE_LENGTH}}}(?!\S)|.{{1,{QUOTE_LENGTH}}}", re.DOTALL)

_Vector = dict[str, float]
"""Words with their weights, as far as they are not zero."""


@dataclass(frozen=True, slots=True)
class _Sentence:
    """Where a sentence stands in its answer; `stretch` counts the others' lines that stand before it."""

    start: int
    end: int
    words: _Vector
    stretch: int = 0


@dataclass(frozen=True, slots=True)
class _Candidate:
    """What would be quoted of an answer; `direction` is its words at length 1, so that products are cosines."""

    member_id: int
    quote: QuotedAnswer
    direction: _Vector
    score: float


def rank(
    said: Sequence[Said], limit: int, language: str = "en", shown: Sequence[QuotedAnswer] = ()
) -> tuple[QuotedAnswer, ...]:
    """Return at most `limit` quotes, the best first, one of an answer; the order of `said` makes no difference.

    Of k quotes of m members none gets more than k/m, rounded up, even if places stay empty, and the same words are
    quoted once, whoever says them. `language` is an ISO code that says how sentences end; any text is taken. Answers
    in `shown` stand in the digest already: they are not quoted again, what they say is no news any more, and they count
    for their members' shares.
    """
    candidates = _quotable(said, language)
    shown_ids = {quote.message_id for quote in shown}
    chosen = [candidate for candidate in candidates if candidate.quote.message_id in shown_ids]
    left = [candidate for candidate in candidates if candidate.quote.message_id not in shown_ids]
    before = len(chosen)
    overlaps = {candidate.quote.message_id: 0.0 for candidate in left}
    for candidate in chosen:
        _note_overlap(overlaps, left, candidate)
    share = ceil((limit + before) / max(1, len({candidate.member_id for candidate in candidates})))
    given = Counter(candidate.member_id for candidate in chosen)
    texts = {candidate.quote.text for candidate in chosen}
    while len(chosen) - before < limit:
        left = [one for one in left if given[one.member_id] < share and one.quote.text not in texts]
        if not left:
            break
        best = max(left, key=lambda candidate: candidate.score * (1 - overlaps[candidate.quote.message_id]))
        left.remove(best)
        chosen.append(best)
        texts.add(best.quote.text)
        given[best.member_id] += 1
        _note_overlap(overlaps, left, best)
    return tuple(candidate.quote for candidate in chosen[before:])


def quotable(said: Sequence[Said], language: str = "en") -> dict[int, QuotedAnswer]:
    """Return what would be quoted of each answer, by message id. Those without text and hidden ones are left out."""
    return {candidate.quote.message_id: candidate.quote for candidate in _quotable(said, language)}


def _quotable(said: Sequence[Said], language: str) -> list[_Candidate]:
    """Return the candidates that may be quoted; what is hidden counts only for what the others resemble."""
    hidden = {answer.message_id for answer in said if answer.hidden}
    return [one for one in _candidates(said, language) if one.quote.message_id not in hidden]


def _note_overlap(overlaps: dict[int, float], left: Iterable[_Candidate], chosen: _Candidate) -> None:
    for candidate in left:
        key = candidate.quote.message_id
        overlaps[key] = max(overlaps[key], _product(candidate.direction, chosen.direction))


def _candidates(said: Sequence[Said], language: str) -> list[_Candidate]:
    """Return one candidate an answer, in the order in which they were said."""
    ordered = sorted(
        (answer for answer in said if answer.text.strip()), key=lambda answer: (answer.sent_at, answer.message_id)
    )
    answers = _weighted([[*_sentences(answer.text, language)] for answer in ordered])
    central = _sum(_direction(sentence.words) for sentences in answers for sentence in sentences)
    by_member: dict[int, list[_Sentence]] = {}
    for answer, sentences in zip(ordered, answers, strict=True):
        by_member.setdefault(answer.member_id, []).extend(sentences)
    own = {member: _sum(_direction(sentence.words) for sentence in of) for member, of in by_member.items()}
    return [
        _candidate(answer, sentences, central, own[answer.member_id], place)
        for place, (answer, sentences) in enumerate(zip(ordered, answers, strict=True))
    ]


def _sentences(text: str, language: str) -> Iterator[_Sentence]:
    """Yield the sentences of a text with how often each word occurs; those too long to quote come in pieces."""
    for stretch, (end, last) in enumerate(_own_stretches(text)):
        # Lone surrogates, which no platform should send, are more than the splitter can take.
        plain = text[end:last].encode("utf-8", "replace").decode("utf-8")
        segments: list[str] = sentencex.segment(language, plain)
        for segment in segments:
            start, end = end, end + len(segment)
            for piece in _TO_A_SPACE.finditer(text[start:end].rstrip()):
                stripped = piece[0].strip()
                if stripped:
                    at = start + piece.start() + piece[0].index(stripped)
                    yield _Sentence(at, at + len(stripped), dict(Counter(_stems(stripped))), stretch)


def _own_stretches(text: str) -> list[tuple[int, int]]:
    """Return from where to where a text is its author's own: all of it if nothing is."""
    quoted = [found.span() for found in _QUOTED.finditer(text)]
    starts, ends = [0, *(end for _, end in quoted)], [*(start for start, _ in quoted), len(text)]
    own = [(start, end) for start, end in zip(starts, ends, strict=True) if text[start:end].strip()]
    return own or [(0, len(text))]


def _stems(text: str) -> Iterator[str]:
    """Yield what two texts are compared by: beginnings of words, and pairs of characters where there are no spaces."""
    for word in words(_LINK.sub(" ", text)):
        if len(word) > 1 and _WITHOUT_SPACES.match(word):
            yield from map("".join, pairwise(word))
        else:
            yield word[:_STEM]


def _weighted(answers: list[list[_Sentence]]) -> list[list[_Sentence]]:
    """Return sentences whose words weigh how often they occur in it times their idf, ln((1+n)/(1+f)) + 1."""
    count = sum(map(len, answers))
    occurs_in = Counter(word for answer in answers for sentence in answer for word in sentence.words)
    idf = {word: log((1 + count) / (1 + frequency)) + 1 for word, frequency in occurs_in.items()}
    return [
        [
            replace(sentence, words={word: times * idf[word] for word, times in sentence.words.items()})
            for sentence in answer
        ]
        for answer in answers
    ]


def _candidate(answer: Said, sentences: list[_Sentence], central: _Vector, own: _Vector, place: int) -> _Candidate:
    """Return the best run of an answer's sentences with its score.

    `own` is the part of `central` that the member said; `place` counts the answers before it.
    """
    first, last, direction, fitness = max(
        ((start, stop, *_fit_run(sentences[start:stop], start)) for start, stop in _runs(sentences)),
        key=lambda run: run[-1] * _product(run[-2], central),
    )
    by_its_author = _product(direction, own)
    score = fitness * (_product(direction, central) - by_its_author + sqrt(by_its_author))
    score *= max(_LATEST_ANSWER, 1 / (1 + _LATER_ANSWER * place))
    score *= 0.5 + agree_estimate(answer.votes)
    score *= 1.25 - 0.25 / (1 + answer.replies)
    quote = QuotedAnswer(
        message_id=answer.message_id,
        text=answer.text[sentences[first].start : sentences[last - 1].end],
        name=answer.name,
        link=answer.link,
        votes=answer.votes,
        whole=last - first == len(sentences),
        room_id=answer.room_id,
        pick=answer.pick,
    )
    return _Candidate(answer.member_id, quote, direction, score)


def _runs(sentences: list[_Sentence]) -> Iterator[tuple[int, int]]:
    """Yield from where to where an answer may be quoted: whole if it can be, otherwise every run short enough."""
    count, length = len(sentences), sentences[-1].end - sentences[0].start
    unbroken = sentences[0].stretch == sentences[-1].stretch
    if unbroken and (length <= SHORT_ANSWER or (count <= RUN_SENTENCES and length <= QUOTE_LENGTH)):
        yield 0, count
        return
    for start, first in enumerate(sentences):
        yield start, start + 1
        for stop in range(start + 2, min(count, start + RUN_SENTENCES) + 1):
            last = sentences[stop - 1]
            if last.stretch == first.stretch and last.end - first.start <= QUOTE_LENGTH:
                yield start, stop


def _fit_run(run: list[_Sentence], start: int) -> tuple[_Vector, float]:
    """Return a run's words at length 1, and what is left of its worth for its place and length, from 0 to 1."""
    direction = _direction(_sum(sentence.words for sentence in run))
    enough = sqrt(min(1.0, len(direction) / _ENOUGH_WORDS))
    return direction, enough / (1 + _LATER_SENTENCE * start)


def _sum(vectors: Iterable[_Vector]) -> _Vector:
    total: _Vector = {}
    for vector in vectors:
        for word, weight in vector.items():
            total[word] = total.get(word, 0.0) + weight
    return total


def _product(one: _Vector, other: _Vector) -> float:
    few, many = (one, other) if len(one) <= len(other) else (other, one)
    return sum(weight * many[word] for word, weight in few.items() if word in many)


def _direction(vector: _Vector) -> _Vector:
    length = sqrt(sum(weight * weight for weight in vector.values()))
    return {word: weight / length for word, weight in vector.items()}
