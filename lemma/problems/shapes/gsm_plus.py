"""GSM-Plus: variations of GSM8K, with the seed they were made from."""

from __future__ import annotations

from lemma.problems.shapes.shape import Shape

SHAPE = Shape(
    has=("question", "solution", "answer", "perturbation_type"),
    question=("question",),
    solution=("solution",),
    answer=("answer",),
    note="`None`, the answer to a question that cannot be answered, does not count as a gold answer",
    examples={
        "qintongli/GSM-Plus": {
            "question": "Ada has 30 pens and buys 4. How many has she?", "solution": "She has 30 + 4 = 34 pens.",
            "answer": "34", "perturbation_type": "digit expansion", "seed_question": "Ada has 3 pens.",
            "seed_solution": "3 + 4 = 7", "seed_answer": "7",
        },
    },
)  # fmt: skip
