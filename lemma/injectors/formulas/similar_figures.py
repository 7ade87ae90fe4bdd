r"""The areas of similar figures in the ratio of their sides: `the ratio of their areas is $1:3$` for $1:9$."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from math import isqrt

from lemma.arithmetic.chain_solution import ChainSolution
from lemma.arithmetic.numbers import FRAC
from lemma.arithmetic.propagation import Edit
from lemma.grading.verdict import exact_value
from lemma.injectors.formulas.places import Proposed
from lemma.injectors.formulas.tails import WrongTail

RULE = "formula_confusion_error"
_AREAS = re.compile(r"\bratio of (?:their|the) areas[^.$\d]{0,60}\$(?P<one>\d{1,4})\s?:\s?(?P<other>\d{1,4})[.,;]?\$")
_CONTENT = re.compile(r"\d{1,6}|\\[dt]?frac\{\d{1,6}\}\{\d{1,6}\}")


def propose(solution: ChainSolution, kind: str) -> Iterator[Proposed]:
    """The ratio of the areas and the area in the box, with the ratio of the sides that was found before."""
    answer = solution.answer
    text = solution.steps[answer.step]
    content = text[answer.start : answer.end].partition("{")[2][:-1]
    size = exact_value(content) if _CONTENT.fullmatch(content) else None
    if kind != RULE or size is None or not size:
        return
    for step, said in enumerate(solution.steps[: answer.step + 1]):
        for match in _AREAS.finditer(said):
            sides = [isqrt(int(one)) for one in match.groups()]
            if [side**2 for side in sides] != [int(one) for one in match.groups()] or len({*sides}) == 1:
                continue
            before = " ".join(solution.steps[:step]) + said[: match.start()]
            if not re.search(rf"(?<!\d){sides[0]}\s?:\s?{sides[1]}(?!\d)", before):
                continue
            ratio = Fraction(sides[0], sides[1])
            wrong = [Fraction(size) * one for one in (ratio, 1 / ratio) if _is_given(solution, size, one)]
            index = next((at for at, chain in enumerate(solution.chains) if chain.step == step), None)
            if len(wrong) != 1 or index is None:
                continue
            at = text.index(content, answer.start)
            edits = (
                (step, Edit(match.start("one"), match.end("other"), f"{sides[0]}:{sides[1]}")),
                (answer.step, Edit(at, at + len(content), _text(wrong[0]))),
            )
            told = "The formula is $a^2 : b^2$ for the areas of similar figures with sides in the ratio $a : b$"
            yield Proposed(WrongTail(index, edits), f"{told}; the step uses $a : b = {sides[0]} : {sides[1]}$.")


def _is_given(solution: ChainSolution, size: Fraction | int, ratio: Fraction) -> bool:
    """Whether the answer, divided twice by the ratio of the sides, is a number of the question: the other area."""
    given = {one.rational for one in solution.given if one.rational is not None}
    return Fraction(size) * ratio**2 in {Fraction(one) for one in given}


def _text(number: Fraction) -> str:
    return str(number) if number.denominator == 1 else f"{FRAC}{{{number.numerator}}}{{{number.denominator}}}"
