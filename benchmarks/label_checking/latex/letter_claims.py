"""What an explanation claims about formulas with letters: computed, and looked for in the steps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from label_checking.latex.answers import same_answer
from label_checking.latex.chains import read_step
from label_checking.latex.derivations import Knowledge, Statement, follows, statements_in
from label_checking.latex.letter_rules import LETTER_TYPES
from label_checking.latex.mutations import mutations
from label_checking.latex.sides import normalized
from label_checking.latex.terms import Tree, letters, negative, points, replaced, same, times, tree, value
from label_checking.latex.text import boxes, parts_of
from label_checking.reading import Finding
from lemma.records import ErroneousSolution

FALSE = "explanation: it states a false equation"
ABSENT = "explanation: a number said to be in the wrong step is not there"
NOT_DUE = "explanation: an expression said to be right is not the reference's"
_M = r"\$((?:[^$\\]|\\.)+)\$"


def check_letter_claims(record: ErroneousSolution) -> tuple[list[Finding], bool]:
    """Every claim that can be read, and whether there was one."""
    findings: list[Finding] = []
    is_read = False
    for pattern, rule in _RULES:
        for match in re.finditer(pattern, record.explanation):
            is_read = True
            findings += rule(record, match)
    return findings, is_read


def _steps(record: ErroneousSolution) -> tuple[str, str]:
    at = record.located_step
    return record.steps[at], record.reference_steps[at] if at < len(record.reference_steps) else ""


def _letters(text: str) -> str:
    # What stands beside a word or at the edge of a formula is set apart from it.
    text = re.sub(r"\$|(?<![\\A-Za-z])[A-Za-z]{3,}|\\\[|\\\]", "\x00", text)
    text = re.sub(r"\\([lg])eq?(?:slant)?(?![a-z])", lambda sign: "≤" if sign[1] == "l" else "≥", normalized(text))
    text = re.sub(r"(\\[a-zA-Z]+)", r"\1;", text.replace("\\boxed", "").replace("}{", "};{"))
    return re.sub(r"[\s{}]", "", text).strip("\x00")


def _stands(formula: str, text: str) -> bool:
    """Whether a formula stands in a text by itself: not as a part of a longer number or word."""
    return (
        re.search(rf"(?<![\d.a-zA-Z])(?<![=(,<>≤≥\x00]-){re.escape(_letters(formula))}(?![\d])", _letters(text))
        is not None
    )


def _claim(is_true: bool | None, match: re.Match[str], rule: str = FALSE) -> Iterator[Finding]:
    if is_true is False:
        yield Finding(rule, match.group()[:200])


def _same(one: Tree | None, other: Tree | None) -> bool | None:
    return None if one is None or other is None else same(one, other)


def _product(one: Tree | None, other: Tree | None) -> Tree | None:
    return None if one is None or other is None else times(one, other)


def _moved(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    before, after = tree(match[1]), tree(match[2])
    yield from _claim(_same(negative(before) if before else None, after), match)


def _unreached(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    factor, term, due = (tree(match[place]) for place in (1, 2, 3))
    yield from _claim(_same(_product(factor, term), due), match)
    yield from _claim(due is None or not _same(term, due), match)


def _unlike(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    one, other, wrong, due = (tree(match[place]) for place in (1, 2, 3, 4))
    if one and other:
        yield from _claim(_same(("+", one, other), due), match)
    yield from _claim(None if wrong is None or due is None else not same(wrong, due), match)
    yield from _claim(_stands(match[3], _steps(record)[0]), match, ABSENT)
    yield from _claim(_stands(match[4], _steps(record)[1]), match, NOT_DUE)


def _cross_term(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    base, lacking = tree(match[1]), tree(match[2])
    if base is None or lacking is None or base[0] != "+" or len(base) != 3:
        return
    square: Tree = ("^", base, tree("2"))
    cross: Tree = ("+", square, negative(next(mutations(square, "cross_term_error"))))
    ratios = {value(("/", lacking, cross), point) for point in points(letters(cross) | letters(lacking))}
    sides = [[tree(side.text) for chain in read_step(text).chains for side in chain.sides] for text in _steps(record)]
    lacks = [same(("+", due, negative(now)), lacking) for now, due in zip(*sides, strict=False) if now and due]
    yield from _claim(len(ratios) == 1 and (not lacks or True in lacks), match)


def _exponents(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    one, other, due = (int(match[name]) for name in ("a", "b", "due"))
    results = {"multiplied": one + other, "added": one * other, "divided": one - other}
    yield from _claim(results[match["done"]] == due, match)


def _case(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    yield from _claim(_stands(match[1], _steps(record)[0]), match, ABSENT)
    yield from _claim(_stands(match[2], _steps(record)[1]), match, NOT_DUE)


def _coordinates(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    wrong, right = _steps(record)
    yield from _claim(_stands(f"({match[1]},{match[2]})", right), match, NOT_DUE)
    yield from _claim(_stands(f"({match[2]},{match[1]})", wrong), match, ABSENT)


def _lost(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    yield from _solution(match, match[1], match[2], is_true=True)
    yield from _claim(_stands(match[2], _steps(record)[1]), match, NOT_DUE)
    yield from _claim(not _stands(match[2], _steps(record)[0]), match)


def _solution(match: re.Match[str], equation: str, found: str, is_true: bool) -> Iterator[Finding]:
    """Whether `x = 4` solves an equation."""
    if "circ" in equation and "circ" not in found:
        equation = re.sub(r"\^\s*\{?\\circ\}?", "", equation)
    earlier = list(statements_in(read_step(f"${equation}$").chains))
    solution = list(statements_in(read_step(f"${found}$").chains))
    # A solution with a letter in it may be complex.
    if len(earlier) == 1 and len(solution) == 1 and not letters(solution[0].right):
        knowledge = Knowledge()
        knowledge.add(earlier[0])
        yield from _claim(follows(solution[0], knowledge) is is_true, match)


def _gives(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    yield from _solution(match, match[1], match[2], is_true=True)
    if match[3]:
        yield from _solution(match, match[1], match[3], is_true=False)
        # `solves to $x=\\boxed{152}$` and `the root $152$` both state it.
        yield from _claim(_stands(match[3].split("=")[-1], _steps(record)[0]), match, ABSENT)


def _valued(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    """`With $a = 3$, $a + 1$ is $4$, not $5$`, with or without values and the wrong one."""
    shown = tree(match["x"])
    is_mixed = re.search(r"\d\s*\\[dt]?frac", match["due"]) is not None and not letters(shown or ("num", 0))
    if shown is None or "=" in match["x"] or (is_mixed and not match["with"]):
        return  # what is worked out to a mixed number is computed with the other numbers
    for pair in re.findall(_M, match["with"] or ""):
        for statement in statements_in(read_step(f"${pair}$").chains):
            filled = replaced(shown, statement.left, statement.right)
            if filled == shown:  # `r_1r_2r_3` within `-8r_1r_2r_3`, which is no part of its tree
                name, _, value = ("".join(part.split()) for part in pair.partition("="))
                text = tree("".join(match["x"].split()).replace(name, f"({value})"))
                if text is None:
                    return
                filled = text
            shown = filled
    yield from _claim(_same(shown, tree(match["due"])), match)
    if match["not"]:
        wrong = _same(shown, tree(match["not"]))
        yield from _claim(None if wrong is None else not wrong, match)
        yield from _claim(_stands(match["not"], _steps(record)[0]), match, ABSENT)


def _shown_due(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    """`it should be $6y = 24$`: the reference's step says so, by itself."""
    if record.error_type not in LETTER_TYPES:
        return
    parts = re.split(r"[=<>≤≥]", _letters(match[1]))
    # In one chain, or in a row of formulas that the reader takes apart.
    chains = [" ; ".join(side.text for side in chain.sides) for chain in read_step(_steps(record)[1]).chains]
    places = [*chains, *(part.text for part in parts_of(_steps(record)[1]) if part.is_formula and len(chains) < 2)]
    is_there = any(same_answer(match[1], box) for box in boxes(_steps(record)[1])) or any(
        all(_stands(part, place) for part in parts if part.strip()) for place in places
    )
    yield from _claim(is_there or not places, match, NOT_DUE)
    wrong = list(statements_in(read_step(f"${match[1]}$").chains))
    said = list(statements_in(read_step(_steps(record)[0]).chains))
    if wrong and record.error_type == "sign_error":
        yield from _claim(not any(_is_same(wrong[0], each) for each in said), match)


def _is_same(one: Statement, other: Statement) -> bool:
    return bool(one.relation == other.relation and same(one.left, other.left) and same(one.right, other.right))


_Rule = Callable[[ErroneousSolution, "re.Match[str]"], Iterator[Finding]]
_VALUED = (
    rf"(?:^|(?<=\. ))(?:With (?P<with>{_M.replace('(', '(?:', 1)}(?:, {_M.replace('(', '(?:', 1)})*), )?"
    r"\$(?P<x>(?:[^$\\]|\\.)+)\$ is \$(?P<due>(?:[^$\\]|\\.)+)\$(?:, not \$(?P<not>(?:[^$\\]|\\.)+)\$)?"
)
_RULES: list[tuple[str, _Rule]] = [
    (rf"term {_M} goes to the (?:left|right) side as {_M}", _moved),
    (rf"factor {_M} does not reach {_M}: that term should become {_M}", _unreached),
    (rf"minus sign before the brackets does not reach {_M}: that term should become {_M}", _moved),
    (rf"terms {_M} and {_M} are not alike and can't be added up to {_M}: it should stay {_M}", _unlike),
    (rf"Squaring {_M} term by term leaves out the cross term: the step lacks {_M}", _cross_term),
    (
        r"the exponents (?P<a>\d+) and (?P<b>\d+) are (?P<done>multiplied|added|divided), but .*?: it should be "
        r"(?P<due>\d+)",
        _exponents,
    ),
    (rf"keeps {_M}, but the one that is asked for is {_M}", _case),
    (rf"the first one is {_M} and the second one is {_M}", _coordinates),
    (rf"equation {_M} has another solution, {_M}, which the step loses", _lost),
    (rf"{_M} gives {_M}(?:, not {_M})?", _gives),
    (rf"The term {_M} was added up as if it were {_M}(?=:)", _moved),
    (
        r"was added up as if it were \$(?:[^$\\]|\\.)+\$(?P<with>): \$(?P<x>(?:[^$\\]|\\.)+)\$ is "
        r"\$(?P<due>(?:[^$\\]|\\.)+)\$, not \$(?P<not>(?:[^$\\]|\\.)+)\$",
        _valued,
    ),
    (_VALUED, _valued),
    (rf"it should be {_M}", _shown_due),
]
