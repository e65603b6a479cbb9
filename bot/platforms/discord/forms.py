"""Forms as Discord's modals, and what comes back of them.

A modal's title and labels have at most 45 characters, an option 100, a text 4,000
(https://discord.com/developers/docs/components/reference).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import discord

from bot.content import Field, Form
from bot.model import Channel
from bot.plaintext import one_line, shortened
from bot.platforms.discord.ids import Sheet

LABEL = 45
OPTION = 100
LONGEST_TEXT = 4_000


def modal_of(form: Form, channel: Channel | None = None) -> discord.ui.Modal:
    """Return a form. What is filled in comes as an interaction of its own, so that discord.py does not wait for it.

    In a direct message, it carries the `channel` that it is about.
    """
    sheet = Sheet(form.action, form.target, channel)
    modal = discord.ui.Modal(title=shortened(one_line(form.title), LABEL), custom_id=sheet.custom_id)
    for field in form.fields:
        modal.add_item(discord.ui.Label(text=shortened(one_line(field.label), LABEL), component=_component(field)))
    modal.stop()
    return modal


def _component(field: Field) -> discord.ui.Select[discord.ui.View] | discord.ui.TextInput[discord.ui.View]:
    if field.options:
        return discord.ui.Select(
            custom_id=field.name,
            required=field.required,
            min_values=1 if field.required else 0,
            options=[
                discord.SelectOption(
                    label=shortened(one_line(option), OPTION), value=option[:OPTION], default=option == field.value
                )
                for option in field.options
            ],
        )
    value = field.value[:LONGEST_TEXT]
    return discord.ui.TextInput(
        custom_id=field.name,
        style=discord.TextStyle.paragraph if field.long else discord.TextStyle.short,
        default=value or None,
        required=field.required,
        max_length=min(max(field.limit, len(value)), LONGEST_TEXT),
    )


def filled_in(components: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the values of a form's fields from the components of a submitted modal."""
    values: dict[str, str] = {}
    for component in components:
        inner = component.get("component")
        for item in [inner] if inner else component.get("components", []):
            chosen = item.get("values")
            values[item["custom_id"]] = (chosen[0] if chosen else "") if chosen is not None else item.get("value", "")
    return values
