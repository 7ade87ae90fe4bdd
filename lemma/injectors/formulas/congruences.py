r"""The last chain of congruences of a solution: `n \equiv -3 \equiv \boxed{8} \pmod{11}`, and a change in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lemma.arithmetic.chain_solution import ChainSolution, box_spans, literals_of_text
from lemma.arithmetic.chains import Chain
from lemma.arithmetic.formulas import Node, Unreadable, read_formula
from lemma.arithmetic.graph import values_of_words
from lemma.arithmetic.latex import DRAWING
from lemma.arithmetic.writing import known_value
from lemma.exceptions import Refusal
from lemma.injectors.conditions import JUDGES, holds_number, without_formulas

_MODULUS = re.compile(
    r"\s{0,3}\(?\\(?:pmod|bmod|mod|pod)(?![a-z])\s?\{?\s?(?P<command>\d{1,6})\s?\}?\)?"
    r"|\s{0,3}\(\\(?:text|mathrm|mbox)\{\s?mod\s?\}\s?(?P<text>\d{1,6})\)"
)
_ENDS_FORMULA = re.compile(r"\$\$?|\\\]|\\\)|\\end\{[a-z]{1,10}\*?\}")


@dataclass(frozen=True, slots=True)
class ModularSide:
    """A side without the modulus behind it: its span, its tree, and its value if it is a whole number."""

    start: int
    end: int
    tree: Node | None
    value: int | None


@dataclass(frozen=True, slots=True)
class WrongResidue:
    """Another number in one side of a chain of congruences, and what then stands in the sides behind it."""

    chain: int
    modulus: int
    written: tuple[tuple[int, int, str], ...]
    """What is written from a place to another in the step of the chain."""
    answer: int


def last_chain(solution: ChainSolution) -> int | None:
    """The chain of congruences that holds the box, or the last one before a box that only repeats its last number."""
    for index in range(solution.answer.chain, -1, -1):
        chain = solution.chains[index]
        if "\\equiv" in chain.relations:
            return index if set(chain.relations) <= {"=", "\\equiv"} else None
        if len(chain.sides) > 1:
            return None
    return None


def modulus_of(solution: ChainSolution, index: int) -> int | None:
    """The modulus that a chain names, or the only one that the solution and the question name."""
    chain = solution.chains[index]
    text = solution.steps[chain.step]
    own = set(_moduli(text[chain.start : chain.sides[-1].end]))
    named = own or set(_moduli(" ".join((solution.question, *solution.steps))))
    return next(iter(named)) if len(named) == 1 else None


def _moduli(text: str) -> Iterator[int]:
    yield from (int(found["command"] or found["text"]) for found in _MODULUS.finditer(text))


def sides_of(solution: ChainSolution, index: int) -> list[ModularSide]:
    """The sides of a chain, without a modulus behind them."""
    chain = solution.chains[index]
    text = solution.steps[chain.step]
    sides = []
    for side in chain.sides:
        found = _MODULUS.search(text, side.start, side.end)
        end = found.start() if found is not None else side.end
        try:
            tree = read_formula(text, side.start, end).tree
        except Unreadable:
            sides.append(ModularSide(side.start, end, None, None))
            continue
        known = known_value(tree)
        whole = known.rational if known is not None else None
        sides.append(ModularSide(side.start, end, tree, whole if isinstance(whole, int) else None))
    return sides


def carried(solution: ChainSolution, change: WrongResidue) -> tuple[tuple[str, ...], int, str]:
    """The steps with the wrong link. Raises Refusal if anything between it and the box, or behind, depends on it."""
    answer, chain = solution.answer, solution.chains[change.chain]
    steps = list(solution.steps)
    if any(map(box_spans, (*steps[: answer.step], *steps[answer.step + 1 :]))):
        raise Refusal("second_box")
    right = sides_of(solution, change.chain)[-1].value
    written = [(chain.step, *one) for one in change.written]
    if change.chain != answer.chain:
        _refuse_dependent(solution, change.chain, right)
        box = solution.chains[answer.chain].sides
        if len(box) != 1 or box[0].value is None or box[0].value.rational != right:
            raise Refusal("later_formula", "the box is not the last residue")
        written.append((answer.step, answer.start, answer.end, f"\\boxed{{{change.answer}}}"))
    tail = steps[answer.step][answer.end :]
    ends = _ENDS_FORMULA.search(tail)
    rest = tail[ends.end() :] if ends is not None else ""
    if ends is not None and (holds_number(rest) or JUDGES.search(without_formulas(DRAWING.sub(" ", rest)))):
        cut = answer.end + ends.end()
        steps[answer.step] = steps[answer.step][:cut]
        if not box_spans(steps[answer.step])[-1][1] <= cut:
            raise Refusal("remark_behind_answer", rest.strip()[:80])
    for step, start, end, text in sorted(written, reverse=True):
        steps[step] = steps[step][:start] + text + steps[step][end:]
    behind = " ".join(steps[answer.step + 1 :])
    if holds_number(behind) or DRAWING.search(behind) or JUDGES.search(behind):
        steps = steps[: answer.step + 1]
    return tuple(steps), chain.step, str(change.answer)


def _refuse_dependent(solution: ChainSolution, index: int, right: int | None) -> None:
    """Nothing between the chain and the box says a number that the question does not give, or judges one."""
    own, box = solution.chains[index], solution.chains[solution.answer.chain]
    given = {one.rational for one in solution.given}
    is_behind = False
    for item in solution.items:
        if item is box:
            return
        if not is_behind:
            is_behind = item is own
            continue
        end = item.sides[-1].end if isinstance(item, Chain) else item.end
        text = DRAWING.sub(" ", solution.steps[item.step][item.start : end])
        said = {one.value.rational for one in literals_of_text(text)} | set(values_of_words(without_formulas(text)))
        if not said <= given or right in said:
            raise Refusal("number_in_words", text.strip()[:80])
        if (judged := JUDGES.search(without_formulas(text))) is not None:
            raise Refusal("words_may_be_false", judged.group())
