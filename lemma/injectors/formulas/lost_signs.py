r"""The minus sign of the answer is lost in the last box, if the formula before shows where the sign comes from.

`\cos S = -\cos R = \boxed{\frac{3}{5}}` for a cosine of R that was found to be 3/5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lemma.algebra.polynomials import budget
from lemma.algebra.reading import read_formula
from lemma.algebra.trees import DIVISION, GROUP, MINUS, PRODUCT, Node, equal
from lemma.arithmetic.chain_solution import ChainSolution
from lemma.arithmetic.chains import Chain
from lemma.arithmetic.formulas import Unreadable, letters_of, parse
from lemma.arithmetic.surds import Surd
from lemma.arithmetic.writing import known_value
from lemma.exceptions import Refusal
from lemma.injectors.conditions import without_formulas

_SAYS_SIGN = re.compile(r"\b(?:negative|minus|subtract\w*|below|sign|decreas\w*)\b", re.IGNORECASE)
_CLUTTER = re.compile(r"(?<!\\)&|\\(?:left|right|displaystyle|[,;:! ])(?![a-zA-Z])|\s")
_FACTOR = re.compile(r"(?P<factor>\d{1,6})?(?P<name>.*)", re.DOTALL)
_SIGN = re.compile(r"[-+]")
_PAIR = re.compile(r"(?s)\s*(?:\\left\s*)?\((?P<body>[^()\[\]]+)(?:\\right\s*)?\)\s*")
_NEGATIVE = re.compile(
    r"(?:^|,)\s*(?P<sign>-)\s?(?P<size>\d{1,6}|\\[dt]?frac\{\d{1,4}\}\{\d{1,4}\})(?=\s*(?:,|\\right|$))"
)
_FORMULA = re.compile(
    r"(?s)\$\$?[^$]+\$|\\\[(?:(?!\\\]|\\\[).)*\\\]|\\begin\{align\*?\}(?:(?!\\end\{|\\begin\{).)*(?=\\end\{align)"
)
_LETTER = re.compile(r"(?<![\\A-Za-z])[a-z](?![A-Za-z])")
_POINTS = ((3, 7), (11, 5), (2, 13))
_LONGEST = 120


def propose(solution: ChainSolution, content: str) -> Iterator[tuple[str, str]]:
    """The content of the box without its minus sign, or with a term of the other sign."""
    step = solution.steps[solution.answer.step]
    chain = solution.chains[solution.answer.chain]
    if _SAYS_SIGN.search(without_formulas(step)):
        return
    yield from read_off(solution, content)
    if len(chain.sides) < 2 or chain.relations[-1] != "=":
        return
    if chain.in_tuple:
        return
    before = chain.sides[-2]
    source = " ".join(
        re.sub(r"(?<!\\)&|\\\\|\\(?:left|right)(?=\s*[()\[\]])", " ", step[before.start : before.end]).split()
    )
    if len(source) > _LONGEST or len(content) > _LONGEST:
        return
    shown = " ".join(content.split())
    if shown.startswith("-") and not _SIGN.search(shown[1:]):
        written = shown[1:].lstrip()
        told = f"${source}$ is ${shown}$, not ${written}$: the minus sign is lost."
        if is_negative(source, shown):
            yield written, told
        elif found := said(solution, chain, source, shown):
            yield written, f"With ${found}$, {told}"
    yield from of_letters(solution, source, shown)
    yield from copied(source, shown)


def copied(source: str, shown: str) -> Iterator[tuple[str, str]]:
    """A term with a minus sign that stands in the formula before as it is, and in the box with a plus sign."""
    trees = [_tree(source), _tree(shown)]
    if trees[0] is None or trees[1] is None or not _LETTER.search(shown) or "(" in shown:
        return  # in a product of sums, a sign is not copied
    try:
        with budget.bounded():
            if not equal(trees[0], trees[1]):
                return
    except Refusal:
        return
    for match in re.finditer(r"(?<=[\w}) ])-\s?(?P<term>\d{0,4}(?:[a-z](?:\^\d)?)?)(?![\w^({\\])", shown):
        term = match["term"]
        # Beside other numbers, -2 is not that of the box, but the same by chance.
        kind = re.escape(term.lstrip("0123456789")) or r"(?<=\d)"
        is_alone = len(re.findall(rf"(?<![\w^.{{])\d{{0,4}}{kind}(?![\w^({{\\])", source)) == 1
        if term and is_alone and len(re.findall(rf"(?<=[\w}}) ])-\s?{re.escape(term)}(?![\w^({{\\])", source)) == 1:
            written = f"{shown[: match.start()]}+{shown[match.start() + 1 :]}"
            yield written, f"In ${source}$ there is $-{term}$, not ${term}$: the minus sign is lost."


def read_off(solution: ChainSolution, content: str) -> Iterator[tuple[str, str]]:
    """A coefficient that is read off a formula before without its minus sign: `(16, 3)` for `-16x + 3`."""
    pair, answer = _PAIR.fullmatch(content), solution.answer
    if pair is None:
        return
    before = f"{solution.steps[answer.step - 1] if answer.step else ''} {solution.steps[answer.step][: answer.start]}"
    rows = [row for formula in _FORMULA.findall(before) for row in formula.split("\\\\")]
    found = [row for row in map(_plain, rows) if _LETTER.search(row)]
    body = pair.start("body")
    for entry in _NEGATIVE.finditer(pair["body"]):
        shown = entry["size"]
        term = re.compile(rf"-\s*{re.escape(shown)}(?![\d.,/^])")
        sources = [one for one in found if len(term.findall(one)) == len(re.findall(re.escape(shown), one)) == 1]
        if len(sources) == 1 and len(sources[0]) <= _LONGEST:
            at = body + entry.start("sign")
            written = content[:at] + content[at + 1 :].lstrip(" ")
            yield written, f"In ${sources[0]}$ there is $-{shown}$, not ${shown}$: the minus sign is lost."


def _plain(formula: str) -> str:
    shown = re.sub(r"(?<!\\)&|\\(?:begin|end)\{[a-z]+\*?\}", " ", formula.strip("$"))
    return " ".join(shown.removeprefix("\\[").removesuffix("\\]").split()).strip("=., ")


def is_negative(source: str, shown: str) -> bool:
    """Whether a formula that is led by a minus sign is equal to a negative answer for all values of its letters."""
    trees = [_tree(source), _tree(shown)]
    if trees[0] is None or trees[1] is None or not is_led_by_minus(trees[0]):
        return False
    try:
        with budget.bounded():
            return equal(trees[0], trees[1])
    except Refusal:
        return False


def _tree(text: str) -> Node | None:
    chains = read_formula(text, 0, len(text))
    return chains[0].sides[0].tree if len(chains) == 1 and len(chains[0].sides) == 1 else None


def is_led_by_minus(tree: Node) -> bool:
    """Whether a minus sign stands in front of a formula, or of its first factor."""
    while tree.head in (GROUP, DIVISION, PRODUCT):
        tree = tree.args[0]
    return tree.head == MINUS


def said(solution: ChainSolution, chain: Chain, source: str, shown: str) -> str:
    r"""What was said before that makes a formula with a minus sign in front equal to a negative answer, such as
    `\cos R = \frac{3}{5}`; empty if nothing does.
    """
    if not source.startswith("-"):
        return ""
    found = _FACTOR.fullmatch(source[1:].strip())
    factor, name = (int(found["factor"] or 1), _squeezed(found["name"])) if found is not None else (1, "")
    if _SIGN.search(name) or not name:
        return ""
    for earlier in solution.chains:
        if earlier is chain:
            return ""
        text = solution.steps[earlier.step]
        sides = [text[side.start : side.end].strip() for side in earlier.sides]
        value = earlier.sides[-1].value
        if len(sides) < 2 or set(earlier.relations) != {"="} or _squeezed(sides[0]) != name or value is None:
            continue
        try:
            right = known_value(parse(shown, solution.complex_numbers))
        except Unreadable:
            return ""
        if right == -(Surd(factor) * value):
            return f"{sides[0].replace('&', '').strip()} = {sides[-1].replace('&', '').strip()}"
    return ""


def _squeezed(text: str) -> str:
    return _CLUTTER.sub("", text)


def of_letters(solution: ChainSolution, source: str, shown: str) -> Iterator[tuple[str, str]]:
    """The box that comes of a letter whose minus sign is lost: `13x + 3` for `ax + b` with `a = -13` and `b = 3`."""
    known = solution.letters_before(solution.answer.chain)
    try:
        before, right = (parse(text, solution.complex_numbers) for text in (source, shown))
    except Unreadable:
        return
    for name, found in known.items():
        if found.rational is None or found.rational >= 0 or not re.search(rf"(?<![A-Za-z\\]){re.escape(name)}", source):
            continue
        turned = {**known, name: -found}
        for match in _SIGN.finditer(shown):
            at = match.start()
            if match.group() == "+":
                continue
            written = shown[at + 1 :].lstrip() if not at else f"{shown[:at]}+{shown[at + 1 :]}"
            try:
                wrong = parse(written, solution.complex_numbers)
            except Unreadable:
                continue
            rest = sorted((letters_of(before) - known.keys()) | letters_of(right) | letters_of(wrong))
            points = [dict(zip(rest, map(Surd, point), strict=False)) for point in _POINTS]
            if len(rest) > len(_POINTS[0]) or not rest:
                continue  # without letters it is worked out, and not put in
            values = [
                [known_value(tree, {**letters, **point}) for tree, letters in ((before, known), (right, {}))]
                + [known_value(tree, {**letters, **point}) for tree, letters in ((before, turned), (wrong, {}))]
                for point in points
            ]
            if all(None not in row and row[0] == row[1] and row[2] == row[3] for row in values):
                given = ", ".join(f"${one} = {known[one]}$" for one in sorted(letters_of(before) & known.keys()))
                told = f"With {given}, ${source}$ is ${shown}$, not ${written}$"
                yield written, f"{told}: the minus sign of ${found}$ is lost."
