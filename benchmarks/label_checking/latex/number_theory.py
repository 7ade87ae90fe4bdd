"""Congruences, divisors, binomial coefficients, percent: each claim is computed anew."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from math import factorial, prod

from label_checking.latex.answers import value_of
from label_checking.latex.text import boxes
from label_checking.reading import Finding
from lemma.records import ErroneousSolution

_MOD = re.compile(
    r"\(?\\(?:pmod|bmod|mod|pod)(?![a-z])\s?\{?\s?(\d{1,6})\s?\}?\)?|\(\\(?:text|mathrm|mbox)\{\s?mod\s?\}\s?(\d{1,6})\)"
)
_FORMULA = re.compile(r"\$\$(.*?)\$\$|\$([^$]*)\$|\\\[(.*?)\\\]|\\begin\{align\*?\}(.*?)\\end\{align\*?\}", re.DOTALL)
_CHAIN_ENDS = re.compile(r",|;|\\(?:implies|Rightarrow|iff|quad|qquad|text)(?![a-zA-Z])")
_LINK = re.compile(r"=|\\equiv(?![a-zA-Z])")
_POWER = re.compile(r"(?<!\d)(\d{1,2})\^\s?(?:\{\s?(\d)\s?\}|(\d))")
_BINOMIAL = re.compile(r"\\d?binom\{?(\d+)\}?\{?(\d+)\}?|\{?(\d+)\s?\\choose\s?(\d+)\}?")
_INCREASED = re.compile(r"\(\s?(\d+)\s?\+\s?1\s?\)")


def check_number_theory(record: ErroneousSolution) -> Iterator[Finding]:
    """Findings on what the explanation claims, and on the congruences of the wrong step and later ones."""
    for pattern, holds in _CLAIMS:
        for found in pattern.finditer(record.explanation):
            if not holds(record, found):
                yield Finding("explanation: a claim about numbers is not true of the record", found.group()[:200])
    yield from _congruences(record)


def true_of_numbers(record: ErroneousSolution) -> bool:
    """Whether the explanation makes a claim about numbers, and each is true of the record."""
    found = [(holds, match) for pattern, holds in _CLAIMS for match in pattern.finditer(record.explanation)]
    return bool(found) and all(holds(record, match) for holds, match in found)


def _wrong_step(record: ErroneousSolution) -> str:
    return record.steps[record.located_step]


def _right_step(record: ErroneousSolution) -> str:
    at = record.located_step
    return record.reference_steps[at] if at < len(record.reference_steps) else ""


def _number(text: str | None) -> Fraction | None:
    return None if text is None else value_of(text)


def _squeezed(text: str) -> str:
    return re.sub(r"[\s&]|\\\\|\\(?:left|right)(?=[()\[\]])", "", text)


def _stands_in(text: str, formula: str) -> bool:
    return _squeezed(formula) in _squeezed(text)


# Congruences


def _congruences(record: ErroneousSolution) -> Iterator[Finding]:
    """In the wrong step at most one changed link is false, and later ones hold."""
    named = {int(one or other) for one, other in _MOD.findall(" ".join((record.question, *record.reference_steps)))}
    for index in range(record.located_step, len(record.steps)):
        right = record.reference_steps[index] if index < len(record.reference_steps) else ""
        known = {link for link, _ in _links(right, named)}
        false = [link for link, is_true in _links(record.steps[index], named) if not is_true and link not in known]
        if index > record.located_step and false:
            yield Finding("later step: a congruence is false", false[0])
        if len(false) > 1:
            yield Finding("error step: several congruences are false", "; ".join(false))


def _links(text: str, named: set[int]) -> Iterator[tuple[str, bool]]:
    """The links of the congruences of a text whose two sides are numbers, and whether each holds."""
    for groups in _FORMULA.findall(text):
        for piece in _CHAIN_ENDS.split(next(filter(None, groups), "")):
            if "\\equiv" not in piece:
                continue
            own = {int(one or other) for one, other in _MOD.findall(piece)} or named
            if len(own) != 1:
                continue
            modulus = next(iter(own))
            sides = [side.strip(" &.\n") for side in _LINK.split(re.sub(r"\\\\", " ", _MOD.sub("", piece)))]
            signs = _LINK.findall(piece)
            values = [value_of(boxes(side)[0] if boxes(side) else side) for side in sides]
            for (one, other), shown, sign in zip(pairwise(values), pairwise(sides), signs, strict=True):
                if one is not None and other is not None:
                    off = one - other
                    holds = off == 0 if sign == "=" else off.denominator == 1 and off % modulus == 0
                    yield f"{_squeezed(shown[0])}{sign}{_squeezed(shown[1])}", holds


def _lost_minus(record: ErroneousSolution, found: re.Match[str]) -> bool:
    number, residue, modulus, wrong = (int(found[name]) for name in ("number", "residue", "modulus", "wrong"))
    named = {int(one or other) for one, other in _MOD.findall(" ".join((record.question, *record.reference_steps)))}
    shown = found["formula"]
    return (
        (shown is None or (_number(shown) == number and _stands_in(_wrong_step(record), shown)))
        and modulus in named
        and 0 <= residue < modulus
        and (number - residue) % modulus == 0
        and wrong == -number > 0
        and (wrong - residue) % modulus != 0
        and re.search(rf"(?<![\d-]){wrong}(?!\d)", _wrong_step(record)) is not None
        and re.search(rf"(?<![\d-]){residue}(?!\d)", _right_step(record)) is not None
    )


# Counting


def _undivided(record: ErroneousSolution, found: re.Match[str]) -> bool:
    """`$\\binom{7}{4}$ is $35$, not $840$: the product $7 \\cdot 6 \\cdot 5 \\cdot 4$ was not divided by $4!$`."""
    product, below = _number(found["product"]), factorial(int(found["below"]))
    quoted = _BINOMIAL.search(found["formula"])
    below_bar = [int(size) for size in re.findall(r"(\d+)\s?!", found["formula"])[1:]]
    taken = int(quoted[2] or quoted[4]) if quoted is not None else min(below_bar, default=0)
    if product is None or taken != int(found["below"]):
        return False
    return "step worked with" in found.group() or (
        _number(found["wrong"]) == product and _number(found["right"]) == product / below
    )


def _orders_kept(record: ErroneousSolution, found: re.Match[str]) -> bool:
    taken = [int(one or other) for _, one, _, other in _BINOMIAL.findall(found["formula"])]
    right, wrong = _number(found["right"]), _number(found["wrong"])
    return len(taken) > 1 and right is not None and wrong == right * prod(map(factorial, taken))


def _times_exponents(record: ErroneousSolution, found: re.Match[str]) -> bool:
    multiplied = _POWER.sub(lambda power: f"({power[1]}\\cdot {power[2] or power[3]})", found["formula"])
    is_whole = "^" not in multiplied and len(_POWER.findall(found["formula"])) > 1
    return is_whole and _number(multiplied) == _number(found["wrong"]) != _number(found["right"])


def _exponents(record: ErroneousSolution, found: re.Match[str]) -> bool:
    """The exponents that are increased by one: one of them is taken for 0, or they are added up."""
    due = [int(exponent) for exponent in _INCREASED.findall(found["formula"])]
    now = [int(exponent) for exponent in _INCREASED.findall(_wrong_step(record))]
    if "takes $0$" in found.group():
        return due.count(1) == 1 and now == [0 if exponent == 1 else exponent for exponent in due]
    added = "+".join(rf"\({exponent}\+1\)" for exponent in due).replace(")+", r")\+")
    return now == due and re.search(added, _squeezed(_wrong_step(record))) is not None


def _own_divisor(record: ErroneousSolution, found: re.Match[str]) -> bool:
    right = _number(found["formula"].rpartition("=")[2])
    wrong = None if right is None else right + int(found["number"])
    said = {_number(content) for content in boxes(_wrong_step(record))}
    return (
        "proper" in record.question and _squeezed(found["formula"]).find(f"-{found['number']}=") > 0 and wrong in said
    )


# Other formulas


def _whole_triangle(record: ErroneousSolution, found: re.Match[str]) -> bool:
    left, _, right = found["formula"].rpartition("=")
    above = re.fullmatch(r"\\[dt]?frac\{(.+)\}\{?2\}?|(.+)/2", left.strip())
    size = _number(right)
    is_twice = above is not None and size is not None and _number(above[1] or above[2]) == 2 * size
    return is_twice and above is not None and _stands_in(_wrong_step(record), above[1] or above[2])


def _percent(record: ErroneousSolution, found: re.Match[str]) -> bool:
    whole, change = int(found["whole"]), int(found["change"])
    part = _number(found["part"])
    is_loss = found["way"] == "decrease"
    return (
        part is not None
        and part * 100 == whole
        and abs(100 - whole) == change
        and (whole < 100) == is_loss == (found["left"] == "left")
        and boxes(_wrong_step(record))[-1:] == [found["whole"]]
        and _stands_in(" ".join(record.reference_steps), found["part"])
    )


def _numerators(record: ErroneousSolution, found: re.Match[str]) -> bool:
    one, other, due, now = (int(found[name]) for name in ("one", "other", "due", "now"))
    right, wrong = _number(found["right"]), _number(found["wrong"])
    is_sum = (one + other if found["sign"] == "+" else one - other) == due
    below = re.findall(r"frac\{?\d+\}?\{?(\d+)\}?", found["formula"])
    return (
        is_sum
        and len(set(below)) == 1
        and right == Fraction(due, int(below[0]))
        and wrong == Fraction(now, int(below[0]))
    )


_IS = r"\$(?P<formula>[^$]+)\$ is \$(?P<right>[^$]+)\$, not \$(?P<wrong>[^$]+)\$: "
_QUOTED = r"\$(?P<formula>[^$]+)\$"
_SHOULD = r"[^.]*\. It should be " + _QUOTED
_Holds = Callable[[ErroneousSolution, "re.Match[str]"], bool]
_CLAIMS: tuple[tuple[re.Pattern[str], _Holds], ...] = tuple(
    (re.compile(pattern), holds)
    for pattern, holds in (
        (
            r"\$(?:(?P<formula>[^$=]+) = )?(?P<number>-?\d+)\$ is congruent to \$(?P<residue>\d+)\$ modulo "
            r"\$(?P<modulus>\d+)\$, not to \$(?P<wrong>-?\d+)\$: the minus sign is lost",
            _lost_minus,
        ),
        (
            _IS + r"[^:]*?the product \$(?P<product>[^$]+)\$ was not divided by \$(?P<below>\d+)!\$",
            _undivided,
        ),
        (_IS + r"the orders of what is chosen were not divided out", _orders_kept),
        (_IS + r"each base was multiplied by its exponent", _times_exponents),
        (r"exponent \$1\$; the step takes \$0\$" + _SHOULD, _exponents),
        (r"increased exponents are multiplied; the step adds them" + _SHOULD, _exponents),
        (
            r"and so counts \$(?P<number>\d+)\$ among its own proper divisors: it should be \$(?P<formula>[^$]+)\$",
            _own_divisor,
        ),
        (
            r"half of base times height; the step leaves out the half\. It should be (?=\$[^$]*2\}?\s?=)" + _QUOTED,
            _whole_triangle,
        ),
        (
            r"\$(?P<whole>\d+)\$ percent is what is (?P<left>left|there afterwards), \$(?P<part>[^$]+)\$ of the amount "
            r"before; the (?P<way>decrease|increase) is \$(?P<change>\d+)\$ percent",
            _percent,
        ),
        (
            _IS
            + r"the numerators give \$(?P<one>\d+) (?P<sign>[-+]) (?P<other>\d+) = (?P<due>\d+)\$, "
            + r"not \$(?P<now>\d+)\$",
            _numerators,
        ),
    )
)
