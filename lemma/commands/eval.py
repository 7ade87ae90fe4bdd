"""`lemma eval`: ask a model what the suites need, or take outputs that somebody has, and report with intervals.

Each evaluation has a folder of its own, `RUN/eval/NAME`, with every output (`outputs.jsonl`), the raw answers, and
`results.json`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import AbstractContextManager
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
from lemma.evaluation.asker import Asker
from lemma.evaluation.comparison import compare, comparison_tally
from lemma.evaluation.figures import Result, evaluate_figures
from lemma.evaluation.outputs import OUTPUTS, Condition, GradedOutput
from lemma.evaluation.probing import Plan, probe
from lemma.evaluation.problems import TestProblem, read_test_problems
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
from lemma.evaluation.stored import grade_stored, read_stored
from lemma.evaluation.suites import Suite, select_suites
from lemma.exceptions import ConfigError, DataError
from lemma.injectors.symbolic import InjectionPlan
from lemma.models.backend_choice import OPENAI, choose_backend
from lemma.models.client import Client
from lemma.models.prompts import Prompt, load_prompt, prompt_versions, read_prompt
from lemma.models.protocol import Sampling
from lemma.problems.loading import ProblemSource, open_problems
from lemma.records import Rejection, content_id
from lemma.run_files import EVALUATIONS, MODEL
from lemma.rundir.directory import RunDirectory
from lemma.rundir.disk import write_whole
from lemma.rundir.journal import Journal, Output
from lemma.rundir.lines import fingerprint
from lemma.taxonomy.error_types import load_taxonomy

_PROMPTS = {"question": "question", "chat": "solve", "completion": "solve_completion", "lemma": "solve_lemma"}
_SCRIPTED = "student"
_SCRIPTED_NOTE = (
    "no --model given, and none trained here: the built-in scripted student answered. Its answers are placeholders"
)
_IN_PROCESS = ("transformers", "vllm")


def evaluate(config: EvalConfig, console: Console) -> Summary:
    """Run the stage. Raises LemmaError for whatever a user can set right."""
    if config.compare is not None:
        return _compare(config, config.compare)
    suites = select_suites(config.suite, config.n)
    if config.from_ is not None:
        return _grade_stored(config, suites, config.from_, console)
    return _ask_model(config, suites, console)


def _ask_model(config: EvalConfig, suites: Mapping[str, Suite], console: Console) -> Summary:
    config, notes = _with_model(config)
    model = str(config.model)
    weights = _weights(model) if config.backend in _IN_PROCESS else ""
    prompt = _prompt(config.prompt)
    folder = _folder(config, config.name or _plain_name(model))
    here = config.model_copy(update={"run": folder})
    source = _open_problems(config)
    inputs = {"problems": source.fingerprint(), "prompt": prompt.version, "weights": weights, **_task_versions()}
    with _open(here, inputs) as journal, new_progress(console) as progress:
        plan = _plan(config, suites)

        def asking(item: TestProblem | Rejection, client: Client) -> Awaitable[Outcome]:
            sampling = Sampling(config.temperature, config.top_p, config.max_tokens)
            return probe(item, plan, Asker(client, model, f"{model} {weights}".strip(), prompt, sampling))

        items = islice(read_test_problems(source), config.limit)
        notes += run_calls(asking, items, journal=journal, config=here, model=model, progress=progress)
    facts = {"data": source.name, "prompt": config.prompt, "scripted": config.backend == "scripted"}
    return _report(here, suites, journal, notes, facts)


def _with_model(config: EvalConfig) -> tuple[EvalConfig, tuple[str, ...]]:
    """The model asked for, else the one that was trained in this run, else a scripted one; and its backend."""
    trained = config.run / MODEL
    notes: tuple[str, ...] = ()
    model, backend, prompt = config.model, config.backend, config.prompt
    if model is None and any((trained / name).exists() for name in ("config.json", "adapter_config.json")):
        model = str(trained)
    elif model is None:
        model, backend = _SCRIPTED, "scripted"
        prompt = "chat" if "prompt" not in config.model_fields_set else prompt
        notes = (
            "no --model given, and none trained here: the built-in scripted student answered; it understands nothing",
        )
    update = {
        "model": model,
        "prompt": prompt,
        "backend": choose_backend(backend, model, config.base_url),
        "base_url": config.base_url or OPENAI,
    }
    return config.model_copy(update=update), notes


def _open_problems(config: EvalConfig) -> ProblemSource:
    return open_problems(config.data, config.command, config.columns, config.split, solved=False, answered=False)


def _weights(model: str) -> str:
    """A hash of the weights in a folder, so that answers of a model are not taken for those of one trained later."""
    files = sorted(path for path in Path(model).glob("*") if path.suffix in (".safetensors", ".bin"))
    return content_id(*map(fingerprint, files)) if files else ""


def _prompt(name: str) -> Prompt:
    """A shipped prompt by its short name, or the user's own by its path."""
    if name in _PROMPTS:
        return load_prompt(_PROMPTS[name])
    if Path(name).suffix:
        return read_prompt(Path(name))
    raise ConfigError(f"--prompt {name}: there is none; there are: {', '.join(_PROMPTS)}, or the path of a .jinja file")


def _task_versions() -> dict[str, str]:
    from lemma.evaluation.blind_spot import PROMPT
    from lemma.evaluation.first_error import CORRECT_PROMPT, LOCATE_PROMPT

    return prompt_versions(PROMPT, CORRECT_PROMPT, LOCATE_PROMPT)


def _plan(config: EvalConfig, suites: Mapping[str, Suite]) -> Plan:
    conditions: set[Condition] = {condition for suite in suites.values() for condition in suite.conditions}
    types = {kind.id: kind.injector for kind in load_taxonomy().select(config.types) if kind.injector}
    if not types:
        raise ConfigError(f"--types {','.join(config.types)}: no symbolic injector makes any of these")
    injection = InjectionPlan(dict.fromkeys(types, 1.0), types, config.errors, config.seed)
    return Plan(frozenset(conditions), config.n, config.errors, config.seed, injection)


def _grade_stored(config: EvalConfig, suites: Mapping[str, Suite], file: str, console: Console) -> Summary:
    path = Path(file)
    if not path.is_file():
        raise DataError(f"--from {file} is not there; give a JSONL file of outputs")
    source = _open_problems(config)
    here = config.model_copy(update={"run": _folder(config, config.name or path.stem)})
    with (
        _open(here, {"problems": source.fingerprint(), "outputs": fingerprint(path)}) as journal,
        new_progress(console) as progress,
    ):
        run_stage(grade_stored, islice(read_stored(path, source), config.limit), journal, config.workers, progress)
    return _report(here, suites, journal, (), {"data": source.name, "from": path.name})


def _open(config: EvalConfig, inputs: Mapping[str, str]) -> AbstractContextManager[Journal]:
    return RunDirectory(config.run).open_stage(config, (Output(OUTPUTS),), inputs)


def _folder(config: EvalConfig, name: str) -> Path:
    return evaluation_folder(config.run, name)


def _plain_name(model: str) -> str:
    """A folder's name for a model: the end of its path or id."""
    return re.sub(r"[^\w.-]+", "-", model.rstrip("/").rpartition("/")[2]) or "model"


def _report(
    config: EvalConfig, suites: Mapping[str, Suite], journal: Journal, notes: tuple[str, ...], facts: Mapping[str, Any]
) -> Summary:
    rows = list(read_outputs(config.run))
    if not rows:
        return Summary(
            journal.made,
            journal.rejected,
            (),
            next=_next_words(config),
            notes=(*notes, "there are no outputs yet"),
        )
    figures = {name: suite.figures for name, suite in suites.items()}
    models = dict.fromkeys(row.model for row in rows)
    by_model = {
        model: evaluate_figures(figures, [r for r in rows if r.model == model], config.seed) for model in models
    }
    about = {"lemma": lemma.__version__, "seed": config.seed, "samples": config.n, "grades": grades_of(rows), **facts}
    file = write_results(config.run, about, by_model)
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
    folders = [_evaluated(config, name) for name in names]
    outputs: list[list[GradedOutput]] = [list(read_outputs(folder)) for folder in folders]
    suites = select_suites(config.suite, max((row.sample for rows in outputs for row in rows), default=0))
    compared = compare({name: suite.figures for name, suite in suites.items()}, outputs[0], outputs[1], config.seed)
    file = config.run / EVALUATIONS / f"{folders[0].name}-against-{folders[1].name}.json"
    write_whole(file, orjson.dumps(compared, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    scripted = [folder.name for folder in folders if is_scripted(folder)]
    tally = comparison_tally((folders[0].name, folders[1].name), compared, scripted)
    return Summary({}, {}, (file,), COMMAND.next_words(config), (tally,))


def _evaluated(config: EvalConfig, name: str) -> Path:
    for folder in (config.run / EVALUATIONS / name, Path(name)):
        if (folder / OUTPUTS).exists():
            return folder
    known = sorted(path.parent.name for path in (config.run / EVALUATIONS).glob(f"*/{RESULTS}"))
    raise DataError(
        f"--compare {name}: no such evaluation; there are: {', '.join(known) or 'none, run lemma eval first'}"
    )


def _next_words(config: EvalConfig) -> tuple[str, ...]:
    """What to type next; `config.run` is the folder of the evaluation, two levels below the run directory."""
    return COMMAND.next_words(config.model_copy(update={"run": config.run.parent.parent}))


COMMAND = Command(EvalConfig, run=evaluate, then="report")
