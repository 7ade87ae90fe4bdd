"""NuminaMath-1.5 and its kin, which say of each row whether its problem and its solution are valid."""

from __future__ import annotations

from lemma.exceptions import Refusal
from lemma.problems.parts import Parts, Row, value_at
from lemma.problems.shapes.shape import Shape, without_solution


def obey_validity(row: Row, parts: Parts) -> Parts:
    """The parts without a solution that the row calls invalid. Raises Refusal if the problem itself is invalid."""
    if not parts.answer and value_at(row, "messages") is not None and "\\boxed" not in parts.solution:
        raise Refusal("no_answer", "the solution has no box, so it may be a proof")
    problem, solution = value_at(row, "problem_is_valid"), value_at(row, "solution_is_valid")
    if isinstance(problem, str) and problem.casefold() != "yes":
        raise Refusal("invalid_problem", f"problem_is_valid is {problem!r}")
    if isinstance(solution, str) and solution.casefold() != "yes":
        return without_solution(parts, f"solution_is_valid is {solution!r}")
    return parts


_ROW = {
    "problem": "Ada has 3 pens and buys 4. How many has she?",
    "solution": r"We add: $3 + 4 = 7$. So she has $\boxed{7}$ pens.",
}

SHAPE = Shape(
    has=("problem", "solution"),
    lacks=("generations",),
    fits_also=lambda row: value_at(row, "problem_is_valid") is not None or value_at(row, "messages") is not None,
    question=("problem",),
    solution=("solution",),
    answer=("answer",),
    refine=obey_validity,
    note="`problem_is_valid` and `solution_is_valid` are respected; `proof` and `notfound` are not gold answers",
    examples={
        "AI-MO/NuminaMath-1.5": {
            **_ROW, "answer": "7", "problem_type": "Algebra", "question_type": "math-word-problem",
            "problem_is_valid": "Yes", "solution_is_valid": "Yes", "source": "olympiads", "synthetic": False,
        },
        "AI-MO/NuminaMath-CoT": {
            **_ROW, "source": "synthetic_math",
            "messages": [
                {"role": "user", "content": _ROW["problem"]}, {"role": "assistant", "content": _ROW["solution"]}
            ],
        },
    },
)  # fmt: skip
