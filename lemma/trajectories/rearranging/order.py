"""Independent steps in another order: that of the question, and behind the first step."""

from __future__ import annotations

from collections.abc import Iterator

from lemma.arithmetic.graph import SolutionGraph
from lemma.exceptions import Refusal
from lemma.trajectories.rearranging.roles import told_at
from lemma.trajectories.rearranging.wording import check_wording, goes_on, is_conclusion, named_again


def propose(graph: SolutionGraph) -> Iterator[tuple[str, ...] | Refusal]:
    """Every way to tell one step earlier, before steps that it does not depend on and that the question tells later."""
    told = [told_at(graph, step) for step in range(len(graph.steps))]
    sources = [_sources(graph, step) for step in range(len(graph.steps))]
    for step in range(1, len(graph.steps) - 1):  # the last step has the answer
        for place in range(step - 1, 0, -1):
            if place in sources[step] or not graph.readings[step].equations or not graph.readings[place].equations:
                break
            # A number word may stand for what the step before found.
            found = {one.result.face for one in graph.readings[place].equations}
            if not found.isdisjoint(graph.word_values[step]):
                break
            here, there = told[step], told[place]
            if here is None or there is None or here[1] >= there[0]:
                yield Refusal("order_of_question", f"step {step + 1}")
                break
            if named_again(graph.question, graph.steps[place], graph.steps[step]):
                yield Refusal("reference_word", f"step {step + 1}")
                break
            order = (*range(place), step, *range(place, step), *range(step + 1, len(graph.steps)))
            try:
                check_wording(graph.question, graph.steps, order)
                if goes_on(graph.steps[step]):
                    raise Refusal("order_word", f"step {step + 1}")
                # A "So" draws on the step before it.
                if is_conclusion(graph.steps[step + 1]) and order[step] not in sources[step + 1]:
                    raise Refusal("order_word", f"step {step + 2}")
            except Refusal as refusal:
                yield refusal
            else:
                yield tuple(graph.steps[number] for number in order)


def _sources(graph: SolutionGraph, step: int) -> set[int]:
    """The steps that a step may depend on."""
    links = [link for index, links in enumerate(graph.operand_links) if graph.step_of[index] == step for link in links]
    links += [mention.link for mention in graph.mentions if mention.step == step]
    suspects = [suspects for index, suspects in enumerate(graph.operand_suspects) if graph.step_of[index] == step]
    suspects += [mention.suspects for mention in graph.mentions if mention.step == step]
    equations = {index for link in links for index in (*link.results, *link.rescaled)}.union(*suspects)
    return {graph.step_of[index] for index in equations}
