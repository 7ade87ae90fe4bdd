"""One column of text with question and answer in it: a rendered chat, `Question: ... Answer: ...`, or a prompt form."""

from __future__ import annotations

import re

from lemma.exceptions import Refusal
from lemma.problems.parts import Parts, Row, value_at
from lemma.problems.shapes.shape import Shape, required

_NAMES = ("text", "content")
# What opens the question, what opens the answer, and what ends it.
_FORMS = (
    (r"<\|im_start\|>user\s", r"<\|im_end\|>\s*<\|im_start\|>assistant\s", r"<\|im_end\|>"),
    (
        r"<\|start_header_id\|>user<\|end_header_id\|>",
        r"<\|eot_id\|>\s*<\|start_header_id\|>assistant<\|end_header_id\|>",
        r"<\|eot_id\|>",
    ),
    (r"<start_of_turn>user\s", r"<end_of_turn>\s*<start_of_turn>model\s", r"<end_of_turn>"),
    (r"\[INST\]", r"\[/INST\]", r"</s>"),
    (r"<\|user\|>", r"(?:<\|end\|>\s*)?<\|assistant\|>", r"<\|(?:end|endoftext)\|>|</s>"),
    (r"#{2,3} (?:Instruction|Question|Problem|Input):?", r"#{2,3} (?:Response|Answer|Solution|Output):?", r"\Z"),
    (r"\b(?:Human|User):", r"\n[ \t#]{0,8}(?:Assistant|AI|GPT):", r"\Z"),
    (r"\b(?:Question|Problem|Q):", r"\n[ \t*#]{0,8}(?:Answer|Solution|A):", r"\Z"),
)
_READERS = tuple(tuple(map(re.compile, form)) for form in _FORMS)


def _turns(text: str) -> tuple[str, str] | None:
    """Question and answer; None if the text has no such form. Raises Refusal if it has several questions."""
    for question, answer, end in _READERS:
        asked = question.search(text)
        said = answer.search(text, asked.end()) if asked else None
        if asked is None or said is None:
            continue
        if question.search(text, said.end()):
            raise Refusal("several_turns", "the text has several questions; give one per row")
        ended = end.search(text, said.end())
        return text[asked.end() : said.start()].strip(), text[said.end() : ended.start() if ended else None].strip()
    return None


def refine(row: Row, parts: Parts) -> Parts:
    name = next(name for name in _NAMES if isinstance(value_at(row, name), str))
    found = _turns(required(value_at(row, name), name))
    if found is None:
        raise Refusal("missing_field", f"no question and answer can be told apart in {name}; give --columns")
    return Parts(found[0], found[1], parts.answer, from_model=True)


_Q, _WORKED = "Ada has 3 pens and buys 4. How many has she?", "She has 3 + 4 = 7 pens.\nThe answer is 7"

SHAPE = Shape(
    has=(),
    lacks=(
        *("question", "problem", "query", "instruction", "prompt", "input", "messages", "conversations"),
        *("reward_model", "chosen", "original_text", "squestion", "body", "problem_text", "question_text", "doc"),
    ),
    fits_also=lambda row: any(isinstance(value_at(row, name), str) for name in _NAMES),
    answer=("answer", "final_answer", "ground_truth", "expected_answer"),
    refine=refine,
    from_model=True,
    note="the question and the answer are told apart by the tokens of a chat template, or by names before them",
    examples={
        "timdettmers/openassistant-guanaco style": {"text": f"### Human: {_Q}\n### Assistant: {_WORKED}"},
        "a rendered chat": {"text": f"<|im_start|>user\n{_Q}<|im_end|>\n<|im_start|>assistant\n{_WORKED}<|im_end|>\n"},
        "a few-shot text": {"text": f"Question: {_Q}\nAnswer: {_WORKED}"},
    },
)
