"""A digest as its group reads it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.content import Block, Facts, Heading, Item, Listing, Paragraph, Quote
from bot.digest.compile import compile_digest
from bot.digest.model import Digest, Discussion, Votes
from bot.digest.render import NAMES, digest_blocks, digest_title, empty_week_blocks, vote_counts
from bot.model import Kind
from tests.unit.discussions import GRID, MONDAY, WEEK, discussion, question, said


def digest(*discussions: Discussion, upcoming: tuple[str, ...] = ()) -> Digest:
    return compile_digest(WEEK, discussions, upcoming)


def headings(blocks: tuple[Block, ...]) -> list[str]:
    return [block.text for block in blocks if isinstance(block, Heading)]


def paragraphs(blocks: tuple[Block, ...]) -> list[str]:
    return [block.text for block in blocks if isinstance(block, Paragraph)]


def quotes(blocks: tuple[Block, ...]) -> list[Quote]:
    return [block for block in blocks if isinstance(block, Quote)]


def items(blocks: tuple[Block, ...]) -> list[Item]:
    return [item for block in blocks if isinstance(block, Listing) for item in block.items]


def test_title_names_the_group_and_the_weeks_local_dates() -> None:
    assert digest_title(digest()).replace("\u2009", " ") == "Slow Readers: 2\u20139 Mar 2025"
    eastern = replace(WEEK, zone="Pacific/Auckland")
    assert "3\u2013" in digest_title(compile_digest(eastern, [], ()))


def test_last_day_of_a_week_that_ends_at_midnight_is_the_day_before() -> None:
    midnight = WEEK.until + timedelta(hours=6)
    week = replace(WEEK, since=midnight - timedelta(days=7), until=midnight)
    assert digest_title(compile_digest(week, [], ())).replace("\u2009", " ").endswith("3\u20139 Mar 2025")


def test_question_is_headed_by_the_date_it_was_asked_on_and_links_to_its_thread() -> None:
    blocks = digest_blocks(digest(discussion(1, *GRID, about=question("What binds first?"))))
    assert headings(blocks)[0] == "Mon 3 Mar · What binds first?"
    assert items(blocks)[0] == Item("7 answers from 7 members", link="https://chat.example/round/1")


def test_quote_carries_author_link_and_raw_counts() -> None:
    answer = said(1, "The grid binds first, by years.", votes=Votes(2, 0, 3))
    (quote,) = quotes(digest_blocks(digest(discussion(1, answer))))
    assert quote == Quote("The grid binds first, by years.", "Member 1", "https://chat.example/1", "2 agree · 3 pass")


def test_quoted_reasons_say_for_which_choice_they_are() -> None:
    about = question("What binds first?", kind=Kind.CHOICE, options=("Energy", "Chips"))
    answer = said(1, "It is sold out until the end of the decade.", pick="Energy", votes=Votes(1))
    (quote,) = quotes(digest_blocks(digest(discussion(1, answer, about=about))))
    assert quote.note == "Energy · 1 agree"


def test_erased_member_is_quoted_as_a_member() -> None:
    answer = replace(said(1, "The grid binds first, by years."), name="")
    blocks = digest_blocks(digest(discussion(1, answer)))
    assert quotes(blocks)[0].by == "a member"
    assert "a member (1)" in paragraphs(blocks)


def test_part_of_a_longer_answer_says_so() -> None:
    answer = replace(GRID[2], votes=Votes(agree=1))
    assert quotes(digest_blocks(digest(discussion(1, answer))))[0].note == "1 agree · from a longer answer"


def test_votes_are_shown_as_counts_without_zeros() -> None:
    assert vote_counts(Votes(12, 3, 1)) == "12 agree · 3 disagree · 1 pass"
    assert vote_counts(Votes(1200, 0, 0)) == "1,200 agree"
    assert vote_counts(Votes()) == ""


def test_agreement_and_split_stand_below_their_question_with_their_votes() -> None:
    answers = [replace(GRID[0], votes=Votes(5)), replace(GRID[1], votes=Votes(3, 3)), GRID[4]]
    blocks = digest_blocks(digest(discussion(1, *answers)))
    labels = [block.text if isinstance(block, Paragraph | Quote) else "" for block in blocks]
    agree, split = labels.index("Where you agree:"), labels.index("Where you split:")
    assert (labels[agree + 1], labels[split + 1]) == (GRID[0].text, GRID[1].text)
    assert [quote.note for quote in quotes(blocks)] == ["", "5 agree", "3 agree · 3 disagree"]


def test_nothing_is_said_about_agreement_where_there_is_none() -> None:
    assert not any(text.startswith("Where") for text in paragraphs(digest_blocks(digest(discussion(1, *GRID)))))


def test_picks_are_facts_below_their_question() -> None:
    about = question("What binds first?", kind=Kind.CHOICE, options=("Energy", "Chips"))
    blocks = digest_blocks(digest(discussion(1, said(1, "", pick="Chips"), about=about)))
    assert Facts((("Energy", "0"), ("Chips", "1"))) in blocks


def test_questions_nobody_answered_are_gathered_in_one_list() -> None:
    blocks = digest_blocks(digest(discussion(1), discussion(2, *GRID), discussion(3)))
    assert headings(blocks) == ["Tue 4 Mar · Question 2?", "Still waiting for an answer", "Who took part"]
    waiting = blocks[blocks.index(Heading("Still waiting for an answer")) + 1]
    assert waiting == Listing(
        (
            Item("Question 1?", detail="Asked Mon 3 Mar", link="https://chat.example/round/1"),
            Item("Question 3?", detail="Asked Wed 5 Mar", link="https://chat.example/round/3"),
        )
    )


def test_older_question_says_that_its_answers_are_this_weeks() -> None:
    older = discussion(1, GRID[0], asked_on=MONDAY - timedelta(days=9), continued=True)
    assert items(digest_blocks(digest(older)))[0].text == "1 answer from 1 member this week"


def test_totals_open_the_digest_and_leave_out_what_there_was_none_of() -> None:
    assert paragraphs(digest_blocks(digest(discussion(1, GRID[0]))))[0] == "1 answer from 1 member to 1 question."
    busy = replace(discussion(1, replace(GRID[0], votes=Votes(2)), GRID[1]), remarks=1)
    assert paragraphs(digest_blocks(digest(busy)))[0] == "2 answers from 2 members to 1 question, 2 votes, 1 remark."


def test_who_took_part_and_what_comes_next_close_the_digest() -> None:
    answers = [said(1, GRID[0].text, member=1), said(2, GRID[1].text, member=2), said(3, GRID[3].text, member=2)]
    blocks = digest_blocks(digest(discussion(1, *answers), upcoming=("Chapter 3: The Grid",)))
    assert blocks[-4:] == (
        Heading("Who took part"),
        Paragraph("Member 2 (2), Member 1 (1)"),
        Heading("What comes next"),
        Listing((Item("Chapter 3: The Grid"),)),
    )


def test_large_group_is_named_in_part_and_counted_in_full() -> None:
    answers = [said(number, GRID[0].text) for number in range(1, NAMES + 13)]
    names = paragraphs(digest_blocks(digest(discussion(1, *answers))))[-1]
    assert names.count("Member") == NAMES
    assert names.endswith(" and 12 others")


def test_empty_week_is_one_gentle_line() -> None:
    (line,) = empty_week_blocks(WEEK)
    assert isinstance(line, Paragraph)
    assert "nobody answered" in line.text
    assert line.text.count(".") == 1


def test_digest_of_an_empty_week_opens_with_that_line_and_lists_its_questions() -> None:
    blocks = digest_blocks(digest(discussion(1), upcoming=("Chapter 3",)))
    assert blocks[:1] == empty_week_blocks(WEEK)
    assert headings(blocks) == ["Still waiting for an answer", "What comes next"]
