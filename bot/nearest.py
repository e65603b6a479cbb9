"""Guessing which name somebody meant."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import fuzz, process

_CLOSE = 75
"""How alike two names must be (rapidfuzz ratio, 0 to 100) for one to be suggested in place of the other."""


def nearest(name: str, names: Iterable[str]) -> str:
    """Return the one of `names` that somebody who wrote `name` may have meant, or an empty string."""
    found = process.extractOne(name, list(names), scorer=fuzz.ratio, processor=str.casefold, score_cutoff=_CLOSE)
    return found[0] if found else ""
