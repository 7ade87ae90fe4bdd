"""What a number was computed from, as one integer: two computations have the same fingerprint when they are the same
function of the numbers they start from, and, but for a chance of 1 in 2^60, only then.

    >>> same = fingerprint(12) * fingerprint(2) % MODULUS == fingerprint(24)
    >>> other = (fingerprint(20) + fingerprint(4)) % MODULUS == fingerprint(24)
    >>> same, other
    (True, False)

Every prime stands for a random element of a finite field. Products and quotients keep their meaning whatever the
numbers (75/100 is 0.75, 2 * 12 may be done in the head), while sums that only happen to agree do not: 24 as 20 + 4 is
another number than 24 as 2 * 12. This is identity testing by random evaluation (Schwartz 1980).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import combinations

from lemma.arithmetic.expressions import Expression
from lemma.arithmetic.numbers import Value

MODULUS = (1 << 61) - 1
_LARGEST_TRIAL = 2000
_MOST_TERMS = 9

# A sum of products: factors by term. Signs are factors too.
Terms = list[tuple[int, ...]]
_MINUS = MODULUS - 1


@cache
def _of_prime(prime: int) -> int:
    return random.Random(f"prime {prime}").randrange(2, MODULUS)


def _of_natural(number: int) -> int:
    product, divisor = 1, 2
    while divisor * divisor <= number and divisor < _LARGEST_TRIAL:
        while number % divisor == 0:
            product = product * _of_prime(divisor) % MODULUS
            number //= divisor
        divisor += 1
    return product * _of_prime(number) % MODULUS if number > 1 else product


@cache
def fingerprint(value: Value) -> int:
    """The fingerprint of a number that is given."""
    if value == 0:
        return 0
    whole = _of_natural(abs(value.numerator)) * inverse(_of_natural(value.denominator)) % MODULUS
    return whole if value > 0 else -whole % MODULUS


def inverse(element: int) -> int:
    """One divided by an element; 0 for 0, which is no result of any solution."""
    return pow(element, MODULUS - 2, MODULUS)


def computed(tree: Expression, leaves: Sequence[int]) -> int:
    """The fingerprint of an expression whose leaves have these fingerprints."""
    if isinstance(tree, int):
        return leaves[tree]
    left, right = computed(tree.left, leaves), computed(tree.right, leaves)
    if tree.operator == "+":
        return (left + right) % MODULUS
    if tree.operator == "-":
        return (left - right) % MODULUS
    if tree.operator == "*":
        return left * right % MODULUS
    if tree.operator == "/":
        return left * inverse(right) % MODULUS
    return hash((left, right)) % MODULUS  # a power is only itself


def expand(tree: Expression, leaves: Sequence[Terms]) -> Terms | None:
    """An expression multiplied out, with sums for its leaves; None where that is too long, or a power."""
    if isinstance(tree, int):
        return leaves[tree]
    left, right = expand(tree.left, leaves), expand(tree.right, leaves)
    if left is None or right is None:
        return None
    terms = _combined(tree.operator, left, right)
    return terms if terms and len(terms) <= _MOST_TERMS and max(map(len, terms)) <= _MOST_TERMS else None


def _combined(operator: str, left: Terms, right: Terms) -> Terms:
    if operator == "+":
        return left + right
    if operator == "-":
        return left + [(_MINUS, *term) for term in right]
    if operator == "*":
        return [one + other for one in left for other in right]
    if operator == "/" and len(right) == 1:
        return [term + tuple(map(inverse, right[0])) for term in left]
    return [(*term, inverse(sum(map(product_of, right)) % MODULUS)) for term in left] if operator == "/" else []


def product_of(factors: Sequence[int]) -> int:
    """The product of some factors."""
    product = 1
    for factor in factors:
        product = product * factor % MODULUS
    return product


def partial_sums(terms: Terms) -> Iterator[int]:
    """What comes of adding some of the terms."""
    values = [product_of(term) for term in terms]
    for count in range(1, len(values) + 1):
        for chosen in combinations(values, count):
            yield sum(chosen) % MODULUS


def partial_products(terms: Terms) -> Iterator[int]:
    """What comes of multiplying some of the factors of a term."""
    for term in terms:
        factors = [factor for factor in term if factor != _MINUS]
        for count in range(1, len(factors) + 1):
            yield from map(product_of, combinations(factors, count))


def without_common_factor(terms: Terms) -> Iterator[int]:
    """What comes of the sums when a factor that all terms share is left for later."""
    if not 1 < len(terms) <= 6:
        return
    common = Counter(terms[0])
    for term in terms[1:]:
        common &= Counter(term)
    for factor in common:
        shorter = []
        for term in terms:
            rest = list(term)
            rest.remove(factor)
            shorter.append(tuple(rest))
        yield from partial_sums(shorter)
