"""The shapes of public data sets: each example row gives its problem, the same one in every command."""

import json

import pytest

from lemma.exceptions import Refusal
from lemma.problems.problem import read_row
from lemma.problems.shapes import shape_of, shapes

EXAMPLES = [
    pytest.param(shape, data_set, id=f"{shape}: {data_set}")
    for shape, found in shapes().items()
    for data_set in found.examples
]


def parts(row, columns=None, **needs):
    problem, samples = read_row(row, columns or {}, "rows", **{"solved": False, "answered": True, **needs})
    return problem, [(sample.text, sample.right) for sample in samples]


@pytest.mark.parametrize(("shape", "data_set"), EXAMPLES)
def test_every_example_is_read_by_its_shape_alone(shape, data_set):
    row = json.loads(json.dumps(shapes()[shape].examples[data_set]))
    keys = {key.casefold() for key in row}
    assert [name for name, other in shapes().items() if name != "columns" and other.fits(row, keys)] == (
        [shape] if shape != "columns" else []
    )
    assert shape_of(row) is shapes()[shape]
    problem, _ = parts(row)
    assert "pens" in problem.question or "Stifte" in problem.question
    assert problem.answer in ("7", "7.0", "34", "3000007")
    assert "<think" not in problem.solution
    assert "Say 9" not in problem.solution


@pytest.mark.parametrize(("shape", "data_set"), EXAMPLES)
def test_every_command_sees_the_same_problem(shape, data_set):
    row = shapes()[shape].examples[data_set]
    expected, _ = parts(row)
    for solved in (False, True):
        for answered in (False, True):
            try:
                assert parts(row, solved=solved, answered=answered)[0] == expected
            except Refusal as refusal:
                assert solved and refusal.reason == "empty_solution"
