"""What a wrong formula makes of the number of divisors and the area of a triangle: `(2+1)(0+1)` for 12.

The rules are of the kind that `lemma.injectors.formulas.rules` describes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lemma.arithmetic.formulas import Node
from lemma.injectors.formulas.places import Place

_DIVISORS = re.compile(r"\b(?:divisors|factors)\b")
_AREA = re.compile(r"\bareas?\b|\[[A-Z]{3}\]")


def whole_number(node: Node) -> int | None:
    """A whole number that is written out."""
    rational = node.number.rational if node.number is not None else None
    return rational if isinstance(rational, int) else None


def factors_of(node: Node) -> list[Node]:
    """The factors of a product."""
    return [*factors_of(node.parts[0]), node.parts[1]] if node.op == "*" else [node]


def _plus(place: Place, node: Node) -> str:
    """The plus sign as the text writes it, with blanks around it or not."""
    return " + " if " + " in place.text[node.start : node.end] else "+"


def _increased_exponents(place: Place, node: Node) -> list[int]:
    """The exponents of a product such as `(3 + 1)(1 + 1)` for the number of divisors; none if it is another product."""
    if node is not place.tree or node.op != "*" or not _DIVISORS.search(place.text + place.solution.question):
        return []
    exponents = []
    for factor in factors_of(node):
        one, other = (whole_number(part) for part in factor.parts) if factor.op == "+" else (None, None)
        if one is None or other != 1:
            return []
        exponents.append(one)
    return exponents


def multiplied_exponents(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    r"""`3 \cdot 2` for `(3 + 1)(2 + 1)`."""
    if node is not place.tree or node.op != "*" or not _DIVISORS.search(place.text + place.solution.question):
        return
    exponents = []
    for factor in factors_of(node):
        one, other = (whole_number(part) for part in factor.parts) if factor.op == "+" else (None, None)
        if one is None or other is None or 1 not in (one, other):
            return
        exponents.append(one + other - 1)
    if sum(exponent > 1 for exponent in exponents) > 1:  # 2 divisors of 90 would be too few for anybody
        why = "For the number of divisors, each exponent is increased by one first; the step multiplies the exponents"
        yield r" \cdot ".join(map(str, exponents)), why


def unwritten_exponent(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    """`(2 + 1)(0 + 1)` for the divisors of 12."""
    exponents = _increased_exponents(place, node)
    if exponents.count(1) == 1 and max(exponents) > 1 and re.search(r"\^\s?\{?1(?!\d)", place.sentences) is None:
        written = "".join(f"({0 if exponent == 1 else exponent}{_plus(place, node)}1)" for exponent in exponents)
        yield written, "A prime that is written without an exponent has the exponent $1$; the step takes $0$"


def added_exponents(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    """`(1 + 1) + (1 + 1) + (1 + 1)` for the divisors of 30."""
    exponents = _increased_exponents(place, node)
    if len(exponents) > 2 and sum(exponent > 1 for exponent in exponents) < 2:
        plus = _plus(place, node)
        written = plus.join(f"({exponent}{plus}1)" for exponent in exponents)
        yield written, "For the number of divisors, the increased exponents are multiplied; the step adds them"


def half_of_triangle(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    r"""`3 \cdot 4` for `\frac{3 \cdot 4}{2}`."""
    if node is not place.tree or node.op not in ("frac", "/") or whole_number(node.parts[1]) != 2:
        return
    above = node.parts[0]
    is_product = above.op == "*" or (above.op == "^" and whole_number(above.parts[1]) == 2)
    if is_product and _AREA.search(place.text) and "triang" in place.text + place.solution.question:
        why = "The area of a triangle is half of base times height; the step leaves out the half"
        yield place.text[above.start : above.end], why


RULES = (multiplied_exponents, unwritten_exponent, added_exponents, half_of_triangle)
