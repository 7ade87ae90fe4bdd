"""ASDiv: a story, a question, an answer with its unit, `9 (apples)`, and a `formula` as its solution."""

from __future__ import annotations

import re
from dataclasses import replace

from lemma.exceptions import Refusal
from lemma.problems.parts import Parts, Row
from lemma.problems.shapes.shape import Shape, required, without_solution

_NUMBER_WITH_UNIT = re.compile(r"(-?\d[\d.,/]*)\s*\([^()\d]+\)")
_EQUATION = re.compile(r"[-+*/()\d.\s]+=\s*[-\d./]+(?:\s*r\s*\d+)?")


def refine(_row: Row, parts: Parts) -> Parts:
    if ";" in parts.answer:
        raise Refusal("several_answers", f"the answer is {parts.answer!r}")
    unit = _NUMBER_WITH_UNIT.fullmatch(parts.answer)
    story, _, question = parts.question.rpartition("\n")
    question = f"{story.strip().rstrip('.')}. {question}" if story and story[-1:] not in "?!" else f"{story} {question}"
    parts = replace(
        parts, question=required(question, "question"), answer=unit[1] if unit else parts.answer, from_model=True
    )
    if not _EQUATION.fullmatch(parts.solution):
        return without_solution(parts, f"the formula is no equation: {parts.solution[:80]!r}")
    return parts


SHAPE = Shape(
    has=("body", "question", "answer", "formula"),
    question=("{body}\n{question}",),
    solution=("formula",),
    answer=("answer",),
    refine=refine,
    note="an equation counts as a one-step solution",
    examples={
        "EleutherAI/asdiv": {
            "body": "Ada has 3 pens and buys 4.", "question": "How many pens has she?", "solution_type": "Addition",
            "answer": "7 (pens)", "formula": "3+4=7",
        },
    },
)  # fmt: skip
