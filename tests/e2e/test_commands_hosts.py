"""What hosts can do from chat, on a real database and the console."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.commands.help import TABLE
from bot.commands.table import Command
from bot.config import load_settings
from bot.content import Form, Reply
from bot.events import Place, Submission
from bot.model import Ref, Settings
from bot.platforms.console.platform import CHANNEL, author
from bot.platforms.console.render import blocks_text
from bot.ports import Refs
from bot.services.declaring import declare_groups
from bot.store.deliveries import DeliveryKind, NewDelivery
from tests.standins.limits import require_fits
from tests.standins.program import MONDAY
from tests.standins.room import SIDE_ROOM, ConsoleRoom, console_room, empty_room
from tests.standins.seeds import break_set, write_set

NINE = MONDAY.replace(hour=9)
WORDS = "Memory is what they lack, more than anything else that money could buy."
HOST_COMMANDS = [command for command in TABLE.values() if command.for_hosts]
WITH_FORMS = [command for command in TABLE.values() if command.for_hosts and command.on_submit]
REFUSED = "is for hosts. Ask a host of the group; `/reading help` shows what is for everyone."


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[ConsoleRoom]:
    """Give a room whose group was set up an hour before its first question, of five."""
    async with console_room(tmp_path) as opened:
        yield opened


async def settings_of(room: ConsoleRoom) -> Settings:
    async with room.app.context.database.read() as transaction:
        group = await transaction.groups.by_channel(CHANNEL)
    assert group is not None
    return group.settings


# Who may


@pytest.mark.parametrize("command", HOST_COMMANDS, ids=lambda command: command.full_name)
async def test_a_member_is_refused_every_host_command_whatever_is_given(room: ConsoleRoom, command: Command) -> None:
    for arguments in ({}, {one.name: "1" for one in command.parameters}):
        done = await room.invokes("Ada", command.full_name, arguments)
        assert isinstance(done, Reply)
        assert blocks_text(done.blocks) == f"`/{command.full_name}` {REFUSED}"


@pytest.mark.parametrize("command", WITH_FORMS, ids=lambda command: command.full_name)
async def test_a_member_is_refused_every_form_of_hosts(room: ConsoleRoom, command: Command) -> None:
    before = await settings_of(room)
    values = {"zone": "Europe/Paris", "at": "10:00", "text": "Why?", "reason": "No."}
    place = Place(CHANNEL)
    done = await room.app.desk.submit(Submission(place, author("Ada"), command.full_name, "reading-room", values))
    assert blocks_text(done.blocks) == f"`/{command.full_name}` {REFUSED}"
    assert await settings_of(room) == before


async def test_whoever_is_a_host_need_not_run_the_workspace(room: ConsoleRoom) -> None:
    async with room.app.context.database.write() as transaction:
        group = await transaction.groups.by_channel(CHANNEL)
        assert group is not None
        await transaction.groups.add_host(group.id, (await transaction.members.ensure(author("Ada"))).id)
    assert "Hosts: Ada, you" in await room.reads("Ada", "/reading-host status")
    assert "is changed." in await room.reads("Ada", "/reading-host setup at:10:00")


async def test_a_host_of_one_group_has_no_say_in_another_nor_starts_one(room: ConsoleRoom) -> None:
    async with room.app.context.database.write() as transaction:
        group = await transaction.groups.by_channel(CHANNEL)
        assert group is not None
        await transaction.groups.add_host(group.id, (await transaction.members.ensure(author("Ada"))).id)
        others = await transaction.groups.add("others", "Others", Settings(question_set="commons"), room.clock.now())
        await transaction.groups.add_room(others.id, SIDE_ROOM)
    told = await room.reads("Ada", "/reading-host setup zone:paris channel:side-room")
    assert told == "Others meets in that channel. Only its own hosts, or who runs the workspace, change it."
    told = await room.reads("Ada", "/reading-host setup zone:paris channel:attic")
    assert told == "No reading group meets in that channel. Only who runs the workspace can start one there."
    for arguments in ({"channel": "side-room"}, {"channel": "attic"}):
        assert isinstance(await room.invokes("Ada", "reading-host setup", arguments), Reply), "not even a form"
    for command in (one for one in HOST_COMMANDS if not one.parameters):
        done = await room.invokes("Ada", command.full_name, {}, SIDE_ROOM)
        assert isinstance(done, Reply)
        assert "is for hosts" in blocks_text(done.blocks)


# Setting up


async def test_a_group_is_set_up_with_a_form_by_somebody_who_read_nothing(tmp_path: Path) -> None:
    async with empty_room(tmp_path) as room:
        form = await room.opens("you", "/reading-host setup")
        require_fits(form)
        assert form.title == "Start a reading group"
        present = {field.name: field.value for field in form.fields}
        assert present == {"zone": "", "at": "09:00", "days": "every day", "set": "commons", "digest": "Sun 18:00"}
        values = {"zone": "paris", "at": "8.30", "days": "weekdays", "digest": "friday at 5pm"}
        told = (await room.fills("you", form, **values)).splitlines()
        assert told[1:] == [
            "Reading group is set up.",
            "Question set: The commons, shuffled",
            "When all were asked: begin again",
            "Questions: Mon\u2013Fri at 08:30 (Europe/Paris)",
            "Next question: Tue 8 Jan 2030, 08:30 (Europe/Paris)",
            "Next digest: Fri 11 Jan 2030, 17:00 (Europe/Paris)",
            "- `/reading-host ask` asks today's question right now.",
            "- `/reading-host next` shows which questions come.",
            "- `/reading-host setup` again changes any of this; `/reading-host status` says whether all is well.",
        ]
        assert room.posts() == [
            "A reading group meets here from now on. A question comes Mon\u2013Fri at 08:30 (Europe/Paris), with a"
            " thread below it for the discussion. What is written in these threads is recorded: it can be looked up,"
            " and the weekly digest quotes it. Whoever wants nothing recorded writes `/reading privacy opt-out`."
            " `/reading help` shows more."
        ]
        assert "Hosts: you" in await room.reads("you", "/reading-host status")


async def test_a_mistake_in_the_form_is_told_and_nothing_is_made(tmp_path: Path) -> None:
    async with empty_room(tmp_path) as room:
        form = await room.opens("you", "/reading-host setup")
        told = await room.fills("you", form, zone="Pari")
        assert told == "zone: “Pari” is not a time zone I know; did you mean Europe/Paris?"
        assert "needs its time zone" not in await room.fills("you", form, zone="paris", at="25:00")
        assert room.posts() == []
        assert "No reading group meets" in await room.reads("you", "/reading-host status")


async def test_a_new_group_needs_its_zone_so_that_none_starts_by_mistake(tmp_path: Path) -> None:
    async with empty_room(tmp_path) as room:
        told = await room.reads("you", "/reading-host setup at:10:00")
        assert told.startswith("A new group needs its time zone. Add it, such as zone:Europe/Paris")
        assert room.posts() == []


async def test_a_group_is_set_up_in_one_line_with_a_name_of_its_own(tmp_path: Path) -> None:
    async with empty_room(tmp_path) as room:
        line = "/reading-host setup zone:lima at:8:15 days:tue, thu order:topics exhausted:stop name:Ada's circle"
        told = await room.reads("you", line)
        assert "Ada's circle is set up." in told
        assert "Question set: The commons, one topic after the other" in told
        assert "When all were asked: stop, and tell the hosts" in told
        assert "Questions: Tue, Thu at 08:15 (America/Lima)" in told
        assert room.posts()[0].startswith("The group “Ada's circle” meets here from now on.")


async def test_the_form_of_a_group_shows_how_it_stands_and_changes_it(room: ConsoleRoom) -> None:
    form = await room.opens("you", "/reading-host setup")
    assert form.title == "Change Reading group"
    assert [field.value for field in form.fields] == ["UTC", "09:00", "every day", "commons", "Sun 18:00"]
    assert "Nothing changed: Reading group was set up like this already." in await room.fills("you", form)
    assert "Reading group is changed." in await room.fills("you", form, at="10:30")
    assert (await settings_of(room)).ask_at.isoformat() == "10:30:00"
    assert (await settings_of(room)).order == "reading", "what the form does not ask stays"


async def test_changing_one_thing_leaves_the_rest(room: ConsoleRoom) -> None:
    before = await settings_of(room)
    await room.reads("you", "/reading-host setup days:mon-fri")
    await room.reads("you", "/reading-host setup name:Evening readers")
    after = await settings_of(room)
    assert after.days == frozenset(range(5))
    assert (after.zone, after.ask_at, after.order) == (before.zone, before.ask_at, before.order)
    assert "Evening readers" in await room.reads("you", "/reading-host status")


async def test_an_unknown_set_or_an_endless_name_is_refused(room: ConsoleRoom) -> None:
    assert "commons" in await room.reads("you", "/reading-host setup set:comons")
    told = await room.reads("you", f"/reading-host setup name:{'x' * 81}")
    assert told == "The name has 81 characters; at most 80 fit. Shorten it."


async def test_what_keeps_the_bot_from_working_in_a_channel_is_told_at_once(room: ConsoleRoom) -> None:
    told = await room.reads("you", "/reading-host setup zone:UTC channel:attic")
    assert "Before it works\n- The console has one channel" in told


async def test_whoever_sets_a_group_up_from_elsewhere_hears_where_to_write_what_comes_next(room: ConsoleRoom) -> None:
    told = await room.reads("you", "/reading-host setup zone:UTC channel:attic")
    assert "Write these in the group's channel; here they are not about it:\n- `/reading-host ask`" in told
    assert "Write these" not in await room.reads("you", "/reading-host setup at:10:00")


async def test_a_group_that_the_file_declares_is_changed_there_only(tmp_path: Path) -> None:
    path = tmp_path / "bot.yaml"
    path.write_text(
        "platforms: {console: }\ngroups:\n"
        "  - {slug: evening, name: Evening readers, question_set: commons, rooms: [{platform: console}]}\n"
    )
    async with empty_room(tmp_path) as room:
        await declare_groups(room.app.context, load_settings(path).groups)
        before = await settings_of(room)
        refused = (
            "The settings of Evening readers are decided by the operator's file, so they cannot be changed from chat."
            " Ask the operator to change group `evening` there."
        )
        assert await room.reads("you", "/reading-host setup") == refused
        assert await room.reads("you", "/reading-host setup at:10:00") == refused
        values = {"zone": "Europe/Paris"}
        place = Place(CHANNEL)
        done = await room.app.desk.submit(
            Submission(place, author("you"), "reading-host setup", "reading-room", values)
        )
        assert blocks_text(done.blocks) == refused
        assert await settings_of(room) == before
        assert "Settings decided by: the operator's file" in await room.reads("you", "/reading-host status")
        assert (await room.reads("you", "/reading-host pause")).startswith("Paused"), "the rest is up to its hosts"


# Changing when a group meets


async def test_a_digest_day_moved_to_one_already_past_posts_nothing_at_once(room: ConsoleRoom) -> None:
    await room.until(NINE + timedelta(minutes=1))
    await room.says("Ada", WORDS)
    await room.until(datetime(2030, 1, 10, 12, tzinfo=UTC))
    asked = len(room.questions())
    told = await room.reads("you", "/reading-host setup digest:tue 18:00")
    assert "Next digest: Tue 15 Jan 2030, 18:00 (UTC)" in told
    await room.until(datetime(2030, 1, 15, 17, tzinfo=UTC))
    assert len(room.posts()) == 1 + asked + 5, "five more questions, but no digest"
    await room.until(datetime(2030, 1, 15, 18, tzinfo=UTC))
    assert WORDS in room.posts()[-1]


async def test_a_time_moved_to_one_already_past_today_begins_tomorrow(room: ConsoleRoom) -> None:
    await room.reads("you", "/reading-host setup at:18:00")
    await room.until(MONDAY.replace(hour=15))
    told = await room.reads("you", "/reading-host setup at:09:00")
    assert "Next question: Tue 8 Jan 2030, 09:00 (UTC)" in told
    assert "`/reading-host ask` asks today's question right now." in told
    assert room.questions() == []
    assert await room.reads("you", "/reading-host ask") == "Asked: What about open-one?"
    assert "asks today's" not in await room.reads("you", "/reading-host setup at:08:00")
    await room.until(datetime(2030, 1, 8, 8, tzinfo=UTC))
    assert room.questions() == ["What about open-one?", "What about open-two?"]


async def test_a_change_that_is_not_of_the_time_lets_todays_question_come(room: ConsoleRoom) -> None:
    room.clock.move_to(NINE + timedelta(minutes=5))
    await room.reads("you", "/reading-host setup name:Evening readers order:topics")
    assert len(room.questions()) == 1, "it was due, and comes late"


async def test_a_change_of_zone_never_asks_twice_on_one_date(room: ConsoleRoom) -> None:
    await room.until(NINE + timedelta(minutes=1))
    await room.reads("you", "/reading-host setup zone:lima")
    await room.until(MONDAY.replace(hour=23))
    assert len(room.questions()) == 1
    await room.until(datetime(2030, 1, 8, 14, tzinfo=UTC))
    assert len(room.questions()) == 2


# The rest of the table


async def test_status_says_that_all_is_well_or_what_is_not(room: ConsoleRoom, tmp_path: Path) -> None:
    shown = await room.reads("you", "/reading-host status")
    assert "Asked last: nothing yet" in shown
    assert shown.endswith("All is well.")
    break_set(tmp_path / "seeds")
    await room.app.settle()
    shown = await room.reads("you", "/reading-host status")
    assert "Trouble\n- The question set was edited and cannot be read; its last good version is used." in shown
    assert "questions.yaml:1" in shown
    write_set(tmp_path / "seeds", "commons", 3)
    await room.app.settle()
    assert "All is well." in await room.reads("you", "/reading-host status")


async def test_a_set_that_is_gone_is_told_to_hosts_with_its_file_and_to_members_without(
    room: ConsoleRoom, tmp_path: Path
) -> None:
    write_set(tmp_path / "seeds", "other", 1)
    async with room.app.context.database.write() as transaction:
        group = await transaction.groups.by_channel(CHANNEL)
        assert group is not None
        lost = Settings(question_set="lost")
        await transaction.groups.save(type(group)(group.id, group.slug, group.name, lost, NINE, NINE))
    assert "The question set cannot be used." in await room.reads("you", "/reading-host status")
    told = await room.reads("Ada", "/reading topics")
    assert told == "The group's question set cannot be used right now. Its hosts see why with `/reading-host status`."


async def test_ask_asks_todays_question_once(room: ConsoleRoom) -> None:
    assert await room.reads("you", "/reading-host ask") == "Asked: What about open-one?"
    told = await room.reads("you", "/reading-host ask")
    assert told == "Today's question has been asked already. See it with `/reading today`."
    await room.until(NINE + timedelta(minutes=1))
    assert room.questions() == ["What about open-one?"]


async def test_ask_takes_the_id_of_a_question(room: ConsoleRoom) -> None:
    assert "Did you mean `pick-one`?" in await room.reads("you", "/reading-host ask pick-won")
    assert await room.reads("you", "/reading-host ask pick-one") == "Asked: What about pick-one?"
    await room.until(NINE + timedelta(days=1))
    assert room.questions() == ["What about pick-one?", "What about open-one?"]


async def test_next_shows_what_comes_with_days_and_ids(room: ConsoleRoom) -> None:
    shown = (await room.reads("you", "/reading-host next 2")).splitlines()
    assert shown[1:] == [
        "Coming questions",
        "- What about open-one? (Mon 7 Jan 2030, Rules, id open-one)",
        "- What about open-two? (Tue 8 Jan 2030, Rules, id open-two)",
    ]
    for count in ("0", "15", "100000000"):
        told = await room.reads("you", f"/reading-host next {count}")
        assert told == "I can show 1 to 14 questions. Write `/reading-host next 7`, for example."


async def test_next_says_when_nothing_comes_any_more(room: ConsoleRoom) -> None:
    await room.reads("you", "/reading-host setup exhausted:stop")
    shown = await room.reads("you", "/reading-host next 7")
    assert shown.count("- What about") == 5
    assert shown.endswith("Nothing comes after that, as things stand.")
    await room.reads("you", "/reading-host pause")
    assert (await room.reads("you", "/reading-host next")).startswith("No question comes.")


async def test_skip_passes_over_the_next_question_for_good(room: ConsoleRoom) -> None:
    told = await room.reads("you", "/reading-host skip")
    assert told == "Passed over: What about open-one?\nMon 7 Jan 2030 brings instead: What about open-two?"
    await room.until(NINE + timedelta(days=3))
    assert room.questions()[:4] == [
        "What about open-two?",
        "What about pick-one?",
        "What about how-likely?",
        "What about how-many?",
    ]


async def test_skip_with_nothing_to_skip_says_so(room: ConsoleRoom) -> None:
    await room.reads("you", "/reading-host pause")
    told = await room.reads("you", "/reading-host skip")
    assert told == "There is no question to skip. See why with `/reading-host status`."


async def test_pause_stops_the_questions_until_resume(room: ConsoleRoom) -> None:
    assert (await room.reads("you", "/reading-host pause")).startswith(
        "Paused: no questions until `/reading-host resume`."
    )
    shown = await room.reads("you", "/reading-host status")
    assert "Next question: none" in shown
    assert "Paused: until `/reading-host resume`" in shown
    await room.until(NINE + timedelta(days=2, hours=1))
    assert room.questions() == []
    told = await room.reads("you", "/reading-host resume")
    assert "Next question: Thu 10 Jan 2030, 09:00 (UTC)" in told
    assert "Paused" not in told
    await room.until(NINE + timedelta(days=3))
    assert room.questions() == ["What about open-one?"]
    assert await room.reads("you", "/reading-host resume") == "Reading group is not paused."


async def test_a_pause_with_an_end_ends_by_itself(room: ConsoleRoom) -> None:
    told = await room.reads("you", "/reading-host pause 2030-01-09")
    assert told.startswith("Paused: no questions until Wed 9 Jan 2030.")
    await room.until(NINE + timedelta(days=2))
    assert room.questions() == ["What about open-one?"]
    told = await room.reads("you", "/reading-host pause today")
    assert told == "2030-01-09 is not in the future. Name the day on which questions begin again."


async def test_the_digest_can_be_posted_before_its_time_but_once_a_day(room: ConsoleRoom) -> None:
    told = await room.reads("you", "/reading-host digest now")
    assert told == "Nobody has answered since the last digest, so there is nothing to post yet."
    told = await room.reads("you", "/reading-host digest preview")
    assert told == "Nobody has answered since the last digest, so there would be none."
    await room.until(NINE + timedelta(minutes=1))
    await room.says("Ben", "thanks!")
    told = await room.reads("you", "/reading-host digest now")
    assert told.startswith("Nobody has answered since the last digest"), "a remark is something, but no answer"
    await room.says("Ada", WORDS)
    room.clock.advance(timedelta(minutes=1))
    before = len(room.posts())
    assert f"| {WORDS}" in await room.reads("you", "/reading-host digest preview")
    assert len(room.posts()) == before
    assert (await room.reads("you", "/reading-host digest now")).startswith("Posted: Reading group")
    assert f"| {WORDS}" in room.posts()[-1]
    told = await room.reads("you", "/reading-host digest now")
    assert told == "Today's digest has been posted already. See it with `/reading digest`."
    assert len(room.posts()) == before + 1


async def test_a_digest_that_was_due_when_nobody_had_answered_is_not_said_to_be_posted(room: ConsoleRoom) -> None:
    await room.until(datetime(2030, 1, 13, 18, 5, tzinfo=UTC))
    await room.says("Ada", WORDS)
    room.clock.advance(timedelta(minutes=1))
    told = await room.reads("you", "/reading-host digest now")
    assert told.startswith("Today's digest was due already, and nobody had answered by then.")
    await room.until(datetime(2030, 1, 14, 7, tzinfo=UTC))
    assert (await room.reads("you", "/reading-host digest now")).startswith("Posted: Reading group")
    assert WORDS in room.posts()[-1]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [("", "An answer is not posted yet."), ("revise", "An answer is not brought up to date yet."),
     ("retract", "An answer is not removed yet.")],
)  # fmt: skip
async def test_status_says_what_is_late_and_why(room: ConsoleRoom, change: str, sentence: str) -> None:
    await room.until(NINE + timedelta(minutes=1))
    await room.reads("Ada", f"/reading answer {WORDS}")
    later = room.clock.now() + timedelta(hours=1)
    async with room.app.context.database.write() as transaction:
        group = await transaction.groups.by_channel(CHANNEL)
        assert group is not None
        (there,) = await transaction.groups.rooms(group.id)
        (said,) = await transaction.messages.between(group.id, NINE, later)
        new = NewDelivery("late", DeliveryKind.ANSWER, there.id, later, round_id=said.round_id, message_id=said.id)
        late = await transaction.deliveries.add(new)
        if change:
            await transaction.deliveries.sent(late, Refs(Ref("99")), revision=1)
        if change == "revise":
            await transaction.deliveries.revise(message_id=said.id, due_at=later)
        if change == "retract":
            await transaction.deliveries.retract(message_id=said.id, due_at=later)
        await transaction.deliveries.retry(late, later, "The thread is full.", unknown=False)
    assert f"Trouble\n- {sentence} The thread is full." in await room.reads("you", "/reading-host status")


async def test_a_digest_posted_early_is_not_repeated_at_the_end_of_the_week(room: ConsoleRoom) -> None:
    await room.until(NINE + timedelta(minutes=1))
    await room.says("Ada", WORDS)
    room.clock.advance(timedelta(minutes=1))
    await room.reads("you", "/reading-host digest now")
    await room.until(NINE + timedelta(days=5))
    await room.says("Ben", "Electricity will run out long before the chips do.")
    await room.until(datetime(2030, 1, 13, 18, tzinfo=UTC))
    assert "Electricity" in room.posts()[-1]
    assert WORDS not in room.posts()[-1]


async def test_queued_questions_come_first_and_on_their_day(room: ConsoleRoom) -> None:
    empty = "The queue is empty. Add to it with `/reading-host queue add`."
    assert await room.reads("you", "/reading-host queue list") == empty
    told = await room.reads("you", "/reading-host queue add how-many")
    assert told == "Queued for the next free day: What about how-many?"
    told = await room.reads("you", "/reading-host queue add pick-one on:2030-01-09")
    assert told == "Queued for Wed 9 Jan 2030: What about pick-one?"
    shown = (await room.reads("you", "/reading-host queue list")).splitlines()
    assert shown[1:] == [
        "2 queued questions",
        "- 1. What about how-many? (next free day)",
        "- 2. What about pick-one? (Wed 9 Jan 2030)",
    ]
    assert "id how-many, from the queue" in await room.reads("you", "/reading-host next")
    await room.until(NINE + timedelta(days=2))
    assert room.questions() == ["What about how-many?", "What about open-one?", "What about pick-one?"]
    assert await room.reads("you", "/reading-host queue list") == empty


async def test_a_queued_question_can_be_taken_out_again(room: ConsoleRoom) -> None:
    await room.reads("you", "/reading-host queue add how-many")
    told = await room.reads("you", "/reading-host queue remove 2")
    assert told == "There is no number 2 in the queue. See the numbers with `/reading-host queue list`."
    assert await room.reads("you", "/reading-host queue remove 1") == "No longer queued: What about how-many?"
    assert "empty" in await room.reads("you", "/reading-host queue list")


async def test_the_queue_says_what_is_asked_no_more_and_what_comes_late(room: ConsoleRoom) -> None:
    await room.reads("you", "/reading-host queue add how-many")
    await room.reads("you", "/reading-host questions retire how-many")
    await room.reads("you", "/reading-host queue add pick-one on:tomorrow")
    await room.reads("you", "/reading-host pause until:2030-01-12")
    await room.until(NINE + timedelta(days=2))
    shown = await room.reads("you", "/reading-host queue list")
    assert "What about how-many? (not asked: it was retired, or is of another question set)" in shown
    assert "What about pick-one? (next free day)" in shown
    await room.until(NINE + timedelta(days=5, minutes=1))
    assert room.questions()[-1] == "What about pick-one?"


async def test_a_day_that_cannot_be_queued_for_is_refused_with_the_reason(room: ConsoleRoom) -> None:
    told = await room.reads("you", "/reading-host queue add how-many on:2030-01-06")
    assert told == "2030-01-06 is over. Name today or a later day."
    await room.reads("you", "/reading-host queue add how-many on:tomorrow")
    told = await room.reads("you", "/reading-host queue add pick-one on:tomorrow")
    assert told == "“how-many” is already queued for 2030-01-08. Remove it first, or take another day."
    await room.until(NINE + timedelta(minutes=1))
    told = await room.reads("you", "/reading-host queue add pick-one on:today")
    assert told == "Today's question has been asked already. Name a later day."
    told = await room.reads("you", "/reading-host queue add pick-won")
    assert "Did you mean `pick-one`?" in told


async def test_queueing_for_a_day_without_questions_says_when_it_comes(room: ConsoleRoom) -> None:
    await room.reads("you", "/reading-host setup days:mon-fri")
    told = await room.reads("you", "/reading-host queue add how-many on:2030-01-12")
    assert told.endswith("is not asked on that day, so the question comes on the next day on which it is.")
    await room.until(datetime(2030, 1, 14, 9, tzinfo=UTC))
    assert room.questions()[-1] == "What about how-many?"


async def test_two_groups_of_one_workspace_have_each_their_own(room: ConsoleRoom) -> None:
    await room.reads("you", "/reading-host queue add how-many")
    await room.reads("you", "/reading-host setup zone:UTC name:Others", SIDE_ROOM)
    assert "The queue is empty" in await room.reads("you", "/reading-host queue list", SIDE_ROOM)
    await room.reads("you", "/reading-host pause", SIDE_ROOM)
    assert "Others" in await room.reads("you", "/reading-host status", SIDE_ROOM)
    assert "Paused" not in await room.reads("you", "/reading-host status")


@pytest.mark.parametrize("text", ["' OR 1=1 --", "`x` @everyone", "x" * 5_000, "\x00\x1b[31m", "🤷" * 50])
async def test_hostile_words_do_no_harm_in_any_argument(room: ConsoleRoom, text: str) -> None:
    for command in HOST_COMMANDS:
        for parameter in command.parameters:
            done = await room.invokes("you", command.full_name, {parameter.name: text})
            if not isinstance(done, Form):
                assert "Something went wrong" not in str(done), command.full_name
    await room.until(NINE + timedelta(minutes=1))
    assert len(room.questions()) == 1


async def test_hosts_are_told_once_when_everything_has_been_asked(room: ConsoleRoom) -> None:
    await room.reads("you", "/reading-host setup exhausted:stop")
    await room.until(NINE + timedelta(days=7))
    assert len(room.questions()) == 5
    assert len([text for who, text in room.told if who == "you"]) == 1
    assert "no question left to ask" in await room.reads("you", "/reading-host status")
    await room.reads("you", "/reading-host setup exhausted:reshuffle")
    assert len(room.questions()) == 6, "today's question comes at once, late"
    assert "All is well." in await room.reads("you", "/reading-host status")
