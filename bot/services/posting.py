"""The poster: works through the outbox, room by room, so that a slow room never holds up another.

Each step is committed before the next begins, and a process that dies leaves a lease behind. When the lease ends, the
delivery's outcome is unknown, and whoever claims it next looks for the post before sending it again.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from bot.content import Post
from bot.errors import DatabaseError
from bot.events import Place
from bot.ports import NotSent, Outcome, Platform, Progress, Refs, Sent, Unknown
from bot.services.alerts import clear_alert, delivery_cause, raise_alert
from bot.services.backfill import backfill_thread
from bot.services.context import Context
from bot.services.posts import build_post
from bot.services.recording import Recorder
from bot.store.deliveries import Claim, DeliveryKind, DeliveryState

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=30)
ATTEMPT_SECONDS = 20.0
"""How long one attempt may take; below the lease, so that no other process claims what is still being sent."""
CLAIMS_AT_ONCE = 50
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(minutes=10)
DATABASE_RETRY_SECONDS = 5.0
PATIENCE = 3
"""Failed attempts before hosts are told."""


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
                    for claims in (await self._claim()).values():
                        rooms.create_task(self._serve(claims)).add_done_callback(lambda _: wake.set())
                    await self._sleep(wake)
                except DatabaseError as error:
                    log.error("poster could not use the database", problem=str(error))
                    await asyncio.sleep(DATABASE_RETRY_SECONDS)

    async def settle(self) -> None:
        """Post what is due now, and what falls due because of it."""
        while claims := await self._claim():
            await asyncio.gather(*(self._serve(of_room) for of_room in claims.values()))

    async def _sleep(self, wake: asyncio.Event) -> None:
        async with self._context.database.read() as transaction:
            due = await transaction.deliveries.next_due(self._busy)
        seconds = 30.0
        if due is not None:
            seconds = min(seconds, max(0.05, (due - self._context.clock.now()).total_seconds()))
        try:
            await asyncio.wait_for(wake.wait(), seconds)
        except TimeoutError:
            return

    async def _claim(self) -> dict[int, list[Claim]]:
        now = self._context.clock.now()
        async with self._context.database.read() as transaction:
            due = await transaction.deliveries.next_due(self._busy)
        if due is None or due > now:
            return {}
        async with self._context.database.write() as transaction:
            claims = await transaction.deliveries.claim(self._owner, now, now + LEASE, CLAIMS_AT_ONCE, self._busy)
        by_room: dict[int, list[Claim]] = {}
        for claim in claims:
            by_room.setdefault(claim.room.id, []).append(claim)
        self._busy.update(by_room)
        return by_room

    async def _serve(self, claims: Sequence[Claim]) -> None:
        try:
            for claim in claims:
                await self._deliver(claim)
        except DatabaseError as error:
            log.error("deliveries wait for their leases to end", problem=str(error))
        finally:
            self._busy.difference_update({claim.room.id for claim in claims})

    async def _deliver(self, claim: Claim) -> None:
        async with self._context.database.read() as transaction:
            post = await build_post(transaction, self._context.catalogue, claim)
        platform = self._context.platforms.get(claim.room.channel.platform)
        outcome: Outcome
        if platform is None:
            outcome = NotSent(f"{claim.room.channel.platform} is not set up any more.", permanent=True)
        else:
            try:
                async with asyncio.timeout(ATTEMPT_SECONDS):
                    outcome = await self._attempt(platform, claim, post)
            except TimeoutError:
                outcome = Unknown(f"{platform.name} did not answer in time.")
        await self._conclude(claim, post, outcome)

    async def _attempt(self, platform: Platform, claim: Claim, post: Post | None) -> Outcome:
        place = Place(claim.room.channel, claim.thread if claim.kind is DeliveryKind.ANSWER else None)
        if claim.state is DeliveryState.RETRACTING or post is None:
            return await platform.retract(place, claim.key, claim.refs.message)
        if claim.state is DeliveryState.SENT and claim.refs.message is not None:
            return await platform.revise(place, claim.refs.message, post)
        now = self._context.clock.now()
        if claim.expires_at is not None and claim.expires_at <= now and not claim.unsure:
            return NotSent("Its day was over before it could be posted.", permanent=True)

        async def found(refs: Refs) -> None:
            async with self._context.database.write() as transaction:
                await transaction.deliveries.found(claim.id, refs)

        return await platform.ensure_post(place, claim.key, post, Progress(claim.refs, claim.unsure), found)

    async def _conclude(self, claim: Claim, post: Post | None, outcome: Outcome) -> None:
        group_id, cause = claim.room.group_id, delivery_cause(claim.room.id)
        match outcome:
            case Sent(refs):
                await self._sent(claim, post, refs)
                await clear_alert(self._context, group_id, cause)
            case NotSent(reason, permanent=True):
                async with self._context.database.write() as transaction:
                    await transaction.deliveries.fail(claim.id, reason)
                log.error("delivery failed", key=claim.key, problem=reason)
                await raise_alert(self._context, group_id, cause, f"A {claim.kind} could not be posted. {reason}")
            case NotSent(reason) | Unknown(reason):
                state = claim.state
                if state in (DeliveryState.PENDING, DeliveryState.SENDING):
                    state = DeliveryState.PENDING if isinstance(outcome, NotSent) else DeliveryState.SENDING
                async with self._context.database.write() as transaction:
                    await transaction.deliveries.retry(claim.id, state, self._retry_at(claim), reason)
                log.warning("delivery delayed", key=claim.key, attempt=claim.attempts + 1, problem=reason)
                if claim.attempts + 1 >= PATIENCE:
                    await raise_alert(
                        self._context, group_id, cause, f"A {claim.kind} cannot be posted. {reason} I keep trying."
                    )

    async def _sent(self, claim: Claim, post: Post | None, refs: Refs) -> None:
        gone = claim.state is DeliveryState.RETRACTING or post is None
        async with self._context.database.write() as transaction:
            if gone:
                await transaction.deliveries.retracted(claim.id)
                return
            await transaction.deliveries.sent(claim.id, refs, claim.revision)
            if claim.kind is DeliveryKind.ANSWER and claim.message_id is not None and refs.message is not None:
                await transaction.messages.posted(claim.message_id, refs.message)
        log.info("delivered", key=claim.key)
        if claim.kind is DeliveryKind.QUESTION and claim.round_id is not None and refs.thread is not None:
            # Somebody may have answered before the thread was known to be a round's.
            await backfill_thread(self._context, self._recorder, claim.round_id, claim.room, refs.thread)

    def _retry_at(self, claim: Claim) -> datetime:
        doublings = min(claim.attempts, 10)
        return self._context.clock.now() + min(FIRST_RETRY * (1 << doublings), LONGEST_RETRY)
