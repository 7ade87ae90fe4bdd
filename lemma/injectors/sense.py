"""Refuse wrong solutions that contradict themselves, or whose numbers nobody would believe for a moment.

A number that was replaced in one place and stands as it was in another is a contradiction that needs no arithmetic to
be seen; so is an average above all that was averaged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from lemma.arithmetic.equations import Equation
from lemma.arithmetic.expressions import Binary, leaves, nodes
from lemma.arithmetic.graph import Link, SolutionGraph
from lemma.arithmetic.numbers import Number, Value
from lemma.arithmetic.propagation import PROBABILITY, Change
from lemma.exceptions import Refusal
from lemma.injectors.naming import noun_behind

_SENTENCE_END = re.compile(r"[.?!](?=\s|$|[A-Z])|\n")
_SHARE = re.compile(
    r"\b(?:fraction|proportion|portion|part) (?:of|is|that)\b|^\W*of (?:the|these|those|them|all|his|her|its|their)\b",
    re.IGNORECASE,
)
_ASKS_SHARE = re.compile(
    r"\b(?:what|which|find the) (?:fraction|proportion|portion|part)\b|\bfraction of\b", re.IGNORECASE
)
_AVERAGE = re.compile(r"\b(?:average\w*|mean)\b", re.IGNORECASE)
_ASKS_DIGIT = re.compile(
    r"(?<!sum of the )(?<!product of the )\b(?:units|ones|tens|hundreds|thousands|thousandths|hundredths|last|leftmost|"
    r"rightmost|what|which|missing|\d+(?:st|nd|rd|th)|\\text\{(?:st|nd|rd|th)\}\}?\$?) digit\b(?!s)",
    re.IGNORECASE,
)
_WHOLE = re.compile(
    r"\b(?:(?:class|group|set|box|bag|pack|team|school|total|out|jar|crowd|herd|flock|club|survey|sample|deck|library|"
    r"collection) (?:of|with|has|had|contains)|there (?:are|were)) \$?(\d{1,9})\$? (?:[a-z]+ )?"
    r"([a-z]+s|people|children)\b",
    re.IGNORECASE,
)
_OUT_OF = re.compile(r"[^.?!]*?\bout of (?:the |a total of )?\$?(\d{1,9})(?![\d.,]\d|\d|%)")
_NO_MORE = r"(?![\d.]\d|\d)"
_COMPARES = r"(?: [a-z]+)? (?:more|fewer|less|older|younger|taller|shorter|longer|times)\b"
_SAYS_OR_COMPARES = re.compile(rf"[A-Za-z]\s*=|\d{_COMPARES}")
_LARGEST_DIGIT = 9
_ONE = re.compile(r"(?<![\d.,/])1 ([a-z]{3,20}(?<!s))\b")
# "Add that number" names what the step before found, and "$72 total expenses" a sum.
_THAT_NUMBER = re.compile(r"\b(?:that|this) (?:number|amount|result|figure|sum|total)\b", re.IGNORECASE)
_TOTAL = re.compile(r" total\b")
_YEARS_OLD, _AGE, _OLDEST = re.compile(r"years? old\b"), re.compile(r"\bage\b|\byears old\b|\bolder than\b"), 120
_ASKS_WHOLE = re.compile(
    r"\bround\w*\b[^.?!]{0,40}\b(?:nearest|whole|integer|dollar)\b(?! (?:tenth|hundredth|cent)s?)", re.IGNORECASE
)


def refuse_nonsense(graph: SolutionGraph, change: Change, changed: Mapping[int, Value]) -> None:
    """Raises Refusal if the number that a change replaces still stands elsewhere as the same quantity, or if one of the
    changed results is absurd.
    """
    text = graph.steps[graph.step_of[change.equation]]
    for operand in _dropped(graph, change):
        face = re.escape(str(operand.face))
        said = rf"(?<![A-Za-z\\])[A-Za-z]\s*=\s*{face}{_NO_MORE}|(?<![\d.,]){face}{_COMPARES}"
        is_said = _SAYS_OR_COMPARES.search(text) is not None and re.search(said, text) is not None
        if operand.face in graph.word_values[graph.step_of[change.equation]] or is_said:
            raise Refusal("number_stands_elsewhere", f"{operand.face} is left out, and the step says it")
    for number, link in _replaced(graph, change):
        if _stands_elsewhere(graph, change, number, link):
            raise Refusal("number_stands_elsewhere", f"{number.face} is replaced in one place only")
        before = {graph.step_of[index] for index in link.results} == {graph.step_of[change.equation] - 1}
        if _TOTAL.match(text, number.end) or (
            before and change.dropped_step is None and _THAT_NUMBER.search(text, 0, number.start)
        ):
            raise Refusal("words_may_be_false", f"{number.face} is named in words")
        if " times as" in text and re.search(rf"(?<![\d.,]){re.escape(str(number.face))} times as\b", text):
            raise Refusal("factor_in_words", f"{number.face} times as much")
    for index, new in changed.items():
        reason = _absurdity(graph, index, new)
        if reason is not None:
            raise Refusal("absurd_result", reason)


def refuse_singular(graph: SolutionGraph, shown: Sequence[str]) -> None:
    """Raises Refusal if a noun behind a 1 stands behind another number now: `4 hour` for `1 hour`."""
    for text, right in zip(reversed(shown), reversed(graph.steps), strict=False):
        for noun in set(_ONE.findall(right)) if text != right else ():
            count = re.compile(rf"(?<![\d.,/])(?!1 )\d[\d,.]{{0,12}} {noun}\b|(?<![\d.,/])[02-9] {noun}\b")
            if count.search(text) and not count.search(right) and f"{noun}s" in f"{graph.question} {graph.steps}":
                raise Refusal("singular_noun", f"more than 1 {noun}")


def _dropped(graph: SolutionGraph, change: Change) -> Iterator[Number]:
    """The operands that are left out, and not kept as the new result."""
    cuts = [edit for edit in change.edits if not edit.text]
    for operand in graph.equations[change.equation].operands:
        is_cut = any(edit.start <= operand.start and operand.end <= edit.end for edit in cuts)
        if is_cut and operand.face != change.result:
            yield operand


def _replaced(graph: SolutionGraph, change: Change) -> Iterator[tuple[Number, Link]]:
    """The operands in whose place other numbers are written."""
    equation = graph.equations[change.equation]
    places = {(edit.start, edit.end) for edit in change.edits if edit.text}
    for operand, link in zip(equation.operands, graph.operand_links[change.equation], strict=True):
        if (operand.start, operand.end) in places:
            yield operand, link


def _stands_elsewhere(graph: SolutionGraph, change: Change, number: Number, link: Link) -> bool:
    """Whether the rest of its step, or a later one, says a number that was replaced."""
    step, face = graph.step_of[change.equation], number.face
    if face in graph.unseen[step]:
        return True
    places = {(edit.start, edit.end) for edit in change.edits}
    if any(one.face == face and (one.start, one.end) not in places for one in graph.readings[step].mentions):
        return True
    later = [(mention.number, mention.link) for mention in graph.mentions if mention.step > step]
    for index in range(change.equation + 1, len(graph.equations)):
        if graph.step_of[index] > step:
            later += zip(graph.equations[index].operands, graph.operand_links[index], strict=True)
    # $4 for a book is not the number of 4 pens.
    alike = [other for one, other in later if (one.face, one.currency, one.percent) == (face, *number[4:])]
    said = any(face in values for values in graph.word_values[step + 1 :])
    if link.results:
        return any(other.results == link.results for other in alike)
    return link.question and (said or any(other.question for other in alike))


def _absurdity(graph: SolutionGraph, index: int, new: Value) -> str | None:
    """What is absurd about the new value of a result that was not absurd before."""
    equation, text = graph.equations[index], graph.steps[graph.step_of[index]]
    old, final = equation.result, index == graph.final
    begin = max((end.end() for end in _SENTENCE_END.finditer(text, 0, equation.start)), default=0)
    ending = _SENTENCE_END.search(text, old.end)
    before, behind = text[begin : old.start], text[old.end : ending.start() if ending is not None else len(text)]
    behind = behind.lstrip("$}%\\ ")
    asked = graph.question if final else ""
    asks = _asks_for(asked)
    value = new / 100 if old.percent else new
    if 0 < old.value < 1 <= value and not old.percent:
        if _SHARE.search(before) or _SHARE.search(behind) or asks.share:
            return f"{new} of a whole"
        if asks.probability or PROBABILITY.search(before):
            return f"a probability of {new}"
    is_age = asks.age or _YEARS_OLD.match(behind) is not None or _AGE.search(before) is not None
    is_rounded = asks.whole and isinstance(old.face, int)
    averages = asks.average or _AVERAGE.search(before) is not None
    is_digit = asks.digit and 0 <= old.face <= _LARGEST_DIGIT
    absurd = (
        (is_age and old.face <= _OLDEST < new, f"an age of {new}"),
        (is_rounded and not isinstance(new, int), f"{new}, which was to be rounded"),
        (averages and _is_no_average(graph, index, new), f"an average of {new}"),
        (is_digit and not (isinstance(new, int) and 0 <= new <= _LARGEST_DIGIT), f"a digit of {new}"),
    )
    for holds, reason in absurd:
        if holds:
            return reason
    noun = (noun_behind(text, old.end) or "").split()[-1:]
    wholes = [whole for whole, counted in _wholes_of(graph.question) if noun == [counted]]
    part = _OUT_OF.match(text, old.end)
    wholes += [int(part.group(1))] if part is not None else []
    return next((f"{new} of {whole}" for whole in wholes if old.face <= whole < new), None)


class _Asked(NamedTuple):
    share: bool
    probability: bool
    age: bool
    whole: bool
    average: bool
    digit: bool


@lru_cache(maxsize=1024)
def _asks_for(question: str) -> _Asked:
    """What kinds of values a question asks for, as far as its words say so."""
    patterns = (_ASKS_SHARE, PROBABILITY, _AGE, _ASKS_WHOLE, _AVERAGE, _ASKS_DIGIT)
    return _Asked(*(pattern.search(question) is not None for pattern in patterns))


@lru_cache(maxsize=1024)
def _wholes_of(question: str) -> tuple[tuple[int, str], ...]:
    """The wholes that a question states, each with what it counts: 30 students of `a class of 30 students`."""
    return tuple((int(whole), counted.lower()) for whole, counted in _WHOLE.findall(question))


def _is_no_average(graph: SolutionGraph, index: int, new: Value) -> bool:
    """Whether a quotient is larger than all terms of the sum that is divided, or smaller than all."""
    equation = graph.equations[index]
    tree, links = equation.tree, graph.operand_links[index]
    if not isinstance(tree, Binary) or tree.operator != "/":
        return False
    averaged: Equation = equation
    terms = tree.left
    if isinstance(terms, int):
        if len(links[terms].results) != 1:
            return False
        averaged = graph.equations[links[terms].results[0]]
        terms = averaged.tree
    signs = {node.operator for node in nodes(terms)}
    if "+" not in signs or not signs <= {"+", "*"}:
        return False
    values = [averaged.operands[leaf].face for leaf in leaves(terms)]
    old, divisor = equation.result.face, tree.right
    if isinstance(divisor, int) and new == old * equation.operands[divisor].value:
        return False  # the sum itself, if somebody forgets to divide
    return old <= max(values) < new or (signs == {"+"} and new < min(values) <= old)
