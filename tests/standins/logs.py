"""Logging, put back to how it was."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog


@contextmanager
def logs_kept() -> Iterator[None]:
    """Let logging be configured meanwhile, as commands do for the process that they usually have to themselves."""
    loggers = [logging.getLogger(name) for name in (None, "bot", "alembic")]
    before = [(logger, logger.handlers, logger.level) for logger in loggers]
    try:
        yield
    finally:
        for logger, handlers, level in before:
            logger.handlers = handlers
            logger.setLevel(level)
        structlog.reset_defaults()
