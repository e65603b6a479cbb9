"""Files as bytes, and bytes as text: what is no text that can be read is refused in a sentence."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from bot.errors import BotError

LARGEST_FILE = 50_000_000
"""Bytes."""

_MARKS = (
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
)
_OTHERS = (
    (b"PK\x03\x04", "a Word, EPUB or ZIP file"),
    (b"\xd0\xcf\x11\xe0", "an old Word or Excel file"),
    (b"{\\rtf", "an RTF file"),
)
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u2060\ud800-\udfff\ufeff\ufffe\uffff]")
_ODD_BREAKS = re.compile("[\x0b\x0c\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\x80-\x84\x86-\x9f]")
_MOST_CONTROL = 0.01
"""Share of control characters from which on a text counts as binary."""


def missing_extra(what: str) -> BotError:
    """Return the error for a format whose extractor is not installed; `what` is read, such as “PDF files”."""
    return BotError(f'To import {what}, install the extra: pip install "reading-group-bot[import]"')


def read_bytes(path: Path) -> bytes:
    """Return what a file holds. Raises BotError if it is missing, no ordinary file, empty or too large."""
    try:
        info = path.stat()
        if stat.S_ISDIR(info.st_mode):
            raise BotError(f"{path} is a folder; name the files in it.")
        if not stat.S_ISREG(info.st_mode):
            raise BotError(f"{path} is not an ordinary file; name one that is.")
        if info.st_size > LARGEST_FILE:
            size, most = info.st_size // 1_000_000, LARGEST_FILE // 1_000_000
            raise BotError(f"{path} has {size:,} MB; at most {most} MB are read, so split it.")
        data = path.read_bytes()
    except FileNotFoundError:
        raise BotError(f"There is no file {path}; check the name.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise BotError(f"{path} cannot be read ({reason}).") from error
    if not data.strip():
        raise BotError(f"{path} is empty; name a file that holds a text.")
    return data


def decoded(data: bytes, path: Path, declared: str = "") -> tuple[str, str]:
    """Return a file's text and the encoding that had to be guessed, if any (otherwise an empty string).

    Tried are a byte order mark, UTF-8, the encoding that the file itself declares, and what charset-normalizer takes it
    for. The text has line feeds only and none of the characters that a question set refuses. Raises BotError for what
    is binary or in no encoding that can be told.
    """
    for mark, name in _OTHERS:
        if data.startswith(mark):
            raise BotError(f"{path} is {name}, which is not read; save it as PDF, HTML or plain text.")
    text, guessed = _text(data, path, declared)
    if len(_CONTROL.findall(text)) > _MOST_CONTROL * len(text):
        raise _binary(path)
    text = tidied(text)
    if not text.strip():
        raise BotError(f"{path} is empty; name a file that holds a text.")
    return text, guessed


def tidied(text: str) -> str:
    """Return a text with line feeds only and without invisible characters. Its lines stay the same."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return _INVISIBLE.sub("", _ODD_BREAKS.sub(" ", plain))


def _text(data: bytes, path: Path, declared: str) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return data.decode(encoding), ""
            except UnicodeDecodeError:
                raise _unknown(path) from None
    if b"\0" in data:
        raise _binary(path)
    for encoding in filter(None, ("utf-8", declared)):
        try:
            return data.decode(encoding), ""
        except (UnicodeDecodeError, LookupError):
            continue
    return _guessed(data, path)


def _guessed(data: bytes, path: Path) -> tuple[str, str]:
    try:
        from charset_normalizer import from_bytes
    except ImportError:
        raise missing_extra("files that are not in UTF-8") from None
    best = from_bytes(data).best()
    if best is None:
        raise _unknown(path)
    return str(best), best.encoding


def _binary(path: Path) -> BotError:
    return BotError(f"{path} holds no text but binary data; name a Markdown, text, HTML, PDF, CSV or JSON file.")


def _unknown(path: Path) -> BotError:
    return BotError(f"{path} is in an encoding that cannot be told; save it as UTF-8.")
