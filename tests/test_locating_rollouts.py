"""The first wrong step by the student's own continuations: the model of the counts, and the search, with a student
whose success rates are known.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
import simulated_students
from hypothesis import given
from hypothesis import strategies as st

from lemma.cli import main
from lemma.exceptions import Refusal
from lemma.locating.continuations import continuation_records
from lemma.locating.rollouts import DEFAULT_EFFORT, Continuation, Effort, Rollouts, Student, locate, written_again
from lemma.locating.success_rates import Counts, SuccessRates
from lemma.models.attempts import Patience
from lemma.models.client import LiveClient
from lemma.models.costs import Ledger
from lemma.models.prompts import load_prompt
from lemma.models.protocol import Request, Sampling
from lemma.records import Continuation as ContinuationRecord
from lemma.records import ErroneousSolution, Record
from lemma.rundir.responses import ResponseStore

STEPS = 8


@dataclass
class SimulatedStudent:
    """A backend that reaches the answer 7 with a known rate for each length of the prefix that it is given.

    `waits`: from a wrong prefix, it reaches the answer by taking back what it was given. `again`: it first writes so
    many of the next steps again, but no wrong one, and then has the rate of the prefix with these.
    """

    rates: Sequence[float]
    seed: int = 0
    ends: str = "stop"
    answers: tuple[str, str] = ("The answer is 7", "The answer is 9")
    waits: int | None = None
    again: int = 0
    asked: list[int] = field(default_factory=list)
    name = "simulated"
    in_process = True

    async def answer(self, request: Request) -> bytes:
        last = request.prompt if isinstance(request.prompt, str) else request.prompt[-1].content
        length = last.count("Now ")
        self.asked.append(length)
        rng = random.Random(f"{self.seed} {length} {request.sample_index}")
        right, wrong = self.answers
        reached = length
        while reached - length < self.again and self.rates[reached] < max(self.rates[reached + 1 :], default=0):
            reached += 1
        lines = [f"Now {number}." for number in range(length, reached)]
        text = "\n".join([*lines, "So it goes.", right if rng.random() < self.rates[reached] else wrong])
        if self.waits is not None and length > self.waits:
            text = f"Wait, that is wrong.\n{right}"
        choice = {"message": {"role": "assistant", "content": text}, "finish_reason": self.ends}
        return orjson.dumps({"choices": [choice], "usage": {"prompt_tokens": 1, "completion_tokens": 1}})

    async def close(self) -> None:
        pass


def run(
    student: SimulatedStudent, folder: Path, steps: int = STEPS, effort: Effort = DEFAULT_EFFORT, prefill: bool = True
) -> Rollouts:
    async def locating() -> Rollouts:
        store = ResponseStore(folder / "responses.sqlite")
        client = LiveClient(student, store, Ledger("m", None), "analyze", Patience(timeout=math.inf, deadline=math.inf))
        asking = Student(client, "m", load_prompt("question"), Sampling(), prefill)
        texts = [f"Now {number}." for number in range(steps)]
        try:
            return await locate(
                "How many?", "7", texts, asking, effort=effort, takes_back=lambda text: text.startswith("Wait")
            )
        finally:
            await client.close()
            store.close()

    return asyncio.run(locating())


def rates(wrong: int, right: float, remains: float = 0.02, steps: int = STEPS) -> list[float]:
    return [right + (1 - right) * 0.1 * length if length <= wrong else remains for length in range(steps + 1)]


@pytest.mark.parametrize("wrong", range(STEPS))
@pytest.mark.parametrize("right", [0.4, 0.7])
def test_the_step_where_the_rate_falls_is_found(wrong: int, right: float, tmp_path: Path) -> None:
    student = SimulatedStudent(rates(wrong, right, remains=0.0), seed=wrong)
    found = run(student, tmp_path)
    assert found.posterior.best() == wrong
    assert len(set(student.asked)) <= 4 + math.log2(STEPS)
    assert found.fixes, "a continuation from just before the wrong step is a correction"
    assert {one.given for one in found.fixes} == {wrong}
    assert all(one.text.endswith("The answer is 7") for one in found.right)


@pytest.mark.parametrize("wrong", [6, 7])
def test_steps_that_are_written_again_count_as_given(wrong: int, tmp_path: Path) -> None:
    student = SimulatedStudent(rates(wrong, 0.6, remains=0.0), seed=wrong, again=2)
    found = run(student, tmp_path)
    assert found.posterior.best() == wrong
    assert len(student.asked) == sum(found.drawn.values())
    before = sum(drawn for length, drawn in found.drawn.items() if length < wrong)  # each writes a step again at least
    assert sum(drawn for _, drawn in found.counts.values()) >= len(student.asked) + before > len(student.asked)
    # What was written again is not a part of a fix.
    assert {(one.given, one.text) for one in found.fixes} == {(wrong, "So it goes.\nThe answer is 7")}
    assert any(one.again for one in found.right)


@pytest.mark.parametrize(
    ("text", "given", "again", "fix"),
    [
        ("B.\nC.\nD.\n#### 7", 1, 2, (3, "D.\n#### 7")),
        ("B.\n E.\nC.\n#### 7", 1, 1, (2, "E.\nC.\n#### 7")),
        ("C.\nB.\n#### 7", 1, 0, (1, "C.\nB.\n#### 7")),
        ("b.\nC.\n#### 7", 1, 0, (1, "b.\nC.\n#### 7")),
        ("D.\n#### 7", 3, 0, (3, "D.\n#### 7")),
        ("A.\nB.\nC.\n#### 7", 0, 3, (3, "#### 7")),
        ("<think>A. Then B.</think>A.\nB.\n#### 7", 0, 0, (0, "<think>A. Then B.</think>A.\nB.\n#### 7")),
    ],
)
def test_what_a_continuation_counts_for(text: str, given: int, again: int, fix: tuple[int, str]) -> None:
    assert written_again(("A.", "B.", "C.")[given:], text) == again
    counted = range(given, given + again + 1)
    for is_right in (True, False):
        found = Rollouts(SuccessRates(4).after({given + again: (9, 9), given + again + 1: (0, 99)}).posterior)
        found.add(given, text, is_right, again)
        assert found.counts == dict.fromkeys(counted, (int(is_right), 1))
        assert [(one.given, one.text) for one in found.fixes] == ([fix] if is_right else [])


@dataclass
class RepeatingStudent(SimulatedStudent):
    """From a right prefix, it is right as often as its rate says, and otherwise writes all of the solution again."""

    cut_off: bool = False

    async def answer(self, request: Request) -> bytes:
        length = str(request.prompt[-1]).count("Now ")
        answer = orjson.loads(await super().answer(request))
        choice = answer["choices"][0]
        if "answer is 9" in choice["message"]["content"]:
            lines = [*(f"Now {number}." for number in range(length, STEPS)), "The answer is 9"]
            choice["message"]["content"] = "\n".join(lines)
            choice["finish_reason"] = "length" if self.cut_off and length < 3 else "stop"
        return orjson.dumps(answer)


def test_a_prefix_whose_answers_say_nothing_is_asked_once(tmp_path: Path) -> None:
    """Behind its error, this student takes back what it was given; others have written these steps again."""
    student = RepeatingStudent(rates(5, 0.5), waits=5)
    found = run(student, tmp_path)
    assert found.posterior.best() == 5
    assert found.posterior.confidence >= 0.95
    assert all(student.asked.count(length) <= 4 for length in range(6, STEPS + 1))


def test_what_is_cut_off_counts_for_its_own_prefix_only(tmp_path: Path) -> None:
    """A longer prefix leaves more room, so it says nothing about that one."""
    found = run(RepeatingStudent(rates(0, 0.5), cut_off=True), tmp_path)
    assert sum(drawn for length, drawn in found.drawn.items() if length < 3) >= 8
    assert found.counts[STEPS][1] <= sum(drawn for length, drawn in found.drawn.items() if length >= 3)


def test_as_long_as_nothing_is_right_the_search_goes_on(tmp_path: Path) -> None:
    student = SimulatedStudent([0.0] * (STEPS + 1))
    with pytest.raises(Refusal, match="none of 200 "):
        run(student, tmp_path, effort=Effort(most_samples=200))
    assert len(student.asked) == 200


def test_nothing_is_asked_twice(tmp_path: Path) -> None:
    first, second = SimulatedStudent(rates(3, 0.6)), SimulatedStudent(rates(3, 0.6))
    assert run(first, tmp_path).counts == run(second, tmp_path).counts
    assert first.asked
    assert not second.asked


def test_the_prefix_can_be_shown_instead(tmp_path: Path) -> None:
    assert run(SimulatedStudent(rates(2, 0.7)), tmp_path, prefill=False).posterior.best() == 2


def test_a_server_that_ignores_the_prefix_locates_nothing(tmp_path: Path) -> None:
    """It is right as often from anywhere, also from behind the last step."""
    found = run(SimulatedStudent([0.7] * (STEPS + 1)), tmp_path)
    assert found.posterior.best() is None


def test_repairing_the_prefix_is_not_continuing_it(tmp_path: Path) -> None:
    student = SimulatedStudent(rates(4, 0.8), waits=4)
    with_repairs = run(student, tmp_path)
    assert max(length for length, (successes, _) in with_repairs.counts.items() if successes) <= 4


def test_the_table_of_simulated_students(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated_students, "SOLUTIONS", 20)
    cells = [cell.strip() for cell in simulated_students.row(5, (0.4, 0.9), 0.6, tmp_path).split("|")]
    assert cells[1:4] == ["5", "0.4 to 0.9", "60%"]
    assert int(cells[4].removesuffix("%")) >= 90
    assert cells[7].endswith("of 6")
    assert int(cells[7].split()[0]) <= 6


@pytest.mark.parametrize(
    ("student", "reason"),
    [
        (SimulatedStudent([0.0] * (STEPS + 1)), "rollouts_never_right"),
        (SimulatedStudent([1.0] * (STEPS + 1), answers=("Nobody knows.", "")), "rollouts_ungraded"),
        (SimulatedStudent([1.0] * (STEPS + 1), ends="content_filter"), "rollouts_ungraded"),
        (SimulatedStudent([1.0] * (STEPS + 1), ends="length"), "rollouts_never_right"),
    ],
)
def test_what_says_nothing_is_refused(student: SimulatedStudent, reason: str, tmp_path: Path) -> None:
    with pytest.raises(Refusal) as caught:
        run(student, tmp_path, effort=Effort(most_samples=12))
    assert caught.value.reason == reason


def test_no_steps_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="no solution steps"):
        run(SimulatedStudent([1.0]), tmp_path, steps=0)


@pytest.mark.parametrize(
    ("counts", "best"),
    [
        ({0: (3, 4), 2: (3, 4), 3: (0, 8)}, 2),
        ({0: (4, 4), 1: (0, 8)}, 0),
        ({4: (6, 8), 5: (0, 8)}, 4),
        ({5: (8, 8)}, None),  # the whole solution leads to the gold answer: no step is wrong
        ({2: (8, 8), 3: (1, 12)}, 2),  # a lucky continuation of a wrong prefix
    ],
)
def test_counts_that_say_it_all(counts: Counts, best: int | None) -> None:
    posterior = SuccessRates(5).after(counts).posterior
    assert posterior.best() == best
    assert posterior.confidence > 0.8


@given(st.dictionaries(st.integers(0, 6), st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=7))
def test_more_cannot_be_gained_than_is_unknown(drawn: dict[int, tuple[int, int]]) -> None:
    beliefs = SuccessRates(6).after({length: (a, a + b) for length, (a, b) in drawn.items()})
    shares = (*beliefs.posterior.steps, beliefs.posterior.none)
    unknown = -sum(share * math.log2(share) for share in shares if share)
    gains = beliefs.gains(4)
    assert gains.min() >= -1e-9
    assert gains.max() <= unknown + 1e-9


def test_a_prefix_is_no_longer_than_the_solution() -> None:
    with pytest.raises(ValueError, match="steps"):
        SuccessRates(2).after({3: (0, 1)})


RULES = """
rules:
  - contains: ["96 - 20 = 70"]
    answers: ["The answer is 70"]
  - contains: ["12 * 8 = 96"]
    answers: ["96 - 20 = 76\\nThe answer is 76", "96 - 20 = 76\\nThe answer is 76", "Wait, no.\\nThe answer is 76"]
  - answers: ["12 * 8 = 96\\n96 - 20 = 76\\nThe answer is 76", "I don't know."]
"""
ROW = {
    "question": "Ann has 12 boxes with 8 pens each and gives 20 pens away. How many are left?",
    "answer": "12*8 = <<12*8=96>>96\n96-20 = <<96-20=76>>76\n#### 76",
    "responses": ["12 * 8 = 96\n96 - 20 = 70\n#### 70"],
}


@pytest.fixture
def sampled(tmp_path: Path) -> Path:
    (tmp_path / "data.jsonl").write_bytes(orjson.dumps(ROW))
    (tmp_path / "student.yaml").write_text(RULES)
    assert main(["sample", "--from", str(tmp_path / "data.jsonl"), "--run", str(tmp_path / "run")]) == 0
    return tmp_path


@pytest.mark.parametrize("methods", ["rollouts", "graph,rollouts", "rollouts,confidence"])
def test_analyze_keeps_what_the_student_wrote(methods: str, sampled: Path) -> None:
    """The scripted student has no log-probabilities, so --locate confidence is refused before anything is asked."""
    student = ["--model", str(sampled / "student.yaml"), "--backend", "scripted", "--prompt", "question"]
    status = main(["analyze", "--run", str(sampled / "run"), "--locate", methods, *student])
    if "confidence" in methods:
        assert status == 1
        return
    assert status == 0
    (error,) = records(sampled / "run" / "erroneous.jsonl", ErroneousSolution)
    assert (error.error_step, error.error_type) == (1, "calculation_error")
    assert error.evidence in methods.split(",")
    kept = records(sampled / "run" / "continuations.jsonl", ContinuationRecord)
    assert {(one.given, one.steps) for one in kept} >= {(1, ("96 - 20 = 76",))}
    assert all(one.given <= 1 and one.erroneous_id == error.id for one in kept)


@pytest.mark.parametrize(
    ("known", "given", "again", "text", "kept"),
    [
        (1, 0, 1, "A.\nD. So 7.\n#### 7", [(0, ("A.", "D. So 7.")), (1, ("D. So 7.",))]),
        (2, 0, 1, "A.\nD.\n#### 7", [(0, ("A.", "D."))]),
        (1, 0, 2, "A.\nB.\nD.\n#### 7", [(0, ("A.", "B.", "D."))]),  # it wrote the wrong step again
        (None, 0, 1, "A.\nD.\n#### 7", [(0, ("A.", "D."))]),
        (None, 1, 0, "D.\n#### 7", []),
        (1, 1, 0, "D.\n#### 7", [(1, ("D.",))]),
        (0, 1, 0, "D.\n#### 7", []),
        (2, 1, 1, "B.\n#### 7", [(1, ("B.",))]),
    ],
)
def test_what_a_right_continuation_corrects(
    known: int | None, given: int, again: int, text: str, kept: list[tuple[int, tuple[str, ...]]]
) -> None:
    fields = {"id": "e", "problem_id": "p", "question": "?", "gold_answer": "7", "final_answer": "9"}
    shown = {"reference_steps": (), "steps": ("A.", "B.", "C."), "explanation": "", "origin": "student", "model": "m"}
    erroneous = ErroneousSolution(**fields, **shown, error_step=known, error_type="unknown")
    found = list(continuation_records(erroneous, [Continuation(given, text, again)] * 2))
    assert [(one.given, one.steps) for one in found] == kept
    assert len({one.id for one in found}) == len(found)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--locate rolouts", "did you mean"),
        ("--locate judge", "--teacher"),
        ("--locate rollouts", "--model"),
        ("--locate rollouts --model m --teacher t", "no effect"),
        ("--locate graph --rollouts 8", "no effect"),
    ],
)
def test_methods_that_cannot_be_used(words: str, said: str, sampled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "--run", str(sampled / "run"), *words.split()]) == 1
    assert said in capsys.readouterr().err


def records(path: Path, kind: type[Record]) -> list[Any]:
    return [kind.model_validate_json(line) for line in path.read_bytes().splitlines()]
