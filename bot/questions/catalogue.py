"""The question sets in use, re-read when their files change.

A set that was good stays in use, whatever becomes of its files, until they make a good set again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import structlog

from bot.errors import QuestionSetError
from bot.model import QuestionSet
from bot.questions.loader import BrokenSetError, load_set, set_files, set_folders, unknown_set

Fingerprint: TypeAlias = tuple[tuple[str, int, int, int], ...]
"""What tells whether a folder's files changed: path, size and times of change (of content, of permissions) of each."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Read:
    """What reading one folder gave: a set, or a sentence on what is wrong. Not `settled`: a file changed meanwhile."""

    fingerprint: Fingerprint
    settled: bool
    found: QuestionSet | str


class Catalogue:
    """The question sets in a folder, one subfolder each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sets: dict[str, QuestionSet] = {}
        self._broken: dict[str, str] = {}
        self._fingerprints: dict[str, Fingerprint] = {}
        self._refreshing = asyncio.Lock()

    @property
    def sets(self) -> Mapping[str, QuestionSet]:
        """Return the good version of every set by name."""
        return MappingProxyType(self._sets)

    @property
    def broken(self) -> Mapping[str, str]:
        """Return what is wrong, in one sentence, by the name of each set whose files are."""
        return MappingProxyType(self._broken)

    def get(self, name: str) -> QuestionSet:
        """Return the set with that name. Raises QuestionSetError, which suggests the nearest name."""
        if name in self._sets:
            return self._sets[name]
        if name in self._broken:
            raise QuestionSetError(f"The question set “{name}” cannot be loaded: {self._broken[name]}")
        raise unknown_set(name, self._sets)

    async def load(self) -> None:
        """Read every set; broken ones end up in `broken`. Raises QuestionSetError if the folder cannot be read."""
        await asyncio.to_thread(set_folders, self._folder)
        await self.refresh()

    async def refresh(self) -> bool:
        """Read again the sets whose files changed and return whether `sets` or `broken` did."""
        async with self._refreshing:
            before = self._sets, self._broken
            reads = await asyncio.to_thread(_read_changed, self._folder, dict(self._fingerprints))
            self._sets, self._broken = dict(self._sets), dict(self._broken)
            for name in self._fingerprints.keys() - reads.keys():
                self._lose(name)
            for name, read in reads.items():
                if read is not None:
                    self._take(name, read)
            return before != (self._sets, self._broken)

    def _take(self, name: str, read: _Read) -> None:
        if not read.settled and name in self._sets:
            return
        self._fingerprints[name] = read.fingerprint
        if isinstance(read.found, str):
            self._mark_broken(name, read.found)
            return
        self._broken.pop(name, None)
        self._sets[name] = read.found
        _log.info("question set loaded", question_set=name, questions=len(read.found.questions))

    def _lose(self, name: str) -> None:
        if name in self._sets:
            self._fingerprints[name] = ()
            self._mark_broken(name, f"The folder {self._folder / name} is gone; put it back.")
        else:
            del self._fingerprints[name]
            self._broken.pop(name, None)

    def _mark_broken(self, name: str, sentence: str) -> None:
        if self._broken.get(name) == sentence:
            return
        self._broken[name] = sentence
        if name in self._sets:
            _log.warning(
                "question set is broken; the last good version stays in use", question_set=name, problem=sentence
            )
        else:
            _log.warning("question set is broken; it cannot be used", question_set=name, problem=sentence)


def _read_changed(seeds: Path, known: Mapping[str, Fingerprint]) -> dict[str, _Read | None]:
    """Return what there is to take over, by set: None where no file changed."""
    try:
        folders = set_folders(seeds)
    except QuestionSetError:
        return {}
    return {name: _read(folder, known.get(name)) for name, folder in folders.items()}


def _read(folder: Path, known: Fingerprint | None) -> _Read | None:
    fingerprint = _fingerprint(folder)
    if fingerprint == known:
        return None
    found: QuestionSet | str
    try:
        found = load_set(folder)
    except BrokenSetError as error:
        found = error.summary
    return _Read(fingerprint, _fingerprint(folder) == fingerprint, found)


def _fingerprint(folder: Path) -> Fingerprint:
    marks = []
    try:
        for path in set_files(folder):
            info = path.stat()
            marks.append((str(path), info.st_size, info.st_mtime_ns, info.st_ctime_ns))
    except OSError:
        return ()
    return tuple(marks)
