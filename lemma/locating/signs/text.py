"""Signs in the words of a step, and its place among the others."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from lemma.arithmetic.equations import read_step
from lemma.locating.signs.reading import Reading

_DOUBT = re.compile(r"\b(?:however|but|wait|mistake|actually|instead|correct(?:ed|ion)?)\b", re.IGNORECASE)
_ASSUMPTION = re.compile(r"\b(?:assum\w+|suppose|must|since|because|should)\b", re.IGNORECASE)
_CONCLUSION = re.compile(r"^\W*(?:therefore|thus|hence|so)\b", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z]{4,}")
_TYPICAL_LENGTH = 5.0  # the logarithm of about 150 characters


def text_signs(reading: Reading) -> Iterator[dict[str, float]]:
    """The signs of each step."""
    of_problem = _words(" ".join((reading.question, *reading.reference_steps)))
    before = _words(reading.question)
    last = len(reading.steps) - 1
    for step, text in enumerate(reading.texts):
        words = _words(text)
        relative = step / max(1, last)
        yield {
            "doubt": float(_DOUBT.search(text) is not None),
            "assumption": float(_ASSUMPTION.search(text) is not None),
            "conclusion": float(_CONCLUSION.search(text) is not None),
            "long": math.log1p(len(text)) - _TYPICAL_LENGTH,
            "unreadable": float(bool(read_step(text).unread)),
            "new_words": len(words - before) / (1 + len(words)),
            "reference_words": len(words & of_problem) / (1 + len(words)),
            "is_first": float(step == 0),
            "is_second": float(step == 1),
            "is_last": float(step == last),
            "is_last_but_one": float(step == last - 1),
            "relative": relative,
            "relative_squared": relative * relative,
        }
        before |= words


def _words(text: str) -> set[str]:
    """Words by their first letters, in the place of stems."""
    return {word.lower()[:6] for word in _WORD.findall(text)}
