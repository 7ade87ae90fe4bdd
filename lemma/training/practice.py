"""What the embedded model practices on if nothing else is given: generated problems that it can learn to solve.

`lemma train` makes them with lemma's own commands, in a run directory within that of the user; `lemma eval` asks about
those held out.
"""

from __future__ import annotations

from typing import Any

PRESET = "practice"
PROBLEMS, HELD_OUT = 6000, 100
# How hard the problems are, as options of `lemma generate`.
STORIES: dict[str, Any] = {"operations": "1-2", "distractors": 0, "shuffled": False}
# A turned relation ("2 more than" read as "2 fewer than") misreads the question.
ERROR_TYPES = (
    *("calculation_error", "question_misinterpretation_error"),
    *("context_value_error", "previous_step_value_error"),
)
# What `lemma eval` asks for, unless told otherwise: what the model was trained for, and a few samples.
EVALUATION: dict[str, Any] = {
    "suite": ("accuracy", "self-correction", "recovery"),
    "types": ERROR_TYPES,
    "n": 2,
    "errors": 1,
}
