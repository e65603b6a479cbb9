"""What Slack's libraries may write into the log: errors, without tokens, addresses and messages."""

from __future__ import annotations

import logging
import re

_SECRET = re.compile(r"xox[a-z.-]+-[\w-]+|xapp-[\w-]+|(?:https?|wss?)://\S+")


class Discreet(logging.Filter):
    """Takes out of a line what gives access, and the traceback, which may show what was sent."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean a line; all are written."""
        line = _SECRET.sub("…", record.getMessage()).partition("\n")[0]
        if record.exc_info and record.exc_info[0]:
            line = f"{line.partition(':')[0]} ({record.exc_info[0].__name__})"
        record.msg, record.args, record.exc_info, record.exc_text = line, None, None, None
        return True


def library_log() -> logging.Logger:
    """Return the log that Slack's libraries write to."""
    log = logging.getLogger("bot.platforms.slack.library")
    log.setLevel(logging.ERROR)
    if not any(isinstance(one, Discreet) for one in log.filters):
        log.addFilter(Discreet())
    return log
