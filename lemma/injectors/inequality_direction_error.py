r"""An inequality is divided by a negative number, and its sign is not turned: $-2x < 8$, so $x < -4$."""

from __future__ import annotations

import random
from collections.abc import Iterator

from lemma.algebra.carrying import TURNED, Slip
from lemma.algebra.derivation import SCALED, STATEMENT, Derivation
from lemma.injectors.algebra import AlgebraInjector, quoted


def slips(derivation: Derivation, rng: random.Random) -> Iterator[Slip]:
    """A sign of relation that had to be turned, as it was."""
    lines = [
        index
        for index, line in enumerate(derivation.lines)
        if line.step >= 0 and line.kind == STATEMENT and line.relation not in ("=", "!=")
        and line.reason.kind == SCALED and line.reason.factors[0] < 0
        and derivation.lines[line.reason.lines[0]].relation != line.relation
    ]  # fmt: skip
    rng.shuffle(lines)
    for index in lines:
        line = derivation.lines[index]
        place = line.runs[0][-1]
        start, end = line.chain.marks[place]
        sign = derivation.source(index)[start:end]
        yield Slip(
            index,
            place,
            TURNED[sign],
            "Both sides are multiplied or divided by a negative number, so the sign of the inequality has to be "
            f"turned: it should be {quoted(derivation, index, place, line.runs[1][0])}.",
            is_relation=True,
        )


propose = AlgebraInjector(slips)
