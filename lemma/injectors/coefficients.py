r"""Wrong results in formulas with letters: $3x + 5x = 9x$ (a part of `calculation_error`)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction

from lemma.algebra.carrying import Slip
from lemma.algebra.derivation import Derivation
from lemma.algebra.polynomials import ONE, Quotient, add, constant
from lemma.algebra.trees import GROUP, NUMBER, Node, names, polynomial
from lemma.algebra.writing import expanded, notation_of, terms, write_like
from lemma.exceptions import Refusal
from lemma.injectors.algebra import NUMBERS_ARE_READ, exact, formula, rewritings, said_before

_SMALLEST = 4  # nobody gets smaller ones wrong
_TEN, _TWO = 10, 2
_ROUND = frozenset((1, 10, 100, 1000, 10000))


def wrong_coefficients(derivation: Derivation, rng: random.Random) -> Iterator[Slip]:
    """One coefficient of a polynomial that was worked out, off by one or ten."""
    if any("\\boxed" in text for text in derivation.steps):
        return  # off by one is no reason, and those of numbers have one
    is_latex = any("\\" in text for text in derivation.steps)  # and not only amounts of money
    for place in rewritings(derivation, rng):
        line = derivation.lines[place.line]
        tree, value = line.tree(place.side), exact(line, place.side)
        if value is None or expanded(tree) is None or expanded(place.before) is not None:
            continue
        if not _is_worked_out(place.before) or said_before(derivation, place.line, place.before):
            continue
        if _is_easy(place.before) or not place.in_chain:
            continue
        value_letters = names(tree)
        if not value_letters and (is_latex or derivation.memo.get(NUMBERS_ARE_READ)):
            continue  # for which there are slips with a reason
        there = {coefficient for node, _ in terms(place.before) for coefficient in _coefficients(node)}
        for monomial, right in value.items():
            if right.denominator != 1 or abs(right) < _SMALLEST or abs(right) in there:
                continue
            off = rng.choice(
                (1, -1, *((_TEN, -_TEN) if abs(right) > 2 * _TEN and min(there, default=_TEN) > 1 else ()))
            )
            wrong = add(value, {monomial: Fraction(off)})
            text = derivation.text(place.line, place.side)
            written = write_like(text, tree, Quotient(wrong, constant(1)), derivation.latex)
            if written is None or abs(right + off) in there:
                continue
            notation = notation_of(text, tree, derivation.latex)
            source = formula(derivation, place.source)
            told = f"{source} is {formula(derivation, text)}, not {formula(derivation, written)}"
            if monomial != ONE and len(value) > 1:
                one, other = (formula(derivation, notation.sum({monomial: size})) for size in (right + off, right))
                told += f": the term {one} should be {other}"
            yield Slip(place.line, place.side, written, told + ".", counts=not value_letters)


def _is_easy(tree: Node) -> bool:
    """Whether nobody gets a formula wrong: two numbers, one of which is a power of ten."""
    numbers = [node.value for node in tree.walk() if node.head == NUMBER]
    return not names(tree) and len(numbers) == _TWO and any(number in _ROUND for number in numbers)


def _is_worked_out(tree: Node) -> bool:
    """Whether a formula holds more than a number or a term."""
    return len(terms(tree)) > 1 or any(node.head == GROUP for node in tree.walk())


def _coefficients(node: Node) -> list[Fraction]:
    try:
        return [abs(value) for value in polynomial(node).values()] if expanded(node) is not None else []
    except Refusal:
        return []
