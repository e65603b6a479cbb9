"""What Discord keeps for us in its identifiers: buttons and forms that still work after a restart.

A `custom_id` has at most 100 characters (https://discord.com/developers/docs/components/reference#anatomy-of-a-component).
A button's says which command it uses, with which arguments; one button of each post also carries the token of the
post's key, by which the post is found again in the channel's history. What is shown in a direct message, where there is
no channel to go by, carries the channel that it is about.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.model import Channel, Ref

NAME = "discord"
"""The platform's name in references."""

LONGEST = 100
_BUTTON = "rg"
_PAGE = "rg-page"
_FORM = "rg-form"
_ESCAPES = (("%", "%0"), ("|", "%1"), ("&", "%2"), ("=", "%3"))


@dataclass(frozen=True, slots=True)
class Press:
    """What a button does: use a command with arguments. `post` is the token of the post that it marks."""

    command: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    post: str = ""
    channel: Channel | None = None

    @property
    def custom_id(self) -> str:
        """Return the button's identifier. Raises ValueError if it would be too long for Discord."""
        return _joined(_BUTTON, self.command, _listed(self.arguments), self.post, _written(self.channel))


@dataclass(frozen=True, slots=True)
class Turn:
    """What a button does that turns a page: ask for the reply to a command again and show that page, from 1."""

    command: str
    arguments: Mapping[str, str]
    page: int
    channel: Channel | None = None

    @property
    def custom_id(self) -> str:
        """Return the button's identifier. Raises ValueError if it would be too long for Discord."""
        return _joined(_PAGE, self.command, _listed(self.arguments), str(self.page), _written(self.channel))


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a form is for: its action and target."""

    action: str
    target: str
    channel: Channel | None = None

    @property
    def custom_id(self) -> str:
        """Return the form's identifier. Raises ValueError if it would be too long for Discord."""
        return _joined(_FORM, self.action, _escaped(self.target), _written(self.channel))


def parse_press(custom_id: str) -> Press | None:
    """Return what a button does, or None if it is not one of ours."""
    match custom_id.split("|"):
        case [mark, command, arguments, post, channel] if mark == _BUTTON:
            return Press(command, _read_list(arguments), post, _read(channel))
        case _:
            return None


def parse_turn(custom_id: str) -> Turn | None:
    """Return what a button does that turns a page, or None if it is none of these."""
    match custom_id.split("|"):
        case [mark, command, arguments, page, channel] if mark == _PAGE and page.isdecimal():
            return Turn(command, _read_list(arguments), int(page), _read(channel))
        case _:
            return None


def parse_sheet(custom_id: str) -> Sheet | None:
    """Return what a form is for, or None if it is not one of ours."""
    match custom_id.split("|"):
        case [mark, action, target, channel] if mark == _FORM:
            return Sheet(action, _unescaped(target), _read(channel))
        case _:
            return None


def token(key: str) -> str:
    """Return a short stand-in for a key, of 16 characters. As a nonce it makes Discord send one message only."""
    return hashlib.blake2s(key.encode(), digest_size=8).hexdigest()


def _joined(*parts: str) -> str:
    written = "|".join(parts)
    if len(written) > LONGEST:
        raise ValueError(f"an identifier has {len(written)} characters, more than {LONGEST}")
    return written


def _listed(arguments: Mapping[str, str]) -> str:
    return "&".join(f"{_escaped(name)}={_escaped(value)}" for name, value in arguments.items())


def _read_list(written: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in written.split("&") if pair)
    return {_unescaped(name): _unescaped(value) for name, _, value in pairs}


def _written(channel: Channel | None) -> str:
    return f"{channel.workspace}.{channel.channel}" if channel else ""


def _read(written: str) -> Channel | None:
    workspace, _, channel = written.partition(".")
    return Channel(NAME, Ref(workspace), Ref(channel)) if channel else None


def _escaped(text: str) -> str:
    for char, written in _ESCAPES:
        text = text.replace(char, written)
    return text


def _unescaped(text: str) -> str:
    for char, written in reversed(_ESCAPES):
        text = text.replace(written, char)
    return text
