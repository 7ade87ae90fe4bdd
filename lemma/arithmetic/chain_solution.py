r"""A LaTeX solution as chains of formulas, and what is known of each number in it.

    >>> solution = read_chain_solution("Find $3 + 4$.", (r"We have $3 + 4 = \boxed{7}$.",), "7")
    >>> solution.chains[0].values
    (3 + 4 ...)

What cannot be read keeps its place in the text, so that nothing behind it is changed without looking at it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from lemma.arithmetic.chains import Chain, Side, Words, read_items
from lemma.arithmetic.formulas import Node, Unreadable, letters_of, read_formula
from lemma.arithmetic.graph import values_of_words
from lemma.arithmetic.latex import is_balanced
from lemma.arithmetic.numbers import parse_plain
from lemma.arithmetic.surds import NoValue, Surd
from lemma.arithmetic.writing import known_value, written_parts
from lemma.exceptions import Refusal

_COMPLEX = re.compile(r"\bcomplex|\bimaginary|\bi\s*\^\s*\{?2|[\d}]\s*i\b(?!\w)|\bi\s*\\sqrt")
_MODULAR = re.compile(r"\\(?:equiv|[bp]?mod)(?![a-zA-Z])|\bmodul[oi]\b")
_DRAWING = re.compile(r"\[asy\](?:(?!\[/?asy\]).)*\[/asy\]", re.DOTALL)
_NUMBER = re.compile(r"\d{1,3}(?:(?:,|\{,\}|\\!,|,\\!)\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+")
_BOX = re.compile(r"\\(?:boxed|fbox)\s*\{")
_FALSE = re.compile(r"reference")
_MOST_CHAINS = 150


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written in a text: in a formula that was read (`node`), or among what was not."""

    value: Surd
    start: int
    end: int
    node: Node | None = None


@dataclass(frozen=True)
class ChainSolution:
    """A solution in steps, its chains and the words between them in order, and the side that holds the answer."""

    question: str
    steps: tuple[str, ...]
    gold: str
    items: tuple[Chain | Words, ...]
    chains: tuple[Chain, ...]
    answer: tuple[int, int]
    complex_numbers: bool

    @cached_property
    def given(self) -> frozenset[Surd]:
        """All numbers of the question, in digits and words."""
        found = {literal.value for literal in literals_of_text(_DRAWING.sub(" ", self.question))}
        found |= {side.value for side in self._question_sides if side.value is not None}
        for side in self._question_sides:
            if side.formula is not None:
                found |= {one for part in written_parts(side.formula.tree) if (one := known_value(part)) is not None}
        return frozenset(found | {Surd(one) for one in values_of_words(self.question)})

    @cached_property
    def _question_sides(self) -> tuple[Side, ...]:
        items = read_items(self.question, 0, self.complex_numbers)
        return tuple(side for item in items if isinstance(item, Chain) for side in item.sides)

    @cached_property
    def given_in_digits(self) -> tuple[Surd, ...]:
        """The numbers of the question that stand in digits outside of drawings, indices and exponents."""
        text = re.sub(r"[\^_]\s*(?:\{[^{}]*\}|\w)", " ", _DRAWING.sub(" ", self.question))
        return tuple(dict.fromkeys(literal.value for literal in literals_of_text(text)))

    @cached_property
    def drawn(self) -> bool:
        """Whether the question shows a drawing, whose numbers are not read."""
        return "[asy]" in self.question

    def text(self, step: int, node: Node) -> str:
        """The text of a part."""
        return self.steps[step][node.start : node.end]

    def letters_before(self, chain: int) -> dict[str, Surd]:
        """The letters that are called equal to one number only in the chains before one."""
        known: dict[str, set[Surd]] = {}
        for earlier in self.chains[:chain]:
            name, found = named(earlier)
            if name is not None and found is not None:
                known.setdefault(name, set()).add(found)
        return {name: next(iter(values)) for name, values in known.items() if len(values) == 1}


def named(chain: Chain) -> tuple[str | None, Surd | None]:
    """The letter that a chain begins with, and the number that it is called equal to."""
    tree = chain.sides[0].formula.tree if chain.sides[0].formula is not None else None
    if tree is None or tree.op != "letter" or len(chain.sides) < 2 or set(chain.relations) != {"="}:
        return None, None
    return tree.name, chain.sides[-1].value


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
    together = "\n".join(steps)
    is_complex = bool(_COMPLEX.search(question + together))
    items = tuple(item for step, text in enumerate(steps) for item in read_items(text, step, is_complex))
    chains = tuple(item for item in items if isinstance(item, Chain))
    if len(chains) > _MOST_CHAINS:
        raise Refusal("solution_too_long", f"{len(chains)} formulas, at most {_MOST_CHAINS} are followed")
    if _MODULAR.search(question + together):
        raise Refusal("modular_arithmetic", "equations are not what they seem in modular arithmetic")
    for chain in chains:
        for place in false_links(chain):
            left, right = chain.sides[place], chain.sides[place + 1]
            raise Refusal("reference_equation_false", steps[chain.step][left.start : right.end][:200])
    boxes = [
        (index, place)
        for index, chain in enumerate(chains)
        for place, side in enumerate(chain.sides)
        if _BOX.search(steps[chain.step], max(0, side.start), side.end)
    ]
    if not boxes:
        raise Refusal("answer_not_in_formula", "the box is in no formula that is read")
    return ChainSolution(question, tuple(steps), gold, items, chains, boxes[-1], is_complex)


def false_links(chain: Chain) -> list[int]:
    """The places at which a chain says that two different numbers are equal."""
    found = []
    for place, relation in enumerate(chain.relations):
        left, right = chain.sides[place], chain.sides[place + 1]
        if relation == "=" and left.value is not None and right.value is not None and left.value != right.value:
            found.append(place)
    return found


def replaced_formula(text: str, start: int, end: int, complex_numbers: bool) -> Node | None:
    """The tree of an edited text; None if it can't be read."""
    try:
        return read_formula(text, start, end, complex_numbers).tree
    except (Unreadable, NoValue):
        return None


__all__ = [
    "ChainSolution",
    "Literal",
    "false_links",
    "letters_of",
    "literals_of",
    "literals_of_text",
    "named",
    "read_chain_solution",
    "replaced_formula",
]
