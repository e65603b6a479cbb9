"""What a document says about itself, brought into the form of a question set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import yaml

from bot.importing.document import TITLE_LENGTH, About, one_line, shortened

_NAMES = {
    "title": ("title", "headline", "og:title", "twitter:title"),
    "author": ("author", "authors", "by", "byline", "creator", "article:author", "dc.creator", "parsely-author"),
    "kind": ("kind", "genre", "og:type"),
    "date": (
        "date", "published", "publisheddate", "publishedat", "publicationdate", "pubdate", "datepublished",
        "article:published_time", "dc.date", "created", "creationdate", "updated",
    ),
    "link": ("link", "url", "canonical", "canonicalurl", "permalink", "source", "sourceurl", "og:url"),
    "language": ("language", "lang", "locale"),
}  # fmt: skip
_SAYS_NOTHING = frozenset({"website", "object", "unknown", "anonymous", "untitled"})
_LINK = re.compile(r"https?://[^\s/]\S*")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_ISO = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?!\d)")
_LONGEST_LINK = 500


def about(said: Mapping[str, object]) -> About:
    """Return what metadata under any of the usual names tell. What does not fit a question set is left out."""
    known = {re.sub(r"[\s_-]", "", str(key)).casefold(): value for key, value in said.items()}

    def first(name: str) -> str:
        values = (_text(known[key]) for key in map(_without_marks, _NAMES[name]) if key in known)
        return next((value for value in values if value and value.casefold() not in _SAYS_NOTHING), "")

    links = (_link(_text(known[key])) for key in map(_without_marks, _NAMES["link"]) if key in known)
    return About(
        title=shortened(first("title"), TITLE_LENGTH),
        author=shortened("" if _LINK.match(first("author")) else first("author"), TITLE_LENGTH),
        kind=shortened(first("kind"), TITLE_LENGTH),
        date=day(first("date")),
        link=next(filter(None, links), ""),
        language=_language(first("language")),
    )


def front_matter(text: str) -> tuple[Mapping[str, object], int, str]:
    """Return a text's front matter, how many lines it takes, and a note if it is there but cannot be understood.

    Front matter is YAML between a first line `---` and the next one.
    """
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return {}, 0, ""
    end = next((i for i, line in enumerate(lines[1:], 1) if line.rstrip() in {"---", "..."}), 0)
    if not end:
        return {}, 0, ""
    try:
        said = yaml.safe_load("\n".join(lines[1:end]))
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}, end + 1, "its front matter is not valid YAML and was passed over"
    if isinstance(said, dict):
        return {str(key): value for key, value in said.items()}, end + 1, ""
    return ({}, end + 1, "") if said is None else ({}, 0, "")


def filled(stated: About, found: About) -> About:
    """Return what a document states, with what was found elsewhere where it states nothing."""
    gaps = {name: getattr(found, name) for name in _NAMES if not getattr(stated, name)}
    return replace(stated, **gaps)


def day(text: str) -> str:
    """Return the ISO date at the beginning of a text: a year, a month or a day; an empty string if there is none."""
    match = _ISO.match(text)
    if match is None:
        return ""
    year, month, of_month = match[1], match[2], match[3]
    try:
        date(int(year), int(month or 1), int(of_month or 1))
    except ValueError:
        return year
    return "-".join(filter(None, (year, month, of_month)))


def _without_marks(name: str) -> str:
    return re.sub(r"[\s_-]", "", name)


def _text(value: object) -> str:
    match value:
        case list() | tuple():
            return ", ".join(filter(None, map(_text, value[:8])))
        case dict():
            return _text(value.get("name", ""))
        case None | bool():
            return ""
        case _:
            return one_line(str(value))


def _link(text: str) -> str:
    return text if _LINK.fullmatch(text) and len(text) <= _LONGEST_LINK else ""


def _language(text: str) -> str:
    code = text.replace("_", "-").split(".")[0]
    code = code[:3].lower() + code[3:] if "-" not in code else code.split("-")[0].lower() + code[code.index("-") :]
    return code if _LANGUAGE.fullmatch(code) else ""
