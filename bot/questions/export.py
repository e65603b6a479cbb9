"""A group's own questions as the files of a question set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import yaml
from pydantic import ValidationError

from bot.model import Question
from bot.questions.files import QuestionEntry

_OWN = {"id": "our-own", "title": "Our own questions"}


class _Plain(yaml.SafeDumper):
    """Writes no aliases, which question sets refuse."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def set_files(title: str, questions: Sequence[Question]) -> dict[str, str]:
    """Return, by name, the files of a question set that holds these questions.

    A question that lacks what a set asks for, such as a background of 40 words, is a draft in it: it is not asked until
    somebody completes it and deletes its line `draft: true`.
    """
    about = {
        "title": title,
        "description": f"Questions that {title} made for itself.",
        "topics": list(dict.fromkeys(question.topic for question in questions)),
        "readings": [{**_OWN, "sections": [_OWN]}],
    }
    return {"set.yaml": _yaml(about), "questions.yaml": _yaml({"questions": _entries(questions)})}


def _yaml(content: object) -> str:
    return yaml.dump(content, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110)


def _entries(questions: Iterable[Question]) -> list[dict[str, Any]]:
    return [_entry(question) for question in questions]


def _entry(question: Question) -> dict[str, Any]:
    whole = {
        "id": question.id,
        "draft": True,
        "retired": question.retired,
        "question": question.text,
        "topic": question.topic,
        "kind": question.kind.value,
        "options": list(question.options),
        "background": question.background,
        "follow_ups": list(question.follow_ups),
        "source": {"reading": _OWN["id"], "section": _OWN["id"]},
    }
    entry = {name: value for name, value in whole.items() if value not in ("", [], False)}
    try:
        QuestionEntry.model_validate({**entry, "draft": False})
    except ValidationError:
        return entry
    del entry["draft"]
    return entry
