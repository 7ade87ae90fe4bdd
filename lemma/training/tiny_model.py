"""The embedded default model: a Llama-shaped model of at most one million parameters, made on the spot.

Its tokenizer is trained on the training text. Use it to try the whole loop on two cores before booking a GPU. On
generated problems, with one token per word, it learns to solve them; on others it learns the form of the records, not
arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from lemma.models.chat_template import ensure_chat_template

VOCABULARY = 1024
CONTEXT = 2048
_PAD, _END, _UNKNOWN = "<|pad|>", "<|end|>", "<|unknown|>"
# With one token per word, the plain template would take up a third of a record.
_SHORT_CHAT = (
    "{%- for message in messages -%}{{- message.content -}}"
    "{%- if message.role == 'assistant' -%}{{- eos_token -}}{%- else -%}{{- '\\n' -}}{%- endif -%}{%- endfor -%}"
)


def make_tiny_model(
    folder: Path, conversations: Iterable[list[dict[str, str]]], seed: int, words: bool = False
) -> None:
    """Write a model and its tokenizer into `folder`; the same conversations and seed give the same bytes.

    With `words`, every word and number is a token of its own, and the model is half as large: for generated problems,
    which use few words. Its `generation_config.json` says how long the answers are.
    """
    chats = list(conversations)
    blank = _wrap(_word_tokenizer() if words else _byte_level_tokenizer(), words)
    texts = [str(blank.apply_chat_template(messages, tokenize=False)) for messages in chats]
    trained = _word_tokenizer() if words else _byte_level_tokenizer()
    if words:
        trained.train_from_iterator(
            texts, trainers.WordLevelTrainer(special_tokens=[_PAD, _END, _UNKNOWN], show_progress=False)
        )
    else:
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trained.train_from_iterator(
            texts,
            trainers.BpeTrainer(
                vocab_size=VOCABULARY, special_tokens=[_PAD, _END], initial_alphabet=alphabet, show_progress=False
            ),
        )
    tokenizer = _wrap(trained, words)
    shape = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=96 if words else 128,
        intermediate_size=288 if words else 384,
        num_hidden_layers=4,
        num_attention_heads=4 if words else 2,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(shape)
    lengths = map(len, tokenizer([messages[-1]["content"] for messages in chats])["input_ids"])
    # Two more than the longest answer: its end, and what shows that an output was longer.
    model.generation_config.max_new_tokens = 2 + max(lengths, default=0)
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)


def _word_tokenizer() -> Tokenizer:
    """One token per word, number or punctuation mark, including the space before it.

    A word at the start of a line is the same token as elsewhere, so that a small model need not learn a name twice.
    """
    tokenizer = Tokenizer(models.WordLevel(unk_token=_UNKNOWN))
    tokenizer.normalizer = normalizers.Replace(Regex(r"(?<=\n)(?=\S)|\A(?=\S)"), " ")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r" ?\w+|\n| ?[^\w\s]|\s"), "isolated")
    tokenizer.decoder = decoders.Sequence([decoders.Fuse(), decoders.Replace(Regex(r"(?<=\n) |\A "), "")])
    return tokenizer


def _byte_level_tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    # One token per digit: in so small a vocabulary, frequent numbers would become tokens of their own.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _wrap(tokenizer: Tokenizer, words: bool) -> PreTrainedTokenizerFast:
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=_PAD,
        eos_token=_END,
        model_max_length=CONTEXT,
        **({"unk_token": _UNKNOWN, "chat_template": _SHORT_CHAT} if words else {}),
    )
    ensure_chat_template(wrapped)
    return wrapped
