"""From a week's discussions to its digest."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.compile import QUOTES_A_DIGEST, compile_digest, is_empty
from bot.digest.model import Digest, Discussion, Participant, Said, Votes
from bot.model import Forecast, Kind
from tests.unit.discussions import GRID, MONDAY, WEEK, discussion, question, said

REMARKED = replace(discussion(1), remarks=3)


def compiled(*discussions: Discussion) -> Digest:
    return compile_digest(WEEK, discussions, ())


def numbered(first: int, count: int, votes: Votes | None = None) -> list[Said]:
    return [
        said(n, f"Reason number {n} is that turbine {n} has a queue.", votes=votes) for n in range(first, first + count)
    ]


@st.composite
def weeks(draw: st.DrawFn) -> list[Discussion]:
    votes = st.builds(Votes, *[st.integers(0, 5)] * 3)
    texts = st.sampled_from([*(answer.text for answer in GRID), "", "Why not?"])
    shapes = draw(st.lists(st.lists(st.tuples(texts, st.integers(1, 5), votes), max_size=8), max_size=16))
    discussions, message_id = [], 0
    for round_id, answers in enumerate(shapes, start=1):
        given_answers = []
        for text, member, counts in answers:
            message_id += 1
            given_answers.append(said(message_id, text, member=member, votes=counts))
        discussions.append(discussion(round_id, *given_answers, continued=draw(st.booleans())))
    return discussions


def shown(digest: Digest) -> list[int]:
    return [quote.message_id for entry in digest.rounds for quote in (*entry.quotes, *entry.consensus, *entry.splits)]


def test_rounds_come_in_the_order_asked_with_continued_ones_last() -> None:
    digest = compiled(
        discussion(3, said(1, GRID[0].text)),
        discussion(1, said(2, GRID[1].text), asked_on=date(2025, 2, 20), continued=True),
        discussion(2),
        discussion(4, asked_on=MONDAY),
    )
    assert [entry.round_id for entry in digest.rounds] == [4, 2, 3, 1]


def test_continued_round_without_answers_is_left_out_but_its_remarks_count() -> None:
    digest = compiled(discussion(2, said(1, GRID[0].text)), replace(REMARKED, continued=True))
    assert [entry.round_id for entry in digest.rounds] == [2]
    assert digest.remarks == 3


def test_totals_count_everything_said_quoted_or_not() -> None:
    digest = compiled(
        discussion(1, *numbered(1, 20, Votes(1, 0, 1))),
        replace(discussion(2, said(50, "", member=1, votes=Votes(2))), remarks=4),
    )
    assert (digest.answers, digest.votes, digest.remarks) == (21, 42, 4)
    assert (digest.rounds[0].answers, digest.rounds[0].members) == (20, 20)
    assert len(digest.rounds[0].quotes) == 3


def test_participants_are_counted_once_by_their_latest_name() -> None:
    digest = compiled(
        discussion(1, said(1, GRID[0].text, member=1), said(2, GRID[1].text, member=2), said(3, "", member=3)),
        discussion(2, replace(said(4, GRID[3].text, member=2), name="adele")),
    )
    assert digest.participants == (Participant("adele", 2), Participant("Member 1", 1), Participant("Member 3", 1))


def test_participants_with_equally_many_answers_come_by_name_in_any_case() -> None:
    answers = [replace(said(n, GRID[n].text), name=name) for n, name in enumerate(["bo", "Cy", "Al"], start=1)]
    assert [one.name for one in compiled(discussion(1, *answers)).participants] == ["Al", "bo", "Cy"]


def test_later_name_counts_however_the_answers_arrive() -> None:
    early, late = said(1, GRID[0].text, member=1), replace(said(2, GRID[1].text, member=1), name="Adele")
    assert compiled(discussion(1, late, early)).participants == (Participant("Adele", 2),)


def test_two_members_of_one_name_are_two_participants() -> None:
    answers = [replace(said(number, GRID[number].text), name="Kim") for number in (1, 2)]
    assert compiled(discussion(1, *answers)).participants == (Participant("Kim", 1), Participant("Kim", 1))


def test_what_voters_agree_on_or_split_over_is_shown_as_that_and_not_again() -> None:
    answers = [
        replace(GRID[0], votes=Votes(5, 0, 1)),
        replace(GRID[1], votes=Votes(3, 3)),
        *GRID[2:],
    ]
    entry = compiled(discussion(1, *answers)).rounds[0]
    assert [quote.message_id for quote in entry.consensus] == [1]
    assert [quote.message_id for quote in entry.splits] == [2]
    assert entry.quotes
    assert not {1, 2} & {quote.message_id for quote in entry.quotes}


def test_group_of_three_agrees_and_splits_although_nobody_votes_on_their_own_words() -> None:
    answers = [replace(GRID[0], votes=Votes(2)), replace(GRID[1], votes=Votes(1, 1)), GRID[2]]
    entry = compiled(discussion(1, *answers)).rounds[0]
    assert [quote.message_id for quote in entry.consensus] == [1]
    assert [quote.message_id for quote in entry.splits] == [2]


def test_two_votes_are_no_agreement_of_a_larger_group() -> None:
    answers = [replace(GRID[0], votes=Votes(2)), replace(GRID[1], votes=Votes(1, 1)), *GRID[2:4]]
    entry = compiled(discussion(1, *answers)).rounds[0]
    assert (entry.consensus, entry.splits) == ((), ())
    many = [replace(GRID[0], votes=Votes(2)), replace(GRID[1], votes=Votes(0, 0, 9))]
    assert compiled(discussion(1, *many)).rounds[0].consensus == (), "nine people vote, though only two answer"


def test_best_of_the_rest_is_quoted_beside_consensus_and_splits() -> None:
    entry = compiled(discussion(1, *numbered(1, 2, Votes(5)), *numbered(3, 2, Votes(3, 3)), *numbered(5, 2))).rounds[0]
    assert (len(entry.consensus), len(entry.splits), len(entry.quotes)) == (2, 2, 1)


def test_strongest_consensus_and_most_voted_split_are_chosen() -> None:
    answers = [
        *numbered(1, 3, Votes(30, 10)),
        *numbered(4, 1, Votes(20)),
        *numbered(5, 3, Votes(2, 2)),
        *numbered(8, 1, Votes(20, 20)),
    ]
    entry = compiled(discussion(1, *answers)).rounds[0]
    assert entry.consensus[0].message_id == 4
    assert entry.splits[0].message_id == 8
    assert len(entry.consensus) == len(entry.splits) == 2


def test_quotes_are_spread_over_rounds_by_how_much_was_said() -> None:
    digest = compiled(
        *(discussion(n, *numbered(n * 100, count)) for n, count in enumerate([8, 20, 14, 10, 16, 12], start=1))
    )
    assert [len(entry.quotes) for entry in digest.rounds] == [1, 3, 2, 1, 3, 2]


def test_every_answered_round_is_quoted_before_any_gets_a_second_quote() -> None:
    digest = compiled(*(discussion(n, *numbered(n * 100, 40 if n == 1 else 1)) for n in range(1, 13)))
    assert [len(entry.quotes) for entry in digest.rounds] == [1] * 12


def test_few_answers_get_few_quotes() -> None:
    for count, quotes in ((1, 1), (2, 2), (3, 2), (4, 3), (9, 3)):
        assert len(compiled(discussion(1, *numbered(1, count))).rounds[0].quotes) == quotes


def test_picks_are_tallied_by_each_members_latest() -> None:
    about = question("What binds first?", kind=Kind.CHOICE, options=("Energy", "Chips"))
    answers = [
        said(1, "", member=1, pick="Energy"),
        said(2, "Chips after all, see the packaging queue.", member=1, pick="Chips"),
        said(3, "", member=2, pick="Chips"),
        said(4, "I cannot choose between the two of them.", member=3),
    ]
    entry = compiled(discussion(1, *reversed(answers), about=about)).rounds[0]
    assert entry.picks == (("Energy", "0"), ("Chips", "2"))
    assert entry.answers == 4


def test_estimates_are_summed_up() -> None:
    asked = Forecast("year", "As published.", date(2035, 1, 1))
    about = question("When?", kind=Kind.FORECAST, forecast=asked)
    answers = [said(n, "", pick=str(2030 + n)) for n in range(1, 6)]
    assert dict(compiled(discussion(1, *answers, about=about)).rounds[0].picks)["Median"] == "2033"


def test_upcoming_lines_are_kept() -> None:
    assert compile_digest(WEEK, [], ["Chapter 3"]).upcoming == ("Chapter 3",)


@pytest.mark.parametrize("discussions", [[], [discussion(1)], [REMARKED]])
def test_week_in_which_nobody_answered_is_empty(discussions: list[Discussion]) -> None:
    assert is_empty(compiled(*discussions))


def test_week_with_one_answer_to_an_old_question_is_not_empty() -> None:
    assert not is_empty(compiled(discussion(1, said(1, GRID[0].text), continued=True)))


@given(weeks())
def test_no_answer_is_quoted_twice_and_a_digest_stays_short(discussions: list[Discussion]) -> None:
    digest = compiled(*discussions)
    ids = shown(digest)
    assert len(ids) == len(set(ids))
    assert digest.quoted == set(ids)
    assert sum(len(entry.quotes) for entry in digest.rounds) <= QUOTES_A_DIGEST


@given(weeks())
def test_totals_agree_with_each_other(discussions: list[Discussion]) -> None:
    digest = compiled(*discussions)
    assert digest.answers == sum(entry.answers for entry in digest.rounds)
    assert digest.answers == sum(participant.answers for participant in digest.participants)
    counts = [participant.answers for participant in digest.participants]
    assert counts == sorted(counts, reverse=True)


@given(st.data(), weeks())
def test_order_of_the_input_makes_no_difference(data: st.DataObject, discussions: list[Discussion]) -> None:
    shuffled = [
        replace(one, said=tuple(data.draw(st.permutations(one.said))))
        for one in data.draw(st.permutations(discussions))
    ]
    assert compiled(*shuffled) == compiled(*discussions)


@given(weeks(), st.data())
def test_what_is_pinned_is_quoted_once_and_what_is_hidden_never(week: list[Discussion], data: st.DataObject) -> None:
    ids = [answer.message_id for one in week for answer in one.said]
    pinned, hidden = (data.draw(st.sets(st.sampled_from(ids)) if ids else st.just(set())) for _ in range(2))
    chosen = [
        replace(
            one,
            said=tuple(
                replace(answer, pinned=answer.message_id in pinned, hidden=answer.message_id in hidden)
                for answer in one.said
            ),
        )
        for one in week
    ]
    digest = compiled(*chosen)
    quotes = shown(digest)
    assert len(quotes) == len(set(quotes))
    assert not hidden & set(quotes)
    quotable = {answer.message_id for one in week for answer in one.said if answer.text.strip()}
    assert (pinned & quotable) - hidden <= set(quotes)
    plain = compiled(*week)
    assert (digest.answers, digest.votes, digest.participants) == (plain.answers, plain.votes, plain.participants)


def test_what_is_pinned_comes_first_and_takes_no_place_from_a_small_round() -> None:
    answers = numbered(1, 9)
    assert 7 not in shown(compiled(discussion(1, *answers)))
    pinned = [replace(answer, pinned=answer.message_id == 7) for answer in answers]
    quotes = shown(compiled(discussion(1, *pinned)))
    assert quotes[0] == 7
    assert len(quotes) == 3


def test_a_hidden_answer_shows_neither_as_agreement_nor_as_split() -> None:
    agreed, split = Votes(agree=9), Votes(agree=8, disagree=8)
    answers = [replace(said(1, GRID[0].text, votes=agreed), hidden=True), said(2, GRID[1].text, votes=agreed)]
    answers += [replace(said(3, GRID[2].text, votes=split), hidden=True)]
    digest = compiled(discussion(1, *answers))
    assert shown(digest) == [2]
