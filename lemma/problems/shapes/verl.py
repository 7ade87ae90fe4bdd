"""verl, DAPO, Skywork and others for reinforcement learning: a `prompt`, and a gold answer in `reward_model`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import orjson

from lemma.exceptions import Refusal
from lemma.problems.chat import read_conversation
from lemma.problems.parts import Parts, Row, is_list_of, text_of, value_at
from lemma.problems.shapes.shape import Shape, required

# How the prompts of these data sets ask for the form of the answer.
_REQUEST_AFTER = re.compile(
    r"(?:Let's think step by step and output the final answer (?:after \"####\"|within \\boxed\{\})\.?"
    r"|Remember to put your (?:final )?answer on its own line after \"Answer:\"\.?"
    r"|Please (?:reason|think) step by step,? and put your final answer within \\boxed\{\}\.?)$"
)
_REQUEST_BEFORE = re.compile(
    r"^\s*Solve the following math problem step by step\. The last line of your response should be of the form "
    r"Answer: \$?\\?[^\n]{0,40}\(without quotes\) where [^\n]{0,40} is the answer to the problem\.\s*"
)


def refine(row: Row, parts: Parts) -> Parts:
    prompt = value_at(row, "prompt")
    asked = value_at(row, "extra_info.question") or value_at(row, "extra_info.raw_problem")
    if not isinstance(asked, str) or not asked.strip():
        asked = read_conversation(required(prompt, "prompt") if isinstance(prompt, str) else prompt, "prompt").question
    question = _REQUEST_BEFORE.sub("", _REQUEST_AFTER.sub("", asked.strip())).strip()
    return replace(parts, question=question, answer=_gold(value_at(row, "reward_model.ground_truth")))


def _gold(value: Any) -> str:
    """A gold answer, which Skywork writes as a list in JSON: `["7"]`."""
    if isinstance(value, str) and value.startswith("["):
        try:
            listed = orjson.loads(value)
        except orjson.JSONDecodeError:
            listed = None
        if isinstance(listed, list) and len(listed) == 1 and isinstance(listed[0], str):
            return str(listed[0])
    if is_list_of(value, str):
        if len(set(value)) > 1:
            raise Refusal("several_answers", f"reward_model.ground_truth lists {len(value)} answers")
        return str(value[0])
    return text_of(value, "reward_model.ground_truth")


_Q = "Ada has 3 pens and buys 4. How many has she?"

SHAPE = Shape(
    has=("prompt", "reward_model"),
    question=(),
    solution=("extra_info.answer", "extra_info.solution", "solution"),
    answer=("reward_model.ground_truth",),
    refine=refine,
    note="the question is `extra_info.question`, if present, or else `prompt` without its answer-format request",
    examples={
        "verl: openai/gsm8k": {
            "data_source": "openai/gsm8k", "ability": "math",
            "prompt": [{
                "role": "user",
                "content": f'{_Q} Let\'s think step by step and output the final answer after "####".',
            }],
            "reward_model": {"style": "rule", "ground_truth": "7"},
            "extra_info": {"split": "train", "index": 0, "answer": "3 + 4 = <<3+4=7>>7\n#### 7", "question": _Q},
        },
        "BytedTsinghua-SIA/DAPO-Math-17k": {
            "data_source": "math_dapo", "ability": "MATH",
            "prompt": [{
                "role": "user",
                "content": "Solve the following math problem step by step. The last line of your response should be "
                "of the form Answer: $Answer (without quotes) where $Answer is the answer to the problem.\n\n"
                f'{_Q}\n\nRemember to put your answer on its own line after "Answer:".',
            }],
            "reward_model": {"ground_truth": "7", "style": "rule-lighteval/MATH_v2"}, "extra_info": {"index": "a-1"},
        },
        "open-r1/DAPO-Math-17k-Processed": {
            "prompt": _Q, "solution": "7", "data_source": "math_dapo", "source_prompt": [], "ability": "MATH",
            "reward_model": {"ground_truth": "7", "style": "rule"}, "extra_info": {"index": "a-1"},
        },
        "Skywork/Skywork-OR1-RL-Data": {
            "data_source": "train-math", "prompt": [{"role": "user", "content": _Q}], "ability": "math",
            "reward_model": {"ground_truth": '["7"]', "style": "rule"}, "extra_info": {"index": 1},
        },
    },
)  # fmt: skip
