r"""A right solution that says less: its last chain without the middle.

`\sqrt{34^2 - 16^2} = \sqrt{(34 - 16)(34 + 16)} = \boxed{30}` is as right as `\sqrt{34^2 - 16^2} = \boxed{30}`. A wrong
result of the first side is wrong in both, and nobody who takes `34 - 16` for that root writes what stands between.
"""

from __future__ import annotations

from collections.abc import Iterator

from lemma.arithmetic.chain_solution import ChainSolution, read_chain_solution
from lemma.exceptions import Refusal

_FEWEST = 3  # sides of a chain that has a middle


def shortened(solution: ChainSolution) -> Iterator[ChainSolution]:
    """Solutions that begin like this one, reach its answer sooner, and are right."""
    for steps in _without_middle(solution):
        try:
            read = read_chain_solution(solution.question, steps, solution.gold)
        except Refusal:
            continue
        if read.chains[read.answer.chain].sides[-1].value == solution.chains[solution.answer.chain].sides[-1].value:
            yield read


def _without_middle(solution: ChainSolution) -> Iterator[tuple[str, ...]]:
    """The last chain without the sides between the box and the first that is a number, or the one behind that."""
    answer = solution.answer
    chain, text = solution.chains[answer.chain], solution.steps[answer.step]
    if len(chain.sides) < _FEWEST or set(chain.relations) != {"="} or chain.in_tuple:
        return
    values = [side.value for side in chain.sides]
    first = next((place for place, found in enumerate(values) if found is not None), len(values))
    for place in (first, first + 1):
        if place < len(values) - 2 and values[place] is not None and chain.sides[-1].start <= answer.end:
            kept = text[: chain.sides[place].end] + text[chain.sides[-2].end :]
            yield (*solution.steps[: answer.step], kept, *solution.steps[answer.step + 1 :])
