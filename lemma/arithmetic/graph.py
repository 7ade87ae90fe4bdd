"""The computation graph of a solution: where each number of each step comes from.

    >>> graph = read_solution("He had 48 clips.", ("He sold 48/2 = <<48/2=24>>24 clips.", "Left are 48-24 = 24."), "24")
    >>> graph.operand_links[1][1]
    Link(results=(0,), rescaled=(), question=False, constant=False)

An operand is linked by its value to numbers of the question, to results of earlier equations, or to a constant that
the words call up. If several fit, all are kept: what stays ambiguous is refused later, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from lemma.arithmetic.constants import known_constants
from lemma.arithmetic.equations import Equation, StepReading, read_step
from lemma.arithmetic.expressions import Binary
from lemma.arithmetic.latex import has_formulas
from lemma.arithmetic.numbers import (
    INTEGER,
    WORD_VALUES,
    Number,
    Value,
    digits_begin,
    divide,
    find_numbers,
    han_numbers,
    normal,
)
from lemma.arithmetic.tokens import WORD, has_minus, tokens_of_question
from lemma.arithmetic.unknowns import solved_unknowns
from lemma.exceptions import Refusal
from lemma.steps import ANNOTATION

_WORD = re.compile(r"[A-Za-z]+")
_REASON = re.compile(r"\b(?:because|since|as)\b|:", re.IGNORECASE)
_COMPOUND = re.compile(
    r"\b(twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)[- ](one|two|three|four|five|six|seven|eight|nine)\b"
)
# 2,5 + 1,5 and = 2,50 €, but not the pairs and lists of (1,2), {1,2,3} and 1,2
_DECIMAL_COMMA = re.compile(
    r"(?<![\d,({\[])\d{1,9},\d{1,2}(?![\d,)}\]])\s?[-+*/×·÷=€]|[-+*/×·÷=€]\s?\d{1,9},\d{1,2}(?![\d,)}\]])(?!\s?[A-Z])"
)
_HELPERS: tuple[Value, ...] = (1, 2, 10, 100)
# Far more than any worked solution has; what links numbers to each other takes time for every pair of them.
_MOST_CHARACTERS = 20_000
_MOST_EQUATIONS = 100


@dataclass(frozen=True, slots=True)
class Link:
    """Where a number may come from: results of equations, the same ones `rescaled` by 100 (35% and 0.35), the question,
    or common knowledge.
    """

    results: tuple[int, ...] = ()
    rescaled: tuple[int, ...] = ()
    question: bool = False
    constant: bool = False

    @property
    def known(self) -> bool:
        """Whether anything explains the number."""
        return bool(self.results or self.rescaled) or self.question or self.constant


@dataclass(frozen=True, slots=True)
class Mention:
    """A number of a step outside its equations. If nothing explains it, it may depend on the results of `suspects`."""

    step: int
    number: Number
    link: Link
    suspects: frozenset[int]


@dataclass(frozen=True, slots=True)
class SolutionGraph:
    """A solution that holds, step by step: `written` as in the data set, `steps` without annotations.

    Equations are counted through all steps; `final` is the one whose result is the gold answer, None if the text does
    not compute it. `unseen` are, by step, the numbers in digits that are no quantities to the reader (`2nd`, `10:30`,
    the coordinates of a drawing). `stated` are the numbers that the question gives, without indices and drawings;
    `question_values` all that may come from it.
    """

    question: str
    written: tuple[str, ...]
    steps: tuple[str, ...]
    readings: tuple[StepReading, ...]
    annotations: tuple[tuple[tuple[int, str], ...], ...]
    equations: tuple[Equation, ...]
    step_of: tuple[int, ...]
    operand_links: tuple[tuple[Link, ...], ...]
    operand_suspects: tuple[frozenset[int], ...]
    mentions: tuple[Mention, ...]
    word_values: tuple[frozenset[Value], ...]
    unseen: tuple[frozenset[Value], ...]
    question_values: frozenset[Value]
    stated: frozenset[Value]
    latex: bool
    constants: frozenset[Value]
    gold: Value
    final: int | None
    memo: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """What those who look at the graph again and again have worked out."""

    def uses(self, equation: int) -> list[tuple[int, int]]:
        """The operands that take their value from an equation's result, as (equation, leaf)."""
        return [
            (later, leaf)
            for later, links in enumerate(self.operand_links)
            for leaf, link in enumerate(links)
            if equation in (*link.results, *link.rescaled)
        ]

    def only_use(self, equation: int) -> tuple[int, int] | None:
        """The operand that takes up an equation's result, if there is only one number that may do so."""
        known: dict[int, tuple[int, int] | None] = self.memo.setdefault("only uses", {})
        if equation not in known:
            uses, own = self.uses(equation), self.step_of[equation]
            repeated = any(
                mention.step > own and equation in (*mention.link.results, *mention.link.rescaled, *mention.suspects)
                for mention in self.mentions
            )
            known[equation] = uses[0] if len(uses) == 1 and not repeated and equation != self.final else None
        return known[equation]


def read_solution(question: str, steps: Sequence[str], gold: Value) -> SolutionGraph:
    """Read a solution's arithmetic. Raises Refusal if it can't be followed, or if an equation is false."""
    _refuse_unreadable(question, steps)
    shown, annotations = zip(*map(_split_annotations, steps), strict=True)
    latex = has_formulas(shown)
    readings = _with_solved_unknowns(
        shown, [_with_hidden_equations(step, notes, latex) for step, notes in zip(shown, annotations, strict=True)]
    )
    equations = tuple(chain.from_iterable(reading.equations for reading in readings))
    step_of = tuple(step for step, reading in enumerate(readings) for _ in reading.equations)
    _refuse_untrustworthy(equations, step_of, shown)
    linker = _Linker(question, shown, equations, step_of)
    operand_links = tuple(
        tuple(linker.link(operand, index) for operand in equation.operands) for index, equation in enumerate(equations)
    )
    final = (index for index, equation in enumerate(equations) if gold in (equation.result.face, equation.result.value))
    return SolutionGraph(
        question=question,
        written=tuple(steps),
        steps=shown,
        readings=readings,
        annotations=annotations,
        equations=equations,
        step_of=step_of,
        operand_links=operand_links,
        operand_suspects=tuple(
            linker.suspects(operand for operand, link in zip(equation.operands, links, strict=True) if not link.known)
            for equation, links in zip(equations, operand_links, strict=True)
        ),
        mentions=tuple(linker.mentions(readings)),
        word_values=tuple(frozenset(values_of_words(text)) for text in shown),
        unseen=tuple(map(_unseen_numbers, readings)),
        question_values=linker.question_values,
        stated=frozenset(_stated(question, latex)),
        latex=latex,
        constants=linker.constants,
        gold=gold,
        final=max(final, default=None),
    )


def _refuse_unreadable(question: str, steps: Sequence[str]) -> None:
    if not any(steps):
        raise Refusal("empty_solution", "there are no solution steps")
    length = len(question) + sum(map(len, steps))
    if length > _MOST_CHARACTERS:
        raise Refusal("solution_too_long", f"{length} characters, at most {_MOST_CHARACTERS} are read")
    if any(map(_DECIMAL_COMMA.search, steps)):
        raise Refusal("decimal_comma", "the solution writes 2.5 as 2,5, which is not read")


def _refuse_untrustworthy(equations: Sequence[Equation], step_of: Sequence[int], steps: Sequence[str]) -> None:
    if len(equations) > _MOST_EQUATIONS:
        raise Refusal("solution_too_long", f"{len(equations)} equations, at most {_MOST_EQUATIONS} are followed")
    for equation, step in zip(equations, step_of, strict=True):
        if not equation.holds:
            reason = "reference_equation_false" if equation.holds is False else "reference_equation_unclear"
            raise Refusal(reason, f"step {step + 1}: {steps[step][equation.start : equation.result.end][:200]!r}")


def _split_annotations(step: str) -> tuple[str, tuple[tuple[int, str], ...]]:
    """A step as a reader sees it, and its annotations with their places in that text."""
    shown, annotations, end = "", [], 0
    for match in ANNOTATION.finditer(step):
        shown += step[end : match.start()]
        annotations.append((len(shown), match.group()))
        end = match.end()
    return shown + step[end:], tuple(annotations)


def _with_hidden_equations(shown: str, annotations: tuple[tuple[int, str], ...], latex: bool) -> StepReading:
    """A step's reading, with the equations that only its annotations tell: `half of them, <<48/2=24>>24`."""
    reading = read_step(shown, latex)
    seen = {equation.result.start for equation in reading.equations}
    mentioned = {mention.start: mention for mention in reversed(reading.mentions)}
    hidden = []
    for place, note in annotations:
        result = None if place in seen else mentioned.get(place)
        told = read_step(note[2:-2]).equations if result is not None else ()
        if result is not None and len(told) == 1 and told[0].result.value in (result.face, result.value):
            # The text does not show the operands, so they have no place in it.
            operands = tuple(operand._replace(start=-1, end=-1) for operand in told[0].operands)
            equation = replace(told[0], operands=operands, operators=(), result=result, start=place, end=place)
            hidden.append(replace(equation, visible=False))
    return _with_equations(reading, hidden) if hidden else reading


def _with_solved_unknowns(steps: Sequence[str], readings: list[StepReading]) -> tuple[StepReading, ...]:
    """The readings, with `x = 16` after `6x = 96` as an equation of the text."""
    for solved in solved_unknowns(steps):
        reading = readings[solved.step]
        result = next((mention for mention in reading.mentions if mention.start == solved.start), None)
        if result is not None and solved.holds:
            operands = tuple(Number(-1, -1, value, INTEGER) for value in (solved.product, solved.factor))
            equation = Equation(
                Binary("/", 0, 1, 0), operands, (), result, solved.start, solved.start, True,
                visible=False, solves=solved.equation,
            )  # fmt: skip
            readings[solved.step] = _with_equations(reading, [equation])
    return tuple(readings)


def _with_equations(reading: StepReading, added: Sequence[Equation]) -> StepReading:
    results = {equation.result.start for equation in added}
    return replace(
        reading,
        equations=tuple(sorted((*reading.equations, *added), key=lambda equation: equation.result.start)),
        mentions=tuple(mention for mention in reading.mentions if mention.start not in results),
    )


def values_of_words(text: str) -> Iterable[Value]:
    for tens, ones in _COMPOUND.findall(text.lower()):
        yield WORD_VALUES[tens][0] + WORD_VALUES[ones][0]
    for word in _WORD.findall(text):
        yield from WORD_VALUES.get(word.lower(), ())
    if not text.isascii():
        yield from han_numbers(text)


def _unseen_numbers(reading: StepReading) -> frozenset[Value]:
    seen = [*reading.mentions]
    for equation in reading.equations:
        seen += (*equation.operands, equation.result)
    if digits_begin(reading.text) <= {number.start for number in seen}:
        return frozenset()
    covered = {place for number in seen for place in range(number.start, number.end)}
    return frozenset(number.face for number in find_numbers(reading.text) if number.start not in covered)


def _stated(question: str, latex: bool) -> set[Value]:
    """The quantities that a question gives: no drawings, and in formulas no indices, exponents and coefficients. Of a
    negative number, it does not give the absolute value.
    """
    stated, negative = set(values_of_words(question)), set()
    tokens = tokens_of_question(question, latex)
    for place, token in enumerate(tokens):
        if token.number is None:
            continue
        before, behind = tokens[place - 1] if place else None, tokens[place + 1] if place + 1 < len(tokens) else None
        exponent = before is not None and before.text in ("^", "{")
        coefficient = behind is not None and behind.kind == WORD and behind.start == token.end and len(behind.text) < 3
        if has_minus(tokens, place):
            negative.add(token.number.face)
        elif not (latex and (exponent or coefficient)):
            stated.add(token.number.face)
    return stated - negative


class _Linker:
    """Looks values up among the question's numbers, the results so far, and the constants."""

    def __init__(
        self, question: str, steps: Sequence[str], equations: Sequence[Equation], step_of: Sequence[int]
    ) -> None:
        self.equations, self.step_of, self.steps = equations, step_of, steps
        self.question_values = frozenset(_values_of_question(question))
        self.constants = known_constants((question, *steps))
        self._helpers = {*_HELPERS, *self.question_values, *(equation.result.face for equation in equations)}
        self._by_face: dict[Value, list[int]] = {}
        self._by_share: dict[Value, list[int]] = {}
        spans: set[tuple[int, int]] = set()
        for index, equation in enumerate(equations):
            span = (step_of[index], equation.result.start)
            if span not in spans:
                spans.add(span)
                result = equation.result
                self._by_face.setdefault(result.face, []).append(index)
                # 35% may be used as 0.35 later, and 0.35 as 35%.
                self._by_share.setdefault(result.value if result.percent else normal(result.face * 100), []).append(
                    index
                )

    def link(self, number: Number, before: int) -> Link:
        """Where a number may come from, among the results of equations before one."""
        found = tuple(index for index in self._by_face.get(number.face, ()) if index < before)
        shares = tuple(
            index
            for index in self._by_share.get(number.face, ())
            if index < before and self.equations[index].result.percent != number.percent
        )
        question = number.face in self.question_values or (number.percent and number.value in self.question_values)
        return Link(found, shares, question, number.face in self.constants)

    def mentions(self, readings: Sequence[StepReading]) -> Iterable[Mention]:
        """The numbers outside of equations, linked to results up to the end of their own step."""
        before = 0
        for step, reading in enumerate(readings):
            before += len(reading.equations)
            for number in reading.mentions:
                link = self._mention_link(step, number, before)
                yield Mention(step, number, link, frozenset() if link.known else self.suspects((number,)))

    def _mention_link(self, step: int, number: Number, before: int) -> Link:
        """Where a mention comes from. One that stands before an equation with the same result is that result only in
        `She can drink 8 ounces because 32 - 24 = 8`; else it is what was known already, if anything was.
        """
        link = self.link(number, before)
        ahead = [
            index for index in link.results if self.step_of[index] == step and number.end <= self.equations[index].start
        ]
        if not ahead:
            return link
        if _REASON.search(self.steps[step][number.end : self.equations[ahead[0]].start]):
            return Link((ahead[0],))
        known = replace(link, results=tuple(source for source in link.results if source not in ahead))
        return known if known.known else link

    def suspects(self, numbers: Iterable[Number]) -> frozenset[int]:
        """The equations from whose results some unexplained number could have been worked out in the head."""
        unexplained = [number.value for number in numbers]
        if not unexplained:
            return frozenset()
        return frozenset(
            index
            for index, equation in enumerate(self.equations)
            for value in unexplained
            if _within_one_step(value, equation.result.value, self._helpers)
        )


def _within_one_step(value: Value, result: Value, helpers: set[Value]) -> bool:
    """Whether `value` is `result` combined with one other number."""
    if value - result in helpers or result - value in helpers or value + result in helpers:
        return True
    if not (result and value):
        return False
    return divide(value, result) in helpers or divide(result, value) in helpers or normal(value * result) in helpers


def _values_of_question(question: str) -> Iterable[Value]:
    for number in find_numbers(question):
        yield number.face
        yield divide(number.face, 100)  # 20% may be worked with as 0.2
    for numerator, denominator in re.findall(r"(\d{1,9})/(\d{1,9})", question):
        if int(denominator):
            yield divide(int(numerator), int(denominator))
    yield from values_of_words(question)
