"""What adapters report to: events go to the recorder, commands and forms through the table to the use cases."""

from __future__ import annotations

import structlog

from bot.commands.arguments import check_arguments
from bot.commands.help import TABLE
from bot.commands.members import record_answer
from bot.commands.table import Call
from bot.content import Form, Reply
from bot.errors import BotError, ChatError, DatabaseError
from bot.events import Invocation, Recordable, Submission
from bot.services.backfill import backfill_platform
from bot.services.context import Context
from bot.services.hosting import is_host
from bot.services.recording import Recorder

log = structlog.get_logger(__name__)


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

    async def command(self, invocation: Invocation) -> Reply | Form:
        """Carry out a command and return what to show."""
        try:
            return await self._command(invocation)
        except BotError as error:
            return _sorry(error, invocation.command)
        except Exception:
            log.exception("command failed", command=invocation.command)
            return _FAILED

    async def submit(self, submission: Submission) -> Reply:
        """Carry out a filled-in form and return what to show."""
        try:
            return await self._submit(submission)
        except BotError as error:
            return _sorry(error, submission.action)
        except Exception:
            log.exception("form failed", action=submission.action)
            return _FAILED

    async def _submit(self, submission: Submission) -> Reply:
        if submission.action != "answer":
            raise ChatError("This form is out of date.", "Open it again.")
        call = await self._call(Invocation(submission.place, submission.author, submission.action))
        values = submission.values
        return await record_answer(call, int(submission.target), values.get("text", ""), values.get("pick", ""))

    async def _command(self, invocation: Invocation) -> Reply | Form:
        command = TABLE.get(invocation.command)
        if command is None:
            raise ChatError(f"There is no command `/{invocation.command}`.", "See them all with `/reading help`.")
        call = await self._call(invocation)
        if command.for_hosts and not await is_host(self._context, invocation.author, call.group_or_none):
            raise ChatError(f"`/{command.full_name}` is for hosts.", "Ask a host of the group, or see `/reading help`.")
        today = self._context.today(call.group_or_none) if call.group_or_none else self._context.clock.now().date()
        arguments = check_arguments(command, invocation.arguments, today)
        return await command.handler(Call(self._context, invocation, arguments, call.group_or_none, call.room))

    async def _call(self, invocation: Invocation) -> Call:
        channel = invocation.place.channel
        async with self._context.database.read() as transaction:
            group = await transaction.groups.by_channel(channel)
            room = await transaction.groups.room_at(channel)
            if room is None and group is not None:
                rooms = await transaction.groups.rooms(group.id)
                room = next((one for one in rooms if one.channel.platform == channel.platform), None)
        return Call(self._context, invocation, {}, group, room)


_FAILED = Reply.of("Something went wrong on my side, and nothing was changed. The operator's log says what it was.")


def _sorry(error: BotError, command: str) -> Reply:
    if isinstance(error, DatabaseError):
        log.error("command failed", command=command, problem=str(error))
        return Reply.of("I cannot reach my database right now, so nothing was changed. Try again in a few minutes.")
    return Reply.of(str(error))
