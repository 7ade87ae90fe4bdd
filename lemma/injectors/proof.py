"""Prove an erroneous solution from its text alone, before it is kept.

The text is read again from scratch: steps before the error are the reference's; in a calculation error one equation is
false, in all other errors none is; every later equation holds, and there are as many as in the reference.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from lemma.arithmetic.equations import read_step
from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.latex import boxed, is_balanced
from lemma.arithmetic.numbers import Value, divide, normal
from lemma.arithmetic.propagation import PROBABILITY
from lemma.arithmetic.rereading import still_holds
from lemma.arithmetic.unknowns import solved_unknowns
from lemma.exceptions import Refusal
from lemma.grading.verdict import exact_value
from lemma.injectors.conditions import refuse_against_question, refuse_repeated_box
from lemma.injectors.naming import false_words
from lemma.injectors.sense import refuse_singular
from lemma.steps import without_annotations

_DIVIDED_FRACTION = re.compile(r"(?:/|÷|divided by) ?\$?[\d.]+ ?/ ?\d")
CALCULATION = "calculation_error"


def prove(graph: SolutionGraph, injector: str, steps: Sequence[str], error_step: int) -> tuple[str, ...]:
    """Check what an injector made (annotations are allowed), and return the steps as a reader sees them.

    Raises Refusal if the text does not prove the error.
    """
    if "false_words" not in graph.memo:
        graph.memo["false_words"] = false_words(graph)
    if graph.memo["false_words"] is not None:
        raise Refusal("reference_words_false", graph.memo["false_words"])
    shown = tuple(map(without_annotations, steps))
    if shown[:error_step] != graph.steps[:error_step]:
        raise Refusal("prefix_changed")
    if shown[error_step : error_step + 1] == graph.steps[error_step : error_step + 1]:
        raise Refusal("error_step_unchanged")
    _prove_error_step(graph, injector, shown, error_step)
    known = frozenset(graph.steps)
    for text in shown[error_step:]:
        if text not in known and _DIVIDED_FRACTION.search(text):
            raise Refusal("ambiguous_fraction")
    if not graph.latex:
        refuse_singular(graph, shown[error_step:])
    later = shown[error_step + 1 :]
    # Later steps stand in the order of the reference, and have as many equations as theirs.
    for text, right in zip(later, graph.steps[len(graph.steps) - len(later) :], strict=True):
        if text == right or (not graph.latex and still_holds(right, text)):
            continue
        equations = read_step(text, graph.latex).equations
        if text not in known and not all(equation.holds for equation in equations):
            raise Refusal("later_equation_false")
        if len(equations) != len(read_step(right, graph.latex).equations):
            raise Refusal("later_equation_lost")
    return shown


def prove_answer(graph: SolutionGraph, shown: Sequence[str], answer: Value) -> None:
    """Check that the wrong solution ends in `answer`, and nowhere boxes the right one: not in the steps before the
    error, and not in a second method or a remark. Every formula and brace of LaTeX has to be closed.

    Raises Refusal if the text does not prove it.
    """
    # 0.25 and 25 may both be said for 25%.
    right = (graph.gold, normal(Fraction(graph.gold) * 100), divide(graph.gold, 100))
    if answer in right:
        raise Refusal("answer_unchanged")
    if 0 <= graph.gold <= 1 < answer and PROBABILITY.search(graph.question):
        raise Refusal("implausible_value", "no probability is above 1")
    if graph.latex and not all(map(is_balanced, shown)):
        raise Refusal("unbalanced_latex")
    if graph.latex:
        refuse_against_question(graph.question, graph.gold, answer)
        refuse_repeated_box(shown, graph.steps)
    last: Value | None = None
    for content in (content for text in shown if "\\" in text for content in boxed(text)):
        last = exact_value(content)
        if last is None:
            raise Refusal("boxed_answer_unread", content)
        if last in right:
            raise Refusal("right_answer_boxed", content)
    if last is not None and answer not in (last, divide(last, 100), normal(Fraction(last) * 100)):
        raise Refusal("boxed_answer_differs", f"{last}, not {answer}")


def _prove_error_step(graph: SolutionGraph, injector: str, shown: Sequence[str], error_step: int) -> None:
    # The step that is at this place in the reference.
    before = graph.steps[min(error_step, len(graph.steps) - 1)]
    if injector != CALCULATION and not graph.latex and still_holds(before, shown[error_step]):
        return
    equations = read_step(shown[error_step], graph.latex).equations
    false = [place for place, equation in enumerate(equations) if not equation.holds]
    if injector != CALCULATION:
        if false:
            raise Refusal("error_step_equation_false")
        return
    reference = read_step(graph.steps[error_step], graph.latex).equations
    # An unknown may get a value that does not solve the equation before: "6x = 96", so "x = 18".
    wrongly_solved = any(solved.step == error_step and not solved.holds for solved in solved_unknowns(shown))
    if wrongly_solved and not false and len(equations) == len(reference):
        return
    if len(false) != 1 or len(equations) != len(reference):
        raise Refusal("calculation_not_false")
    wrong, right = equations[false[0]], reference[false[0]]
    if (wrong.tree, wrong.operand_values()) != (right.tree, right.operand_values()):
        raise Refusal("calculation_operands_changed")
