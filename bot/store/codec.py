"""How dataclasses stand in JSON columns."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from bot.digest.model import Digest
from bot.model import Question, Settings

_settings = TypeAdapter(Settings)
_question = TypeAdapter(Question)
_digest = TypeAdapter(Digest)


def settings_to_json(settings: Settings) -> Any:
    """Return what is stored for a group's settings."""
    return _settings.dump_python(settings, mode="json")


def settings_from_json(stored: Any) -> Settings:
    """Return the settings that were stored."""
    return _settings.validate_python(stored)


def question_to_json(question: Question) -> Any:
    """Return what is stored for a question."""
    return _question.dump_python(question, mode="json")


def question_from_json(stored: Any) -> Question:
    """Return the question that was stored."""
    return _question.validate_python(stored)


def digest_to_json(digest: Digest) -> Any:
    """Return what is stored for a digest."""
    return _digest.dump_python(digest, mode="json")


def digest_from_json(stored: Any) -> Digest:
    """Return the digest that was stored."""
    return _digest.validate_python(stored)
