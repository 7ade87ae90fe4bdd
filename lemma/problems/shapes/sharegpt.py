"""ShareGPT: `conversations` with `from` and `value`."""

from __future__ import annotations

from lemma.problems.shapes.messages import reader
from lemma.problems.shapes.shape import Shape

_Q, _WORKED = "Ada has 3 pens and buys 4. How many has she?", "She has 3 + 4 = 7 pens."

SHAPE = Shape(
    has=("conversations",),
    answer=("answer", "ground_truth", "expected_answer", "final_answer"),
    refine=reader("conversations"),
    from_model=True,
    note="system messages are left out; a conversation with two questions is refused",
    examples={
        "ShareGPT": {
            "conversations": [{"from": "human", "value": _Q}, {"from": "gpt", "value": f"{_WORKED}\n#### 7"}]
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
