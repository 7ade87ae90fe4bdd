r"""Values as a LaTeX solution writes them, and how one side of a chain follows from the side before.

    >>> write(Surd.root(12) / Surd(5), parse(r"\dfrac{\sqrt{3}}{2}"), r"\dfrac{\sqrt{3}}{2}")
    '\\dfrac{2\\sqrt{3}}{5}'

A side is worked out from the one before if it is the same but for parts that were replaced by their values. These
parts, and what they come from, are what a change is carried through.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from lemma.arithmetic.formulas import Node, value
from lemma.arithmetic.numbers import FRAC, PLAIN, NumberStyle, decimals_needed, parse_plain, render
from lemma.arithmetic.surds import NoValue, Surd, Unit

_LONGEST_DECIMALS = 4
_LARGEST = 10**9
_MOST_TERMS = 12
_PLAIN = Node("frac", (), 0, 0, name=FRAC)


def is_written(node: Node) -> bool:
    r"""Whether a part is a value written out: `5`, `-\frac{3}{4}`, `2\sqrt{3}`, `1 + 2i`, but not `3 + 4` or `6/4`."""
    if node.op in ("+", "-"):
        return all(map(_is_monomial, _addends(node))) and _terms(node) == len(list(_addends(node)))
    return _is_monomial(node)


def _terms(node: Node) -> int:
    try:
        return len(value(node).terms)
    except NoValue:
        return 0


def _addends(node: Node) -> Iterator[Node]:
    if node.op in ("+", "-"):
        yield from _addends(node.parts[0])
        yield node.parts[1]
    else:
        yield node


def _is_monomial(node: Node) -> bool:
    if node.op == "neg":
        return node.parts[0].op != "neg" and _is_monomial(node.parts[0])
    if node.op == "%":
        return node.parts[0].op == "num"
    if node.op not in ("frac", "/"):
        return node.op == "mixed" or _is_factor(node)
    above, below = node.parts
    divisor = below.number.rational if below.op == "num" and below.number is not None else None
    if not _is_factor(above) or not isinstance(divisor, int) or divisor < 2:
        return False
    return all(term.denominator == divisor for term in value(node).terms.values())


def _is_factor(node: Node) -> bool:
    """A number, a root in lowest terms, pi, i, and such with a number before them."""
    if node.op == "*" and node.sign is None:
        first, second = node.parts
        alike = first.op == second.op or first.op not in ("num", "sqrt")
        return not alike and second.op in ("sqrt", "pi", "i") and _is_factor(first) and _is_factor(second)
    if node.op != "sqrt":
        return node.op in ("num", "pi", "i")
    root = known_value(node) if node.parts[0].op == "num" else None
    return root is not None and root.rational is None and set(root.terms.values()) == {Fraction(1)}


def written_parts(tree: Node) -> Iterator[Node]:
    """The parts of a formula that are values written out, each as large as possible."""
    if is_written(tree):
        yield tree
    else:
        for part in tree.parts:
            yield from written_parts(part)


def known_value(node: Node, letters: Mapping[str, Surd] | None = None) -> Surd | None:
    """The value of a part; None if it has none."""
    try:
        return value(node, letters)
    except (NoValue, ValueError, OverflowError):
        return None


def in_latex(new: Surd) -> str | None:
    r"""A value for an explanation: `-\frac{1}{2}`; None if it can't be written."""
    return write(new, _PLAIN, "")


def write(new: Surd, like: Node, text: str) -> str | None:
    """A value in the form of a part of a text; None if it can't be written so."""
    largest = max((max(abs(term.numerator), term.denominator) for term in new.terms.values()), default=0)
    inner, rational = like.parts[0] if like.op == "neg" else like, new.rational
    if largest > _LARGEST or inner.op == "%" or (inner.op == "mixed" and not isinstance(rational, int)):
        return None
    parsed = parse_plain(text[inner.start : inner.end]) if inner.op == "num" else None
    if parsed is not None and rational is not None:
        style = parsed[1]
        needed = decimals_needed(rational, max(_LONGEST_DECIMALS, style.decimals + 1 if style.decimals else 0))
        sign, positive = "-" * (rational < 0), -rational if rational < 0 else rational
        if style.decimals:
            style = NumberStyle(PLAIN, needed or 0, style.separator, style.leading_zero)
            return None if needed is None else sign + str(render(positive, style))
        if isinstance(rational, int):
            return sign + str(render(positive, style))
    if inner.op == "frac" and rational is not None and inner.parts and not _is_monomial(inner):
        below = inner.parts[1].number.rational if inner.parts[1].number is not None else None
        if isinstance(below, int) and (rational * below).denominator == 1:
            return f"{inner.name}{{{rational * below}}}{{{below}}}"  # with the same denominator
    command = "/" if inner.op == "/" else inner.name if inner.op == "frac" else FRAC
    pieces = [_monomial(factor, unit, command) for unit, factor in sorted(new.terms.items())]
    if None in pieces:
        return None
    return " + ".join(filter(None, pieces)).replace("+ -", "- ") or "0"


def _monomial(factor: Fraction, unit: Unit, command: str) -> str | None:
    if unit.pi not in (0, 1, 2):
        return None
    root = f"\\sqrt{{{unit.radicand}}}" if unit.radicand > 1 else ""
    symbols = root + ("", "\\pi", "\\pi^2")[unit.pi] + "i" * unit.imaginary
    sign, above = "-" if factor < 0 else "", abs(factor.numerator)
    numerator = f"{above if above != 1 or not symbols else ''}{symbols}"
    if factor.denominator == 1:
        return sign + numerator
    if command == "/" and not symbols:
        return f"{sign}{numerator}/{factor.denominator}"
    return f"{sign}{FRAC if command == '/' else command}{{{numerator}}}{{{factor.denominator}}}"


@dataclass(frozen=True, slots=True)
class Link:
    """How a side follows from the one before: for each value written out, the part it comes from, and the operations
    that both have in the same place.
    """

    sources: dict[Node, Node]
    shared: dict[Node, Node]


def follow(before: Node, after: Node, letters: Mapping[str, Surd] | None = None) -> Link | None:
    """How a side follows from the one before; None if it can't be told. Letters may be replaced by their values."""
    link = Link({}, {})
    return link if _follow(before, after, letters or {}, link) else None


def _follow(before: Node, after: Node, letters: Mapping[str, Surd], link: Link) -> bool:
    if after.op == "letter":
        return before.op == "letter" and before.name == after.name
    if is_written(after):
        found = known_value(before, letters)
        if found is not None and found == value(after):
            link.sources[after] = before
            return True
    sources, shared = dict(link.sources), dict(link.shared)
    if after.op == "frac" and all(part.op == "num" for part in after.parts):
        found = known_value(before, letters)
        if found is not None and found == known_value(after):
            link.sources[after] = before  # 1/5 = 3/15
            return True
    if _same_shape(before, after) and all(
        _follow(one, other, letters, link) for one, other in zip(before.parts, after.parts, strict=True)
    ):
        link.shared[before] = after
        return True
    for group in (("+", "-"), ("*",)):
        _restore(link, sources, shared)
        if before.op in group and after.op in group and _follow_terms(before, after, letters, link, group):
            return True
    _restore(link, sources, shared)
    joined = _one_fraction(before) if after.op == "frac" else None
    return joined is not None and _follow(joined, after, letters, link)


def _one_fraction(node: Node) -> Node | None:
    """A product of two fractions, or a sum of fractions with the same denominator, as one fraction."""
    if node.op not in ("*", "+", "-"):
        return None
    first, last = node.parts
    first = _one_fraction(first) or first
    if first.op not in ("frac", "/") or last.op not in ("frac", "/"):
        return None
    above = Node(node.op, (first.parts[0], last.parts[0]), node.start, node.end)
    if node.op == "*":
        below = Node("*", (first.parts[1], last.parts[1]), node.start, node.end)
        return Node("frac", (above, below), node.start, node.end, name=FRAC)
    alike = first.parts[1].number is not None and first.parts[1].number == last.parts[1].number
    return Node("frac", (above, last.parts[1]), node.start, node.end, name=FRAC) if alike else None


def _restore(link: Link, sources: Mapping[Node, Node], shared: Mapping[Node, Node]) -> None:
    for kept, now in ((sources, link.sources), (shared, link.shared)):
        for key in set(now) - set(kept):
            del now[key]


def _same_shape(before: Node, after: Node) -> bool:
    divisions = ("frac", "/")
    same = before.op == after.op or (before.op in divisions and after.op in divisions)
    return (
        same
        and bool(before.parts)
        and len(before.parts) == len(after.parts)
        and before.name.strip("\\dt") == (after.name.strip("\\dt"))
    )


def _flat(node: Node, group: tuple[str, ...], sign: str) -> Iterator[tuple[str, Node]]:
    """The terms of a sum, or the factors of a product, each with the sign before it."""
    if node.op in group:
        yield from _flat(node.parts[0], group, sign)
        yield (node.op, node.parts[1])
    elif node.op == "neg" and "+" in group:
        yield ("-", node.parts[0])
    else:
        yield (sign, node)


def _follow_terms(before: Node, after: Node, letters: Mapping[str, Surd], link: Link, group: tuple[str, ...]) -> bool:
    """Whether the terms of a side come from the terms of the one before, neighbors of which were put together."""
    first = group[0]
    old, new = list(_flat(before, group, first)), list(_flat(after, group, first))
    if len(new) > len(old) or len(old) > _MOST_TERMS:
        return False
    place = 0
    for sign, term in new:
        if place >= len(old):
            return False
        if old[place][0] == sign and _follow(old[place][1], term, letters, link):
            place += 1
            continue
        joined = _joined(old[place:], sign, term, letters, first)
        if joined is None:
            return False
        link.sources[term], taken = joined
        place += taken
    return place == len(old)


def _joined(
    terms: list[tuple[str, Node]], sign: str, result: Node, letters: Mapping[str, Surd], first: str
) -> tuple[Node, int] | None:
    """The first terms whose sum or product a value is, as one part, and how many they are."""
    if not is_written(result):
        return None
    tree: Node | None = None
    for count, (own, term) in enumerate(terms, 1):
        start = Node("neg", (term,), term.start, term.end) if own == "-" else term
        tree = start if tree is None else Node(own, (tree, term), tree.start, term.end)
        signed = Node("neg", (tree,), tree.start, tree.end) if sign == "-" else tree
        # One term may change its sign only: `+ 3(-2)` becomes `- 6`.
        if (count > 1 or own != sign) and known_value(signed, letters) == value(result):
            return signed, count
    return None
