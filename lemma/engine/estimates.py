"""An upper bound on what a pipeline will ask of its models, before anything is asked.

The number of calls follows from the number of problems and the options of the commands: no stage makes more than its
fan-out allows. Tokens of prompts are estimated from the text of the problems and the prompt templates, four characters
per token; responses count with their maximum.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from lemma.engine.summary import Tally
from lemma.models.costs import Price
from lemma.records import Problem, Rejection

_CHARACTERS_PER_TOKEN = 4
_LOOKED_AT = 2_000
# A prompt holds an example and shows a problem and one or two solutions; measured on the shipped prompts and GSM8K.
_TEMPLATE = 1_800
_SOLUTIONS_SHOWN = 2


@dataclass(frozen=True)
class Stage:
    """What an estimate needs to know about a command and its options.

    `source` yields the problems if the command reads them from data; otherwise `reads` is the run file that it reads.
    `model` is None if no model is asked.
    """

    command: str
    source: Iterable[Problem | Rejection] | None
    reads: str
    writes: tuple[str, ...]
    fan_out: int
    calls: int
    model: str | None
    max_tokens: int
    price: Price | None


@dataclass(frozen=True)
class Estimate:
    """Upper bounds for one command."""

    command: str
    model: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    usd: float | None


def estimate(stages: Iterable[Stage]) -> list[Estimate]:
    """An upper bound for each command that asks a model, in the order of a pipeline."""
    most: dict[str, int] = {}
    characters = 0.0
    found = []
    for stage in stages:
        if stage.source is not None:
            problems = (item for item in stage.source if isinstance(item, Problem))
            # The length of a problem is estimated from the first ones; all are counted.
            lengths = [len(one.question) + len(one.solution) for one in islice(problems, _LOOKED_AT)]
            inputs = len(lengths) + sum(1 for _ in problems)
            characters = sum(lengths) / max(1, len(lengths))
        else:
            inputs = most.get(stage.reads, 0)
        for file in stage.writes:
            most[file] = most.get(file, 0) + inputs * stage.fan_out
        if stage.model is not None and stage.calls:
            calls = inputs * stage.calls
            prompt = round(calls * (_TEMPLATE + characters * _SOLUTIONS_SHOWN) / _CHARACTERS_PER_TOKEN)
            completion = calls * stage.max_tokens
            price = stage.price
            usd = None if price is None else (prompt * price.input + completion * price.output) / 1_000_000
            found.append(Estimate(stage.command, stage.model, calls, prompt, completion, usd))
    return found


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
