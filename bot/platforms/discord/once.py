"""Seeing that a request that may have been carried out is not repeated behind our back.

discord.py repeats a request that Discord answered with 500, 502, 504 or 524. Whether Discord did what was asked is then
unknown, and where it knows no nonce (a forum's posts) the repetition makes a second post. So what posts is told of such
an answer at once, and whoever asked for it looks before it asks again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import SimpleNamespace

import aiohttp

_UNREPEATED: ContextVar[bool] = ContextVar("unrepeated", default=False)


class ServerFailedError(Exception):
    """Discord answered with a server error: what was asked may be done or not."""

    def __init__(self, status: int) -> None:
        super().__init__(f"Discord failed with status {status}.")


@contextmanager
def unrepeated() -> Iterator[None]:
    """Have the requests of the block end with ServerFailedError where Discord answers with a server error."""
    before = _UNREPEATED.set(True)
    try:
        yield
    finally:
        _UNREPEATED.reset(before)


def trace_config() -> aiohttp.TraceConfig:
    """Return what makes an HTTP session mind `unrepeated`."""
    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(_end_at_server_errors)
    return trace


async def _end_at_server_errors(
    session: aiohttp.ClientSession, context: SimpleNamespace, ended: aiohttp.TraceRequestEndParams
) -> None:
    if _UNREPEATED.get() and ended.response.status >= 500:
        ended.response.close()
        raise ServerFailedError(ended.response.status)
