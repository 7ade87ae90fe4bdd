"""How far injected errors can be told from real ones by their form, as one table.

    lemma augment gsm8k_model_solutions.jsonl --columns solution=ground_truth --per-problem 20 --run realism-run
    python benchmarks/realism.py realism-run --data ../shared/data

Detectability: the AUC of a logistic regression that sees only the words of a step and its character n-grams, with every
number masked, and has to tell the wrong step from the reference's step at the same place. 0.5 is chance. Position-only
detection: the share of wrong steps that is found from the number of steps alone. Real errors are found by it as well,
more of them the fewer steps there are, so injected ones are compared with real ones of as many steps. hit@20: the share
of real wrong final answers that 20 injected errors per problem also reach. Every detector is tested on problems that it
was not fitted on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from labeled_solutions import GSM8K_SOURCES, MATH_SOURCES, read_solutions, split, worked_steps
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline, make_union

from lemma.grading.verdict import exact_value, extract_answer
from lemma.records import ErroneousSolution

FOLDS = 5
FEWEST_PAIRS = 40
PER_PROBLEM = 20
FIFTHS = 5
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_WRITERS = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")

Row = tuple[str, str, str]


@dataclass(frozen=True)
class Place:
    """Where an error is: step `step` of `steps`, counted from 0."""

    problem: str
    step: int
    steps: int


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="run directory of a finished `lemma augment`")
    parser.add_argument("--data", type=Path, help="folder with labeled and model solutions to compare with")
    parser.add_argument(
        "--half", choices=["even", "odd"], help="only problems with an even or odd hash of the question"
    )
    parser.add_argument("--pairs", type=int, default=1500, help="steps of each type to fit on (default: 1500)")
    options = parser.parse_args()
    records = [record for record in read_records(options.run) if options.half in (None, half_of(record.question))]
    if not records:
        raise SystemExit(f"{options.run} has no symbolic errors to measure")
    rows = [*size_rows(records), *place_rows(records, options.data), *detectability_rows(records, options.pairs)]
    if options.data is not None:
        rows += hit_rows(records, options.data, options.half)
    print("| figure | this run | to compare |\n| --- | --- | --- |")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def read_records(run: Path) -> Iterator[ErroneousSolution]:
    """The symbolic errors of a run."""
    with (run / "erroneous.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            record = ErroneousSolution.model_validate_json(line)
            if record.origin == "symbolic":
                yield record


def half_of(question: str) -> str:
    """`even` or `odd`, by the hash of a question."""
    return "odd" if hashlib.sha256(question.strip().encode()).digest()[-1] % 2 else "even"


def size_rows(records: Sequence[ErroneousSolution]) -> Iterator[Row]:
    """How many there are, and of which type the most."""
    problems = len({record.problem_id for record in records})
    kind, most = Counter(record.error_type for record in records).most_common(1)[0]
    yield "erroneous solutions", f"{len(records):,} of {problems:,} problems", ""
    yield "largest type", f"{most / len(records):.1%} {kind}", ""


def place_rows(records: Sequence[ErroneousSolution], data: Path | None) -> Iterator[Row]:
    """Where the errors are, beside errors that people marked in real solutions."""
    injected = [Place(record.problem_id, record.located_step, len(record.steps)) for record in records]
    is_latex = sum("\\boxed" in record.reference_steps[-1] for record in records) > len(records) / 2
    real = real_places(data, MATH_SOURCES if is_latex else GSM8K_SOURCES) if data is not None else []
    several = [place for place in injected if place.steps > 1]
    figures = {
        "errors in the last step": (share_in_last(injected), share_in_last(real)),
        "... in solutions of 2 and more steps": (share_in_last(several), ""),
        "position-only detection": (position_only(injected), position_only(real)),
        "... at the numbers of steps of this run": (position_only(injected), position_only(real, injected)),
        "... if every step were equally likely": (chance(injected), chance(real)),
        "places by fifths of the solution": (fifths(injected), fifths(real)),
    }
    for name, (found, compared) in figures.items():
        yield name, found, f"{compared} (real)" if real and compared else ""
    for steps in range(2, 8):
        here, there = ([place for place in places if place.steps == steps] for places in (injected, real))
        yield f"places, {steps} steps", by_step(here), f"{by_step(there)} (real)" if there else ""


def real_places(data: Path, sources: Sequence[str]) -> list[Place]:
    """The first wrong steps of real solutions in the part of the labeled data that is kept open."""
    opened, _ = split(read_solutions(data))
    places = []
    for one in opened:
        steps = len(worked_steps(one.steps))
        if one.source in sources and one.first_wrong is not None and one.first_wrong < steps:
            places.append(Place(one.question, one.first_wrong, steps))
    return places


def share_in_last(places: Sequence[Place]) -> str:
    """The share of errors in the last step."""
    return f"{sum(place.step == place.steps - 1 for place in places) / max(1, len(places)):.1%}"


def chance(places: Sequence[Place]) -> str:
    """What a detector finds that picks any step."""
    return f"{sum(1 / place.steps for place in places) / max(1, len(places)):.1%}"


def position_only(places: Sequence[Place], others: Sequence[Place] = ()) -> str:
    """The share that a detector finds that has learned, on other problems, the usual place by number of steps. With
    `others`, that of solutions with as many steps as these: short ones are easier.
    """
    wanted = Counter(place.steps for place in others or places)
    there = Counter(place.steps for place in places)
    found = 0.0
    for fold in range(FOLDS):
        seen: dict[int, Counter[int]] = defaultdict(Counter)
        for place in places:
            if fold_of(place.problem) != fold:
                seen[place.steps][place.step] += 1
        for place in places:
            usual = seen[place.steps].most_common(1)
            guess = usual[0][0] if usual else place.steps - 1
            if fold_of(place.problem) == fold and guess == place.step:
                found += wanted[place.steps] / there[place.steps]
    return f"{found / max(1, sum(wanted[steps] for steps in there)):.1%}"


def fold_of(problem: str) -> int:
    """The fold of a problem."""
    return hashlib.sha256(problem.encode()).digest()[0] % FOLDS


def fifths(places: Sequence[Place]) -> str:
    """The shares in each fifth of the solution; a step that spans several fifths counts in each with its part."""
    shares = np.zeros(FIFTHS)
    edges = np.arange(FIFTHS + 1) / FIFTHS
    for place in places:
        start, end = place.step / place.steps, (place.step + 1) / place.steps
        shares += np.clip(np.minimum(edges[1:], end) - np.maximum(edges[:-1], start), 0, None) * place.steps
    return " ".join(f"{share:.0%}" for share in shares / max(1, len(places)))


def by_step(places: Sequence[Place]) -> str:
    """The share at each step, of solutions with equally many."""
    counts = Counter(place.step for place in places)
    return " ".join(f"{counts[step] / len(places):.0%}" for step in range(places[0].steps)) if places else ""


def detectability_rows(records: Sequence[ErroneousSolution], most: int) -> Iterator[Row]:
    """The AUC of each type with enough errors, the worst first, and of all types together."""
    by_type: dict[str, list[ErroneousSolution]] = defaultdict(list)
    for record in sorted(records, key=lambda record: record.id):  # an order that has nothing to do with the problems'
        by_type[record.error_type].append(record)
    figures = {}
    for kind, made in by_type.items():
        if len(made) >= FEWEST_PAIRS:
            figures[kind] = (detectability(made[:most]), len(made[:most]))
    together = sorted(records, key=lambda record: record.id)[: 3 * most]
    if len(together) >= FEWEST_PAIRS:
        yield "detectability, all types", f"{detectability(together):.3f}", f"{len(together):,} pairs"
    for kind, (area, pairs) in sorted(figures.items(), key=lambda item: -item[1][0]):
        yield f"detectability, {kind}", f"{area:.3f}", f"{pairs:,} pairs"


def detectability(records: Sequence[ErroneousSolution]) -> float:
    """The AUC of telling wrong from right steps of problems that the classifier has not seen, over all folds."""
    texts, labels, folds = [], [], []
    for record in records:
        right = record.reference_steps[min(record.located_step, len(record.reference_steps) - 1)]
        texts += [masked(record.steps[record.located_step]), masked(right)]
        labels += [1, 0]
        folds += [fold_of(record.problem_id)] * 2
    wrong, fold = np.array(labels), np.array(folds)
    scores = np.zeros(len(texts))
    for held_out in range(FOLDS):
        test = np.flatnonzero(fold == held_out)
        train = np.flatnonzero(fold != held_out)
        if len(test) and len(train):
            words = CountVectorizer(ngram_range=(1, 2), token_pattern=r"\S+", binary=True, min_df=2)
            characters = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), min_df=3, sublinear_tf=True)
            model = make_pipeline(make_union(words, characters), LogisticRegression(max_iter=300, C=1.0))
            model.fit([texts[index] for index in train], wrong[train])
            scores[test] = model.decision_function([texts[index] for index in test])
    return float(roc_auc_score(wrong, scores))


def masked(text: str) -> str:
    """A step without its numbers."""
    return _NUMBER.sub("#", text)


def hit_rows(records: Sequence[ErroneousSolution], data: Path, half: str | None = None) -> Iterator[Row]:
    """hit@20, if the run is about the problems of which there are real wrong answers."""
    path = data / "gsm8k_model_solutions.jsonl"
    reached: dict[str, set[object]] = defaultdict(set)
    counted: Counter[str] = Counter()
    for record in records:
        counted[record.question.strip()] += 1
        if counted[record.question.strip()] <= PER_PROBLEM:
            reached[record.question.strip()].add(exact_value(record.final_answer))
    hits, wrong, covered = 0, 0, 0
    for row in map(json.loads, path.read_text(encoding="utf-8").splitlines() if path.exists() else ()):
        if half not in (None, half_of(row["question"])):
            continue
        answers = reached.get(row["question"].strip(), set())
        for answer in wrong_answers(row):
            wrong += 1
            covered += bool(answers)
            hits += answer is not None and answer in answers
    if covered:
        share, of_covered = hits / wrong, hits / covered
        yield f"hit@{PER_PROBLEM}", f"{share:.1%} of {wrong:,}", f"{of_covered:.1%} of {covered:,} with injected errors"


def wrong_answers(row: Mapping[str, dict[str, object]]) -> Iterator[object]:
    """The final answers of the wrong real solutions of a problem; None if one can't be read as a number."""
    for writer in _WRITERS:
        if not row[writer]["is_correct"]:
            answer = extract_answer(str(row[writer]["solution"]))
            yield None if answer is None else exact_value(answer)


if __name__ == "__main__":
    main()
