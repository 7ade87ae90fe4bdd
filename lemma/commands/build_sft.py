"""`lemma build-sft`: join wrong, reflection and right into trajectories, and write records of any kind and shape.

    lemma build-sft --records lemma,dpo --mix cot=0.3 --exclude gsm8k_test.jsonl

A trajectory that `lemma smooth` rewrote is taken as it is. The others are joined (`lemma.trajectories.joining`): the
phrase at the turn is drawn from a list, or, with `--reflections model`, by the likelihood that the model to be trained
gives it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

import orjson
from pydantic import ValidationError
from rich.console import Console

from lemma.config import BuildSftConfig
from lemma.dataset.card import CardFacts, write_card
from lemma.dataset.figures import REWRITTEN, Figures, count_error, count_record, count_turn, preview
from lemma.dataset.hub import push_to_hub
from lemma.dataset.selection import Bundle, Selection, bundles, select
from lemma.dataset.sources import Place, Sources, source_fingerprints
from lemma.declaration import Command
from lemma.engine.outcome import Outcome
from lemma.engine.pool import run_stage
from lemma.engine.progress import new_progress
from lemma.engine.summary import Summary
from lemma.exceptions import ConfigError, Refusal, did_you_mean, first_fault
from lemma.formats import record_kinds
from lemma.formats.kind import RIGHT_SOLUTION, Case, Joined, Line, RecordKind, RightSolution
from lemma.formats.shapes import Shape, shaped
from lemma.models.backend_choice import OPENAI, choose_backend
from lemma.models.factory import open_scorer
from lemma.models.prompts import prompt_versions
from lemma.models.scoring import Scorer, Turn
from lemma.problems.loading import open_problems
from lemma.problems.similarity import NearDuplicates, TestQuestions
from lemma.records import Correction, ErroneousSolution, Problem, Rejection, SmoothedTrajectory
from lemma.run_files import CHOSEN_REFLECTIONS, CORRECTIONS, ERRONEOUS, PHRASE_SCORES, RECORDS, records_file
from lemma.rundir.directory import RunDirectory
from lemma.rundir.disk import json_line
from lemma.rundir.journal import Output
from lemma.statistics import random_for
from lemma.steps import solution_text, split_steps, without_annotations
from lemma.taxonomy.error_types import load_taxonomy
from lemma.trajectories import phrase_comparison as comparison
from lemma.trajectories.joining import PhraseDraw, Truncation, join, opening, trajectory_of
from lemma.trajectories.phrase_scores import ModelChoice, Remembered, open_scores, score_turns
from lemma.trajectories.phrases import Mode, load_phrases

MIXED_IN = "cot"
_LOOKED_THROUGH = 100
_COMPARED = 500


@dataclass(frozen=True)
class Plan:
    """What to make of each erroneous solution. `families` are those of the error types, by id."""

    kinds: tuple[str, ...]
    shape: Shape
    reflections: PhraseDraw | ModelChoice
    score_correction: bool
    truncate: Truncation
    near_duplicates: float
    families: Mapping[str, str]
    seed: int


def build_sft(config: BuildSftConfig, console: Console) -> Summary:
    """Run the stage."""
    kinds = _kinds(config)
    share = _cot_share(config, kinds)
    wording = _wording(config, kinds)
    for file in config.exclude:
        open_problems(file, config.command)  # a missing one is said before anything is read
    reflections, scorer = _how_to_reflect(config)
    inputs = source_fingerprints(config.run, config.smoothed) | wording
    if scorer is not None:
        inputs |= {"phrase model": scorer.name}
    with Sources(config.run, config.strategies, config.smoothed) as sources:
        plan = _plan(config, kinds, sources.error_types, reflections)
        outputs = tuple(Output(records_file(kind)) for kind in kinds)
        with RunDirectory(config.run).open_stage(config, outputs, inputs) as journal, new_progress(console) as progress:
            if not journal.done:
                _remove_other_kinds(config.run, kinds)
                (config.run / CHOSEN_REFLECTIONS).unlink(missing_ok=True)
            selection = select(sources, TestQuestions(config.exclude, config.command), config.near_duplicates)
            if scorer is not None:
                turns = _turns(plan, sources, selection)
                _score_phrases(turns, scorer, config.run / PHRASE_SCORES, console)
                _compare_ways(plan, sources, selection, scorer, config)
            items = bundles(sources, selection, kinds, share, config.seed)
            run_stage(partial(build_records, plan), items, journal, config.workers, progress, total=len(selection))
            figures = Figures(journal.counts)
            facts = CardFacts(config, kinds, figures, journal.rejected, sources.problems, wording)
            files = (*(config.run / records_file(kind) for kind in kinds), *write_card(config.run / RECORDS, facts))
            pushed = () if config.push_to_hub is None else (push_to_hub(config.run / RECORDS, config.push_to_hub),)
            return Summary(
                made={f"{kind} records": figures.total(kind) for kind in kinds},
                rejected=journal.rejected,
                files=files,
                next=COMMAND.next_words(config),
                tallies=(figures.tally(kinds),),
                notes=(*_notes(kinds, selection, figures), *_example(plan, sources, selection), *pushed),
            )


def _kinds(config: BuildSftConfig) -> dict[str, RecordKind]:
    known = record_kinds()
    for name in config.records:
        if name not in known:
            raise ConfigError(f"--records {name}: there is no such kind of records; {did_you_mean(name, known)}")
        if not set(known[name].needs) & set(config.strategies):
            raise ConfigError(f"--records {name} needs --strategies {' or '.join(known[name].needs)}")
    if not config.records:
        raise ConfigError(f"--records names none; there are: {', '.join(known)}")
    return {name: known[name] for name in dict.fromkeys(config.records)}


def _cot_share(config: BuildSftConfig, kinds: Mapping[str, RecordKind]) -> float:
    for name, share in config.mix.items():
        if name != MIXED_IN:
            raise ConfigError(f"--mix {name}={share:g}: only plain right solutions can be mixed in, as {MIXED_IN}=0.3")
        if not 0 <= share < 1:
            raise ConfigError(f"--mix {name}={share:g}: a share is at least 0 and less than 1")
    mixed = [name for name, kind in record_kinds().items() if kind.right_solutions == "mixed"]
    if config.mix and not set(mixed) & set(kinds):
        raise ConfigError(f"--mix {MIXED_IN}=... goes into {' and '.join(mixed)} records; --records names neither")
    return config.mix.get(MIXED_IN, 0.0)


def _wording(config: BuildSftConfig, kinds: Mapping[str, RecordKind]) -> dict[str, str]:
    """Versions of the phrases and prompts that go into the records."""
    phrases = {f"phrases {strategy}": load_phrases(strategy).version for strategy in config.strategies}
    return phrases | prompt_versions(*(name for kind in kinds.values() for name in kind.prompts))


def _how_to_reflect(config: BuildSftConfig) -> tuple[PhraseDraw | ModelChoice, Scorer | None]:
    """How phrases are chosen, and the model that has to score them first."""
    if config.reflections != "model":
        return PhraseDraw(config.reflections, config.seed), None
    if config.model is None:
        raise ConfigError("--reflections model chooses by a model's likelihood; say which model with --model")
    backend = choose_backend(config.backend, config.model, config.base_url)
    scorer = open_scorer(backend, config.model, config.base_url or OPENAI, config.key_variable)
    return ModelChoice(config.run / PHRASE_SCORES, scorer.name, config.temperature), scorer


def _plan(
    config: BuildSftConfig,
    kinds: Mapping[str, RecordKind],
    error_types: set[str],
    reflections: PhraseDraw | ModelChoice,
) -> Plan:
    taxonomy = load_taxonomy(config.taxonomy)
    return Plan(
        kinds=tuple(kinds),
        shape=config.shape,
        reflections=reflections,
        score_correction=config.score_correction,
        truncate=config.truncate,
        near_duplicates=config.near_duplicates,
        families={name: taxonomy.resolve(name).family for name in sorted(error_types)},
        seed=config.seed,
    )


def _remove_other_kinds(run: Path, kinds: Mapping[str, RecordKind]) -> None:
    """Records of an earlier build with other settings would pass for part of this one."""
    for name in record_kinds():
        if name not in kinds:
            (run / records_file(name)).unlink(missing_ok=True)


def build_records(plan: Plan, item: Bundle | Rejection) -> Outcome:
    """What comes of one erroneous solution and what goes beside it."""
    outcome = Outcome(item.id)
    if isinstance(item, Rejection):
        outcome.reject(item)
        return outcome
    try:
        case = _case(plan, item, outcome)
        solutions = {name: list(map(right_solution, lines)) for name, lines in item.solutions.items()}
    except ValidationError as error:
        outcome.refuse("build-sft", Refusal("invalid_record", first_fault(error)))
        return outcome
    count_error(outcome, case.erroneous)
    for name in plan.kinds:
        kind = record_kinds()[name]
        lines = [] if kind.of_error is None else list(kind.of_error(case))
        if kind.of_error is not None and not lines:
            detail = f"needs a {' or '.join(kind.needs)} correction"
            outcome.refuse("build-sft", Refusal(f"no_{name}_record", detail))
        if kind.of_solution is not None:
            lines += map(kind.of_solution, solutions.get(name, ()))
        for line in lines:
            _add(outcome, name, line, plan.shape if kind.shaped else None)
    return outcome


def _case(plan: Plan, bundle: Bundle, outcome: Outcome) -> Case:
    erroneous = ErroneousSolution.model_validate_json(bundle.erroneous)
    corrections = [Correction.model_validate_json(line) for line in bundle.corrections]
    texts = [solution_text(correction.steps, correction.final_answer) for correction in corrections]
    times = Counter(correction.strategy for correction in corrections)
    seen = {strategy: NearDuplicates(plan.near_duplicates, texts.__getitem__) for strategy in times}
    joined = []
    for number, (correction, smoothed) in enumerate(zip(corrections, bundle.smoothed, strict=True)):
        # Most often there is one for each strategy, and nothing to compare.
        earlier = seen[correction.strategy].earlier(number) if times[correction.strategy] > 1 else None
        if earlier is None:
            rewrite = _rewrite(plan, erroneous, correction, smoothed)
            joined.append(_joined(plan, erroneous, correction, rewrite))
            count_turn(outcome, joined[-1].rewritten)
            if smoothed is not None and rewrite is None:
                detail = f"correction {correction.id}: what comes before the turn is not what it was when rewritten"
                outcome.refuse("build-sft", Refusal("rewrite_mismatch", detail))
        else:
            detail = f"correction {correction.id} of {corrections[earlier].id}"
            outcome.refuse("build-sft", Refusal("near_duplicate", detail))
    return Case(erroneous, tuple(joined))


def _rewrite(
    plan: Plan, erroneous: ErroneousSolution, correction: Correction, line: bytes | None
) -> SmoothedTrajectory | None:
    """The rewrite that takes the place of a plain join. It fits only where it begins as that does: one that was cut
    after the first wrong step is no restart after the whole wrong solution.
    """
    if line is None:
        return None
    rewrite = SmoothedTrajectory.model_validate_json(line)
    begun = opening(erroneous, correction, plan.truncate)
    return rewrite if rewrite.segments[: len(begun)] == begun else None


def _joined(
    plan: Plan, erroneous: ErroneousSolution, correction: Correction, rewrite: SmoothedTrajectory | None
) -> Joined:
    if rewrite is not None:
        return Joined(correction, trajectory_of(erroneous, correction, rewrite.segments), rewritten=True)
    return Joined(correction, join(erroneous, correction, _phrase(plan, erroneous, correction), plan.truncate))


def _phrase(plan: Plan, erroneous: ErroneousSolution, correction: Correction) -> str:
    if isinstance(plan.reflections, ModelChoice):
        rng = random_for(plan.seed, "reflection", correction.id)
        return plan.reflections.phrase(_turn(plan, erroneous, correction), rng)
    return plan.reflections.phrase(erroneous, correction, plan.families[erroneous.error_type])


def _turn(plan: Plan, erroneous: ErroneousSolution, correction: Correction) -> Turn:
    """What a model would have said when it is to reflect, and the fitting phrases, each once."""
    phrases = load_phrases(correction.strategy)
    fitting = phrases.fitting(erroneous.error_type, plan.families[erroneous.error_type])
    candidates = dict.fromkeys(phrase.fill(erroneous.error_step + 1) for phrase in fitting)
    parts = {part.kind: part.text for part in join(erroneous, correction, "", plan.truncate).segments}
    after = parts["reflection"] + parts["correction"] if plan.score_correction else ""
    return Turn(erroneous.question, parts.get("prefix", "") + parts["error"], tuple(candidates), after)


def _score_phrases(turns: Iterator[Turn], scorer: Scorer, file: Path, console: Console) -> None:
    """Score the phrases of all turns here, as the model is too big for one in each worker."""
    with open_scores(file, scorer.name) as scores, console.status("scoring phrases") as status:
        for done in score_turns(turns, scorer, scores):
            status.update(f"scoring phrases: {done:,} turns done")


def _compare_ways(plan: Plan, sources: Sources, selection: Selection, scorer: Scorer, config: BuildSftConfig) -> None:
    """Measure, on some of the trajectories, what the model's choice of phrases gains; the report shows it."""
    if (config.run / CHOSEN_REFLECTIONS).exists():
        return
    places = list(islice(_compared(plan, sources, selection), _COMPARED))
    if places:
        with open_scores(config.run / PHRASE_SCORES, scorer.name) as scores:
            found = comparison.compare(places, Remembered(scorer, scores))
        comparison.write_comparison(config.run, str(config.model), found)


def _compared(plan: Plan, sources: Sources, selection: Selection) -> Iterator[comparison.Place]:
    modes: tuple[Mode, ...] = ("typed", "random")
    for erroneous, correction in _joined_by_phrase(plan, sources, selection):
        turn = _turn(replace(plan, score_correction=True), erroneous, correction)
        drawn: dict[comparison.Way, str] = {
            mode: PhraseDraw(mode, plan.seed).phrase(erroneous, correction, plan.families[erroneous.error_type])
            for mode in modes
        }
        drawn["model"] = _phrase(plan, erroneous, correction)
        yield comparison.Place(turn.question, turn.before, turn.after, drawn)


def _turns(plan: Plan, sources: Sources, selection: Selection) -> Iterator[Turn]:
    return (_turn(plan, *pair) for pair in _joined_by_phrase(plan, sources, selection))


def _joined_by_phrase(
    plan: Plan, sources: Sources, selection: Selection
) -> Iterator[tuple[ErroneousSolution, Correction]]:
    """What is joined by a phrase, where no rewrite takes its place."""
    for entry in selection.errors:
        # A line that is no record has no turn; a worker rejects it by name.
        with suppress(ValidationError):
            erroneous = ErroneousSolution.model_validate_json(sources.line(entry.place))
            for at in entry.corrections:
                correction = Correction.model_validate_json(sources.line(Place(CORRECTIONS.name, at)))
                if _rewrite(plan, erroneous, correction, sources.smoothed(at)) is None:
                    yield erroneous, correction


def right_solution(line: bytes) -> RightSolution:
    """An erroneous solution's reference, or a problem's solution. Raises ValidationError for a line of neither."""
    if "reference_steps" in orjson.loads(line):
        erroneous = ErroneousSolution.model_validate_json(line)
        return RightSolution(erroneous.problem_id, erroneous.question, erroneous.reference_steps, erroneous.gold_answer)
    problem = Problem.model_validate_json(line)
    steps = tuple(map(without_annotations, split_steps(problem.solution)))
    return RightSolution(problem.id, problem.question, steps, problem.answer)


def _add(outcome: Outcome, kind: str, line: Line, shape: Shape | None) -> None:
    columns = line.columns if shape is None else shaped(line, shape)
    outcome.add_line(records_file(kind), json_line(columns))
    count_record(outcome, kind, line)


def _notes(kinds: Mapping[str, RecordKind], selection: Selection, figures: Figures) -> Iterator[str]:
    for name, kind in kinds.items():
        records = sum(found.records for found in figures.records(name) if found.sort == RIGHT_SOLUTION)
        there = len(selection.right_solutions(kind))
        if records > there:
            yield f"{name}: {there:,} right solutions, each {records / there:.1f} times, make {records:,} records"
    turns = dict(figures.turns)
    if REWRITTEN in turns:
        yield f"{turns[REWRITTEN]:,} of {sum(turns.values()):,} trajectories were rewritten by a teacher (lemma smooth)"


def _example(plan: Plan, sources: Sources, selection: Selection) -> Iterator[str]:
    """A trajectory to look at: the first with all four segments, if there is one."""
    shown: list[str] = []
    for entry in selection.errors[:_LOOKED_THROUGH]:
        erroneous = ErroneousSolution.model_validate_json(sources.line(entry.place))
        at = entry.corrections[0]
        correction = Correction.model_validate_json(sources.line(Place(CORRECTIONS.name, at)))
        if erroneous.error_step > 0 or not shown:
            rewrite = _rewrite(plan, erroneous, correction, sources.smoothed(at))
            shown = list(preview(_joined(plan, erroneous, correction, rewrite).trajectory))
        if erroneous.error_step > 0:
            break
    yield from shown


COMMAND = Command(BuildSftConfig, run=build_sft, needs=(CORRECTIONS, ERRONEOUS), then="train")
