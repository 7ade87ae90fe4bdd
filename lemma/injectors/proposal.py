"""What injectors are given and what they return: the places in a solution, and proposals to change one of them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeVar

from lemma.arithmetic.equations import Equation, as_read
from lemma.arithmetic.expressions import Binary, nodes
from lemma.arithmetic.graph import Link, SolutionGraph
from lemma.arithmetic.numbers import INTEGER, LATEX_FRACTION, PLAIN, Number, NumberStyle, Value, render
from lemma.arithmetic.propagation import Change, Edit, reads_well

Item = TypeVar("Item")
SELDOM, RARE, LAST_RESORT, ODD, ALONE = 0.05, 0.001, 0.00001, 0.0000001, 0.00000001
UNLIKELY, HASTY, BLIND = 0.00000004, 0.00000003, 0.00000002
_NOUN = re.compile(r"\s+([a-z]+)")
_SIGNS = re.compile(r"(?<!\\)\$|&")  # dollar signs and alignment
_DEGREES = re.compile(r"\^\s?\{?\s?\\circ(?:\s?\})?")
_DIGITS = re.compile(r"\d+(?:\.\d+)?")
_PRODUCT = re.compile(r"[/*(^](?!\{?\\circ)|\\(?!circ)[a-z]")
_NO_FORMULA = re.compile(f"{_SIGNS.pattern}|{_DEGREES.pattern}")  # and degrees that would be cut in half
_BEHIND_EQUALS = re.compile(r"(?:=|≈|\\approx)(?:\s|&|\\boxed\s*\{|\\?\$|\\[,;:!])*$")
_IN_TERM = re.compile(r"\s*(?:[A-Za-z](?![a-z]{2})|\^|\\(?:sqrt|pi|left|sin|cos|tan|log)|\()")
# What a number counts, behind it: " minutes", "/hour", "-mile"; not the x of a product.
_WORDS = re.compile(r"[ /-]?(?![xX]\b)[A-Za-z]{1,40}\b")
_UNIT = re.compile(r"(?:/[a-z]+)?(?: [A-Za-z]+(?:/[a-z]+)?){0,6}(?=\s?=)")
_TIGHT = 2
_LONG_WORD, _FEWEST_WORDS = re.compile(r"[^\W\d_]{3,}"), 2
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
# Nouns that follow a measured quantity, not a counted one.
MEASURES = frozenset((
    "feet", "foot", "inches", "inch", "miles", "mile", "meters", "meter", "km", "cm", "mm", "kilometers",
    "kilometer", "yards", "yard", "pounds", "pound", "ounces", "ounce", "kg", "g", "grams", "gram", "kilograms",
    "tons", "ton", "gallons", "gallon", "liters", "liter", "ml", "quarts", "pints", "degrees", "mph", "percent",
    "dollars", "dollar", "cents", "cent", "square", "cubic", "years", "year", "old", "per", "bucks", "points", "ft",
    "ft.", "lbs", "oz", "minutes", "minute", "seconds", "second",
))  # fmt: skip
LATEX = NumberStyle(LATEX_FRACTION)


@dataclass(frozen=True, slots=True)
class Proposal:
    """One change and, in a sentence that names the numbers at fault, why it is wrong.

    `weight` says how often people make such a change, next to others of its type. `SELDOM` serves if there is nothing
    else, `RARE` if there is nothing else and many are asked for, `LAST_RESORT` if nothing at all can be made of the
    solution otherwise, and `ODD` only if many are asked for. `UNLIKELY`, `HASTY`, and `BLIND`, in this order, fill up
    what is still missing then. `ALONE` is good, but would be known by its form if it were made often: only if nothing
    else can be made of the solution.
    """

    change: Change
    explanation: str
    weight: float = 1
    refused: str = ""
    """Why nothing is made of a place, if the injector can tell; the explanation then quotes the place."""


def _with_degrees(formula: str) -> str:
    """A sum of angles and its result with all of their degree signs, also those of the last numbers of its sides, which
    are cut off; empty if not all of its numbers are angles.
    """
    marks, numbers = len(_DEGREES.findall(formula)), len(_DIGITS.findall(formula))
    sides = [side.strip() for side in formula.split(" = ")]
    is_sum = _PRODUCT.search(formula) is None and all(side[-1:].isdigit() for side in sides)
    if not marks or marks + len(sides) != numbers or not is_sum:
        return ""
    return _DEGREES.sub(r"^\\circ", " = ".join(f"{side}^\\circ" for side in sides))


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A proposal to stop before `step` and to state another quantity as the answer."""

    step: int
    text: str
    answer: Value
    explanation: str
    weight: float = 1


# Proposals for a solution, in an order drawn from the random numbers. Those of algebra need a derivation.
Injector = Callable[[Any, random.Random], Iterator[Any]]


@dataclass(frozen=True)
class Site:
    """An equation that an injector may change, with its surroundings. All injectors share the sites of a solution."""

    graph: SolutionGraph
    index: int

    @cached_property
    def equation(self) -> Equation:
        """The equation itself."""
        return self.graph.equations[self.index]

    @cached_property
    def step(self) -> int:
        """The number of its step."""
        return self.graph.step_of[self.index]

    @cached_property
    def text(self) -> str:
        """The step's text."""
        return self.graph.steps[self.step]

    @cached_property
    def has_words(self) -> bool:
        """Whether its step says what it works out: of `5 * 2 = 10` alone, nobody can tell whether it is wrong."""
        return len(_LONG_WORD.findall(self.text)) >= _FEWEST_WORDS

    @cached_property
    def calculation(self) -> str:
        """The step's text with blanks in place of what is passed over when it is read."""
        return self.text if self.graph.latex else as_read(self.text)

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """The origins of its operands."""
        return self.graph.operand_links[self.index]

    @cached_property
    def expression(self) -> str:
        """The expression as it stands: `48 / 2`."""
        return self.edited()

    @cached_property
    def result(self) -> str:
        """The result, for an explanation: `24`, `$24`, `24%`."""
        return self.as_written(self.equation.result)

    def as_written(self, number: Number) -> str:
        """A number of the step as it stands there, with its sign of currency or percent: `$0.3`, and not `$0.30`."""
        if self.graph.latex:
            return self.shown(number, number.face)
        text = self.text[number.start : number.end].rstrip("%")
        return "$" * number.currency + text + "%" * number.percent

    @cached_property
    def worked(self) -> str:
        """The whole equation, for an explanation: `48 / 2 = 24`."""
        number = self.equation.result
        result = shown(number, number.face, True) if self.graph.latex else self.as_written(number)
        return self.quoted(f"{self.in_numbers} = {result}")

    @cached_property
    def in_numbers(self) -> str:
        """The expression without the words between its numbers: `20 / 4` for `20 minutes / 4`."""
        if self.graph.latex:
            return self.expression
        operands = sorted(self.equation.operands, key=lambda operand: operand.start)
        told = self._dollar + self.calculation[self.equation.start : operands[0].end]
        for one, other in pairwise(operands):
            between = _WORDS.sub("", self.calculation[one.end : other.start])
            if not between.strip(" $()"):
                return self.expression
            told += between + self.calculation[other.start : other.end]
        return " ".join((told + _WORDS.sub("", self.calculation[operands[-1].end : self.equation.end])).split())

    @cached_property
    def unit(self) -> str:
        """The unit of the last operand as it stands between the expression and its result: ` pencils`, `/hour`."""
        unit = None if self.graph.latex else _UNIT.match(self.text, self.equation.end)
        return unit.group() if unit is not None else ""

    def quoted(self, formula: str) -> str:
        """A formula of the text, for an explanation: in LaTeX it stands between dollar signs."""
        shown = _with_degrees(formula) or _NO_FORMULA.sub("", formula)
        return f"${_SIGNS.sub('', shown)}$" if self.graph.latex else formula

    def shown(self, number: Number, face: Value) -> str:
        """A value as it would stand in the place of a number, for an explanation."""
        return quoted_number(self.graph, number, face)

    def which(self, leaf: int) -> str:
        """Which of several equal operands one is, in brackets: ` (the second 2)`."""
        operand = self.equation.operands[leaf]
        alike = sorted(other.start for other in self.equation.operands if other.face == operand.face)
        place = alike.index(operand.start)
        if len(alike) == 1 or place >= len(_ORDINALS):
            return ""
        return f" (the {_ORDINALS[place]} {self.shown(operand, operand.face)})"

    def operands(self) -> Iterator[tuple[int, Number, Link]]:
        """Leaf, number and link of each operand that is written in digits."""
        for leaf, (operand, link) in enumerate(zip(self.equation.operands, self.links, strict=True)):
            if self.text[operand.start].isdigit() or self.text[operand.start] == ".":
                yield leaf, operand, link

    def in_fraction(self, leaf: int) -> bool:
        """Whether an operand is a part of a written fraction, `1/2` or `\\frac{1}{2}`, with more around it."""
        if len(self.equation.operands) == _TIGHT:
            return False
        return any(
            isinstance(node.left, int)
            and isinstance(node.right, int)
            and leaf in (node.left, node.right)
            and self.is_written_fraction(node)
            for node in nodes(self.equation.tree)
        )

    def is_written_fraction(self, node: Binary) -> bool:
        """Whether a division is written without blanks, so that it reads as a number."""
        operator = self.equation.operators[node.position]
        if operator.is_bar:
            return True
        around = self.text[operator.start - 1 : operator.end + 1]
        return node.operator == "/" and " " not in around

    def is_given(self, leaf: int) -> bool:
        """Whether an operand is a number that the question gives, and nothing that the solution worked out. In LaTeX,
        much is worked out that is not read (`\\binom{6}{5} = 6`): what stands behind an equals sign counts as such.
        """
        operand, link, graph = self.equation.operands[leaf], self.links[leaf], self.graph
        if not link.question or link.results or operand.face not in graph.stated:
            return False
        if not graph.latex:
            return True
        before = self.equation.operands[leaf - 1].face if leaf else None
        power = any(node.operator == "^" and node.right == leaf for node in nodes(self.equation.tree))
        if power or before == operand.face + 1:
            return False  # an exponent; the 4 and 3 of 5 * 4 * 3
        return not any(
            mention.step <= self.step
            and mention.number.face == operand.face
            and _BEHIND_EQUALS.search(graph.steps[mention.step], 0, mention.number.start)
            for mention in graph.mentions
        )

    def writes(self, leaf: int, value: Value) -> tuple[Edit, ...]:
        """The edits that put another face in the place of an operand, and of the number of the step that repeats it.

        Empty if it would not read well, or if the step says the operand in words or several times.
        """
        operand = self.equation.operands[leaf]
        text = render(value, _style(operand, value)) if reads_well(operand, value) else None
        reading = self.graph.readings[self.step]
        repeated = [mention for mention in reading.mentions if mention.face == operand.face]
        alike = [
            number for equation in reading.equations for number in equation.operands if number.face == operand.face
        ]
        if self.graph.latex and any(_IN_TERM.match(self.text, number.end) for number in repeated):
            return ()  # a coefficient or a power, which only happens to be the same
        if text is None or len(repeated) > 1 or len(alike) > 1 or operand.value in self.graph.word_values[self.step]:
            return ()
        return tuple(Edit(number.start, number.end, text) for number in (operand, *repeated))

    @property
    def _dollar(self) -> str:
        """The dollar sign in front of the equation, if its first number has one there."""
        has_one = self.equation.operands[0].currency and self.text[self.equation.start].isdigit()
        return ("\\$" if self.graph.latex else "$") if has_one else ""

    def edited(self, *edits: Edit) -> str:
        """The expression after edits."""
        end, text = self.equation.start, self._dollar
        for edit in sorted(edits, key=lambda edit: edit.start):
            text += self.calculation[end : edit.start] + edit.text
            end = edit.end
        return " ".join((text + self.calculation[end : self.equation.end]).split())

    def noun_after(self, number: Number) -> str | None:
        """The word behind a number, if it is a plural: `clips` in `24 clips`."""
        match = _NOUN.match(self.text, number.end)
        word = match.group(1) if match is not None else ""
        return word if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else None


def sites(graph: SolutionGraph, rng: random.Random) -> list[Site]:
    """The equations whose expression can be changed, in random order."""
    if "sites" not in graph.memo:
        graph.memo["sites"] = [
            Site(graph, index)
            for index, equation in enumerate(graph.equations)
            if equation.visible and not equation.chained
        ]
    found: list[Site] = list(graph.memo["sites"])
    rng.shuffle(found)
    return found


def shuffled(items: Sequence[Item], rng: random.Random) -> list[Item]:
    """The items in random order."""
    return rng.sample(items, len(items)) if len(items) > 1 else list(items)


def shown(number: Number, face: Value, latex: bool = False) -> str:
    """A value as it would stand in the place of a number, with its sign of currency or percent."""
    style = _style(number, face)
    if latex and style.form != PLAIN:
        style = replace(style, form=LATEX_FRACTION)
    text = render(face, style) or render(face, LATEX if latex else INTEGER) or str(face)
    escape = "\\" if latex else ""
    return (f"{escape}$" if number.currency else "") + text + (f"{escape}%" if number.percent else "")


def quoted_number(graph: SolutionGraph, number: Number, face: Value) -> str:
    """A value as it would stand in the place of a number of a solution, for an explanation."""
    text = shown(number, face, graph.latex)
    return f"${text}$" if "\\" in text else text


def _style(number: Number, face: Value) -> NumberStyle:
    if isinstance(face, int) and number.style.decimals and (not number.currency or number.style.decimals == 1):
        return replace(number.style, decimals=0)
    if not isinstance(face, int) and number.currency and number.style.decimals < _TIGHT:
        return replace(number.style, decimals=2)
    return number.style
