"""An operator error says with which words the problem tells the right operation, if it has such words."""

import random

import pytest

from lemma.arithmetic.graph import read_solution
from lemma.injectors.operator_error import propose

REASONS = [
    # What is said of one of the two numbers.
    ("Sherry wants 99 loaves. Her recipe makes enough batter for 3 loaves. How many batches is that?",
     "She needs to make batches because 99/3=33.", 33,
     ' The problem says "Her recipe makes enough batter for 3 loaves".'),
    ("Jack orders 3 sandwiches that cost $5 each. How much does he pay?", "The cost was 3*5=$15.", 15,
     ' The problem says "Jack orders 3 sandwiches that cost $5 each".'),
    ("Randy had $3000. Smith gave him another $200. How much did he have?", "Randy had 3000+200=3200 dollars.", 3200,
     ' The problem says "Smith gave him another $200".'),
    # In a story that is told backwards, such words tell nothing.
    ("Randy got another $200 from Smith. Now he has $3200. What did he have at first?",
     "Randy had 3200-200=3000 dollars.", 3000, ""),
    # What is asked for in the end.
    ("Three friends pay $15 for 5 bags of chips. How much does each bag of chips cost?", "A bag costs $15/5 = $3.", 3,
     ' The problem asks "How much does each bag of chips cost".'),
    # No words that tell anything.
    ("A ticket costs $8 and a cake $12. What is that?", "It is $8 + $12 = $20.", 20, ""),
]  # fmt: skip


@pytest.mark.parametrize(("question", "step", "gold", "reason"), REASONS)
def test_why_the_right_operation_is_right(question, step, gold, reason):
    graph = read_solution(question, (step,), gold)
    told = {one.explanation for seed in range(5) for one in propose(graph, random.Random(seed))}
    assert told
    assert {text.partition(". The problem ")[1] + text.partition(". The problem ")[2] for text in told} == {
        f".{reason}" if reason else ""
    }
