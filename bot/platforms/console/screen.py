"""What a session at the console needs from the world: somewhere to read and show, and somebody who moves the clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, Protocol

Style = Literal["bot", "person", "note", "error"]


class Screen(Protocol):
    """A terminal, or the two ends of a pipe."""

    @property
    def interactive(self) -> bool:
        """Return whether a person sits there, whom a mistake can be told."""
        ...

    async def line(self, prompt: str) -> str | None:
        """Return the next line, or None when there are no more. A person is shown the prompt."""
        ...

    def show(self, style: Style, text: str) -> None:
        """Show a text that everybody in the channel can see."""
        ...

    def tell(self, user: str, text: str) -> None:
        """Show a text that only one person can see."""
        ...


class TimeMachine(Protocol):
    """What moves a console's own clock, doing on the way whatever falls due."""

    async def settle(self) -> None:
        """Do everything that is due now."""
        ...

    async def pass_time(self, span: timedelta) -> None:
        """Move the clock on by a little."""
        ...

    async def next_question(self) -> bool:
        """Move on to the next question; return whether one came."""
        ...

    async def next_digest(self) -> bool:
        """Move on to the next digest; return whether there is one."""
        ...
