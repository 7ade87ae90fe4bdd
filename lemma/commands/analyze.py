"""`lemma analyze`: the first wrong step and the error type of every wrong solution of the student.

    lemma analyze                                             # by the graph of the reference solution, no model needed
    lemma analyze --teacher gpt-4o                            # by a model, and compared with the graph
    lemma analyze --locate graph,rollouts --model my-student  # by the student's own continuations, too
    lemma analyze --from prm800k.jsonl                        # solutions whose first wrong step is labeled already

Each one becomes an erroneous solution of origin `student`. Nothing is guessed: a step that is not probable enough
(`--min-confidence`) stays null, and a type that the numbers do not prove is `unknown`. What several methods say is
combined. The continuations that reach the gold answer are kept as `continuations.jsonl`: corrections in the student's
own words. `distribution.json` holds the share of each known type; `augment --distribution` reads it, so that the
injected errors follow the student's own (arXiv 2503.17439, section 3.1).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from lemma.commands.sample import NEXT_PROBLEM
from lemma.commands.sample import PROMPTS as STUDENT_PROMPTS
from lemma.config import AnalyzeConfig
from lemma.declaration import Command, Job
from lemma.engine.outcome import Count, Product
from lemma.engine.summary import Tally
from lemma.exceptions import ConfigError, Refusal, did_you_mean
from lemma.locating import confidence
from lemma.locating.calibration import Calibration, observed
from lemma.locating.combination import threshold
from lemma.locating.continuations import continuation_records
from lemma.locating.exact import by_story
from lemma.locating.importing import ALMOST_CERTAIN, LabeledRow, as_solution, read_row
from lemma.locating.judge import ACCURACY, PROMPT, PROMPT_WITHOUT_REFERENCE, Subject, judging_request, read_judgement
from lemma.locating.posterior import Posterior
from lemma.locating.rollouts import SHOWN_PREFIX_PROMPT, Effort, Student
from lemma.locating.rollouts import Continuation as RightContinuation
from lemma.locating.rollouts import locate as locate_by_rollouts
from lemma.locating.together import Located, by_graph, reference_of, together
from lemma.models.backend_choice import OPENAI, choose_backend
from lemma.models.client import Client
from lemma.models.factory import open_scorer
from lemma.models.prompts import load_prompt
from lemma.models.protocol import Sampling, usable_text
from lemma.options import ModelConfig
from lemma.problems.loading import ProblemSource, open_problems
from lemma.problems.rows import read_rows
from lemma.records import UNKNOWN, ErroneousSolution, Problem, Rejection, Solution, content_id
from lemma.run_files import (
    CALIBRATION,
    CONTINUATIONS,
    DISTRIBUTION,
    ERRONEOUS,
    PHRASE_SCORES,
    PROBLEMS,
    REJECTED,
    SOLUTIONS,
)
from lemma.rundir.counts import Counts
from lemma.rundir.disk import write_whole
from lemma.rundir.problems import StoredProblems
from lemma.rundir.sharing import Hold
from lemma.statistics import wilson_interval
from lemma.steps import without_annotations, without_answer_line
from lemma.taxonomy.error_types import load_taxonomy
from lemma.trajectories.detection import find_reflection
from lemma.trajectories.phrase_scores import Remembered, open_scores

# Dimensions of the counts.
_TYPES, _REASONS, _AGREEMENT, _PLACES = "student types", "located by", "graph and teacher", "first wrong step"
_LOCATED, _NOT_LOCATED, _NO_WRONG_STEP = "located", "not located", "labeled as right"
_STEPS = "step of the first error"
_MEASURED, _TOGETHER = "labeled steps: ", "together"

_METHODS = ("graph", "judge", "rollouts", "confidence", "exact")

_Locate = Callable[[Solution, Problem, float | None], Located]


def plan(config: AnalyzeConfig, _hold: Hold) -> Job:
    """Locate by the graph alone, in several processes, or by methods that ask models; or import labels, and compare
    them with what methods say.
    """
    source = None if config.from_ is None else open_problems(config.from_, config.command)
    methods = config.methods if source is None or config.locate else ()
    if source is not None and config.min_confidence is not None:
        raise ConfigError("--from takes labels as they are; leave out --min-confidence")
    if source is not None and config.teacher is not None and not config.locate:
        raise ConfigError("--from takes labels as they are; add --locate judge to measure a teacher by them")
    for method in methods:
        if method not in _METHODS:
            raise ConfigError(f"--locate {method}: there is no such method; {did_you_mean(method, _METHODS)}")
    if "exact" in methods and (len(methods) > 1 or source is not None):
        raise ConfigError("--locate exact proves where generated problems go wrong; leave out other methods and --from")
    if "judge" in methods and config.teacher is None:
        raise ConfigError("--locate judge needs the model that judges; give it with --teacher")
    if config.asks_student and config.model is None:
        raise ConfigError("--locate rollouts and confidence ask the student; give it with --model")
    model = config.asked() if methods else None
    prompts = [PROMPT, PROMPT_WITHOUT_REFERENCE] if "judge" in methods else []
    if "rollouts" in methods:
        prompts += [STUDENT_PROMPTS[config.prompt], SHOWN_PREFIX_PROMPT]
    job = Job(None, model=model, beside=_beside(config) if model else {}, prompts=tuple(prompts))
    if source is not None:
        job = replace(job, items=labeled_rows(source), inputs={"labels": source.fingerprint()})
        if model is None:
            return replace(job, function=partial(import_row, config.label_confidence, "graph" in methods))
        return replace(job, function=_Comparing(config))
    problems = StoredProblems(PROBLEMS.path(config.run), "sample")
    if model is None:
        by = by_story if "exact" in methods else by_graph
        return replace(job, function=partial(analyze_solution, problems, config.min_confidence, by))
    return replace(job, function=_Locating(config, problems))


def _beside(config: AnalyzeConfig) -> dict[str, ModelConfig]:
    """The teacher with its own connection, if the student is asked as well.

    Raises ConfigError if requests could not tell them apart.
    """
    if not (config.asks_student and config.asks_teacher):
        return {}
    student, teacher = ((one.base_url, one.backend, one.key_variable) for one in (config, config.of_teacher()))
    if config.teacher != config.model:
        reached = config.of_teacher()
        backend = choose_backend(reached.backend, str(config.teacher), reached.base_url)
        return {
            str(config.teacher): reached.model_copy(update={"backend": backend, "base_url": reached.base_url or OPENAI})
        }
    if student != teacher:
        raise ConfigError(f"student and teacher are both called {config.teacher}; serve one of them by another name")
    return {}


def next_command(config: AnalyzeConfig) -> tuple[str, ...]:
    """Inject errors as often as the student makes them, if any of its errors has a known type. Labels are corrected."""
    if config.from_ is not None:
        return ("correct",)
    weights = orjson.loads((config.run / DISTRIBUTION).read_bytes())["weights"]
    return ("augment", "--distribution", str(config.run / DISTRIBUTION)) if any(weights.values()) else ("augment",)


def analyze_solution(
    problems: StoredProblems, least: float | None, by: _Locate, solution: Solution
) -> Iterator[Product]:
    """Locate the error of a solution without a model: by the graph of the reference, or by the generated story."""
    if solution.verdict == "equal":
        return
    problem = _problem_of(problems, solution)
    located = by(solution, problem, least)
    yield Count(_REASONS, located.reason)
    yield from erroneous_of(solution, problem, located)


class _Locating:
    """Locates the errors of solutions by all methods that are asked for. One that fails leaves it to the others."""

    def __init__(self, config: AnalyzeConfig, problems: StoredProblems | None) -> None:
        self._config, self._problems = config, problems
        self._taxonomy = load_taxonomy(config.taxonomy)
        self._accuracy = ACCURACY if config.judge_accuracy is None else config.judge_accuracy
        # The scores are kept by one thread: neither the model nor its store may be used by two.
        self._scoring = ThreadPoolExecutor(max_workers=1)
        self._scorer: Remembered | None = None

    async def __call__(self, solution: Solution, client: Client) -> Iterable[Product]:
        if solution.verdict == "equal":
            return ()
        assert self._problems is not None
        problem = _problem_of(self._problems, solution)
        graph = by_graph(solution, problem, None)
        found, made, right = await self.found(solution, problem, graph, client)
        # If no method that was asked for can say anything, the graph decides, by its own limit.
        located = together(found or {"graph": graph}, graph, self._config.min_confidence)
        made += erroneous_of(solution, problem, located)
        erroneous = made[-1]
        assert isinstance(erroneous, ErroneousSolution)
        return [*made, *continuation_records(erroneous, right)]

    async def found(
        self, solution: Solution, problem: Problem, graph: Located, client: Client
    ) -> tuple[dict[str, Located], list[Product], list[RightContinuation]]:
        """What each method says, what else is to be counted or refused, and the right continuations."""
        found: dict[str, Located] = {}
        made: list[Product] = []
        right: list[RightContinuation] = []
        for method in self._config.methods:
            try:
                if method == "graph":
                    found[method] = graph
                elif method == "judge":
                    found[method] = await self._judged(solution, problem, client)
                    made += _agreement(graph, found[method])
                elif method == "rollouts":
                    found[method], right = await self._continued(solution, problem, client)
                elif not self._config.dry_run:
                    found[method] = await self._scored(solution, problem)
            except Refusal as refusal:
                made.append(refusal)
        return found, made, right

    async def _judged(self, solution: Solution, problem: Problem, client: Client) -> Located:
        config = self._config
        subject = Subject(problem.question, reference_of(problem), solution.steps)
        request = judging_request(
            subject, str(config.teacher), self._taxonomy, config.max_tokens, config.judging_temperature
        )
        judgement = read_judgement(usable_text(await client.ask(request)), len(solution.steps), self._taxonomy)
        posterior = judgement.posterior(len(solution.steps), self._accuracy)
        return Located(posterior, "judge", 0.0, judgement.error_type or UNKNOWN, judgement.explanation)

    async def _continued(
        self, solution: Solution, problem: Problem, client: Client
    ) -> tuple[Located, list[RightContinuation]]:
        config = self._config
        stop = (NEXT_PROBLEM,) if config.prompt == "completion" else ()
        sampling = Sampling(config.temperature, config.top_p, config.max_tokens, stop)
        student = Student(client, str(config.model), load_prompt(STUDENT_PROMPTS[config.prompt]), sampling)
        found = await locate_by_rollouts(
            problem.question,
            problem.answer,
            solution.steps,
            student,
            effort=Effort(most_samples=config.rollouts),
            takes_back=lambda text: find_reflection(text) is not None,
        )
        return Located(found.posterior, "rollouts", 0.0), found.right

    async def _scored(self, solution: Solution, problem: Problem) -> Located:
        def score() -> Posterior:
            config = self._config
            if self._scorer is None:
                backend = choose_backend(config.backend, str(config.model), config.base_url)
                scorer = open_scorer(backend, str(config.model), config.base_url or OPENAI, config.key_variable)
                # Closed when the process ends: each score is on disk as soon as it is stored.
                self._scores = open_scores(config.run / PHRASE_SCORES, scorer.name)
                self._scorer = Remembered(scorer, self._scores.__enter__())
            return confidence.locate(problem.question, solution.steps, self._scorer)

        posterior = await asyncio.get_running_loop().run_in_executor(self._scoring, score)
        return Located(posterior, "confidence", 0.0)


def _agreement(graph: Located, judged: Located) -> Iterator[Count]:
    """Whether the graph agrees with a judge about the step, and about the type if it knows one."""
    same_step = graph.posterior.best_step() == judged.posterior.best()
    yield Count(_AGREEMENT, "same step" if same_step else "other step")
    if same_step and graph.error_type != UNKNOWN:
        yield Count(_AGREEMENT, "same type" if graph.error_type == judged.error_type else "other type")


def _problem_of(problems: StoredProblems, solution: Solution) -> Problem:
    """The problem of a wrong solution. Raises Refusal if the solution may be right, or says nothing."""
    if solution.verdict == "unknown":
        raise Refusal("verdict_unknown", "the answer could not be graded, so the solution is not called wrong")
    if not any(step.strip() for step in solution.steps):
        raise Refusal("empty_solution", "there are no solution steps")
    problem = problems.get(solution.problem_id)
    if problem is None:
        raise Refusal("problem_missing", f"{solution.problem_id} is not in {PROBLEMS.name}")
    return problem


def erroneous_of(solution: Solution, problem: Problem, located: Located) -> Iterator[Product]:
    """The erroneous solution, with its first wrong step if that is probable enough, and with its type if that has a
    step.
    """
    step = located.posterior.best_step()
    confidence = located.posterior.steps[step]
    told = confidence >= located.least and confidence >= located.posterior.none
    error_type = located.error_type if told else UNKNOWN
    yield Count(_TYPES, error_type)
    yield Count(_PLACES, _LOCATED if told else _NOT_LOCATED)
    if told:
        steps = len(without_answer_line(solution.steps)) or len(solution.steps)
        yield Count(_STEPS, f"{min(step, steps - 1)} of {steps}")
    yield ErroneousSolution(
        id=solution.id,
        problem_id=problem.id,
        question=problem.question,
        gold_answer=problem.answer,
        reference_steps=reference_of(problem),
        steps=tuple(map(without_annotations, solution.steps)),
        error_step=step if told else None,
        error_type=error_type,
        explanation=located.explanation if told else "",
        final_answer=solution.final_answer or "",
        origin="student",
        model=solution.model,
        evidence=located.evidence,
        confidence=1.0 if located.evidence == "proof" else min(round(confidence, 4), ALMOST_CERTAIN),
    )


def labeled_rows(source: ProblemSource) -> Iterator[LabeledRow | Rejection]:
    """The rows of a file, those that are none as rejections. Only ids are held in memory."""
    seen: set[str] = set()
    for place, row in read_rows(source.data, source.split):
        found = row if isinstance(row, Refusal) else LabeledRow.of(place, row)
        if isinstance(found, LabeledRow) and found.id in seen:
            found = Refusal("duplicate_row", "the same row appears earlier in the file")
        if isinstance(found, LabeledRow):
            seen.add(found.id)
            yield found
        else:
            detail = f"{place}: {found}"
            yield Rejection(stage="analyze", id=content_id(source.name, place), reason=found.reason, detail=detail)


def import_row(confidence: float | None, compare: bool, item: LabeledRow | Rejection) -> Iterator[Product]:
    """The problem and the erroneous solution of a row. A solution that is labeled as right is only counted.

    If asked to `compare`, it counts how right the graph is about the step.
    """
    if isinstance(item, Rejection):
        yield item
        return
    problem, erroneous = read_row(item, load_taxonomy(), confidence)
    yield problem
    yield Count(_PLACES, _NO_WRONG_STEP if erroneous is None else _LOCATED)
    if erroneous is None:
        return
    yield Count(_TYPES, erroneous.error_type)
    if compare:
        yield from _observed("graph", by_graph(as_solution(erroneous), problem, None).posterior, erroneous)
    yield erroneous


class _Comparing:
    """Imports labels, and counts how right methods that ask models are about them, each alone and together."""

    def __init__(self, config: AnalyzeConfig) -> None:
        self._confidence, self._locating = config.label_confidence, _Locating(config, None)

    async def __call__(self, item: LabeledRow | Rejection, client: Client) -> Iterable[Product]:
        made = list(import_row(self._confidence, False, item))
        erroneous = made[-1]
        if not isinstance(erroneous, ErroneousSolution):
            return made
        (problem,) = (one for one in made if isinstance(one, Problem))
        solution = as_solution(erroneous)
        graph = by_graph(solution, problem, None)
        found, more, _ = await self._locating.found(solution, problem, graph, client)
        for method, located in found.items():
            more += _observed(method, located.posterior, erroneous)
        if len(found) > 1:
            more += _observed(_TOGETHER, together(found, graph, None).posterior, erroneous)
        return [*made, *more]


def _observed(method: str, posterior: Posterior, erroneous: ErroneousSolution) -> Iterator[Count]:
    for name, times in observed(posterior, erroneous.located_step):
        yield Count(f"{_MEASURED}{method}", name, times)


def _measured(counts: Counts) -> dict[str, Calibration]:
    """How right each method was about labeled steps."""
    dimensions = (name for name in counts if name.startswith(_MEASURED))
    return {name.removeprefix(_MEASURED): Calibration.of(counts.of(name)) for name in dimensions}


def write_distribution(config: AnalyzeConfig, counts: Counts) -> tuple[Path, ...]:
    """Write `distribution.json`: the share of each error type among the known ones, and how many are not known. If
    methods were compared with labels, write `calibration.json`.
    """
    types, unknown = _known_types(counts)
    total = sum(types.values())
    source = f"{SOLUTIONS.name}, analyzed by {_judges(config)}"
    if config.from_ is not None:
        source = f"{Path(config.from_).name}, labeled"
    distribution: dict[str, Any] = {
        "name": "student",
        "source": source,
        "note": f"percentages of the {total} errors of a known type, with 95 % Wilson intervals; {unknown} of "
        f"{total + unknown} errors have an unknown type, so these are not a sample of all",
        "weights": {kind: round(100 * count / total, 2) for kind, count in types.items()},
        "intervals": {
            kind: [round(100 * share.low, 2), round(100 * share.high, 2)]
            for kind, share in ((kind, wilson_interval(count, total)) for kind, count in types.items())
        },
        "counts": types,
        "unknown": unknown,
        "unknown_share": round(100 * unknown / max(1, total + unknown), 2),
        "places": _places(counts),
    }
    path = config.run / DISTRIBUTION
    write_whole(path, orjson.dumps(distribution, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    measured = {method: found.plain() for method, found in _measured(counts).items()}
    if not measured:
        return (path,)
    calibration = config.run / CALIBRATION
    write_whole(calibration, orjson.dumps(measured, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return path, calibration


def _judges(config: AnalyzeConfig) -> str:
    """Who located the errors."""
    names = {"graph": "the graph of the references", "judge": config.teacher, "exact": "the generated stories"}
    names |= {method: f"the {method} of {config.model}" for method in ("rollouts", "confidence")}
    return ", ".join(str(names[method]) for method in config.methods)


def _places(counts: Counts) -> dict[str, list[int]]:
    """How often the first error is at each step, by the number of steps, as `augment --places` reads it."""
    places: dict[int, list[int]] = {}
    for name, count in counts.of(_STEPS).items():
        step, steps = map(int, name.split(" of "))
        places.setdefault(steps, [0] * steps)[step] += count
    return {str(steps): places[steps] for steps in sorted(places)}


def _known_types(counts: Counts) -> tuple[dict[str, int], int]:
    """How often each error type occurred, and how many errors are of an unknown type."""
    types = dict(sorted(counts.of(_TYPES).items()))
    unknown = types.pop(UNKNOWN, 0)
    return types, unknown


def tallies(config: AnalyzeConfig, counts: Counts) -> tuple[Tally, ...]:
    """How many errors have a first wrong step and a type, the types' shares, and how often graph and teacher agree."""
    types, unknown = _known_types(counts)
    total = sum(types.values())
    rows = []
    for kind, count in sorted(types.items(), key=lambda item: -item[1]):
        share = wilson_interval(count, total)
        rows.append((kind, f"{count:,}", f"{share.value:.1%}", f"{share.low:.1%} to {share.high:.1%}"))
    rows.append((UNKNOWN, f"{unknown:,}", "", ""))
    rows += [(f"{_AGREEMENT}: {name}", f"{n:,}", "", "") for name, n in sorted(counts.of(_AGREEMENT).items())]
    places = tuple((name, f"{count:,}") for name, count in sorted(counts.of(_PLACES).items()))
    return (
        Tally("First wrong steps", (_PLACES, "errors"), places),
        Tally("The student's errors", ("type", "errors", "share", "95 % interval"), tuple(rows)),
        *_against_labels(config, _measured(counts)),
    )


def _against_labels(config: AnalyzeConfig, measured: Mapping[str, Calibration]) -> Iterator[Tally]:
    """How right the methods are about labeled steps, and from which confidence on 9 of 10 are."""
    rows = [
        (method, *found.row(threshold(frozenset(config.methods if method == _TOGETHER else (method,)))))
        for method, found in measured.items()
    ]
    columns = ("method", "labeled", "best guess right", "located right", "from", "calibration error", "90% right from")
    if rows:
        yield Tally("Against the labels", columns, tuple(rows))


def failure(config: AnalyzeConfig, counts: Counts) -> str:
    """Why nothing was imported; empty if something was."""
    if config.from_ is None or counts.of(_PLACES):
        return ""
    return (
        f"{config.from_} holds no usable labeled solution; see {REJECTED.name} and docs/labels.md. "
        "For solutions without labels, use `lemma sample --from FILE`, then `lemma analyze`"
    )


def calls(config: AnalyzeConfig) -> int:
    """Model calls per solution, at most."""
    return ("judge" in config.methods) + config.rollouts * ("rollouts" in config.methods)


COMMAND = Command(
    AnalyzeConfig,
    plan,
    reads=SOLUTIONS,
    looks_up=(PROBLEMS,),
    writes=(ERRONEOUS, CONTINUATIONS),
    imports=(PROBLEMS,),
    then=next_command,
    calls=calls,
    tallies=tallies,
    failure=failure,
    finish=write_distribution,
)
