"""Text to steps and back."""

import pytest

from lemma.steps import numbered, split_steps, without_answer_line

LATEX_STEPS = [
    (r"The sum is $1+2=3.$ Twice that is $2\cdot 3=\boxed{6}.$", 2),
    (r"The sum is $1+2=3$. Twice that is $2\cdot 3=\boxed{6}$.", 2),
    (r"We have \[1+2=3.\] Twice that is \[2\cdot 3=6.\] The answer is $\boxed{6}.$", 3),
    (r"\begin{align*}1+2&=3.\end{align*} So it is $\boxed{3}.$", 2),
    (r"The value of $x.$ and of $y$ is $\boxed{3}.$", 1),
    (r"Pipe No. $4$ holds $1.5$ Liters, so $\boxed{3}$ pipes hold more.", 1),
]


# Without a blank or a full stop behind a display, and with amounts of money.
CUT_WITHOUT_BLANK = [
    (r"We have \[1+2=3.\]Twice that is $\boxed{6}.$", 2),
    (r"We have \[1+2=3\]If so, it is $\boxed{6}.$", 2),
    (r"We have \[1+2=3\]so that it is $\boxed{6}.$", 1),
    (r"We have \[1+2=3\]AB is $\boxed{6}.$", 1),
    ("It costs \\$15, so $2\\cdot 15=30$ dollars.\n\nThree cost \\$45.\n\nThey cost $\\boxed{75}$.", 3),
]


@pytest.mark.parametrize(("solution", "count"), CUT_WITHOUT_BLANK)
def test_displays_end_sentences_and_amounts_open_no_formula(solution, count):
    steps = split_steps(solution)
    assert len(steps) == count
    assert "".join("".join(steps).split()) == "".join(solution.split())


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


PARAGRAPHS = [
    ("He has 1.5 m. Then 3 * 1.5 = 4.5 m. So it is 4.5 m.", 3),
    ("Dr. Lee pays $3.50 at 9 a.m. for tea. No. 4 costs $2. Both cost 3.5 + 2 = $5.50!", 3),
    ("She stacks 14 * 6 = 84. 84 - 9 = 75 are left. The answer is 75.", 2),
    ("It is approx. 5 ft. 3 in. in all.", 1),
    ("It is 84 cm. Then it is 84 - 9 = 75 cm. 75 cm is short.", 3),
    ("the first is 3 + 4 = 7 . the second is 7 - 2 = 5 .", 2),
    ("Sie hat 3 + 4 = 7 Stifte. Übrig sind 7 - 2 = 5.", 2),
    ("他有3+4=7支。剩下7-2=5支。", 2),
    ("Let f(x) = 2.5x, e.g. f(2) = 5. Is it more? Yes, i.e. 5 > 2.", 3),
    ("One sentence with 3 + 4 = 7", 1),
]


@pytest.mark.parametrize(("solution", "count"), PARAGRAPHS)
def test_a_paragraph_is_cut_at_its_sentences(solution, count):
    steps = split_steps(solution)
    assert len(steps) == count, steps
    assert split_steps("\n".join(steps)) == steps


THOUGHTS = [
    ("<think>It is 3 + 4 = 8.\nNo.</think>\nIt is 3 + 4 = 7.", ("It is 3 + 4 = 7.",)),
    ("It is 8?\n</think>\n\nIt is 7.\nSo 7.", ("It is 7.", "So 7.")),
    ("<think>It is 3 + 4 = 8.", ()),
    ("It is 7. <think>Or is it", ()),
    (
        "<|channel|>analysis<|message|>8?<|end|><|start|>assistant<|channel|>final<|message|>It is 7.<|return|>",
        ("It is 7.",),
    ),
    ("<|begin_of_thought|>8<|end_of_thought|><|begin_of_solution|>It is 7.<|end_of_solution|>", ("It is 7.",)),
    ("If 3 < a and b > 4, it is 7.", ("If 3 < a and b > 4, it is 7.",)),
]


@pytest.mark.parametrize(("solution", "steps"), THOUGHTS)
def test_a_thought_is_never_a_step(solution, steps):
    assert split_steps(solution) == steps


MARKERS = [
    ("1. It is $2^2 = 4$.\n2. It is $4 + 1 = \\boxed{5}$.", ("1. It is $2^2 = 4$.", "2. It is $4 + 1 = \\boxed{5}$.")),
    ("1.\nIt is 4.\n2)\nIt is 5.", ("1. It is 4.", "2) It is 5.")),
    ("1. It is 4. 2. It is 5.", ("1. It is 4.", "2. It is 5.")),
    ("**Step 1:**\nIt is 4.\n\n**Answer:** 4 pens", ("**Step 1:** It is 4.",)),
    ("## Step 1: Add\nIt is 4.", ("## Step 1: Add\nIt is 4.",)),
    ("It is 4.\n#### 4\nThe answer is: 4", ("It is 4.",)),
    ("The answer is 4.", ("The answer is 4.",)),
    ("Es sind 3 + 1 = 4. Die Antwort ist 4.", ("Es sind 3 + 1 = 4.",)),
    ("3+1=4。答案是4。", ("3+1=4。",)),
    ("3 + 1 = 4\nОтвет: 4.", ("3 + 1 = 4",)),
    ("1. It is 3 + 1 = 4. 2. The answer is 4.", ("1. It is 3 + 1 = 4.",)),
    ("1) It is 3 + 1 = 4.\n2) **Answer: 4**", ("1) It is 3 + 1 = 4.",)),
    ("3 + 1 = 4\n4 + 1 = 5\n\\boxed{5}", ("3 + 1 = 4", "4 + 1 = 5\n\\boxed{5}")),
    ("3 + 1 = 4.\n4 + 1 = 5 pens.\nSo it is \\boxed{5}.", ("3 + 1 = 4.", "4 + 1 = 5 pens.", "So it is \\boxed{5}.")),
    ("It is $2^2 = 4$.\n4 + 1 = 5.", ("It is $2^2 = 4$.", "4 + 1 = 5.")),
    ("There are $2^2$\nways, so 3.", ("There are $2^2$\nways, so 3.",)),
    ("It is 4.\n#### 4 pens, as it was said in the question of this problem", ("It is 4.",)),
]


@pytest.mark.parametrize(("solution", "steps"), MARKERS)
def test_a_number_or_heading_belongs_to_its_step_and_an_answer_line_is_none(solution, steps):
    assert split_steps(solution) == steps
    assert split_steps("\n".join(steps)) == steps


def test_steps_say_their_numbers_once() -> None:
    assert numbered(["She has 3.", "Step 2: Then 4."]) == ("Step 1: She has 3.", "Step 2: Then 4.")
    assert numbered(["Step 2: Then 4."], 3) == ("Step 3: Step 2: Then 4.",)


@pytest.mark.parametrize("last", ["Step 2: #### 6", "#### 6", "Step 2: The answer is: 6", "Step 2. The answer is 6."])
def test_a_numbered_line_that_only_says_the_answer_is_no_step(last: str) -> None:
    assert without_answer_line(["Step 1: 2 * 3 = 6", last]) == ("Step 1: 2 * 3 = 6",)
    assert without_answer_line(["Step 1: 2 * 3 = 6", "Step 2: So 6 are left."]) == (
        "Step 1: 2 * 3 = 6",
        "Step 2: So 6 are left.",
    )
