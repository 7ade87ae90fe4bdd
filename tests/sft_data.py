"""Erroneous solutions and run directories for the tests of correct and build-sft."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from hypothesis import strategies as st

from lemma.cli import main
from lemma.records import Correction, ErroneousSolution, Problem
from lemma.rundir.disk import to_line

ALL_KINDS = "lemma,lema,cot,dpo,prm,critique,revision,verification"
CLIPS = ErroneousSolution(
    id="e1",
    problem_id="p1",
    question="Natalia sold clips to 48 friends in April, and half as many in May. How many in both months?",
    gold_answer="72",
    reference_steps=("She sold 48 / 2 = 24 clips in May.", "In both months she sold 48 + 24 = 72 clips."),
    steps=("She sold 48 / 2 = 24 clips in May.", "In both months she sold 48 + 24 = 62 clips."),
    error_step=1,
    error_type="calculation_error",
    explanation="48 + 24 is 72, not 62.",
    final_answer="62",
    origin="symbolic",
    model="calculation_error",
)
FIX = Correction(
    id="c1",
    erroneous_id="e1",
    strategy="fix",
    steps=CLIPS.reference_steps[1:],
    final_answer="72",
    origin="symbolic",
    model="reference",
)
RESTART = FIX.model_copy(update={"id": "c2", "strategy": "restart", "steps": CLIPS.reference_steps})


def erroneous(**changes: Any) -> ErroneousSolution:
    """The example with some fields changed."""
    return ErroneousSolution.model_validate(CLIPS.model_dump() | changes)


def correction(**changes: Any) -> Correction:
    """The repair of the example with some fields changed."""
    return Correction.model_validate(FIX.model_dump() | changes)


# Any text but line ends at the edges: a step is stripped when it is read.
STEP = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40).map(str.strip).filter(bool)


@st.composite
def erroneous_solutions(draw: st.DrawFn) -> ErroneousSolution:
    """Erroneous solutions of any text, with the prefix of their reference."""
    reference = tuple(draw(st.lists(STEP, min_size=1, max_size=5)))
    at = draw(st.integers(0, len(reference)))
    wrong = tuple(draw(st.lists(STEP, min_size=1, max_size=4)))
    return erroneous(
        question=draw(STEP),
        reference_steps=reference,
        steps=reference[:at] + wrong,
        error_step=at,
        explanation=draw(STEP),
        gold_answer=draw(STEP),
        final_answer=draw(STEP),
    )


def write_run(run: Path, errors: list[ErroneousSolution], corrections: list[Correction]) -> Path:
    """A run directory with these records, and their problems."""
    run.mkdir(parents=True, exist_ok=True)
    problems = {
        error.problem_id: Problem(
            id=error.problem_id,
            question=error.question,
            solution="\n".join(error.reference_steps),
            answer=error.gold_answer,
            source="test.jsonl",
        )
        for error in errors
    }
    (run / "problems.jsonl").write_bytes(b"".join(map(to_line, problems.values())))
    (run / "erroneous.jsonl").write_bytes(b"".join(map(to_line, errors)))
    (run / "corrections.jsonl").write_bytes(b"".join(map(to_line, corrections)))
    return run


def add_near_duplicate(run: Path) -> None:
    """Append an erroneous solution that differs from the first one in a few words."""
    path = run / "erroneous.jsonl"
    first = lines(path)[0]
    twin = first | {"id": "f" * 16, "question": f"{first['question']} Can you say?"}
    path.write_bytes(path.read_bytes() + orjson.dumps(twin) + b"\n")


def lemma(*arguments: str | Path) -> int:
    """Run a command in this process, with one worker unless told otherwise."""
    workers = () if "--workers" in arguments else ("--workers", "1")
    return main([str(argument) for argument in (*arguments, *workers)])


def lines(path: Path) -> list[dict[str, Any]]:
    """The JSON lines of a file."""
    return list(map(orjson.loads, path.read_bytes().splitlines()))


def answer_of(record: dict[str, Any]) -> str:
    """What the assistant says in a record, whatever its shape."""
    if "completion" in record:
        return str(record["completion"][0]["content"])
    if "messages" in record:
        return str(record["messages"][-1]["content"])
    return str(record["output"] if "output" in record else record["conversations"][-1]["value"])


def asked_in(record: dict[str, Any]) -> str:
    """What the user says in a record, whatever its shape."""
    if isinstance(record.get("prompt"), str):
        return str(record["prompt"])
    if "instruction" in record:
        return str(record["instruction"])
    turns = next(record[name] for name in ("prompt", "messages", "conversations") if name in record)
    return str(turns[0].get("content") or turns[0]["value"])


def contents(run: Path) -> Iterator[tuple[str, bytes]]:
    """The files of a run directory that have to come out the same, by name."""
    for path in sorted(run.rglob("*")):
        if path.is_file() and path.name != "run.json" and ".state" not in path.parts:
            yield str(path.relative_to(run)), path.read_bytes()
