"""Words by which a step tells where it stands in a solution: `first`, `so`, `in total`.

An error that moves a sentence to another place must not be known by them: `signals` has to be the same for the
sentence that stood there and for the one that stands there now.
"""

from __future__ import annotations

import re

_SIGNALS = re.compile(
    r"\b(?:therefore|thus|so|hence|finally|first|then|next|now|total\w*|together|altogether|combined|in all|overall|"
    r"left|remain\w*|sum|average|needs?|after|all|because|since|if|profit|change|find|means|will|would|each|per|more)\b"
    r"|[:,%]",
    re.IGNORECASE,
)
_STEM = 5
# What stands in any step.
_ANYWHERE = frozenset(("first", "if", "each", "per", ":", ",", "%", "find", "will", "would", "becau", "since", "means"))


def signals(text: str) -> frozenset[str]:
    """The signal words of a step, in small letters and without endings."""
    return frozenset(match.group().lower()[:_STEM] for match in _SIGNALS.finditer(text))


def stands_later(text: str, other: str) -> bool:
    """Whether a step has more words of the end of a solution than another."""
    own, others = (signals(one) - _ANYWHERE for one in (text, other))
    return len(own) > len(others)
