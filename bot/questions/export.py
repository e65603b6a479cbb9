"""Questions as the YAML of a question set."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

from bot.model import Question

HEADER = """\
# Questions of a group's own, as drafts: give each a source (a reading and a section of set.yaml), a background of 40 to
# 110 words and follow-ups, then delete its line `draft: true`.
"""


def questions_yaml(questions: Iterable[Question]) -> str:
    """Return questions as a file for the folder of a question set. They are drafts, since they have no source there."""
    entries = [_entry(question) for question in questions]
    body = yaml.safe_dump({"questions": entries}, sort_keys=False, allow_unicode=True, width=110)
    return HEADER + body


def _entry(question: Question) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": question.id, "draft": True, "retired": question.retired}
    entry |= {"question": question.text, "topic": question.topic, "kind": question.kind.value}
    entry |= {"options": list(question.options), "background": question.background}
    entry |= {"follow_ups": list(question.follow_ups)}
    return {name: value for name, value in entry.items() if value not in ("", [], False)}
