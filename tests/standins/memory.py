"""A chat service in memory, and the adapter for it: every promise of `bot.ports.Platform`, and people who write.

`Service` is what the network would lead to, and outlives any adapter. `MemoryPlatform` is the bot's side of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.clock import Clock
from bot.content import DigestPost, Paragraph, Post, QuestionPost, Quote, Reply
from bot.errors import PlatformError
from bot.events import MessageDeleted, MessageSeen, Place, ReactionsSeen, Recordable
from bot.model import Author, Channel, Ref, Stance, Whereabouts
from bot.ports import TOO_LATE, Chat, Found, NotSent, Outcome, Progress, Refs, Sent

NAME = "memory"
OPENING = ":opening"
"""How the key of a thread's first message ends."""


def channel(name: str, on: str = NAME) -> Channel:
    """Return a channel of the service, or of another one."""
    return Channel(on, Ref("everywhere"), Ref(name))


def person(name: str, on: str = NAME, *, admin: bool = False) -> Author:
    """Return a person who uses the service, or another one."""
    return Author(on, Ref(name.casefold()), name, admin)


@dataclass(frozen=True, slots=True)
class Posted:
    """A message of the service; the bot's have no author."""

    ref: Ref
    place: Place
    author: Author | None
    text: str
    sent_at: datetime
    key: str = ""
    edited_at: datetime | None = None
    reply_to: Ref | None = None
    stances: frozenset[tuple[Author, Stance]] = field(default=frozenset())
    mention: Ref | None = None

    @property
    def seen(self) -> MessageSeen:
        """Return the message as an adapter reports it."""
        assert self.author is not None
        return MessageSeen(self.place, self.ref, self.author, self.text, self.sent_at, self.edited_at, self.reply_to)

    @property
    def reactions(self) -> ReactionsSeen:
        """Return the reactions to the message as an adapter reports them."""
        return ReactionsSeen(self.place, self.ref, self.stances)


class Service:
    """The messages of every channel, by id."""

    def __init__(self, clock: Clock, *channels: Channel, name: str = NAME) -> None:
        self.name = name
        self.clock = clock
        self.channels = set(channels)
        self.told: list[tuple[Ref, Reply]] = []
        self.announced: list[tuple[Channel, Reply]] = []
        self.shut_out: set[Ref] = set()
        """Who may not read any channel."""
        self.refuses = ""
        """Why the bot may not do anything at the moment, if it may not."""
        self.refuses_private = False
        """Whether nobody can be told anything in private."""
        self.log: list[Posted] = []
        """Every message that was ever posted, as it was then."""
        self._messages: dict[Ref, Posted] = {}
        self._by_key: dict[str, Ref] = {}
        self._threads: dict[Ref, list[Ref]] = {}

    def messages(self) -> Iterator[Posted]:
        """Yield every message that is there, oldest first."""
        yield from self._messages.values()

    def get(self, ref: Ref) -> Posted | None:
        """Return a message that is there, or None."""
        return self._messages.get(ref)

    def thread(self, ref: Ref) -> list[Posted] | None:
        """Return what is in a thread, oldest first, or None if there is no such thread."""
        refs = self._threads.get(ref)
        return None if refs is None else [self._messages[one] for one in refs if one in self._messages]

    def find(self, key: str) -> Posted | None:
        """Return the message that was posted under a key and is still there, or None."""
        ref = self._by_key.get(key)
        return None if ref is None else self._messages.get(ref)

    def add(
        self,
        place: Place,
        author: Author | None,
        text: str,
        *,
        key: str = "",
        reply_to: Ref | None = None,
        at: datetime | None = None,
        mention: Ref | None = None,
    ) -> Posted:
        """Post a message, now unless told otherwise, and return it."""
        posted = Posted(
            Ref(f"m{len(self.log) + 1}"),
            place,
            author,
            text,
            at or self.clock.now(),
            key,
            reply_to=reply_to,
            mention=mention,
        )
        self.log.append(posted)
        self._messages[posted.ref] = posted
        if key:
            self._by_key[key] = posted.ref
        if place.thread is not None:
            self._threads[place.thread].append(posted.ref)
        return posted

    def open_thread(self, message: Ref) -> Ref:
        """Open the thread under a message and return it."""
        thread = Ref(f"t-{message}")
        assert thread not in self._threads, "a message has one thread"
        self._threads[thread] = []
        return thread

    def thread_of(self, message: Ref) -> Ref | None:
        """Return the thread under a message, or None."""
        thread = Ref(f"t-{message}")
        return thread if thread in self._threads else None

    def change(self, ref: Ref, text: str, *, at: datetime | None = None) -> Posted:
        """Give a message another text, now unless told otherwise."""
        self._messages[ref] = replace(self._messages[ref], text=text, edited_at=at or self.clock.now())
        return self._messages[ref]

    def react(self, ref: Ref, who: Author, stance: Stance) -> Posted:
        """Give a person one reaction on a message."""
        others = frozenset(reaction for reaction in self._messages[ref].stances if reaction[0] != who)
        self._messages[ref] = replace(self._messages[ref], stances=others | {(who, stance)})
        return self._messages[ref]

    def remove(self, ref: Ref) -> MessageDeleted:
        """Remove a message."""
        return MessageDeleted(self._messages.pop(ref).place, ref, self.clock.now())


class MemoryPlatform:
    """The bot's side of the service."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.is_up = asyncio.Event()

    @property
    def name(self) -> str:
        """Return the service's name: `memory`, unless there is more than one."""
        return self.service.name

    async def run(self, chat: Chat) -> None:
        """Say that the connection is there; what people do, tests report themselves."""
        await chat.connected(self.name)
        self.is_up.set()
        await asyncio.Event().wait()

    async def ensure_post(self, place: Place, key: str, post: Post, progress: Progress, found: Found) -> Outcome:
        """Post, and open the thread of a question."""
        if self.service.refuses or place.channel not in self.service.channels:
            return NotSent(self.service.refuses or "There is no such channel.", permanent=True)
        message, thread = progress.refs.message, progress.refs.thread
        if message is None:
            posted = self.service.find(key) if progress.unsure else None
            await asyncio.sleep(0)
            if posted is None and progress.overdue:
                return TOO_LATE
            mention = post.mention if isinstance(post, QuestionPost) else None
            posted = posted or self.service.add(place, None, shown(post), key=key, mention=mention)
            message = posted.ref
            await found(Refs(message))
        if isinstance(post, QuestionPost) and thread is None:
            await asyncio.sleep(0)
            thread = self.service.thread_of(message) if progress.unsure else None
            thread = thread or self.service.open_thread(message)
            if not (progress.unsure and self.service.find(f"{key}{OPENING}")):
                opening = "\n".join(("Answer here.", *post.question.follow_ups))
                self.service.add(Place(place.channel, thread), None, opening, key=f"{key}{OPENING}")
            await found(Refs(message, thread))
        return Sent(Refs(message, thread))

    async def revise(self, place: Place, message: Ref, post: Post) -> Outcome:
        """Change a post's text if it differs."""
        if self.service.refuses:
            return NotSent(self.service.refuses, permanent=True)
        posted = self.service.get(message)
        if posted is not None and posted.text != shown(post):
            self.service.change(message, shown(post))
        return Sent(Refs(message))

    async def retract(self, place: Place, key: str, message: Ref | None) -> Outcome:
        """Remove a post."""
        if self.service.refuses:
            return NotSent(self.service.refuses, permanent=True)
        posted = self.service.find(key) if message is None else self.service.get(message)
        if posted is not None:
            self.service.remove(posted.ref)
        return Sent(Refs(message))

    async def history(self, place: Place) -> AsyncIterator[Recordable]:
        """Yield what people wrote in a thread, with the reactions to every message in it."""
        posted = None if place.thread is None else self.service.thread(place.thread)
        if posted is None:
            raise PlatformError("There is no such thread.")
        for one in posted:
            if one.author is not None:
                yield one.seen
            if not one.key.endswith(OPENING):
                yield one.reactions

    async def tell(self, channel: Channel, user: Ref, reply: Reply) -> bool:
        """Keep what somebody was told."""
        if self.service.refuses_private:
            return False
        self.service.told.append((user, reply))
        return True

    async def announce(self, channel: Channel, reply: Reply) -> bool:
        """Keep what a channel was told."""
        if self.service.refuses or channel not in self.service.channels:
            return False
        self.service.announced.append((channel, reply))
        return True

    async def person(self, channel: Channel, user: Ref) -> Author | None:
        """Return the person of that id; there is one for every id."""
        return Author(self.name, user, user)

    async def may_read(self, channel: Channel, user: Ref) -> bool:
        """Return whether there is such a channel and nobody shut the person out of it."""
        return channel in self.service.channels and user not in self.service.shut_out

    async def whereabouts(self, channel: Channel) -> Whereabouts | None:
        """Return the names of a channel that there is."""
        return Whereabouts("Everywhere", channel.channel) if channel in self.service.channels else None

    async def diagnose(self, channel: Channel) -> tuple[str, ...]:
        """Return what is wrong with a channel."""
        return () if channel in self.service.channels else ("There is no such channel; choose another.",)

    async def role(self, channel: Channel, role: Ref) -> str | None:
        """Return the name of a role; there is one for every reference but `nobody`."""
        return None if role == "nobody" else f"the {role}"

    async def inspect(self, chat: Chat, rooms: Sequence[Channel], alerts: Sequence[Channel]) -> tuple[str, ...]:
        """Return what is wrong with channels."""
        return tuple([problem for channel in (*rooms, *alerts) for problem in await self.diagnose(channel)])

    def link(self, place: Place, message: Ref) -> str:
        """Return the address of a message."""
        return f"{self.name}://{place.channel.channel}/{message}"

    async def close(self) -> None:
        """Let go of nothing."""


def shown(post: Post) -> str:
    """Return the words of a post."""
    match post:
        case QuestionPost():
            return "\n".join((post.question.text, post.question.background, post.source))
        case DigestPost():
            return "\n".join((post.title, *map(repr, post.blocks)))
        case _:
            return f"{getattr(post, 'author', '')} {post.text}".strip()


def told(reply: Reply) -> str:
    """Return the words of a reply."""
    return "\n".join(block.text for block in reply.blocks if isinstance(block, Paragraph | Quote))
