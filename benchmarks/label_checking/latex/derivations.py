"""Which formulas of a step hold because of earlier ones, with letters as with numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations, pairwise

import mpmath  # type: ignore[import-untyped, unused-ignore]

from label_checking.latex.chains import Chain
from label_checking.latex.sides import Side, equal, measures
from label_checking.latex.terms import (
    DIGITS,
    Number,
    PointError,
    Tree,
    is_zero,
    letters,
    negative,
    nodes,
    points,
    replaced,
    same,
    tree,
    value,
    vanishes,
)

RELATIONS = {
    "=": "=", "<": "<", ">": ">", "\\lt": "<", "\\gt": ">", "\\le": "<=", "\\leq": "<=", "\\leqslant": "<=", "≤": "<=",
    "\\ge": ">=", "\\geq": ">=", "\\geqslant": ">=", "≥": ">=",
}  # fmt: skip
_ORDERS = {"<": (-1,), ">": (1,), "<=": (-1, 0), ">=": (0, 1)}
TURNED = {"=": "=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
MAX_EARLIER = 10


@dataclass(frozen=True, slots=True)
class Statement:
    """Two sides that are not equal everywhere, and the relation between them."""

    left: Tree
    relation: str
    right: Tree

    @property
    def difference(self) -> Tree:
        """Left minus right."""
        return ("+", self.left, negative(self.right))


@dataclass(frozen=True, slots=True)
class Link:
    """Two neighboring sides of a chain; `holds` says whether they are equal everywhere, None if that is not known."""

    statement: Statement
    holds: bool | None


def links_of(chain: Chain, opaque: frozenset[str] = frozenset()) -> list[Link] | None:
    """The links of a chain, None if a side or sign of it can't be read. An opaque side is a name for itself."""
    trees = [tree(side.text) or (("v", side.text) if side.text in opaque else None) for side in chain.sides]
    relations = [RELATIONS.get(relation) for relation in chain.relations]
    if chain.is_modular or None in trees or None in relations:
        return None
    if any(each == tree("i") for each in trees) and len(trees) == 2:  # an index, not the imaginary unit
        return None
    found = []
    for sides, relation in zip(pairwise(zip(trees, chain.sides, strict=True)), relations, strict=True):
        (left, one), (right, other) = sides
        assert left is not None and right is not None and relation is not None
        statement = Statement(left, relation, right)
        found.append(Link(statement, _holds(statement, one, other)))
    return found


def _holds(statement: Statement, one: Side, other: Side) -> bool | None:
    """Whether a statement is true whatever its letters are."""
    left, right = statement.left, statement.right
    if statement.relation != "=":
        values = [*number_of(left), *number_of(right)]
        order = sign_of(("+", left, negative(right))) if len(values) == 2 else None
        return False if order is None else order in _ORDERS[statement.relation]
    is_equal = same(left, right)
    if is_equal is False and one.is_number and other.is_number:
        # Numbers have the more lenient reading: mixed numbers, rounding, units.
        units = measures(one.text), measures(other.text)
        return True if equal(one, other) else None if all(units) and units[0] != units[1] else False
    return is_equal


def sign_of(node: Tree) -> int | None:
    """The sign of a real number: -1, 0 or 1."""
    found = next(iter(number_of(node)), None)
    if found is None or isinstance(found, mpmath.mpc):
        return None
    return 0 if is_zero(found) else 1 if found > 0 else -1


@dataclass(slots=True)
class Knowledge:
    """What a text has stated so far."""

    statements: list[Statement] = field(default_factory=list)
    values: dict[str, set[Number]] = field(default_factory=dict)

    def add(self, statement: Statement) -> None:
        """One more statement; that of a pair is one for each coordinate."""
        if statement.left[0] == statement.right[0] == "t":
            for left, right in zip(statement.left[1:], statement.right[1:], strict=False):
                self.add(Statement(left, "=", right))
            return
        self.statements.append(statement)
        for name, other in ((statement.left, statement.right), (statement.right, statement.left)):
            if statement.relation == "=" and name[0] == "v" and not letters(other) and other[0] != "t":
                self.values.setdefault(name[1], set()).update(number_of(other))

    def known(self) -> dict[str, Number]:
        """The letters with exactly one value."""
        return {name: next(iter(found)) for name, found in self.values.items() if len(found) == 1}


def number_of(node: Tree) -> set[Number]:
    """The value of a tree without letters; empty if it has letters or none."""
    try:
        with mpmath.workdps(DIGITS):
            return {value(node, {})}
    except (PointError, KeyError, ArithmeticError, ValueError):
        return set()


def follows(statement: Statement, knowledge: Knowledge) -> bool | None:
    """Whether a statement holds because of earlier ones by one of the rules; None if it has no value."""
    left, right = statement.left, statement.right
    if left[0] == right[0] == "t" and len(left) == len(right):
        parts = [
            follows(Statement(*pair), knowledge) for pair in zip(left[1:], "=" * len(left), right[1:], strict=False)
        ]
        return False if False in parts else None if None in parts else True
    if "t" in (left[0], right[0]):
        return None
    if not letters(statement.difference):
        return vanishes(statement.difference, {}) if statement.relation == "=" else None
    earlier = [each for each in knowledge.statements[-MAX_EARLIER:] if "t" not in (each.left[0], each.right[0])]
    known = knowledge.known()
    with mpmath.workdps(DIGITS):
        if statement.relation == "=" and vanishes(statement.difference, {}):
            return True
        if statement.relation == "=" and _from_values(statement, knowledge):
            return True
        return (
            any(_is_multiple(statement, each, known) for each in earlier)
            or _is_root(statement, earlier, known)
            or _is_substituted(statement, earlier)
            or (statement.relation == "=" and _is_combination(statement, earlier))
            or is_bound(statement, earlier, known)
        )


def _from_values(statement: Statement, knowledge: Knowledge) -> bool:
    """Whether a statement holds with the values that its letters were found to have; `x = 4` repeats one of them."""
    known = knowledge.known()
    names = letters(statement.difference)
    if statement.left[0] == "v" and not letters(statement.right):
        return bool(number_of(statement.right) & knowledge.values.get(statement.left[1], set()))
    return bool(names & known.keys()) and vanishes(statement.difference, known) is True


def _is_multiple(statement: Statement, earlier: Statement, known: dict[str, Number]) -> bool:
    """Whether left minus right is a number times that of an earlier statement, with the sign of relation to match."""
    for fixed in ({}, known):
        ratio: Number = None
        ones = set()
        names = letters(statement.difference) | letters(earlier.difference)
        if names <= fixed.keys():
            continue
        for point in points(names, fixed, 4):
            try:
                one, other = value(statement.difference, point), value(earlier.difference, point)
                if is_zero(other) or is_zero(one):
                    break
                found = one / other if type(one) is type(other) else mpmath.mpf(1) * _real(one) / _real(other)
            except (PointError, ArithmeticError, ValueError, TypeError):
                break
            if ratio is not None and not is_zero(found - ratio):
                break
            ratio = found
            ones.add(one)
        else:
            # Two false identities (`x + 3 = x + 1`) say nothing about each other.
            if len(ones) == 1 and abs(ratio) != 1:
                continue
            if ratio is not None and (statement.relation == "=" or ratio.real > 0):
                return statement.relation == earlier.relation
            if ratio is not None:
                return statement.relation == TURNED[earlier.relation]
    return False


def is_bound(statement: Statement, earlier: list[Statement], known: dict[str, Number]) -> bool:
    """Whether `x = 4` is the end of an inequality in this letter alone that includes it: `2x - 8 >= 0`."""
    if statement.relation != "=" or statement.left[0] != "v" or letters(statement.right):
        return False
    ends = [Statement(each.left, "=", each.right) for each in earlier if each.relation in ("<=", ">=")]
    return any(_is_multiple(statement, each, known) for each in ends)


def _real(number: Number) -> Number:
    return mpmath.mpf(number.numerator) / number.denominator if hasattr(number, "denominator") else number


def root_of(statement: Statement, known: dict[str, Number]) -> tuple[str, Number] | None:
    """The letter and the root of a statement that is linear in one letter."""
    free = [name for name in letters(statement.difference) if name not in known]
    names = free or sorted(letters(statement.difference))
    if len(names) != 1:
        return None
    try:
        at = [value(statement.difference, {**known, names[0]: place}) for place in map(Fraction, (0, 1, 3))]
        slope = at[1] - at[0]
        if is_zero(slope) or not is_zero(at[2] - at[0] - 3 * slope):
            return None
        return names[0], -at[0] / slope
    except (PointError, ArithmeticError, ValueError, TypeError):
        return None


def _is_root(statement: Statement, earlier: list[Statement], known: dict[str, Number]) -> bool:
    """Whether the root of a linear statement in one letter solves an earlier equation in this letter alone."""
    found = root_of(statement, known)
    if found is None or statement.relation != "=":
        return False
    name, root = found
    others = {key: number for key, number in known.items() if key != name}
    for each in earlier:
        if each.relation != "=" or name not in letters(each.difference):
            continue
        if letters(each.difference) - {name} - others.keys():
            continue
        try:
            if is_zero(value(each.difference, {**others, name: root})):
                return True
        except (PointError, ArithmeticError, ValueError, TypeError):
            continue
    return False


def _is_substituted(statement: Statement, earlier: list[Statement]) -> bool:
    """Whether it is an earlier statement with an expression put in for a letter or a part (`a = -2b`)."""
    for source in earlier:
        if source.relation != "=":
            continue
        for name, other in ((source.left, source.right), (source.right, source.left)):
            if name[0] == "n" or name == other:
                continue
            for each in earlier:
                put_in = Statement(replaced(each.left, name, other), each.relation, replaced(each.right, name, other))
                if each is not source and put_in != each and _is_multiple(statement, put_in, {}):
                    return True
    return False


def _is_combination(statement: Statement, earlier: list[Statement]) -> bool:
    """Whether it is a sum of two earlier equations, each times a number."""
    equations = [each for each in earlier if each.relation == "="]
    for one, other in combinations(equations, 2):
        names = letters(one.difference) | letters(other.difference)
        # Two equations in one letter alone, such as two cases, would give anything.
        if len(names) < 2 or not letters(statement.difference) or not letters(statement.difference) <= names:
            continue
        rows = []
        try:
            for point in points(names, {}, 4):
                rows.append([value(each.difference, point) for each in (one, other, statement)])
            (a, b, c), (d, e, f) = rows[:2]
            bottom = a * e - b * d
            if is_zero(bottom):
                continue
            first, second = (c * e - b * f) / bottom, (a * f - c * d) / bottom
            if all(is_zero(first * x + second * y - z) for x, y, z in rows):
                return True
        except (PointError, ArithmeticError, ValueError, TypeError):
            continue
    return False


def is_replacement(link: Link, knowledge: Knowledge, untrue: list[Statement]) -> bool:
    """Whether a false link puts the wrong B for A, after a wrong step has said A = B."""
    left, right = link.statement.left, link.statement.right
    for wrong in untrue:
        for one, other in ((wrong.left, wrong.right), (wrong.right, wrong.left)):
            if one[0] != "n" and one in nodes(left) and same(replaced(left, one, other), right):
                return True
        change, part = link.statement.difference, wrong.difference
        if vanishes(("+", change, part), {}) or vanishes(("+", change, negative(part)), {}):
            return True
    return False


def statements_in(text_chains: tuple[Chain, ...]) -> Iterator[Statement]:
    """What the chains of a text state, as far as they are read."""
    for chain in text_chains:
        for link in links_of(chain) or []:
            if link.holds is not True:
                yield link.statement
