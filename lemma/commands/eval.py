"""`lemma eval`: ask a model what the suites need, or grade a file of outputs, and report metrics with intervals.

Each evaluation has a folder of its own, `RUN/eval/NAME`, with every output (`outputs.jsonl`), the raw responses, and
`results.json`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console

import lemma
from lemma.config import EvalConfig
from lemma.declaration import Command
from lemma.engine.calls import run_calls
from lemma.engine.outcome import Outcome
from lemma.engine.pool import run_stage
from lemma.engine.progress import new_progress
from lemma.engine.summary import Summary
from lemma.evaluation import blind_spot, first_error
from lemma.evaluation.asker import Asker
from lemma.evaluation.comparison import compare, comparison_tally
from lemma.evaluation.figures import Result, evaluate_figures
from lemma.evaluation.outputs import OUTPUTS, Condition, GradedOutput
from lemma.evaluation.pace import Pace
from lemma.evaluation.probing import Plan, probe
from lemma.evaluation.problems import TestProblem, read_test_problems
from lemma.evaluation.recovery import OWN, UNAIDED
from lemma.evaluation.results import (
    RESULTS,
    evaluation_folder,
    grades_of,
    is_scripted,
    ranking_tally,
    read_outputs,
    suite_tallies,
    write_results,
)
from lemma.evaluation.stored import StoredOutput, grade_stored, read_stored
from lemma.evaluation.suites import Suite, left_out, select_suites
from lemma.exceptions import ConfigError, DataError
from lemma.injectors.symbolic import InjectionPlan
from lemma.models.backend_choice import IN_PROCESS, OPENAI, choose_backend
from lemma.models.client import Client
from lemma.models.prompts import load_prompt, prompt_versions, read_prompt
from lemma.models.protocol import Sampling
from lemma.problems.loading import ProblemSource, open_problems
from lemma.records import Rejection, content_id
from lemma.run_files import EVALUATIONS, MODEL, PRACTICE_RUN, PRACTICE_TEST
from lemma.rundir.directory import RunDirectory
from lemma.rundir.disk import write_whole
from lemma.rundir.journal import Journal, Output
from lemma.rundir.lines import fingerprint
from lemma.rundir.manifest import read_manifest
from lemma.rundir.shards import Shard, inputs_of
from lemma.taxonomy.error_types import load_taxonomy
from lemma.training import practice

_PROMPTS = {"question": "question", "chat": "solve", "completion": "solve_completion", "lemma": "solve_lemma"}
_SCRIPTED = "student"
_SCRIPTED_NOTE = (
    "no --model given, and none trained here: the built-in scripted student answered. Its answers are placeholders"
)
_EMBEDDED_NOTE = (
    "the embedded model learns the form of the records, not to solve such problems: its figures show that the commands "
    "work, and nothing about the data. Give lemma train a --model"
)
_ABOUT = "about"
"""What run.json holds beside the settings, for the figures that are written at the end, also by `lemma merge`."""


def evaluate(config: EvalConfig, console: Console) -> Summary:
    """Ask a model, grade a file of outputs, or compare two evaluations. Raises LemmaError for what a user can fix."""
    if config.compare is not None:
        return _compare(config, config.compare)
    config = _as_practiced(config, console)
    suites = select_suites(config.suite, config.n)
    if config.from_ is not None:
        return _grade_stored(config, config.from_, console)
    return _ask_model(config, suites, console)


def _ask_model(config: EvalConfig, suites: Mapping[str, Suite], console: Console) -> Summary:
    config, notes = _with_model(config)
    model, weights = str(config.model), ""
    if config.backend in IN_PROCESS:
        # A hash of the weights, so that stored answers are not taken for those of a model trained later in this folder.
        files = sorted(path for path in Path(model).glob("*") if path.suffix in (".safetensors", ".bin"))
        weights = content_id(*map(fingerprint, files)) if files else ""
    if config.prompt in _PROMPTS:
        prompt = load_prompt(_PROMPTS[config.prompt])
    elif Path(config.prompt).suffix:
        prompt = read_prompt(Path(config.prompt))
    else:
        known = ", ".join(_PROMPTS)
        raise ConfigError(f"--prompt {config.prompt} is unknown; give one of {known}, or the path of a .jinja file")
    source = _open_problems(config)
    inputs = {
        "problems": source.fingerprint(),
        "prompt": prompt.version,
        "weights": weights,
        **prompt_versions(blind_spot.PROMPT, first_error.CORRECT_PROMPT, first_error.LOCATE_PROMPT),
    }
    name = config.name or re.sub(r"[^\w.-]+", "-", model.rstrip("/").rpartition("/")[2]) or "model"
    here = config.model_copy(update={"run": evaluation_folder(config.run, name)})
    with (
        RunDirectory(here.run).open_stage(here, (Output(OUTPUTS),), inputs) as journal,
        new_progress(console) as progress,
    ):
        conditions: set[Condition] = {condition for suite in suites.values() for condition in suite.conditions}
        types = {kind.id: kind.injector for kind in load_taxonomy().select(config.types) if kind.injector}
        if not types:
            raise ConfigError(f"--types {','.join(config.types)}: no symbolic injector makes any of these")
        injection = InjectionPlan(dict.fromkeys(types, 1.0), types, config.errors, config.seed)
        plan = Plan(frozenset(conditions), config.n, config.errors, config.seed, injection)
        sampling = Sampling(config.temperature, config.top_p, _most_tokens(config, Path(model)))

        def items() -> Iterator[Any]:
            return _of_shard(config, islice(read_test_problems(source), config.limit), journal)

        problems = sum(isinstance(item, TestProblem) for item in items())
        later = config.errors * len(conditions & set(OWN)) + 2 * bool(conditions & set(UNAIDED))
        pace = Pace(problems, later, lambda text: console.print(text, highlight=False))

        def asking(item: TestProblem | Rejection, client: Client) -> Awaitable[Outcome]:
            pace.begun += 1
            return probe(item, plan, Asker(client, model, f"{model} {weights}".strip(), prompt, sampling, pace))

        journal.remember(
            _ABOUT, {"data": source.name, "prompt": config.prompt, "scripted": config.backend == "scripted"}
        )
        notes += run_calls(asking, items(), journal=journal, config=here, models={model: here}, progress=progress)
    return close(here, journal, notes)


def _as_practiced(config: EvalConfig, console: Console) -> EvalConfig:
    """For the embedded model that trained on generated problems, and no other data: those that were held out.

    It is asked no more than it needs, unless an option says so.
    """
    trained, data = read_manifest(config.run).get("train"), config.run / PRACTICE_RUN / PRACTICE_TEST
    elsewhere = config.data or config.model or config.from_ or not (config.run / MODEL / "config.json").exists()
    if elsewhere or trained is None or trained["settings"]["preset"] != practice.PRESET or not data.exists():
        return config
    console.print(
        f"no data given: asking about {practice.HELD_OUT} generated problems, held out from those that the embedded "
        "model trained on",
        highlight=False,
        soft_wrap=True,
    )
    asked = {name: value for name, value in practice.EVALUATION.items() if name not in config.model_fields_set}
    return config.model_copy(update={"data": str(data), **asked})


def _most_tokens(config: EvalConfig, model: Path) -> int:
    """The limit that was given, else that of the model's folder, as the embedded model has one: its longest answer."""
    file = model / "generation_config.json"
    if "max_tokens" in config.model_fields_set or not file.is_file():
        return config.max_tokens
    return int(orjson.loads(file.read_bytes()).get("max_new_tokens") or config.max_tokens)


def _with_model(config: EvalConfig) -> tuple[EvalConfig, tuple[str, ...]]:
    """Fill in the model and its backend: the model given, else the one trained in this run, else a scripted one."""
    trained = config.run / MODEL
    notes: tuple[str, ...] = ()
    model, backend, prompt = config.model, config.backend, config.prompt
    if model is None and any((trained / name).exists() for name in ("config.json", "adapter_config.json")):
        model = str(trained)
        settings = read_manifest(config.run).get("train", {}).get("settings", {})
        if settings.get("preset") == "tiny" and settings.get("model") is None:
            notes = (_EMBEDDED_NOTE,)
    elif model is None:
        model, backend = _SCRIPTED, "scripted"
        prompt = "chat" if "prompt" not in config.model_fields_set else prompt
        notes = (_SCRIPTED_NOTE,)
    update = {
        "model": model,
        "prompt": prompt,
        "backend": choose_backend(backend, model, config.base_url),
        "base_url": config.base_url or OPENAI,
    }
    return config.model_copy(update=update), notes


def _open_problems(config: EvalConfig) -> ProblemSource:
    return open_problems(
        config.data,
        config.command,
        config.columns,
        config.split,
        solved=False,
        answered=False,
        config=config.config,
    )


def _grade_stored(config: EvalConfig, file: str, console: Console) -> Summary:
    path = Path(file)
    if not path.is_file():
        raise DataError(f"--from {file} does not exist; give a JSONL file of outputs")
    source = _open_problems(config)
    inputs = {"problems": source.fingerprint(), "outputs": fingerprint(path)}
    here = config.model_copy(update={"run": evaluation_folder(config.run, config.name or path.stem)})
    with (
        RunDirectory(here.run).open_stage(here, (Output(OUTPUTS),), inputs) as journal,
        new_progress(console) as progress,
    ):
        journal.remember(_ABOUT, {"data": source.name, "from": path.name})
        rows = _of_shard(config, islice(read_stored(path, source), config.limit), journal)
        run_stage(grade_stored, rows, journal, config.workers, progress, engine=config.engine)
    return close(here, journal)


def _of_shard(
    config: EvalConfig, items: Iterator[TestProblem | StoredOutput | Rejection], journal: Journal
) -> Iterator[Any]:
    """The inputs, or those of the shard: all outputs and labeled solutions of a problem are in the same one."""
    if config.shard is None:
        return items

    def problem_of(item: TestProblem | StoredOutput | Rejection) -> str:
        return item.id if isinstance(item, Rejection) else item.problem_id

    return inputs_of(Shard.of(config.shard), items, journal, problem_of=problem_of)


def close(config: EvalConfig, journal: Journal, notes: tuple[str, ...] = ()) -> Summary:
    """Write the figures of the outputs that are there, and show them."""
    suites, facts = select_suites(config.suite, config.n), journal.noted(_ABOUT)
    rows = list(read_outputs(config.run))
    if not rows:
        notes = (*notes, "there are no outputs yet")
        most = max(journal.rejected, key=lambda reason: journal.rejected[reason], default="")
        failure = f"no output could be graded, most often because of {most}; see rejected.jsonl" if most else ""
        return Summary(journal.made, journal.rejected, (), _next_words(config), notes=notes, failure=failure)
    figures = {name: suite.figures for name, suite in suites.items()}
    models = dict.fromkeys(row.model for row in rows)
    by_model = {
        model: evaluate_figures(figures, [r for r in rows if r.model == model], config.seed) for model in models
    }
    about = {"lemma": lemma.__version__, "seed": config.seed, "samples": config.n, "grades": grades_of(rows), **facts}
    file = write_results(config.run, about, by_model)
    notes = (*notes, *left_out(suites, journal.rejected))
    only: Sequence[Result] = next(iter(by_model.values()))
    tallies = (ranking_tally(by_model),) if len(by_model) > 1 else tuple(suite_tallies(only, is_scripted(config.run)))
    return Summary(
        made=journal.made,
        rejected=journal.rejected,
        files=(config.run / OUTPUTS, file),
        next=_next_words(config),
        tallies=tallies,
        notes=(*notes, "grades: " + ", ".join(f"{count:,} {name}" for name, count in grades_of(rows).items())),
    )


def _compare(config: EvalConfig, names: tuple[str, str]) -> Summary:
    folders: list[Path] = []
    for name in names:
        places = (config.run / EVALUATIONS / name, Path(name))
        folder = next((place for place in places if (place / OUTPUTS).exists()), None)
        if folder is None:
            known = sorted(path.parent.name for path in (config.run / EVALUATIONS).glob(f"*/{RESULTS}"))
            hint = f"there are: {', '.join(known)}" if known else "run `lemma eval` first"
            raise DataError(f"--compare {name}: there is no such evaluation; {hint}")
        folders.append(folder)
    outputs: list[list[GradedOutput]] = [list(read_outputs(folder)) for folder in folders]
    suites = select_suites(config.suite, max((row.sample for rows in outputs for row in rows), default=0))
    compared = compare({name: suite.figures for name, suite in suites.items()}, outputs[0], outputs[1], config.seed)
    file = config.run / EVALUATIONS / f"{folders[0].name}-against-{folders[1].name}.json"
    write_whole(file, orjson.dumps(compared, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    scripted = [folder.name for folder in folders if is_scripted(folder)]
    tally = comparison_tally((folders[0].name, folders[1].name), compared, scripted)
    return Summary({}, {}, (file,), COMMAND.next_words(config), (tally,))


def _next_words(config: EvalConfig) -> tuple[str, ...]:
    """The next command. `config.run` is the folder of the evaluation, two levels below the run directory."""
    return COMMAND.next_words(config.model_copy(update={"run": config.run.parent.parent}))


COMMAND = Command(EvalConfig, run=evaluate, appends=(Output(OUTPUTS),), closing=close, then="report")
