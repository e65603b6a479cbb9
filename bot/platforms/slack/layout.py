"""From the core's blocks to Slack's, and to messages that they fit: it splits, and never parts a quote from its author.

A message has at most 50 blocks, a form or a home 100; a header 150 characters, a button's label 75
(https://docs.slack.dev/reference/block-kit/blocks/). All blocks of a message together may have about 13,200 characters,
their own marks included, which Slack says nowhere but in the error `msg_blocks_too_long`
(https://github.com/slackapi/bolt-js/issues/2509).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from bot.content import Action, Actions, Attachment, Block, Facts, Heading, Item, Listing, Paragraph, Quote
from bot.model import Channel
from bot.plaintext import cleaned, neutral, one_line, shortened
from bot.platforms.slack.escape import (
    Json,
    address,
    as_typed,
    line,
    linked,
    own,
    own_line,
    plain,
    plain_text,
    quoted,
    rich_text,
    said_in,
    section,
    text_element,
)
from bot.platforms.slack.ids import Press, button_id

MOST_BLOCKS = 48
MOST_IN_VIEW = 96
LARGEST = 11_000
"""Bytes of a message's blocks as JSON."""

LARGEST_VIEW = 100_000
"""Bytes of a form's or a home's blocks; Slack allows 250,000 for all of it."""

BLOCK_ID = 40
"""Bytes that Slack adds to each block for its id, and some."""

HEADER, LABEL = 150, 75
TITLE, NAME, TEXT, NOTE = 300, 200, 1_000, 300
"""Characters of titles, names, items and remarks."""

SLICE = 2_500
"""Characters of running text in one block; the limit of most text objects is 3,000."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where blocks are shown: `about` which channel, if not the one they stand in, and how commands are `spoken`."""

    about: Channel | None = None
    spoken: str = ""


Unit = list[Json]
"""Blocks that stay together."""


def units(blocks: Iterable[Block], setting: Setting) -> list[Unit]:
    """Return blocks as Slack's, in groups that must stay together; a heading stays with what it is over."""
    numbers = count()
    found: list[Unit] = []
    heading: Unit = []
    for block in blocks:
        match block:
            case Heading(title):
                found += [heading] if heading else []
                heading = [header(as_typed(title, setting.spoken))] if title.strip() else []
            case Attachment() | Actions(()):
                continue
            case Actions(actions):
                found.append([*heading, buttons(actions, numbers, setting.about)])
                heading = []
            case _:
                for made in _blocks(block, setting):
                    found.append([*heading, made])
                    heading = []
    return [*found, heading] if heading else found


def packed(found: Iterable[Unit], most: int = MOST_BLOCKS, largest: int = LARGEST) -> list[list[Json]]:
    """Return groups of blocks as messages of at most so many blocks that are not too large."""
    messages: list[list[Json]] = []
    size = 0
    for unit in found:
        more = sum(map(_size, unit))
        if messages and len(messages[-1]) + len(unit) <= most and size + more <= largest:
            messages[-1] += unit
            size += more
        else:
            messages.append(list(unit))
            size = more
    return messages


def header(title: str) -> Json:
    """Return a title: as a header, or in bold where it is too long for one."""
    if len(one_line(title)) <= HEADER:
        return {"type": "header", "text": plain_text(title, HEADER)}
    return rich_text(section(*line(shortened(title, TITLE), "bold")))


def buttons(actions: Sequence[Action], numbers: Iterator[int], about: Channel | None) -> Json:
    """Return buttons. Each takes the next of the numbers, of which none may come twice in a message."""
    presses = [(one.label, Press(one.command, dict(one.arguments), one.channel or about)) for one in actions]
    return {"type": "actions", "elements": [button(label, press, next(numbers)) for label, press in presses]}


def button(label: str, press: Press, number: int) -> Json:
    """Return a button. Raises ValueError for one that carries too much."""
    text = plain_text(label, LABEL)
    return {"type": "button", "text": text, "action_id": button_id(number), "value": press.value}


def _blocks(block: Paragraph | Quote | Listing | Facts, setting: Setting) -> Iterator[Json]:
    match block:
        case Paragraph(text):
            for part in slices(neutral(text), SLICE):
                if said := own(part, setting.spoken):
                    yield rich_text(section(*said))
        case Quote():
            yield from _quote(block)
        case Listing(items):
            for lines in _groups(_item(item, setting) for item in items):
                yield rich_text({"type": "rich_text_list", "style": "bullet", "elements": lines})
        case Facts(pairs):
            for lines in _groups(_fact(label, value, setting) for label, value in pairs):
                yield rich_text(*lines)


def _quote(quote: Quote) -> Iterator[Json]:
    about = line(f"— {shortened(quote.by, NAME)}")
    about += [text_element(" · "), *line(shortened(quote.note, NOTE))] if quote.note else []
    about += [text_element(" "), *linked("↗", quote.link)] if address(quote.link) else []
    *parts, last = slices(cleaned(quote.text), SLICE)
    for part in parts:
        yield rich_text(quoted(plain(part)))
    yield rich_text(*([quoted(plain(last))] if last else []), section(*about))


def _item(item: Item, setting: Setting) -> Json:
    text = shortened(item.text, TEXT)
    shown = linked(text, item.link) if item.link else own_line(text, setting.spoken)
    told = own_line(shortened(item.detail, NOTE), setting.spoken)
    return section(*(shown or [text_element("—")]), *([text_element(" · "), *told] if told else []))


def _fact(label: str, value: str, setting: Setting) -> Json:
    told = own(shortened(value, TEXT), setting.spoken)
    return section(*(line(shortened(label, NAME), "bold") or [text_element("—")]), text_element("  "), *told)


def _groups(lines: Iterable[Json]) -> Iterator[list[Json]]:
    """Yield lines in groups that are each not too long for a block."""
    group: list[Json] = []
    length = 0
    for one in lines:
        more = len(said_in(one))
        if group and length + more > SLICE:
            yield group
            group, length = [], 0
        group.append(one)
        length += more
    if group:
        yield group


def slices(text: str, limit: int) -> list[str]:
    """Return a text in parts that each fit a limit, cut at line breaks or between words if possible."""
    if len(text) <= limit:
        return [text]
    middle = len(text) // 2
    cut = max(text.rfind("\n", middle // 2, middle), text.rfind(" ", middle // 2, middle))
    first, second = (text[:cut], text[cut + 1 :]) if cut > 0 else (text[:middle], text[middle:])
    return [*slices(first, limit), *slices(second, limit)]


def _size(block: Json) -> int:
    return len(json.dumps(block, ensure_ascii=False, separators=(",", ":")).encode()) + BLOCK_ID
