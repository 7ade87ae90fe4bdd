"""MetaMathQA and MathInstruct-like rows: `query` and `response`, which ends in `The answer is: 7`."""

from __future__ import annotations

from lemma.problems.shapes.shape import Shape

SHAPE = Shape(
    has=("query", "response"),
    question=("query",),
    solution=("response",),
    answer=("answer", "final_answer", "expected_answer"),
    from_model=True,
    note="repeated answer lines are left out",
    examples={
        "meta-math/MetaMathQA": {
            "type": "GSM_Rephrased", "query": "Ada has 3 pens and buys 4. How many has she?",
            "original_question": "How many pens has Ada?",
            "response": "She has 3 + 4 = 7 pens.\n#### 7\nThe answer is: 7",
        },
    },
)  # fmt: skip
