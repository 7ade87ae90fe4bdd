"""ShareGPT: `conversations` with `from` and `value`."""

from __future__ import annotations

from lemma.problems.chat import is_conversation
from lemma.problems.parts import Row, names_of, value_at
from lemma.problems.shapes.messages import reader
from lemma.problems.shapes.shape import Shape

_Q, _WORKED = "Ada has 3 pens and buys 4. How many has she?", "She has 3 + 4 = 7 pens."


def _column(row: Row) -> str:
    """The column of the conversation, which some name in the singular; empty if there is none."""
    names = names_of(row)
    if "conversations" in names:
        return "conversations"
    has_question = not names.isdisjoint(("question", "problem", "prompt", "messages", "instruction"))
    return "conversation" if not has_question and is_conversation(value_at(row, "conversation")) else ""


SHAPE = Shape(
    has=(),
    fits_also=lambda row: bool(_column(row)),
    answer=("answer", "ground_truth", "expected_answer", "final_answer"),
    refine=lambda row, parts: reader(_column(row))(row, parts),
    from_model=True,
    note="system messages are left out; a conversation with two questions is refused",
    examples={
        "ShareGPT": {
            "conversations": [{"from": "human", "value": _Q}, {"from": "gpt", "value": f"{_WORKED}\n#### 7"}]
        },
        "ShareGPT, singular": {
            "conversation": [{"role": "user", "content": _Q}, {"role": "assistant", "content": f"{_WORKED}\n#### 7"}]
        },
        "open-thoughts/OpenThoughts-114k": {
            "system": "Think first.",
            "conversations": [
                {"from": "user", "value": _Q},
                {
                    "from": "assistant",
                    "value": "<|begin_of_thought|>\n\nSay 9? No.\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\n"
                    f"{_WORKED}\n\n\\boxed{{7}}\n\n<|end_of_solution|>",
                },
            ],
        },
    },
)  # fmt: skip
