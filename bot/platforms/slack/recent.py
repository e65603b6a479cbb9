"""What was looked up lately."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Values by key, each for some seconds: what was not used the longest makes room for what is new."""

    def __init__(self, most: int, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._values: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._most = most
        self._seconds = seconds
        self._monotonic = monotonic

    def get(self, key: K) -> V | None:
        """Return a value, or None if it is not known or was put here too long ago."""
        found = self._values.get(key)
        if found is None or self._monotonic() - found[0] > self._seconds:
            return None
        self._values.move_to_end(key)
        return found[1]

    def last(self, key: K) -> V | None:
        """Return a value however old it is, or None."""
        found = self._values.get(key)
        return None if found is None else found[1]

    def put(self, key: K, value: V) -> None:
        """Keep a value."""
        self._values[key] = (self._monotonic(), value)
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)

    def forget(self, key: K) -> None:
        """Keep a value no longer."""
        self._values.pop(key, None)
