"""How a running program is told to end, and what becomes of one that cannot."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from types import FrameType

import structlog

log = structlog.get_logger(__name__)

END_SECONDS = 4.0
"""How long the program may take to end in good order once it is told to."""


def end_on_signals(stop: asyncio.Event) -> None:
    """Set an event at SIGTERM or SIGINT, and see to it that the process ends soon after.

    `loop.add_signal_handler` would lose a signal that comes while some hundreds of calls from other threads wait for
    the loop: it hears of signals by one byte in the pipe that those calls fill as well.
    """
    loop = asyncio.get_running_loop()

    def end() -> None:
        stop.set()
        last_resort = threading.Timer(END_SECONDS, _end_now)
        last_resort.daemon = True
        last_resort.start()

    def on_signal(_signum: int, _frame: FrameType | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the end is near anyway
            loop.call_soon_threadsafe(end)

    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, on_signal)


def _end_now() -> None:
    """End the process where it stands, as a kill would: what is not recorded was not acknowledged, and comes again."""
    log.error("something held up the end, such as another program that writes to the database")
    os._exit(1)
