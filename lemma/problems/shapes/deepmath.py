"""DeepMath-103K: a final answer, and three solutions of R1."""

from __future__ import annotations

from dataclasses import replace

from lemma.grading.verdict import verdict
from lemma.problems.parts import Parts, Row, Sample, value_at
from lemma.problems.shapes.shape import Shape

_SOLUTIONS = ("r1_solution_1", "r1_solution_2", "r1_solution_3")


def refine(row: Row, parts: Parts) -> Parts:
    texts = [text for name in _SOLUTIONS if isinstance(text := value_at(row, name), str)]
    right = next((text for text in texts if verdict(parts.answer, text) == "equal"), "")
    unsolved = "" if right else "none of the solutions ends in final_answer"
    samples = tuple(Sample("deepseek-r1", text) for text in texts)
    return replace(parts, solution=right, unsolved=unsolved, samples=samples)


_Q, _WORKED = "Ada has 3 pens and buys 4. How many has she?", "She has 3 + 4 = 7 pens."

SHAPE = Shape(
    has=("question", "final_answer", "r1_solution_1"),
    question=("question",),
    solution=_SOLUTIONS,
    answer=("final_answer",),
    samples="`r1_solution_1` to `r1_solution_3`",
    from_model=True,
    refine=refine,
    note="the first solution that ends with the gold answer becomes the worked solution",
    examples={
        "zwhe99/DeepMath-103K": {
            "question": _Q, "final_answer": "7", "difficulty": 1.0, "topic": "Algebra",
            "r1_solution_1": f"Okay.\n</think>\n\n{_WORKED}\n\n**Final Answer**\n\\boxed{{7}}",
            "r1_solution_2": f"Okay.\n</think>\n\n{_WORKED}\n\n\\boxed{{7}}", "r1_solution_3": "Okay, so",
        },
    },
)  # fmt: skip
