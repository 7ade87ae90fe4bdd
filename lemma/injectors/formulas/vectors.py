r"""The sum of vectors, or a number times a vector, in the last box, with one entry that is wrong.

A product has the wrong sign, such as `-2 \cdot (-7)` taken for `-14`, or the number does not reach an entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from lemma.arithmetic.chain_solution import ChainSolution
from lemma.arithmetic.formulas import Unreadable, parse
from lemma.arithmetic.numbers import normal
from lemma.arithmetic.surds import Surd
from lemma.arithmetic.writing import in_latex, known_value

_VECTOR = r"\\begin\{pmatrix\}(?P<body>(?:(?!\\begin|\\end).)*)\\end\{pmatrix\}"
_TERM = re.compile(
    rf"(?s)(?P<sign>[-+])?(?P<factor>\d{{1,3}}|\\[dt]?frac\{{\d{{1,3}}\}}\{{\d{{1,3}}\}})?(?:\\cdot)?{_VECTOR}"
)
_ENTRIES = re.compile(r"\\\\")
_LONGEST, _MOST, _FEW = 600, 4, 2
_NAMES = ("first", "second", "third", "fourth")


def wrong_signs(solution: ChainSolution, content: str) -> Iterator[tuple[str, str]]:
    """Wrong contents of the box: in one entry, a product with negative numbers gets the wrong sign."""
    for box, terms, right in _of_answer(solution, content):
        for place, found in enumerate(right):
            for factor, entries in terms:
                is_positive = factor < 0
                if entries[place] >= 0 or not (is_positive or (len(terms) == 1 and factor > 0)):
                    continue
                wrong = found - 2 * factor * entries[place]
                lead = "-" if factor == -1 else f"{_shown(factor)} \\cdot "
                told = f"In the {_NAMES[place]} entry, ${lead}({_shown(entries[place])})$ is "
                told += "positive, as a product of two negative numbers"
                if not is_positive:
                    told = told.replace("positive, as a product of two", "negative, as a product of a positive and a")
                    told = told.replace("negative numbers", "negative number")
                told += f": the entry is ${_shown(found)}$, not ${_shown(wrong)}$."
                yield _with_entry(content, box, place, wrong), told


def unreached(solution: ChainSolution, content: str) -> Iterator[tuple[str, str]]:
    """Wrong contents of the box: a number in front of a vector is multiplied by the entries before one only."""
    for box, terms, right in _of_answer(solution, content):
        for place, found in enumerate(right):
            for factor, entries in terms:
                entry = entries[place]
                if not place or abs(factor) == 1 or not entry or len({*entries}) == 1 or len(terms) > _FEW:
                    continue
                told = f"In multiplying out, the factor ${_shown(factor)}$ does not reach ${_shown(entry)}$"
                told += f": that term should become ${_shown(factor * entry)}$."
                yield _with_entry(content, box, place, found - factor * entry + entry), told


def _of_answer(
    solution: ChainSolution, content: str
) -> Iterator[tuple[re.Match[str], list[tuple[Fraction, list[Fraction]]], list[Fraction]]]:
    """The vector in the box, the terms before it that it is the sum of, and its entries."""
    text, answer = solution.steps[solution.answer.step], solution.answer
    box = re.fullmatch(rf"(?s)\s*{_VECTOR}\s*", content)
    before = text[: answer.start].rstrip(" &\n")
    if box is None or not before.endswith("=") or len(content) > _LONGEST:
        return
    terms = terms_at_end(before[:-1].rstrip(" &\n").removesuffix(r"\\").rstrip())
    right = _entries(box["body"])
    if not terms or right is None or len(right) > _MOST or any(len(entries) != len(right) for _, entries in terms):
        return
    if [sum(factor * entries[place] for factor, entries in terms) for place in range(len(right))] == right:
        yield box, terms, right


def _with_entry(content: str, box: re.Match[str], place: int, wrong: Fraction) -> str:
    """The box with another entry, a fraction as fractions are written there."""
    pieces = _ENTRIES.split(box["body"])
    is_slashed = "/" in box["body"] and wrong.denominator > 1
    new = f"{wrong.numerator}/{wrong.denominator}" if is_slashed else _shown(wrong)
    pieces[place] = re.sub(r"\S(?:.*\S)?", lambda _: new, pieces[place], count=1)
    at = box.start("body")
    return content[:at] + r"\\".join(pieces) + content[at + len(box["body"]) :]


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
        above, below = (
            re.findall(r"\d+", term["factor"]) if "frac" in (term["factor"] or "") else (term["factor"] or 1, 1)
        )
        factor = Fraction(int(above), int(below))
        found.append((-factor if term["sign"] == "-" else factor, entries))
        at = term.end()
    return found if len(found) > 1 or (found and abs(found[0][0]) != 1) else []


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


def _shown(size: Fraction) -> str:
    return in_latex(Surd(normal(size))) or str(size)
