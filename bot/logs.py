"""Log lines: for people on a terminal, JSON otherwise. No token and no member's words are ever logged."""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog


def configure_logs(form: Literal["auto", "text", "json"], level: str) -> None:
    """Write log lines to standard error from now on, this program's and its libraries' alike.

    `level` is the least of this program's. What libraries tell below `info` is never written: at that level they log
    whole messages and the parameters of statements.
    """
    text = form == "text" or (form == "auto" and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    final: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if text
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stderr)
    exceptions = [] if text else [structlog.processors.format_exc_info]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *exceptions, final],
        )
    )
    own = logging.getLevelNamesMapping()[level.upper()]
    logging.getLogger().handlers = [handler]
    logging.getLogger().setLevel(max(own, logging.INFO))
    logging.getLogger("bot").setLevel(own)
    logging.getLogger("alembic").setLevel(max(own, logging.WARNING))
