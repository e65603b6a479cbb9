"""What Slack keeps for us in its messages and forms: buttons and forms that still work after a restart.

A button's `action_id` has at most 255 characters and is unique in its message, its `value` has at most 2,000; a form's
`private_metadata` has at most 3,000 (https://docs.slack.dev/reference/block-kit/, https://docs.slack.dev/reference/views/).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.model import Channel, Ref

NAME = "slack"
"""The platform's name in references."""

BUTTON = re.compile(r"reading-press-\d+")
"""The `action_id` of every button."""

FORM = "reading-form"
"""The `callback_id` of every form that the core hands out."""

ARGUMENTS = "reading-arguments"
"""The `callback_id` of every form that asks for a command's arguments."""

REPLY = "reading-reply"
"""The `callback_id` of every modal that only shows something."""

LONGEST_VALUE, LONGEST_METADATA = 2_000, 3_000

_UNSAFE = {ord(char): f"\\u{ord(char):04x}" for char in "&<>"}
"""What Slack may hand back as an entity."""


@dataclass(frozen=True, slots=True)
class Press:
    """What a button does: use a command with arguments, for a `channel` where it stands in none that has a group."""

    command: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    channel: Channel | None = None

    @property
    def value(self) -> str:
        """Return the button's value. Raises ValueError if it would be too long for Slack."""
        said: dict[str, Any] = {"command": self.command}
        if self.arguments:
            said["arguments"] = dict(self.arguments)
        if self.channel is not None:
            said["channel"] = _written(self.channel)
        return _packed(said, LONGEST_VALUE)

    @property
    def fits(self) -> bool:
        """Return whether a button can carry this."""
        try:
            return bool(self.value)
        except ValueError:
            return False


@dataclass(frozen=True, slots=True)
class Origin:
    """Where somebody was when they were given a form, and so where they are answered.

    `response_url` is Slack's address for that, good for half an hour. Somebody `at_home` is on the app's own page.
    """

    channel: Channel
    thread: Ref | None = None
    response_url: str = ""
    at_home: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a form is for: its action, or the command whose arguments it asks for, and its target."""

    action: str
    target: str
    origin: Origin

    @property
    def metadata(self) -> str:
        """Return what the form carries. Raises ValueError if it would be too long for Slack."""
        said: dict[str, Any] = {"action": self.action, "channel": _written(self.origin.channel)}
        said |= {"target": self.target} if self.target else {}
        said |= {"thread": self.origin.thread} if self.origin.thread else {}
        said |= {"answer": self.origin.response_url} if self.origin.response_url else {}
        said |= {"home": True} if self.origin.at_home else {}
        return _packed(said, LONGEST_METADATA)


def button_id(number: int) -> str:
    """Return the `action_id` of a message's button of that number."""
    return f"reading-press-{number}"


def menu_id(command: str) -> str:
    """Return the `callback_id` of the message shortcut that uses a command."""
    return f"reading-menu-{command.replace(' ', '-')}"


def parse_press(value: str) -> Press | None:
    """Return what a button does, or None if it is not one of ours."""
    match _unpacked(value):
        case {"command": str(command), **more}:
            arguments = more.get("arguments")
            given = {str(name): str(one) for name, one in arguments.items()} if isinstance(arguments, dict) else {}
            return Press(command, given, _read(more.get("channel")))
        case _:
            return None


def parse_sheet(metadata: str) -> Sheet | None:
    """Return what a form is for, or None if it is not one of ours."""
    match _unpacked(metadata):
        case {"action": str(action), "channel": written, **more} if (channel := _read(written)) is not None:
            thread = str(more.get("thread", ""))
            origin = Origin(channel, Ref(thread) if thread else None, str(more.get("answer", "")), "home" in more)
            return Sheet(action, str(more.get("target", "")), origin)
        case _:
            return None


def _packed(said: Mapping[str, Any], most: int) -> str:
    written = json.dumps(said, ensure_ascii=False, separators=(",", ":")).translate(_UNSAFE)
    if len(written) > most:
        raise ValueError(f"what is kept on Slack has {len(written)} characters, more than {most}")
    return written


def _unpacked(written: str) -> Any:
    try:
        return json.loads(written)
    except ValueError:
        return None


def _written(channel: Channel) -> list[str]:
    return [channel.workspace, channel.channel]


def _read(written: Any) -> Channel | None:
    match written:
        case [str(workspace), str(channel)]:
            return Channel(NAME, Ref(workspace), Ref(channel))
        case _:
            return None
