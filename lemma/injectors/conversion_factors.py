r"""Degrees and radians mixed up: $60 \cdot \frac{180}{\pi}$ (a part of `unit_conversion_error`)."""

from __future__ import annotations

import random
from collections.abc import Iterator

from lemma.algebra.carrying import Slip
from lemma.algebra.derivation import Derivation
from lemma.algebra.trees import DIVISION, HALF_TURN, NUMBER, PI, Node
from lemma.injectors.algebra import formula, rewritings


def inverted_factors(derivation: Derivation, rng: random.Random) -> Iterator[Slip]:
    """A factor between degrees and radians, upside down."""
    for place in rewritings(derivation, rng):
        tree, text = derivation.lines[place.line].tree(place.side), derivation.text(place.line, place.side)
        start = derivation.lines[place.line].chain.sides[place.side].start
        factors = [node for node in tree.walk() if node.head == DIVISION and _is_factor(node)]
        if len(factors) != 1:
            continue
        top, bottom = factors[0].args
        one, other = (text[part.start - start : part.end - start] for part in (top, bottom))
        inverted = (
            text[: top.start - start] + other + text[top.end - start : bottom.start - start] + one
            + text[bottom.end - start :]
        )  # fmt: skip
        right = text[factors[0].start - start : factors[0].end - start]
        yield Slip(
            place.line,
            place.side,
            inverted,
            f"The factor between degrees and radians is upside down: it should be {formula(derivation, right)}.",
        )


def _is_factor(node: Node) -> bool:
    parts = [part.bare for part in node.args]
    return {part.name for part in parts} == {PI, ""} and any(
        part.head == NUMBER and part.value == HALF_TURN for part in parts
    )
