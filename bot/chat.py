"""What adapters report to: events go to the recorder, commands and forms through the table to the use cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import structlog

from bot.commands.arguments import check_arguments
from bot.commands.completing import complete
from bot.commands.help import TABLE
from bot.commands.home import home_page
from bot.commands.table import MEMBERS, Call, Command
from bot.content import Form, Quote, Reply, Suggested
from bot.errors import BotError, ChatError, DatabaseError, QuestionSetError, UnreadableError
from bot.events import Invocation, Place, Recordable, Submission
from bot.model import Author, Channel, Ref, Room
from bot.services.backfill import backfill_platform
from bot.services.context import Context
from bot.services.departing import note_departure, note_return
from bot.services.hosting import is_host
from bot.services.moving import follow_channel
from bot.services.recording import Recorder
from bot.services.viewing import may_read
from bot.yamlsentences import shown

log = structlog.get_logger(__name__)

WORTH_KEEPING = 40
"""Characters from which on nobody likes to write a text again."""


class ChatDesk:
    """The core's side of `bot.ports.Chat`."""

    def __init__(self, context: Context, recorder: Recorder) -> None:
        self._context = context
        self._recorder = recorder

    async def record(self, event: Recordable) -> None:
        """Record an event; return once it is committed. Raises DatabaseError."""
        await self._recorder.record(event)
        self._context.wake()

    async def connected(self, platform: str) -> None:
        """Fetch what happened while nobody listened."""
        await backfill_platform(self._context, self._recorder, platform)

    async def recall(self, key: str) -> str | None:
        """Return what an adapter keeps under a key, or None. Raises DatabaseError."""
        async with self._context.database.read() as transaction:
            return await transaction.notes.get(key)

    async def remember(self, key: str, value: str) -> None:
        """Keep a small fact for an adapter. Raises DatabaseError."""
        async with self._context.database.write() as transaction:
            await transaction.notes.put(key, value)

    async def forget(self, key: str) -> None:
        """Drop what an adapter kept under a key. Raises DatabaseError."""
        async with self._context.database.write() as transaction:
            await transaction.notes.drop(key)

    async def left(self, platform: str, workspace: Ref) -> None:
        """Note that the bot was removed from a workspace. Raises DatabaseError."""
        await note_departure(self._context, platform, workspace)

    async def joined(self, platform: str, workspace: Ref) -> None:
        """Note that the bot is in a workspace. Raises DatabaseError."""
        await note_return(self._context, platform, workspace)

    async def moved(self, old: Channel, new: Channel) -> None:
        """Let a group meet where its channel is now. Raises DatabaseError."""
        await follow_channel(self._context, old, new)

    async def command(self, invocation: Invocation) -> Reply | Form:
        """Carry out a command and return what to show."""
        try:
            return await self._command(invocation)
        except BotError as error:
            return _sorry(error, invocation.command)
        except Exception:
            log.exception("command failed", command=invocation.command)
            return _FAILED

    async def complete(self, invocation: Invocation, parameter: str) -> tuple[Suggested, ...]:
        """Return what may be meant by what has been typed so far; nothing to whoever may not use the command."""
        command = TABLE.get(invocation.command)
        if command is None:
            return ()
        try:
            call = await self._call(invocation)
            await self._require_role(command, call)
            return await complete(TABLE, command, call, parameter, invocation.arguments.get(parameter, ""))
        except BotError:
            return ()

    async def submit(self, submission: Submission) -> Reply:
        """Carry out a filled-in form and return what to show."""
        try:
            return await self._submit(submission)
        except BotError as error:
            return _with_what_was_written(_sorry(error, submission.action), submission)
        except Exception:
            log.exception("form failed", action=submission.action)
            return _with_what_was_written(_FAILED, submission)

    async def home(self, author: Author, channels: Sequence[Channel]) -> Reply:
        """Return what somebody sees on a page of their own."""
        try:
            return await home_page(await self._calls(author, channels))
        except BotError as error:
            return _sorry(error, f"{MEMBERS} today")
        except Exception:
            log.exception("home failed")
            return _FAILED

    async def _calls(self, author: Author, channels: Sequence[Channel]) -> list[Call]:
        """Return a call for each group that meets in some of the channels, in the order of the channels."""
        calls: dict[int, Call] = {}
        async with self._context.database.read() as transaction:
            for channel in channels:
                room = await transaction.groups.room_at(channel)
                if room is not None and room.group_id not in calls:
                    invocation = Invocation(Place(channel), author, f"{MEMBERS} today")
                    group = await transaction.groups.get(room.group_id)
                    calls[group.id] = Call(self._context, invocation, {}, group, room)
        return list(calls.values())

    async def _submit(self, submission: Submission) -> Reply:
        command = TABLE.get(submission.action)
        if command is None or command.on_submit is None:
            raise ChatError("This form is out of date.", "Open it again.")
        call = await self._call(Invocation(submission.place, submission.author, submission.action))
        await self._require_role(command, call)
        return await command.on_submit(call, submission.target, submission.values)

    async def _command(self, invocation: Invocation) -> Reply | Form:
        command = TABLE.get(invocation.command)
        if command is None:
            raise ChatError(
                f"There is no command {shown(f'/{invocation.command}')}.", "See them all with `/reading help`."
            )
        call = await self._call(invocation)
        await self._require_role(command, call)
        arguments = check_arguments(command, invocation.arguments, call.today, invocation.files)
        return await command.handler(replace(call, arguments=arguments))

    async def _require_role(self, command: Command, call: Call) -> None:
        if not command.for_hosts or await is_host(self._context, call.invocation.author, call.group_or_none):
            return
        who = "Ask a host of the group" if call.group_or_none else "Whoever runs the workspace can start a group"
        raise ChatError(f"`/{command.full_name}` is for hosts.", f"{who}; `/reading help` shows what is for everyone.")

    async def _call(self, invocation: Invocation) -> Call:
        channel = invocation.place.channel
        async with self._context.database.read() as transaction:
            group = await transaction.groups.by_channel(channel)
            room = await transaction.groups.room_at(channel)
            rooms = await transaction.groups.rooms(group.id) if room is None and group is not None else []
        if room is None and group is not None:
            room = await self._readable(invocation, rooms)
            group = group if room is not None else None
        return Call(self._context, invocation, {}, group, room)

    async def _readable(self, invocation: Invocation, rooms: Sequence[Room]) -> Room | None:
        """Return the first of a group's rooms that is in the same workspace and that the asker may read.

        A command that is used elsewhere must not show what is said there to whoever is kept out.
        """
        here, user = invocation.place.channel, invocation.author.user
        for room in rooms:
            same = (room.channel.platform, room.channel.workspace) == (here.platform, here.workspace)
            if same and await may_read(self._context, room.channel, user):
                return room
        return None


_FAILED = Reply.refused(
    "Something went wrong on my side, and nothing was changed. The operator's log says what it was."
)


def _with_what_was_written(reply: Reply, submission: Submission) -> Reply:
    """Return a refusal with the longer texts that were filled in, since the form itself is gone."""
    texts = [value for value in submission.values.values() if len(value.strip()) >= WORTH_KEEPING]
    return replace(reply, blocks=(*reply.blocks, *(Quote(text, "what you wrote, to copy") for text in texts)))


def _sorry(error: BotError, name: str) -> Reply:
    if isinstance(error, DatabaseError):
        log.error("command failed", command=name, problem=str(error))
        if isinstance(error, UnreadableError):
            return _FAILED
        return Reply.refused(
            "I cannot reach my database right now, so nothing was changed. Try again in a few minutes."
        )
    command = TABLE.get(name)
    if isinstance(error, QuestionSetError) and not (command and command.for_hosts):
        # Files and folders are for those who can do something about them.
        return Reply.refused(
            "The group's question set cannot be used right now. Its hosts see why with `/reading-host status`."
        )
    return Reply.refused(str(error))
