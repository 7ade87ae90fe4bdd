"""AQuA: `options` as a list with letters, and the letter of the `correct` one. Also MMLU and ARC (`choices`)."""

from __future__ import annotations

from lemma.exceptions import Refusal
from lemma.problems.options import gold_option, read_options, with_options, without_letter
from lemma.problems.parts import Parts, Row, value_at
from lemma.problems.shapes.shape import Shape, required

_OPTIONS, _RIGHT = ("options", "choices"), ("correct", "answerKey", "answer", "answer_index", "label")


def _first(row: Row, names: tuple[str, ...]) -> str | None:
    return next((name for name in names if value_at(row, name) is not None), None)


def fits(row: Row) -> bool:
    name = _first(row, _OPTIONS)
    return name is not None and isinstance(value_at(row, name), list | tuple | dict) and bool(value_at(row, name))


def refine(row: Row, parts: Parts) -> Parts:
    name, right = _first(row, _OPTIONS), _first(row, _RIGHT)
    options = read_options(value_at(row, name or ""), name or "")
    if right is None:
        raise Refusal("no_answer", "no column says which of the options is right")
    question = with_options(required(parts.question, "question"), options)
    return Parts(question, without_letter(parts.solution), gold_option(options, value_at(row, right), right))


_Q, _WORKED = "Ada has 3 pens and buys 4. How many has she?", "She has 3 + 4 = 7 pens."

SHAPE = Shape(
    has=("question",),
    fits_also=fits,
    question=("question",),
    solution=("rationale", "explanation", "solution"),
    answer=("correct", "answerKey", "answer"),
    refine=refine,
    note="options are shown with the question; the gold answer is the right option's value, or its letter and text",
    examples={
        "deepmind/aqua_rat": {
            "question": _Q, "options": ["A)5", "B)6", "C)7", "D)8", "E)9"], "rationale": f"{_WORKED}\nANSWER:C",
            "correct": "C",
        },
        "cais/mmlu": {"question": _Q, "subject": "math", "choices": ["5", "6", "7", "8"], "answer": 2},
    },
)  # fmt: skip
