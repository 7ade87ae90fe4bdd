"""`lemma run`: the commands of a pipeline file in order, each resuming where it stopped.

A command that reads, line by line, the file that the command before it writes runs side by side with it: each problem
moves on as soon as it is ready.

    lemma run offline
    lemma run lemma --set teacher=gpt-4o,model=student,data=gsm8k.jsonl
    lemma run my_pipeline.yaml --run some-run

A file lists commands with their options; options under `all` go to every command that has them:

    all: {seed: 1}
    stages:
      - augment: {types: "calc,logic", per_problem: 4}
      - correct:
      - build-sft: {records: "lemma,dpo"}

`--set` overrides the file. `student_base_url` sets `base_url` for the commands whose model is the student, and likewise
every option of a model, with `student_` or `teacher_`. `{run}` in a value stands for the run directory. Every option is
checked before the first command runs. A pipeline with a `{student}` has rounds, each in a run directory of its own: the
student that one trains is the one that the next samples (`lemma run on-policy --rounds 2`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from lemma.config import AugmentConfig, RunConfig
from lemma.declaration import Command, command_named
from lemma.engine.estimates import Stage, estimate, tally
from lemma.engine.progress import new_progress
from lemma.engine.side_by_side import flowing_groups, run_side_by_side
from lemma.engine.summary import Summary, print_summary
from lemma.evaluation.rounds import compare_rounds
from lemma.exceptions import ConfigError
from lemma.models.backend_choice import choose_backend
from lemma.models.costs import read_prices
from lemma.options import ModelConfig, StageConfig
from lemma.pipelines import Round, read_pipeline
from lemma.problems.loading import open_problems
from lemma.resources import own_prompts
from lemma.run_files import DISTRIBUTION, ERRONEOUS, PROBLEMS
from lemma.rundir.manifest import read_manifest
from lemma.runner import run_alone, run_command, run_prerequisites
from lemma.taxonomy.distributions import load_distribution
from lemma.taxonomy.error_types import load_taxonomy
from lemma.taxonomy.places import load_places

_IN_PROCESS = ("vllm", "transformers")


def run(config: RunConfig, console: Console) -> None:
    """Run all commands. Raises ConfigError if an option cannot be used, before the first command runs."""
    pipeline = read_pipeline(config)
    rounds = pipeline.rounds(config.run, config.rounds)
    stages = [stage for one in rounds for stage in one.stages]
    if config.dry_run:
        # What a student will be asked that is yet to be trained is not known; the first round stands for the others.
        estimates = estimate(map(facts_for_estimate, rounds[0].stages))
        notes = ["no model was asked (--dry-run)", *([f"for one of {len(rounds)} parts"] if len(rounds) > 1 else [])]
        print_summary(Summary({}, {}, (), tallies=(tally(estimates),), notes=tuple(notes)))
        return
    for one in rounds:
        run_stages(one, console, last=one is rounds[-1])
    _print_total(stages)
    if pipeline.has_rounds:
        print_summary(compare_rounds(config.run, {one.name: one.run for one in rounds}))


def run_stages(one: Round, console: Console, *, last: bool) -> None:
    """Run the commands of a pipeline, or of a round, side by side where they can."""
    done, title = 0, f"{one.name}, " if one.name else ""
    for stages in flowing_groups(one.stages, flows_into):
        group = [_usable(stage, console) for stage in stages]
        for number, stage in enumerate(group, start=done + 1):
            beside = f", beside {number - 1}" if stage is not group[0] else ""
            console.print(f"[bold]{title}{number} of {len(one.stages)}: lemma {stage.command}{beside}[/bold]")
        done += len(group)
        ends = last and done == len(one.stages)
        if len(group) == 1:
            run_command(group[0], console, last=ends)
            continue
        run_prerequisites(group[0], console)
        with new_progress(console) as progress, own_prompts(getattr(group[0], "prompts", None)):
            summaries = run_side_by_side(group, lambda stage, hold: run_alone(stage, console, hold, progress), console)
        for summary in summaries:
            print_summary(summary, ends and summary is summaries[-1])


COMMAND = Command(RunConfig, run=run)


def _usable(stage: StageConfig, console: Console) -> StageConfig:
    """A stage of `augment` without the distribution and the places of an analysis that found nothing to count."""
    if not isinstance(stage, AugmentConfig):
        return stage
    changed: dict[str, Any] = {}
    try:
        if stage.distribution is not None and stage.distribution == str(stage.run / DISTRIBUTION):
            load_distribution(stage.distribution, load_taxonomy(stage.taxonomy))
    except ConfigError as error:
        changed["distribution"] = None
        console.print(f"no type is known of the student's errors, so all are drawn alike ({error})", markup=False)
    try:
        if stage.places is not None and stage.places == str(stage.run / DISTRIBUTION):
            load_places(stage.places)
    except ConfigError as error:
        changed["places"] = None
        console.print(f"the places of real errors are used ({error})", markup=False)
    return stage.model_copy(update=changed) if changed else stage


def flows_into(before: StageConfig, after: StageConfig) -> bool:
    """Whether a command can run side by side with the one before it, reading its lines as they are written."""
    maker, reader = (command_named(config.command).with_options(config) for config in (before, after))
    if before.run != after.run or reader.reads is None or reader.reads not in maker.writes:
        return False
    # A model in this process takes the whole machine, so nothing else can run.
    models = [config for config in (before, after) if isinstance(config, ModelConfig)]
    return not any(
        choose_backend(config.backend, config.asked() or "student", config.base_url) in _IN_PROCESS for config in models
    )


def facts_for_estimate(stage: StageConfig) -> Stage:
    """What an estimate needs to know about a command of the pipeline."""
    command = command_named(stage.command).with_options(stage)
    problems, price = None, None
    # Labeled solutions that `analyze` reads from a file are not counted: no model is asked about them.
    if command.reads is None and PROBLEMS in command.writes and not command.imports:
        data = getattr(stage, "from_", None) or getattr(stage, "data", None)
        columns, split = getattr(stage, "columns", {}), getattr(stage, "split", "train")
        config, limit = getattr(stage, "config", None), getattr(stage, "limit", None)
        problems = open_problems(data, stage.command, columns, split, solved=False, config=config, limit=limit)
    model = stage.asked() if isinstance(stage, ModelConfig) else None
    if isinstance(stage, ModelConfig) and stage.prices is not None and model is not None:
        price = read_prices(stage.prices).get(model)
    return Stage(
        command=stage.command,
        source=problems,
        reads=(command.reads or ERRONEOUS).name,
        writes=tuple(file.name for file in command.writes if file is not PROBLEMS),
        fan_out=command.fan_out(stage) if command.fan_out else 1,
        calls=command.calls(stage) if command.calls else 0,
        model=model,
        max_tokens=getattr(stage, "max_tokens", 0),
        price=price,
    )


def _print_total(stages: Sequence[StageConfig]) -> None:
    """Print calls, tokens and cost of all commands of the pipeline that asked a model."""
    total: Counter[str] = Counter()
    seconds, usd, priced = 0.0, 0.0, True
    for stage in stages:
        entry = read_manifest(stage.run).get(stage.command, {})
        seconds += float(entry.get("seconds", 0))
        used = entry.get("model")
        if isinstance(used, dict):
            total.update({name: int(used.get(name) or 0) for name in ("calls", "prompt_tokens", "completion_tokens")})
            priced = priced and used.get("cost_usd") is not None
            usd += float(used.get("cost_usd") or 0)
    if not total:
        return
    cost = f", {usd:,.3f} USD" if priced else ""
    tokens = f"{total['prompt_tokens']:,} + {total['completion_tokens']:,} tokens"
    Console(highlight=False, soft_wrap=True).print(
        f"total: {total['calls']:,} calls, {tokens}{cost}, {seconds:,.0f} s of work"
    )
