"""What the bot says, as structure.

Every string here is plain text, never markup: a member's words can stand in it as they are, and each adapter escapes
and lays out what it renders. One mark is kept: `a command in backquotes`.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.model import ANSWER_LIMIT, Channel, Question, Ref


@dataclass(frozen=True, slots=True)
class Heading:
    """A title inside a text."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text in the bot's own words."""

    text: str


@dataclass(frozen=True, slots=True)
class Quote:
    """Somebody's words, verbatim, with who said them, where to find them, and what voters made of them."""

    text: str
    by: str
    link: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a list."""

    text: str
    detail: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Labels with their values."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Action:
    """A button: pressing it is using a command, by its full name, with these arguments.

    `channel` is where it is used, if not where the button stands.
    """

    label: str
    command: str
    arguments: tuple[tuple[str, str], ...] = ()
    channel: Channel | None = None


@dataclass(frozen=True, slots=True)
class Actions:
    """Buttons, at most 5."""

    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A text file."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Suggested:
    """What an argument that is being typed may be meant to be: what is shown, and what is filled in."""

    label: str
    value: str


Block = Heading | Paragraph | Quote | Listing | Facts | Actions | Attachment


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a command or a form, visible only to whoever asked unless `public`.

    A `refusal` is why nothing was done, in a sentence: what a platform shows whose form still has what was filled in.
    """

    blocks: tuple[Block, ...]
    public: bool = False
    refusal: str = ""

    @classmethod
    def of(cls, *blocks: Block | str, public: bool = False) -> Reply:
        """Return a reply made of blocks; a plain string becomes a paragraph."""
        return cls(tuple(Paragraph(block) if isinstance(block, str) else block for block in blocks), public)

    @classmethod
    def refused(cls, sentence: str) -> Reply:
        """Return a reply that says why nothing was done."""
        return cls((Paragraph(sentence),), refusal=sentence)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form. With `options` it is a choice among them, otherwise text of at most `limit` characters."""

    name: str
    label: str
    value: str = ""
    required: bool = True
    limit: int = ANSWER_LIMIT
    options: tuple[str, ...] = ()
    long: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """Something to fill in: at most 5 fields of 25 options. `action` says what is done with it, `target` to what."""

    action: str
    target: str
    title: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class QuestionPost:
    """A round as it is posted: the question in the channel, its follow-ups opening the thread below it.

    `mention` is the role or user group that is pinged, and nothing else is.
    """

    round_id: int
    group: str
    question: Question
    source: str
    source_link: str = ""
    mention: Ref | None = None


@dataclass(frozen=True, slots=True)
class AnswerPost:
    """A form answer as the bot posts it in the round's thread for its author."""

    author: str
    text: str
    pick: str = ""


@dataclass(frozen=True, slots=True)
class DigestPost:
    """A digest as it is posted."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class NoticePost:
    """Something that a group must know."""

    text: str


Post = QuestionPost | AnswerPost | DigestPost | NoticePost


def plural(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun: `1 answer`, `3 answers`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
