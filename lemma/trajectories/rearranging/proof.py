"""Prove that two solutions compute the same: the new text is read from scratch.

Every equation of it holds, every number comes from the question, common knowledge or an earlier step, and what it
calls by a result of the other solution is the same function of the problem's numbers (`arithmetic.fingerprints`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice, product

from lemma.arithmetic.expressions import Binary, Expression, leaves, nodes
from lemma.arithmetic.fingerprints import MODULUS, computed, fingerprint, inverse
from lemma.arithmetic.graph import SolutionGraph, read_solution
from lemma.arithmetic.numbers import Number, Value, divide, normal
from lemma.exceptions import Refusal

_MOST_ORIGINS = 6
_MOST_COMBINATIONS = 64
_SCALES = (fingerprint(100), inverse(fingerprint(100)))  # 35% and 0.35

Meaning = frozenset[int]


def prove(old: SolutionGraph, steps: Sequence[str], beside: SolutionGraph | None = None) -> SolutionGraph:
    """The graph of a solution that computes the same as another one, and not in the same way. It has to differ from
    the solution `beside` as well. Raises Refusal if the text does not prove it.
    """
    new = read_solution(old.question, steps, old.gold)
    if sum(len(reading.unread) for reading in new.readings) > sum(len(reading.unread) for reading in old.readings):
        raise Refusal("unreadable_equation")
    if old.final is None or new.final is None or _behind(new, new.final) != _behind(old, old.final):
        raise Refusal("answer_moved")
    if not _unexplained(new) <= _unexplained(old):
        raise Refusal("number_from_nowhere", ", ".join(map(str, _unexplained(new) - _unexplained(old))))
    known = by_result(old)
    for equation, meaning in zip(new.equations, meanings(new), strict=True):
        if equation.result.face in known and not agree(meaning, known[equation.result.face]):
            raise Refusal("computes_something_else", f"{equation.result.face}")
    if _mixes_notations(new) and not _mixes_notations(old):
        raise Refusal("mixed_notations", "a percentage and a decimal")
    if course(new) in (course(old), course(beside or old)):
        raise Refusal("same_solution")
    return new


def _behind(graph: SolutionGraph, equation: int) -> tuple[str, ...]:
    """The steps behind that of an equation."""
    return graph.steps[graph.step_of[equation] + 1 :]


def _mixes_notations(graph: SolutionGraph) -> bool:
    """Whether a percentage is added to a decimal, or one taken from the other: 100% - 0.75 = 25%."""
    return any(
        node.operator in "+-"
        and any(number.percent for number in (*equation.operands, equation.result))
        and any(not number.percent and not isinstance(number.face, int) for number in equation.operands)
        for equation in graph.equations
        for node in nodes(equation.tree)
    )


def course(graph: SolutionGraph) -> tuple[str, ...]:
    """What a solution computes, equation by equation, whatever the order of summands and factors."""
    return tuple(f"{_ordered(one.tree, one.operands)} = {one.result.value}" for one in graph.equations)


def _ordered(tree: Expression, operands: Sequence[Number]) -> str:
    if isinstance(tree, int):
        return f"{operands[tree].face}{'%' * operands[tree].percent}"
    sides = [_ordered(tree.left, operands), _ordered(tree.right, operands)]
    left, right = sorted(sides) if tree.operator in "+*" else sides
    return f"({left} {tree.operator} {right})"


def _unexplained(graph: SolutionGraph) -> set[Value]:
    """The numbers that nothing explains: 0.5 is explained by a division by 2, and 0.2 by 20%."""
    given = graph.question_values | graph.constants
    found = {mention.number.face for mention in graph.mentions if not mention.link.known}
    for equation, links in zip(graph.equations, graph.operand_links, strict=True):
        found |= {operand.value for operand, link in zip(equation.operands, links, strict=True) if not link.known}
    return {value for value in found if not value or given.isdisjoint((divide(1, value), normal(value * 100)))}


def meanings(graph: SolutionGraph) -> list[Meaning]:
    """What each equation computes, as functions of the problem's numbers: one for each origin that its numbers may
    have.
    """
    found: list[Meaning] = []
    for equation, links in zip(graph.equations, graph.operand_links, strict=True):
        origins = []
        for operand, link in zip(equation.operands, links, strict=True):
            known = {one for source in link.results for one in found[source]}
            known |= {one * scale % MODULUS for source in link.rescaled for one in found[source] for scale in _SCALES}
            if link.question or link.constant or not known:
                known |= {fingerprint(operand.value)}
            origins.append(sorted(known)[:_MOST_ORIGINS])
        combinations = list(islice(product(*origins), _MOST_COMBINATIONS))
        found.append(frozenset(value for chosen in combinations for value in _values(equation.tree, chosen)))
    return found


def by_result(graph: SolutionGraph) -> dict[Value, Meaning]:
    """What a solution computes, by its value."""
    found: dict[Value, Meaning] = {}
    for equation, meaning in zip(graph.equations, meanings(graph), strict=True):
        found[equation.result.face] = found.get(equation.result.face, frozenset()) | meaning
    return found


def agree(one: Meaning, other: Meaning) -> bool:
    """Whether two results may be the same function of the problem's numbers, one of them perhaps in percent."""
    return any(value * scale % MODULUS in other for value in one for scale in (1, *_SCALES))


def _values(tree: Expression, origins: Sequence[int]) -> set[int]:
    """What an expression computes from numbers of these origins; a sum of equal numbers is a product as well."""
    values = {computed(tree, origins)}
    if isinstance(tree, Binary):
        sides = product(_values(tree.left, origins), _values(tree.right, origins))
        values |= {computed(Binary(tree.operator, 0, 1), pair) for pair in sides}
        if all(node.operator == "+" for node in nodes(tree)):
            counts = Counter(origins[leaf] for leaf in leaves(tree))  # 4 + 4 + 4 is 3 * 4
            values.add(sum(one * (fingerprint(count) if count > 1 else 1) for one, count in counts.items()) % MODULUS)
    return values
