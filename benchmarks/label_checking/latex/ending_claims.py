"""What an explanation claims about the last formulas of a solution: entries of vectors, products, powers, angles."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction

from label_checking.latex.answers import same_answer
from label_checking.latex.derivations import number_of
from label_checking.latex.sides import normalized
from label_checking.latex.terms import PointError, Tree, letters, same, tree, value
from label_checking.reading import Finding
from lemma.records import ErroneousSolution

FALSE = "explanation: it states a false equation"
NOT_MADE = "explanation: the wrong answer does not come about as it says"
_M = r"\$((?:[^$\\]|\\.)+)\$"


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


def _entry(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    """`In the second entry, $\\frac{6}{13} \\cdot (-3)$ is negative, ...: the entry is $-18/13$, not $18/13$`."""
    product, due, now = (next(iter(number_of(tree(match[name]) or ("v", "?"))), None) for name in ("x", "due", "now"))
    if isinstance(product, Fraction) and isinstance(due, Fraction) and isinstance(now, Fraction):
        yield from _finding((product > 0) == (match["sign"] == "positive") and product != 0, match)
        yield from _finding(now == due - 2 * product, match, NOT_MADE)


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
        r"^In the \w+ entry, \$(?P<x>[^$]+)\$ is (?P<sign>positive|negative), as a product of [^:]+: the entry is "
        r"\$(?P<due>[^$]+)\$, not \$(?P<now>[^$]+)\$",
        _entry,
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
