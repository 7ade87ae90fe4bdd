"""What a pipeline will ask of its models at most, before anything is asked.

The number of calls follows from the number of problems and the options of the commands: no stage makes more than its
fan-out allows. Tokens of prompts are estimated from the text of the problems and the prompt templates, four characters
per token; responses count with their maximum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from lemma.config import ModelConfig
from lemma.declaration import Command
from lemma.engine.summary import Tally
from lemma.models.costs import Price
from lemma.options import StageConfig
from lemma.problems.loading import open_problems
from lemma.records import Rejection
from lemma.run_files import ERRONEOUS, PROBLEMS

_CHARACTERS_PER_TOKEN = 4
_LOOKED_AT = 2_000
# A prompt holds an example and shows a problem and one or two solutions; measured on the shipped prompts and GSM8K.
_TEMPLATE = 1_800
_SOLUTIONS_SHOWN = 2


@dataclass(frozen=True)
class Estimate:
    """The most that one command asks."""

    command: str
    model: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    usd: float | None


def estimate(
    stages: Sequence[StageConfig],
    command_of: Callable[[str], Command],
    prices_of: Callable[[ModelConfig], Mapping[str, Price]],
) -> list[Estimate]:
    """An upper bound for each command that asks a model. Prices are those of its options, if it has any."""
    most: dict[str, int] = {}
    characters = 0.0
    found = []
    for stage in stages:
        command = command_of(stage.command)
        if command.reads is None and PROBLEMS in command.writes:
            problems, characters = _problems(stage)
            most[PROBLEMS.name] = inputs = problems
        else:
            inputs = most.get((command.reads or ERRONEOUS).name, 0)
        for file in command.writes:
            if file is not PROBLEMS:
                most[file.name] = most.get(file.name, 0) + inputs * (command.fan_out(stage) if command.fan_out else 1)
        if isinstance(stage, ModelConfig) and command.calls is not None and (asked := stage.asked()):
            calls = inputs * command.calls(stage)
            prompt = round(calls * (_TEMPLATE + characters * _SOLUTIONS_SHOWN) / _CHARACTERS_PER_TOKEN)
            completion = calls * stage.max_tokens
            price = prices_of(stage).get(asked)
            usd = None if price is None else (prompt * price.input + completion * price.output) / 1_000_000
            found.append(Estimate(stage.command, asked, calls, prompt, completion, usd))
    return found


def _problems(stage: Any) -> tuple[int, float]:
    """The number of problems that a command reads, and their average length in characters."""
    data = getattr(stage, "from_", None) or stage.data
    source = open_problems(data, stage.command, stage.columns, stage.split, solved=False)
    count, characters, looked_at = 0, 0, 0
    for item in islice(source, stage.limit):
        if not isinstance(item, Rejection):
            count += 1
            if looked_at < _LOOKED_AT:
                looked_at += 1
                characters += len(item.question) + len(item.solution)
    return count, characters / max(1, looked_at)


def tally(estimates: Sequence[Estimate]) -> Tally:
    """The estimates as a table with a total."""
    rows = [(e.command, e.model, e.calls, e.prompt_tokens, e.completion_tokens, e.usd) for e in estimates]
    known = all(e.usd is not None for e in estimates)
    total = sum(e.usd or 0.0 for e in estimates) if known else None
    sums = [sum(column) for column in zip(*((row[2], row[3], row[4]) for row in rows), strict=True)] or [0, 0, 0]
    rows.append(("total", "", sums[0], sums[1], sums[2], total))
    return Tally(
        "At most",
        ("command", "model", "calls", "prompt tokens", "completion tokens", "USD"),
        tuple(
            (name, model, f"{calls:,}", f"{prompt:,}", f"{completion:,}", "-" if usd is None else f"{usd:,.2f}")
            for name, model, calls, prompt, completion, usd in rows
        ),
    )
