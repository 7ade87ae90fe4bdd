"""An injector that raises an exception costs what it would have made, never the run."""

import dataclasses
import json
import sys

import pytest

from lemma.cli import main
from lemma.injectors import injector as find_injector
from lemma.injectors.symbolic import InjectionPlan, erroneous_solutions
from lemma.records import Problem

PROBLEM = Problem.of(
    "Tom has 5 bags of 7 apples and eats 4.", "Tom buys 5 * 7 = 35 apples.\nSo 35 - 4 = 31 are left.", 31
)
FAULTS = {
    "before its first proposal": "raise KeyError(graph.question[:3])",
    "behind a proposal": "yield Proposal(Change(0, result=42), 'It is 35.')\n    raise KeyError(graph.question[:3])",
    "in what carries its proposal": "yield Proposal(Change(99, result=42), 'It is 35.')",
    "by a proposal that is none": "yield 42",
}
TYPE = """id: zero_error
name: Zero error
family: calc
definition: A zero too many.
example:
  question: How much are 5 fives?
  right_step: They are 5 * 5 = 25.
  wrong_step: They are 5 * 5 = 250.
  explanation: 5 * 5 is 25, not 250.
injector: failing_zeros
symbolic_note: A zero is put behind a result.
"""


@pytest.fixture(params=FAULTS, autouse=True)
def _installed(request, tmp_path, monkeypatch):
    """A package whose injector fails, as pip would install it."""
    head = "from lemma.arithmetic.propagation import Change\nfrom lemma.injectors.proposal import Proposal\n\n\n"
    body = f"def propose(graph, rng):\n    {FAULTS[request.param]}\n    yield from ()\n"
    (tmp_path / "failing_zeros.py").write_text(head + body)
    info = tmp_path / "failing_zeros-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: failing_zeros\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[lemma.injectors]\nfailing_zeros = failing_zeros:propose\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    sys.modules.pop("failing_zeros", None)
    find_injector.cache_clear()
    yield
    find_injector.cache_clear()


@pytest.mark.parametrize("errors_per_solution", [1, 2])
def test_an_injector_that_fails_is_named_and_the_others_go_on(errors_per_solution):
    kinds = {"calculation_error": "calculation_error", "operator_error": "operator_error"}
    every = {"zero_error": "failing_zeros", **kinds}
    plan = InjectionPlan(dict.fromkeys(every, 1.0), every, 8, 0, errors_per_solution=errors_per_solution)
    with pytest.raises((KeyError, IndexError, AttributeError)):
        erroneous_solutions(plan, PROBLEM)  # loud, unless a command asks for isolation
    made = erroneous_solutions(dataclasses.replace(plan, isolated=True), PROBLEM)
    assert made.records and {record.error_type for record in made.records} <= kinds.keys()
    ((name, failure),) = made.failed
    assert name == "failing_zeros" and ", line " in failure and "Error in " in failure


def test_the_run_goes_on_counts_the_failures_and_asks_to_report_them(tmp_path, capsys):
    taxonomy = tmp_path / "types"
    taxonomy.mkdir()
    (taxonomy / "zero_error.yaml").write_text(TYPE)
    words = ["augment", "--types", "zero_error,calculation_error", "--taxonomy", str(taxonomy)]
    assert main([*words, "--workers", "1", "--limit", "4", "--run", "run"]) in (0, None)
    said = capsys.readouterr().out
    assert "please report" in said and "failing_zeros" in said and "injector_failed" in said
    rejected = [json.loads(line) for line in (tmp_path / "run" / "rejected.jsonl").read_text().splitlines()]
    failed = [row["detail"] for row in rejected if row["reason"] == "injector_failed"]
    assert len(failed) == 4 and all(detail.startswith("failing_zeros: ") for detail in failed)
    assert (tmp_path / "run" / "erroneous.jsonl").stat().st_size
