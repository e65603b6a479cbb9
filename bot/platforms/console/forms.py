"""Filling in a form line by line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.content import Field, Form
from bot.platforms.console.render import form_text, printable
from bot.platforms.console.screen import Screen

PROMPT = "… "


class LeftFormError(Exception):
    """Whoever was filling in a form turned to something else. `line` is what they wrote instead, None at the end."""

    def __init__(self, line: str | None) -> None:
        super().__init__(line)
        self.line = line


async def fill_in(form: Form, screen: Screen, read: Callable[[str], Awaitable[str | None]]) -> dict[str, str]:
    """Return the value of each field. Raises LeftFormError if a command comes instead, or nothing where it must."""
    screen.show("note", printable(form_text(form)))
    return {field.name: await _fill(field, screen, read) for field in form.fields}


async def _fill(field: Field, screen: Screen, read: Callable[[str], Awaitable[str | None]]) -> str:
    screen.show("note", printable(_shown(field)))
    while True:
        line = await read(PROMPT)
        written = (line or "").strip()
        if line is None or written.startswith("/") or (field.required and not (written or field.value)):
            raise LeftFormError(line)
        if field.long:
            # What a form asks for one a line must be typed in the one line that there is.
            written = written.replace("\\n", "\n")
        value = "" if written == "-" else _picked(field, written or field.value)
        if not screen.interactive or not value or not field.options or value in field.options:
            return value
        screen.show("error", f"Write a number from 1 to {len(field.options)}, or one of the options.")


def _picked(field: Field, written: str) -> str:
    """Return the option that a text or a number names; anything else as it is."""
    by_text = {option.casefold(): option for option in field.options}
    by_number = {str(number): option for number, option in enumerate(field.options, 1)}
    return by_text.get(written.casefold()) or by_number.get(written.rstrip(".")) or written


def _shown(field: Field) -> str:
    options = "".join(f"\n  {number}. {option}" for number, option in enumerate(field.options, 1))
    present = f" (now: {field.value})" if field.value else ""
    return f"{field.label}{present}:{options}"
