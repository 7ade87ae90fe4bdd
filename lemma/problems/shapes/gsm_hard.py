"""GSM-Hard: a question as `input`, a program as `code`, and a `target`."""

from __future__ import annotations

from dataclasses import replace

from lemma.problems.parts import Parts, Row
from lemma.problems.shapes.shape import Shape, required


def refine(_row: Row, parts: Parts) -> Parts:
    unsolved = "code is a program, not a worked solution"
    return replace(parts, question=required(parts.question, "input"), unsolved=unsolved)


SHAPE = Shape(
    has=("input", "code", "target"),
    question=("input",),
    answer=("target",),
    refine=refine,
    note="there are no worked solutions, so use it with `lemma sample` and `lemma eval`",
    examples={
        "reasoning-machines/gsm-hard": {
            "input": "Ada has 3000003 pens and buys 4. How many has she?",
            "code": "def solution():\n    return 3000003 + 4", "target": 3000007.0,
        },
    },
)  # fmt: skip
