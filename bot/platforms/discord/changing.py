"""Bringing posts that exist to other content, and removing them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import discord

from bot.content import Post, QuestionPost
from bot.errors import PlatformError
from bot.events import Place
from bot.model import Ref
from bot.platforms.discord.directory import Directory, number, ref
from bot.platforms.discord.ids import token
from bot.platforms.discord.outcomes import OLD_MESSAGE_EDITED_TOO_OFTEN, THREAD_ARCHIVED
from bot.platforms.discord.posting import (
    Messageable,
    home_and_id,
    pieces_of,
    post_with_token,
    send,
    send_piece,
    tokens_of,
    with_token,
)
from bot.platforms.discord.render import Page, post_pages
from bot.ports import Outcome, Refs, Sent


async def revise(directory: Directory, place: Place, message: Ref, post: Post) -> Outcome:
    """Bring a post to the given content. Raises PlatformError, discord.HTTPException."""
    try:
        room = await _home(directory, place, message)
        old = await room.fetch_message(number(home_and_id(message)[1]))
    except discord.NotFound:
        return Sent(Refs(message))
    # The buttons of what is there stay as they are, and with them the key.
    pages = post_pages(post, key="")
    try:
        await _awake(room, lambda: _bring_to(room, old, pages))
    except discord.HTTPException as error:
        replaceable = not isinstance(post, QuestionPost) and old.id != room.id
        if error.code != OLD_MESSAGE_EDITED_TOO_OFTEN or not replaceable:
            raise
        return Sent(Refs(ref((await _replace(room, old, pages)).id)))
    return Sent(Refs(message))


async def _bring_to(room: Messageable, old: discord.Message, pages: Sequence[Page]) -> None:
    """Edit a post's messages, send those that it has too few, and remove those that it has too many."""
    first, *more = pages
    there = await pieces_of(room, old.id)
    await _edit(old, first)
    for place, page in enumerate(more, 2):
        if place in there:
            page.embed.url = there[place].embeds[0].url
            await _edit(there[place], page)
        else:
            await send_piece(room, old.id, place, page)
    for place, message in there.items():
        if place > len(pages):
            await message.delete()


async def _edit(message: discord.Message, page: Page) -> None:
    if not message.embeds or _shown(message.embeds[0]) != _shown(page.embed):
        await message.edit(embed=page.embed)


def _shown(embed: discord.Embed) -> tuple[object, ...]:
    texts = (embed.title, embed.description, embed.author.name, embed.url)
    fields = tuple((field.name, field.value) for field in embed.fields)
    return (*((text or "").strip() for text in texts), fields)


async def _replace(room: Messageable, old: discord.Message, pages: Sequence[Page]) -> discord.Message:
    """Send a post that can be edited no more again, with the same buttons, and remove the old one."""
    new: discord.Message | None = None
    for wanted in tokens_of(old):
        new = await with_token(room, wanted, after=old)
    if new is None:
        view = discord.ui.View.from_message(old, timeout=None)
        view.stop()
        new = await send(room, pages[0], token(f"{_name_of(old)}:{old.id}"), view)
    await _bring_to(room, new, pages)
    await _remove(room, old)
    return new


def _name_of(message: discord.Message) -> str:
    return next(iter(sorted(tokens_of(message))), str(message.id))


async def retract(directory: Directory, place: Place, key: str, message: Ref | None) -> Outcome:
    """Remove a post. Raises PlatformError, discord.HTTPException."""
    try:
        if message is not None:
            room = await _home(directory, place, message)
            old = await room.fetch_message(number(home_and_id(message)[1]))
        elif (found := await _find(directory, place, token(key))) is not None:
            room, old = found
        else:
            return Sent(Refs())
        await _awake(room, lambda: _remove(room, old))
    except discord.NotFound:
        pass
    return Sent(Refs(message))


async def _find(directory: Directory, place: Place, wanted: str) -> tuple[Messageable, discord.Message] | None:
    if place.thread is not None:
        room: Messageable | discord.ForumChannel = await directory.thread(place.channel, place.thread)
    else:
        room = await directory.room(place.channel)
    if isinstance(room, discord.ForumChannel):
        thread = await post_with_token(room, wanted)
        return (thread, await thread.fetch_message(thread.id)) if thread else None
    message = await with_token(room, wanted)
    return (room, message) if message else None


async def _remove(room: Messageable, message: discord.Message) -> None:
    """Remove a post with its further pages, these first, so that it is found as long as anything is there."""
    for piece in (await pieces_of(room, message.id)).values():
        await piece.delete()
    await message.delete()


async def _home(directory: Directory, place: Place, message: Ref) -> Messageable:
    """Return where a post stands. Raises PlatformError, discord.HTTPException."""
    home, _ = home_and_id(message)
    thread = home or place.thread
    if thread is not None:
        return await directory.thread(place.channel, Ref(thread))
    room = await directory.room(place.channel)
    if isinstance(room, discord.ForumChannel):
        raise PlatformError("The channel has become a forum.", "Choose another with `/reading-host setup`.")
    return room


async def _awake(room: Messageable, work: Callable[[], Awaitable[None]]) -> None:
    """Do something in a thread that may have been folded away."""
    try:
        await work()
    except discord.HTTPException as error:
        if error.code != THREAD_ARCHIVED or not isinstance(room, discord.Thread):
            raise
        try:
            await room.edit(archived=False)
        except discord.Forbidden:
            # Somebody closed it for good, and no permission of the channel's is missing.
            raise error from None
        await work()
