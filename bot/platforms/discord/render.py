"""From the core's posts and replies to embeds and buttons.

Limits: an embed's title and author 256 characters, its description 4,096, a field 1,024, all embeds of a message 6,000
(https://discord.com/developers/docs/resources/message#embed-object-embed-limits); 5 rows of 5 buttons.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import discord

from bot.content import Action, AnswerPost, Block, DigestPost, NoticePost, Post, QuestionPost
from bot.model import Channel, Kind, Question, Ref
from bot.plaintext import one_line, shortened
from bot.platforms.discord.directory import number
from bot.platforms.discord.ids import Press, Turn, token
from bot.platforms.discord.layout import pieces
from bot.platforms.discord.markup import line, linked, own, plain

ANSWER = "Answer"
COLOUR = 0x5865F2
BACKGROUND = 1_200
BUTTON_LABEL = 80
TITLE = 250
THREAD_NAME = 100
ROW = 5
MOST_OPTION_ROWS = 4

View: TypeAlias = discord.ui.View
Button: TypeAlias = discord.ui.Button[discord.ui.View]
Row: TypeAlias = Sequence[tuple[str, Press | Turn]]


@dataclass(frozen=True, slots=True)
class Page:
    """One message as it is sent: an embed, rows of labelled buttons, and the role that it pings, if any."""

    embed: discord.Embed
    rows: tuple[Row, ...] = ()
    role: int | None = None

    @property
    def ping(self) -> str:
        """Return the words that ping the role."""
        return f"<@&{self.role}>" if self.role else ""

    @property
    def allowed(self) -> discord.AllowedMentions:
        """Return whom Discord may ping: the role, and nobody else whatever is written."""
        roles = [discord.Object(self.role)] if self.role else False
        return discord.AllowedMentions(everyone=False, users=False, roles=roles, replied_user=False)

    @property
    def view(self) -> View:
        """Return the buttons. Pressing them comes as an interaction of its own, so that discord.py keeps none."""
        return view_of(self.rows)


def view_of(rows: Iterable[Row]) -> View:
    """Return rows of buttons as discord.py takes them, but not so that it would wait for them itself."""
    view = View(timeout=None)
    for line_number, row in enumerate(rows):
        for place, (label, press) in enumerate(row):
            style = discord.ButtonStyle.primary if label == ANSWER and not place else discord.ButtonStyle.secondary
            text = shortened(one_line(label), BUTTON_LABEL)
            view.add_item(discord.ui.Button(label=text, custom_id=press.custom_id, style=style, row=line_number))
    view.stop()
    return view


def post_pages(post: Post, key: str) -> list[Page]:
    """Return a post as messages: one, unless it is too long; a button of the first carries the token of the key."""
    match post:
        case QuestionPost():
            return [Page(question_embed(post), _question_rows(post, key), number(post.mention or Ref("")) or None)]
        case AnswerPost(author, text, pick):
            said = "\n".join(filter(None, (f"**{line(pick)}**" if pick else "", plain(text))))
            embed = discord.Embed(description=shortened(said, 4_000), colour=COLOUR)
            embed.set_author(name=shortened(one_line(author), TITLE) or "A member")
            return [Page(embed, ((("My answers", Press("reading mine", post=token(key))),),))]
        case NoticePost(text):
            embed = discord.Embed(description=shortened(own(text), 4_000), colour=COLOUR)
            return [Page(embed, ((("Help", Press("reading help", post=token(key))),),))]
        case DigestPost():
            return _digest_pages(post, key)


def _digest_pages(post: DigestPost, key: str) -> list[Page]:
    embeds = [discord.Embed(description=piece.text, colour=COLOUR) for piece in pieces(post.blocks)]
    first, *more = embeds or [discord.Embed(colour=COLOUR)]
    first.title = shortened(line(post.title), TITLE)
    numbers = ("The group in numbers", Press("reading stats", post=token(key)))
    return [Page(first, ((numbers,),)), *map(Page, more)]


def question_embed(post: QuestionPost) -> discord.Embed:
    """Return a round as an embed."""
    question = post.question
    title = line(question.text)
    embed = discord.Embed(title=shortened(title, TITLE), colour=COLOUR)
    embed.set_author(name=shortened(one_line(f"{post.group} · {question.topic}"), TITLE))
    whole = f"**{title}**" if len(title) > TITLE else ""
    background = plain(shortened(question.background, BACKGROUND))
    embed.description = shortened("\n\n".join(filter(None, (whole, _how_to_answer(question), background))), 4_000)
    if post.source:
        embed.add_field(name="Source", value=linked(shortened(post.source, TITLE), post.source_link))
    return embed


def _how_to_answer(question: Question) -> str:
    if question.forecast is not None:
        return f"A forecast, settled by {question.forecast.by.isoformat()}: {line(question.forecast.resolves)}"
    return "\n".join(f"{number}. {line(option)}" for number, option in enumerate(question.options, 1))


def _question_rows(post: QuestionPost, key: str) -> tuple[Row, ...]:
    question, mine = post.question, {"question": post.question.id}
    rows: list[Row] = []
    if question.kind is Kind.CHOICE and len(question.options) <= ROW * MOST_OPTION_ROWS:
        options = [
            (option, Press("reading answer", {**mine, "text": str(number)}))
            for number, option in enumerate(question.options, 1)
        ]
        rows = [options[start : start + ROW] for start in range(0, len(options), ROW)]
    background = Press("reading question", {"id": question.id}, token(key))
    common = (
        (ANSWER, Press("reading answer", mine)),
        ("My answers", Press("reading mine")),
        ("Background", background),
    )
    return (*rows, common)


def opening_page(question: Question, key: str) -> Page:
    """Return the message that opens a round's thread; its button carries the token of the key."""
    lines = ["Answer here or with the button. Vote on answers with 👍, 👎 or 🤷."]
    lines += [f"- {line(follow_up)}" for follow_up in question.follow_ups]
    press = Press("reading answer", {"question": question.id}, token(key))
    return Page(discord.Embed(description=shortened("\n".join(lines), 4_000), colour=COLOUR), (((ANSWER, press),),))


def thread_name(post: Post) -> str:
    """Return what a post's thread, or the post in a forum, is called."""
    match post:
        case QuestionPost():
            name = post.question.text
        case DigestPost(title):
            name = title
        case AnswerPost(author):
            name = author
        case NoticePost(text):
            name = text
    return shortened(one_line(name), THREAD_NAME)


def reply_pages(blocks: Iterable[Block], channel: Channel | None = None) -> list[Page]:
    """Return a reply as messages, none if it says nothing. In a direct message, buttons carry their `channel`."""
    return [
        Page(discord.Embed(description=piece.text or None, colour=COLOUR), _reply_rows(piece.actions, channel))
        for piece in pieces(blocks)
    ]


def turned(pages: Sequence[Page], turn: Turn) -> Page | None:
    """Return one of several pages, or the last if there are not so many, with what leads to its neighbours.

    None where that does not fit into Discord's identifiers.
    """
    count = len(pages)
    number = min(max(turn.page, 1), count)
    page = pages[number - 1]
    row = [
        (f"{label} ({to} of {count})", replace(turn, page=to))
        for label, to in (("Previous", number - 1), ("Next", number + 1))
        if 1 <= to <= count
    ]
    try:
        for _, leads in row:
            _ = leads.custom_id
    except ValueError:
        return None
    return replace(page, rows=(*page.rows, row)) if row else page


def _reply_rows(actions: Sequence[Action], channel: Channel | None) -> tuple[Row, ...]:
    row = [
        (action.label, Press(action.command, dict(action.arguments), channel=action.channel or channel))
        for action in actions
    ]
    return (row,) if row else ()
