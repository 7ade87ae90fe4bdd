"""A list of what is counted lacks one thing, and the box counts the rest: `$(2,27)$, $(3,18)$, and $(9,6)$`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lemma.arithmetic.chain_solution import ChainSolution, literals_of_text
from lemma.arithmetic.graph import values_of_words
from lemma.arithmetic.latex import DRAWING, boxed
from lemma.exceptions import Refusal
from lemma.injectors.conditions import ASKS_COUNT, without_formulas

_POWER = r"\d{1,9}(?:\^(?:\d|\{\d{1,3}\}))?"
_ITEM = (
    rf"(?:-?{_POWER}(?:\s?\\cdot\s?{_POWER}){{0,4}}|\(-?\w{{1,9}}(?:,\s?(?:\\\s)?-?\w{{1,9}}){{1,3}}\)"
    r"|\\[dt]?frac\{?\d{1,9}\}?\{?\d{1,9}\}?|[A-Z]{2,4})"
)
_SEPARATOR = re.compile(r"\$?\s{0,3},(?:\\?\s){0,3}\$?(?:(?:\\text\{\s?)?(?:and|or)\s?\}?\s?\$?)?|\$?\s(?:and|or)\s\$?")
_LIST = re.compile(rf"(?<![\w.^\\{{(]){_ITEM}(?:(?:{_SEPARATOR.pattern}){_ITEM}){{3,40}}(?![\w^(]|\s?\\[cl]?dot)")
_FEWEST = 4


@dataclass(frozen=True, slots=True)
class ShorterList:
    """A list without what stands at `start` to `end` of a step, and the count that the box then has."""

    step: int
    start: int
    end: int
    lost: str
    count: int
    chain: int


def incomplete(solution: ChainSolution) -> Iterator[tuple[ShorterList, str]]:
    """The lists that have as many things as the box says, each without one that stands between two others."""
    content = boxed(solution.steps[solution.answer.step])[-1].strip()
    if not content.isdigit() or int(content) < _FEWEST or not ASKS_COUNT.search(solution.question):
        return
    count = int(content)
    for step, text in enumerate(solution.steps[: solution.answer.step + 1]):
        shown = DRAWING.sub(lambda match: " " * len(match.group()), text)
        for match in _LIST.finditer(shown):
            spans = list(_items(shown, match))
            items = [shown[start:end] for start, end in spans]
            if len(items) != count or len(set(items)) != count:
                continue
            for place in range(1, count - 1):
                start, end = spans[place - 1][1], spans[place][1]  # with the comma before it
                change = ShorterList(step, start, end, items[place], count - 1, solution.answer.chain)
                why = f"The list leaves out ${items[place]}$: there are ${count}$, not ${count - 1}$."
                yield change, why


def _items(text: str, found: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Where the things of a list stand."""
    at = found.start()
    while (item := re.compile(_ITEM).match(text, at, found.end())) is not None:
        yield item.span()
        separator = _SEPARATOR.match(text, item.end(), found.end())
        if separator is None:
            return
        at = separator.end()


def carried(solution: ChainSolution, change: ShorterList) -> tuple[tuple[str, ...], int, str]:
    """The steps with the shorter list and its count in the box. Raises Refusal if anything else may depend on it."""
    answer, steps = solution.answer, list(solution.steps)
    shown = change.lost.replace(" ", "")
    behind = [steps[change.step][change.end :], *steps[change.step + 1 :]]
    if any(re.search(rf"(?<![\w.]){re.escape(shown)}(?![\w^])", text.replace(" ", "")) for text in behind):
        raise Refusal("item_used_later", change.lost)
    if change.step == answer.step and change.end > answer.start:
        raise Refusal("behind_the_answer")
    text = steps[change.step]
    sentence_end = _end_of_list(text, change.end)
    before_box = [text[sentence_end:], *steps[change.step + 1 : answer.step + 1]]
    if change.step == answer.step:
        before_box = [text[sentence_end : answer.start], text[answer.end :]]
    else:
        before_box[-1] = before_box[-1][: answer.start] + " " + before_box[-1][answer.end :]
    given = {number.rational for number in solution.given}
    for piece in before_box:
        words = DRAWING.sub(" ", piece)
        said = {one.value.rational for one in literals_of_text(words)} | set(values_of_words(without_formulas(words)))
        if not said <= given or change.count + 1 in said:
            raise Refusal("number_in_words", piece.strip()[:80])
    if any("\\boxed" in text for number, text in enumerate(steps) if number != answer.step):
        raise Refusal("second_box")
    box = steps[answer.step]
    inner = box[answer.start : answer.end].replace(str(change.count + 1), str(change.count))
    steps[answer.step] = box[: answer.start] + inner + box[answer.end :]
    steps[change.step] = steps[change.step][: change.start] + steps[change.step][change.end :]
    return tuple(steps[: answer.step + 1]), change.step, str(change.count)


def _end_of_list(text: str, start: int) -> int:
    """Where the list ends that goes on at a place."""
    pattern = re.compile(rf"(?:(?:{_SEPARATOR.pattern}){_ITEM})*")
    found = pattern.match(text, start)
    return start if found is None else found.end()
