"""The questions that a text asks: its sentences that end in a question mark.

A paragraph is split by sentencex. Then, in each sentence,

- what stands in quotation marks or brackets is looked at by itself. A quoted question is a question (“Why?” he asked).
  A sentence that ends with one is a question as a whole if it begins like one (Who asked “why?”) or if nothing
  introduces the quote. An aside in brackets is a question if it is a whole sentence or begins like a question;
- a question mark ends a question if white space, a closing mark, a letter that is not lower case, the number of a note
  or nothing follows it, so that none in an address or in code in backquotes does;
- what a list, a dialogue or an attribution puts first (“3. …”, “- …”, “Ann Example: …”) is taken away;
- in English, one or two words that begin like no question belong to the question before them (Twice? Ten times?).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sentencex  # type: ignore[import-untyped]

from bot.importing.document import one_line
from bot.importing.marks import (
    BULLETS,
    CLOSING,
    DASHES,
    EXCLAMATION,
    FULL_WIDTH,
    OPENING,
    PAIRS,
    QUESTION,
)
from bot.words import words

_BEGINNINGS = """
what why how who whom whose when where which whether whence whats whos hows whys wheres whens
is are am was were do does did have has had can could will would shall should may might must ought
isnt arent wasnt werent dont doesnt didnt havent hasnt hadnt cant cannot couldnt wont wouldnt shouldnt mustnt aint
"""
_QUESTION_WORDS = frozenset(words(_BEGINNINGS))
_LEADS_IN = frozenset({"and", "but", "or", "so", "then", "yet", "also", "if", "because"})
_FRAGMENT_WORDS = 2
_LONGEST_SENTENCE = 1500
"""Characters up to which a sentence is searched for quotes and brackets; what is longer is none."""

_END = re.compile(f"!*[{QUESTION}][{QUESTION}{EXCLAMATION}]*")
_NOTES = "\u00b9\u00b2\u00b3\u2070\u2074-\u2079"
_MAY_FOLLOW = re.compile(rf"$|\s|[{CLOSING}{OPENING}{DASHES}{_NOTES}*_\u2026,;:.\u00bf\u00a1`]|\d{{1,3}}(?:\s|$)")
_QUOTED = re.compile(
    '\u201c[^\u201c\u201d]*\u201d|\u201e[^\u201c\u201d\u201e]*[\u201c\u201d]|"[^"]*"|\u00ab[^\u00ab\u00bb]*\u00bb'
    "|\u300c[^\u300c\u300d]*\u300d|\u300e[^\u300e\u300f]*\u300f"
    r"|\u2018(?:[^\u2018\u2019]|\u2019(?=\w))*\u2019(?!\w)|(?<!\w)'(?=\S)(?:[^']|'(?=\w))*'(?!\w)"
)
_BRACKETED = re.compile(r"\((?:[^()]|\([^()]*\))*\)|\uff08[^\uff08\uff09]*\uff09|\[[^\[\]]*\]")
_GROUP = re.compile(f"{_QUOTED.pattern}|{_BRACKETED.pattern}")
_SAYS = r"ask\w*|said|says?|wonder\w*|repl\w+|call\w*|titled|questions?|think\w*|like|is|was"
_INTRODUCES = re.compile(rf"(?:[,:;{DASHES}]|\b(?:{_SAYS}))\s*$", re.IGNORECASE)

_COVER = "\u25a0"
"""Stands for every character that is not looked at."""

_HIDDEN = re.compile(r"`[^`]{1,200}`|(?:https?://|www\.)\S+|\b(?:[\w-]{1,63}\.){1,6}[a-z]{2,24}/\S*", re.IGNORECASE)
_AFTER_LINK = re.compile(f"[?!.,;:{CLOSING}]*$")
_PUT_FIRST = re.compile(
    rf"(?:[\s.\u2026_>#,;:/){DASHES}{BULLETS}]+|[\]}}\u201d\u00bb\u300d\u300f\uff09]+"
    r"|\(?(?:\d{1,3}|[a-z])[.)]\s+|Q\d{0,3}\s*[.:)]\s+|\d{1,3}(?:\.\d{1,3})+\s+)+",
    re.IGNORECASE,
)
_NAME = r"[A-Z][\w.'\u2019-]*"
_SPEAKER = re.compile(rf"{_NAME}(?: (?:{_NAME}|de|van|von|of|the)){{0,4}}(?: \([^()]*\))?: +(?=\S)")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a text, with the sentences before and after it in its paragraph (empty where there is none)."""

    text: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    asks: bool


def questions_of(paragraph: str, language: str = "en") -> tuple[Asked, ...]:
    """Return the questions of a paragraph, in order. `language` is a code such as en or pt-BR."""
    if not any(mark in paragraph for mark in QUESTION):
        return ()
    code = _code(language)
    sentences = list(_sentences(paragraph, code))
    if code == "en":
        sentences = _joined(sentences)
    texts = ["", *(sentence.text for sentence in sentences), ""]
    return tuple(Asked(s.text, texts[i], texts[i + 2]) for i, s in enumerate(sentences) if s.asks)


def first_sentence(paragraph: str, language: str = "en") -> str:
    """Return a paragraph's first sentence."""
    return next((sentence.text for sentence in _sentences(paragraph, _code(language))), "")


def asks_only(text: str, language: str = "en") -> bool:
    """Return whether a text holds nothing but questions."""
    return all(sentence.asks for sentence in _sentences(text, _code(language)))


def begins_like_a_question(text: str) -> bool:
    """Return whether a text begins as English questions do, perhaps after a conjunction, or as Spanish ones do."""
    first = next((word for word in words(text[:80]) if word not in _LEADS_IN), "")
    return first in _QUESTION_WORDS or text.lstrip().startswith("\u00bf")


def _code(language: str) -> str:
    return language.split("-")[0].lower()


def _sentences(text: str, code: str) -> Iterator[_Sentence]:
    for segment in sentencex.segment(code, text):
        yield from _within(segment, code)


def _within(segment: str, code: str) -> Iterator[_Sentence]:
    """Yield the questions and statements in one sentence as sentencex sees it."""
    masked = _HIDDEN.sub(_covered, segment)
    found: list[tuple[int, _Sentence]] = []
    for group in _GROUP.finditer(masked) if len(segment) <= _LONGEST_SENTENCE else ():
        if not any(mark in group[0] for mark in QUESTION) or _closes_question(masked, group):
            continue
        inner = segment[group.start() + 1 : group.end() - 1]
        alone = not _says_something(masked[: group.start()] + masked[group.end() :])
        is_quote = _QUOTED.fullmatch(group[0]) is not None
        asides = (
            s for s in _sentences(inner, code) if is_quote or alone or (s.asks and begins_like_a_question(s.text))
        )
        found += [(group.start(), sentence) for sentence in asides if sentence.asks or alone]
        masked = masked[: group.start()] + _COVER * len(group[0]) + masked[group.end() :]
    found += _outside(segment, masked)
    found.sort(key=lambda item: item[0])
    for _, sentence in found:
        yield sentence


def _outside(segment: str, masked: str) -> Iterator[tuple[int, _Sentence]]:
    """Yield the questions that end outside quotes and brackets, and what is left as a statement."""
    begin = 0
    for end in _END.finditer(masked):
        if _ends_here(masked, end.end()) and _says_something(masked[begin : end.end()]):
            yield begin, _Sentence(_tidied(segment[begin : end.end()], segment[end.end() :]), asks=True)
            begin = end.end()
    if _says_something(masked[begin:]):
        quoted = masked.rfind(_COVER)
        goes_on = quoted >= begin and _says_something(masked[quoted:])
        yield quoted if goes_on else begin, _Sentence(one_line(segment[begin:]), asks=False)


def _closes_question(masked: str, group: re.Match[str]) -> bool:
    """Return whether what ends with a quote or an aside is a question as a whole.

    It is if it begins like one, or if it ends with a quote that nothing introduces as somebody's question.
    """
    before = masked[: group.start()]
    if _says_something(masked[group.end() :]) or group[0][-2:-1] not in tuple(QUESTION) or not _says_something(before):
        return False
    introduced = _INTRODUCES.search(before) is not None or _QUOTED.fullmatch(group[0]) is None
    return begins_like_a_question(before) or not introduced


def _ends_here(masked: str, end: int) -> bool:
    following = masked[end : end + 1]
    if masked[end - 1] in FULL_WIDTH or (following.isalpha() and not following.islower()):
        return True
    return _MAY_FOLLOW.match(masked[end:]) is not None


def _says_something(masked: str) -> bool:
    return any(map(str.isalnum, masked))


def _covered(found: re.Match[str]) -> str:
    text = found[0]
    rest = "" if text.startswith("`") else (_AFTER_LINK.search(text) or [""])[0]
    return _COVER * (len(text) - len(rest)) + rest


def _tidied(text: str, following: str) -> str:
    """Return a question without what was put first, and with its quotation marks and brackets in pairs."""
    text = one_line(text)
    text = text[found.end() :] if (found := _PUT_FIRST.match(text)) else text
    text = text[found.end() :] if (found := _SPEAKER.match(text)) else text
    if text and text[0] in PAIRS and _unclosed(text, text[0]):
        text = text[1:].lstrip()
    for char in following[:3]:
        if any(char in closing and _unclosed(text, opening) for opening, closing in PAIRS.items()):
            text += char
        else:
            break
    return text


def _unclosed(text: str, opening: str) -> bool:
    if opening == '"':
        return text.count(opening) % 2 == 1
    return text.count(opening) > sum(text.count(char) for char in PAIRS[opening])


def _joined(sentences: Iterable[_Sentence]) -> list[_Sentence]:
    joined: list[_Sentence] = []
    for sentence in sentences:
        spoken = words(sentence.text)
        is_fragment = len(spoken) <= _FRAGMENT_WORDS and not begins_like_a_question(sentence.text)
        if sentence.asks and joined and joined[-1].asks and is_fragment:
            joined[-1] = _Sentence(f"{joined[-1].text} {sentence.text}", asks=True)
        else:
            joined.append(sentence)
    return joined
