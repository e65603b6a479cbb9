"""How dataclasses stand in JSON columns."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from bot.digest.model import Digest
from bot.errors import UnreadableError
from bot.model import Question, Settings

_settings = TypeAdapter(Settings)
_question = TypeAdapter(Question)
_digest = TypeAdapter(Digest)

T = TypeVar("T")


def settings_to_json(settings: Settings) -> Any:
    """Return what is stored for a group's settings."""
    return _settings.dump_python(settings, mode="json")


def settings_from_json(stored: Any) -> Settings:
    """Return the settings that were stored. Raises UnreadableError."""
    return _read(_settings, stored, "settings")


def question_to_json(question: Question) -> Any:
    """Return what is stored for a question."""
    return _question.dump_python(question, mode="json")


def question_from_json(stored: Any) -> Question:
    """Return the question that was stored. Raises UnreadableError."""
    return _read(_question, stored, "question")


def digest_to_json(digest: Digest) -> Any:
    """Return what is stored for a digest."""
    return _digest.dump_python(digest, mode="json")


def digest_from_json(stored: Any) -> Digest:
    """Return the digest that was stored. Raises UnreadableError."""
    return _read(_digest, stored, "digest")


def _read(adapter: TypeAdapter[T], stored: Any, what: str) -> T:
    try:
        return adapter.validate_python(stored)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        # The error itself would show what was stored, and with it members' words.
        raise UnreadableError(
            f"A stored {what} in the database cannot be read ({where}: {first['msg']}).", "Restore a backup."
        ) from None
