"""Alpaca and MathInstruct: an `instruction`, an `input` that belongs to it, and an `output`."""

from __future__ import annotations

from dataclasses import replace

from lemma.problems.parts import Parts, Row, Sample, value_at
from lemma.problems.samples import without_written_error
from lemma.problems.shapes.shape import Shape, required


def refine(row: Row, parts: Parts) -> Parts:
    parts = replace(parts, question=required(parts.question, "instruction"))
    chosen, rejected = value_at(row, "chosen"), value_at(row, "rejected")
    if isinstance(chosen, str) and not parts.solution:
        samples = (Sample("rejected", rejected, False),) if isinstance(rejected, str) else ()
        parts = replace(parts, solution=chosen.strip(), samples=samples)
    return without_written_error(row, parts)


_Q, _WORKED = "Ada has 3 pens and buys 4. How many has she?", "She has 3 + 4 = 7 pens."

SHAPE = Shape(
    has=("instruction",),
    fits_also=lambda row: any(value_at(row, name) is not None for name in ("output", "response", "chosen")),
    question=("{instruction}\n{input}", "{instruction}\n{context}"),
    solution=("output", "response"),
    answer=("answer", "final_answer", "gold_answer", "expected_answer", "ground_truth"),
    from_model=True,
    refine=refine,
    examples={
        "Alpaca with input": {"instruction": "Solve it.", "input": _Q, "output": f"{_WORKED}\nThe answer is 7"},
        "TIGER-Lab/MathInstruct": {
            "source": "data/CoT/gsm_rft.json", "instruction": _Q, "output": f"{_WORKED}\nThe answer is 7"
        },
        "lemma build-sft --shape alpaca": {"instruction": _Q, "input": "", "output": f"{_WORKED}\nThe answer is 7"},
    },
)  # fmt: skip
