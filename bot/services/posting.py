"""The poster: works through the outbox, room by room, so that a slow room never holds up another.

Each step is committed before the next begins, and a process that dies leaves a lease behind. When the lease ends, the
delivery's outcome is unknown, and whoever claims it next looks for the post before sending it again.
"""

from __future__ import annotations

import asyncio
import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.errors import DatabaseError, UnreadableError
from bot.events import Place
from bot.model import Room
from bot.ports import TOO_LATE, NotSent, Outcome, Progress, Refs, Sent, Unknown
from bot.services.alerts import clear_alerts, delivery_cause, raise_alert
from bot.services.backfill import backfill_thread
from bot.services.context import Context
from bot.services.posts import build_post
from bot.services.recording import Recorder
from bot.services.viewing import full_name
from bot.store.deliveries import Claim, DeliveryKind, DeliveryState, LeaseLostError
from bot.store.transaction import Transaction

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=30)
ATTEMPT_SECONDS = 20.0
"""How long one attempt may take; below the lease, so that no other process claims what is still being sent."""
HISTORY_SECONDS = 300.0
"""How long reading what was said before a thread was known may take: a platform may let nobody ask for a minute."""
ROOMS_AT_ONCE = 50
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(minutes=10)
LONGEST_SLEEP = 30.0
"""Seconds after which the outbox is looked at again, in case that a machine's clock jumped."""
DATABASE_RETRY_SECONDS = 5.0
PATIENCE = 3
"""Failed attempts before hosts are told."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The post is away, as it should be."""


class Poster:
    """The worker that makes posts out of deliveries."""

    def __init__(self, context: Context, recorder: Recorder) -> None:
        self._context = context
        self._recorder = recorder
        self._owner = uuid.uuid4().hex
        self._busy: set[int] = set()

    async def run(self, wake: asyncio.Event) -> None:
        """Post what is due until cancelled; look again at each `wake`. A post cut short is looked for later."""
        async with asyncio.TaskGroup() as rooms:
            while True:
                wake.clear()
                try:
                    due = await self._next_due()
                    claims = [] if due is None or due > self._context.clock.now() else await self._claim()
                except DatabaseError as error:
                    log.error("poster could not use the database", problem=str(error))
                    await asyncio.sleep(DATABASE_RETRY_SECONDS)
                    continue
                for claim in claims:
                    rooms.create_task(self._serve(claim, wake))
                if not claims:
                    await self._sleep(wake, due)

    async def settle(self) -> None:
        """Post what is due now, and what falls due because of it."""
        while claims := await self._claim():
            await asyncio.gather(*(self._serve(claim, asyncio.Event()) for claim in claims))

    async def _sleep(self, wake: asyncio.Event, due: datetime | None) -> None:
        seconds = LONGEST_SLEEP
        if due is not None:
            seconds = min(seconds, max(0.05, (due - self._context.clock.now()).total_seconds()))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await wake.wait()

    async def _next_due(self) -> datetime | None:
        if len(self._busy) >= ROOMS_AT_ONCE:
            return None
        async with self._context.database.read() as transaction:
            return await transaction.deliveries.next_due(self._busy)

    async def _claim(self) -> list[Claim]:
        now = self._context.clock.now()
        free = ROOMS_AT_ONCE - len(self._busy)
        async with self._context.database.write() as transaction:
            claims = await transaction.deliveries.claim(self._owner, now, now + LEASE, free, self._busy)
        self._busy.update(claim.room.id for claim in claims)
        return claims

    async def _serve(self, claim: Claim, wake: asyncio.Event) -> None:
        """Work on a delivery and let go of its room, which need not wait for what was said in the new thread."""
        posted = None
        try:
            posted = await self._conclude(claim, await self._attempt(claim))
        except LeaseLostError:
            log.warning("another worker took a delivery over", key=claim.key)
        except DatabaseError as error:
            log.error("delivery waits for its lease to end", key=claim.key, problem=str(error))
        except Exception:
            log.exception("delivery broke off", key=claim.key)
        finally:
            self._busy.discard(claim.room.id)
            wake.set()
        if posted is not None:
            await self._catch_up(claim, posted)

    async def _attempt(self, claim: Claim) -> Outcome | Gone:
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                return await self._deliver(claim)
        except TimeoutError:
            return Unknown(f"{claim.room.channel.platform} did not answer in time.")
        except Exception as error:
            if isinstance(error, DatabaseError | LeaseLostError) and not isinstance(error, UnreadableError):
                raise
            log.exception("delivery failed unexpectedly", key=claim.key)
            return Unknown("Something went wrong on my side; the operator's log says what it was.")

    async def _deliver(self, claim: Claim) -> Outcome | Gone:
        post = None
        if claim.state is not DeliveryState.RETRACTING:
            async with self._context.database.read() as transaction:
                post = await build_post(transaction, self._context.catalogue, claim)
        overdue = claim.expires_at is not None and claim.expires_at <= self._context.clock.now()
        if overdue and post is not None and claim.refs.message is None and not claim.unsure:
            return TOO_LATE
        platform = self._context.platforms.get(claim.room.channel.platform)
        if platform is None:
            return NotSent(f"The bot is not connected to {claim.room.channel.platform}.")
        place = Place(claim.room.channel, claim.thread if claim.kind is DeliveryKind.ANSWER else None)
        if post is None:
            return _gone(await platform.retract(place, claim.key, claim.refs.message))
        if claim.state is DeliveryState.REVISING and claim.refs.message is not None:
            return await platform.revise(place, claim.refs.message, post)
        progress = Progress(claim.refs, claim.unsure, overdue)
        return await platform.ensure_post(place, claim.key, post, progress, partial(self._found, claim))

    async def _found(self, claim: Claim, refs: Refs) -> None:
        async with self._context.database.write() as transaction:
            await transaction.deliveries.found(claim, refs)

    async def _conclude(self, claim: Claim, outcome: Outcome | Gone) -> Refs | None:
        """Note what came of a delivery, and return what it became if it is there."""
        match outcome:
            case Gone() | Sent():
                await self._done(claim, outcome)
                return outcome.refs if isinstance(outcome, Sent) else None
            case NotSent(reason, permanent=True):
                async with self._context.database.write() as transaction:
                    await transaction.deliveries.hold(claim)
                    await transaction.deliveries.fail(claim.id, reason, claim.revision)
                log.error("delivery failed", key=claim.key, problem=reason)
                await self._alert(claim, f"{_WHAT[claim.kind]} could not be {_done_to(claim)}. {reason}")
            case NotSent(reason) | Unknown(reason):
                # What could not be looked for may still be there.
                unknown = claim.unsure or isinstance(outcome, Unknown)
                async with self._context.database.write() as transaction:
                    await transaction.deliveries.hold(claim)
                    await transaction.deliveries.retry(claim.id, self._retry_at(claim), reason, unknown=unknown)
                attempt = claim.attempts + 1
                # Through a week without the platform there are thousands of attempts.
                tell = log.warning if attempt.bit_count() == 1 else log.debug
                tell("delivery delayed", key=claim.key, attempt=attempt, problem=reason)
                if attempt >= PATIENCE:
                    text = f"{_WHAT[claim.kind]} cannot be {_done_to(claim)}. {reason} I keep trying."
                    await self._alert(claim, text)
        return None

    async def _done(self, claim: Claim, outcome: Sent | Gone) -> None:
        async with self._context.database.write() as transaction:
            await transaction.deliveries.hold(claim)
            match outcome:
                case Gone():
                    await transaction.deliveries.retracted(claim.id)
                case Sent(refs):
                    await transaction.deliveries.sent(claim.id, refs, claim.revision)
                    if claim.message_id is not None and refs.message is not None:
                        await transaction.messages.posted(claim.message_id, refs.message)
            await self._clear_alert(transaction, claim.room)
        log.info("delivered", key=claim.key)

    async def _clear_alert(self, transaction: Transaction, room: Room) -> None:
        cause = delivery_cause(room.id)
        troubled = cause in await transaction.alerts.causes(room.group_id)
        if troubled and not await transaction.deliveries.struggling(room.id, PATIENCE):
            await clear_alerts(transaction, room.group_id, cause)

    async def _catch_up(self, claim: Claim, refs: Refs) -> None:
        """Record what was said in a thread before it was known to be a round's."""
        if claim.kind is not DeliveryKind.QUESTION or claim.round_id is None or refs.thread is None:
            return
        try:
            async with asyncio.timeout(HISTORY_SECONDS):
                await backfill_thread(self._context, self._recorder, claim.round_id, claim.room, refs.thread)
        except TimeoutError:
            log.warning("history could not be read in time", room=claim.room.id)
        except DatabaseError as error:
            log.error("what was said in a thread could not be recorded yet", key=claim.key, problem=str(error))
        except Exception:
            log.exception("what was said in a thread could not be read", key=claim.key)

    async def _alert(self, claim: Claim, text: str) -> None:
        """Tell the hosts, unless the group has left the room and has nothing to mend there."""
        async with self._context.database.read() as transaction:
            concerns_hosts = await transaction.deliveries.concerns_hosts(claim.id)
            rooms = await transaction.groups.rooms(claim.room.group_id)
            called = {room.id: names for room, names in await transaction.groups.called(claim.room.group_id)}
        if not concerns_hosts:
            return
        if len(rooms) > 1:
            text = f"{text} This is about {full_name(claim.room.channel, called[claim.room.id])}."
        await raise_alert(self._context, claim.room.group_id, delivery_cause(claim.room.id), text)

    def _retry_at(self, claim: Claim) -> datetime:
        doublings = min(claim.attempts, 10)
        return self._context.clock.now() + min(FIRST_RETRY * (1 << doublings), LONGEST_RETRY)


_WHAT = {
    DeliveryKind.QUESTION: "The question",
    DeliveryKind.ANSWER: "An answer",
    DeliveryKind.DIGEST: "The digest",
    DeliveryKind.NOTICE: "A notice",
}


def _done_to(claim: Claim) -> str:
    match claim.state:
        case DeliveryState.RETRACTING:
            return "removed"
        case DeliveryState.REVISING:
            return "brought up to date"
        case _:
            return "posted"


def _gone(outcome: Outcome) -> Outcome | Gone:
    """Return what came of a removal. Words that were taken back must go, so that no refusal is the last."""
    match outcome:
        case Sent():
            return Gone()
        case NotSent(reason):
            return NotSent(reason)
        case unknown:
            return unknown
