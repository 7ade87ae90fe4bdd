"""Train a small student on generated problems, on one CPU thread: 0.5 million parameters, 10 to 25 minutes.

    python benchmarks/small_student.py FOLDER --seconds 1500

The folder can then be used as any model of the `transformers` backend, asked with the bare question. Matrices are
trained by Muon, the rest by Adam; the loss is on the solution only.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from self_correction_loop import END, PAD, SHORT_CHAT, UNKNOWN, word_tokenizer
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from lemma.commands.generate import draw_problems
from lemma.config import GenerateConfig
from lemma.records import GeneratedProblem
from lemma.steps import solution_text, split_steps, without_annotations

STORIES = {"operations": "2-5", "distractors": 1, "shuffled": False, "seed": 11, "largest": 30}
# Like those of training, and others; seed 12 was looked at while the search was being written.
TEST_STORIES = STORIES | {"seed": 13}
_BATCH, _POOL = 24, 2048
_MATRIX_RATE, _OTHER_RATE = 0.015, 4e-3
_CONSTANT = 0.4  # the share of the time before the rates begin to fall


def problems(stories: dict[str, object]) -> Iterator[GeneratedProblem]:
    """An endless sequence of problems."""
    return draw_problems(GenerateConfig.from_mapping(stories))


def gold(problem: GeneratedProblem) -> str:
    """The answer of a problem."""
    return problem.answer.rpartition("#### ")[2]


def texts(problem: GeneratedProblem) -> tuple[str, str]:
    """What the student is given, and what it is to write."""
    steps = tuple(map(without_annotations, split_steps(problem.answer)))
    return f"{problem.question}\n", solution_text(steps, gold(problem))


def train(folder: Path, seconds: float, seed: int = 0) -> None:
    """Train for some time, and save model and tokenizer."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    stream = problems(STORIES)
    words = word_tokenizer("".join(texts(problem)) for problem in islice(stream, _POOL))
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token=PAD, eos_token=END, unk_token=UNKNOWN, chat_template=SHORT_CHAT
    )
    shape = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=96,
        intermediate_size=288,
        num_hidden_layers=4,
        num_attention_heads=4,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = LlamaForCausalLM(shape)
    named = list(model.named_parameters())
    matrices = [value for name, value in named if value.ndim == 2 and "embed" not in name]
    others = [value for name, value in named if value.ndim != 2 or "embed" in name]
    momenta = [torch.zeros_like(matrix) for matrix in matrices]
    adam = torch.optim.AdamW(others, lr=_OTHER_RATE, betas=(0.9, 0.95), weight_decay=0.0)
    started, tokens = time.monotonic(), 0
    for number, (inputs, labels) in enumerate(_batches(stream, tokenizer, random.Random(seed))):
        share = (time.monotonic() - started) / seconds
        if share >= 1:
            break
        rate = min(1.0, number / 50) * min(1.0, (1 - share) / (1 - _CONSTANT))
        mask = (inputs != tokenizer.pad_token_id).long()
        loss: Any = model(input_ids=inputs, attention_mask=mask, labels=labels).loss
        loss.backward()
        for matrix, momentum in zip(matrices, momenta, strict=True):
            gradient = matrix.grad
            assert gradient is not None
            momentum.mul_(0.95).add_(gradient)
            shape_factor = max(1.0, matrix.shape[0] / matrix.shape[1]) ** 0.5
            update = _orthogonal(gradient.add(momentum, alpha=0.95))
            matrix.data.add_(update, alpha=-_MATRIX_RATE * rate * shape_factor)
        for group in adam.param_groups:
            group["lr"] = _OTHER_RATE * rate
        adam.step()
        model.zero_grad()
        tokens += int(mask.sum())
        if number % 500 == 0:
            print(f"{tokens / 1e6:.1f} million tokens, loss {loss.item():.3f}", flush=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _batches(
    stream: Iterator[GeneratedProblem], tokenizer: Any, source: random.Random
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Token ids and labels, in batches of similar lengths."""
    while True:
        pool = []
        for given, said in map(texts, islice(stream, _POOL)):
            count = len(tokenizer(given, add_special_tokens=False)["input_ids"])
            whole = tokenizer(given + said, add_special_tokens=False)["input_ids"]
            pool.append((count, [*whole, tokenizer.eos_token_id]))
        pool.sort(key=lambda one: len(one[1]))
        batches = [pool[start : start + _BATCH] for start in range(0, len(pool), _BATCH)]
        source.shuffle(batches)
        for batch in batches:
            width = max(len(whole) for _, whole in batch)
            inputs = torch.full((len(batch), width), tokenizer.pad_token_id)
            labels = torch.full((len(batch), width), -100)
            for row, (count, whole) in enumerate(batch):
                inputs[row, : len(whole)] = torch.tensor(whole)
                labels[row, count : len(whole)] = torch.tensor(whole[count:])
            yield inputs, labels


def _orthogonal(matrix: torch.Tensor) -> torch.Tensor:
    """The nearest orthogonal matrix, about: Newton and Schulz's iteration with Muon's coefficients (Jordan 2024)."""
    tall = matrix.shape[0] > matrix.shape[1]
    found: torch.Tensor = (matrix.T if tall else matrix) / (matrix.norm() + 1e-7)
    for _ in range(5):
        square = found @ found.T
        found = 3.4445 * found + (-4.7750 * square + 2.0315 * square @ square) @ found
    return found.T if tall else found


def main() -> None:
    """Train into the folder that is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=1500)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    train(options.folder, options.seconds, options.seed)


if __name__ == "__main__":
    main()
