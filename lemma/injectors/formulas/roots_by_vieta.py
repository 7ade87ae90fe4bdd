r"""The sum of the roots of an equation, or their product, with the wrong sign in the last box.

Vieta's formulas are mixed up:
`By Vieta's formulas, the sum of the roots of $r^2 - 6r + 1 = 0$ is $\boxed{6}$.`
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from lemma.algebra.polynomials import Polynomial, budget, degree, letters
from lemma.algebra.reading import formula_spans, read_formula
from lemma.algebra.trees import number, polynomial
from lemma.arithmetic.carrying import is_plausible
from lemma.arithmetic.chain_solution import ChainSolution
from lemma.arithmetic.numbers import normal
from lemma.arithmetic.surds import Surd
from lemma.exceptions import Refusal
from lemma.grading.verdict import exact_value
from lemma.injectors.conditions import without_formulas

_VIETA = re.compile(r"\bVieta|\b(?:sum|product) of (?:the |its |all )?(?:possible )?(?:roots|solutions|zeros)\b")
_ASKED = re.compile(r"\b(?P<what>sum|product) of (?:[a-z]+ ){0,4}(?:roots|solutions|zeros|values)\b", re.IGNORECASE)
_QUADRATIC = 2


def propose(solution: ChainSolution, content: str) -> Iterator[tuple[str, str]]:
    """The content of the box with the other sign, if it is the sum or product of the roots of an equation before."""
    step = solution.answer.step
    words = without_formulas(solution.steps[step])
    asked = _ASKED.search(words)
    value = exact_value(content)
    if asked is None or value is None or not value or not _VIETA.search(words):
        return
    if len(solution.chains[solution.answer.chain].sides) > 1:
        return  # the quotient with its sign stands just before
    for shown, equation in equations_before(solution):
        what = asked["what"].lower()
        found = by_vieta(equation, what)
        if found is None:
            continue
        if found != value:
            return
        name = next(iter(letters(equation)))
        formula = "-b/a" if what == "sum" else ("c/a" if degree(equation, name) == _QUADRATIC else "")
        if not formula or not is_plausible(Surd(normal(value)), Surd(normal(-value)), solution.question):
            return
        turned = "b/a" if what == "sum" else "-c/a"
        written = content.strip()[1:].strip() if content.strip().startswith("-") else f"-{content.strip()}"
        told = f"By Vieta's formulas, the {what} of the roots of ${shown}$ is ${formula} = {content.strip()}$"
        yield written, f"{told}; the step uses ${turned} = {written}$."
        return


def equations_before(solution: ChainSolution) -> Iterator[tuple[str, Polynomial]]:
    """The equations in one letter that come to zero, before the answer, the last one first."""
    texts = [*solution.steps[: solution.answer.step + 1][::-1], solution.question]
    for text in texts:
        for start, end in reversed(formula_spans(text)):
            for chain in reversed(read_formula(text, start, end)):
                left, right = (chain.sides[0].tree, chain.sides[-1].tree) if len(chain.sides) == 2 else (None, None)
                if left is None or right is None or chain.relations != ("=",):
                    continue
                try:
                    with budget.bounded():
                        if number(right) == 0 and len(letters(polynomial(left))) == 1:
                            yield " ".join(text[chain.start : chain.end].replace("&", " ").split()), polynomial(left)
                except Refusal:
                    continue


def by_vieta(equation: Polynomial, what: str) -> Fraction | None:
    """The sum or the product of the roots of a polynomial in one letter; None below the second degree."""
    name = next(iter(letters(equation)))
    highest = degree(equation, name)
    if highest < _QUADRATIC:
        return None
    sizes = {sum(power for _, power in monomial): Fraction(size) for monomial, size in equation.items()}
    if what == "sum":
        return -sizes.get(highest - 1, Fraction(0)) / sizes[highest]
    return sizes.get(0, Fraction(0)) / sizes[highest] * (-1 if highest % 2 else 1)
