"""MGSM: `answer_number` is the gold answer; a worked solution is only in its few training rows."""

from __future__ import annotations

import re
from dataclasses import replace

from lemma.problems.parts import Parts, Row
from lemma.problems.shapes.shape import Shape, required

# "Question:" and "Step-by-Step Answer:" in the language of the row.
_HEADING = re.compile(r"^[^\W\d][^:：\n.?!]{0,40}[:：]\s*")
_ANSWER_HEADING = re.compile(r"^[^:：\n.?!\d]{0,60}[:：]\s*")


def refine(_row: Row, parts: Parts) -> Parts:
    if not parts.solution:
        return replace(parts, question=required(parts.question, "question"))
    question = _HEADING.sub("", required(parts.question, "question"), count=1)
    return replace(parts, question=question, solution=_ANSWER_HEADING.sub("", parts.solution, count=1))


SHAPE = Shape(
    has=("question", "answer_number"),
    question=("question",),
    solution=("answer",),
    answer=("answer_number",),
    refine=refine,
    note="the problems are in eleven languages",
    examples={
        "juletxara/mgsm": {
            "question": "Ada hat 3 Stifte und kauft 4. Wie viele hat sie?", "answer": None, "answer_number": 7,
            "equation_solution": None,
        },
    },
)  # fmt: skip
