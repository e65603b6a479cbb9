"""JSON Schemas of a question set's files, which editors use to complete and check what somebody types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from bot.questions.files import QuestionFile, SetFile

_MODELS: dict[str, type[BaseModel]] = {"set.schema.json": SetFile, "questions.schema.json": QuestionFile}


def schemas() -> dict[str, str]:
    """Return the text of every schema by the name of its file."""
    return {name: _text(model) for name, model in _MODELS.items()}


def write_schemas(folder: Path) -> dict[Path, bool]:
    """Write the schemas into a folder and return each file with whether it had to change. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    changed: dict[Path, bool] = {}
    for name, text in schemas().items():
        path = folder / name
        changed[path] = not path.exists() or path.read_text(encoding="utf-8") != text
        if changed[path]:
            path.write_text(text, encoding="utf-8")
    return changed


def _text(model: type[BaseModel]) -> str:
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **_tidied(model.model_json_schema())}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _tidied(node: Any) -> Any:
    """Return a schema without what says nothing: names of classes, and null or empty for a key that may be left out."""
    match node:
        case {"anyOf": [one, {"type": "null"}], **rest}:
            return _tidied({**rest, **one})
        case dict():
            return {key: _tidied(value) for key, value in node.items() if not _says_nothing(key, value)}
        case list():
            return [_tidied(value) for value in node]
        case _:
            return node


def _says_nothing(key: str, value: Any) -> bool:
    return (key == "title" and isinstance(value, str)) or (key == "default" and value in (None, "", []))
