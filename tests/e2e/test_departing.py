"""What becomes of a group whose workspace the bot was removed from."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from bot.app import App
from bot.clock import ManualClock
from bot.config import BotSettings
from bot.events import MessageSeen, Place, ReactionsSeen
from bot.model import Channel, Group, Ref, Stance
from bot.services.curating import Draft, add_question
from bot.store.schema import metadata
from tests.standins.memory import NAME, MemoryPlatform, Service, channel, person
from tests.standins.program import MONDAY, a_group, program, rounds_of

NINE = MONDAY.replace(hour=9)
WORDS = "Memory is what they lack, more than anything else that money could buy."
HERE, THERE = channel("reading"), Channel(NAME, Ref("elsewhere"), Ref("other"))
MONTH = timedelta(days=30)


async def slugs(app: App) -> list[str]:
    async with app.context.database.read() as transaction:
        return [group.slug for group in await transaction.groups.all()]


def rows(folder: Path) -> dict[str, int]:
    """Return how many rows each table has that is not empty."""
    with closing(sqlite3.connect(folder / "bot.db")) as connection:
        counts = {
            table.name: connection.execute(f'SELECT count(*) FROM "{table.name}"').fetchone()[0]  # noqa: S608  (ours)
            for table in metadata.sorted_tables
        }
    return {name: count for name, count in counts.items() if count and name != "notes"}


async def discussed(app: App, service: Service, group: Group, there: Channel) -> None:
    """Let a group be asked, and talk about it."""
    async with app.context.database.read() as transaction:
        (room,) = await transaction.groups.rooms(group.id)
        (round_,) = await rounds_of(app, group)
        ((_, _, thread),) = await transaction.rounds.threads(round_.id)
    assert room.channel == there
    posted = service.add(Place(there, thread), person("Ada"), WORDS)
    await app.desk.record(MessageSeen(posted.place, posted.ref, person("Ada"), WORDS, posted.sent_at))
    votes = frozenset({(person("Ben"), Stance.AGREE)})
    await app.desk.record(ReactionsSeen(posted.place, posted.ref, votes))


async def test_what_a_left_workspace_said_is_forgotten_after_the_grace_period(tmp_path: Path) -> None:
    clock = ManualClock(MONDAY)
    service = Service(clock, HERE, THERE)
    async with program(tmp_path, clock, MemoryPlatform(service), purge_after=MONTH) as app:
        empty = rows(tmp_path)
        group = await a_group(app, HERE, hosts=[person("Host")])
        await add_question(app.context, group, Draft("Why do we read at all?"))
        clock.move_to(NINE)
        await app.settle()
        await discussed(app, service, group, HERE)
        clock.move_to(MONDAY + timedelta(days=6, hours=10))
        await app.settle()
        await app.desk.left(NAME, HERE.workspace)
        await app.desk.left(NAME, HERE.workspace)
        clock.advance(MONTH - timedelta(minutes=1))
        await app.settle()
        assert await slugs(app) == ["readers"]
        clock.advance(timedelta(minutes=11))
        await app.settle()
        assert await slugs(app) == []
        assert rows(tmp_path) == empty, "nothing is left of the group, its words and its members"
        async with app.context.database.read() as transaction:
            assert await transaction.search.messages(group.id, "memory", 5) == []


async def test_invited_again_in_time_nothing_is_lost_and_questions_go_on(tmp_path: Path) -> None:
    clock = ManualClock(MONDAY)
    service = Service(clock, HERE)
    async with program(tmp_path, clock, MemoryPlatform(service), purge_after=MONTH) as app:
        group = await a_group(app, HERE)
        clock.move_to(NINE)
        await app.settle()
        await discussed(app, service, group, HERE)
        await app.desk.left(NAME, HERE.workspace)
        clock.advance(timedelta(days=20))
        service.refuses = "I am not in the workspace."
        await app.settle()
        await app.desk.joined(NAME, HERE.workspace)
        service.refuses = ""
        clock.advance(timedelta(days=20))
        await app.settle()
        assert await slugs(app) == ["readers"]
        asked = await rounds_of(app, group)
        assert asked[-1].local_date == clock.now().date()
        assert service.find(f"question:{asked[-1].id}:1"), "and it is posted"
        async with app.context.database.read() as transaction:
            assert [message.text for message in await transaction.messages.of_round(asked[0].id)] == [WORDS]


async def test_invited_again_while_nobody_ran_the_group_is_there_when_that_is_heard(tmp_path: Path) -> None:
    clock = ManualClock(MONDAY)
    platform = MemoryPlatform(Service(clock, HERE))
    async with program(tmp_path, clock, platform, purge_after=MONTH) as app:
        await a_group(app, HERE)
        await app.desk.left(NAME, HERE.workspace)
        await app.settle()
    clock.advance(MONTH + timedelta(days=1))
    async with program(tmp_path, clock, platform, purge_after=MONTH) as app:
        await app.settle()
        assert await slugs(app) == ["readers"], "the platform has had no time to say that the bot is back"
        await app.desk.joined(NAME, HERE.workspace)
        clock.advance(timedelta(minutes=11))
        await app.settle()
        assert await slugs(app) == ["readers"]


async def test_a_workspace_that_stays_left_is_forgotten_after_a_restart_as_well(tmp_path: Path) -> None:
    clock = ManualClock(MONDAY)
    platform = MemoryPlatform(Service(clock, HERE))
    async with program(tmp_path, clock, platform, purge_after=MONTH) as app:
        await a_group(app, HERE)
        await app.desk.left(NAME, HERE.workspace)
    clock.advance(MONTH + timedelta(days=1))
    async with program(tmp_path, clock, platform, purge_after=MONTH) as app:
        await app.settle()
        clock.advance(timedelta(minutes=11))
        await app.settle()
        assert await slugs(app) == []


async def test_a_second_removal_counts_from_its_own_day(tmp_path: Path) -> None:
    clock = ManualClock(MONDAY)
    async with program(tmp_path, clock, MemoryPlatform(Service(clock, HERE)), purge_after=MONTH) as app:
        await a_group(app, HERE)
        await app.desk.left(NAME, HERE.workspace)
        clock.advance(timedelta(days=20))
        await app.desk.joined(NAME, HERE.workspace)
        await app.desk.left(NAME, HERE.workspace)
        clock.advance(timedelta(days=20))
        await app.settle()
        assert await slugs(app) == ["readers"]


async def test_a_group_that_also_meets_elsewhere_and_a_group_of_others_are_kept(tmp_path: Path) -> None:
    clock = ManualClock(MONDAY)
    service = Service(clock, HERE, THERE)
    async with program(tmp_path, clock, MemoryPlatform(service), purge_after=MONTH) as app:
        await a_group(app, channel("alone"), slug="alone")
        await a_group(app, HERE, THERE, slug="both")
        await a_group(app, Channel(NAME, Ref("far"), Ref("away")), slug="others")
        await app.desk.left(NAME, HERE.workspace)
        clock.advance(MONTH + timedelta(days=1))
        await app.settle()
        assert await slugs(app) == ["both", "others"]


async def test_each_workspace_has_its_own_grace_period(tmp_path: Path) -> None:
    clock = ManualClock(MONDAY)
    async with program(tmp_path, clock, MemoryPlatform(Service(clock, HERE, THERE)), purge_after=MONTH) as app:
        await a_group(app, HERE, slug="first")
        await a_group(app, THERE, slug="second")
        await app.desk.left(NAME, HERE.workspace)
        clock.advance(timedelta(days=20))
        await app.desk.left(NAME, THERE.workspace)
        clock.advance(timedelta(days=11))
        await app.settle()
        assert await slugs(app) == ["second"]
        clock.advance(timedelta(days=20))
        await app.settle()
        assert await slugs(app) == []


async def test_a_member_who_is_known_elsewhere_or_opted_out_is_remembered(tmp_path: Path) -> None:
    clock = ManualClock(MONDAY)
    service = Service(clock, HERE, THERE)
    async with program(tmp_path, clock, MemoryPlatform(service), purge_after=MONTH) as app:
        await a_group(app, HERE, slug="gone", hosts=[person("Host"), person("Guest")])
        await a_group(app, THERE, slug="kept", hosts=[person("Host")])
        async with app.context.database.write() as transaction:
            silent = await transaction.members.ensure(person("Silent"))
            await transaction.members.opt_out(silent.id, clock.now())
        await app.desk.left(NAME, HERE.workspace)
        clock.advance(MONTH + timedelta(days=1))
        await app.settle()
        async with app.context.database.read() as transaction:
            known = [await transaction.members.find(NAME, person(name).user) for name in ("Host", "Silent", "Guest")]
        assert [bool(member) for member in known] == [True, True, False]


async def test_without_a_grace_period_everything_is_kept(tmp_path: Path) -> None:
    clock = ManualClock(MONDAY)
    async with program(tmp_path, clock, MemoryPlatform(Service(clock, HERE))) as app:
        await a_group(app, HERE)
        await app.desk.left(NAME, HERE.workspace)
        clock.advance(timedelta(days=3_000))
        await app.settle()
        assert await slugs(app) == ["readers"]


async def test_declared_groups_are_kept_since_the_file_decides(tmp_path: Path) -> None:
    clock = ManualClock(MONDAY)
    async with program(tmp_path, clock, MemoryPlatform(Service(clock, HERE)), purge_after=MONTH) as app:
        group = await a_group(app, HERE)
        async with app.context.database.write() as transaction:
            declared = await transaction.groups.add("by-file", "By file", group.settings, clock.now(), declared=True)
            await transaction.groups.add_room(declared.id, THERE)
        await app.desk.left(NAME, THERE.workspace)
        clock.advance(MONTH + timedelta(days=1))
        await app.settle()
        assert await slugs(app) == ["readers", "by-file"]


def test_thirty_days_are_the_default_and_zero_is_for_ever() -> None:
    assert BotSettings().purge_after == MONTH
    assert BotSettings(purge_after_days=0).purge_after is None
