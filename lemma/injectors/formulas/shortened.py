r"""A right solution that says less: a chain without its middle, or one that ends where it first says the answer.

`\sqrt{34^2 - 16^2} = \sqrt{(34 - 16)(34 + 16)} = \boxed{30}` is as right as `\sqrt{34^2 - 16^2} = \boxed{30}`, and so
is what leaves away all that follows `so $x = \boxed{30}$`. What is wrong there is wrong in the solution as well, and
nobody who makes the mistake writes the rest.
"""

from __future__ import annotations

from collections.abc import Iterator

from lemma.arithmetic.chain_solution import ChainSolution, box_spans, read_chain_solution
from lemma.arithmetic.chains import Chain
from lemma.arithmetic.latex import DRAWING
from lemma.arithmetic.surds import Surd
from lemma.arithmetic.writing import is_written
from lemma.exceptions import Refusal
from lemma.injectors.conditions import JUDGES, holds_number

_FEWEST = 3  # sides of a chain that has a middle
_MOST = 2


def shortened(solution: ChainSolution) -> Iterator[ChainSolution]:
    """Solutions that begin like this one, reach its answer sooner, and are right."""
    texts = [*_without_middle(solution), *_up_to_answer(solution)]
    for steps in texts[:_MOST]:
        try:
            read = read_chain_solution(solution.question, steps, solution.gold)
        except Refusal:
            continue
        if read.chains[read.answer.chain].sides[-1].value == solution.chains[solution.answer.chain].sides[-1].value:
            yield read


def _without_middle(solution: ChainSolution) -> Iterator[tuple[str, ...]]:
    """The last chain without the sides between the first that is a number and the box."""
    answer = solution.answer
    chain, text = solution.chains[answer.chain], solution.steps[answer.step]
    if len(chain.sides) < _FEWEST or set(chain.relations) != {"="} or chain.in_tuple:
        return
    values = [side.value for side in chain.sides]
    first = next((place for place, found in enumerate(values) if found is not None), len(values))
    last, before = chain.sides[-1], chain.sides[-2]
    for place in (first, first + 1):
        if place < len(values) - 2 and values[place] is not None and last.start <= answer.end:
            kept = text[: chain.sides[place].end] + text[before.end :]
            yield (*solution.steps[: answer.step], kept, *solution.steps[answer.step + 1 :])


def _up_to_answer(solution: ChainSolution) -> Iterator[tuple[str, ...]]:
    """The steps up to the first chain that works the answer out, with a box around it."""
    answer = solution.answer
    right = solution.chains[answer.chain].sides[-1].value
    for chain in solution.chains[: answer.chain]:
        if chain.step < answer.step and _works_out(solution, chain, right):
            side, text = chain.sides[-1], solution.steps[chain.step]
            behind = DRAWING.sub(" ", text[side.end :])
            if not (holds_number(behind) or JUDGES.search(behind)):
                assert side.formula is not None
                tree = side.formula.tree
                box = f"{text[: tree.start]}\\boxed{{{text[tree.start : tree.end]}}}{text[tree.end :]}"
                yield (*solution.steps[: chain.step], box)
            return


def _works_out(solution: ChainSolution, chain: Chain, right: Surd | None) -> bool:
    """Whether a chain gives the answer, which no step before it has said."""
    side = chain.sides[-1]
    return (
        len(chain.sides) > 1
        and right is not None
        and side.value == right
        and side.formula is not None
        and is_written(side.formula.tree)
        and set(chain.relations) == {"="}
        and not chain.in_tuple
        and right not in solution.given
        and not box_spans(solution.steps[chain.step])
    )
