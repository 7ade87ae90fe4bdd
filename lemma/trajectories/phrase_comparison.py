"""Measure whether reflections chosen by a model's own likelihood surprise it less.

The perplexity of the joined text (prefix, wrong step, phrase, correction) with model-aware, typed and random phrases,
on the same trajectories: means with 95 % intervals (bootstrap over the trajectories), and the paired differences.

    comparison = compare(places, scorer)
    write_comparison(run, "Qwen/Qwen2.5-1.5B", comparison)    # lemma report shows it
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import orjson

from lemma.models.scoring import Scorer, Turn
from lemma.statistics import Interval, bootstrap, mean_column

REFLECTIONS = "reflections.json"
Way = Literal["model", "typed", "random"]


@dataclass(frozen=True)
class Place:
    """A turn from wrong to right: the text before it, the text after it, and a phrase chosen in each way."""

    question: str
    before: str
    after: str
    phrases: Mapping[Way, str]


@dataclass(frozen=True)
class Comparison:
    """The perplexity with the phrases of each way, and the log-perplexity of the model's choice minus that of each
    other way, in nats per token: below 0 if the model's choice is less surprising.
    """

    trajectories: int
    perplexity: Mapping[str, Interval]
    difference: Mapping[str, Interval]


def compare(places: Sequence[Place], scorer: Scorer) -> Comparison:
    """Score the joined texts of at least one place. Raises LemmaError if the model cannot be used."""
    # The text before the turn is the same for all ways, so it is scored once.
    starts = scorer.score([Turn(place.question, "", (place.before,)) for place in places])
    ends = scorer.score(
        [Turn(place.question, place.before, tuple(place.phrases.values()), place.after) for place in places]
    )
    surprises: dict[Way, list[float]] = {}  # nats per token of the joined text
    for place, (start,), scores in zip(places, starts, ends, strict=True):
        for way, end in zip(place.phrases, scores, strict=True):
            nats = -(start.log_likelihood + end.log_likelihood)
            surprises.setdefault(way, []).append(nats / (start.tokens + end.tokens))
    differences = {
        way: [ours - theirs for ours, theirs in zip(surprises["model"], values, strict=True)]
        for way, values in surprises.items()
        if way != "model"
    }
    columns = [mean_column(values) for values in (*surprises.values(), *differences.values())]
    found = iter(bootstrap(columns, seed=0))
    logs = {way: next(found) for way in surprises}
    return Comparison(
        len(places),
        {way: Interval(math.exp(log.value), math.exp(log.low), math.exp(log.high), log.n) for way, log in logs.items()},
        {way: next(found) for way in differences},
    )


def write_comparison(run: Path, model: str, comparison: Comparison | None) -> Path | None:
    """Write `reflections.json` into the run directory, if there is a comparison."""
    if comparison is None:
        return None
    path = run / REFLECTIONS
    path.write_bytes(orjson.dumps({"model": model} | asdict(comparison), option=orjson.OPT_INDENT_2) + b"\n")
    return path
