"""Inject typed errors into a problem's solution by symbolic means: each is propagated, proved from its text, and
different from all others of its problem.

    plan = InjectionPlan({"operator_error": 1.0}, {"operator_error": "operator_error"}, per_problem=2, seed=0)
    erroneous_solutions(plan, problem).records
"""

from __future__ import annotations

import random
import re
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lemma.arithmetic.equations import read_step
from lemma.arithmetic.graph import SolutionGraph, read_solution
from lemma.arithmetic.numbers import (
    FRACTION,
    INTEGER,
    LATEX_FRACTION,
    NUMBER_PATTERN,
    NumberStyle,
    Value,
    find_numbers,
    render,
)
from lemma.exceptions import LemmaError, Refusal
from lemma.generation.modular_errors import ModularSolution
from lemma.grading.verdict import exact_value
from lemma.injectors import injector
from lemma.injectors.algebra import AlgebraInjector, FormulaInjector, NumbersAndLetters
from lemma.injectors.drafts import Draft, Injected, carried, drafts_of, fillers_of, place_of, weight_of
from lemma.injectors.proof import CALCULATION, prove_answer
from lemma.injectors.proposal import ALONE, BLIND, HASTY, LAST_RESORT, ODD, RARE, SELDOM, UNLIKELY, Proposal
from lemma.injectors.reading import FormulaSolution, ReadSolution, arithmetic_of, read_problem
from lemma.records import ErroneousSolution, Problem, content_id
from lemma.statistics import random_for
from lemma.steps import without_annotations
from lemma.taxonomy.distributions import Thinning
from lemma.taxonomy.places import Places

_COMMAND = re.compile(r"\\[a-z]+")
# Real solutions that go wrong in their last step stop early or go on with another number far more often than they
# miscalculate.
_OFTEN_IN_LAST: dict[str, float] = {
    "missing_step": 6,
    "question_misinterpretation_error": 6,
    "previous_step_value_error": 2,
    "confusing_concept_error": 2,
    "context_value_error": 2,
    "calculation_error": 0.1,
}
# In formulas nearly anything can be miscalculated, and little else be proven: what is scarce comes first.
_SCARCE: dict[str, float] = {
    "calculation_error": 0.05,
    "missing_step": 0.3,
    "formula_confusion_error": 12,
    "confusing_concept_error": 12,
    "counting_error": 12,
    "question_misinterpretation_error": 6,
    "unit_conversion_error": 6,
    "previous_step_value_error": 6,
    "operator_error": 2,
}
_UNUSUAL = 0.5  # how often something unusual is made at a step, rather than something usual at another
_FEW = 8  # errors of a problem, up to which only those are made that people often make, unless there are no others
_MOST_IN_LAST = 0.14  # of the errors of a problem whose other steps allow no more
_OWN_ERROR = re.compile(r"Step (\d+) has an error of its own: ")
_GOLD_NUMBER = re.compile(
    rf"-?(?:\\[dt]?frac(?:\{{\d{{1,9}}\}}\{{\d{{1,9}}\}}|\s?\d\s?\d)|\d{{1,9}}/\d{{1,9}}|{NUMBER_PATTERN})"
)


@dataclass(frozen=True)
class InjectionPlan:
    """What to make of each problem: the `weights` of the types, the name of each type's injector, and the `places` of
    the errors. With `best_effort`, `per_problem` comes first, and the shares of the places second.
    """

    weights: Mapping[str, float]
    injectors: Mapping[str, str]
    per_problem: int
    seed: int
    keep_annotations: bool = False
    places: Places = field(default_factory=lambda: Places({}))
    best_effort: bool = False
    into: Callable[[Problem], Sequence[Problem | Refusal]] | None = None
    """The right solutions to inject into, each as a problem that has it, and why others are none; by default the
    problem's own.
    """
    thinning: Thinning | None = None
    errors_per_solution: int = 1
    isolated: bool = False
    """Whether an exception in an injector costs only what that injector would have made of the problem. By default it
    is raised.
    """


@dataclass(frozen=True)
class Injection:
    """What came of one problem: the erroneous solutions, how often each type and each step was drawn, how many errors
    were not proven, by reason, why solutions of the student could not be read, and which injectors failed, each with
    its exception.
    """

    records: tuple[ErroneousSolution, ...]
    asked: Counter[str]
    places: tuple[tuple[int, int], ...]
    refused: Counter[str]
    unread: tuple[Refusal, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()

    def refusal(self) -> Refusal:
        """Why there is no record."""
        reasons = self.refused.most_common(4)
        detail = ", ".join(f"{reason} {count}" for reason, count in reasons) or "nothing to change"
        return Refusal("no_error_proven", detail)


def erroneous_solutions(plan: InjectionPlan, problem: Problem) -> Injection:
    """Erroneous solutions of a problem, no two alike, of its own solution or of those that the plan names.

    Raises Refusal if there is none, or if the problem's solution can't be read.
    """
    if plan.into is None:
        return _errors_in(plan, problem)
    given = plan.into(problem)
    solutions = [one for one in given if isinstance(one, Problem)]
    unread = [one for one in given if isinstance(one, Refusal)]
    if not given:
        raise Refusal("no_right_solution", "the student has no right solution of this problem")
    found = Injection((), Counter(), (), Counter())
    for number, solution in enumerate(solutions):
        # Each has an equal share of what is left to make.
        share = -(-(plan.per_problem - len(found.records)) // (len(solutions) - number))
        if share == 0:
            break
        try:
            part = _errors_in(replace(plan, per_problem=share, seed=plan.seed + number), solution)
        except Refusal as refusal:
            unread.append(refusal)
            continue
        found = Injection(
            found.records + part.records,
            found.asked + part.asked,
            found.places + part.places,
            found.refused + part.refused,
            failed=tuple(dict.fromkeys((*found.failed, *part.failed))),
        )
    return replace(found, unread=tuple(unread))


def _errors_in(plan: InjectionPlan, problem: Problem) -> Injection:
    """Erroneous solutions of a problem's own solution, no two alike. The step of each error is drawn first, then its
    type by weight among those that the solution allows there.

    Raises Refusal if the problem's solution can't be read.
    """
    graph = read_problem(problem)
    plan = _for_solution(plan, graph)
    if plan.into is not None and isinstance(graph, SolutionGraph) and graph.final is None:
        raise Refusal("answer_not_computed", "no equation of the solution has the gold answer")
    rng = random_for(plan.seed, problem.id)
    drafts = _Drafts(plan, graph, rng)
    asked = Counter(rng.choices(list(plan.weights), list(plan.weights.values()), k=plan.per_problem))
    last, shares = len(graph.steps) - 1, plan.places.shares(len(graph.steps))
    places = rng.choices(range(last + 1), shares, k=plan.per_problem)
    wanted = places
    if last and not isinstance(graph, ModularSolution) and not plan.best_effort:
        # Solutions that allow errors in their last step only add one each, the more in sum the fewer are asked for.
        fewer = shares[-1] * (1 - 1 / (plan.per_problem + 1))
        wanted = rng.choices(range(last + 1), [*shares[:-1], fewer], k=plan.per_problem)
    making = _Making(plan, problem, graph, drafts, rng)
    made = making.made
    # Errors in the last step are the easiest to prove. They don't fill up what a solution lacks in the steps before,
    # and stand alone only if nothing else can be made.
    most_alone = plan.per_problem if last == 0 else max(1, round(plan.per_problem * shares[-1] / 2))
    for place in wanted:
        others = _in_random_order(range(last), shares, rng)
        found = drafts.take([place], 1)
        if found is None and rng.random() < _UNUSUAL:
            found = drafts.take([place])
        found = found or drafts.take(others, 1) or drafts.take([place, *others])
        if found is None and plan.per_problem > _FEW:
            found = drafts.take([place, *others], ODD)
        elif found is None and made and not drafts.has_made(CALCULATION):
            # A solution in which all facts are easy has a slip in one of them.
            found = drafts.take([place, *others], ODD, only=CALCULATION)
        if found is None and (plan.best_effort or (not drafts.taken_before_last and len(made) < most_alone)):
            found = drafts.take([last])
        # If many are asked for, one in the last step may come early, as often as it would be due.
        is_early = found is None and plan.per_problem > _FEW and isinstance(graph, SolutionGraph)
        due = rng.random() if is_early else 1
        if found is None and drafts.in_last + due <= _MOST_IN_LAST * (len(made) + 1):
            found = drafts.take([last])
        if found is None and not made:
            # Better than nothing at all.
            found = drafts.take([place, *others, last], RARE) or drafts.take([*others, last], LAST_RESORT)
            found = found or drafts.take([*others, last], ALONE) or drafts.fill_up([*others, last], UNLIKELY)
        if found is None:
            break
        making.add(found)
    if fills_up := plan.per_problem > _FEW and drafts.can_fill_up:
        _fill_up(making, shares)
    if len(made) < plan.per_problem:
        _balance(making, shares[-1] if fills_up else _MOST_IN_LAST)
    failed = tuple(sorted(drafts.failed.items()))
    return Injection(tuple(made), asked, tuple((place, last + 1) for place in places), drafts.refused, failed=failed)


def _in_random_order(steps: Sequence[int], shares: Sequence[float], rng: random.Random) -> list[int]:
    """Steps of which those with a larger share more often come first."""
    return sorted(steps, key=lambda step: rng.random() ** (1 / (shares[step] + 1e-9)), reverse=True)


@dataclass
class _Making:
    """What was made of a solution, and what it is made of."""

    plan: InjectionPlan
    problem: Problem
    graph: ReadSolution
    drafts: _Drafts
    rng: random.Random
    made: list[ErroneousSolution] = field(default_factory=list)

    def add(self, found: tuple[str, Injected]) -> None:
        """Make a record of an error of a type, with as many others as the plan has in one solution."""
        kind, error = found
        for _ in range(self.plan.errors_per_solution - 1):
            error = _with_another(self.plan, self.graph, error, self.drafts, self.rng)
        self.made.append(_record(self.plan, self.problem, self.graph, kind, error))


def _fill_up(making: _Making, shares: Sequence[float]) -> None:
    """Make what is still missing of what people seldom do. Without `best_effort`, the last step has its share, and no
    more, and what nobody does is made only if there is nothing else.
    """
    last, made, drafts, rng = len(shares) - 1, making.made, making.drafts, making.rng
    effort = making.plan.best_effort
    while len(made) < making.plan.per_problem:
        steps = _in_random_order(range(last + 1), shares, rng)
        if last and not effort:
            is_due = drafts.in_last + rng.random() <= shares[-1] * (len(made) + 1)
            steps = [last] * is_due + [step for step in steps if step != last]
        found = drafts.fill_up(steps, HASTY if made and not effort else BLIND)
        if found is None:
            return
        making.add(found)


def _balance(making: _Making, most_in_last: float) -> None:
    """Among the errors of a solution that allows no more, see to one of thought and to few in the last step."""
    plan, made, last = making.plan, making.made, len(making.graph.steps) - 1
    if plan.per_problem > _FEW and {record.error_type for record in made} == {CALCULATION}:
        # Made everywhere, it would be known by its form.
        other = making.drafts.take(range(last + 1), ALONE, barred=CALCULATION)
        if other is not None:
            making.add(other)
    if last and not plan.best_effort:
        in_last = [record for record in made if record.located_step == len(record.steps) - 1]
        in_last.sort(key=lambda record: record.error_type == CALCULATION)
        before = {record.error_type for record in made if record not in in_last}
        # One is kept in any case if there is nothing else, or only slips.
        fewest = 0 if before > {CALCULATION} or (before and CALCULATION not in before) else 1
        for record in in_last[max(fewest, round(most_in_last * len(made))) :]:
            made.remove(record)


class _Drafts:
    """What can still be made of a solution, by step and type. An error that ends the solution counts as one in its
    last step.
    """

    def __init__(self, plan: InjectionPlan, graph: ReadSolution, rng: random.Random) -> None:
        self._plan, self._graph, self._rng = plan, graph, rng
        self._drafts: dict[int, dict[str, list[Draft]]] = defaultdict(lambda: defaultdict(list))
        self._spare: dict[int, list[tuple[str, Injected]]] = defaultdict(list)
        self._texts: set[tuple[str, ...]] = set()
        self._answers: set[Value | str] = set()
        self._made: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.failed: dict[str, str] = {}
        self.taken_before_last, self.in_last = False, 0
        numbers = arithmetic_of(graph)
        self.can_fill_up, self._is_filled = numbers is not None and not numbers.latex, False
        self._add(lambda kind, name: drafts_of(graph, kind, name, rng, plan.per_problem))

    def _add(self, propose: Callable[[str, str], Iterator[Draft]]) -> None:
        """Add what is proposed for each type and its injector. Of an injector that fails nothing is added."""
        last, rng = len(self._graph.steps) - 1, self._rng
        for kind, name in ((kind, self._plan.injectors[kind]) for kind in self._plan.weights):
            try:
                found = list(propose(kind, name))
                places = [place_of(self._graph, draft) for draft in found]
            except Exception as error:  # whatever the code of others raises
                self.isolate(name, error)
                continue
            for (step, steps), draft in zip(places, found, strict=True):
                self._drafts[last if step == steps - 1 else max(0, min(step, last - 1))][kind].append(draft)
        for kinds in self._drafts.values():
            for drafts in kinds.values():
                # They are taken from the end: in random order, but what people do more often comes sooner.
                drafts.sort(key=lambda draft: (min(weight_of(draft), SELDOM), rng.random() ** (1 / weight_of(draft))))

    def fill_up(self, places: Sequence[int], least: float) -> tuple[str, Injected] | None:
        """As `take`, but also of what is only made to fill up, down to a certain weight."""
        if not self._is_filled:
            self._is_filled = True
            self._add(lambda _, name: fillers_of(self._graph, name, self._rng))
        taken = (self.take(places, weight) for weight in (UNLIKELY, HASTY, BLIND) if weight >= least)
        return next(filter(None, taken), None)

    def isolate(self, name: str, error: Exception) -> None:
        """Note that an injector failed. Raises the exception again if the plan does not isolate injectors, or if it is
        meant for the user.
        """
        if not self._plan.isolated or isinstance(error, Refusal | LemmaError):
            raise error
        where = traceback.extract_tb(error.__traceback__)[-1]
        self.failed[name] = f"{type(error).__name__} in {Path(where.filename).name}, line {where.lineno}: {error}"

    def has_made(self, kind: str) -> bool:
        """Whether an error of this type was taken."""
        return self._made[kind] > 0

    def take(
        self, places: Sequence[int], least: float = SELDOM, barred: str = "", only: str = ""
    ) -> tuple[str, Injected] | None:
        """The next error of at least this weight, not of a barred type, and of a certain one if it is named, that is
        proven at the first of these steps that still has one, with its type. No final answer is reached twice before
        all others at that step.
        """
        for place in places:
            found = self._prove_next(place, least, barred, only)
            if found is None and self._spare[place] and least < 1 and not (barred or only):
                found = self._spare[place].pop(0)
            if found is not None:
                self._made[found[0]] += 1
                is_last = place == len(self._graph.steps) - 1
                self.in_last += is_last
                self.taken_before_last |= not is_last
                return found
        return None

    def _prove_next(self, place: int, least: float, barred: str, only: str) -> tuple[str, Injected] | None:
        drafts, graph = self._drafts[place], self._graph
        boxed = isinstance(graph, FormulaSolution) and graph.boxed
        often: dict[str, float] = _OFTEN_IN_LAST if place == len(graph.steps) - 1 else {}
        often = _SCARCE if boxed else often
        # In formulas, calculation errors don't fill up what other types lack.
        barred = CALCULATION if boxed and self._made and not self._plan.best_effort else barred
        while kinds := [
            kind
            for kind, left in drafts.items()
            if left and weight_of(left[-1]) >= least and kind != barred and only in ("", kind)
        ]:
            # A type that was made often stands back, so that what is easy to prove does not crowd out the rest.
            weights = [
                self._plan.weights[kind] * often.get(kind, 1) * weight_of(drafts[kind][-1]) / (1 + 4 * self._made[kind])
                for kind in kinds
            ]
            kind = self._rng.choices(kinds, weights)[0]
            while drafts[kind] and weight_of(drafts[kind][-1]) >= least:
                try:
                    error = carried(graph, self._plan.injectors[kind], drafts[kind].pop(), self._plan.keep_annotations)
                except Refusal as refusal:
                    self.refused[refusal.reason] += 1
                    continue
                except Exception as failure:
                    self.isolate(self._plan.injectors[kind], failure)
                    continue
                text = tuple(map(without_annotations, error.steps))
                if text in self._texts:
                    continue
                self._texts.add(text)
                if error.final not in self._answers:
                    self._answers.add(error.final)
                    return kind, error
                self._spare[place].append((kind, error))
        return None


def _for_solution(plan: InjectionPlan, graph: ReadSolution) -> InjectionPlan:
    """The plan without the types that a solution has no formulas for."""
    formulas = graph if isinstance(graph, FormulaSolution) else None
    letters = formulas is not None and formulas.letters is not None
    numbers = formulas is None or formulas.graph is not None or formulas.chains is not None
    weights = {}
    for kind, weight in plan.weights.items():
        found = injector(plan.injectors[kind])
        takes_letters = isinstance(found, AlgebraInjector | NumbersAndLetters)
        only_formulas = isinstance(found, FormulaInjector) and (formulas is None or formulas.chains is None)
        if (takes_letters and letters) or (numbers and not isinstance(found, AlgebraInjector) and not only_formulas):
            weights[kind] = weight
    if not weights:
        raise Refusal("no_formulas_of_these_types", "the solution has no formulas that these types need")
    return replace(plan, weights=weights) if len(weights) < len(plan.weights) else plan


def _with_another(
    plan: InjectionPlan, graph: ReadSolution, error: Injected, found: _Drafts, rng: random.Random
) -> Injected:
    """The solution with another error of its own behind those that it has, made and proven against the wrong solution
    as it stands; the same solution if none can be proven. The first error stays the label.
    """
    numbers = arithmetic_of(graph)
    if numbers is None or isinstance(error.final, str):
        return error
    shown = tuple(map(without_annotations, error.steps))
    kinds = [kind for kind in plan.weights if kind != CALCULATION]
    drafts: list[tuple[str, Draft]] = []
    try:
        wrong = read_solution(numbers.question, error.steps, error.final)
        for kind in kinds:
            try:
                drafts += [(kind, draft) for draft in drafts_of(wrong, kind, plan.injectors[kind], rng)]
            except Exception as failure:
                found.isolate(plan.injectors[kind], failure)
    except Refusal:  # a false equation, and what follows from it, is not built upon
        return error
    right = {equation.result.face for equation in numbers.equations} - {
        equation.result.face for equation in wrong.equations
    }
    rng.shuffle(drafts)
    last = max([error.error_step, *(int(step) - 1 for step in _OWN_ERROR.findall(error.explanation))])
    for kind, draft in drafts:
        if not isinstance(draft, Proposal) or place_of(wrong, draft)[0] <= last:
            continue
        try:
            more = carried(wrong, plan.injectors[kind], draft)
            steps = tuple(map(without_annotations, more.steps))
            if len(steps) != len(shown):
                continue  # a step that is missing or put in would move those that explanations name
            assert not isinstance(more.final, str)
            prove_answer(numbers, steps, more.final)
        except Refusal:
            continue
        except Exception as failure:
            found.isolate(plan.injectors[kind], failure)
            continue
        results = {equation.result.face for text in steps for equation in read_step(text, numbers.latex).equations}
        if right.isdisjoint(results):
            told = f"{error.explanation} Step {more.error_step + 1} has an error of its own: {more.explanation}"
            return replace(more, error_step=error.error_step, explanation=told)
    return error


def _record(
    plan: InjectionPlan, problem: Problem, graph: ReadSolution, kind: str, injected: Injected
) -> ErroneousSolution:
    steps, reference = injected.steps, graph.written
    if not plan.keep_annotations:
        steps, reference = tuple(map(without_annotations, steps)), graph.steps
    final = final_text(problem.answer, injected.final)
    return ErroneousSolution(
        id=content_id(problem.id, kind, *steps, final),
        problem_id=problem.id,
        question=problem.question,
        gold_answer=problem.answer,
        reference_steps=reference,
        steps=steps,
        error_step=injected.error_step,
        error_type=kind,
        explanation=injected.explanation,
        final_answer=final,
        origin="symbolic",
        model=plan.injectors[kind],
        evidence="proof",
        confidence=1,
    )


def final_text(gold: str, value: Value | str) -> str:
    """A wrong answer in the form of the gold one: `$20` for `$18`, `\\frac{1}{3}` for `\\frac{1}{2}`."""
    if isinstance(value, str):
        return value  # as it stands in the box
    if gold.isdigit() and gold.isascii() and isinstance(value, int) and value >= 0:
        return str(value)  # as below, and nearly always so
    places = list(_GOLD_NUMBER.finditer(gold))
    if len(places) == 1 and "=" not in gold:
        number = places[0].group()
        if "/" in number or "frac" in number:
            style = (
                NumberStyle(FRACTION)
                if "/" in number
                else NumberStyle(LATEX_FRACTION, separator=_COMMAND.findall(number)[0])
            )
        else:
            style = find_numbers(number)[0].style
        written = render(value, style)
        text = None if written is None else gold[: places[0].start()] + written + gold[places[0].end() :]
        if text is not None and exact_value(text) == value:
            return text
    return render(value, INTEGER) or f"{value.numerator}/{value.denominator}"
