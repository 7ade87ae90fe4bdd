"""Change one thing in a solution and carry the consequence through everything that depends on it.

    >>> consequence = propagate(graph, Change(equation=0, result=42))
    >>> consequence.steps
    ('He sold 48/2 = <<48/2=42>>42 clips.', 'Left are 48-42 = <<48-42=6>>6.')

Every mention of a changed value is written again in the format in which it stood. What can't be carried through
without a guess, or would not read like a student's work (half a person, a negative price), is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from lemma.arithmetic.equations import Equation, as_read
from lemma.arithmetic.expressions import ArithmeticRefusal, Expression, evaluate, to_text
from lemma.arithmetic.graph import Link, SolutionGraph
from lemma.arithmetic.numbers import (
    INTEGER,
    PLAIN,
    Number,
    Value,
    decimals_needed,
    divide,
    normal,
    render,
    round_half_up,
)
from lemma.arithmetic.parser import read_expression
from lemma.exceptions import Refusal

# A step that compares, rounds or reasons about its numbers may no longer be true with others in their place.
_CLAIM = re.compile(
    r"\b(?:is|are|was|were|be|being)\s+(?:\w+\s+)?(?:greater|less|more|fewer|higher|lower|smaller|larger|bigger|cheaper|"
    r"older|younger|taller|longer|shorter|faster|slower)\s+than\b"
    r"|\b(?:exceed\w*|(?:is|are|be|not|has|have) enough|cheapest|largest|smallest|greatest|highest|lowest|"
    r"round(?:s|ed|ing) (?:up|down|to|off)|nearest|whole number|integer|cannot|can't|divisible|prime|square root)\b"
    r"|[<>≤≥]|\\(?:le|ge|leq|geq|lt|gt|approx)(?![a-zA-Z])",
    re.IGNORECASE,
)
_HAN_CLAIM = re.compile(
    "[大小多少高低长短快慢]于|超过|不足|[足不]够|至少|至多|最[多少大小高低]|整数|质数|素数|整除|四舍五入|上回|下回|以上|以下"
)
PROBABILITY = re.compile(r"probab|\bchances?\b|\blikely\b|\bodds\b|概率|機率|確率", re.IGNORECASE)
_WRITTEN_FRACTION = re.compile(r"(\d{1,9}) ?/ ?(\d{1,9})|frac\{(\d{1,9})\}\{(\d{1,9})\}")
# Letters without width, and a `so` within a calculation, at which readers and parsers may stop.
_UNCLEAR = re.compile(r"[\u200b-\u200d\u2060\ufeff]|\d[^=\d]*\bso\b[^=\d]*=")
# Behind what is measured and not counted: 7 hours may become 7.5 hours, and 3 pages per hour 3.5 pages per hour, but 7
# pupils not 7.5 pupils.
_MEASURE = re.compile(
    r" ?(?:more |extra |total )?(?:hours?|minutes?|seconds?|miles?|feet|foot|inch(?:es)?|yards?|meters?|centimeters?|"
    r"kilometers?|km|cm|pounds?|lbs?|ounces?|oz|grams?|kilograms?|kgs?|tons?|gallons?|liters?|quarts?|acres?|mph)\b"
    r"| ?[a-z]{2,20} ?(?:/|per\b) ?[a-z]"
)
_LARGEST_FACTOR = 1000
_LARGEST_DENOMINATOR = 1000


class Edit(NamedTuple):
    """Replace a span of a step's text, as a reader sees it."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is changed: `edits` in the text of an equation's expression (or before it), whose new value
    follows; or the `result` alone, as a face; or both, if the edits take the expression away. `dropped_step` is left
    out; `inserted_step` is put behind the equation's own step, which stays as it is, and states the new result.
    """

    equation: int
    edits: tuple[Edit, ...] = ()
    result: Value | None = None
    dropped_step: int | None = None
    inserted_step: str | None = None


@dataclass(frozen=True, slots=True)
class Consequence:
    """The steps after a change, with their annotations. `changed` has the new faces of results by equation."""

    steps: tuple[str, ...]
    error_step: int
    final: Value
    changed: dict[int, Value] = field(default_factory=dict)


def propagate(graph: SolutionGraph, change: Change, *, annotated: bool = True) -> Consequence:
    """Carry a change through; the steps get annotations only if `annotated`, which takes a quarter of the time. Raises
    Refusal if that takes a guess, or if no student would write the outcome.
    """
    return _Propagation(graph, change, annotated).run()


@lru_cache(maxsize=1024)
def _claims_something(text: str) -> bool:
    """Whether a step compares, rounds or reasons about its numbers."""
    return bool(_CLAIM.search(text) or (not text.isascii() and _HAN_CLAIM.search(text)))


class _Propagation:
    def __init__(self, graph: SolutionGraph, change: Change, annotated: bool) -> None:
        self.graph, self.change, self.annotated = graph, change, annotated
        self.step = graph.step_of[change.equation]
        self.changed: dict[int, Value] = {}
        self.edits: dict[int, list[Edit]] = {}
        self.notes: dict[int, dict[int, str]] = {}
        self.introduced: set[Value] = set()

    def run(self) -> Consequence:
        graph, change = self.graph, self.change
        start = graph.equations[change.equation].start
        for step in range(self.step, len(graph.steps)):
            unread = graph.readings[step].unread
            if unread and (step > self.step or unread[-1] > start):
                raise Refusal("unreadable_equation")
        self._change_equation()
        for index in range(change.equation + 1, len(graph.equations)):
            if graph.step_of[index] != change.dropped_step:
                self._carry_into_equation(index)
        self._carry_into_mentions()
        self._refuse_number_words_and_claims()
        self._refuse_right_values()
        if graph.final is None:
            raise Refusal("answer_not_computed")
        if graph.final not in self.changed:
            raise Refusal("answer_unchanged")
        error_step = self.step + (change.inserted_step is not None)
        if change.dropped_step is not None:
            error_step = change.dropped_step
        return Consequence(self._steps(), error_step, self.changed[graph.final], self.changed)

    def _change_equation(self) -> None:
        index = self.change.equation
        equation = self.graph.equations[index]
        if equation.chained or not (equation.visible or equation.solves):
            raise Refusal("chained_equation" if equation.chained else "hidden_equation")
        tree, values = equation.tree, equation.operand_values()
        if self.change.result is not None:
            new = self.change.result
        else:
            tree, values = self._edited_expression(equation)
            self.introduced = set(values) - set(equation.operand_values())
            new = self._result_face(equation, tree, values)
        if new == equation.result.face:
            raise Refusal("result_unchanged")
        self.changed[index] = new
        if self.change.inserted_step is None:
            self.edits.setdefault(self.step, []).extend(self.change.edits)
            self._write_result(index, new, tree, values)
            if self.change.result is not None and self.change.edits:
                self.notes.setdefault(self.step, {})[equation.result.start] = (
                    ""  # the step no longer shows a calculation
                )
        elif not reads_well(equation.result, new):
            raise Refusal("implausible_value")

    def _edited_expression(self, equation: Equation) -> tuple[Expression, list[Value]]:
        edits = self.change.edits
        # What is put in behind the last number and its unit belongs to the expression: "5 apples + 3 apples - 2".
        added = [edit.end for edit in edits if edit.start == edit.end <= equation.result.start]
        end = max([equation.end, *added])
        inside = [edit for edit in edits if equation.start <= edit.start and equation.start < edit.end <= end]
        text = self.graph.steps[self.step]
        text = (text if self.graph.latex else as_read(text))[:end]
        expression = read_expression(apply_edits(text, inside)[equation.start :])
        if expression is None:
            raise Refusal("unreadable_edit")
        return expression

    def _result_face(self, equation: Equation, tree: Expression, values: Sequence[Value]) -> Value:
        try:
            exact = evaluate(tree, values)
        except ArithmeticRefusal:
            raise Refusal("no_value") from None
        face = normal(exact * 100) if equation.result.percent and not equation.bare_percent else exact
        decimals = max(equation.result.style.decimals, 2)
        needed = decimals_needed(face)
        if equation.result.style.form == PLAIN and (needed is None or needed > decimals):
            if equation.rounded:
                decimals = equation.result.style.decimals
            elif not equation.result.currency or -1 < face < 1:
                raise Refusal("implausible_value")
            face = round_half_up(face, decimals)
        return face

    def _carry_into_equation(self, index: int) -> None:
        equation, links = self.graph.equations[index], self.graph.operand_links[index]
        if not self.graph.operand_suspects[index].isdisjoint(self.changed):
            raise Refusal("possibly_dependent_number")
        step, values = self.graph.step_of[index], equation.operand_values()
        touched = False
        for leaf, (operand, link) in enumerate(zip(equation.operands, links, strict=True)):
            new = self._new_face(link, (index, leaf))
            if new is not None:
                touched = True
                values[leaf] = divide(new, 100) if operand.percent else new
                if equation.visible:
                    self._write(step, operand, new, link)
        if not touched:
            return
        if equation.chained or not equation.visible:
            raise Refusal("chained_equation" if equation.chained else "hidden_equation")
        face = self._result_face(equation, equation.tree, values)
        if face != equation.result.face:
            self.changed[index] = face
        self._write_result(index, face, equation.tree, values)

    def _new_face(self, link: Link, place: tuple[int, int] | None = None) -> Value | None:
        """The new face of a number that comes from a changed result; None if it comes from nothing changed. `place` is
        the number's equation and leaf, if it is an operand.
        """
        if any(source in self.changed for source in link.rescaled):
            raise Refusal("rescaled_operand")
        new = {self.changed[source] for source in link.results if source in self.changed}
        if not new:
            return None
        unchanged = any(source not in self.changed for source in link.results)
        if len(new) > 1 or unchanged or link.question or link.constant:
            # What a solution works out it also takes up: a result with one possible use is used there. In LaTeX, too
            # much is computed unread for that.
            readable = place is not None and not self.graph.latex
            taken_up = [source for source in link.results if readable and self.graph.only_use(source) == place]
            if len(taken_up) != 1 or taken_up[0] not in self.changed:
                raise Refusal("ambiguous_operand")
            return self.changed[taken_up[0]]
        return new.pop()

    def _carry_into_mentions(self) -> None:
        for mention in self.graph.mentions:
            if mention.step < self.step or mention.step == self.change.dropped_step:
                continue
            if mention.step == self.step and self.change.inserted_step is not None:
                continue
            for index in mention.suspects.intersection(self.changed):
                # A number can only depend on a result that was there when it was written.
                result, step = self.graph.equations[index].result, self.graph.step_of[index]
                if step < mention.step or result.start < mention.number.start:
                    raise Refusal("possibly_dependent_number")
            new = self._new_face(mention.link)
            if new is not None:
                self._write(mention.step, mention.number, new, mention.link)

    def _refuse_number_words_and_claims(self) -> None:
        gone = [index for index, step in enumerate(self.graph.step_of) if step == self.change.dropped_step]
        results = [self.graph.equations[index].result for index in (*self.changed, *gone)]
        right = {value for result in results for value in (result.face, result.value)}
        for step in range(self.step, len(self.graph.steps)):
            if step == self.change.dropped_step:
                continue
            if not self.graph.word_values[step].isdisjoint(right):
                raise Refusal("number_word")
            if step > self.step and not self.graph.unseen[step].isdisjoint(right):
                raise Refusal("unread_number")
            if step in self.edits and _UNCLEAR.search(self.graph.steps[step]):
                raise Refusal("unreadable_equation")
            if step in self.edits and _claims_something(self.graph.steps[step]):
                raise Refusal("claim_about_numbers")

    def _refuse_right_values(self) -> None:
        """A wrong solution that stumbles over a value that was right reads like a riddle, and can't be checked."""
        right = {self.graph.equations[index].result.face for index in self.changed}
        kept = {
            mention.number.face
            for mention in self.graph.mentions
            if mention.step > self.step
            and not mention.link.question
            and not any(source in self.changed for source in mention.link.results)
        }
        self._refuse_written_fractions({face for face in right if not isinstance(face, int)})
        if not right.isdisjoint({*self.changed.values(), *self.introduced, *kept}):
            raise Refusal("right_value_again")

    def _refuse_written_fractions(self, right: set[Fraction]) -> None:
        """A later 1/2 that stays is read as a division of 1 by 2, though it may be the one half that a step found."""
        for step in range(self.step + 1, len(self.graph.steps)) if right else ():
            for match in _WRITTEN_FRACTION.finditer(self.graph.steps[step]):
                above, below = (int(part) for part in match.groups() if part)
                edits = self.edits.get(step, ())
                stays = not any(edit.start < match.end() and match.start() < edit.end for edit in edits)
                if stays and below and divide(above, below) in right:
                    raise Refusal("written_fraction")

    def _is_measured(self, step: int, number: Number, link: Link | None) -> bool:
        """Whether a measure stands behind a number, or behind the result that it is."""
        if self.graph.latex:
            return False
        places = [(step, number)]
        for index in link.results if link is not None else ():
            places.append((self.graph.step_of[index], self.graph.equations[index].result))
        return any(_MEASURE.match(self.graph.steps[place], one.end) for place, one in places)

    def _write(self, step: int, number: Number, face: Value, link: Link | None = None) -> None:
        style = number.style
        if number.currency and not isinstance(face, int) and style.form == PLAIN:
            style = replace(style, decimals=max(2, style.decimals))
        if isinstance(face, int) and style.decimals == 1 and style.form == PLAIN:
            style = replace(style, decimals=0)  # nobody writes $112.0 for $112.5
        impossible = 0 <= number.value <= 1 < face and PROBABILITY.search(self.graph.steps[step])
        fits = reads_well(number, face) or (
            not isinstance(face, int) and reads_well(number, face, is_counted=not self._is_measured(step, number, link))
        )
        text = render(face, style) if fits and not impossible else None
        if text is None:
            raise Refusal("implausible_value")
        self.edits.setdefault(step, []).append(Edit(number.start, number.end, text))

    def _write_result(self, index: int, face: Value, tree: Expression, values: Sequence[Value]) -> None:
        result, step = self.graph.equations[index].result, self.graph.step_of[index]
        if face != result.face:
            self._write(step, result, face)
        if self.annotated:
            note = f"<<{to_text(tree, [*map(_name, values)])}={_name(face)}>>"
            self.notes.setdefault(step, {})[result.start] = note

    def _steps(self) -> tuple[str, ...]:
        steps = []
        for step, text in enumerate(self.graph.steps):
            if step == self.change.dropped_step:
                continue
            notes = self.notes.get(step, {})
            placed = self.graph.annotations[step] if self.annotated else ()
            edits = [Edit(place, place, notes.get(place, note)) for place, note in placed]
            edits += self.edits.get(step, ())
            steps.append(apply_edits(text, edits) if edits else text)
            if step == self.step and self.change.inserted_step is not None:
                steps.append(self.change.inserted_step)
        return tuple(steps)


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """The text with all edits made. Raises Refusal if two overlap."""
    pieces: list[str] = []
    end = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if edit.start < end:
            raise Refusal("overlapping_edits")
        pieces += (text[end : edit.start], edit.text)
        end = edit.end
    return "".join((*pieces, text[end:]))


def reads_well(old: Number, new: Value, *, is_counted: bool = True) -> bool:
    """Whether a student could have written `new` in the place of `old`, whatever was counted there, or measured."""
    if old.face <= 0 or new <= 0:
        return old.face < 0 and new < 0 and reads_well(old._replace(face=-old.face), -new, is_counted=is_counted)
    # "1 apples", 120% of the pupils, a snail of 3 km
    if new == 1 < old.face or (old.percent and new > 100 >= old.face):
        return False
    if not old.face <= new * _LARGEST_FACTOR <= old.face * _LARGEST_FACTOR**2:
        return False
    if isinstance(new, int):
        return True
    if old.style.form != PLAIN:
        return new.denominator <= _LARGEST_DENOMINATOR
    # What was counted in whole numbers stays whole.
    counted = is_counted and isinstance(old.face, int) and not old.currency and not old.style.decimals
    needed = decimals_needed(new)
    return not counted and needed is not None and needed <= max(2, old.style.decimals)


def _name(value: Value) -> str:
    """How a value is written in an annotation."""
    text = render(value, INTEGER)
    return text if text is not None else f"({value.numerator}/{value.denominator})"
