"""Signs that a step is what has to be changed: with one edit of it, the later steps reach the gold answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lemma.arithmetic.computations import Computation, magnitude
from lemma.arithmetic.expressions import ArithmeticRefusal, Binary, Expression, evaluate
from lemma.arithmetic.numbers import Value, divide
from lemma.locating.signs.reading import Reading

# The result becomes a number of the question or a result of the reference; another operator; another operand; one more
# operation.
REPAIRS = (
    *("repaired_by_given", "repaired_by_reference", "repaired_by_operator", "repaired_by_operand"),
    "repaired_by_operation",
)
_MOST_COMPUTATIONS = 30
_MOST_VALUES = 24
_OPERATORS = "+-*/"


def repair_signs(reading: Reading) -> Iterator[dict[str, float]]:
    """The signs of each step."""
    found: dict[int, set[str]] = {}
    computations = reading.solution.computations[:_MOST_COMPUTATIONS]
    if reading.gold is not None and any(one.is_answer for one in computations):
        replay = _Replay(computations, reading.gold)
        given = _some(reading.reference.given)
        wanted = _some(value for value in reading.reference.of_value if value != reading.gold)
        for one in computations:
            earlier = [magnitude(other.equation.result.value) for other in computations[: one.index]]
            found.setdefault(one.step, set()).update(_repairs(replay, one, given, wanted, earlier))
    for step in range(len(reading.steps)):
        yield {name: float(name in found.get(step, ())) for name in REPAIRS}


def _some(values: Iterable[Value]) -> list[Value]:
    return sorted(value for value in values if value not in (0, 1))[:_MOST_VALUES]


def _repairs(
    replay: _Replay, one: Computation, given: Sequence[Value], wanted: Sequence[Value], earlier: Sequence[Value]
) -> Iterator[str]:
    result, tree, operands = one.equation.result.value, one.equation.tree, one.equation.operand_values()
    if one.children and not one.is_answer:  # else the result could be replaced by the gold answer itself
        for name, values in (("repaired_by_given", given), ("repaired_by_reference", wanted)):
            if any(replay.reaches_gold(one, value) for value in values if value != result):
                yield name
    known = [*given, *earlier]
    places = range(len(operands))
    edits: dict[str, Iterable[tuple[Expression, Sequence[Value]]]] = {
        "repaired_by_operand": (
            (tree, [*operands[:here], value, *operands[here + 1 :]]) for here in places for value in known
        ),
        "repaired_by_operation": (
            (Binary(sign, 0, 1), (result, value)) for sign in _OPERATORS for value in known
        ),
    }  # fmt: skip
    if isinstance(tree, Binary):
        others = (Binary(sign, tree.left, tree.right) for sign in _OPERATORS if sign != tree.operator)
        edits["repaired_by_operator"] = ((other, operands) for other in others)
    for name, edited in edits.items():
        if any(replay.reaches_gold(one, value) for value in _values(edited)):
            yield name


def _values(trees: Iterable[tuple[Expression, Sequence[Value]]]) -> Iterator[Value]:
    for tree, operands in trees:
        try:
            yield evaluate(tree, operands)
        except ArithmeticRefusal:
            continue


class _Replay:
    """The student's computations, done again with another result for one of them."""

    def __init__(self, computations: Sequence[Computation], gold: Value) -> None:
        self._computations, self._gold = computations, gold
        self._tried: dict[tuple[int, Value], bool] = {}

    def reaches_gold(self, changed: Computation, value: Value) -> bool:
        """Whether the gold answer comes of it."""
        key = (changed.index, magnitude(value))
        if key not in self._tried:
            self._tried[key] = self._gold in self._answers(*key)
        return self._tried[key]

    def _answers(self, changed: int, value: Value) -> Iterator[Value]:
        new = {changed: value}
        for one in self._computations[changed + 1 :]:
            if new.keys().isdisjoint(one.parents):
                continue
            operands = one.equation.operand_values()
            for here, sources in enumerate(one.sources):
                source = max((source for source in sources if source in new), default=None)
                if source is not None:
                    percent = one.equation.operands[here].percent
                    operands[here] = divide(new[source], 100) if percent else new[source]
            try:
                new[one.index] = magnitude(evaluate(one.equation.tree, operands))
            except ArithmeticRefusal:
                return
        yield from (new[one.index] for one in self._computations if one.is_answer and one.index in new)
