r"""Signs that a step still is on the way of the reference, or leaves it just here.

    >>> reading = Reading("Compute $113 + 276 - 13 - 26$.", "350", ("This is $350$.",), ("$389 - 39 = 311$.",))
    >>> (signs,) = evidence_signs(reading)
    >>> signs["gold_expression"], signs["false_from_gold"]
    (1.0, 1.0)

An expression that is not worked out and has the value of the gold answer, or of a number that only the reference has,
is hardly ever reached from a wrong step. An equation that is false though one of its sides has such a value is wrong by
itself, not by what came before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lemma.algebra.derivation import GIVEN, STATEMENT, Line
from lemma.algebra.polynomials import letters
from lemma.locating.formula_parser import UnreadableError
from lemma.locating.formulas import Relation, Side, read_relations, side_of
from lemma.locating.signs.claims import recomputations
from lemma.locating.signs.formulas import roots_of
from lemma.locating.signs.reading import Reading
from lemma.locating.signs.values import numbers_of, rounded

EVIDENCE_FLAGS = (
    *("false_from_gold", "false_from_reference", "recomputed_wrong", "loses_reference_root", "impossible"),
)
EVIDENCE = ("gold_expression", "rare_gold_expression", "reference_expression", "reference_root")

_OPERATOR = re.compile(r"(?<=[\w)}!%°])[-+*/^]|\\(?:times|cdot|sqrt|binom|div|frac|dfrac)")
_COMMON = frozenset((0.0, 1.0, 2.0, 10.0, 100.0))  # values that anything may have
_LONGEST_SIDE = 200
_LARGEST_COMMON = 10  # a whole number up to this is reached in many ways


@dataclass(frozen=True)
class _Wanted:
    """The value of the gold answer, the numbers that only the reference has, and the values of letters in it."""

    gold: frozenset[float]
    is_rare: bool
    results: frozenset[float]
    roots: frozenset[float]


def evidence_signs(reading: Reading) -> Iterator[dict[str, float]]:
    """The signs of each step."""
    wanted = _wanted(reading)
    roots = dict[str, tuple[tuple[complex, ...], bool]]()
    recomputed = list(recomputations(reading.texts))
    for step, (text, lines) in enumerate(zip(reading.texts, reading.lines[1:], strict=True)):
        signs = dict.fromkeys((*EVIDENCE_FLAGS, *EVIDENCE), 0.0)
        relations = read_relations(text)
        for side in (*(side for one in relations for side in (one.left, one.right)), *_alone(text, lines)):
            value = _value(side)
            if value in wanted.gold:
                signs["gold_expression"] = 1.0
                signs["rare_gold_expression"] = float(wanted.is_rare)
            elif value in wanted.results:
                signs["reference_expression"] = 1.0
        for relation in recomputed[step]:
            if relation.is_identity() is False:
                signs["recomputed_wrong"] = 1.0
        for relation in (*relations, *recomputed[step]):
            for name in _signs_of(relation, wanted, roots):
                signs[name] = 1.0
        if any(map(_is_impossible, lines)):
            signs["impossible"] = 1.0
        yield signs


def _wanted(reading: Reading) -> _Wanted:
    answer = side_of(reading.gold_answer)
    value = None if answer is None or answer.letters else _value_of(answer)
    gold = frozenset[float]() if value is None else frozenset((value,))
    given = numbers_of(reading.question)
    results = frozenset[float]().union(*map(numbers_of, reading.reference_steps)) - given - _COMMON
    bindings = (relation.binding() for step in reading.reference_steps for relation in read_relations(step))
    is_common = value is None or value in given or (value <= _LARGEST_COMMON and value == int(value))
    return _Wanted(gold, not is_common, results, gold | {rounded(one[1]) for one in bindings if one is not None})


def _alone(text: str, lines: list[Line]) -> Iterator[Side]:
    """Expressions without an equals sign."""
    for line in lines:
        if len(line.chain.sides) == 1:
            written = line.chain.sides[0]
            side = side_of(text[written.start : written.end]) if written.end - written.start <= _LONGEST_SIDE else None
            if side is not None:
                yield side


def _value(side: Side) -> float | None:
    """The value of an expression that is not worked out yet."""
    return None if side.letters or not _OPERATOR.search(side.text) else _value_of(side)


def _value_of(side: Side) -> float | None:
    try:
        return rounded(side.at({}))
    except UnreadableError:
        return None


def _signs_of(relation: Relation, wanted: _Wanted, roots: dict[str, tuple[tuple[complex, ...], bool]]) -> Iterator[str]:
    if not relation.letters and relation.is_identity() is False:
        values = {_value(relation.left), _value(relation.right)} - {None}
        if values & wanted.gold:
            yield "false_from_gold"
        if values & (wanted.gold | wanted.results):
            yield "false_from_reference"
    if len(relation.letters) != 1:
        return
    (letter,) = relation.letters
    found = roots_of(relation, letter)
    if not found:
        return
    fits = any(rounded(root) in wanted.roots for root in found)
    if fits:
        yield "reference_root"
    before, fitted = roots.get(letter, ((), False))
    shared = any(abs(one - other) <= 0.01 * max(1.0, abs(one)) for one in found for other in before)
    if fitted and not fits and not shared:
        yield "loses_reference_root"
    roots[letter] = found, fits


def _is_impossible(line: Line) -> bool:
    """Whether no values of the letters make it true: `x^3 - 1 = (x + 1)(x^2 - x + 1)`."""
    stated = line.kind == STATEMENT and line.relation == "=" and line.reason.kind == GIVEN
    return bool(stated and line.difference and not letters(line.difference))
