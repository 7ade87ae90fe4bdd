"""s1K: a solution that may be the bare answer, with thoughts and attempts of models beside it."""

from __future__ import annotations

from dataclasses import replace

from lemma.problems.parts import Parts, Row, Sample, is_list_of, value_at
from lemma.problems.shapes.shape import Shape

_ATTEMPTS = {"attempt": "gemini", "gemini_attempt": "gemini", "deepseek_attempt": "deepseek-r1"}


def refine(row: Row, parts: Parts) -> Parts:
    grades = {name: str(value_at(row, name.replace("attempt", "grade"))).casefold() for name in _ATTEMPTS}
    samples = []
    for name, model in _ATTEMPTS.items():
        text = value_at(row, name)
        text = text[0] if is_list_of(text, str) else text
        if isinstance(text, str):
            samples.append(Sample(model, text, {"yes": True, "no": False}.get(grades[name])))
    return replace(parts, samples=tuple(samples))


_Q, _WORKED = "Ada has 3 pens and buys 4. How many has she?", "She has 3 + 4 = 7 pens."

SHAPE = Shape(
    has=("question", "solution"),
    fits_also=lambda row: any(value_at(row, name) is not None for name in _ATTEMPTS),
    question=("question",),
    solution=("solution",),
    refine=refine,
    samples="`attempt`, `gemini_attempt`, `deepseek_attempt`; their thoughts are left out",
    examples={
        "simplescaling/s1K": {
            "question": _Q, "solution": "7", "cot_type": "math", "source_type": "AIME", "cot": None,
            "thinking_trajectories": ["First guess 9. No."], "attempt": f"{_WORKED}\n\\boxed{{7}}",
        },
        "simplescaling/s1K-1.1": {
            "question": _Q, "solution": rf"{_WORKED} So it is $\boxed{{7}}$.", "source_type": "AIME",
            "gemini_thinking_trajectory": "Add.", "gemini_attempt": r"\boxed{7}", "gemini_grade": "Yes",
            "deepseek_thinking_trajectory": "Say 8.", "deepseek_attempt": r"\boxed{8}", "deepseek_grade": "No",
        },
    },
)  # fmt: skip
