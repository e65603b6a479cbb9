"""Commands, buttons and forms: from Discord's interactions to the chat desk, and its replies back.

An interaction must be answered within 3 seconds, a form can only be the first answer, and the rest has 15 minutes
(https://discord.com/developers/docs/interactions/receiving-and-responding).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import discord
from discord import app_commands

from bot.commands.help import TABLE
from bot.content import Attachment, Form, Reply
from bot.errors import ChatError, PlatformError
from bot.events import Invocation, Place, Submission, TextFile
from bot.model import Author, Channel
from bot.platforms.discord.commands import used
from bot.platforms.discord.directory import Directory, place_of
from bot.platforms.discord.files import attached_file, read_text
from bot.platforms.discord.forms import filled_in, modal_of
from bot.platforms.discord.ids import Press, Sheet, Turn, parse_press, parse_sheet, parse_turn
from bot.platforms.discord.outcomes import CONNECTION_ERRORS
from bot.platforms.discord.render import Page, reply_pages, turned
from bot.ports import Chat

PATIENCE = 1.5
"""Seconds after which an answer is announced instead of given; half of what Discord allows."""

LONGEST_REPLY = 10
"""Messages of one reply that cannot be turned page by page; what is longer ends in a hint to ask for less."""

_Work = Callable[[Place, Author], Awaitable[Reply | Form]]
"""What there is to do once it is known where and by whom."""

_ELSEWHERE = "I only work in servers, where your group meets."
_KEPT_OUT = "That is for whoever sees the group's channel, and I cannot tell that you do."
_SILENCED = "You may not write in the threads of this channel, so I cannot say anything there for you."
_TOO_SLOW = "That took too long to open the form. Please try again."
_TOO_LONG = "There is more than fits here; ask for less at a time."
_OUT_OF_DATE = "This button is from an older version of me. Use the command instead; `/reading help` lists them."


ANSWER = "reading answer"
"""The command whose words the bot posts in a thread."""


async def handle(desk: Chat, directory: Directory, interaction: discord.Interaction) -> None:
    """Answer one interaction. Raises discord.HTTPException, aiohttp.ClientError."""
    data: Mapping[str, Any] = dict(interaction.data or {})
    match interaction.type:
        case discord.InteractionType.application_command:
            await _Answering(desk, directory, interaction).command(data)
        case discord.InteractionType.autocomplete:
            await _suggest(desk, directory, interaction, data)
        case discord.InteractionType.component:
            custom_id = data.get("custom_id", "")
            turn, answering = parse_turn(custom_id), _Answering(desk, directory, interaction)
            await (answering.turn(turn) if turn else answering.press(parse_press(custom_id)))
        case discord.InteractionType.modal_submit:
            sheet = parse_sheet(data.get("custom_id", ""))
            await _Answering(desk, directory, interaction).submit(sheet, filled_in(data.get("components", [])))
        case _:
            return


async def _author(directory: Directory, interaction: discord.Interaction, channel: Channel) -> Author:
    """Return who did it. Who may manage a server runs it."""
    author = await directory.author(int(channel.workspace), interaction.user)
    admin = interaction.guild_id is not None and interaction.permissions.manage_guild
    return Author(author.platform, author.user, author.name, admin)


async def _suggest(desk: Chat, directory: Directory, interaction: discord.Interaction, data: Mapping[str, Any]) -> None:
    place = place_of(interaction.channel)
    if place is None:
        return
    use = used(data, TABLE)
    author = await _author(directory, interaction, place.channel)
    found = await desk.complete(Invocation(place, author, use.command, use.arguments), use.focused)
    choices = [app_commands.Choice(name=one.label, value=one.value) for one in found]
    await interaction.response.autocomplete(choices)


@asynccontextmanager
async def _begun(work: Coroutine[Any, Any, Reply | Form]) -> AsyncIterator[asyncio.Task[Reply | Form]]:
    """Begin something and see it through, also if nobody can be told of it any more; it is cancelled with its owner."""
    task = asyncio.create_task(work)
    try:
        yield task
    except asyncio.CancelledError:
        task.cancel()
        raise
    finally:
        await asyncio.wait({task})


class _Answering:
    """One interaction on its way to an answer."""

    def __init__(self, desk: Chat, directory: Directory, interaction: discord.Interaction) -> None:
        self._desk = desk
        self._directory = directory
        self._interaction = interaction
        self._about: Channel | None = None
        self._turn: Turn | None = None
        """What to ask again for another page of the reply, where that can be done."""

    async def command(self, data: Mapping[str, Any]) -> None:
        """Carry out a command."""
        use = used(data, TABLE)
        self._can_turn(use.command, use.arguments)

        async def work(place: Place, author: Author) -> Reply | Form:
            files: dict[str, TextFile] = {}
            try:
                for name, described in use.attached.items():
                    files[name] = await read_text(self._interaction.client.http, described)
            except ChatError as error:
                return Reply.of(str(error))
            arguments = {**use.arguments, **{name: file.name for name, file in files.items()}}
            if self._is_silenced(use.command, arguments):
                return Reply.refused(_SILENCED)
            return await self._desk.command(Invocation(place, author, use.command, arguments, files))

        await self._answer(None, work)

    async def press(self, press: Press | None) -> None:
        """Carry out the command of a button."""
        if press is None:
            await self._interaction.response.send_message(_OUT_OF_DATE, ephemeral=True)
            return

        self._can_turn(press.command, press.arguments)

        async def work(place: Place, author: Author) -> Reply | Form:
            if self._is_silenced(press.command, press.arguments):
                return Reply.refused(_SILENCED)
            return await self._desk.command(Invocation(place, author, press.command, press.arguments))

        await self._answer(press.channel, work)

    def _is_silenced(self, command: str, said: Mapping[str, str]) -> bool:
        """Return whether somebody wants the bot to say what they may not say themselves. Withdrawing says nothing."""
        says = command == ANSWER and any(said.get(field, "").strip() for field in ("text", "pick"))
        here = self._interaction.guild_id is not None
        return says and here and not self._interaction.permissions.send_messages_in_threads

    def _can_turn(self, command: str, arguments: Mapping[str, str]) -> None:
        """Note what gives another page, if the command only looks something up."""
        if command in TABLE and TABLE[command].lists:
            self._turn = Turn(command, arguments, page=1)

    async def turn(self, turn: Turn) -> None:
        """Show another page in place of the one whose button was pressed."""
        place = place_of(self._interaction.channel) or (Place(turn.channel) if turn.channel else None)
        command = TABLE.get(turn.command)
        if place is None or command is None or not command.lists:
            await self._interaction.response.send_message(_OUT_OF_DATE, ephemeral=True)
            return

        async def work(place: Place, author: Author) -> Reply | Form:
            return await self._desk.command(Invocation(place, author, turn.command, turn.arguments))

        async with _begun(self._work(place, work)) as task:
            done, _ = await asyncio.wait({task}, timeout=PATIENCE)
            if not done:
                await self._interaction.response.defer()
            answer = await task
        pages = reply_pages(answer.blocks, turn.channel) if isinstance(answer, Reply) else []
        page = (turned(pages, turn) if pages else None) or reply_pages(Reply.of(_OUT_OF_DATE).blocks)[0]
        if done:
            await self._interaction.response.edit_message(embed=page.embed, view=page.view)
        else:
            await self._interaction.edit_original_response(embed=page.embed, view=page.view)

    async def submit(self, sheet: Sheet | None, values: Mapping[str, str]) -> None:
        """Carry out a filled-in form."""
        if sheet is None:
            return

        async def work(place: Place, author: Author) -> Reply | Form:
            if self._is_silenced(sheet.action, values):
                return Reply.refused(_SILENCED)
            return await self._desk.submit(Submission(place, author, sheet.action, sheet.target, values))

        await self._answer(sheet.channel, work)

    async def _answer(self, about: Channel | None, work: _Work) -> None:
        place = place_of(self._interaction.channel) or (Place(about) if about else None)
        if place is None:
            await self._interaction.response.send_message(_ELSEWHERE, ephemeral=True)
            return
        self._about = about
        async with _begun(self._work(place, work)) as task:
            done, _ = await asyncio.wait({task}, timeout=PATIENCE)
            if not done:
                await self._interaction.response.defer(ephemeral=True, thinking=True)
            answer = await task
        if isinstance(answer, Reply):
            await self._send(answer, announced=not done)
        elif done:
            await self._interaction.response.send_modal(modal_of(answer, self._about))
        else:
            await self._send(Reply.of(_TOO_SLOW), announced=True)

    async def _work(self, place: Place, work: _Work) -> Reply | Form:
        if place_of(self._interaction.channel) is None and not await self._may_read(place.channel):
            return Reply.refused(_KEPT_OUT)
        return await work(place, await _author(self._directory, self._interaction, place.channel))

    async def _may_read(self, channel: Channel) -> bool:
        """Return whether whoever it is sees a channel; what they were sent from it may be older than that."""
        try:
            return await self._directory.may_read(channel, self._interaction.user.id)
        except (PlatformError, discord.HTTPException, *CONNECTION_ERRORS):
            return False

    async def _send(self, reply: Reply, *, announced: bool) -> None:
        pages = reply_pages(reply.blocks, self._about)
        if len(pages) > 1 and self._turn is not None and not reply.public and not _files(reply):
            first = turned(pages, replace(self._turn, channel=self._about))
            pages = [first] if first is not None else pages
        if len(pages) > LONGEST_REPLY:
            pages = [*pages[: LONGEST_REPLY - 1], *reply_pages(Reply.of(_TOO_LONG).blocks)]
        pages = pages or reply_pages(Reply.of("Done.").blocks)
        if announced and reply.public:
            # What was announced to one person stays theirs.
            await self._interaction.delete_original_response()
            announced = False
        for number, page in enumerate(pages):
            files = _files(reply) if number == len(pages) - 1 else []
            await self._show(page, files, public=reply.public, announced=announced and number == 0)

    async def _show(self, page: Page, files: list[discord.File], *, public: bool, announced: bool) -> None:
        if announced:
            await self._interaction.edit_original_response(embed=page.embed, view=page.view, attachments=files)
        elif self._interaction.response.is_done():
            await self._interaction.followup.send(embed=page.embed, view=page.view, files=files, ephemeral=not public)
        else:
            await self._interaction.response.send_message(
                embed=page.embed, view=page.view, files=files, ephemeral=not public
            )


def _files(reply: Reply) -> list[discord.File]:
    return [attached_file(block) for block in reply.blocks if isinstance(block, Attachment)]
