"""What the injectors propose for a solution, as drafts, and the wrong solution that each draft leads to, proven."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from lemma.algebra.carrying import Slip
from lemma.arithmetic.carrying import StatedChange
from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.latex import is_balanced
from lemma.arithmetic.numbers import Value, divide
from lemma.arithmetic.propagation import propagate
from lemma.exceptions import Refusal
from lemma.generation.modular_errors import ModularSolution
from lemma.generation.modular_errors import propose as propose_modular
from lemma.injectors import injector
from lemma.injectors.algebra import AlgebraInjector, Cut, NumbersAndLetters, carried_slip
from lemma.injectors.filling import fillers
from lemma.injectors.formulas import Proposed, proposals
from lemma.injectors.formulas.fitting import fitted
from lemma.injectors.formulas.lists import ShorterList
from lemma.injectors.formulas.proof import carried as carried_formula
from lemma.injectors.proof import prove, prove_answer
from lemma.injectors.proposal import SELDOM, Conclusion, Proposal
from lemma.injectors.reading import FormulaSolution, ReadSolution, arithmetic_of, letters_of
from lemma.injectors.sense import refuse_nonsense

_OTHER_MONEY = "€£¥"
_IMPLIED = re.compile(r"(?<![A-Za-z])\d[a-zA-Z](?![a-zA-Z])|\d\(")


@dataclass(frozen=True)
class Injected:
    """An erroneous solution before it becomes a record. `steps` may carry annotations; `final` may be text as boxed."""

    steps: tuple[str, ...]
    error_step: int
    final: Value | str
    explanation: str


Draft = Proposal | Conclusion | Injected | Proposed | Slip | Cut


def drafts_of(
    graph: ReadSolution, kind: str, name: str, rng: random.Random, most: int | None = None
) -> Iterator[Draft]:
    """What an injector proposes. Modular solutions allow any number of errors, all proven."""
    if isinstance(graph, ModularSolution):
        for error in islice(propose_modular(graph.story, kind, rng), most):
            yield Injected(error.steps, error.error_step, error.final, error.explanation)
        return
    found = injector(name)
    numbers = arithmetic_of(graph)
    if numbers is not None and not isinstance(found, AlgebraInjector):
        yield from (found.numbers if isinstance(found, NumbersAndLetters) else found)(numbers, rng)
    if isinstance(graph, SolutionGraph):
        return
    if graph.chains is not None:
        yield from proposals(graph.chains, name, rng)
    if graph.letters is not None and (
        isinstance(found, AlgebraInjector) or (isinstance(found, NumbersAndLetters) and graph.letters.latex)
    ):
        yield from (found.letters if isinstance(found, NumbersAndLetters) else found)(graph.letters, rng)


def fillers_of(graph: ReadSolution, name: str, rng: random.Random) -> Iterator[Draft]:
    """What an injector makes of a solution in plain text only to fill up."""
    numbers = arithmetic_of(graph)
    if numbers is not None:
        yield from fillers(numbers, name, rng)


def weight_of(draft: Draft) -> float:
    """How often people make such an error, next to others of its type."""
    return draft.weight if isinstance(draft, Proposal | Conclusion) else 1


def place_of(graph: ReadSolution, draft: Draft) -> tuple[int, int]:
    """The step that a draft makes wrong, and the number of steps that the solution then has."""
    if isinstance(draft, Injected):
        return draft.error_step, len(draft.steps)
    if isinstance(draft, Conclusion):
        return draft.step, draft.step + 1
    if isinstance(draft, Proposed):
        assert isinstance(graph, FormulaSolution) and graph.chains is not None
        wrong, chains = draft.change, graph.chains.chains
        has_step = StatedChange | ShorterList
        step = wrong.step if isinstance(wrong, has_step) else chains[wrong.chain].step
        return step, len(graph.steps)
    if isinstance(draft, Slip | Cut):
        line = draft.line if isinstance(draft, Slip) else draft.lost[0]
        return letters_of(graph).lines[line].step, len(graph.steps)
    numbers = arithmetic_of(graph)
    assert numbers is not None
    change, steps = draft.change, len(numbers.steps)
    if change.dropped_step is not None:
        return change.dropped_step, steps - 1
    inserted = change.inserted_step is not None
    return numbers.step_of[change.equation] + inserted, steps + inserted


def attempts(graph: ReadSolution, kind: str, name: str, rng: random.Random) -> Iterator[Injected | Refusal]:
    """The erroneous solutions of one type, proven, one after the other, and why others could not be made; without those
    that are made only if many are asked for.
    """
    for draft in drafts_of(graph, kind, name, rng):
        if weight_of(draft) < SELDOM:
            continue
        try:
            yield carried(graph, name, draft)
        except Refusal as refusal:
            yield refusal


def carried(graph: ReadSolution, name: str, draft: Draft, annotated: bool = True) -> Injected:
    """The erroneous solution that a proposal leads to. Raises Refusal if it can't be proven."""
    if isinstance(draft, Injected) or isinstance(graph, ModularSolution):
        assert isinstance(draft, Injected)
        return draft
    if isinstance(draft, Proposed):
        assert isinstance(graph, FormulaSolution) and graph.chains is not None
        return Injected(*carried_formula(graph.chains, draft), draft.explanation)
    if isinstance(draft, Slip | Cut):
        derivation = letters_of(graph)
        if annotated and derivation.written != derivation.steps:
            raise Refusal("annotations_not_kept", "formulas with letters in a solution with annotations")
        wrong = carried_slip(derivation, draft)
        # `3x` between `3 * x` and `6 * x` would be told by its form.
        written = " ".join(derivation.steps)
        if not derivation.latex and not _IMPLIED.search(written) and _IMPLIED.search(" ".join(wrong.steps)):
            raise Refusal("notation_differs", wrong.steps[wrong.error_step])
        return Injected(wrong.steps, wrong.error_step, wrong.final, wrong.explanation)
    if isinstance(draft, Proposal) and draft.refused:
        raise Refusal(draft.refused, draft.explanation)
    numbers = arithmetic_of(graph)
    assert numbers is not None
    return _proven(numbers, name, draft, annotated)


def _proven(graph: SolutionGraph, name: str, draft: Proposal | Conclusion, annotated: bool) -> Injected:
    """The erroneous solution that a proposal for plain arithmetic leads to."""
    if isinstance(draft, Conclusion):
        steps = (*(graph.written if annotated else graph.steps)[: draft.step], draft.text)
        injected = Injected(steps, draft.step, draft.answer, draft.explanation)
    else:
        injected = _carried(graph, draft, annotated)
    shown = prove(graph, name, injected.steps, injected.error_step)
    assert not isinstance(injected.final, str)
    prove_answer(graph, shown, injected.final)
    if graph.latex and not is_balanced(injected.explanation, commands_outside=False):
        raise Refusal("unbalanced_explanation", injected.explanation)
    if graph.latex:
        return fitted(graph, name, injected)
    if not graph.latex and "$" in injected.explanation and "$" not in (told := graph.question + " ".join(graph.steps)):
        sign = next((sign for sign in _OTHER_MONEY if sign in told), "$")
        return replace(injected, explanation=injected.explanation.replace("$", sign))
    return injected


def _carried(graph: SolutionGraph, proposal: Proposal, annotated: bool) -> Injected:
    consequence = propagate(graph, proposal.change, annotated=annotated)
    refuse_nonsense(graph, proposal.change, consequence.changed)
    assert graph.final is not None
    result, final = graph.equations[graph.final].result, consequence.final
    if result.percent and result.face != graph.gold:
        final = divide(final, 100)  # in the form of the gold answer: 0.35 for a gold of 0.25 that the text calls 25%
    return Injected(consequence.steps, consequence.error_step, final, proposal.explanation)
