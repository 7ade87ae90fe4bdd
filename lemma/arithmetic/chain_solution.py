r"""A LaTeX solution as chains of formulas, and what is known of each number in it.

    >>> solution = read_chain_solution("Find $3 + 4$.", (r"We have $3 + 4 = \boxed{7}$.",), "7")
    >>> solution.chains[0].values
    (3 + 4 ...)

What cannot be read keeps its place in the text, so that nothing behind it is changed without looking at it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lemma.arithmetic.chains import Chain, Side, Words, read_items
from lemma.arithmetic.constants import known_constants
from lemma.arithmetic.formulas import Node, parts_of
from lemma.arithmetic.graph import values_of_words
from lemma.arithmetic.latex import DRAWING, is_balanced
from lemma.arithmetic.numbers import parse_plain
from lemma.arithmetic.surds import Surd
from lemma.arithmetic.writing import is_written, known_value, written_parts
from lemma.exceptions import Refusal

_COMPLEX = re.compile(r"\bcomplex|\bimaginary|\bi\s*\^\s*\{?2|[\d}]\s*i\b(?!\w)|\bi\s*\\sqrt")
_NUMBER = re.compile(r"\d{1,3}(?:(?:,|\{,\}|\\!,|,\\!)\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+")
_ASSUMES = re.compile(
    r"\b(?:if|when|let|letting|suppose|assume|try|trying|case|plugging|substituting|setting)\b", re.IGNORECASE
)
_NAME = re.compile(r"[A-Z]|\\angle")
BOX = re.compile(r"\\(?:boxed|fbox)\s*\{")
_MOST_CHAINS = 150


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written in a text: in a formula that was read (`node`), or among what was not."""

    value: Surd
    start: int
    end: int
    node: Node | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The last box: its place, and the last chain that has a part in it."""

    chain: int
    step: int
    start: int
    end: int


@dataclass(frozen=True)
class ChainSolution:
    """A solution in steps, its chains and the words between them in order, and the box that holds the answer."""

    question: str
    steps: tuple[str, ...]
    gold: str
    items: tuple[Chain | Words, ...]
    chains: tuple[Chain, ...]
    answer: Answer
    complex_numbers: bool
    memo: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def given(self) -> frozenset[Surd]:
        """All numbers of the question, in digits and words."""
        found = {literal.value for literal in literals_of_text(DRAWING.sub(" ", self.question))}
        found |= {side.value for side in self.question_sides if side.value is not None}
        for side in self.question_sides:
            if side.formula is not None:
                found |= {one for part in written_parts(side.formula.tree) if (one := known_value(part)) is not None}
        return frozenset(found | {Surd(one) for one in values_of_words(self.question)})

    @cached_property
    def question_chains(self) -> tuple[Chain, ...]:
        """The question's formulas."""
        items = read_items(self.question, 0, self.complex_numbers)
        return tuple(item for item in items if isinstance(item, Chain))

    @cached_property
    def question_sides(self) -> tuple[Side, ...]:
        """The sides of the question's formulas."""
        return tuple(side for chain in self.question_chains for side in chain.sides)

    @cached_property
    def constants(self) -> frozenset[Surd]:
        """The numbers that everybody knows and the words call up, such as 12 for months."""
        return frozenset(map(Surd, known_constants((self.question, *self.steps))))

    @cached_property
    def given_in_digits(self) -> tuple[Surd, ...]:
        """The numbers of the question that stand in digits outside of drawings, indices and exponents."""
        text = re.sub(r"[\^_]\s*(?:\{[^{}]*\}|\w)", " ", DRAWING.sub(" ", self.question))
        return tuple(dict.fromkeys(literal.value for literal in literals_of_text(text)))

    @cached_property
    def has_negatives(self) -> bool:
        """Whether any number of the solution or the question is negative."""
        sides = [*self.question_sides, *(side for chain in self.chains for side in chain.sides)]
        texts = {id(side): self.question for side in self.question_sides}
        texts |= {id(side): self.steps[chain.step] for chain in self.chains for side in chain.sides}
        found = (literal for side in sides for literal in literals_of(side, texts[id(side)]))
        return any((literal.value.approximate or 0) < 0 for literal in found)

    def letters_before(self, chain: int) -> dict[str, Surd]:
        """The letters that are called equal to one number only in the chains before one."""
        known: dict[str, set[Surd]] = {}
        for earlier in self.chains[:chain]:
            name, found = named(earlier)
            if name is not None and found is not None:
                known.setdefault(name, set()).add(found)
        return {name: next(iter(values)) for name, values in known.items() if len(values) == 1}

    def results_before(self, index: int) -> dict[Surd, int]:
        """What the steps before that of a chain have worked out or called a letter, with the last such step."""
        found: dict[Surd, int] = {}
        for chain in self.chains[:index]:
            last, side = chain.sides[-1].value, chain.sides[-1].formula
            if (
                last is None
                or side is None
                or not is_written(side.tree)
                or set(chain.relations) != {"="}
                or chain.in_tuple
            ):
                continue
            worked = any(side.value is not None for side in chain.sides[:-1])
            if not (worked or named(chain)[0] is not None or _is_name(chain.sides[0])):
                continue
            sentence = self.steps[chain.step][: chain.start].rpartition(". ")[2]
            if not worked and _ASSUMES.search(sentence):
                continue
            if chain.step < self.chains[index].step:
                found[last] = chain.step
        return found

    def said_before(self, index: int, number: Surd) -> int | None:
        """The last step before that of a chain that says a number, in a formula or in words."""
        for item in reversed(self.items):
            if item.step < self.chains[index].step and number in self.said(item):
                return item.step
        return None

    def said(self, item: Chain | Words) -> list[Surd]:
        """The numbers that a formula or the words between two say."""
        text = self.steps[item.step]
        if isinstance(item, Chain):
            return [literal.value for side in item.sides for literal in literals_of(side, text)]
        words = text[item.start : item.end]
        return [*(literal.value for literal in literals_of_text(words)), *map(Surd, values_of_words(words))]

    def says_elsewhere(self, index: int, number: Surd) -> bool:
        """Whether the step of a chain says a number outside of that chain."""
        chain = self.chains[index]
        others = (item for item in self.items if item.step == chain.step and item is not chain)
        return any(number in self.said(item) for item in others)

    @cached_property
    def solved(self) -> dict[int, int]:
        """The chains that give the root of an equation in one letter, and the chain of that equation just before."""
        found = {}
        for index, chain in enumerate(self.chains):
            name, root = named(chain)
            if name is None or root is None:
                continue
            for earlier in range(index - 1, -1, -1):
                other = self.chains[earlier]
                if other.step < chain.step - 1 or any(side.formula is None for side in other.sides):
                    break
                letters = set().union(*(side.letters for side in other.sides))
                if name not in letters:
                    continue
                if letters == {name} and other.relations == ("=",) and satisfies(other, name, root):
                    found[index] = earlier
                break
        return found


def _is_name(side: Side) -> bool:
    """Whether a side is a name of several letters, such as `AB` or `\\angle PQR`."""
    parts = tuple(parts_of(side.formula.tree)) if side.formula is not None else ()
    names = [part.name for part in parts if part.op == "letter"]
    return bool(names) and {part.op for part in parts} <= {"letter", "*"} and all(map(_NAME.fullmatch, names))


def satisfies(equation: Chain, name: str, root: Surd) -> bool | None:
    """Whether a value of its letter makes an equation true; None if that can't be told."""
    sides = [known_value(side.formula.tree, {name: root}) for side in equation.sides if side.formula is not None]
    return None if None in sides or len(sides) != len(equation.sides) else sides[0] == sides[1]


def linear(side: Side, name: str) -> tuple[Surd, Surd] | None:
    """Factor and constant of a side that is linear in a letter; None if it is not."""
    assert side.formula is not None
    values = [known_value(side.formula.tree, {name: Surd(one)}) for one in (0, 1, 2, 3, 7)]
    if None in values:
        return None
    constant, first = values[0], values[1]
    assert constant is not None and first is not None
    factor = first - constant
    fits = all(found == constant + factor * Surd(one) for one, found in zip((2, 3, 7), values[2:], strict=True))
    return (factor, constant) if fits else None


def root_of(equation: Chain, name: str, trees: tuple[Side, ...] | None = None) -> Surd | None:
    """The one root of an equation that is linear in a letter; None if there is none or several."""
    parts = [linear(side, name) for side in (trees or equation.sides)]
    if len(parts) != len(equation.sides) or len(parts) != 2 or parts[0] is None or parts[1] is None:
        return None
    factor, constant = parts[0][0] - parts[1][0], parts[1][1] - parts[0][1]
    return constant / factor if factor else None


def named(chain: Chain) -> tuple[str | None, Surd | None]:
    """The letter that a chain begins (or ends) with, and the number that it is called equal to."""
    if len(chain.sides) < 2 or set(chain.relations) != {"="}:
        return None, None
    for side, other in ((chain.sides[0], chain.sides[-1]), (chain.sides[-1], chain.sides[0])):
        tree = side.formula.tree if side.formula is not None else None
        if tree is not None and tree.op == "letter" and other.value is not None:
            return tree.name, other.value
    return None, None


def literals_of_text(text: str) -> Iterator[Literal]:
    """The numbers in digits of a text that was not read as a formula."""
    for match in _NUMBER.finditer(text):
        parsed = parse_plain(re.sub(r"[{}]|\\!", "", match.group()))
        if parsed is not None:
            yield Literal(Surd(parsed[0]), match.start(), match.end())


def literals_of(side: Side, text: str) -> list[Literal]:
    """The values written in a side."""
    if side.formula is None:
        return [
            Literal(one.value, one.start + side.start, one.end + side.start)
            for one in literals_of_text(text[side.start : side.end])
        ]
    found = []
    for node in written_parts(side.formula.tree):
        known = known_value(node)
        if known is not None:
            found.append(Literal(known, node.start, node.end, node))
    return found


def read_chain_solution(question: str, steps: Sequence[str], gold: str) -> ChainSolution:
    """Read a solution. Raises Refusal if it can't be followed, or if one of its equations is false."""
    if not any("\\boxed" in step or "\\fbox" in step for step in steps):
        raise Refusal("no_boxed_answer", "the solution has no box around its answer")
    if any(not is_balanced(step) for step in steps):
        raise Refusal("unbalanced_latex", "a formula or a brace of the solution is not closed")
    is_complex = bool(_COMPLEX.search("\n".join((question, *steps))))
    items = tuple(item for step, text in enumerate(steps) for item in read_items(text, step, is_complex))
    chains = tuple(item for item in items if isinstance(item, Chain))
    if len(chains) > _MOST_CHAINS:
        raise Refusal("solution_too_long", f"{len(chains)} formulas, at most {_MOST_CHAINS} are followed")
    for chain in chains:
        for place in false_links(chain):
            left, right = chain.sides[place], chain.sides[place + 1]
            raise Refusal("reference_equation_false", steps[chain.step][left.start : right.end][:200])
    step = max(number for number, text in enumerate(steps) if BOX.search(text))
    start, end = box_spans(steps[step])[-1]
    inside = [
        index
        for index, chain in enumerate(chains)
        if chain.step == step and any(side.start < end and start < side.end for side in chain.sides)
    ]
    if not inside:
        raise Refusal("answer_not_in_formula", "the box is in no formula that is read")
    answer = Answer(inside[-1], step, start, end)
    return ChainSolution(question, tuple(steps), gold, items, chains, answer, is_complex)


def box_spans(text: str) -> list[tuple[int, int]]:
    """Where the boxes of a text begin and end."""
    spans = []
    for match in BOX.finditer(text):
        depth, end = 1, match.end()
        while end < len(text) and depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        spans.append((match.start(), end))
    return spans


def false_links(chain: Chain) -> list[int]:
    """The places at which a chain says that two different numbers are equal."""
    found = []
    for place, relation in enumerate(chain.relations):
        left, right = chain.sides[place], chain.sides[place + 1]
        if relation == "=" and left.value is not None and right.value is not None and left.value != right.value:
            units = [set(side.formula.units) for side in (left, right) if side.formula is not None]
            if not all(units) or units[0] == units[1]:  # `1 \text{ foot} = 12 \text{ inches}` says nothing of 1 and 12
                found.append(place)
    return found
