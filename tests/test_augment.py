"""Erroneous solutions: each recomputed here from its text, the same ever again, and none from what can't be read."""

import dataclasses
import json
import os
import subprocess
import sys
from collections import Counter
from fractions import Fraction
from functools import partial
from importlib import import_module
from importlib.resources import files
from itertools import islice
from pathlib import Path

import pytest
import yaml
from arithmetic_stories import apply, read_equation, stories
from hypothesis import given, settings
from hypothesis import strategies as st
from label_checker import check_record
from rich.console import Console

from lemma.arithmetic.equations import read_step
from lemma.arithmetic.numbers import normal
from lemma.cli import main
from lemma.commands.augment import ASKED, COMMAND, failure, inject
from lemma.config import AugmentConfig
from lemma.engine.outcome import Outcome
from lemma.engine.summary import Summary, print_summary
from lemma.exceptions import ConfigError, DataError
from lemma.grading.verdict import verdict
from lemma.injectors import injector
from lemma.injectors.algebra import AlgebraInjector, FormulaInjector
from lemma.injectors.symbolic import InjectionPlan, erroneous_solutions, final_text
from lemma.problems.loading import open_problems
from lemma.records import ErroneousSolution, Problem, Rejection
from lemma.run_files import REJECTED
from lemma.rundir.counts import Counts
from lemma.runner import outcome_of
from lemma.runner import run_alone as augment
from lemma.steps import split_steps, without_annotations
from lemma.taxonomy.error_types import load_taxonomy

DATA = Path(os.environ.get("LEMMA_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))
ROOT = Path(__file__).parent.parent
INJECTORS = {kind.id: kind.injector for kind in load_taxonomy() if kind.injector}


def inject_item(plan: InjectionPlan, item: Problem | Rejection) -> Outcome:
    """What `lemma augment` makes of one line of its input."""
    return outcome_of(COMMAND, partial(inject, plan), None, item)


def plan_for(*kinds, per_problem=8, seed=0, keep_annotations=False):
    weights = dict.fromkeys(kinds or INJECTORS, 1.0)
    return InjectionPlan(weights, INJECTORS, per_problem, seed, keep_annotations)


def problem_of(question, solution, answer="5"):
    return Problem(id="p", question=question, solution=solution, answer=answer, source="test")


def records_of(outcome):
    return [ErroneousSolution.model_validate_json(line) for line in outcome.lines.get("erroneous.jsonl", ())]


def rejections_of(outcome):
    return [Rejection.model_validate_json(line) for line in outcome.lines.get(REJECTED.name, ())]


def test_a_run_without_any_error_has_failed(capsys):
    counts = Counts({"made": {"problems": 3}, "rejected": {"no_error_proven": 2, "empty_field": 1}})
    said = failure(AugmentConfig(), counts)
    assert said.startswith("no erroneous solution was made from 3 problems, most often because of no_error_proven (2).")
    with pytest.raises(DataError, match="most often because of"):
        print_summary(Summary(counts.of("made"), counts.of("rejected"), (), next=("build-sft",), failure=said))
    printed = capsys.readouterr().out
    assert "no_error_proven" in printed and "next" not in printed
    assert not failure(AugmentConfig(), Counts({"made": {"problems": 3}, "types made": {"operator_error": 1}}))
    assert not failure(AugmentConfig(), Counts()), "a dry run makes nothing"


def test_the_command_that_makes_nothing_says_so_every_time(tmp_path, capsys):
    data = tmp_path / "problems.jsonl"
    data.write_text('{"question": "Why?", "answer": "Because.\\n#### 7"}\n')
    for _ in range(2):
        assert main(["augment", str(data), "--run", str(tmp_path / "run"), "--workers", "1"]) == 1
        printed = capsys.readouterr()
        assert "next" not in printed.out
        assert printed.err.startswith("lemma: no erroneous solution was made from 1 problems")


def number(text):
    return Fraction(text.replace(",", "").replace("$", ""))


def recompute(story, record):
    """Hold an erroneous solution of a made-up story against the definition of its type, from its text alone."""
    reference, at, steps = story.texts, record.error_step, record.steps
    assert record.reference_steps == reference
    assert steps[:at] == reference[:at]
    assert steps[at:] != reference[at:]
    final = number(record.final_answer)
    assert final != number(story.answer)
    if record.error_type == "question_misinterpretation_error":  # a stop at an earlier result
        assert any(read_equation(text)[3] == final for text in reference[: at + 1])
        return
    later = steps[at + 1 :]
    offset = len(reference) - len(later)
    value = _value_at_error(story, record)
    for before, after in zip(reference[offset:], later, strict=True):
        _, sign, right, _ = read_equation(before)
        left, value = value, apply(value, sign, right)
        assert read_equation(after) == (left, sign, right, value), (before, after)
    assert final == value


def _value_at_error(story, record):
    """What the wrong step comes to, after checking in what way it is wrong."""
    at, wrong = record.error_step, record.steps[record.error_step]
    equation, right = read_equation(wrong), read_equation(story.texts[min(at, len(story.texts) - 1)])
    if record.error_type == "calculation_error":
        assert equation[:3] == right[:3]
        assert apply(*equation[:3]) != equation[3]
        return equation[3]
    readings = read_step(wrong).equations
    if record.error_type == "missing_step" and not readings:  # a number alone: "This gives 301 cards"
        (said,) = (mention.face for mention in read_step(wrong).mentions)
        assert said in (right[0], right[2]) and said != right[3]
        return Fraction(said)
    assert len(readings) == 1
    assert readings[0].holds
    result = Fraction(readings[0].result.face)
    if equation is None:  # a term more: "5 + 3 + 2 = 10 cards"
        assert record.error_type == "hallucination"
        assert len(readings[0].operands) == 3
        return result
    exact = apply(*equation[:3])
    if "$" in record.steps[record.located_step] and exact != result:  # money is said in cents
        exact = Fraction(int(exact * 100 + Fraction(1, 2)), 100)
    assert exact == result
    if record.error_type == "missing_step":
        assert equation[1:3] == read_equation(story.texts[at + 1])[1:3]
        assert equation[0] in read_equation(story.texts[at])[:3]
    elif record.error_type == "operator_error":
        assert (equation[0], equation[2]) == (right[0], right[2])
        assert equation[1] != right[1]
    else:
        assert equation[1] == right[1]
        assert (equation[0] == right[0]) != (equation[2] == right[2])
    return result


@given(stories(), st.integers(0, 1000))
def test_every_error_of_a_made_up_story_is_recomputed(story, seed):
    problem = problem_of(story.question, story.solution, story.answer)
    outcome = inject_item(plan_for(seed=seed), problem)
    records = records_of(outcome)
    for record in records:
        recompute(story, record)
    assert len({record.steps for record in records}) == len(records)
    assert all(verdict(record.gold_answer, record.final_answer) == "different" for record in records)
    assert bool(records) != bool(rejections_of(outcome))


@given(stories(), st.sampled_from(sorted(INJECTORS)))
def test_the_same_problem_gives_the_same_bytes(story, kind):
    problem = problem_of(story.question, story.solution, story.answer)
    first, again = (inject_item(plan_for(kind, seed=3), problem) for _ in range(2))
    assert (first.lines, first.counts) == (again.lines, again.counts)


HASHED = """
import hashlib, sys
from functools import partial
from itertools import islice
from lemma.commands.augment import COMMAND, inject
from lemma.rundir.counts import Counts
from lemma.runner import outcome_of
from lemma.injectors.symbolic import InjectionPlan
from lemma.problems.loading import open_problems
from lemma.taxonomy.error_types import load_taxonomy
injectors = {kind.id: kind.injector for kind in load_taxonomy() if kind.injector}
plan = InjectionPlan(dict.fromkeys(injectors, 1.0), injectors, 5, 0)
digest = hashlib.sha256()
for problem in islice(open_problems(None, "augment"), 50):
    outcome = outcome_of(COMMAND, partial(inject, plan), None, problem)
    digest.update(b"".join(line for lines in outcome.lines.values() for line in lines))
    digest.update(repr(sorted(outcome.counts.items())).encode())
print(digest.hexdigest())
"""


def test_the_order_of_hashes_changes_nothing():
    found = {
        subprocess.run(
            [sys.executable, "-c", HASHED],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "271828")
    }
    assert len(found) == 1


@pytest.fixture(scope="module")
def sample_outcomes():
    plan = dataclasses.replace(plan_for(per_problem=12), best_effort=True)
    return [inject_item(plan, problem) for problem in open_problems(None, "augment")]


def test_every_type_with_an_injector_is_made_of_the_bundled_sample(sample_outcomes):
    made = {record.error_type for outcome in sample_outcomes for record in records_of(outcome)}
    # In the bundled sample, nothing is counted, and only some draws come to a contradiction or an invention. It has no
    # formulas with letters.
    only_letters = (AlgebraInjector, FormulaInjector)
    letters = {kind for kind, name in INJECTORS.items() if isinstance(injector(name), only_letters)}
    assert set(INJECTORS) - letters - made <= {"counting_error", "contradictory_step", "hallucination"}


def test_an_independent_checker_finds_no_exception_in_the_bundled_sample(sample_outcomes):
    records = [record for outcome in sample_outcomes for record in records_of(outcome)]
    assert len(records) > 500
    assert {record.id: findings for record in records if (findings := check_record(record).findings)} == {}
    assert len({record.id for record in records}) == len(records)


@pytest.mark.parametrize("name", ["gsm8k_train.jsonl", "math_500.jsonl"])
def test_an_independent_checker_finds_no_exception_in_real_problems(name):
    if not (DATA / name).exists():
        pytest.skip(f"no {name} in {DATA}")
    made = 0
    for problem in islice(open_problems(str(DATA / name), "augment"), 100):
        for record in records_of(inject_item(plan_for(per_problem=10), problem)):
            made += 1
            assert not check_record(record).findings, record
            assert verdict(record.gold_answer, record.final_answer) == "different"
    assert made > 50


NOTHING_MADE = [
    ("How much is 5 and 7?", "5 + 7 = 13", "13", "reference_equation_false"),
    ("How much is 5 and 7?", "5 / 0 = 5", "5", "reference_equation_unclear"),
    ("Who is right?", "Ann is.", "Ann", "answer_not_numeric"),
    ("Who is right?", "Ann is.", "5", "no_error_proven"),
    ("q", "", "5", "empty_solution"),
    ("q", "5 + 7 = 12\n" * 2000, "12", "solution_too_long"),
    ("q" * 30_000, "5 + 7 = 12", "12", "solution_too_long"),
]


@pytest.mark.parametrize(("question", "solution", "answer", "reason"), NOTHING_MADE)
def test_what_gives_nothing_is_rejected_by_name(question, solution, answer, reason):
    outcome = inject_item(plan_for(), problem_of(question, solution, answer))
    assert [rejection.reason for rejection in rejections_of(outcome)] == [reason]
    assert not records_of(outcome)


def test_a_bad_row_is_only_passed_on():
    rejection = Rejection(stage="augment", id="x", reason="invalid_json", detail="file, line 3")
    outcome = inject_item(plan_for(), rejection)
    assert (rejections_of(outcome), list(outcome.lines)) == ([rejection], [REJECTED.name])


ANNOTATED = problem_of(
    "Natalia sold 56 clips in April, and 27 clips more in May. How many clips in all?",
    "She sold 56+27 = <<56+27=83>>83 clips in May.\nTogether 56+83 = <<56+83=139>>139 clips.\n#### 139",
    "139",
)


def test_annotations_are_left_out_or_kept_true_to_the_text():
    bare = records_of(inject_item(plan_for(per_problem=20), ANNOTATED))
    kept = records_of(inject_item(plan_for(per_problem=20, keep_annotations=True), ANNOTATED))
    assert len(bare) == len(kept) >= 2
    assert not any("<<" in step for record in bare for step in (*record.steps, *record.reference_steps))
    assert any("<<" in step for record in kept for step in record.steps)
    for one, other in zip(bare, kept, strict=True):
        assert one.steps == tuple(map(without_annotations, other.steps))
        for step in other.steps:
            for note in step.split("<<")[1:]:
                told, _, shown = note.partition(">>")
                assert shown.startswith(told.rpartition("=")[2])


FINAL = [
    ("72", 45, "45"),
    ("1,200", 1300, "1,300"),
    ("1,200", 45, "45"),
    ("24.50", 15, "15.00"),
    ("$18", 20, "$20"),
    (r"\$18.90", Fraction(41, 2), r"\$20.50"),
    ("25%", 35, "35%"),
    ("18 apples", 20, "20 apples"),
    ("-5", 7, "7"),
    ("-5", -7, "-7"),
    (r"\frac{1}{2}", Fraction(1, 3), r"\frac{1}{3}"),
    (r"-\frac{1}{2}", Fraction(1, 3), r"\frac{1}{3}"),
    (r"\frac{1}{2}", 3, "3"),
    ("1/2", Fraction(3, 4), "3/4"),
    ("7", Fraction(1, 3), "1/3"),
    ("7", Fraction(1, 4), "0.25"),
    (r"30^\circ", 40, r"40^\circ"),
    (r"\frac 59", Fraction(55, 81), r"\frac{55}{81}"),
    (r"\dfrac{1}{2}", Fraction(1, 3), r"\dfrac{1}{3}"),
    ("x=5", 7, "7"),
    (r"864 \mbox{ inches}^2", 7, "7"),
    ("ten", 7, "7"),
]


@pytest.mark.parametrize(("gold", "value", "text"), FINAL)
def test_a_wrong_answer_has_the_form_of_the_right_one(gold, value, text):
    assert final_text(gold, value) == text


def test_25_percent_is_no_wrong_answer_for_0_25():
    problem = problem_of(
        "Of 40 cards 10 are red and 3 are old. What share is red?",
        "There are 40 - 3 = 37 new cards.\nThe share is 10 / 40 = 25%.\nThat is 25 / 100 = 0.25 of them.\n#### 0.25",
        "0.25",
    )
    records = records_of(inject_item(plan_for(per_problem=60), problem))
    assert records
    assert not [r.final_answer for r in records if normal(number(r.final_answer)) in (25, Fraction(1, 4), 2500)]


def test_types_of_ones_own_can_use_an_injector_there_is(tmp_path):
    text = (ROOT / "error_taxonomy" / "calculation_error.yaml").read_text("utf-8")
    folder = tmp_path / "own"
    folder.mkdir()
    own = yaml.safe_load(text) | {"id": "my_slip", "name": "my own slip", "aliases": []}
    (folder / "my_slip.yaml").write_text(yaml.safe_dump(own), "utf-8")
    config = AugmentConfig(run=tmp_path / "run", workers=1, taxonomy=folder, types=("my_slip",))
    summary = augment(config, Console(quiet=True))
    assert summary.made["erroneous solutions"] > 50


def test_other_weights_under_the_same_name_are_other_settings(tmp_path):
    weights = tmp_path / "weights.json"
    weights.write_text('{"calculation_error": 1}', "utf-8")
    config = AugmentConfig(run=tmp_path / "run", workers=1, per_problem=1, limit=10, distribution=str(weights))
    augment(config, Console(quiet=True))
    weights.write_text('{"operator_error": 1}', "utf-8")
    with pytest.raises(Exception, match="weights = 'calculation_error 1'"):
        augment(config, Console(quiet=True))


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({"types": ("nonsensical_output",)}, "no symbolic injector"),
        ({"types": ("nonsense",)}, "nonsense"),
        ({"types": ("missing_step",), "distribution": "lemma-llama3-gsm8x"}, "lemma-llama3-gsm8k"),
        ({"types": ("hallucination",), "distribution": "lemma-llama3-gsm8k"}, "no weight"),
    ],
)
def test_types_that_cannot_be_made_are_named(tmp_path, settings_, message):
    with pytest.raises(ConfigError, match=message):
        augment(AugmentConfig(run=tmp_path, **settings_), Console(quiet=True))


def test_weights_decide_what_is_asked_for():
    weights = {"calculation_error": 3.0, "operator_error": 1.0}
    plan = dataclasses.replace(plan_for(per_problem=4), weights=weights)
    asked = {"calculation_error": 0, "operator_error": 0}
    for problem in open_problems(None, "augment"):
        outcome = outcome_of(COMMAND, partial(inject, plan), None, problem)
        for kind in asked:
            asked[kind] += outcome.counts.of(ASKED).get(kind, 0)
    assert 0.65 < asked["calculation_error"] / sum(asked.values()) < 0.85


HOSTILE = [
    "$", "$ ", r"\$", "-", "- ", "(", "((1", "[asy]", "1,", "1+", "(1+", r"\frac{", r"\frac{1}{", "1 ", "9",
    "x ", "\n", " \n", r"\[", "$_", "$$", r"\begin{a}", "Mr. ", "<<", "<<1", "= ", "1=", "1 = ", "x = 1 ",
    "6x = 96 x = 16 ", "1+1=", "2 + 3 = 5 ", "2 + 3 = 5. ", "A:\n", "1/", "1 1/", "1:", "%", "% of ", "20% of ",
    "{", "}", r"\boxed{", "{,}", "1{,}111", "a", "a.", "&", "5 & ", "one ", "5 * one ", "^2", "2^", r"\text{",
    r"\left ", "²", "5²", "5*5=25\n", "$x", "1 apple ", "5 = 5 = ", "is less ", "5 because ", "\x00", "\x00 1 ",
    "\ud800", "٣", "٣+", "#### 5\n", "7 3 4 ",
]  # fmt: skip


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", HOSTILE)
def test_a_hundred_thousand_hostile_characters_are_read_in_one_pass(unit):
    text = unit * (100_000 // len(unit))
    assert read_step(text).unread == (0,)
    outcome = inject_item(plan_for(), problem_of(text, text))
    reason = "solution_too_long" if split_steps(text) else "empty_solution"
    assert [rejection.reason for rejection in rejections_of(outcome)] == [reason]
    longest = text[:9_000]
    outcome = inject_item(plan_for(), problem_of(longest, longest))
    assert bool(records_of(outcome)) != bool(rejections_of(outcome))


BITS = [
    "5",
    "12",
    "0.5",
    "$3",
    "25%",
    "3/4",
    " + ",
    " - ",
    " * ",
    " = ",
    "10",
    "\n",
    ") ",
    "apples ",
    ". ",
    "He ",
    "half ",
]
ARITHMETIC_BITS = st.sampled_from([*HOSTILE, *BITS])
TEXTS = st.one_of(st.text(max_size=300), st.lists(ARITHMETIC_BITS, max_size=60).map("".join))


@settings(max_examples=150)
@given(TEXTS, TEXTS, st.sampled_from(["5", "1/2", "25%", r"\frac{1}{2}", "\ud800", "x", ""]))
def test_no_text_breaks_the_injection(question, solution, answer):
    outcome = inject_item(plan_for(), problem_of(question, solution, answer))
    for record in records_of(outcome):
        assert verdict(answer, record.final_answer) != "equal"
    assert bool(records_of(outcome)) != bool(rejections_of(outcome))
    for lines in outcome.lines.values():
        for line in lines:
            json.loads(line)


@settings(max_examples=300)
@given(TEXTS)
def test_spans_of_what_is_read_lie_in_the_text(text):
    step = read_step(text)
    for number_ in (*step.mentions, *(operand for e in step.equations for operand in (*e.operands, e.result))):
        assert 0 <= number_.start < number_.end <= len(text)
    for equation in step.equations:
        assert equation.start <= min(operand.start for operand in equation.operands)
        assert max(operand.end for operand in equation.operands) <= equation.end
        assert equation.end <= equation.result.start or equation.result.end <= equation.start


def test_every_injector_of_the_taxonomy_is_a_module_of_its_own():
    for name in INJECTORS.values():
        assert callable(injector(name))
    modules = {path.name.removesuffix(".py") for path in files("lemma").joinpath("injectors").iterdir()}
    loaded = {
        name: import_module(f"lemma.injectors.{name}") for name in modules if name.isidentifier() and name[0] != "_"
    }
    assert {name for name, module in loaded.items() if hasattr(module, "propose")} == set(INJECTORS.values())


@pytest.mark.parametrize("best_effort", [False, True])
def test_the_shares_of_a_distribution_are_met(tmp_path, best_effort, monkeypatch):
    """Unless best effort is asked for; the same bytes with any number of workers, and after a new start."""
    weights = tmp_path / "own.json"
    weights.write_text(json.dumps({"calculation_error": 1, "operator_error": 1, "missing_step": 3}))
    monkeypatch.setattr("lemma.engine.pool._FEWEST_BATCHES_FOR_WORKERS", 2)
    made, files = [], []
    for workers, run in ((1, "one"), (2, "two"), (1, "one")):
        config = AugmentConfig(
            run=tmp_path / run, workers=workers, per_problem=6, distribution=str(weights), best_effort=best_effort
        )
        summary = augment(config, Console(quiet=True))
        files.append((tmp_path / run / "erroneous.jsonl").read_bytes())
        made.append(Counter(json.loads(line)["error_type"] for line in files[-1].splitlines()))
    assert files[0] == files[1] == files[2]
    total = made[0].total()
    off = max(abs(made[0]["calculation_error"] / total - 0.2), abs(made[0]["missing_step"] / total - 0.6))
    assert (off > 0.025) is best_effort
    assert any("--best-effort" in note for note in summary.notes) is not best_effort


def test_errors_of_the_first_problems_are_made_once(tmp_path, monkeypatch):
    """Although they are counted before any is written, to see which types would crowd out the others."""
    asked = []

    def counting(plan, problem):
        asked.append(problem.id)
        return erroneous_solutions(plan, problem)

    monkeypatch.setattr("lemma.commands.augment.erroneous_solutions", counting)
    assert main(["augment", "--run", str(tmp_path / "run"), "--workers", "1"]) == 0
    made = [json.loads(line)["problem_id"] for line in (tmp_path / "run/erroneous.jsonl").read_text().splitlines()]
    assert len(asked) == len(set(asked)) > 70
    assert set(made) <= set(asked)
