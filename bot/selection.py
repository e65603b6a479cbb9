"""Which question a group is asked next. Pure: the same values give the same question, on every machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import blake2b

from bot.model import Exhausted, Order, Question

SPREAD = 7
"""How many of the last questions' topics a shuffled order avoids, so that neighbouring days differ."""


@dataclass(frozen=True, slots=True)
class Queued:
    """One entry of a host's queue, for the local date `on` or for the next free date."""

    id: int
    question_id: str
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a group has come with its question set.

    `asked` are the ids asked in this cycle, in order; `skipped` those that a host passed over in this cycle; `last` is
    the one asked last in any cycle.
    """

    cycle: int = 1
    asked: tuple[str, ...] = ()
    skipped: frozenset[str] = frozenset()
    last: str | None = None


@dataclass(frozen=True, slots=True)
class Pick:
    """The question to ask, the cycle that it belongs to, and the queue entry that it fulfils."""

    question: Question
    cycle: int
    queued: Queued | None = None


def choose(
    questions: Sequence[Question],
    order: Order,
    seed: int,
    progress: Progress,
    queue: Sequence[Queued],
    on: date,
    exhausted: Exhausted,
) -> Pick | None:
    """Return what to ask on the local date `on`, or None if there is nothing.

    A host's queue goes first: what is dated for that day, then what is undated or overdue. Then come questions that are
    themselves dated for that day, then the group's order. Unless queued, no question comes again before all others that
    may be asked by that day have been asked or skipped; then it is a new cycle, or None, as `exhausted` says.
    """
    if (pick := _from_queue(questions, progress, queue, on)) is not None:
        return pick
    done = progress.skipped.union(progress.asked)
    open_now = [question for question in questions if _may_be_asked(question, on)]
    waiting = [question for question in open_now if question.id not in done]
    cycle = progress.cycle
    for question in waiting:
        if question.ask_on == on:
            return Pick(question, cycle)
    if not waiting and exhausted is Exhausted.RESHUFFLE:
        waiting, cycle = open_now, cycle + 1
    # A new cycle must not open with the question that closed the one before.
    candidates = [question for question in waiting if question.id != progress.last] or waiting
    if not candidates:
        return None
    match order:
        case Order.READING:
            question = candidates[0]
        case Order.SHUFFLED:
            question = _spread(_shuffled(candidates, seed, cycle), _recent_topics(questions, progress))
        case Order.TOPICS:
            question = _rotated(_shuffled(candidates, seed, cycle), _topics_in_turn(questions, progress))
    return Pick(question, cycle)


def upcoming(
    questions: Sequence[Question],
    order: Order,
    seed: int,
    progress: Progress,
    queue: Sequence[Queued],
    days: Sequence[date],
    exhausted: Exhausted,
) -> list[Pick]:
    """Return what the given local dates, in order, would be asked if nothing changed.

    The picks stand for the first dates of `days`: the list ends before the first date that has nothing to be asked.
    """
    picks: list[Pick] = []
    left = list(queue)
    for day in days:
        pick = choose(questions, order, seed, progress, left, day, exhausted)
        if pick is None:
            break
        picks.append(pick)
        if pick.queued is not None:
            left.remove(pick.queued)
        progress = _after(progress, pick)
    return picks


def _from_queue(questions: Sequence[Question], progress: Progress, queue: Sequence[Queued], on: date) -> Pick | None:
    """Return the first entry dated `on`, else the first that is undated or overdue; dead questions are passed over."""
    if not queue:
        return None
    by_id = {question.id: question for question in questions if not (question.draft or question.retired)}
    ready = [entry for entry in queue if entry.question_id in by_id and (entry.on is None or entry.on <= on)]
    entry = min(ready, key=lambda entry: entry.on != on, default=None)
    return None if entry is None else Pick(by_id[entry.question_id], progress.cycle, entry)


def _may_be_asked(question: Question, on: date) -> bool:
    """Return whether the order may choose a question on that date."""
    if question.draft or question.retired:
        return False
    return all(start is None or start <= on for start in (question.not_before, question.ask_on))


def _shuffled(candidates: Iterable[Question], seed: int, cycle: int) -> list[Question]:
    """Return questions in the order of a hash of each, which others that come, go or change leave as it is."""

    def position(question: Question) -> bytes:
        return blake2b(f"{seed}\0{cycle}\0{question.id}".encode(), digest_size=16).digest()

    return sorted(candidates, key=position)


def _spread(candidates: Sequence[Question], recent: Sequence[str]) -> Question:
    """Return the first candidate whose topic is none of the `recent` ones, newest last, as far as the mix allows.

    To stand d questions apart, c questions of one topic need (c - 1)(d + 1) + 1 days. A topic that needs all the days
    that are left goes first; if one needs more than that, d shrinks, lest its questions pile up at the end.
    """
    counts = Counter(question.topic for question in candidates)
    for distance in range(SPREAD, 0, -1):
        need = {topic: (count - 1) * (distance + 1) + 1 for topic, count in counts.items()}
        fresh = [question for question in candidates if question.topic not in recent[-distance:]]
        fits = max(need.values()) <= len(candidates)
        if fresh and (fits or distance == 1):
            return next((question for question in fresh if need[question.topic] >= len(candidates)), fresh[0])
    return candidates[0]


def _rotated(candidates: Sequence[Question], topics: Iterable[str]) -> Question:
    """Return the first candidate of the first topic that has one."""
    first_of_topic = {question.topic: question for question in reversed(candidates)}
    return next(first_of_topic[topic] for topic in topics if topic in first_of_topic)


def _recent_topics(questions: Sequence[Question], progress: Progress) -> list[str]:
    """Return the topics of the questions asked last, newest last."""
    history = progress.asked[-SPREAD:]
    if progress.last is not None and history[-1:] != (progress.last,):
        history = (*history, progress.last)
    topics = {question.id: question.topic for question in questions}
    return [topics[question_id] for question_id in history if question_id in topics]


def _topics_in_turn(questions: Sequence[Question], progress: Progress) -> list[str]:
    """Return all topics, beginning after the topic of the question asked last."""
    topics = list(dict.fromkeys(question.topic for question in questions))
    recent = _recent_topics(questions, progress)
    turn = topics.index(recent[-1]) + 1 if recent else 0
    return topics[turn:] + topics[:turn]


def _after(progress: Progress, pick: Pick) -> Progress:
    """Return the progress once a pick has been asked."""
    question_id = pick.question.id
    if pick.cycle != progress.cycle:
        return Progress(pick.cycle, (question_id,), last=question_id)
    return replace(progress, asked=(*progress.asked, question_id), last=question_id)
