"""Gathers what is wrong with blocks and views, each problem with its place, as Slack reports it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .state import Json


class Checker:
    """Problems so far. Places are JSON pointers."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def wrong(self, where: str, what: str) -> None:
        self.problems.append(f"{what} [json-pointer:{where}]")

    def fields(self, it: Json, where: str, required: str, optional: str = "") -> bool:
        """Only these fields, and all that are required; False where one of them is missing."""
        needed = {*required.split(), "type"}
        for name in sorted(needed - it.keys()):
            self.wrong(where, f"missing required field: {name}")
        for name in sorted(it.keys() - needed - set(optional.split())):
            self.wrong(where, f"invalid additional property: {name}")
        return needed <= it.keys()

    def length(self, value: object, where: str, most: int, least: int = 1) -> None:
        """A text of a length that Slack takes."""
        if not isinstance(value, str):
            self.wrong(where, "must be a string")
        elif len(value) < least:
            self.wrong(where, f"must be more than {least - 1} characters")
        elif len(value) > most:
            self.wrong(where, f"must be less than {most + 1} characters")

    def optional_length(self, it: Json, name: str, where: str, most: int, least: int = 0) -> None:
        """The same, of a field that may be missing."""
        if it.get(name) is not None:
            self.length(it[name], f"{where}/{name}", most, least)

    def items(self, it: Json, name: str, where: str, most: int, check: Callable[[Json, str], Any]) -> None:
        """A list of at least one and at most so many objects, each checked."""
        values = it.get(name)
        place = f"{where}/{name}"
        if not isinstance(values, list):
            self.wrong(place, "must be an array")
            return
        if not values:
            self.wrong(place, "must provide at least 1 item")
        if len(values) > most:
            self.wrong(place, f"no more than {most} items allowed")
        for number, value in enumerate(values):
            if isinstance(value, dict):
                check(value, f"{place}/{number}")
            else:
                self.wrong(f"{place}/{number}", "must be an object")

    def text(self, it: object, where: str, most: int = 3000, *, plain: bool = True) -> None:
        """A text object."""
        if not isinstance(it, dict):
            self.wrong(where, "must be an object")
            return
        allowed = {"plain_text"} if plain else {"plain_text", "mrkdwn"}
        if it.get("type") not in allowed:
            self.wrong(where, f"unsupported type: {it.get('type')}")
            return
        if self.fields(it, where, "text", "emoji" if it["type"] == "plain_text" else "verbatim"):
            self.length(it["text"], f"{where}/text", most)

    def plain(self, it: Json, name: str, where: str, most: int) -> None:
        """A plain text object that may be missing."""
        if it.get(name) is not None:
            self.text(it[name], f"{where}/{name}", most)
