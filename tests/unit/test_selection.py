"""Which question comes next: the queue, dated questions, the three orders, and what happens when all were asked."""

from __future__ import annotations

import timeit
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import Exhausted, Kind, Order, Question
from bot.selection import Pick, Progress, Queued, choose, upcoming

TODAY = date(2026, 3, 2)
DAY = timedelta(days=1)
ORDERS = st.sampled_from(Order)
SEEDS = st.integers(0, 2**63)


def question(question_id: str, topic: str = "Agents", **changes: Any) -> Question:
    return replace(Question(question_id, f"What of {question_id}?", topic, Kind.OPEN, "", ()), **changes)


def a_set(**sizes: int) -> list[Question]:
    """Return so many questions of each topic, topic after topic."""
    return [question(f"{topic}{number}", topic) for topic, size in sizes.items() for number in range(size)]


def pick(
    questions: Sequence[Question],
    order: Order = Order.READING,
    progress: Progress | None = None,
    queue: Sequence[Queued] = (),
    on: date = TODAY,
    exhausted: Exhausted = Exhausted.RESHUFFLE,
    seed: int = 1,
) -> Pick | None:
    return choose(questions, order, seed, progress or Progress(), queue, on, exhausted)


def picked(questions: Sequence[Question], **how: Any) -> str | None:
    """Return the id of what is asked."""
    chosen = pick(questions, **how)
    return None if chosen is None else chosen.question.id


def asked(*question_ids: str, **changes: Any) -> Progress:
    return replace(Progress(asked=question_ids, last=question_ids[-1]), **changes)


def days_in_a_row(questions: Sequence[Question], order: Order, seed: int, count: int) -> list[Pick]:
    """Return what is asked day after day, with what was asked kept as the store keeps it."""
    progress, picks = Progress(), []
    for day in range(count):
        chosen = pick(questions, order, progress, on=TODAY + day * DAY, seed=seed)
        assert chosen is not None
        before = progress.asked if chosen.cycle == progress.cycle else ()
        progress = Progress(chosen.cycle, (*before, chosen.question.id), frozenset(), chosen.question.id)
        picks.append(chosen)
    return picks


class TestQueue:
    QUESTIONS = a_set(a=3, b=3)

    def test_queue_goes_before_a_dated_question_and_the_order(self) -> None:
        questions = [*self.QUESTIONS, question("dated", ask_on=TODAY)]
        entry = Queued(7, "b1")
        assert pick(questions, queue=[entry]) == Pick(self.QUESTIONS[4], 1, entry)

    def test_undated_entries_come_in_the_order_of_the_queue(self) -> None:
        queue = [Queued(9, "b2"), Queued(3, "a1")]
        assert picked(self.QUESTIONS, queue=queue) == "b2"

    def test_entry_dated_today_comes_before_undated_ones(self) -> None:
        queue = [Queued(1, "b1"), Queued(2, "b2", TODAY), Queued(3, "a1", TODAY)]
        assert picked(self.QUESTIONS, queue=queue) == "b2"

    def test_entry_dated_later_waits(self) -> None:
        assert picked(self.QUESTIONS, queue=[Queued(1, "b1", TODAY + DAY)]) == "a0"

    def test_overdue_entry_takes_its_place_among_the_undated(self) -> None:
        overdue = Queued(2, "b2", TODAY - DAY)
        assert picked(self.QUESTIONS, queue=[overdue, Queued(1, "b1")]) == "b2"
        assert picked(self.QUESTIONS, queue=[Queued(1, "b1"), overdue]) == "b1"

    @pytest.mark.parametrize("changes", [{"retired": True}, {"draft": True}])
    @pytest.mark.parametrize("on", [None, TODAY])
    def test_dead_and_unknown_questions_are_passed_over(self, changes: dict[str, Any], on: date | None) -> None:
        questions = [*self.QUESTIONS, question("dead", **changes)]
        queue = [Queued(1, "dead", on), Queued(2, "gone", on), Queued(3, "b1")]
        assert picked(questions, queue=queue) == "b1"
        assert picked(questions, queue=queue[:2]) == "a0"

    def test_host_may_queue_what_was_asked_or_skipped_or_waits_for_its_date(self) -> None:
        questions = [*self.QUESTIONS, question("later", not_before=TODAY + DAY)]
        progress = asked("a0", "b1", skipped=frozenset({"a2"}))
        for question_id in ("b1", "a2", "later"):
            assert picked(questions, progress=progress, queue=[Queued(1, question_id)]) == question_id

    def test_queue_is_served_after_the_set_has_stopped(self) -> None:
        progress = asked("a0", cycle=3)
        entry = Queued(1, "a0")
        chosen = pick(a_set(a=1), progress=progress, queue=[entry], exhausted=Exhausted.STOP)
        assert chosen == Pick(question("a0", "a"), 3, entry)


class TestDates:
    @given(order=ORDERS, seed=SEEDS)
    def test_question_dated_today_goes_before_the_order(self, order: Order, seed: int) -> None:
        questions = [*a_set(a=5, b=5), question("dated", "b", ask_on=TODAY)]
        assert picked(questions, order=order, seed=seed) == "dated"

    def test_question_dated_today_is_not_asked_twice_nor_against_the_host(self) -> None:
        questions = [*a_set(a=2), question("dated", ask_on=TODAY)]
        assert picked(questions, progress=asked("dated")) == "a0"
        assert picked(questions, progress=Progress(skipped=frozenset({"dated"}))) == "a0"

    def test_question_that_missed_its_date_takes_its_place_in_the_order(self) -> None:
        questions = [question("dated", ask_on=TODAY - DAY), *a_set(a=2)]
        assert picked(questions) == "dated"

    @given(order=ORDERS, seed=SEEDS)
    def test_what_may_not_be_asked_yet_or_any_more_is_never_chosen(self, order: Order, seed: int) -> None:
        questions = [
            question("early", not_before=TODAY + DAY),
            question("tomorrow", ask_on=TODAY + DAY),
            question("draft", draft=True, ask_on=TODAY),
            question("retired", retired=True, ask_on=TODAY),
            question("contradicting", ask_on=TODAY, not_before=TODAY + DAY),
            question("good"),
        ]
        assert picked(questions, order=order, seed=seed) == "good"
        assert picked(questions[:-1], order=order, seed=seed) is None

    def test_question_may_be_asked_from_the_first_allowed_date_on(self) -> None:
        assert picked([question("early", not_before=TODAY)]) == "early"


class TestExhaustion:
    def test_all_asked_begins_a_new_cycle(self) -> None:
        chosen = pick(a_set(a=3), progress=asked("a0", "a1", "a2"))
        assert chosen is not None
        assert (chosen.question.id, chosen.cycle) == ("a0", 2)

    def test_all_asked_may_stop_instead(self) -> None:
        questions = a_set(a=3)
        assert picked(questions, progress=asked("a0", "a1"), exhausted=Exhausted.STOP) == "a2"
        assert picked(questions, progress=asked("a0", "a1", "a2"), exhausted=Exhausted.STOP) is None

    def test_skipped_question_comes_back_only_in_the_next_cycle(self) -> None:
        questions = a_set(a=3)
        skipped = frozenset({"a0"})
        assert picked(questions, progress=Progress(skipped=skipped)) == "a1"
        chosen = pick(questions, progress=asked("a1", "a2", skipped=skipped))
        assert chosen is not None
        assert (chosen.question.id, chosen.cycle) == ("a0", 2)

    def test_question_of_the_future_does_not_hold_up_a_new_cycle(self) -> None:
        questions = [*a_set(a=2), question("early", not_before=TODAY + DAY)]
        progress = asked("a0", "a1")
        chosen = pick(questions, progress=progress)
        assert chosen is not None
        assert chosen.cycle == 2
        assert picked(questions, progress=progress, exhausted=Exhausted.STOP) is None
        assert picked(questions, progress=progress, exhausted=Exhausted.STOP, on=TODAY + DAY) == "early"

    @given(order=ORDERS, seed=SEEDS)
    def test_new_cycle_never_opens_with_the_question_asked_last(self, order: Order, seed: int) -> None:
        questions = a_set(a=2, b=1)
        for last in ("a0", "a1", "b0"):
            others = tuple({"a0", "a1", "b0"} - {last})
            assert picked(questions, order=order, seed=seed, progress=asked(*others, last)) != last
            assert picked(questions, order=order, seed=seed, progress=Progress(cycle=2, last=last)) != last

    @given(order=ORDERS)
    def test_only_question_of_a_set_is_asked_again(self, order: Order) -> None:
        assert picked(a_set(a=1), order=order, progress=asked("a0")) == "a0"

    @given(order=ORDERS, exhausted=st.sampled_from(Exhausted))
    def test_empty_set_asks_nothing(self, order: Order, exhausted: Exhausted) -> None:
        assert picked([], order=order, exhausted=exhausted, progress=asked("gone")) is None

    @settings(deadline=None)
    @given(order=ORDERS, seed=SEEDS, sizes=st.lists(st.integers(1, 6), min_size=1, max_size=6))
    def test_nothing_is_repeated_before_everything_was_asked(self, order: Order, seed: int, sizes: list[int]) -> None:
        questions = a_set(**{f"topic{number}-": size for number, size in enumerate(sizes)})
        picks = days_in_a_row(questions, order, seed, 3 * len(questions))
        every = sorted(each.id for each in questions)
        for cycle in (1, 2, 3):
            assert sorted(each.question.id for each in picks if each.cycle == cycle) == every
        if len(questions) > 1:
            assert all(one.question != two.question for one, two in pairwise(picks))


class TestReadingOrder:
    def test_questions_come_in_the_order_of_the_set_in_every_cycle(self) -> None:
        questions = a_set(b=2, a=2)
        picks = days_in_a_row(questions, Order.READING, 1, 8)
        assert [each.question for each in picks] == [*questions, *questions]

    def test_question_inserted_before_what_was_asked_is_caught_up_with(self) -> None:
        questions = [question("new"), *a_set(a=3)]
        assert picked(questions, progress=asked("a0", "a1")) == "new"


class TestShuffledOrder:
    def test_order_depends_on_the_group_and_the_cycle(self) -> None:
        questions = a_set(a=40)
        orders = {
            tuple(each.question.id for each in picks[start : start + 40])
            for picks in (days_in_a_row(questions, Order.SHUFFLED, seed, 80) for seed in (1, 2))
            for start in (0, 40)
        }
        assert len(orders) == 4
        assert tuple(each.id for each in questions) not in orders

    @settings(deadline=None)
    @given(seed=SEEDS, gone=st.sets(st.integers(0, 14), max_size=10), one_topic=st.booleans())
    def test_questions_that_come_go_or_change_leave_the_order_of_the_others(
        self, seed: int, gone: set[int], one_topic: bool
    ) -> None:
        before = [question(f"q{number}", "" if one_topic else f"topic {number}") for number in range(15)]
        after = [replace(each, text="Edited") for number, each in enumerate(before) if number not in gone]
        was = [each.question.id for each in days_in_a_row(before, Order.SHUFFLED, seed, len(before))]
        now = [each.question.id for each in days_in_a_row(after, Order.SHUFFLED, seed, len(after))]
        assert now == [question_id for question_id in was if question_id in now]

    @given(seed=SEEDS)
    def test_topics_of_the_last_three_questions_are_avoided(self, seed: int) -> None:
        questions = a_set(a=4, b=4, c=4, d=2, e=2)
        chosen = picked(questions, order=Order.SHUFFLED, seed=seed, progress=asked("a0", "b0", "c0"))
        assert chosen in {"d0", "d1", "e0", "e1"}

    @given(seed=SEEDS)
    def test_new_cycle_avoids_the_topic_of_the_old_ones_last_question(self, seed: int) -> None:
        chosen = picked(a_set(a=4, b=4), order=Order.SHUFFLED, seed=seed, progress=Progress(cycle=2, last="a0"))
        assert chosen in {"b0", "b1", "b2", "b3"}

    @settings(deadline=None)
    @given(seed=SEEDS, sizes=st.lists(st.integers(1, 9), min_size=2, max_size=6))
    def test_neighbouring_days_differ_in_topic_whenever_that_is_possible(self, seed: int, sizes: list[int]) -> None:
        questions = a_set(**{f"topic{number}-": size for number, size in enumerate(sizes)})
        picks = days_in_a_row(questions, Order.SHUFFLED, seed, len(questions))
        alike = sum(one.question.topic == two.question.topic for one, two in pairwise(picks))
        others = len(questions) - max(sizes)
        assert alike == max(0, max(sizes) - others - 1)

    def test_large_topic_is_spread_over_the_whole_cycle(self) -> None:
        picks = days_in_a_row(a_set(large=40, b=20, c=20, d=20), Order.SHUFFLED, 1, 100)
        topics = [each.question.topic for each in picks]
        assert all(6 <= topics[start : start + 20].count("large") <= 10 for start in range(0, 100, 20))


class TestTopicsOrder:
    def test_topics_take_turns_in_the_order_of_the_set(self) -> None:
        picks = days_in_a_row(a_set(b=2, a=1, c=3), Order.TOPICS, 1, 9)
        assert [each.question.topic for each in picks] == ["b", "a", "c", "b", "c", "c", "b", "a", "c"]

    def test_turn_goes_on_after_what_was_asked_out_of_turn(self) -> None:
        questions = a_set(a=3, b=3, c=3)
        assert str(picked(questions, order=Order.TOPICS, progress=asked("a0", "b1"))).startswith("c")
        assert str(picked(questions, order=Order.TOPICS, progress=asked("a0", last="b1"))).startswith("c")
        assert str(picked(questions, order=Order.TOPICS, progress=asked("a0", "c1"))).startswith("a")

    def test_question_that_left_the_set_does_not_stop_the_turn(self) -> None:
        assert str(picked(a_set(a=3, b=3), order=Order.TOPICS, progress=asked("gone"))).startswith("a")

    def test_questions_of_a_topic_come_in_the_groups_own_order(self) -> None:
        questions = a_set(a=12)
        orders = [
            [each.question.id for each in days_in_a_row(questions, order, seed, 12)]
            for order, seed in ((Order.TOPICS, 1), (Order.TOPICS, 2), (Order.SHUFFLED, 1), (Order.READING, 1))
        ]
        assert orders[0] == orders[2]
        assert orders[0] not in (orders[1], orders[3])


QUEUES = st.lists(
    st.tuples(st.integers(0, 9), st.one_of(st.none(), st.integers(-2, 8).map(lambda ahead: TODAY + ahead * DAY))),
    max_size=5,
).map(lambda entries: [Queued(number, f"a{which}", on) for number, (which, on) in enumerate(entries)])


class TestUpcoming:
    DAYS = tuple(TODAY + ahead * DAY for ahead in range(5))

    def test_undated_entries_are_used_up_and_dated_ones_kept_for_their_day(self) -> None:
        queue = [Queued(1, "a3"), Queued(2, "a4", TODAY + 3 * DAY), Queued(3, "a2")]
        picks = upcoming(a_set(a=6), Order.READING, 1, Progress(), queue, self.DAYS, Exhausted.STOP)
        assert [each.question.id for each in picks] == ["a3", "a2", "a0", "a4", "a1"]
        assert [each.queued and each.queued.id for each in picks] == [1, 3, None, 2, None]

    def test_days_need_not_be_neighbours(self) -> None:
        questions = [*a_set(a=3), question("dated", ask_on=TODAY + 4 * DAY)]
        days = (TODAY, TODAY + 4 * DAY)
        picks = upcoming(questions, Order.READING, 1, Progress(), (), days, Exhausted.STOP)
        assert [each.question.id for each in picks] == ["a0", "dated"]

    def test_list_ends_where_the_set_does(self) -> None:
        picks = upcoming(a_set(a=3), Order.READING, 1, asked("a0"), (), self.DAYS, Exhausted.STOP)
        assert [each.question.id for each in picks] == ["a1", "a2"]

    def test_list_ends_before_a_date_without_a_question_so_that_picks_and_dates_pair_up(self) -> None:
        queue = [Queued(1, "a0", TODAY + 3 * DAY)]
        picks = upcoming(a_set(a=1), Order.READING, 1, Progress(), queue, self.DAYS, Exhausted.STOP)
        assert [each.question.id for each in picks] == ["a0"]

    def test_list_goes_on_into_the_next_cycle(self) -> None:
        picks = upcoming(a_set(a=3), Order.READING, 1, asked("a0"), (), self.DAYS, Exhausted.RESHUFFLE)
        assert [(each.question.id, each.cycle) for each in picks] == [
            ("a1", 1),
            ("a2", 1),
            ("a0", 2),
            ("a1", 2),
            ("a2", 2),
        ]

    @settings(deadline=None)
    @given(order=ORDERS, seed=SEEDS, queue=QUEUES, size=st.integers(1, 8))
    def test_each_day_gets_what_was_foreseen(self, order: Order, seed: int, queue: list[Queued], size: int) -> None:
        questions, progress, left = a_set(a=size, b=2), Progress(), list(queue)
        days = [TODAY + ahead * DAY for ahead in range(12)]
        foreseen = upcoming(questions, order, seed, progress, tuple(queue), days, Exhausted.RESHUFFLE)
        assert len(foreseen) == len(days)
        for day, expected in zip(days, foreseen, strict=True):
            assert pick(questions, order, progress, left, day, seed=seed) == expected
            before = progress.asked if expected.cycle == progress.cycle else ()
            progress = Progress(expected.cycle, (*before, expected.question.id), last=expected.question.id)
            left = [entry for entry in left if entry != expected.queued]


@pytest.mark.parametrize("order", Order)
def test_choosing_from_a_large_set_takes_no_time(order: Order) -> None:
    questions = a_set(**{f"topic{number}-": 15 for number in range(20)})
    progress = asked(*(each.id for each in questions[::3]))
    queue = [Queued(number, "gone") for number in range(20)]
    assert min(timeit.repeat(lambda: pick(questions, order, progress, queue), number=1, repeat=20)) < 0.005
