"""Which kind of its type an injected error is, so that a phrase fits that kind: a misread question may be a comparison
taken the wrong way around or an answer given too early, a missing step a whole one or a part of one.
"""

from __future__ import annotations

from lemma.records import ErroneousSolution

EARLY_STOP, COMPARISON, PART = "early_stop", "comparison", "part"


def kind_of(erroneous: ErroneousSolution) -> str:
    """The kind, by the form of the wrong solution; empty if its type has no kinds, or if no injector made it."""
    if erroneous.origin != "symbolic":
        return ""
    is_shorter = len(erroneous.steps) < len(erroneous.reference_steps)
    if erroneous.error_type == "question_misinterpretation_error":
        return EARLY_STOP if is_shorter else COMPARISON
    return PART if erroneous.error_type == "missing_step" and not is_shorter else ""
