"""MathQA: `options` in one text, `a ) 70 , b ) 74`, and the letter of the `correct` one."""

from __future__ import annotations

from lemma.problems.options import gold_option, read_options, with_options, without_letter
from lemma.problems.parts import Parts, Row, value_at
from lemma.problems.shapes.shape import Shape, required


def refine(row: Row, parts: Parts) -> Parts:
    options = read_options(value_at(row, "options"), "options")
    question = with_options(required(parts.question, "Problem"), options)
    return Parts(question, without_letter(parts.solution), gold_option(options, value_at(row, "correct"), "correct"))


SHAPE = Shape(
    has=("options", "correct"),
    fits_also=lambda row: isinstance(value_at(row, "options"), str),
    question=("Problem", "question"),
    solution=("Rationale",),
    answer=("correct",),
    refine=refine,
    note="options are shown with the question; the gold answer is the right option's value, or its letter and text",
    examples={
        "allenai/math_qa": {
            "Problem": "ada has 3 pens and buys 4 . how many has she ?",
            "Rationale": '"she has 3 + 4 = 7 pens . answer : c"',
            "options": "a ) 5 , b ) 6 , c ) 7 , d ) 8 , e ) none of these", "correct": "c",
            "annotated_formula": "add(const_3, const_4)", "linear_formula": "add(n0,n1)|", "category": "general",
        },
    },
)  # fmt: skip
