"""The protocols between the core and the platforms.

An adapter implements `Platform` and reports to a `Chat`. The contract suite in `tests/contract/` holds every adapter to
what these docstrings promise.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.content import Form, Post, Reply, Suggested
from bot.events import Invocation, Place, Recordable, Submission
from bot.model import Author, Channel, Ref, Whereabouts


@dataclass(frozen=True, slots=True)
class Refs:
    """What a post became on a platform, as far as is known."""

    message: Ref | None = None
    thread: Ref | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far earlier attempts at a post got.

    `unsure`: one may have posted without telling, so look before sending. `overdue`: the time to post is over, so what
    is there is completed, but nothing is begun.
    """

    refs: Refs = Refs()
    unsure: bool = False
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """It is there, or gone if it was to go. `refs` are all that a later revision or removal needs."""

    refs: Refs


@dataclass(frozen=True, slots=True)
class NotSent:
    """What was still missing is certainly not there. `reason` is a sentence for hosts, who can do something about it.

    A `permanent` refusal is not worth another try.
    """

    reason: str
    permanent: bool = False


TOO_LATE = NotSent("Its time was over before it could be posted.", permanent=True)
"""What becomes of a post that is overdue and not there."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The reply never came: it may be there. `reason` is a sentence for hosts."""

    reason: str


Outcome = Sent | NotSent | Unknown
Found = Callable[[Refs], Awaitable[None]]


class Chat(Protocol):
    """What an adapter reports to."""

    async def record(self, event: Recordable) -> None:
        """Record an event. Returns once it is committed: only then may the adapter acknowledge it to the platform.

        Events may be recorded concurrently, in any order and more than once. Raises DatabaseError if one could not be:
        it is not acknowledged, and comes again by redelivery or from the history.
        """
        ...

    async def command(self, invocation: Invocation) -> Reply | Form:
        """Carry out a command and return what to show. Never raises for what a member did wrong: that is a reply."""
        ...

    async def complete(self, invocation: Invocation, parameter: str) -> tuple[Suggested, ...]:
        """Return what may be meant by what has been typed of a parameter so far, best first, at most 25."""
        ...

    async def submit(self, submission: Submission) -> Reply:
        """Carry out a filled-in form and return what to show, under the same promise as `command`."""
        ...

    async def home(self, author: Author, channels: Sequence[Channel]) -> Reply:
        """Return what somebody sees on a page of their own: all that concerns them of the groups in these channels.

        They are those that the author may read; a group that meets in several of them is shown once.
        """
        ...

    async def connected(self, platform: str) -> None:
        """Say that a connection was made or made again: what happened meanwhile is fetched from the history.

        Raises DatabaseError if what was fetched could not be recorded.
        """
        ...

    async def recall(self, key: str) -> str | None:
        """Return what was last remembered under a key, or None. Raises DatabaseError."""
        ...

    async def remember(self, key: str, value: str) -> None:
        """Keep a small fact that the adapter needs at its next start. Raises DatabaseError."""
        ...

    async def forget(self, key: str) -> None:
        """Drop what was remembered under a key, if anything was. Raises DatabaseError."""
        ...

    async def left(self, platform: str, workspace: Ref) -> None:
        """Say that the bot was removed from a workspace; again changes nothing. Raises DatabaseError.

        Groups that meet nowhere else are forgotten after a while, unless it is invited again before.
        """
        ...

    async def joined(self, platform: str, workspace: Ref) -> None:
        """Say that the bot is in a workspace, perhaps again: its groups are kept. Raises DatabaseError."""
        ...

    async def moved(self, old: Channel, new: Channel) -> None:
        """Say that a channel goes by other refs from now on; again changes nothing. Raises DatabaseError."""
        ...


class Platform(Protocol):
    """A chat platform as the core sees it.

    Every operation may be called at any time from `run` to `close`, several at once; one that needs a connection waits
    for it. The caller limits how long an operation may take and cancels it then; what it was doing may be done or not.
    """

    @property
    def name(self) -> str:
        """The platform's name in references and links: `discord`, `slack`, `console`."""
        ...

    async def run(self, chat: Chat) -> None:
        """Connect, then report events and commands to `chat` until cancelled, or until the platform has no more to say.

        Reports what people do, never what the bot itself posts. Raises PlatformError when the platform refuses the bot
        for good.
        """
        ...

    async def ensure_post(self, place: Place, key: str, post: Post, progress: Progress, found: Found) -> Outcome:
        """Make sure that the post, and its thread if it is a question, exist exactly once under `key`.

        A question's thread opens with its follow-ups; any other post goes where `place` says and has no thread of its
        own. Never makes again what `progress.refs` names. When `progress.unsure`, looks the key up in the history
        before it makes what is missing. When `progress.overdue`, makes no message that is not there: that is TOO_LATE.
        Awaits `found` with all refs known so far as soon as each becomes known and before the next is made; what
        `found` raises ends the attempt and is raised. Never raises for what the platform answered: that is an outcome.
        """
        ...

    async def revise(self, place: Place, message: Ref, post: Post) -> Outcome:
        """Bring a post that exists to the given content; the same content again changes nothing.

        A post that people removed stays away, and that is `Sent`. Where the platform refuses to edit an old message, it
        is replaced; the refs that come back then name the new one.
        """
        ...

    async def retract(self, place: Place, key: str, message: Ref | None) -> Outcome:
        """Remove a post, looked up by its key where the message is not known.

        Gone already, or never there, is `Sent`.
        """
        ...

    def history(self, place: Place) -> AsyncIterator[Recordable]:
        """Yield every message by a person in a thread, oldest first, each followed by its reactions' snapshot.

        Of the answers that we posted in the thread only the snapshots are yielded. Raises PlatformError when the
        history cannot be read to its end, or the thread cannot be found, so that nobody takes a part for the whole.
        """
        ...

    async def tell(self, channel: Channel, user: Ref, reply: Reply) -> bool:
        """Show something to one person only; return whether they could be reached."""
        ...

    async def announce(self, channel: Channel, reply: Reply) -> bool:
        """Show something to everyone in a channel; return whether it could be shown there."""
        ...

    async def person(self, channel: Channel, user: Ref) -> Author | None:
        """Return who a user is, or None if there is nobody of that id where the channel is.

        Raises PlatformError if the platform does not say.
        """
        ...

    async def may_read(self, channel: Channel, user: Ref) -> bool:
        """Return whether a person may read what is said in a channel; False where the bot cannot know."""
        ...

    async def whereabouts(self, channel: Channel) -> Whereabouts | None:
        """Return what people call a channel and its workspace, or None where the bot cannot know."""
        ...

    async def diagnose(self, channel: Channel) -> tuple[str, ...]:
        """Return one sentence for each thing that keeps the bot from working in a channel, with what to do about it."""
        ...

    async def role(self, channel: Channel, role: Ref) -> str | None:
        """Return the name of a role or user group that a question may ping in a channel, or None if there is none."""
        ...

    async def inspect(self, chat: Chat, rooms: Sequence[Channel], alerts: Sequence[Channel]) -> tuple[str, ...]:
        """Return one sentence for each thing that keeps the bot from working, with what to do about it.

        First what concerns the platform as a whole, then each channel where groups meet, then each that is only told of
        trouble. Works without `run`, and takes no
        connection away from a bot that runs meanwhile; `chat` is there to recall what the adapter remembered.
        """
        ...

    def link(self, place: Place, message: Ref) -> str:
        """Return the address of a message."""
        ...

    async def close(self) -> None:
        """Let go of everything; afterwards only `link` may be called. Closing again changes nothing."""
        ...
