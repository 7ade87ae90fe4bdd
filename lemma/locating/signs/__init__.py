"""Signs that a step is the first wrong one, as numbers: what `graph` weighs.

    >>> reading = Reading("He has 9 eggs. He eats 3 eggs.", "6", ("9 - 3 = 6 eggs are left.",), ("He has 9 + 3 = 12.",))
    >>> signs = dict(zip(SIGNS, signs_of_steps(reading)[0], strict=True))
    >>> float(signs["other_operator"]), float(signs["false"])
    (1.0, 0.0)

None was written for a single case: a sign is a property that the fit gives a weight, which may turn out to be about
zero. Each file of this folder looks at one side of a step; what depends on the steps around it is added here.
"""

from __future__ import annotations

from itertools import chain

import numpy as np
from numpy.typing import NDArray

from lemma.locating.signs.algebra import ALGEBRA_FLAGS, algebra_signs
from lemma.locating.signs.computations import computation_signs
from lemma.locating.signs.evidence import EVIDENCE, EVIDENCE_FLAGS, evidence_signs
from lemma.locating.signs.formulas import formula_signs
from lemma.locating.signs.reading import Reading
from lemma.locating.signs.repairs import REPAIRS, repair_signs
from lemma.locating.signs.rewriting import REWRITING_FLAGS, rewriting_signs
from lemma.locating.signs.text import text_signs
from lemma.locating.signs.values import value_signs

__all__ = ["SIGNS", "Reading", "Signs", "signs_of_steps"]

Signs = NDArray[np.float64]

# A flag is turned into three signs: the step has it, it is the first to have it, an earlier step has it.
FLAGS = (
    "false", "other_operator", "no_counterpart", "apart", "provable", "repairable",
    "new_value", "unexplained_number", "unexplained_operand", "contradicts_value", "fails_reference",
    "loses_solution", "not_identical", "unreadable", "answer_value", "root_of_nothing", "not_identical_product",
    "proven", *REPAIRS, *ALGEBRA_FLAGS, *REWRITING_FLAGS, *EVIDENCE_FLAGS,
)  # fmt: skip
# Wrong by itself, not by what came before.
_PROOFS = ("false_from_reference", "false_though_set_up_right", "impossible")
_CLEAN = ("apart", "unexplained_number", "contradicts_value", "fails_reference", "false")
_STRONG = ("false", "other_operator", "apart", "repairable")
PLAIN = (
    "false_formula", "false_though_set_up_right", "false_instance", "counterpart", "all_counterparts",
    "one_from_reference", "part_of_reference", "all_parts", "leads_to_right", "computations", "reference_value",
    "gold_value", "one_from_gold", "used_later", "new_value_used_later", "question_value_first_used", "no_numbers",
    "repeats_only", "holds", "identical", "fits_reference", "root_of_reference", "doubt", "assumption", "conclusion",
    "long", "new_words", "reference_words", "is_first", "is_second", "is_last", "is_last_but_one", "relative",
    "relative_squared", *EVIDENCE,
)  # fmt: skip
AROUND = (
    "counterpart_later", "reference_value_later", "reference_value_before", "first_computing", "before_computing",
    *(f"{flag}_and_clean" for flag in _STRONG), *(f"{name}_later" for name in EVIDENCE),
    *(f"{prefix}_{flag}" for prefix in ("first", "after") for flag in FLAGS),
)  # fmt: skip
SIGNS = (*PLAIN, *FLAGS, *AROUND)
_OF_READING = (
    *(computation_signs, repair_signs, value_signs, formula_signs, algebra_signs, rewriting_signs),
    *(evidence_signs, text_signs),
)


def signs_of_steps(reading: Reading) -> Signs:
    """One row per step, one column per sign, in the order of `SIGNS`."""
    parts = [list(signs(reading)) for signs in _OF_READING]
    return combined_signs([dict(chain.from_iterable(map(dict.items, step))) for step in zip(*parts, strict=True)])


def combined_signs(steps: list[dict[str, float]]) -> Signs:
    """The signs of each step with what depends on several of them, and on the steps around it."""
    for signs in steps:
        of_instance = signs["false_instance"] > signs["false_formula"]
        signs["false"] = max(0.0 if of_instance else signs["false_equation"], signs["false_formula"])
        signs["proven"] = max(signs[name] for name in _PROOFS)
    for step, signs in enumerate(steps):
        signs.update(_signs_around(steps, step))
    return np.array([[signs[name] for name in SIGNS] for signs in steps])


def _signs_around(steps: list[dict[str, float]], step: int) -> dict[str, float]:
    here, before, later = steps[step], steps[:step], steps[step + 1 :]
    computing = [signs["computations"] > 0 or signs["holds"] > 0 for signs in steps[: step + 1]]
    clean = not any(signs[flag] for signs in before for flag in _CLEAN)
    around = {
        "counterpart_later": float(any(signs["counterpart"] for signs in later)),
        "reference_value_later": float(any(signs["reference_value"] for signs in later)),
        "reference_value_before": float(any(signs["reference_value"] for signs in before)),
        "first_computing": float(computing[-1] and not any(computing[:-1])),
        "before_computing": float(not any(computing)),
    }
    around |= {f"{name}_later": float(any(signs[name] for signs in later)) for name in EVIDENCE}
    around |= {f"{flag}_and_clean": float(clean and bool(here[flag])) for flag in _STRONG}
    for flag in FLAGS:
        seen = any(signs[flag] for signs in before)
        around[f"first_{flag}"] = float(bool(here[flag]) and not seen)
        around[f"after_{flag}"] = float(seen)
    return around
