"""Small record files in the shape that build-sft writes, made from the bundled sample."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import orjson

from lemma.problems.loading import SAMPLE
from lemma.steps import split_steps, without_annotations

PHRASES = (
    "Wait, that is not right.",
    "Hmm, I made a mistake here. Let me fix it.",
    "That can't be, let me look again.",
)


def small(**shape: Any) -> Any:
    """The shape of an embedded model with an eighth of the inner weights, for tests that do not need what it learns.

    It stands in for `LlamaConfig` in `lemma.training.tiny_model`.
    """
    from transformers import LlamaConfig

    return LlamaConfig(**shape | {"hidden_size": 64, "intermediate_size": 192, "num_hidden_layers": 2})


def write_records(run: Path, count: int, seed: int = 0) -> None:
    """Write `sft/lemma.jsonl`, `dpo.jsonl`, `prm.jsonl` and `cot.jsonl` with about `count` lines each."""
    rng = random.Random(seed)
    rows = map(orjson.loads, SAMPLE.read_bytes().splitlines())
    problems = [row for row in rows if "####" in row.get("answer", "")]
    kinds: dict[str, list[dict[str, Any]]] = {"lemma": [], "dpo": [], "prm": [], "cot": []}
    while len(kinds["lemma"]) < count:
        for name, line in _records_of(problems[len(kinds["lemma"]) % len(problems)], rng).items():
            kinds[name].append(line)
    (run / "sft").mkdir(parents=True, exist_ok=True)
    for name, lines in kinds.items():
        (run / "sft" / f"{name}.jsonl").write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))


def _records_of(problem: dict[str, Any], rng: random.Random) -> dict[str, dict[str, Any]]:
    question, solution = problem["question"], problem["answer"]
    steps = [without_annotations(step) for step in split_steps(solution)]
    at = rng.randrange(len(steps))
    wrong = re.sub(r"\d+(?=\D*$)", lambda number: str(int(number[0]) + rng.randint(1, 9)), steps[at])
    ending = ["The answer is " + solution.rpartition("#### ")[2]]
    parts = [
        ("prefix", "\n".join(steps[:at])),
        ("error", wrong),
        ("reflection", rng.choice(PHRASES)),
        ("correction", "\n".join(steps[at:] + ending)),
    ]
    user = [{"role": "user", "content": question}]
    begun = "".join(step + "\n" for step in steps[:at])
    pair = {"chosen": answer(begun + steps[at]), "rejected": answer(begun + wrong), "shared": len(begun)}
    return {
        "lemma": trajectory(question, parts) | {"strategy": "fix", "error_type": "calculation_error"},
        "dpo": {"prompt": user, **pair, "pair": "rise"},
        "prm": {"prompt": question, "completions": [*steps[:at], wrong], "labels": [True] * at + [False]},
        "cot": {"prompt": user, "completion": answer("\n".join(steps + ending))},
    }


def answer(text: str) -> list[dict[str, str]]:
    """A conversational completion."""
    return [{"role": "assistant", "content": text}]


def trajectory(question: str, parts: list[tuple[str, str]]) -> dict[str, Any]:
    """A `lemma` record of the parts that are not empty, joined by line ends."""
    text, segments = "", []
    for kind, content in parts:
        if content:
            text += "\n" if text else ""
            segments.append({"kind": kind, "start": len(text), "end": len(text) + len(content)})
            text += content
    prompt = [{"role": "user", "content": question}]
    return {"prompt": prompt, "completion": answer(text), "segments": segments}
