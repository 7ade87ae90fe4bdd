"""Does the model to be trained find its reflection less surprising when the phrase is chosen by its own likelihood?

The perplexity of the joined text (prefix, wrong step, phrase, correction) with model-aware, typed and random phrases,
on the same trajectories and model: means with 95 % intervals (bootstrap over trajectories), and the paired difference.

    lemma train --run RUN
    python benchmarks/reflections.py RUN/sft/lemma.jsonl --model RUN/model --count 500
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Literal, cast

from lemma.engine import random_for
from lemma.records import Strategy
from lemma.reflection import Phrases, choose_phrase, load_phrases
from lemma.scoring.connect import open_scorer
from lemma.scoring.phrases import Score, Scorer, Turn, choose
from lemma.stored_lines import read_lines
from lemma.taxonomy import load_taxonomy

_RESAMPLES = 2000
Way = Literal["model", "typed", "random"]


@dataclass(frozen=True)
class Interval:
    """A mean and its 95 % interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:8.4f}  [{self.low:.4f}, {self.high:.4f}]"


@dataclass(frozen=True)
class Place:
    """A turn of a record: what was said before and after it, and which phrases could stand there."""

    id: str
    question: str
    before: str
    after: str
    phrases: Phrases
    error_type: str
    family: str
    step_number: int

    @property
    def candidates(self) -> tuple[str, ...]:
        fitting = self.phrases.fitting(self.error_type, self.family)
        return tuple(dict.fromkeys(phrase.fill(self.step_number) for phrase in fitting))


def read_places(path: Path, count: int) -> list[Place]:
    """The first `count` records that have a wrong step and a reflection."""
    places: list[Place] = []
    for number, line in enumerate(read_lines(path, "build-sft")):
        parts = {part["kind"]: part for part in line["segments"]}
        if "error" not in parts or "reflection" not in parts:
            continue
        text = line["completion"][0]["content"]
        error_type = load_taxonomy().resolve(line["error_type"])
        before = text[: parts["reflection"]["start"]]
        phrase = text[parts["reflection"]["start"] : parts["reflection"]["end"]]
        places.append(
            Place(
                id=str(number),
                question=line["prompt"][0]["content"],
                before=before,
                after=text[len(before) + len(phrase.rstrip()) :],
                phrases=load_phrases(cast(Strategy, line["strategy"])),
                error_type=error_type.id,
                family=error_type.family,
                step_number=before.rstrip().count("\n") + 1,
            )
        )
        if len(places) == count:
            break
    return places


def phrases_by_way(
    places: Sequence[Place], scorer: Scorer, temperature: float, lookahead: bool
) -> dict[Way, list[str]]:
    """The phrase at each place: by the model's likelihood among the fitting ones, any fitting one, and any at all."""
    turns = [Turn(place.question, place.before, place.candidates, place.after if lookahead else "") for place in places]
    scored = scorer.score(turns)
    return {
        "model": [
            turn.candidates[choose(scores, temperature, random_for(0, place.id))]
            for place, turn, scores in zip(places, turns, scored, strict=True)
        ],
        "typed": [_drawn(place, "typed") for place in places],
        "random": [_drawn(place, "random") for place in places],
    }


def _drawn(place: Place, mode: Literal["typed", "random"]) -> str:
    rng = random_for(1, place.id)
    return choose_phrase(
        place.phrases, place.error_type, place.family, mode=mode, rng=rng, step_number=place.step_number
    )


def log_perplexities(places: Sequence[Place], phrases: dict[Way, list[str]], scorer: Scorer) -> dict[Way, list[float]]:
    """Nats a token of the joined text, by way. What stands before the turn is the same for all, and scored once."""
    starts = scorer.score([Turn(place.question, "", (place.before,)) for place in places])
    ends = scorer.score(
        [
            Turn(place.question, place.before, tuple(phrases[way][number] for way in phrases), place.after)
            for number, place in enumerate(places)
        ]
    )
    return {
        way: [_surprise(start[0], end[number]) for start, end in zip(starts, ends, strict=True)]
        for number, way in enumerate(phrases)
    }


def _surprise(*parts: Score) -> float:
    return -sum(part.log_likelihood for part in parts) / sum(part.tokens for part in parts)


def interval(values: Sequence[float], rng: random.Random) -> Interval:
    """Mean and percentile bootstrap."""
    means = sorted(fmean(rng.choices(values, k=len(values))) for _ in range(_RESAMPLES))
    return Interval(fmean(values), means[int(0.025 * _RESAMPLES)], means[int(0.975 * _RESAMPLES)])


def compare(places: Sequence[Place], scorer: Scorer, temperature: float, lookahead: bool) -> dict[str, Interval]:
    """Perplexity by way, and the paired differences of the log-perplexity: below 0 where the model's is lower."""
    rng = random.Random(0)
    surprises = log_perplexities(places, phrases_by_way(places, scorer, temperature, lookahead), scorer)
    result: dict[str, Interval] = {}
    for way, values in surprises.items():
        log = interval(values, rng)
        result[f"perplexity, {way}"] = Interval(*map(math.exp, (log.mean, log.low, log.high)))
    for other in ("typed", "random"):
        pairs = zip(surprises["model"], surprises[other], strict=True)
        result[f"log-perplexity, model - {other}"] = interval([ours - theirs for ours, theirs in pairs], rng)
    return result


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("records", type=Path)
    parser.add_argument("--model", required=True)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--temperatures", default="0,0.3,1", help="comma-separated")
    asked = parser.parse_args()
    scorer = open_scorer("transformers", asked.model, "")
    places = read_places(asked.records, asked.count)
    print(f"{len(places)} trajectories, model {asked.model}")
    for temperature in map(float, asked.temperatures.split(",")):
        for lookahead in (False, True):
            scored = "phrase and correction" if lookahead else "phrase"
            print(f"\nchosen by the likelihood of the {scored}, temperature {temperature:g}")
            for name, value in compare(places, scorer, temperature, lookahead).items():
                print(f"  {name:32s} {value}")


if __name__ == "__main__":
    main()
