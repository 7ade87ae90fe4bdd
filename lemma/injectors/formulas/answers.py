"""The answer that the last step takes over from an earlier one is another number, or what it counts is miscounted."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lemma.arithmetic.carrying import ChainChange, brackets, is_plausible
from lemma.arithmetic.chain_solution import ChainSolution, literals_of, literals_of_text
from lemma.arithmetic.chains import Words
from lemma.arithmetic.formulas import Node, value
from lemma.arithmetic.propagation import Edit
from lemma.arithmetic.surds import Surd
from lemma.arithmetic.writing import is_written, write
from lemma.injectors.formulas.operands import swapped_digits
from lemma.injectors.formulas.places import Proposed

_NEUTRAL = re.compile(
    r"\b(?:the|our|final|desired) (?:final |desired )?(?:answer|solution|result|value)\b(?! of)", re.IGNORECASE
)
_ASKS_COUNT = re.compile(r"\bhow many\b|\bnumber of\b", re.IGNORECASE)
_ITEM = (
    r"(?<![\w.])-?(?:\d{1,9}(?!\d)|\(-?\w{1,9},\s?-?\w{1,9}\)|\\frac\{?\d{1,9}\}?\{?\d{1,9}\}?|[A-Z]{1,4}(?![a-zA-Z]))"
)
_LIST = re.compile(rf"{_ITEM}(?:(?:\s{{0,3}},\s{{0,3}}(?:and\s|or\s)?|\s(?:and|or)\s){_ITEM})+")
_SPAN = re.compile(r"\b(?:between|from)\s+(\d{1,9})\s+(?:and|to|through)\s+(\d{1,9})\b")
_CLUTTER = re.compile(r"\\[,;:! ]|\\text\{(\s*(?:and|or)\s*)\}|[$]")
_FEWEST, _MOST = 2, 60
_MOST_OTHERS = 3


def _answer(solution: ChainSolution) -> tuple[int, Node, Surd] | None:
    """The chain that is nothing but the answer, in the last box, and its value."""
    chain = solution.chains[solution.answer.chain]
    formula = chain.sides[0].formula
    if len(chain.sides) != 1 or formula is None or chain.sides[0].value is None or not is_written(formula.tree):
        return None
    return solution.answer.chain, formula.tree, value(formula.tree)


def _proposed(solution: ChainSolution, index: int, node: Node, wrong: Surd, why: str) -> Iterator[Proposed]:
    """The proposal to box another number; `{}` stands for it, as it is written."""
    text = solution.steps[solution.answer.step]
    written = write(wrong, node, text)
    alike = isinstance(value(node).rational, int) == isinstance(wrong.rational, int)
    if written is not None and alike and is_plausible(value(node), wrong, solution.question):
        edit = Edit(node.start, node.end, brackets(text, node, written))
        change = ChainChange(index, 0, {node: wrong}, (edit,), result=True, stated=True)
        yield Proposed(change, why.replace("{}", f"${written}$"))


def other_result(solution: ChainSolution) -> Iterator[Proposed]:
    """The result of another step is boxed."""
    yield from _other(solution, is_neutral=False)


def misread(solution: ChainSolution) -> Iterator[Proposed]:
    """Something else that was found is boxed as the answer."""
    yield from _other(solution, is_neutral=True)


def _other(solution: ChainSolution, is_neutral: bool) -> Iterator[Proposed]:
    found = _answer(solution)
    if found is None:
        return
    index, node, right = found
    results, text = solution.results_before(index), solution.steps[solution.answer.step]
    if right not in results or (_NEUTRAL.search(text) is not None) != is_neutral:
        return
    shown = text[node.start : node.end]
    others = [one for one in results if one != right and one not in solution.given]
    for wrong in others[-_MOST_OTHERS:]:
        step = results[wrong] + 1
        why = f"Step {results[right] + 1} found ${shown}$, but this step goes on with {{}}, the result of step {step}"
        if is_neutral:
            found_in = f"which step {results[right] + 1} found"
            why = f"The problem asks for ${shown}$, {found_in}, and not for {{}} from step {step}"
        yield from _proposed(solution, index, node, wrong, f"{why}.")


def contradicted(solution: ChainSolution) -> Iterator[Proposed]:
    """The box says something else than the step that found the answer."""
    found = _answer(solution)
    if found is None:
        return
    index, node, right = found
    results, rational = solution.results_before(index, same_step=True), right.rational
    origin = results.get(right, _said_last(solution, right))
    if origin is None or right in solution.given:
        return
    wrongs = [-right] if rational is not None and rational < 0 else []
    if isinstance(rational, int):
        wrongs += [Surd(one) for one in swapped_digits(rational)]
        wrongs += [Surd(rational + off) for off in (-1, 1) if rational > _FEWEST]
    shown = solution.steps[solution.answer.step][node.start : node.end]
    found_it = "found" if right in results else "says"
    source = f"Step {origin + 1} {found_it} ${shown}$, but this step goes on with {{}},"
    if origin == solution.answer.step:
        source = f"The step has {'found' if right in results else 'said'} ${shown}$ before and then says {{}},"
    for wrong in wrongs:
        why = f"{source} and contradicts it."
        if wrong not in results:
            yield from _proposed(solution, index, node, wrong, why)


def _said_last(solution: ChainSolution, right: Surd) -> int | None:
    """The step that says the answer, in its own step or the one before: as the last number before the box, or as the
    end of a formula (`\\ge 8xyz = 16`).
    """
    last: tuple[int, Surd] | None = None
    step = solution.answer.step
    for item in solution.items:
        if item is solution.chains[solution.answer.chain]:
            break
        text = solution.steps[item.step]
        if isinstance(item, Words):
            found = list(literals_of_text(text[item.start : item.end]))
        else:
            found = [literal for side in item.sides for literal in literals_of(side, text)]
            if item.step >= step - 1 and len(item.sides) > 1 and item.sides[-1].value == right:
                return item.step
        last = (item.step, found[-1].value) if found else last
    near = last is not None and last[1] == right and last[0] >= step - 1
    return last[0] if near and last is not None else None


def miscounted(solution: ChainSolution) -> Iterator[Proposed]:
    """A list is counted wrongly, by one."""
    found = _answer(solution)
    if found is None or not _ASKS_COUNT.search(solution.question):
        return
    index, node, right = found
    rational, step = right.rational, solution.answer.step
    if not isinstance(rational, int) or not _FEWEST <= rational <= _MOST or right in solution.results_before(index):
        return
    text = " ".join(solution.steps[max(0, step - 1) : step]) + " " + solution.steps[step][: solution.answer.start]
    if not _is_counted(_CLUTTER.sub(lambda match: match[1] or "", text), rational):
        return
    for off, direction in ((-1, "few"), (1, "many")):
        wrong = rational + off
        why = f"The step counts one too {direction}: there are ${rational}$, not {{}}."
        yield from _proposed(solution, index, node, Surd(wrong), why)


def _is_counted(text: str, count: int) -> bool:
    """Whether a text lists this many things, or names a span of whole numbers with this many in it."""
    lists = [len(re.findall(_ITEM, match.group())) for match in _LIST.finditer(text)]
    spans = [int(match[2]) - int(match[1]) for match in _SPAN.finditer(text)]
    return count in lists or any(count in (size - 1, size, size + 1) for size in spans)
