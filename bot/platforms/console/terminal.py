"""The person at the console: reads lines, does what they say, and shows what is new in the channel."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from bot.clock import Clock
from bot.commands.help import TABLE
from bot.commands.parse import parse_command
from bot.commands.table import HOSTS, MEMBERS
from bot.content import Field, Form, Reply
from bot.errors import BotError, ChatError
from bot.events import Invocation, MessageDeleted, Place, Submission
from bot.model import Ref, Stance
from bot.nearest import nearest
from bot.platforms.console.channel import BOT, ConsoleChannel, Entry
from bot.platforms.console.platform import CHANNEL, HOST, author, place_of, reactions_seen, seen
from bot.platforms.console.render import blocks_text, form_text, printable
from bot.ports import Chat

TALKING = timedelta(minutes=1)
"""How far a console with a clock of its own moves it with each line."""

HELP = """\
Type to answer in the thread. Other lines:
  /as NAME               speak as another member; `you` run the place
  /reply N TEXT          reply to message [N]
  /edit N TEXT           change message [N]
  /delete N              delete message [N]
  /vote N agree|disagree|pass
  /reading …             what members can ask the bot: /reading help
  /reading-host …        what hosts can: /reading-host status
  /day                   go on to the next question
  /week                  go on to the next digest
  /help, /quit"""


class BadLineError(BotError):
    """A line that the console does not understand."""

    exit_code = 2


class TimeMachine(Protocol):
    """What moves a console's own clock, doing on the way whatever falls due."""

    async def settle(self) -> None:
        """Do everything that is due now."""
        ...

    async def pass_time(self, span: timedelta) -> None:
        """Move the clock on by a little."""
        ...

    async def next_question(self) -> bool:
        """Move on to the next question; return whether there is one."""
        ...

    async def next_digest(self) -> bool:
        """Move on to the next digest; return whether there is one."""
        ...


@dataclass(frozen=True, slots=True)
class Screen:
    """Where lines come from and go to. `show` takes a style (`bot`, `dim`, `plain`) and a text."""

    lines: AsyncIterator[str]
    show: Callable[[str, str], None]
    prompt: Callable[[str], None]
    interactive: bool

    def tell(self, user: str, text: str) -> None:
        """Show what only one person can see."""
        self.show("dim", f"--- only {user} can see this")
        self.show("plain", printable(text).strip("\n"))
        self.show("dim", "---")


class Terminal:
    """One session at the console. In a pipe the first line that makes no sense ends it, as BadLineError."""

    def __init__(self, channel: ConsoleChannel, clock: Clock, screen: Screen, machine: TimeMachine | None) -> None:
        self._channel = channel
        self._clock = clock
        self._screen = screen
        self._machine = machine
        self._speaker = HOST
        self._shown: dict[int, Entry] = {}
        self._line = 0
        self._commands: Mapping[str, Callable[[Chat, str], Awaitable[None]]] = {
            "as": self._as,
            "reply": self._reply,
            "edit": self._edit,
            "delete": self._delete,
            "vote": self._vote,
            "day": self._day,
            "week": self._week,
            "help": self._help,
        }

    async def __call__(self, chat: Chat) -> None:
        """Read lines until there are no more, or until `/quit`. Raises BadLineError in a pipe."""
        self._mark_old_as_shown()
        await self._settle()
        self.show_new()
        while (line := await self._next(f"{self._speaker}> ")) is not None:
            if line.strip() == "/quit":
                return
            try:
                await self._do(chat, line)
            except ChatError as error:
                if not self._screen.interactive:
                    raise BadLineError(f"line {self._line}: {error}") from None
                self._screen.show("dim", printable(str(error)))
            self.show_new()

    async def _next(self, prompt: str) -> str | None:
        self._screen.prompt(prompt)
        line = await anext(self._screen.lines, None)
        self._line += 1
        return line

    async def _do(self, chat: Chat, line: str) -> None:
        text = line.strip()
        if not text:
            return
        if self._machine is not None:
            await self._machine.pass_time(TALKING)
        if text.startswith("@bot"):
            await self._command(chat, MEMBERS, text.removeprefix("@bot"))
        elif text.startswith("/"):
            name, _, rest = text[1:].partition(" ")
            if name.lower() in (MEMBERS, HOSTS):
                await self._command(chat, name.lower(), rest)
            elif (command := self._commands.get(name.lower())) is not None:
                await command(chat, rest.strip())
            else:
                near = nearest(name, [*self._commands, MEMBERS, HOSTS])
                raise ChatError(f"There is no “/{name}” here.", f"Did you mean `/{near}`?" if near else "See `/help`.")
        else:
            await self._say(chat, text, None)
        await self._settle()

    async def _settle(self) -> None:
        if self._machine is not None:
            await self._machine.settle()

    async def _say(self, chat: Chat, text: str, reply_to: Entry | None) -> None:
        thread = reply_to.thread if reply_to is not None else self._latest_thread()
        if thread is None:
            raise ChatError("There is no question to answer yet.", "Go on to the next one with `/day`.")
        entry = await self._channel.post(
            self._speaker, text, self._clock.now(), thread=thread, reply_to=reply_to.number if reply_to else None
        )
        await chat.record(seen(entry))

    def _latest_thread(self) -> int | None:
        threads = [entry.thread for entry in self._channel.entries() if entry.author == BOT and entry.thread]
        return max(threads, default=None)

    async def _as(self, chat: Chat, rest: str) -> None:
        if not rest:
            raise ChatError("`/as` needs a name.", "Write `/as Ada`.")
        self._speaker = rest

    async def _reply(self, chat: Chat, rest: str) -> None:
        entry, text = self._entry(rest, "reply")
        if not text:
            raise ChatError("`/reply` needs words.", "Write `/reply 3 I see it differently`.")
        await self._say(chat, text, entry)

    async def _edit(self, chat: Chat, rest: str) -> None:
        entry, text = self._entry(rest, "edit")
        self._require_own(entry)
        if not text:
            raise ChatError("`/edit` needs the new words.", f"Remove the message with `/delete {entry.number}`.")
        edited = await self._channel.edit(entry.number, text, self._clock.now())
        await chat.record(seen(edited))

    async def _delete(self, chat: Chat, rest: str) -> None:
        entry, _ = self._entry(rest, "delete")
        if self._speaker != HOST:
            self._require_own(entry)
        await self._channel.delete(entry.number, self._clock.now())
        await chat.record(MessageDeleted(place_of(entry), Ref(str(entry.number)), self._clock.now()))

    async def _vote(self, chat: Chat, rest: str) -> None:
        entry, word = self._entry(rest, "vote")
        if word.lower() not in tuple(Stance):
            raise ChatError(f"“{word}” is not a vote.", f"Write `/vote {entry.number} agree`, disagree or pass.")
        reacted = await self._channel.react(entry.number, self._speaker, word.lower(), self._clock.now())
        await chat.record(reactions_seen(reacted))
        self._screen.show("dim", f"{self._speaker}: {word.lower()} on [{entry.number}]")

    def _entry(self, rest: str, command: str) -> tuple[Entry, str]:
        number, _, text = rest.partition(" ")
        number = number.strip("[]")
        entry = self._channel.get(int(number)) if number.isascii() and number.isdecimal() else None
        if entry is None or entry.thread is None:
            raise ChatError(
                f"`/{command}` needs the number of a message in a thread; “{printable(number)}” is none.",
                "Numbers stand in brackets before messages.",
            )
        return entry, text.strip()

    def _require_own(self, entry: Entry) -> None:
        if entry.author != self._speaker:
            whose = "posted by the bot" if entry.author == BOT else f"by {entry.author}"
            raise ChatError(
                f"[{entry.number}] is {whose}; only its author can do that.", "Change who speaks with `/as`."
            )

    async def _day(self, chat: Chat, rest: str) -> None:
        if self._machine is None:
            raise ChatError("The clock is the real one here, so it cannot be moved.")
        if not await self._machine.next_question():
            raise ChatError("No question is coming.", "See why with `/reading-host status`.")

    async def _week(self, chat: Chat, rest: str) -> None:
        if self._machine is None:
            raise ChatError("The clock is the real one here, so it cannot be moved.")
        if not await self._machine.next_digest():
            raise ChatError("No digest is coming.", "See why with `/reading-host status`.")

    async def _help(self, chat: Chat, rest: str) -> None:
        self._screen.show("plain", HELP)

    async def _command(self, chat: Chat, root: str, line: str) -> None:
        place = Place(CHANNEL)
        try:
            command, arguments = parse_command(TABLE, root, line)
        except ChatError as error:
            self._show_reply(Reply.of(str(error)))
            return
        done = await chat.command(Invocation(place, author(self._speaker), command.full_name, arguments))
        if isinstance(done, Form):
            values = await self._fill_in(done)
            if values is None:
                self._screen.show("dim", "Left the form; nothing was changed.")
                return
            done = await chat.submit(Submission(place, author(self._speaker), done.action, done.target, values))
        self._show_reply(done)

    async def _fill_in(self, form: Form) -> dict[str, str] | None:
        self._screen.show("plain", printable(form_text(form)))
        values: dict[str, str] = {}
        for field in form.fields:
            self._screen.show("plain", printable(_field_text(field)))
            line = await self._next("… ")
            if line is None or (field.required and not (line.strip() or field.value)):
                return None
            values[field.name] = "" if line.strip() == "-" else line.strip() or field.value
        return values

    def _show_reply(self, reply: Reply) -> None:
        self._screen.tell(self._speaker, blocks_text(reply.blocks))

    def _mark_old_as_shown(self) -> None:
        """Leave out, when a channel is opened again, all but the latest question with its thread."""
        latest = self._latest_thread()
        for entry in self._channel.entries():
            if entry.number != latest and entry.thread != latest:
                self._shown[entry.number] = entry

    def show_new(self) -> None:
        """Show what appeared, changed or went away in the channel since this was last called."""
        for entry in self._channel.entries():
            before = self._shown.get(entry.number)
            if before is None or before.text != entry.text:
                self._show_entry(entry, changed=before is not None)
            self._shown[entry.number] = entry
        for number in [number for number in self._shown if self._channel.get(number) is None]:
            del self._shown[number]
            self._screen.show("dim", f"[{number}] was deleted.")

    def _show_entry(self, entry: Entry, *, changed: bool) -> None:
        who = "bot" if entry.author == BOT else entry.author
        edited = " (edited)" if changed else ""
        indent = "" if entry.thread is None else "  "
        text = f"\n{indent}  ".join(printable(entry.text).splitlines())
        when = f"\n{entry.sent_at:%a %Y-%m-%d %H:%M} #{CHANNEL.channel}\n" if entry.thread is None else ""
        self._screen.show(
            "bot" if entry.author == BOT else "plain", f"{when}{indent}[{entry.number}] {who}{edited}: {text}"
        )


def _field_text(field: Field) -> str:
    options = "".join(f"\n  {number}. {option}" for number, option in enumerate(field.options, 1))
    present = f" (now: {field.value})" if field.value else ""
    return f"{field.label}{present}:{options}"
