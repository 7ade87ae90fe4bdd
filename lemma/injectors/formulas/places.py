"""The places in the formulas of a solution that an error can be made at, and what is told of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from lemma.arithmetic.carrying import ChainChange, StatedChange, edit_of
from lemma.arithmetic.chain_solution import ChainSolution
from lemma.arithmetic.chains import Chain, Side
from lemma.arithmetic.formulas import Node, end_of, parts_of
from lemma.arithmetic.propagation import Edit
from lemma.arithmetic.surds import Surd
from lemma.arithmetic.writing import follow, known_value, write
from lemma.injectors.formulas.boxes import WrongBox
from lemma.injectors.formulas.congruences import WrongResidue
from lemma.injectors.formulas.endings import WrongEnding
from lemma.injectors.formulas.lists import ShorterList
from lemma.injectors.formulas.tails import WrongTail

_BOX = re.compile(r"\\(?:boxed|fbox)\s*\{(.*)\}\s*$", re.DOTALL)
_FEW = 2  # numbers in a sentence, of which none is forgotten
_CLUTTER = re.compile(
    r"(?<!\\)[&$]|\\displaystyle(?![a-zA-Z])|\\(?:left|right)(?=\s*(?:[()\[\]|]|\\[lr](?:floor|ceil)))"
)


@dataclass(frozen=True, slots=True)
class Proposed:
    """One change in a chain and, in a sentence, why it is wrong."""

    change: ChainChange | StatedChange | WrongEnding | WrongBox | WrongTail | ShorterList | WrongResidue
    explanation: str


@dataclass(frozen=True)
class Place:
    """A chain in which something is worked out, and the first of its sides that is a number."""

    solution: ChainSolution
    index: int
    first: int

    @cached_property
    def chain(self) -> Chain:
        """The chain itself."""
        return self.solution.chains[self.index]

    @property
    def side(self) -> Side:
        """The first side that is a number."""
        return self.chain.sides[self.first]

    @cached_property
    def tree(self) -> Node:
        """The tree of that side."""
        assert self.side.formula is not None
        return self.side.formula.tree

    @property
    def text(self) -> str:
        """The text of its step."""
        return self.solution.steps[self.chain.step]

    @property
    def sentences(self) -> str:
        """The step with the one before."""
        return " ".join(self.solution.steps[max(0, self.chain.step - 1) : self.chain.step + 1])

    @cached_property
    def formula(self) -> Mapping[Node, Node]:
        """What the parts of the side stand for in the formula with letters before it, if there is one."""
        if not self.first:
            return {}
        before = self.chain.sides[self.first - 1]
        link = None
        if before.formula is not None:
            link = follow(before.formula.tree, self.tree, self.letters)
        return {} if link is None else {**{node: node for node in self.parts}, **link.sources}

    @cached_property
    def is_proven(self) -> bool:
        """Whether the side before is proven to be equal to this one, so that only a slip could change it: it has no
        letters, or none that matters.
        """
        if not self.first:
            return False
        before = self.chain.sides[self.first - 1]
        if before.formula is None or not before.letters:
            return True
        tries = ({name: Surd(one + place) for place, name in enumerate(before.letters)} for one in (11, 101))
        return all(known_value(before.formula.tree, letters) == self.side.value for letters in tries)

    @cached_property
    def shows_formula(self) -> bool:
        """Whether the side before shows with letters what is worked out here, so that another operation would be seen
        at once: `180 - (2x + 2y)`, but not `AB` or `f(-2)`.
        """
        before = self.chain.sides[self.first - 1].formula if self.first else None
        if before is None:
            return False
        tree = before.tree
        return any(
            part.op not in ("letter", "num", "neg") and (part.op != "*" or part.sign is not None)
            for part in parts_of(tree)
        )

    @cached_property
    def is_filled_in(self) -> bool:
        """Whether a formula with letters just before shows what is worked out here: `3 \\cdot 4 - 1` for `3x - 1`."""
        near = (chain for chain in self.solution.chains[: self.index] if chain.step >= self.chain.step - 1)
        sides = [side for chain in near for side in chain.sides if side.letters and side.formula is not None]
        # With a power: a sum such as `a + b + c` that is asked for shows little.
        sides += [side for side in self.solution.question_sides if side.letters and has_power(side)]
        trees = [side.formula.tree for side in sides if side.formula is not None]
        return any(tree.op != "letter" and fills(tree, self.tree) for tree in trees)  # a letter shows no operation

    @cached_property
    def letters(self) -> dict[str, Surd]:
        """The letters whose values the solution has found so far."""
        return self.solution.letters_before(self.index)

    @cached_property
    def parts(self) -> tuple[Node, ...]:
        """All parts of the side, outer ones first."""
        return tuple(parts_of(self.tree))

    @cached_property
    def results(self) -> dict[Surd, int]:
        """What earlier steps have worked out or called a letter, with the step."""
        return self.solution.results_before(self.index)

    def is_repeated(self, node: Node) -> bool:
        """Whether the solution has a part once more, up to the end of its step."""
        shown = "".join(self.text[node.start : node.end].split())
        written = "".join("".join(self.solution.steps[: self.chain.step + 1]).split())
        return written.count(shown) > 1

    def has_just_been_said(self, node: Node) -> bool:
        """Whether the step has a part as well, apart from the chain itself, or the step before, unless the part is a
        root, which may be forgotten from step to step.
        """
        chain = self.chain
        before = self.solution.steps[max(0, chain.step - 1) : chain.step] if node.op != "sqrt" else ()
        around = " ".join((*before, self.text[: chain.start], self.text[chain.sides[-1].end :]))
        shown = re.escape(self.text[node.start : node.end].strip())
        return re.search(rf"(?<![\d.^{{]){shown}(?![\d^!])", around) is not None

    def is_subject(self, node: Node) -> bool:
        """Whether the words just before the chain are about a part: `The third side is 15.`"""
        chain = self.chain
        before = self.solution.steps[chain.step - 1] if chain.step else ""
        sentences = (before.rstrip(" .$\n").rpartition(". ")[2], self.text[: chain.start])
        shown = re.escape(self.text[node.start : node.end].strip())
        said = [one for one in sentences if re.search(rf"(?<![\d.^{{]){shown}(?![\d^!])", one)]
        return any(len(re.findall(r"\d+", one)) <= _FEW for one in said)

    def part(self, node: Node) -> str:
        """A part of the side as a formula."""
        return self.quoted(node.start, end_of(self.text, node))

    def quoted(self, start: int, end: int) -> str:
        """A piece of the step's text as a formula."""
        shown = " ".join(_CLUTTER.sub("", self.text[start:end]).split())
        box = _BOX.fullmatch(shown)
        return f"${box.group(1) if box is not None else shown}$"

    @cached_property
    def worked(self) -> str:
        """What the side should say, with the last side of its chain: `$48 / 2 = 24$`."""
        last = self.chain.sides[-1]
        return f"{self.quoted(self.side.start, self.side.end)[:-1]} = {self.quoted(last.start, last.end)[1:]}"

    def written(self, node: Node, new: Surd) -> str | None:
        """A value in the place of a part."""
        return write(new, node, self.text)

    def shown(self, node: Node, new: Surd) -> str:
        """A value in the place of a part, as a formula."""
        return f"${self.written(node, new)}{self.text[node.end : end_of(self.text, node)]}$"

    def put(self, node: Node, new: Surd) -> tuple[Edit, ...]:
        """The edits that put another value in the place of a part; none if it can't be written there."""
        written = self.written(node, new)
        return () if written is None else (edit_of(self.text, node, written),)


def has_power(side: Side) -> bool:
    """Whether a side has a power in it."""
    return side.formula is not None and any(part.op == "^" for part in parts_of(side.formula.tree))


def fills(template: Node, tree: Node) -> bool:
    """Whether a formula is another one with numbers in the place of its letters."""
    if template.op == "letter" or not template.parts:
        return template.op == "letter" or (template.op, template.number) == (tree.op, tree.number)
    if template.op != tree.op or len(template.parts) != len(tree.parts):
        return False
    return all(fills(one, other) for one, other in zip(template.parts, tree.parts, strict=True))


def places(solution: ChainSolution) -> Iterator[Place]:
    """The chains that work something out, up to the one with the answer."""
    for index, chain in enumerate(solution.chains[: solution.answer.chain + 1]):
        if len(chain.sides) < 2 or set(chain.relations) != {"="} or chain.sides[-1].value is None:
            continue
        first = next((place for place, side in enumerate(chain.sides) if side.value is not None), -1)
        tail = chain.sides[first:]
        if 0 <= first < len(chain.sides) - 1 and all(side.value is not None for side in tail):
            yield Place(solution, index, first)
