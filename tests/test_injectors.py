"""Each injector: the wrong step it makes of a right one, in what words it says so, and when it makes nothing."""

import contextlib
import os
import random
import re
from collections import Counter
from fractions import Fraction
from itertools import islice
from pathlib import Path

import pytest
from injector_cases import BAGS, MADE, NOTHING, PENS, alone

from lemma.algebra.carrying import Slip
from lemma.arithmetic.equations import read_step
from lemma.arithmetic.graph import read_solution
from lemma.arithmetic.numbers import find_numbers, normal
from lemma.exceptions import ConfigError, Refusal
from lemma.grading.verdict import exact_value
from lemma.injectors import injector as find_injector
from lemma.injectors.algebra import AlgebraInjector, Cut, FormulaInjector
from lemma.injectors.drafts import Injected, attempts
from lemma.injectors.proof import prove
from lemma.injectors.proposal import Conclusion
from lemma.injectors.symbolic import InjectionPlan, erroneous_solutions, final_text
from lemma.problems.loading import open_problems
from lemma.records import Problem
from lemma.steps import split_steps, without_annotations
from lemma.taxonomy.error_types import load_taxonomy

DATA = Path(os.environ.get("LEMMA_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))
# Those of algebra and of LaTeX formulas have tests of their own: test_algebra_injectors.py, test_formula_endings.py.
INJECTORS = sorted(
    {
        kind.injector
        for kind in load_taxonomy()
        if kind.injector and not isinstance(find_injector(kind.injector), AlgebraInjector | FormulaInjector)
    }
)


def wrong_steps(injector, question, steps, gold, seed=0):
    """The wrong step and the explanation of everything that an injector makes of a solution."""
    graph = read_solution(question, steps, gold)
    made = attempts(graph, injector, injector, random.Random(seed))
    return {error.steps[error.error_step]: error.explanation for error in made if isinstance(error, Injected)}


@pytest.mark.parametrize(("injector", "problem", "wrong", "explanation"), MADE)
def test_the_wrong_step_and_why_it_is_wrong(injector, problem, wrong, explanation):
    made = {}
    for seed in range(30):
        made |= wrong_steps(injector, *problem, seed)
    pattern = wrong if isinstance(wrong, re.Pattern) else re.compile(re.escape(wrong))
    found = [said for text, said in made.items() if pattern.fullmatch(text)]
    assert found, made
    assert explanation is None or explanation in found


@pytest.mark.parametrize(("injector", "problem"), NOTHING)
def test_nothing_is_made_where_nothing_can_be_shown(injector, problem):
    assert wrong_steps(injector, *problem) == {}


def test_every_injector_has_rows_of_both_kinds():
    made, nothing = Counter(injector for injector, *_ in MADE), Counter(injector for injector, _ in NOTHING)
    assert all(made[injector] >= 3 and nothing[injector] for injector in INJECTORS)


def graphs_of(problems):
    for problem in problems:
        gold = exact_value(problem.answer)
        with contextlib.suppress(Refusal):
            if gold is not None:
                yield read_solution(problem.question, split_steps(problem.solution), normal(gold))


@pytest.fixture(scope="module")
def graphs():
    problems = [*open_problems(None, "augment")]
    for name in ("gsm8k_train.jsonl", "math_500.jsonl"):
        if (DATA / name).exists():
            problems += islice(open_problems(str(DATA / name), "augment"), 200)
    rows = [read_solution(*problem) for _, problem, *_ in MADE]
    return [*rows, *graphs_of(problems)]


@pytest.mark.parametrize("injector", INJECTORS)
def test_the_contract_of_an_injector(injector, graphs):
    propose = find_injector(injector)
    proposed = 0
    for graph in graphs:
        first, again = (list(propose(graph, random.Random(7))) for _ in range(2))
        assert first == again
        assert len(first) < 1000
        for proposal in first:
            proposed += 1
            if isinstance(proposal, Slip | Cut):
                continue  # tests/test_algebra_injectors.py
            if isinstance(proposal, Conclusion):
                assert 0 <= proposal.step < len(graph.steps)
                about = graph.steps[: proposal.step + 1]
            else:
                about = (graph.steps[graph.step_of[proposal.change.equation]],)
            named = {number.face for number in find_numbers(proposal.explanation)}
            assert named & {number.face for text in about for number in find_numbers(text)}, proposal
            assert proposal.explanation[-1] == "."
            assert "\n" not in proposal.explanation
    assert proposed


UNPROVEN = [
    ("prefix_changed", "operator_error", ("Tom buys 5 + 7 = 12 apples.", "He eats some, so 12 - 4 = 8."), 1),
    ("error_step_unchanged", "operator_error", BAGS[1], 0),
    ("error_step_equation_false", "operator_error", ("Tom buys 5 + 7 = 13 apples.", "He eats some, so 13 - 4 = 9."), 0),
    ("calculation_not_false", "calculation_error", ("Tom buys 5 + 7 = 12 apples.", "He eats some, so 12 - 4 = 8."), 0),
    ("calculation_not_false", "calculation_error", ("Tom buys many apples.", "He eats some, so 35 - 4 = 31."), 0),
    ("calculation_operands_changed", "calculation_error", ("Tom buys 5 * 8 = 45 apples.", BAGS[1][1]), 0),
    ("later_equation_false", "calculation_error", ("Tom buys 5 * 7 = 45 apples.", "He eats some, so 45 - 4 = 31."), 0),
    ("later_equation_lost", "calculation_error", ("Tom buys 5 * 7 = 45 apples.", "He eats some, so 41."), 0),
    ("ambiguous_fraction", "operator_error", ("Tom buys 35 / 1/1 = 35 apples.", "He eats some, so 35 - 4 = 31."), 0),
]


@pytest.mark.parametrize(("reason", "injector", "steps", "error_step"), UNPROVEN)
def test_what_the_text_does_not_prove_is_refused_by_name(reason, injector, steps, error_step):
    with pytest.raises(Refusal) as refusal:
        prove(read_solution(*BAGS), injector, steps, error_step)
    assert refusal.value.reason == reason


def test_a_proof_reads_the_text_without_annotations():
    steps = ("Tom buys 5 + 7 = <<5+7=12>>12 apples.", "He eats some, so 12 - 4 = <<12-4=8>>8.")
    assert prove(read_solution(*BAGS), "operator_error", steps, 0) == tuple(map(without_annotations, steps))


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package that brings an injector, as pip would install it."""
    (tmp_path / "zeros.py").write_text("def propose(graph, rng):\n    return iter(())\n")
    info = tmp_path / "zeros-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: zeros\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[lemma.injectors]\nzero_error = zeros:propose\noperator_error = zeros:propose\n"
        "[lemma.other]\nx = zeros:propose\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    find_injector.cache_clear()
    yield
    find_injector.cache_clear()


def test_an_installed_package_brings_an_injector(installed):
    assert find_injector("zero_error").__module__ == "zeros"
    assert find_injector("operator_error").__module__ == "lemma.injectors.operator_error"


@pytest.mark.parametrize("name", ["zero_error", "proof", "proposal", "x", "lemma.injectors.operator_error", "", "../x"])
def test_a_name_without_an_injector_is_refused(name):
    with pytest.raises(ConfigError, match="no injector is named"):
        find_injector(name)


FALSE_WORDS = [
    ("Emily's hair is 6 inches longer than Logan's hair. If Logan's is 23 inches, what is Emily's?",
     ("Emily's hair is 23-6 = 17 inches long.",), 17),
    ("There are d drunks and 3 less than 7 times as many speeders, 45 in all.",
     ("8d - 3 = 45", "Adding 4 to both sides, we get 8d = 48", "Dividing both sides by 8, we get d = 6"), 6),
    ("Luigi bought four pizzas for $96. Each has 6 pieces.",
     ("4 pizzas at $96 per pizza is $96/4 = $24 per pizza.", "Each piece is $24/6 = $4."), 4),
    ("Reese is 57 inches tall, Daisy is 38 inches taller.",
     ("Daisy is 6 inches taller than Reese, so 57 inches + 38 inches = 95 inches.",), 95),
    ("Each bag of soil holds 2 cubic feet. How many bags for 156 cubic feet and 8 more?",
     ("He needs 156 + 8 = 164 cubic feet.", "Each bag of soil is 0.75 cubic feet, so he needs 164 / 2 = 82 bags."), 82),
    ("Ann is 25 now. She has 185 pens and buys 234 more.", ("Ann is now 24, and she has 185 + 234 = 419 pens.",), 419),
]  # fmt: skip


@pytest.mark.parametrize("problem", FALSE_WORDS)
def test_a_reference_that_is_false_in_words_is_refused_by_name(problem):
    graph = read_solution(*problem)
    made = list(attempts(graph, "calculation_error", "calculation_error", random.Random(0)))
    reasons = {getattr(error, "reason", None) for error in made}
    assert "reference_words_false" in reasons <= {"reference_words_false", "no_believable_slip", "implausible_value"}


IMPLAUSIBLE = [
    # A share is worked out and not counted, an hour left out of a sum is forgotten, and 7 of 8 pens are other pens.
    ("counting_error", ("4 cakes of 12 pieces", ("3/4 or 9 days, so 4 * 9 days = 36.",), 36), "days"),
    ("counting_error", alone("He is busy 10 + 8 + 1 = 19 hours.", 19, "10 asleep, 8 at work, an hour out"), "10 +"),
    ("counting_error", ("24 pens, 3 in a row. One girl less for each.",
                        ("There are 24 / 3 = 8 girls.", "It is 7 girls * 5 = 35."), 35), "8 girls"),
    ("calculation_error", ("6 - 5 of 7", ("He sleeps 30 - 23 = 7 hours.", "He has 8 - 7 = 1 hour left."), 1), "= 6"),
    # Nobody takes a 5 for a 6 in a number of two digits, swaps those of the line above, or forgets what an hour is.
    ("context_value_error", alone("He jogs 15 * 8 = 120 miles.", 120, "He jogs 15 miles, 8 times."), "16 * 8"),
    ("previous_step_value_error", PENS, "32 + 2"),
    ("unit_conversion_error", ("A call of 2.5 hours.", ("An hour has 60 minutes.", "It is 2.5 * 60 = 150 minutes."),
                               150), "100"),
    ("missing_step", ("3 boxes at $9, 6 bags",
                      ("He gets 3 * 9 = $27.", "He buys 27 / 9 = 3 bags.", "He has 3 + 6 = 9 bags."), 9), "27 + 6"),
    ("operator_error", alone("He paid (40 * 5)/100 = $2 less.", 2, "Of $40 a discount of 5 percent"), "40 / 5"),
    ("operator_error", alone("Ben is 4*2 = 8 years old.", 8, "Ben is two times older than Chris, who is 4."), "4/2"),
    ("operator_error", alone("They weigh 40/2 = 20 grams.", 20, "A bar weighs twice as much as they, 40."), "40*2"),
    ("missing_step", ("He ordered four times as many roses as lilies, and 200 pinks, five times the lilies.",
                      ("He ordered 200 pinks / 5 = 40 lilies.", "He therefore ordered 4 * 40 = 160 roses."), 160),
     "therefore"),
    ("question_misinterpretation_error", ("Bo scored 20 more than Al, and 45 in all.",
                                          ("Al has B - 20.", "Al and Bo have 25 + 20 = 45.", "Al has 25 - 20 = 5."), 5),
     "25 + 20"),
    ("question_misinterpretation_error", ("He has 4 toys for 8 more dogs. 3 dogs are gone. How many toys does he need?",
                                          ("He has 4+8=12 toys.", "He buys 24-12=12 toys.", "There are 36 total toys.",
                                           "36-3=33 toys are now needed."), 33), "needed"),
    ("calculation_error", ("50, 20, 37 of 8", ("She has $50 + $20 = $70.", "In all 37 * 8 = 296."), 296), "= $6"),
    ("contradictory_step", ("Of 12 flowers 3 are lost, he needs 30.",
                            ("He has 12 - 3 = 9 flowers.", "Of 30 he has 9 flowers, so 30 - 9 = 21."), 21), "30 - 3"),
    ("calculation_error", ("100 and 37 of 8", ("Half is 100 / 2 = 50.", "In all 37 * 8 = 296."), 296), "/ 2 = 49"),
    ("operator_error", alone("Beth is 30+5 = 35 years old.", 35, "Beth is 5 years older than Al, who is 30."), "30*5"),
    ("operator_error", alone("Leila gave 100/2 = $50.", 50, "Leila gave half of her $100."), "100*2"),
    ("missing_step", ("There are 9300 pennies. A stack has two thirds.",
                      ("A third is 9300/3 = 3100 pennies.", "It has 3100*2 = 6200 pennies."), 6200), "9300*2"),
    ("contradictory_step", ("A $4 cap and an $8 hat for 6 people. Round to the nearest integer.",
                            ("It is $4 + $8 = $12.00.", "The cost is $12.00, so each pays 12 / 6 = $2."), 2), "8 / 6"),
    ("missing_step", ("He spends $32 and $40, and gets $92.",
                      ("It is $32 + $40 = $72.", "He keeps $92 income - $72 total expenses = $20."), 20), "$32 t"),
    ("previous_step_value_error", ("Pay $300 and $200, and half as much again.",
                                   ("First: $300 + $200 = $500.", "The extra is $500 * .5 = $250.",
                                    "Add that number to it: $500 + $250 = $750."), 750), "$500 + $300"),
    # Skeins are not grandchildren, miles are not miles per hour, and nobody multiplies grams by grams.
    ("context_value_error", ("She knits for 3 grandchildren: 2 skeins for a hat, 4 skeins for a scarf.",
                             ("Each needs 2 skeins + 4 skeins = 6 skeins.", "So 6 * 3 = 18 skeins."), 18), "3 skeins"),
    ("previous_step_value_error", ("A path of 12 miles and back of 2 miles. He walks at 3 miles/hour.",
                                   ("Half is 12 / 2 = 6 miles.", "All of it is 6 miles + 2 miles = 8 miles."), 8),
     "3 miles +"),
    ("previous_step_value_error", ("He drives 1.5 hours at 80 mph and 15 miles more.",
                                   ("He goes 80 * 1.5 = 120 miles.", "So 120 + 15 = 135 miles."), 135), "80 + 15"),
    ("context_value_error", ("80 apples, half as heavy as a bar. A bar weighs 40g.",
                             ("They weigh 40 / 2 = 20 grams.", "All weigh 20 * 80 = 1600 grams."), 1600), "20 * 4"),
    # No fact says that a month has 4 weeks, and not 5.
    ("unit_conversion_error", alone("Per month 80 * 4 = 320 sheets.", 320, "80 sheets a week. In a month?"), "80 * 5"),
    ("unit_conversion_error", alone("He reads 2100 / 7 = 300 pages a day.", 300, "2100 pages in a week"), "*"),
    ("calculation_error", alone("There are 19 - 3 = 16 apples.", 16), "19 - 3 = 61"),
    ("calculation_error", alone("There are 19 - 3 = 16 apples.", 16), "19 - 3 = 26"),
    ("calculation_error", alone("There are 84 + 3 = 87 apples.", 87), "84 + 3 = 78 apples"),
    ("calculation_error", alone("There are 6 * 3 = 18 apples.", 18), "6 * 3 = 81"),
    ("calculation_error", alone("There are 90 * 3 = 270 apples.", 270), "90 * 3 = 27 apples"),
    ("calculation_error", alone("There are 40 * 12 = 480 apples.", 480), "= 479"),
    ("calculation_error", alone("There are 2 * 4 = 8 apples.", 8), "= 6"),
    ("context_value_error", alone("He has 10 bags * 9 = 90 eggs.", 90, "10 bags"), "11 bags"),
    ("operator_error", alone("They are 42 - 38 = 4 girls.", 4, "42 girls and boys, 38 boys"), "+"),
    ("operator_error", alone("Each gets 48 / 12 = 4.", 4, "12 times as many as 48"), "*"),
    ("missing_step", alone("He got 80 * 3/10 = 24 pens.", 24, "3/10 of 80 pens"), "80 * 3 ="),
    ("operator_error", alone("He earns 80 cars * $5 = $400.", 400), "+"),
    ("operator_error", alone("She pays $15 * 2 = $30.", 30), "+"),
    ("operator_error", alone("They need 12 bags + 10 bags = 22 bags.", 22), "*"),
    ("operator_error", alone("He has $36 / $9 = 4 apples.", 4), "*"),
    ("operator_error", alone("He still needs 917 - 500 = 417 dollars.", 417), "+"),
    ("operator_error", alone("In total there are 9 + 5 = 14.", 14), "-"),
    ("operator_error", alone("He saw double that, 4 * 3 = 12.", 12), "+"),
    ("operator_error", alone("The probability is 2/6 = 1/3.", Fraction(1, 3)), "*"),
    ("operator_error", alone(r"Which leaves $50-16 = \boxed{34}$ of them.", 34), "+"),
    ("operator_error", alone(r"She would have saved $800 - 250 = \boxed{550}$.", 550), "+"),
    ("operator_error", alone(r"The sum is $9+4 = \boxed{13}$ in all.", 13), "\\cdot"),
    ("operator_error", alone("Their product is 6 * 4 = 24.", 24), "+"),
    ("operator_error", alone("The difference is 20 - 4 = 16.", 16), "+"),
    ("operator_error", alone("Each of them has 6 * 4 = 24.", 24), "+"),
    ("operator_error", alone("He drives 60 / 6 = 10 miles per hour.", 10), "*"),
    ("operator_error", alone("He paid 3 * 20 = 60, three times as much.", 60), "+"),
    ("operator_error", alone(r"It is $2^2\cdot3^2\cdot5^2 = \boxed{900}$.", 900), "+"),
    ("operator_error", alone(r"There are $26\times 25\times 10\times 9 = \boxed{58500}$.", 58500), "+"),
    ("operator_error", alone("He has 2 + 1 + 2 + 5 = 10.", 10), "*"),
    ("operator_error", alone(r"It is $9 - 4 + 2 = \boxed{7}$.", 7), "9 + 4"),
    ("operator_error", ("q", (r"It is $180(n-2)/n$.", r"So $180(7-2)/9 = \boxed{100}$."), 100), "7+2"),
    ("operator_error", alone(r"As $4 \cdot 3 = 12$, $4 \cdot 3 - 5 = \boxed{7}$.", 7), "4 + 3 -"),
    ("operator_error", alone(r"Compute $9 - 4$: it is $9 - 4 = \boxed{5}$.", 5), "+"),
    ("operator_error", alone(r"It is $130+150-120 = \boxed{160}$.", 160), "\\cdot"),
    ("operator_error", ("q", (r"It is the whole minus the triangle.", r"So it is $12 - 2 = \boxed{10}$."), 10), "+"),
    ("operator_error", alone(r"As it is $3x-1$ at $x=4$, this is $3 \cdot 4 -1 = \boxed{11}$.", 11), "3 + 4"),
    ("operator_error", alone("After 6 miles he rowed 15 miles more: 6 + 15 = 21 miles.", 21), "*"),
    ("operator_error", alone("It was reduced to 300 - 40 = 260.", 260), "+"),
    ("operator_error", alone("3 * 5 = 15 square yards", 15), "+"),
    ("missing_step", alone("Ramped up three times, it is 3 * 7000 = 21000 more.", 21000, "3 of 7000"), "is 7000"),
    ("operator_error", alone(r"It is $1+201 = \boxed{202}$.", 202), "\\cdot"),
    ("context_value_error", ("Of 6 pens 2 are red, of 4 hats 3. What is the chance of red?",
                             ("The chance is 2 / 4 = 0.5.",), Fraction(1, 2)), "6 / 4"),
]  # fmt: skip


@pytest.mark.parametrize(("injector", "problem", "wrong"), IMPLAUSIBLE)
def test_what_nobody_would_write_is_refused(injector, problem, wrong):
    for seed in range(3):
        assert not [step for step in wrong_steps(injector, *problem, seed) if wrong in step]


LIKELY = [
    ("operator_error", alone("It takes 12 / 3 = 4 weeks.", 4, "He goes 3 times a week. How long for 12?"), "12 * 3"),
    ("operator_error", alone(r"$12 \cdot 4+3 = \boxed{51}$", 51), r"12 \cdot 4-3"),
    ("operator_error", alone(r"$12+4 = \boxed{16}$ and $2 \cdot 1 = 2$", 16), r"12\cdot 4"),
    ("operator_error", alone(r"$12\cdot 4 = \boxed{48}$", 48), "12+4"),
    ("calculation_error", alone("There are 90 * 30 = 2700 apples.", 2700), "90 * 30 = 27000 apples"),
]


@pytest.mark.parametrize(("injector", "problem", "wrong"), LIKELY)
def test_what_a_student_would_write_is_made(injector, problem, wrong):
    made = [step for seed in range(20) for step in wrong_steps(injector, *problem, seed)]
    assert [step for step in made if wrong in step], made


def test_a_fraction_keeps_the_command_of_the_reference():
    made = wrong_steps("operator_error", *alone(r"$\dfrac{1}{2} + \frac{1}{4} = \boxed{\dfrac{3}{4}}$", Fraction(3, 4)))
    assert r"$\dfrac{1}{2} - \frac{1}{4} = \boxed{\dfrac{1}{4}}$" in made
    assert final_text(r"\dfrac{1}{2}", Fraction(1, 3)) == r"\dfrac{1}{3}"


def test_latex_without_a_sign_of_division_gets_none():
    assert not [step for step in wrong_steps("operator_error", *alone(r"$12 \cdot 4 = 48$", 48)) if "div" in step]


@pytest.mark.parametrize("most", [1, 2, 3])
def test_several_errors_are_each_proven_and_told(most):
    text = "She has 5 * 15 = 75 pens.\nShe sells 29, so 75 - 29 = 46 are left.\nThey cost 46 * $23 = $1058.\n#### 1058"
    question = "Ann has 5 boxes of 15 pens, sells 29 of them, and the rest cost $23 each. What do they cost?"
    kinds = {kind: kind for kind in ("context_value_error", "operator_error", "previous_step_value_error")}
    plan = InjectionPlan(dict.fromkeys(kinds, 1.0), kinds, 12, 0, errors_per_solution=most)
    problem = Problem.of(question, text)
    several = 0
    for record in erroneous_solutions(plan, problem).records:
        told = [int(step) for step in re.findall(r"Step (\d+) has an error of its own", record.explanation)]
        assert told == sorted(set(told)) and len(told) < most
        assert all(step > record.located_step + 1 for step in told)
        assert all(equation.holds for step in record.steps for equation in read_step(step).equations)
        assert record.final_answer != "1058"
        several += bool(told)
    assert bool(several) == (most > 1)
