r"""A right solution that says less: its last chain without the middle.

`\sqrt{34^2 - 16^2} = \sqrt{(34 - 16)(34 + 16)} = \boxed{30}` is as right as `\sqrt{34^2 - 16^2} = \boxed{30}`. A wrong
result of the first side is wrong in both, and nobody who takes `34 - 16` for that root writes what stands between.
"""

from __future__ import annotations

import re

from lemma.arithmetic.chain_solution import ChainSolution, read_chain_solution
from lemma.exceptions import Refusal

_FEWEST = 3  # sides of a chain that has a middle
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def shortened(solution: ChainSolution) -> tuple[ChainSolution, ...]:
    """The right solutions whose last chain has no sides between the box and the first side that is a number, or the one
    behind that; read once.
    """
    if "shortened" in solution.memo:
        known: tuple[ChainSolution, ...] = solution.memo["shortened"]
        return known
    answer, found = solution.answer, []
    chain, text = solution.chains[answer.chain], solution.steps[answer.step]
    values = [side.value for side in chain.sides]
    first = next((place for place, one in enumerate(values) if one is not None), len(values))
    has_middle = len(values) >= _FEWEST and set(chain.relations) == {"="} and not chain.in_tuple
    for place in (first, first + 1) if has_middle else ():
        if place < len(values) - 2 and values[place] is not None and chain.sides[-1].start <= answer.end:
            kept, left_away = text[: chain.sides[place].end], text[chain.sides[place].end : chain.sides[-2].end]
            kept += text[chain.sides[-2].end :]
            if (_numbers(left_away) - _numbers(kept)) & _numbers(*solution.steps[: answer.step]):
                continue  # who has just worked that out writes it
            steps = (*solution.steps[: answer.step], kept, *solution.steps[answer.step + 1 :])
            try:
                read = read_chain_solution(solution.question, steps, solution.gold)
            except Refusal:
                continue
            if read.chains[read.answer.chain].sides[-1].value == values[-1]:
                found.append(read)
    solution.memo["shortened"] = tuple(found)
    return tuple(found)


def _numbers(*texts: str) -> set[str]:
    return {number for text in texts for number in _NUMBER.findall(text)}
