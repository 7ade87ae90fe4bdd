"""`lemma augment`: inject typed errors into correct solutions, with symbolic injectors or with a teacher.

For each problem, types are drawn by weight among those that its solution allows. Every symbolic error is propagated
through the later steps, proven from its text, and different from all others of its problem. A teacher's errors are
verified. With `--into solutions`, the errors are injected into the student's own right solutions in `solutions.jsonl`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from lemma import __version__
from lemma.config import AugmentConfig
from lemma.declaration import Command, Job
from lemma.engine.outcome import Count, Product
from lemma.engine.pool import chunks_of
from lemma.engine.summary import Tally
from lemma.exceptions import ConfigError, Refusal
from lemma.injectors import teacher as teacher_injector
from lemma.injectors.drawing import drawn_weights, injection_plan
from lemma.injectors.symbolic import Injection, InjectionPlan, erroneous_solutions
from lemma.locating import judge
from lemma.models.client import Client
from lemma.models.protocol import Sampling
from lemma.problems.advice import no_error_made
from lemma.problems.loading import bundled_sample, open_problems
from lemma.records import Problem, Rejection, Solution, content_id
from lemma.run_files import CENSUS, ERRONEOUS, PROBLEMS, REJECTED, SOLUTIONS
from lemma.rundir.counts import MADE as RECORDS_MADE
from lemma.rundir.counts import REJECTED_BY_REASON, Counts
from lemma.rundir.disk import write_whole
from lemma.rundir.lines import LineIndex, fingerprint, read_stored_lines
from lemma.rundir.manifest import read_manifest
from lemma.rundir.sharing import Hold
from lemma.runner import outcome_of
from lemma.statistics import random_for
from lemma.steps import split_steps, without_annotations
from lemma.taxonomy.distributions import MOST, PARTS, Thinning, largest_mix, part_of
from lemma.taxonomy.error_types import load_taxonomy
from lemma.taxonomy.places import PLACES, place_name
from lemma.trajectories.right_solutions import check_reasoning

# Dimensions of the counts. `refusals` are attempted errors that could not be proven.
ASKED, MADE, REFUSALS, CONFUSION = "types asked", "types made", "refusals", "wanted > found"
FAILED = "injectors that failed"
PLACES_ASKED, PLACES_MADE = "places asked", "places made"
_PILOT = 500


def plan(config: AugmentConfig, _hold: Hold) -> Job:
    """Inject errors with symbolic injectors, or let a teacher write them."""
    weights, taxonomy = drawn_weights(config), load_taxonomy(config.taxonomy)
    source = open_problems(
        config.data, config.command, config.columns, config.split, config=config.config, limit=config.limit
    )
    # The weights themselves, as the file or the taxonomy that they come from may change.
    inputs = {
        "data": source.fingerprint(),
        "weights": ", ".join(f"{kind} {weight:g}" for kind, weight in weights.items()),
    }
    into = None if config.into == "references" else RightSolutions(config)
    if into is not None:
        inputs["solutions"] = fingerprint(SOLUTIONS.path(config.run))
        if config.shard is not None and not config.best_effort:
            raise ConfigError(
                f"--into {config.into} balances types over the student's solutions of all problems, and a shard has "
                "those of its own: give --best-effort, or `lemma merge` the shards first"
            )
    stored = _problems_of_run(config, inputs["data"])
    announcement = "" if config.data else bundled_sample()
    if stored is not None:
        announcement = "" if into is not None else f"no data given: using the problems in {stored}"
        inputs["data"] = fingerprint(stored)

    def problems() -> Iterator[Any]:
        return iter(source) if stored is None else islice(read_stored_lines(stored, "sample"), config.limit)

    if config.teacher is None:
        injection = replace(injection_plan(config, into), isolated=True)
        inputs["places"] = content_id(repr(sorted(injection.places.counts.items())))
        known: dict[str, Injection] = {}
        thinning, notes = (None, ()) if config.best_effort else _thinning(config, injection, problems(), inputs, known)
        making = partial(inject, replace(injection, thinning=thinning), known=known)
        there, note = stored is not None, announcement
        return Job(making, problems(), stored=there, parse=Problem, inputs=inputs, announcement=note, notes=notes)
    teacher_plan = teacher_injector.TeacherPlan(
        model=config.teacher,
        auditor=None if config.audit == "none" else config.audit or config.teacher,
        weights=weights,
        per_problem=config.per_problem,
        student_share=config.student_share,
        seed=config.seed,
        sampling=Sampling(config.temperature, config.top_p, config.max_tokens),
        taxonomy=taxonomy,
        audit_temperature=config.judging_temperature,
    )
    return Job(
        partial(inject_by_teacher, teacher_plan),
        problems(),
        stored=stored is not None,
        parse=Problem,
        model=config.teacher,
        inputs=inputs,
        prompts=(teacher_injector.PROMPT, judge.PROMPT),
        announcement=announcement,
    )


def _problems_of_run(config: AugmentConfig, sample: str) -> Path | None:
    """The problems that other commands brought into the run directory, if no data is given; None if there are none, or
    if they are those of the bundled sample, with this fingerprint, that this command has put there itself.
    """
    path = PROBLEMS.path(config.run)
    if config.data is not None:
        return None
    if config.into != "references":
        return path
    is_rerun = read_manifest(config.run).get(config.command, {}).get("inputs", {}).get("data") == sample
    return path if path.exists() and not is_rerun else None


class RightSolutions:
    """The right solutions of a problem to inject into: the student's, no two alike, and with `both` the reference."""

    def __init__(self, config: AugmentConfig) -> None:
        """Raises RunDirectoryError if the student has not been asked yet."""
        self._with_reference, self._seed = config.into == "both", config.seed
        self._lines = LineIndex(SOLUTIONS.path(config.run), "sample", "problem_id", {"verdict": "equal"})

    def __call__(self, problem: Problem) -> list[Problem | Refusal]:
        """Each as a problem that has it, in an order drawn from the seed, and why others can't be trusted."""
        solutions = map(Solution.model_validate_json, self._lines.find_all(problem.id))
        right = list({solution.steps: None for solution in solutions})
        random_for(self._seed, "into", problem.id).shuffle(right)
        reference = tuple(map(without_annotations, split_steps(problem.solution)))
        found: list[Problem | Refusal] = [problem] if self._with_reference and reference else []
        for steps in right:
            shown = tuple(map(without_annotations, steps))
            try:
                check_reasoning(problem.question, problem.answer, reference, shown)
            except Refusal as refusal:
                found.append(refusal)
            else:
                found.append(problem.model_copy(update={"solution": "\n\n".join(steps)}))
        return found


def _thinning(
    config: AugmentConfig,
    injection: InjectionPlan,
    items: Iterator[Any],
    inputs: Mapping[str, str],
    known: dict[str, Injection],
) -> tuple[Thinning | None, tuple[str, ...]]:
    """What has to be left out so that the types have their shares, and what to say of it. The errors of the first
    problems are noted in `known`, so that they need not be made again.

    LaTeX solutions allow few types to be proven. Without a distribution, their first problems tell which types would
    crowd out the others.
    """
    if config.distribution is not None:
        available = _census(config, injection, items, inputs, known)
        return Thinning.of(injection.weights, available), _thinning_notes(injection.weights, available)
    first = list(islice(items, _PILOT))
    if not any("\\boxed" in item.solution for item in first if isinstance(item, Problem)):
        return None, ()
    thinning = Thinning.capped(_census(config, injection, first, inputs, known))
    if thinning is None:
        return None, ()
    fewer = " and ".join(kind for kind, parts in thinning.kept.items() if parts < PARTS)
    return thinning, (
        f"part of {fewer} was left out, so that no type is far above {MOST:.0%}; --best-effort keeps all",
    )


def _census(
    config: AugmentConfig,
    injection: InjectionPlan,
    items: Iterable[Any],
    inputs: Mapping[str, str],
    known: dict[str, Injection],
) -> dict[str, Counter[int]]:
    """How many errors of each type there are in each part of all ids: a run that writes nothing, once per setting."""
    # All shards leave out the same share, so the census is of all problems, and one can be copied to the others.
    settings = {**inputs, **config.settings(), "shard": None, "version": __version__}
    key = content_id(*(f"{name} {value}" for name, value in sorted(settings.items())))
    path = config.run / CENSUS
    if path.exists():
        stored = orjson.loads(path.read_bytes())
        if stored["key"] == key:
            return {kind: Counter(dict(enumerate(parts))) for kind, parts in stored["available"].items()}
    counts = Counts()
    counting = partial(outcome_of, COMMAND, partial(_parts, injection, known), Problem)
    for chunk in chunks_of(counting, items, config.workers, config.engine):
        counts.merge(chunk.counts)
    available: dict[str, Counter[int]] = defaultdict(Counter)
    for name, count in counts.of(ASKED).items():
        kind, part = name.split()
        available[kind][int(part)] += count
    rows = {kind: [parts[part] for part in range(PARTS)] for kind, parts in available.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, orjson.dumps({"key": key, "available": rows}))
    return available


def _parts(injection: InjectionPlan, known: dict[str, Injection], item: Problem | Rejection) -> Iterator[Product]:
    if isinstance(item, Problem):
        injected = erroneous_solutions(injection, item)
        if len(known) < _PILOT:  # in a worker process, this is a copy that nobody else sees
            known[item.id] = injected
        for record in injected.records:
            yield Count(ASKED, f"{record.error_type} {part_of(record.id)}")


def _thinning_notes(weights: Mapping[str, float], available: Mapping[str, Counter[int]]) -> tuple[str, ...]:
    """What the shares that were asked for cost, and which type is to blame."""
    there = {kind: available[kind].total() for kind in weights if kind in available}
    kept = largest_mix(weights, there)
    lost, none = sum(there.values()) - sum(kept.values()), [kind for kind in weights if kind not in there]
    notes = []
    if none:
        notes.append(f"no {', no '.join(none)} could be made; the shares are those of the other types among themselves")
    if lost:
        scarcest = min(there, key=lambda kind: there[kind] / weights[kind])
        notes.append(
            f"{lost:,} of {sum(there.values()):,} errors were left out to meet --distribution, as there are only "
            f"{there[scarcest]:,} of {scarcest}; --best-effort keeps all"
        )
    return tuple(notes)


def inject(
    injection: InjectionPlan, item: Problem | Rejection, known: dict[str, Injection] | None = None
) -> Iterator[Product]:
    """Make the erroneous solutions of one problem, or take those that are known."""
    yield item
    if isinstance(item, Rejection):
        return
    injected = (known or {}).pop(item.id, None) or erroneous_solutions(injection, item)
    yield from injected.unread
    for name, failure in injected.failed:
        yield Refusal("injector_failed", f"{name}: {failure}")
        yield Count(FAILED, name)
    for record in injected.records:
        if injection.thinning is not None and not injection.thinning.keeps(record.error_type, record.id):
            continue
        yield record
        yield Count(MADE, record.error_type)
        yield Count(PLACES_MADE, place_name(record.located_step, len(record.steps)))
    if not injected.records:
        yield injected.refusal()
    for kind, count in injected.asked.items():
        yield Count(ASKED, kind, count)
    for step, steps in injected.places:
        yield Count(PLACES_ASKED, place_name(step, steps))
    for reason, count in injected.refused.items():
        yield Count(REFUSALS, reason, count)


async def inject_by_teacher(
    teacher_plan: teacher_injector.TeacherPlan, item: Problem | Rejection, client: Client
) -> list[Product]:
    """Let a teacher write the erroneous solutions of one problem."""
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


def tallies(config: AugmentConfig, counts: Counts) -> Iterator[Tally]:
    """The share of each type, as asked for and as achieved, and what the second look of a teacher found."""
    weights = drawn_weights(config)
    asked: Mapping[str, float] = counts.of(ASKED) if config.teacher else weights
    # Without a distribution, a type that a data set does not allow was not missed by anybody.
    shown = weights if config.distribution or config.teacher else counts.of(MADE).keys() & weights.keys() or weights
    yield _shares("Error types", "type", sorted(shown), asked, counts.of(MADE))
    if config.teacher is None:
        yield _shares("Places of the errors", "place", PLACES, counts.of(PLACES_ASKED), counts.of(PLACES_MADE))
        if failed := counts.of(FAILED):
            rows = tuple((name, f"{count:,}") for name, count in sorted(failed.items()))
            title = f"Injectors that failed: please report what {REJECTED.name} says of injector_failed"
            yield Tally(title, ("injector", "problems"), rows)
    if config.teacher is not None:
        found = sorted(counts.of(CONFUSION).items())
        yield Tally("Second look", (CONFUSION, "errors"), tuple((name, f"{count:,}") for name, count in found))


def _shares(
    title: str, column: str, names: Iterable[str], asked: Mapping[str, float], made: Mapping[str, int]
) -> Tally:
    """The share of each name, as asked for and as achieved; the names asked for that are not shown, in one row."""
    names = tuple(names)
    all_asked, all_made = (sum(counts.values()) or 1 for counts in (asked, made))
    rows = tuple(
        (
            name,
            f"{asked.get(name, 0) / all_asked:.1%}",
            f"{made.get(name, 0) / all_made:.1%}",
            f"{made.get(name, 0):,}",
        )
        for name in names
    )
    if others := asked.keys() - set(names):
        share = sum(asked[name] for name in others) / all_asked
        rows += ((f"{len(others)} other {column}s", f"{share:.1%}", "0.0%", "0"),)
    return Tally(title, (column, "asked", "achieved", "made"), rows)


def failure(config: AugmentConfig, counts: Counts) -> str:
    """Why no erroneous solution was made, once all problems are done; empty if there are some.

    A student without right solutions to inject into still has its own errors.
    """
    problems = counts.of(RECORDS_MADE).get(PROBLEMS.noun, 0)
    if counts.of(MADE) or not problems or config.into == "solutions":
        return ""
    return no_error_made(problems, counts.of(REJECTED_BY_REASON), counts.of(REFUSALS), REJECTED.name)


def next_command(config: AugmentConfig) -> tuple[str, ...]:
    """A teacher's errors have to be corrected by a teacher; symbolic ones go straight into records."""
    return ("correct", "--teacher", config.teacher) if config.teacher else ("build-sft",)


def calls(config: AugmentConfig) -> int:
    """Model calls per problem, with those of the second look."""
    looks = 1 if config.audit == "none" else 2
    return config.per_problem * looks if config.teacher else 0


def errors_per_problem(config: AugmentConfig) -> int:
    """Erroneous solutions per problem, at most."""
    return config.per_problem


COMMAND = Command(
    AugmentConfig,
    plan,
    looks_up=(SOLUTIONS,),
    writes=(PROBLEMS, ERRONEOUS),
    then=next_command,
    calls=calls,
    fan_out=errors_per_problem,
    tallies=tallies,
    failure=failure,
)
