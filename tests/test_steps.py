"""Text to steps and back."""

import pytest

from lemma.steps import split_steps

LATEX_STEPS = [
    (r"The sum is $1+2=3.$ Twice that is $2\cdot 3=\boxed{6}.$", 2),
    (r"The sum is $1+2=3$. Twice that is $2\cdot 3=\boxed{6}$.", 2),
    (r"We have \[1+2=3.\] Twice that is \[2\cdot 3=6.\] The answer is $\boxed{6}.$", 3),
    (r"\begin{align*}1+2&=3.\end{align*} So it is $\boxed{3}.$", 2),
    (r"The value of $x.$ and of $y$ is $\boxed{3}.$", 1),
    (r"Pipe No. $4$ holds $1.5$ Liters, so $\boxed{3}$ pipes hold more.", 1),
]


@pytest.mark.parametrize(("solution", "count"), LATEX_STEPS)
def test_latex_is_cut_at_its_sentences(solution, count):
    steps = split_steps(solution)
    assert len(steps) == count
    assert " ".join(steps) == solution


MARKED_ANSWERS = [
    ("He has 3.\nA: 3", ("He has 3.",)),
    ("He has 3.\n  A: 3\n\n", ("He has 3.",)),
    ("A: 3 apples\nHe has 3.", ("A: 3 apples", "He has 3.")),
    ("He has 3.\n#### 3\n", ("He has 3.",)),
    ("A: 3\n#### 3", ("A: 3",)),
    ("A: 3", ()),
    ("", ()),
]


@pytest.mark.parametrize(("solution", "steps"), MARKED_ANSWERS)
def test_a_marked_answer_is_no_step(solution, steps):
    assert split_steps(solution) == steps
