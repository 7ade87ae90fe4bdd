"""TRL: `prompt` with `completion`, `completions`, or `chosen` and `rejected`, as texts or as lists of messages."""

from __future__ import annotations

from dataclasses import replace

from lemma.exceptions import Refusal
from lemma.problems.chat import is_conversation, last_text, read_conversation
from lemma.problems.parts import Parts, Row, Sample, is_list_of, value_at
from lemma.problems.samples import without_written_error
from lemma.problems.shapes.shape import Shape, required, without_solution


def fits(row: Row) -> bool:
    if is_list_of(value_at(row, "completions"), str) and value_at(row, "labels") is None:
        return False  # samples of a model
    answers = ("completion", "completions", "chosen")
    return any(value_at(row, name) is not None for name in answers) or is_conversation(value_at(row, "prompt"))


def refine(row: Row, parts: Parts) -> Parts:
    prompt, chosen = value_at(row, "prompt"), value_at(row, "chosen")
    if not parts.answer and isinstance(label := value_at(row, "label"), str):
        parts = replace(parts, answer=label.strip())
    if prompt is None and is_conversation(chosen):
        prompt = chosen[:-1]  # the prompt is the part that both answers have in common
    said = read_conversation(required(prompt, "prompt") if isinstance(prompt, str) else prompt, "prompt")
    parts = replace(parts, question=said.question)
    if chosen is not None:
        rejected = last_text(value_at(row, "rejected"), "rejected")
        parts = replace(parts, solution=last_text(chosen, "chosen"), samples=(Sample("rejected", rejected, False),))
    elif (steps := value_at(row, "completions")) is not None:
        parts = _judged_steps(parts, steps, value_at(row, "labels"))
    else:
        text = last_text(value_at(row, "completion"), "completion")
        label = value_at(row, "label")
        right = label if isinstance(label, bool) else None
        samples = (Sample("student", text, right),) if text else ()
        parts = replace(parts, solution=text, samples=samples)
        if right is False:
            parts = without_solution(parts, "label is false")
    return without_written_error(row, parts)


def _judged_steps(parts: Parts, steps: object, labels: object) -> Parts:
    if not is_list_of(steps, str) or not is_list_of(labels, int):
        raise Refusal("wrong_type", "completions and labels are no lists of steps and of true or false")
    text = "\n".join(steps)
    right = all(labels)
    parts = replace(parts, solution=text, samples=(Sample("student", text, right),))
    return parts if right else without_solution(parts, "labels say that a step is wrong")


_Q, _WORKED = "Ada has 3 pens and buys 4. How many has she?", "She has 3 + 4 = 7 pens."
_ASKED, _SAID = {"role": "user", "content": _Q}, {"role": "assistant", "content": f"{_WORKED}\nThe answer is 7"}
_WRONG = {"role": "assistant", "content": "She has 3 + 4 = 8 pens.\nThe answer is 8"}

SHAPE = Shape(
    has=(),
    lacks=("reward_model", "question", "problem", "instruction", "conversations", "messages", "query"),
    fits_also=fits,
    answer=("answer", "ground_truth", "expected_answer", "final_answer", "gold_answer", "solution"),
    samples="`rejected`, `completion`, or the steps of `completions`",
    refine=refine,
    from_model=True,
    note="a completion whose `label` is false, or with a step labeled wrong, is only a sample",
    examples={
        "TRL prompt-completion, lists": {"prompt": [_ASKED], "completion": [_SAID]},
        "TRL prompt-completion, texts": {"prompt": _Q, "completion": _SAID["content"]},
        "TRL preference": {"prompt": [_ASKED], "chosen": [_SAID], "rejected": [_WRONG]},
        "TRL preference, implicit prompt": {"chosen": [_ASKED, _SAID], "rejected": [_ASKED, _WRONG]},
        "TRL prompt-only (GRPO)": {"prompt": [_ASKED], "solution": "7"},
        "TRL unpaired preference": {"prompt": [_ASKED], "completion": [_SAID], "label": True},
        "TRL stepwise supervision": {"prompt": _Q, "completions": [_WORKED, "So it is 7."], "labels": [True, True]},
    },
)  # fmt: skip
