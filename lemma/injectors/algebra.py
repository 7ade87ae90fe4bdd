"""What the injectors of algebra share: the derivation of a solution, and the proof of what comes of a slip.

An injector of algebra holds `propose = AlgebraInjector(find)`, whose `find` gives slips: one side of a formula, or one
sign of relation, and what is written in its place. What follows is carried on by `lemma.algebra.carrying`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate

from lemma.algebra.carrying import Carried, Slip, carry
from lemma.algebra.derivation import (
    EXPRESSION,
    FALSE,
    IDENTITY,
    SCALED,
    STATEMENT,
    UNREAD,
    Derivation,
    Line,
    Reader,
    components,
    filled,
    numbers_in,
    parts_of,
    read_derivation,
    worked_out_before,
)
from lemma.algebra.polynomials import (
    Polynomial,
    Quotient,
    add,
    budget,
    constant,
    letter,
    proportion,
    rational,
    scale,
    subtract,
)
from lemma.algebra.reading import formula_spans, read_formula
from lemma.algebra.refuting import refuted
from lemma.algebra.trees import (
    MINUS,
    NUMBER,
    TUPLE,
    Node,
    different,
    equal_values,
    names,
    number,
    polynomial,
    quotient,
    same_shape,
)
from lemma.algebra.writing import expanded, notation_of, terms, write_like
from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.latex import boxed, is_balanced
from lemma.exceptions import Refusal
from lemma.grading.verdict import exact_value, verdict
from lemma.injectors.conditions import JUDGES, refuse_against_question, without_formulas
from lemma.injectors.named_operations import renamed
from lemma.injectors.proposal import Conclusion, Proposal

Find = Callable[[Derivation, random.Random], "Iterator[Slip] | Iterator[Cut]"]
NUMBERS_ARE_READ = "numbers are read"
"""In the memo of a derivation whose numbers the computation graph has too, and does better."""
_PLAIN_LETTERS = re.compile(r"(?<![A-Za-z])[A-Za-z] ?[=<>]|\d[a-z]\b ?[-+=<>]")
_PROSE = re.compile(r"[A-Za-z]{3}")
_BEST = re.compile(r"\b(?:smallest|largest|greatest|least|maximum|minimum)\b", re.IGNORECASE)
_LETTER = re.compile(r"[A-Za-z]")
_SEVERAL = re.compile(
    r"\b(?:both|two|each|either|these|solutions|roots|values|cases|respectively|sum|product)\b", re.IGNORECASE
)
# "Subtract 10 from both sides" is false of a step that adds 10.
_MOVES = re.compile(
    r"\b(?:add\w*|subtract\w*|plus|minus|(?:both|each|either) sides?|mov(?:e|es|ed|ing)|transpos\w*|bring\w*)\b",
    re.IGNORECASE,
)
_NUMBER_WORDS: dict[str, int | Fraction] = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "half": Fraction(1, 2), "twice": 2, "double": 2,
}  # fmt: skip
_LAYOUT = re.compile(r"&|\\\\(?:\[\d+[a-z]*\])?|\$")
_BOX = re.compile(r"\\(?:boxed|fbox)\s*\{")
_WORD = re.compile(r"[A-Za-z]+")


@dataclass(frozen=True, slots=True)
class Cut:
    """A root that is left out, beside that of line `kept`: `lost` are the lines that say it, and `cuts` their words, as
    (step, start, end).
    """

    kept: int
    lost: tuple[int, ...]
    cuts: tuple[tuple[int, int, int], ...]
    explanation: str


@dataclass(frozen=True, slots=True)
class AlgebraInjector:
    """An injector that needs a derivation. It also takes a computation graph, of whose text the derivation is read."""

    find: Find

    def __call__(self, solution: SolutionGraph | Derivation, rng: random.Random) -> Iterator[Slip | Cut]:
        derivation = derivation_of(solution)
        if derivation is not None:
            yield from self.find(derivation, rng)


@dataclass(frozen=True, slots=True)
class FormulaInjector:
    """A type that only `lemma.injectors.formulas` makes. It has nothing to propose in graphs and derivations."""

    def __call__(self, solution: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
        return iter(())


@dataclass(frozen=True, slots=True)
class NumbersAndLetters:
    """An injector of numbers that also makes its type of error in formulas with letters."""

    numbers: Callable[[SolutionGraph, random.Random], Iterator[Proposal | Conclusion]]
    letters: AlgebraInjector

    def __call__(
        self, solution: SolutionGraph | Derivation, rng: random.Random
    ) -> Iterator[Proposal | Conclusion | Slip | Cut]:
        if isinstance(solution, SolutionGraph):
            yield from self.numbers(solution, rng)
        yield from self.letters(solution, rng)


def derivation_of(solution: SolutionGraph | Derivation) -> Derivation | None:
    """The derivation of a solution, None if it has no formulas with letters or can't be read."""
    if isinstance(solution, Derivation):
        return solution
    if "derivation" not in solution.memo:
        try:
            found = read_letters(solution.question, solution.steps, str(solution.gold), solution.written)
            found.memo[NUMBERS_ARE_READ] = True
        except Refusal:
            found = None
        solution.memo["derivation"] = found
    kept: Derivation | None = solution.memo["derivation"]
    return kept


def has_letters(text: str) -> bool:
    """Whether a text has formulas with letters, or LaTeX: `$x = 2$`, `2x = 4`; not `$5 for a book and $3`."""
    if "\\" in text or "$" not in text:
        return "\\" in text or _PLAIN_LETTERS.search(text) is not None
    formulas = [text[start:end] for start, end in formula_spans(text)]
    return any(_LETTER.search(one) and not _PROSE.search(one) for one in formulas)


def read_letters(
    question: str, steps: Sequence[str], gold: str, written: Sequence[str] = (), in_parts: bool = False
) -> Derivation:
    """The derivation of a solution that has formulas. Raises Refusal if it has none, or can't be read."""
    if not any(map(has_letters, steps)):
        raise Refusal("no_formulas", "the solution has no formula with letters")
    return read_derivation(question, steps, gold, written, in_parts)


@dataclass(frozen=True, slots=True)
class Wrong:
    """A wrong solution that was proven: steps, the wrong one, the final answer, and why it is wrong."""

    steps: tuple[str, ...]
    error_step: int
    final: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Rewriting:
    """A side of a line that is equal to the expression `before`, written in another way. `source` is its text."""

    line: int
    side: int
    before: Node
    source: str
    in_chain: bool


def rewritings(derivation: Derivation, rng: random.Random) -> list[Rewriting]:
    """The sides that say an earlier one in another way, in random order: the next one in a chain, the same side of the
    statement before, or a formula alone that is the one before, worked out.
    """
    found = []
    for index, line in enumerate(derivation.lines):
        if line.step < 0 or line.kind == UNREAD:
            continue
        if line.kind == EXPRESSION and (alone := worked_out_before(derivation, index)) is not None:
            source = derivation.text(index - 1, len(derivation.lines[index - 1].chain.sides) - 1)
            found.append(Rewriting(index, 0, alone, source, False))
        for run in line.runs:
            for place in run[1:]:
                if line.tree(place).head == TUPLE:
                    continue
                found.append(Rewriting(index, place, line.tree(place - 1), derivation.text(index, place - 1), True))
        if line.kind == STATEMENT and line.reason.kind == SCALED:
            before = line.reason.lines[0]
            for old, new in zip(_statement(derivation.lines[before]), _statement(line), strict=True):
                tree = derivation.lines[before].tree(old)
                if equal_values(quotient(tree), quotient(line.tree(new))):
                    found.append(Rewriting(index, new, tree, derivation.text(before, old), False))
    rng.shuffle(found)
    return found


def _statement(line: Line) -> tuple[int, int]:
    return line.runs[0][-1], line.runs[1][0]


def written_instead(derivation: Derivation, place: Rewriting, right: Polynomial, wrong: Polynomial) -> str | None:
    """A side in which a part of its value, `right`, is replaced by `wrong`: the term that says it, or all of it."""
    tree = derivation.lines[place.line].tree(place.side)
    text, value = derivation.text(place.line, place.side), exact(derivation.lines[place.line], place.side)
    start = derivation.lines[place.line].chain.sides[place.side].start
    if value is None:
        return None
    notation = notation_of(text, tree, derivation.latex)
    parts = terms(tree)
    if expanded(tree) is None and len(parts) > 1 and len(right) == 1 and len(wrong) <= 1:
        # Not collected yet: 3x + 12 + 5. Only the term itself is replaced.
        same = [(node, sign) for node, sign in parts if expanded(node) and scale(polynomial(node), sign) == right]
        if len(same) != 1:
            return None
        node = same[0][0]
        before, after = text[: node.start - start], text[node.end - start :]
        cut = re.sub(r"([-+])\s*$", "", before)
        if not cut:
            return None
        if not wrong:
            return cut.rstrip() + after
        ((monomial, size),) = wrong.items()
        gap = before[len(cut) + 1 :]
        return cut + ("-" if size < 0 else "+") + gap + notation.term(abs(size), monomial) + after
    changed = add(subtract(value, right), wrong)
    return write_like(text, tree, Quotient(changed, constant(1)), derivation.latex)


def said_before(derivation: Derivation, index: int, node: Node) -> bool:
    """Whether an earlier line of the solution says what an expression is equal to, which a slip would contradict."""
    return any(
        line.step >= 0 and len(run) > 1 and place != run[-1] and same_shape(line.tree(place), node)
        for line in derivation.lines[:index]
        if line.kind == IDENTITY
        for run in line.runs
        for place in run
    )


def exact(line: Line, side: int) -> Polynomial | None:
    """The value of a side that is a polynomial."""
    value = quotient(line.tree(side))
    return value.numerator if rational(value.denominator) == 1 else None


def quoted(derivation: Derivation, index: int, first: int, last: int | None = None) -> str:
    """Sides of a line as they stand, for an explanation: `$2x = 11 - 3$`."""
    line = derivation.lines[index]
    sides = line.chain.sides[first], line.chain.sides[first if last is None else last]
    text = _LAYOUT.sub(" ", derivation.source(index)[sides[0].start : sides[1].end])
    while (box := _BOX.search(text)) is not None:
        content = text[box.end() :]
        depths = accumulate((char == "{") - (char == "}") for char in content)
        close = next((place for place, depth in enumerate(depths) if depth < 0), None)
        text = text[: box.start()] + (content if close is None else content[:close] + content[close + 1 :])
    return formula(derivation, text)


def formula(derivation: Derivation, text: str) -> str:
    """A formula for an explanation: in LaTeX between dollar signs."""
    text = " ".join(text.split())
    return f"${text}$" if derivation.latex else text


def carried_slip(derivation: Derivation, slip: Slip | Cut) -> Wrong:
    """The wrong solution that a slip leads to, proven from its text. Raises Refusal if it can't be."""
    try:
        with budget.bounded():
            if isinstance(slip, Cut):
                carried = without_root(derivation, slip)
            else:
                carried = carry(derivation, slip)
                _prove_wrong(derivation, slip, carried)
    except RecursionError:
        raise Refusal("too_large", "a formula nested very deeply") from None
    carried = replace(carried, steps=renamed(carried.steps, carried.error_step, carried.changed))
    _refuse_words(derivation, slip, carried)
    if isinstance(slip, Slip) and not names(derivation.lines[slip.line].tree(slip.side)):
        lost = [was for was, now in carried.changed.items() if was.denominator == 1 and now and now.denominator > 1]
        if lost and slip.counts:
            raise Refusal("whole_number_lost", str(lost[0]))
    final = _final_answer(derivation, carried)
    if verdict(derivation.gold, final) != "different":
        raise Refusal("answer_not_different", final[:80])
    if not (isinstance(slip, Slip) and slip.judging):  # which ignores such a condition
        refuse_against_question(derivation.question, str(derivation.gold), final)
    if final.startswith("-") and not derivation.gold.startswith("-") and "\\circ" in final:
        raise Refusal("implausible_value", final)  # no angle is negative
    gold = exact_value(derivation.gold)
    if not derivation.latex and gold is not None and gold == int(gold):  # people, chickens, pages
        value = exact_value(final)
        if value is None or value != int(value) or value < 0:
            raise Refusal("implausible_value", final)
    if not all(map(is_balanced, carried.steps)):
        raise Refusal("unbalanced_latex")
    if not is_balanced(slip.explanation, commands_outside=False):
        raise Refusal("unbalanced_explanation", slip.explanation)
    return Wrong(carried.steps, carried.error_step, final, slip.explanation)


def without_root(derivation: Derivation, cut: Cut) -> Carried:
    """The solution without a root. Raises Refusal if anything else may depend on it, or if it is no root."""
    lines = derivation.lines
    lost = lines[cut.lost[0]]
    kept = lines[cut.kept]
    premises = [lines[place].difference for place in lost.reason.lines]
    if lost.reason != kept.reason or None in (*premises, kept.difference):
        raise Refusal("error_not_proven", "the roots are not those of one equation")
    if not refuted([premise for premise in premises if premise], kept.difference or {}):
        raise Refusal("error_not_proven", "the equation has no other real root")
    value, other = (number(line.tree(line.runs[1][0])) for line in (lost, kept))
    for index in range(cut.kept + 1, len(lines)):
        if index in cut.lost:
            continue
        line = lines[index]
        if line.kind == UNREAD:
            raise Refusal("later_formula_not_read")
        said = {
            -node.args[0].value if node.head == MINUS else node.value
            for side in line.chain.sides
            if side.tree is not None
            for node in side.tree.walk()
            if node.head == NUMBER or (node.head == MINUS and node.args[0].head == NUMBER)
        }
        # 3 is said of the other root if the lost one is -3.
        if value in said or (value is not None and -value in said and -value != other):
            raise Refusal("root_used_later", str(value))
    steps = [*derivation.steps]
    for step, start, end in sorted(cut.cuts, reverse=True):
        steps[step] = steps[step][:start] + steps[step][end:]
    changed = {value: None} if value is not None else {}
    return Carried(tuple(steps), lost.step, changed, {}, frozenset())


def _prove_wrong(derivation: Derivation, slip: Slip, carried: Carried) -> None:
    """Read the wrong solution again: the step's formula is false, and it is the first and only one that is."""
    line = derivation.lines[slip.line]
    reader = Reader(derivation, slip.line)
    place = 0
    for step, text in enumerate((derivation.question, *carried.steps), -1):
        for start, end in formula_spans(text):
            found = read_formula(text, start, end)
            for chain in (part for one in found for part in (parts_of(one) if derivation.in_parts else (one,))):
                if place < slip.line:
                    place += 1
                    continue
                new = reader.read(step, chain)
                if place == slip.line:
                    _prove_line(derivation, line, new, slip)
                elif place in carried.repeated:
                    pass  # what the wrong formula says is put in once more, which was checked as it was written
                elif new.kind == FALSE or place >= len(derivation.lines):
                    raise Refusal("later_formula_false", text[chain.start : chain.end][:80])
                elif new.kind != derivation.lines[place].kind or _bounds_otherwise(derivation, place, new):
                    raise Refusal("later_formula_does_not_follow", text[chain.start : chain.end][:80])
                place += 1
    if place != len(derivation.lines):
        raise Refusal("formulas_lost")


def is_bound(derivation: Derivation, line: Line) -> bool:
    """Whether a line gives the number that an inequality came to: the smallest value is `x = 11/2`."""
    earlier = [derivation.lines[place].relation for place in line.reason.lines]
    return line.kind == STATEMENT and line.relation == "=" and line.reason.kind == SCALED and earlier != ["="]


def _bounds_otherwise(derivation: Derivation, place: int, new: Line) -> bool:
    """Whether a bound is one from above now, and was one from below, or the other way around."""
    line = derivation.lines[place]
    turns = [[factor < 0 for factor in one.reason.factors] for one in (line, new)]
    return is_bound(derivation, line) and turns[0] != turns[1]


def _prove_line(derivation: Derivation, line: Line, new: Line, slip: Slip) -> None:
    side = slip.side
    if side >= len(new.chain.sides):
        raise Refusal("error_not_proven", "the wrong formula is read with fewer sides")
    if slip.is_relation or (line.kind == STATEMENT and side in (line.runs[0][-1], line.runs[1][0])):
        if line.difference is None or new.difference is None or new.kind != STATEMENT:
            raise Refusal("error_not_proven", "the wrong statement is not read")
        if slip.is_relation:
            if new.relation == line.relation or proportion(new.difference, line.difference) is None:
                raise Refusal("error_not_proven", "the sign of relation is the right one")
            return
        premises = [
            *(found for place in line.reason.lines if (found := derivation.lines[place].difference) is not None),
            *(known_as(name, value) for name, value in line.known.items()),
        ]
        if not line.reason.lines or not refuted(premises, new.difference):
            raise Refusal("error_not_proven", "no point was found that refutes the wrong statement")
        return
    if line.kind == EXPRESSION and (before := worked_out_before(derivation, slip.line)) is not None:
        if not different(before, new.tree(side)):
            raise Refusal("error_not_proven", "the wrong formula is not shown to differ")
        return
    run = next((run for run in line.runs if side in run), ())
    if not run or (side == run[0] and line.tree(side).head != TUPLE):
        raise Refusal("error_not_proven", "nothing says what the side should be equal to")
    source = line.tree(side) if side == run[0] else new.tree(side - 1)
    left, right = (components(filled(tree, line.known)) for tree in (source, new.tree(side)))
    if not any(different(*pair) for pair in zip(left, right, strict=True)):
        raise Refusal("error_not_proven", "the wrong side is not shown to differ")


def known_as(name: str, value: Fraction) -> Polynomial:
    """The statement that a letter has a value."""
    return subtract(letter(name), constant(value))


def _refuse_words(derivation: Derivation, slip: Slip | Cut, carried: Carried) -> None:
    """Raises Refusal if words from the wrong step on repeat a number that changed, or judge a value."""
    judging, moves = isinstance(slip, Slip) and slip.judging, isinstance(slip, Slip) and slip.moves
    bounds = {line.step for line in derivation.lines if is_bound(derivation, line)}
    for step, text in enumerate(carried.steps):
        if step < carried.error_step:
            continue
        if isinstance(slip, Cut) and (several := _SEVERAL.search(text)):
            raise Refusal("words_may_be_false", several.group())
        words = without_formulas(text)
        if step in bounds:
            words = _BEST.sub(" ", words)  # it is so of the bound of the wrong inequality as well
        if (judged := JUDGES.search(words)) and not (judging and step == carried.error_step):
            raise Refusal("words_may_be_false", judged.group())
        if moves and step == carried.error_step and (named := _MOVES.search(words)):
            raise Refusal("words_may_be_false", named.group())
        said = numbers_in(words) | {
            Fraction(_NUMBER_WORDS[word]) for word in _WORD.findall(words.lower()) if word in _NUMBER_WORDS
        }
        if said & carried.changed.keys():
            raise Refusal("number_in_words", ", ".join(map(str, said & carried.changed.keys())))


def _final_answer(derivation: Derivation, carried: Carried) -> str:
    """The last box; without boxes, what stands where the reference has the gold answer."""
    boxes = [content for text in carried.steps for content in boxed(text)]
    if boxes:
        if any(verdict(derivation.gold, content) == "equal" for content in boxes):
            raise Refusal("right_answer_boxed")
        return boxes[-1]
    last = len(derivation.lines) - 1
    if last >= 0:
        side = len(derivation.lines[last].chain.sides) - 1
        if (last, side) in carried.texts and verdict(derivation.gold, derivation.text(last, side)) == "equal":
            return carried.texts[last, side]
    raise Refusal("answer_not_reached", "the last formula is not the answer")
