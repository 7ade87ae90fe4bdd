"""`lemma correct`: right solutions for the erroneous ones, from the reference solution or by a teacher.

`fix` continues from the right prefix with the reference's own step; `restart` solves the problem from the start
(arXiv 2503.17439, section 3.3). If the prefix differs from the reference's, as a student's does, the reference does not
say how to continue from it, so there is no symbolic `fix`.

    >>> [correction.steps for correction in corrections_of_reference(erroneous, ("fix", "restart"))]
    [('10 - 7 = 3',), ('3 + 4 = 7', '10 - 7 = 3')]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from lemma.arithmetic.equations import read_step
from lemma.config import CorrectConfig
from lemma.declaration import Command, Job
from lemma.engine.outcome import Product
from lemma.exceptions import Refusal
from lemma.grading.verdict import verdict
from lemma.locating.judge import numbered
from lemma.models.client import Client, ask_all
from lemma.models.prompts import load_prompt
from lemma.models.protocol import Request, Sampling, usable_text
from lemma.records import Correction, ErroneousSolution, Origin, Solution, Strategy, content_id
from lemma.run_files import CORRECTIONS, ERRONEOUS, SOLUTIONS
from lemma.rundir.lines import LineIndex
from lemma.rundir.sharing import Hold
from lemma.steps import split_steps, states_answer, without_answer_line
from lemma.trajectories.leaks import refuse_leaks

_PROMPTS: Mapping[Strategy, str] = {"fix": "correct_fix", "restart": "correct_restart"}


def plan(config: CorrectConfig, _hold: Hold) -> Job:
    """Correct by the reference, or by a teacher."""
    if config.teacher is None:
        return Job(partial(corrections_of_reference, strategies=config.strategies))
    right = _RightSolutions(SOLUTIONS.path(config.run))
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
    looks_up=(SOLUTIONS,),
    writes=(CORRECTIONS,),
    then="build-sft",
    calls=calls,
    fan_out=corrections_per_error,
)


def corrections_of_reference(
    erroneous: ErroneousSolution, strategies: Sequence[Strategy]
) -> Iterator[Correction | Refusal]:
    """The corrections that the reference solution gives."""
    at, reference = erroneous.error_step, erroneous.reference_steps
    if not reference:
        raise Refusal("no_reference", "the problem has no worked solution to follow")
    if at is None:
        if "restart" in strategies:
            yield _correction(erroneous, "restart", reference)
        else:
            yield Refusal("error_step_unknown", "only a restart corrects an error whose step is not known")
        return
    own_prefix = erroneous.steps[:at] != reference[:at]
    for strategy in strategies:
        if strategy == "restart":
            yield _correction(erroneous, strategy, reference)
        elif not own_prefix:
            # If the reference boxed its answer before the wrong step, the step that boxed it ends the correction.
            boxed = [step for step in reference if states_answer((step,))]
            rest = reference[at:]
            yield _correction(erroneous, strategy, rest if not boxed or states_answer(rest) else (boxed[-1],))
    if own_prefix and "fix" in strategies:
        detail = f"the first {at} steps are not the reference's; only a teacher can continue from them"
        yield Refusal("prefix_not_of_reference", detail)


def _correction(
    erroneous: ErroneousSolution,
    strategy: Strategy,
    steps: tuple[str, ...],
    origin: Origin = "symbolic",
    model: str = "reference",
) -> Correction:
    return Correction(
        id=content_id(erroneous.id, strategy, *steps, erroneous.gold_answer),
        erroneous_id=erroneous.id,
        strategy=strategy,
        steps=steps,
        final_answer=erroneous.gold_answer,
        origin=origin,
        model=model,
    )


class _RightSolutions:
    """The student's first right solution of each problem, if there is one."""

    def __init__(self, path: Path) -> None:
        self._lines = LineIndex(path, "sample", "problem_id", {"verdict": "equal"}) if path.exists() else None

    def steps(self, problem_id: str) -> tuple[str, ...] | None:
        """The steps of the right solution, or None."""
        line = self._lines and self._lines.find(problem_id)
        return Solution.model_validate_json(line).steps if line else None


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
            values["reference"] = "\n".join(right.steps(erroneous.problem_id) or erroneous.reference_steps)
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
    prefix, wrong, _ = erroneous.split
    if strategy == "fix" and prefix and steps[: len(prefix)] == prefix:
        steps = steps[len(prefix) :]  # some models repeat the prefix
    if not steps:
        raise Refusal("no_steps", text[:300])
    if erroneous.error_step is not None and wrong[0] in steps:
        raise Refusal("repeats_the_error", text[:300])
    for step in steps:
        if any(equation.holds is False for equation in read_step(step).equations):
            raise Refusal("false_equation", step)
    return _correction(erroneous, strategy, steps, "teacher", model)
