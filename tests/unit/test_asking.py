"""When a group is asked, and what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.app import App
from bot.clock import ManualClock
from bot.content import Reply
from bot.errors import ChatError
from bot.events import Place
from bot.model import Channel, Exhausted, Group, Order, Ref
from bot.services.asking import ask_now, coming
from bot.services.hosting import enqueue, pause_group, resume_group, skip_next
from bot.store.database import ConflictError
from bot.store.deliveries import DeliveryKind, NewDelivery
from tests.standins.faults import Fault, FaultyPlatform
from tests.standins.memory import Service, channel, person, told
from tests.standins.program import MONDAY, SET, a_group, alerts_of, program, rounds_of
from tests.standins.seeds import break_set, write_set

HOST = person("Host")
NINE = MONDAY + timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass
class World:
    """The open program, and one group that is asked at 09:00."""

    folder: Path
    app: App
    clock: ManualClock
    service: Service
    platform: FaultyPlatform
    group: Group

    async def at(self, moment: datetime) -> None:
        """Let it become so late, and do what is due then."""
        self.clock.move_to(moment)
        await self.app.settle()

    async def asked(self) -> dict[str, str]:
        """Return by local date which question was asked."""
        return {round_.local_date.isoformat(): round_.question.id for round_ in await rounds_of(self.app, self.group)}

    def posted(self) -> list[str]:
        """Return the keys of the bot's messages in channels."""
        return [one.key for one in self.service.messages() if one.place.thread is None]

    async def set(self, **changes: Any) -> None:
        """Change the group's settings."""
        async with self.app.context.database.write() as transaction:
            group = await transaction.groups.get(self.group.id)
            await transaction.groups.save(replace(group, settings=replace(group.settings, **changes)))

    def seeds(self, questions: int | Mapping[str, str]) -> None:
        """Change the question set's files."""
        write_set(self.folder / "seeds", SET, questions)


@asynccontextmanager
async def world(
    folder: Path, *, questions: int | Mapping[str, str] = 3, rooms: int = 1, faults: int = 0, **settings: Any
) -> AsyncIterator[World]:
    channels = [channel(f"room-{number}") for number in range(rooms)]
    clock = ManualClock(MONDAY)
    service = Service(clock, *channels)
    platform = FaultyPlatform(service, [Fault.NOT_SENT] * faults)
    write_set(folder / "seeds", SET, questions)
    async with program(folder, clock, platform) as app:
        group = await a_group(app, *channels, hosts=[HOST], **settings)
        yield World(folder, app, clock, service, platform, group)


async def test_every_room_gets_the_same_question_once(tmp_path: Path) -> None:
    async with world(tmp_path, rooms=3) as w:
        await w.at(NINE - timedelta(seconds=1))
        assert await w.asked() == {}
        await w.at(NINE)
        await w.at(NINE + timedelta(hours=5))
        (round_,) = await rounds_of(w.app, w.group)
        texts = {one.place.channel: one.text for one in w.service.messages() if one.place.thread is None}
        assert texts == {
            channel(f"room-{number}"): "\n".join(
                (round_.question.text, round_.question.background, "The well, “A dry summer”")
            )
            for number in range(3)
        }


async def test_a_round_whose_deliveries_cannot_be_made_is_not_made_either(tmp_path: Path) -> None:
    async with world(tmp_path, rooms=2) as w:
        w.clock.move_to(NINE)
        async with w.app.context.database.write() as transaction:
            await transaction.deliveries.add(NewDelivery("question:1:2", DeliveryKind.NOTICE, 2, NINE + DAY))
        with pytest.raises(ConflictError):
            await ask_now(w.app.context, w.group, None)
        assert await w.asked() == {}
        async with w.app.context.database.read() as transaction:
            assert await transaction.deliveries.next_due() == NINE + DAY


async def test_missed_question_is_asked_late_the_same_day(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.at(NINE.replace(hour=23, minute=59))
        assert list(await w.asked()) == ["2030-01-07"]
        assert len(w.posted()) == 1


async def test_yesterdays_question_is_never_asked(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.at(NINE + 3 * DAY)
        assert list(await w.asked()) == ["2030-01-10"]


async def test_what_could_not_be_posted_all_day_is_not_posted_the_next(tmp_path: Path) -> None:
    async with world(tmp_path, faults=1) as w:
        await w.at(NINE)
        assert w.posted() == []
        await w.at(NINE + DAY)
        assert list(await w.asked()) == ["2030-01-07", "2030-01-08"]
        assert w.posted() == ["question:2:1"]
        assert [told(reply) for _, reply in w.service.told] == [
            "Readers: The question could not be posted. Its time was over before it could be posted."
        ]


@pytest.mark.parametrize(
    ("fault", "posted"),
    [
        (Fault.BREAKS_BEFORE, ["question:2:1"]),
        (Fault.REPLY_LOST, ["question:1:1", "question:2:1"]),
        (Fault.REPLY_LOST_AFTER_MESSAGE, ["question:1:1", "question:2:1"]),
    ],
)
async def test_what_may_have_been_posted_is_looked_for_the_next_day_but_not_posted(
    tmp_path: Path, fault: Fault, posted: list[str]
) -> None:
    async with world(tmp_path) as w:
        w.platform.faults = [fault]
        await w.at(NINE)
        await w.at(NINE + DAY)
        assert w.posted() == posted
        async with w.app.context.database.read() as transaction:
            threads = [await transaction.rounds.threads(number) for number in (1, 2)]
        assert len([thread for (thread,) in filter(None, threads)]) == len(posted)
        for key in posted:
            assert len([one for one in w.service.messages() if one.key == f"{key}:opening"]) == 1


async def test_an_exhausted_set_begins_again_with_another_question(tmp_path: Path) -> None:
    async with world(tmp_path, questions=3) as w:
        for day in range(7):
            await w.at(NINE + day * DAY)
        asked = list((await w.asked()).values())
        assert len(asked) == 7
        assert set(asked[:3]) == set(asked[3:6]) == {"number-0", "number-1", "number-2"}
        assert all(one != other for one, other in pairwise(asked))
        assert [round_.cycle for round_ in await rounds_of(w.app, w.group)] == [1, 1, 1, 2, 2, 2, 3]
        assert w.service.told == []


async def test_hosts_are_told_once_when_everything_was_asked_and_new_questions_go_on(tmp_path: Path) -> None:
    async with world(tmp_path, questions=2, exhausted=Exhausted.STOP) as w:
        for day in range(5):
            for minute in (0, 1, 2):
                await w.at(NINE + day * DAY + timedelta(minutes=minute))
        assert len(await w.asked()) == 2
        assert [(user, told(reply)) for user, reply in w.service.told] == [
            (
                HOST.user,
                "Readers: There is no question left to ask. Choose another set, or begin again with this one, with "
                "`/reading-host setup`.",
            )
        ]
        assert len(await alerts_of(w.app, w.group)) == 1
        w.seeds(3)
        await w.at(NINE + 4 * DAY + timedelta(hours=1))
        assert list((await w.asked()).items())[2:] == [("2030-01-11", "number-2")]
        assert await alerts_of(w.app, w.group) == []
        await w.at(NINE + 5 * DAY)
        assert len(w.service.told) == 2


async def test_a_hosts_queue_goes_before_dated_questions_and_these_before_the_order(tmp_path: Path) -> None:
    questions = {"a": "", "b": "", "c": "ask_on: 2030-01-08", "d": "", "e": ""}
    async with world(tmp_path, questions=questions, order=Order.READING) as w:
        await enqueue(w.app.context, w.group, HOST, "e", None)
        await enqueue(w.app.context, w.group, HOST, "d", date(2030, 1, 9))
        planned = [pick.question.id for _, pick in await coming(w.app.context, w.group, 5)]
        for day in range(5):
            await w.at(NINE + day * DAY)
        assert list((await w.asked()).values()) == ["e", "c", "d", "a", "b"] == planned


async def test_what_a_host_skips_is_not_asked_in_this_cycle(tmp_path: Path) -> None:
    async with world(tmp_path, questions=3, order=Order.READING) as w:
        skipped, _ = await skip_next(w.app.context, w.group)
        assert skipped.id == "number-0"
        for day in range(3):
            await w.at(NINE + day * DAY)
        assert list((await w.asked()).values()) == ["number-1", "number-2", "number-0"]


async def test_a_set_that_breaks_keeps_the_group_asking_from_the_last_good_version(tmp_path: Path) -> None:
    async with world(tmp_path, questions=3) as w:
        await w.at(NINE)
        break_set(tmp_path / "seeds", SET)
        await w.at(NINE + DAY)
        assert len(await w.asked()) == 2
        assert len(w.posted()) == 2
        assert w.service.told == []
        assert "commons" in w.app.context.catalogue.broken


async def test_hosts_are_told_once_when_there_is_no_set_and_the_question_comes_as_soon_as_there_is(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as w:
        await w.set(question_set="woods")
        for minute in range(3):
            await w.at(NINE + timedelta(minutes=minute))
        assert await w.asked() == {}
        ((user, reply),) = w.service.told
        assert user == HOST.user
        assert "woods" in told(reply)
        assert len(await alerts_of(w.app, w.group)) == 1
        write_set(tmp_path / "seeds", "woods")
        await w.at(NINE + timedelta(hours=1))
        assert list(await w.asked()) == ["2030-01-07"]
        assert await alerts_of(w.app, w.group) == []


async def test_one_group_without_questions_keeps_no_other_waiting(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.set(question_set="woods")
        w.service.channels.add(channel("other"))
        await a_group(w.app, channel("other"), slug="others")
        await w.at(NINE)
        assert [one.place.channel for one in w.service.messages() if not one.place.thread] == [channel("other")]


async def test_what_a_host_asks_by_hand_takes_the_days_place(tmp_path: Path) -> None:
    async with world(tmp_path, order=Order.READING) as w:
        await enqueue(w.app.context, w.group, HOST, "number-2", None)
        round_ = await ask_now(w.app.context, w.group, "number-2")
        assert round_.asked_at == MONDAY
        await w.at(NINE)
        assert await w.asked() == {"2030-01-07": "number-2"}
        assert len(w.posted()) == 1
        with pytest.raises(ChatError, match="asked already"):
            await ask_now(w.app.context, w.group, "number-1")
        await w.at(NINE + DAY)
        assert await w.asked() == {"2030-01-07": "number-2", "2030-01-08": "number-0"}


async def test_asking_by_hand_for_what_is_not_there_says_so(tmp_path: Path) -> None:
    async with world(tmp_path, questions=1, exhausted=Exhausted.STOP) as w:
        with pytest.raises(ChatError, match="number-0"):
            await ask_now(w.app.context, w.group, "number-00")
        await w.at(NINE)
        w.clock.advance(DAY)
        with pytest.raises(ChatError):
            await ask_now(w.app.context, w.group, None)
        assert len(await w.asked()) == 1


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu"])
async def test_a_change_of_zone_never_asks_twice_on_one_local_date(tmp_path: Path, zone: str) -> None:
    async with world(tmp_path, questions=9) as w:
        for hour in range(6 * 24):
            if hour == 30:
                await w.set(zone=zone)
            if hour == 60:
                await w.set(zone="UTC")
            await w.at(MONDAY + timedelta(hours=hour))
        dates = [round_.local_date for round_ in await rounds_of(w.app, w.group)]
        assert len(dates) == len(set(dates)) == len(w.posted())
        assert dates == sorted(dates)
        assert len(dates) in (5, 6)


class Interrupted(FaultyPlatform):
    """A platform on which something happens while a host is being told something."""

    meanwhile: Callable[[], Awaitable[object]]

    async def tell(self, channel: Channel, user: Ref, reply: Reply) -> bool:
        await self.meanwhile()
        return await super().tell(channel, user, reply)


async def test_a_pause_that_begins_while_others_are_served_counts(tmp_path: Path) -> None:
    clock = ManualClock(MONDAY)
    rooms = channel("first"), channel("second")
    platform = Interrupted(Service(clock, *rooms))
    async with program(tmp_path, clock, platform) as app:
        await a_group(app, rooms[0], slug="first", hosts=[HOST], question_set="woods")
        second = await a_group(app, rooms[1], slug="second")
        platform.meanwhile = lambda: pause_group(app.context, second, None)
        clock.move_to(NINE)
        await app.settle()
        assert len(platform.service.told) == 1
        assert await rounds_of(app, second) == []


async def test_what_a_pause_left_out_is_not_made_up_for(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await pause_group(w.app.context, w.group, None)
        await w.at(NINE)
        assert await w.asked() == {}
        w.clock.move_to(NINE + timedelta(hours=1))
        await resume_group(w.app.context, w.group)
        await w.app.settle()
        assert await w.asked() == {}
        await w.at(NINE + DAY)
        assert list(await w.asked()) == ["2030-01-08"]


async def test_ten_ticks_at_once_ask_once_and_alarm_nobody(tmp_path: Path) -> None:
    async with world(tmp_path, rooms=2, exhausted=Exhausted.STOP) as w:
        w.clock.move_to(NINE)
        await asyncio.gather(*(w.app.scheduler.tick() for _ in range(10)))
        await asyncio.gather(*(w.app.poster.settle() for _ in range(10)))
        assert list(await w.asked()) == ["2030-01-07"]
        assert sorted(w.posted()) == ["question:1:1", "question:1:2"]
        assert w.service.told == []
        assert await alerts_of(w.app, w.group) == []


async def test_a_question_that_was_added_a_moment_ago_can_be_asked(tmp_path: Path) -> None:
    async with world(tmp_path, questions=1) as w:
        w.seeds(2)
        await w.app.context.catalogue.refresh()
        round_ = await ask_now(w.app.context, w.group, "number-1")
        assert round_.question.id == "number-1"


async def test_a_question_whose_source_has_gone_is_posted_without_it(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        w.clock.move_to(NINE)
        await ask_now(w.app.context, w.group, None)
        folder = write_set(tmp_path / "seeds", SET)
        for file in folder.iterdir():
            file.write_text(file.read_text().replace("drought", "flood"))
        await w.app.context.catalogue.refresh()
        await w.app.poster.settle()
        (message, _) = w.service.messages()
        assert message.text.startswith("What about number-")
        assert "The well" not in message.text


async def test_what_was_said_before_the_thread_was_known_is_recorded(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        w.platform.faults = [Fault.REPLY_LOST]
        await w.at(NINE)
        (opening,) = [one for one in w.service.messages() if one.key == "question:1:1:opening"]
        early = w.service.add(
            Place(channel("room-0"), opening.place.thread), person("Ada"), "It is the memory that they lack."
        )
        await w.app.desk.record(early.seen)
        await w.at(NINE + timedelta(seconds=5))
        async with w.app.context.database.read() as transaction:
            (message,) = await transaction.messages.of_round(1)
        assert message.ref == early.ref


def test_the_calendar_is_what_the_tests_say() -> None:
    assert datetime(2030, 1, 7, 8, tzinfo=UTC) == MONDAY
    assert MONDAY.weekday() == 0
