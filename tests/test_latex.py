"""LaTeX solutions: what is read and what is left alone, and which wrong solutions their text does not prove."""

import random
import re
from fractions import Fraction
from functools import partial

import pytest
from label_checker import check_record

from lemma.arithmetic.equations import read_step
from lemma.arithmetic.graph import read_solution
from lemma.arithmetic.latex import boxed, has_formulas, is_balanced
from lemma.commands.augment import COMMAND, inject
from lemma.engine.outcome import Outcome
from lemma.exceptions import Refusal
from lemma.injectors.drafts import Injected, attempts
from lemma.injectors.symbolic import InjectionPlan, erroneous_solutions
from lemma.records import ErroneousSolution, Problem
from lemma.runner import outcome_of
from lemma.taxonomy.error_types import load_taxonomy

INJECTORS = {kind.id: kind.injector for kind in load_taxonomy() if kind.injector}

# The expression that may be changed, or None: a part of something longer, or no arithmetic at all.
READ = [
    (r"So $x = 5 + 7 = 12$ cm.", "5 + 7"),
    (r"Hence $f(2) = 2 \cdot 3 = 6$.", r"2 \cdot 3"),
    (r"$P(A) = 2 \cdot 3 = 6$", r"2 \cdot 3"),
    (r"\[5 \cdot 7 = \boxed{35}.\]", r"5 \cdot 7"),
    (r"\begin{align*} 5 \cdot 7 &= 35 \\ x &= 2 \end{align*}", r"5 \cdot 7"),
    (r"$540^\circ / 5 = 108^\circ$", r"540^\circ / 5"),
    (r"$\frac12 + \frac 14 = \frac{3}{4}$", r"\frac12 + \frac 14"),
    (r"There are $5 + 7 = 12$ apples \textbf{here}.", "5 + 7"),
    (r"$5 \text{ cm} + 7 \text{ cm} = 12 \text{ cm}$", r"5 \text{ cm} + 7"),
    (r"Thus $3 + 4 = 7 \implies x = 7$", "3 + 4"),
    # A neighbor in the chain is an expression of its own.
    (r"$\binom{7}{2} = \frac{7 \times 6}{2} = 21$", None),
    (r"$3! \cdot 6! = 6 \cdot 720 = 4320$", None),
    (r"$2^3 3^5 = 2^3 \cdot 243 = 1944$", None),
    (r"$\sqrt{49} + 5 = 7 + 5 = 12$", None),
    (r"$a + b = 5 + 7 = 12$", None),
    (r"$x + 5 + 7 = 12$", None),
    (r"$5 + 7 = 12x$", None),
    (r"$5 + 7 = 12 = \binom{12}{1}$", None),
    (r"\begin{align*} 5 \cdot 7 &= 35 \\ &= 5 \cdot 7 \end{align*}", None),
    # A letter before a bracket is a function or an unknown factor, two letters behind a number are unknowns.
    (r"$f(3) + 1 = 3$", None),
    (r"$f(3) + 1 = 4$", None),
    (r"$x(3 + 4) = 14$", None),
    (r"$\tau(30^4) = 5^3 = 125$", None),
    (r"$\sin(30) + 1 = 31$", None),
    (r"$2xy + 65 = 105$", None),
    (r"$2xy + 65 = 67$", None),
    (r"$\frac{1}{2} \cdot AD \cdot 4 = \frac12 \cdot 6 \cdot 4 = 12$", None),
    # Congruences, other bases, factorials.
    (r"$2^2 = 1 \pmod 3$", None),
    (r"$7 \cdot 2 \equiv 4 \pmod{10}$ since $7 \cdot 2 = 14$", None),
    (r"$343_5 + 1 = 344$", None),
    (r"$343=1000$ in base 7", None),
    (r"$4! + 1 = 25$", None),
]


def inject_item(plan: InjectionPlan, item: Problem) -> Outcome:
    """What `lemma augment` makes of one problem."""
    return outcome_of(COMMAND, partial(inject, plan), None, item)


@pytest.mark.parametrize(("text", "expression"), READ)
def test_only_whole_formulas_are_changed(text, expression):
    equations = [equation for equation in read_step(text, latex=True).equations if not equation.chained]
    assert [text[equation.start : equation.end] for equation in equations] == ([expression] if expression else [])
    assert all(equation.holds for equation in read_step(text, latex=True).equations)


FALSE = [
    r"$P(1) = 1 - 2 + 5 = \boxed{-6}$",
    r"\[P(1) = 1 - 2 + 5 = \boxed{-6}.\]",
    r"So $x = 5 \cdot 7 = 36$.",
    r"$\frac12 + \frac12 = 2$",
    "The sum is 99.1 plus 400.9 equals 692.",
]


@pytest.mark.parametrize("text", FALSE)
def test_a_false_equation_is_seen(text):
    assert [equation.holds for equation in read_step(text).equations] == [False]


NOT_FALSE = [
    "Since 3/4 is equal to $15, then 1/4 is equal to $5.",
    "They use 16 square feet because four times four equals 16.",
    "The square flags use 16 square feet of fabric per flag because four times four equals 16",
    r"$5 \cdot 7 = 36 \pmod 1$",
]


@pytest.mark.parametrize("text", NOT_FALSE)
def test_words_and_congruences_are_not_called_false(text):
    assert not [equation for equation in read_step(text).equations if equation.holds is False]


BALANCED = [
    (r"So $\frac{1}{2}$ and \[x = 3.\]", True),
    (r"It costs \$5, so $\$5 \cdot 2$.", True),
    (r"\begin{align*} x &= 3 \\ &= 4 \end{align*}", True),
    ("$$x = 3$$ and [asy] draw((0,0)--(1,{2)); $ [/asy] so", True),
    (r"\{1, 2\}", True),
    ("So there are 3$ handshakes that occur.", False),
    (r"$\frac{1}{2$ is", False),
    (r"not $10,\!000 - \$5,\!000, but", False),
    (r"\[x = 3", False),
    (r"\end{align*} x", False),
    ("a } b", False),
]


@pytest.mark.parametrize(("text", "expected"), BALANCED)
def test_formulas_and_braces_are_closed(text, expected):
    assert is_balanced(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [(r"not 12\div 5, but $12 \cdot 5$", False), (r"not $12\div 5$, but \$60", True), ("not 12, but 60.", True)],
)
def test_commands_stand_in_formulas(text, expected):
    assert is_balanced(text, commands_outside=False) is expected


BOXED = [
    (r"$\boxed{\frac{3}{4}}$ and \boxed {5}", [r"\frac{3}{4}", "5"]),
    (r"$\boxed{\frac 43}$", [r"\frac 43"]),
    (r"$\boxed{12", ["12"]),
    ("12", []),
]


@pytest.mark.parametrize(("text", "expected"), BOXED)
def test_boxes_are_found(text, expected):
    assert boxed(text) == expected


def made(question, steps, gold, *kinds):
    """All erroneous solutions of a problem, and the reasons for those that were refused."""
    graph = read_solution(question, steps, gold)
    found = [one for kind in kinds or INJECTORS for one in attempts(graph, kind, kind, random.Random(0))]
    errors = [one for one in found if isinstance(one, Injected)]
    return errors, {one.reason for one in found if isinstance(one, Refusal)}


PEN = "Ada has 12 pens in each of 5 boxes and gives 20 away. How many has she?"
WORKED = (r"There are $12 \cdot 5 = 60$ pens.", r"She keeps $60 - 20 = \boxed{40}$ pens.")


def test_a_latex_solution_is_changed_and_explained_in_latex():
    errors, _ = made(PEN, WORKED, 40)
    assert len(errors) >= 8
    for error in errors:
        assert is_balanced(error.explanation, commands_outside=False), error.explanation
        assert boxed(error.steps[-1]) == [str(error.final)]
        assert "boxed{40}" not in "".join(error.steps)
    explanations = {error.explanation for error in errors}
    assert r"The step takes 20 from the problem where 5 belongs: it should be $12 \cdot 5 = 60$." in explanations


@pytest.mark.parametrize(
    ("reason", "steps"),
    [
        ("right_answer_boxed", (*WORKED[:1], r"Or, $\boxed{40}$ by counting.", r"She keeps $60 - 20 = \boxed{40}$.")),
        ("right_answer_boxed", (r"It is $\boxed{\frac {80}2}$.", *WORKED)),
        ("unbalanced_latex", (r"There are $12 \cdot 5 = 60 pens.", WORKED[1])),
        ("boxed_answer_unread", (WORKED[0], WORKED[1], r"Also, $\boxed{x + y}$.")),
        ("unread_number", (WORKED[0], r"[asy] label((60,0)); [/asy]", WORKED[1])),
    ],
)
def test_what_leaves_the_right_answer_or_an_open_formula_is_refused(reason, steps):
    errors, reasons = made(PEN, steps, 40, "calculation_error", "operator_error", "context_value_error")
    assert reason in reasons
    assert not [error for error in errors if reason in ("right_answer_boxed", "unbalanced_latex")]


def test_a_fraction_without_braces_is_the_answer():
    errors, _ = made(
        "Of 12 pens, 16 are counted.",
        (r"The ratio is $16 / 12 = \boxed{\frac 43}$.",),
        Fraction(4, 3),
        "operator_error",
    )
    assert errors
    assert not [error for error in errors if "frac 43" in error.steps[0]]


def explanations(question, steps, gold, kind):
    return {error.explanation for error in made(question, steps, gold, kind)[0]}


def test_a_fraction_that_is_said_again_changes_with_the_result():
    steps = (
        r"There are $9+6+5=20$ marbles.", r"Of these, $20-6=14$ are not blue.",
        r"It is $\frac{14}{20}=\frac{7}{10}.$", r"The answer is $\boxed{\frac{7}{10}}.$",
    )  # fmt: skip
    errors, _ = made("A bag holds 9 red, 6 blue and 5 green marbles.", steps, Fraction(7, 10), "context_value_error")
    assert errors
    assert not [error for error in errors if "{7}{10}" in error.steps[-1]]


def test_coordinates_indices_and_exponents_are_not_given():
    question = r"Triangles $x_{20}$ and $y^{21}$ have 12 rows of 5 dots. [asy] draw((22,0)--(23,24)); [/asy]"
    told = explanations(question, (r"There are $12 \cdot 5 = \boxed{60}$ dots.",), 60, "context_value_error")
    assert {text for text in told if "takes" in text} == set()
    question = question.replace("12 rows", "12 rows of 7 pens or")
    told = explanations(question, (r"There are $12 \cdot 5 = \boxed{60}$ dots.",), 60, "context_value_error")
    assert [text for text in told if "takes 7 from the problem" in text]


def test_what_was_worked_out_without_being_read_is_not_given():
    question = r"There are $8$ and $6$ people in $5$ seats. How many choices are left of $100$?"
    steps = (r"There are $\binom{6}{5} = 6$ choices.", r"So $100 - 6 = \boxed{94}$ are left.")
    told = explanations(question, steps, 94, "context_value_error")
    assert told
    assert not [text for text in told if "says 6" in text or "where 6" in text]


def test_a_coefficient_of_the_same_value_stays():
    question = r"The roots of $x^2 - 4x + 3 = 0$ have $4$ or $5$ digits."
    steps = (r"In $4x^7 + 1$, this is $4 \cdot 3 = \boxed{12}$.",)
    told = explanations(question, steps, 12, "context_value_error")
    assert not [text for text in told if "says 4" in text or "where 4" in text]


def test_exponents_and_factors_of_a_run_are_not_given():
    question = r"Of $2$ math books, $3$ other ones and $7$ pens, $5$ are placed in $P(x)$."
    steps = (r"There are $5 \cdot 4 \cdot 3 \cdot 2 = 120$ ways.", r"So $120 + 7^2 = \boxed{169}$.")
    told = explanations(question, steps, 169, "context_value_error")
    told |= explanations(question, steps, 169, "question_misinterpretation_error")
    assert any("where 5 belongs" in text for text in told)
    assert not [text for text in told if re.search(r"(?:says|where|also gives) [23]\b", text)]


def test_no_latex_solution_stops_at_an_earlier_result():
    steps = (
        r"There are $\binom{7}{2} = 21$ pairs.",
        "Hence, $k = 31$.",
        r"There are $12 \cdot 5 = \boxed{60}$ pairs.",
    )
    told = explanations("How many?", steps, 60, "question_misinterpretation_error")
    assert not [text for text in told if "asks" in text]


PLAIN_GIVEN = [
    ("J + 9 = 3J - 33", False),
    ("x+x+7+2x+14=45", False),
    ("xyz = 288", False),
    ("2x = 32, so x = 16", False),
    ("Tom has 6 + 7 = 13 pens.", True),
]


@pytest.mark.parametrize(("step", "found"), PLAIN_GIVEN)
def test_the_right_side_of_an_equation_was_not_found(step, found):
    told = explanations(
        "How many are there?", (step, "There are 12 * 5 = 60 pens."), 60, "question_misinterpretation_error"
    )
    assert bool(told) is found


CHINESE = Problem(
    id="p",
    question="书包原价200元，打八折后多少元？",
    solution="打折后：200 * 0.8 = 160元。\n答：打折后160元。",
    answer="160",
    source="test",
)


def records(problem):
    plan = InjectionPlan(dict.fromkeys(INJECTORS, 1.0), INJECTORS, 12, 0)
    lines = inject_item(plan, problem).lines.get("erroneous.jsonl", ())
    return [ErroneousSolution.model_validate_json(line) for line in lines]


def test_numbers_beside_letters_of_unspaced_scripts_are_seen():
    found = records(CHINESE)
    assert found
    for record in found:
        assert "160" not in record.steps[-1]
        assert record.final_answer in record.steps[-1]


@pytest.mark.parametrize(
    "said", ["答：打折后一百六十元。", "答：打折后一六〇元。", "答：大于100元，是160元。", "答：v160元。"]
)
def test_what_is_said_in_another_way_is_refused(said):
    changed = CHINESE.model_copy(update={"solution": CHINESE.solution.replace("答：打折后160元。", said)})
    assert not [record for record in records(changed) if record.error_type == "calculation_error"]


def test_a_decimal_comma_is_refused_by_name():
    with pytest.raises(Refusal) as refusal:
        read_solution("q", ("Das kostet 2,50 + 1,50 = 4,00 €.",), 4)
    assert refusal.value.reason == "decimal_comma"
    read_solution("q", ("The points (1,2) and (3,4): 5 + 7 = 12.",), 12)


BOXED_ONLY = [
    r"So she pays $\boxed{\$146}$ in all.",
    r"So she pays \boxed{$146} in all.",
    r"She pays **\boxed{146}** dollars.",
]


@pytest.mark.parametrize("ending", BOXED_ONLY)
def test_a_box_around_the_answer_makes_no_formula(ending):
    """The solution of a model is read as the prose that it is, and the wrong answer is in its box, too."""
    steps = ("The mugs cost 3 * $26 = $78.", "The plates cost $17 (each) * 4 = $68.", "Total cost = $78 + $68")
    steps = (*steps[:2], f"{steps[2]}\nTotal cost = $146\n{ending}")
    question = "Ann buys 3 mugs for $26 each and 4 plates for $17 each. How much does she pay?"
    problem = Problem.of(question, "\n\n".join(steps), "146")
    kinds = ("context_value_error", "missing_step", "calculation_error")
    plan = InjectionPlan(dict.fromkeys(kinds, 1.0), {kind: kind for kind in kinds}, 8, 0)
    made = erroneous_solutions(plan, problem).records
    assert {"context_value_error", "calculation_error"} <= {record.error_type for record in made}
    for record in made:
        (box,) = boxed(record.steps[-1])
        assert box.strip("\\$") == record.final_answer != "146"
        assert "146" not in record.steps[-1]
        assert check_record(record).findings == ()
        kept = (*record.steps[:-1], record.steps[-1].replace(box, "146"))
        assert any("box" in found.rule for found in check_record(record.model_copy(update={"steps": kept})).findings)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (("5 + 3 = 8", r"It is \boxed{8}."), False),
        (("5 + 3 = 8 apples for $8", r"It is $\boxed{\$8}$."), False),
        (("So $x = 8$", r"It is $\boxed{8}$."), True),
        ((r"It is $5 + 3 = \boxed{8}$.",), True),
        ((r"It is $5 \cdot 3 = 15$.", r"It is \boxed{15}."), True),
        ((r"It is \boxed{x + 3}.",), True),
        (("It is 8.",), False),
    ],
)
def test_formulas_are_more_than_a_box(steps, expected):
    assert has_formulas(steps) is expected
