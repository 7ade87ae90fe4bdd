"""Character spans become token labels, exactly: several tokenizers, several chat templates, edges inside a token."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from training_data import answer, trajectory

pytest.importorskip("trl")

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from lemma.config import TrainConfig
from lemma.exceptions import DataError
from lemma.models.chat_template import common_prefix, ensure_chat_template, render_example, render_prompt
from lemma.problems.loading import SAMPLE
from lemma.training.objectives.sft import prepare_rows
from lemma.training.presets import with_preset
from lemma.training.records import Line
from lemma.training.token_labels import IGNORED, PARTS, Part, part_weights, parts_of_tokens

SPECIAL = ["<pad>", "<s>", "</s>", "<unk>"]
CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
TRIMMING = (
    "{{ bos_token }}{% for m in messages %}{{ '[' + m.role + '] ' + m.content | trim + eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '[assistant] ' }}{% endif %}"
)
THINKING = (
    "{% for m in messages %}{{ '<' + m.role + '>' }}{% if m.role == 'assistant' %}{{ '<think>\n\n</think>\n\n' }}"
    "{% endif %}{{ m.content + eos_token }}{% endfor %}{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}"
)
TEMPLATES = {"plain": None, "chatml": CHATML, "trimming": TRIMMING, "thinking": THINKING}


def byte_level():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer, trainers.BpeTrainer(
        vocab_size=700,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )


def greedy_bytes():
    """Merges across words and lines, so that tokens lie across the edges of parts."""
    tokenizer, trainer = byte_level()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return tokenizer, trainer


def metaspace():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    return tokenizer, trainers.UnigramTrainer(
        vocab_size=500, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False
    )


def word_piece():
    tokenizer = Tokenizer(models.WordPiece(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer, trainers.WordPieceTrainer(vocab_size=600, special_tokens=SPECIAL, show_progress=False)


TOKENIZERS = {function.__name__: function for function in (byte_level, greedy_bytes, metaspace, word_piece)}


@cache
def make_tokenizer(kind, template="plain"):
    tokenizer, trainer = TOKENIZERS[kind]()
    tokenizer.train_from_iterator(SAMPLE.read_text("utf-8").splitlines()[:40], trainer)
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )
    wrapped.chat_template = TEMPLATES[template]
    ensure_chat_template(wrapped)
    return wrapped


def line(values, kind="lemma"):
    return Line(kind, "lemma.jsonl, line 1", values)


def row(tokenizer, values, **asked):
    config = with_preset(TrainConfig(max_length=100_000, **asked))
    ((_, made),) = prepare_rows([line(values)], tokenizer, config)
    return made


every_tokenizer = pytest.mark.parametrize("kind", TOKENIZERS)
every_template = pytest.mark.parametrize("template", TEMPLATES)

STEPS = st.text(st.sampled_from("ab1 2.9+=é漢\U0001f600\n"), min_size=1, max_size=12).filter(str.strip)


def independent_kinds(tokenizer, text, spans):
    """Character by character and token by token, without the arithmetic of the code under test."""
    kinds = []
    for start, end in tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]:
        seen = {
            next((k for k, a, b in reversed(spans) if a <= at), "prompt")
            for at in range(start, end)
            if not text[at].isspace()
        }
        kinds.append(seen or {next((k for k, a, b in reversed(spans) if a <= start), "prompt")})
    return kinds


@every_template
@every_tokenizer
@settings(max_examples=25, deadline=None)
@given(steps=st.lists(STEPS, min_size=4, max_size=4))
def test_nothing_masked_is_trained_and_nothing_else_is_left_out(kind, template, steps):
    """Every mask, on texts with edges inside tokens, bytes of one character in several tokens, and white space."""
    tokenizer = make_tokenizer(kind, template)
    values = trajectory(
        "What is 1 + 1?", list(zip(("prefix", "error", "reflection", "correction"), steps, strict=True))
    )
    completion = values["completion"][0]["content"]
    rendered = render_example(tokenizer, values["prompt"], completion)
    shift = rendered.content_start - rendered.cut
    spans = [("prompt", 0, 0), ("frame", rendered.trained_from, 0), ("prefix", rendered.content_start, 0)]
    spans += [(s["kind"], max(s["start"] + shift, rendered.content_start), 0) for s in values["segments"][1:]]
    spans.append(("frame", rendered.content_end, 0))
    expected = independent_kinds(tokenizer, rendered.text, spans)
    for mask in ("none", "error", "prefix+error"):
        hidden = set() if mask == "none" else set(mask.split("+"))
        made = row(tokenizer, values, mask=mask)
        trained = [bool(kinds - {"prompt"}) and not kinds & hidden for kinds in expected]
        assert (made.columns["labels"] != IGNORED).tolist() == trained
        assert made.trained == sum(trained)
        kept = made.columns["labels"] != IGNORED
        assert (made.columns["labels"][kept] == made.columns["input_ids"][kept]).all()


@every_template
@every_tokenizer
def test_unmasked_labels_are_those_of_trl(kind, template, tmp_path):
    """TRL finds the completion by comparing token ids; here it is found in the text."""
    tokenizer = make_tokenizer(kind, template)
    values = trajectory("How many?", [("prefix", "There are 3 nets."), ("correction", "3 * 4 = 12.\nThe answer is 12")])
    made = row(tokenizer, values)
    whole = tokenizer.apply_chat_template(values["prompt"] + values["completion"], tokenize=True, return_dict=True)
    prompt = tokenizer(render_prompt(tokenizer, values["prompt"]), add_special_tokens=False)["input_ids"]
    given_tokens = common_prefix(prompt, whole["input_ids"])
    assert made.columns["input_ids"].tolist() == whole["input_ids"]
    assert made.columns["labels"].tolist() == [IGNORED] * given_tokens + whole["input_ids"][given_tokens:]


@pytest.mark.parametrize(
    ("tokens", "error", "masked_kinds", "plain_kinds"),
    [
        # the blank before a word goes with the word
        (["ok.", " bad", " Wait"], (3, 7), ["prefix", "error", "reflection"], ["prefix", "error", "reflection"]),
        # a token across the edge: its first part if all count, the masked part if one is masked
        (
            ["ok", ".b", "ad", "Wait"],
            (3, 6),
            ["prefix", "error", "error", "reflection"],
            ["prefix", "prefix", "error", "reflection"],
        ),
        (
            ["ok.", "ba", "dWa", "it"],
            (3, 6),
            ["prefix", "error", "error", "reflection"],
            ["prefix", "error", "error", "reflection"],
        ),
        # white space alone goes where it stands
        (
            ["ok.", "\n", "bad", "\n", "Wait"],
            (4, 7),
            ["prefix", "prefix", "error", "error", "reflection"],
            ["prefix", "prefix", "error", "error", "reflection"],
        ),
    ],
)
def test_edges(tokens, error, masked_kinds, plain_kinds):
    text = "".join(tokens)
    ends = np.cumsum([len(token) for token in tokens]).tolist()
    offsets = list(zip([0, *ends], ends, strict=False))
    start = text.index("Wait")
    parts = [Part("prefix", 0, error[0]), Part("error", *error), Part("reflection", start, len(text))]
    for mask, expected in (("error", masked_kinds), ("none", plain_kinds)):
        kinds = parts_of_tokens(text, offsets, parts, part_weights(mask, None))
        assert [PARTS[index] for index in kinds] == expected


def test_weights():
    assert part_weights("prefix+error", None).tolist() == [0, 0, 0, 1, 1, 1, 1, 1]
    assert part_weights("none", 0.25).tolist() == [0, 1, 0.25, 1, 1, 1, 1, 1]


def test_a_template_that_rewrites_the_answer_is_refused():
    tokenizer = make_tokenizer("byte_level", "plain")
    template = tokenizer.chat_template
    tokenizer.chat_template = template.replace("message.content }}", "message.content | upper }}")
    try:
        with pytest.raises(DataError, match="rewrites what the assistant says"):
            render_example(tokenizer, [{"role": "user", "content": "1?"}], "one")
    finally:
        tokenizer.chat_template = template


@pytest.mark.parametrize(
    ("room", "outcome"), [(None, "whole"), (20, "cut"), (1, "cut"), (0, "dropped"), (-30, "dropped")]
)
def test_long_records_are_cut_only_in_their_last_part(room, outcome):
    """With one token a character; `room` is what is left for the correction."""
    parts = [("prefix", "p" * 20), ("error", "e" * 10), ("reflection", "r" * 10), ("correction", "c" * 60)]
    values = trajectory("q", parts)
    single = {chr(code): code for code in range(32, 127)} | {"\n": 0}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.BPE(vocab=single, merges=[])), pad_token="<pad>", eos_token="</s>"
    )
    ensure_chat_template(tokenizer)
    text = render_example(tokenizer, values["prompt"], values["completion"][0]["content"]).text
    max_length = 1000 if room is None else text.index("cc") + room
    ((_, made),) = prepare_rows([line(values)], tokenizer, with_preset(TrainConfig(max_length=max_length)))
    assert ("dropped" if made is None else "cut" if made.cut else "whole") == outcome
    if made is not None:
        assert len(made.columns["input_ids"]) == min(max_length, len(text) - len("</s>") + 1)


def test_completions_without_parts_are_one_response():
    made = row(make_tokenizer("byte_level"), {"prompt": "1 + 1?", "completion": answer("It is 2.")})
    kinds = [PARTS[index] for index in made.columns["parts"]]
    assert set(kinds) == {"prompt", "response", "frame"}
    assert made.trained == len([kind for kind in kinds if kind != "prompt"])
