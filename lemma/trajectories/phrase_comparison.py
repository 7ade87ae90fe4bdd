"""Does the model to be trained find its reflections less surprising when they are chosen by its own likelihood?

The perplexity of the joined text (prefix, wrong step, phrase, correction) with model-aware, typed and random phrases,
on the same trajectories: means with 95 % intervals (bootstrap over the trajectories), and the paired differences.

    comparison = compare(places, scorer)
    write_comparison(run, "Qwen/Qwen2.5-1.5B", comparison)    # lemma report shows it
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Literal

import orjson

from lemma.models.scoring import Score, Scorer, Turn

REFLECTIONS = "reflections.json"
_RESAMPLES = 1000
Way = Literal["model", "typed", "random"]


@dataclass(frozen=True)
class Place:
    """A turn from wrong to right: what was said before it, what comes after it, and a phrase chosen in each way."""

    question: str
    before: str
    after: str
    phrases: Mapping[Way, str]


@dataclass(frozen=True)
class Interval:
    """A mean and its 95 % interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:8.4f}  [{self.low:.4f}, {self.high:.4f}]"


@dataclass(frozen=True)
class Comparison:
    """The perplexity with the phrases of each way, and how far the log-perplexity of the model's choice, in nats a
    token, lies from that of the other ways: below 0 where the model's is less surprising.
    """

    trajectories: int
    perplexity: Mapping[str, Interval]
    difference: Mapping[str, Interval]


def compare(places: Sequence[Place], scorer: Scorer) -> Comparison:
    """Score the joined texts of at least one place. Raises LemmaError where the model can't be used."""
    rng, surprises = random.Random(0), _surprises(places, scorer)
    logs = {way: _interval(values, rng) for way, values in surprises.items()}
    return Comparison(
        len(places),
        {way: Interval(*map(math.exp, (log.mean, log.low, log.high))) for way, log in logs.items()},
        {
            way: _interval([ours - theirs for ours, theirs in zip(surprises["model"], values, strict=True)], rng)
            for way, values in surprises.items()
            if way != "model"
        },
    )


def write_comparison(run: Path, model: str, comparison: Comparison) -> Path:
    """Write `reflections.json` into the run directory."""
    path = run / REFLECTIONS
    path.write_bytes(orjson.dumps({"model": model} | asdict(comparison), option=orjson.OPT_INDENT_2) + b"\n")
    return path


def _surprises(places: Sequence[Place], scorer: Scorer) -> dict[Way, list[float]]:
    """Nats a token of the joined text. What stands before the turn is the same for all ways, and scored once."""
    starts = scorer.score([Turn(place.question, "", (place.before,)) for place in places])
    ends = scorer.score(
        [Turn(place.question, place.before, tuple(place.phrases.values()), place.after) for place in places]
    )
    made: dict[Way, list[float]] = {}
    for place, (start,), scores in zip(places, starts, ends, strict=True):
        for way, end in zip(place.phrases, scores, strict=True):
            made.setdefault(way, []).append(_surprise(start, end))
    return made


def _surprise(*parts: Score) -> float:
    return -sum(part.log_likelihood for part in parts) / sum(part.tokens for part in parts)


def _interval(values: Sequence[float], rng: random.Random) -> Interval:
    """Mean and percentile bootstrap."""
    means = sorted(fmean(rng.choices(values, k=len(values))) for _ in range(_RESAMPLES))
    return Interval(fmean(values), means[int(0.025 * _RESAMPLES)], means[int(0.975 * _RESAMPLES)])
