"""Does a model find its reflections less surprising if the phrases are chosen by its own likelihood?

Perplexity of the joined text (prefix, wrong step, phrase, correction) with model-chosen, typed, and random phrases, for
the same trajectories and model: means with 95 % intervals (bootstrap over trajectories), and paired differences.

    lemma train --run RUN
    python benchmarks/reflections.py RUN/sft/lemma.jsonl --model RUN/model --count 500
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from lemma.models.factory import open_scorer
from lemma.models.scoring import Scorer, Turn
from lemma.records import Strategy
from lemma.rundir.lines import read_lines
from lemma.statistics import random_for
from lemma.taxonomy.error_types import load_taxonomy
from lemma.trajectories.model_choice import choose
from lemma.trajectories.phrase_comparison import Comparison, Place, compare
from lemma.trajectories.phrases import Phrases, choose_phrase, load_phrases


@dataclass(frozen=True)
class Opening:
    """The place of a reflection in a record: the text before and after it, and the phrases that fit."""

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

    def drawn(self, mode: Literal["typed", "random"]) -> str:
        """A random phrase that fits the error, or any phrase."""
        rng = random_for(1, self.id)
        return choose_phrase(
            self.phrases, self.error_type, self.family, mode=mode, rng=rng, step_number=self.step_number
        )


def read_openings(path: Path, count: int) -> list[Opening]:
    """The first `count` records that have a wrong step and a reflection."""
    openings: list[Opening] = []
    for number, line in enumerate(read_lines(path, "build-sft")):
        parts = {part["kind"]: part for part in line["segments"]}
        if "error" not in parts or "reflection" not in parts:
            continue
        text = line["completion"][0]["content"]
        error_type = load_taxonomy().resolve(line["error_type"])
        before = text[: parts["reflection"]["start"]]
        phrase = text[parts["reflection"]["start"] : parts["reflection"]["end"]]
        openings.append(
            Opening(
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
        if len(openings) == count:
            break
    return openings


def compare_ways(openings: Sequence[Opening], scorer: Scorer, temperature: float, lookahead: bool) -> Comparison:
    """Compare phrases chosen by the model's likelihood, random ones that fit the error, and fully random ones."""
    turns = [Turn(each.question, each.before, each.candidates, each.after if lookahead else "") for each in openings]
    places = [
        Place(
            each.question,
            each.before,
            each.after,
            {
                "model": each.candidates[choose(scores, temperature, random_for(0, each.id))],
                "typed": each.drawn("typed"),
                "random": each.drawn("random"),
            },
        )
        for each, scores in zip(openings, scorer.score(turns), strict=True)
    ]
    return compare(places, scorer)


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("records", type=Path)
    parser.add_argument("--model", required=True)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--temperatures", default="0,0.3,1", help="comma-separated")
    asked = parser.parse_args()
    scorer = open_scorer("transformers", asked.model, "")
    openings = read_openings(asked.records, asked.count)
    print(f"{len(openings)} trajectories, model {asked.model}")
    for temperature in map(float, asked.temperatures.split(",")):
        for lookahead in (False, True):
            scored = "phrase and correction" if lookahead else "phrase"
            print(f"\nchosen by the likelihood of the {scored}, temperature {temperature:g}")
            found = compare_ways(openings, scorer, temperature, lookahead)
            for way, value in found.perplexity.items():
                print(f"  perplexity, {way:20s} {value}")
            for way, value in found.difference.items():
                print(f"  log-perplexity, model - {way:8s} {value}", flush=True)


if __name__ == "__main__":
    main()
