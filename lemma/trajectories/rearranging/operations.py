"""Another operation with the same result: `20% of 50` as `50 * 0.2`, `3 * 4` as `4 + 4 + 4`, `16 - 3 - 4` as
`16 - (3 + 4)`, `(2 + 3) * 4` as `2 * 4 + 3 * 4`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction

from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.numbers import INTEGER, divide, render
from lemma.trajectories.rearranging.formulas import (
    Atom,
    Operation,
    Part,
    read_formula,
    value_of,
    with_expression,
    written,
)
from lemma.trajectories.rearranging.roles import counts_things, is_amount_of_each

_FEW = (2, 3, 4)
_SHARES = {
    2: ("0.5", re.compile(r"\bhal(?:f|ves|ved)\b", re.IGNORECASE)),
    4: ("0.25", re.compile(r"\bquarters?\b|\bfourth\b|1/4", re.IGNORECASE)),
}


def propose(graph: SolutionGraph) -> Iterator[tuple[str, ...]]:
    """Every operation of every equation in another way."""
    for index, step in enumerate(graph.step_of):
        formula = read_formula(graph, index)
        if formula is None:
            continue
        for tree in _variants(formula.tree, graph):
            text = with_expression(graph, index, written(tree, formula.signs))
            yield (*graph.steps[:step], text, *graph.steps[step + 1 :])


def _variants(tree: Part, graph: SolutionGraph) -> Iterator[Part]:
    """The expression with one of its operations done in another way."""
    if isinstance(tree, Atom):
        return
    for rule in _RULES:
        yield from rule(tree, graph.question)
    # A product of three is taken apart as a whole only.
    if tree.operator in "+-":
        yield from (Operation(tree.operator, left, tree.right) for left in _variants(tree.left, graph))
        yield from (Operation(tree.operator, tree.left, right) for right in _variants(tree.right, graph))


def _share(tree: Operation, question: str) -> Iterator[Part]:
    """A percentage as a decimal, and the share of a whole number as a division: 20% of 50 as 50 * 0.2 and 50 / 5."""
    if tree.operator != "*":
        return
    for share, whole in ((tree.left, tree.right), (tree.right, tree.left)):
        if isinstance(share, Atom) and isinstance(share.value, Fraction) and 0 < share.value < 1:
            if isinstance(whole, Atom) and isinstance(whole.value, Fraction):
                continue
            if not share.percent and (not share.is_share or share.text not in question):
                continue  # .5 of the question is no 1/2, and 4/20 no 0.2
            decimal = render(share.value, INTEGER)
            if decimal is not None and len(decimal) <= len("0.125") and (share.percent or share.is_share):
                yield Operation("*", whole, Atom(decimal, share.value))
            if share.value.numerator == 1 and share.value.denominator <= 10 and not share.currency:
                below = share.value.denominator
                yield Operation("/", whole, Atom(str(below), below))


def _division(tree: Operation, question: str) -> Iterator[Part]:
    """A half or a quarter as a product, if the question calls it one: half of 48 as 48 * 0.5 in place of 48 / 2."""
    if tree.operator == "/" and isinstance(tree.right, Atom) and tree.right.value in _SHARES:
        decimal, word = _SHARES[int(tree.right.value)]
        plain = not (tree.right.currency or tree.right.percent or tree.right.is_share)
        if plain and word.search(question) and value_of(tree.left) != 1:
            yield Operation("*", tree.left, Atom(decimal, divide(1, tree.right.value)))


def _repeated_sum(tree: Operation, question: str) -> Iterator[Part]:
    """A few times an amount as a sum, and the reverse: 3 boxes of 4 as 4 + 4 + 4."""
    if tree.operator == "*":
        for count, amount in ((tree.left, tree.right), (tree.right, tree.left)):
            if not isinstance(count, Atom) or not isinstance(amount, Atom) or count.value not in _FEW:
                continue
            if counts_things(question, count.value) and is_amount_of_each(question, amount.value):
                total: Part = amount
                for _ in range(int(count.value) - 1):
                    total = Operation("+", total, amount)
                yield total
    summands = list(_summands(tree))
    if len(summands) > 2 and len(set(summands)) == 1:
        yield Operation("*", Atom(str(len(summands)), len(summands)), summands[0])


def _subtraction(tree: Operation, question: str) -> Iterator[Part]:
    """Two subtractions as one: 16 - 3 - 4 as 16 - (3 + 4), and the reverse."""
    if tree.operator != "-":
        return
    if isinstance(tree.left, Operation) and tree.left.operator == "-":
        yield Operation("-", tree.left.left, Operation("+", tree.left.right, tree.right))
    if isinstance(tree.right, Operation) and tree.right.operator == "+":
        yield Operation("-", Operation("-", tree.left, tree.right.left), tree.right.right)


def _double_division(tree: Operation, question: str) -> Iterator[Part]:
    """Two divisions as one: 48 / 2 / 3 as 48 / (2 * 3)."""
    if tree.operator == "/" and isinstance(tree.left, Operation) and tree.left.operator == "/":
        yield Operation("/", tree.left.left, Operation("*", tree.left.right, tree.right))


def _distribution(tree: Operation, question: str) -> Iterator[Part]:
    """A product of a sum as a sum of products: (2 + 3) * 4 as 2 * 4 + 3 * 4, and the reverse."""
    if tree.operator == "*":
        for total, factor in ((tree.left, tree.right), (tree.right, tree.left)):
            if not (isinstance(total, Operation) and total.operator in "+-" and isinstance(factor, Atom)):
                continue
            if isinstance(total.left, Atom) and isinstance(total.right, Atom):
                parts = [
                    Operation("*", side, factor) if factor is tree.right else Operation("*", factor, side)
                    for side in (total.left, total.right)
                ]
                yield Operation(total.operator, parts[0], parts[1])
    elif tree.operator in "+-" and isinstance(tree.left, Operation) and isinstance(tree.right, Operation):
        left, right = tree.left, tree.right
        if left.operator == right.operator == "*":
            for first, common in ((left.left, left.right), (left.right, left.left)):
                for other, again in ((right.left, right.right), (right.right, right.left)):
                    if isinstance(common, Atom) and common == again:
                        yield Operation("*", Operation(tree.operator, first, other), common)


def _summands(tree: Part) -> Iterator[Part]:
    if isinstance(tree, Operation) and tree.operator == "+":
        yield from _summands(tree.left)
        yield from _summands(tree.right)
    else:
        yield tree


_Rule = Callable[[Operation, str], Iterator[Part]]
_RULES: tuple[_Rule, ...] = (_share, _division, _repeated_sum, _subtraction, _double_division, _distribution)
