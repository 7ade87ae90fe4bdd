"""OlympiadBench: a list with one solution, and a list with one answer."""

from __future__ import annotations

from dataclasses import replace

from lemma.exceptions import Refusal
from lemma.problems.parts import Parts, Row, is_list_of, text_of, value_at
from lemma.problems.shapes.shape import Shape, required


def refine(row: Row, parts: Parts) -> Parts:
    if "multimodal" in str(value_at(row, "modality")).casefold() or value_at(row, "image_1") not in (None, ""):
        raise Refusal("needs_image", "the question has an image")
    if not value_at(row, "final_answer"):
        raise Refusal("no_answer", "final_answer is empty: a proof has none")
    solutions, answers = value_at(row, "solution"), value_at(row, "final_answer")
    if is_list_of(answers, str) and len({text.strip() for text in answers}) > 1:
        raise Refusal("several_answers", f"final_answer lists {len(answers)} answers")
    return replace(
        parts,
        question=required(parts.question, "question"),
        solution=text_of(solutions[0] if is_list_of(solutions, str) else solutions, "solution"),
        answer=text_of(answers[0] if is_list_of(answers, str) else answers, "final_answer"),
    )


SHAPE = Shape(
    has=("question", "solution", "final_answer"),
    fits_also=lambda row: isinstance(value_at(row, "final_answer"), list | tuple) or "modality" in row,
    question=("{context}\n{question}",),
    solution=("solution[0]",),
    answer=("final_answer[0]",),
    refine=refine,
    note="questions with an image are refused",
    examples={
        "Hothan/OlympiadBench": {
            "id": 1, "question": "Ada has 3 pens and buys 4. How many has she?", "context": None,
            "solution": ["She has $3 + 4 = 7$ pens."], "final_answer": ["7"], "is_multiple_answer": False,
            "unit": None, "answer_type": "Numerical", "modality": "Text-only", "language": "English",
        },
    },
)  # fmt: skip
