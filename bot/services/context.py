"""What every use case needs at hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from bot.clock import Clock
from bot.model import Group
from bot.ports import Platform
from bot.questions.catalogue import Catalogue
from bot.schedule import local_date
from bot.store.database import Database


@dataclass(frozen=True, slots=True)
class Context:
    """The open program, as use cases see it.

    `wake` tells the scheduler and the poster that there may be something to do. It is called after the commit: they
    would look in vain before.
    """

    database: Database
    catalogue: Catalogue
    clock: Clock
    platforms: Mapping[str, Platform]
    wake: Callable[[], None]

    def today(self, group: Group) -> date:
        """Return the local date in the group's zone."""
        return local_date(self.clock.now(), group.settings.zone)
