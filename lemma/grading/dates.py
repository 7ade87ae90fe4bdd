"""Times of day, dates, and names of days: `3:45 pm`, `15:45`, `noon`, `March 5th, 2020`, `2020-03-05`, `Fri`."""

from __future__ import annotations

import re

from lemma.grading.answer_shapes import Answer, Moment, Words

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# In full, or the usual short form: `12 marbles` is no date.
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_TIME = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*([ap])\.?\s*m\.?", re.I)
_DAY, _YEAR = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?", r"(?:,?\s+(?P<year>\d{4}))?"
_MONTH_FIRST = re.compile(rf"{_MONTH}\s+{_DAY}{_YEAR}", re.I)
_DAY_FIRST = re.compile(rf"(?:the\s+)?{_DAY}\s+(?:of\s+)?{_MONTH}{_YEAR}", re.I)
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
        return Moment("time", (hours % 12 + 12 * (time.group(3) in "pP"), minutes))
    if date := _MONTH_FIRST.fullmatch(text) or _DAY_FIRST.fullmatch(text):
        month, day, year = date.group("month", "day", "year")
        return Moment("date", (int(year) if year else None, _MONTHS.index(month.lower()[:3]) + 1, int(day)))
    if date := _ISO.fullmatch(text):
        return Moment("date", tuple(map(int, date.groups())))
    # A day of the week, also by its first letters; three letters at least.
    name = text.lower().rstrip(".")
    days = [day for day in _DAYS if len(name) >= 3 and day.startswith(name)]
    return Words(days[0]) if days else None
