r"""A value that comes of a formula with a name, worked out wrongly, and the box that only repeats it.

`a^4 + b^8 \ge 2(ab^2)^2 = 50` for `ab^2 = 5`, so the minimum value is `\boxed{50}`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lemma.arithmetic.chain_solution import ChainSolution
from lemma.arithmetic.latex import boxed
from lemma.arithmetic.propagation import Edit
from lemma.injectors.formulas.misworked import KINDS
from lemma.injectors.formulas.named_values import wrong_values
from lemma.injectors.formulas.places import Proposed
from lemma.injectors.formulas.tails import WrongTail

_FAR = 6  # formulas between the value and the box


def propose(solution: ChainSolution, kind: str) -> Iterator[Proposed]:
    """Wrong last values of a chain before the box, by a slip of a type, and the same in the box."""
    answer = solution.answer
    last = solution.chains[answer.chain]
    content = boxed(solution.steps[answer.step])[-1]
    if kind not in KINDS or len(last.sides) > 1 or last.sides[0].value is None:
        return
    for index in range(answer.chain - 1, max(-1, answer.chain - 1 - _FAR), -1):
        chain = solution.chains[index]
        side = chain.sides[-1]
        if side.value != last.sides[0].value or len(chain.sides) < 2 or chain.in_tuple or chain.relations[-1] != "=":
            continue
        text, at = solution.steps[chain.step], solution.steps[answer.step].index(content, answer.start)
        before = text[chain.sides[-2].start : chain.sides[-2].end]
        for written, told in wrong_values(solution, before, text[side.start : side.end], kind):
            edits = (
                (chain.step, Edit(side.start, side.end, written)),
                (answer.step, Edit(at, at + len(content), written)),
            )
            yield Proposed(WrongTail(index, edits), told)
        return
