"""What can be read and written inside one transaction, by subject."""

from __future__ import annotations

from functools import cached_property

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.accounts import Accounts
from bot.store.alerts import Alerts
from bot.store.deliveries import Deliveries
from bot.store.departures import Departures
from bot.store.digests import Digests
from bot.store.groups import Groups
from bot.store.links import LinkRequests
from bot.store.members import Members
from bot.store.messages import Messages
from bot.store.notes import Notes
from bot.store.questions import Questions
from bot.store.reactions import Reactions
from bot.store.rounds import Rounds
from bot.store.search import Search
from bot.store.suggestions import Suggestions


class Transaction:
    """One transaction. It ends with the block that `Database.read` or `Database.write` opened."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    @cached_property
    def groups(self) -> Groups:
        """Groups with their rooms, hosts and pauses."""
        return Groups(self._connection)

    @cached_property
    def members(self) -> Members:
        """People."""
        return Members(self._connection)

    @cached_property
    def accounts(self) -> Accounts:
        """Which members are one person."""
        return Accounts(self._connection)

    @cached_property
    def links(self) -> LinkRequests:
        """What two sides are about to agree on."""
        return LinkRequests(self._connection)

    @cached_property
    def questions(self) -> Questions:
        """Every question that a set held, and groups' queues."""
        return Questions(self._connection)

    @cached_property
    def rounds(self) -> Rounds:
        """What was asked."""
        return Rounds(self._connection)

    @cached_property
    def messages(self) -> Messages:
        """What was said."""
        return Messages(self._connection)

    @cached_property
    def reactions(self) -> Reactions:
        """Reactions, and the votes that they make."""
        return Reactions(self._connection)

    @cached_property
    def deliveries(self) -> Deliveries:
        """What is to be posted, and how far that got."""
        return Deliveries(self._connection)

    @cached_property
    def digests(self) -> Digests:
        """Compiled weeks."""
        return Digests(self._connection)

    @cached_property
    def suggestions(self) -> Suggestions:
        """Questions that members put before their hosts."""
        return Suggestions(self._connection)

    @cached_property
    def search(self) -> Search:
        """Full-text search."""
        return Search(self._connection)

    @cached_property
    def alerts(self) -> Alerts:
        """What hosts were told."""
        return Alerts(self._connection)

    @cached_property
    def departures(self) -> Departures:
        """Workspaces that the bot was removed from."""
        return Departures(self._connection)

    @cached_property
    def notes(self) -> Notes:
        """Small facts about the program itself."""
        return Notes(self._connection)

    async def damage(self) -> str:
        """Return the first damage that a check of the whole file finds, or nothing."""
        found = str((await self._connection.execute(text("PRAGMA quick_check(1)"))).scalar_one())
        return "" if found == "ok" else found.splitlines()[-1]
