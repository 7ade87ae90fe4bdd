"""`messages` with `role` and `content`, as chat APIs take them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lemma.problems.chat import last_text, read_conversation
from lemma.problems.parts import Parts, Row, Sample, text_of, value_at
from lemma.problems.samples import without_written_error
from lemma.problems.shapes.shape import Shape


def reader(column: str) -> Callable[[Row, Parts], Parts]:
    """Reads the conversation in a column; `chosen` and `rejected` beside it are answers to it."""

    def refine(row: Row, parts: Parts) -> Parts:
        said = read_conversation(value_at(row, column), column)
        solution, samples = said.answer, parts.samples
        if not solution and value_at(row, "chosen") is not None:
            solution = last_text(value_at(row, "chosen"), "chosen")
            samples = (Sample("rejected", last_text(value_at(row, "rejected"), "rejected"), False),)
        answer = parts.answer or text_of(said.gold, column)
        return without_written_error(
            row, replace(parts, question=said.question, solution=solution, answer=answer, samples=samples)
        )

    return refine


_Q, _WORKED = "Ada has 3 pens and buys 4. How many has she?", "She has 3 + 4 = 7 pens."
_ASKED = {"role": "user", "content": _Q}

SHAPE = Shape(
    has=("messages",),
    lacks=("problem", "question", "prompt"),
    answer=("answer", "ground_truth", "expected_answer", "final_answer", "gold_answer"),
    refine=reader("messages"),
    from_model=True,
    note="typed content parts are joined; thoughts, tool calls, and system messages are left out",
    examples={
        "OpenAI fine-tuning": {
            "messages": [
                {"role": "system", "content": "Solve it."}, _ASKED,
                {"role": "assistant", "content": f"{_WORKED}\nThe answer is 7."},
            ]
        },
        "allenai/RLVR-GSM": {"messages": [_ASKED], "ground_truth": "7", "dataset": "gsm8k"},
        "Open-Reasoner-Zero (a list of turns)": {
            "messages": [{"from": "human", "value": _Q}, {"from": "assistant", "ground_truth": {"value": "7"}}]
        },
    },
)  # fmt: skip
