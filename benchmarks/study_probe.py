"""Does a model's state behind a step say whether the step was wrong? A linear reading of each layer of the base.

    python benchmarks/study_probe.py study/laptop                            # the base
    python benchmarks/study_probe.py study/laptop --model study/laptop/runs/own-exact/seed0/round1/model

The steps are those that the base drew for the problems of the arms (`stocks/sampled`): of each solution the first wrong
step, and one right step before it. A reflection would be decided on at the end of the step's line, so that is the state
that is read. The reading (Fisher's discriminant) is fitted on seven of ten problems; its AUC is that on the others.
Beside it: the AUC of the least probable token of the step, read from the probabilities, which needs no fitting.
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
def states(model: Any, tokenizer: Any, rows: list[tuple[str, tuple[str, ...], bool]]) -> tuple[Any, Any]:
    """The states behind each row's last line, layer by layer, and the least log-probability of a token of the line."""
    read_states, least = [], []
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
        places = torch.arange(len(texts))
        read_states.append(torch.stack([layer[places, ends] for layer in output.hidden_states], 1).numpy())
        likelihoods = output.logits[:, :-1].log_softmax(-1)
        chosen = likelihoods.gather(-1, batch["input_ids"][:, 1:, None])[..., 0]
        # The token at place t is predicted at t - 1; the end of the line is no word of the step.
        least += [float(chosen[row, starts[row] - 1 : ends[row] - 1].min()) for row in range(len(texts))]
    return np.concatenate(read_states), np.array(least)


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
    layers, least = states(model, tokenizer, rows)
    print(f"{wrong.sum():,} own wrong and {(~wrong).sum():,} own right steps, {(~fitted).sum():,} of them held out")
    for number in range(layers.shape[1]):
        print(f"layer {number}: AUC {reading(layers[:, number], wrong, fitted):.3f}")
    print(f"all layers: AUC {reading(layers.reshape(len(rows), -1), wrong, fitted):.3f}")
    print(f"least probable token: AUC {separation(-least[~fitted], wrong[~fitted]):.3f}")


if __name__ == "__main__":
    main()
