"""The test sets of the field are read as they are, and graded against the answers that they give."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lemma.cli import main
from lemma.problems.loading import open_problems
from lemma.records import Problem

ROWS = [
    ("gsm8k", {"question": "2 + 3?", "answer": "2 + 3 = <<2+3=5>>5\n#### 5"}, "2 + 3?", "5", "The answer is 5"),
    (
        "math",
        {
            "problem": "What is $1/2$?",
            "solution": "It is $\\boxed{\\frac{1}{2}}$.",
            "level": "Level 1",
            "type": "Algebra",
        },
        "What is $1/2$?",
        "\\frac{1}{2}",
        "\\boxed{0.5}",
    ),
    (
        "svamp",
        {"Body": "Ann has 3 pens.", "Question": "How many are 2 more?", "Answer": 5.0, "Equation": "( 3.0 + 2.0 )"},
        "Ann has 3 pens. How many are 2 more?",
        "5",
        "The answer is 5",
    ),
    (
        "asdiv",
        {
            "body": "Ann has 3 red apples.",
            "question": "How many are 6 more?",
            "answer": "9 (apples)",
            "formula": "3+6=9",
        },
        "Ann has 3 red apples. How many are 6 more?",
        "9",
        "She has 9 apples.\nThe answer is 9",
    ),
    (
        "mawps",
        {"Question": "Ann has N_00 pens and N_01 cups .", "Equation": "+ N_00 N_01", "Answer": 5.0, "Numbers": "3 2.0"},
        "Ann has 3 pens and 2 cups .",
        "5",
        "The answer is 5",
    ),
    ("mawps, plain", {"input": "3 pens and 2 cups?", "target": 5.0}, "3 pens and 2 cups?", "5", "The answer is 5"),
    (
        "college_math",
        {"data_source": "algebra", "question_number": "4.1", "question": "Solve $x+1=3$.", "answer": "$x=2$"},
        "Solve $x+1=3$.",
        "$x=2$",
        "So $x = 2$.\nThe answer is $x=2$",
    ),
]


@pytest.mark.parametrize(
    ("row", "question", "answer", "output"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_a_test_set_is_read_as_it_is(
    tmp_path: Path, row: dict[str, object], question: str, answer: str, output: str
) -> None:
    data, outputs = tmp_path / "data.jsonl", tmp_path / "outputs.jsonl"
    data.write_text(json.dumps(row) + "\n")
    problem = next(iter(open_problems(str(data), "eval", solved=False)))
    assert isinstance(problem, Problem)
    assert (problem.question, problem.answer) == (question, answer)
    outputs.write_text(json.dumps({"id": problem.id, "output": output}) + "\n")
    assert main(["eval", str(data), "--from", str(outputs), "--run", str(tmp_path)]) == 0
    results = json.loads((tmp_path / "eval" / "outputs" / "results.json").read_text())
    assert results["grades"] == {"cut off": 0, "right": 1}


@pytest.mark.parametrize("answer", ["x (mod 5)", "(2, 3)", "9 (5 apples)", "3 (2)"])
def test_only_units_are_taken_off_an_answer(tmp_path: Path, answer: str) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text(json.dumps({"question": "?", "answer": answer}) + "\n")
    problem = next(iter(open_problems(str(data), "eval", solved=False)))
    assert isinstance(problem, Problem)
    assert problem.answer == answer
