"""Groups that the operator's file declares."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.config import DeclaredGroup, load_settings
from bot.errors import SettingsError
from bot.model import Group
from bot.platforms.console.platform import CHANNEL
from bot.services.declaring import declare_groups
from tests.standins.program import MONDAY
from tests.standins.room import SIDE_ROOM, ConsoleRoom, empty_room
from tests.standins.seeds import break_set

NINE = MONDAY.replace(hour=9)
EVENING = "slug: evening, name: Evening readers, question_set: commons, rooms: [{platform: console}]"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[ConsoleRoom]:
    """Give a console where no group meets yet."""
    async with empty_room(tmp_path) as opened:
        yield opened


def declared(folder: Path, *groups: str) -> tuple[DeclaredGroup, ...]:
    """Return the groups of a file, each given by its keys."""
    path = folder / "bot.yaml"
    path.write_text("platforms: {console: }\ngroups:\n" + "".join(f"  - {{{group}}}\n" for group in groups))
    return load_settings(path).groups


async def group_of(room: ConsoleRoom, slug: str) -> Group:
    async with room.app.context.database.read() as transaction:
        group = await transaction.groups.by_slug(slug)
    assert group is not None
    return group


async def test_a_declared_group_is_made_told_its_channel_and_asked(room: ConsoleRoom, tmp_path: Path) -> None:
    await declare_groups(room.app.context, declared(tmp_path, f"{EVENING}, order: reading, zone: paris, ask_at: 12:00"))
    await room.app.settle()
    assert room.posts()[0].startswith("The group “Evening readers” meets here from now on. A question comes every day")
    await room.until(NINE + timedelta(hours=3))
    assert room.questions() == ["What about open-one?"]


async def test_every_start_brings_the_group_to_what_the_file_says_and_tells_nobody_again(
    room: ConsoleRoom, tmp_path: Path
) -> None:
    await declare_groups(room.app.context, declared(tmp_path, EVENING))
    first = await group_of(room, "evening")
    await declare_groups(room.app.context, declared(tmp_path, f"{EVENING.replace('Evening r', 'R')}, days: mon-fri"))
    await room.app.settle()
    after = await group_of(room, "evening")
    assert (after.id, after.name, after.settings.days) == (first.id, "Readers", frozenset(range(5)))
    assert len(room.posts()) == 1


async def test_a_digest_day_that_the_file_moves_to_one_already_past_posts_nothing_at_once(
    room: ConsoleRoom, tmp_path: Path
) -> None:
    await declare_groups(room.app.context, declared(tmp_path, EVENING))
    await room.until(NINE + timedelta(minutes=1))
    await room.says("Ada", "Memory is what they lack, more than anything else.")
    await room.until(datetime(2030, 1, 10, 8, tzinfo=UTC))
    before = len(room.posts())
    await declare_groups(room.app.context, declared(tmp_path, f"{EVENING}, digest_on: tue"))
    await room.app.settle()
    assert len(room.posts()) == before
    await room.until(datetime(2030, 1, 15, 18, tzinfo=UTC))
    assert "Memory is what they lack" in room.posts()[-1]


async def test_a_start_with_the_same_file_makes_up_for_todays_question(room: ConsoleRoom, tmp_path: Path) -> None:
    await declare_groups(room.app.context, declared(tmp_path, EVENING))
    room.clock.move_to(NINE + timedelta(hours=2))
    await declare_groups(room.app.context, declared(tmp_path, EVENING))
    await room.app.settle()
    assert len(room.questions()) == 1, "late, because the bot was down at nine"


async def test_a_group_that_left_the_file_stays_and_is_decided_from_chat(room: ConsoleRoom, tmp_path: Path) -> None:
    await declare_groups(room.app.context, declared(tmp_path, EVENING))
    assert "cannot be changed from chat" in await room.reads("you", "/reading-host setup at:10:00")
    await declare_groups(room.app.context, ())
    assert not (await group_of(room, "evening")).declared
    assert "Evening readers is changed." in await room.reads("you", "/reading-host setup at:10:00")


async def test_the_file_may_take_over_a_group_that_was_set_up_from_chat(room: ConsoleRoom, tmp_path: Path) -> None:
    await room.reads("you", "/reading-host setup zone:UTC name:Evening")
    before = await group_of(room, "evening")
    await declare_groups(room.app.context, declared(tmp_path, f"{EVENING}, ask_at: 7:00"))
    after = await group_of(room, "evening")
    assert (after.id, after.declared, after.settings.ask_at.hour) == (before.id, True, 7)


async def test_the_file_takes_over_no_group_that_meets_elsewhere_and_only_happens_to_be_called_so(
    room: ConsoleRoom, tmp_path: Path
) -> None:
    await room.reads("you", "/reading-host setup zone:UTC name:Evening", SIDE_ROOM)
    before = await group_of(room, "evening")
    groups = declared(tmp_path, EVENING)
    with pytest.raises(SettingsError, match=r"groups\[1\]\.slug: A group `evening` was set up from chat"):
        await declare_groups(room.app.context, groups)
    assert await group_of(room, "evening") == before
    assert "Evening" in await room.reads("you", "/reading-host status", SIDE_ROOM)
    assert "No reading group meets in this channel" in await room.reads("you", "/reading-host status")


async def test_a_channel_that_the_file_gives_to_another_group_moves(room: ConsoleRoom, tmp_path: Path) -> None:
    await room.reads("you", "/reading-host setup zone:UTC name:Morning")
    await declare_groups(room.app.context, declared(tmp_path, EVENING))
    async with room.app.context.database.read() as transaction:
        group = await transaction.groups.by_channel(CHANNEL)
    assert group is not None
    assert group.slug == "evening"
    await room.app.settle()
    assert room.posts()[-1].startswith("The group “Evening readers” meets here from now on.")
    assert not [post for post in room.posts() if "nothing that is written here" in post], "another group records it now"


async def test_nothing_of_the_group_before_is_posted_in_a_channel_that_moved(room: ConsoleRoom, tmp_path: Path) -> None:
    await room.reads("you", "/reading-host setup zone:UTC name:Morning")
    room.clock.move_to(NINE)
    await room.app.scheduler.tick()
    await declare_groups(room.app.context, declared(tmp_path, EVENING))
    await room.app.poster.settle()
    assert room.questions() == []


async def test_a_group_may_have_several_rooms(room: ConsoleRoom, tmp_path: Path) -> None:
    rooms = "[{platform: console}, {platform: console, channel: side-room}]"
    await declare_groups(room.app.context, declared(tmp_path, EVENING.replace("[{platform: console}]", rooms)))
    assert "Rooms: 2" in await room.reads("you", "/reading-host status")
    assert "Evening readers" in await room.reads("you", "/reading-host status", SIDE_ROOM)
    [told] = room.posts()
    assert told.startswith("Evening readers meets here from now on, as it does in a channel on Console.")
    assert "Your words cross" in told


async def test_a_room_hears_that_words_cross_when_the_file_lets_another_one_join_its_group(
    room: ConsoleRoom, tmp_path: Path
) -> None:
    await declare_groups(room.app.context, declared(tmp_path, EVENING))
    rooms = "[{platform: console}, {platform: console, channel: side-room}]"
    groups = declared(tmp_path, EVENING.replace("[{platform: console}]", rooms))
    await declare_groups(room.app.context, groups)
    await declare_groups(room.app.context, groups)
    await room.app.settle()
    [_, told] = room.posts()
    assert told.startswith("Evening readers meets in a channel on Console as well from now on. Your words cross")
    assert "`/reading privacy opt-out`" in told


async def test_a_room_that_the_file_takes_away_leaves_its_group_and_all_rooms_are_told(
    room: ConsoleRoom, tmp_path: Path
) -> None:
    rooms = "[{platform: console}, {platform: console, channel: side-room}]"
    await declare_groups(room.app.context, declared(tmp_path, EVENING.replace("[{platform: console}]", rooms)))
    await room.app.settle()
    said = len(room.posts())
    await declare_groups(room.app.context, declared(tmp_path, EVENING))
    await declare_groups(room.app.context, declared(tmp_path, EVENING))
    await room.app.settle()
    [told] = room.posts()[said:]
    assert told.startswith("Evening readers does not meet in ")
    assert "any more: what is written here does not go there now." in told
    assert "Rooms: 1" in await room.reads("you", "/reading-host status")
    await room.until(NINE)
    assert len(room.questions()) == 1


async def test_rooms_that_leave_together_are_told_of_together(room: ConsoleRoom, tmp_path: Path) -> None:
    rooms = "[{platform: console}, {platform: console, channel: side-room}, {platform: console, channel: attic}]"
    await declare_groups(room.app.context, declared(tmp_path, EVENING.replace("[{platform: console}]", rooms)))
    await room.app.settle()
    said = len(room.posts())
    await declare_groups(room.app.context, declared(tmp_path, EVENING))
    await room.app.settle()
    [told] = room.posts()[said:]
    gone = "a channel on Console and in a channel on Console"
    assert told.startswith(f"Evening readers does not meet in {gone} any more: ")


async def test_channels_that_a_file_gives_to_another_group_together_hear_nothing_of_each_other(
    room: ConsoleRoom, tmp_path: Path
) -> None:
    rooms = "[{platform: console, channel: side-room}, {platform: console}]"
    both = EVENING.replace("[{platform: console}]", rooms)
    await declare_groups(room.app.context, declared(tmp_path, both))
    await room.app.settle()
    said = len(room.posts())
    await declare_groups(room.app.context, declared(tmp_path, both.replace("slug: evening", "slug: morning")))
    await room.app.settle()
    [told] = room.posts()[said:]
    assert told.startswith("Evening readers meets here from now on, as it does in a channel on Console.")


async def test_a_channel_that_goes_from_one_group_of_the_file_to_another_hears_of_the_new_one_only(
    room: ConsoleRoom, tmp_path: Path
) -> None:
    morning = (
        "slug: morning, name: Morning readers, question_set: commons, rooms: [{platform: console, channel: attic}]"
    )
    await declare_groups(room.app.context, declared(tmp_path, EVENING, morning))
    await room.app.settle()
    said = len(room.posts())
    swapped = (EVENING.replace("console}", "console, channel: attic}"), morning.replace(", channel: attic", ""))
    await declare_groups(room.app.context, declared(tmp_path, *swapped))
    await room.app.settle()
    [told] = room.posts()[said:]
    assert told.startswith("The group “Morning readers” meets here from now on.")


async def test_a_file_may_move_a_group_to_another_channel(room: ConsoleRoom, tmp_path: Path) -> None:
    await declare_groups(room.app.context, declared(tmp_path, EVENING))
    moved = EVENING.replace("{platform: console}", "{platform: console, channel: side-room}")
    await declare_groups(room.app.context, declared(tmp_path, moved))
    await room.app.settle()
    [told] = room.posts()[1:]
    assert told.startswith("Evening readers does not meet here any more, and nothing that is written here")
    assert "What was said so far stays with the group. `/reading privacy erase`" in told
    assert "Evening readers" in await room.reads("you", "/reading-host status", SIDE_ROOM)
    assert "No reading group meets in this channel" in await room.reads("you", "/reading-host status")


async def test_a_start_after_a_channel_got_another_id_leaves_its_group_there_though_the_file_has_the_old_one(
    room: ConsoleRoom, tmp_path: Path
) -> None:
    groups = declared(tmp_path, f"{EVENING}, alert_channel: {{platform: console}}")
    await declare_groups(room.app.context, groups)
    await room.app.desk.moved(CHANNEL, SIDE_ROOM)
    told = len(room.posts())
    await declare_groups(room.app.context, groups)
    await room.app.settle()
    assert len(room.posts()) == told
    assert "Evening readers" in await room.reads("you", "/reading-host status", SIDE_ROOM)
    assert (await group_of(room, "evening")).settings.alert_channel == SIDE_ROOM
    await declare_groups(room.app.context, ())
    await room.app.desk.moved(SIDE_ROOM, CHANNEL)
    await declare_groups(room.app.context, groups)
    assert (await group_of(room, "evening")).settings.alert_channel == CHANNEL
    assert "Evening readers" in await room.reads("you", "/reading-host status")
    assert len(room.posts()) == told


async def test_an_unknown_question_set_is_told_with_its_place_and_nothing_is_made(
    room: ConsoleRoom, tmp_path: Path
) -> None:
    groups = declared(tmp_path, EVENING, "slug: other, name: O, rooms: [{platform: console, channel: x}]")
    wrong = declared(tmp_path, EVENING.replace("commons", "comons"))
    with pytest.raises(SettingsError) as caught:
        await declare_groups(room.app.context, wrong)
    place = f"{tmp_path / 'bot.yaml'}:3: groups[1].question_set: "
    assert str(caught.value) == f"{place}There is no question set “comons”; did you mean `commons`?"
    with pytest.raises(SettingsError, match=r"There is no question set “ai-futures”; there are commons\."):
        await declare_groups(room.app.context, groups)
    async with room.app.context.database.read() as transaction:
        assert await transaction.groups.all() == []


async def test_a_set_that_cannot_be_read_just_now_does_not_keep_the_bot_from_starting(tmp_path: Path) -> None:
    async with empty_room(tmp_path):
        pass
    break_set(tmp_path / "seeds")
    async with empty_room(tmp_path) as room:
        await declare_groups(room.app.context, declared(tmp_path, EVENING))
        await room.until(NINE)
        assert room.questions() == []
        assert "The question set cannot be used." in await room.reads("you", "/reading-host status")
