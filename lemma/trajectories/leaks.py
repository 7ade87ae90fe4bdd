"""Reject text that reveals a look at another solution: a model should not learn to write it."""

from __future__ import annotations

import re

from lemma.exceptions import Refusal

_LEAK = re.compile(
    r"\b(?:ground truth|(?:previous|earlier|student'?s|wrong) (?:attempt|solution|answer)|"
    r"(?:reference|correct|given|provided) solution|as (?:given|provided) (?:above|in the)|as given\b|the student\b)",
    re.IGNORECASE,
)


def refuse_leaks(text: str, question: str) -> None:
    """Raises Refusal, as `leaks`, if a teacher's text mentions what only the teacher was shown.

    Words that the question uses too are allowed, as in one about a student who loses a point for each wrong answer.
    """
    for leak in _LEAK.finditer(text):
        if leak.group().casefold() not in question.casefold():
            raise Refusal("leaks", f"{leak.group()!r} in: {text[:300]}")
