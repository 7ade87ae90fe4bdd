"""Two steps in one: a result that is used once is worked out where it is needed. A step goes only into the next one,
and the first one stays: the solution begins as before and keeps its order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from lemma.arithmetic.graph import Link, SolutionGraph
from lemma.arithmetic.numbers import Value
from lemma.exceptions import Refusal
from lemma.trajectories.rearranging.formulas import Atom, Part, atoms, read_formula, with_expression, written
from lemma.trajectories.rearranging.roles import place_of
from lemma.trajectories.rearranging.wording import check_wording

_MOST_NUMBERS = 4
_THING = re.compile(r"[a-z]{3,}")


def propose(graph: SolutionGraph) -> Iterator[tuple[str, ...] | Refusal]:
    """Every step whose only equation can go into a later step."""
    for index, step in enumerate(graph.step_of):
        if step and len(graph.readings[step].equations) == 1 and graph.uses(index):
            try:
                yield _merged(graph, index)
            except Refusal as refusal:
                yield refusal


def _merged(graph: SolutionGraph, index: int) -> tuple[str, ...]:
    """The solution with an equation put into the one that uses its result. Raises Refusal if that can't be done."""
    step, result, uses = graph.step_of[index], graph.equations[index].result, graph.uses(index)
    mentioned = [one for one in graph.mentions if index in (*one.link.results, *one.link.rescaled, *one.suspects)]
    if len(uses) != 1 or any(mention.step != step for mention in mentioned):
        raise Refusal("used_elsewhere", f"step {step + 1}")
    if any(index in suspects for suspects in graph.operand_suspects):
        raise Refusal("used_elsewhere", f"step {step + 1}")
    [(later, leaf)] = uses
    link, place = graph.operand_links[later][leaf], graph.step_of[later]
    if place > step + 1:
        raise Refusal("far_away", f"step {place + 1}")
    if place == step or link.results != (index,) or link.question or link.constant:
        raise Refusal("ambiguous_operand", f"step {place + 1}")
    if any(
        not graph.word_values[one].isdisjoint((result.face, result.value)) for one in range(step + 1, len(graph.steps))
    ):
        raise Refusal("number_word", f"step {step + 1}")
    inner, outer = read_formula(graph, index), read_formula(graph, later)
    if inner is None or outer is None or result.percent:
        raise Refusal("unwritable_expression", f"steps {step + 1} and {place + 1}")
    number = graph.equations[later].operands[leaf]
    written_in_money = any(atom.currency for atom in atoms(outer.tree)) or graph.equations[later].result.currency
    tree = _with_part(outer.tree, number.value, inner.tree if written_in_money else _without_currency(inner.tree))
    if tree is None or len(atoms(tree)) > _MOST_NUMBERS:
        raise Refusal("long_expression", f"steps {step + 1} and {place + 1}")
    if _confuses(graph, index, later, leaf):
        raise Refusal("number_twice", f"steps {step + 1} and {place + 1}")
    if any(mention.step == step for mention in graph.mentions) or graph.word_values[step] - {1}:
        raise Refusal("fact_lost", f"step {step + 1}")
    order = [one for one in range(len(graph.steps)) if one != step]
    # "So the tax came out to": in the middle of a solution, nothing else says what is worked out there. What the answer
    # is made of says itself.
    others = {word for one in order for word in _THING.findall(graph.steps[one].lower())}
    things = set(_THING.findall(graph.steps[step].lower())) & set(_THING.findall(graph.question.lower()))
    if place < len(graph.steps) - 1 and things - others:
        raise Refusal("fact_lost", f"step {step + 1}")
    check_wording(graph.question, graph.steps, order)
    steps = list(graph.steps)
    steps[place] = with_expression(graph, later, written(tree, outer.signs))
    return tuple(steps[one] for one in order)


def _confuses(graph: SolutionGraph, index: int, later: int, leaf: int) -> bool:
    """Whether the merged expression has the same number for two things: $30 + $40 - $30."""
    inner = zip(graph.equations[index].operands, graph.operand_links[index], strict=True)
    outer = list(zip(graph.equations[later].operands, graph.operand_links[later], strict=True))
    del outer[leaf]
    seen: dict[Value, Link] = {}
    for number, link in (*inner, *outer):
        if number.value in seen and (
            seen[number.value] != link
            or (link.question and (link.results or place_of(graph.question, number.value) is None))
        ):
            return True
        seen[number.value] = link
    return False


def _without_currency(tree: Part) -> Part:
    if isinstance(tree, Atom):
        return replace(tree, text=tree.text.removeprefix(tree.currency), currency="")
    return replace(tree, left=_without_currency(tree.left), right=_without_currency(tree.right))


def _with_part(tree: Part, value: object, part: Part) -> Part | None:
    """A tree with a part in place of the only number of this value; None if there are several."""
    if isinstance(tree, Atom):
        return part if tree.value == value else None
    if [atom.value for atom in atoms(tree)].count(value) != 1:  # type: ignore[arg-type]
        return None
    left, right = _with_part(tree.left, value, part), _with_part(tree.right, value, part)
    return replace(tree, left=left) if left is not None else replace(tree, right=right) if right is not None else None
