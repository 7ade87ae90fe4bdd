r"""A quadratic factored with the wrong signs, `(x - 3)(x + 5)` for `(x + 3)(x - 5)`, and the roots that come of it.

Of two roots with different signs, each takes the place of the one with its own sign: 5 becomes 3, and -3 becomes -5.
So whatever is said of the positive one, or of the larger one, stays true.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from lemma.arithmetic.carrying import is_plausible
from lemma.arithmetic.chain_solution import ChainSolution
from lemma.arithmetic.numbers import normal
from lemma.arithmetic.propagation import Edit
from lemma.arithmetic.surds import Surd
from lemma.arithmetic.writing import in_latex
from lemma.grading.verdict import exact_value
from lemma.injectors.conditions import ASKS_COUNT, without_formulas
from lemma.injectors.formulas.factored import MIDDLE, SAYS_HOW, TWO, source_of
from lemma.injectors.formulas.misworked import SIGN
from lemma.injectors.formulas.places import Proposed
from lemma.injectors.formulas.tails import WrongTail

_FRACTION = r"\\[dt]?frac\s?(?:\{\d{1,4}\}\s?\{\d{1,4}\}|\d\s?\d)|\d{1,4}/\d{1,4}"
_NUMBER = re.compile(rf"(?:-\s?)?(?:{_FRACTION}|\d{{1,6}}(?:\.\d{{1,4}})?)")
_BEFORE = re.compile(
    r"(?:[=<>\u2264\u2265]|\\(?:[lg]eq?|lt|gt|neq?)|\\boxed\{|\\text\{\s?(?:or|and)\s?\}|,|\$)[\s&]{0,4}$"
)
_BEHIND = re.compile(r"\s?(?:[<>\u2264\u2265]|\\(?:[lg]eq?|lt|gt)(?![a-z]))")
_FAR = 4  # steps between the factors and the answer


def propose(solution: ChainSolution, kind: str) -> Iterator[Proposed]:
    """The last product of two sums in one letter, with both signs turned, and all that is said of its roots."""
    answer = solution.answer
    behind = solution.steps[answer.step][answer.end :]
    if kind != SIGN or ASKS_COUNT.search(solution.question) or re.match(r"[\s$}]{0,4}[a-z]+", behind):
        return  # what is counted may be as many as a root by chance
    for index in range(answer.chain, -1, -1):
        chain = solution.chains[index]
        text = solution.steps[chain.step]
        if chain.step < answer.step - _FAR:
            return
        for side in chain.sides:
            product = text[side.start : side.end].replace("&", "").strip()
            two = TWO.fullmatch(product)
            roots = _roots(two) if two is not None else None
            if two is None or roots is None:
                continue
            at = text.index(product, side.start)
            wrong = product
            for number in (2, 1):
                place = two.start(f"sign{number}")
                wrong = f"{wrong[:place]}{'-' if wrong[place] == '+' else '+'}{wrong[place + 1 :]}"
            said = f"{solution.steps[chain.step - 1] if chain.step else ''} {text[:at]}"
            source = source_of(solution, (chain.step, at), product, wrong)
            if not source or SAYS_HOW.search(without_formulas(said)):
                return
            later = list(_later(solution, (chain.step, at + len(product)), roots))
            if later and None not in later:
                edits = ((chain.step, Edit(at, at + len(product), wrong)), *(one for one in later if one is not None))
                told = f"${source}$ is ${product}$, not ${wrong}$: {MIDDLE}."
                yield Proposed(WrongTail(index, edits, keeps_signs=True), told)
            return


def _roots(two: re.Match[str]) -> dict[Fraction, Fraction] | None:
    """What each of two roots with different signs and sizes becomes; None if they are none."""
    found = []
    for place in (1, 2):
        lead, rest = two[f"lead{place}"], two[f"rest{place}"]
        if "^" in lead or not rest.isdigit():
            return None
        found.append(Fraction(int(rest) * (1 if two[f"sign{place}"] == "-" else -1), int(lead[:-1] or 1)))
    low, high = sorted(found)
    is_usable = two["lead1"][-1] == two["lead2"][-1] and low < 0 < high and -low != high
    return {high: -low, low: -high} if is_usable else None


def _later(
    solution: ChainSolution, place: tuple[int, int], roots: dict[Fraction, Fraction]
) -> Iterator[tuple[int, Edit] | None]:
    """The edits of the roots up to the answer's box; None for one of which it is not clear that it is a root."""
    answer = solution.answer
    for step in range(place[0], answer.step + 1):
        text = solution.steps[step]
        begin, end = place[1] if step == place[0] else 0, answer.end if step == answer.step else len(text)
        for match in _NUMBER.finditer(text, begin, end):
            value = exact_value(match.group())
            if value is None or Fraction(value) not in roots:
                if value is not None and -Fraction(value) in roots:
                    yield None  # the size of a root, without its sign
                continue
            before, behind = text[begin : match.start()], text[match.end() : end]
            if not _BEFORE.search(before) and not _BEHIND.match(behind):
                yield None
            new = roots[Fraction(value)]
            if not is_plausible(Surd(value), Surd(normal(new)), solution.question):
                yield None
            yield step, Edit(match.start(), match.end(), in_latex(Surd(normal(new))) or str(new))
