"""What the last box holds if only it was changed: whether it is what the type makes of the reference's answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction

from label_checking.latex.answers import same_answer
from label_checking.latex.text import boxes
from label_checking.reading import Finding
from lemma.records import ErroneousSolution

_BRACKETS = str.maketrans("[]", "()")
_ENTRY = re.compile(r",|\\\\|&")
_BOX = re.compile(r"\\(?:boxed|fbox)\s*\{")
_NUMBER = re.compile(r"-?\d+")
_GAP = re.compile(r",[^,()\[\]]*[)\]]\\cup[(\[][^,()\[\]]*,")


def check_last_box(record: ErroneousSolution) -> Iterator[Finding]:
    """A finding if only the last box of the wrong step was changed, in another way than the type says."""
    at = record.located_step
    if at >= len(record.reference_steps) or record.error_type not in _RULES:
        return
    right, now = record.reference_steps[at], record.steps[at]
    old, new = boxes(right), boxes(now)
    if not old or not new or not is_same_up_to_box(right, now):
        return
    if not _RULES[record.error_type](_plain(old[-1]), _plain(new[-1])):
        yield Finding(f"error step: {record.error_type}: the box is not what this type makes of the answer", now[-200:])


def is_same_up_to_box(right: str, now: str) -> bool:
    """Whether two steps are the same up to their last box. What stands behind it may be left out."""
    ends = [[match.start() for match in _BOX.finditer(text)] for text in (right, now)]
    return bool(ends[0] and ends[1]) and right[: ends[0][-1]] == now[: ends[1][-1]]


def _plain(text: str) -> str:
    return re.sub(r"\\(?:left|right|[,;:! ])|\s", "", text)


def _one_end(right: str, now: str) -> bool:
    if right.translate(_BRACKETS) == now.translate(_BRACKETS):
        return sum(one != other for one, other in zip(right, now, strict=True)) == 1
    return any(right[: gap.start()] + "," + right[gap.end() :] == now for gap in _GAP.finditer(right))


def _off_by_one(right: str, now: str) -> bool:
    numbers = [_NUMBER.fullmatch(text) for text in (right, now)]
    return None in numbers or abs(int(right) - int(now)) == 1


def _swapped(right: str, now: str) -> bool:
    one, other = (sorted(_ENTRY.split(text.strip("()"))) for text in (right, now))
    return one == other and right != now


def _turned_over(right: str, now: str) -> bool:
    """A fraction upside down; anything else is judged by the formula before it."""
    one, other = ([Fraction(number) for number in _NUMBER.findall(re.sub(r"[{}]", " ", text))] for text in (right, now))
    return one[::-1] == other or len(one) != 2 or len(other) != 2 or one != other


def _without_one(right: str, now: str) -> bool:
    roots, kept = right.split(","), now.split(",")
    return len(kept) == len(roots) - 1 and all(any(same_answer(a, b) for b in roots) for a in kept)


_RULES: dict[str, Callable[[str, str], bool]] = {
    "endpoint_error": _one_end,
    "counting_error": _off_by_one,
    "coordinate_swap_error": _swapped,
    "fraction_error": _turned_over,
    "lost_root_error": _without_one,
}
