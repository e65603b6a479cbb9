"""How a digest comes about, and how a posted one stays true to what is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.clock import ManualClock
from bot.events import MessageDeleted, MessageSeen, Place
from bot.model import Author, Channel, Ref
from bot.platforms.console.channel import Entry
from bot.platforms.console.platform import CHANNEL, author, place_of
from bot.ports import Refs
from bot.services.digests import post_digest_now
from bot.services.upkeep import GATHER
from bot.store.deliveries import DeliveryKind, NewDelivery
from tests.standins.memory import MemoryPlatform, Service, channel, person
from tests.standins.program import MONDAY, a_group, program
from tests.standins.room import ConsoleRoom, console_room

TEN = MONDAY.replace(hour=10)
SUNDAY = datetime(2030, 1, 13, 18, tzinfo=UTC)
MEMORY = "Memory is what they lack, more than anything else that money could buy."
POWER = "Electricity will run out long before the chips do, whatever is said."
RULES = "Rules come late, as they always did, and then all of them at once."


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[ConsoleRoom]:
    """Give a room whose first question was asked an hour ago."""
    async with console_room(tmp_path) as opened:
        await opened.until(TEN)
        yield opened


def latest(room: ConsoleRoom) -> str:
    """Return the digest that was posted last, as it stands in the channel now."""
    return [text for text in room.posts() if "What comes next" in text][-1]


def first(room: ConsoleRoom) -> str:
    """Return the digest that was posted first, as it stands in the channel now."""
    return next(text for text in room.posts() if "Who took part" in text)


async def late(room: ConsoleRoom, who: str, text: str, sent_at: datetime) -> None:
    """Let a message of long ago be recorded only now, as after a gap."""
    entry = await room.channel.post(who, text, room.clock.now(), thread=2)
    place, ref = place_of(entry), Ref(str(entry.number))
    await room.app.desk.record(MessageSeen(place, ref, author(who), text, sent_at))


async def delete(room: ConsoleRoom, entry: Entry) -> None:
    await room.channel.delete(entry.number, room.clock.now())
    await room.app.desk.record(MessageDeleted(place_of(entry), Ref(str(entry.number)), room.clock.now()))


async def pass_minutes(room: ConsoleRoom, minutes: int) -> None:
    await room.until(room.clock.now() + timedelta(minutes=minutes))


async def test_what_arrives_after_the_digest_but_was_said_before_is_in_it_and_not_in_the_next(
    room: ConsoleRoom,
) -> None:
    await room.says("Ada", MEMORY)
    await room.until(SUNDAY)
    await late(room, "Ben", POWER, SUNDAY - timedelta(minutes=1))
    await pass_minutes(room, 11)
    assert "2 answers from 2 members" in latest(room)
    assert POWER in latest(room)
    await room.says("Ada", RULES)
    await room.until(SUNDAY + timedelta(days=7))
    assert POWER not in latest(room)


async def test_votes_are_gathered_for_ten_minutes(room: ConsoleRoom) -> None:
    entry = await room.says("Ada", MEMORY)
    await room.until(SUNDAY + timedelta(minutes=15))
    await room.votes("Ben", entry.number, "agree")
    await room.app.settle()
    assert "agree" not in latest(room)
    await room.votes("Cem", entry.number, "agree")
    await pass_minutes(room, 11)
    assert "Ada · 2 agree" in latest(room)
    await room.votes("Cem", entry.number, "disagree")
    await pass_minutes(room, 11)
    assert "Ada · 1 agree · 1 disagree" in latest(room), "as many votes, but other ones"


async def test_a_quoted_answer_that_is_deleted_leaves_the_digest_at_once(room: ConsoleRoom) -> None:
    entry = await room.says("Ada", MEMORY)
    await room.says("Ben", POWER)
    await room.until(SUNDAY + timedelta(minutes=5))
    assert MEMORY in latest(room)
    await delete(room, entry)
    await room.app.settle()
    assert MEMORY not in latest(room)
    assert "1 answer from 1 member" in latest(room)


async def test_an_answer_that_was_not_quoted_leaves_the_counts_soon(room: ConsoleRoom) -> None:
    said = [await room.says("Ada", text) for text in (MEMORY, POWER, RULES, MEMORY + " Again.", POWER + " Again.")]
    await room.until(SUNDAY + timedelta(minutes=5))
    unquoted = next(entry for entry in said if f"[{entry.number}]" not in latest(room))
    await delete(room, unquoted)
    await pass_minutes(room, 11)
    assert "4 answers from 1 member" in latest(room)


@pytest.mark.parametrize(("who", "order"), [("Ben", [MEMORY, POWER]), ("Cem", [POWER, MEMORY])])
async def test_replies_lift_an_answer_but_not_its_authors_own(room: ConsoleRoom, who: str, order: list[str]) -> None:
    await room.says("Ada", MEMORY)
    entry = await room.says("Ben", POWER)
    for others in ("yes", "really", "yes!!"):
        await room.says(who if who == "Ben" else others, others, reply_to=entry.number)
    await room.until(SUNDAY)
    assert sorted(order, key=latest(room).index) == order


async def test_a_choice_that_is_changed_or_withdrawn_is_counted_as_it_stands_now(room: ConsoleRoom) -> None:
    await room.until(TEN + timedelta(days=2))
    for who, pick in (("Ada", "The first"), ("Ben", "The first")):
        await room.fills(who, await room.opens(who, "/reading answer question:pick-one"), pick=pick)
    await room.until(SUNDAY + timedelta(minutes=5))
    assert "The first: 2\nThe second: 0" in first(room)
    await room.fills("Ada", await room.opens("Ada", "/reading answer question:pick-one"), pick="The second")
    assert "The first: 1\nThe second: 1" in first(room)
    await room.fills("Ben", await room.opens("Ben", "/reading answer question:pick-one"), pick="")
    assert "The first: 0\nThe second: 1" in first(room)
    assert "Ben" not in first(room)


async def test_after_two_weeks_counts_stay_and_deleted_words_still_go(room: ConsoleRoom) -> None:
    first, second = await room.says("Ada", MEMORY), await room.says("Ben", POWER)
    await room.until(SUNDAY + timedelta(days=20))
    before = latest(room)
    await room.votes("Cem", second.number, "agree")
    await pass_minutes(room, 30)
    assert latest(room) == before
    await delete(room, first)
    await room.app.settle()
    assert MEMORY not in latest(room)


async def test_a_digest_keeps_its_title_when_the_group_takes_another_name_and_zone(room: ConsoleRoom) -> None:
    entry = await room.says("Ada", MEMORY)
    await room.says("Ben", POWER)
    await room.until(SUNDAY)
    title = latest(room).splitlines()[0]
    await room.reads("you", "/reading-host setup name:Others zone:auckland")
    await delete(room, entry)
    await room.app.settle()
    assert MEMORY not in latest(room)
    assert latest(room).splitlines()[0] == title


async def test_a_deletion_while_the_digest_is_compiled_is_not_lost(room: ConsoleRoom) -> None:
    for week in range(1, 6):
        entry = await room.says("Ada", MEMORY)
        await room.says("Ben", POWER)
        room.clock.move_to(SUNDAY + timedelta(days=7 * (week - 1)))
        await asyncio.gather(room.app.settle(), delete(room, entry))
        await room.app.settle()
        assert POWER in latest(room)
        assert MEMORY not in latest(room)
        await room.until(room.clock.now() + timedelta(days=1))


async def test_two_hosts_who_want_the_digest_at_once_get_one(room: ConsoleRoom) -> None:
    await room.says("Ada", MEMORY)
    room.clock.advance(timedelta(minutes=1))
    replies = await asyncio.gather(*(room.reads("you", "/reading-host digest now") for _ in range(2)))
    assert sorted(reply.split(" ")[0] for reply in replies) == ["Posted:", "Today's"]
    assert len([text for text in room.posts() if MEMORY in text]) == 1


async def test_a_week_without_answers_posts_nothing_unless_the_group_wants_a_line(room: ConsoleRoom) -> None:
    await room.says("Ada", "thanks!")
    before = len(room.posts())
    await room.until(SUNDAY)
    assert len(room.posts()) == before + 6, "six more questions"
    async with room.app.context.database.write() as transaction:
        group = await transaction.groups.by_channel(CHANNEL)
        assert group is not None
        wanted = type(group.settings)(question_set="commons", tell_empty_week=True)
        await transaction.groups.save(type(group)(group.id, group.slug, group.name, wanted, MONDAY, MONDAY))
    await room.until(SUNDAY + timedelta(days=7))
    assert "A quiet week" in room.posts()[-1]


async def test_a_week_of_which_nothing_was_known_when_it_ended_gets_its_digest_once_it_is_known(
    room: ConsoleRoom,
) -> None:
    await room.until(SUNDAY)
    assert not [text for text in room.posts() if "What comes next" in text]
    await late(room, "Ada", MEMORY, SUNDAY - timedelta(days=1))
    await pass_minutes(room, 11)
    assert MEMORY in latest(room)
    await late(room, "Ben", POWER, SUNDAY - timedelta(days=1))
    await pass_minutes(room, 11)
    assert POWER in latest(room)
    assert len([text for text in room.posts() if "What comes next" in text]) == 1


async def test_a_week_that_is_known_only_when_the_next_one_is_over_gets_no_digest_any_more(room: ConsoleRoom) -> None:
    await room.until(SUNDAY + timedelta(days=7))
    await late(room, "Ada", MEMORY, SUNDAY - timedelta(days=1))
    await pass_minutes(room, 11)
    assert not [text for text in room.posts() if "What comes next" in text]
    assert "All is well." in await room.reads("you", "/reading-host status")


async def test_a_room_on_a_platform_that_is_gone_keeps_nobody_from_the_digest(room: ConsoleRoom) -> None:
    nest = Channel("carrier-pigeon", Ref("roof"), Ref("nest"))
    async with room.app.context.database.write() as transaction:
        group = await transaction.groups.by_channel(CHANNEL)
        assert group is not None
        gone = await transaction.groups.add_room(group.id, nest)
        asked = await transaction.rounds.last(group.id)
        assert asked is not None
        new = NewDelivery("question:1:nest", DeliveryKind.QUESTION, gone.id, TEN, round_id=asked.id)
        await transaction.deliveries.sent(await transaction.deliveries.add(new), Refs(Ref("q"), Ref("t")), revision=1)
    dove = Author("carrier-pigeon", Ref("d"), "Dove")
    sent_at = room.clock.now()
    await room.app.desk.record(MessageSeen(Place(nest, Ref("t")), Ref("m"), dove, POWER, sent_at))
    await room.says("Ada", MEMORY)
    room.clock.advance(timedelta(minutes=1))
    await post_digest_now(room.app.context, group)
    await room.app.settle()
    assert MEMORY in latest(room)
    assert f"  | {POWER}\n    Dove, on Carrier-pigeon\n" in latest(room), "quoted without a link"
    assert "carrier-pigeon, which is not set up any more" in await room.reads("you", "/reading-host status")


async def test_what_comes_next_is_told_by_section_where_the_group_reads_in_order(room: ConsoleRoom) -> None:
    await room.says("Ada", MEMORY)
    await room.until(SUNDAY)
    assert latest(room).endswith("What comes next\n- The well: A dry summer")
    await room.reads("you", "/reading-host setup order:shuffled")
    await room.says("Ada", POWER)
    await room.until(SUNDAY + timedelta(days=7))
    assert latest(room).endswith("What comes next\n- Rules")


class Linkless(MemoryPlatform):
    """A platform that, once told so, has no address for anything in one channel."""

    without: Channel | None = None

    def link(self, place: Place, message: Ref) -> str:
        if place.channel == self.without:
            raise ValueError("no address")
        return super().link(place, message)


async def test_a_digest_that_cannot_be_compiled_keeps_no_other_from_being_corrected(tmp_path: Path) -> None:
    clock = ManualClock(MONDAY)
    channels = (channel("first"), channel("second"))
    service = Service(clock, *channels)
    platform = Linkless(service)
    async with program(tmp_path, clock, platform) as app:
        groups = [await a_group(app, one, slug=one.channel) for one in channels]
        clock.move_to(MONDAY.replace(hour=9))
        await app.settle()
        said = []
        for group, where in zip(groups, channels, strict=True):
            async with app.context.database.read() as transaction:
                (round_,) = await transaction.rounds.recent(group.id, 1)
                ((_, _, thread),) = await transaction.rounds.threads(round_.id)
            posted = service.add(Place(where, thread), person("Ada"), MEMORY)
            await app.desk.record(MessageSeen(posted.place, posted.ref, person("Ada"), MEMORY, posted.sent_at))
            said.append(posted)
        clock.move_to(SUNDAY)
        await app.settle()
        platform.without = channels[0]
        for posted in said:
            await app.desk.record(MessageDeleted(posted.place, posted.ref, clock.now()))
        await app.settle()
        async with app.context.database.read() as transaction:
            stored = [await transaction.digests.last(group.id) for group in groups]
        assert [one.digest.answers for one in stored if one] == [1, 0]
        platform.without = None
        clock.advance(GATHER)
        await app.settle()
        async with app.context.database.read() as transaction:
            last = await transaction.digests.last(groups[0].id)
        assert last is not None
        assert last.digest.answers == 0, "it is tried again"
