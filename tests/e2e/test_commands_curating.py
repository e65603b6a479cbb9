"""A group's own questions: suggested by members, kept by hosts, on a real database and the console."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.content import Attachment, Reply
from bot.events import Invocation, Place, TextFile
from bot.platforms.console.platform import CHANNEL, author
from bot.questions.loader import load_set
from tests.standins.bridge import ADA, HOST, bridge
from tests.standins.program import MONDAY
from tests.standins.room import ConsoleRoom, console_room

NINE = MONDAY.replace(hour=9)
ASKED = "Which chapter would you cut, and why?"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[ConsoleRoom]:
    """Give a room on Monday at eight, before the first question."""
    async with console_room(tmp_path) as opened:
        yield opened


async def suggest(room: ConsoleRoom, who: str, text: str, topic: str = "", background: str = "") -> str:
    form = await room.opens(who, "/reading suggest")
    return await room.fills(who, form, text=text, topic=topic, background=background)


async def import_file(room: ConsoleRoom, name: str, text: str) -> str:
    command = "reading-host questions import"
    file = TextFile(name, text)
    reply = await room.app.desk.command(
        Invocation(Place(CHANNEL), author("you"), command, {"file": name}, {"file": file})
    )
    assert isinstance(reply, Reply)
    return "\n".join(str(block) for block in reply.blocks)


async def test_a_suggestion_is_put_before_the_hosts_and_its_acceptance_told(room: ConsoleRoom) -> None:
    assert "suggestion 1" in await suggest(room, "Ada", ASKED, topic="Books", background="It is a long book.")
    [(host, shown)] = room.told
    assert host == "you"
    assert ASKED in shown
    assert "/reading-host suggestions accept 1" in shown
    assert ASKED in await room.reads("you", "/reading-host suggestions list")
    accepted = await room.reads("you", "/reading-host suggestions accept 1")
    assert accepted == f"Accepted as `which-chapter-would-you-cut-and-why`: {ASKED}"
    assert room.told[-1][0] == "ada"
    assert f"Your question was accepted: {ASKED}" in room.told[-1][1]
    assert "No suggestion awaits" in await room.reads("you", "/reading-host suggestions list")


async def test_a_suggestion_is_edited_before_it_is_accepted(room: ConsoleRoom) -> None:
    await suggest(room, "Ada", "wich chapter is worst")
    form = await room.opens("you", "/reading-host suggestions edit 1")
    assert form.fields[0].value == "wich chapter is worst"
    await room.fills("you", form, text=ASKED, follow_ups="Which would you keep?\nWho should read it?")
    assert ASKED in await room.reads("you", "/reading-host questions list")
    assert f"accepted: {ASKED}" in room.told[-1][1]


async def test_a_suggestion_is_declined_for_a_reason_that_the_member_is_told(room: ConsoleRoom) -> None:
    await suggest(room, "Ada", ASKED)
    form = await room.opens("you", "/reading-host suggestions decline 1")
    assert "for a reason" in await room.fills("you", form, reason=" ")
    assert (await room.fills("you", form, reason="We asked that in spring.")).startswith("Declined, and Ada is told")
    assert "The hosts say: We asked that in spring." in room.told[-1][1]
    assert "was declined already" in await room.reads("you", "/reading-host suggestions accept 1")


async def test_a_host_hears_that_a_member_cannot_be_told_why_their_suggestion_is_declined(tmp_path: Path) -> None:
    async with bridge(tmp_path) as b:
        await b.fills(ADA, f"/reading suggest {ASKED}")
        b.services[ADA.platform].refuses_private = True
        declined = await b.reads(HOST, "/reading-host suggestions decline 1 We asked that in spring.")
    assert declined == f"Declined: {ASKED}\nI cannot reach Ada, so tell them why yourself."


async def test_nothing_is_kept_of_a_suggestion_by_somebody_who_opted_out(room: ConsoleRoom) -> None:
    form = await room.opens("Ada", "/reading suggest")
    await room.reads("Ada", "/reading privacy opt-out")
    assert "You have opted out of being recorded." in await room.fills("Ada", form, text=ASKED)
    assert "No suggestion awaits" in await room.reads("you", "/reading-host suggestions list")


async def test_a_deferred_suggestion_waits_behind_open_ones(room: ConsoleRoom) -> None:
    await suggest(room, "Ada", ASKED)
    await room.reads("you", "/reading-host suggestions defer 1")
    await suggest(room, "Ben", "Who told it best?")
    shown = await room.reads("you", "/reading-host suggestions list")
    assert shown.index("Who told it best?") < shown.index(ASKED)
    assert "Suggestion 1, deferred" in shown


async def test_a_member_suggests_a_few_questions_a_day(room: ConsoleRoom) -> None:
    for number in range(3):
        assert "Thank you" in await suggest(room, "Ada", f"What of part {number}?")
    refused = await suggest(room, "Ada", f"What of part 4? {'It is long. ' * 9}")
    assert "within a day" in refused
    assert "What of part 4?" in refused, "what was written is not lost"
    assert "Thank you" in await suggest(room, "Ben", "What of part 5?")
    room.clock.advance(timedelta(hours=25))
    assert "Thank you" in await suggest(room, "Ada", "What of part 4?")


async def test_a_near_duplicate_is_shown_to_the_host(room: ConsoleRoom) -> None:
    await suggest(room, "Ada", "What about open-one then?")
    assert "open-one" in room.told[-1][1].partition("Nearly the same as:")[2]


async def test_only_hosts_decide_on_suggestions(room: ConsoleRoom) -> None:
    await suggest(room, "Ada", ASKED)
    for verb in ("accept", "edit", "decline", "defer"):
        assert "is for hosts" in await room.reads("Ada", f"/reading-host suggestions {verb} 1")
    form = await room.opens("you", "/reading-host suggestions edit 1")
    assert "is for hosts" in await room.fills("Ada", form)


async def test_a_group_is_asked_its_own_questions_by_the_same_rules(room: ConsoleRoom) -> None:
    form = await room.opens("you", "/reading-host questions add")
    added = await room.fills("you", form, text=ASKED, options="The first\nThe last")
    assert added == f"Added as `which-chapter-would-you-cut-and-why`: {ASKED}"
    await room.reads("you", "/reading-host queue add which-chapter-would-you-cut-and-why")
    await room.until(NINE)
    assert ASKED in room.posts()[-1]
    assert "2. The last" in room.posts()[-1]
    answer = await room.opens("Ada", "/reading answer")
    await room.fills("Ada", answer, pick="2")
    await room.until(NINE + timedelta(days=5))
    assert len(set(room.questions())) == len(room.questions()) == 5


async def test_an_edited_question_keeps_its_id_and_its_answers(room: ConsoleRoom) -> None:
    form = await room.opens("you", f"/reading-host questions add {ASKED}")
    await room.fills("you", form)
    question_id = "which-chapter-would-you-cut-and-why"
    await room.reads("you", f"/reading-host ask {question_id}")
    await room.says("Ada", "The third, because it repeats what the second one says.")
    edit = await room.opens("you", f"/reading-host questions edit {question_id}")
    await room.fills("you", edit, text="Which chapter would you keep, and why?")
    shown = await room.reads("Ada", f"/reading question {question_id}")
    assert "Which chapter would you keep" in shown
    assert "Answers: 1 by 1 member" in shown


async def test_a_retired_question_is_never_asked_again_and_its_answers_stay(room: ConsoleRoom) -> None:
    await room.until(NINE)
    await room.says("Ada", "Because it is the first one that we were ever asked.")
    assert (await room.reads("you", "/reading-host questions retire open-two")).startswith("Retired")
    assert (await room.reads("you", "/reading-host questions retire open-one")).startswith("Retired")
    await room.until(NINE + timedelta(days=9))
    assert room.questions().count("What about open-one?") == 1
    assert "What about open-two?" not in room.questions()
    assert "Answers: 1" in await room.reads("Ada", "/reading question open-one")
    assert "no question “open-two”" in await room.reads("you", "/reading-host queue add open-two")


async def test_the_sets_own_questions_are_decided_by_its_files(room: ConsoleRoom) -> None:
    assert "whose files decide it" in await room.reads("you", "/reading-host questions edit open-one")
    assert "has no question" in await room.reads("you", "/reading-host questions edit nonsense")


async def test_an_attached_table_adds_what_it_holds_and_reports_the_rest(room: ConsoleRoom) -> None:
    table = f'Question,Category,Moon\n"{ASKED}",Books,new\nWhat about open-one?,Books,\n{"long " * 80}?,,\n'
    told = await import_file(room, "ours.csv", table)
    assert "Added 2 questions of 3 in ours.csv." in told
    assert "“Moon” was not understood" in told
    assert "row 3 was added, but is nearly the same as `open-one`" in told
    assert "row 4: The question has" in told
    assert ASKED in await room.reads("you", "/reading-host questions list")
    assert "Added" not in await import_file(room, "ours.json", "{nonsense")
    for name in ("ours.csv", "ours.json", "ours.txt"):
        assert f"{name} holds no" in await import_file(room, name, "" if name != "ours.json" else "[]")


async def test_a_list_that_is_cut_says_so(room: ConsoleRoom) -> None:
    for number in range(1, 31):
        if number % 3 == 1:
            room.clock.advance(timedelta(hours=25))
        await suggest(room, "Ada", f"What do you make of chapter {number}, {'so ' * number}after all?")
    shown = await room.reads("you", "/reading-host suggestions list")
    assert "30 suggestions to decide on" in shown
    assert "These are the first 25; the others follow as these are decided." in shown
    words = [f"{chr(97 + number)}{'aeiou'[number % 5] * number}" for number in range(26)]
    good = "".join(f"{' '.join([word] * 6)}?\n" for word in words)
    told = await import_file(room, "ours.txt", good + "".join(f"{word * 60}{'x' * 280}?\n" for word in words))
    assert "Added 26 questions of 52" in told
    assert re.search(r"… and \d+ more notes?\.", told)
    listed = await room.reads("you", "/reading-host questions list")
    assert "26 questions of your own" in listed
    assert "These are the latest 25; `/reading-host export` gives all." in listed


async def test_own_questions_leave_as_a_file_that_a_set_takes(room: ConsoleRoom, tmp_path: Path) -> None:
    assert "no questions of its own" in await room.reads("you", "/reading-host export")
    form = await room.opens("you", f"/reading-host questions add {ASKED}")
    await room.fills("you", form, background="The book is long: 900 pages.", options="Ours\nNot ours")
    form = await room.opens("you", "/reading-host questions add Who told it best?")
    await room.fills("you", form, background="word " * 40, follow_ups="And who worst?")
    reply = await room.uses("you", "/reading-host export")
    assert isinstance(reply, Reply)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for block in reply.blocks:
        if isinstance(block, Attachment):
            (folder / block.name).write_text(block.text)
    draft, ready = load_set(folder).questions
    assert (draft.text, draft.options, draft.draft) == (ASKED, ("Ours", "Not ours"), True)
    assert (ready.text, ready.draft) == ("Who told it best?", False)


async def test_one_groups_questions_are_private_to_it(room: ConsoleRoom) -> None:
    form = await room.opens("you", f"/reading-host questions add {ASKED}")
    await room.fills("you", form)
    async with room.app.context.database.write() as transaction:
        group = (await transaction.groups.all())[0]
        await transaction.groups.add("others", "Others", group.settings, room.clock.now())
        assert await transaction.questions.of_set("group/2") == []
        assert [question.text for question in await transaction.questions.of_set("group/1")] == [ASKED]


async def test_a_topic_with_many_questions_shows_the_latest_and_says_so(room: ConsoleRoom) -> None:
    await room.until(MONDAY + timedelta(days=10))
    assert (await room.reads("you", "/reading topics rules")).strip().splitlines()[0] == "Rules"
    await room.until(MONDAY + timedelta(days=11))
    shown = (await room.reads("you", "/reading topics rules")).strip().splitlines()
    assert shown[0] == "Rules: the latest 10 of 11 questions"
    assert len(shown) == 11


async def test_a_table_of_more_questions_than_can_be_compared_in_good_time_is_refused(room: ConsoleRoom) -> None:
    table = "question\n" + "".join(f"What about {number}?\n" for number in range(1_001))
    told = await import_file(room, "ours.csv", table)
    assert "There are 1,001 questions; at most 1,000 can be added at once. Split the table." in told
    assert "no questions of its own" in await room.reads("you", "/reading-host questions list")
