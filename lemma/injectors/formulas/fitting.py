"""Errors of plain arithmetic in a LaTeX solution with a box: what nobody does there, and what has to go behind them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from lemma.arithmetic.chain_solution import box_spans
from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.latex import DRAWING
from lemma.exceptions import Refusal
from lemma.injectors.conditions import JUDGES, RATE, holds_number

if TYPE_CHECKING:
    from lemma.injectors.drafts import Injected

_LEFT_OUT = re.compile(
    r"^The step leaves out the (?P<what>factor|term|division by|\$?)(?P<number> ?\$?\d[\d.,]*)\$?"
    r"(?P<which> \(the \w+ [^)]*\))?"
)
_WHICH = re.compile(r"\(the (?:first|second|third|fourth|fifth|sixth|last) ")
_TWO_DEGREES = re.compile(r"\^\s?(?:\{\s?\\circ\s?\}|\\circ)\s?\^")
_EASY = 30
_FACT = re.compile(r"\b\d times \d is (\d{1,2}), but \d{1,2} was used")
_PRONOUN = re.compile(r"(?:Their|Its|These|Those|They)\b")
_DIVIDED = re.compile(r"^\$?(?:\\[dt]?frac\{)?(\d{1,3})(?:\}\{| ?/ ?|\\div )\d\}?\$? is \d, ")
_OF_DIGITS = re.compile(r"^\$?\d ?\+ ?\d\$? is ")


def is_easy_fact(told: str) -> bool:
    """Whether a slip is a product below 30 that is off without a cause: `2 times 3 is 6, but 7 was used`."""
    found = _FACT.search(told)
    return found is not None and int(found[1]) < _EASY


def fitted(graph: SolutionGraph, injector: str, injected: Injected) -> Injected:
    """The error without what stands behind the answer and is no longer true. Raises Refusal if nobody would make it."""
    steps, told, step = injected.steps, injected.explanation, injected.error_step
    last = max((number for number, text in enumerate(steps) if box_spans(text)), default=len(steps) - 1)
    behind = " ".join(steps[last + 1 :])
    if holds_number(behind) or DRAWING.search(behind) or JUDGES.search(behind):
        steps = steps[: last + 1]  # a check that is right only of the right answer
    divided = _DIVIDED.match(told) if injector == "calculation_error" else None
    if injector == "calculation_error" and (_OF_DIGITS.match(told) or (divided and int(divided[1]) <= _EASY)):
        raise Refusal("implausible_value", "a fact that everybody knows")
    if injector == "operator_error" and "adds where it should have multiplied" in told and RATE.search(graph.question):
        raise Refusal("implausible_value", "nobody adds to what there is of each")
    if told.startswith("The step") and " was skipped, so " in told and _PRONOUN.match(" ".join(steps[step : step + 1])):
        raise Refusal("implausible_value", "the next step speaks of what the missing one found")
    if is_easy_fact(told):
        raise Refusal("implausible_value", "a fact that everybody knows")
    if any(_TWO_DEGREES.search(text) for text in steps[step:]):
        raise Refusal("broken_latex", "a degree sign is left over")
    found = _LEFT_OUT.match(told) if injector == "missing_step" else None
    if injector == "missing_step" and found is None and _WHICH.search(told):
        raise Refusal("ambiguous_number", "the number that is left out stands there several times")
    if found is not None and found["which"]:
        which = f"one of the {found['what']}s" if found["what"] in ("factor", "term") else "one"
        told = f"The step leaves out {which} {found['number'].strip()}{told[found.end() :]}"
    elif found is not None and step < len(graph.steps):
        number = re.escape(found["number"].strip(" $"))
        text = graph.steps[step]
        equation = next((one for one, at in zip(graph.equations, graph.step_of, strict=True) if at == step), None)
        before = text[: equation.start] if equation is not None else text
        near = f"{graph.steps[step - 1] if step else ''} {before}"
        if re.search(rf"(?<![\d.,]){number}(?![\d]|[.,]\d)", near):
            raise Refusal("implausible_value", f"{found['number'].strip()} has just been said")
    return replace(injected, steps=steps, explanation=told)
