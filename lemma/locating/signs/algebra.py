r"""Signs in the expressions and equations with letters of a step: whether anything said before leads to them, and
whether the reference has them, too. All of it is exact (`lemma.algebra`).

An expression is one of the reference if it is the same function of the same letters, an equation if it is the same but
for a factor and for the names of its letters: `2y^2 = 8` is `x^2 - 4 = 0`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import cache
from hashlib import sha256

from lemma.algebra.derivation import GIVEN, STATEMENT, Line
from lemma.algebra.polynomials import Polynomial, Quotient, budget, letters, primitive, scale
from lemma.algebra.trees import quotient
from lemma.arithmetic.fingerprints import MODULUS, inverse
from lemma.exceptions import Refusal
from lemma.locating.signs.reading import Reading, read_lines

ALGEBRA_FLAGS = (
    *("unreasoned_equation", "unreasoned_relation", "expression_of_reference", "strange_expression"),
    *("equation_of_reference", "strange_equation"),
)


def algebra_signs(reading: Reading) -> Iterator[dict[str, float]]:
    """The signs of each step."""
    question, *steps = reading.lines
    _, *reference = read_lines((reading.question, *reading.reference_steps))
    with budget.bounded():
        known = _said(line for lines in reference for line in lines)
        seen, said = _said(question), list(map(_said, steps))
    relations = [line.difference for line in question if line.difference]
    for lines, stated in zip(steps, said, strict=True):
        signs = dict.fromkeys(ALGEBRA_FLAGS, 0.0)
        here = [line for line in lines if line.kind == STATEMENT and line.difference]
        for line in here:
            if line.reason.kind == GIVEN:
                signs["unreasoned_equation"] = 1.0
                unknown = letters(line.difference or {})
                if any(unknown <= letters(earlier) for earlier in relations):
                    signs["unreasoned_relation"] = 1.0  # of these letters, something was said that does not lead to it
        relations += [line.difference for line in here if line.difference]
        new = stated - seen
        seen |= new
        for name in ("expression", "equation"):
            of_kind = {one for one in new if one[0] == name}
            signs[f"{name}_of_reference"] = float(not known.isdisjoint(of_kind))
            signs[f"strange_{name}"] = float(not known.issuperset(of_kind))
        yield signs


def _said(lines: Iterable[Line]) -> set[tuple[str, Hashable]]:
    """The expressions and equations with letters or square roots, as what makes them equal."""
    found = set[tuple[str, Hashable]]()
    for line in lines:
        if line.kind == STATEMENT and line.difference and len(line.difference) > 1 and letters(line.difference):
            found.add(("equation", _without_names(line.difference)))
        for side in line.chain.sides:
            try:
                value = quotient(side.tree) if side.tree is not None else None
            except (Refusal, RecursionError):
                continue
            if value is None or (len(value.numerator) < 2 and not letters(value.denominator)):
                continue
            if any(monomial for monomial in (*value.numerator, *value.denominator)):
                found.add(("expression", _at_point(value)))
    return found


def _without_names(polynomial: Polynomial) -> Hashable:
    """The same for equations that differ in a factor and in the names of letters only, and for hardly any others."""
    whole = primitive(polynomial)
    either = (
        sorted((sorted(exponent for _, exponent in monomial), value) for monomial, value in scale(whole, sign).items())
        for sign in (1, -1)
    )
    return str(min(either))


def _at_point(value: Quotient) -> int:
    """The value at one random point of a finite field: the same function has the same one (Schwartz 1980)."""
    top, bottom = (
        sum(_product(monomial) * factor.numerator * inverse(factor.denominator) for monomial, factor in part.items())
        for part in value
    )
    return top * inverse(bottom % MODULUS) % MODULUS


def _product(monomial: Sequence[tuple[str, int]]) -> int:
    product = 1
    for name, exponent in monomial:
        product = product * pow(_of_letter(name), exponent, MODULUS) % MODULUS
    return product


@cache
def _of_letter(name: str) -> int:
    return int.from_bytes(sha256(name.encode()).digest()) % MODULUS
