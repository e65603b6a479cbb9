"""Exceptions that carry their own sentence.

Every error that a person may see is a `BotError`: `str(error)` is one clear sentence that says what was wrong, followed
by its `hint`, one that says what to do. Whoever catches it shows that and never a traceback.
"""

from __future__ import annotations


class BotError(Exception):
    """Something went wrong that a person can be told. `exit_code` is the process's when it ends a command."""

    exit_code = 1

    def __init__(self, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        self.hint = hint

    def __str__(self) -> str:
        sentence = super().__str__()
        return f"{sentence} {self.hint}" if self.hint else sentence


class ChatError(BotError):
    """A member asked for something that cannot be done; answered in chat, visible only to whoever asked."""


class SettingsError(BotError):
    """The operator's settings are missing, malformed or contradict each other."""

    exit_code = 3


class DatabaseError(BotError):
    """The database cannot be opened, read or written."""

    exit_code = 4


class UnreadableError(DatabaseError):
    """Something that is stored makes no sense, while the database itself can be used."""


class QuestionSetError(BotError):
    """A question set cannot be loaded."""

    exit_code = 5


class PlatformError(BotError):
    """A platform cannot be reached or refuses the bot."""

    exit_code = 6
