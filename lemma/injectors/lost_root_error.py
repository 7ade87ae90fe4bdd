r"""A root is lost: $x^2 = 9$, so $x = 3$."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from lemma.algebra.derivation import EXPRESSION, ROOT_OF, STATEMENT, Derivation
from lemma.algebra.trees import LETTER, number
from lemma.exceptions import Refusal
from lemma.injectors.algebra import AlgebraInjector, Cut, formula, quoted

_LAYOUT = re.compile(r"[\s$,{}]|\\(?:text|mbox|q?quad)(?![A-Za-z])")


def cuts(derivation: Derivation, rng: random.Random) -> Iterator[Cut]:
    """The second of two roots, said one after the other, and its place in the list of the answer."""
    pairs = [
        (index, index + 1)
        for index in range(len(derivation.lines) - 1)
        if _is_root(derivation, index) and _is_root(derivation, index + 1)
        and derivation.lines[index].step == derivation.lines[index + 1].step
        and derivation.lines[index].reason == derivation.lines[index + 1].reason
    ]  # fmt: skip
    rng.shuffle(pairs)
    for kept, lost in pairs:
        first, second = derivation.lines[kept], derivation.lines[lost]
        between = derivation.source(kept)[first.chain.end : second.chain.start]
        if _LAYOUT.sub("", between) not in ("or", "and"):
            continue
        found = _in_answer(derivation, lost)
        if found is None:
            continue
        listed, place = found
        if between.rstrip().endswith("$") != between.lstrip().startswith("$"):
            continue
        said = derivation.source(lost)[second.chain.start : second.chain.end]
        yield Cut(
            kept,
            (lost, listed),
            ((first.step, first.chain.end, second.chain.end), place),
            f"The equation {_equation(derivation, kept)} has another solution, "
            f"{formula(derivation, said)}, which the step loses.",
        )


def _is_root(derivation: Derivation, index: int) -> bool:
    line = derivation.lines[index]
    return (
        line.step >= 0 and line.kind == STATEMENT and line.reason.kind == ROOT_OF and len(line.chain.sides) == 2
        and line.tree(0).head == LETTER
    )  # fmt: skip


def _equation(derivation: Derivation, index: int) -> str:
    place = derivation.lines[index].reason.lines[0]
    line = derivation.lines[place]
    return quoted(derivation, place, line.runs[0][-1], line.runs[1][0])


def _in_answer(derivation: Derivation, lost: int) -> tuple[int, tuple[int, int, int]] | None:
    """The line of the root in the list of the answer, and what to cut there, with a comma."""
    value = number(derivation.lines[lost].tree(1))
    for index in range(lost + 1, len(derivation.lines)):
        line = derivation.lines[index]
        if line.kind != EXPRESSION or not line.chain.sides[0].boxed:
            continue
        try:
            if number(line.tree(0)) != value:
                continue
        except Refusal:
            continue
        text, start, end = derivation.source(index), line.chain.start, line.chain.end
        before, after = text[:start].rstrip(), text[end:].lstrip()
        if before.endswith(","):
            return index, (line.step, len(before[:-1].rstrip()), end)
        if after.startswith(","):
            return index, (line.step, start, len(text) - len(after[1:].lstrip()))
    return None


propose = AlgebraInjector(cuts)
