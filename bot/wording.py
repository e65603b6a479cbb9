"""How people write days, times and zones: reading what a host types, and saying it back.

What cannot be read raises ValueError with one sentence that says what was wrong and what to write instead.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, time, timedelta
from functools import cache
from zoneinfo import available_timezones

from rapidfuzz import fuzz, process

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SHORT_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
EVERY_DAY = frozenset(range(7))
DAY_GROUPS = {
    "daily": EVERY_DAY,
    "everyday": EVERY_DAY,
    "day": EVERY_DAY,
    "weekday": frozenset(range(5)),
    "workday": frozenset(range(5)),
    "weekend": frozenset({5, 6}),
}
DAYS_HINT = "write days like mon-fri, “mon, wed, fri”, weekends or daily"
DATES_HINT = "write dates like 2030-12-24, 2031-01-01 to 2031-01-06"
LONGEST_HOLIDAYS = timedelta(days=366)
TIME_HINT = "write it like 09:00, 18.30 or 9:30pm"
ZONE_HINT = "write it as an area and a city, like Europe/Paris or America/New_York"

RANGE = re.compile(r"\s*(?:[-\u2010-\u2015]|\b(?:to|through|thru)\b)\s*")
BETWEEN_DAYS = re.compile(r"[\s,;/&+]+")
CLOCK = re.compile(r"(?P<hour>[0-9]{1,2})(?:[:.h]?(?P<minute>[0-9]{2})|h)?\s*(?:(?P<half>[ap])\.?\s?m\.?)?")

PLACE = re.compile(r"(?!Etc/).+/")
"""Keys that name a place. `Etc/GMT+2` does not: it lies two hours west, and who writes `gmt+2` means two hours east."""


def parse_days(text: str) -> frozenset[int]:
    """Return the weekdays (Monday = 0) that `text` names, such as `mon-fri`, `tue-thu, sun`, `fri-mon` or `weekends`.

    Raises ValueError, with a sentence for whoever wrote it.
    """
    words = BETWEEN_DAYS.split(RANGE.sub("-", text.casefold().replace(".", " ")))
    named = [word for word in words if word not in {"", "and", "every", "each", "on"}]
    if not named:
        raise ValueError(f"No day of the week is named; {DAYS_HINT}.")
    return frozenset().union(*map(_days, named))


def describe_days(days: frozenset[int]) -> str:
    """Return weekdays (Monday = 0) for people: `every day`, Mon to Fri with a dash, `Mon, Wed, Fri`, or `no days`.

    `parse_days` reads it back, unless there are none.
    """
    if not days:
        return "no days"
    if days == EVERY_DAY:
        return "every day"
    parts: list[list[int]] = []
    for first in sorted(day for day in days if (day - 1) % 7 not in days):
        run = _run(first, days)
        parts += [run] if len(run) > 2 else [[day] for day in run]
    return ", ".join(_described(part) for part in sorted(parts))


def parse_dates(text: str) -> frozenset[date]:
    """Return the dates that `text` names, such as `2030-12-24, 2031-01-01 to 2031-01-06`; none for an empty one.

    Raises ValueError, with a sentence for whoever wrote it.
    """
    named = [piece.strip() for piece in re.split(r"[,;\n]", text) if piece.strip()]
    return frozenset().union(*map(_dates, named))


def describe_dates(days: Iterable[date]) -> str:
    """Return dates as they are written: `2030-12-24, 2031-01-01 to 2031-01-06`. `parse_dates` reads it back."""
    runs: list[list[date]] = []
    for day in sorted(days):
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(f"{run[0]}" if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)


def parse_time(text: str) -> time:
    """Return the wall-clock time that `text` names, such as `9`, `09:00`, `18.30`, `9:30pm`, `noon` or `midnight`.

    Raises ValueError, with a sentence for whoever wrote it.
    """
    written = text.strip().casefold()
    match = CLOCK.fullmatch({"noon": "12:00", "midnight": "00:00"}.get(written, written))
    if match is None:
        raise ValueError(f"{_quoted(text)} is not a time of day; {TIME_HINT}.")
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(f"{_quoted(text)} is not a time of day, as am and pm go from 1 to 12; {TIME_HINT}.")
        hour = hour % 12 + (12 if match["half"] == "p" else 0)
    if hour > 23 or minute > 59:
        raise ValueError(f"{_quoted(text)} is not a time of day, which runs from 00:00 to 23:59; {TIME_HINT}.")
    return time(hour, minute)


def parse_zone(text: str) -> str:
    """Return the IANA key that `text` names in any case, or the only one with that city: `paris` for Europe/Paris.

    Raises ValueError, with a sentence that gives the nearest zones. The first call reads the list of zones from disk.
    """
    zones = _zones()
    written = _folded(text)
    match zones.get(written, ()):
        case (key,):
            return key
        case ():
            near = process.extract(written, zones.keys(), scorer=fuzz.ratio, score_cutoff=70, limit=3)
            places = dict.fromkeys(key for name, _, _ in near for key in zones[name] if PLACE.match(key))
            advice = f"did you mean {_either(list(places))}?" if places else f"{ZONE_HINT}."
            raise ValueError(f"{_quoted(text)} is not a time zone I know; {advice}")
        case keys:
            raise ValueError(f"{_quoted(text)} may be more than one time zone; write {_either(keys)}.")


def zone_names() -> tuple[str, ...]:
    """Return the time zones by which people find theirs, such as Europe/Paris. Reads the list of zones from disk."""
    return tuple(sorted(key for key in available_timezones() if PLACE.match(key)))


def _dates(text: str) -> frozenset[date]:
    """Return the dates of one piece: one date, or the first and the last of several."""
    try:
        first, *more = (date.fromisoformat(end.strip()) for end in re.split(r"\s+(?:to|until|through)\s+|\.\.", text))
    except ValueError:
        raise ValueError(f"{_quoted(text)} is not a date; {DATES_HINT}.") from None
    last = more[-1] if more else first
    if len(more) > 1 or not timedelta() <= last - first < LONGEST_HOLIDAYS:
        raise ValueError(f"{_quoted(text)} is not a range of dates within one year; {DATES_HINT}.")
    return frozenset(first + timedelta(days=ahead) for ahead in range((last - first).days + 1))


def _days(word: str) -> frozenset[int]:
    """Return the weekdays of one name, group or range."""
    if (group := DAY_GROUPS.get(word.removesuffix("s"))) is not None:
        return group
    match word.split("-"):
        case [name]:
            return frozenset({_day(name)})
        case [name, until] if name and until:
            first, last = _day(name), _day(until)
            return frozenset((first + ahead) % 7 for ahead in range((last - first) % 7 + 1))
        case _:
            raise ValueError(f"{_quoted(word)} is not a range of days; {DAYS_HINT}.")


def _day(name: str) -> int:
    """Return the weekday that a name or its beginning names; two letters tell the days apart."""
    stem = name.removesuffix("s")
    for day, weekday in enumerate(WEEKDAYS):
        if len(stem) >= 2 and weekday.startswith(stem):
            return day
    raise ValueError(f"{_quoted(name)} is not a day of the week; {DAYS_HINT}.")


def _run(first: int, days: frozenset[int]) -> list[int]:
    """Return the days of the unbroken run that begins at `first`, over the end of the week if need be."""
    run = [first]
    while (following := (run[-1] + 1) % 7) in days:
        run.append(following)
    return run


def _described(run: list[int]) -> str:
    first, last = SHORT_WEEKDAYS[run[0]], SHORT_WEEKDAYS[run[-1]]
    return first if first == last else f"{first}\N{EN DASH}{last}"


@cache
def _zones() -> dict[str, tuple[str, ...]]:
    """Return the zones by every name that they answer to: the folded key, or the folded city where no key is named so.

    Within an area the most specific key stands for a city: America/Argentina/Mendoza, not its old name.
    """
    keys = sorted(available_timezones() - {"Factory", "localtime"}, key=lambda key: (key.count("/"), key))
    cities: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for key in keys:
        area, _, place = key.partition("/")
        if PLACE.match(key):
            cities[_folded(place.rpartition("/")[2])][area] = key
    by_city = {city: tuple(by_area.values()) for city, by_area in cities.items()}
    return by_city | {_folded(key): (key,) for key in keys}


def _folded(name: str) -> str:
    return "_".join(name.casefold().split())


def _either(names: tuple[str, ...] | list[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def _quoted(text: str) -> str:
    line = " ".join(text.split())
    return f"“{line if len(line) <= 40 else line[:39] + '…'}”"
