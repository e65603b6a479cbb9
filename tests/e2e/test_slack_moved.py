"""A private channel that is shared with another workspace gets a new id, and its group goes on there."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.model import Channel
from tests.standins.workspace import Office, channel_of, office

FIRST = "Prices move faster than rules, which is why nobody follows them for very long."
SECOND = "Rules that nobody can check are wishes, and wishes are not a policy either."


@pytest.fixture
async def o(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as o:
        o.channel = o.team.channel("inner-circle", private=True)
        yield o


async def meets_in(o: Office) -> list[Channel]:
    async with o.app.context.database.read() as transaction:
        (group,) = await transaction.groups.all()
        return [room.channel for room in await transaction.groups.rooms(group.id)]


async def shared(o: Office) -> None:
    """Begin to share the channel, and wait until the program knows."""
    o.channel.share()

    async def followed() -> bool:
        return await meets_in(o) == [o.place]

    await o.until(followed)


async def test_what_is_said_and_asked_in_a_channel_with_a_new_id_is_the_same_groups(o: Office) -> None:
    group = await o.a_group(alert_channel=channel_of(o.channel))
    await o.at(9)
    question = await o.asked()
    said = await o.person("Ada").says(question, FIRST)
    await o.until_recorded(FIRST)
    await shared(o)
    await o.person("Ben").says(await o.asked(), SECOND)
    await o.person("Ada").edits(said, f"{FIRST} Indeed.")
    await o.until_recorded(f"{FIRST} Indeed.", SECOND)
    await o.at(9)
    assert len([view for view in o.channel.visible() if view.by_bot and "Answer" in view.buttons]) == 2
    async with o.app.context.database.read() as transaction:
        assert (await transaction.groups.get(group.id)).settings.alert_channel == o.place


async def test_a_new_id_that_is_told_again_changes_nothing(o: Office) -> None:
    await o.a_group()
    old = o.channel.id
    await shared(o)
    told = {"type": "channel_id_changed", "old_channel_id": old, "new_channel_id": o.channel.id}
    acknowledged = o.server.events.acknowledged
    o.server.events.tell(o.team.state, told)
    await o.server.until(lambda: o.server.events.acknowledged > acknowledged)
    assert await meets_in(o) == [o.place]


async def test_a_channel_where_another_group_meets_already_stays_that_groups(o: Office) -> None:
    await o.a_group()
    other = o.team.channel("elsewhere")
    done = await o.host.uses("/reading-host setup zone:UTC at:09:00 set:commons name:Others", other)
    assert "Others is set up" in done.text
    await o.app.desk.moved(o.place, channel_of(other))
    assert "Others" in (await o.host.uses("/reading-host status", other)).text
    assert "Others" not in (await o.host.uses("/reading-host status", o.channel)).text


async def test_a_group_that_cannot_be_read_keeps_no_other_from_going_along(o: Office) -> None:
    await o.a_group()
    other = o.team.channel("elsewhere")
    await o.host.uses("/reading-host setup zone:UTC at:09:00 set:commons name:Others", other)
    with contextlib.closing(sqlite3.connect(o.folder / "bot.db")) as database:
        database.execute("""UPDATE groups SET settings = '{"days": 8}' WHERE name = 'Others'""")
        database.commit()
    o.channel.share()

    async def followed() -> bool:
        async with o.app.context.database.read() as transaction:
            return await transaction.groups.room_at(o.place) is not None

    await o.until(followed)
