"""How a command ends when something is wrong: a sentence on standard error and an exit code that says what kind.

1 a check found something wrong, 2 the command line or a line of chat is wrong, 3 settings, 4 database, 5 question set,
6 platform.
"""

from __future__ import annotations

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
