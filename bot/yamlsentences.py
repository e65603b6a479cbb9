"""What a parser and a validator complain about, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import yaml
from pydantic_core import ErrorDetails

from bot.content import plural
from bot.nearest import nearest

Schema: TypeAlias = dict[str, Any]
"""A JSON Schema, as pydantic generates it from a model."""

_EMPTY = "This is empty; fill it in, or delete the line if it is not needed."

_SHOWN = 60
"""Characters of a wrong value that are repeated."""


def one_of(name: str, names: Sequence[str], what: str) -> str:
    """Return the sentence for a name that is not among those known; `what` they are: `one of the set's topics`."""
    if near := nearest(name, names):
        return f"{shown(name)} is not {what}; did you mean `{near}`?"
    known = ", ".join(f"`{known}`" for known in names[:12]) + (", …" if len(names) > 12 else "")
    return f"{shown(name)} is not {what}; known are {known}." if names else f"{shown(name)} is not {what}."


def shown(value: object) -> str:
    """Return a wrong value in quotation marks, shortened."""
    text = " ".join(str(value).split())
    return f"“{text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…'}”"


def not_a_day(value: str) -> str:
    """Return the sentence for a text that should be a calendar date."""
    return f"{shown(value)} is not a date; write year-month-day, for example 2030-12-31."


def not_a_time(value: str) -> str:
    """Return the sentence for a text that should be a time of day."""
    return f"{shown(value)} is not a time of day; write hours and minutes, for example 09:00."


def syntax_sentence(error: yaml.MarkedYAMLError, text: str) -> tuple[int, str]:
    """Return the line (from 1) to look at and the sentence for what a parser could not read."""
    problem, context = error.problem or "", error.context or ""
    opened = any(word in context for word in ("quoted scalar", "flow", "simple key"))
    mark = (error.context_mark if opened else None) or error.problem_mark or error.context_mark
    if mark is None:
        return 1, f"This is not valid YAML ({problem})."
    lines = text.rstrip("\n").split("\n")
    if mark.line >= len(lines):
        return len(lines), _syntax(problem, context, "")
    line, here = lines[mark.line], lines[mark.line][mark.column : mark.column + 1]
    indent = line[: len(line) - len(line.lstrip())]
    if "\t" in indent + here:
        return mark.line + 1, "A tab stands here; indent with spaces."
    return mark.line + 1, _syntax(problem, context, here)


def _syntax(problem: str, context: str, character: str) -> str:
    match problem, context:
        case _ if "mapping values are not allowed" in problem:
            return "“: ” cannot stand here; put a text that contains it in quotes, and check the indentation."
        case _ if "cannot start any token" in problem:
            return f"A text cannot begin with {character or 'this'}; put it in quotes."
        case _ if "escape" in problem:
            return "A backslash in double quotes has a special meaning; write it twice or use single quotes."
        case _ if "quoted scalar" in context:
            return "A quotation mark is opened here and never closed; close it."
        case _ if "alias" in context or "anchor" in context:
            return "A text cannot begin with * or &; put it in quotes."
        case _ if "tag" in context:
            return "A text cannot begin with !; put it in quotes."
        case _ if "flow" in context:
            return (
                "A bracket is opened here and never closed, or a comma is missing; put texts with brackets in quotes."
            )
        case _ if "block mapping" in context or "block collection" in context or "simple key" in context:
            return "This line does not fit those above it; check its indentation, colon and quotation marks."
        case _:
            return f"This is not valid YAML ({problem}); check the indentation and quotation marks."


def schemas_at(schema: Schema, path: Iterable[str | int]) -> tuple[Schema, ...]:
    """Return what a JSON Schema says about the value at a path: one schema for each alternative."""
    found = list(_alternatives(schema, schema))
    for part in path:
        below = [step for node in found if (step := _step(node, part))]
        found = [node for step in below for node in _alternatives(schema, step)]
    return tuple(found)


def known_keys(schemas: Iterable[Schema]) -> tuple[str, ...]:
    """Return the keys that a mapping may have."""
    return tuple(dict.fromkeys(key for schema in schemas for key in schema.get("properties", {})))


def _step(node: Schema, part: str | int) -> Schema | None:
    if isinstance(part, int):
        below = node.get("items")
    else:
        below = node.get("properties", {}).get(part) or node.get("additionalProperties")
    return below if isinstance(below, dict) else None


def _alternatives(root: Schema, node: Schema) -> Iterator[Schema]:
    if reference := node.get("$ref"):
        # What stands beside a reference (a description, an error message) belongs to the value as well.
        yield {key: value for key, value in node.items() if key != "$ref"}
        yield from _alternatives(root, root["$defs"][reference.rsplit("/", 1)[1]])
        return
    yield node
    for word in ("anyOf", "oneOf", "allOf"):
        for alternative in node.get(word, ()):
            yield from _alternatives(root, alternative)


def sentence(error: ErrorDetails, schemas: Sequence[Schema], siblings: Sequence[str]) -> str:
    """Return pydantic's complaint as a sentence.

    `schemas` say what the value should be, `siblings` are the keys that may stand in its place.
    """
    kind, value, what, context = error["type"], error["input"], shown(error["input"]), error.get("ctx", {})
    match kind:
        case "missing":
            return f"This is missing; add `{error['loc'][-1]}: …`."
        case "extra_forbidden":
            return _unknown_key(str(error["loc"][-1]), siblings)
        case "value_error":
            return str(context["error"])
        case _ if value is None:
            return _EMPTY
        case "path_type":
            return "A path belongs here, such as data/bot.db."
        case "literal_error" | "enum":
            return _not_one_of(str(value), schemas)
        case "string_pattern_mismatch":
            rule = next((told for schema in schemas if (told := schema.get("patternErrorMessage"))), "")
            return f"{what} does not fit; {rule or 'it must match ' + context['pattern']}."
        case "string_too_long" | "string_too_short" | "too_long" | "too_short":
            return _wrong_length(value, context)
        case _:
            return (
                _wrong_type(kind, what, value) or f"{what} does not fit: {error['msg'][:1].lower()}{error['msg'][1:]}."
            )


def _unknown_key(key: str, siblings: Sequence[str]) -> str:
    if near := nearest(key, siblings):
        return f"There is no such key here; did you mean `{near}`?"
    known = ", ".join(f"`{sibling}`" for sibling in siblings)
    return f"There is no such key here; there are {known}." if known else "There is no such key here; delete the line."


def _not_one_of(value: str, schemas: Sequence[Schema]) -> str:
    names = [str(name) for schema in schemas for name in schema.get("enum", [schema.get("const")]) if name is not None]
    near = nearest(value, names)
    known = ", ".join(f"`{name}`" for name in names)
    return f"{shown(value)} is not one of {known}" + (f"; did you mean `{near}`?" if near else "; write one of them.")


def _wrong_length(value: Sequence[object], context: dict[str, Any]) -> str:
    unit = "character" if isinstance(value, str) else "item"
    if not value:
        return _EMPTY
    if "max_length" in context:
        return f"This has {plural(len(value), unit)}; at most {context['max_length']:,} are allowed."
    return f"This has {plural(len(value), unit)}; at least {context['min_length']:,} are needed."


def _wrong_type(kind: str, what: str, value: object) -> str:
    match kind.split("_")[0]:
        case "string" if isinstance(value, dict):
            return "A text belongs here, not keys with values; put a text that contains “: ” in quotes."
        case "string":
            return "A text belongs here, not a list; take away the “- ” or the brackets."
        case "date" | "datetime":
            return not_a_day(str(value))
        case "time":
            return not_a_time(str(value))
        case "bool":
            return f"{what} is neither true nor false; write one of the two."
        case "int":
            return f"{what} is not a whole number; write digits only."
        case "float" | "decimal":
            return f"{what} is not a number; write one, such as 0.5."
        case "list" | "tuple" | "set" | "frozen":
            return "A list belongs here; begin every item with “- ” on a line of its own."
        case "dict" | "model":
            return "Keys with values belong here, each on a line such as `key: value`."
        case _:
            return ""
