"""`lemma correct`: right solutions for the erroneous ones, without a model or by a teacher.

`fix` continues from the right prefix; `restart` solves the problem from the start (arXiv 2503.17439, section 3.3), in
another way than the fix. Without a teacher, both come from the student's right continuations of its prefix and from its
right solutions, from the reference, or from the reference told in another way (`lemma.trajectories.corrections`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from lemma.config import CorrectConfig
from lemma.declaration import Command, Job
from lemma.engine.outcome import Product
from lemma.exceptions import Refusal
from lemma.grading.verdict import verdict
from lemma.locating.judge import numbered
from lemma.models.client import Client, ask_all
from lemma.models.prompts import load_prompt
from lemma.models.protocol import Request, Sampling, usable_text
from lemma.records import Continuation, Correction, ErroneousSolution, Solution, Strategy
from lemma.run_files import CONTINUATIONS, CORRECTIONS, ERRONEOUS, PROBLEMS, SOLUTIONS
from lemma.rundir.lines import LineIndex
from lemma.rundir.problems import StoredProblems
from lemma.rundir.sharing import Hold
from lemma.steps import split_steps, without_answer_line
from lemma.trajectories.corrections import KnownSolution, correction, corrections
from lemma.trajectories.leaks import refuse_leaks
from lemma.trajectories.right_solutions import check_fix, check_steps

_PROMPTS: Mapping[Strategy, str] = {"fix": "correct_fix", "restart": "correct_restart"}


def plan(config: CorrectConfig, _hold: Hold) -> Job:
    """Correct by the student's right solutions and the reference, or by a teacher."""
    right = _RightSolutions(config)
    if config.teacher is None:
        return Job(partial(correct, strategies=config.strategies, right=right))
    correcting = partial(corrections_of_teacher, config=config, model=config.teacher, right=right)
    return Job(correcting, model=config.teacher, prompts=tuple(_PROMPTS.values()))


def calls(config: CorrectConfig) -> int:
    """Model calls per erroneous solution."""
    return len(config.strategies) if config.teacher else 0


def corrections_per_error(config: CorrectConfig) -> int:
    """Corrections per erroneous solution, at most."""
    return len(config.strategies)


COMMAND = Command(
    CorrectConfig,
    plan,
    reads=ERRONEOUS,
    looks_up=(SOLUTIONS, PROBLEMS, CONTINUATIONS),
    writes=(CORRECTIONS,),
    then="build-sft",
    calls=calls,
    fan_out=corrections_per_error,
)


class _RightSolutions:
    """The right solutions of a run directory: those of the student, and the one of each problem."""

    def __init__(self, config: CorrectConfig) -> None:
        solutions, problems, continuations = (file.path(config.run) for file in (SOLUTIONS, PROBLEMS, CONTINUATIONS))
        where = {"verdict": "equal"}
        self._solutions = LineIndex(solutions, "sample", "problem_id", where) if solutions.exists() else None
        self._continuations = LineIndex(continuations, "analyze", "erroneous_id") if continuations.exists() else None
        self._problems = StoredProblems(problems, "augment") if problems.exists() else None

    def of_student(self, problem_id: str) -> list[KnownSolution]:
        """The student's right solutions of a problem, no two alike."""
        lines = self._solutions.find_all(problem_id) if self._solutions is not None else ()
        found = {one.steps: one for one in map(Solution.model_validate_json, lines)}
        return [KnownSolution(one.steps, one.origin, one.model) for one in found.values()]

    def continuing(self, erroneous: ErroneousSolution) -> list[Continuation]:
        """What the student wrote when it continued a right prefix of its wrong solution, and reached the answer."""
        lines = self._continuations.find_all(erroneous.id) if self._continuations is not None else ()
        return list(map(Continuation.model_validate_json, lines))

    def of(self, problem_id: str) -> list[KnownSolution]:
        """All right solutions of a problem."""
        problem = self._problems.get(problem_id) if self._problems is not None else None
        steps = split_steps(problem.solution) if problem is not None else ()
        return [*self.of_student(problem_id), *([KnownSolution(steps)] if steps else ())]


def correct(
    erroneous: ErroneousSolution, strategies: tuple[Strategy, ...], right: _RightSolutions
) -> Iterator[Correction | Refusal]:
    """The corrections of one erroneous solution without a teacher."""
    yield from corrections(erroneous, strategies, right.of(erroneous.problem_id), right.continuing(erroneous))


async def corrections_of_teacher(
    erroneous: ErroneousSolution, client: Client, *, config: CorrectConfig, model: str, right: _RightSolutions
) -> list[Product]:
    """The corrections that a teacher writes.

    For a restart it is shown a right solution of the student's own if there is one (arXiv 2503.17439, section 3.3).
    """
    sampling = Sampling(config.temperature, config.top_p, config.max_tokens)
    requests = []
    known = erroneous.error_step is not None
    strategies = [strategy for strategy in config.strategies if known or strategy == "restart"]
    end = erroneous.located_step + 1 if known else len(erroneous.steps)
    for strategy in strategies:
        values = {
            "question": erroneous.question,
            "numbered_steps": numbered(erroneous.steps[:end]),
            "reference": "\n".join(erroneous.reference_steps),
        }
        if strategy == "fix":
            values |= {"error_number": str(end), "explanation": erroneous.explanation}
        else:
            own = right.of_student(erroneous.problem_id)
            values["reference"] = "\n".join(own[0].steps if own else erroneous.reference_steps)
        requests.append(Request(model, load_prompt(_PROMPTS[strategy]).render(**values), sampling))
    made: list[Product] = []
    if not strategies:
        made.append(Refusal("error_step_unknown", "only a restart corrects an error whose step is not known"))
    for strategy, answer in zip(strategies, await ask_all(client, requests), strict=True):
        try:
            made.append(read_correction(erroneous, strategy, model, usable_text(answer)))
        except Refusal as refusal:
            made.append(Refusal(refusal.reason, f"{strategy}: {refusal}"))
    return made


def read_correction(erroneous: ErroneousSolution, strategy: Strategy, model: str, text: str) -> Correction:
    """The correction in a teacher's answer. Raises Refusal if it does not hold up, with what is wrong with it."""
    refuse_leaks(text, erroneous.question)
    judged = verdict(erroneous.gold_answer, text)
    if judged != "equal":
        raise Refusal("answer_wrong" if judged == "different" else "answer_unknown", text[-300:])
    steps = without_answer_line(split_steps(text))
    prefix = erroneous.split[0]
    if strategy == "fix" and prefix and steps[: len(prefix)] == prefix:
        steps = steps[len(prefix) :]  # some models repeat the prefix
    check_steps(erroneous, steps)
    if strategy == "fix":
        check_fix(erroneous, steps)
    return correction(erroneous, strategy, steps, "teacher", model)
