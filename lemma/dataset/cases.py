"""Join each error with its corrections into a case, from which records of any kind are made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice

import orjson
from pydantic import ValidationError

from lemma.dataset.entries import Place
from lemma.dataset.selection import Bundle, Selection
from lemma.dataset.sources import Sources
from lemma.exceptions import Refusal
from lemma.formats.kind import Case, Joined, RightSolution
from lemma.problems.similarity import NearDuplicates
from lemma.records import (
    Correction,
    ErroneousSolution,
    Problem,
    Segment,
    SmoothedTrajectory,
    Solution,
    Trajectory,
    content_id,
)
from lemma.run_files import CORRECTIONS
from lemma.statistics import random_for
from lemma.steps import solution_text, split_steps, states_answer, without_annotations
from lemma.trajectories.checks import RIGHT_STEP, checked, known_lines
from lemma.trajectories.joining import PhraseDraw, Truncation, join, opening, trajectory_of
from lemma.trajectories.model_choice import ModelChoice, TurningPoint
from lemma.trajectories.rechecks import rechecked
from lemma.trajectories.several_turns import Turn, fits_into, leaves_out, restarted, retried

_EXAMPLES_TRIED = 100


@dataclass(frozen=True)
class Joining:
    """How errors and corrections are joined. `families` are those of the error types, by the type's id.

    A trajectory has at most this number of `turns`, and each turn after the first with this probability.
    """

    phrases: PhraseDraw | ModelChoice
    truncate: Truncation
    near_duplicates: float
    families: Mapping[str, str]
    turns: int = 1
    retry_rate: float = 0.5
    verify_rate: float = 0.0
    recheck_rate: float | None = None

    def case(self, bundle: Bundle) -> tuple[Case, list[Refusal]]:
        """An error joined with its corrections, and refusals of near-duplicates and of rewrites that do not fit.

        Raises ValidationError if a line is not a record.
        """
        erroneous = ErroneousSolution.model_validate_json(bundle.erroneous)
        corrections = [Correction.model_validate_json(line) for line in bundle.corrections]
        texts = [solution_text(correction.steps, correction.final_answer) for correction in corrections]
        times = Counter(correction.strategy for correction in corrections)
        others = list(_erroneous_in(bundle.others))
        seen = {strategy: NearDuplicates(self.near_duplicates, texts.__getitem__) for strategy in times}
        joined: list[Joined] = []
        refusals: list[Refusal] = []
        for number, (correction, smoothed) in enumerate(zip(corrections, bundle.smoothed, strict=True)):
            # Usually there is one per strategy, and nothing to compare.
            earlier = seen[correction.strategy].find_or_add(number) if times[correction.strategy] > 1 else None
            if earlier is not None:
                detail = f"correction {correction.id} of {corrections[earlier].id}"
                refusals.append(Refusal("near_duplicate", detail))
                continue
            if correction.strategy == "fix" and erroneous.error_step is None:
                detail = f"correction {correction.id} continues from right steps, but the first wrong one is not known"
                refusals.append(Refusal("error_step_unknown", detail))
                continue
            made = self.joined(erroneous, correction, smoothed)
            if not made.rewritten:
                made = replace(made, longer=self.longer(made.trajectory, erroneous, correction, others))
            joined.append(made)
            if smoothed is not None and not joined[-1].rewritten:
                detail = f"correction {correction.id}: the text before the turn is not the one that was rewritten"
                refusals.append(Refusal("rewrite_mismatch", detail))
        return Case(erroneous, tuple(joined), bundle.gain), refusals

    def joined(self, erroneous: ErroneousSolution, correction: Correction, smoothed: bytes | None) -> Joined:
        """A correction joined with its error, by a fitting rewrite of `lemma smooth` or else by a phrase."""
        rewrite = self.fitting_rewrite(erroneous, correction, smoothed)
        if rewrite is not None:
            return Joined(correction, trajectory_of(erroneous, correction, rewrite.segments), rewritten=True)
        phrase = self.phrases.phrase(erroneous, correction, self.families[erroneous.error_type])
        return Joined(correction, join(erroneous, correction, phrase, self.truncate))

    def longer(
        self,
        plain: Trajectory,
        erroneous: ErroneousSolution,
        correction: Correction,
        others: Sequence[ErroneousSolution],
    ) -> Trajectory | None:
        """The trajectory with further errors of the same problem and with checks; None if it has neither."""
        errors = self.turns_of(erroneous, correction, others)
        made = plain.segments if len(errors) == 1 else self._several(errors, correction)
        if self.verify_rate:
            rng = random_for(self.phrases.seed, "checks", correction.id)
            answers = [error.final_answer for error in errors]
            made = checked(made, known_lines(errors, correction), answers, self.verify_rate, rng)
        if self.recheck_rate is not None:
            rng = random_for(self.phrases.seed, "rechecks", correction.id)
            is_fix, known = correction.strategy == "fix", known_lines(errors, correction)
            made = rechecked(made, known, self.recheck_rate, rng, repairs=is_fix)
        return None if made == plain.segments else trajectory_of(erroneous, correction, made)

    def turns_of(
        self, erroneous: ErroneousSolution, correction: Correction, others: Sequence[ErroneousSolution]
    ) -> list[ErroneousSolution]:
        """The errors of a trajectory: this one alone, or with others that fit."""
        if self.turns == 1 or not isinstance(self.phrases, PhraseDraw):
            return [erroneous]
        rng = random_for(self.phrases.seed, "turns", correction.id)
        wanted = 1
        while wanted < self.turns and rng.random() < self.retry_rate:
            wanted += 1
        right, is_fix = (*erroneous.split[0], *correction.steps), correction.strategy == "fix"
        chosen: dict[tuple[str, ...], ErroneousSolution] = {}
        left_out: set[int | None] = set()
        for one in (erroneous, *others):
            if is_fix and leaves_out(one) and one.error_step in left_out:
                continue  # nobody leaves the same step out twice
            written = tuple(segment.text for segment in opening(one, correction, self.truncate))
            if len(chosen) < wanted and (not is_fix or fits_into(one, right)):
                chosen.setdefault(written, one)
                left_out |= {one.error_step} if leaves_out(one) else set()
        # The error that the correction was made for comes first, unless its text has been taken by another one.
        return [*chosen.values()] if erroneous in chosen.values() else [erroneous]

    def _several(self, errors: Sequence[ErroneousSolution], correction: Correction) -> tuple[Segment, ...]:
        turns = [Turn(one, self._unnumbered_phrase(one, correction)) for one in errors]
        if correction.strategy == "restart":
            return restarted(turns, correction, self.truncate)
        return retried((*errors[0].split[0], *correction.steps), correction.final_answer, turns)

    def checked_solution(self, solution: RightSolution) -> RightSolution:
        """A right solution with checks of its steps, at the same rate as in those with errors."""
        whole = (Segment(kind="correction", text=solution.text),)
        known = {step: RIGHT_STEP for step in solution.steps if not states_answer((step,))}
        if self.verify_rate:
            rng = random_for(self.phrases.seed, "checks", solution.problem_id)
            return replace(solution, checked=checked(whole, known, (), self.verify_rate, rng))
        if self.recheck_rate:
            rng = random_for(self.phrases.seed, "rechecks", solution.problem_id)
            return replace(solution, checked=rechecked(whole, known, self.recheck_rate, rng, repairs=False))
        return solution

    def _unnumbered_phrase(self, erroneous: ErroneousSolution, correction: Correction) -> str:
        # Each error draws its own phrase, so the draw goes by a correction of its own.
        drawn_for = correction.model_copy(update={"id": content_id(correction.id, erroneous.id)})
        unnumbered = erroneous.model_copy(update={"error_step": None})
        return self.phrases.phrase(unnumbered, drawn_for, self.families[erroneous.error_type])

    def fitting_rewrite(
        self, erroneous: ErroneousSolution, correction: Correction, smoothed: bytes | None
    ) -> SmoothedTrajectory | None:
        """The rewrite, if it begins like the plain join: with `truncate` "none" a restart follows the whole wrong
        solution, but rewrites are made from text that ends after the first wrong step.
        """
        if smoothed is None:
            return None
        rewrite = SmoothedTrajectory.model_validate_json(smoothed)
        start = opening(erroneous, correction, self.truncate)
        return rewrite if rewrite.segments[: len(start)] == start else None

    def turning_points(self, sources: Sources, selection: Selection) -> Iterator[TurningPoint]:
        """Everything that will be joined with a phrase, as no rewrite takes its place."""
        for entry in selection.errors:
            # A line that is not a record is rejected by the worker that joins it.
            with suppress(ValidationError):
                erroneous = ErroneousSolution.model_validate_json(sources.line(entry.place))
                for offset in entry.corrections:
                    correction = Correction.model_validate_json(sources.line(Place(CORRECTIONS.name, offset)))
                    if self.fitting_rewrite(erroneous, correction, sources.smoothed(offset)) is None:
                        yield erroneous, correction, self.families[erroneous.error_type]

    def example(self, sources: Sources, selection: Selection) -> Trajectory | None:
        """A trajectory to look at: the first one with all four segments, if there is one."""
        found = None
        for entry in islice((entry for entry in selection.errors if entry.corrections), _EXAMPLES_TRIED):
            with suppress(ValidationError):
                erroneous = ErroneousSolution.model_validate_json(sources.line(entry.place))
                offset = entry.corrections[0]
                correction = Correction.model_validate_json(sources.line(Place(CORRECTIONS.name, offset)))
                if found is None or erroneous.error_step:
                    made = self.joined(erroneous, correction, sources.smoothed(offset))
                    longer = None if made.rewritten else self.longer(made.trajectory, erroneous, correction, ())
                    found = longer or made.trajectory
                if erroneous.error_step:
                    break
        return found


def _erroneous_in(lines: Iterable[bytes]) -> Iterator[ErroneousSolution]:
    """The records among these lines. A line that is not one is rejected when its own turn comes."""
    for line in lines:
        with suppress(ValidationError):
            yield ErroneousSolution.model_validate_json(line)


def right_solution(line: bytes) -> RightSolution:
    """An erroneous solution's reference, a right solution of the student's, or a problem's own solution.

    Raises ValidationError if the line is none of these.
    """
    values = orjson.loads(line)
    if "reference_steps" in values:
        erroneous = ErroneousSolution.model_validate_json(line)
        return RightSolution(erroneous.problem_id, erroneous.question, erroneous.reference_steps, erroneous.gold_answer)
    if "verdict" in values:
        own = Solution.model_validate({name: value for name, value in values.items() if name != "question"})
        steps = tuple(map(without_annotations, own.steps))  # as wrong ones are shown
        return RightSolution(own.problem_id, str(values["question"]), steps, own.final_answer or "")
    problem = Problem.model_validate_json(line)
    steps = tuple(map(without_annotations, split_steps(problem.solution)))
    return RightSolution(problem.id, problem.question, steps, problem.answer)
