"""Tokens per second and model FLOPs utilization on one GPU, lemma and plain TRL: full fine-tuning and LoRA.

A Llama-shaped model of about 100 million parameters with random weights and synthetic records of exactly `--length`
tokens, so nothing has to be downloaded. Both trainers get the same rows and arguments and take turns.
The FLOPs per token are 6 N + 12 layers x width x length for full training (arXiv 2204.02311, appendix B), with 4 N
instead of 6 N for LoRA: frozen weights get no gradient, while attention, which has no weights, costs the same.

    python benchmarks/training_gpu.py --out DIR
    python benchmarks/training_gpu.py --out DIR --layers 2 --width 64 --length 64 --steps 8   # a smoke test on a CPU
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from training_overhead import interval, ours, plain, ratio, take_turns
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from lemma.config import TrainConfig
from lemma.models.chat_template import ensure_chat_template, render_prompt
from lemma.training.presets import with_preset
from lemma.training.records import Line

# Dense bfloat16 peak in FLOPs per second, from the vendors' data sheets.
PEAKS = {"H200": 989e12, "H100 PCIe": 756e12, "H100": 989e12, "A100": 312e12, "L40S": 362e12, "4090": 165e12}
_WORDS = 16000
_SEGMENTS = ("prefix", "error", "reflection", "correction")


def make_model(folder: Path, layers: int, width: int, length: int) -> int:
    """Write a random model whose tokenizer has one token per word. Returns the number of parameters."""
    vocabulary = {word: number for number, word in enumerate(["<pad>", "<end>", "<unk>", *_words()])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<end>", unk_token="<unk>"
    )
    wrapped.save_pretrained(folder)
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=16384,
            hidden_size=width,
            intermediate_size=width * 8 // 3 // 64 * 64,
            num_hidden_layers=layers,
            num_attention_heads=max(1, width // 64),
            max_position_embeddings=max(length, 2048),
            tie_word_embeddings=True,
        )
    )
    model.save_pretrained(folder)
    return int(sum(parameter.numel() for parameter in model.parameters()))


def _words() -> list[str]:
    return [f"w{number}" for number in range(_WORDS)]


def make_lines(tokenizer: Any, count: int, length: int) -> list[Line]:
    """Records of exactly `length` tokens, the answer in four parts."""
    rng, words = random.Random(0), _words()
    prompt = [{"role": "user", "content": " ".join(rng.choices(words, k=length // 8))}]
    given = len(tokenizer(render_prompt(tokenizer, prompt), add_special_tokens=False)["input_ids"])
    answer_words = length - given - 1  # one for the end token
    lines = []
    for _ in range(count):
        text, segments = "", []
        for number, kind in enumerate(_SEGMENTS):
            size = answer_words // 4 if number < 3 else answer_words - 3 * (answer_words // 4)
            start = len(text)
            text += " ".join(rng.choices(words, k=size)) + (" " if number < 3 else "")
            segments.append({"kind": kind, "start": start, "end": len(text)})
        completion = [{"role": "assistant", "content": text}]
        lines.append(Line("lemma", "made up", {"prompt": prompt, "completion": completion, "segments": segments}))
    return lines


def flops_per_token(parameters: int, layers: int, width: int, length: int, lora: bool) -> float:
    """Floating-point operations of the forward and backward pass for one token."""
    return (4 if lora else 6) * parameters + 12 * layers * width * length


def peak_of_this_gpu() -> float | None:
    """The peak of this GPU; None if it is unknown."""
    name = torch.cuda.get_device_name(0) if torch.cuda.is_available() else ""
    return next((peak for known, peak in PEAKS.items() if known in name), None)


def measure(asked: argparse.Namespace, lora: bool, folder: Path) -> dict[str, Any]:
    """Tokens per second and utilization of both trainers."""
    parameters = make_model(folder / "base", asked.layers, asked.width, asked.length)
    config = with_preset(
        TrainConfig(
            model=str(folder / "base"),
            preset="lora" if lora else "lemma",
            max_steps=asked.steps,
            epochs=1000,
            max_length=asked.length,
            effective_batch=asked.batch,
            device_batch=asked.batch,
            activation_checkpointing=False,
            eval_share=0,
            save_every=10**9,
            error_weight=0.3,
        )
    )
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder / "base")
    ensure_chat_template(tokenizer)
    lines = make_lines(tokenizer, asked.batch * 20, asked.length)
    arguments = (str(folder / "base"), tokenizer, lines, config, folder)
    mine, theirs = ours(*arguments), plain(*arguments)
    assert {len(row) for row in mine.train_dataset["input_ids"]} == {asked.length}
    memory = torch.cuda.max_memory_allocated() / 2**30 if torch.cuda.is_available() else None
    pairs = take_turns(mine, theirs)
    times = [median(pair[side][0] for pair in pairs) for side in (0, 1)]
    rates = [asked.batch * asked.length / seconds for seconds in times]
    flops = flops_per_token(parameters, asked.layers, asked.width, asked.length, lora)
    peak = asked.peak_tflops * 1e12 if asked.peak_tflops else peak_of_this_gpu()
    return {
        "parameters": parameters,
        "tokens_per_second": {"ours": rates[0], "plain TRL": rates[1]},
        "utilization": {"ours": rates[0] * flops / peak, "plain TRL": rates[1] * flops / peak} if peak else None,
        "step_time_ratio": ratio(pairs, 0),
        "step_time_ratio_interval": interval(pairs, 0),
        "memory_before_training_gib": memory,
    }


def main() -> None:
    """Measure, print, and write `training_gpu.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--length", type=int, default=1024)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--peak-tflops", type=float, help="dense bfloat16 peak, if the GPU is unknown")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "CPU"
    result: dict[str, Any] = {"device": device, "torch": torch.__version__, "batch": asked.batch}
    for name, lora in (("full", False), ("lora", True)):
        with tempfile.TemporaryDirectory() as temporary:
            result[name] = measure(asked, lora, Path(temporary))
        print(name, json.dumps(result[name]))
    (asked.out / "training_gpu.json").write_text(json.dumps(result, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
