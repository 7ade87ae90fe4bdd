"""Signs in the computations of a step, aligned with those of the reference."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from lemma.arithmetic.computations import Computation, StudentSolution
from lemma.arithmetic.error_types import type_of_error, would_be_right
from lemma.arithmetic.fingerprints import MODULUS, inverse
from lemma.locating.signs.reading import Reading

_MOST_RESULTS = 24  # of the reference, tried in the place of a student's result
_GOES_ON = re.compile(r" ?(?:[*^(]|[/+-] ?[\d(A-Za-z\\])|[A-Za-z](?![A-Za-z])|\\(?:pi|sqrt)")
_WITH_LETTER = re.compile(r"\d[A-Za-z](?![A-Za-z])")
_COUNTED = frozenset((0, 1, 2, 100))  # no need to say where these are from


def computation_signs(reading: Reading) -> Iterator[dict[str, float]]:
    """The signs of each step."""
    for step in range(len(reading.steps)):
        yield _signs(reading, reading.computations(step))


def _signs(reading: Reading, computations: list[Computation]) -> dict[str, float]:
    solution = reading.solution
    known = [one for one in computations if solution.has_counterpart(one)]
    alone = [one for one in computations if not solution.has_counterpart(one)]
    parts = [one for one in alone if _is_part_of_reference(reading, one)]
    near = [one for one in alone if _is_near_reference(reading, one)]
    return {
        "computations": math.log1p(len(computations)),
        "counterpart": float(bool(known)),
        "all_counterparts": float(bool(known) and not alone),
        "one_from_reference": float(bool(near)),
        "part_of_reference": float(bool(parts)),
        "all_parts": float(bool(computations) and len(parts) == len(alone)),
        "leads_to_right": float(any(one.leads_to_right for one in computations)),
        "false_equation": float(any(solution.is_false(one) and not _is_misread(one) for one in computations)),
        "false_though_set_up_right": float(any(map(solution.is_false, known))),
        "other_operator": float(any(map(solution.uses_other_operator, alone))),
        "no_counterpart": float(bool(alone)),
        "apart": float(len(near) < len(alone)),
        "provable": float(any(type_of_error(solution, one) is not None for one in computations)),
        "repairable": float(any(one.children and _is_repairable(solution, one) for one in alone)),
        "unexplained_operand": float(any(_has_unexplained_operand(solution, one) for one in computations)),
    }


def _is_misread(computation: Computation) -> bool:
    """Whether the equation seems to be part of something longer, of a division with a remainder, or a rate of units."""
    equation, text = computation.equation, computation.text
    if not equation.visible:
        return True
    start, end = min(equation.start, equation.result.start), max(equation.end, equation.result.end)
    before, after, shown = text[:start].rstrip(" $"), text[end:], text[start:end]
    goes_on = _GOES_ON.match(after) is not None or before[-1:] in ("-", "*", "/", "^", "+", "\\")
    # 1 knick = (2 knacks) / 7
    of_units = equation.start > equation.result.start and re.search(r"[A-Za-z]", shown.partition("=")[0]) is not None
    return goes_on or of_units or _WITH_LETTER.search(shown) is not None or "remain" in after[:40]


def _is_part_of_reference(reading: Reading, computation: Computation) -> bool:
    """Whether it gives a part of what the reference computes: some of the terms, or of the factors of a term."""
    reference = reading.solution.reference
    return not computation.fingerprints.isdisjoint(reference.terms | reference.reordered)


def _is_near_reference(reading: Reading, computation: Computation) -> bool:
    """Whether the reference could be worked out this way: its terms in another order, or one more operation, with a
    known quantity, gives something that it computes.
    """
    if _is_part_of_reference(reading, computation):
        return True
    reference = reading.solution.reference
    wanted = (reference.results | reference.answers).difference(*computation.leaves)  # to undo it is no way
    for one in computation.fingerprints:
        for other in reading.known_quantities:
            made = {(one + other) % MODULUS, (one - other) % MODULUS, (other - one) % MODULUS, one * other % MODULUS}
            made |= {one * inverse(other) % MODULUS, other * inverse(one) % MODULUS}
            if not made.isdisjoint(wanted):
                return True
    return False


def _is_repairable(solution: StudentSolution, computation: Computation) -> bool:
    """Whether the later steps reach the gold answer once this computation has some result of the reference."""
    results = {result for results in solution.reference.of_value.values() for result in results}
    return any(would_be_right(solution, computation, right) for right in sorted(results)[:_MOST_RESULTS])


def _has_unexplained_operand(solution: StudentSolution, computation: Computation) -> bool:
    """Whether a number comes from nowhere: not from the question, an earlier result or common knowledge."""
    explained = solution.reference.constants | _COUNTED
    return any(
        not sources and not solution.is_given(operand) and operand.face not in explained
        for operand, sources in zip(computation.equation.operands, computation.sources, strict=True)
    )
