"""Punctuation of the scripts that the importer knows, for use inside a character class of a regular expression."""

from __future__ import annotations

import re

QUESTION = "?\uff1f\u061f\u2047\u2048\u203d\u2e2e"
"""Question marks: Latin, full-width, Arabic, doubled, with an exclamation mark, interrobang, reversed."""

FULL_WIDTH = "\uff1f\u2047\u2048"
"""Question marks after which a sentence may begin without a space."""

EXCLAMATION = "!\uff01"
CLOSING = "\"'\u201d\u2019\u00bb\u203a)\\]}\u300d\u300f\uff09"
"""What closes a quotation or brackets."""

OPENING = "\"'\u201c\u2018\u201e\u00ab\u2039(\\[{\u300c\u300e\uff08"
DASHES = "\u2013\u2014\\-"
BULLETS = "\u2022*\u00b7\u25aa\u2023\u25e6+"
APOSTROPHES = "'\u2019"

PAIRS = {
    "\u201c": "\u201d",
    "\u201e": "\u201c\u201d",
    "\u00ab": "\u00bb",
    "\u2018": "\u2019",
    "\u300c": "\u300d",
    "\u300e": "\u300f",
    "\uff08": "\uff09",
    "(": ")",
    "[": "]",
    '"': '"',
}
"""What opens a quotation or brackets, with all that may close it."""

ENDS_SENTENCE = re.compile(f"[.\u2026:!\u3002{EXCLAMATION}{QUESTION}][{CLOSING}]*$")
ENDS_ASKING = re.compile(f"[{QUESTION}][{EXCLAMATION}{QUESTION}]*[{CLOSING}]*$")
ITEM = re.compile(rf"\s*(?:[{DASHES}{BULLETS}]|\(?\d{{1,4}}[.)]|\(?[a-z][.)])\s+")
"""What stands before an item of a list."""
