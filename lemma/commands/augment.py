"""`lemma augment`: inject typed errors into correct solutions, by symbolic means that prove them, or by a teacher.

The types are drawn by their weights among those that a problem's solution allows. Every symbolic error is propagated,
proved from its text, and different from all others of its problem; a teacher's errors are verified.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import islice

from lemma.config import AugmentConfig
from lemma.declaration import Command, Job
from lemma.engine.outcome import Count, Product
from lemma.engine.summary import Tally
from lemma.exceptions import ConfigError, Refusal
from lemma.injectors import teacher as teacher_injector
from lemma.injectors.symbolic import InjectionPlan, erroneous_solutions
from lemma.locating import judge
from lemma.models.client import Client
from lemma.models.protocol import Sampling
from lemma.problems.loading import bundled_sample, open_problems
from lemma.records import Problem, Rejection
from lemma.run_files import ERRONEOUS, PROBLEMS
from lemma.rundir.counts import Counts
from lemma.rundir.sharing import Hold
from lemma.taxonomy.distributions import load_distribution
from lemma.taxonomy.error_types import load_taxonomy

# Dimensions of the counts. `refusals` are errors that were thought of and could not be proven.
ASKED, MADE, REFUSALS, CONFUSION = "types asked", "types made", "refusals", "wanted > found"


def plan(config: AugmentConfig, _hold: Hold) -> Job:
    """Inject by symbolic injectors, or let a teacher write the errors."""
    weights = _weights(config)
    source = open_problems(config.data, config.command, config.columns, config.split)
    # The weights themselves, as the file or the taxonomy that they come from may change.
    inputs = {
        "data": source.fingerprint(),
        "weights": ", ".join(f"{kind} {weight:g}" for kind, weight in weights.items()),
    }
    items = islice(source, config.limit)
    announcement = "" if config.data else bundled_sample()
    if config.teacher is None:
        injecting = partial(inject, _injection_plan(config, weights))
        return Job(injecting, items, inputs=inputs, announcement=announcement)
    teacher_plan = _teacher_plan(config, config.teacher, weights)
    return Job(
        partial(_inject_by_teacher, teacher_plan),
        items,
        model=config.teacher,
        inputs=inputs,
        prompts=(teacher_injector.PROMPT, judge.PROMPT),
        announcement=announcement,
    )


def _weights(config: AugmentConfig) -> dict[str, float]:
    """The weight of each type to draw. Raises ConfigError if nothing is left to draw."""
    taxonomy = load_taxonomy(config.taxonomy)
    selected = [kind.id for kind in taxonomy.select(config.types) if config.teacher or kind.injector]
    if not selected:
        raise ConfigError(
            f"--types {','.join(config.types)}: no symbolic injector makes any of these; `lemma taxonomy` shows which "
            "can"
        )
    if config.distribution is None:
        return dict.fromkeys(sorted(selected) if config.teacher else selected, 1.0)
    weights = load_distribution(config.distribution, taxonomy)
    kinds = sorted(weights) if config.teacher else list(weights)
    drawn = {kind: weights[kind] for kind in kinds if kind in selected and weights[kind] > 0}
    if not drawn:
        wanted = "the wanted types" if config.teacher else "the types that can be made"
        raise ConfigError(f"--distribution {config.distribution} gives no weight to any of {wanted}")
    return drawn


def _injection_plan(config: AugmentConfig, weights: Mapping[str, float]) -> InjectionPlan:
    injectors = {kind.id: kind.injector for kind in load_taxonomy(config.taxonomy) if kind.injector}
    return InjectionPlan(weights, injectors, config.per_problem, config.seed, config.keep_annotations)


def _teacher_plan(config: AugmentConfig, model: str, weights: Mapping[str, float]) -> teacher_injector.TeacherPlan:
    return teacher_injector.TeacherPlan(
        model=model,
        auditor=None if config.audit == "none" else config.audit or model,
        weights=weights,
        per_problem=config.per_problem,
        student_share=config.student_share,
        seed=config.seed,
        sampling=Sampling(config.temperature, config.top_p, config.max_tokens),
        taxonomy=load_taxonomy(config.taxonomy),
    )


def inject(injection: InjectionPlan, item: Problem | Rejection) -> Iterator[Product]:
    """The erroneous solutions of one problem."""
    yield item
    if isinstance(item, Rejection):
        return
    injected = erroneous_solutions(injection, item)
    for record in injected.records:
        yield record
        yield Count(MADE, record.error_type)
    if not injected.records:
        reasons = injected.refused.most_common(4)
        detail = ", ".join(f"{reason} {count}" for reason, count in reasons) or "nothing to change"
        yield Refusal("no_error_proven", detail)
    for kind, count in injected.asked.items():
        yield Count(ASKED, kind, count)
    for reason, count in injected.refused.items():
        yield Count(REFUSALS, reason, count)


async def _inject_by_teacher(
    teacher_plan: teacher_injector.TeacherPlan, item: Problem | Rejection, client: Client
) -> list[Product]:
    made: list[Product] = [item]
    if isinstance(item, Rejection):
        return made
    counts: Counter[str] = Counter()
    seen: set[str] = set()
    for result in await teacher_injector.inject(teacher_plan, item, client, counts):
        if isinstance(result, Refusal):
            made.append(result)
        elif result.id in seen:
            made.append(Refusal("made_before", result.error_type))
        else:
            seen.add(result.id)
            made += [result, Count(MADE, result.error_type)]
    for name, count in counts.items():
        dimension, _, counted = name.partition(": ")
        made.append(Count(dimension, counted, count))
    return made


def _tallies(config: AugmentConfig, counts: Counts) -> Iterator[Tally]:
    asked, made, weights = counts.of(ASKED), counts.of(MADE), _weights(config)
    in_all_asked = max(1, sum(asked.get(kind, 0) for kind in weights))
    in_all_made = max(1, sum(made.get(kind, 0) for kind in weights))
    rows = tuple(
        (
            kind,
            f"{asked.get(kind, 0) / in_all_asked:.1%}",
            f"{made.get(kind, 0) / in_all_made:.1%}",
            f"{made.get(kind, 0):,}",
        )
        for kind in weights
    )
    yield Tally("Error types", ("type", "asked", "achieved", "made"), rows)
    if config.teacher is not None:
        found = sorted(counts.of(CONFUSION).items())
        yield Tally("Second look", (CONFUSION, "errors"), tuple((name, f"{count:,}") for name, count in found))


def _next(config: AugmentConfig) -> tuple[str, ...]:
    return ("correct", "--teacher", config.teacher) if config.teacher else ("build-sft",)


def _calls(config: AugmentConfig) -> int:
    looks = 1 if config.audit == "none" else 2
    return config.per_problem * looks if config.teacher else 0


def _errors(config: AugmentConfig) -> int:
    return config.per_problem


COMMAND = Command(
    AugmentConfig,
    plan,
    writes=(PROBLEMS, ERRONEOUS),
    then=_next,
    calls=_calls,
    fan_out=_errors,
    tallies=_tallies,
)
