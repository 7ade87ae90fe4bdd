r"""A list of roots in the last box, each with the other sign: `2, -1` for `(x + 2)(x - 1) = 0`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from lemma.algebra.polynomials import Quotient, constant, letters, rational, substitute
from lemma.arithmetic.chain_solution import ChainSolution
from lemma.exceptions import Refusal
from lemma.grading.verdict import exact_value
from lemma.injectors.conditions import without_formulas
from lemma.injectors.formulas.roots_by_vieta import equations_before

_ROOT = re.compile(r"-?(?:\d{1,4}|\\[dt]?frac\{\d{1,4}\}\{\d{1,4}\})")
_ASKED = re.compile(r"\b(?:roots?|solutions?|solve|zero(?:s|es)|values? of)\b", re.IGNORECASE)
_CHECKED = re.compile(r"\b(?:check\w*|test\w*|verif\w+|try\w*|tried)\b", re.IGNORECASE)
_FEWEST = 2


def propose(solution: ChainSolution, content: str) -> Iterator[tuple[str, str]]:
    """The list with all signs turned, if an equation before has the right ones as its roots, and not all wrong ones."""
    shown = [part.strip() for part in content.split(",")]
    if len(shown) < _FEWEST or not all(map(_ROOT.fullmatch, shown)) or not _ASKED.search(solution.question):
        return
    step = solution.answer.step
    if _CHECKED.search(without_formulas(" ".join(solution.steps[max(0, step - 1) : step + 1]))):
        return  # nobody who tries them gets the signs wrong
    found = [exact_value(one) for one in shown]
    roots = [Fraction(one) for one in found if one is not None]
    if len(roots) < len(shown) or 0 in roots or is_found(solution, shown):
        return
    for source, equation in equations_before(solution):
        name = next(iter(letters(equation)))
        try:
            values = [_value(equation, name, root) for root in (*roots, *(-root for root in roots))]
        except Refusal:
            continue
        wrong = [(root, at) for root, at in zip(roots, values[len(roots) :], strict=True) if at]
        if any(values[: len(roots)]) or not wrong:
            continue
        left = source.partition("=")[0].strip()
        root, at = wrong[0]
        turned = [one[1:] if one.startswith("-") else f"-{one}" for one in shown]
        gap = re.search(r",\s*", content)
        written = (gap.group() if gap is not None else ", ").join(turned)
        told = f"With ${name} = {turned[roots.index(root)]}$, ${left} = {_text(at)}$, which is not zero"
        yield written, f"{told}: the solutions have the other signs, and it should be ${content.strip()}$."
        return


def is_found(solution: ChainSolution, shown: list[str]) -> bool:
    """Whether the solution says one of the roots before its last box: `x = 3`."""
    step = solution.answer.step
    before = " ".join((*solution.steps[:step], solution.steps[step][: solution.answer.start]))
    squeezed = re.sub(r"[\s${}]", "", before)
    return any(re.search(rf"=\s?{re.escape(re.sub(r'[{}]', '', one))}(?![\d.^])", squeezed) for one in shown)


def _value(equation: dict[tuple[tuple[str, int], ...], Fraction], name: str, root: Fraction) -> Fraction:
    made = substitute(equation, {name: Quotient(constant(root), constant(1))})
    above, below = rational(made.numerator), rational(made.denominator)
    if above is None or below is None:
        raise Refusal("not_decided")
    return above / below


def _text(value: Fraction) -> str:
    sign, size = "-" if value < 0 else "", abs(value)
    return f"{sign}{size}" if size.denominator == 1 else f"{sign}\\frac{{{size.numerator}}}{{{size.denominator}}}"
