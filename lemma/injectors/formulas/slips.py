"""The operands and operations are right, the result is not: slips that people make with numbers, powers and roots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import pairwise
from math import factorial

from lemma.arithmetic.carrying import ChainChange
from lemma.arithmetic.chain_solution import ChainSolution
from lemma.arithmetic.formulas import Node, letters_of, parts_of, value
from lemma.arithmetic.numbers import normal
from lemma.arithmetic.surds import NoValue, Surd
from lemma.arithmetic.writing import follow, is_written, known_value, write
from lemma.injectors.calculation_error import digit_slips
from lemma.injectors.formulas.places import Place, Proposed

Slip = tuple[Surd, str]

_LARGEST_BASE = 20
_EASY = 10


def propose(solution: ChainSolution) -> Iterator[Proposed]:
    """One value of a chain that does not follow from the side before it."""
    for index, chain in enumerate(solution.chains[: solution.answer.chain + 1]):
        letters = solution.letters_before(index)
        for number, (before, after) in enumerate(pairwise(chain.sides)):
            if before.formula is None or after.formula is None or after.value is None:
                continue
            tree, known = before.formula.tree, letters if before.value is None else {}
            if chain.relations[number] != "=" or known_value(tree, known) != after.value or tree.op == "letter":
                continue
            if known and not is_written(after.formula.tree):
                continue  # what is put in for letters is no result
            link = follow(tree, after.formula.tree, known)
            for node, source in (link.sources if link is not None else {}).items():
                if not is_written(source) and source.op != "letter":
                    yield from _wrong_results(Place(solution, index, number), node, source, known)


def _wrong_results(place: Place, node: Node, source: Node, letters: Mapping[str, Surd]) -> Iterator[Proposed]:
    seen = {value(node)}
    if place.solution.said_before(place.index, value(node)) is not None:
        return  # whoever has just read the right value does not get it wrong
    for wrong, reason in _slips_of(place, source, letters):
        edits = place.put(node, wrong) if wrong not in seen else ()
        seen.add(wrong)
        if edits:
            change = ChainChange(
                place.index, place.first + 1, {node: wrong}, edits, result=True, with_letters=bool(letters)
            )
            known = ", ".join(f"${name} = {write(letters[name], _PLAIN, '')}$" for name in sorted(letters_of(source)))
            told = f"With {known}, " if known else ""
            yield Proposed(change, f"{told}{_told(place, source, node, wrong)}: {reason}.")


def _told(place: Place, source: Node, node: Node, wrong: Surd) -> str:
    if source.start < 0 or place.text[source.start : source.end].count("(") != place.text[
        source.start : source.end
    ].count(")"):
        shown = place.quoted(place.side.start, place.side.end)
    else:
        shown = place.part(source)
    right = place.part(node)
    return f"{shown} is {right}, not {place.shown(node, wrong)}"


def _slips_of(place: Place, source: Node, letters: Mapping[str, Surd]) -> Iterator[Slip]:
    """Wrong values of a part: by a slip in its last operation, or in one within it."""
    for inner in parts_of(source):
        right = known_value(inner, letters)
        if right is None or not inner.parts or (inner is not source and _is_shown(place, source, inner, letters)):
            continue
        for wrong, reason in _slips(inner, [value(part, letters) for part in inner.parts]):
            if wrong == right:
                continue
            if inner is source:
                yield wrong, reason
                continue
            try:
                found = value(source, letters, {inner: wrong})
            except (NoValue, ValueError, OverflowError):
                continue
            left, taken = write(right, _PLAIN, ""), write(wrong, _PLAIN, "")
            if left is not None and taken is not None and not is_written(inner):
                part = place.part(inner)
                yield found, f"{part} is ${left}$, and the step worked with ${taken}$ ({reason})"


def _is_shown(place: Place, source: Node, inner: Node, letters: Mapping[str, Surd]) -> bool:
    """Whether the text shows that a part was worked out right, or left as it is: it stands there once more, or it is
    one of the fractions of a sum that is a fraction.
    """
    if inner.start >= 0 and place.is_repeated(inner):
        return True
    found = known_value(source, letters)
    return inner.op == "frac" and found is not None and not isinstance(found.rational, int)


_PLAIN = Node("frac", (), 0, 0, name="\\frac")


def _slips(node: Node, parts: list[Surd]) -> Iterator[Slip]:
    rational = [part.rational for part in parts]
    first, second = (*rational, None, None)[:2]
    if node.op in ("+", "-", "*", "/", "frac", "^"):
        if first is None or second is None:
            return
        left, right = Fraction(first), Fraction(second)
        reduced = any(
            part.op == "frac" and isinstance(one, int) for part, one in zip(node.parts, rational, strict=True)
        )
        if node.op in ("+", "-") and reduced and not _whole(left, right):
            return  # the denominators that are written are not those of the values
        if node.op in ("+", "-"):
            yield from _sums(node.op, left, right)
        elif node.op == "^":
            yield from _powers(left, right)
        else:
            yield from _products(node.op, left, right)
    elif node.op == "sqrt" and isinstance(rational[0], int):
        yield from _roots(rational[0])
    elif node.op == "!" and isinstance(rational[0], int) and rational[0] > 3:
        yield Surd(factorial(rational[0] - 1)), "one factor was forgotten"


def _whole(*numbers: Fraction) -> bool:
    return all(number.denominator == 1 for number in numbers)


def _sums(op: str, left: Fraction, right: Fraction) -> Iterator[Slip]:
    result = left + right if op == "+" else left - right
    if left < 0 or right < 0 or result < 0:
        if result < 0 < left:
            yield Surd(normal(-result)), "the sign is lost"
        return  # the wrong sign of a term is another type of error
    if not _whole(left, right):
        if left.denominator != right.denominator:
            above = left.numerator + right.numerator * (1 if op == "+" else -1)
            below = left.denominator + right.denominator if op == "+" else max(left.denominator, right.denominator)
            if above > 0:
                yield Surd(Fraction(above, below)), "the numerators were combined without a common denominator"
        elif op == "+":
            yield (
                Surd(Fraction(left.numerator + right.numerator, 2 * left.denominator)),
                "the denominators were added as well",
            )
        return
    if max(left, right) > _EASY:
        yield from _digits(op, left, right)


def _digits(op: str, left: Fraction, right: Fraction) -> Iterator[Slip]:
    """The slips of written arithmetic."""
    for wrong, reason in digit_slips(op, int(left), int(right)):
        yield Surd(wrong), reason


def _products(op: str, left: Fraction, right: Fraction) -> Iterator[Slip]:
    """Slips in a product or a quotient."""
    if op != "*" and (right == 0 or (right.denominator == 1 and set(str(right)[1:]) == {"0"})):
        return  # nobody divides by ten wrongly
    result = left * right if op == "*" else left / right
    if left < 0 or right < 0:
        yield Surd(normal(-result)), "the sign is wrong"
    elif _whole(left, right):
        if op == "*":
            yield from _digits(op, left, right)
        elif _whole(result):
            yield from _digits("/", left, right)
        elif result.denominator < right:
            common = Fraction(right.numerator, result.denominator)
            yield Surd(Fraction(result.numerator, int(right))), f"only the numerator was divided by ${common}$"
            yield (
                Surd(normal(Fraction(int(left), result.denominator))),
                f"only the denominator was divided by ${common}$",
            )


def _powers(base: Fraction, exponent: Fraction) -> Iterator[Slip]:
    if exponent.denominator != 1 or not 2 <= exponent <= _LARGEST_BASE:
        if exponent < 0 and _whole(exponent) and base != 0 and exponent >= -_LARGEST_BASE:
            yield Surd(normal(base ** int(-exponent))), "the minus sign of the exponent is ignored"
        return
    power = int(exponent)
    result = base**power
    if base < 0:
        yield Surd(normal(-result)), "the sign is wrong"
    if (base not in (0, 1, 2) or power > 2) and base % 10:
        yield Surd(normal(base * power)), "the base was multiplied by the exponent"
    if power > 2 and abs(base) > 1:
        yield Surd(normal(base ** (power - 1))), "one factor was forgotten"
        if abs(base) == 2 and power > 4:
            yield Surd(normal(base ** (power + 1))), "there is one factor too many"
    if not _whole(base) and power == 2:
        yield Surd(normal(Fraction(base.numerator**2, base.denominator))), "only the numerator was squared"
    if power == 2 and _whole(base) and 10 < base <= 99:
        tens, ones = divmod(int(base), 10)
        if ones:
            yield Surd(100 * tens * tens + ones * ones), "the two digits were squared one by one"


def _roots(radicand: int) -> Iterator[Slip]:
    root = Surd.root(radicand)
    whole = root.rational
    if isinstance(whole, int) and whole > 1:
        if radicand % 2 == 0:
            yield Surd(radicand // 2), "half of the number was taken and not its square root"
        if whole > 5:
            yield Surd(whole + 1), f"the square of ${whole + 1}$ is ${(whole + 1) ** 2}$"
            yield Surd(whole - 1), f"the square of ${whole - 1}$ is ${(whole - 1) ** 2}$"
        return
    if len(root.terms) == 1:
        ((unit, factor),) = root.terms.items()
        if factor.denominator == 1 and factor > 1:
            outside = int(factor)
            yield (
                Surd({unit: Fraction(outside * outside)}),
                f"${outside * outside}$ was taken out of the root without taking its own root",
            )
