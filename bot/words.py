"""The words of a text in any script, for counting and comparing them."""

from __future__ import annotations

import re
import unicodedata

# Scripts that put no space between words. Their letters come out of `words` as one run from space to space.
HAN = "\u3005-\u3007\u3100-\u312f\u31a0-\u31bf\u3400-\u9fff\ua000-\ua48f\uf900-\ufaff\U00020000-\U0003ffff"
KANA = "\u3040-\u30ff\u31f0-\u31ff"
SOUTH_EAST_ASIAN = (
    "\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf\ua980-\ua9ff\uaa60-\uaa7f"
)

# Lines that repeat somebody else's words, as chat services mark them; for patterns with `MULTILINE`.
QUOTED_LINES = r"^>>>[ ][\s\S]*|^[ \t]*>[ ].*$"

_APOSTROPHES = "'\u2018\u2019\u02bc"
# Turkish tells a dotted from a dotless i, which case-folding without knowing the language gets wrong.
_ONE_I = str.maketrans({"\u0131": "i", "\u0307": None})
_ASCII_WORD = re.compile(r"[a-z0-9]+")
_ONE_SCRIPT = re.compile(f"[{HAN}{KANA}{SOUTH_EAST_ASIAN}]+|[^{HAN}{KANA}{SOUTH_EAST_ASIAN}]+")


def words(text: str) -> list[str]:
    """Return the words of a text in order, case-folded and in Unicode's compatibility form (NFKC).

    A word is a run of letters, marks and digits. Apostrophes inside one are dropped (`don't` is `dont`), all else
    separates. A run of a script that is written without spaces is one word, whatever it says.
    """
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_ONE_I)
    if plain.isascii():
        return _ASCII_WORD.findall(plain.replace("'", ""))
    spaced = "".join(map(_kept, plain))
    return [word for token in spaced.split() for word in _ONE_SCRIPT.findall(token) if any(map(str.isalnum, word))]


def _kept(char: str) -> str:
    category = unicodedata.category(char)
    if category[0] in "LMN":
        return "" if char in _APOSTROPHES else char
    # Format characters, such as Persian's zero-width non-joiner, stand inside words.
    return "" if category == "Cf" or char in _APOSTROPHES else " "
