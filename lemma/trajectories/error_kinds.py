"""Which kind of its type an injected error is, so that a phrase fits that kind: a misread question may be a comparison
taken the wrong way around or an answer given too early, a missing step a whole one or a part of one, and a sign that of
a term which can be seen in the step.
"""

from __future__ import annotations

import re

from lemma.records import ErroneousSolution

EARLY_STOP, COMPARISON, PART, TERMS = "early_stop", "comparison", "part", "terms"
# "x + 7" and "30 - 4", but not "x = -4" and "a 14-day trip".
_TERMS = re.compile(r"[\w)}\]]\s*(?:[+−]|-(?=\s*(?:[\d(\\$]|[A-Za-z](?![A-Za-z]))))")


def kind_of(erroneous: ErroneousSolution) -> str:
    """The kind, by the form of the wrong solution; empty if its type has no kinds, or if no injector made it."""
    if erroneous.origin != "symbolic":
        return ""
    is_shorter = len(erroneous.steps) < len(erroneous.reference_steps)
    if erroneous.error_type == "question_misinterpretation_error":
        return EARLY_STOP if is_shorter else COMPARISON
    if erroneous.error_type == "sign_error" and erroneous.error_step is not None:
        return TERMS if _TERMS.search(erroneous.steps[erroneous.error_step]) is not None else ""
    return PART if erroneous.error_type == "missing_step" and not is_shorter else ""
