"""Does a model's state behind a step say whether the step was wrong? A linear reading of each layer of the base.

    python benchmarks/study_probe.py study/laptop                            # the base
    python benchmarks/study_probe.py study/laptop --model study/laptop/runs/own-exact/seed0/round1/model

The steps are those that the base drew for the problems of the arms (`stocks/sampled`): of each solution the first wrong
step, and one right step before it. A reflection would be decided on at the end of the step's line, so that is the state
that is read; beside it, the state at the step's least probable token. The reading (Fisher's discriminant) is fitted on
seven of ten problems, and its AUC is that on the others. The last figure is the AUC of the probability of that token,
which needs no fitting.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from self_correction_loop import read
from transformers import AutoModelForCausalLM, AutoTokenizer

from lemma.evaluation.metrics import area_under_curve
from lemma.evaluation.recovery import own_prefixes, own_right_prefixes

_FITTED = 0.7
_BATCH = 64
_SHRINKAGE = 0.05


def prefixes(sampled: Path) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """Question, steps, and whether the last of them is wrong."""
    questions = {problem["id"]: problem["question"] for problem in read(sampled / "problems.jsonl")}
    rng = random.Random(0)
    for solution in read(sampled / "solutions.jsonl"):
        question, text = questions[solution["problem_id"]], ["\n".join(solution["steps"])]
        for found in (*own_prefixes(question, (), text), *own_right_prefixes(question, text, rng)):
            yield question, found.steps, found.condition == "own"


@torch.no_grad()
def states(model: Any, tokenizer: Any, rows: list[tuple[str, tuple[str, ...], bool]]) -> tuple[Any, Any, Any]:
    """The states behind each last line and at its least probable token, by layer, and its log-likelihood."""
    behind: list[Any] = []
    there: list[Any] = []
    least: list[float] = []
    for first in range(0, len(rows), _BATCH):
        texts, starts = [], []
        for question, steps, _ in rows[first : first + _BATCH]:
            message = [{"role": "user", "content": question}]
            prompt = tokenizer.apply_chat_template(message, tokenize=False, add_generation_prompt=True)
            before = prompt + "".join(f"{step}\n" for step in steps[:-1])
            starts.append(len(tokenizer(before, add_special_tokens=False)["input_ids"]))
            texts.append(f"{before}{steps[-1]}\n")
        batch = tokenizer(texts, return_tensors="pt", padding=True, padding_side="right", add_special_tokens=False)
        output = model(**batch, output_hidden_states=True)
        ends = batch["attention_mask"].sum(1) - 1
        likelihoods = output.logits[:, :-1].log_softmax(-1)
        chosen = likelihoods.gather(-1, batch["input_ids"][:, 1:, None])[..., 0]
        # The token at place t is predicted at t - 1; the end of the line is no word of the step.
        words = [chosen[row, starts[row] - 1 : ends[row] - 1] for row in range(len(texts))]
        odd = [start + int(found.argmin()) for start, found in zip(starts, words, strict=True)]
        least += [float(found.min()) for found in words]
        for kept, places in ((behind, ends), (there, torch.tensor(odd))):
            kept.append(torch.stack([layer[torch.arange(len(texts)), places] for layer in output.hidden_states], 1))
    return torch.cat(behind).numpy(), torch.cat(there).numpy(), np.array(least)


def reading(states_read: Any, wrong: Any, fitted: Any) -> float:
    """The AUC of Fisher's discriminant on the rows that it was not fitted on."""
    scaled = (states_read - states_read[fitted].mean(0)) / (states_read[fitted].std(0) + 1e-6)
    groups = [scaled[fitted & (wrong == kind)] for kind in (True, False)]
    spread = sum(np.cov(group.T) for group in groups) / 2 + _SHRINKAGE * np.eye(scaled.shape[1])
    scores = scaled @ np.linalg.solve(spread, groups[0].mean(0) - groups[1].mean(0))
    return separation(scores[~fitted], wrong[~fitted])


def separation(scores: Any, wrong: Any) -> float:
    """The AUC of a score that is higher for wrong steps."""
    order = np.argsort(scores)
    return float(area_under_curve(wrong[order], ~wrong[order]))


def main() -> None:
    """Print one AUC per layer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of one size of the study")
    parser.add_argument("--model", type=Path, help="another model than the base, reading the same steps")
    parser.add_argument("--most", type=int, default=6000, help="maximum number of steps")
    options = parser.parse_args()
    place = options.model or options.folder / "base" / "model"
    model, tokenizer = AutoModelForCausalLM.from_pretrained(place).eval(), AutoTokenizer.from_pretrained(place)
    rows = list(prefixes(options.folder / "stocks" / "sampled"))[: options.most]
    wrong = np.array([row[2] for row in rows])
    chosen = {question: random.Random(question).random() < _FITTED for question, _, _ in rows}
    fitted = np.array([chosen[question] for question, _, _ in rows])
    behind, there, least = states(model, tokenizer, rows)
    print(f"{wrong.sum():,} own wrong and {(~wrong).sum():,} own right steps, {(~fitted).sum():,} of them held out")
    print("AUC of a reading behind the step; at its least probable token")
    for number in range(behind.shape[1]):
        found = [reading(layers[:, number], wrong, fitted) for layers in (behind, there)]
        print(f"layer {number}: {found[0]:.3f}; {found[1]:.3f}")
    found = [reading(layers.reshape(len(rows), -1), wrong, fitted) for layers in (behind, there)]
    print(f"all layers: {found[0]:.3f}; {found[1]:.3f}")
    print(f"AUC of the probability of the least probable token: {separation(-least[~fitted], wrong[~fitted]):.3f}")


if __name__ == "__main__":
    main()
