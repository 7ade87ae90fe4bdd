"""The whole loop: problems, errors, records, two tiny models trained on equally many tokens, every suite on both.

    python benchmarks/self_correction_loop.py --size smoke          # a smoke test, one or two minutes
    python benchmarks/self_correction_loop.py --size full           # up to 45 minutes on two cores
    python benchmarks/self_correction_loop.py --size large --device cuda

One model learns from right solutions only (`cot` records), the other from the same number of tokens, half of which are
LEMMA records (wrong step, masked from the loss; reflection; correction). Both start from the same weights and answer
the same held-out problems. Every step is a lemma command as a user would type it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import orjson

ARMS = ("cot", "lemma")
ERROR_TYPES = "calculation_error,question_misinterpretation_error,context_value_error,previous_step_value_error"
SHORT_CHAT = (
    "{%- for message in messages -%}{{- message.content -}}"
    "{%- if message.role == 'assistant' -%}{{- eos_token -}}{%- else -%}{{- '\\n' -}}{%- endif -%}{%- endfor -%}"
)
PAD, END, UNKNOWN = "<|pad|>", "<|end|>", "<|unknown|>"
# What the table shows: the ids of suite and figure.
SHOWN = (
    ("accuracy", "accuracy"),
    ("accuracy", "pass_at_4"),
    ("accuracy", "majority_within_equal_tokens"),
    ("accuracy", "tokens_per_output"),
    ("self-correction", "reflection_rate"),
    ("self-correction", "accuracy_t1"),
    ("self-correction", "delta"),
    ("recovery", "injected_recognized"),
    ("recovery", "injected_corrected"),
    ("recovery", "injected_right"),
    ("recovery", "own_recognized"),
    ("recovery", "own_corrected"),
    ("recovery", "own_right"),
    ("recovery", "gap_recognized"),
    ("recovery", "gap_right"),
    ("recovery", "right_prefix_reflection"),
    ("recovery", "right_prefix_right"),
    ("blind-spot", "blind_spot"),
    ("first-error", "processbench_f1"),
)


@dataclass(frozen=True)
class Size:
    """The size of the loop: problems, their difficulty, the model, its training, and the evaluation."""

    problems: int
    test_problems: int
    story: tuple[str, ...]
    hidden: int
    layers: int
    heads: int
    epochs: int
    batch: int
    learning_rate: float
    samples: int


EASY = ("--operations", "1-3", "--distractors", "0", "--no-shuffled")
SIZES = {
    "smoke": Size(120, 6, EASY, 32, 2, 2, 1, 16, 3e-3, 2),
    "full": Size(24_000, 500, EASY, 96, 4, 4, 3, 16, 3e-3, 4),
    "large": Size(40_000, 500, ("--operations", "2-4", "--distractors", "1"), 256, 6, 8, 10, 256, 1e-3, 4),
}


def main() -> None:
    """Run the loop and print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=SIZES, default="full")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="keep all files here; a second run redoes only what is missing")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        loop = Loop(options.folder or Path(temporary), SIZES[options.size], options.device, options.seed)
        loop.run()


class Loop:
    """One run of the loop in a folder."""

    def __init__(self, folder: Path, size: Size, device: str, seed: int) -> None:
        self.folder, self.size, self.seed = folder, size, seed
        self.data = folder / "data"
        cores = len(os.sched_getaffinity(0))
        self.environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": str(max(1, cores // len(ARMS)))}
        if device == "cpu":
            self.environment["CUDA_VISIBLE_DEVICES"] = ""
        self.started = time.monotonic()

    def run(self) -> None:
        """Run all steps and print how long each takes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.timed("problems, errors, records", self.make_records)
        self.timed("models", self.make_models)
        self.timed("training, both in parallel", self.train)
        self.timed("evaluation, both in parallel", self.evaluate)
        self.print_table()
        print(f"\n{time.monotonic() - self.started:.0f} s in total")

    def timed(self, name: str, step: Any) -> None:
        """Run a step and print how long it took."""
        started = time.monotonic()
        step()
        print(f"{name:<28}{time.monotonic() - started:8.1f} s", flush=True)

    def make_records(self) -> None:
        """Make problems, hold out the first ones for testing, and make errors and records from the rest."""
        size, test = self.size, str(self.folder / "test.jsonl")
        self.lemma(self.data, "generate", "-n", str(size.problems + size.test_problems), *size.story)
        lines = (self.data / "generated.jsonl").read_bytes().splitlines(keepends=True)
        Path(test).write_bytes(b"".join(lines[: size.test_problems]))
        (self.folder / "train.jsonl").write_bytes(b"".join(lines[size.test_problems :]))
        self.lemma(self.data, "augment", str(self.folder / "train.jsonl"), "--types", ERROR_TYPES, "--per-problem", "1")
        self.lemma(self.data, "correct", "--strategies", "fix")
        self.lemma(self.data, "build-sft", "--records", "lemma,cot", "--strategies", "fix", "--near-duplicates", "1")

    def make_models(self) -> None:
        """Make one tokenizer and one set of random weights for both arms, and records with equally many tokens."""
        records = {kind: read(self.data / "sft" / f"{kind}.jsonl") for kind in ARMS}
        make_model(self.folder / "start", self.size, [*records["lemma"], *records["cot"]], self.seed)
        half = [line for pair in zip(records["lemma"], records["cot"][::-1], strict=False) for line in pair]
        most = sum(tokens_of(records["cot"], self.folder / "start"))
        for arm, lines in (("cot", records["cot"]), ("lemma", half)):
            lengths = tokens_of(lines, self.folder / "start")
            chosen = lines[: how_many_fit(lengths, most)]
            for kind in ARMS:
                write(self.folder / arm / "sft" / f"{kind}.jsonl", [line for line in chosen if kind_of(line) == kind])
            print(f"  {arm}: {len(chosen):,} records, {sum(lengths[: len(chosen)]):,} tokens per epoch")

    def train(self) -> None:
        """Train both arms, each in its own process."""
        size = self.size
        settings = {
            "model": self.folder / "start",
            "preset": "tiny",
            "epochs": size.epochs,
            "max-steps": 10**6,
            "effective-batch": size.batch,
            "device-batch": size.batch,
            "learning-rate": size.learning_rate,
            "eval-share": 0,
            "save-every": 500,
        }
        flags = [part for name, value in settings.items() for part in (f"--{name}", str(value))]
        flags += ["--mask", "error", "--group-by-length"]
        kinds = {"cot": ("cot",), "lemma": ARMS}
        self.at_once([(self.folder / arm, ["train", *flags, "--records", ",".join(kinds[arm])]) for arm in ARMS])

    def evaluate(self) -> None:
        """Run every suite on both models, then the paired comparison."""
        common = ["-n", str(self.size.samples), "--max-tokens", "96", "--types", ERROR_TYPES, "--timeout", "3600"]
        common += ["--deadline", "7200", "--give-up-after", "7200", "--max-in-flight", "512"]
        self.at_once(
            [
                (
                    self.folder / arm,
                    ["eval", str(self.folder / "test.jsonl"), "--model", str(self.folder / arm / "model"), *common],
                )
                for arm in ARMS
            ]
        )
        self.lemma(self.folder, "eval", "-n", str(self.size.samples), "--compare", *map(str, self.evaluations()))

    def evaluations(self) -> list[Path]:
        """The folders of the two evaluations."""
        return [self.folder / arm / "eval" / "model" for arm in ARMS]

    def print_table(self) -> None:
        """Print the comparison figure by figure, and the accuracy by difficulty."""
        compared = {
            (item["suite"], item["figure"]): item
            for item in orjson.loads((self.folder / "eval" / "model-against-model.json").read_bytes())
        }
        results = [orjson.loads((folder / "results.json").read_bytes())["figures"] for folder in self.evaluations()]
        values = [{(row["suite"], row["figure"]): row for row in rows if row["group"] == "all"} for rows in results]
        print("\n| | cot | lemma | lemma - cot, 95 % interval | problems |\n| --- | --- | --- | --- | --- |")
        for key in SHOWN:
            rows = [found.get(key) for found in values]
            labels = [row["label"] for row in (*rows, compared.get(key)) if row]
            if not labels:
                continue  # neither model has this figure, as pass@4 of two samples
            cells = [
                self.cell(row or compared_value(compared.get(key), arm)) for arm, row in zip(ARMS, rows, strict=True)
            ]
            problems = " / ".join(str(row["problems"]) for row in rows if row)
            print(f"| {key[0]}: {labels[0]} | {' | '.join(cells)} | {difference(compared.get(key))} | {problems} |")
        print()
        for arm, figures in zip(ARMS, results, strict=True):
            by_steps = [row for row in figures if row["figure"] == "accuracy" and row["group"].startswith("steps=")]
            print(f"{arm}: accuracy by " + ", ".join(f"{row['group']}: {row['value']:.0%}" for row in by_steps))

    @staticmethod
    def cell(row: dict[str, Any] | None) -> str:
        """A value as text."""
        if row is None or row["value"] is None:
            return "-"
        return f"{row['value']:.1%}" if row["percent"] else f"{row['value']:.3g}"

    def lemma(self, run: Path, *arguments: str) -> None:
        """Run a command to completion."""
        self.at_once([(run, list(arguments))])

    def at_once(self, commands: Sequence[tuple[Path, list[str]]]) -> None:
        """Run commands in parallel. The first that fails ends the benchmark and prints its output."""
        logs: dict[subprocess.Popen[bytes], Path] = {}
        try:
            for run, arguments in commands:
                run.mkdir(parents=True, exist_ok=True)
                log = run / f"{arguments[0]}.log"
                command = [sys.executable, "-m", "lemma", *arguments, "--run", str(run), "--seed", str(self.seed)]
                with log.open("wb") as file:
                    logs[subprocess.Popen(command, stdout=file, stderr=file, env=self.environment)] = log
            while None in (states := [process.poll() for process in logs]) and not any(states):
                time.sleep(0.05)
            for process, log in logs.items():
                if process.poll():
                    sys.exit(f"{log}:\n{log.read_text()[-2000:]}")
        finally:
            for process in logs:
                process.terminate()
                process.wait()


def compared_value(item: dict[str, Any] | None, arm: str) -> dict[str, Any] | None:
    """One side of a comparison as a row, for figures that only the comparison has."""
    return item and {"value": item["first" if arm == ARMS[0] else "second"], "percent": item["percent"]}


def difference(item: dict[str, Any] | None) -> str:
    """The difference, second minus first."""
    if item is None or item["difference"]["low"] is None:
        return ""
    value, low, high = (0.0 - item["difference"][name] for name in ("value", "high", "low"))
    form = "{:+.1%}" if item["percent"] else "{:+.3g}"
    return f"{form.format(value)}, {form.format(low)} to {form.format(high)}"


def read(path: Path) -> list[dict[str, Any]]:
    """The lines of a record file."""
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def write(path: Path, lines: Sequence[dict[str, Any]]) -> None:
    """Write a record file, unless there are no records."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if lines:
        path.write_bytes(b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines))


def kind_of(line: dict[str, Any]) -> str:
    """The kind of record on a line."""
    return "lemma" if "segments" in line else "cot"


def text_of(line: dict[str, Any]) -> str:
    """A record as the short chat template renders it, without the end marker."""
    return f"{line['prompt'][0]['content']}\n{line['completion'][0]['content']}"


def how_many_fit(lengths: Sequence[int], most: int) -> int:
    """How many records from the start fit into this many tokens."""
    return sum(total <= most for total in accumulate(lengths))


def tokens_of(lines: Sequence[dict[str, Any]], model: Path) -> list[int]:
    """Tokens of each record under the short chat template."""
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(str(model))
    texts = [text_of(line) + tokenizer.eos_token for line in lines]
    return [len(tokens) for tokens in tokenizer(texts, add_special_tokens=False)["input_ids"]]


def make_model(folder: Path, size: Size, records: Sequence[dict[str, Any]], seed: int) -> None:
    """Make random weights, a tokenizer of whole words and numbers, and a chat template that adds one character."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    words = word_tokenizer(text_of(line) for line in records)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token=PAD, eos_token=END, unk_token=UNKNOWN, chat_template=SHORT_CHAT
    )
    tokenizer.save_pretrained(folder)
    torch.manual_seed(seed)
    shape = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=size.hidden,
        intermediate_size=3 * size.hidden,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = LlamaForCausalLM(shape)
    model.save_pretrained(folder)
    print(f"  {model.num_parameters() / 1e6:.2f} million parameters, {len(tokenizer)} tokens in the vocabulary")


def word_tokenizer(texts: Iterable[str]) -> Any:
    """One token per word, number or punctuation mark, including the space before it.

    A word at the start of a line is the same token as elsewhere, so that a small model need not learn a name twice.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    tokenizer: Any = Tokenizer(models.WordLevel(unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.Replace(Regex(r"(?<=\n)(?=\S)|\A(?=\S)"), " ")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r" ?\w+|\n| ?[^\w\s]|\s"), "isolated")
    tokenizer.decoder = decoders.Sequence([decoders.Fuse(), decoders.Replace(Regex(r"(?<=\n) |\A "), "")])
    tokenizer.train_from_iterator(
        texts, trainers.WordLevelTrainer(special_tokens=[PAD, END, UNKNOWN], show_progress=False)
    )
    return tokenizer


if __name__ == "__main__":
    main()
