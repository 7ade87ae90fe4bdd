r"""Coordinates in the wrong order: $(x, y) = (2, 3)$ where $x = 3$ and $y = 2$."""

from __future__ import annotations

import random
from collections.abc import Iterator

from lemma.algebra.carrying import Slip
from lemma.algebra.derivation import EXPRESSION, IDENTITY, Derivation, equal_parts
from lemma.algebra.trees import LETTER, TUPLE, Node, names, same_shape
from lemma.exceptions import Refusal
from lemma.injectors.algebra import AlgebraInjector, formula

_PAIR = 2


def slips(derivation: Derivation, rng: random.Random) -> Iterator[Slip]:
    """A pair of numbers whose order is known: it stands behind a pair of letters or sums, or the question names one."""
    places = [
        (index, side)
        for index, line in enumerate(derivation.lines)
        if line.step >= 0 and line.kind in (EXPRESSION, IDENTITY)
        for run in line.runs
        for side in run
        if _is_pair(line.tree(side))
    ]
    rng.shuffle(places)
    for index, side in places:
        tree, text = derivation.lines[index].tree(side), derivation.text(index, side)
        first, second = tree.args
        start = derivation.lines[index].chain.sides[side].start
        if same_shape(first, second) or not _is_known(derivation, index, side):
            continue
        one, other = (text[part.start - start : part.end - start] for part in (first, second))
        swapped = (
            text[: first.start - start] + other + text[first.end - start : second.start - start] + one
            + text[second.end - start :]
        )  # fmt: skip
        yield Slip(
            index,
            side,
            swapped,
            f"The coordinates are in the wrong order: the first one is {formula(derivation, one)} and the second one "
            f"is {formula(derivation, other)}.",
        )


def _is_pair(tree: Node) -> bool:
    return tree.head == TUPLE and tree.name == "()" and len(tree.args) == _PAIR and not names(tree)


def _is_known(derivation: Derivation, index: int, side: int) -> bool:
    """Whether the side before is an equal pair, or an earlier pair of letters has these values."""
    line = derivation.lines[index]
    if side > 0:
        return True
    for earlier in derivation.lines[:index]:
        for other in earlier.chain.sides:
            tree = other.tree
            if tree is not None and tree.head == TUPLE and all(part.head == LETTER for part in tree.args):
                try:
                    return set(names(tree)) <= line.known.keys() and equal_parts(tree, line.tree(side), line.known)
                except Refusal:
                    return False
    return False


propose = AlgebraInjector(slips)
