"""HTML as blocks, read by selectolax (Lexbor, the parser of browsers: fast, small, no dependencies of its own)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.importing.document import Block, Heading, Paragraph, Place, one_line
from bot.importing.files import missing_extra
from bot.importing.metadata import about

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

    from bot.importing.document import About

_BLOCK_TAGS = """
address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure footer h1 h2
h3 h4 h5 h6 header hgroup hr html legend li main ol p section summary table tbody td tfoot th thead tr ul
"""
_BLOCKS = frozenset(_BLOCK_TAGS.split())
_TAGS_LEFT_OUT = """
script style noscript template nav footer aside form button select textarea svg math iframe object canvas audio video
pre head title
"""
_LEFT_OUT = frozenset(_TAGS_LEFT_OUT.split())
_CODE = frozenset({"code", "kbd", "samp", "tt"})
_NOTE_MARK = re.compile(r"\s*[\[(]?[\d*†‡]{1,3}[\])]?\s*")
_DECLARED = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{2,40})""", re.IGNORECASE)


def declared_encoding(data: bytes) -> str:
    """Return the encoding that an HTML file says it is in, or an empty string."""
    found = _DECLARED.search(data[:4096])
    return found[1].decode("ascii") if found else ""


def webpage(text: str) -> tuple[About, list[Block]]:
    """Return what an HTML page says about itself, and the headings and paragraphs of its main part.

    That part is the only `article`, else `main`, else the whole body; navigation, asides, forms, scripts and blocks of
    code are left out everywhere, and so are headers that hold no heading.
    """
    page = _parsed(text)
    return _about(page), list(_blocks(_main_part(page), Place()))


def fragment_blocks(text: str, place: Place) -> list[Block]:
    """Return the paragraphs of HTML that stands in a text of another kind; all of them stand at `place`."""
    page = _parsed(text)
    return list(_blocks(page.body, place)) if page.body else []


def _parsed(text: str) -> LexborHTMLParser:
    try:
        from selectolax.lexbor import LexborHTMLParser
    except ImportError:
        raise missing_extra("HTML") from None
    return LexborHTMLParser(text)


def _about(page: LexborHTMLParser) -> About:
    said: dict[str, object] = {}
    for node in page.css("meta[content]"):
        name = node.attributes.get("name") or node.attributes.get("property") or node.attributes.get("itemprop")
        if name:
            said.setdefault(name, node.attributes.get("content"))
    for node in page.css("title"):
        said.setdefault("title", node.text())
    for node in page.css("link[rel=canonical]"):
        said["link"] = node.attributes.get("href")
    for node in page.css("time[datetime]"):
        said.setdefault("updated", node.attributes.get("datetime"))
    if page.root is not None:
        said["language"] = page.root.attributes.get("lang")
    if said.get("og:title"):
        said["title"] = said["og:title"]
    return about(said)


def _main_part(page: LexborHTMLParser) -> LexborNode | None:
    for selector in ("article", "main, [role=main]"):
        found = page.css(selector)
        if len(found) == 1:
            return found[0]
    return page.body


def _blocks(root: LexborNode | None, place: Place) -> Iterator[Block]:
    """Yield the blocks below a node: one for each run of text that shares its closest block element."""
    if root is None:
        return
    block_of: dict[int, LexborNode | None] = {root.mem_id: root}
    current, words = root, list[str]()
    for node in root.traverse(include_text=True):
        parent = node.parent
        if node.mem_id != root.mem_id:
            block_of[node.mem_id] = _block_of(node, block_of.get(parent.mem_id) if parent else None)
        block = block_of[node.mem_id]
        if block is None or node.tag == "br":
            words.append(" ")
            continue
        if not node.is_text_node:
            continue
        if block.mem_id != current.mem_id:
            yield from _block(current, words, place)
            current, words = block, []
        words.append(_shown(node))
    yield from _block(current, words, place)


def _block_of(node: LexborNode, above: LexborNode | None) -> LexborNode | None:
    """Return the block element that a node's text belongs to, or None if it is left out."""
    tag = node.tag or ""
    if above is None or tag in _LEFT_OUT or "hidden" in node.attributes:
        return None
    if tag == "header" and not node.css("h1, h2, h3"):
        return None
    if tag == "sup" and _NOTE_MARK.fullmatch(node.text()):
        return None
    return node if tag in _BLOCKS else above


def _shown(node: LexborNode) -> str:
    text = node.text_content or ""
    in_code = node.parent is not None and node.parent.tag in _CODE
    return f"`{text}`" if in_code and text.strip() else text


def _block(node: LexborNode, words: list[str], place: Place) -> Iterator[Block]:
    text = one_line("".join(words))
    if not text:
        return
    tag = node.tag or ""
    is_heading = len(tag) == 2 and tag[0] == "h" and tag[1].isdigit()
    yield Heading(text, int(tag[1]), place) if is_heading else Paragraph(text, place)
