"""What is set about a group is shown and changed from chat, and alerts go where hosts want them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.clock import ManualClock
from bot.config import load_settings
from bot.content import Actions, Reply
from bot.events import Invocation, Place
from bot.model import Channel, Exhausted, Group, Order, Settings
from bot.platforms.console.platform import CHANNEL
from bot.platforms.console.render import blocks_text
from bot.services.alerts import clear_alerts, raise_alert
from bot.services.declaring import declare_groups
from tests.standins.limits import require_fits
from tests.standins.memory import MemoryPlatform, Service, channel, person, told
from tests.standins.program import MONDAY, a_group, program
from tests.standins.room import ConsoleRoom, console_room, empty_room

NINE = MONDAY.replace(hour=9)
HOST = person("Host")


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[ConsoleRoom]:
    """Give a room whose group was set up an hour before its first question."""
    async with console_room(tmp_path) as opened:
        yield opened


async def the_group(room: ConsoleRoom) -> Group:
    async with room.app.context.database.read() as transaction:
        group = await transaction.groups.by_channel(CHANNEL)
    assert group is not None
    return group


async def settings_of(room: ConsoleRoom) -> Settings:
    return (await the_group(room)).settings


async def test_everything_that_is_set_is_shown(room: ConsoleRoom) -> None:
    shown = (await room.reads("you", "/reading-host settings")).splitlines()
    assert shown == [
        "",
        "Reading group",
        "Question set: The commons, in the order of the readings",
        "When all were asked: begin again",
        "Questions: every day at 09:00 (UTC)",
        "Next question: Mon 7 Jan 2030, 09:00 (UTC)",
        "Next digest: Sun 13 Jan 2030, 18:00 (UTC)",
        "Meets in: #reading-room (terminal)",
        "Questions ping: nobody",
        "A week without answers gets: nothing",
        "Holidays: none",
        "Alerts go to: each host, in private",
        "Hosts: you",
        "  Change the schedule: /reading-host setup channel:reading-room",
        "  Change the rest: /reading-host settings form:yes",
    ]


async def test_its_buttons_open_the_two_forms(room: ConsoleRoom) -> None:
    reply = await room.uses("you", "/reading-host settings")
    assert isinstance(reply, Reply)
    (actions,) = (block.actions for block in reply.blocks if isinstance(block, Actions))
    titles = []
    for action in actions:
        form = await room.invokes("you", action.command, dict(action.arguments))
        assert not isinstance(form, Reply)
        require_fits(form)
        titles.append([field.name for field in form.fields])
    assert titles == [
        ["zone", "at", "days", "set", "digest"],
        ["name", "order", "exhausted", "tell_empty_week", "holidays"],
    ]


async def test_the_form_changes_what_it_shows_and_keeps_the_rest(room: ConsoleRoom) -> None:
    before = await settings_of(room)
    form = await room.opens("you", "/reading-host settings form:yes")
    assert "Nothing changed" in await room.fills("you", form)
    assert await settings_of(room) == before
    said = await room.fills(
        "you",
        form,
        name="Evening  readers",
        order="shuffled",
        exhausted="stop, and tell the hosts",
        tell_empty_week="one line",
        holidays="2030-01-08, 2030-01-10 to 2030-01-12\n2020-01-01",
    )
    assert said.startswith("Evening readers is changed.")
    assert "Holidays: 2030-01-08, 2030-01-10 to 2030-01-12" in said, "what is over is dropped"
    after = await settings_of(room)
    assert (after.order, after.exhausted, after.tell_empty_week) == (Order.SHUFFLED, Exhausted.STOP, True)
    assert (after.zone, after.ask_at, after.digest_on) == (before.zone, before.ask_at, before.digest_on)
    again = await room.opens("you", "/reading-host settings form:yes")
    assert again.fields[0].value == "Evening readers"
    assert again.fields[-1].value == "2030-01-08, 2030-01-10 to 2030-01-12"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"holidays": "christmas"}, "holidays: “christmas” is not a date; write dates like 2030-12-24"),
        ({"holidays": "2030-02-03 to 2030-02-01"}, "is not a range of dates within one year"),
        ({"name": "x" * 81}, "The name has 81 characters; at most 80 fit."),
    ],
)
async def test_a_mistake_is_told_and_nothing_is_changed(
    room: ConsoleRoom, values: dict[str, str], expected: str
) -> None:
    before = await the_group(room)
    form = await room.opens("you", "/reading-host settings form:yes")
    assert expected in await room.fills("you", form, tell_empty_week="one line", **values)
    assert await the_group(room) == before


async def test_no_question_comes_on_a_holiday_and_the_empty_week_gets_its_line(room: ConsoleRoom) -> None:
    said = await room.reads("you", "/reading-host settings holidays:2030-01-07 to 2030-01-12 empty_week:line")
    assert "- A week without answers gets one line.\n- No questions on 2030-01-07 to 2030-01-12." in said
    await room.until(NINE + timedelta(days=5, hours=1))
    assert room.questions() == []
    await room.until(NINE + timedelta(days=6, hours=10))
    assert len(room.questions()) == 1
    assert any("A quiet week" in text for text in room.posts())
    assert "There are no holidays." in await room.reads("you", "/reading-host settings remove:holidays")


async def test_what_is_set_and_taken_away_at_once_is_refused_and_nothing_changes(room: ConsoleRoom) -> None:
    await room.reads("you", "/reading-host settings holidays:2030-05-01")
    for line in (
        "holidays:2030-06-01 remove:holidays",
        "alerts:reading-room remove:alerts",
        "mention:all remove:mention",
    ):
        name = line.partition(":")[0]
        assert (
            await room.reads("you", f"/reading-host settings {line}")
            == f"`{name}:` sets what `remove:{name}` takes away. Write one of the two."
        )
    assert "2030-05-01" in await room.reads("you", "/reading-host settings")


async def test_only_a_role_that_exists_is_pinged(room: ConsoleRoom) -> None:
    said = await room.reads("you", "/reading-host settings mention:readers")
    assert said == "That is no role that a question can ping. Choose one that your readers have."


async def test_settings_of_a_declared_group_are_shown_and_changed_in_the_file_only(tmp_path: Path) -> None:
    path = tmp_path / "bot.yaml"
    path.write_text(
        "platforms: {console: }\ngroups:\n"
        "  - {slug: evening, name: Evening readers, question_set: commons, rooms: [{platform: console}],\n"
        "     alert_channel: {platform: console}}\n"
    )
    async with empty_room(tmp_path) as room:
        await declare_groups(room.app.context, load_settings(path).groups)
        shown = await room.reads("you", "/reading-host settings")
        assert "Alerts go to: #reading-room (terminal)" in shown
        assert "decided by the operator's file, as group `evening`" in shown
        before = await the_group(room)
        for line in ("form:yes", "empty_week:line", "alerts:reading-room", "mention:all", "remove:alerts"):
            refused = await room.reads("you", f"/reading-host settings {line}")
            assert "decided by the operator's file, so they cannot be changed from chat" in refused
        assert await the_group(room) == before


# Where alerts go


def used(reply: object) -> str:
    assert isinstance(reply, Reply)
    return blocks_text(reply.blocks)


async def test_alerts_are_said_in_their_channel_once_until_it_is_over(tmp_path: Path) -> None:
    clock = ManualClock(MONDAY)
    service = Service(clock, channel("reading"), channel("alerts"))
    async with program(tmp_path, clock, MemoryPlatform(service)) as app:
        group = await a_group(app, channel("reading"), hosts=[HOST])
        place = Place(channel("reading"))
        use = Invocation(place, HOST, "reading-host settings", {"alerts": "alerts"})
        assert "Alerts go to #alerts (Everywhere)." in used(await app.desk.command(use))
        ((where, first),) = service.announced
        assert where == channel("alerts")
        assert "must know is said here" in told(first)
        for _ in range(2):
            await raise_alert(app.context, group.id, "delivery:1", "A question cannot be posted.")
        assert [told(reply) for _, reply in service.announced[1:]] == ["Readers: A question cannot be posted."]
        assert service.told == []
        async with app.context.database.write() as transaction:
            await clear_alerts(transaction, group.id, "delivery:1")
        await raise_alert(app.context, group.id, "delivery:1", "A question cannot be posted.")
        assert len(service.announced) == 3


async def test_hosts_are_told_in_private_while_the_alert_channel_is_out_of_reach(tmp_path: Path) -> None:
    clock = ManualClock(MONDAY)
    service = Service(clock, channel("reading"), channel("alerts"))
    async with program(tmp_path, clock, MemoryPlatform(service)) as app:
        group = await a_group(app, channel("reading"), hosts=[HOST], alert_channel=channel("alerts"))
        service.channels.discard(channel("alerts"))
        await raise_alert(app.context, group.id, "delivery:1", "A question cannot be posted.")
        ((user, reply),) = service.told
        assert user == HOST.user
        assert "cannot be posted" in told(reply)
        assert "I cannot reach the alert channel" in told(reply)


async def test_hosts_whom_an_alert_did_not_reach_are_told_later_and_once(tmp_path: Path) -> None:
    clock = ManualClock(MONDAY)
    service = Service(clock, channel("reading"))
    service.refuses_private = True
    async with program(tmp_path, clock, MemoryPlatform(service)) as app:
        group = await a_group(app, channel("reading"), hosts=[HOST])
        await raise_alert(app.context, group.id, "delivery:8", "A question cannot be posted.")
        await raise_alert(app.context, group.id, "delivery:9", "A digest cannot be posted.")
        clock.advance(timedelta(hours=1))
        await app.settle()
        assert service.told == []
        async with app.context.database.write() as transaction:
            await clear_alerts(transaction, group.id, "delivery:9")
        service.refuses_private = False
    async with program(tmp_path, clock, MemoryPlatform(service)) as app:
        for _ in range(3):
            clock.advance(timedelta(hours=1))
            await app.settle()
    ((user, reply),) = service.told
    assert (user, told(reply)) == (HOST.user, "Readers: A question cannot be posted.")


async def test_a_channel_in_which_nothing_can_be_said_is_no_alert_channel(tmp_path: Path) -> None:
    clock = ManualClock(MONDAY)
    service = Service(clock, channel("reading"))
    async with program(tmp_path, clock, MemoryPlatform(service)) as app:
        await a_group(app, channel("reading"), hosts=[HOST])
        use = Invocation(Place(channel("reading")), HOST, "reading-host settings", {"alerts": "attic"})
        assert (used(await app.desk.command(use))).startswith("I cannot write in that channel.")
        shown = used(await app.desk.command(Invocation(Place(channel("reading")), HOST, "reading-host settings")))
        assert "Alerts go to: each host, in private" in shown


async def test_a_room_pings_the_role_that_was_chosen_for_it_and_another_does_not(tmp_path: Path) -> None:
    clock = ManualClock(MONDAY)
    rooms: tuple[Channel, Channel] = (channel("reading"), channel("other"))
    service = Service(clock, *rooms)
    async with program(tmp_path, clock, MemoryPlatform(service)) as app:
        await a_group(app, *rooms, hosts=[HOST])
        use = Invocation(Place(rooms[0]), HOST, "reading-host settings", {"mention": "readers"})
        assert "Each question in #reading (Everywhere) pings the readers." in used(await app.desk.command(use))
        clock.move_to(NINE)
        await app.settle()
        posted = {post.place.channel.channel: post.mention for post in service.log if post.place.thread is None}
        assert posted == {"reading": "readers", "other": None}
        undo = Invocation(Place(rooms[0]), HOST, "reading-host settings", {"remove": "mention"})
        assert "Questions in #reading (Everywhere) ping nobody." in used(await app.desk.command(undo))
        clock.advance(timedelta(days=1))
        await app.settle()
        assert [post.mention for post in service.log if post.place.thread is None][2:] == [None, None]


@pytest.mark.parametrize("wrong", [{"alerts": "nowhere"}, {"mention": "nobody"}])
async def test_what_is_refused_changes_nothing_else_that_was_named_with_it(
    tmp_path: Path, wrong: dict[str, str]
) -> None:
    clock = ManualClock(MONDAY)
    here, alerts = channel("reading"), channel("alerts")
    service = Service(clock, here, alerts)
    async with program(tmp_path, clock, MemoryPlatform(service)) as app:
        group = await a_group(app, here, hosts=[HOST])
        named = {"mention": "readers", "alerts": "alerts", "empty_week": "line", **wrong}
        reply = await app.desk.command(Invocation(Place(here), HOST, "reading-host settings", named))
        assert isinstance(reply, Reply)
        assert reply.refusal
        async with app.context.database.read() as transaction:
            (room,) = await transaction.groups.rooms(group.id)
            assert (await transaction.groups.get(group.id)).settings == group.settings
        assert room.mention is None
        assert service.announced == []
