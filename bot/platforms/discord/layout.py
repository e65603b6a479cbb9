"""From the core's blocks to texts that fit an embed each: it splits, and never parts a quote from who said it.

An embed's description has at most 4,096 characters
(https://discord.com/developers/docs/resources/message#embed-object-embed-limits).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from bot.content import Action, Actions, Attachment, Block, Facts, Heading, Item, Listing, Paragraph, Quote
from bot.plaintext import cleaned, shortened
from bot.platforms.discord.markup import address, line, linked, own, plain

PIECE = 4_000
"""Characters of one piece."""

TITLE, NAME, TEXT, NOTE = 300, 200, 1_000, 300
"""Characters of headings, names, items and remarks before escaping, which at most doubles them."""

LONGEST_QUOTED, LONGEST_PARAGRAPH = 1_600, 3_200
"""Characters of running text after escaping: with its heading, attribution and link it fits a piece."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What stands in one embed, with the rows of buttons below it."""

    text: str
    actions: tuple[Action, ...] = ()


def pieces(blocks: Iterable[Block]) -> list[Piece]:
    """Return blocks as pieces. What follows buttons is a piece of its own, so that they stand under what they are for.

    Each piece has some text or some buttons; blocks without either give none.
    """
    found: list[Piece] = []
    text = heading = ""
    for block in blocks:
        match block:
            case Actions(actions):
                found.append(Piece(_joined(text, "\n\n", heading), actions))
                text = heading = ""
            case Heading(title):
                text, heading = (
                    _joined(text, "\n\n", heading),
                    f"### {line(shortened(title, TITLE))}" if title.strip() else "",
                )
            case _:
                for index, unit in enumerate(_units(block)):
                    unit = _joined(heading, "\n", unit)
                    longer = _joined(text, "\n" if index else "\n\n", unit)
                    if len(longer) > PIECE:
                        found.append(Piece(text))
                        longer = unit
                    text, heading = longer, ""
    found.append(Piece(_joined(text, "\n\n", heading)[:PIECE]))
    return [piece for piece in found if piece.text or piece.actions]


def _joined(first: str, glue: str, second: str) -> str:
    return f"{first}{glue}{second}" if first and second else first or second


def _units(block: Block) -> Iterator[str]:
    """Yield the parts of a block that must stay whole, each short enough for a piece."""
    match block:
        case Heading() | Actions() | Attachment():
            return
        case Paragraph(text):
            yield from map(own, _slices(text, own, LONGEST_PARAGRAPH))
        case Quote():
            yield from _quote(block)
        case Listing(items):
            yield from map(_item, items)
        case Facts(pairs):
            for label, value in pairs:
                yield f"**{line(shortened(label, NAME))}** {own(shortened(value, TEXT))}"


def _quote(quote: Quote) -> Iterator[str]:
    by, note = line(shortened(quote.by, NAME)), line(shortened(quote.note, NOTE)) if quote.note else ""
    about = " · ".join(filter(None, (f"— {by}", note, f"[↗]({address(quote.link)})" if quote.link else "")))
    *parts, last = _slices(cleaned(quote.text), _quoted, LONGEST_QUOTED)
    for part in parts:
        yield _quoted(part)
    yield f"{_quoted(last)}\n{about}"


def _quoted(text: str) -> str:
    return "\n".join(f"> {each}" for each in plain(text).split("\n"))


def _item(item: Item) -> str:
    text = shortened(item.text, TEXT)
    detail = f" · {own(' '.join(shortened(item.detail, NOTE).split()))}" if item.detail else ""
    return f"- {linked(text, item.link) if item.link else own(' '.join(text.split()))}{detail}"


def _slices(text: str, render: Callable[[str], str], limit: int) -> list[str]:
    """Return a text in parts of which each, rendered, fits a limit; cut at line breaks or between words if possible."""
    if len(render(text)) <= limit:
        return [text]
    middle = len(text) // 2
    cut = max(text.rfind("\n", middle // 2, middle), text.rfind(" ", middle // 2, middle))
    first, second = (text[:cut], text[cut + 1 :]) if cut > 0 else (text[:middle], text[middle:])
    return [*_slices(first, render, limit), *_slices(second, render, limit)]
