r"""What a wrong formula makes of divisors, digits in another base, and triangles: `(2+1)(0+1)` for 12.

The rules are of the kind that `lemma.injectors.formulas.rules` describes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import isqrt

from lemma.arithmetic.formulas import Node
from lemma.injectors.formulas.places import Place

_DIVISORS = re.compile(r"\b(?:divisors|factors)\b")
_DISTINCT = re.compile(r"\b(?:distinct|different) prime\b")
_AREA = re.compile(r"\bareas?\b|\[[A-Z]{3}\]")
_IN_BASE = re.compile(r"(?<![\d.])(?P<digits>\d{2,8})_\{?(?P<base>\d{1,2})\}?")
_SMALLEST_BASE, _LARGEST_BASE = 2, 10
_TIMES = {2: "twice", 3: "three times"}


def whole_number(node: Node) -> int | None:
    """A whole number that is written out."""
    rational = node.number.rational if node.number is not None else None
    return rational if isinstance(rational, int) else None


def flat(node: Node, sign: str) -> list[Node]:
    """The terms of a sum, or the factors of a product."""
    return [*flat(node.parts[0], sign), node.parts[1]] if node.op == sign else [node]


def _plus(place: Place, node: Node) -> str:
    """The plus sign as the text writes it, with blanks around it or not."""
    return " + " if " + " in place.text[node.start : node.end] else "+"


def _increased_exponents(place: Place, node: Node) -> list[int]:
    """The exponents of a product such as `(3 + 1)(1 + 1)` for the number of divisors; none if it is another product."""
    if node is not place.tree or node.op != "*" or not _DIVISORS.search(place.text + place.solution.question):
        return []
    exponents = []
    for factor in flat(node, "*"):
        one, other = (whole_number(part) for part in factor.parts) if factor.op == "+" else (None, None)
        if one is None or other != 1:
            return []
        exponents.append(one)
    return exponents


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


def prime_counted_twice(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    r"""`2 + 2 + 3` for the distinct primes of `2^2 \cdot 3`."""
    if node is not place.tree or node.op != "+" or not _DISTINCT.search(place.solution.question):
        return
    primes = [whole_number(part) for part in flat(node, "+")]
    if not all(prime is not None and _is_prime(prime) for prime in primes) or len(set(primes)) < len(primes):
        return
    before = place.sentences.replace(place.text[place.chain.start :], "")
    powers = {int(base): int(exponent) for base, exponent in re.findall(r"(?<!\d)(\d{1,3})\^\{?(\d)\}?(?!\d)", before)}
    again = {prime: powers[prime] for prime in primes if prime in powers}
    if again and set(again.values()) <= set(_TIMES):
        written = _plus(place, node).join(str(prime) for prime in primes for _ in range(again.get(prime or 0, 1)))
        names = " and ".join(f"${prime}$ {_TIMES[times]}" for prime, times in again.items())
        yield written, f"Each of the distinct primes counts once; the step adds {names}"


def _is_prime(number: int | None) -> bool:
    return number is not None and number > 1 and all(number % divisor for divisor in range(2, isqrt(number) + 1))


def higher_powers(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    r"""`4 \cdot 5^3 + 1 \cdot 5^2 + 3 \cdot 5^1` for the value of 413 in base 5."""
    found = list(_IN_BASE.finditer(place.text[: node.start])) if node is place.tree and node.op == "+" else []
    if not found or place.text[found[-1].end() : node.start].strip("{}&$ ") != "=":
        return
    digits, base = found[-1]["digits"], int(found[-1]["base"])
    terms = [_digit_and_power(term, base) for term in flat(node, "+")]
    due = [(int(digit), len(digits) - 1 - number) for number, digit in enumerate(digits)]
    shown = [term for term in terms if term is not None]
    if not _SMALLEST_BASE <= base < _LARGEST_BASE or None in terms or [one for one in due if one[0]] != [
        one for one in shown if one[0]
    ]:  # fmt: skip
        return
    dot = "\\times" if "\\times" in place.text[node.start : node.end] else "\\cdot"
    written = _plus(place, node).join(f"{digit} {dot} {base}^{power + 1}" for digit, power in shown)
    yield written, f"The last digit counts ones, which are ${base}^0$; the step begins with ${base}^1$"


def _digit_and_power(term: Node, base: int) -> tuple[int, int] | None:
    r"""The digit and the power of a term: (4, 2) of `4 \cdot 5^2`, (3, 0) of `3`; None if it is none of this base."""
    digit, power = (term.parts[0], term.parts[1]) if term.op == "*" else (term, None)
    size = whole_number(digit)
    if size is None or size >= base:
        return None
    if power is None:
        return size, 0
    if power.op == "^" and whole_number(power.parts[0]) == base:
        exponent = whole_number(power.parts[1])
        return None if exponent is None else (size, exponent)
    return (size, 1) if whole_number(power) == base else None


RULES = (unwritten_exponent, added_exponents, half_of_triangle)
EXPANSIONS = (higher_powers,)
COUNTED = (prime_counted_twice,)
