"""The protocols between the core and the platforms.

An adapter implements `Platform` and reports to a `Chat`. The contract suite in `tests/contract/` holds every adapter to
what these docstrings promise.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from bot.content import Form, Post, Reply
from bot.events import Invocation, Place, Recordable, Submission
from bot.model import Channel, Ref


@dataclass(frozen=True, slots=True)
class Refs:
    """What a post became on a platform, as far as is known."""

    message: Ref | None = None
    thread: Ref | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far earlier attempts at a post got. `unsure`: one may have posted without telling, so look before sending."""

    refs: Refs = Refs()
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """It is there."""

    refs: Refs


@dataclass(frozen=True, slots=True)
class NotSent:
    """It is certainly not there. `reason` is a sentence for hosts; a `permanent` refusal is not worth another try."""

    reason: str
    permanent: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """The reply never came: it may be there."""

    reason: str


Outcome = Sent | NotSent | Unknown
Found = Callable[[Refs], Awaitable[None]]


class Chat(Protocol):
    """What an adapter reports to."""

    async def record(self, event: Recordable) -> None:
        """Record an event. Returns once it is committed: only then may the adapter acknowledge it to the platform."""
        ...

    async def command(self, invocation: Invocation) -> Reply | Form:
        """Carry out a command and return what to show. Never raises for what a member did wrong: that is a reply."""
        ...

    async def submit(self, submission: Submission) -> Reply:
        """Carry out a filled-in form and return what to show, under the same promise as `command`."""
        ...

    async def connected(self, platform: str) -> None:
        """Say that a connection was made or made again: what happened meanwhile is fetched from the history."""
        ...


class Platform(Protocol):
    """A chat platform as the core sees it. Every operation may be called at any time between `run` and `close`."""

    @property
    def name(self) -> str:
        """The platform's name in references and links: `discord`, `slack`, `console`."""
        ...

    async def run(self, chat: Chat) -> None:
        """Connect, then report events and commands to `chat` until cancelled, or until the platform has no more to say.

        Raises PlatformError when the platform refuses the bot for good.
        """
        ...

    async def ensure_post(self, place: Place, key: str, post: Post, progress: Progress, found: Found) -> Outcome:
        """Make sure that the post, and its thread if it is a question, exist exactly once under `key`.

        Awaits `found` with all refs known so far as soon as each becomes known. Never posts again what `progress.refs`
        names; when `progress.unsure`, looks the key up in the history before it posts. Never raises for what the
        platform answered: that is an outcome.
        """
        ...

    async def revise(self, place: Place, message: Ref, post: Post) -> Outcome:
        """Bring a post that exists to the given content; the same content again changes nothing."""
        ...

    async def retract(self, place: Place, key: str, message: Ref | None) -> Outcome:
        """Remove a post, looked up by its key where the message is not known. Gone already is `Sent`."""
        ...

    def history(self, place: Place) -> AsyncIterator[Recordable]:
        """Yield every message by a person in a thread, oldest first, each followed by its reactions' snapshot.

        Raises PlatformError when the history cannot be read to its end, so that nobody takes a part for the whole.
        """
        ...

    async def tell(self, channel: Channel, user: Ref, reply: Reply) -> bool:
        """Show something to one person only; return whether they could be reached."""
        ...

    async def diagnose(self, channel: Channel) -> tuple[str, ...]:
        """Return one sentence for each thing that keeps the bot from working in a channel, with what to do about it."""
        ...

    def link(self, place: Place, message: Ref) -> str:
        """Return the address of a message."""
        ...

    async def close(self) -> None:
        """Let go of everything; afterwards only `link` may be called."""
        ...
