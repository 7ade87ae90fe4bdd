"""OpenMathInstruct-1 and -2, OpenMathReasoning: solutions that a model wrote, and the answer that was expected."""

from __future__ import annotations

from dataclasses import replace

from lemma.problems.parts import Parts, Row, Sample, value_at
from lemma.problems.shapes.shape import Shape, without_solution


def refine(row: Row, parts: Parts) -> Parts:
    right = value_at(row, "is_correct")
    model = str(value_at(row, "generation_model") or "student")
    is_right = right if isinstance(right, bool) else None
    sampled = replace(parts, samples=(Sample(model, parts.solution, is_right),) if parts.solution else ())
    mode = str(value_at(row, "inference_mode") or "cot")
    if is_right is False:
        return without_solution(sampled, "is_correct is false")
    if mode.casefold() == "genselect":
        return without_solution(replace(sampled, samples=()), "inference_mode is genselect: it chooses a solution")
    return sampled


_Q, _WORKED = "Ada has 3 pens and buys 4. How many has she?", "She has 3 + 4 = 7 pens."

SHAPE = Shape(
    has=("generated_solution", "expected_answer"),
    question=("problem", "question"),
    solution=("generated_solution",),
    answer=("expected_answer",),
    samples="`generated_solution`",
    from_model=True,
    refine=refine,
    note="a solution whose answer is not the expected one is only a sample, not a worked solution",
    examples={
        "nvidia/OpenMathReasoning": {
            "expected_answer": "7", "problem_type": "has_answer_extracted", "problem_source": "aops",
            "generation_model": "DeepSeek-R1", "pass_rate_72b_tir": "0.4", "problem": _Q,
            "generated_solution": f"<think>\nFirst guess 9. No.\n</think>\n\n{_WORKED}\n\n\\boxed{{7}}",
            "inference_mode": "cot", "used_in_kaggle": True,
        },
        "nvidia/OpenMathInstruct-2": {
            "problem": _Q, "generated_solution": f"{_WORKED}\n\nSo the answer is \\boxed{{7}}.",
            "expected_answer": "7", "problem_source": "augmented_gsm8k",
        },
        "nvidia/OpenMathInstruct-1": {
            "question": _Q, "generated_solution": f"{_WORKED}\n\nSo the answer is \\boxed{{7}}.",
            "expected_answer": "7", "predicted_answer": "7", "is_correct": True, "generation_type": "masked_solution",
        },
    },
)  # fmt: skip
