r"""The functions that `lemma` exports. docs/api.md shows them together.

Injecting, correcting and joining are done by the functions that the commands run, so a problem and a seed give the
same records as `lemma augment`, `lemma correct` and `lemma build-sft`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import Any, Generic, TypeVar

import orjson
from pydantic import ValidationError

from lemma.arithmetic.numbers import normal
from lemma.config import AugmentConfig, CorrectConfig
from lemma.engine.outcome import Product
from lemma.exceptions import ConfigError, Refusal, RunDirectoryError, did_you_mean, first_fault
from lemma.formats import record_kinds
from lemma.formats.kind import Case, Joined, Line, RightSolution
from lemma.formats.shapes import SHAPES, Shape, shaped
from lemma.grading.verdict import exact_value, verdict
from lemma.injectors.drawing import injection_plan
from lemma.injectors.symbolic import InjectionPlan, erroneous_solutions
from lemma.locating.graph import Finding, first_wrong_step
from lemma.records import (
    Continuation,
    Correction,
    DescribedError,
    ErroneousSolution,
    GeneratedProblem,
    Problem,
    Record,
    Rejection,
    SmoothedTrajectory,
    Solution,
    Strategy,
    TestedCritique,
    Trajectory,
)
from lemma.run_files import (
    CONTINUATIONS,
    CORRECTIONS,
    CRITIQUES,
    DESCRIBED,
    ERRONEOUS,
    EVOLVED,
    GENERATED,
    PROBLEMS,
    RECORDS,
    REJECTED,
    RUN_FILES,
    SMOOTHED,
    SOLUTIONS,
    RunFile,
    records_file,
)
from lemma.rundir.disk import json_line
from lemma.steps import split_steps, without_annotations
from lemma.taxonomy.error_types import load_taxonomy
from lemma.trajectories.corrections import corrections
from lemma.trajectories.joining import PhraseDraw
from lemma.trajectories.joining import join as join_with

Pair = tuple[ErroneousSolution, Correction]
JoinedPair = tuple[ErroneousSolution, Correction, Trajectory]
Item = TypeVar("Item")
Made = TypeVar("Made", bound=Record)


def inject(
    problem: Problem,
    types: str | Iterable[str] = "all",
    per_problem: int = 4,
    seed: int = 0,
    *,
    taxonomy: str | PathLike[str] | None = None,
) -> list[ErroneousSolution]:
    r"""Erroneous solutions of a problem: one error each, carried through the later steps, proved from the text.

    `types` are error types and families as `--types` takes them; `taxonomy` is a folder with error types of your own.

    >>> problem = Problem.of("Ada has 8 pens and buys 7. How many pens has she?", "She has 8 + 7 = 15 pens.\n#### 15")
    >>> wrong = inject(problem, types="calculation_error", per_problem=1)[0]
    >>> wrong.steps, wrong.error_step, wrong.final_answer
    (('She has 8 + 7 = 16 pens.',), 0, '16')

    Raises Refusal if the solution cannot be read or no error in it can be proved, ConfigError for an unknown type.
    """
    asked = tuple(types.split(",") if isinstance(types, str) else types)
    folder = None if taxonomy is None else Path(taxonomy)
    injected = erroneous_solutions(
        _injection(types=asked, per_problem=per_problem, seed=seed, taxonomy=folder), problem
    )
    if not injected.records:
        raise next(iter(injected.unread), injected.refusal())
    return list(injected.records)


def correct(
    erroneous: ErroneousSolution, strategies: str | Iterable[Strategy] = ("fix", "restart")
) -> list[Correction]:
    r"""Correct solutions made from the reference solution: `fix` repairs the wrong step, `restart` starts over in
    another way, if there is one.

    >>> problem = Problem.of("Ada has 3 boxes of 8 pens. How many pens has she?", "She has 3 * 8 = 24 pens.\n#### 24")
    >>> wrong = inject(problem, per_problem=1)[0]
    >>> [(right.strategy, right.steps) for right in correct(wrong)]
    [('fix', ('She has 3 * 8 = 24 pens.',))]

    Raises Refusal if no strategy applies, ConfigError for a strategy that does not exist.
    """
    asked = tuple(strategies.split(",") if isinstance(strategies, str) else strategies)
    config = CorrectConfig.from_mapping({"strategies": asked})
    return _made(corrections(erroneous, config.strategies), Correction)


@lru_cache(maxsize=64)
def _injection(**options: Any) -> InjectionPlan:
    """How errors are made with these options. Raises ConfigError for options that `lemma augment` does not take."""
    return injection_plan(AugmentConfig.from_mapping(options))


def _made(products: Iterable[Product], record: type[Made]) -> list[Made]:
    """The records among what a command's function yields. Raises the first Refusal if there are none."""
    found = list(products)
    made = [product for product in found if isinstance(product, record)]
    for product in found:
        if isinstance(product, Refusal) and not made:
            raise product
    return made


def locate(problem: Problem, solution: str | Sequence[str]) -> Finding | None:
    r"""The first wrong step of a solution, as text or as a list of steps, found by comparing it with the reference.

    >>> problem = Problem.of("Ada has 8 pens and buys 7. How many pens has she?", "She has 8 + 7 = 15 pens.\n#### 15")
    >>> finding = locate(problem, "She has 8 * 7 = 56 pens.\nThe answer is 56")
    >>> finding.step, finding.equation, finding.error_type
    (0, '8 * 7 = 56', 'operator_error')

    None if the solution reaches the gold answer: only solutions that end wrong are searched. Raises Refusal if the
    solution has no steps.
    """
    steps = split_steps(solution) if isinstance(solution, str) else tuple(solution)
    if not any(step.strip() for step in steps):
        raise Refusal("empty_solution", "the solution has no steps")
    if verdict(problem.answer, solution if isinstance(solution, str) else "\n".join(steps)) == "equal":
        return None
    gold = exact_value(problem.answer)
    reference = split_steps(problem.solution)
    return first_wrong_step(
        problem.question, reference, None if gold is None else normal(gold), [*map(without_annotations, steps)]
    )


def join(
    erroneous: ErroneousSolution,
    correction: Correction,
    reflection: str | None = None,
    seed: int = 0,
    *,
    taxonomy: str | PathLike[str] | None = None,
) -> Trajectory:
    r"""The trajectory from wrong to right. Without a `reflection`, one that fits the error type is drawn by the seed.

    >>> problem = Problem.of("Ada has 8 pens and buys 7. How many pens has she?", "She has 8 + 7 = 15 pens.\n#### 15")
    >>> wrong = inject(problem, types="calculation_error", per_problem=1)[0]
    >>> print(join(wrong, correct(wrong)[0], "Wait, I added wrongly.").text)
    She has 8 + 7 = 16 pens.
    Wait, I added wrongly.
    She has 8 + 7 = 15 pens.
    The answer is 15

    In a notebook, a trajectory is shown in color. Raises ConfigError for an error type that the taxonomy lacks.
    """
    if reflection is None:
        types = load_taxonomy(None if taxonomy is None else Path(taxonomy))
        family = types.family_of(erroneous.error_type)
        reflection = PhraseDraw("typed", seed).phrase(erroneous, correction, family)
    return join_with(erroneous, correction, reflection)


def to_records(
    items: Iterable[Problem | Pair | JoinedPair],
    kind: str = "lemma",
    shape: Shape = "prompt-completion",
    seed: int = 0,
    *,
    taxonomy: str | PathLike[str] | None = None,
) -> list[dict[str, Any]]:
    r"""Training records, one dict each, as `lemma build-sft` writes them to `sft/KIND.jsonl`.

    An item is an erroneous solution with a correction, `(wrong, right)`, or with a trajectory of your own as well,
    `(wrong, right, trajectory)`. A problem stands for its right solution. What the kind has no record for is left out.

    >>> problem = Problem.of("Ada has 8 pens and buys 7. How many pens has she?", "She has 8 + 7 = 15 pens.\n#### 15")
    >>> pairs = [(wrong, right) for wrong in inject(problem) for right in correct(wrong)]
    >>> list(to_records(pairs, kind="dpo")[0])
    ['prompt', 'chosen', 'rejected', 'pair', 'shared', 'error_type', 'erroneous_id', 'problem_id']
    >>> to_records([problem], kind="cot", shape="alpaca")[0]["output"]
    'She has 8 + 7 = 15 pens.\nThe answer is 15'

    Raises ConfigError for an unknown kind or shape. Near-duplicates are not removed.
    """
    if kind not in record_kinds():
        raise ConfigError(f"there is no record kind {kind!r}; {did_you_mean(kind, record_kinds())}")
    if shape not in SHAPES:
        raise ConfigError(f"there is no shape {shape!r}; {did_you_mean(shape, SHAPES)}")
    made = record_kinds()[kind]
    lines: list[Line] = []
    # As in build-sft, a kind sees an erroneous solution once, with all its corrections.
    cases: dict[str, tuple[ErroneousSolution, list[Joined]]] = {}
    for item in items:
        if isinstance(item, Problem):
            if made.of_solution is not None:
                steps = tuple(map(without_annotations, split_steps(item.solution)))
                lines.append(made.of_solution(RightSolution(item.id, item.question, steps, item.answer)))
            continue
        erroneous, correction = item[:2]
        trajectory = item[2] if len(item) == 3 else join(erroneous, correction, seed=seed, taxonomy=taxonomy)
        cases.setdefault(erroneous.id, (erroneous, []))[1].append(Joined(correction, trajectory))
    lines += [line for wrong, joined in cases.values() for line in made.records(Case(wrong, tuple(joined)))]
    columns = (shaped(line, shape) if made.shaped else line.columns for line in lines)
    return [orjson.loads(json_line(record)) for record in columns]


@dataclass(frozen=True, repr=False)
class RunRecords(Generic[Item]):
    """The records of one file of a run directory, read from disk again each time they are iterated."""

    path: Path
    made_by: str
    _parse: Callable[[bytes], Item]

    def __iter__(self) -> Iterator[Item]:
        for number, line in enumerate(self._lines(), start=1):
            try:
                yield self._parse(line)
            except ValidationError as error:
                raise RunDirectoryError(f"{self.path}, line {number}: {first_fault(error)}") from None
            except orjson.JSONDecodeError as error:
                raise RunDirectoryError(f"{self.path}, line {number}: not JSON ({error})") from None

    def __len__(self) -> int:
        return sum(1 for _ in self._lines())

    def __repr__(self) -> str:
        return f"<{len(self):,} records of {self.path}>" if self.path.exists() else f"<{self.path}, not made yet>"

    def _lines(self) -> Iterator[bytes]:
        """The lines. One without its newline is still being written, or was cut off by a kill."""
        try:
            with self.path.open("rb") as file:
                yield from (line for line in file if line.endswith(b"\n"))
        except FileNotFoundError:
            raise RunDirectoryError(f"{self.path} is not there; `lemma {self.made_by}` makes it") from None


@dataclass(frozen=True, repr=False)
class Run:
    """What is in a run directory. It is only read: another process may be writing to it meanwhile."""

    path: Path

    @property
    def generated(self) -> RunRecords[GeneratedProblem]:
        """Generated word problems (`generated.jsonl`)."""
        return self._records(GENERATED, GeneratedProblem)

    @property
    def problems(self) -> RunRecords[Problem]:
        """The problems (`problems.jsonl`)."""
        return self._records(PROBLEMS, Problem)

    @property
    def solutions(self) -> RunRecords[Solution]:
        """The student's graded solutions (`solutions.jsonl`)."""
        return self._records(SOLUTIONS, Solution)

    @property
    def erroneous(self) -> RunRecords[ErroneousSolution]:
        """The erroneous solutions (`erroneous.jsonl`)."""
        return self._records(ERRONEOUS, ErroneousSolution)

    @property
    def continuations(self) -> RunRecords[Continuation]:
        """What the student wrote after right prefixes of its wrong solutions (`continuations.jsonl`)."""
        return self._records(CONTINUATIONS, Continuation)

    @property
    def corrections(self) -> RunRecords[Correction]:
        """The corrections (`corrections.jsonl`)."""
        return self._records(CORRECTIONS, Correction)

    @property
    def smoothed(self) -> RunRecords[SmoothedTrajectory]:
        """The trajectories that a teacher rewrote (`smoothed.jsonl`)."""
        return self._records(SMOOTHED, SmoothedTrajectory)

    @property
    def critiques(self) -> RunRecords[TestedCritique]:
        """Critiques, and whether they help the student (`critiques.jsonl`)."""
        return self._records(CRITIQUES, TestedCritique)

    @property
    def described(self) -> RunRecords[DescribedError]:
        """Errors of unknown type, as a teacher describes them (`described.jsonl`)."""
        return self._records(DESCRIBED, DescribedError)

    @property
    def evolved(self) -> RunRecords[Problem]:
        """New problems like those that the student got wrong (`evolved.jsonl`)."""
        return self._records(EVOLVED, Problem)

    @property
    def rejected(self) -> RunRecords[Rejection]:
        """What was dropped, and why (`rejected.jsonl`)."""
        return self._records(REJECTED, Rejection)

    def records(self, kind: str = "lemma") -> RunRecords[dict[str, Any]]:
        """The training records of one kind (`sft/KIND.jsonl`), as dicts."""
        return RunRecords(self.path / records_file(kind), f"build-sft --records {kind}", orjson.loads)

    @property
    def files(self) -> tuple[str, ...]:
        """The files of records that are there, relative to the run directory."""
        there = [file.name for file in (*RUN_FILES, REJECTED) if file.path(self.path).exists()]
        return (*there, *(f"{RECORDS}/{path.name}" for path in sorted((self.path / RECORDS).glob("*.jsonl"))))

    def __repr__(self) -> str:
        return f"<run directory {self.path}: {', '.join(self.files) or 'no records yet'}>"

    def _records(self, file: RunFile, record: type[Made]) -> RunRecords[Made]:
        return RunRecords(file.path(self.path), next(iter(file.made_by), "augment"), record.model_validate_json)


def open_run(path: str | PathLike[str] = "lemma-run") -> Run:
    """A run directory, to iterate over the records in it. Each file is read line by line, never as a whole.

        run = lemma.open_run("lemma-run")
        len(run.erroneous)
        Counter(erroneous.error_type for erroneous in run.erroneous)
        datasets.Dataset.from_list(list(run.records("dpo")))

    Nothing is written and nothing is locked. Raises RunDirectoryError if the folder is not there; a file that is not
    there yet raises one that names the command that makes it.

    >>> open_run("no-such-folder")
    Traceback (most recent call last):
    lemma.exceptions.RunDirectoryError: no-such-folder is not there; `lemma augment --run no-such-folder` makes it
    """
    folder = Path(path)
    if not folder.is_dir():
        raise RunDirectoryError(f"{folder} is not there; `lemma augment --run {folder}` makes it")
    return Run(folder)
