"""Small question sets on disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

SET = """\
title: The {name}
description: About it.
topics: [Rules]
readings:
  - id: well
    title: The well
    link: https://docs.example/well
    sections:
      - {{id: drought, title: A dry summer}}
"""


def write_set(seeds: Path, name: str = "commons", questions: int | Mapping[str, str] = 3) -> Path:
    """Write a set, over the one before, and return its folder.

    Its questions are called `number-0` and so on; or give each id with further YAML keys, such as `ask_on: 2030-01-09`.
    """
    wanted = {f"number-{number}": "" for number in range(questions)} if isinstance(questions, int) else questions
    folder = seeds / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "set.yaml").write_text(SET.format(name=name))
    (folder / "questions.yaml").write_text("questions:\n" + "".join(_question(*one) for one in wanted.items()))
    return folder


def break_set(seeds: Path, name: str = "commons") -> None:
    """Let a set's questions make no sense."""
    (seeds / name / "questions.yaml").write_text("questions: [nonsense\n")


def _question(question_id: str, more: str) -> str:
    return (
        f"  - id: {question_id}\n    question: What about {question_id}?\n    topic: Rules\n"
        f"    background: {'word ' * 40}\n    follow_ups: [Why?]\n    source: {{reading: well, section: drought}}\n"
        + (f"    {more}\n" if more else "")
    )
