"""How a command ends when something is wrong: a sentence on standard error and an exit code that says what kind.

1 a check found something wrong, 2 the command line or a line of chat is wrong, 3 settings, 4 database, 5 question set,
6 platform.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

from bot.errors import BotError


class UsageError(BotError):
    """The command line asks for something that cannot be."""

    exit_code = 2


@contextmanager
def errors_told() -> Iterator[None]:
    """Turn an error that carries its sentence into that sentence and its exit code."""
    try:
        yield
    except BotError as error:
        tell(str(error))
        raise typer.Exit(error.exit_code) from None
    except BaseExceptionGroup as group:
        known, rest = group.split(BotError)
        if known is None or rest is not None:
            raise
        first = _first(known)
        tell(str(first))
        raise typer.Exit(first.exit_code) from None


def _first(group: BaseExceptionGroup[BotError]) -> BotError:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def tell(text: str) -> None:
    """Write a sentence to standard error."""
    Console(stderr=True, soft_wrap=True, highlight=False, markup=False, emoji=False).print(text)


_OUTPUT_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})


def tell_about_file(error: OSError) -> bool:
    """Tell that a file, or standard output, cannot be used; return False for an error that is about neither."""
    if error.filename is None and error.errno not in _OUTPUT_ERRORS:
        return False
    drop_output()
    tell(f"{error.filename or 'Standard output'} cannot be used ({error.strerror}).")
    return True


def drop_output() -> None:
    """Send what is still to be written to standard output nowhere, so that the process's end does not fail over it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def open_closed_streams() -> None:
    """Let standard streams that the program was started without lead nowhere, lest another file get their numbers."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))
