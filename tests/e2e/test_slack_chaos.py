"""Whatever comes together in a Slack workspace, at random: what is recorded in the end is what is there in the end."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from pathlib import Path

import pytest

from tests.e2e.test_slack_gaps import Talk
from tests.standins.workspace import Office, office

STEPS = 100
READ = ("conversations.replies", "users.info", "reactions.get")


class Chaos:
    """People who talk, and a wire on which things go wrong."""

    def __init__(self, o: Office, talk: Talk, seed: int) -> None:
        self._server = o.server
        self._talk = talk
        self._random = random.Random(seed)  # noqa: S311 - it is to be the same each time
        self._said = 0

    async def step(self) -> None:
        """Do something, or let something go wrong."""
        if self._random.random() < 0.7:
            people = (*[self._say] * 5, self._edit, self._delete, self._unvote, *[self._vote] * 2)
            await self._random.choice(people)()
        else:
            self._random.choice((self._drop, self._duplicate, self._reorder, self._fail))()
        if self._random.random() < 0.3:
            await asyncio.sleep(0.01)

    def _one(self) -> int | None:
        return self._random.choice(list(self._talk.texts)) if self._talk.texts else None

    async def _say(self) -> None:
        await self._talk.say(self._said)
        self._said += 1

    async def _edit(self) -> None:
        if (one := self._one()) is not None:
            await self._talk.edit(one)

    async def _delete(self) -> None:
        if (one := self._one()) is not None:
            await self._talk.delete(one)

    async def _vote(self) -> None:
        one, by = self._one(), self._random.randrange(8)
        if one is not None:
            await self._talk.react(one, by=by)

    async def _unvote(self) -> None:
        given = [(one, int(who.split()[1])) for one, voters in self._talk.votes.items() for who in sorted(voters)]
        if given:
            one, by = self._random.choice(given)
            await self._talk.unreact(one, by=by)

    def _drop(self) -> None:
        self._server.faults.drop_sockets()

    def _duplicate(self) -> None:
        self._server.faults.duplicate(self._random.randrange(5))

    def _reorder(self) -> None:
        self._server.events.release()
        self._server.faults.reorder(self._random.randrange(2, 9))

    def _fail(self) -> None:
        method, faults = self._random.choice(READ), self._server.faults
        match self._random.randrange(4):
            case 0:
                faults.error(method, "internal_error")
            case 1:
                faults.fail(503, method)
            case 2:
                faults.lose_reply(method)
            case _:
                faults.rate_limit(method)

    def end(self) -> None:
        """Deliver what was held back."""
        self._server.events.release()
        self._server.events.hold_next = 0


@pytest.mark.parametrize("http", [False, True], ids=["by socket", "over HTTP"])
@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.full) for seed in range(2, 30))])
async def test_what_is_recorded_in_the_end_is_what_is_there(tmp_path: Path, seed: int, http: bool) -> None:
    async with office(tmp_path, http=http) as o:
        o.server.events.pauses = (0.01, 0.05, 0.1)
        await o.a_group()
        await o.at(9)
        talk = Talk(o, await o.asked())
        chaos = Chaos(o, talk, seed)
        for _ in range(STEPS):
            # Slack tells the time of an edit in whole seconds.
            o.clock.advance(timedelta(seconds=2))
            await chaos.step()
        chaos.end()
        await talk.until_recorded()
