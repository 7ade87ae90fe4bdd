"""What the words of a problem and of a step say that a wrong value or a wrong sign would contradict."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lemma.algebra.reading import formula_spans

# Words that judge a value: what they say may be false of the wrong one.
JUDGES = re.compile(
    r"\b(?:"
    r"check\w*|verif\w+|testing|indeed|contradict\w+|impossible|even|odd|prime|integer|integers|whole|perfect|"
    r"divisible|divides|multiple|positive|negative|nonnegative|smallest|largest|greatest|least|maximum|"
    r"minimum|larger|smaller|greater|less|closest|between|distinct|unique|only|never|always|graph\w*|"
    r"intersect\w*|discard\w*|reject\w*|cannot|can't|nonzero|must|extraneous|real|undefined|valid|"
    r"satisf\w+|factors|digit\w*|as desired|difference of|sum of (?:squares|cubes)|works?"
    r")\b",
    re.IGNORECASE,
)
_OPERATION = re.compile(
    r"\b(?:add(?:s|ed|ing)?|subtract(?:s|ed|ing)?|plus|minus|cancel\w*|(?:both|each) sides?)\b", re.IGNORECASE
)


def without_formulas(text: str) -> str:
    """The words of a text, with a blank in the place of each formula."""
    for start, end in reversed(formula_spans(text)):
        text = text[:start] + " " + text[end:]
    return text


def names_operation(steps: Sequence[str], step: int) -> bool:
    """Whether the words of a step, or of the one before if its sentence goes on, say how a term changes sides, as in
    `Adding 10 to both sides`: nobody says so and does the opposite.
    """
    words = without_formulas(steps[step])
    if step and not steps[step - 1].rstrip(" $\n").endswith((".", "!", "?", "\\]")):
        words = f"{without_formulas(steps[step - 1])} {words}"
    return _OPERATION.search(words) is not None
