"""PRM800K: a problem with its solution in `question`, and rated steps of a model in `label`."""

from __future__ import annotations

from dataclasses import replace

from lemma.problems.parts import Parts, Row, Sample, text_of, value_at
from lemma.problems.shapes.shape import Shape, required


def refine(row: Row, parts: Parts) -> Parts:
    steps = text_of(value_at(row, "question.pre_generated_steps"), "pre_generated_steps")
    samples = (Sample("gpt-4", steps),) if steps else ()
    return replace(parts, question=required(parts.question, "question.problem"), samples=samples)


SHAPE = Shape(
    has=("question", "label"),
    fits_also=lambda row: isinstance(value_at(row, "question.problem"), str),
    question=("question.problem",),
    solution=("question.ground_truth_solution",),
    answer=("question.ground_truth_answer",),
    samples="`question.pre_generated_steps`",
    refine=refine,
    examples={
        "openai/prm800k": {
            "labeler": "l-0", "generation": 4, "is_quality_control_question": False,
            "question": {
                "problem": "Ada has $3$ pens and buys $4$. How many has she?",
                "ground_truth_solution": r"She has $3 + 4 = \boxed{7}$ pens.", "ground_truth_answer": "7",
                "pre_generated_steps": ["She has $3 + 4 = 8$ pens.", "# Answer\n\n8"], "pre_generated_answer": "8",
            },
            "label": {"steps": [], "total_time": 1, "finish_reason": "found_error"},
        },
    },
)  # fmt: skip
