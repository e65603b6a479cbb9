"""From the core's posts and replies to Slack's messages, forms' texts and homes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count

from bot.content import AnswerPost, Block, DigestPost, NoticePost, Post, QuestionPost, Reply
from bot.model import ANSWER_LIMIT, Channel, Kind, Question, Ref
from bot.plaintext import neutral, one_line, shortened
from bot.platforms.slack.escape import (
    Json,
    escaped,
    line,
    link_text,
    own,
    plain,
    plain_text,
    quoted,
    rich_text,
    said_in,
    section,
    text_element,
)
from bot.platforms.slack.ids import Press
from bot.platforms.slack.layout import LARGEST_VIEW, MOST_BLOCKS, Setting, Unit, button, header, packed, units

ANSWER = "Answer"
BACKGROUND, WHOLE_BACKGROUND = 300, 2_900
"""Characters of a question's background in the channel, and in its thread, which opens with all of it."""

SOURCE = 400
NOTICE = 2_500
NOTIFICATION = 3_000
"""Characters of the text that stands for a message; an edit allows 4,000."""

MOST_OPTION_BUTTONS = 22
"""Buttons of a row, without the three that every question has; Slack allows 25."""

SPOKEN_NAME = 80


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it is sent: its blocks, and the `text` that notifications and screen readers show instead.

    Both are escaped for Slack's defaults of `parse` and `link_names`.
    """

    text: str
    blocks: list[Json]


def post_message(post: Post, key: str) -> list[Message]:
    """Return a post as messages: one, unless it is too long. Its `key` goes into their metadata."""
    match post:
        case QuestionPost():
            return _messages([_question_blocks(post)])
        case AnswerPost():
            return _messages([_answer_blocks(post)])
        case NoticePost(text):
            said = own(shortened(text, NOTICE)) or line("…")
            return _messages([[rich_text(section(*said))]])
        case DigestPost(title, blocks):
            figures: Unit = [_buttons(("The group in numbers", Press("reading stats")))]
            return _messages([[header(title)], *units(blocks, Setting()), figures])


def opening_message(post: QuestionPost) -> Message:
    """Return the message that opens a round's thread: how to answer, the background, and what to go on with."""
    question = post.question
    told = [text_element("Answer here or with the button. Vote on answers with 👍, 👎 or 🤷.")]
    background = plain(shortened(neutral(question.background), WHOLE_BACKGROUND))
    follow_ups = [section(*line(follow_up)) for follow_up in question.follow_ups]
    parts = [section(*said) for said in (told, background) if said]
    parts += [{"type": "rich_text_list", "style": "bullet", "elements": follow_ups}] if follow_ups else []
    answer = _buttons((ANSWER, Press("reading answer", {"question": question.id})))
    return _message([*map(rich_text, parts), answer])


def reply_messages(reply: Reply, about: Channel | None = None, spoken: str = "") -> list[Message]:
    """Return a reply as messages, none if it says nothing.

    In a direct message, buttons carry the channel `about`. In a thread, where slash commands do not work, commands are
    shown as they are written to the bot of the name `spoken`.
    """
    setting = Setting(about, shortened(one_line(spoken), SPOKEN_NAME))
    return _messages(units(reply.blocks, setting))


def view_blocks(blocks: Iterable[Block], most: int, about: Channel | None = None) -> list[Json]:
    """Return blocks for a form or a home, which has one page: what does not fit is left out, and that is said."""
    first, *more = packed(units(blocks, Setting(about)), most, LARGEST_VIEW) or [[]]
    hint = rich_text(section(text_element("There is more than fits here; ask for less at a time.")))
    return [*first, hint] if more else first


def _messages(found: Sequence[Unit]) -> list[Message]:
    return [_message(blocks) for blocks in packed(found, MOST_BLOCKS)]


def _message(blocks: list[Json]) -> Message:
    said = "\n".join(filter(None, map(said_in, blocks)))
    return Message(_notification(said) or "…", blocks)


def _notification(said: str) -> str:
    """Return a text escaped and short enough; an entity counts with all its characters."""
    while len(shown := escaped(said)) > NOTIFICATION:
        said = shortened(said, min(len(said) * 3 // 4, NOTIFICATION))
    return shown


def _question_blocks(post: QuestionPost) -> Unit:
    question = post.question
    background = plain(shortened(neutral(question.background), BACKGROUND))
    return [
        *([_mention(post.mention)] if post.mention else []),
        header(question.text),
        _context(post),
        *_how_to_answer(question),
        *([rich_text(section(*background))] if background else []),
        *_question_buttons(question),
    ]


def _mention(group: Ref) -> Json:
    return rich_text(section({"type": "usergroup", "usergroup_id": str(group)}))


def _context(post: QuestionPost) -> Json:
    about = [plain_text(f"{post.group} · {post.question.topic}", SOURCE)]
    if post.source:
        about.append(plain_text(post.source, SOURCE))
        about += [link] if (link := link_text("Read it", post.source_link)) else []
    return {"type": "context", "elements": about}


def _how_to_answer(question: Question) -> list[Json]:
    if question.forecast is not None:
        told = f"A forecast, settled by {question.forecast.by.isoformat()}: {question.forecast.resolves}"
        return [rich_text(section(*line(told)))]
    options = [section(*(line(option) or line("…"))) for option in question.options]
    return [rich_text({"type": "rich_text_list", "style": "ordered", "elements": options})] if options else []


def _question_buttons(question: Question) -> list[Json]:
    mine = {"question": question.id}
    common = (
        (ANSWER, Press("reading answer", mine)),
        ("My answers", Press("reading mine")),
        ("Background", Press("reading question", {"id": question.id})),
    )
    if question.kind is not Kind.CHOICE or len(question.options) > MOST_OPTION_BUTTONS:
        return [_buttons(*common)]
    picks = [
        (option, Press("reading answer", {**mine, "text": str(number)}))
        for number, option in enumerate(question.options, 1)
    ]
    return [_buttons(*picks), _buttons(*common, first=len(picks))]


def _answer_blocks(post: AnswerPost) -> Unit:
    name = line(shortened(post.author, SOURCE), "bold") or line("A member", "bold")
    pick, text = line(post.pick, "bold"), plain(shortened(post.text, ANSWER_LIMIT))
    said = [*([section(*pick)] if pick else []), *([quoted(text)] if text else [])]
    return [rich_text(section(*name), *said), _buttons(("My answers", Press("reading mine")))]


def _buttons(*labelled: tuple[str, Press], first: int = 0) -> Json:
    """Return a row of buttons, numbered from `first` on. The one to answer stands out."""
    made = [button(label, press, number) for (label, press), number in zip(labelled, count(first), strict=False)]
    for one, (label, _) in zip(made, labelled, strict=True):
        one |= {"style": "primary"} if label == ANSWER else {}
    return {"type": "actions", "elements": made}
