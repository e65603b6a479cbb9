"""What adapters report to: events go to the recorder, commands and forms through the table to the use cases."""

from __future__ import annotations

from dataclasses import replace

import structlog

from bot.commands.arguments import check_arguments
from bot.commands.help import TABLE
from bot.commands.table import Call, Command
from bot.content import Form, Quote, Reply
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
            return _with_what_was_written(_sorry(error, submission.action), submission)
        except Exception:
            log.exception("form failed", action=submission.action)
            return _with_what_was_written(_FAILED, submission)

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
            raise ChatError(f"There is no command `/{invocation.command}`.", "See them all with `/reading help`.")
        call = await self._call(invocation)
        await self._require_role(command, call)
        today = self._context.today(call.group_or_none) if call.group_or_none else self._context.clock.now().date()
        arguments = check_arguments(command, invocation.arguments, today)
        return await command.handler(replace(call, arguments=arguments))

    async def _require_role(self, command: Command, call: Call) -> None:
        if command.for_hosts and not await is_host(self._context, call.invocation.author, call.group_or_none):
            raise ChatError(f"`/{command.full_name}` is for hosts.", "Ask a host of the group, or see `/reading help`.")

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


def _with_what_was_written(reply: Reply, submission: Submission) -> Reply:
    """Return a refusal with the texts that were filled in, since the form itself is gone."""
    written = (Quote(value, f"you wrote ({name})") for name, value in submission.values.items() if value.strip())
    return Reply.of(*reply.blocks, *written)


def _sorry(error: BotError, command: str) -> Reply:
    if isinstance(error, DatabaseError):
        log.error("command failed", command=command, problem=str(error))
        return Reply.of("I cannot reach my database right now, so nothing was changed. Try again in a few minutes.")
    return Reply.of(str(error))
