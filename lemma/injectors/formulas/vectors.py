r"""The sum of vectors in the last box, with one product that has the wrong sign: `-2 \cdot (-7)` taken for `-14`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from lemma.arithmetic.chain_solution import ChainSolution
from lemma.arithmetic.formulas import Unreadable, parse
from lemma.arithmetic.numbers import FRAC
from lemma.arithmetic.writing import known_value

_VECTOR = r"\\begin\{pmatrix\}(?P<body>(?:(?!\\begin|\\end).)*)\\end\{pmatrix\}"
_TERM = re.compile(rf"(?s)(?P<sign>[-+])?(?P<factor>\d{{1,3}})?(?:\\cdot)?{_VECTOR}")
_ENTRIES = re.compile(r"\\\\")
_LONGEST, _MOST = 600, 4
_NAMES = ("first", "second", "third", "fourth")


def propose(solution: ChainSolution, content: str) -> Iterator[tuple[str, str]]:
    """Wrong contents of the box: in one entry, the product of two negative numbers is taken for negative."""
    text, answer = solution.steps[solution.answer.step], solution.answer
    box = re.fullmatch(rf"(?s)\s*{_VECTOR}\s*", content)
    before = text[: answer.start].rstrip(" &\n")
    if box is None or not before.endswith("=") or len(content) > _LONGEST:
        return
    terms = terms_at_end(before[:-1].rstrip(" &\n").removesuffix(r"\\").rstrip())
    right = _entries(box["body"])
    if not terms or right is None or len(right) > _MOST or any(len(entries) != len(right) for _, entries in terms):
        return
    if [sum(factor * entries[place] for factor, entries in terms) for place in range(len(right))] != right:
        return
    shown = _ENTRIES.split(box["body"])
    for place, found in enumerate(right):
        for factor, entries in terms:
            if factor >= 0 or entries[place] >= 0:
                continue
            wrong = found - 2 * factor * entries[place]
            pieces = [*shown]
            pieces[place] = re.sub(r"\S(?:.*\S)?", lambda _, wrong=wrong: _written(wrong), shown[place], count=1)
            at = box.start("body")
            written = content[:at] + r"\\".join(pieces) + content[at + len(box["body"]) :]
            lead = "-" if factor == -1 else f"{_written(factor)} \\cdot "
            told = (
                f"In the {_NAMES[place]} entry, ${lead}({_written(entries[place])})$ is positive, as a product of two"
            )
            yield written, f"{told} negative numbers: the entry is ${_written(found)}$, not ${_written(wrong)}$."


def terms_at_end(text: str) -> list[tuple[Fraction, list[Fraction]]]:
    """The numbers times vectors of the sum that a text ends with; none if it ends with anything else."""
    text = "".join(text[-_LONGEST:].split()).replace(r"\[", "$")
    at = max(text.rfind("="), text.rfind("&"), text.rfind("$")) + 1
    found: list[tuple[Fraction, list[Fraction]]] = []
    while at < len(text):
        term = _TERM.match(text, at)
        if term is None or (found and term["sign"] is None):
            return []
        entries = _entries(term["body"])
        if entries is None:
            return []
        factor = Fraction(term["factor"] or 1)
        found.append((-factor if term["sign"] == "-" else factor, entries))
        at = term.end()
    return found if len(found) > 1 else []


def _entries(body: str) -> list[Fraction] | None:
    found = []
    for entry in _ENTRIES.split(body):
        try:
            size = known_value(parse(entry))
        except Unreadable:
            return None
        if size is None or size.rational is None:
            return None
        found.append(Fraction(size.rational))
    return found


def _written(size: Fraction) -> str:
    if size.denominator == 1:
        return str(size.numerator)
    return f"{'-' * (size < 0)}{FRAC}{{{abs(size.numerator)}}}{{{size.denominator}}}"
