"""In-process generation against plain transformers `generate`: the same model, prompts, batch and lengths, in one run.

    python benchmarks/generation.py                          # a random model of one million parameters
    python benchmarks/generation.py --model lemma-run/model  # a model of your own

Each contender writes `--tokens` tokens for `--prompts` prompts, greedily and drawn at temperature 0.7. They take turns,
`--rounds` times, one and the other first; shown are medians, of the ratio over the rounds. Without a GPU, the seconds
are those of the processor, over all threads of the process.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from lemma.generation.stories import Difficulty, draw_story
from lemma.generation.wording import question_text, solution_steps
from lemma.models.backends.transformers import LocalTransformers
from lemma.models.chat_template import render_prompt
from lemma.models.protocol import Message, Request, Sampling, read_answer
from lemma.training.tiny_model import make_tiny_model


def main() -> None:
    """Time both contenders and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="folder or Hugging Face id (default: a random one, made here)")
    parser.add_argument("--prompts", type=int, default=64)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    torch.manual_seed(0)
    texts = stories(options.prompts)
    with tempfile.TemporaryDirectory() as temporary:
        model = options.model or random_model(Path(temporary), texts)
        print(f"{options.prompts} prompts, at most {options.tokens} tokens each, {torch.get_num_threads()} threads\n")
        print("| | generate, tokens/s | lemma, tokens/s | ratio |\n| --- | --- | --- | --- |")
        for name, temperature in (("greedy", 0.0), ("drawn at 0.7", 0.7)):
            sampling = Sampling(temperature, 1.0, options.tokens)
            speeds = turns(options.rounds, plain_generate(model, texts, sampling), in_process(model, texts, sampling))
            plain, ours = map(median, zip(*speeds, strict=True))
            ratio = median(second / first for first, second in speeds)
            print(f"| {name} | {plain:,.0f} | {ours:,.0f} | {ratio:.2f} |", flush=True)


def stories(number: int) -> list[str]:
    """Questions of generated problems of one to four operations: prompts of different lengths."""
    rng = random.Random(0)
    drawn = [draw_story(rng, Difficulty(rng.randint(1, 4))) for _ in range(number)]
    return [question_text(story, list(story.facts)) for story in drawn]


def random_model(folder: Path, texts: list[str]) -> str:
    """The embedded model with random weights, which hardly ever ends its answer."""
    rng = random.Random(1)
    solved = "\n".join(solution_steps(draw_story(rng, Difficulty(3))))
    chats = ([{"role": "user", "content": text}, {"role": "assistant", "content": solved}] for text in texts)
    make_tiny_model(folder, chats, 0)
    return str(folder)


def turns(rounds: int, *contenders: Callable[[], int]) -> list[list[float]]:
    """Tokens per second of each contender, by round. A first round that is not counted warms everything up."""
    clock = time.perf_counter if torch.cuda.is_available() else time.process_time
    speeds = []
    for number in range(rounds + 1):
        row = {}
        for place in (0, 1) if number % 2 else (1, 0):
            started = clock()
            tokens = contenders[place]()
            row[place] = tokens / (clock() - started)
        if number:
            speeds.append([row[0], row[1]])
    return speeds


def plain_generate(name: str, texts: list[str], sampling: Sampling) -> Callable[[], int]:
    """One padded batch through `model.generate`. Counts tokens up to the end of each answer."""
    tokenizer: Any = AutoTokenizer.from_pretrained(name, padding_side="left")
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = "auto" if device == "cuda" else "float32"
    model: Any = AutoModelForCausalLM.from_pretrained(name, dtype=dtype).to(device).eval()
    prompts = [render_prompt(tokenizer, [{"role": "user", "content": text}]) for text in texts]
    drawn = {"do_sample": True, "temperature": sampling.temperature, "top_k": 0}
    how = drawn if sampling.temperature else {"do_sample": False}

    def run() -> int:
        inputs = tokenizer(prompts, add_special_tokens=False, padding=True, return_tensors="pt").to(device)
        with torch.inference_mode():
            made = model.generate(
                **inputs, max_new_tokens=sampling.max_tokens, pad_token_id=tokenizer.pad_token_id, **how
            )
        rows = made[:, inputs["input_ids"].shape[1] :].tolist()
        ends = [row.index(tokenizer.eos_token_id) + 1 if tokenizer.eos_token_id in row else len(row) for row in rows]
        tokenizer.batch_decode(rows, skip_special_tokens=True)
        return sum(ends)

    return run


def in_process(name: str, texts: list[str], sampling: Sampling) -> Callable[[], int]:
    """The same prompts through the backend, as `lemma eval` and `lemma sample` ask it."""
    backend = LocalTransformers(name)
    requests = [Request(name, (Message("user", text),), sampling, 1) for text in texts]

    def run() -> int:
        async def ask() -> list[bytes]:
            return await asyncio.gather(*map(backend.answer, requests))

        return sum(read_answer(raw).usage.completion_tokens for raw in asyncio.run(ask()))

    return run


if __name__ == "__main__":
    main()
