"""Members with several accounts: who is one person, and that they vote as one."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.digest.model import Votes
from bot.model import Author, Member, Ref, Stance
from bot.store.database import Database
from tests.standins.builders import Thread, a_room, opened, posted_round, recording

_worlds = itertools.count(1)

PEOPLE = st.lists(st.integers(0, 3), min_size=2, max_size=7)
"""By account, the person whose it is; the first account wrote the answer."""


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """Open an empty database."""
    async with opened(tmp_path) as database:
        yield database


@pytest.fixture
async def thread(database: Database) -> Thread:
    """Give a round's thread."""
    return await posted_round(database, await a_room(database))


async def ensured(database: Database, *authors: Author) -> list[Member]:
    async with database.write() as transaction:
        return [await transaction.members.ensure(author) for author in authors]


async def voted(
    database: Database, thread: Thread, accounts: list[Author], reactions: set[tuple[int, Stance]]
) -> Votes:
    """Return the votes on an answer of the first account when accounts react so."""
    said = thread.says(accounts[0], "I think so, because the rivers run dry in summer.")
    async with recording(database) as recorder:
        await recorder.record(said)
        await recorder.record(thread.reactions(said.message, *((accounts[one], stance) for one, stance in reactions)))
    async with database.read() as transaction:
        (message,) = [one for one in await transaction.messages.of_round(thread.round.id) if one.ref == said.message]
        return (await transaction.reactions.votes([message.id])).get(message.id, Votes())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(people=PEOPLE, data=st.data())
async def test_linked_accounts_vote_as_one_account_that_reacts_in_all_their_ways(
    database: Database, thread: Thread, people: list[int], data: st.DataObject
) -> None:
    world = next(_worlds)
    reactions = data.draw(st.sets(st.tuples(st.integers(0, len(people) - 1), st.sampled_from(Stance)), max_size=12))
    accounts = [Author("discord", Ref(f"w{world}a{one}"), f"A{one}") for one in range(len(people))]
    alone = [Author("discord", Ref(f"w{world}p{person}"), f"P{person}") for person in people]
    members = await ensured(database, *accounts)
    async with database.write() as transaction:
        for one, other in data.draw(st.permutations(list(itertools.combinations(range(len(people)), 2)))):
            if people[one] == people[other]:
                await transaction.accounts.link(members[one].id, members[other].id)
    assert await voted(database, thread, accounts, reactions) == await voted(database, thread, alone, reactions)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 5)), max_size=12))
async def test_links_are_shared_by_all_accounts_of_a_person_and_end_for_one(
    database: Database, steps: list[tuple[bool, int, int]]
) -> None:
    world = next(_worlds)
    ids = [one.id for one in await ensured(database, *(Author("discord", Ref(f"w{world}l{n}"), "L") for n in range(6)))]
    expected = [{one} for one in ids]
    for link, one, other in steps:
        mine = next(group for group in expected if ids[one] in group)
        async with database.write() as transaction:
            if link and one != other:
                await transaction.accounts.link(ids[one], ids[other])
                theirs = next(group for group in expected if ids[other] in group)
                expected = [group for group in expected if group not in (mine, theirs)] + [mine | theirs]
            elif not link:
                left = await transaction.accounts.unlink(ids[one])
                assert {member.id for member in left} == mine - {ids[one]}
                expected = [group for group in expected if group is not mine] + [mine - {ids[one]}, {ids[one]}]
    async with database.read() as transaction:
        persons = await transaction.accounts.persons()
        for group in filter(None, expected):
            for one_id in group:
                first, *others = await transaction.accounts.of(one_id)
                assert first.id == one_id
                assert {member.id for member in others} == group - {one_id}
                assert {persons.get(other.id) for other in others} <= {persons.get(one_id)}
