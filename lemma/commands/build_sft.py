"""`lemma build-sft`: join wrong, reflection and right into trajectories, and write records of any kind and shape.

    lemma build-sft --records lemma,dpo --mix cot=0.3 --exclude gsm8k_test.jsonl

A trajectory that `lemma smooth` rewrote is used as it is. The others are joined with a phrase at the turn, drawn from a
list or, with `--reflections model`, by the likelihood that the model to be trained gives it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console

from lemma.config import BuildSftConfig
from lemma.dataset.card import CardFacts, write_card
from lemma.dataset.cases import Joining, right_solution
from lemma.dataset.figures import REWRITTEN, Figures, count_error, count_record, count_turn, preview
from lemma.dataset.hub import push_to_hub
from lemma.dataset.mixing import cot_share
from lemma.dataset.parquet import write_parquet
from lemma.dataset.selection import Bundle, Selection, bundles, select
from lemma.dataset.sources import Sources, source_fingerprints
from lemma.dataset.unsure import least_sure
from lemma.declaration import Command
from lemma.engine.outcome import Outcome
from lemma.engine.pool import run_stage
from lemma.engine.progress import new_progress
from lemma.engine.summary import Summary
from lemma.exceptions import ConfigError, Refusal, did_you_mean, first_fault
from lemma.formats import record_kinds
from lemma.formats.kind import RIGHT_SOLUTION, RecordKind, as_thought
from lemma.formats.shapes import Shape, shaped
from lemma.models.backend_choice import OPENAI, choose_backend
from lemma.models.factory import open_scorer
from lemma.models.prompts import prompt_versions
from lemma.models.scoring import Scorer
from lemma.problems.loading import open_problems
from lemma.problems.similarity import TestQuestions
from lemma.records import Rejection
from lemma.run_files import CHOSEN_REFLECTIONS, CORRECTIONS, ERRONEOUS, PHRASE_SCORES, RECORDS, records_file
from lemma.rundir.directory import RunDirectory
from lemma.rundir.disk import json_line
from lemma.rundir.journal import Output
from lemma.taxonomy.error_types import load_taxonomy
from lemma.trajectories.checks import load_checks
from lemma.trajectories.joining import PhraseDraw
from lemma.trajectories.model_choice import ModelChoice, compare_ways, score_phrases
from lemma.trajectories.phrase_comparison import write_comparison
from lemma.trajectories.phrase_scores import Remembered, open_scores
from lemma.trajectories.phrases import load_phrases
from lemma.trajectories.rechecks import load_rechecks

_OTHERS_PER_TURN = 4


def build_sft(config: BuildSftConfig, console: Console) -> Summary:
    """Select, join, and write the records and their dataset card."""
    kinds = _kinds(config)
    share = cot_share(config.mix, kinds)
    phrases, scorer = _phrases(config)
    for file in config.exclude:
        open_problems(file, config.command)  # a missing one is said before anything is read
    wording = _wording(config, kinds)
    inputs = source_fingerprints(config.run, config.smoothed) | wording
    if scorer is not None:
        inputs |= {"phrase model": scorer.name}
    with Sources(config.run, config.strategies, config.smoothed) as sources:
        taxonomy = load_taxonomy(config.taxonomy)
        families = {name: taxonomy.family_of(name) for name in sorted(sources.error_types)}
        rate = 0.5 if config.retry_rate is None else config.retry_rate
        errors = (config.truncate, config.near_duplicates, families, config.turns, rate)
        joining = Joining(phrases, *errors, config.verify_rate or 0.0, config.recheck_rate)
        outputs = tuple(Output(records_file(kind)) for kind in kinds)
        with RunDirectory(config.run).open_stage(config, outputs, inputs) as journal, new_progress(console) as progress:
            if not journal.done:
                _remove_earlier(config.run, kinds)
            selection = select(sources, TestQuestions(config.exclude, config.command), config.near_duplicates, kinds)
            if scorer is not None and config.unsure is not None:
                selection = _least_sure(config.run, sources, selection, config.unsure, scorer)
            if scorer is not None and isinstance(phrases, ModelChoice):
                # In this process, as the model is too large to load in every worker.
                with console.status("scoring phrases") as status:
                    for done in score_phrases(joining.turning_points(sources, selection), phrases, scorer):
                        status.update(f"scoring phrases: {done:,} turns done")
                if not (config.run / CHOSEN_REFLECTIONS).exists():
                    compared = compare_ways(joining.turning_points(sources, selection), phrases, scorer)
                    write_comparison(config.run, str(config.model), compared)
            # Not every other error fits, so there are more to choose from than turns.
            others = _OTHERS_PER_TURN * (config.turns - 1)
            items = bundles(sources, selection, kinds, cot_share=share, seed=config.seed, others=others)
            keep = config.thoughts == "keep"
            building = partial(build_records, tuple(kinds), config.shape, joining, thoughts=keep)
            run_stage(building, items, journal, config.workers, progress, total=len(selection), engine=config.engine)
            figures = Figures(journal.counts)
            facts = CardFacts(config, kinds, figures, journal.rejected, sources.problems, wording)
            made = [config.run / records_file(kind) for kind in kinds]
            made += map(write_parquet, made[:] if config.parquet else ())
            files = (*made, *write_card(config.run / RECORDS, facts))
            notes = [*_notes(kinds, selection, figures)]
            if (example := joining.example(sources, selection)) is not None:
                notes += preview(example)
            if config.push_to_hub is not None:
                notes.append(push_to_hub(config.run / RECORDS, config.push_to_hub))
            return Summary(
                made={f"{kind} records": figures.total(kind) for kind in kinds},
                rejected=journal.rejected,
                files=files,
                next=COMMAND.next_words(config),
                tallies=(figures.tally(kinds),),
                notes=tuple(notes),
            )


def _remove_earlier(run: Path, kinds: Mapping[str, RecordKind]) -> None:
    """Files of an earlier build would pass for part of this one: other kinds, and all Parquet files."""
    for kind in record_kinds():
        lines = run / records_file(kind)
        lines.with_suffix(".parquet").unlink(missing_ok=True)
        if kind not in kinds:
            lines.unlink(missing_ok=True)
    (run / CHOSEN_REFLECTIONS).unlink(missing_ok=True)


def _least_sure(run: Path, sources: Sources, selection: Selection, share: float, scorer: Scorer) -> Selection:
    """The share of the student's own errors that the model was least sure of. Its scores are kept."""
    from lemma.trajectories.certainty import least_words  # loads numpy, which nothing else here needs

    with open_scores(run / PHRASE_SCORES, scorer.name) as scores:
        return least_sure(sources, selection, share, partial(least_words, scorer=Remembered(scorer, scores)))


def _wording(config: BuildSftConfig, kinds: dict[str, RecordKind]) -> dict[str, str]:
    """What is said in records, by version: a changed phrase or prompt asks for a fresh start."""
    wording = {f"phrases {strategy}": load_phrases(strategy).version for strategy in config.strategies}
    wording |= prompt_versions(*(name for kind in kinds.values() for name in kind.prompts))
    rechecks = {} if config.recheck_rate is None else {"rechecks": load_rechecks().version}
    return wording | rechecks | ({"checks": load_checks().version} if config.verify_rate or rechecks else {})


def _kinds(config: BuildSftConfig) -> dict[str, RecordKind]:
    """The kinds of `--records`. Raises ConfigError if one is unknown, or needs corrections that are not selected."""
    known = record_kinds()
    for name in config.records:
        if name not in known:
            raise ConfigError(f"--records {name}: there is no such kind of record; {did_you_mean(name, known)}")
        if known[name].needs and not set(known[name].needs) & set(config.strategies):
            raise ConfigError(f"--records {name} needs --strategies {' or '.join(known[name].needs)}")
        if config.thoughts == "keep" and not known[name].thinks:
            thinking = ", ".join(kind for kind in known if known[kind].thinks)
            raise ConfigError(f"--records {name} has no place for a thought; --thoughts keep goes with {thinking}")
    if not config.records:
        raise ConfigError(f"--records is empty; give one or more of {', '.join(known)}")
    return {name: known[name] for name in dict.fromkeys(config.records)}


def _phrases(config: BuildSftConfig) -> tuple[PhraseDraw | ModelChoice, Scorer | None]:
    """How phrases are chosen, and the model that has to score them, or the student's steps, first."""
    if config.reflections == "model" and config.turns > 1:
        raise ConfigError("--turns draws a phrase for each turn; give --reflections typed or random")
    if config.verify_rate and config.recheck_rate is not None:
        raise ConfigError("--verify-rate and --recheck-rate conflict; pass only one")
    if config.reflections != "model" and config.unsure is None:
        return PhraseDraw(config.reflections, config.seed), None
    if config.model is None:
        what = "--unsure asks how sure a model was of its steps"
        what = what if config.unsure is not None else "--reflections model chooses phrases by a model's likelihood"
        raise ConfigError(f"{what}; give the model with --model")
    backend = choose_backend(config.backend, config.model, config.base_url)
    scorer = open_scorer(backend, config.model, config.base_url or OPENAI, config.key_variable)
    if config.reflections != "model":
        return PhraseDraw(config.reflections, config.seed), scorer
    choice = ModelChoice(
        file=config.run / PHRASE_SCORES,
        model=scorer.name,
        temperature=config.temperature,
        seed=config.seed,
        truncate=config.truncate,
        score_correction=config.score_correction,
    )
    return choice, scorer


def build_records(
    kinds: tuple[str, ...], shape: Shape, joining: Joining, item: Bundle | Rejection, *, thoughts: bool = False
) -> Outcome:
    """The records of one erroneous solution, and of the right solutions mixed in with it."""
    outcome = Outcome(item.id)
    if isinstance(item, Rejection):
        outcome.reject(item)
        return outcome
    try:
        case, refusals = joining.case(item)
        solutions = {name: list(map(right_solution, lines)) for name, lines in item.solutions.items()}
    except ValidationError as error:
        outcome.refuse("build-sft", Refusal("invalid_record", first_fault(error)))
        return outcome
    for refusal in refusals:
        outcome.refuse("build-sft", refusal)
    for joined in case.joined:
        count_turn(outcome, joined.rewritten)
    count_error(outcome, case.erroneous)
    for name in kinds:
        kind = record_kinds()[name]
        lines = list(kind.records(case))
        if kind.of_error is not None and not lines:
            detail = f"needs a {' or '.join(kind.needs) or 'known'} correction"
            if kind.needs_step and case.erroneous.error_step is None:
                detail = "the first wrong step is not known"
            elif kind.needs_explanation and not case.erroneous.explanation.strip():
                detail = "nothing says what is wrong with the step"
            elif not kind.takes(True, True, case.gain):
                detail = f"its critique does not help the student (gain {case.gain:g})"
            outcome.refuse("build-sft", Refusal(f"no_{name}_record", detail))
        if kind.of_solution is not None:
            lines += map(kind.of_solution, map(joining.checked_solution, solutions.get(name, ())))
        for line in map(as_thought, lines) if thoughts else lines:
            outcome.add_line(records_file(name), json_line(shaped(line, shape) if kind.shaped else line.columns))
            count_record(outcome, name, line)
    return outcome


def _notes(kinds: Mapping[str, RecordKind], selection: Selection, figures: Figures) -> Iterator[str]:
    """How often right solutions are repeated, and how many trajectories were rewritten."""
    for name, kind in kinds.items():
        records = sum(found.records for found in figures.records(name) if found.sort == RIGHT_SOLUTION)
        available = len(selection.right_solutions(kind))
        if kind.shows_solutions:
            available += len(selection.own_solutions)
        if not records and kind.right_solutions == "half" and figures.total(name):
            yield f"{name}: there are no right solutions, so every record is about a wrong one"
        if records > available > 0:
            times = records / available
            yield f"{name}: {available:,} right solutions, used {times:.1f} times each, make {records:,} records"
    origins = dict(figures.origins)
    own, errors = origins.get("student", 0), sum(origins.values())
    shown = ((own, "the student's own"), (errors - own, "injected"))
    if errors:
        shares = (f"{count / errors:.0%} {name} ({count:,})" for count, name in shown)
        yield f"errors: {', '.join(shares)}"
    if errors and not own:
        yield (
            "warning: all errors are injected. A model that is trained on these alone recognizes injected errors, not "
            "its own (arXiv 2512.02389); add its own with `lemma sample` and `lemma analyze`"
        )
    turns = dict(figures.turns)
    if REWRITTEN in turns:
        yield f"{turns[REWRITTEN]:,} of {sum(turns.values()):,} trajectories were rewritten by a teacher (lemma smooth)"


COMMAND = Command(BuildSftConfig, run=build_sft, needs=(CORRECTIONS, ERRONEOUS), then="train")
