"""The label checker on formulas with letters: it finds every planted fault, and nothing in records that are right."""

from __future__ import annotations

import pytest
from label_checker import check_record
from label_checking.latex.chains import read_step
from label_checking.latex.derivations import Knowledge, follows, statements_in
from label_checking.latex.terms import same, tree

from lemma.records import ErroneousSolution

# name: type, question, gold, final answer, error step, reference, steps from the error step on, explanation
Base = tuple[str, str, str, str, int, tuple[str, ...], tuple[str, ...], str]
BASES: dict[str, Base] = {
    "sign": (
        "sign_error",
        "If $5y + 4 = 34$, what is the value of $2y^2 - y - 9$?",
        "57",
        r"\frac{2473}{25}",
        0,
        ("From the equation, $5y = 30$.", "So $y = 6$.", r"Then $2y^2 - y - 9 = 2(6)^2 - (6) - 9 = \boxed{57}$."),
        (
            "From the equation, $5y = 38$.",
            r"So $y = \frac{38}{5}$.",
            r"Then $2y^2 - y - 9 = 2(\frac{38}{5})^2 - (\frac{38}{5}) - 9 = \boxed{\frac{2473}{25}}$.",
        ),
        "The term $4$ goes to the right side as $-4$, but the step keeps its sign: it should be $5y = 30$.",
    ),
    "sum": (
        "sign_error",
        "If $5y + 4 = 34$, what is the value of $2y^2 - y - 9$?",
        "57",
        "75",
        2,
        ("From the equation, $5y = 30$.", "So $y = 6$.", r"Then $2y^2 - y - 9 = 2(6)^2 - (6) - 9 = \boxed{57}$."),
        (r"Then $2y^2 - y - 9 = 2(6)^2 - (6) - 9 = \boxed{75}$.",),
        "The term $-9$ was added up as if it were $9$: $2(6)^2 - (6) - 9$ is $57$, not $75$.",
    ),
    "distribution": (
        "distribution_error",
        "Find the value of $y$ for which $-4(y + 3) - 7 = 13$.",
        "-8",
        r"-\frac{17}{4}",
        0,
        ("Distributing, $-4y - 12 - 7 = 13$.", "Then $-4y - 19 = 13$.", "Hence $-4y = 32$.", r"So $y = \boxed{-8}$."),
        (
            "Distributing, $-4y + 3 - 7 = 13$.",
            "Then $-4y - 4 = 13$.",
            "Hence $-4y = 17$.",
            r"So $y = \boxed{-\frac{17}{4}}$.",
        ),
        "In multiplying out, the factor $-4$ does not reach $3$: that term should become $-12$.",
    ),
    "cross": (
        "cross_term_error",
        "Expand and simplify $(2m + 5)^2 - 6m$.",
        "4m^2 + 14m + 25",
        "4m^2 - 6m + 25",
        0,
        (
            "The square is multiplied out: $(2m + 5)^2 - 6m = 4m^2 + 20m + 25 - 6m$.",
            r"Collecting like terms, $4m^2 + 20m + 25 - 6m = \boxed{4m^2 + 14m + 25}$.",
        ),
        (
            "The square is multiplied out: $(2m + 5)^2 - 6m = 4m^2 + 25 - 6m$.",
            r"Collecting like terms, $4m^2 + 25 - 6m = \boxed{4m^2 - 6m + 25}$.",
        ),
        "Squaring $(2m + 5)$ term by term leaves out the cross term: the step lacks $20m$.",
    ),
    "exponent": (
        "exponent_law_error",
        r"Write $(z^2)^5 \cdot z^4$ as a power of $z$.",
        "z^{14}",
        "z^{11}",
        0,
        (
            "We have $(z^2)^5 = z^{10}$.",
            r"Therefore, $(z^2)^5 \cdot z^4 = z^{10} \cdot z^4 = \boxed{z^{14}}$.",
        ),
        (
            "We have $(z^2)^5 = z^{7}$.",
            r"Therefore, $(z^2)^5 \cdot z^4 = z^{7} \cdot z^4 = \boxed{z^{11}}$.",
        ),
        "In $(z^2)^5$, the exponents 2 and 5 are added, but a power of a power multiplies them: it should be 10.",
    ),
    "cancel": (
        "cancellation_error",
        r"Simplify $\frac{6x + 15}{3} + 4x$.",
        "6x + 5",
        "6x + 15",
        0,
        (
            r"First reduce the fraction: $\frac{6x + 15}{3} = 2x + 5$.",
            r"Altogether, $\frac{6x + 15}{3} + 4x = 2x + 5 + 4x = \boxed{6x + 5}$.",
        ),
        (
            r"First reduce the fraction: $\frac{6x + 15}{3} = 2x + 15$.",
            r"Altogether, $\frac{6x + 15}{3} + 4x = 2x + 15 + 4x = \boxed{6x + 15}$.",
        ),
        "Only the first term of $6x + 15$ is divided by $3$: the other terms have to be divided too.",
    ),
    "like": (
        "like_terms_error",
        r"Simplify $\frac{6x + 15}{3} + 4x$.",
        "6x + 5",
        "11x",
        1,
        (
            r"First reduce the fraction: $\frac{6x + 15}{3} = 2x + 5$.",
            r"Altogether, $2x + 5 + 4x = \boxed{6x + 5}$.",
        ),
        (r"Altogether, $2x + 5 + 4x = \boxed{11x}$.",),
        "The terms $6x$ and $5$ are not alike and can't be added up to $11x$: it should stay $6x + 5$.",
    ),
    "turn": (
        "inequality_direction_error",
        "Solve the inequality $-7n - 4 > 80$.",
        "n < -12",
        "n > -12",
        1,
        ("Next, $-7n > 84$.", r"Therefore, $\boxed{n < -12}$."),
        (r"Therefore, $\boxed{n > -12}$.",),
        "Both sides are multiplied or divided by a negative number, so the sign of the inequality has to be turned: "
        "it should be $n < -12$.",
    ),
    "lost": (
        "lost_root_error",
        "Consider the equation $k^2 + 2k - 15 = 0$. What can $k$ be? List every value.",
        "-5, 3",
        "-5",
        1,
        ("This can be written as $(k + 5)(k - 3) = 0$.", "Hence $k = -5$ or $k = 3$.", r"This gives $\boxed{-5, 3}$."),
        ("Hence $k = -5$.", r"This gives $\boxed{-5}$."),
        "The equation $(k + 5)(k - 3) = 0$ has another solution, $k = 3$, which the step loses.",
    ),
    "case": (
        "wrong_case_error",
        "Take the equation $y^2 + y - 72 = 0$. Find the larger value of $y$.",
        "8",
        "-9",
        2,
        (
            "The left side factors: $(y - 8)(y + 9) = 0$.",
            "So $y = -9$ or $y = 8$.",
            r"The larger value is $y = \boxed{8}$.",
        ),
        (r"The larger value is $y = \boxed{-9}$.",),
        "Of the possible values, the step keeps $-9$, but the one that is asked for is $8$.",
    ),
    "swap": (
        "coordinate_swap_error",
        "What is the midpoint of the segment with ends $(9, 9)$ and $(-7, 3)$?",
        "(1, 6)",
        "(6, 1)",
        1,
        (
            "The midpoint has the means of the coordinates.",
            r"So it is $\left( \frac{9 - 7}{2}, \frac{9 + 3}{2} \right) = \boxed{(1, 6)}$.",
        ),
        (r"So it is $\left( \frac{9 - 7}{2}, \frac{9 + 3}{2} \right) = \boxed{(6, 1)}$.",),
        "The coordinates are in the wrong order: the first one is $1$ and the second one is $6$.",
    ),
    "collect": (
        "calculation_error",
        "Simplify $-5(t - 9) - 2$.",
        "-5t + 43",
        "-5t + 53",
        1,
        ("Multiply out: $-5(t - 9) - 2 = -5t + 45 - 2$.", r"So $-5t + 45 - 2 = \boxed{-5t + 43}$."),
        (r"So $-5t + 45 - 2 = \boxed{-5t + 53}$.",),
        "$-5t + 45 - 2$ is $-5t + 43$, not $-5t + 53$.",
    ),
    "angle": (
        "unit_conversion_error",
        r"Find the length of the arc that an angle of $75^\circ$ cuts from a circle of radius $18$.",
        r"\frac{15\pi}{2}",
        r"\frac{243000}{\pi}",
        0,
        (
            r"The angle in radians is $75^\circ = 75 \cdot \frac{\pi}{180} = \frac{5\pi}{12}$.",
            r"So the length is $18 \cdot \frac{5\pi}{12} = \boxed{\frac{15\pi}{2}}$.",
        ),
        (
            r"The angle in radians is $75^\circ = 75 \cdot \frac{180}{\pi} = \frac{13500}{\pi}$.",
            r"So the length is $18 \cdot \frac{13500}{\pi} = \boxed{\frac{243000}{\pi}}$.",
        ),
        r"The factor between degrees and radians is upside down: it should be $\frac{\pi}{180}$.",
    ),
    "surd": (
        "calculation_error",
        r"What is $\sqrt{75} - \frac{\sqrt{48}}{2}$?",
        r"3\sqrt{3}",
        r"\sqrt{3}",
        0,
        (
            r"It is $\sqrt{75} - \frac{\sqrt{48}}{2} = 5\sqrt{3} - \frac{4\sqrt{3}}{2} = 5\sqrt{3} - 2\sqrt{3} = "
            r"\boxed{3\sqrt{3}}$.",
        ),
        (
            r"It is $\sqrt{75} - \frac{\sqrt{48}}{2} = 3\sqrt{3} - \frac{4\sqrt{3}}{2} = 3\sqrt{3} - 2\sqrt{3} = "
            r"\boxed{\sqrt{3}}$.",
        ),
        r"$\sqrt{75}$ is $5\sqrt{3}$, not $3\sqrt{3}$.",
    ),
    "root": (
        "calculation_error",
        "Suppose $6k - 1 = 23$. Find $2k + 1$.",
        "9",
        "37",
        1,
        ("First, $6k = 24$.", "So $k = 4$.", r"Then $2k + 1 = 2(4) + 1 = \boxed{9}$."),
        ("So $k = 18$.", r"Then $2k + 1 = 2(18) + 1 = \boxed{37}$."),
        "$6k = 24$ gives $k = 4$, not $k = 18$: $6$ was subtracted and not divided by.",
    ),
    "plain": (
        "sign_error",
        "A house has 600 square feet more than 4 times another one. It has 10000 square feet. How many has the other?",
        "2350",
        "2650",
        1,
        ("So the equation is 4 * x + 600 = 10000.", "Subtracting, we get 4 * x = 9400", "So x = 2350 square feet."),
        ("Subtracting, we get 4 * x = 10600", "So x = 2650 square feet."),
        "The term 600 goes to the right side as -600, but the step keeps its sign: it should be 4 * x = 9400.",
    ),
}


def built(name: str, **changes: object) -> ErroneousSolution:
    """The record of a base, with other fields."""
    kind, question, gold, final, at, reference, wrong, explanation = BASES[name]
    fields: dict[str, object] = {
        "id": name,
        "problem_id": f"problem of {name}",
        "question": question,
        "gold_answer": gold,
        "reference_steps": reference,
        "steps": (*reference[:at], *wrong),
        "error_step": at,
        "error_type": kind,
        "explanation": explanation,
        "final_answer": final,
        "origin": "symbolic",
        "model": "by hand",
        "evidence": "proof",
        "confidence": 1.0,
    }
    return ErroneousSolution.model_validate({**fields, **changes})


def with_text(name: str, old: str, new: str, final: str | None = None) -> ErroneousSolution:
    """A record with other words in its steps from the error step on; all of its occurrences there are changed."""
    record = built(name)
    at = record.located_step
    later = [step.replace(old, new) for step in record.steps[at:]]
    assert later != list(record.steps[at:]), (name, old)
    return built(name, steps=(*record.steps[:at], *later), **({} if final is None else {"final_answer": final}))


def explained(name: str, old: str, new: str) -> ErroneousSolution:
    record = built(name)
    assert old in record.explanation
    return built(name, explanation=record.explanation.replace(old, new))


def typed(name: str, kind: str) -> ErroneousSolution:
    return built(name, error_type=kind)


def step_of(name: str, index: int, text: str, **changes: object) -> ErroneousSolution:
    steps = list(built(name).steps)
    steps[index] = text
    return built(name, steps=tuple(steps), **changes)


NO_FALSE = "error step: no changed formula is false"
SEVERAL = "error step: more than one changed formula is false"
UNFIT = "the false formula is not what this type makes"
LATER = "later step: a changed formula does not follow from the wrong one"
CLAIM = "explanation: it states a false equation"
NOT_DUE = "explanation: an expression said to be right is not the reference's"
ABSENT = "explanation: a number said to be in the wrong step is not there"
REPEATED = "text: the words repeat a number that the error changed"
JUDGED = "text: the words judge a value in a changed step"
LAST_BOX = "answer: the last box is not the final answer"
GOLD = "the gold answer stands in a box"
HOLDS = "a type that claims all hold"
FAULTS: list[tuple[ErroneousSolution, str]] = [
    # The error step, or the prefix, is not what it should be.
    (step_of("distribution", 0, BASES["distribution"][5][0]), "error step: it is the reference's"),
    (step_of("like", 0, r"First reduce it: $\frac{6x + 15}{3} = 2x + 5$."), "prefix: it is not the reference's"),
    (step_of("case", 1, "So $y = 8$ or $y = -9$."), "prefix: it is not the reference's"),
    # What is called false is true.
    (with_text("sign", "From the equation, $5y = 38$", "From the equation, $10y = 60$"), NO_FALSE),
    (step_of("cross", 0, "The square is multiplied out: $(2m + 5)^2 - 6m = 25 + 4m^2 + 20m - 6m$."), NO_FALSE),
    (step_of("cancel", 0, r"First reduce the fraction: $\frac{6x + 15}{3} = 5 + 2x$."), NO_FALSE),
    (step_of("exponent", 0, r"We have $(z^2)^5 = z^{5 \cdot 2}$."), NO_FALSE),
    (with_text("turn", "n > -12", "n + 2 < -10", "n + 2 < -10"), NO_FALSE),
    (with_text("turn", "n > -12", "-12 > n", "-12 > n"), NO_FALSE),
    (with_text("root", "So $k = 18$", r"So $k = \frac{24}{6}$"), NO_FALSE),
    # A second false formula in the error step.
    (
        step_of(
            "sign", 0, "From the equation, $5y = 38$, so $y = 7$.",
            reference_steps=("From the equation, $5y = 30$, so $y = 6$.", *BASES["sign"][5][1:]),
        ),
        SEVERAL,
    ),
    (
        with_text("collect", r"\boxed{-5t + 53}", r"-5t + 53 = \boxed{-5t + 54}", "-5t + 54"),
        SEVERAL,
    ),
    (with_text("surd", r"\boxed{\sqrt{3}}", r"\boxed{7\sqrt{3}}", r"7\sqrt{3}"), "several false equations"),
    # Later formulas that do not follow from the wrong one.
    (with_text("sign", r"So $y = \frac{38}{5}$", r"So $y = \frac{37}{5}$"), LATER),
    (with_text("distribution", "$-4y - 4 = 13$", "$-4y - 5 = 13$"), LATER),
    (with_text("distribution", "$-4y = 17$", "$-4y = 9$"), LATER),
    (with_text("distribution", r"-\frac{17}{4}", r"-\frac{15}{4}", r"-\frac{15}{4}"), LATER),
    (with_text("cross", r"\boxed{4m^2 - 6m + 25}", r"\boxed{4m^2 - 6m + 24}", "4m^2 - 6m + 24"), LATER),
    (with_text("exponent", r"\boxed{z^{11}}", r"\boxed{z^{28}}", "z^{28}"), LATER),
    (with_text("exponent", r"z^{7} \cdot z^4", r"z^{8} \cdot z^4"), LATER),
    (with_text("cancel", r"\boxed{6x + 15}", r"\boxed{7x + 15}", "7x + 15"), LATER),
    (with_text("cancel", "+ 4x = 2x + 15 + 4x", "+ 4x = 2x + 16 + 4x"), LATER),
    (with_text("root", r"2(18) + 1 = \boxed{37}", r"2(17) + 1 = \boxed{35}", "35"), LATER),
    (with_text("plain", "x = 2650", "x = 2700", "2700"), LATER),
    # Changes that another type makes.
    (typed("sign", "distribution_error"), UNFIT),
    (typed("distribution", "sign_error"), UNFIT),
    (typed("cross", "distribution_error"), UNFIT),
    (typed("cancel", "like_terms_error"), UNFIT),
    (typed("exponent", "cancellation_error"), UNFIT),
    (typed("like", "cross_term_error"), UNFIT),
    (typed("swap", "sign_error"), UNFIT),
    (typed("turn", "sign_error"), UNFIT),
    (typed("collect", "coordinate_swap_error"), UNFIT),
    (typed("sign", "inequality_direction_error"), UNFIT),
    (typed("case", "lost_root_error"), "lost_root_error: not exactly one root is lost"),
    (typed("cross", "missing_step"), HOLDS),
    (typed("cancel", "contradictory_step"), HOLDS),
    (with_text("case", r"\boxed{-9}", r"\boxed{-7}", "-7"), "the value is not one of several"),
    (with_text("collect", "-5t + 53", "-7t + 53", "-7t + 53"), UNFIT),
    (with_text("angle", r"\frac{13500}{\pi}", r"\frac{13600}{\pi}"), SEVERAL),
    (with_text("lost", "Hence $k = -5$", "Hence $k = -4$"), "not exactly one root is lost"),
    # Answers.
    (built("like", final_answer="12x"), LAST_BOX),
    (built("swap", final_answer="(1, 6)"), "answer: the final answer is the gold one"),
    (with_text("distribution", "Hence $-4y = 17$.", r"Hence $-4y = 17$, not $y = \boxed{-8}$."), GOLD),
    (with_text("cross", r"\boxed{4m^2 - 6m + 25}", r"\boxed{14m + 4m^2 + 25}"), GOLD),
    (with_text("lost", r"\boxed{-5}", r"\boxed{-5, 4}", "-5, 4"), "answer: it is not the gold list"),
    # Words.
    (with_text("sign", "So $y", "Dividing 30, $y"), REPEATED),
    (with_text("exponent", "Therefore,", "Adding ten and 4,"), REPEATED),
    (with_text("distribution", "So $y", "So the negative number is $y"), JUDGED),
    (with_text("cross", "Collecting like terms", "As the answer must be a square"), JUDGED),
    (with_text("cancel", r"= \boxed{6x + 15}", r"= 6x + 15 = \boxed{6x + 15}"), "a side stands twice"),
    # Explanations.
    (explained("sign", "as $-4$", "as $-5$"), CLAIM),
    (explained("sign", "$5y = 30$", "$5y = 31$"), NOT_DUE),
    (explained("sum", "is $57$", "is $58$"), CLAIM),
    (explained("distribution", "$-12$", "$12$"), CLAIM),
    (explained("distribution", "reach $3$", "reach $4$"), CLAIM),
    (explained("cross", "$20m$", "$20m^2$"), CLAIM),
    (explained("exponent", "should be 10", "should be 7"), CLAIM),
    (explained("exponent", "are added", "are multiplied"), CLAIM),
    (explained("like", "$11x$", "$12x$"), ABSENT),
    (explained("like", "stay $6x + 5$", "stay $6x + 6$"), CLAIM),
    (explained("lost", "$k = 3$", "$k = 2$"), CLAIM),
    (explained("case", "is $8$", "is $-8$"), NOT_DUE),
    (explained("case", "keeps $-9$", "keeps $9$"), ABSENT),
    (explained("swap", "one is $1$ and", "one is $2$ and"), NOT_DUE),
    (explained("collect", "is $-5t + 43$", "is $-5t + 42$"), CLAIM),
    (explained("root", "gives $k = 4$", "gives $k = 5$"), CLAIM),
    (explained("root", "not $k = 18$", "not $k = 20$"), ABSENT),
    (explained("turn", "$n < -12$", "$n < -13$"), NOT_DUE),
    (explained("surd", r"not $3\sqrt{3}$", r"not $5\sqrt{3}$"), "the same"),
]  # fmt: skip


@pytest.mark.parametrize(("record", "rule"), FAULTS, ids=[f"{i}-{each[0].id}" for i, each in enumerate(FAULTS)])
def test_a_planted_fault_is_found(record: ErroneousSolution, rule: str) -> None:
    assert any(rule in finding.rule for finding in check_record(record).findings), check_record(record).findings


NEAR_MISSES = [
    *map(built, BASES),
    # The same formula in another form.
    with_text("sign", "From the equation, $5y = 38$", "From the equation, $10y = 76$"),
    with_text("distribution", "-4y + 3 - 7 = 13", "3 - 4y - 7 = 13"),
    with_text("cross", "= 4m^2 + 25 - 6m$.", "= 25 + 4m^2 - 6m$."),
    with_text("cross", r"4m^2 + 25 - 6m = \boxed", r"25 + 4m^2 - 6m = \boxed"),
    with_text("exponent", r"z^{7} \cdot z^4 = ", r"z^7 \cdot z^{4} = "),
    with_text("cancel", r"= 2x + 15 + 4x =", r"= 15 + 2x + 4x ="),
    with_text("surd", r"\boxed{\sqrt{3}}", r"\boxed{1 \cdot \sqrt{3}}", r"1 \cdot \sqrt{3}"),
    with_text("turn", "n > -12", "n>-12", "n>-12"),
    with_text("swap", r"\boxed{(6, 1)}", r"\boxed{\left(6,1\right)}"),
    # Words with numbers that the error leaves alone.
    with_text("sign", "So $y", "Dividing by 5, $y"),
    with_text("distribution", "Hence $-4y", "Adding the four, $-4y"),
    with_text("case", "The larger value", "Of both, the larger value"),
    with_text("cancel", "Altogether, ", "Put together, "),
]


@pytest.mark.parametrize("record", NEAR_MISSES, ids=lambda record: record.id)
def test_a_right_record_raises_no_alarm(record: ErroneousSolution) -> None:
    report = check_record(record)
    assert report.findings == ()
    assert not any("not read" in name and "formulas" in name for name in report.coverage), report.coverage


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (r"(x + 2)^2", r"x^2 + 4x + 4", True),
        (r"(x + 2)^2", r"x^2 + 4", False),
        (r"\frac{x^2 - 1}{x - 1}", r"x + 1", True),
        (r"\sqrt{12}x", r"2\sqrt3 x", True),
        (r"60^\circ", r"\frac{\pi}{3}", True),
        (r"\frac12ab", r"\frac{ba}{2}", True),
        (r"(1 + i)^2", r"2i", True),
        (r"f(2) + 1", r"1 + f(2)", True),
        (r"(a, b + b)", r"(a, 2b)", True),
        (r"2^{x + 1}", r"2 \cdot 2^x", True),
        (r"x^{90000}", r"x^{90001}", None),
        (r"(x, y)", r"x", False),
        (r"\frac{5!}{3!}", "20", True),
    ],
)
def test_two_expressions_are_compared_by_their_values(one: str, other: str, expected: bool | None) -> None:
    trees = tree(one), tree(other)
    assert trees[0] is not None and trees[1] is not None
    assert same(*trees) is expected


@pytest.mark.parametrize("text", ["x + ", r"\sum_{k} k", "(x", "3 4", "a" * 400, r"x \pm 1", "|x|"])
def test_what_is_not_known_is_not_read(text: str) -> None:
    assert tree(text) is None


@pytest.mark.parametrize(
    ("earlier", "later", "expected"),
    [
        ("$2x + 6 = 10$", "$x + 3 = 5$", True),
        ("$2x + 6 = 10$", "$x = 2$", True),
        ("$2x + 6 = 10$", "$x = 3$", False),
        ("$x^2 = 9$", "$x = -3$", True),
        ("$x + y = 10$ and $x - y = 4$", "$2x = 14$", True),
        ("$x + y = 10$ and $x - y = 4$", "$2x = 13$", False),
        ("$y = 2x$ and $y + 3x = 10$", "$2x + 3x = 10$", True),
        ("$-3x > 6$", "$x < -2$", True),
        ("$-3x > 6$", "$x > -2$", False),
        ("$a = 2$ and $b = 5$", "$a + b = 7$", True),
        ("$a = 2$ and $b = 5$", "$a + b = 8$", False),
        ("$x = 2$ or $x = 3$", "$x = 4$", False),
    ],
)
def test_a_statement_follows_from_earlier_ones(earlier: str, later: str, expected: bool) -> None:
    knowledge = Knowledge()
    for statement in statements_in(read_step(earlier).chains):
        knowledge.add(statement)
    (statement,) = statements_in(read_step(later).chains)
    assert bool(follows(statement, knowledge)) is expected
