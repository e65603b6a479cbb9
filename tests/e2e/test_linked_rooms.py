"""One group on two services, from the code to both rooms, and back to one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.content import Reply
from bot.errors import ChatError
from bot.model import Channel, Ref, Settings, Stance
from bot.platforms.console.render import blocks_text
from bot.services.leaving import leave_room
from bot.services.linking import confirm_room, refuse_room
from tests.standins.bridge import ADA, BEN, BOSS, CAFE, CEM, HOST, LIBRARY, PUB, Bridge, bridge
from tests.standins.faults import Fault
from tests.standins.memory import person
from tests.standins.program import MONDAY, a_group

NINE = MONDAY.replace(hour=9)
MEMORY = "Memory is what they lack, more than anything else that money could buy."
POWER = "Electricity will run out long before the chips do, whatever is said."


@pytest.fixture
async def b(tmp_path: Path) -> AsyncIterator[Bridge]:
    """Give two services; a group meets in the café of the east."""
    async with bridge(tmp_path) as opened:
        yield opened


async def rooms_of(b: Bridge) -> list[Channel]:
    async with b.app.context.database.read() as transaction:
        return [room.channel for room in await transaction.groups.rooms(b.group.id)]


# Coming together


async def test_two_sides_come_together_when_both_confirm_and_every_room_is_told(b: Bridge) -> None:
    made = await b.reads(HOST, "/reading-host link")
    code = made.splitlines()[1].removeprefix("Code: ")
    shown = await b.uses(BOSS, f"/reading-host link {code.lower()}", PUB)
    assert isinstance(shown, Reply)
    for words in ("Shall #pub in Everywhere on West become a room of Readers?", "#café in Everywhere on East"):
        assert words in blocks_text(shown.blocks)
    assert await rooms_of(b) == [CAFE]

    assert "is asked to confirm now" in await b.presses(BOSS, "Confirm", shown, PUB)
    assert await rooms_of(b) == [CAFE]
    asked = b.told(HOST)
    assert "Boss used your code for Readers in #pub in Everywhere on West" in blocks_text(asked.blocks)

    assert "#pub in Everywhere on West is a room of Readers now." in await b.presses(HOST, "Confirm", asked)
    assert await rooms_of(b) == [CAFE, PUB]
    (in_cafe,), (in_pub,) = b.texts(CAFE), b.texts(PUB)
    assert in_cafe.startswith("Readers meets in #pub in Everywhere on West as well from now on. Your words cross")
    assert in_pub.startswith("Readers meets here from now on, as it does in #café in Everywhere on East.")
    assert "Your words cross" in in_pub
    assert "is a room of Readers now" in blocks_text(b.told(BOSS).blocks)
    assert "Hosts: Boss, Hilda" in await b.reads(BOSS, "/reading-host status", PUB)
    assert "- Boss on West\n- Hilda on East" in await b.reads(HOST, "/reading-host hosts list")


async def test_what_waits_for_confirmation_is_shown_again_to_whoever_may_confirm(b: Bridge) -> None:
    await b.uses(BOSS, f"/reading-host link {await b.code(HOST)}", PUB)
    again = await b.uses(BOSS, "/reading-host link", PUB)
    assert isinstance(again, Reply)
    await b.presses(BOSS, "Confirm", again, PUB)
    waiting = await b.uses(HOST, "/reading-host link")
    assert isinstance(waiting, Reply)
    assert "The other side has confirmed." in blocks_text(waiting.blocks)
    await b.presses(HOST, "Confirm", waiting)
    assert await rooms_of(b) == [CAFE, PUB]


async def test_who_runs_the_workspace_can_confirm_in_private_where_nobody_knows_that_they_do(b: Bridge) -> None:
    owner = person("Olga", "east", admin=True)
    shown = await b.uses(BOSS, f"/reading-host link {await b.code(owner)}", PUB)
    assert isinstance(shown, Reply)
    await b.presses(BOSS, "Confirm", shown, PUB)
    assert "is a room of Readers now" in await b.presses(replace(owner, admin=False), "Confirm", b.told(owner))


async def test_either_side_may_refuse_and_nothing_comes_of_it(b: Bridge) -> None:
    shown = await b.uses(BOSS, f"/reading-host link {await b.code(HOST)}", PUB)
    assert isinstance(shown, Reply)
    await b.presses(BOSS, "Refuse", shown, PUB)
    assert "said no" in blocks_text(b.told(HOST).blocks)
    assert "That request is over." in await b.presses(BOSS, "Confirm", shown, PUB)

    shown = await b.uses(BOSS, f"/reading-host link {await b.code(HOST)}", PUB)
    assert isinstance(shown, Reply)
    await b.presses(BOSS, "Confirm", shown, PUB)
    asked = b.told(HOST)
    await b.presses(HOST, "Refuse", asked)
    assert "said no" in blocks_text(b.told(BOSS).blocks)
    assert "That request is over." in await b.presses(HOST, "Confirm", asked)
    assert await rooms_of(b) == [CAFE]


async def test_a_code_works_once_for_a_quarter_of_an_hour_and_the_latest_only(b: Bridge) -> None:
    first, second = await b.code(HOST), await b.code(HOST)
    assert "There is no such code" in await b.reads(BOSS, f"/reading-host link {first}", PUB)
    assert "become a room" in await b.reads(BOSS, f"/reading-host link {second}", PUB)
    assert "There is no such code" in await b.reads(BOSS, f"/reading-host link {second}", LIBRARY)
    third = await b.code(HOST)
    b.clock.advance(timedelta(minutes=15))
    assert "There is no such code" in await b.reads(BOSS, f"/reading-host link {third}", LIBRARY)


async def test_whoever_tries_too_many_codes_must_wait_even_with_the_right_one(b: Bridge) -> None:
    code = await b.code(HOST)
    for wrong in ("AAAA-AAAA", "BBBB-BBBB", "CCCC-CCCC", "DDDD-DDDD", "EEEE-EEEE"):
        assert "There is no such code" in await b.reads(BOSS, f"/reading-host link {wrong}", PUB)
    assert "too many wrong codes" in await b.reads(BOSS, f"/reading-host link {code}", PUB)
    b.clock.advance(timedelta(minutes=16))
    assert "become a room" in await b.reads(BOSS, f"/reading-host link {await b.code(HOST)}", PUB)


async def test_a_confirmation_that_comes_too_late_joins_nothing(b: Bridge) -> None:
    shown = await b.uses(BOSS, f"/reading-host link {await b.code(HOST)}", PUB)
    assert isinstance(shown, Reply)
    await b.presses(BOSS, "Confirm", shown, PUB)
    b.clock.advance(timedelta(days=1))
    assert "That request is over." in await b.presses(HOST, "Confirm", b.told(HOST))
    assert await rooms_of(b) == [CAFE]


async def test_the_code_is_not_kept_as_it_is(b: Bridge, tmp_path: Path) -> None:
    code = (await b.code(HOST)).encode()
    stored = b"".join((tmp_path / name).read_bytes() for name in ("bot.db", "bot.db-wal"))
    assert code not in stored
    assert code.replace(b"-", b"") not in stored


# Who may


async def test_only_who_may_set_up_a_channel_uses_a_code_there_and_confirms(b: Bridge) -> None:
    code = await b.code(HOST)
    assert "is for hosts" in await b.reads(BEN, f"/reading-host link {code}", PUB)
    shown = await b.uses(BOSS, f"/reading-host link {code}", PUB)
    assert isinstance(shown, Reply)
    assert "is for hosts" in await b.presses(BEN, "Confirm", shown, PUB)
    assert "for the other side to confirm" in await b.presses(BOSS, "Confirm", shown, LIBRARY)
    assert "for the other side to confirm" in await b.presses(HOST, "Confirm", shown, CAFE)
    await b.presses(BOSS, "Confirm", shown, PUB)
    assert "for the other side to confirm" in await b.presses(BOSS, "Confirm", b.told(HOST), PUB)
    assert "is for hosts" in await b.presses(ADA, "Confirm", b.told(HOST))
    assert await rooms_of(b) == [CAFE]


async def test_a_host_of_another_group_does_not_bring_its_neighbours_channel_along(b: Bridge) -> None:
    await a_group(b.app, LIBRARY, slug="others", hosts=[BEN])
    code = await b.code(HOST)
    refused = "Only who runs the workspace can start one there."
    assert refused in await b.reads(BEN, f"/reading-host link {code}", PUB)
    shown = await b.uses(BOSS, f"/reading-host link {code}", PUB)
    assert isinstance(shown, Reply)
    for label in ("Confirm", "Refuse"):
        assert refused in await b.presses(BEN, label, shown, PUB)
    assert "Shall" not in await b.reads(BEN, "/reading-host link", PUB)


async def test_whoever_is_no_host_decides_nothing_whichever_way_it_is_asked(b: Bridge) -> None:
    shown = await b.uses(BOSS, f"/reading-host link {await b.code(HOST)}", PUB)
    assert isinstance(shown, Reply)
    await b.presses(BOSS, "Confirm", shown, PUB)
    async with b.app.context.database.read() as transaction:
        (request,) = await transaction.links.of_group(b.group.id, b.clock.now())
    for decide in (confirm_room, refuse_room):
        with pytest.raises(ChatError, match="Only its own hosts"):
            await decide(b.app.context, CAFE, ADA, b.group, request.id)


async def test_a_channel_where_a_group_meets_already_is_told_what_to_do_and_the_code_stays_good(b: Bridge) -> None:
    await a_group(b.app, LIBRARY, slug="others")
    code = await b.code(HOST)
    told = await b.reads(BOSS, f"/reading-host link {code}", LIBRARY)
    assert told.startswith(
        "Others meets in this channel, and a channel belongs to one group. Use the code in a channel"
    )
    assert "one of Readers's already" in await b.reads(HOST, f"/reading-host link {code}", CAFE)
    assert "become a room" in await b.reads(BOSS, f"/reading-host link {code}", PUB)


async def test_a_group_that_started_there_before_the_channel_agreed_keeps_it(b: Bridge) -> None:
    shown = await b.uses(BOSS, f"/reading-host link {await b.code(HOST)}", PUB)
    assert isinstance(shown, Reply)
    await a_group(b.app, PUB, slug="others")
    assert "Others meets in this channel" in await b.presses(BOSS, "Confirm", shown, PUB)
    assert await rooms_of(b) == [CAFE]


async def test_a_group_that_started_there_after_the_channel_agreed_keeps_it(b: Bridge) -> None:
    shown = await b.uses(BOSS, f"/reading-host link {await b.code(HOST)}", PUB)
    assert isinstance(shown, Reply)
    await b.presses(BOSS, "Confirm", shown, PUB)
    await a_group(b.app, PUB, slug="others")
    assert "Another group meets in that channel by now." in await b.presses(HOST, "Confirm", b.told(HOST))
    assert await rooms_of(b) == [CAFE]


async def test_what_the_operators_file_decides_is_not_linked_from_chat(b: Bridge) -> None:
    await b.joins()
    async with b.app.context.database.write() as transaction:
        await transaction.groups.save(replace(await transaction.groups.get(b.group.id), declared=True))
    for who, line, there in ((HOST, "/reading-host link", CAFE), (BOSS, "/reading-host unlink yes", PUB)):
        assert "operator's file" in await b.reads(who, line, there)
    assert await rooms_of(b) == [CAFE, PUB]


# Going apart


async def test_a_channel_that_leaves_gets_nothing_more_and_both_sides_are_told(b: Bridge) -> None:
    await b.joins()
    await b.until(NINE)
    await b.says(BEN, POWER)
    asked = await b.uses(BOSS, "/reading-host unlink", PUB)
    assert isinstance(asked, Reply)
    assert await rooms_of(b) == [CAFE, PUB], "it asks first"
    assert "has left Readers" in await b.presses(BOSS, "Leave", asked, PUB)
    assert b.texts(PUB)[-1].startswith("Readers does not meet here any more")
    assert b.texts(CAFE)[-1].startswith("Readers does not meet in #pub in Everywhere on West any more")
    before = len(b.texts(PUB))
    await b.until(NINE + timedelta(days=7))
    assert len(b.texts(PUB)) == before
    assert "No reading group meets in this channel." in await b.reads(BEN, "/reading today")
    assert "Ben, on West" in await b.reads(ADA, "/reading search electricity"), "what was said stays"


async def test_after_leaving_nothing_new_is_recorded_but_edits_and_deletions_are_followed(b: Bridge) -> None:
    await b.joins()
    await b.until(NINE)
    kept, gone = await b.says(BEN, POWER), await b.says(CEM, MEMORY)
    await b.reads(BOSS, "/reading-host unlink yes", PUB)
    new = await b.says(BEN, "This is none of their business, as they are not here any more.")
    west = b.services["west"]
    b.clock.advance(timedelta(minutes=1))
    await b.app.desk.record(west.change(kept.ref, "Electricity was never the problem, as we all know by now.").seen)
    await b.app.desk.record(west.remove(gone.ref))
    await b.app.desk.record(west.react(new.ref, CEM, Stance.AGREE).reactions)
    assert "holds" in await b.reads(ADA, "/reading search business")
    assert "never the problem" in await b.reads(ADA, "/reading search electricity")
    assert "holds" in await b.reads(ADA, "/reading search memory")


async def test_what_was_not_posted_yet_in_a_channel_that_leaves_is_called_off(b: Bridge) -> None:
    await b.joins()
    b.platforms["west"].faults.append(Fault.NOT_SENT)
    await b.until(NINE)
    await b.reads(BOSS, "/reading-host unlink yes", PUB)
    await b.until(NINE + timedelta(hours=1))
    assert not [text for text in b.texts(PUB) if "What about" in text]
    assert "All is well." in await b.reads(HOST, "/reading-host status")


async def test_an_answer_that_was_not_posted_yet_in_a_channel_that_leaves_is_kept_but_not_posted(b: Bridge) -> None:
    await b.joins()
    await b.until(NINE)
    b.platforms["west"].faults.append(Fault.NOT_SENT)
    await b.reads(BEN, f"/reading answer {POWER}")
    await b.reads(BOSS, "/reading-host unlink yes", PUB)
    await b.until(NINE + timedelta(hours=1))
    assert not [text for text in b.in_thread(PUB) if POWER in text]
    assert POWER in await b.reads(ADA, "/reading search electricity")


async def test_trouble_in_a_channel_that_left_concerns_no_host(b: Bridge) -> None:
    await b.joins()
    b.services["west"].refuses = "The service is closed."
    await b.until(NINE)
    assert "The service is closed. This is about #pub in Everywhere on West." in blocks_text(b.told(HOST).blocks)
    async with b.app.context.database.read() as transaction:
        (room,) = [room for room in await transaction.groups.rooms(b.group.id) if room.channel == PUB]
    await leave_room(b.app.context, b.group, room)
    await b.app.settle()
    told = len(b.services["east"].told)
    await b.until(NINE + timedelta(hours=1))
    assert len(b.services["east"].told) == told
    assert "All is well." in await b.reads(HOST, "/reading-host status")


async def test_trouble_with_what_a_group_posted_once_concerns_no_host_of_the_next_one_there(b: Bridge) -> None:
    await b.joins()
    await b.until(NINE)
    await b.says(ADA, MEMORY)
    await b.until(NINE + timedelta(minutes=1))
    await b.reads(HOST, "/reading-host digest now")
    await b.reads(BOSS, "/reading-host unlink yes", PUB)
    await b.reads(BOSS, "/reading-host setup zone:UTC name:Drinkers", PUB)
    told = len(b.services["west"].told)
    b.services["west"].refuses = "The service is closed."
    await b.reads(ADA, "/reading privacy erase yes")
    await b.until(NINE + timedelta(hours=1))
    assert len(b.services["west"].told) == told
    assert "All is well." in await b.reads(BOSS, "/reading-host status", PUB)


async def test_the_last_channel_cannot_leave(b: Bridge) -> None:
    told = await b.reads(HOST, "/reading-host unlink")
    assert told.startswith("This is the only channel where Readers meets, so it cannot leave.")
    await b.joins()
    await b.reads(HOST, "/reading-host unlink yes")
    assert await rooms_of(b) == [PUB]
    assert "only channel" in await b.reads(BOSS, "/reading-host unlink yes", PUB)


async def test_only_the_channel_itself_leaves(b: Bridge) -> None:
    await b.joins()
    assert "does not meet in this channel" in await b.reads(BOSS, "/reading-host unlink yes", LIBRARY)
    assert "is for hosts" in await b.reads(BEN, "/reading-host unlink yes", PUB)
    assert await rooms_of(b) == [CAFE, PUB]


async def test_a_channel_that_left_can_come_back_or_start_its_own_group(b: Bridge) -> None:
    await b.until(NINE)
    await b.joins()
    await b.reads(BOSS, "/reading-host unlink yes", PUB)
    await b.joins()
    assert await rooms_of(b) == [CAFE, PUB]
    await b.says(BEN, POWER)
    assert "Ben, on West" in await b.reads(ADA, "/reading search electricity")
    await b.reads(BOSS, "/reading-host unlink yes", PUB)
    assert "is set up" in await b.reads(BOSS, "/reading-host setup zone:UTC", PUB)
    assert "Ben, on West" in await b.reads(ADA, "/reading search electricity"), "though another group meets there now"
    assert "holds" in await b.reads(BEN, "/reading search electricity"), "what was said is the first group's"
    assert "Electricity" in await b.reads(ADA, "/reading search electricity")


async def test_what_was_written_while_a_channel_was_away_stays_its_own_when_it_is_back(b: Bridge) -> None:
    await b.joins()
    await b.until(NINE)
    kept = await b.says(BEN, POWER)
    await b.reads(BOSS, "/reading-host unlink yes", PUB)
    b.clock.advance(timedelta(minutes=1))
    await b.says(BEN, "This is none of their business, as they are not here any more.")
    b.clock.advance(timedelta(minutes=1))
    await b.joins()
    await b.says(CEM, MEMORY)
    await b.app.desk.record(b.services["west"].change(kept.ref, "Electricity was never the problem, I think.").seen)
    await b.app.desk.connected("west")
    assert "holds" in await b.reads(ADA, "/reading search business")
    assert "never the problem" in await b.reads(ADA, "/reading search electricity")
    assert MEMORY in await b.reads(ADA, "/reading search memory")


async def test_alerts_follow_no_channel_of_a_workspace_that_left(b: Bridge) -> None:
    await b.joins()
    async with b.app.context.database.write() as transaction:
        group = await transaction.groups.get(b.group.id)
        alerts = Channel("west", PUB.workspace, Ref("office"))
        await transaction.groups.save(replace(group, settings=replace(group.settings, alert_channel=alerts)))
    await b.reads(BOSS, "/reading-host unlink yes", PUB)
    async with b.app.context.database.read() as transaction:
        assert (await transaction.groups.get(b.group.id)).settings.alert_channel is None
    assert Settings().alert_channel is None


async def test_an_answer_to_what_was_asked_where_the_group_met_once_is_not_posted_there(b: Bridge) -> None:
    await b.until(NINE + timedelta(hours=15, minutes=30))
    await b.joins()
    await b.reads(HOST, "/reading-host unlink yes")
    await b.reads(BEN, f"/reading answer {POWER}")
    assert not [text for text in b.in_thread(CAFE) if POWER in text]


async def test_a_group_that_is_forgotten_takes_nothing_of_the_one_that_met_there_before(b: Bridge) -> None:
    await b.joins()
    await b.until(NINE)
    await b.says(BEN, POWER)
    await b.reads(BOSS, "/reading-host unlink yes", PUB)
    b.clock.advance(timedelta(minutes=1))
    later = await a_group(b.app, PUB, slug="later")
    async with b.app.context.database.write() as transaction:
        await transaction.groups.remove(later.id)
    assert "Ben, on West" in await b.reads(ADA, "/reading search electricity")
    assert "No reading group meets" in await b.reads(BEN, "/reading today")


async def test_a_group_is_abandoned_once_the_bot_is_gone_from_all_places_where_it_still_meets(b: Bridge) -> None:
    await b.joins()
    await b.reads(HOST, "/reading-host unlink yes")
    await b.app.desk.left("west", PUB.workspace)
    async with b.app.context.database.read() as transaction:
        assert await transaction.departures.abandoned(b.clock.now()) == [b.group.id]
