"""What gives away that somebody looked at another solution: it has no place in a text that a model learns to write."""

from __future__ import annotations

import re

from lemma.teachers.protocol import NoAnswerError

_LEAK = re.compile(
    r"ground truth|(?:previous|earlier|student'?s|wrong) (?:attempt|solution|answer)|"
    r"(?:reference|correct|given|provided) solution|as (?:given|provided) (?:above|in the)|as given\b|the student\b",
    re.IGNORECASE,
)


def refuse_leaks(text: str) -> None:
    """Raises NoAnswerError, as `leaks`, for a text of a teacher that speaks of what only the teacher was shown."""
    leak = _LEAK.search(text)
    if leak is not None:
        raise NoAnswerError("leaks", f"{leak.group()!r} in: {text[:300]}")
