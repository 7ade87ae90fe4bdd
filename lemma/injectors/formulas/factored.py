r"""The box holds a product of two factors with the wrong signs in them: `(x - 1)(x + 3)` for `x^2 - 2x - 3`.

Or a difference of two squares as the square of the difference: `(x - 7)^2` for `x^2 - 49`.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator

from lemma.algebra.polynomials import budget
from lemma.algebra.reading import formula_spans, read_formula
from lemma.algebra.trees import Node, equal, names, polynomial
from lemma.arithmetic.chain_solution import ChainSolution
from lemma.exceptions import Refusal
from lemma.injectors.conditions import without_formulas

_SPACE = r"\s?"
_BINOMIAL = (
    rf"\({_SPACE}(?P<lead{{0}}>\d{{{{0,3}}}}[a-z](?:\^2)?){_SPACE}(?P<sign{{0}}>[-+]){_SPACE}"
    rf"(?P<rest{{0}}>\d{{{{1,4}}}}[a-z]?|\d{{{{0,4}}}}[a-z]){_SPACE}\)"
)
TWO = re.compile(rf"\s?(?P<first>{_BINOMIAL.format(1)}){_SPACE}(?P<last>{_BINOMIAL.format(2)})\s?")
_SQUARE = re.compile(rf"\s?{_BINOMIAL.format(1)}{_SPACE}\^{_SPACE}(?:2|\{{2\}})\s?")
# Whoever has just said which numbers have this sum and this product puts them in as they are.
SAYS_HOW = re.compile(r"\b(?:sum|product|add\w*|multipl\w+|difference of (?:two )?squares|checks?|expand\w*)\b", re.I)
_LONGEST = 120
MIDDLE = "multiplied out, that has the other sign in the middle"
_OPENS = re.compile(r"\\\[|\$|\\begin\{align\*?\}")


def turned_signs(solution: ChainSolution, content: str) -> Iterator[tuple[str, str]]:
    """Both signs turned, so that only the term in the middle is wrong."""
    two, square = TWO.fullmatch(content), _SQUARE.fullmatch(content)
    found = two or square
    if found is None or (two is not None and not (two["lead1"][-1] == two["lead2"][-1] or "^" in content)):
        return
    written = content
    for number in (2, 1) if two is not None else (1,):
        at = found.start(f"sign{number}")
        written = f"{written[:at]}{'-' if written[at] == '+' else '+'}{written[at + 1 :]}"
    yield from _told(solution, content, written, MIDDLE)


def swapped(solution: ChainSolution, content: str) -> Iterator[tuple[str, str]]:
    """The numbers of two sums with different letters, each in the other one: `(a + 2)(b + 5)` for `(a + 5)(b + 2)`."""
    two = TWO.fullmatch(content)
    if two is None or two["lead1"] == two["lead2"] or two["rest1"] == two["rest2"]:
        return
    if not (two["rest1"] + two["rest2"]).isdigit() or len(two["lead1"] + two["lead2"]) != len("ab"):
        return
    first, last = (f"{two[f'sign{one}']} {two[f'rest{one}']}" for one in (2, 1))
    written = content
    for number, new in ((2, last), (1, first)):
        start, end = two.start(f"sign{number}"), two.end(f"rest{number}")
        written = written[:start] + (new if " " in content[start:end] else new.replace(" ", "")) + written[end:]
    if "-" in (two["sign1"], two["sign2"]):
        return
    (one, other), (first, last) = (two.group("lead1", "lead2"), two.group("rest1", "rest2"))
    why = f"multiplied out, that has ${first}{one}$ and ${last}{other}$, not ${last}{one}$ and ${first}{other}$"
    yield from _told(solution, content, written, why)


def squared(solution: ChainSolution, content: str) -> Iterator[tuple[str, str]]:
    """The square of the difference for the difference of the squares."""
    two = TWO.fullmatch(content)
    if two is None or two["lead1"] != two["lead2"] or two["rest1"] != two["rest2"] or two["sign1"] == two["sign2"]:
        return
    kept = two["first"] if two["sign1"] == "-" else two["last"]
    yield from _told(solution, content, f"{kept}^2", "multiplied out, that square has a term in the middle")


def _told(solution: ChainSolution, content: str, written: str, why: str) -> Iterator[tuple[str, str]]:
    """The wrong product, if the solution has a sum that the right one is equal to."""
    step = solution.answer.step
    text = solution.steps[step]
    if SAYS_HOW.search(without_formulas(f"{solution.steps[step - 1] if step else ''} {text}")):
        return
    if source := source_of(solution, (step, solution.answer.start), content, written):
        yield written, f"${source}$ is ${content.strip()}$, not ${written.strip()}$: {why}."


def source_of(solution: ChainSolution, place: tuple[int, int], product: str, wrong: str) -> str:
    """The last sum before a place of a step that a product is equal to, and a wrong one is not; empty if none is."""
    right, other = _tree(product), _tree(wrong)
    if right is None or other is None:
        return ""
    for source, tree in sums_before(solution, *place):
        try:
            with budget.bounded():
                is_source = names(tree) == names(right) and equal(tree, right) and not equal(other, right)
                is_source = is_source and len(polynomial(tree)) > 1
        except Refusal:
            continue
        if is_source:
            return source
    return ""


def sums_before(solution: ChainSolution, step: int, place: int) -> Iterator[tuple[str, Node]]:
    """The formulas with letters before a place of a step, the last one first, then those of the question."""
    begun = solution.steps[step][:place].rstrip(" &\n").removesuffix("=")
    texts = [begun, *reversed(solution.steps[:step]), solution.question]
    for text in texts:
        # The formula that the place is in is closed here, so that it is read up to there.
        spans = formula_spans(text) or [(0, len(text))]
        opened = deque(_OPENS.finditer(text), maxlen=1)
        if opened and text is texts[0]:
            spans = [*(span for span in spans if span[1] <= opened[0].start()), (opened[0].end(), len(text))]
        for start, end in reversed(spans):
            for chain in reversed(read_formula(text, start, end)):
                for side in reversed(chain.sides):
                    shown = " ".join(text[side.start : side.end].replace("&", " ").split())
                    if side.tree is not None and names(side.tree) and "(" not in shown and len(shown) <= _LONGEST:
                        yield shown, side.tree


def _tree(text: str) -> Node | None:
    chains = read_formula(text, 0, len(text))
    return chains[0].sides[0].tree if len(chains) == 1 and len(chains[0].sides) == 1 else None
