"""The terminal as a chat: what is typed, what is shown, and what becomes of it."""

from __future__ import annotations

import asyncio
import os
import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.app import serve
from bot.clock import ManualClock
from bot.errors import BotError
from bot.platforms.console.channel import open_channel
from bot.platforms.console.platform import ConsolePlatform
from bot.platforms.console.terminal import BadLineError, Terminal
from bot.trial import start_over
from tests.standins.program import MONDAY, program
from tests.standins.room import QUESTIONS
from tests.standins.seeds import write_set
from tests.standins.trial import PersonScreen, Written, lives, written

SAID = "I think that compute is scarce, and whoever owns it decides who may think."
DATA = "Data matters more than compute: nobody learns much from reading one book twice."
BOTH = "Those two cannot be told apart in practice, since one buys the other."
LATER = "A year from now nobody will remember why this seemed to be a question."
DAY = timedelta(days=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with a set of twenty open questions."""
    write_set(tmp_path / "seeds", "commons", 20)
    return tmp_path


def digests(messages: dict[int, Written]) -> list[Written]:
    return [one for one in messages.values() if one.key.startswith("digest:")]


def questions(messages: dict[int, Written]) -> list[Written]:
    return [one for one in messages.values() if one.key.startswith("question:") and one.thread is None]


# Two weeks

TWO_WEEKS = (
    SAID,  # [4]
    "/as Ada",
    DATA,  # [5]
    "/reply 4 Who owns it today will not own it in ten years, history teaches.",  # [6]
    "/as Ben",
    BOTH,  # [7]
    "thanks!",  # [8], a remark
    "/vote 4 agree",
    "/vote 5 disagree",
    "/as Ada",
    "/vote 4 agree",
    "/vote 7 pass",
    "/vote 5 agree",  # on her own words
    "/day",
    "Nothing in this question is new, and that is what makes it a good one.",  # [11]
    "/as you",
    "/vote 11 agree",
    "/vote 11 disagree",
    "/edit 4 I think that compute is scarce, and whoever owns it decides for the others.",
    "/reading stats",
    "/week",
    LATER,
    "/as Ben",
    "That holds for every question that was ever asked in this group, I am afraid.",
    "ok!",
    "/as Ada",
    "I have changed my mind about the first question since last week, by the way.",
    "/reading mine",
    "/reading answer A form is as good as a thread when the train is full of people.",
    "/week",
)
REMARKS = {"thanks!", "ok!"}


def expected_totals(messages: dict[int, Written], since: datetime, until: datetime) -> str:
    """Return the line of totals that a digest of this time must have, counted from the channel alone."""
    answers: list[tuple[str, int | None, dict[str, str]]] = []
    remarks = 0
    for one in messages.values():
        by_form = re.match(r"(\w+) answers: ", one.text) if not one.author else None
        who = by_form[1] if by_form else one.author
        if not who or one.thread is None or not since <= one.sent_at < until:
            continue
        if one.text in REMARKS:
            remarks += 1
        else:
            answers.append((who, one.thread, {voter: vote for voter, vote in one.reactions.items() if voter != who}))
    members, threads = len({who for who, _, _ in answers}), len({thread for _, thread, _ in answers})
    votes = sum(len(of) for _, _, of in answers)
    told = f"{counted(len(answers), 'answer')} from {counted(members, 'member')} to {counted(threads, 'question')}"
    told += f", {counted(votes, 'vote')}" if votes else ""
    return told + (f", {counted(remarks, 'remark')}." if remarks else ".")


def counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


async def test_a_host_hides_a_message_by_its_number_as_it_is_shown_or_bare(folder: Path) -> None:
    lines = (SAID, "/as Ada", DATA, "/as you", "/reading-host hide [4]", "/reading-host hide 5", "/week")
    shown = await lives(folder, *lines)
    assert shown.count("No digest quotes this message any more") == 2
    (digest,) = digests(written(folder))
    assert "2 answers from 2 members" in digest.text
    assert SAID not in digest.text
    assert DATA not in digest.text


async def test_thirty_lines_live_two_weeks_and_print_two_true_digests(folder: Path) -> None:
    assert len(TWO_WEEKS) == 30
    shown = await lives(folder, *TWO_WEEKS)
    messages = written(folder)
    posted = digests(messages)
    assert len(posted) == 2
    assert len(questions(messages)) == 14, "one a day, none twice"
    assert len({one.text for one in questions(messages)}) == 14
    since = min(one.sent_at for one in messages.values())
    for digest in posted:
        assert digest.sent_at.strftime("%a %H:%M") == "Sun 18:00"
        assert expected_totals(messages, since, digest.sent_at) in digest.text
        assert f"[{digest.number}] bot: {digest.text.splitlines()[0]}" in shown
        require_verbatim_quotes(digest, messages)
        since = digest.sent_at
    assert "5 answers from 3 members to 2 questions, 5 votes, 1 remark." in posted[0].text
    assert "4 answers from 3 members to 1 question, 1 remark." in posted[1].text
    assert "decides for the others" in posted[0].text, "as it was edited before the digest"


def require_verbatim_quotes(digest: Written, messages: dict[int, Written]) -> None:
    """Require every quote to be words of the message that it points at, by the member that it names."""
    quotes = re.findall(r"(?m)^  \| (.+)\n    (.+?) · (?:.* · )?\[(\d+)\]$", digest.text)
    assert len(quotes) == digest.text.count("  | ") >= 3
    for words, who, number in quotes:
        said = messages[int(number)]
        assert words in said.text
        assert who == said.author or said.text.startswith(f"{who} answers: ")


async def test_every_answer_of_a_week_is_counted_for_its_member(folder: Path) -> None:
    await lives(folder, *TWO_WEEKS)
    messages = written(folder)
    first = digests(messages)[0]
    counts = Counter(
        one.author
        for one in messages.values()
        if one.author and one.text not in REMARKS and one.sent_at < first.sent_at
    )
    took_part = ", ".join(
        f"{who} ({count})" for who, count in sorted(counts.items(), key=lambda item: (-item[1], item))
    )
    assert f"Who took part\n{took_part}\n" in first.text


async def test_a_week_passes_through_the_question_of_each_day(folder: Path) -> None:
    shown = await lives(folder, "/week")
    days = re.findall(r"(?m)^(\w{3}) \d{4}-\d\d-\d\d 09:00 UTC #reading-room$", shown)
    assert days == ["Mon", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], "the first is the announcement"
    assert len(questions(written(folder))) == 7


async def test_a_day_goes_on_to_the_next_question(folder: Path) -> None:
    await lives(folder, "/day", "/day", SAID)
    messages = written(folder)
    asked = questions(messages)
    assert [one.sent_at - asked[0].sent_at for one in asked] == [0 * DAY, DAY, 2 * DAY]
    assert max(messages.values(), key=lambda one: one.number).thread == asked[-1].number


async def test_a_day_passes_over_what_a_schedule_leaves_out(folder: Path) -> None:
    await lives(folder, "/reading-host setup days:mon, thu", "/day", "/reading-host pause until:2100-01-01")
    first, second = questions(written(folder))
    assert second.sent_at - first.sent_at == 3 * DAY


async def test_without_questions_to_come_a_day_says_so(folder: Path) -> None:
    with pytest.raises(BadLineError, match=r"Line 2: No question came\. `/reading-host status` says why\."):
        await lives(folder, "/reading-host pause", "/day")


async def test_a_set_that_is_used_up_lets_the_days_go_on(tmp_path: Path) -> None:
    write_set(tmp_path / "seeds", "commons", 1)
    stop, go_on = "/reading-host setup exhausted:stop", "/reading-host setup exhausted:reshuffle"
    shown = await lives(tmp_path, stop, "/day", "/day", go_on, screen=PersonScreen)
    assert shown.count("No question came.") == 2
    assert "There is no question left to ask." in shown, "the host is told"
    first, second = questions(written(tmp_path))
    assert second.sent_at.date() - first.sent_at.date() == 2 * DAY


# What people do in the thread


async def test_what_is_typed_is_shown_in_the_thread_with_its_number_and_author(folder: Path) -> None:
    shown = await lives(folder, SAID, "/as Ada", f"/reply 4 {DATA}")
    assert f"  [4] you: {SAID}\n  [5] Ada: {DATA}\n" in shown


async def test_an_edit_a_deletion_and_votes_change_a_posted_digest(folder: Path) -> None:
    await lives(folder, SAID, "/as Ada", DATA, "/as Ben", "/vote 4 agree", "/week")
    before = digests(written(folder))[0].text
    assert "2 answers from 2 members to 1 question, 1 vote." in before
    assert SAID in before
    assert DATA in before
    await lives(folder, "/as Ada", "/delete 5")
    after = digests(written(folder))[0].text
    assert DATA not in after, "at once"
    assert "1 answer from 1 member to 1 question, 1 vote." in after
    assert "Ada (" not in after
    await lives(folder, f"/edit 4 {LATER}")
    after = digests(written(folder))[0].text
    assert (SAID in after, LATER in after) == (False, True)
    await lives(folder, "/as Ada", "/vote 4 agree", "/day")
    after = digests(written(folder))[0].text
    assert "you · 2 agree · [4]" in after
    assert "2 votes" in after


async def test_a_digest_of_a_week_that_was_deleted_says_that_it_was_quiet(folder: Path) -> None:
    await lives(folder, SAID, "/week", "/delete 4")
    text = digests(written(folder))[0].text
    assert SAID not in text
    assert "A quiet week" in text


async def test_a_late_answer_to_an_earlier_question_counts_for_the_week_in_which_it_is_given(folder: Path) -> None:
    await lives(folder, SAID, "/week", "/as Ada", f"/reply 4 {DATA}", "/week")
    first, second = digests(written(folder))
    assert (DATA in first.text, DATA in second.text) == (False, True)
    assert "1 answer from 1 member this week" in second.text


async def test_only_its_author_changes_a_message_and_who_runs_the_place_removes_any(folder: Path) -> None:
    with pytest.raises(
        BadLineError, match=r"Line 3: \[4\] is by you, who alone can do that\. Speak as you with `/as`\."
    ):
        await lives(folder, SAID, "/as Ada", "/edit 4 I never said that")
    with pytest.raises(BadLineError, match=r"Line 1: \[3\] is the bot's\."):
        await lives(folder, "/edit 3 I am the bot")
    await lives(folder, "/as Ada", DATA, "/as YOU", "/delete 5")
    assert DATA not in str(written(folder))


async def test_a_name_in_another_case_is_the_same_person(folder: Path) -> None:
    shown = await lives(folder, SAID, "/as Ada", DATA, "/vote 4 agree", "/as ADA", "/edit 5 Changed by Ada herself.")
    assert "[5] Ada (edited): Changed by Ada herself." in shown
    assert written(folder)[4].reactions == {"Ada": "agree"}


async def test_a_vote_counts_once_and_the_last_one_stands(folder: Path) -> None:
    await lives(folder, SAID, "/as Ada", "/vote 4 agree", "/vote [4] DISAGREE", "/week")
    assert "1 disagree" in digests(written(folder))[0].text


async def test_a_mention_is_a_command_and_other_words_with_an_at_sign_are_not(folder: Path) -> None:
    shown = await lives(folder, "@bot today", "@bottom line is that nobody knows anything about this")
    assert "--- only you can see this\nWhat about number-" in shown
    assert "[4] you: @bottom line is" in shown


# Commands and forms


async def test_replies_are_for_one_person_only_and_stay_out_of_the_channel(folder: Path) -> None:
    shown = await lives(folder, "/as Ada", "/reading stats", "/reading toady")
    assert "--- only Ada can see this\nReading group\nQuestions asked: 1\n" in shown
    assert "There is no command “/reading toady”. Did you mean `/reading today`?\n---\n" in shown
    assert len(written(folder)) == 3


async def choice_folder(tmp_path: Path, kind: str) -> Path:
    write_set(tmp_path / "seeds", "commons", {kind: QUESTIONS[kind]})
    return tmp_path


async def test_a_form_is_filled_in_line_by_line(tmp_path: Path) -> None:
    folder = await choice_folder(tmp_path, "pick-one")
    shown = await lives(folder, "/reading answer", "2", SAID, "/reading answer", "", "-")
    assert "Your choice:\n  1. The first\n  2. The second\n  3. None of them\n" in shown
    assert f"[4] bot: you answers: The second — {SAID}" in shown
    assert "Your choice (now: The second):" in shown
    assert "[4] bot (edited): you answers: The second\n" in shown


async def test_an_estimate_needs_no_reason(tmp_path: Path) -> None:
    folder = await choice_folder(tmp_path, "how-likely")
    shown = await lives(folder, "/reading answer", "70", "", "/as Ada", "/reading answer 0.5")
    assert "[4] bot: you answers: 70%\n" in shown
    assert "[5] bot: Ada answers: 50%\n" in shown


async def test_a_command_in_the_middle_of_a_form_leaves_it(tmp_path: Path) -> None:
    folder = await choice_folder(tmp_path, "pick-one")
    shown = await lives(folder, "/reading answer", "1", "/as Ada", DATA)
    assert "Left the form; nothing was changed.\n" in shown
    assert f"[4] Ada: {DATA}" in shown
    with pytest.raises(BadLineError, match=r"^Line 3: There is no command “/foo”\."):
        await lives(folder, "/reading answer", "1", "/foo")


async def test_a_form_is_left_by_saying_nothing_and_at_the_end_of_the_lines(tmp_path: Path) -> None:
    folder = await choice_folder(tmp_path, "pick-one")
    for lines in (["/reading answer", "", SAID], ["/reading answer"], ["/reading answer", "1"]):
        assert "Left the form; nothing was changed." in await lives(folder, *lines)


async def test_a_person_is_asked_again_for_a_choice_that_is_none(tmp_path: Path) -> None:
    folder = await choice_folder(tmp_path, "pick-one")
    shown = await lives(folder, "/reading answer", "7", "the Third", "none of them", "", screen=PersonScreen)
    assert shown.count("Write a number from 1 to 3, or one of the options.") == 2
    assert "[4] bot: you answers: None of them" in shown


async def test_an_answer_is_withdrawn_with_a_dash(folder: Path) -> None:
    shown = await lives(folder, "/reading answer " + SAID, "/reading answer", "-")
    assert "[4] was deleted." in shown
    assert "Withdrawn." in shown


# Beginning, ending, going on


async def test_a_trial_goes_on_where_it_stopped(folder: Path) -> None:
    await lives(folder, SAID, "/day", "/as Ada", DATA)
    before = written(folder)
    shown = await lives(folder, "/reading stats")
    assert written(folder) == before
    assert "Questions asked: 2" in shown
    assert f"[7] Ada: {DATA}" in shown, "the latest question is shown with its thread"
    assert SAID not in shown, "and nothing older"
    await lives(folder, "/day")
    assert len(questions(written(folder))) == 3


async def test_the_clock_never_goes_back(folder: Path) -> None:
    await lives(folder, "/week", "/day")
    await lives(folder, SAID, "/day")
    sent = [one.sent_at for one in written(folder).values()]
    assert sent == sorted(sent)


async def test_starting_over_forgets_what_the_trial_kept_and_nothing_else(folder: Path) -> None:
    await lives(folder, SAID)
    (folder / "try" / "notes.txt").write_text("mine")
    start_over(folder / "try")
    assert [path.name for path in (folder / "try").iterdir()] == ["notes.txt"]
    await lives(folder)
    assert len(written(folder)) == 3
    start_over(folder / "nowhere")


async def test_quitting_ends_before_the_lines_do(folder: Path) -> None:
    await lives(folder, "/QUIT", SAID)
    assert len(written(folder)) == 3


async def test_a_folder_without_question_sets_is_told(tmp_path: Path) -> None:
    with pytest.raises(BotError, match="cannot be read"):
        await lives(tmp_path, SAID)
    (tmp_path / "seeds").mkdir()
    with pytest.raises(BotError, match="question set"):
        await lives(tmp_path, SAID)


# Lines that make no sense


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/foo", "There is no command “/foo”. `/help` shows what there is."),
        ("/vot 4 agree", "There is no command “/vot”. Did you mean `/vote`?"),
        ("/", "There is no command “/”. `/help` shows what there is."),
        ("/as", "`/as` needs a name. Write `/as Ada`."),
        ("/as " + "x" * 41, "The name has 41 characters; at most 40 fit. Shorten it."),
        ("/as Bot", "The bot speaks for itself. Choose another name."),
        (
            "/vote",
            "The number of a message is missing. Numbers stand in brackets before messages; write it like `/vote",
        ),
        ("/vote x agree", "There is no message “x” in a thread. Numbers stand in brackets before messages; write it"),
        ("/vote 99 agree", "There is no message “99” in a thread."),
        ("/vote 2 agree", "There is no message “2” in a thread."),
        ("/vote 3 agree", "[3] is no answer. Vote on what somebody wrote."),
        ("/vote " + "9" * 5_000 + " agree", "There is no message “99999"),
        ("/vote 4", "`/vote` needs a vote. Write `/vote 4 agree`, disagree or pass."),
        ("/vote 4 maybe", "“maybe” is not a vote. Write `/vote 4 agree`, disagree or pass."),
        ("/reply 4", "`/reply` needs words. Write `/reply 4 I see it differently`."),
        ("/edit 4", "`/edit` needs the new words. Remove the message with `/delete 4`."),
        ("/delete", "The number of a message is missing."),
    ],
)
async def test_a_bad_line_is_told_and_ends_a_pipe_with_its_number(folder: Path, line: str, told: str) -> None:
    with pytest.raises(BadLineError) as caught:
        await lives(folder, SAID, "", line, DATA)
    assert str(caught.value).startswith(f"Line 3: {told}")
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2
    assert DATA not in str(written(folder))


async def test_a_person_is_told_and_goes_on(folder: Path) -> None:
    shown = await lives(folder, "/foo", SAID, screen=PersonScreen)
    assert "There is no command “/foo”." in shown
    assert SAID in str(written(folder))


TYPED = (
    "/as /reply /edit /delete /vote /day /reading /reading-host @bot answer today search setup zone:paris question: "
    'digest now agree - " skip ask export 4 [5] #6'
)
WORDS = st.sampled_from(TYPED.split())
LINES = st.lists(st.one_of(st.text(), st.lists(st.one_of(WORDS, st.text(max_size=8))).map(" ".join)), max_size=25)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES)
@example(lines=["\x00", "/as \x1b[31m", "x", "/vote 5 agree", "/reading search \x00", "\ud800", "/as \ud800", "y"])
@example(
    lines=[
        "/reading search \ud800",
        "/reading answer \ud800 is half a character and no word of mine",
        "/reading topics \ud800",
        "/reading-host setup name:\ud800",
        "/reading-host queue add \ud800",
        "/reading suggest \ud800",
        "",
        "",
        "/reading-host \ud800",
        "/\ud800",
        "/week",
    ]
)
@example(lines=["line\u2028break", "para\u2029graph", "next\x85line", "form\x0cfeed", "carriage\rreturn", "tab\tbed"])
async def test_no_line_crashes_the_console_nor_its_next_start(folder: Path, lines: list[str]) -> None:
    start_over(folder / "try")
    shown = await lives(folder, *lines, screen=PersonScreen)
    assert "Something went wrong" not in shown
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", shown), "nothing steers the terminal"
    before = written(folder)
    await lives(folder)
    assert written(folder) == before


# On the real clock


class Typist:
    """Somebody at a console that runs on the real clock: types when told to, and reads along."""

    def __init__(self) -> None:
        self.shown = ""
        self._lines: asyncio.Queue[str] = asyncio.Queue()
        self._news = asyncio.Event()

    async def lines(self) -> AsyncIterator[str]:
        """Yield what is typed."""
        while True:
            yield await self._lines.get()

    def show(self, text: str) -> None:
        """Read along."""
        self.shown += text
        self._news.set()

    async def types(self, line: str, until: str) -> None:
        """Type a line and wait until something is shown."""
        self._lines.put_nowait(line)
        async with asyncio.timeout(10):
            while until not in self.shown:
                self._news.clear()
                await self._news.wait()


async def test_on_the_real_clock_posts_appear_while_nobody_types(folder: Path) -> None:
    typist = Typist()
    channel, clock = await open_channel(folder / "channel.jsonl"), ManualClock(MONDAY)
    screen = PersonScreen(typist.lines(), typist.show)
    session = Terminal(channel, clock, screen, machine=None)
    stop = asyncio.Event()
    async with program(folder, clock, ConsolePlatform(channel, clock, screen.tell, session)) as app:
        running = asyncio.create_task(serve(app, stop))
        await typist.types("/reading-host setup zone:UTC", "Reading group is set up.")
        await typist.types("/reading-host ask", "Answer here.")
        await typist.types(f"/reading answer {SAID}", f"bot: you answers: {SAID}")
        await typist.types("/day", "The clock is the real one here.")
        await typist.types("/quit", "The bot goes on without this terminal.")
        stop.set()
        await running


async def test_an_attachment_that_has_no_end_is_refused(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    shown = await lives(folder, f"/reading-host questions import {folder / 'pipe'}")
    assert "cannot be read as text. Name a file on this machine." in shown


@pytest.mark.parametrize("line", ['{"do": "time", "at": "2030-01-07T09:00:00"}', "[" * 100_000, '{"do": "post"}', "no"])
async def test_a_file_that_is_no_channel_is_told(tmp_path: Path, line: str) -> None:
    path = tmp_path / "channel.jsonl"
    path.write_text(f"{line}\n")
    with pytest.raises(BotError, match=r"is not a console channel\. Move it away, or start over\."):
        await open_channel(path)


async def test_what_a_form_asks_for_one_a_line_is_typed_in_one(folder: Path) -> None:
    form = ("/reading-host questions add", "Which of the two would you keep?", "", "", "", r"The first\nThe second")
    shown = await lives(folder, *form, "/reading-host queue add which-of-the-two-would-you-keep", "/day")
    assert "Added as `which-of-the-two-would-you-keep`" in shown
    assert "    1. The first\n    2. The second\n" in shown
