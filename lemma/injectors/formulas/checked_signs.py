r"""Roots or coordinates of the last box with the other sign, which an equation of the problem or solution shows to be
wrong: `(p, q) = \boxed{(6, 1)}` for `(6, -1)`, where `p + q = 5`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lemma.arithmetic.chain_solution import ChainSolution, named
from lemma.arithmetic.chains import Side
from lemma.arithmetic.latex import DRAWING, plain_formula
from lemma.arithmetic.surds import Surd
from lemma.injectors.conditions import without_formulas
from lemma.injectors.formulas.endings import holds

_ROOTS = re.compile(r"\s{0,3}-?\d{1,6}(?:\s{0,3},\s{0,3}-?\d{1,6}){1,4}\s{0,3}")
_PAIR = re.compile(r"\s{0,3}(?:\\left\s{0,3})?\((?P<body>[-\d\s,]{3,60})(?:\\right\s{0,3})?\)\s{0,3}")
_NUMBER = re.compile(r"-?\s?\d{1,6}")
_ASKS_ROOTS = re.compile(r"\broots?\b|\bsolutions?\b|\b[Ss]olve\b|\bvalues of\b")
_OF_SIGN = re.compile(r"\b(?:negative|positive|sign\w*|minus|opposite)\b", re.IGNORECASE)
_LONGEST = 100


def propose(solution: ChainSolution, content: str) -> Iterator[tuple[str, str]]:
    """The content of the box with the signs of all roots turned, or without the minus sign of a coordinate."""
    step = solution.answer.step
    if _OF_SIGN.search(without_formulas(DRAWING.sub(" ", f"{solution.question} {solution.steps[step]}"))):
        return
    yield from turned_roots(solution, content)
    yield from lost_minus(solution, content)


def turned_roots(solution: ChainSolution, content: str) -> Iterator[tuple[str, str]]:
    """The roots of an equation in one letter with the other signs."""
    if not _ROOTS.fullmatch(content) or not _ASKS_ROOTS.search(solution.question) or "-" not in content:
        return
    roots = [int(one) for one in content.split(",")]
    wrong = [-one for one in roots]
    if 0 in roots or set(roots) & set(wrong):
        return
    for text, left, right in _equations(solution):
        letters = (left.letters | right.letters) if left.formula is not None and right.formula is not None else set()
        if len(letters) != 1:
            continue
        (name,) = letters
        if not all(holds(left, right, {name: Surd(one)}) for one in roots):
            continue
        false = [one for one in wrong if holds(left, right, {name: Surd(one)}) is False]
        if len(false) == len(wrong):
            gap = ", " if ", " in content else ","
            shown = gap.join(map(str, wrong))
            told = f"${text}$ holds for ${content.strip()}$, not for ${shown}$: the signs of the roots are reversed."
            yield shown, told
        return


def lost_minus(solution: ChainSolution, content: str) -> Iterator[tuple[str, str]]:
    """The values of several letters, one of them without its minus sign."""
    pair = _PAIR.fullmatch(content)
    own = [
        (name, found)
        for chain in solution.chains
        if chain.step == solution.answer.step and chain.in_tuple
        for name, found in [named(chain)]
        if name is not None and found is not None
    ]
    values = dict(own)
    parts = list(_NUMBER.finditer(content)) if pair is not None else []
    if len(parts) < 2 or [value for _, value in own] != [Surd(int(one.group().replace(" ", ""))) for one in parts]:
        return
    said = _said_before(solution)
    for (name, value), part in zip(own, parts, strict=True):
        if not part.group().startswith("-") or value in said:
            continue  # whoever has just read the value copies it right
        for text, left, right in _equations(solution):
            inside = left.letters | right.letters
            wrong = {**values, name: -value}
            if name in inside <= values.keys() and holds(left, right, values) and holds(left, right, wrong) is False:
                written = content[: part.start()] + part.group()[1:].lstrip() + content[part.end() :]
                told = f"${text}$ holds for ${content.strip()}$, not for ${written.strip()}$"
                yield written, f"{told}: the minus sign of ${name}$ is lost."
                break


def _said_before(solution: ChainSolution) -> set[Surd]:
    """The numbers that the solution has worked out or called a letter before its answer."""
    found = (chain.sides[-1].value for chain in solution.chains[: solution.answer.chain] if not chain.in_tuple)
    return {one for one in found if one is not None}


def _equations(solution: ChainSolution) -> Iterator[tuple[str, Side, Side]]:
    """The equations of the solution before its answer, the last one first, and those of the question."""
    texts = [(solution.steps[chain.step], chain) for chain in reversed(solution.chains[: solution.answer.chain])]
    texts += [(solution.question, chain) for chain in solution.question_chains]
    for text, chain in texts:
        left, right = (chain.sides[0], chain.sides[-1])
        is_read = left.formula is not None and right.formula is not None and not chain.in_tuple
        if chain.relations != ("=",) or not is_read or right.end - left.start > _LONGEST:
            continue
        yield plain_formula(text[left.start : right.end]), left, right
