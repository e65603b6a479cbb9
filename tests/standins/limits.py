"""What every platform can show of a form."""

from __future__ import annotations

from bot.commands.help import TABLE
from bot.content import Form
from bot.model import ANSWER_LIMIT


def require_fits(form: Form) -> None:
    """Require a form to be one that every platform can show."""
    assert 1 <= len(form.fields) <= 5
    assert TABLE[form.action].on_submit is not None
    assert len(f"{form.action}:{form.target}") <= 100, "both travel in one identifier"
    for field in form.fields:
        assert 1 <= len(field.label) <= 45, field.label
        assert len(field.options) <= 25
        assert all(1 <= len(option) <= 100 for option in field.options)
        assert len(set(field.options)) == len(field.options)
        assert field.limit <= ANSWER_LIMIT
        assert len(field.value) <= field.limit
