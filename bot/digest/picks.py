"""The one form in which a pick is kept: an option of a choice, or the estimate of a forecast."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, localcontext

from bot.model import Forecast, Kind, Question

EARLIEST_YEAR, LATEST_YEAR = 1900, 2999

_SIGNIFICANT_DIGITS = 12
_LARGEST_EXPONENT = 60
_PLAIN_UP_TO = 15
"""Numbers with more digits than this before or after the point are written as `2e27`."""

_GROUP_MARKS = "[ ,_'\u2019]"
_NUMBER = re.compile(
    rf"(?P<sign>[+-]?)(?P<whole>[0-9]{{1,3}}(?:{_GROUP_MARKS}[0-9]{{3}})+|[0-9]+|(?=\.[0-9]))"
    r"(?P<fraction>\.[0-9]*)?(?:e(?P<exponent>[+-]?[0-9]{1,3}))?",
    re.IGNORECASE,
)
_NUMBER_HINT = "Write a number such as 1,500 or 1.5 or 2e6, with a point for decimals"


def parse_pick(question: Question, text: str) -> str:
    """Return a member's pick in the form in which it is kept; that form parses to itself.

    - A choice takes an option's text in any case, or its number from 1; the option's text is returned.
    - A probability takes `70`, `70%` or `0.7` and returns `70%`. Without a percent sign, what lies between 0 and 1 is a
      fraction and anything else is percent, so `1` is one percent.
    - A year takes four digits from 1900 to 2999.
    - A number takes commas, spaces or apostrophes between groups of three digits, a point for decimals and `2e6`; it
      may be followed by the question's unit. `1,5` is refused: it could mean one and a half, or a digit is missing.

    Raises ValueError with a sentence that says what to write instead.
    """
    plain = _plain(text)
    if not plain:
        raise ValueError("The pick is empty: fill it in, or leave the question as it is.")
    match question:
        case Question(kind=Kind.CHOICE):
            return _option(question.options, plain)
        case Question(kind=Kind.FORECAST, forecast=Forecast(answer="probability")):
            return _probability(plain)
        case Question(kind=Kind.FORECAST, forecast=Forecast(answer="year")):
            return _year(plain)
        case Question(kind=Kind.FORECAST, forecast=Forecast(unit=unit)):
            return _number(plain, unit)
        case _:
            raise ValueError("This question has nothing to pick from: answer it in your own words.")


def number_text(value: Decimal, *, grouped: bool = False) -> str:
    """Return a number in digits, without needless zeros, or as `2e27` where digits would be too many to read."""
    shortest = value.normalize() if value else Decimal(0)
    if abs(shortest.adjusted()) >= _PLAIN_UP_TO:
        return f"{shortest:e}".replace("e+", "e")
    return f"{shortest:,f}" if grouped else f"{shortest:f}"


def _plain(text: str) -> str:
    """Return text with compatibility forms, digits of any script, minus signs and runs of spaces made ordinary."""
    folded = unicodedata.normalize("NFKC", text).replace("\u2212", "-")
    digits = "".join(str(unicodedata.decimal(char, char)) for char in folded)
    return " ".join(digits.split())


def _option(options: tuple[str, ...], text: str) -> str:
    for option in options:
        if _plain(option).casefold() == text.casefold():
            return option
    numbered = re.fullmatch(r"#?([0-9]{1,3})[.)]?", text)
    if numbered and 1 <= int(numbered[1]) <= len(options):
        return options[int(numbered[1]) - 1]
    listed = "; ".join(f"{number}. {option}" for number, option in enumerate(options, start=1))
    raise ValueError(f"“{text}” is none of the options: write one of them or its number ({listed}).")


def _probability(text: str) -> str:
    match = re.fullmatch(r"(.*?) ?(%|per ?cent)?", text, re.IGNORECASE)
    value = _decimal(match[1]) if match else None
    if match is None or value is None:
        raise ValueError(f"“{text}” is not a probability: write a number from 0 to 100, such as 70 or 70%.")
    percent = value * 100 if not match[2] and 0 < value < 1 else value
    if not 0 <= percent <= 100:
        raise ValueError(f"A probability lies between 0% and 100%, so {number_text(value)} cannot be one.")
    return f"{number_text(percent)}%"


def _year(text: str) -> str:
    if not re.fullmatch(r"[0-9]{4}", text) or not EARLIEST_YEAR <= int(text) <= LATEST_YEAR:
        raise ValueError(
            f"“{text}” is not a year: write four digits between {EARLIEST_YEAR} and {LATEST_YEAR}, such as 2035."
        )
    return text


def _number(text: str, unit: str) -> str:
    value = _decimal(_without_unit(text, _plain(unit)))
    if value is None:
        raise ValueError(f"“{text}” is not a number. {_NUMBER_HINT}{f', in {unit}' if unit else ''}.")
    return number_text(value)


def _without_unit(text: str, unit: str) -> str:
    """Return text without a unit at its end; its first words will do (`3 million` of `3 million people`)."""
    names = unit.split()
    if names and names[0].casefold() == "percent" and text.endswith("%"):
        return text[:-1].rstrip()
    for count in range(len(names), 0, -1):
        name = " ".join(names[:count])
        if text.casefold().endswith(name.casefold()):
            return text[: -len(name)].rstrip()
    return text


def _decimal(text: str) -> Decimal | None:
    """Return a number to twelve significant digits, or None where it is none or beyond all use."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    whole = re.sub(_GROUP_MARKS, "", match["whole"])
    with localcontext(prec=_SIGNIFICANT_DIGITS):
        value = +Decimal(f"{match['sign']}{whole}{match['fraction'] or ''}e{match['exponent'] or 0}")
    return value if abs(value.adjusted()) <= _LARGEST_EXPONENT else None
