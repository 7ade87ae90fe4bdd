"""What a model is trained after is what it is asked with, whatever its chat template; or it is refused."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

pytest.importorskip("transformers")
pytest.importorskip("tokenizers")

from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

from lemma.exceptions import ConfigError, DataError
from lemma.models.chat_template import (
    Message,
    opens_thought,
    render_begun,
    render_example,
    render_prompt,
)
from lemma.models.thought_tags import PLAIN

TURN = "{{- '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' -}}"
BEGIN = "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}"


def each(turn: str) -> str:
    return "{%- for m in messages -%}" + turn + "{%- endfor -%}"


TEMPLATES = {
    "chatml": each(TURN) + BEGIN,
    "default system": "{%- if messages[0].role != 'system' -%}{{- 'You are Qwen.\\n' -}}{%- endif -%}"
    + each(TURN)
    + BEGIN,
    # Only the last answer has a think block, which may be empty.
    "think block when last": each(
        "{%- set c = m.content.split('</think>')[-1].lstrip('\\n') -%}"
        "{%- if m.role == 'assistant' and loop.last -%}"
        "{{- '<|im_start|>assistant\\n<think>\\n\\n</think>\\n\\n' + c + '<|im_end|>\\n' -}}"
        "{%- else -%}{{- '<|im_start|>' + m.role + '\\n' + c + '<|im_end|>\\n' -}}{%- endif -%}"
    )
    + BEGIN,
    "opens a thought": each(TURN) + BEGIN.replace("assistant\\n", "assistant\\n<think>\\n"),
    "opens a thought, no line end": each(TURN) + BEGIN.replace("assistant\\n", "assistant\\n<think>"),
    "drops thoughts": each(
        "{%- if m.role == 'user' -%}{{- '<|User|>' + m.content -}}{%- elif m.role == 'assistant' -%}"
        "{{- '<|Assistant|>' + m.content.split('</think>')[-1] + '<|end|>' -}}{%- endif -%}"
    )
    + "{%- if add_generation_prompt -%}{{- '<|Assistant|><think>\\n' -}}{%- endif -%}",
    "no system role": "{%- if messages[0].role == 'system' -%}{{- raise_exception('System role not supported') -}}"
    "{%- endif -%}" + each(TURN.replace("m.content", "m.content | trim")) + BEGIN,
    "drops the system": each("{%- if m.role != 'system' -%}" + TURN + "{%- endif -%}") + BEGIN,
    "date": "{{- 'Today: ' + strftime_now('%d %b %Y') + '\\n' -}}" + each(TURN) + BEGIN,
    "alternate": each(
        "{%- if (m.role == 'user') != (loop.index0 % 2 == 0) -%}{{- raise_exception('roles must alternate') -}}"
        "{%- endif -%}{%- if m.role == 'user' -%}{{- '[INST] ' + m.content + ' [/INST]' -}}"
        "{%- else -%}{{- ' ' + m.content + eos_token -}}{%- endif -%}"
    ),
    "parts only": each("{{- m.role + ': ' -}}{%- for p in m.content -%}{{- p['text'] -}}{%- endfor -%}{{- '\\n' -}}")
    + "{%- if add_generation_prompt -%}{{- 'assistant: ' -}}{%- endif -%}",
    "channels": each(
        "{%- if m.role == 'assistant' -%}"
        "{{- '<|start|>assistant<|channel|>final<|message|>' + m.content + '<|return|>' -}}{%- else -%}"
        "{{- '<|start|>' + m.role + '<|message|>' + m.content + '<|end|>' -}}{%- endif -%}"
    )
    + "{%- if add_generation_prompt -%}{{- '<|start|>assistant' -}}{%- endif -%}",
    "last user differs": each(
        "{{- m.role + ': ' + m.content -}}{%- if loop.last and m.role == 'user' -%}{{- ' (now)' -}}{%- endif -%}"
        "{{- '\\n' -}}"
    )
    + "{%- if add_generation_prompt -%}{{- 'assistant: ' -}}{%- endif -%}",
    "other tags": "{{- '' if true else '[THINK]' -}}" + each(TURN) + BEGIN,
}
PROMPTS: dict[str, list[Message]] = {
    "user": [{"role": "user", "content": "What is 6 x 7?"}],
    "system": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is 6 x 7?"}],
    "several": [
        {"role": "user", "content": "What is 6 x 7?"},
        {"role": "assistant", "content": "It is 41."},
        {"role": "user", "content": "Is that right?"},
    ],
}
WRONG, RIGHT = "6 x 7 = 41.\nWait, 6 x 7 = 42.", "6 x 7 = 42.\nThe answer is 42"


@cache
def tokenizer_with(template: str) -> Any:
    single = {chr(code): code for code in range(32, 127)} | {"\n": 0}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.BPE(vocab=single, merges=[])), pad_token="<pad>", eos_token="</s>"
    )
    tokenizer.chat_template = template
    return tokenizer


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("name", TEMPLATES)
def test_trained_after_what_it_is_asked_with(name: str, prompt: str) -> None:
    tokenizer, messages = tokenizer_with(TEMPLATES[name]), PROMPTS[prompt]
    given = render_prompt(tokenizer, messages)
    assert all(message["content"] in given for message in messages)
    made = render_example(tokenizer, messages, RIGHT)
    assert made.text[: made.trained_from] == given
    assert made.text[made.content_start : made.content_end] == RIGHT
    assert made.text.startswith(render_begun(tokenizer, messages) + RIGHT)
    assert [made.place(at) for at in (0, 5, len(RIGHT))] == [made.content_start + at for at in (0, 5, len(RIGHT))]
    if opens_thought(tokenizer, given):  # the answer is no thought
        assert "</think>" in made.text[made.trained_from : made.content_start]


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_thought_gets_the_templates_own_tags(name: str) -> None:
    tokenizer, content = tokenizer_with(TEMPLATES[name]), PLAIN.around(WRONG, RIGHT)
    given = render_prompt(tokenizer, PROMPTS["user"])
    made = render_example(tokenizer, PROMPTS["user"], content)
    assert made.text.startswith(given) and made.trained_from == len(given)
    tags = {
        "channels": ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
        "other tags": ("[THINK]", "[/THINK]"),
    }.get(name, ("<think>\n", "\n</think>\n\n"))
    assert made.text.count(tags[0]) == made.text.count(tags[1].strip()) == 1
    assert f"{tags[0]}{WRONG}{tags[1]}{RIGHT}" in made.text
    wrong, right = content.index("6 x 7 = 41"), content.rindex("The answer")
    assert made.text[made.place(wrong) :].startswith("6 x 7 = 41")
    assert made.text[made.place(right) :].startswith("The answer is 42")
    assert made.place(len(content)) == made.content_end


def test_dates_are_fixed() -> None:
    assert render_prompt(tokenizer_with(TEMPLATES["date"]), PROMPTS["user"]).startswith("Today: 26 Jul 2024\n")


@pytest.mark.parametrize(
    ("template", "says"),
    [
        (each("{{- m.role + m.content | upper -}}"), "takes no such messages"),
        (each("{{- m.role + m.content | replace('\\n', ' ') -}}"), "rewrites what the assistant says"),
        (each("{{- m.content | e -}}"), "rewrites what the assistant says"),
        ("hello", "takes no such messages"),
        ("{% for m in messages %}{{ m.content ", "takes no such messages"),
        ("{{- raise_exception('no') -}}", r"takes no such messages \(no\)"),
    ],
)
def test_templates_that_are_refused(template: str, says: str) -> None:
    with pytest.raises((ConfigError, DataError), match=says):
        render_example(tokenizer_with(template), PROMPTS["user"], "1 < 2\nThat's all")


def test_a_template_that_closes_the_thought_trains_none() -> None:
    template = each(TURN) + BEGIN.replace("assistant\\n", "assistant\\n<think>\\n\\n</think>\\n\\n")
    with pytest.raises(DataError, match="without --thoughts keep"):
        render_example(tokenizer_with(template), PROMPTS["user"], PLAIN.around(WRONG, RIGHT))
    assert render_example(tokenizer_with(template), PROMPTS["user"], RIGHT).text.endswith(f"{RIGHT}<|im_end|>\n")
