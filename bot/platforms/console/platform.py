"""The console as a `bot.ports.Platform`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from bot.clock import Clock
from bot.content import Post, QuestionPost, Reply
from bot.errors import PlatformError
from bot.events import MessageSeen, Place, ReactionsSeen, Recordable
from bot.model import Author, Channel, Ref, Stance, Whereabouts
from bot.platforms.console.channel import BOT, ConsoleChannel, Entry
from bot.platforms.console.render import blocks_text, follow_up_text, post_text
from bot.ports import TOO_LATE, Chat, Found, NotSent, Outcome, Progress, Refs, Sent

NAME = "console"
CHANNEL = Channel(NAME, Ref("terminal"), Ref("reading-room"))
"""The one channel there is."""

THREAD_KEY = ":thread"
"""How the keys end under which threads are opened."""

HOST = "you"
"""Who runs the console."""

Session = Callable[[Chat], Awaitable[None]]
"""A person at the terminal: reads lines until there are no more."""


def author(name: str) -> Author:
    """Return the person of that name."""
    return Author(NAME, Ref(name.casefold()), name, admin=name.casefold() == HOST)


class ConsolePlatform:
    """One channel in a file. `session` is who types, if anybody does; `say` shows what is for one person only."""

    def __init__(
        self, channel: ConsoleChannel, clock: Clock, say: Callable[[str, str], None], session: Session | None = None
    ) -> None:
        self._channel = channel
        self._clock = clock
        self._say = say
        self._session = session

    @property
    def name(self) -> str:
        """Return `console`."""
        return NAME

    async def run(self, chat: Chat) -> None:
        """Catch up, then let the session type until it ends."""
        await chat.connected(NAME)
        if self._session is not None:
            await self._session(chat)

    async def ensure_post(self, place: Place, key: str, post: Post, progress: Progress, found: Found) -> Outcome:
        """Post, then open the thread with the follow-ups."""
        for problem in await self.diagnose(place.channel):
            return NotSent(problem, permanent=True)
        message, thread = progress.refs.message, progress.refs.thread
        if message is None:
            entry = await self._channel.find(key) if progress.unsure else None
            if entry is None and progress.overdue:
                return TOO_LATE
            posted = entry or await self._post(post_text(post), key, thread=_number(place.thread))
            if isinstance(posted, NotSent):
                return posted
            message = Ref(str(posted.number))
            await found(Refs(message))
        if isinstance(post, QuestionPost) and thread is None:
            thread_key = f"{key}{THREAD_KEY}"
            if not (progress.unsure and await self._channel.find(thread_key)):
                opened = await self._post(follow_up_text(post.question), thread_key, thread=int(message))
                if isinstance(opened, NotSent):
                    return opened
            thread = message
            await found(Refs(message, thread))
        return Sent(Refs(message, thread))

    async def _post(self, text: str, key: str, *, thread: int | None) -> Entry | NotSent:
        try:
            return await self._channel.post(BOT, text, self._clock.now(), thread=thread, key=key)
        except PlatformError as error:
            return NotSent(str(error))

    async def revise(self, place: Place, message: Ref, post: Post) -> Outcome:
        """Change the text of a post if it differs."""
        entry = self._channel.get(int(message))
        text = post_text(post)
        if entry is not None and entry.text != text:
            try:
                await self._channel.edit(entry.number, text, self._clock.now())
            except PlatformError as error:
                return NotSent(str(error))
        return Sent(Refs(message))

    async def retract(self, place: Place, key: str, message: Ref | None) -> Outcome:
        """Remove a post."""
        entry = self._channel.get(int(message)) if message is not None else await self._channel.find(key)
        if entry is not None:
            try:
                await self._channel.delete(entry.number, self._clock.now())
            except PlatformError as error:
                return NotSent(str(error))
        return Sent(Refs(message))

    async def history(self, place: Place) -> AsyncIterator[Recordable]:
        """Yield what people wrote in a thread, each message followed by its reactions."""
        thread = _number(place.thread)
        if thread is None or not self._channel.knows(thread) or await self.diagnose(place.channel):
            raise PlatformError(f"The console has no thread under message {thread}.")
        for entry in self._channel.thread(thread):
            if entry.author != BOT:
                yield seen(entry)
            if not entry.key.endswith(THREAD_KEY):
                yield reactions_seen(entry)

    async def tell(self, channel: Channel, user: Ref, reply: Reply) -> bool:
        """Show something to one person."""
        try:
            self._say(user, blocks_text(reply.blocks))
        except PlatformError:
            return False
        return True

    async def announce(self, channel: Channel, reply: Reply) -> bool:
        """Post something in the channel."""
        if await self.diagnose(channel):
            return False
        posted = await self._post(blocks_text(reply.blocks), key="", thread=None)
        return not isinstance(posted, NotSent)

    async def person(self, channel: Channel, user: Ref) -> Author | None:
        """Return the person of that name: at the console anybody may be."""
        return author(user)

    async def may_read(self, channel: Channel, user: Ref) -> bool:
        """Return whether the channel is the one there is, which everybody reads."""
        return channel == CHANNEL

    async def whereabouts(self, channel: Channel) -> Whereabouts | None:
        """Return the names of the one channel there is, which are its references."""
        return Whereabouts(channel.workspace, channel.channel) if channel == CHANNEL else None

    async def diagnose(self, channel: Channel) -> tuple[str, ...]:
        """Return what is wrong with a channel: only that it is not the one there is."""
        if channel == CHANNEL:
            return ()
        return (f"The console has one channel, {CHANNEL.channel}; there is no “{channel.channel}”.",)

    async def role(self, channel: Channel, role: Ref) -> str | None:
        """Return None: the console has no roles."""
        return None

    async def inspect(self, chat: Chat, rooms: Sequence[Channel], alerts: Sequence[Channel]) -> tuple[str, ...]:
        """Return what is wrong with channels; nothing else can be at the console."""
        return tuple([problem for channel in (*rooms, *alerts) for problem in await self.diagnose(channel)])

    def link(self, place: Place, message: Ref) -> str:
        """Return a message's number in brackets, which is how the console points at it."""
        return f"[{message}]"

    async def close(self) -> None:
        """Nothing is held open between writes."""


def _number(ref: Ref | None) -> int | None:
    return None if ref is None else int(ref)


def place_of(entry: Entry) -> Place:
    """Return where a message stands."""
    return Place(CHANNEL, None if entry.thread is None else Ref(str(entry.thread)))


def seen(entry: Entry) -> MessageSeen:
    """Return a person's message as an event."""
    return MessageSeen(
        place=place_of(entry),
        message=Ref(str(entry.number)),
        author=author(entry.author),
        text=entry.text,
        sent_at=entry.sent_at,
        edited_at=entry.edited_at,
        reply_to=None if entry.reply_to is None else Ref(str(entry.reply_to)),
    )


def reactions_seen(entry: Entry) -> ReactionsSeen:
    """Return a message's reactions as an event."""
    stances = frozenset((author(who), Stance(stance)) for who, stance in entry.reactions)
    return ReactionsSeen(place_of(entry), Ref(str(entry.number)), stances)
