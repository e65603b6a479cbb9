"""How dates and instants read to people."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime

LOCALE = "en_GB"


def describe_day(day: date) -> str:
    """Return a date as `Mon 2 Mar 2026`."""
    return format_date(day, "EEE d MMM y", locale=LOCALE)


def describe_moment(moment: datetime, zone: str) -> str:
    """Return an instant (UTC) as the clock of a zone shows it: `Mon 2 Mar 2026, 09:00 (Europe/Paris)`."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{format_datetime(local, 'EEE d MMM y, HH:mm', locale=LOCALE)} ({zone})"
