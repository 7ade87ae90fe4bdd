"""Rules for three kinds of errors in plain text: a number that is copied with other digits, a percentage that is taken
for an amount, and a part of a whole that is taken for the rest. What the explanation says of them is compared with the
question and the steps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from label_checking.equations import read_step
from label_checking.reading import Finding, accounts, stated_values
from lemma.records import ErroneousSolution

_NUMBER = r"\$?(?:\d+(?:,\d{3})*(?:\.\d+)?|\.\d+)"
_COPIED = re.compile(
    rf"(?:The problem says|Step (?P<step>\d+) found) (?P<right>{_NUMBER})(?! ?\d).*?, but this step copies it as "
    rf"(?P<wrong>{_NUMBER}), with (?P<how>[a-z0-9 ]+): it should be "
)
_REST = re.compile(
    r"The step needs (?P<part>\d+)/(?P<all>\d+) \(.+\), but takes (?P<rest>\d+)/(?P<same>\d+), which is the rest: it "
)
_PERCENTAGE = re.compile(r"was skipped, so (?P<number>\d+), which is a percentage and no amount, was used")


def copies(record: ErroneousSolution) -> Iterator[Finding]:
    """What is wrong with the account of a number that was copied wrongly, or of a percentage taken for an amount."""
    for place, said in accounts(record):
        yield from _copies(record, place, said)


def _copies(record: ErroneousSolution, at: int, said: str) -> Iterator[Finding]:
    error = record.steps[at]
    if (taken := _PERCENTAGE.search(said)) is not None:
        number = taken["number"]
        if re.search(rf"(?<![\d.]){number} ?(?:%|percent)", record.question) is None:
            yield Finding("explanation: a percentage is none of the question's", number)
        if Fraction(number) not in stated_values(read_step(error)):
            yield Finding("explanation: a percentage is not in the error step", number)
    yield from _rests(record, error, said)
    found = _COPIED.match(said)
    if found is None:
        if "copies it as" in said and "\\" not in said:
            yield Finding("explanation: what is copied is not read", said)
        return
    right, wrong = (found[name].strip("$").replace(",", "") for name in ("right", "wrong"))
    place = int(found["step"]) - 1 if found["step"] is not None else None
    if place is not None and not 0 <= place < at:
        yield Finding("explanation: what is copied is from no earlier step", found.group())
        return
    source = record.question if place is None else record.steps[place]
    if Fraction(right) not in stated_values(read_step(source)):
        yield Finding("explanation: what is copied is not where it is said to be", found.group())
    if Fraction(wrong) not in stated_values(read_step(error)):
        yield Finding("explanation: the copy is not in the error step", found.group())
    before = (record.question, *record.steps[:at])
    if any(Fraction(wrong) in stated_values(read_step(text)) for text in before):
        yield Finding("explanation: the copy is another number of the problem", found.group())
    if not _is_copied_so(right, wrong, found["how"]):
        yield Finding("explanation: a number is not copied as it says", found.group())


def _rests(record: ErroneousSolution, error: str, said: str) -> Iterator[Finding]:
    """What is wrong with the account of a rest that is taken for the part."""
    if (rest := _REST.match(said)) is not None:
        part, whole, other, same = (int(rest[name]) for name in ("part", "all", "rest", "same"))
        if part + other != whole or whole != same:
            yield Finding("explanation: a rest is not that of the part", rest.group())
        if f"{part}/{whole}" not in record.question:
            yield Finding("explanation: a part is none of the question's", rest.group())
        if re.search(rf"(?<!\d){other} ?/ ?{whole}(?!\d)", error) is None:
            yield Finding("explanation: a rest is not in the error step", rest.group())
    elif "which is the rest" in said:
        yield Finding("explanation: what is said of a rest is not read", said)


def _is_copied_so(right: str, wrong: str, how: str) -> bool:
    """Whether a number becomes another as it is said: by two neighbors that are swapped, a digit that is repeated, left
    out, or read as another one, a zero, or a decimal point.
    """
    if how in ("a zero too few", "a zero too many"):
        shorter, longer = sorted((right, wrong), key=len)
        return longer == shorter + "0" and (longer == right) == (how == "a zero too few")
    if how in ("one of two equal digits left out", "the decimal point left out"):
        places = [at for at, sign in enumerate(right) if sign == "." or right[at + 1 : at + 2] == sign]
        is_point = "point" in how
        return wrong in {right[:at] + right[at + 1 :] for at in places if (right[at] == ".") == is_point}
    # Cents are written or not: $35 is $35.00.
    width = max(len(text.partition(".")[2]) for text in (right, wrong))
    old, new = (f"{float(text):.{width}f}" if width else text for text in (right, wrong))
    if len(old) != len(new):
        return False
    places = [place for place in range(len(old)) if old[place] != new[place]]
    digits = [(old[place], new[place]) for place in places]
    if how == "two digits swapped":
        return len(places) == 2 and places[1] == places[0] + 1 and digits[0] == digits[1][::-1]
    if (read := re.fullmatch(r"an? (\d) read as an? (\d)", how)) is not None:
        return digits == [read.groups()]
    return how == "the wrong digit repeated" and len(places) == 1 and set(old) == set(new)
