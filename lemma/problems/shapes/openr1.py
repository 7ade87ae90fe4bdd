"""OpenR1-Math: a problem of NuminaMath-1.5 with generations of R1, and verdicts on them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lemma.problems.parts import Parts, Row, Sample, value_at
from lemma.problems.shapes.numinamath import obey_validity
from lemma.problems.shapes.shape import Shape


def refine(row: Row, parts: Parts) -> Parts:
    generations = value_at(row, "generations")
    verdicts = value_at(row, "correctness_math_verify") or value_at(row, "correctness_llama")
    complete, ends = value_at(row, "is_reasoning_complete"), value_at(row, "finish_reasons")
    samples = tuple(
        Sample(
            str(value_at(row, "model") or "deepseek-r1"),
            text,
            _at(verdicts, place, bool),
            _at(complete, place, bool) is not False and _at(ends, place, str) != "length",
        )
        for place, text in enumerate(generations)
        if isinstance(text, str)
    )
    return replace(obey_validity(row, parts), samples=samples)


def _at(values: Any, place: int, kind: type) -> Any:
    found = values[place] if isinstance(values, list | tuple) and place < len(values) else None
    return found if isinstance(found, kind) else None


_Q, _WORKED = "Ada has 3 pens and buys 4. How many has she?", "She has 3 + 4 = 7 pens."

SHAPE = Shape(
    has=("problem", "generations"),
    fits_also=lambda row: isinstance(value_at(row, "generations"), list | tuple),
    question=("problem",),
    solution=("solution",),
    answer=("answer",),
    samples="`generations`, with `correctness_math_verify`; truncated ones are refused",
    refine=refine,
    examples={
        "open-r1/OpenR1-Math-220k": {
            "problem": _Q, "solution": rf"{_WORKED} \boxed{{7}}", "answer": "7", "problem_type": "Algebra",
            "question_type": "math-word-problem", "problem_is_valid": "Yes", "solution_is_valid": "Yes",
            "source": "cn_contest", "uuid": "u-1", "is_reasoning_complete": [True, False],
            "generations": [f"<think>\nAdd them.\n</think>\n\n{_WORKED}\n\n\\boxed{{7}}", "<think>\nFirst, 3 and"],
            "correctness_math_verify": [True, False], "correctness_llama": None, "finish_reasons": None,
            "correctness_count": 1, "messages": [{"role": "user", "content": _Q}],
        },
    },
)  # fmt: skip
