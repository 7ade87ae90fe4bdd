"""Every figure of every suite on 1,000 random outcomes, against a second implementation in plain loops."""

from __future__ import annotations

import itertools
import math
import random
import re
from collections import Counter
from collections.abc import Callable

import pytest

from lemma.evaluation.comparison import EQUAL_TOKENS, compare
from lemma.evaluation.figures import evaluate_figures
from lemma.evaluation.outputs import GradedOutput
from lemma.evaluation.suites import all_suites

OUTCOMES = 1000
SAMPLES = 4
TYPES = ("calculation_error", "operator_error")
GRADES = ("right", "wrong", "none", "unknown")
Rows = list[GradedOutput]


def outcome(rng: random.Random, number: int) -> GradedOutput:
    """A random output of one of some fifty problems."""
    problem, place = divmod(number, 24)
    condition = (
        ["plain"] * 5
        + ["injected"] * 3
        + ["own"] * 2
        + ["right_prefix"] * 2
        + ["own_right", "own_right", "own_forced", "right_forced", "own_right_forced", "forbidden", "oracle"]
        + ["user_turn", "locate", "locate", "locate", "correct"]
    )[place]
    grade = rng.choices(GRADES, (5, 3, 1, 1))[0]
    reflects = rng.random() < 0.4
    facts: dict[str, float] = {}
    if condition in ("injected", "own"):
        facts = {"recognized": float(reflects), "parroted": float(rng.random() < 0.2)}
        if reflects and rng.random() < 0.8:
            facts["corrected"] = float(rng.random() < 0.5)
    if condition in ("own", "own_right"):
        facts |= {"recognized": float(reflects)}
        facts |= {name: math.log(rng.choice([1e-9, 0.2, 0.5, 0.6, 0.999])) for name in ("doubt", "unsureness")}
    if condition in ("own_forced", "right_forced", "own_right_forced", "oracle"):
        facts = {"parroted": float(rng.random() < 0.4)}
        if rng.random() < 0.8:
            facts["next_right"] = float(rng.random() < 0.5)
    if condition in ("own", "own_forced"):
        facts["harmful"] = float(rng.random() < 0.5)
    if condition == "right_prefix":
        facts = {"recognized": float(reflects)}
    if condition in ("locate", "correct"):
        label, found = rng.randint(-1, 2), rng.choice([-1, 0, 1, 2])
        facts = {"label": label, "located": float(label == found), "says_wrong": float(found != -1)}
        if label != -1:
            facts["reason_right"] = float(rng.random() < 0.5)
    answer = {"right": "7", "none": None}.get(grade, str(rng.randint(8, 10)))
    return GradedOutput(
        id=str(number),
        problem_id=str(problem),
        model="m",
        condition=condition,
        sample=place if condition == "plain" else 0,
        question="?",
        gold="7",
        output="x" * 20,
        tokens=rng.randint(5, 30),
        answer=answer,
        grade=grade,
        operations=problem % 3 + 1,
        error_type=rng.choice(TYPES) if condition in ("injected", "user_turn", "locate", "correct") else None,
        reflection_start=rng.randint(0, 19) if reflects else None,
        before=rng.choice(GRADES) if reflects else None,
        same_answer=rng.choice([True, False, None]) if reflects else None,
        facts=facts,
    )


def outcomes(seed: int) -> Rows:
    rng = random.Random(seed)
    return [outcome(rng, number) for number in range(OUTCOMES)]


def mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def of(rows: Rows, *conditions: str) -> Rows:
    return [row for row in rows if row.condition in conditions]


def right(rows: Rows) -> float:
    return mean([row.grade == "right" for row in rows if row.grade != "unknown"])


def fact(rows: Rows, name: str) -> float:
    return mean([row.facts[name] for row in rows if name in row.facts])


def greedy(rows: Rows) -> Rows:
    return [row for row in rows if row.condition == "plain" and row.sample == 0]


def drawn(rows: Rows) -> list[Rows]:
    problems = dict.fromkeys(row.problem_id for row in rows)
    plain = [row for row in rows if row.condition == "plain" and row.sample > 0 and row.grade != "unknown"]
    return [[row for row in plain if row.problem_id == problem] for problem in problems]


def pass_at(k: int) -> Callable[[Rows], float]:
    def value(rows: Rows) -> float:
        shares = []
        for samples in drawn(rows):
            draws = list(itertools.combinations(samples, k))
            if draws:
                shares.append(mean([any(row.grade == "right" for row in draw) for draw in draws]))
        return mean(shares)

    return value


def majority_of(samples: Rows) -> float:
    counts = Counter(row.answer for row in samples if row.answer is not None)
    first = [answer for answer, count in counts.items() if count == max(counts.values())]
    return mean([answer == "7" for answer in first]) if first else 0.0


def states(rows: Rows) -> list[tuple[bool, bool]]:
    pairs = [(row.grade if row.reflection_start is None else row.before, row.grade) for row in greedy(rows)]
    return [(first == "right", last == "right") for first, last in pairs if "unknown" not in (first, last)]


def effects(rows: Rows, wanted: str) -> float:
    found = []
    for row in greedy(rows):
        if row.reflection_start is None:
            continue
        pair = (row.before == "right", row.grade == "right")
        if "unknown" in (row.before, row.grade):
            found.append("effect unknown")
        elif pair[0] != pair[1]:
            found.append("wrong to right" if pair[1] else "right to wrong")
        elif pair == (False, False) and row.same_answer is False:
            found.append("wrong to other wrong")
        else:
            found.append("no change")
    return mean([effect == wanted for effect in found])


def located(rows: Rows, wrong: bool) -> float:
    return mean([row.facts["located"] for row in of(rows, "locate") if (row.facts["label"] != -1) == wrong])


def correlation(rows: Rows) -> float:
    pairs = [(row.facts["label"] == -1, row.facts["says_wrong"] == 0) for row in of(rows, "locate")]
    n = len(pairs)
    truth, said = mean([a for a, _ in pairs]), mean([b for _, b in pairs])
    covariance = sum((a - truth) * (b - said) for a, b in pairs) / n
    return covariance / math.sqrt(truth * (1 - truth) * said * (1 - said))


def mr(rows: Rows) -> float:
    wrong = [row for row in of(rows, "locate") if row.facts["label"] != -1]
    step, reason = fact(wrong, "located"), fact(wrong, "reason_right")
    return 0.2 * max(0, correlation(rows)) + 0.3 * step + 0.5 * reason


def recovery_of(condition: str) -> dict[tuple[str, str], Callable[[Rows], float]]:
    return {
        ("recovery", f"{condition}_recognized"): lambda rows: fact(of(rows, condition), "recognized"),
        ("recovery", f"{condition}_corrected"): lambda rows: fact(of(rows, condition), "corrected"),
        ("recovery", f"{condition}_repeated"): lambda rows: fact(of(rows, condition), "parroted"),
        ("recovery", f"{condition}_right"): lambda rows: right(of(rows, condition)),
    }


def forced(condition: str) -> dict[tuple[str, str], Callable[[Rows], float]]:
    return {
        ("recovery", f"{condition}_repeated"): lambda rows: fact(of(rows, condition), "parroted"),
        ("recovery", f"{condition}_next_right"): lambda rows: fact(of(rows, condition), "next_right"),
        ("recovery", f"{condition}_right"): lambda rows: right(of(rows, condition)),
    }


def area(rows: Rows, name: str) -> float:
    wrong, sound = ([row.facts[name] for row in of(rows, condition)] for condition in ("own", "own_right"))
    return mean([float(left > right) + 0.5 * (left == right) for left in wrong for right in sound])


SECOND: dict[tuple[str, str], Callable[[Rows], float]] = {
    ("accuracy", "accuracy"): lambda rows: right(greedy(rows)),
    ("accuracy", "unknown"): lambda rows: mean([row.grade == "unknown" for row in of(rows, "plain")]),
    ("accuracy", "no_answer"): lambda rows: mean([row.grade == "none" for row in of(rows, "plain")]),
    ("accuracy", "tokens_per_output"): lambda rows: mean([row.tokens or 0 for row in of(rows, "plain")]),
    ("accuracy", "pass_at_1"): pass_at(1),
    ("accuracy", "pass_at_2"): pass_at(2),
    ("accuracy", "pass_at_4"): pass_at(4),
    ("accuracy", "majority_at_4"): lambda rows: mean([majority_of(rows) for rows in drawn(rows) if len(rows) == 4]),
    ("self-correction", "reflection_rate"): lambda rows: mean(
        [row.reflection_start is not None for row in greedy(rows)]
    ),
    ("self-correction", "reflection_position"): lambda rows: mean(
        [row.reflection_start / 20 for row in greedy(rows) if row.reflection_start is not None]
    ),
    **{
        ("self-correction", name.replace(" ", "_")): lambda rows, name=name: effects(rows, name)  # type: ignore[misc]
        for name in ("wrong to right", "right to wrong", "wrong to other wrong", "no change", "effect unknown")
    },
    ("self-correction", "accuracy_t1"): lambda rows: mean([first for first, _ in states(rows)]),
    ("self-correction", "accuracy_t2"): lambda rows: mean([last for _, last in states(rows)]),
    ("self-correction", "delta"): lambda rows: mean([last - first for first, last in states(rows)]),
    ("self-correction", "delta_i_to_c"): lambda rows: mean([pair == (False, True) for pair in states(rows)]),
    ("self-correction", "delta_c_to_i"): lambda rows: mean([pair == (True, False) for pair in states(rows)]),
    ("self-correction", "false_reflections"): lambda rows: fact(of(rows, "right_prefix"), "recognized"),
    ("self-correction", "tokens_with_reflection"): lambda rows: mean(
        [row.tokens or 0 for row in greedy(rows) if row.reflection_start is not None]
    ),
    ("self-correction", "tokens_without_reflection"): lambda rows: mean(
        [row.tokens or 0 for row in greedy(rows) if row.reflection_start is None]
    ),
    **recovery_of("injected"),
    **recovery_of("own"),
    **forced("own_forced"),
    **forced("right_forced"),
    **forced("own_right_forced"),
    ("recovery", "own_right_right"): lambda rows: right(of(rows, "own_right")),
    ("recovery", "own_right_reflection"): lambda rows: fact(of(rows, "own_right"), "recognized"),
    ("recovery", "own_recognized_less_false"): lambda rows: (
        fact(of(rows, "own"), "recognized") - fact(of(rows, "own_right"), "recognized")
    ),
    ("recovery", "doubt_auc"): lambda rows: area(rows, "doubt"),
    ("recovery", "confidence_auc"): lambda rows: area(rows, "unsureness"),
    ("recovery", "accuracy_free"): lambda rows: right(greedy(rows)),
    ("recovery", "accuracy_forbidden"): lambda rows: right(of(rows, "forbidden")),
    ("recovery", "accuracy_oracle"): lambda rows: right(of(rows, "oracle")),
    ("recovery", "oracle_repeated"): lambda rows: fact(of(rows, "oracle"), "parroted"),
    ("recovery", "oracle_next_right"): lambda rows: fact(of(rows, "oracle"), "next_right"),
    ("recovery", "right_prefix_right"): lambda rows: right(of(rows, "right_prefix")),
    ("recovery", "right_prefix_reflection"): lambda rows: fact(of(rows, "right_prefix"), "recognized"),
    ("recovery", "gap_recognized"): lambda rows: (
        fact(of(rows, "injected"), "recognized") - fact(of(rows, "own"), "recognized")
    ),
    ("recovery", "gap_right"): lambda rows: right(of(rows, "injected")) - right(of(rows, "own")),
    ("blind-spot", "user_turn_right"): lambda rows: right(of(rows, "user_turn")),
    ("blind-spot", "own_turn_right"): lambda rows: right(of(rows, "injected")),
    ("blind-spot", "blind_spot"): lambda rows: 1 - right(of(rows, "injected")) / right(of(rows, "user_turn")),
    ("first-error", "first_wrong_step_found"): lambda rows: located(rows, True),
    ("first-error", "right_solution_accepted"): lambda rows: located(rows, False),
    ("first-error", "processbench_f1"): lambda rows: 2 / (1 / located(rows, True) + 1 / located(rows, False)),
    ("first-error", "mcc"): correlation,
    ("first-error", "mr_gsm8k_score"): mr,
    ("first-error", "lema_step_named"): lambda rows: fact(of(rows, "correct"), "located"),
    ("first-error", "lema_corrected"): lambda rows: right(of(rows, "correct")),
}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_all_figures_agree_with_a_second_implementation(seed: int) -> None:
    rows = outcomes(seed)
    figures = {name: suite.figures for name, suite in all_suites(SAMPLES).items()}
    results = evaluate_figures(figures, rows, seed)
    overall = {(item.suite, item.figure): item.interval.value for item in results if item.group == "all"}
    assert set(overall) == set(SECOND)
    for key, value in overall.items():
        assert value == pytest.approx(SECOND[key](rows), abs=1e-12), key


def test_a_group_is_the_figure_of_its_rows_alone() -> None:
    rows = outcomes(3)
    figures = {name: suite.figures for name, suite in all_suites(SAMPLES).items()}
    grouped = [item for item in evaluate_figures(figures, rows, 0) if item.group != "all"]
    assert {item.group for item in grouped} == {
        *(f"error_type={kind}" for kind in TYPES),
        *(f"steps={n}" for n in (1, 2, 3)),
        *("harmful=yes", "harmful=no"),
    }
    for item in grouped:
        name = item.group.rpartition("=")[2]
        harm = {True: "yes", False: "no"}
        mine = [
            row
            for row in rows
            if name in (row.error_type, str(row.operations), harm.get(row.facts.get("harmful") == 1))
            and (name not in harm.values() or "harmful" in row.facts)
        ]
        assert item.interval.value == pytest.approx(SECOND[item.suite, item.figure](mine), abs=1e-12)


def test_the_control_gives_the_shorter_model_the_tokens_of_the_longer() -> None:
    def plain(problem: str, sample: int, tokens: int, answer: str) -> GradedOutput:
        base = outcome(random.Random(0), 0).model_dump()
        grade = "right" if answer == "7" else "wrong"
        fields = {"problem_id": problem, "sample": sample, "tokens": tokens, "answer": answer, "grade": grade}
        return GradedOutput(**{**base, "condition": "plain", "facts": {}, **fields})

    short = [plain("p", sample, 10, answer) for sample, answer in enumerate(["8", "7", "7", "9", "9", "9"])]
    long = [plain("p", 0, 30, "7"), plain("p", 1, 10, "8")]
    figures = {name: suite.figures for name, suite in all_suites(SAMPLES).items()}
    control = next(item for item in compare(figures, short, long, 0) if item.figure == EQUAL_TOKENS.id)
    greedy_only = next(item for item in compare(figures, short, long, 0) if item.figure == "accuracy")
    assert (greedy_only.first, greedy_only.second) == (0, 1)
    assert (control.first, control.second) == (1, 1)


def test_ids_are_stable_names_and_unique_in_their_suite() -> None:
    for suite in all_suites(SAMPLES).values():
        ids, labels = [f.id for f in suite.figures], [f.label for f in suite.figures]
        assert len(set(ids)) == len(ids) and len(set(labels)) == len(labels)
        assert all(re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) for name in ids)
