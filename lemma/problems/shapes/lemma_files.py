"""The files of a lemma run that have problems in them: `erroneous.jsonl`, and the outputs of `lemma eval`.

`problems.jsonl` and `generated.jsonl` are read by their columns, records by the shape they were written in.
"""

from __future__ import annotations

from dataclasses import replace

from lemma.exceptions import Refusal
from lemma.problems.parts import Parts, Row, Sample, text_of, value_at
from lemma.problems.shapes.shape import Shape

_WITHOUT_QUESTION = ("problem_id", "erroneous_id", "steps", "strategy")


def fits(row: Row) -> bool:
    if value_at(row, "question") is None:
        named = value_at(row, "problem_id") is not None or value_at(row, "erroneous_id") is not None
        return named and isinstance(value_at(row, "steps"), list)
    is_erroneous = value_at(row, "reference_steps") is not None and value_at(row, "error_step") is not None
    is_trajectory = value_at(row, "segments") is not None and value_at(row, "erroneous_id") is not None
    is_output = isinstance(value_at(row, "output"), str) and value_at(row, "gold") is not None
    return is_erroneous or is_trajectory or is_output


def refine(row: Row, parts: Parts) -> Parts:
    if not parts.question:
        raise Refusal("missing_field", "a line of lemma's own solutions has no question; give problems.jsonl instead")
    model = text_of(value_at(row, "model"), "model") or "student"
    if value_at(row, "error_step") is not None:
        steps = text_of(value_at(row, "steps"), "steps")
        final = text_of(value_at(row, "final_answer"), "final_answer")
        return replace(parts, samples=(Sample(model, f"{steps}\nThe answer is {final}", False),))
    if value_at(row, "segments") is not None:
        return replace(parts, unsolved="trajectories.jsonl has errors in its solutions; give problems.jsonl instead")
    return replace(parts, samples=(Sample(model, text_of(value_at(row, "output"), "output")),))


_Q, _STEP = "Ada has 3 pens and buys 4. How many has she?", "She has 3 + 4 = 7 pens."

SHAPE = Shape(
    has=(),
    fits_also=fits,
    question=("question",),
    solution=("reference_steps",),
    answer=("gold_answer", "gold"),
    samples="`steps`, `output`",
    refine=refine,
    examples={
        "lemma: erroneous.jsonl": {
            "id": "e1", "problem_id": "p1", "question": _Q, "gold_answer": "7", "reference_steps": [_STEP],
            "steps": ["She has 3 + 4 = 8 pens."], "error_step": 0, "error_type": "calculation_error",
            "explanation": "3 + 4 is 7.", "final_answer": "8", "origin": "symbolic", "model": "calculation_error",
        },
        "lemma: outputs.jsonl": {
            "id": "o1", "problem_id": "p1", "model": "m", "condition": "plain", "sample": 0, "question": _Q,
            "gold": "7", "output": f"{_STEP} The answer is 7.", "answer": "7", "grade": "equal",
            "finish_reason": "stop",
        },
    },
)  # fmt: skip
