r"""Signs that an equation is not what it was made from: a rewriting that changes the solutions, and false remainders.

    >>> reading = Reading("Solve $3x + 3 = 18$.", "5", (), (r"Thus $3x = 18 - 3$.", r"So $3x = 15$, $x = 6$."))
    >>> [signs["broken"] for signs in rewriting_signs(reading)]
    [0.0, 1.0]

What is new is told from what is derived by the words between two equations, so a sign is strong, but no proof.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lemma.algebra.derivation import GIVEN, STATEMENT, Line
from lemma.algebra.polynomials import Polynomial, budget, letters
from lemma.algebra.refuting import refuted
from lemma.algebra.trees import LETTER, Node, different, names, quotient
from lemma.exceptions import Refusal
from lemma.locating.signs.equations import nearly_identical, nearly_the_same, share_no_root
from lemma.locating.signs.reading import Reading

REWRITING_FLAGS = ("broken",)

_LONGEST_GAP = 150  # characters between an equation and the one that it is made from
_MOST_EARLIER = 12  # statements looked back at
_MOST_PARTS = 600
_LONGEST_SIDE = 300  # characters
_LEAST_PART = 5  # nodes: a formula, not a letter
_LINK = re.compile(r"\b(?:we (?:have|get|know)|which is)\b", re.IGNORECASE)
_SOMETHING_NEW = re.compile(
    r"\b(?:case|cases|if|when|let|try|trying|tests?|testing|check|checking|suppose|assum\w{1,9}|consider|considering"
    r"|example|either|or|and|another|other|second|similarly|for|where|denote|denotes|set|choose|choosing|take|also|same"
    r"|next|given|since|know|have|is|lines?|curves?|graphs?)\b",
    re.IGNORECASE,
)
_DERIVED = re.compile(
    r"simplif|rewrit|rearrang|expand|becom|gives|giving|\bget|obtain|yield|rightarrow|impl(?:y|ies)|thus|\bso\b"
    r"|therefore|hence|divid|multipl|subtract|\badd|combin|factor|isolat|solv|⇒",
    re.IGNORECASE,
)
_FROM_ELSEWHERE = re.compile(r"substitut|plug|using|from|replac|into", re.IGNORECASE)
_OF_AN_EQUATION = re.compile(r"both sides|multipl|cross|clear|equal|coefficient|root|squar", re.IGNORECASE)
_ALONE = r"(?<![\d^.+*/-])(?<![+*/-] )(?<!\\cdot )(?<!\\times )(\d{1,9})"  # a number that is no part of an expression
_OR = re.compile(r"[\\\W]{0,4}(?:\\q?quad ?)?(?:\\text\{ ?)?or\b")  # x = y or x = -y
_CONGRUENCE = re.compile(_ALONE + r" ?(?:\\equiv|≡) ?(\d{1,9})(?!\d|\.\d|\^) ?(?:\\pmod|\(?\\?mod) ?\{?(\d{1,6})(?!\d)")
_REMAINDER = re.compile(_ALONE + r" ?\\?b?mod ?\{?(\d{1,6})\}? ?(?:=|\\equiv|≡) ?(\d{1,7})(?!\d|\.\d|\^)(?! ?[+*/-])")
_DIVISIBLE = re.compile(_ALONE + r"(?:\$|\\\))? (?:is|are) (?:also )?divisible by (?:\$|\\\()?(\d{1,6})(?!\d|\.\d|\^)")


@dataclass(frozen=True)
class _Statement:
    """An equation or inequality about letters, and the text in which it stands."""

    line: Line
    text: str
    difference: Polynomial
    letters: frozenset[str]


def rewriting_signs(reading: Reading) -> Iterator[dict[str, float]]:
    """The signs of each step."""
    formulas, broken = _Formulas(), set[int]()
    with budget.bounded():
        for step, (lines, text) in enumerate(zip(reading.lines, (reading.question, *reading.texts), strict=True), -1):
            for line in lines:
                if formulas.contradict(line, text):
                    broken.add(step)
                formulas.add(line, text)
    for step, text in enumerate(reading.texts):
        claims = [*_CONGRUENCE.findall(text), *((one, other, of) for one, of, other in _REMAINDER.findall(text))]
        claims += [(one, "0", of) for one, of in _DIVISIBLE.findall(text)]
        is_false = any(int(of) and (int(one) - int(other)) % int(of) for one, other, of in claims)
        yield {"broken": float(is_false or step in broken)}


class _Formulas:
    """What was said so far: the statements, the parts of the formulas, and what letters were called equal to."""

    def __init__(self) -> None:
        self._statements: list[_Statement] = []
        self._parts: set[Node] = set()
        self._sides: set[Node] = set()
        self._meanings: dict[str, tuple[Line, str, Node]] = {}

    def contradict(self, line: Line, text: str) -> bool:
        """Whether a line was meant to say what an earlier one says, and does not."""
        try:
            return self._give_other_value(line, text) or (
                line.kind == STATEMENT and line.relation == "=" and self._are_miswritten(line, text)
            )
        except (Refusal, RecursionError):
            return False

    def _give_other_value(self, line: Line, text: str) -> bool:
        """Whether a part of an earlier formula is called equal to something else, or a letter gets another meaning."""
        first, *others = (side.tree for side in line.chain.sides)
        if first is None or not others or set(line.chain.relations) != {"="}:
            return False
        left, right, before = first.bare, others[0], text[max(0, line.chain.start - 100) : line.chain.start]
        if left.head == LETTER:
            new = _meaning(left.name, line)
            if new is None or left.name not in self._meanings:
                return False
            told, told_text, meaning = self._meanings[left.name]
            linked = _link(told, told_text, line, text) is not None
            return linked and names(new) == names(meaning) and different(new, meaning)
        if right is None or not names(left) or names(left) != names(right) or _OF_AN_EQUATION.search(before):
            return False
        return left in self._parts and left not in self._sides and different(left, right)

    def _are_miswritten(self, line: Line, text: str) -> bool:
        """Whether an equation about letters looks like a rewriting of an earlier one, and has other solutions."""
        new, unknown = line.difference or {}, letters(line.difference or {})
        left, right = (line.tree(side) for side in (line.runs[0][-1], line.runs[1][0]))
        if not unknown or _OR.match(text, line.chain.end) is not None:
            return False
        near = self._statements[-_MOST_EARLIER:] if line.reason.kind == GIVEN else []
        slip = any(nearly_the_same(new, other.difference) for other in near)
        slip = slip or nearly_identical(quotient(left), quotient(right))
        if slip or not near:
            return slip
        last = near[-1]
        between = _link(last.line, last.text, line, text)
        is_value = last.line.tree(0).bare.head == LETTER and not names(last.line.tree(-1))  # x = 3: x is known now
        if between is None or last.line.relation != "=" or is_value:
            return False
        if len(unknown) == 1 and last.letters == unknown:
            near = [one for one in near[-3:] if one.letters == unknown and one.line.step >= line.step - 1]
            allowed = 0.01 if "." in text[line.chain.start : line.chain.end] else 1e-6
            return share_no_root(new, [one.difference for one in near if one.line.relation == "="], allowed)
        derived = len(unknown) > 1 and _DERIVED.search(between) and not _FROM_ELSEWHERE.search(between)
        return bool(derived) and unknown <= last.letters and refuted([last.difference], new)

    def add(self, line: Line, text: str) -> None:
        """Take a line in."""
        if line.kind == STATEMENT and line.difference and letters(line.difference):
            self._statements.append(_Statement(line, text, line.difference, frozenset(letters(line.difference))))
        sides = [side for side in line.chain.sides if side.end - side.start <= _LONGEST_SIDE]
        trees = [side.tree for side in sides if side.tree is not None]
        for tree in trees:
            for part in tree.walk():
                if len(self._parts) < _MOST_PARTS and sum(1 for _ in part.walk()) >= _LEAST_PART:
                    whole = len(line.chain.sides) > 1 and part in (tree, tree.bare)
                    (self._sides if whole else self._parts).add(part.bare)
        if trees and trees[0].bare.head == LETTER:
            meaning = _meaning(trees[0].bare.name, line)
            if meaning is not None:
                self._meanings[trees[0].bare.name] = line, text, meaning


def _link(line: Line, text: str, later: Line, later_text: str) -> str | None:
    """The words between two lines of one step, or of two that follow each other; None if there are many, or if they
    say that something new comes.
    """
    if later.step == line.step:
        between = text[line.chain.end : later.chain.start]
    else:
        between = f"{text[line.chain.end :]} {later_text[: later.chain.start]}"
    far = later.step > line.step + 1 or len(between) > _LONGEST_GAP
    return None if far or _SOMETHING_NEW.search(_LINK.sub("", between)) is not None else between


def _meaning(name: str, line: Line) -> Node | None:
    """The last side of `R = PN = 5n(n + 1)`, if it has other letters only."""
    tree = line.chain.sides[-1].tree
    return tree if tree is not None and names(tree) and name not in names(tree) else None
