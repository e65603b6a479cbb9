"""What a command is, and the table of all of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from bot.content import Form, Reply
from bot.errors import ChatError
from bot.events import Invocation
from bot.model import Group, Room
from bot.services.context import Context

MEMBERS = "reading"
"""The slash command of everyone."""

HOSTS = "reading-host"
"""The slash command of hosts."""

T = TypeVar("T")


class ParameterKind(StrEnum):
    """What a parameter takes; adapters map it to typed options and autocomplete."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    TIME = "time"
    WEEKDAY_TIME = "weekday and time"
    ZONE = "zone"
    DAYS = "days"
    QUESTION = "question"
    TOPIC = "topic"
    READING = "reading"
    DIGEST = "date of a digest"
    QUESTION_SET = "question set"
    CHANNEL = "channel"
    MEMBER = "member"
    COMMAND = "command"
    ATTACHMENT = "attached text file"
    MESSAGE = "message"
    ROLE = "role or user group"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a command. With `rest` it takes the remainder of what was typed, as it stands."""

    name: str
    help: str
    kind: ParameterKind = ParameterKind.TEXT
    required: bool = False
    rest: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A command as it is carried out: what was invoked, for which group, with checked arguments."""

    context: Context
    invocation: Invocation
    arguments: Mapping[str, Any]
    group_or_none: Group | None
    room: Room | None

    @property
    def group(self) -> Group:
        """Return the group that the command is for. Raises ChatError where there is none."""
        if self.group_or_none is None:
            raise ChatError("No reading group meets in this channel.", f"A host can start one with `/{HOSTS} setup`.")
        return self.group_or_none

    @property
    def today(self) -> date:
        """Return the local date where the group is; in UTC where there is none."""
        group = self.group_or_none
        return self.context.today(group) if group else self.context.clock.now().date()

    def get(self, name: str, type_: type[T]) -> T | None:
        """Return an argument that may be left out, or None."""
        value = self.arguments.get(name)
        if value is not None and not isinstance(value, type_):
            raise TypeError(f"{name} is {type(value).__name__}, not {type_.__name__}")
        return value

    def need(self, name: str, type_: type[T]) -> T:
        """Return an argument that the command requires."""
        value = self.get(name, type_)
        if value is None:
            raise TypeError(f"{name} is required")
        return value


Handler = Callable[[Call], Awaitable[Reply | Form]]

FormHandler = Callable[[Call, str, Mapping[str, str]], Awaitable[Reply]]
"""Carries out a form: what it was about, and the value of each field."""


def form_id(target: str) -> int:
    """Return the id of what a form is about; 0, which nothing has, if it cannot be one."""
    return int(target) if target.isdecimal() and len(target) < 19 else 0


@dataclass(frozen=True, slots=True)
class Command:
    """One command: `/root name parameter…`. What hands out a form, under its own full name, takes it back as well.

    With a `menu`, it is offered under that label in the menu of each message, which is then its argument `message`.
    One that `lists` changes nothing and may say much: it can be asked again for each page of its reply.
    """

    root: str
    name: str
    help: str
    handler: Handler
    parameters: tuple[Parameter, ...] = ()
    on_submit: FormHandler | None = None
    menu: str = ""
    lists: bool = False

    @property
    def full_name(self) -> str:
        """Return the command as it is typed, without its slash."""
        return f"{self.root} {self.name}"

    @property
    def for_hosts(self) -> bool:
        """Return whether only hosts may use it."""
        return self.root == HOSTS

    @property
    def usage(self) -> str:
        """Return how to type it: required parameters in angle brackets, others in square ones.

        One of several that may be left out is written with its name; the one that takes the rest of the line is last.
        """
        several = len(self.parameters) > 1
        shown = []
        for parameter in sorted(self.parameters, key=lambda parameter: parameter.rest):
            optional = f"{parameter.name}:…" if several and not parameter.rest else parameter.name
            shown.append(f"<{parameter.name}>" if parameter.required else f"[{optional}]")
        return " ".join((f"/{self.full_name}", *shown))


Table = Mapping[str, Command]
"""Commands by full name, in the order in which help lists them."""
