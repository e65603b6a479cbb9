"""`try`: a reading group in the terminal, on a clock of its own, so that a week can be lived in a minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from bot.app import App, open_app
from bot.clock import ManualClock
from bot.config import database_url
from bot.errors import BotError
from bot.model import Group, Order
from bot.platforms.console.channel import ConsoleChannel, open_channel
from bot.platforms.console.platform import CHANNEL, HOST, ConsolePlatform, author
from bot.platforms.console.screen import Screen
from bot.platforms.console.terminal import Terminal
from bot.schedule import next_digest, next_question
from bot.services.hosting import set_up

CHANNEL_FILE, DATABASE_FILE = "channel.jsonl", "bot.db"

START_AT = time(9)
"""The wall-clock time (UTC) at which a new trial begins, on a Monday; also when its group is asked."""


class TrialTime:
    """Moves a manual clock, stopping at every instant at which something is due."""

    def __init__(self, app: App, clock: ManualClock, channel: ConsoleChannel) -> None:
        self._app = app
        self._clock = clock
        self._channel = channel

    async def settle(self) -> None:
        """Do everything that is due now."""
        await self._app.settle()

    async def pass_time(self, span: timedelta) -> None:
        """Move on by a little; what falls due meanwhile happens at its time."""
        await self._go(self._clock.now() + span)

    async def next_question(self) -> bool:
        """Move on to the next question; return whether one came."""
        group = await self._group()
        if group is None:
            return False
        last, now = await self._last_asked(group), self._clock.now()
        coming = next_question(group.schedule, last, now)
        if coming is not None and coming[1] <= now:
            # It was due and could not be asked, and so it stays.
            coming = next_question(group.schedule, coming[0], now)
        if coming is None:
            return False
        await self._go(coming[1])
        return await self._last_asked(group) != last

    async def next_digest(self) -> bool:
        """Move on to the next digest; return whether there is one."""
        group = await self._group()
        if group is None:
            return False
        async with self._app.context.database.read() as transaction:
            last = await transaction.digests.last(group.id)
        await self._go(next_digest(group.schedule, last.local_date if last else None, self._clock.now())[1])
        return True

    async def _last_asked(self, group: Group) -> date | None:
        async with self._app.context.database.read() as transaction:
            last = await transaction.rounds.last(group.id)
        return last.local_date if last else None

    async def _group(self) -> Group | None:
        async with self._app.context.database.read() as transaction:
            return await transaction.groups.by_channel(CHANNEL)

    async def _go(self, target: datetime) -> None:
        while (due := await self._app.scheduler.next_due()) is not None and self._clock.now() < due < target:
            self._clock.move_to(due)
            await self._app.settle()
        self._clock.move_to(target)
        await self._channel.note_time(self._clock.now())
        await self._app.settle()


async def run_trial(folder: Path, seeds: Path, screen: Screen) -> None:
    """Open the console on what is kept in a folder, or on a new group, until there are no more lines.

    Raises BotError; in a pipe BadLineError for a line that makes no sense.
    """
    channel = await open_channel(folder / CHANNEL_FILE)
    today = datetime.now(UTC).date()
    monday = today - timedelta(days=today.weekday())
    clock = ManualClock(channel.clock or datetime.combine(monday, START_AT, UTC))
    platform = ConsolePlatform(channel, clock, screen.tell)
    url = database_url(folder / DATABASE_FILE)
    async with open_app(database_url=url, seeds=seeds, clock=clock, platforms=[platform]) as app:
        async with app.context.database.read() as transaction:
            known = await transaction.groups.by_channel(CHANNEL)
        if known is None:
            await set_up(app.context, CHANNEL, author(HOST), {"ask_at": START_AT, "order": Order.TOPICS}, None)
        await app.desk.connected(platform.name)
        await Terminal(channel, clock, screen, TrialTime(app, clock, channel))(app.desk)


def start_over(folder: Path) -> None:
    """Forget what a trial kept; nothing else in the folder is touched. Raises BotError if a file cannot be removed."""
    for name in (CHANNEL_FILE, *(f"{DATABASE_FILE}{end}" for end in ("", "-wal", "-shm"))):
        try:
            (folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise BotError(
                f"{folder / name} cannot be removed ({error.strerror}).", "Name another --folder."
            ) from error
