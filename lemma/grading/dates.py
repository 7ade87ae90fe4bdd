"""Times of day, dates, and names of days: `3:45 pm`, `15:45`, `noon`, `March 5th, 2020`, `2020-03-05`, `Fri`."""

from __future__ import annotations

import re

from lemma.grading.shapes import Answer, Moment, Words

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_TIME = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*([ap])\.?\s*m\.?", re.I)
_MONTH_FIRST = re.compile(rf"{_MONTH}\s+(\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(\d{{4}}))?", re.I)
_DAY_FIRST = re.compile(rf"(?:the\s+)?(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}(?:,?\s+(\d{{4}}))?", re.I)
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


def read_moment(text: str) -> Answer | None:
    """The time, date or day that is the whole of `text`, or None."""
    text = text.strip().removeprefix("at ").strip()
    if text.lower() in ("noon", "midnight"):
        return Moment("time", (12 if text.lower() == "noon" else 0, 0))
    if time := _TIME.fullmatch(text):
        hours, minutes = int(time.group(1)), int(time.group(2) or 0)
        if not 1 <= hours <= 12 or minutes > 59:
            return None
        return Moment("time", (hours % 12 + (12 if time.group(3).lower() == "p" else 0), minutes))
    if date := _read_date(text):
        return date
    # A day of the week, also by its first letters; three letters at least.
    name = text.lower().rstrip(".")
    days = [day for day in _DAYS if len(name) >= 3 and day.startswith(name)]
    return Words(days[0]) if days else None


def _read_date(text: str) -> Moment | None:
    if date := _MONTH_FIRST.fullmatch(text):
        return _date(date.group(1), int(date.group(2)), date.group(3))
    if date := _DAY_FIRST.fullmatch(text):
        return _date(date.group(2), int(date.group(1)), date.group(3))
    if date := _ISO.fullmatch(text):
        return Moment("date", (int(date.group(1)), int(date.group(2)), int(date.group(3))))
    return None


def _date(month: str, day: int, year: str | None) -> Moment:
    return Moment("date", (int(year) if year else None, _MONTHS.index(month.lower()) + 1, day))
