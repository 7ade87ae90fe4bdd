r"""Write a value in the notation of the formula in whose place it stands.

`x^2 + 5x + 6` becomes `x^2 - x + 6`, `\dfrac{3}{4}` becomes `\dfrac{7}{4}`, and `(x + 2)(x + 3)` the factors of the new
polynomial. What was neither multiplied out nor factored nor a number has no form to keep, and is not written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from lemma.algebra.polynomials import (
    ONE,
    Monomial,
    Polynomial,
    Quotient,
    constant,
    divide_exactly,
    letters,
    multiply,
    primitive,
    proportion,
    rational,
    rational_roots,
    scale,
)
from lemma.algebra.trees import (
    DEGREE,
    DIFFERENCE,
    DIVISION,
    GROUP,
    HALF_TURN,
    MINUS,
    NUMBER,
    PI,
    POWER,
    PRODUCT,
    ROOT,
    SUM,
    Node,
    polynomial,
    quotient,
)
from lemma.exceptions import Refusal

_FRACTION_COMMAND = re.compile(r"\\[dtc]?frac")
_MOST_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Notation:
    """How a formula writes: LaTeX or plain text, its command for fractions, and the signs between its terms."""

    latex: bool = True
    fraction: str = r"\frac"
    spaced: bool = True
    decimals: bool = False
    order: tuple[Monomial, ...] = ()
    descending: bool = True
    degrees: bool = False
    """Whether what is a multiple of pi/180 is written in degrees, for an explanation."""

    def number(self, value: Fraction) -> str:
        """A number, with its sign."""
        sign, size = "-" if value < 0 else "", abs(value)
        if size.denominator == 1:
            return f"{sign}{size.numerator}"
        if self.decimals:
            scaled = size * 10**_MOST_DECIMALS
            if scaled.denominator == 1:
                return sign + f"{float(size):.{_MOST_DECIMALS}f}".rstrip("0")
        if self.latex:
            return f"{sign}{self.fraction}{{{size.numerator}}}{{{size.denominator}}}"
        return f"{sign}{size.numerator}/{size.denominator}"

    def sum(self, value: Polynomial) -> str:
        """A polynomial, its terms in the order of the formula."""
        if not value:
            return "0"
        places = {monomial: place for place, monomial in enumerate(self.order)}
        inside = sorted(value, key=lambda monomial: (-_degree(monomial), monomial))
        monomials = sorted(
            inside,
            key=lambda monomial: ((-_degree(monomial) if self.descending else 0, places.get(monomial, len(places)))),
        )
        text = ""
        for monomial in monomials:
            term = self.term(abs(value[monomial]), monomial)
            minus = value[monomial] < 0
            if not text:
                text = f"-{term}" if minus else term
            else:
                text += f" {'-' if minus else '+'} {term}" if self.spaced else f"{'-' if minus else '+'}{term}"
        return text

    def term(self, size: Fraction, monomial: Monomial) -> str:
        """A term without its sign."""
        if self.degrees and monomial == ((PI, 1),):
            return f"{self.number(size * HALF_TURN)}^\\circ"
        radicand, written = 1, ""
        for name, exponent in sorted(monomial, key=lambda pair: self._letter_place(pair[0])):
            if name.startswith("#"):
                radicand *= int(name[1:])
                continue
            raised = "" if exponent == 1 else f"^{exponent}" if exponent < 10 or not self.latex else f"^{{{exponent}}}"
            space = " " if written[-1:].isalpha() and "\\" in written else ""
            written += space + re.sub(r"_(\w{2,})", r"_{\1}", name) + raised
        if radicand > 1:
            if not self.latex:
                raise Refusal("not_written", "a square root in plain text")
            written = rf"\sqrt{{{radicand}}}" + written
        if size == 1 and written:
            return written
        number = self.number(size)
        return f"({number}){written}" if "/" in number and written else number + written

    def _letter_place(self, name: str) -> tuple[int, str]:
        for monomial in self.order:
            for place, (other, _) in enumerate(monomial):
                if other == name and len(monomial) > 1:
                    return place, name
        return 0, name


def _degree(monomial: Monomial) -> int:
    return sum(exponent for name, exponent in monomial if not name.startswith("#"))


def notation_of(text: str, tree: Node | None = None, latex: bool = True) -> Notation:
    """The notation of a formula."""
    command = _FRACTION_COMMAND.search(text)
    order = tuple(expanded(tree) or ()) if tree is not None else ()
    degrees = [_degree(monomial) for monomial in order]
    signs = re.findall(r"(?<=[\w})\]])( ?)[-+] ?(?=[\w\\({])", text)
    return Notation(
        latex=latex,
        fraction=command.group() if command is not None else r"\frac",
        spaced=" " in signs if signs else True,
        decimals=re.search(r"\d\.\d", text) is not None,
        order=order,
        descending=degrees == sorted(degrees, reverse=True),
    )


def in_explanations(text: str, latex: bool = True) -> Notation:
    """The notation of a formula, in which angles stay in degrees if it has them in degrees."""
    return replace(notation_of(text, None, latex), degrees="\\circ" in text)


def terms(tree: Node) -> list[tuple[Node, int]]:
    """The terms of a sum, with their signs."""
    if tree.head in (SUM, DIFFERENCE):
        left, right = tree.args
        return [*terms(left), (right, 1 if tree.head == SUM else -1)]
    if tree.head == MINUS:
        return (
            [(node, -sign) for node, sign in terms(tree.args[0])]
            if tree.args[0].head != GROUP
            else [(tree.args[0], -1)]
        )
    return [(tree, 1)]


def expanded(tree: Node) -> list[Monomial] | None:
    """The monomials of a tree that is multiplied out and collected, in its order; None for any other."""
    found: list[Monomial] = []
    for term, _ in terms(tree.bare if tree.head == GROUP else tree):
        if any(node.head in (SUM, DIFFERENCE, MINUS) for node in term.walk()):
            return None
        if sum(node.head == NUMBER for node in _outside_powers(term)) > (2 if _has_fraction(term) else 1):
            return None
        try:
            value = polynomial(term)
        except Refusal:
            return None
        if len(value) > 1 or (not value and len(terms(tree)) > 1):
            return None
        found += value.keys() or [ONE]
    return found if len(set(found)) == len(found) else None


def _outside_powers(tree: Node) -> list[Node]:
    """The nodes of a term, without exponents and what stands below a root. A power of a number counts as too many."""
    if tree.head == ROOT:
        return [tree]
    if tree.head == POWER:
        return (
            [*_outside_powers(tree.args[0])] if tree.args[0].bare.head != NUMBER else [tree.args[0], tree.args[0]] * 2
        )
    return [tree, *(node for part in tree.args for node in _outside_powers(part))]


def _has_fraction(tree: Node) -> bool:
    for node in tree.walk():
        if node.head == DIVISION:
            top, bottom = node.args[0].bare, node.args[1].bare
            return bottom.head == NUMBER and (top.head != NUMBER or _lowest(top.value, bottom.value))
    return False


def _lowest(top: Fraction, bottom: Fraction) -> bool:
    value = top / bottom if bottom else Fraction(0)
    return top == value.numerator and bottom == value.denominator


def factors(tree: Node) -> list[Node]:
    """The factors of a product."""
    if tree.head == PRODUCT:
        return [*factors(tree.args[0]), *factors(tree.args[1])]
    return [tree]


def is_factored(tree: Node) -> bool:
    """Whether a tree is a product of sums, or a power of one: `2(x + 1)(x - 3)`, `(x + 1)^2`."""
    sums = 0
    for factor in factors(tree.args[0] if tree.head == MINUS else tree):
        base = factor.args[0] if factor.head == POWER else factor
        if base.head == GROUP and base.bare.head in (SUM, DIFFERENCE):
            if expanded(base.bare) is None:
                return False
            sums += 2 if factor.head == POWER else 1
        elif base.bare.head in (SUM, DIFFERENCE, DIVISION, MINUS):
            return False
        elif base.head != NUMBER:
            sums += 1
    return sums >= 2


def write_like(text: str, tree: Node, new: Quotient, latex: bool) -> str | None:
    """A value in the form of the formula in whose place it stands; None if that has no form of its own, or if the value
    has none like it.
    """
    notation = notation_of(text, tree, latex)
    bottom_value = rational(new.denominator)
    whole = Quotient(scale(new.numerator, 1 / bottom_value), constant(1)) if bottom_value else new
    try:
        if DEGREE in text:
            return _in_degrees(notation, tree, new)
        if expanded(tree) is not None:
            exact = as_polynomial(whole)
            return notation.sum(exact) if exact is not None else _fraction(notation, whole)
        if is_factored(tree) and rational(whole.denominator) == 1:
            return _factored(notation, whole.numerator, tree)
        top, bottom = (tree.args[0].args if tree.head == MINUS else tree.args) if _is_fraction(tree) else (None, None)
        if top is not None and bottom is not None and expanded(top) is not None and expanded(bottom) is not None:
            exact = as_polynomial(whole)
            written = notation.sum(exact) if exact is not None else _fraction(notation, whole)
            # 8/2 is not in lowest terms, and no form to keep.
            return written if as_polynomial(quotient(tree)) is None else None
    except Refusal:
        return None
    return None


def _in_degrees(notation: Notation, tree: Node, new: Quotient) -> str | None:
    """An angle in degrees, if the formula is one: `60^\\circ`."""
    monomial = ((PI, 1),)
    if tree.head != PRODUCT or tree.args[1].name != DEGREE or not new.numerator.keys() <= {monomial}:
        return None
    value, bottom = new.numerator.get(monomial, Fraction(0)) * HALF_TURN, rational(new.denominator)
    return None if not bottom else f"{notation.number(value / bottom)}^{DEGREE}"


def _is_fraction(tree: Node) -> bool:
    inner = tree.args[0] if tree.head == MINUS else tree
    return inner.head == DIVISION and inner.name == "frac"


def as_polynomial(value: Quotient) -> Polynomial | None:
    """The value, if the denominator divides the numerator."""
    if rational(value.denominator) is not None:
        return value.numerator
    if any(name.startswith("#") for monomial in value.denominator for name, _ in monomial):
        return None
    return divide_exactly(value.numerator, value.denominator)


def _fraction(notation: Notation, value: Quotient) -> str | None:
    """A fraction of polynomials in one letter, in lowest terms."""
    names = letters(value.numerator) | letters(value.denominator)
    if len(names) != 1 or not notation.latex:
        return None
    name = names.pop()
    top, bottom = value.numerator, value.denominator
    for root in rational_roots(bottom, name):
        factor = {((name, 1),): Fraction(1), **({ONE: -root} if root else {})}
        rest, other = divide_exactly(top, factor), divide_exactly(bottom, factor)
        if rest is not None and other is not None:
            top, bottom = rest, other
    common = proportion(primitive(bottom), bottom)
    if common is None:
        return None
    top, bottom = scale(top, common), scale(bottom, common)
    if any(part.denominator != 1 for part in top.values()):
        return None
    plain = Notation(notation.latex, notation.fraction, notation.spaced)
    return f"{notation.fraction}{{{plain.sum(top)}}}{{{plain.sum(bottom)}}}"


def _factored(notation: Notation, value: Polynomial, tree: Node) -> str | None:
    """The product of linear factors over the rational numbers; None if there is none."""
    names = sorted(letters(value))
    if len(names) != 1 or any(pair[0].startswith("#") for monomial in value for pair in monomial):
        return None
    name = names[0]
    roots = rational_roots(value, name)
    product: Polynomial = constant(1)
    written: list[str] = []
    for root in dict.fromkeys(reversed(roots)):
        factor: Polynomial = {((name, 1),): Fraction(root.denominator)}
        if root:
            factor[ONE] = Fraction(-root.numerator)
        count = roots.count(root)
        for _ in range(count):
            product = multiply(product, factor)
        base = f"({Notation(notation.latex, notation.fraction, notation.spaced).sum(factor)})" if root else name
        written.append(base + (f"^{count}" if count > 1 else ""))
    leading = proportion(value, product)
    if leading is None or len(roots) < 2:
        return None
    written.sort(key=lambda factor: factor.startswith("("))
    front = "" if leading == 1 else "-" if leading == -1 else notation.number(leading)
    return front + "".join(written)


def with_numbers(text: str, edits: Sequence[tuple[int, int, Fraction]], latex: bool) -> str:
    """A text with numbers put in; a negative one, or a fraction, gets brackets if it would be misread."""
    notation = notation_of(text, None, latex)
    for start, end, value in sorted(edits, reverse=True):
        written = notation.number(value)
        before, after = text[:start].rstrip(), text[end:].lstrip()
        bracketed = before[-1:] in "({" and after[:1] in ")}" and before and after
        # A sum may begin with a minus sign, and a side may be a fraction.
        starts = not before and after[:1] != "^"
        if not bracketed and ((value < 0 and not starts) or (value.denominator != 1 and (before or after[:1] == "^"))):
            written = f"({written})"
        text = text[:start] + written + text[end:]
    return text


def value_pairs(old: Node, new: Node) -> Sequence[tuple[Fraction, Fraction]]:
    """The numbers that stand in the same place of two trees of one shape but for their numbers."""
    one, other = old.bare, new.bare
    if one.head == NUMBER and other.head == NUMBER:
        return [(one.value, other.value)]
    if (one.head, one.name, len(one.args)) != (other.head, other.name, len(other.args)):
        return []
    return [pair for left, right in zip(one.args, other.args, strict=True) for pair in value_pairs(left, right)]
