"""A solution told in another way, for a restart that is no copy: one file for each way to rearrange it.

    >>> rearranged("Ann has 3 boxes of 8 pens.", ("She has 3 * 8 = 24 pens.",), "24")
    ('She has 8 + 8 + 8 = 24 pens.',)

Each file has a function `propose(graph)` that yields solutions, or refusals that say why there is none. What they
yield is proven from its text (`proof`) and its words are checked (`wording`) before it is used. If it is known which
steps are put right, they stay steps of their own, and the others are not written anew (`Corrected`).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from lemma.arithmetic.graph import SolutionGraph, read_solution
from lemma.arithmetic.numbers import normal
from lemma.exceptions import Refusal
from lemma.grading.verdict import exact_value
from lemma.statistics import random_for
from lemma.trajectories.rearranging import merging, operations, order, splitting
from lemma.trajectories.rearranging.formulas import annotated
from lemma.trajectories.rearranging.proof import prove

WAYS: dict[str, Callable[[SolutionGraph], Iterator[tuple[str, ...] | Refusal]]] = {
    "order": order.propose,
    "merging": merging.propose,
    "splitting": splitting.propose,
    "operations": operations.propose,
}
_MOST_CHANGES = 2


@dataclass(frozen=True, slots=True)
class Corrected:
    """The steps that are put right, by their index, if they are known: each stays a step of its own. If they were only
    worked out wrong, a part of them may be worked out first; the other steps are not written anew.
    """

    steps: tuple[int, ...] = ()
    miscalculated: bool = False

    def leaves(self, way: str, start: SolutionGraph, graph: SolutionGraph, proposal: tuple[str, ...]) -> bool:
        """Whether a proposal leaves these steps as they are, or works out a part of them first."""
        right = [start.steps[step] for step in self.steps]
        kept = all(step in proposal for step in right)
        if not right or way == "order":
            return True
        if way == "merging":
            return kept
        return way == "splitting" and self.miscalculated and not kept and all(step in graph.steps for step in right)


def rearranged(
    question: str, steps: tuple[str, ...], gold_answer: str, choice: int = 0, corrected: Corrected = Corrected()
) -> tuple[str, ...]:
    """The same solution in another order, with steps merged or split, or with other operations. Where there are several
    of them, each `choice` draws one.

    Raises Refusal if the solution can't be read, or as `no_other_way` if nothing in it can be told otherwise.
    """
    found, reason, detail = _rearranged(question, steps, gold_answer, choice, corrected)
    if found is None:
        raise Refusal(reason, detail)
    return found


@lru_cache(maxsize=1024)
def _rearranged(
    question: str, steps: tuple[str, ...], gold_answer: str, choice: int, corrected: Corrected
) -> tuple[tuple[str, ...] | None, str, str]:
    """The steps, or the reason for a refusal and its detail: the errors of a problem share their reference."""
    start = _start(question, steps, gold_answer)
    if isinstance(start, Refusal):
        return None, start.reason, start.detail
    rng, refused, ways, graph = random_for(choice, question, *steps), set[str](), list(WAYS), start
    for _ in range(rng.randint(1, _MOST_CHANGES)):
        rng.shuffle(ways)
        for way in ways:
            found = _first_proven(start, graph, way, rng, refused, corrected=corrected)
            if found is not None:
                graph = found
                # The second change is of another kind; nothing is merged to be split elsewhere, and no part that is
                # split off goes far from its step.
                unfit = {"splitting": {"merging", "order"}, "merging": {"splitting"}, "order": {"splitting"}}
                ways = [one for one in ways if one != way and one not in unfit.get(way, ())]
                break
    if graph is start:
        return None, "no_other_way", ", ".join(sorted(refused)) or "nothing to rearrange"
    return (annotated(graph, start) if any(start.annotations) else graph.steps), "", ""


@lru_cache(maxsize=64)  # the choices share what is proposed and proven, and come one soon after another
def _start(question: str, steps: tuple[str, ...], gold_answer: str) -> SolutionGraph | Refusal:
    """The solution to rearrange, or why it can't be."""
    gold = exact_value(gold_answer)
    if gold is None:
        return Refusal("answer_not_numeric", f"the gold answer {gold_answer[:80]!r} is not a number")
    try:
        start = read_solution(question, steps, normal(gold))
    except Refusal as refusal:
        return Refusal(refusal.reason, refusal.detail)  # without the frames of the traceback
    if start.final is None:
        return Refusal("no_other_way", "the answer is not computed in the text")
    if start.latex:
        return Refusal("no_other_way", "letters of LaTeX may stand for what another step says")
    return start


def _first_proven(
    start: SolutionGraph,
    graph: SolutionGraph,
    way: str,
    rng: random.Random,
    refused: set[str],
    *,
    corrected: Corrected,
) -> SolutionGraph | None:
    """The first change of a kind that is proven, in an order drawn from the random numbers."""
    if f"proposals, {way}" not in graph.memo:
        graph.memo[f"proposals, {way}"] = tuple(WAYS[way](graph))
    proposals = list(graph.memo[f"proposals, {way}"])
    rng.shuffle(proposals)
    proven: dict[tuple[str, ...] | Refusal, SolutionGraph | str] = graph.memo.setdefault("proven", {})
    for proposal in proposals:
        if not isinstance(proposal, Refusal) and not corrected.leaves(way, start, graph, proposal):
            refused.add("other_step")
            continue
        if isinstance(proposal, Refusal):
            proven[proposal] = proposal.reason
        elif proposal not in proven:
            try:
                proven[proposal] = prove(graph, proposal, start)
            except Refusal as refusal:
                proven[proposal] = refusal.reason
        found = proven[proposal]
        if not isinstance(found, str):
            return found
        refused.add(found)
    return None
