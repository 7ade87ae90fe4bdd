r"""A wrong result at the end of a solution, where only the box repeats it: `so $x = 9$. The answer is $\boxed{9}$.`

Nothing else may depend on the result, so words and formulas before it stay as they are, whatever they say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from lemma.arithmetic.carrying import edit_of, is_plausible
from lemma.arithmetic.chain_solution import ChainSolution, literals_of, literals_of_text, named
from lemma.arithmetic.chains import Chain, Side, read_chains
from lemma.arithmetic.formulas import Node, value
from lemma.arithmetic.graph import values_of_words
from lemma.arithmetic.latex import DRAWING, boxed
from lemma.arithmetic.propagation import apply_edits
from lemma.arithmetic.surds import Surd
from lemma.arithmetic.writing import is_written, known_value, write
from lemma.exceptions import Refusal
from lemma.injectors.conditions import JUDGES, holds_number

_NOUN = re.compile(r"[\s$}]{0,6}(?:\\\$)?[\s$]{0,3}(?:of\b|(?:\\text\{\s{0,3})?[a-z-]{1,30}(?: [a-z]{1,30})?s\b)")
_SENTENCE = re.compile(r"[.!?:](?:[\s$]|$)")
_FAR = 4  # formulas between a result and the box that repeats it, or the equation that it solves
_CLUTTER = re.compile(r"\\(?:left|right|[,;:! ])|[\s{}]")


@dataclass(frozen=True, slots=True)
class Ending:
    """The last result of a solution: the chain whose last side says it, and the chain of the box if that only repeats
    it. `source` is the side that it is equal to, or `equation` has it as its root, with the values of its other
    `letters`, which were found before.
    """

    chain: int
    node: Node
    box: tuple[int, Node] | None
    source: Side | None = None
    equation: tuple[int, Side, Side] | None = None
    name: str = ""
    letters: Mapping[str, Surd] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WrongEnding:
    """An ending with another value."""

    ending: Ending
    wrong: Surd

    @property
    def chain(self) -> int:
        """The chain that is changed first."""
        return self.ending.chain


def endings(solution: ChainSolution) -> Iterator[Ending]:
    """The last result of a solution, as far as it is known where it comes from."""
    answer = solution.answer.chain
    chain = solution.chains[answer]
    tree = chain.sides[-1].formula.tree if chain.sides[-1].formula is not None else None
    if tree is None or chain.sides[-1].value is None or chain.in_tuple or not is_written(tree):
        return
    if len(chain.sides) > 1:
        yield from _of_chain(solution, answer, tree, None)
        return
    right = chain.sides[-1].value
    for index in range(answer - 1, max(-1, answer - 1 - _FAR), -1):
        other = solution.chains[index]
        last = other.sides[-1]
        if last.formula is None or last.value != right or other.in_tuple:
            continue
        if len(other.sides) > 1 and is_written(last.formula.tree):
            yield from _of_chain(solution, index, last.formula.tree, (answer, tree))
        elif len(other.sides) == 1 and not is_written(last.formula.tree) and other.step >= chain.step - 1:
            yield Ending(answer, tree, None, source=last)
        return


def _of_chain(solution: ChainSolution, index: int, tree: Node, box: tuple[int, Node] | None) -> Iterator[Ending]:
    chain = solution.chains[index]
    before = chain.sides[-2]
    if before.formula is None or chain.relations[-1] != "=":
        return
    letters = solution.letters_before(index)
    if before.formula.tree.op != "letter" and known_value(before.formula.tree, letters) == chain.sides[-1].value:
        yield Ending(index, tree, box, source=before)
        return
    name, root = named(chain)
    if len(chain.sides) != 2 or name is None or before.formula.tree.op != "letter" or root is None:
        return
    found = equation_before(solution, index, name, root)
    if found is not None:
        equation, known = found
        yield Ending(index, tree, box, equation=equation, name=name, letters=known)


def equation_before(
    solution: ChainSolution, index: int, name: str, root: Surd
) -> tuple[tuple[int, Side, Side], dict[str, Surd]] | None:
    """The equation that a chain gives the root of, as the number of its chain and its two sides, and the values of its
    other letters, which the solution has found before; None if the last formula that could be it is none.
    """
    letters = {one: found for one, found in solution.letters_before(index).items() if one != name}
    for earlier in range(index - 1, max(-1, index - 1 - _FAR), -1):
        other = solution.chains[earlier]
        for place in range(len(other.sides) - 2, -1, -1):
            left, right = other.sides[place : place + 2]
            if other.relations[place] != "=" or left.formula is None or right.formula is None or other.in_tuple:
                continue
            inside = left.letters | right.letters
            if name not in inside or name in (_bare(left), _bare(right)) or not inside <= {name, *letters}:
                continue
            known = {one: letters[one] for one in sorted(inside - {name})}
            if holds(left, right, {name: root, **known}):
                return (earlier, left, right), known
            if not known:
                return None
    return None


def _bare(side: Side) -> str:
    """The letter that a side is; empty if it is anything else."""
    tree = side.formula.tree if side.formula is not None else None
    return tree.name if tree is not None and tree.op == "letter" else ""


def holds(left: Side, right: Side, letters: dict[str, Surd]) -> bool | None:
    """Whether two sides are equal for these values of their letters; None if that can't be told."""
    assert left.formula is not None and right.formula is not None
    values = [known_value(side.formula.tree, letters) for side in (left, right) if side.formula is not None]
    return None if None in values else values[0] == values[1]


def carried(solution: ChainSolution, change: WrongEnding) -> tuple[tuple[str, ...], int, str]:
    """The steps with the wrong result, the wrong step, and the answer. Raises Refusal if anything depends on it."""
    ending, answer = change.ending, solution.answer
    right, step = value(ending.node), solution.chains[ending.chain].step
    _refuse_implausible(solution, right, change.wrong)
    places = [(step, ending.node)]
    if ending.box is not None:
        places.append((answer.step, ending.box[1]))
    steps = list(solution.steps)
    for number, node in sorted(places, key=lambda place: (place[0], -place[1].start)):
        text = solution.steps[number]
        written = write(change.wrong, node, text)
        if written is None:
            raise Refusal("not_writable", f"{change.wrong}")
        if change.wrong == 1 and _NOUN.match(text, node.end):
            raise Refusal("implausible_value", "1 of several things")
        steps[number] = apply_edits(steps[number], [edit_of(text, node, written)])
    _refuse_dependent(solution, ending, right)
    end = answer.step + 1
    rest = " ".join(steps[end:])
    if holds_number(rest) or DRAWING.search(rest) or JUDGES.search(rest):
        steps = steps[:end]
    _prove(solution, change, steps, step)
    answers = [content for text in steps for content in boxed(text)]
    return tuple(steps), step, answers[-1]


def _refuse_implausible(solution: ChainSolution, right: Surd, wrong: Surd) -> None:
    turned = (right.approximate or 0) > 0 > (wrong.approximate or 0) and not solution.has_negatives
    if turned or not is_plausible(right, wrong, solution.question) or wrong == Surd(0):
        raise Refusal("implausible_value", f"{wrong} for {right}")


def _refuse_dependent(solution: ChainSolution, ending: Ending, right: Surd) -> None:
    """Nothing between the result and the end of the answer's step depends on it, repeats it, or judges it."""
    answer, own = solution.answer, solution.chains[ending.chain]
    shown = _CLUTTER.sub("", solution.steps[own.step][ending.node.start : ending.node.end])
    drawings = " ".join(match.group() for text in solution.steps for match in DRAWING.finditer(text))
    if len(shown) > 1 and re.search(rf"(?<![\d.]){re.escape(shown)}(?![\d.])", _CLUTTER.sub("", drawings)):
        raise Refusal("drawn_result", shown)
    changed = {ending.chain} | ({ending.box[0]} if ending.box is not None else set())
    behind = False
    index = -1
    for item in solution.items:
        index += isinstance(item, Chain)
        if item.step > answer.step:
            break
        if not behind:
            behind = isinstance(item, Chain) and index == ending.chain
            continue
        text = solution.steps[item.step]
        if isinstance(item, Chain):
            if index in changed:
                continue
            said = [literal.value for side in item.sides for literal in literals_of(side, text)]
            if len(item.sides) > 1 or any(one == right or one not in solution.given for one in said):
                raise Refusal("later_formula", text[item.start : item.sides[-1].end][:80])
            continue
        words = text[item.start : item.end]
        if any(Surd(one) == right for one in values_of_words(words)) or any(
            one.value == right or one.value not in solution.given for one in literals_of_text(DRAWING.sub(" ", words))
        ):
            raise Refusal("number_in_words", words.strip()[:80])
        if (judged := JUDGES.search(DRAWING.sub(" ", words))) is not None:
            raise Refusal("words_may_be_false", judged.group())
    if any("\\boxed" in text for text in solution.steps[answer.step + 1 :]):
        raise Refusal("second_box")


def _prove(solution: ChainSolution, change: WrongEnding, steps: list[str], step: int) -> None:
    """Read the changed steps again: the same formulas, of which only the changed one is false."""
    ending = change.ending
    before = [(index, chain) for index, chain in enumerate(solution.chains) if step <= chain.step < len(steps)]
    now = read_chains(steps, step, solution.complex_numbers)
    if len(now) != len(before):
        raise Refusal("formula_lost")
    for (index, old), new in zip(before, now, strict=True):
        is_box = ending.box is not None and index == ending.box[0]
        if (old.step, old.relations, len(old.sides)) != (new.step, new.relations, len(new.sides)):
            raise Refusal("formula_lost")
        if is_box or index == ending.chain:
            if new.sides[-1].value != change.wrong or old.values[:-1] != new.values[:-1]:
                raise Refusal("formula_lost")
            shown = ["".join(steps[new.step][side.start : side.end].split()) for side in new.sides]
            if any(one == other.removeprefix("\\boxed{").removesuffix("}") for one, other in pairwise(shown)):
                raise Refusal("side_repeated")
        elif old.values != new.values:
            raise Refusal("formula_lost")
    letters = solution.letters_before(ending.chain)
    if ending.source is not None:
        assert ending.source.formula is not None
        found = known_value(ending.source.formula.tree, letters)
        if found is None or found == change.wrong:
            raise Refusal("error_not_proven")
    else:
        assert ending.equation is not None
        _, left, right = ending.equation
        if holds(left, right, {ending.name: change.wrong, **ending.letters}) is not False:
            raise Refusal("error_not_proven")


def words_before(solution: ChainSolution, ending: Ending) -> str:
    """The words that lead to the result from the last formula that says something, such as `Adding $9$ gives`; with
    those before the equation if it stands in the same sentence.
    """
    found: list[str] = []
    own = solution.chains[ending.chain]
    equation = solution.chains[ending.equation[0]] if ending.equation is not None else None
    at = next(place for place, item in enumerate(solution.items) if item is own)
    for item in reversed(solution.items[:at]):
        if isinstance(item, Chain):
            is_passed = item is equation and not any(_SENTENCE.search(one) for one in found)
            if (len(item.sides) > 1 and not is_passed) or item.step < own.step - 1:
                break
            continue
        words = solution.steps[item.step][item.start : item.end]
        if equation is not None and (item.step, item.start) < (equation.step, equation.start):
            ends = list(_SENTENCE.finditer(words))
            found.append(words[ends[-1].end() :] if ends else words)
            if ends:
                break
            continue
        found.append(words)
    return " ".join(reversed(found))
