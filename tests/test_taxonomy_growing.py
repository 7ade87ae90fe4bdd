"""`lemma taxonomy --grow`: new types for errors of unknown type, each kind of error once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from sft_data import erroneous, lemma, lines, write_run

from lemma.exceptions import Refusal
from lemma.taxonomy.error_types import load_taxonomy
from lemma.taxonomy.growing import Proposals

KIND = ("Wrong base of a percentage", "A percentage is taken of another quantity than the one that is meant.")


def unknown(name: str, story: str, **changes: object):
    facts = {"id": name, "problem_id": name, "question": story, "error_type": "unknown", "origin": "student"}
    return erroneous(**facts | {"evidence": "graph", "confidence": 0.9} | changes)


ERRORS = [
    unknown("a", "Ann has 48 pens."),
    unknown("b", "Ben has 48 pens."),
    unknown("c", "Cem has 48 pens."),
    unknown("d", "Dan has 48 pens."),
    unknown("e", "Eva has 48 pens."),
    unknown("f", "Fay has 48 pens.", error_step=None),
    erroneous(id="g", problem_id="g", question="Gus has 48 pens."),
]


def description(error_type: str = "new", name: str = "", definition: str = "", **changes: str) -> str:
    facts = {"error_type": error_type, "name": name, "definition": definition, "family": "reading"}
    return json.dumps(facts | {"right_step": "48 + 24 = 72", "explanation": "The base is April's."} | changes)


SHIPPED = len(load_taxonomy())
RULES = {
    "rules": [
        # The second name means the first kind, which the list holds behind the shipped types.
        {
            "contains": ["New entry: Percent of the wrong whole"],
            "answers": [f'```json\n{{"same_as": {SHIPPED + 1}}}\n```'],
        },
        {"contains": ["New entry:"], "answers": ['{"same_as": 0}']},
        {"contains": ["Ann"], "answers": [description("new", *KIND)]},
        {"contains": ["Ben"], "answers": [description("new", "Percent of the wrong whole", "A wrong whole.")]},
        {"contains": ["Cem"], "answers": [description("operator error")]},
        {"contains": ["Dan"], "answers": [description("new", "wrong BASE of a percentage", "Said before.")]},
        {"contains": ["Eva"], "answers": ["It is a mistake."]},
    ]
}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(RULES))
    return write_run(tmp_path / "run", ERRORS, [])


def grow(run: Path, *more: str) -> int:
    return lemma("taxonomy", "--grow", "--run", run, "--teacher", run.parent / "rules.yaml", *more)


def test_each_kind_is_proposed_once(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert grow(run, "--backend", "scripted") == 0
    found = [(line["erroneous_id"], line["error_type"], line["is_new"]) for line in lines(run / "described.jsonl")]
    new = "wrong_base_of_a_percentage"
    assert found == [("a", new, True), ("b", new, True), ("c", "operator_error", False), ("d", new, True)]
    rejected = {line["id"]: line["reason"] for line in lines(run / "rejected.jsonl")}
    assert rejected == {"e": "invalid_description", "f": "error_step_unknown"}
    folder = run / "proposed_types"
    assert [path.name for path in folder.iterdir()] == [f"{new}.yaml"]
    kind = load_taxonomy(folder).resolve("Wrong base of a percentage")
    assert (kind.definition, kind.family, kind.example.wrong_step) == (KIND[1], "reading", ERRORS[0].steps[1])
    assert kind.source == (f"3 of 4 described errors of the student, by {run.parent / 'rules.yaml'}",)
    assert "keep those that you accept" in capsys.readouterr().out


def test_a_resumed_run_knows_what_it_proposed(run: Path, tmp_path: Path) -> None:
    assert grow(run, "--backend", "scripted", "--max-in-flight", "1", "--budget-tokens", "3100") == 1
    begun = lines(run / "described.jsonl")
    assert 0 < len(begun) < 4
    assert grow(run, "--backend", "scripted") == 0
    whole = write_run(tmp_path / "whole", ERRORS, [])
    assert grow(whole, "--backend", "scripted") == 0
    assert (run / "described.jsonl").read_bytes() == (whole / "described.jsonl").read_bytes()
    for path in (whole / "proposed_types").iterdir():
        assert path.read_bytes() == (run / "proposed_types" / path.name).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--teacher", "m"], "--teacher has no effect without --grow"),
        (["--run", "x"], "--run has no effect without --grow"),
        (["operator_error", "--grow", "--teacher", "m"], "type has no effect with --grow"),
    ],
)
def test_what_has_no_effect_is_refused(capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    from lemma.cli import main

    assert main(["taxonomy", *arguments]) != 0
    assert said in capsys.readouterr().err


def test_a_teacher_is_needed(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lemma("taxonomy", "--grow", "--run", run) == 1
    assert "--grow needs a model that describes errors" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", "  ", "!!!", "3 apples", "a b c d e f g", "数"])
def test_a_name_that_is_no_id_is_refused(name: str) -> None:
    with pytest.raises(Refusal, match="expected two to four words"):
        Proposals(load_taxonomy()).add(name, "Something.", "logic")
