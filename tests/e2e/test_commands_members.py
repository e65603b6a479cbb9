"""What members can ask the bot, on a real database and the console."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.commands.help import TABLE
from bot.content import Form
from bot.events import Invocation, Place
from bot.model import Settings
from bot.platforms.console.platform import CHANNEL, author
from tests.standins.builders import posted_round
from tests.standins.limits import require_fits
from tests.standins.program import MONDAY
from tests.standins.room import SIDE_ROOM, ConsoleRoom, console_room, empty_room

NINE = MONDAY.replace(hour=9)
WORDS = "Memory is what they lack, more than anything else that money could buy."
SUNDAY = datetime(2030, 1, 13, 19, tzinfo=UTC)
OTHERS = "Electricity will run out long before the chips do, whatever is said."
HOSTILE = [
    "' OR 1=1 --",
    'NEAR("a" b) AND NOT * {x}: ^',
    "%_\\",
    "\x1b[31m\x00\u202e",
    "`code` *bold* @everyone <@1> <!channel>",
    "👩‍👩‍👧‍👦" * 40,
    "x" * 5_000,
    "{0} %s {}",
]
MEMBER_COMMANDS = [name for name, command in TABLE.items() if not command.for_hosts]
NEEDS_NONE = ("reading help", "reading link", "reading privacy", "reading unlink")
OF_A_GROUP = [name for name in MEMBER_COMMANDS if not name.startswith(NEEDS_NONE)]


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[ConsoleRoom]:
    """Give a room in which the first of five questions, an open one, was asked a minute ago."""
    async with console_room(tmp_path) as opened:
        await opened.until(NINE + timedelta(minutes=1))
        yield opened


async def test_today_shows_the_latest_question_with_all_that_is_known_of_it(room: ConsoleRoom) -> None:
    await room.says("Ada", WORDS)
    shown = await room.reads("Ben", "/reading today")
    assert shown.splitlines()[1] == "What about open-one?"
    assert "Asked: Mon 7 Jan 2030" in shown
    assert "Source: The well, “A dry summer”" in shown
    assert "Answers: 1 by 1 member" in shown
    assert "Id: open-one" in shown
    assert "[2]" in shown, "where it is discussed"


async def test_today_says_when_the_first_question_comes(tmp_path: Path) -> None:
    async with console_room(tmp_path) as room:
        told = await room.reads("Ada", "/reading today")
        assert told == "No question has been asked here yet. The first comes Mon 7 Jan 2030, 09:00 (UTC)."
        assert await room.reads("Ada", "/reading question") == "No question has been asked here yet."


async def test_an_answer_that_is_typed_is_recorded_and_posted_in_the_thread(room: ConsoleRoom) -> None:
    told = await room.reads("Ada", f"/reading answer {WORDS}")
    assert told.startswith("Recorded.")
    posted = [entry for entry in room.channel.entries() if entry.text == f"Ada answers: {WORDS}"]
    assert [entry.thread for entry in posted] == [2]


async def test_the_form_of_an_answer_comes_back_with_it_and_changes_it(room: ConsoleRoom) -> None:
    form = await room.opens("Ada", "/reading answer")
    require_fits(form)
    assert (form.title, [field.value for field in form.fields]) == ("What about open-one?", [""])
    assert form.fields[0].required
    await room.fills("Ada", form, text=WORDS)
    again = await room.opens("Ada", "/reading answer")
    assert [field.value for field in again.fields] == [WORDS]
    assert (await room.fills("Ada", again, text=OTHERS)).startswith("Changed.")
    assert [entry.text for entry in room.channel.thread(2)][1:] == [f"Ada answers: {OTHERS}"]


async def test_an_answer_is_withdrawn_by_emptying_it(room: ConsoleRoom) -> None:
    await room.reads("Ada", f"/reading answer {WORDS}")
    form = await room.opens("Ada", "/reading answer")
    assert not form.fields[0].required
    assert (await room.fills("Ada", form, text=" ")).startswith("Withdrawn.")
    assert len(room.channel.thread(2)) == 1
    assert "Answers: none yet" in await room.reads("Ada", "/reading today")
    assert "not answered" in await room.reads("Ada", "/reading mine")
    assert WORDS not in await room.reads("Ada", "/reading search memory")


async def test_an_empty_answer_where_there_was_none_says_so(room: ConsoleRoom) -> None:
    form = await room.opens("Ada", "/reading answer")
    assert await room.fills("Ada", form, text="  ") == "An empty answer says nothing. Write a sentence or two."


async def test_an_answer_that_is_too_long_is_refused_and_given_back(room: ConsoleRoom) -> None:
    form = await room.opens("Ada", "/reading answer")
    long = "word " * 400
    told = await room.fills("Ada", form, text=long)
    assert told.startswith("Your answer has 1,999 characters; at most 1,800 fit in one message.")
    assert long.strip() in told
    assert "Answers: none yet" in await room.reads("Ada", "/reading today")


async def test_an_earlier_question_can_still_be_answered(room: ConsoleRoom) -> None:
    await room.until(NINE + timedelta(days=1, minutes=1))
    told = await room.reads("Ada", f"/reading answer question:open-one {WORDS}")
    assert "Question: What about open-one?" in told
    assert [entry.text for entry in room.channel.thread(2)][1:] == [f"Ada answers: {WORDS}"]


async def test_a_choice_offers_its_options(room: ConsoleRoom) -> None:
    await room.reads("you", "/reading-host queue add pick-one")
    await room.until(NINE + timedelta(days=1, minutes=1))
    form = await room.opens("Ada", "/reading answer")
    require_fits(form)
    assert form.fields[0].options == ("The first", "The second", "None of them")
    told = await room.fills("Ada", form, pick="The second", text=WORDS)
    assert "Your answer: The second" in told
    assert f"Ada answers: The second — {WORDS}" in [entry.text for entry in room.channel.entries()]


async def test_a_pick_that_is_typed_needs_no_form_and_keeps_the_reason_given_before(room: ConsoleRoom) -> None:
    await room.reads("you", "/reading-host queue add how-likely")
    await room.until(NINE + timedelta(days=1, minutes=1))
    form = await room.opens("Ada", "/reading answer I am rather sure")
    assert [field.value for field in form.fields] == ["", "I am rather sure"]
    await room.fills("Ada", form, pick="70", text=WORDS)
    assert "Your answer: 55%" in await room.reads("Ada", "/reading answer 0.55")
    assert f"Ada answers: 55% — {WORDS}" in [entry.text for entry in room.channel.entries()]


async def test_an_estimate_that_is_none_is_told_with_what_to_write(room: ConsoleRoom) -> None:
    await room.reads("you", "/reading-host queue add how-many")
    await room.until(NINE + timedelta(days=1, minutes=1))
    form = await room.opens("Ada", "/reading answer")
    assert form.fields[0].label == "Your estimate in towns"
    told = await room.fills("Ada", form, pick="many", text=WORDS)
    assert told.startswith("“many” is not a number. Write a number such as 1,500")
    assert WORDS in told, "what was written is not lost"
    assert (await room.fills("Ada", form, pick="", text=WORDS)).startswith("This question asks for a choice or")


async def test_a_form_that_is_no_longer_good_says_so(room: ConsoleRoom) -> None:
    form = await room.opens("Ada", "/reading answer")
    for bad in ("", "0", "999", "nonsense", "9" * 30):
        stale = Form(form.action, bad, form.title, form.fields)
        assert await room.fills("Ada", stale, text="Short.") == "This form is out of date. Open it again."
    gone = Form("reading frobnicate", "1", form.title, form.fields)
    assert await room.fills("Ada", gone, text="Short.") == "This form is out of date. Open it again."


async def test_a_question_is_shown_by_its_id_and_the_latest_ones_without(room: ConsoleRoom) -> None:
    await room.until(NINE + timedelta(days=1, minutes=1))
    latest = await room.reads("Ada", "/reading question")
    assert [line.split(" (")[0] for line in latest.splitlines() if line.startswith("- ")] == [
        "- What about open-two?",
        "- What about open-one?",
    ]
    assert "Asked: Mon 7 Jan 2030" in await room.reads("Ada", "/reading question open-one")
    told = await room.reads("Ada", "/reading question pick-one")
    assert told == "“pick-one” has not been asked here. See what was with `/reading question`."


async def test_search_finds_what_was_asked_and_what_was_said(room: ConsoleRoom) -> None:
    entry = await room.says("Ada", WORDS)
    await room.says("Ben", "thanks!")
    found = await room.reads("Cem", "/reading search MEMORY lack")
    assert f"| {WORDS}" in found
    assert f"Ada, Mon 7 Jan 2030 · [{entry.number}]" in found
    assert "What about open-one?" in await room.reads("Cem", "/reading search open one")
    assert "Ben" in await room.reads("Cem", "/reading search thanks")
    told = await room.reads("Cem", "/reading search electricity")
    assert told == "Nothing that was asked or said here holds “electricity”. Try fewer or shorter words."


async def test_search_shows_the_beginning_of_long_messages(room: ConsoleRoom) -> None:
    await room.says("Ada", "memory " + "and so on " * 100)
    found = await room.reads("Cem", "/reading search memory")
    quoted = next(line for line in found.splitlines() if line.startswith("  | "))
    assert len(quoted) <= 4 + 300
    assert quoted.endswith("…")


@pytest.mark.parametrize("wanted", ["the turbine", "TURB", "café la", "cafe", "전력망", "电网"])
async def test_search_shows_of_long_messages_what_it_found(room: ConsoleRoom, wanted: str) -> None:
    filler = "so they say and the rest of us believe it, disturbing as it is, " * 15
    await room.says("Ada", f"{filler}Turbines at the Café Lapin 전력망 的电网 are sold out. {filler}")
    found = await room.reads("Cem", f"/reading search {wanted}")
    quoted = next(line for line in found.splitlines() if line.startswith("  | "))
    assert "Turbines at the Café Lapin 전력망 的电网 are sold out." in quoted
    assert len(quoted) <= 4 + 300
    assert quoted.startswith("  | …")
    assert quoted.endswith("…")


async def test_topics_and_what_was_asked_on_one(room: ConsoleRoom) -> None:
    assert "- Rules (5 questions)" in await room.reads("Ada", "/reading topics")
    assert "What about open-one?" in await room.reads("Ada", '/reading topics "rules"')
    assert await room.reads("Ada", "/reading topics rulez") == "There is no topic “rulez”. Did you mean Rules?"
    assert "See them with `/reading topics`." in await room.reads("Ada", "/reading topics cooking")


async def test_readings_shows_the_documents_with_their_links(room: ConsoleRoom) -> None:
    shown = await room.reads("Ada", "/reading readings")
    assert shown.splitlines()[1:] == [
        "The commons",
        "About it.",
        "- The well (5 questions) (https://docs.example/well)",
    ]


async def test_one_reading_is_shown_with_its_sections(room: ConsoleRoom) -> None:
    for wanted in ("The well", "the WELL", "well"):
        shown = await room.reads("Ada", f"/reading readings {wanted}")
        assert shown.strip().splitlines()[0] == "The well"
        assert "https://docs.example/well" in shown
        assert "(5 questions)" in shown
    assert await room.reads("Ada", "/reading readings the bell") == (
        "“the bell” is not the title of one reading. Did you mean “The well”?"
    )
    assert "See them with `/reading readings`." in await room.reads("Ada", "/reading readings of the sea")


async def test_readings_and_digests_are_suggested_while_they_are_typed(room: ConsoleRoom) -> None:
    async def suggested(command: str, parameter: str, typed: str) -> list[tuple[str, str]]:
        typing = Invocation(Place(CHANNEL), author("Ada"), command, {parameter: typed})
        return [(one.label, one.value) for one in await room.app.desk.complete(typing, parameter)]

    assert await suggested("reading readings", "reading", "wel") == [("The well", "well")]
    assert await suggested("reading digest", "date", "") == []
    await room.says("Ada", WORDS)
    await room.until(SUNDAY)
    assert await suggested("reading digest", "date", "") == [("Sun 13 Jan 2030", "2030-01-13")]
    assert "13 Jan 2030" in await room.reads("Ada", "/reading digest 2030-01-13")


async def test_a_question_that_was_asked_again_is_suggested_once(room: ConsoleRoom) -> None:
    await room.until(NINE + timedelta(days=12))
    typing = Invocation(Place(CHANNEL), author("Ada"), "reading question", {"id": ""})
    suggested = [one.value for one in await room.app.desk.complete(typing, "id")]
    assert sorted(suggested) == ["how-likely", "how-many", "open-one", "open-two", "pick-one"]


async def test_mine_shows_ones_own_answers_and_nobody_elses(room: ConsoleRoom) -> None:
    told = await room.reads("Ada", "/reading mine")
    assert told == "You have not answered a question here yet. Start with `/reading answer`."
    await room.says("Ada", WORDS)
    await room.says("Ada", "thanks!")
    await room.says("Ben", OTHERS)
    shown = await room.reads("ada", "/reading mine")
    assert f"| {WORDS}" in shown
    assert OTHERS not in shown
    assert "thanks!" not in shown, "a remark is no answer"


async def test_a_digest_is_shown_by_its_date_and_the_latest_without(room: ConsoleRoom) -> None:
    told = await room.reads("Ada", "/reading digest")
    assert told == "There is no digest yet. The first one comes at the end of the first week with answers."
    await room.says("Ada", WORDS)
    await room.until(datetime(2030, 1, 13, 19, tzinfo=UTC))
    latest = await room.reads("Ben", "/reading digest")
    assert f"| {WORDS}" in latest
    assert await room.reads("Ben", "/reading digest 2030-01-13") == latest
    told = await room.reads("Ben", "/reading digest 2030-01-12")
    assert told == "There is no digest of 2030-01-12. The latest are of 2030-01-13."


async def test_a_digest_is_found_however_many_came_after_it(room: ConsoleRoom) -> None:
    await room.says("Ada", WORDS)
    await room.until(SUNDAY)
    first = await room.reads("Ben", "/reading digest")
    async with room.app.context.database.write() as transaction:
        group = await transaction.groups.by_channel(CHANNEL)
        assert group is not None
        stored = await transaction.digests.last(group.id)
        assert stored is not None
        for week in range(1, 71):
            later = replace(stored.digest, answers=week % 2)
            await transaction.digests.add(group.id, stored.local_date + timedelta(weeks=week), later, SUNDAY)
        for week in range(71, 141):
            quiet = replace(stored.digest, answers=0)
            await transaction.digests.add(group.id, stored.local_date + timedelta(weeks=week), quiet, SUNDAY)
    assert "1 answer" in await room.reads("Ben", "/reading digest"), "quiet weeks are passed over"
    assert await room.reads("Ben", "/reading digest 2030-01-13") == first


async def test_stats_count_questions_answers_and_members(room: ConsoleRoom) -> None:
    nobody = await room.reads("Ada", "/reading stats")
    assert "Answers: 0" in nobody
    assert not nobody.endswith("\n")
    await room.says("Ada", WORDS)
    await room.says("Ada", OTHERS)
    await room.says("Ben", WORDS)
    await room.says("Ben", "thanks!")
    shown = (await room.reads("Cem", "/reading stats")).splitlines()[2:]
    assert shown == [
        "Questions asked: 1",
        "Answers: 3",
        "Members who answered: 2",
        "Questions not asked yet: 4",
        "- Ada (2 answers to 1 question)",
        "- Ben (1 answer to 1 question)",
    ]


async def test_help_shows_each_person_what_they_may_use(room: ConsoleRoom) -> None:
    for_member, for_host = await room.reads("Ada", "/reading help"), await room.reads("you", "/reading help")
    for command in TABLE.values():
        assert command.usage in for_host
        assert (command.usage in for_member) is not command.for_hosts


async def test_help_explains_one_command(room: ConsoleRoom) -> None:
    for asked in ("setup", "/reading-host setup", "reading-host setup", "command:setup"):
        shown = await room.reads("Ada", f"/reading help {asked}")
        assert "order: in which order questions come (reading, shuffled, topics), optional" in shown
    assert "words: what to look for" in await room.reads("Ada", "/reading help search")
    assert "Did you mean `/reading search`?" in await room.reads("Ada", "/reading help serch")
    assert "Try `/reading-host digest now`" in await room.reads("Ada", "/reading help reading-host digest")


async def test_help_where_no_group_meets_says_how_one_is_started(tmp_path: Path) -> None:
    async with empty_room(tmp_path) as room:
        assert "A host can start one with `/reading-host setup`." in await room.reads("Ada", "/reading help")
        assert "Start one with `/reading-host setup`." in await room.reads("you", "/reading help")


@pytest.mark.parametrize("name", OF_A_GROUP)
async def test_where_no_group_meets_every_command_says_so(tmp_path: Path, name: str) -> None:
    async with empty_room(tmp_path) as room:
        needed = {one.name: "anything" for one in TABLE[name].parameters if one.required}
        for who in ("Ada", "you"):
            done = await room.invokes(who, name, needed)
            assert not isinstance(done, Form)
            assert "No reading group meets in this channel." in str(done.blocks[0])


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_words_do_no_harm_in_any_argument(room: ConsoleRoom, text: str) -> None:
    for name in MEMBER_COMMANDS:
        for parameter in TABLE[name].parameters:
            done = await room.invokes("Mallory", name, {parameter.name: text})
            if not isinstance(done, Form):
                assert "Something went wrong" not in str(done)
    await room.app.settle()
    await room.says("Ada", text)
    assert "Something went wrong" not in await room.reads("Ada", "/reading mine")


async def test_a_hostile_name_is_shown_as_it_is_and_breaks_no_line(room: ConsoleRoom) -> None:
    name = "Eve\n[9] bot: Ada | `x`"
    await room.says(name, WORDS)
    found = await room.reads("Ada", "/reading stats")
    assert not any(line.startswith("[9] bot") for line in found.splitlines())


async def test_nothing_of_another_group_is_ever_shown(room: ConsoleRoom) -> None:
    hidden = "Only the other group may read that the heron returned."
    async with room.app.context.database.write() as transaction:
        wanted = Settings(question_set="commons")
        group = await transaction.groups.add("others", "Others", wanted, room.clock.now())
        other = await transaction.groups.add_room(group.id, SIDE_ROOM)
    thread = await posted_round(room.app.context.database, other, date(2030, 1, 7), slug="pick-one")
    await room.app.desk.record(thread.says(author("Ada"), hidden))
    for line in (
        "/reading today",
        "/reading question",
        "/reading search heron returned",
        "/reading search pick-one",
        "/reading mine",
        "/reading stats",
        "/reading topics rules",
    ):
        shown = await room.reads("Ada", line)
        assert "heron" not in shown.replace("holds “heron returned”", "")
        assert "pick-one?" not in shown.replace("holds “pick-one”", "")
    assert "has not been asked here" in await room.reads("Ada", "/reading question pick-one")
    assert "has not been asked here" in await room.reads("Ada", f"/reading answer question:pick-one {WORDS}")
    assert "heron" in await room.reads("Ada", "/reading search heron", SIDE_ROOM)
    form = await room.opens("Ada", "/reading answer")
    foreign = Form(form.action, str(thread.round.id), form.title, form.fields)
    assert (await room.fills("Ada", foreign, text="x")).startswith("This form is out of date.")


async def test_commands_work_in_other_channels_of_a_workspace_with_one_group(room: ConsoleRoom) -> None:
    assert "What about open-one?" in await room.reads("Ada", "/reading today", SIDE_ROOM)
    assert (await room.reads("Ada", f"/reading answer {WORDS}", SIDE_ROOM)).startswith("Recorded.")
    assert [entry.text for entry in room.channel.thread(2)][1:] == [f"Ada answers: {WORDS}"]
