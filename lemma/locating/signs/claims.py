r"""What one line says of a name and the next one works out: `P2 = 14.68 / 1.835`, and then `P2 = 7.8`.

    >>> (first, second) = recomputations(("P2 = 14.68 / 1.835", "P2 = 7.8"))
    >>> [(relation.left.text, relation.right.text, relation.holds({})) for relation in second]
    [('14.68/1.835', '7.8', False)]

A name is what stands before an equals sign: `P2`, `New Area`, `f(-1)`, `\angle PRQ`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lemma.locating.formulas import Relation, Side, side_of

_SEGMENT = re.compile(r"\\[][()]|\\\\|\$|\n|;|,(?=\s)|\.(?=\s|$)|\\q?quad|\\(?:Long)?[rR]ightarrow|\\implies|⇒")
_EQUALS = re.compile(r"(=|≈|\\approx(?![a-zA-Z]))")
_NOT_FOLLOWED = re.compile(r"[<>≤≥≠]|\\(?:leq?|geq?|neq?|equiv|p?mod|bmod|pm|mp|sum|int|[cl]?dots)(?![a-zA-Z])")
_NOISE = re.compile(r"\\(?:left|right|displaystyle|boxed|text(?:bf|rm|it)?|[,;:! ])|[&*\s]")
_OPERATOR = re.compile(r"(?<=[\w)}!%°] )[-+*/](?! ?=)|(?<=[\w)}!%°])[-+*/^(]|\\(?:times|cdot|sqrt|binom|div)|[×÷(]")
_LONGEST_NAME, _LONGEST_SIDE, _MOST_CHARACTERS, _MOST_CLAIMS = 60, 160, 6000, 60


@dataclass(frozen=True)
class _Claim:
    """`name = side`, whether it is said to be only about so, and how many operations the side has."""

    name: str
    side: Side
    approximate: bool
    operations: int


def recomputations(texts: Sequence[str]) -> Iterator[list[Relation]]:
    """For each step, the pairs of an expression without letters and what a later line puts in its place: the next one
    of the same name in this step or the one after, with fewer operations.
    """
    last: dict[str, tuple[int, _Claim]] = {}
    for step, text in enumerate(texts):
        found = []
        for claim in _claims_of(text):
            told, before = last.get(claim.name, (-2, claim))
            if told >= step - 1 and claim.operations < before.operations:
                found.append(Relation(before.side, claim.side, before.approximate or claim.approximate, 0))
            last[claim.name] = step, claim
        yield found


def _claims_of(text: str) -> Iterator[_Claim]:
    """What a text says of names, in its order, the sides of a chain one by one. No side has letters."""
    count = 0
    for segment in _SEGMENT.split(text[:_MOST_CHARACTERS]):
        first, *others = _EQUALS.split(segment)
        if not others or count >= _MOST_CLAIMS or _NOT_FOLLOWED.search(segment):
            continue
        name = _NOISE.sub("", first[-2 * _LONGEST_NAME :]).strip("{}:-")
        if len(name) > _LONGEST_NAME or not re.search(r"[A-Za-zπ]", name):
            continue
        for sign, written in zip(others[::2], others[1::2], strict=True):
            side = side_of(written) if len(written) <= _LONGEST_SIDE else None
            if side is not None and not side.letters:
                count += 1
                yield _Claim(name, side, sign != "=", len(_OPERATOR.findall(written)))
