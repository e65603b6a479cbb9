"""Hosts' choices about single answers: quoted in the digest in any case, or never."""

from __future__ import annotations

from bot.commands.table import HOSTS, Call, Command, Parameter, ParameterKind
from bot.content import Action, Actions, Quote, Reply
from bot.model import Choice, Ref
from bot.services import featuring

_EXCERPT = 200
"""Characters of the message that are shown to the host."""

_NOW = {
    Choice.QUOTE: "The digest quotes this answer. Nobody is told who chose it.",
    Choice.HIDE: "No digest quotes this message any more; those that do are corrected. Nobody is told who chose that.",
}
_ALREADY = {
    Choice.QUOTE: "The digest quotes this answer already.",
    Choice.HIDE: "This message is hidden from digests already.",
}
_TAKEN_BACK = {
    Choice.QUOTE: "Taken back: the digest quotes this answer only if it is among those that carried the discussion.",
    Choice.HIDE: "Taken back: digests may quote this message again.",
}
_NOT_CHOSEN = {
    Choice.QUOTE: "There is nothing to take back: no host has chosen this message.",
    Choice.HIDE: "There is nothing to take back: this message is not hidden.",
}


async def quote(call: Call) -> Reply:
    """Have the digest quote an answer, or take that back."""
    return await _choose(call, Choice.QUOTE)


async def hide(call: Call) -> Reply:
    """Keep a message out of every digest, or take that back."""
    return await _choose(call, Choice.HIDE)


async def _choose(call: Call, choice: Choice) -> Reply:
    place, ref = call.invocation.place, Ref(call.need("message", str))
    if call.get("undo", str):
        undone = await featuring.take_back(call.context, call.group, place, ref, choice)
        return Reply.of((_TAKEN_BACK if undone.changed else _NOT_CHOSEN)[choice])
    chosen = await featuring.choose(call.context, call.group, place, ref, choice)
    words = chosen.message.text.strip()
    shown = words if len(words) <= _EXCERPT else f"{words[: _EXCERPT - 1].rstrip()}…"
    return Reply.of(
        (_NOW if chosen.changed else _ALREADY)[choice],
        *([Quote(shown, chosen.message.member.name)] if shown else []),
        Actions((Action("Take it back", f"{HOSTS} {choice}", (("message", ref), ("undo", "yes"))),)),
    )


_PARAMETERS = (
    Parameter("message", "the message: its link or number", ParameterKind.MESSAGE, required=True),
    Parameter("undo", "to take it back", choices=("yes",)),
)

COMMANDS = (
    Command(
        HOSTS,
        "quote",
        "Have the digest quote an answer in any case",
        quote,
        _PARAMETERS,
        menu="Quote in digest",
    ),
    Command(HOSTS, "hide", "Keep a message out of every digest", hide, _PARAMETERS, menu="Hide from digest"),
)
