"""From messages to the text that a model sees, by its own chat template.

A base model has none; it is given the plain one of the papers (`data/plain_chat.jinja`), which is then saved with it,
so that training, evaluation and servers all render the same prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jinja2.sandbox import ImmutableSandboxedEnvironment

from lemma.exceptions import ConfigError, DataError
from lemma.resources import BUNDLED

Message = dict[str, str]

_PLAIN = BUNDLED / "plain_chat.jinja"
_PLACEHOLDER = "@@LEMMA-COMPLETION@@"


@dataclass(frozen=True)
class RenderedExample:
    """A prompt and its completion as one text. Offsets are in characters of `text`.

    What stands before `trained_from` is what the model is given; the completion's own characters are
    `text[content_start:content_end]`, of which the first was number `cut` of the record (templates strip).
    """

    text: str
    trained_from: int
    content_start: int
    content_end: int
    cut: int


def ensure_chat_template(tokenizer: Any) -> None:
    """Give a tokenizer without a chat template the plain one, with its own first token if it has one."""
    if tokenizer.chat_template is None:
        adds_first = tokenizer("a")["input_ids"][:1] == [tokenizer.bos_token_id]
        begin = "{{- bos_token -}}\n" if adds_first else ""
        tokenizer.chat_template = begin + _PLAIN.read_text("utf-8")


def load_tokenizer(model: str) -> Any:
    """A model's tokenizer, with a chat template and a padding token. Raises ConfigError if it can't be loaded."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(model)
    except (OSError, ValueError, KeyError) as error:
        raise no_model(model, error) from None
    if not tokenizer.is_fast:
        raise ConfigError(f"{model}: its tokenizer gives no character offsets; use a model with a fast tokenizer")
    if tokenizer.eos_token is None:
        raise ConfigError(f"{model}: its tokenizer has no end-of-text token; set eos_token in tokenizer_config.json")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    ensure_chat_template(tokenizer)
    return tokenizer


def no_model(model: str, error: Exception) -> ConfigError:
    """The error for a model that can't be found."""
    reason = (str(error) or type(error).__name__).splitlines()[0]
    return ConfigError(
        f"no model at {model!r} ({reason}); give a folder with config.json or adapter_config.json, or an id that "
        "huggingface.co has"
    )


def plain_prompt(question: str) -> str:
    """The prompt of a model without a chat template, as plain text."""
    template = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True).from_string(
        _PLAIN.read_text("utf-8")
    )
    return template.render(messages=[{"role": "user", "content": question}])


def render_prompt(tokenizer: Any, messages: Sequence[Message]) -> str:
    """What a model is given before it answers: `render_prompt(tokenizer, [{"role": "user", "content": "1 + 1?"}])`."""
    return str(tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=True))


def render_example(tokenizer: Any, prompt: Sequence[Message], content: str) -> RenderedExample:
    """Render a prompt and a completion, and find the completion in it.

    Raises DataError if the chat template changes the completion by more than the white space around it.
    """
    marked = _render(tokenizer, prompt, _PLACEHOLDER)
    text = _render(tokenizer, prompt, content)
    before, _, after = marked.rpartition(_PLACEHOLDER)
    for kept in (content, content.strip()):
        if text == before + kept + after:
            given = common_prefix(text, render_prompt(tokenizer, prompt))
            cut = content.index(kept)
            return RenderedExample(text, min(given, len(before)), len(before), len(before) + len(kept), cut)
    raise DataError(
        "the model's chat template rewrites what the assistant says, so its parts can't be found again; "
        "use the base model, or a tokenizer whose template keeps messages as they are"
    )


def _render(tokenizer: Any, prompt: Sequence[Message], content: str) -> str:
    messages = [*prompt, {"role": "assistant", "content": content}]
    return str(tokenizer.apply_chat_template(messages, tokenize=False))


def common_prefix(left: Sequence[object], right: Sequence[object]) -> int:
    """How many first characters, or tokens, two texts share."""
    pairs = enumerate(zip(left, right, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(left), len(right)))
