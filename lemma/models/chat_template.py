"""From messages to the text that a model sees, by its own chat template.

A base model has none; it is given the plain one of the papers (`data/plain_chat.jinja`), which is then saved with it,
so that training, evaluation and servers all render the same prompt.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2.sandbox import ImmutableSandboxedEnvironment

from lemma.exceptions import ConfigError, DataError
from lemma.models.thought_tags import PLAIN, split_plain, tags_of
from lemma.resources import BUNDLED

Message = dict[str, str]

_PLAIN = BUNDLED / "plain_chat.jinja"
_PLACEHOLDER = "@@LEMMA-COMPLETION@@"
# Some templates write the date into the system's turn. Training and evaluation on two days must not differ by it.
_DAY = "26 Jul 2024"
_PARTS = {"%d": "26", "%-d": "26", "%b": "Jul", "%B": "July", "%m": "07", "%Y": "2024", "%y": "24", "%A": "Friday"}
_FIXED_DATE = (
    "{%- macro strftime_now(format) -%}{{- format"
    + "".join(f"|replace('{part}','{shown}')" for part, shown in _PARTS.items())
    + " -}}{%- endmacro %}"
)


@dataclass(frozen=True)
class RenderedExample:
    """A prompt and its completion as one text. Offsets are in characters of `text`.

    What stands before `trained_from` is what the model is given; the completion's own characters are
    `text[content_start:content_end]`, of which the first was number `cut` of the record (templates strip). `anchors`
    say where some characters of the record are in the text.
    """

    text: str
    trained_from: int
    content_start: int
    content_end: int
    cut: int
    anchors: tuple[tuple[int, int], ...]

    def place(self, at: int) -> int:
        """Where a character of the record is in the text; the nearest one that is there, if it was stripped."""
        record, text = next((one for one in reversed(self.anchors) if one[0] <= at), (at, self.content_start))
        following = [later for _, later in self.anchors if later > text]
        return min(text + at - record, *following, self.content_end)


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
    """What a model is given before it answers: `render_prompt(tokenizer, [{"role": "user", "content": "1 + 1?"}])`.

    Raises ConfigError if the chat template takes no such messages.
    """
    return _applied(tokenizer, messages, add_generation_prompt=True)


def render_begun(tokenizer: Any, messages: Sequence[Message]) -> str:
    """What a model is given before it continues an answer: the prompt, and what its answers to it begin with."""
    given, opening, _, _ = _frame(tokenizer, messages)
    return given + opening


def render_example(tokenizer: Any, prompt: Sequence[Message], content: str) -> RenderedExample:
    """Render a prompt and a completion, and find the completion in it.

    The text before the completion is always what `render_prompt` gives, so that a model is trained after what it is
    asked with. A thought at its beginning gets the template's own tags.

    Raises DataError if the chat template changes the completion by more than the white space around it.
    """
    given, opening, before, after = _frame(tokenizer, prompt)
    thought = split_plain(content)
    said = thought[1] if thought else content
    # What is said is rendered without the thought, which some templates drop.
    rendered = _render(tokenizer, prompt, said)
    kept = next((kept for kept in (said, said.strip()) if rendered == before + kept + after), None)
    if kept is None:
        raise DataError(
            "the model's chat template rewrites what the assistant says, so its parts can't be found again; "
            "use the base model, or a tokenizer whose template keeps messages as they are"
        )
    cut = said.index(kept)
    if thought is None:
        start = len(given) + len(opening)
        text = given + opening + kept
        return RenderedExample(text + after, len(given), start, len(text), cut, ((cut, start),))
    tags = tags_of(str(tokenizer.chat_template))
    if given.rstrip().endswith(tags.closing.strip()):
        raise DataError(
            "the model's chat template closes the thought before an answer begins, so no thought can be trained; "
            "build the records without --thoughts keep"
        )
    # The generation prompt of some templates opens the thought already.
    opened = opens_thought(tokenizer, given)
    begin = "\n" * (tags.opening.endswith("\n") and not given.endswith("\n")) if opened else tags.opening
    text = given + begin
    of_thought = (len(PLAIN.opening), len(text))
    text += thought[0] + tags.closing
    anchors = (of_thought, (len(content) - len(said) + cut, len(text)))
    text += kept
    return RenderedExample(text + after, len(given), len(given), len(text), 0, anchors)


def opens_thought(tokenizer: Any, given: str) -> bool:
    """Whether a prompt ends with the beginning of a thought, so that the answer comes in the middle of it."""
    return given.rstrip().endswith(tags_of(str(tokenizer.chat_template)).opening.strip())


def _frame(tokenizer: Any, prompt: Sequence[Message]) -> tuple[str, str, str, str]:
    """What is given before an answer, what answers to it begin with, and what the template puts around an answer."""
    given = render_prompt(tokenizer, prompt)
    before, _, after = _render(tokenizer, prompt, _PLACEHOLDER).rpartition(_PLACEHOLDER)
    if before.startswith(given):
        opening = before[len(given) :]
    else:
        # As an earlier turn, an answer stands without the thought that the generation prompt opens: close it.
        opening = tags_of(str(tokenizer.chat_template)).closing if opens_thought(tokenizer, given) else ""
    return given, opening, before, after


def _render(tokenizer: Any, prompt: Sequence[Message], content: str) -> str:
    return _applied(tokenizer, [*prompt, {"role": "assistant", "content": content}])


def _applied(tokenizer: Any, messages: Sequence[Message], **asked: Any) -> str:
    """The messages as the template writes them, with the system's text in the user's turn if it takes no other.

    Raises ConfigError if it takes them in no form.
    """
    from jinja2.exceptions import TemplateError

    template = tokenizer.get_chat_template()
    if "strftime_now" in template:
        template = _FIXED_DATE + template
    shown = [message["content"].strip() for message in messages if message["role"] != "assistant"]
    rendered: list[str] = []
    error = "it leaves out what the user says"
    for variant in _variants(messages):
        try:
            text = str(
                tokenizer.apply_chat_template(
                    variant, tokenize=False, chat_template=template, date_string=_DAY, **asked
                )
            )
        except (TemplateError, TypeError, KeyError, AttributeError) as failure:
            error = (str(failure) or type(failure).__name__).splitlines()[0]
            continue
        if all(part in text for part in shown):
            return text
        rendered.append(text)
    if not rendered or not any(_visible(shown[-1]) in _visible(text) for text in rendered):
        raise ConfigError(f"the model's chat template takes no such messages ({error}); use another template")
    return rendered[0]


def _visible(text: str) -> str:
    """Letters and digits, which no escaping changes, of the beginning of a text."""
    return "".join(filter(str.isalnum, text))[:8]


def _variants(messages: Sequence[Message]) -> Iterator[list[dict[str, Any]]]:
    """The messages, then with the system's text before the user's, then as typed parts, as some templates want them."""
    merged = list(messages)
    if len(messages) > 1 and messages[0]["role"] == "system":
        first = messages[1] | {"content": f"{messages[0]['content']}\n\n{messages[1]['content']}"}
        merged = [first, *messages[2:]]
    either = [list(messages), merged] if merged != list(messages) else [merged]
    for variant in either:
        yield [dict(message) for message in variant]
    for variant in either:
        yield [message | {"content": [{"type": "text", "text": message["content"]}]} for message in variant]


def common_prefix(left: Sequence[object], right: Sequence[object]) -> int:
    """How many first characters, or tokens, two texts share."""
    pairs = enumerate(zip(left, right, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(left), len(right)))
