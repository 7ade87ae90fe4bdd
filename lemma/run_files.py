"""The files of a run directory: what is in each, and which commands make it. Nothing else states these facts.

>>> ERRONEOUS.path(Path("lemma-run"))
PosixPath('lemma-run/erroneous.jsonl')
>>> ERRONEOUS.made_by
('augment', 'analyze')
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lemma.records import (
    Continuation,
    Correction,
    DescribedError,
    ErroneousSolution,
    GeneratedProblem,
    Origin,
    Problem,
    Record,
    Rejection,
    SmoothedTrajectory,
    Solution,
    TestedCritique,
)


@dataclass(frozen=True)
class Maker:
    """A command that writes to a file.

    `input_id` is the field of a line that holds the id of the input it was made from, `origins` the origins of this
    command's lines if another command writes to the same file. A file with a single maker needs neither: after a kill
    it is cut to its length at the last acknowledgment.
    """

    command: str
    input_id: str | None = None
    origins: tuple[Origin, ...] = ()


@dataclass(frozen=True)
class RunFile:
    """A file of records, one JSON object per line.

    Summaries count its lines as `noun`, split by the values of the field `counted_by`. A `shared` file is filled by
    several commands with the same lines, each known by its `id`: a line that is there is not written again.
    """

    name: str
    record: type[Record]
    makers: tuple[Maker, ...]
    noun: str
    counted_by: str | None = None
    shared: bool = False

    @property
    def made_by(self) -> tuple[str, ...]:
        """The commands that write to this file; the first is the one to advise if it is missing."""
        return tuple(maker.command for maker in self.makers)

    def path(self, run: Path) -> Path:
        """Where the file is in a run directory."""
        return run / self.name

    def counted_as(self, record: Record) -> str:
        """The name that a record is counted under, such as `corrections, fix`."""
        return self.noun if self.counted_by is None else f"{self.noun}, {getattr(record, self.counted_by)}"


GENERATED = RunFile("generated.jsonl", GeneratedProblem, (Maker("generate"),), "generated problems")
PROBLEMS = RunFile(
    "problems.jsonl", Problem, (Maker("augment"), Maker("sample"), Maker("analyze")), "problems", shared=True
)
SOLUTIONS = RunFile("solutions.jsonl", Solution, (Maker("sample", "problem_id"),), "solutions", "verdict")
ERRONEOUS = RunFile(
    "erroneous.jsonl",
    ErroneousSolution,
    (Maker("augment", "problem_id", ("symbolic", "teacher")), Maker("analyze", "id", ("student",))),
    "erroneous solutions",
)
CONTINUATIONS = RunFile("continuations.jsonl", Continuation, (Maker("analyze", "erroneous_id"),), "right continuations")
CORRECTIONS = RunFile(
    "corrections.jsonl", Correction, (Maker("correct", "erroneous_id"),), "corrections", counted_by="strategy"
)
SMOOTHED = RunFile(
    "smoothed.jsonl", SmoothedTrajectory, (Maker("smooth"),), "smoothed trajectories", counted_by="strategy"
)
CRITIQUES = RunFile("critiques.jsonl", TestedCritique, (Maker("critique"),), "tested critiques")
DESCRIBED = RunFile("described.jsonl", DescribedError, (Maker("taxonomy"),), "described errors")
EVOLVED = RunFile("evolved.jsonl", Problem, (Maker("evolve"),), "new problems")
RUN_FILES = (
    GENERATED,
    PROBLEMS,
    SOLUTIONS,
    ERRONEOUS,
    CONTINUATIONS,
    CORRECTIONS,
    SMOOTHED,
    CRITIQUES,
    DESCRIBED,
    EVOLVED,
)

# Written by every command.
REJECTED = RunFile("rejected.jsonl", Rejection, (), "rejected")
MANIFEST = "run.json"
STATE = ".state"
RESPONSES = "responses.sqlite"

# Other files and folders, each of one command.
DISTRIBUTION, CALIBRATION = "distribution.json", "calibration.json"
CHOSEN_REFLECTIONS = "reflections.json"
CENSUS = f"{STATE}/census.json"
PHRASE_SCORES = f"{STATE}/phrase-scores.sqlite"
PROPOSED_TYPES = "proposed_types"
RECORDS, MODEL, EVALUATIONS, BATCHES = "sft", "model", "eval", "batch"
REPORT = "report.html"

# The run directory, within another, of the generated problems that the embedded model trains on.
PRACTICE_RUN, PRACTICE_TRAIN, PRACTICE_TEST = "practice", "train.jsonl", "test.jsonl"


def records_file(kind: str) -> str:
    """The file of a record kind: `sft/lemma.jsonl`."""
    return f"{RECORDS}/{kind}.jsonl"
