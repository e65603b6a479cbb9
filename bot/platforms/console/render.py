"""How content looks as text on a terminal or in a pipe."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.commands.help import TABLE
from bot.content import (
    Action,
    Actions,
    AnswerPost,
    Attachment,
    Block,
    DigestPost,
    Facts,
    Form,
    Heading,
    Listing,
    NoticePost,
    Paragraph,
    Post,
    QuestionPost,
    Quote,
)
from bot.model import Kind, Question

_FORM_HELP = "(an empty line keeps what is shown and “-” empties it; a field that must be filled leaves the form)"


_LINE_BREAKS = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
_STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters but the line break, what overrides the direction of writing, and halves of characters."""


def printable(text: str) -> str:
    """Return a text that can neither steer a terminal nor turn round what stands beside it."""
    return _STEERING.sub("�", _LINE_BREAKS.sub("\n", text).expandtabs(4))


def _line(text: str) -> str:
    return " ".join(printable(text).split())


def _hanging(text: str) -> str:
    """Return a text whose further lines stand further in, so that none passes for a message or an item of its own."""
    first, *more = printable(text).splitlines() or [""]
    return "\n".join((first, *(f"  {line}".rstrip() for line in more)))


def post_text(post: Post) -> str:
    """Return a post as text."""
    match post:
        case QuestionPost():
            return _question_text(post)
        case AnswerPost(author, text, pick):
            said = " — ".join(filter(None, (pick, text)))
            return f"{_line(author)} answers: {_hanging(said)}"
        case DigestPost(title, blocks):
            return "\n".join((_line(title), *map(block_text, blocks)))
        case NoticePost(text):
            return _hanging(text)


def _question_text(post: QuestionPost) -> str:
    question = post.question
    title = f"{_line(post.group)} — {_line(question.topic)}"
    lines = [title, _hanging(question.text), *_how_to_answer(question), _hanging(question.background)]
    if post.source:
        lines.append(f"Source: {post.source}" + (f" {post.source_link}" if post.source_link else ""))
    return "\n".join(filter(None, lines))


def _how_to_answer(question: Question) -> list[str]:
    if question.kind is Kind.CHOICE:
        return [f"  {number}. {_line(option)}" for number, option in enumerate(question.options, 1)]
    if question.forecast is not None:
        return [f"A forecast, settled by {question.forecast.by.isoformat()}: {_hanging(question.forecast.resolves)}"]
    return []


def follow_up_text(question: Question) -> str:
    """Return the message that opens a round's thread."""
    lines = ["Answer here. To go further:", *(f"- {_line(follow_up)}" for follow_up in question.follow_ups)]
    return "\n".join(lines) if question.follow_ups else "Answer here."


def blocks_text(blocks: Iterable[Block]) -> str:
    """Return blocks as text."""
    return "\n".join(map(block_text, blocks))


def block_text(block: Block) -> str:
    """Return one block as text."""
    match block:
        case Heading(text):
            return f"\n{_line(text)}" if text else ""
        case Paragraph(text):
            return _hanging(text)
        case Quote(text, by, link, note):
            quoted = [f"  | {line}" for line in printable(text).splitlines()]
            about = " · ".join(filter(None, (_line(by), note, link)))
            return "\n".join((*quoted, f"    {about}"))
        case Listing(items):
            return "\n".join(
                f"- {_hanging(item.text)}"
                + "".join(f" ({extra})" for extra in (_line(item.detail), item.link) if extra)
                for item in items
            )
        case Actions(actions):
            return "\n".join(f"  {action.label}: {_typed(action)}" for action in actions)
        case Attachment(name, text):
            return f"--- {name}\n{text}"
        case Facts(pairs):
            return "\n".join(f"{label}: {_hanging(value)}" for label, value in pairs)


def _typed(action: Action) -> str:
    """Return what is typed instead of pressing a button: arguments by name, unless they stand in order."""
    command = TABLE.get(action.command)
    order = [parameter.name for parameter in command.parameters] if command else []
    written = (
        _line(value) if order[place : place + 1] == [name] else f"{name}:{_line(value)}"
        for place, (name, value) in enumerate(action.arguments)
    )
    return " ".join((f"/{action.command}", *written))


def form_text(form: Form) -> str:
    """Return what stands above a form's fields."""
    return f"{form.title}\n{_FORM_HELP}"
