r"""A term changes sides and keeps its sign: $2x + 3 = 11$, so $2x = 11 + 3$."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from fractions import Fraction

from lemma.algebra.carrying import Slip
from lemma.algebra.derivation import SCALED, STATEMENT, Derivation
from lemma.algebra.polynomials import ONE, Monomial, Polynomial, Quotient, add, constant, scale
from lemma.algebra.trees import GROUP, Node, polynomial
from lemma.algebra.writing import expanded, notation_of, terms, write_like
from lemma.injectors.algebra import AlgebraInjector, Rewriting, exact, formula, quoted, rewritings

_TWO_TERMS = 2
_ANGLE = re.compile(r"(?P<sign>-?)(?:\\frac\{(?P<above>\d{1,6})\}\{(?P<below>\d{1,6})\}|(?P<whole>\d{0,6}))\\pi")


def slips(derivation: Derivation, rng: random.Random) -> Iterator[Slip]:
    """One term that changed sides, with its old sign."""
    places = [
        (index, arriving)
        for index, line in enumerate(derivation.lines)
        if line.step >= 0
        and line.kind == STATEMENT
        and line.reason.kind == SCALED
        and line.reason.factors == (Fraction(1),)
        for arriving in (0, 1)
    ]
    rng.shuffle(places)
    for index, arriving in places:
        yield from _kept_sign(derivation, index, arriving)
    for place in rewritings(derivation, rng):
        yield from _wrong_sign_in_sum(derivation, place)


def _kept_sign(derivation: Derivation, index: int, arriving: int) -> Iterator[Slip]:
    line = derivation.lines[index]
    before = derivation.lines[line.reason.lines[0]]
    places = before.runs[0][-1], before.runs[1][0]
    old = [exact(before, side) for side in places]
    new = [exact(line, side) for side in (line.runs[0][-1], line.runs[1][0])]
    side = (line.runs[0][-1], line.runs[1][0])[arriving]
    was, now, leaving = old[arriving], new[arriving], new[1 - arriving]
    if was is None or now is None or old[1 - arriving] is None or leaving is None:
        return
    for monomial in sorted({*was, *now}):
        added = now.get(monomial, Fraction(0)) - was.get(monomial, Fraction(0))
        # The term was on the other side, and is gone there; here it comes with the opposite sign.
        if not added or monomial in leaving or not _stands(before.tree(places[1 - arriving]), {monomial: -added}):
            continue
        text = _sign_turned(derivation, index, side, monomial, added) or write_like(
            derivation.text(index, side),
            line.tree(side),
            Quotient(add(now, {monomial: -2 * added}), constant(1)),
            derivation.latex,
        )
        if text is None:
            continue
        term, opposite = (_told(derivation, text, {monomial: size}) for size in (-added, added))
        yield Slip(
            index,
            side,
            text,
            f"The term {term} goes to the {'right' if arriving else 'left'} side as {opposite}, but the step keeps its "
            f"sign: it should be {quoted(derivation, index, line.runs[0][-1], line.runs[1][0])}.",
            moves=True,
        )


def _told(derivation: Derivation, like: str, term: Polynomial) -> str:
    """A term for an explanation, in degrees if the text is: `-145^\\circ` and not `-\\frac{29}{36}\\pi`."""
    shown = notation_of(like, None, derivation.latex).sum(term)
    angle = _ANGLE.fullmatch(shown) if "\\circ" in like else None
    if angle is not None:
        size = 180 * Fraction(int(angle["above"] or angle["whole"] or 1), int(angle["below"] or 1))
        shown = f"{angle['sign']}{size}^\\circ" if size.denominator == 1 else shown
    return formula(derivation, shown)


def _stands(tree: Node, term: Polynomial) -> bool:
    """Whether a term stands in a sum as it is."""
    return any(expanded(node) is not None and scale(polynomial(node), sign) == term for node, sign in terms(tree))


def _wrong_sign_in_sum(derivation: Derivation, place: Rewriting) -> Iterator[Slip]:
    """One of several like terms, which is added up with the other sign."""
    line = derivation.lines[place.line]
    tree, value = line.tree(place.side), exact(line, place.side)
    parts = terms(place.before)
    if (
        value is None
        or expanded(tree) is None
        or len(parts) < _TWO_TERMS
        or any(expanded(one) is None for one, _ in parts)
    ):
        return
    signed = [scale(polynomial(node), sign) for node, sign in parts]
    for term, (node, sign) in zip(signed[1:], parts[1:], strict=True):
        alike = sum(other.keys() == term.keys() for other in signed)
        # -5x among other terms with x; of numbers, only what is subtracted twice: 9 - (-4).
        is_negative = sign < 0 and (node.head == GROUP if term.keys() <= {ONE} else node.head != GROUP)
        if alike < _TWO_TERMS or not is_negative:
            continue
        text = derivation.text(place.line, place.side)
        wrong = write_like(text, tree, Quotient(add(value, scale(term, -2)), constant(1)), derivation.latex)
        if wrong is not None:
            told, opposite = (_told(derivation, place.source, scale(term, sign)) for sign in (1, -1))
            yield Slip(
                place.line,
                place.side,
                wrong,
                f"The term {told} was added up as if it were {opposite}: {formula(derivation, place.source)} is "
                f"{formula(derivation, text)}, not {formula(derivation, wrong)}.",
            )


def _sign_turned(derivation: Derivation, index: int, side: int, monomial: Monomial, added: Fraction) -> str | None:
    """The side with the other sign before the term that moved, if it is written out: `11 - 3`."""
    tree, text = derivation.lines[index].tree(side), derivation.text(index, side)
    found = [
        node
        for node, sign in terms(tree)[1:]
        if expanded(node) is not None and scale(polynomial(node), sign) == {monomial: added}
    ]
    if len(found) != 1:
        return None
    before = text[: found[0].start - derivation.lines[index].chain.sides[side].start]
    at = max(before.rfind("+"), before.rfind("-"))
    if at < 0 or before[at + 1 :].strip():
        return None
    return before[:at] + ("-" if before[at] == "+" else "+") + text[at + 1 :]


propose = AlgebraInjector(slips)
