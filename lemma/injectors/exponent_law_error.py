r"""One law of exponents for another: $x^3 \cdot x^4 = x^{12}$, $(x^3)^2 = x^5$, $\frac{x^6}{x^2} = x^3$.

Or an exponent that reaches only a part of a product: $(2n)^2 = 2n^2$.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction

from lemma.algebra.carrying import Slip
from lemma.algebra.derivation import Derivation
from lemma.algebra.polynomials import scale
from lemma.algebra.trees import (
    DIVISION,
    GROUP,
    LETTER,
    NUMBER,
    POWER,
    PRODUCT,
    Node,
    names,
    number,
    polynomial,
    same_shape,
)
from lemma.algebra.writing import factors, notation_of, terms
from lemma.exceptions import Refusal
from lemma.injectors.algebra import AlgebraInjector, Rewriting, formula, rewritings, said_before, written_instead

_LARGEST, _LARGEST_OUTSIDE = 60, 4


def slips(derivation: Derivation, rng: random.Random) -> Iterator[Slip]:
    """A power that comes of two, with the exponent by the other law."""
    for place in rewritings(derivation, rng):
        yield from _unreached(derivation, place)
        tree, text = derivation.lines[place.line].tree(place.side), derivation.text(place.line, place.side)
        start = derivation.lines[place.line].chain.sides[place.side].start
        for node in place.before.walk():
            if said_before(derivation, place.line, node):
                continue
            for base, right, wrong, why in _laws(node):
                powers = [
                    one for one in tree.walk()
                    if one.head == POWER and same_shape(one.args[0], base) and number(one.args[1]) == right
                ]  # fmt: skip
                if len(powers) != 1 or wrong == right or not 1 < wrong <= _LARGEST or wrong.denominator != 1:
                    continue
                exponent = powers[0].args[1]
                written = f"{{{wrong}}}" if derivation.latex and wrong > 9 else str(wrong)
                if exponent.head != NUMBER:
                    written = f"{{{wrong}}}"
                new = text[: exponent.start - start] + written + text[exponent.end - start :]
                source = place.source[node.start - place.before.start : node.end - place.before.start]
                yield Slip(place.line, place.side, new, f"In {formula(derivation, source)}, {why}")


def _unreached(derivation: Derivation, place: Rewriting) -> Iterator[Slip]:
    """A power of a product in brackets, whose exponent does not reach the number in front: `(2n)^2 = 2n^2`."""
    powers = [
        node for node in place.before.walk()
        if node.head == POWER and node.args[0].head == GROUP and _lead(node.args[0].bare) is not None
    ]  # fmt: skip
    for node, sign in terms(place.before) if len(powers) == 1 else ():
        if powers[0] not in factors(node) or said_before(derivation, place.line, powers[0]):
            continue
        lead, exponent = _lead(powers[0].args[0].bare), number(powers[0].args[1])
        assert lead is not None
        if exponent is None or exponent.denominator != 1 or not 2 <= exponent <= _LARGEST_OUTSIDE:
            continue
        try:
            right = scale(polynomial(node), sign)
            wrong = scale(right, 1 / lead ** int(exponent - 1))
            text, due = written_instead(derivation, place, right, wrong), polynomial(powers[0])
        except Refusal:
            continue
        if text is not None:
            notation = notation_of(place.source, None, derivation.latex)
            source = place.source[powers[0].start - place.before.start : powers[0].end - place.before.start]
            lead_told = formula(derivation, str(lead))
            told = f"In {formula(derivation, source)}, {lead_told} has to be raised to the power as well"
            yield Slip(place.line, place.side, text, f"{told}: it is {formula(derivation, notation.sum(due))}.")


def _lead(node: Node) -> Fraction | None:
    """The number in front of a product with letters, if it is a whole one above 1."""
    lead = factors(node)[0] if node.head == PRODUCT else node
    is_number = node.head == PRODUCT and lead.head == NUMBER and lead.value.denominator == 1 and lead.value > 1
    return lead.value if is_number and names(node) else None


def _laws(node: Node) -> Iterator[tuple[Node, Fraction, Fraction, str]]:
    """The base, the right exponent, the wrong one, and why it is wrong."""
    if node.head == POWER and node.args[0].bare.head == POWER:
        inner, outer = node.args[0].bare, number(node.args[1])
        first = number(inner.args[1])
        if first is not None and outer is not None:
            yield (
                inner.args[0], first * outer, first + outer,
                f"the exponents {first} and {outer} are added, but a power of a power multiplies them: it should be "
                f"{first * outer}.",
            )  # fmt: skip
    if node.head == PRODUCT:
        parts = [_power(part) for whole in factors(node) for part in factors(whole.bare)]
        for place, (base, first) in enumerate(parts):
            for other, second in parts[place + 1 :]:
                if base is not None and other is not None and same_shape(base, other):
                    yield (
                        base, first + second, first * second,
                        f"the exponents {first} and {second} are multiplied, but a product of powers adds them: it "
                        f"should be {first + second}.",
                    )  # fmt: skip
    if node.head == DIVISION:
        (base, first), (other, second) = (_power(part.bare) for part in node.args)
        if base is not None and other is not None and same_shape(base, other) and second:
            yield (
                base, first - second, first / second,
                f"the exponents {first} and {second} are divided, but a quotient of powers subtracts them: it should "
                f"be {first - second}.",
            )  # fmt: skip


def _power(node: Node) -> tuple[Node | None, Fraction]:
    """The base and exponent of a power, and of a letter."""
    if node.head == LETTER:
        return node, Fraction(1)
    value = number(node.args[1]) if node.head == POWER else None
    return (node.args[0], value) if value is not None else (None, Fraction(0))


propose = AlgebraInjector(slips)
