"""`lemma augment`: inject typed errors into correct solutions, by symbolic means that prove them.

The types are drawn by their weights among those that a problem's solution allows. Every erroneous solution is
propagated, proved from its text, and different from all others of its problem.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from rich.console import Console

from lemma.config import AugmentConfig
from lemma.distributions import load_distribution
from lemma.engine.calls import run_asking_stage
from lemma.engine.outcome import Outcome
from lemma.engine.pool import run_stage
from lemma.engine.summary import StageSummary, Tally
from lemma.exceptions import ConfigError, Refusal
from lemma.injectors import teacher as teacher_injector
from lemma.injectors.symbolic import InjectionPlan, erroneous_solutions
from lemma.locating import judge as judging
from lemma.models.client import Client
from lemma.models.prompts import prompt_versions
from lemma.models.protocol import Sampling
from lemma.problems.loading import open_problems
from lemma.records import Problem, Rejection
from lemma.rundir.journal import Output, RunDirectory, shared_output
from lemma.taxonomy import load_taxonomy

PROBLEMS, ERRONEOUS = "problems.jsonl", "erroneous.jsonl"
_ASKED, _MADE, _REFUSED, _CONFUSION = "asked: ", "made: ", "refused: ", "confusion: "


def augment(config: AugmentConfig, console: Console) -> StageSummary:
    """Run the stage."""
    if config.teacher is not None:
        return _augment_by_teacher(config, config.teacher, console)
    plan = _plan(config)
    source = open_problems(config.data, config.command, config.columns, config.split)
    directory = RunDirectory(config.run)
    inputs = {"data": source.fingerprint(), "weights": shown_weights(plan.weights)}
    with directory.open_stage(config, _outputs(), inputs) as journal:
        run_stage(partial(inject_item, plan), source, journal, config.workers, console)
        return StageSummary(
            made={name: count for name, count in journal.made.items() if ": " not in name},
            rejected=journal.rejected,
            files=tuple(config.run / file for file in (PROBLEMS, ERRONEOUS)),
            next_command="lemma build-sft",
            tallies=(_types_tally(plan.weights, journal.made),),
        )


def shown_weights(weights: Mapping[str, float]) -> str:
    """The types with their weights, from whatever files: `calculation_error 1, missing_step 0.5`."""
    return ", ".join(f"{kind} {weight:g}" for kind, weight in weights.items())


def _outputs() -> tuple[Output, Output]:
    by_problem = Output(ERRONEOUS, lambda line: None if line["origin"] == "student" else str(line["problem_id"]))
    return shared_output(PROBLEMS), by_problem


def _augment_by_teacher(config: AugmentConfig, model: str, console: Console) -> StageSummary:
    plan = _teacher_plan(config, model)
    source = open_problems(config.data, config.command, config.columns, config.split)
    inputs = {"data": source.fingerprint(), "weights": shown_weights(plan.weights)}
    inputs |= prompt_versions(teacher_injector.PROMPT, judging.PROMPT)
    with RunDirectory(config.run).open_stage(config, _outputs(), inputs) as journal:
        asking = partial(_inject_by_teacher, plan)
        notes = run_asking_stage(asking, source, journal=journal, config=config, model=model, console=console)
        return StageSummary(
            made={name: count for name, count in journal.made.items() if ": " not in name},
            rejected=journal.rejected,
            files=tuple(config.run / file for file in (PROBLEMS, ERRONEOUS)),
            next_command=f"lemma correct --teacher {model}",
            tallies=(_types_tally(plan.weights, journal.made), _confusion_tally(journal.made)),
            notes=notes,
        )


def _teacher_plan(config: AugmentConfig, model: str) -> teacher_injector.TeacherPlan:
    taxonomy = load_taxonomy(config.taxonomy)
    selected = {kind.id for kind in taxonomy.select(config.types)}
    weights = load_distribution(config.distribution, taxonomy) if config.distribution else dict.fromkeys(selected, 1.0)
    drawn = {kind: weights[kind] for kind in sorted(weights) if kind in selected and weights[kind] > 0}
    if not drawn:
        raise ConfigError(f"--distribution {config.distribution} gives no weight to any of the wanted types")
    return teacher_injector.TeacherPlan(
        model=model,
        auditor=None if config.audit == "none" else config.audit or model,
        weights=drawn,
        per_problem=config.per_problem,
        student_share=config.student_share,
        seed=config.seed,
        sampling=Sampling(config.temperature, config.top_p, config.max_tokens),
        taxonomy=taxonomy,
    )


async def _inject_by_teacher(plan: teacher_injector.TeacherPlan, item: Problem | Rejection, client: Client) -> Outcome:
    outcome = Outcome(item.id)
    if isinstance(item, Rejection):
        outcome.reject(item)
        return outcome
    outcome.add(PROBLEMS, item, "problems")
    seen: set[str] = set()
    for result in await teacher_injector.inject(plan, item, client, outcome.counts):
        if isinstance(result, Refusal):
            outcome.reject(Rejection(stage="augment", id=item.id, reason=result.reason, detail=str(result)))
        elif result.id in seen:
            outcome.reject(Rejection(stage="augment", id=item.id, reason="made_before", detail=result.error_type))
        else:
            seen.add(result.id)
            outcome.add(ERRONEOUS, result, "erroneous solutions")
            outcome.counts[_MADE + result.error_type] += 1
    return outcome


def _confusion_tally(counts: Mapping[str, int]) -> Tally:
    """What the second look found, for what was wanted."""
    found = sorted((name.removeprefix(_CONFUSION), count) for name, count in counts.items() if _CONFUSION in name)
    return Tally("Second look", ("wanted > found", "errors"), tuple((name, f"{count:,}") for name, count in found))


def _plan(config: AugmentConfig) -> InjectionPlan:
    taxonomy = load_taxonomy(config.taxonomy)
    selected = {kind.id: kind.injector for kind in taxonomy.select(config.types) if kind.injector}
    if not selected:
        raise ConfigError(
            f"--types {','.join(config.types)}: no symbolic injector makes any of these; "
            f"`lemma taxonomy` shows which can"
        )
    weights = load_distribution(config.distribution, taxonomy) if config.distribution else dict.fromkeys(selected, 1.0)
    drawn = {kind: weight for kind, weight in weights.items() if kind in selected and weight > 0}
    if not drawn:
        raise ConfigError(f"--distribution {config.distribution} gives no weight to any of the types that can be made")
    return InjectionPlan(drawn, selected, config.per_problem, config.seed, config.keep_annotations)


def _types_tally(weights: Mapping[str, float], counts: Mapping[str, int]) -> Tally:
    total = max(1, sum(counts.get(_MADE + kind, 0) for kind in weights))
    asked = max(1, sum(counts.get(_ASKED + kind, 0) for kind in weights))
    rows = tuple(
        (
            kind,
            f"{counts.get(_ASKED + kind, 0) / asked:.1%}",
            f"{counts.get(_MADE + kind, 0) / total:.1%}",
            f"{counts.get(_MADE + kind, 0):,}",
        )
        for kind in weights
    )
    return Tally("Error types", ("type", "asked", "achieved", "made"), rows)


def inject_item(plan: InjectionPlan, item: Problem | Rejection) -> Outcome:
    """What comes of one line of the input."""
    outcome = Outcome(item.id)
    if isinstance(item, Rejection):
        outcome.reject(item)
        return outcome
    outcome.add(PROBLEMS, item, "problems")
    try:
        injection = erroneous_solutions(plan, item)
    except Refusal as refusal:
        outcome.reject(Rejection(stage="augment", id=item.id, reason=refusal.reason, detail=str(refusal)))
        return outcome
    for record in injection.records:
        outcome.add(ERRONEOUS, record, "erroneous solutions")
        outcome.counts[_MADE + record.error_type] += 1
    if not injection.records:
        reasons = injection.refused.most_common(4)
        detail = ", ".join(f"{reason} {count}" for reason, count in reasons) or "nothing to change"
        outcome.reject(Rejection(stage="augment", id=item.id, reason="no_error_proven", detail=detail))
    outcome.counts.update({_ASKED + kind: count for kind, count in injection.asked.items()})
    outcome.counts.update({_REFUSED + reason: count for reason, count in injection.refused.items()})
    return outcome
