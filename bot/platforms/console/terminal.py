"""The person at the console: reads lines, does what they say, and shows what is new in the channel."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path

from bot.clock import Clock
from bot.commands.help import TABLE
from bot.commands.parse import parse_command
from bot.commands.table import HOSTS, MEMBERS, Command, ParameterKind
from bot.content import Form, Reply
from bot.errors import BotError, ChatError
from bot.events import Invocation, MessageDeleted, Place, Submission, TextFile
from bot.model import Ref, Stance
from bot.nearest import nearest
from bot.platforms.console.channel import BOT, ConsoleChannel, Entry
from bot.platforms.console.forms import LeftFormError, fill_in
from bot.platforms.console.platform import CHANNEL, HOST, THREAD_KEY, author, place_of, reactions_seen, seen
from bot.platforms.console.render import blocks_text, printable
from bot.platforms.console.screen import Screen, TimeMachine
from bot.ports import Chat
from bot.yamlsentences import shown

TALKING = timedelta(minutes=1)
"""How far a console with a clock of its own moves it with each line."""

LOOK_EVERY = 0.3
"""Seconds after which a console on the real clock shows what is new while nobody types."""

LONGEST_NAME = 40
MOST_DIGITS = 9

WELCOME = "Type to answer. `/as Ada` lets somebody else speak, `/help` shows what else there is, Ctrl-D ends."
HELP = """\
Type to answer in the thread of the latest question. Other lines:
  /as NAME               speak as another member; “you” run the place
  /reply N TEXT          reply to message [N]
  /edit N TEXT           change message [N]
  /delete N              delete message [N]
  /vote N agree          vote on message [N]: agree, disagree or pass
  /reading …             what members can ask the bot, for example /reading help
  /reading-host …        what hosts can, for example /reading-host status
  @bot …                 the same as /reading"""
HELP_TIME = """
  /day                   go on to the next question
  /week                  go on to the next digest, day by day"""
HELP_END = """
  /help                  this list
  /quit                  end
In the longer fields of a form, \\n begins another line."""


class BadLineError(BotError):
    """A line that the console does not understand."""

    exit_code = 2


class Terminal:
    """One session at the console. In a pipe to a trial the first line that makes no sense ends it, as BadLineError."""

    def __init__(self, channel: ConsoleChannel, clock: Clock, screen: Screen, machine: TimeMachine | None) -> None:
        self._channel = channel
        self._clock = clock
        self._screen = screen
        self._machine = machine
        self._speaker = HOST
        self._shown: dict[int, Entry] = {}
        self._line = 0
        self._unread: list[str] = []
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
        """Read lines until there are no more, or until `/quit`. Raises BadLineError in a pipe to a trial."""
        self._mark_old_as_shown()
        await self._settle()
        self.show_new()
        if self._screen.interactive:
            self._screen.show("note", WELCOME)
        while (line := await self._next(f"{printable(self._speaker)}> ")) is not None:
            if line.strip().lower() == "/quit":
                break
            try:
                await self._do(chat, line)
            except ChatError as error:
                if self._machine is not None and not self._screen.interactive:
                    raise BadLineError(f"Line {self._line}: {printable(str(error))}") from None
                self._screen.show("error", printable(str(error)))
            self.show_new()
        if self._screen.interactive and self._machine is None:
            self._screen.show("note", "The bot goes on without this terminal. Ctrl-C ends it.")

    async def _next(self, prompt: str) -> str | None:
        self._line += 1
        if self._unread:
            return self._unread.pop()
        if self._machine is not None:
            return await self._screen.line(prompt)
        waiting = asyncio.ensure_future(self._screen.line(prompt))
        try:
            while not (await asyncio.wait({waiting}, timeout=LOOK_EVERY))[0]:
                self.show_new()
            return waiting.result()
        finally:
            waiting.cancel()

    async def _do(self, chat: Chat, line: str) -> None:
        text = line.strip()
        if not text:
            return
        if self._machine is not None:
            await self._machine.pass_time(TALKING)
        name, _, rest = text.partition(" ")
        if name.lower() == "@bot":
            await self._command(chat, MEMBERS, rest)
        elif name.startswith("/"):
            await self._slash(chat, name[1:].lower(), rest.strip())
        else:
            await self._say(chat, text, None)
        await self._settle()

    async def _slash(self, chat: Chat, name: str, rest: str) -> None:
        if name in (MEMBERS, HOSTS):
            await self._command(chat, name, rest)
        elif (command := self._commands.get(name)) is not None:
            await command(chat, rest)
        else:
            near = nearest(name, [*self._commands, MEMBERS, HOSTS, "quit"])
            hint = f"Did you mean `/{near}`?" if near else "`/help` shows what there is."
            raise ChatError(f"There is no command {shown(f'/{name}')}.", hint)

    async def _settle(self) -> None:
        if self._machine is not None:
            await self._machine.settle()

    async def _say(self, chat: Chat, text: str, reply_to: Entry | None) -> None:
        thread = reply_to.thread if reply_to is not None else self._latest_thread()
        if thread is None:
            raise ChatError("There is no question to answer yet.", "`/reading-host ask` asks one.")
        entry = await self._channel.post(
            self._speaker, text, self._clock.now(), thread=thread, reply_to=reply_to.number if reply_to else None
        )
        await chat.record(seen(entry))
        if self._screen.interactive and reply_to is None:
            # The words stand there as they were typed; all that is new is their number.
            self._shown[entry.number] = entry
            self._screen.show("note", f"  [{entry.number}] in the thread under [{thread}]")

    def _latest_thread(self) -> int | None:
        threads = [entry.thread for entry in self._channel.entries() if entry.author == BOT and entry.thread]
        return max(threads, default=None)

    async def _as(self, chat: Chat, rest: str) -> None:
        # A name is an identifier here as well, and must not hold halves of characters, which UTF-8 has none of.
        name = " ".join(rest.encode("utf-8", "replace").decode("utf-8").split())
        if not name:
            raise ChatError("`/as` needs a name.", "Write `/as Ada`.")
        if len(name) > LONGEST_NAME:
            raise ChatError(f"The name has {len(name):,} characters; at most {LONGEST_NAME} fit.", "Shorten it.")
        if name.casefold() == "bot":
            raise ChatError("The bot speaks for itself.", "Choose another name.")
        known = {entry.author for entry in self._channel.entries()} - {BOT} | {HOST}
        known |= {who for entry in self._channel.entries() for who, _ in entry.reactions}
        self._speaker = {one.casefold(): one for one in known}.get(name.casefold(), name)

    async def _reply(self, chat: Chat, rest: str) -> None:
        entry, text = self._entry(rest, "/reply 3 I see it differently")
        if not text:
            raise ChatError("`/reply` needs words.", f"Write `/reply {entry.number} I see it differently`.")
        await self._say(chat, text, entry)

    async def _edit(self, chat: Chat, rest: str) -> None:
        entry, text = self._entry(rest, "/edit 3 What I meant is this")
        self._require_own(entry)
        if not text:
            raise ChatError("`/edit` needs the new words.", f"Remove the message with `/delete {entry.number}`.")
        edited = await self._channel.edit(entry.number, text, self._clock.now())
        await chat.record(seen(edited))

    async def _delete(self, chat: Chat, rest: str) -> None:
        entry, _ = self._entry(rest, "/delete 3")
        if self._speaker != HOST:
            self._require_own(entry)
        await self._channel.delete(entry.number, self._clock.now())
        await chat.record(MessageDeleted(place_of(entry), Ref(str(entry.number)), self._clock.now()))

    async def _vote(self, chat: Chat, rest: str) -> None:
        entry, word = self._entry(rest, "/vote 3 agree")
        stance = word.lower()
        if stance not in tuple(Stance):
            what = f"{shown(word)} is not a vote." if word else "`/vote` needs a vote."
            raise ChatError(what, f"Write `/vote {entry.number} agree`, disagree or pass.")
        if entry.author == BOT and entry.key.endswith(THREAD_KEY):
            raise ChatError(f"[{entry.number}] is no answer.", "Vote on what somebody wrote.")
        reacted = await self._channel.react(entry.number, self._speaker, stance, self._clock.now())
        await chat.record(reactions_seen(reacted))
        own = ", which does not count on words of one's own" if entry.author == self._speaker else ""
        self._screen.show("note", f"{printable(self._speaker)}: {stance} on [{entry.number}]{own}")

    def _entry(self, rest: str, example: str) -> tuple[Entry, str]:
        """Return the message that a line begins with the number of, and the rest of the line."""
        word, _, text = rest.partition(" ")
        number = word.strip("[]#")
        plain = number.isascii() and number.isdecimal() and len(number) <= MOST_DIGITS
        entry = self._channel.get(int(number)) if plain else None
        if entry is None or entry.thread is None:
            what = f"There is no message {shown(word)} in a thread." if word else "The number of a message is missing."
            raise ChatError(what, f"Numbers stand in brackets before messages; write it like `{example}`.")
        return entry, text.strip()

    def _require_own(self, entry: Entry) -> None:
        if entry.author == BOT:
            raise ChatError(f"[{entry.number}] is the bot's.", "A form answer is changed with `/reading answer`.")
        if entry.author != self._speaker:
            whose = printable(entry.author)
            raise ChatError(f"[{entry.number}] is by {whose}, who alone can do that.", f"Speak as {whose} with `/as`.")

    async def _day(self, chat: Chat, rest: str) -> None:
        if not await self._moved().next_question():
            raise ChatError("No question came.", "`/reading-host status` says why.")

    async def _week(self, chat: Chat, rest: str) -> None:
        if not await self._moved().next_digest():
            raise ChatError("No digest is coming.", "`/reading-host status` says why.")

    def _moved(self) -> TimeMachine:
        if self._machine is None:
            raise ChatError("The clock is the real one here.", "`reading-group-bot try` has one that can be moved.")
        return self._machine

    async def _help(self, chat: Chat, rest: str) -> None:
        self._screen.show("note", HELP + (HELP_TIME if self._machine is not None else "") + HELP_END)

    async def _command(self, chat: Chat, root: str, line: str) -> None:
        try:
            command, arguments = parse_command(TABLE, root, line)
            files = await _files(command, arguments)
            arguments |= _numbers(command, arguments)
        except ChatError as error:
            self._show_reply(Reply.of(str(error)))
            return
        place, speaker = Place(CHANNEL), author(self._speaker)
        done = await chat.command(Invocation(place, speaker, command.full_name, arguments, files))
        if isinstance(done, Form):
            try:
                values = await fill_in(done, self._screen, self._next)
            except LeftFormError as left:
                self._screen.show("note", "Left the form; nothing was changed.")
                if left.line is not None and left.line.strip():
                    self._unread.append(left.line)
                    self._line -= 1
                return
            done = await chat.submit(Submission(place, speaker, done.action, done.target, values))
        self._show_reply(done)

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
            self._screen.show("note", f"[{number}] was deleted.")

    def _show_entry(self, entry: Entry, *, changed: bool) -> None:
        who = "bot" if entry.author == BOT else printable(entry.author)
        edited = " (edited)" if changed else ""
        indent = "" if entry.thread is None else "  "
        first, *further = printable(entry.text).split("\n")
        text = "\n".join((first, *(f"{indent}  {line}".rstrip() for line in further)))
        if entry.thread is None:
            self._screen.show("note", f"\n{entry.sent_at:%a %Y-%m-%d %H:%M} UTC #{CHANNEL.channel}")
        self._screen.show("bot" if entry.author == BOT else "person", f"{indent}[{entry.number}] {who}{edited}: {text}")


def _numbers(command: Command, arguments: Mapping[str, str]) -> dict[str, str]:
    """Return the messages among a command's arguments by their numbers, without the brackets that they are shown in."""
    messages = (one.name for one in command.parameters if one.kind is ParameterKind.MESSAGE and one.name in arguments)
    return {name: arguments[name].strip("[] ") for name in messages}


async def _files(command: Command, arguments: Mapping[str, str]) -> dict[str, TextFile]:
    """Return the files that a command's arguments name."""
    return {
        parameter.name: await _attached(arguments[parameter.name])
        for parameter in command.parameters
        if parameter.kind is ParameterKind.ATTACHMENT and parameter.name in arguments
    }


async def _attached(name: str) -> TextFile:
    try:
        text = await asyncio.to_thread(_text, Path(name))
    except (OSError, ValueError):
        raise ChatError(f"The file {shown(name)} cannot be read as text.", "Name a file on this machine.") from None
    return TextFile(Path(name).name, text)


def _text(path: Path) -> str:
    """Return a file's text. Raises ValueError for what may have no end, such as a pipe; OSError."""
    if not path.is_file():
        raise ValueError(f"{path} is no ordinary file")
    return path.read_text("utf-8")
