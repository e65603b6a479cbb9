"""How content looks as text on a terminal or in a pipe."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

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


def printable(text: str) -> str:
    """Return a text whose control characters cannot steer a terminal: only line breaks stay."""
    return "".join(char if char == "\n" or unicodedata.category(char) not in ("Cc", "Cs") else "�" for char in text)


def post_text(post: Post) -> str:
    """Return a post as text."""
    match post:
        case QuestionPost():
            return _question_text(post)
        case AnswerPost(author, text, pick):
            said = " — ".join(filter(None, (pick, text)))
            return f"{author} answers: {said}"
        case DigestPost(title, blocks):
            return "\n".join((title, *map(block_text, blocks)))
        case NoticePost(text):
            return text


def _question_text(post: QuestionPost) -> str:
    question = post.question
    lines = [f"{post.group} — {question.topic}", question.text, *_how_to_answer(question), question.background]
    if post.source:
        lines.append(f"Source: {post.source}" + (f" {post.source_link}" if post.source_link else ""))
    return "\n".join(filter(None, lines))


def _how_to_answer(question: Question) -> list[str]:
    if question.kind is Kind.CHOICE:
        return [f"  {number}. {option}" for number, option in enumerate(question.options, 1)]
    if question.forecast is not None:
        return [f"A forecast, settled by {question.forecast.by.isoformat()}: {question.forecast.resolves}"]
    return []


def follow_up_text(question: Question) -> str:
    """Return the message that opens a round's thread."""
    lines = ["Answer here. To go further:", *(f"- {follow_up}" for follow_up in question.follow_ups)]
    return "\n".join(lines) if question.follow_ups else "Answer here."


def blocks_text(blocks: Iterable[Block]) -> str:
    """Return blocks as text."""
    return "\n".join(map(block_text, blocks))


def block_text(block: Block) -> str:
    """Return one block as text."""
    match block:
        case Heading(text):
            return f"\n{text}" if text else ""
        case Paragraph(text):
            return text
        case Quote(text, by, link, note):
            quoted = "\n".join(f"  | {line}" for line in text.splitlines())
            about = " · ".join(filter(None, (by, note, link)))
            return f"{quoted}\n    {about}"
        case Listing(items):
            return "\n".join(
                f"- {item.text}" + "".join(f" ({extra})" for extra in (item.detail, item.link) if extra)
                for item in items
            )
        case Actions(actions):
            return "\n".join(f"  {action.label}: {_typed(action)}" for action in actions)
        case Attachment(name, text):
            return f"--- {name}\n{text}"
        case Facts(pairs):
            return "\n".join(f"{label}: {value}" for label, value in pairs)


def _typed(action: Action) -> str:
    return " ".join((f"/{action.command}", *(value for _, value in action.arguments)))


def form_text(form: Form) -> str:
    """Return what stands above a form's fields."""
    return f"{form.title}\n{_FORM_HELP}"
