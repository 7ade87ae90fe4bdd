"""A run against a server that fails in every way: real sockets, the real client, real kills. The same at full size is
`python benchmarks/model_faults.py`.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import model_faults
import pytest
from model_server import ANSWER_FAULTS, ATTEMPT_FAULTS, UNUSABLE_FAULTS

PROBLEMS, LATENCY, KILLS = 400, 0.02, 3
EXPECTED_REJECTIONS = {"malformed_answer", "cut_off", "empty_answer", "refused"}


@pytest.fixture(scope="module")
def problems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "problems.jsonl"
    model_faults.write_problems(path, PROBLEMS)
    return path


@pytest.fixture(scope="module")
def in_peace(problems: Path, tmp_path_factory: pytest.TempPathFactory) -> model_faults.Outcome:
    return model_faults.run(problems, tmp_path_factory.mktemp("peace"), LATENCY)


def test_every_problem_is_made_or_rejected_and_none_is_asked_twice(in_peace: model_faults.Outcome) -> None:
    assert in_peace.unaccounted == 0
    assert in_peace.made + in_peace.rejected.total() == PROBLEMS
    assert set(in_peace.rejected) <= EXPECTED_REJECTIONS
    never_answered = in_peace.rejected["malformed_answer"] + in_peace.rejected["empty_answer"]
    assert in_peace.events["answered"] == PROBLEMS - never_answered
    # An empty answer costs tokens each time, and counts; half an answer does not say what it cost.
    assert in_peace.calls == in_peace.events["answered"] + in_peace.events["empty"]
    assert not in_peace.leaks


def test_the_server_failed_as_often_as_it_should(in_peace: model_faults.Outcome) -> None:
    for faults, base in ((ATTEMPT_FAULTS, "asked"), (ANSWER_FAULTS, "answered")):
        for fault, share in faults.items():
            assert in_peace.events[fault] / in_peace.events[base] == pytest.approx(share, abs=0.03), fault
    for fault, share in UNUSABLE_FAULTS.items():
        assert in_peace.rejected[f"{fault}_answer"] / PROBLEMS == pytest.approx(share, abs=0.03), fault


def test_kills_at_random_moments_change_nothing_and_cost_nothing(
    problems: Path, in_peace: model_faults.Outcome, tmp_path: Path
) -> None:
    killed = model_faults.run(problems, tmp_path, LATENCY, KILLS)
    assert killed.files == in_peace.files
    assert not killed.again
    assert killed.rejected == Counter(in_peace.rejected)
