r"""A formula is used in place of the one that applies: arrangements for combinations, `(a+b)^2 = a^2 + b^2`, ...

Each rule sees one part of the first side of a chain and yields what the wrong formula makes of it, and why it is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from math import isqrt

from lemma.arithmetic.carrying import ChainChange
from lemma.arithmetic.formulas import Node, Unreadable, parse, parts_of
from lemma.arithmetic.propagation import Edit
from lemma.arithmetic.writing import known_value
from lemma.injectors.formulas import count_rules
from lemma.injectors.formulas.count_rules import factors_of, whole_number
from lemma.injectors.formulas.places import Place, Proposed

_ARRANGED = re.compile(
    r"\b(?:arrang\w*|orders?|ordering\w*|ways|seats?|permut\w*|line up|rearrang\w*)\b", re.IGNORECASE
)
_ROUND = re.compile(r"\b(?:circle|circular|round|necklace|bracelet|rows?|lines?|shel[fv]\w*)\b", re.IGNORECASE)
_LETTERS = re.compile(r"\b(?:letters?|words?|digits?|numbers?)\b", re.IGNORECASE)
_AVERAGE = re.compile(r"\b(?:average|mean|midpoint)\b", re.IGNORECASE)
_QUADRATIC = re.compile(r"\b(?:discriminant|quadratic|roots?)\b", re.IGNORECASE)

_VIETA = re.compile(r"Vieta|sum of the (?:roots|solutions)")
_SEQUENCE = re.compile(r"\barithmetic (?:sequence|progression)|\bterm\b")

_DRAWN = re.compile(
    r"\b(?:without replacement|dr[ae]wn?|draws|chosen|chooses?|selected|selects?|picks?|picked|removed?)\b",
    re.IGNORECASE,
)
_MULTIPLE = re.compile(r"\b(?:least|lowest|smallest) common (?:multiple|denominator)|\blcm\b", re.IGNORECASE)
_DIVISOR = re.compile(r"\bgreatest common (?:divisor|factor)|\b(?:gcd|gcf)\b", re.IGNORECASE)

Rule = Callable[[Place, Node], Iterator[tuple[str, str]]]


def propose(place: Place) -> Iterator[Proposed]:
    """What a wrong formula makes of each part of the first side."""
    yield from by_rules(place, (*_RULES, *count_rules.RULES))


def no_cross_term(place: Place) -> Iterator[Proposed]:
    """The one square of a sum that the first side has, squared term by term."""
    if sum(any(_square_of_sum(place, node)) for node in place.parts) == 1:
        yield from by_rules(place, (_square_of_sum,))


def by_rules(place: Place, rules: Sequence[Rule]) -> Iterator[Proposed]:
    """What the wrong formulas of some rules make of each part of the first side."""
    for node in () if place.shows_formula else place.parts:
        if node in place.formula or not node.parts or place.is_repeated(node):
            continue
        for rule in rules:
            for written, why in rule(place, node):
                try:
                    form = parse(written, place.solution.complex_numbers)
                except Unreadable:
                    continue
                if known_value(form) in (None, known_value(node)):
                    continue
                weak = form.op in ("+", "-", "neg", "*") and node is not place.tree
                shown = f"({written})" if weak else written
                change = ChainChange(place.index, place.first, {node: form}, (Edit(node.start, node.end, shown),))
                yield Proposed(change, f"{why}. It should be {place.worked}.")


def _text(place: Place, node: Node) -> str:
    """The text of a part, in brackets if it is a sum."""
    shown = place.text[node.start : node.end]
    return f"({shown})" if node.op in ("+", "-", "neg") else shown


def _arrangements(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    """`7 \\cdot 6` for `\\binom{7}{2}`."""
    if node.op != "binom" or "binomial" in place.text or "combination" in place.text:
        return  # the words say which formula it is
    of, taken = (whole_number(part) for part in node.parts)
    if of is not None and taken is not None and 2 <= taken <= 3 < of:
        why = "Where the order does not matter, combinations are counted; the step counts arrangements"
        yield " \\cdot ".join(str(of - number) for number in range(taken)), why


def _in_a_circle(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    """`5!` for `6!`."""
    of = whole_number(node.parts[0]) if node.op == "!" else None
    if of is None or of < 4 or not _ARRANGED.search(place.text + place.solution.question):
        return
    sides = (side.formula for chain in place.solution.chains for side in chain.sides if side.formula is not None)
    if len({known_value(part) for formula in sides for part in parts_of(formula.tree) if part.op == "!"}) > 1:
        return  # whoever counts one of several arrangements in a row right counts all so
    if not _ROUND.search(place.solution.question) and not _LETTERS.search(place.solution.question):
        yield f"{of - 1}!", f"The step counts arrangements in a circle; those in a row are ${of}!$"


def _product_of_powers(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    """`2^{12}` for `2^3 \\cdot 2^4`."""
    if node.op != "*" or node.sign is None or any(part.op != "^" for part in node.parts):
        return
    (base, one), (second, other) = (part.parts for part in node.parts)
    exponents = whole_number(one), whole_number(other)
    if base.number is not None and second.number == base.number and None not in exponents:
        product = int(exponents[0] or 0) * int(exponents[1] or 0)
        why = "In a product of powers the exponents are added; the step multiplies them"
        yield f"{_text(place, base)}^{{{product}}}", why


def _square_of_sum(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    """`3^2 + 4^2` for `(3 + 4)^2`."""
    if node.op != "^" or whole_number(node.parts[1]) != 2 or node.parts[0].op not in ("+", "-"):
        return
    inner = node.parts[0]
    first, last = inner.parts
    if first.op in ("+", "-") or place.text[node.start] != "(":
        return
    shown = [
        f"{place.text[one.start : one.end]}^2" if one.op == "num" else f"({place.text[one.start : one.end]})^2"
        for one in (first, last)
    ]
    squared = place.quoted(node.start, node.parts[1].start).replace("^{", "").rstrip("^$ {") + "$"
    why = f"Squaring {squared} term by term leaves out the cross term"
    yield f"{shown[0]} {inner.op} {shown[1]}", why


def _root_of_sum(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    """`3 + 4`, or the root of a difference, for the root of `3^2 + 4^2`."""
    if node.op != "sqrt" or node.parts[0].op not in ("+", "-"):
        return
    inner = node.parts[0]
    first, last = inner.parts
    if first.op != "^" or last.op != "^" or whole_number(first.parts[1]) != 2 or whole_number(last.parts[1]) != 2:
        return
    bases = [part.parts[0] for part in (first, last)]
    if all(base.op == "num" for base in bases):
        roots = [place.text[base.start : base.end] for base in bases]
        kind = "sum" if inner.op == "+" else "difference"
        yield f"{roots[0]} {inner.op} {roots[1]}", f"The root of a {kind} is not the {kind} of the roots"
    turned, names = ("-", ("added", "subtracts")) if inner.op == "+" else ("+", ("subtracted", "adds"))
    shown = [place.text[part.start : part.end] for part in (first, last)]
    why = f"The squares have to be {names[0]}; the step {names[1]} them"
    yield f"\\sqrt{{{shown[0]} {turned} {shown[1]}}}", why


def _first_numbers(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    """`\\frac{n(n-1)}{2}` for `\\frac{n(n+1)}{2}`, and the reverse."""
    if node.op not in ("frac", "/") or node.parts[0].op != "*" or whole_number(node.parts[1]) != 2:
        return
    one, other = (whole_number(part) for part in node.parts[0].parts)
    if one is None or other is None or abs(one - other) != 1:
        return
    wrong = 2 * one - other
    names = ("n(n+1)/2", "n(n-1)/2") if other > one else ("n(n-1)/2", "n(n+1)/2")
    if wrong > 1:
        yield (
            f"\\frac{{{one}\\cdot {wrong}}}{{2}}",
            f"The formula is ${names[0]}$ with $n = {one}$; the step uses ${names[1]}$",
        )


def _sum_for_average(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    """`3 + 5 + 10` for a third of it."""
    if node.op not in ("frac", "/") or node.parts[0].op != "+" or not _AVERAGE.search(place.text):
        return
    if place.chain.in_tuple:
        return  # the other place of the pair would show the average
    terms, inner = 1, node.parts[0]
    while inner.op == "+":
        terms, inner = terms + 1, inner.parts[0]
    above, average = known_value(node.parts[0]), known_value(node)
    is_larger = above is None or average is None or (above.approximate or 0) > (average.approximate or 0)
    if whole_number(node.parts[1]) == terms and not is_larger:  # nobody takes what is above all terms for their average
        why = "An average is the sum divided by the count; the step takes the sum"
        yield place.text[node.parts[0].start : node.parts[0].end], why


def _discriminant(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    """`b^2 + 4ac` for `b^2 - 4ac`."""
    if node.op != "-" or node.parts[0].op != "^" or whole_number(node.parts[0].parts[1]) != 2 or node.sign is None:
        return
    product = node.parts[1]
    while product.op == "*":
        product = product.parts[0]
    if (
        whole_number(product) == 4
        and node.parts[1].op == "*"
        and _QUADRATIC.search(place.text + place.solution.question)
    ):
        shown = f"{place.text[node.start : node.sign[0]]}+{place.text[node.sign[1] : node.end]}"
        yield shown, "The discriminant is $b^2 - 4ac$; the step uses $b^2 + 4ac$"


def _angles_of_polygon(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    """`180 \\cdot 5` for `180(5 - 2)`."""
    if node.op != "*" or "angle" not in place.text + place.solution.question:
        return
    first, last = node.parts
    less, full = (last, first) if whole_number(first) == 180 else (first, last)
    sides = whole_number(less.parts[0]) if less.op == "-" and whole_number(less.parts[1]) == 2 else None
    if whole_number(full) == 180 and sides is not None and sides > 3:
        why = f"The angles of a polygon with ${sides}$ sides add up to $180({sides}-2)$ degrees"
        why += "; the step takes $180$ for each side"
        yield f"180\\cdot {sides}", why


def _circle(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    """The circumference for the area of a circle."""
    if node.op != "*":
        return
    first, last = node.parts
    radius, pi = (first, last) if last.op == "pi" else (last, first)
    if (
        pi.op == "pi"
        and radius.op == "^"
        and whole_number(radius.parts[1]) == 2
        and whole_number(radius.parts[0]) not in (2, None)
    ):
        why = "The area of a circle is $\\pi r^2$; the step works out the circumference $2\\pi r$"
        yield f"2\\pi \\cdot {whole_number(radius.parts[0])}", why


def _triangle(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    """Base times height without the half."""
    if (
        node.op != "*"
        or not re.search(r"area|\[[A-Z]{3}\]", place.text)
        or "triang" not in place.text + place.solution.question
    ):
        return
    inner = node
    while inner.op == "*" and inner.parts[0].op == "*":
        inner = inner.parts[0]
    half = inner.parts[0] if inner.op == "*" else inner
    if half.op == "frac" and [whole_number(part) for part in half.parts] == [1, 2] and node is place.tree:
        rest = re.sub(r"^\s*\\(?:cdot|times)(?![a-zA-Z])\s*", "", place.text[half.end : node.end])
        yield rest, "The area of a triangle is half of base times height; the step leaves out the half"


def _slope(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    """Run over rise."""
    if node.op == "frac" and "slope" in place.text and all(part.op == "-" for part in node.parts):
        above, below = (place.text[part.start : part.end] for part in node.parts)
        yield (
            f"{node.name}{{{below}}}{{{above}}}",
            "A slope is the rise over the run; the step divides the run by the rise",
        )


def _power_of_power(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    """`2^{7}` for `(2^3)^4`."""
    if node.op != "^" or node.parts[0].op != "^" or node.parts[0].parts[0].op != "num":
        return
    inner, outer = whole_number(node.parts[0].parts[1]), whole_number(node.parts[1])
    if inner is not None and outer is not None and inner + outer != inner * outer:
        why = "For a power of a power the exponents are multiplied; the step adds them"
        yield f"{_text(place, node.parts[0].parts[0])}^{{{inner + outer}}}", why


def _root_of_squares(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    """`5 - 3` for the root of `25 - 9`."""
    if node.op != "sqrt" or node.parts[0].op not in ("+", "-"):
        return
    found = [whole_number(part) for part in node.parts[0].parts]
    roots = [isqrt(number) for number in found if number is not None and number > 0]
    if len(roots) == len(found) == 2 and [root * root for root in roots] == found:
        kind = "sum" if node.parts[0].op == "+" else "difference"
        yield f"{roots[0]} {node.parts[0].op} {roots[1]}", f"The root of a {kind} is not the {kind} of the roots"


def _added_fractions(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    """`\\frac{1 + 2}{5 + 3}` for `\\frac{1}{5} + \\frac{2}{3}`."""
    if node.op != "+" or any(part.op != "frac" for part in node.parts):
        return
    (above, below), (other, divisor) = (part.parts for part in node.parts)
    numbers = [whole_number(part) for part in (above, below, other, divisor)]
    if None not in numbers and numbers[1] != numbers[3]:
        why = "Fractions are added over a common denominator; the step adds the numerators and the denominators"
        yield f"\\frac{{{numbers[0]} + {numbers[2]}}}{{{numbers[1]} + {numbers[3]}}}", why


def _by_a_fraction(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    """`12 \\cdot \\frac{3}{2}` for `12` divided by it."""
    if node.op in ("frac", "/") and node.parts[1].op == "frac" and node.parts[0].op in ("num", "frac"):
        first, last = (place.text[part.start : part.end] for part in node.parts)
        why = "To divide by a fraction is to multiply by its reciprocal; the step multiplies by the fraction itself"
        yield f"{first} \\cdot {last}", why


def _half_of_difference(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    """Half of a difference for a midpoint."""
    if node.op != "frac" or node.parts[0].op != "+" or whole_number(node.parts[1]) != 2 or "midpoint" not in place.text:
        return
    if place.chain.in_tuple:
        return  # the other place of the pair would show the sum
    first, last = node.parts[0].parts
    if first.op == last.op == "num":
        shown = [place.text[part.start : part.end] for part in (last, first)]
        why = "A midpoint is half of the sum of the ends; the step takes half of their difference"
        yield f"{node.name}{{{shown[0]} - {shown[1]}}}{{2}}", why


def _geometric_series(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    """`\\frac{a}{1 + r}` for `\\frac{a}{1 - r}`."""
    if node.op != "frac" or node.parts[1].op != "-" or whole_number(node.parts[1].parts[0]) != 1:
        return
    if re.search(r"geometric|series", place.text + place.solution.question):
        above, ratio = (place.text[part.start : part.end] for part in (node.parts[0], node.parts[1].parts[1]))
        why = "The sum of a geometric series is $a/(1-r)$; the step uses $a/(1+r)$"
        yield f"{node.name}{{{above}}}{{1 + {ratio}}}", why


def _sum_of_roots(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    """`\\frac{b}{a}` for `-\\frac{b}{a}`."""
    if node.op == "neg" and node.parts[0].op == "frac" and node is place.tree and _VIETA.search(place.text):
        yield (
            place.text[node.parts[0].start : node.parts[0].end],
            ("By Vieta's formulas, the sum of the roots is $-b/a$; the step uses $b/a$"),
        )


def _term_of_sequence(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    """`a + nd` for `a + (n-1)d`."""
    if node.op != "*" or not _SEQUENCE.search(place.text + place.solution.question):
        return
    if not any(outer.op == "+" and node in outer.parts for outer in place.parts):
        return
    for part, other in (node.parts, node.parts[::-1]):
        count = whole_number(part)
        if (
            count is not None
            and count > 1
            and re.search(rf"(?<!\d){count + 1}(?:th|st|nd|rd|\^|\$\^)", place.solution.question)
        ):
            shown = [str(count + 1), place.text[other.start : other.end]]
            factors = shown if part is node.parts[0] else shown[::-1]
            why = "The $n$-th term of an arithmetic sequence is $a + (n-1)d$; the step uses $a + nd$"
            yield " \\cdot ".join(factors), why


def _solid(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    """The volume of a cylinder for that of a cone, and of a prism for that of a pyramid."""
    name = re.search(r"\b(cone|pyramid|tetrahedron)\b", place.text + place.solution.question)
    half = node
    while half.op == "*":
        half = half.parts[0]
    third = half.op == "frac" and [whole_number(part) for part in half.parts] == [1, 3]
    if node.op == "*" and node is place.tree and third and name is not None:
        rest = re.sub(r"^\s*\\(?:cdot|times)(?![a-zA-Z])\s*", "", place.text[half.end : node.end])
        yield rest, f"The volume of a {name.group()} is a third of base times height; the step leaves out the third"


def _common_multiple(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    r"""`2^2 \cdot 3` for `2^4 \cdot 3` as the least common multiple, or the other way around for a common divisor."""
    is_multiple = _MULTIPLE.search(place.text) is not None
    if node is not place.tree or node.op != "*" or is_multiple == (_DIVISOR.search(place.text) is not None):
        return
    before = place.sentences.replace(place.text[place.chain.start :], "")
    for factor in factors_of(node):
        if factor.op != "^":
            continue
        base, exponent = (whole_number(part) for part in factor.parts)
        powers = {
            int(match[1] or match[2] or 1)
            for match in re.finditer(rf"(?<![\d^{{]){base}(?!\d)(?:\^(?:\{{(\d{{1,2}})\}}|(\d)))?", before)
        }
        if base is None or exponent is None or exponent not in powers or len(powers) < 2:
            continue
        wrong = min(powers) if is_multiple else max(powers)
        if wrong != exponent:
            shown = str(base) if wrong == 1 else f"{base}^{{{wrong}}}" if wrong > 9 else f"{base}^{wrong}"
            due, name = ("highest", "least common multiple") if is_multiple else ("lowest", "greatest common divisor")
            why = f"The {name} has the {due} power of ${base}$, which is ${place.text[factor.start : factor.end]}$"
            start, end = factor.start - node.start, factor.end - node.start
            whole = place.text[node.start : node.end]
            yield f"{whole[:start]}{shown}{whole[end:]}", f"{why}; the step takes ${shown}$"


def _put_back(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    r"""`\frac{4}{52} \cdot \frac{4}{52}` for two cards that are drawn one after the other."""
    if node.op != "*" or any(part.op not in ("frac", "/") for part in node.parts) or not _DRAWN.search(place.sentences):
        return
    above, below, taken, left = (whole_number(part) for fraction in node.parts for part in fraction.parts)
    if above is None or below is None or left != below - 1 or taken not in (above, above - 1):
        return
    first, last = (place.text[part.start : part.end] for part in node.parts)
    why = f"The second one is drawn from what is left, which is ${last}$; the step draws as if the first were put back"
    yield f"{first} \\cdot {first}", why


def _diagonals(place: Place, node: Node) -> Iterator[tuple[str, str]]:
    r"""`\frac{7 \cdot 6}{2}` for the diagonals of a heptagon, which are `\frac{7 \cdot 4}{2}`."""
    if (
        node.op not in ("frac", "/")
        or whole_number(node.parts[1]) != 2
        or "diagonal" not in place.text + place.solution.question
    ):
        return
    sides, ends = (whole_number(part) for part in node.parts[0].parts) if node.parts[0].op == "*" else (None, None)
    if sides is not None and ends == sides - 3:
        why = "A polygon with $n$ corners has $n(n-3)/2$ diagonals; the step uses $n(n-1)/2$, with the sides"
        yield f"\\frac{{{sides} \\cdot {sides - 1}}}{{2}}", why


_RULES: tuple[Rule, ...] = (
    _power_of_power,
    _root_of_squares,
    _added_fractions,
    _by_a_fraction,
    _half_of_difference,
    _geometric_series,
    _sum_of_roots,
    _term_of_sequence,
    _solid,
    _common_multiple,
    _put_back,
    _diagonals,
    _arrangements,
    _in_a_circle,
    _product_of_powers,
    _root_of_sum,
    _first_numbers,
    _sum_for_average,
    _discriminant,
    _angles_of_polygon,
    _circle,
    _triangle,
    _slope,
)
