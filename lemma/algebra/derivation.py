r"""A solution as a derivation: its formulas line by line, and why each of them holds.

A chain `a = b = c` falls into runs of sides that are equal for all values of their letters (given what letters were
found to be before). One run is an identity; two runs are a statement about the letters, which needs a reason: it is an
earlier one times a number with the same added on both sides, a root of it, a sum of two, or it has values put in. Read
`in_parts`, the sides behind one that is not read count as a chain of their own, and a number may be the bound that an
inequality comes to: `10x - 55 \ge 0`, so the smallest is `x = 55/10`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any

from lemma.algebra.polynomials import (
    Polynomial,
    Quotient,
    add,
    budget,
    constant,
    degree,
    divide_exactly,
    letters,
    multiply,
    proportion,
    rational,
    scale,
    substitute,
    subtract,
)
from lemma.algebra.reading import Chain, Side, read_text
from lemma.algebra.trees import LETTER, NUMBER, TUPLE, Node, different, equal, names, quotient, same_shape
from lemma.exceptions import Refusal

EXPRESSION, IDENTITY, STATEMENT, UNREAD, FALSE = "expression", "identity", "statement", "unread", "false"
GIVEN, SCALED, ROOT_OF, SUM_OF, PUT_IN = "given", "scaled", "root", "sum", "put in"
OPPOSITE = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}
_MOST_LINES = 120
_MOST_CHARACTERS = 8000
_EARLIER = 12  # statements looked back at for a reason


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a statement holds: `kind`, the earlier lines it rests on, and the numbers they are multiplied by."""

    kind: str
    lines: tuple[int, ...] = ()
    factors: tuple[Fraction, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A chain of a step; the question's chains have step -1. `known` is what letters were found to be before it."""

    step: int
    chain: Chain
    kind: str
    runs: tuple[tuple[int, ...], ...] = ()
    relation: str = "="
    difference: Polynomial | None = None
    """Left minus right of a statement, multiplied out."""
    reason: Reason = field(default_factory=lambda: Reason(GIVEN))
    known: Mapping[str, Fraction] = field(default_factory=dict)
    several: frozenset[str] = frozenset()
    """The letters that were found to be more than one number before it."""

    def tree(self, side: int) -> Node:
        """The tree of a side. Raises Refusal if it is not read."""
        tree = self.chain.sides[side].tree
        if tree is None:
            raise Refusal("formula_not_read")
        return tree


@dataclass(frozen=True, slots=True)
class Derivation:
    """A solution with its lines; `written` as in the data set. `gold` is the answer as a text."""

    question: str
    written: tuple[str, ...]
    steps: tuple[str, ...]
    gold: str
    lines: tuple[Line, ...]
    latex: bool
    in_parts: bool = False
    memo: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def text(self, line: int, side: int) -> str:
        """A side as it stands in its text."""
        found = self.lines[line].chain.sides[side]
        return self.source(line)[found.start : found.end]

    def source(self, line: int) -> str:
        """The text in which a line stands."""
        step = self.lines[line].step
        return self.question if step < 0 else self.steps[step]


def read_derivation(
    question: str, steps: Sequence[str], gold: str, written: Sequence[str] = (), in_parts: bool = False
) -> Derivation:
    """Read a solution. Raises Refusal if it is too long, or if one of its formulas is false."""
    if sum(map(len, (question, *steps))) > _MOST_CHARACTERS:
        raise Refusal("too_large", "a very long solution")
    reader = Reader(in_parts=in_parts)
    with budget.bounded():
        for step, text in enumerate((question, *steps), -1):
            for chain in (part for whole in read_text(text) for part in (parts_of(whole) if in_parts else (whole,))):
                if reader.read(step, chain).kind == FALSE:
                    raise Refusal("reference_formula_false", text[chain.start : chain.end][:80])
            if len(reader.lines) > _MOST_LINES:
                raise Refusal("too_large", "very many formulas")
    latex = any("\\" in text or "$" in text for text in steps)
    return Derivation(question, tuple(written or steps), tuple(steps), gold, tuple(reader.lines), latex, in_parts)


def parts_of(chain: Chain) -> Iterator[Chain]:
    r"""A chain in the stretches of sides that are read and that are not: `\sum a_k = 2(2n)^2 = 8n^2` says that the last
    two sides are equal, whatever the sum is. A stretch that is not read reaches over the relations beside it.
    """
    sides, begin = chain.sides, 0
    while begin < len(sides):
        is_read = sides[begin].tree is not None
        end = next((at for at in range(begin, len(sides)) if (sides[at].tree is not None) != is_read), len(sides))
        part = list(sides[begin:end])
        if not is_read and begin:
            part[0] = Side(sides[begin - 1].end, part[0].end, None, part[0].boxed)
        if not is_read and end < len(sides):
            part[-1] = Side(part[-1].start, sides[end].start, None, part[-1].boxed)
        yield Chain(tuple(part), chain.relations[begin : end - 1], chain.marks[begin : end - 1])
        begin = end


class Reader:
    """Reads lines one after the other, and keeps what letters were found to be."""

    def __init__(self, derivation: Derivation | None = None, line: int = 0, in_parts: bool = False) -> None:
        """Begin anew, or at a line of a derivation with all that was read before it."""
        self._in_parts = in_parts or (derivation is not None and derivation.in_parts)
        begun = derivation is not None and line < len(derivation.lines)
        self.lines: list[Line] = list(derivation.lines[:line]) if derivation is not None and begun else []
        self.known: dict[str, Fraction] = dict(derivation.lines[line].known) if derivation is not None and begun else {}
        self._several: set[str] = set(derivation.lines[line].several) if derivation is not None and begun else set()

    def read(self, step: int, chain: Chain) -> Line:
        """The next line."""
        line: Line
        try:
            line = self._classified(step, chain)
        except (Refusal, RecursionError):
            line = Line(step, chain, UNREAD, known=dict(self.known))
        line = replace(line, several=frozenset(self._several))
        self.lines.append(line)
        if line.kind == STATEMENT and line.relation == "=":
            self._learn(line)
        return line

    def _classified(self, step: int, chain: Chain) -> Line:
        if any(side.tree is None for side in chain.sides):
            raise Refusal("formula_not_read")
        trees = [side.tree for side in chain.sides if side.tree is not None]
        known = dict(self.known)
        if len(trees) == 1:
            for part in components(trees[0]):
                quotient(part)
            return Line(step, chain, EXPRESSION, ((0,),), known=known)
        named = int(trees[0].head == LETTER)  # P = (x, y) = (3, 2)
        if all(tree.head == TUPLE for tree in trees[named:]) and set(chain.relations) == {"="}:
            same = all(equal_parts(left, right, known) for left, right in pairwise(trees[named:]))
            parts = ((0,), tuple(range(1, len(trees)))) if named else (tuple(range(len(trees))),)
            return Line(step, chain, IDENTITY if same else UNREAD, parts, known=known)
        runs: list[list[int]] = [[0]]
        breaks: list[int] = []
        for place, relation in enumerate(chain.relations):
            left, right = (filled(tree, known) for tree in trees[place : place + 2])
            if relation == "=" and equal(left, right):
                runs[-1].append(place + 1)
            else:
                breaks.append(place)
                runs.append([place + 1])
        whole = tuple(map(tuple, runs))
        if len(runs) != 2:
            return Line(step, chain, IDENTITY if len(runs) == 1 else UNREAD, whole, known=known)
        place = breaks[0]
        left, right = trees[place], trees[place + 1]
        relation = chain.relations[place]
        if not names(left) | names(right):
            holds = _compares(left, right, relation)
            return Line(step, chain, IDENTITY if holds else FALSE, whole, relation, known=known)
        if relation == "=" and not different(left, right):
            raise Refusal("not_decided")
        difference = difference_of(quotient(left), quotient(right))
        line = Line(step, chain, STATEMENT, whole, relation, difference, known=known)
        return Line(step, chain, STATEMENT, whole, relation, difference, self.reason(line), known)

    def _learn(self, line: Line) -> None:
        left = line.tree(line.runs[0][-1])
        if len(line.runs[0]) > 1 or left.head != LETTER:
            return
        value = quotient(line.tree(line.runs[1][0]))
        number = rational(value.numerator) if rational(value.denominator) == 1 else None
        if number is None or left.name in self._several:
            return
        if self.known.get(left.name, number) != number:
            self._several.add(left.name)
            del self.known[left.name]
        else:
            self.known[left.name] = number

    def reason(self, line: Line) -> Reason:
        """Why a statement holds, by the statements before it; the nearest comes first."""
        wanted = line.difference
        assert wanted is not None
        earlier = [
            (place, other.difference)
            for place, other in enumerate(self.lines)
            if other.kind == STATEMENT and other.difference is not None
        ][-_EARLIER:][::-1]
        for place, other in earlier:  # said again, word for word
            if proportion(wanted, other) == 1 and same_sides(self.lines[place], line):
                return Reason(SCALED, (place,), (Fraction(1),))
        for place, other in earlier:
            factor = proportion(wanted, other)
            before = self.lines[place].relation
            if factor is not None and (before if factor > 0 else OPPOSITE[before]) == line.relation:
                return Reason(SCALED, (place,), (factor,))
        return self._solved(wanted, earlier) if line.relation == "=" else Reason(GIVEN)

    def _solved(self, wanted: Polynomial, earlier: Sequence[tuple[int, Polynomial]]) -> Reason:
        """Why an equation holds that is not an earlier one times a number."""
        equations = [(place, other) for place, other in earlier if self.lines[place].relation == "="]
        for place, other in equations:
            if is_root_of(wanted, other):
                return Reason(ROOT_OF, (place,))
        for place, other in equations:
            if proportion(wanted, put_in(other, self.known)) is not None:
                return Reason(PUT_IN, (place,))
        for place, other in earlier if self._in_parts and len(letters(wanted)) == 1 else ():
            factor = proportion(wanted, other)
            if factor is not None and self.lines[place].relation in ("<=", ">="):
                return Reason(SCALED, (place,), (factor,))
        for (place, other), (second, more) in combinations(equations, 2):
            factors = combination(wanted, other, more)
            if factors is not None:
                return Reason(SUM_OF, (place, second), factors)
        return Reason(GIVEN)


def same_sides(one: Line, other: Line) -> bool:
    """Whether two statements are the same but for brackets."""
    places = ((line.runs[0][-1], line.runs[1][0]) for line in (one, other))
    return one.relation == other.relation and all(
        same_shape(one.tree(first), other.tree(second)) for first, second in zip(*places, strict=True)
    )


def components(tree: Node) -> tuple[Node, ...]:
    """The parts of a tuple; the tree itself if it is none."""
    return tree.args if tree.head == TUPLE else (tree,)


def equal_parts(left: Node, right: Node, known: Mapping[str, Fraction]) -> bool:
    """Whether two tuples are equal part by part."""
    parts = components(left), components(right)
    return len(parts[0]) == len(parts[1]) and all(
        equal(filled(one, known), filled(other, known)) for one, other in zip(*parts, strict=True)
    )


def filled(tree: Node, known: Mapping[str, Fraction]) -> Node:
    """The tree with numbers in place of the letters that are known."""
    if tree.head == LETTER and tree.name in known:
        return Node(NUMBER, value=known[tree.name], start=tree.start, end=tree.end)
    if not tree.args:
        return tree
    return Node(
        tree.head, tuple(filled(part, known) for part in tree.args), tree.value, tree.name, tree.start, tree.end
    )


def put_in(polynomial: Polynomial, known: Mapping[str, Fraction]) -> Polynomial:
    """The polynomial with numbers in place of the letters that are known."""
    values = {name: Quotient(constant(known[name]), constant(1)) for name in letters(polynomial) if name in known}
    return substitute(polynomial, values).numerator if values else polynomial


def difference_of(left: Quotient, right: Quotient) -> Polynomial:
    """Left minus right, multiplied by the denominators unless they are equal."""
    if left.denominator == right.denominator:
        return subtract(left.numerator, right.numerator)
    return subtract(multiply(left.numerator, right.denominator), multiply(right.numerator, left.denominator))


def _compares(left: Node, right: Node, relation: str) -> bool:
    one, other = (quotient(tree) for tree in (left, right))
    first, second = rational(one.numerator), rational(other.numerator)
    if first is None or second is None or rational(one.denominator) != 1 or rational(other.denominator) != 1:
        raise Refusal("not_decided", "a comparison of square roots")
    results = {
        "=": first == second, "<": first < second, ">": first > second, "<=": first <= second, ">=": first >= second,
        "!=": first != second,
    }  # fmt: skip
    return results[relation]


def is_root_of(linear: Polynomial, other: Polynomial) -> bool:
    """Whether a linear equation in one letter solves another equation in it of a higher degree."""
    unknown = letters(linear)
    if len(unknown) != 1 or letters(other) != unknown:
        return False
    name = next(iter(unknown))
    return degree(linear, name) == 1 and degree(other, name) > 1 and divide_exactly(other, linear) is not None


def combination(wanted: Polynomial, one: Polynomial, other: Polynomial) -> tuple[Fraction, Fraction] | None:
    """The numbers a and b with wanted = a * one + b * other, both not 0; None if there are none."""
    monomials = sorted({*wanted, *one, *other})
    zero = Fraction(0)
    for first, second in combinations(monomials, 2):
        a, b, c, d = one.get(first, zero), other.get(first, zero), one.get(second, zero), other.get(second, zero)
        determinant = a * d - b * c
        if determinant:
            left, right = wanted.get(first, zero), wanted.get(second, zero)
            x, y = (left * d - b * right) / determinant, (a * right - left * c) / determinant
            if x and y and add(scale(one, x), scale(other, y)) == wanted:
                return x, y
            return None
    return None


def worked_out_before(derivation: Derivation, index: int) -> Node | None:
    """The formula that ends the line before one that stands alone, if the latter is equal to it for all values of its
    letters and written in another way: `Combining like terms in ..., we get $x^3 + 3x - 6$`.
    """
    line, earlier = derivation.lines[index], derivation.lines[index - 1] if index else None
    if earlier is None or earlier.kind not in (EXPRESSION, IDENTITY) or not line.step - 1 <= earlier.step:
        return None
    tree, before = line.tree(0), earlier.tree(len(earlier.chain.sides) - 1)
    if TUPLE in (tree.head, before.head) or not names(tree) or same_shape(tree, before):
        return None
    try:
        return before if equal(before, tree) else None
    except Refusal:
        return None


_DIGITS = re.compile(r"\d+(?:\.\d+)?")


def numbers_in(text: str) -> set[Fraction]:
    """The numbers in digits that occur in a text."""
    return {Fraction(digits) for digits in _DIGITS.findall(text.replace("{,}", "").replace(",\\!", ""))}
