r"""Carry a mistake through the rest of a derivation, by the operations of the reference and in its notation.

A `Slip` replaces one side of a formula, or one sign of relation. Each later side is worked out anew from what it rests
on: the side before it in its chain, the statements that its own was made of, the letters whose values changed. What
can't be worked out is refused by name, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from lemma.algebra.derivation import (
    EXPRESSION,
    OPPOSITE,
    ROOT_OF,
    SCALED,
    STATEMENT,
    SUM_OF,
    UNREAD,
    Derivation,
    Line,
    Reader,
    filled,
    numbers_in,
    same_sides,
    worked_out_before,
)
from lemma.algebra.matching import constant_of, matched, replaced
from lemma.algebra.polynomials import Quotient, proportion
from lemma.algebra.reading import Side, read_formula
from lemma.algebra.solving import moved, root_in_place
from lemma.algebra.trees import (
    DIFFERENCE,
    GROUP,
    LETTER,
    MINUS,
    NUMBER,
    SUM,
    TUPLE,
    Node,
    equal_values,
    names,
    quotient,
    same_shape,
)
from lemma.algebra.writing import expanded, value_pairs, with_numbers, write_like
from lemma.exceptions import Refusal

_RELATION = re.compile(r"[=<>≤≥]|\\(?:le|ge|ne|lt|gt|equiv|approx|in|mid)")
_HELPERS = frozenset(map(Fraction, (0, 1, 2)))
TURNED = {
    "<": ">", ">": "<", "≤": "≥", "≥": "≤", "<=": ">=", ">=": "<=", r"\le": r"\ge", r"\ge": r"\le", r"\leq": r"\geq",
    r"\geq": r"\leq", r"\lt": r"\gt", r"\gt": r"\lt", r"\leqslant": r"\geqslant", r"\geqslant": r"\leqslant", "=": "=",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Slip:
    """What is written in place of a side of a line, or of the sign before it if `is_relation`; and why it is wrong."""

    line: int
    side: int
    text: str
    explanation: str
    is_relation: bool = False
    counts: bool = False
    """Whether it is a number of a story, and what is whole has to stay whole."""
    judging: bool = False
    """Whether the words of the step may judge the value, because choosing the wrong one is the error."""
    moves: bool = False
    """Whether a term changes sides and keeps its sign, which a step that names what it does would not say."""


@dataclass(frozen=True, slots=True)
class Carried:
    """The wrong solution: its steps, the number of the wrong one, the numbers that changed, and the texts written."""

    steps: tuple[str, ...]
    error_step: int
    changed: Mapping[Fraction, Fraction | None]
    texts: Mapping[tuple[int, int], str]
    repeated: frozenset[int]
    """The later lines in which the wrong formula is used again: `A = B` where the slip says `A = B`."""


def carry(derivation: Derivation, slip: Slip) -> Carried:
    """The solution with a slip and all that follows from it. Raises Refusal if anything can't be worked out."""
    return _Carrier(derivation, slip).carried()


class _Carrier:
    def __init__(self, derivation: Derivation, slip: Slip) -> None:
        self._derivation, self._slip = derivation, slip
        self._texts: dict[tuple[int, int], str] = {}
        self._trees: dict[tuple[int, int], Node] = {}
        self._marks: dict[tuple[int, int], str] = {}
        self._dropped: set[tuple[int, int]] = set()
        self._repeated: set[int] = set()
        self._reader = Reader(derivation, slip.line)
        self._changed: dict[Fraction, Fraction | None] = {}
        self._statements: set[int] = set()
        """The lines whose statement is another one now."""
        # What stands there whatever comes: numbers of the question, and of the steps before the slip.
        self._asked = numbers_in(derivation.question)
        self._before = set(self._asked)
        at = derivation.lines[slip.line]
        for text in derivation.steps[: at.step]:
            self._before |= numbers_in(text)
        self._before |= numbers_in(derivation.steps[at.step][: at.chain.sides[slip.side].start])

    def carried(self) -> Carried:
        """The wrong solution."""
        lines = self._derivation.lines
        for index, line in list(enumerate(lines))[self._slip.line :]:
            self._work_out(index, line)
            self._read_again(index, line)
        steps = list(self._derivation.steps)
        edits = [(lines[line].step, *self._place(line, side), text) for (line, side), text in self._texts.items()]
        edits += [
            (lines[line].step, *lines[line].chain.marks[mark], text) for (line, mark), text in self._marks.items()
        ]
        edits = [
            edit
            for edit in edits
            if edit[:3] not in {(lines[one].step, *self._place(one, side)) for one, side in self._dropped}
        ]
        for one, side in self._dropped:
            source, end = self._derivation.source(one), lines[one].chain.marks[side][1]
            end += len(source[end:]) - len(source[end:].lstrip())
            edits.append((lines[one].step, self._place(one, side)[0], end, ""))
        for step, start, end, text in sorted(edits, reverse=True):
            steps[step] = steps[step][:start] + text + steps[step][end:]
        return Carried(tuple(steps), lines[self._slip.line].step, self._changed, self._texts, frozenset(self._repeated))

    def _place(self, line: int, side: int) -> tuple[int, int]:
        found = self._derivation.lines[line].chain.sides[side]
        return found.start, found.end

    def _read_again(self, index: int, line: Line) -> None:
        """Read the line as it now stands, and check that it holds for the reason that the reference had."""
        sides = tuple(
            Side(side.start, side.end, self._trees.get((index, place), side.tree), side.boxed)
            for place, side in enumerate(line.chain.sides)
            if (index, place) not in self._dropped
        )
        relations = tuple(
            OPPOSITE[relation] if (index, place) in self._marks else relation
            for place, relation in enumerate(line.chain.relations)
            if (index, place) not in self._dropped
        )
        old_known = line.known
        new = self._reader.read(line.step, replace(line.chain, sides=sides, relations=relations))
        if index > self._slip.line and index not in self._repeated:
            lost = sum(one == index for one, _ in self._dropped)
            if (
                new.kind != line.kind
                or len(new.runs) != len(line.runs)
                or sum(map(len, new.runs)) + lost != sum(map(len, line.runs))
            ):
                raise Refusal("later_formula_does_not_follow", self._said(index))
            if new.kind == STATEMENT and new.reason.kind != line.reason.kind:
                raise Refusal("later_statement_does_not_follow", self._said(index))
        choosing = index == self._slip.line and self._slip.judging
        if new.kind == STATEMENT and not choosing and self._says_again(index, new):
            raise Refusal("same_statement_twice", self._said(index))
        if STATEMENT in (new.kind, line.kind):
            one, other = new.difference, line.difference
            if one is None or other is None or proportion(one, other) is None or new.relation != line.relation:
                self._statements.add(index)
        for place in range(len(line.chain.sides)):
            self._note(index, place, old_known, new.known)

    def _note(
        self, index: int, place: int, old_known: Mapping[str, Fraction], new_known: Mapping[str, Fraction]
    ) -> None:
        """Keep which number became which."""
        old, new = self._derivation.lines[index].chain.sides[place].tree, self._trees.get((index, place))
        if old is None:
            return
        pairs = list(value_pairs(old, new)) if new is not None else []
        before, after = constant_of(filled(old, old_known)), constant_of(filled(new or old, new_known))
        if before is not None and after is not None:
            pairs.append((before, after))
        for was, now in pairs:
            if was != now:
                self._changed[was] = now if self._changed.get(was, now) == now else None

    def _said(self, index: int) -> str:
        return "; ".join(
            self._texts.get((index, place), self._derivation.text(index, place))
            for place in range(len(self._derivation.lines[index].chain.sides))
        )[:100]

    def _work_out(self, index: int, line: Line) -> None:
        slip = self._slip
        if line.kind == UNREAD:
            self._refuse_if_touched(index)
            return
        first = 0
        if index == slip.line:
            if slip.is_relation:
                self._marks[index, slip.side] = slip.text
                return
            self._write(index, slip.side, slip.text)
            first = slip.side + 1
        elif line.kind == STATEMENT and line.reason.kind in (SCALED, ROOT_OF, SUM_OF):
            if not self._statements.isdisjoint(line.reason.lines):
                self._carry_statement(index, line)
        elif line.kind == EXPRESSION and worked_out_before(self._derivation, index) is not None:
            before = self._tree(index - 1, len(self._derivation.lines[index - 1].chain.sides) - 1)
            self._rewrite(index, 0, quotient(filled(before, self._reader.known)))
        else:
            for run in line.runs:
                self._carry_head(index, run[0])
        for run in line.runs:
            for place in run[1:]:
                if place >= first:
                    self._carry_follower(index, place)

    def _refuse_if_touched(self, index: int) -> None:
        text = self._derivation.source(index)
        chain = self._derivation.lines[index].chain
        said = text[chain.start : chain.end]
        # A name, or a number that the question gives, says nothing of what changed.
        if (
            index == self._slip.line
            or _RELATION.search(said)
            or numbers_in(said) - self._asked
            or numbers_in(said) & self._changed.keys()
        ):
            raise Refusal("later_formula_not_read", text[chain.start : chain.end][:80])

    def _write(self, index: int, side: int, text: str) -> None:
        """Write a text in place of a side."""
        if text == self._derivation.text(index, side):
            return
        chains = read_formula(text, 0, len(text))
        tree = chains[0].sides[0].tree if len(chains) == 1 and len(chains[0].sides) == 1 else None
        if tree is None:
            raise Refusal("written_formula_not_read", text[:80])
        chain = self._derivation.lines[index].chain
        if side and chain.relations[side - 1] == "=" and same_shape(self._tree(index, side - 1), tree):
            if side == 1 or (index == self._slip.line and side - 1 == self._slip.side):
                raise Refusal("same_side_twice", text[:80])
            self._dropped.add((index, side - 1))  # 6/11 is in lowest terms, and need not be said twice
        self._texts[index, side], self._trees[index, side] = text, tree

    def _tree(self, index: int, side: int) -> Node:
        return self._trees.get((index, side)) or self._derivation.lines[index].tree(side)

    def _carry_statement(self, index: int, line: Line) -> None:
        """Do to the changed statements what was done to those of the reference."""
        sides = line.runs[0][-1], line.runs[1][0]
        old = [self._statement_sides(place, new=False) for place in line.reason.lines]
        new = [self._statement_sides(place, new=True) for place in line.reason.lines]
        here = tuple(quotient(line.tree(side)) for side in sides)
        if line.reason.kind == ROOT_OF:
            targets = root_in_place(here, old[0], new[0])
        else:
            targets, turned = moved(here, line.reason.factors, old, new)
            relation = line.runs[0][-1]
            earlier = any(self._is_turned(place) for place in line.reason.lines)
            if turned != earlier and line.relation != "=":
                start, end = line.chain.marks[relation]
                self._marks[index, relation] = TURNED[self._derivation.source(index)[start:end]]
        for side, target in zip(sides, targets, strict=True):
            self._rewrite(index, side, target)
        if line.runs[0][0] != sides[0]:
            raise Refusal("statement_of_several_sides")

    def _says_again(self, index: int, new: Line) -> bool:
        """Whether a line says now what one before it says, which it did not in the reference."""
        lines = self._derivation.lines
        return any(line == index for line, _ in self._texts) and any(
            other.kind == STATEMENT and other.step >= 0 and same_sides(other, new)
            and not (lines[place].kind == STATEMENT == lines[index].kind and same_sides(lines[place], lines[index]))
            for place, other in enumerate(self._reader.lines[:index])
        )  # fmt: skip

    def _is_turned(self, index: int) -> bool:
        return any((index, mark) in self._marks for mark in range(len(self._derivation.lines[index].chain.marks)))

    def _statement_sides(self, index: int, new: bool) -> tuple[Quotient, Quotient]:
        line = self._derivation.lines[index]
        left, right = (
            self._tree(index, side) if new else line.tree(side) for side in (line.runs[0][-1], line.runs[1][0])
        )
        return quotient(left), quotient(right)

    def _carry_follower(self, index: int, place: int) -> None:
        """A side that is equal to the one before it."""
        known = self._reader.known
        old_known = self._derivation.lines[index].known
        before_old, before = self._derivation.lines[index].tree(place - 1), self._tree(index, place - 1)
        if before_old.head == TUPLE:
            self._carry_tuple(index, place, before)
            return
        old, target = quotient(filled(before_old, old_known)), quotient(filled(before, known))
        if equal_values(old, target) and (index, place - 1) not in self._texts:
            self._use_again(index, place)
            return
        if self._put_in(index, place, [(index, place - 1)]):
            return
        self._rewrite(index, place, target)

    def _carry_tuple(self, index: int, place: int, before: Node) -> None:
        """A tuple that is equal to the one before it, part by part."""
        start, _ = self._place(index, place)
        text = self._derivation.text(index, place)
        parts = list(zip(self._derivation.lines[index].tree(place).args, before.args, strict=True))
        for part, source in reversed(parts):
            target = quotient(filled(source, self._reader.known))
            if equal_values(quotient(filled(part, self._reader.known)), target):
                continue
            left, right = part.start - start, part.end - start
            written = write_like(text[left:right], part, target, self._derivation.latex)
            if written is None:
                raise Refusal("no_form_to_keep", text[left:right])
            text = text[:left] + written + text[right:]
        self._write(index, place, text)

    def _use_again(self, index: int, place: int) -> None:
        """Put what the wrong formula says into a side that was made with the right one: it says A = B', and the side
        before has A where this one has B.
        """
        slip, lines = self._slip, self._derivation.lines
        if index == slip.line or slip.is_relation or slip.side == 0 or lines[slip.line].kind == STATEMENT:
            return
        left, right = lines[slip.line].tree(slip.side - 1), lines[slip.line].tree(slip.side)
        tree, before = lines[index].tree(place), lines[index].tree(place - 1)
        if right.head in (LETTER, NUMBER) or not any(same_shape(node, left) for node in before.walk()):
            return
        found = [node for node in tree.walk() if same_shape(node, right) and node.head != GROUP]
        if len(found) != 1:
            raise Refusal("wrong_formula_used_again", "where it is used is not clear")
        start, _ = self._place(index, place)
        text = self._derivation.text(index, place)
        written = self._trees[slip.line, slip.side]
        bracketed = found[0] is not tree and written.head in (SUM, DIFFERENCE) and right.head not in (SUM, DIFFERENCE)
        new = f"({slip.text})" if bracketed else slip.text
        self._write(index, place, text[: found[0].start - start] + new + text[found[0].end - start :])
        wrong_before = replaced(before, left, Node(GROUP, (written,), name="("))
        if not equal_values(
            *(quotient(filled(one, self._reader.known)) for one in (wrong_before, self._tree(index, place)))
        ):
            raise Refusal("wrong_formula_used_again", "it leads to something else")
        self._repeated.add(index)

    def _rewrite(self, index: int, place: int, target: Quotient) -> None:
        """Write a side so that it has another value. Raises Refusal if it has no form in which that can be done."""
        tree, text, known = (
            self._derivation.lines[index].tree(place),
            self._derivation.text(index, place),
            self._reader.known,
        )
        if equal_values(quotient(filled(tree, known)), target):
            return
        ways = [*self._with_changed_numbers(index, place), write_like(text, tree, target, self._derivation.latex)]
        # What was collected and reduced is so again: 10/12 does not stand for 10/11.
        for written in reversed(ways) if expanded(tree) is not None else ways:
            if written is None:
                continue
            chains = read_formula(written, 0, len(written))
            new = chains[0].sides[0].tree if len(chains) == 1 else None
            if new is not None and equal_values(quotient(filled(new, known)), target):
                self._write(index, place, written)
                return
        raise Refusal("no_form_to_keep", text[:80])

    def _with_changed_numbers(self, index: int, place: int) -> Iterator[str]:
        """The side with each number that changed replaced by the new one, then with only one of them replaced."""
        start, _ = self._place(index, place)
        edits: list[tuple[int, int, Fraction]] = []
        for node in self._derivation.lines[index].tree(place).walk():
            is_number = node.head == NUMBER or (node.head == MINUS and node.args[0].head == NUMBER)
            was = constant_of(node) if is_number else None
            now = self._changed.get(was) if was is not None else None
            if now is not None and not any(left <= node.start - start < right for left, right, _ in edits):
                edits.append((node.start - start, node.end - start, now))
        text = self._derivation.text(index, place)
        if edits:
            yield with_numbers(text, edits, self._derivation.latex)
        if len(edits) > 1:
            yield from (with_numbers(text, [edit], self._derivation.latex) for edit in edits)

    def _carry_head(self, index: int, place: int) -> None:
        """The first side of a run, which nothing before it in its chain explains."""
        lines = self._derivation.lines
        tree = lines[index].tree(place)
        earlier = [
            (other, side)
            for other in range(index, -1, -1)
            for side in range(len(lines[other].chain.sides) - 1, -1, -1)
            if (other, side) < (index, place)
        ]
        if tree.head not in (LETTER, NUMBER):
            for other, side in earlier:
                old = lines[other].chain.sides[side].tree
                if old is not None and same_shape(old, tree) and names(tree):
                    if (other, side) in self._texts:
                        self._write(index, place, self._texts[other, side])
                    return
            if self._put_in(index, place, earlier):
                return
        self._link_numbers(index, place, earlier, self._quotes(index, place, earlier))

    def _quotes(self, index: int, place: int, earlier: list[tuple[int, int]]) -> list[tuple[Node, str | None]]:
        """The parts of a side that are an earlier formula with letters, and the new formulas of those that changed."""
        lines, found = self._derivation.lines, list[tuple[Node, str | None]]()
        for node in lines[index].tree(place).walk():
            if (
                not names(node)
                or node.head in (LETTER, GROUP)
                or any(one.start <= node.start and node.end <= one.end for one, _ in found)
            ):
                continue
            for other, side in earlier:  # the last formula that says it
                old = lines[other].chain.sides[side].tree
                if old is not None and same_shape(old, node):
                    text = self._texts.get((other, side))
                    new = self._trees.get((other, side), old)
                    bracketed = new.head in (SUM, DIFFERENCE, MINUS) and node.head not in (SUM, DIFFERENCE)
                    around = self._derivation.source(index)[node.start - 1 :: node.end - node.start + 1][:2]
                    bracketed &= around not in ("{}", "()")
                    found.append((node, f"({text})" if bracketed and text is not None else text))
                    break
        return found

    def _put_in(self, index: int, place: int, earlier: list[tuple[int, int]]) -> bool:
        """If the side is an earlier one with numbers put in for letters, put the new numbers in."""
        lines = self._derivation.lines
        tree, old_known, known = lines[index].tree(place), lines[index].known, self._reader.known
        for other, side in earlier:
            template = lines[other].chain.sides[side].tree
            if template is None or not names(template) & old_known.keys():
                continue
            found = list(matched(template, tree, old_known))
            if None in found or not found:
                continue
            if (other, side) in self._texts:
                raise Refusal("formula_changed_too", "an expression changed, and what is put in for its letters")
            start, _ = self._place(index, place)
            edits = [
                (node.start - start, node.end - start, known[name])
                for name, node in (pair for pair in found if pair is not None)
                if name in known and known[name] != old_known[name]
            ]
            if any(name not in known for name, _ in (pair for pair in found if pair is not None)):
                raise Refusal("letter_has_no_value_now")
            if edits:
                self._write(
                    index, place, with_numbers(self._derivation.text(index, place), edits, self._derivation.latex)
                )
            return True
        return False

    def _link_numbers(
        self, index: int, place: int, earlier: list[tuple[int, int]], quotes: list[tuple[Node, str | None]]
    ) -> None:
        """Replace numbers that are results which changed. Raises Refusal if it is not clear whether one is."""
        line, start = self._derivation.lines[index], self._place(index, place)[0]
        tree = line.tree(place)
        value = constant_of(tree)
        alone = value is not None and (tree.bare.head == NUMBER or tree.head == MINUS)
        edits: list[tuple[int, int, Fraction]] = []
        nodes = [(tree, value)] if alone else [(node, node.value) for node in tree.walk() if node.head == NUMBER]
        kept = {
            found
            for other, side in earlier
            if (other, side) not in self._texts
            and not any((other, near) in self._texts for near in range(side + 2))
            and (found := constant_of(self._derivation.lines[other].chain.sides[side].tree)) is not None
        }
        for node, was in nodes:
            if any(one.start <= node.start and node.end <= one.end for one, _ in quotes):
                continue
            assert was is not None
            if was not in self._changed:
                if not {was, abs(was)} & (self._before | _HELPERS | kept):
                    raise Refusal("number_of_unknown_origin", str(was))
                continue
            now = self._changed[was]
            is_answer = alone and line.chain.sides[place].boxed
            if now is None or was in kept or (was in self._before | _HELPERS and not is_answer):
                raise Refusal("ambiguous_number", f"{was} may be a result that changed, or a number that is given")
            edits.append((node.start - start, node.end - start, now))
        text = self._derivation.text(index, place)
        renewed = [(node, new) for node, new in quotes if new is not None]
        if renewed and edits:
            raise Refusal("formula_changed_too", "a formula changed, and a number beside it")
        for node, new in sorted(renewed, key=lambda quote: -quote[0].start):
            text = text[: node.start - start] + new + text[node.end - start :]
        if edits or renewed:
            self._write(index, place, with_numbers(text, edits, self._derivation.latex))
