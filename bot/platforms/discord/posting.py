"""Making a post exist exactly once.

A message in a channel is sent under a nonce, for which Discord makes one message within some minutes; after that it is
found by the token in one of its buttons. A thread that is made from a message can be made once only. A forum's post
knows no nonce, and is looked for among the forum's posts.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Literal

import discord

from bot.content import Post, QuestionPost
from bot.errors import PlatformError
from bot.events import Place
from bot.model import Ref
from bot.platforms.discord.directory import Directory, ref
from bot.platforms.discord.ids import parse_press, token
from bot.platforms.discord.outcomes import THREAD_EXISTS, UNKNOWN_MESSAGE, Attempt, UnreachableError
from bot.platforms.discord.permissions import may_read
from bot.platforms.discord.render import Page, opening_page, post_pages, thread_name
from bot.ports import TOO_LATE, Found, Outcome, Progress, Refs, Sent

LOOK_BACK = 300
"""Messages of a channel among which a post is looked for."""

POSTS_BACK = 50
"""Posts of a forum among which one is looked for."""

PIECES_BACK = 100
"""Messages after a post, or at the beginning of a thread, among which what belongs to it is looked for."""

ArchiveAfter = Literal[60, 1440, 4320, 10080]
"""Minutes without a message after which a thread is folded away; answers in it still count."""

Messageable = discord.TextChannel | discord.Thread
Message = discord.Message | discord.PartialMessage


class Making:
    """One attempt to make a post."""

    def __init__(
        self,
        directory: Directory,
        key: str,
        post: Post,
        progress: Progress,
        found: Found,
        archive_after: ArchiveAfter,
    ) -> None:
        self._directory = directory
        self._key = key
        self._post = post
        self._progress = progress
        self._found = found
        self._archive_after = archive_after
        self.attempt = Attempt(doubtful=progress.unsure and progress.refs.message is None)

    async def make(self, place: Place) -> Outcome:
        """Make what is missing. Raises PlatformError, discord.HTTPException and what `found` raises."""
        if place.thread is not None:
            return await self._in_channel(await self._directory.thread(place.channel, place.thread))
        room = await self._directory.room(place.channel)
        return await (self._in_forum(place, room) if isinstance(room, discord.ForumChannel) else self._in_channel(room))

    async def _in_channel(self, room: Messageable) -> Outcome:
        first, *more = post_pages(self._post, self._key)
        known = await self._known_message(room)
        self.attempt.doubtful = False
        if known is None and self._progress.overdue:
            return TOO_LATE
        message = known or await send(room, first, token(self._key))
        refs = Refs(ref(message.id), self._progress.refs.thread)
        await self._found(refs)
        await self._continue(room, message.id, more, fresh=known is None)
        if not isinstance(self._post, QuestionPost) or isinstance(room, discord.Thread):
            return Sent(refs)
        thread = await self._thread_of(room, message)
        return await self._open(thread, Refs(refs.message, ref(thread.id)), fresh=known is None)

    async def _known_message(self, room: Messageable) -> Message | None:
        if self._progress.refs.message is not None:
            return room.get_partial_message(int(self._progress.refs.message))
        return await with_token(room, token(self._key)) if self._progress.unsure else None

    async def _thread_of(self, room: discord.TextChannel, message: Message) -> discord.Thread:
        try:
            return await message.create_thread(name=thread_name(self._post), auto_archive_duration=self._archive_after)
        except discord.HTTPException as error:
            if error.code != THREAD_EXISTS:
                raise
        # A thread that is made from a message has the message's id.
        found = room.guild.get_thread(message.id) or await room.guild.fetch_channel(message.id)
        if not isinstance(found, discord.Thread):
            raise PlatformError("The thread is gone.")
        return found

    async def _in_forum(self, place: Place, forum: discord.ForumChannel) -> Outcome:
        first, *more = post_pages(self._post, self._key)
        known = await self._known_post(place, forum)
        self.attempt.doubtful = False
        if known is None and self._progress.overdue:
            return TOO_LATE
        thread = known or await self._new_post(forum, first)
        refs = Refs(forum_ref(thread.id))
        await self._found(refs)
        await self._continue(thread, thread.id, more, fresh=known is None)
        if not isinstance(self._post, QuestionPost):
            return Sent(refs)
        return await self._open(thread, Refs(refs.message, ref(thread.id)), fresh=known is None)

    async def _known_post(self, place: Place, forum: discord.ForumChannel) -> discord.Thread | None:
        if self._progress.refs.message is not None:
            home, own = home_and_id(self._progress.refs.message)
            return await self._directory.thread(place.channel, home or own)
        return await post_with_token(forum, token(self._key)) if self._progress.unsure else None

    async def _new_post(self, forum: discord.ForumChannel, page: Page) -> discord.Thread:
        topic = self._post.question.topic.casefold() if isinstance(self._post, QuestionPost) else ""
        tags = [tag for tag in forum.available_tags if tag.name.casefold() == topic and not tag.moderated]
        made = await forum.create_thread(
            name=thread_name(self._post),
            content=page.ping or discord.utils.MISSING,
            allowed_mentions=page.allowed,
            embed=page.embed,
            view=page.view,
            applied_tags=tags[:1],
            auto_archive_duration=self._archive_after,
        )
        return made.thread

    async def _continue(self, room: Messageable, first: int, pages: Sequence[Page], *, fresh: bool) -> None:
        """Send the pages after the first that are not there yet."""
        there = {} if fresh or not pages else await pieces_of(room, first)
        for number, page in enumerate(pages, 2):
            if number not in there:
                await send_piece(room, first, number, page)

    async def _open(self, thread: discord.Thread, refs: Refs, *, fresh: bool) -> Outcome:
        """Open a question's thread, unless an earlier attempt did so."""
        await self._found(refs)
        key = f"{self._key}:thread"
        if isinstance(self._post, QuestionPost) and (fresh or not await self._is_open(thread, token(key))):
            page = opening_page(self._post.question, key)
            await send(thread, page, token(key))
        return Sent(refs)

    async def _is_open(self, thread: discord.Thread, wanted: str) -> bool:
        _require_reading(thread)
        async for message in thread.history(limit=PIECES_BACK, oldest_first=True):
            if wanted in tokens_of(message):
                return True
        return False


async def send(room: Messageable, page: Page, nonce: str, view: discord.ui.View | None = None) -> discord.Message:
    """Send a message once, or return the one that was sent under the nonce before. Raises discord.HTTPException.

    Its buttons are those of `view`, if that is given, instead of its own.
    """
    shown = view or page.view
    buttons = shown if shown.children else discord.utils.MISSING
    ping, allowed = page.ping or None, page.allowed
    last = room.last_message_id or 0
    try:
        message = await room.send(ping, embed=page.embed, view=buttons, allowed_mentions=allowed, nonce=nonce)
        if message.id <= last:
            await room.fetch_message(message.id)
    except discord.NotFound as error:
        if error.code != UNKNOWN_MESSAGE:
            raise
        # What was sent under the nonce has been removed since.
        return await room.send(ping, embed=page.embed, view=buttons, allowed_mentions=allowed)
    return message


async def send_piece(room: Messageable, first: int, number: int, page: Page) -> discord.Message:
    """Send a further page of a post. It refers to the first message in its embed's address, which nobody sees.

    Discord shows no address of an embed without a title.
    """
    page.embed.url = piece_url(room, first, number)
    return await send(room, replace(page, rows=()), token(page.embed.url))


def piece_url(room: Messageable, first: int, number: int) -> str:
    """Return the address in the embed of a post's further page."""
    return f"https://discord.com/channels/{room.guild.id}/{room.id}/{first}#{number}"


async def pieces_of(room: Messageable, first: int) -> dict[int, discord.Message]:
    """Return the further pages of a post that are there, by number. Raises PlatformError, discord.HTTPException."""
    _require_reading(room)
    found: dict[int, discord.Message] = {}
    async for message in room.history(limit=PIECES_BACK, after=discord.Object(first), oldest_first=True):
        url = message.embeds[0].url if message.embeds and message.author.id == room.guild.me.id else None
        base, _, number = (url or "").partition("#")
        if f"{base}#" == piece_url(room, first, 0)[:-1] and number.isdecimal():
            found.setdefault(int(number), message)
    return found


def tokens_of(message: discord.Message) -> set[str]:
    """Return the tokens in a message's buttons."""
    ids = (getattr(button, "custom_id", None) for row in message.components for button in getattr(row, "children", ()))
    presses = (parse_press(custom_id) for custom_id in ids if custom_id)
    return {press.post for press in presses if press is not None and press.post}


async def with_token(
    room: Messageable, wanted: str, after: discord.abc.Snowflake | None = None
) -> discord.Message | None:
    """Return the message that carries a token. Raises PlatformError if nobody may look, discord.HTTPException."""
    _require_reading(room)
    async for message in room.history(limit=LOOK_BACK, after=after):
        if message.author.id == room.guild.me.id and wanted in tokens_of(message):
            return message
    return None


async def post_with_token(forum: discord.ForumChannel, wanted: str) -> discord.Thread | None:
    """Return the forum's post that carries a token. Raises PlatformError if nobody may look, discord.HTTPException."""
    _require_reading(forum)
    async for thread in _posts(forum):
        try:
            if wanted in tokens_of(await thread.fetch_message(thread.id)):
                return thread
        except discord.NotFound:
            continue
    return None


async def _posts(forum: discord.ForumChannel) -> AsyncIterator[discord.Thread]:
    """Yield the bot's own posts in a forum: those open, newest first, then those folded away.

    The gateway may know of one before the list does.
    """
    active = {thread.id: thread for thread in await forum.guild.active_threads()}
    active |= {thread.id: thread for thread in forum.threads}
    own = [thread for thread in active.values() if thread.parent_id == forum.id and _is_own(thread)]
    for thread in sorted(own, key=lambda thread: thread.id, reverse=True)[:POSTS_BACK]:
        yield thread
    async for thread in forum.archived_threads(limit=POSTS_BACK):
        if _is_own(thread):
            yield thread


def _is_own(thread: discord.Thread) -> bool:
    return thread.owner_id == thread.guild.me.id


def _require_reading(room: discord.ForumChannel | Messageable) -> None:
    if not may_read(room):
        raise UnreachableError("I may not read the channel.", "Give me Read Message History there.")


def forum_ref(post: int) -> Ref:
    """Return the reference of the first message of a forum's post, which stands in a thread of its own."""
    return Ref(f"{post}/{post}")


def home_and_id(message: Ref) -> tuple[Ref | None, Ref]:
    """Return the thread that a message's reference itself names, if it does, and the message's own."""
    home, slash, own = message.rpartition("/")
    return Ref(home) if slash else None, Ref(own)
