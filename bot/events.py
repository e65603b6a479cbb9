"""What platforms report, translated by their adapters into the core's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.model import Author, Channel, Ref, Stance


@dataclass(frozen=True, slots=True)
class Place:
    """Where something happens: a channel, or a thread in it."""

    channel: Channel
    thread: Ref | None = None


@dataclass(frozen=True, slots=True)
class MessageSeen:
    """A person's message as it is now: new, edited, or met again in the history.

    `edited_at` (UTC) orders the versions of one message; None is the first. `reply_to` is the message that it answers.
    """

    place: Place
    message: Ref
    author: Author
    text: str
    sent_at: datetime
    edited_at: datetime | None = None
    reply_to: Ref | None = None


@dataclass(frozen=True, slots=True)
class MessageDeleted:
    """A message is gone from the platform."""

    place: Place
    message: Ref
    deleted_at: datetime


@dataclass(frozen=True, slots=True)
class ReactionChanged:
    """A person's reaction that stands for a stance appeared on a message (`present`) or went away."""

    place: Place
    message: Ref
    author: Author
    stance: Stance
    present: bool


@dataclass(frozen=True, slots=True)
class ReactionsSeen:
    """All reactions that stand for stances on one message: a snapshot that replaces what was known."""

    place: Place
    message: Ref
    stances: frozenset[tuple[Author, Stance]]


Recordable = MessageSeen | MessageDeleted | ReactionChanged | ReactionsSeen


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file that somebody attached, as text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Invocation:
    """Somebody used a command (a slash command, a mention, a button): its full name and what was given, as text.

    `files` holds what was attached, by parameter.
    """

    place: Place
    author: Author
    command: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, TextFile] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Submission:
    """Somebody filled in a form: the form's action and target, and the value of each field."""

    place: Place
    author: Author
    action: str
    target: str
    values: Mapping[str, str]
