"""What a test asks of a program at work: let time pass, and see what was recorded. The same on every platform."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from bot.app import App
from bot.clock import ManualClock
from bot.model import Channel, Group, Message, Round
from tests.standins.program import a_group, rounds_of

T = TypeVar("T")


class Watching(ABC):
    """A program at work in one group."""

    clock: ManualClock

    @property
    @abstractmethod
    def app(self) -> App:
        """The open program."""

    @property
    @abstractmethod
    def place(self) -> Channel:
        """The channel as the core knows it."""

    @abstractmethod
    async def until(self, happened: Callable[[], Awaitable[T]], timeout: float = 5.0) -> T:  # noqa: ASYNC109
        """Wait until this gives something true, and return it."""

    async def settle(self) -> None:
        """Do what is due now and post it."""
        await self.app.settle()

    async def at(self, hour: int, minute: int = 0) -> None:
        """Go to a time of day (UTC), of the next day if it is over, and do what is due then."""
        moment = self.clock.now().replace(hour=hour, minute=minute, second=0, microsecond=0)
        await self.go_to(moment if moment > self.clock.now() else moment + timedelta(days=1))

    async def go_to(self, moment: datetime) -> None:
        """Go to an instant and do what is due then."""
        self.clock.move_to(moment)
        await self.settle()

    async def later(self, **span: int) -> None:
        """Let time pass (`minutes`, `seconds`) and do what is due then."""
        await self.go_to(self.clock.now() + timedelta(**span))

    async def a_group(self, **settings: Any) -> Group:
        """Make a group that meets in the channel and is asked daily at 09:00 (UTC)."""
        return await a_group(self.app, self.place, **settings)

    async def rounds(self) -> list[Round]:
        """Return what the only group was asked."""
        async with self.app.context.database.read() as transaction:
            (group,) = await transaction.groups.all()
        return await rounds_of(self.app, group)

    async def said(self) -> list[Message]:
        """Return all that is recorded of the latest round."""
        latest = (await self.rounds())[-1]
        async with self.app.context.database.read() as transaction:
            return await transaction.messages.of_round(latest.id)

    async def votes(self) -> dict[str, tuple[int, int, int]]:
        """Return how many agree, disagree and pass, by the text that they vote on, in the latest round."""
        said = await self.said()
        async with self.app.context.database.read() as transaction:
            votes = await transaction.reactions.votes([message.id for message in said])
        found = {message.text: votes[message.id] for message in said if message.id in votes}
        return {text: (vote.agree, vote.disagree, vote.passed) for text, vote in found.items()}

    async def until_recorded(self, *texts: str) -> None:
        """Wait until exactly these texts are recorded of the latest round."""
        wanted = sorted(texts)

        async def recorded() -> bool:
            return sorted(message.text for message in await self.said()) == wanted

        await self.until(recorded)

    async def until_votes(self, expected: dict[str, tuple[int, int, int]]) -> None:
        """Wait until these are the votes in the latest round."""

        async def counted() -> bool:
            return await self.votes() == expected

        await self.until(counted)

    async def count_said(self, count: int) -> bool:
        """Return whether so many messages are recorded of the first round."""
        async with self.app.context.database.read() as transaction:
            return len(await transaction.messages.of_round((await self.rounds())[0].id)) == count

    async def says_of_first_round(self, text: str, *, there: bool = True) -> bool:
        """Return whether the first round's recorded messages have, or have not, a text."""
        first = (await self.rounds())[0]
        async with self.app.context.database.read() as transaction:
            said = await transaction.messages.of_round(first.id)
        return (text in [message.text for message in said]) is there
