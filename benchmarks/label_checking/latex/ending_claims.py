"""What an explanation claims about the last formulas of a solution: roots, entries of vectors, ratios, powers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction

from label_checking.latex.answers import same_answer
from label_checking.latex.derivations import number_of
from label_checking.latex.sides import normalized
from label_checking.latex.terms import PointError, Tree, letters, same, times, tree, value
from label_checking.reading import Finding
from lemma.records import ErroneousSolution

FALSE = "explanation: it states a false equation"
NOT_MADE = "explanation: the wrong answer does not come about as it says"
_M = r"\$((?:[^$\\]|\\.)+)\$"
_MOST_ROOTS = 12


def check_ending_claims(record: ErroneousSolution) -> list[Finding]:
    """All findings on claims of these forms."""
    return [
        finding
        for pattern, rule in _RULES
        for match in re.finditer(pattern, record.explanation)
        for finding in rule(record, match)
    ]


def _finding(is_true: bool | None, match: re.Match[str], rule: str = FALSE) -> Iterator[Finding]:
    if is_true is False:
        yield Finding(rule, match.group()[:200])


def _squeezed(text: str) -> str:
    return re.sub(r"[\s{}&]|\\(?:left|right|boxed)", "", normalized(text))


def coefficients(node: Tree, name: str) -> list[Fraction] | None:
    """The coefficients of a polynomial in one letter, the constant first; None if it is none."""
    places = [Fraction(place) for place in range(_MOST_ROOTS + 2)]
    try:
        rest = [value(node, {name: place}) for place in places]
    except (PointError, ArithmeticError, ValueError, KeyError):
        return None
    if not all(isinstance(each, Fraction) for each in rest):
        return None
    found: list[Fraction] = []
    # Newton's divided differences, multiplied out from the last one on.
    for width in range(1, len(places)):
        for place in range(len(places) - 1, width - 1, -1):
            rest[place] = (rest[place] - rest[place - 1]) / (places[place] - places[place - width])
    for place in range(len(places) - 1, -1, -1):
        shifted = [Fraction(0), *found]
        found = [one - places[place] * other for one, other in zip(shifted, [*found, Fraction(0)], strict=True)]
        found[0] += rest[place]
    while found and not found[-1]:
        found.pop()
    return found if 1 < len(found) <= _MOST_ROOTS + 1 else None


def _vieta(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    """`the sum of the roots of $x^2 - 6x + 1 = 0$ is $-b/a = 6$; the step uses $b/a = -6$`."""
    left, right = (tree(side) for side in match["equation"].split("=", 1))
    due, now = (next(iter(number_of(tree(match[name]) or ("v", "?"))), None) for name in ("due", "now"))
    names = letters(left) if left is not None else frozenset()
    if left is None or right is None or len(names) != 1 or due is None or now is None:
        return
    found = coefficients(left, next(iter(names)))
    if found is None or number_of(right) != {Fraction(0)}:
        return
    result = -found[-2] / found[-1] if match["what"] == "sum" else found[0] / found[-1] * (-1) ** (len(found) - 1)
    yield from _finding(result == due and now == -due, match)
    is_made = same_answer(match["now"], record.final_answer) and same_answer(match["due"], record.gold_answer)
    yield from _finding(is_made, match, NOT_MADE)


def _turned(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    """`With $x = 3$, $(x - 2)(x + 3) = 6$, which is not zero: the solutions have the other signs`."""
    root, result = (next(iter(number_of(tree(match[name]) or ("v", "?"))), None) for name in ("root", "result"))
    left = tree(match["left"])
    if left is not None and letters(left) == {match["name"]} and root is not None and result is not None:
        yield from _finding(value(left, {match["name"]: root}) == result != 0, match)
    due, now = (
        [number_of(tree(part) or ("v", "?")) for part in text.split(",")]
        for text in (record.gold_answer, record.final_answer)
    )
    if all(due) and all(now):
        pairs = zip(sorted(map(min, due)), sorted(-min(each) for each in now), strict=False)
        yield from _finding(len(due) == len(now) and all(one == other for one, other in pairs), match, NOT_MADE)
    yield from _finding(
        any(_squeezed(match["root"]) == _squeezed(each) for each in record.final_answer.split(",")), match
    )


def _entry(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    """`In the second entry, $\\frac{6}{13} \\cdot (-3)$ is negative, ...: the entry is $-18/13$, not $18/13$`."""
    product, due, now = (next(iter(number_of(tree(match[name]) or ("v", "?"))), None) for name in ("x", "due", "now"))
    if isinstance(product, Fraction) and isinstance(due, Fraction) and isinstance(now, Fraction):
        yield from _finding((product > 0) == (match["sign"] == "positive") and product != 0, match)
        yield from _finding(now == due - 2 * product, match, NOT_MADE)


def _ratio(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    """`The formula is $\\tan A = \\frac{BC}{AB}$, the opposite side over the adjacent one; the step turns it over`."""
    right, now = (_squeezed(steps[record.located_step]) for steps in (record.reference_steps, record.steps))
    name, _, quotient = match[1].partition("=")
    parts = re.fullmatch(r"\s*\\[dt]?frac\s?\{(.+?)\}\s?\{(.+?)\}\s*", quotient)
    yield from _finding(_squeezed(match[1]) in right and "tan" in name, match)
    if parts is not None:
        turned = _squeezed(f"{name}=\\frac{{{parts[2]}}}{{{parts[1]}}}")
        yield from _finding(turned in now, match, NOT_MADE)
    one, other = tree(record.gold_answer), tree(record.final_answer)
    if one is not None and other is not None:
        yield from _finding(same(times(one, other), ("n", Fraction(1))), match, NOT_MADE)


def _reach(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    """`In $(2n)^2$, $2$ has to be raised to the power as well: it is $4n^2$`."""
    power, lead, due = (tree(match[place]) for place in (1, 2, 3))
    if power is None or lead is None or due is None:
        return
    yield from _finding(same(power, due), match)
    yield from _finding(power[0] == "^" and power[1][0] == "*" and lead in power[1][1:], match)


def _multiplied_out(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    """`... not $(a + 2)(b + 5)$: multiplied out, that has $5a$ and $2b$`: these, and not those of the right one."""
    wrong, right = tree(match["now"]), tree(match["due"])
    for place in ("one", "other"):
        term = tree(match[place])
        names = letters(term) if term is not None else frozenset()
        if term is None or wrong is None or right is None or len(names) != 1:
            return
        name = next(iter(names))
        due, now = (_coefficient(each, name) for each in (right, wrong))
        yield from _finding(due is None or now is None or (now == _coefficient(term, name) != due), match)


def _similar(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    """`The formula is $a^2 : b^2$ for the areas of similar figures ...; the step uses $a : b = 1 : 3$`."""
    one, other = int(match["one"]), int(match["other"])
    due, now = (
        next(iter(number_of(tree(text) or ("v", "?"))), None) for text in (record.gold_answer, record.final_answer)
    )
    if isinstance(due, Fraction) and isinstance(now, Fraction) and now:
        yield from _finding(due / now in (Fraction(one, other), Fraction(other, one)), match, NOT_MADE)
    steps = [_squeezed(steps[record.located_step]) for steps in (record.reference_steps, record.steps)]
    is_there = f"{one**2}:{other**2}" in steps[0] and f"{one}:{other}" in steps[1]
    yield from _finding(is_there, match, NOT_MADE)


def _angle(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    """`$\\frac{1}{2}$ is the sine of $30^\\circ$, not of $60^\\circ$`."""
    name = {"sine": "sin", "cosine": "cos", "tangent": "tan"}[match["name"]]
    size = tree(match["size"])
    for place, is_right in (("due", True), ("now", False)):
        angle = tree(f"\\{name}({match[place]})")
        if size is not None and angle is not None:
            yield from _finding(same(size, angle) is is_right, match)
    is_made = same_answer(match["due"], record.gold_answer) and same_answer(match["now"], record.final_answer)
    yield from _finding(is_made, match, NOT_MADE)


def _length(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    """`the length is $\\sqrt{(-6)^2 + 3^2} = 3\\sqrt{5}$, not $45$`: the root, and its square."""
    root, due, now = (tree(match[place]) for place in (1, 2, 3))
    if root is None or due is None or now is None:
        return
    yield from _finding(same(root, due), match)
    yield from _finding(same(times(due, due), now) and same_answer(match[3], record.final_answer), match, NOT_MADE)
    # Its entries are those of the vector in the step.
    entries = re.findall(r"-?\d+(?=\)?\^2)", match[1])
    step = record.steps[record.located_step]
    is_there = all(re.search(rf"(?<!\d){re.escape(entry)}(?!\d)", step) for entry in entries)
    yield from _finding(is_there, match)


def _coefficient(node: Tree, name: str) -> Fraction | None:
    """The factor of a letter alone, with all others zero."""
    zero = dict.fromkeys(letters(node), Fraction(0))
    try:
        at = [value(node, {**zero, name: Fraction(place)}) for place in (0, 1)]
    except (PointError, ArithmeticError, ValueError):
        return None
    return at[1] - at[0] if all(isinstance(each, Fraction) for each in at) else None


_Rule = Callable[[ErroneousSolution, "re.Match[str]"], Iterator[Finding]]
_RULES: list[tuple[str, _Rule]] = [
    (
        r"the (?P<what>sum|product) of the roots of \$(?P<equation>[^$]+)\$ is \$[-a-c/]+ = (?P<due>[^$]+)\$; "
        r"the step uses \$[-a-c/]+ = (?P<now>[^$]+)\$",
        _vieta,
    ),
    (
        r"^With \$(?P<name>[a-zA-Z]) = (?P<root>[^$]+)\$, \$(?P<left>[^$]+) = (?P<result>[^$=]+)\$, which is not zero: "
        r"the solutions have the other signs",
        _turned,
    ),
    (
        r"^In the \w+ entry, \$(?P<x>[^$]+)\$ is (?P<sign>positive|negative), as a product of [^:]+: the entry is "
        r"\$(?P<due>[^$]+)\$, not \$(?P<now>[^$]+)\$",
        _entry,
    ),
    (rf"^The formula is {_M}, the opposite side over the adjacent one; the step turns it over", _ratio),
    (
        r"areas of similar figures .*; the step uses \$a : b = (?P<one>\d+) : (?P<other>\d+)\$",
        _similar,
    ),
    (
        r"^The step leaves out the square root: the length is \$(\\sqrt\{[^$=]+\}) = ([^$]+)\$, not \$([^$]+)\$",
        _length,
    ),
    (
        r"^\$(?P<size>[^$]+)\$ is the (?P<name>sine|cosine|tangent) of \$(?P<due>[^$]+)\$, not of \$(?P<now>[^$]+)\$",
        _angle,
    ),
    (rf"^In {_M}, {_M} has to be raised to the power as well: it is {_M}", _reach),
    (
        r" is \$(?P<due>[^$]+)\$, not \$(?P<now>[^$]+)\$: multiplied out, that has \$(?P<one>[^$]+)\$ and "
        r"\$(?P<other>[^$]+)\$",
        _multiplied_out,
    ),
]
