"""The shapes of public data sets: each example row gives its problem, the same one in every command."""

import json

import pytest

from lemma.exceptions import Refusal
from lemma.grading.verdict import verdict
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


ODD = [
    None, 1, 1.5, True, "", "x", "7", [], [1], ["x", "y"], [None], {}, {"a": 1}, [{}], [{"role": "user"}],
    [{"role": 1, "content": [{}]}], [{"from": "gpt", "value": {}}], [{"type": "text"}], "<think>", float("nan"),
    "a ) 7",
]  # fmt: skip


@pytest.mark.parametrize("shape", shapes())
def test_an_odd_cell_is_a_refusal_at_most(shape):
    for row in shapes()[shape].examples.values():
        for name in row:
            for value in ODD:
                try:
                    problem, _ = parts({**row, name: value}, answered=False)
                except Refusal:
                    continue
                assert problem.question


REFUSED = {
    "proof": ({"problem": "q", "solution": "It is so.", "answer": "proof", "problem_is_valid": "Yes"}, "no_answer"),
    "not found": ({"problem": "How much?", "solution": r"\boxed{7}", "answer": "notfound"}, "no_answer"),
    "n/a": ({"problem": "q", "generated_solution": r"So \boxed{7}.", "expected_answer": "n/a"}, "no_answer"),
    "None": ({"question": "q", "solution": "3 + 4 = 7", "answer": "None", "perturbation_type": "x"}, "no_answer"),
    "invalid": ({"problem": "q", "solution": r"\boxed{7}", "answer": "7", "problem_is_valid": "No"}, "invalid_problem"),
    "two boxes": ({"problem": "q", "solution": r"So $\boxed{3}$. Then $2+2=\boxed{4}$."}, "several_answers"),
    "two statements": ({"question": "q", "answer": "3 + 4 = 7\n#### 7\nThe answer is: 8"}, "several_answers"),
    "two numbers": ({"question": "q", "answer": "3 + 4 = 7 pens.\nHe has 7 pens in 2 boxes."}, "several_answers"),
    "a list": ({"question": "q", "answer": ["3", "4"]}, "several_answers"),
    "olympiad list": ({"question": "q", "solution": ["3"], "final_answer": ["3", "4"]}, "several_answers"),
    "two units": ({"body": "b", "question": "q", "answer": "3 (a); 1 (b)", "formula": "7/2=3 r1"}, "several_answers"),
    "two golds": ({"prompt": "q", "reward_model": {"ground_truth": ["3", "4"]}}, "several_answers"),
    "another answer": ({"question": "q", "solution": r"So $\boxed{8}$.", "answer": "7"}, "answers_differ"),
    "a proof with a picture of numbers": (
        {"problem": "q", "solution": "So $a=2$.", "messages": [{"role": "user", "content": "q"}]}, "no_answer"
    ),
    "a proof of an olympiad": (
        {"question": "q", "solution": ["So 2."], "final_answer": None, "modality": "Text-only"}, "no_answer"
    ),
    "two questions": (
        {"messages": [{"role": role, "content": "3 + 4 = 7"} for role in ("user", "assistant", "user", "assistant")]},
        "several_turns",
    ),
    "an image": (
        {"question": "q", "solution": ["x"], "final_answer": ["7"], "modality": "Multimodal"}, "needs_image"
    ),
    "no right option": ({"question": "q", "options": ["A)5", "B)6"], "correct": "D"}, "no_answer"),
    "a step's record": (
        {"id": "s", "problem_id": "p", "steps": ["3 + 4 = 7"], "final_answer": "7", "verdict": "equal"}, "missing_field"
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_a_gold_answer_is_never_guessed(kind):
    row, reason = REFUSED[kind]
    with pytest.raises(Refusal) as refusal:
        parts(row)
    assert refusal.value.reason == reason


SOLUTIONS = {
    "thought": ("<think>Is it 8?</think>She has 3 + 4 = 7 pens.", "She has 3 + 4 = 7 pens."),
    "unclosed thought": ("<think>Is it 8? She has 3 + 4 = 7 pens.", ""),
    "only an answer": ("7", ""),
    "only a box": (r"$\boxed{7}$", ""),
    "a list of steps": (["She has 3.", "So 3 + 4 = 7."], "She has 3.\nSo 3 + 4 = 7."),
    "a generation with another answer": (r"So it is $\boxed{8}$.", ""),
}


@pytest.mark.parametrize("kind", SOLUTIONS)
def test_what_is_a_worked_solution(kind):
    written, solution = SOLUTIONS[kind]
    row = {"question": "How many?", "output": written, "answer": "7"}
    problem, _ = parts(row)
    assert (problem.solution, problem.answer) == (solution, "7")
    if not solution:
        with pytest.raises(Refusal, match=r"answer|thought"):
            parts(row, solved=True)


MAPPED = {
    "path": ({"q": {"text": "How many?"}, "m": [{"c": "3 + 4 = 7"}]}, "q.text", "m[-1].c"),
    "template": ({"a": "How", "b": "many?", "s": "3 + 4 = 7"}, "{a} {b}", "s"),
    "dotted name": ({"q.text": "How many?", "S": "3 + 4 = 7"}, "q.text", "s"),
}


@pytest.mark.parametrize("kind", MAPPED)
def test_columns_may_be_paths_and_templates(kind):
    row, question, solution = MAPPED[kind]
    problem, _ = parts(row, {"question": question, "solution": solution})
    assert (problem.question, problem.solution, problem.answer) == ("How many?", "3 + 4 = 7", "7")
    with pytest.raises(Refusal, match=r"no nix\.x among the columns"):
        parts(row, {"question": question, "solution": "nix.x"})


_CHAT = [{"role": "user", "content": "How many?"}, {"role": "assistant", "content": "She's got 3 + 4 = 7.\n#### 7"}]
_ASKED = {"prompt": str(_CHAT[:1]), "reward_model": str({"ground_truth": "7", "style": "rule"})}
CELLS = {  # as a CSV file has them
    "Python": ({"messages": str(_CHAT)}, "How many?", "7"),
    "JSON": ({"messages": json.dumps(_CHAT)}, "How many?", "7"),
    "NumPy": ({"messages": str(_CHAT).replace("}, {", "}\n {")}, "How many?", "7"),
    "verl": (_ASKED, "How many?", "7"),
    "options": ({"question": "q", "options": "['A)5', 'B)7']", "correct": "B"}, "q\nChoose one of: 5; 7", "7"),
    "one answer": ({"question": "q", "subfield": "", "image_1": "", "final_answer": "['7']"}, "q", "7"),
    "an interval is no list": ({"question": "q", "final_answer": "[1,2]"}, "q", "[1,2]"),
    "a question is text": ({"question": "['a', 'b']", "answer": "7"}, "['a', 'b']", "7"),
}


@pytest.mark.parametrize("kind", CELLS)
def test_lists_and_objects_in_cells_of_text_are_read(kind):
    row, question, answer = CELLS[kind]
    problem, _ = parts(row)
    assert (problem.question, problem.answer) == (question, answer)


def test_two_texts_without_a_comma_are_not_joined():
    with pytest.raises(Refusal, match="options"):
        parts({"question": "q", "options": "['A)5'\n 'B)7']", "correct": "B"})


OPTIONS = [
    (["A)5", "B)7"], "B", "q\nChoose one of: 5; 7", "7"),
    ("a ) 5 , 000 , b ) 7", "b", "q\nChoose one of: 5 , 000; 7", "7"),
    ({"text": ["a line", "a circle"], "label": ["A", "B"]}, "A", "q\nOptions:\nA) a line\nB) a circle", "A) a line"),
    (["I", "II", "both"], 2, "q\nOptions:\nA) I\nB) II\nC) both", "C) both"),
    (["5", "7"], "7", "q\nChoose one of: 5; 7", "7"),
]


@pytest.mark.parametrize(("options", "right", "question", "answer"), OPTIONS)
def test_options_are_shown_and_the_right_one_is_the_gold_answer(options, right, question, answer):
    problem, _ = parts({"question": "q", "options": options, "correct": right})
    assert (problem.question, problem.answer) == (question, answer)
    assert verdict(problem.answer, f"The answer is {answer}.") == "equal"


def test_solutions_by_models_are_samples_with_the_verdicts_of_the_data_set():
    row = shapes()["openr1"].examples["open-r1/OpenR1-Math-220k"]
    assert [right for _, right in parts(row)[1]] == [True, False]
    assert parts({"question": "q", "response": "3 + 4 = 7"})[1] == []  # nothing to grade it against
    assert parts({"question": "q", "answer": "7", "responses": ["a", "b"]})[1] == [("a", None), ("b", None)]
    assert parts({"question": "q", "answer": "7", "m": {"solution": "a"}})[1] == [("a", None)]
