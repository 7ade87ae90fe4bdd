"""Something that the question does not say: `20 fewer` in place of `half as many`, or one more item in a long sum."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from lemma.arithmetic.expressions import Binary, nodes
from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.numbers import Value, render
from lemma.arithmetic.propagation import Change, Edit
from lemma.injectors.proposal import Proposal, Site, shuffled, sites

_AMOUNTS = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 18, 20, 24, 25, 30, 35, 40, 45, 50, 60, 75, 80, 100, 120, 150, 200, 500)
_TIMES = {2: "twice as", 3: "three times as", 4: "four times as"}
_COMPARES = (
    r"(?:more|less|fewer|older|younger|taller|longer|shorter|heavier|lighter|higher|lower|larger|smaller|faster)"
)
# Words of a step that say what is done with its numbers; another operation would contradict them.
_SAYS_SUM = re.compile(
    rf"\b(?:{_COMPARES}|total\w*|altogether|combined|together|both|sum|add\w*|subtract\w*|minus|plus|differ\w*|another)\b",
    re.IGNORECASE,
)
_SAYS_PRODUCT = re.compile(
    r"\b(?:twice|doubl\w*|tripl\w*|thrice|times|half|halv\w*|thirds?|quarter\w*|each|every|per|percent|multipl\w*|divid\w*)\b|%",
    re.IGNORECASE,
)
_MULTIPLE = re.compile(
    r"\b(?:twice|double|triple|thrice|half|(?:two|three|four|five|six|[2-9]) times)"
    r"(?: (?:as|the|that|his|her|their|more)\b|-)",
    re.IGNORECASE,
)
_LONG = 3
_LONGER_SUMS = 0.2


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """A comparison of two amounts that nobody made, or a further term that nobody gave in a sum of three and more."""
    known = {*graph.question_values, *graph.constants}
    known |= {number.face for equation in graph.equations for number in (*equation.operands, equation.result)}
    known |= {mention.number.face for mention in graph.mentions}
    amounts = [value for value in _AMOUNTS if value not in known]
    for site in sites(graph, rng):
        if not graph.latex and not site.equation.result.percent and not any(o.percent for o in site.equation.operands):
            yield from _other_comparisons(site, [value for value in _TIMES if value not in known], amounts, rng)
            yield from _further_terms(site, amounts, rng)


def _other_comparisons(site: Site, factors: list[int], amounts: list[int], rng: random.Random) -> Iterator[Proposal]:
    """`20 * 3` for `three times as many` becomes `20 + 15`; `20 + 15` for `15 more` becomes `20 * 3`."""
    tree, operands, question = site.equation.tree, site.equation.operands, site.graph.question
    if not isinstance(tree, Binary) or len(operands) != 2 or not site.is_given(1):
        return
    kept, gone = operands
    between = site.text[kept.end : gone.start]
    bare = between.strip() == site.equation.operators[0].symbol and site.text[gone.end :].lstrip().startswith("=")
    if not bare or kept.currency != site.equation.result.currency or not isinstance(kept.face, int):
        return
    relations: list[tuple[str, Value, str]] = []
    if tree.operator in "*/" and not gone.currency and _MULTIPLE.search(question) and not _says(_SAYS_PRODUCT, site):
        sign, word = ("+", "more") if tree.operator == "*" else ("-", "less")
        near = [value for value in amounts if kept.face / 6 <= value <= kept.face * 0.7]
        relations = [(sign, value, f"{site.shown(site.equation.result, value)} {word}") for value in near]
    elif tree.operator in "+-" and not _says(_SAYS_SUM, site):
        compared = re.search(rf"(?<![\d.,]){gone.face}(?: [a-z]+)? {_COMPARES}\b", question)
        sign = "*" if tree.operator == "+" else "/"
        if compared is not None:
            relations = [(sign, value, f"{_TIMES[value]} much") for value in factors]
    # Fewer of the first kind, which more solutions allow: no sign of operation is more frequent in wrong steps.
    for operator, value, said in shuffled(relations, rng)[: 1 if tree.operator in "*/" else 3]:
        money = "$" if gone.currency and operator in "+-" else ""
        blank = " " if between.startswith(" ") else ""
        yield Proposal(
            Change(site.index, (Edit(kept.end, gone.end, f"{blank}{operator}{blank}{money}{value}"),)),
            f"The problem says nothing of {said}: it should be {site.worked}.",
        )


def _says(words: re.Pattern[str], site: Site) -> bool:
    return words.search(site.text) is not None


def _further_terms(site: Site, amounts: list[int], rng: random.Random) -> Iterator[Proposal]:
    """`5 + 9 + 4` becomes `5 + 9 + 4 + 8`."""
    equation = site.equation
    flat = all(node.operator == "+" and isinstance(node.right, int) for node in nodes(equation.tree))
    if len(equation.operands) < _LONG or not flat or "(" in site.text[equation.start - 1 : equation.end]:
        return
    last, sign = equation.operands[-1], equation.operators[-1]
    if site.text[last.end : equation.result.start].strip("$ ") != "=":
        return
    faces = [operand.face for operand in equation.operands]
    near = [value for value in amounts if min(faces) / 2 <= value <= max(faces)]
    # Seldom: a sum that is longer than usual can be told from others without reading it.
    for value in shuffled(near, rng)[: rng.random() < _LONGER_SUMS]:
        text = site.text[sign.start - 1 : last.start].lstrip("0123456789.,") + f"{render(value, last.style)}"
        shown = site.shown(last, value)
        yield Proposal(
            Change(site.index, (Edit(last.end, last.end, text),)),
            f"The problem says nothing of {shown} more, which the step adds: it should be {site.worked}.",
        )
