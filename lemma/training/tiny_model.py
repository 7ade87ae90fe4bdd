"""The embedded default model: a Llama-shaped model of about one million parameters, made on the spot.

Its tokenizer is trained on the training text. Use it to try the whole loop on two cores before booking a GPU; it learns
the form of the records, not arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from lemma.models.chat_template import ensure_chat_template

VOCABULARY = 1024
CONTEXT = 2048
_PAD, _END = "<|pad|>", "<|end|>"


def make_tiny_model(folder: Path, conversations: Iterable[list[dict[str, str]]], seed: int) -> None:
    """Write a model and its tokenizer into `folder`; the same conversations and seed give the same bytes."""
    blank = _wrap(_byte_level_tokenizer())
    texts = (str(blank.apply_chat_template(messages, tokenize=False)) for messages in conversations)
    trained = _byte_level_tokenizer()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[_PAD, _END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    trained.train_from_iterator(texts, trainer)
    tokenizer = _wrap(trained)
    shape = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=384,
        num_hidden_layers=4,
        num_attention_heads=2,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(shape)
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)


def _byte_level_tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    # One token per digit: in so small a vocabulary, frequent numbers would become tokens of their own.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _wrap(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=_PAD, eos_token=_END, model_max_length=CONTEXT
    )
    ensure_chat_template(wrapped)
    return wrapped
