r"""The answer that comes of a formula with a name whose value was found before, worked out wrongly.

`2(ab^2)^2 = \boxed{50}` for `ab^2 = 5`: nothing but the box repeats the result.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from lemma.arithmetic.chain_solution import ChainSolution
from lemma.arithmetic.formulas import Node, Unreadable, letters_of, parse, parts_of, value
from lemma.arithmetic.surds import NoValue, Surd
from lemma.arithmetic.writing import in_latex, is_written, known_value, write
from lemma.injectors.formulas.misworked import KINDS, Slip, misworked

_CLUTTER = re.compile(r"(?<!\\)&|\\(?:left|right|displaystyle|[,;:! ])(?![a-zA-Z])|\s")
_NAME = re.compile(r"[a-zA-Z]")
_LONGEST = 100


def propose(solution: ChainSolution, content: str, kind: str) -> Iterator[tuple[str, str]]:
    """Wrong contents of the box by a slip of a type in the formula before it, each with an explanation."""
    chain = solution.chains[solution.answer.chain]
    if kind not in KINDS or len(chain.sides) < 2 or chain.in_tuple or chain.relations[-1] != "=":
        return
    text = solution.steps[solution.answer.step]
    before = text[chain.sides[-2].start : chain.sides[-2].end]
    try:
        right = parse(content, solution.complex_numbers)
    except Unreadable:
        return
    source = " ".join(re.sub(r"(?<!\\)&|\\\\|\\(?:left|right)(?=\s*[()\[\]])", " ", before).split())
    if not is_written(right) or len(source) > _LONGEST:
        return
    for name, found in named_before(solution).items():
        shown = with_number(source, name, found)
        if shown is None or "(" in name:  # no other reader could check what becomes of the value of a function
            continue
        try:
            tree = parse(shown, solution.complex_numbers)
        except Unreadable:
            continue
        if letters_of(tree) or known_value(tree) != known_value(right):
            continue
        for slip in slips(tree, shown):
            new = write(slip.value, right, content)
            if slip.kind == kind and new is not None and slip.value != known_value(right):
                written = f"{content[: right.start]}{new}{content[right.end :]}".strip()
                told = f"With ${name} = {in_latex(found)}$, ${source}$ is ${content.strip()}$, not ${written}$"
                yield written, f"{told}: {slip.reason}."
        return


def named_before(solution: ChainSolution) -> dict[str, Surd]:
    r"""The formulas with letters, and not just a letter, that are called equal to one number only before the answer."""
    found: dict[str, set[Surd]] = {}
    for chain in solution.chains[: solution.answer.chain]:
        text, first, last = solution.steps[chain.step], chain.sides[0], chain.sides[-1].value
        name = " ".join(text[first.start : first.end].replace("&", "").split())
        if len(chain.sides) < 2 or set(chain.relations) != {"="} or last is None or not _NAME.search(name):
            continue
        if first.value is None and len(_CLUTTER.sub("", name)) > 1 and "=" not in name:
            found.setdefault(name, set()).add(last)
    for side, other in pairwise(solution.question_sides):  # the question's chains are not told apart
        name = " ".join(solution.question[side.start : side.end].split())
        given = f"{name}={solution.question[other.start : other.end]}"
        is_said = _CLUTTER.sub("", given) in _CLUTTER.sub("", solution.question)
        if is_said and other.value is not None and side.value is None and len(name) > 1 and _NAME.search(name):
            found.setdefault(name, set()).add(other.value)
    return {name: next(iter(values)) for name, values in found.items() if len(values) == 1}


def with_number(source: str, name: str, found: Surd) -> str | None:
    """A formula with a number in the place of a name that stands in it once; None if it does not."""
    pattern = r"\s*".join(map(re.escape, _CLUTTER.sub("", name)))
    places = list(re.finditer(rf"(?<![A-Za-z\\]){pattern}(?![A-Za-z^_!])", source))
    written = in_latex(found)
    if len(places) != 1 or written is None or re.search(r"[-+]", name):
        return None
    start, end = places[0].span()
    in_brackets = source[start - 1 : start] == "(" and source[end : end + 1] == ")"
    return f"{source[:start]}{written if in_brackets else f'({written})'}{source[end:]}"


def slips(tree: Node, text: str) -> Iterator[Slip]:
    """The slips in the last operation of a formula, or in one within it."""
    for inner in parts_of(tree):
        right = known_value(inner)
        if right is None or not inner.parts or is_written(inner):
            continue
        for slip in misworked(inner, [value(part) for part in inner.parts]):
            if inner is tree:
                yield slip
                continue
            left, taken = in_latex(right), in_latex(slip.value)
            try:
                changed = value(tree, {}, {inner: slip.value})
            except (NoValue, ValueError, OverflowError):
                continue
            if left is not None and taken is not None:
                shown = text[inner.start : inner.end]
                if shown.count("(") == shown.count(")"):
                    is_itself = "".join(shown.split()) == "".join(left.split())  # -37/8, which is put in
                    told = "" if is_itself else f"${shown}$ is ${left}$, and "
                    told += f"the step worked with ${taken}$ ({slip.reason})"
                    yield Slip(changed, told, slip.kind)
