"""What gives away that somebody looked at another solution: it has no place in a text that a model learns to write."""

from __future__ import annotations

import re

from lemma.exceptions import Refusal

_LEAK = re.compile(
    r"\b(?:ground truth|(?:previous|earlier|student'?s|wrong) (?:attempt|solution|answer)|"
    r"(?:reference|correct|given|provided) solution|as (?:given|provided) (?:above|in the)|as given\b|the student\b)",
    re.IGNORECASE,
)


def refuse_leaks(text: str, question: str) -> None:
    """Raises Refusal, as `leaks`, for a text of a teacher that speaks of what only the teacher was shown.

    What the question speaks of itself, as one about the student who lost a point for each wrong answer, is no leak.
    """
    for leak in _LEAK.finditer(text):
        if leak.group().casefold() not in question.casefold():
            raise Refusal("leaks", f"{leak.group()!r} in: {text[:300]}")
