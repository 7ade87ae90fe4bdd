"""A solution told in another way: which ways there are, and what is refused rather than told badly."""

from __future__ import annotations

import pytest
from arithmetic_stories import Story, stories
from hypothesis import given
from hypothesis import strategies as st

from lemma.arithmetic.equations import read_step
from lemma.arithmetic.graph import read_solution
from lemma.arithmetic.numbers import Value
from lemma.exceptions import Refusal
from lemma.trajectories import rearranging
from lemma.trajectories.rearranging import WAYS, Corrected, rearranged
from lemma.trajectories.rearranging.proof import prove
from lemma.trajectories.rearranging.roles import counts_things, is_amount_of_each
from lemma.trajectories.rearranging.wording import check_wording, named_again

SHOP = "Ann buys 3 pens for $2 each and 4 books for $5 each. How much does she pay?"
PENS, BOOKS, TOTAL = "The pens cost 3 * $2 = $6.", "The books cost 4 * $5 = $20.", "She pays $6 + $20 = $26."


def told(way: str, question: str, steps: tuple[str, ...], gold: Value) -> list[tuple[str, ...]]:
    """The proven solutions of one way."""
    graph = read_solution(question, steps, gold)
    found = []
    for proposal in WAYS[way](graph):
        if not isinstance(proposal, Refusal):
            try:
                found.append(prove(graph, proposal).steps)
            except Refusal:
                continue
    return found


COINS = "Ann has 7 bags of $9. She buys 3 pens for $2 each and 4 books for $5 each. How much is left?"
HAD, LEFT = "She had 7 * $9 = $63.", "So $63 - $6 - $20 = $37 are left."
EGGS, BOXES = "Of 16 eggs she eats 3 and 4.", "2 and 3 boxes of 7."


@pytest.mark.parametrize(
    ("way", "question", "solution", "expected"),
    [
        # The first step stays the first one, and the others come in the order of the question.
        ("order", SHOP, f"{PENS}|{BOOKS}|{TOTAL}", []),
        ("order", COINS, f"{HAD}|{BOOKS}|{PENS}|{LEFT}", [f"{HAD}|{PENS}|{BOOKS}|{LEFT}"]),
        ("order", COINS, f"{HAD}|{PENS}|{BOOKS}|{LEFT}", []),
        # She can't pay for stickers that nobody has told of.
        ("order", COINS, f"{HAD}|The stickers: 4 * $5 = $20.|The stickers she has: 3 * $2 = $6.|{LEFT}", []),
        ("order", SHOP, f"{PENS}|Then the books cost 4 * $5 = $20.|{TOTAL}", []),
        (
            "order", SHOP, "She has 9 - 2 = 7.|A pen costs 6 / 3 = $2.|So four cost 4 * 2 = $8.|7 + 8 = 15", [],
        ),
        ("order", SHOP, f"{PENS}|She pays 4 * $5 = $20 for them.|{TOTAL}", []),
        (
            "merging", SHOP, f"{PENS}|{BOOKS}|{TOTAL}",
            [f"{PENS}|She pays $6 + 4 * $5 = $26."],
        ),
        ("merging", "He had 9, lost 2 and 3.", "9 - 2 = 7 left.|So 7 - 3 = 4 stay.", []),
        (
            "merging", "4 bags of 5; he lost 2 and 3.", "4 * 5 = 20 in all.|20 - 2 = 18 left.|So 18 - 3 = 15 stay.",
            ["4 * 5 = 20 in all.|So 20 - 2 - 3 = 15 stay."],
        ),
        # The same number for two things, and units that would get lost.
        ("merging", "4 bags of 5; he lost 2 and 20.", "4 * 5 = 20.|20 + 2 = 22 lost.|So 22 - 20 = 2 stay.", []),
        (
            "merging", SHOP, f"{PENS}|The books cost 4 books * $5/book = $20.|{TOTAL}", [],
        ),
        # The result is said again, so it has to be worked out.
        ("merging", "He had 9 and lost 2.", "9 - 2 = 7 left.|With 7 he needs 5 * 7 = 35.", []),
        (
            "merging", "5 by 6 eggs cost $12.", "5 x 6 = 30 eggs.|$12/30 = $0.4.|So 0.4 x 100 = 40 cents.",
            ["5 x 6 = 30 eggs.|So 12 / 30 x 100 = 40 cents."],
        ),
        (
            "splitting", "3/4 of 8 tens and 5.", "8 * 10 = 80.|He has 80 * 3 / 4 - 5 = 55.",
            ["8 * 10 = 80.|80 * 3 / 4 = 60.|He has 60 - 5 = 55."],
        ),
        (
            "splitting", "Of 2 x 8 eggs she eats 3 and 4.", "2 * 8 = 16.|She sells 16 - 3 - 4 = 9 eggs.",
            ["2 * 8 = 16.|16 - 3 = 13.|She sells 13 - 4 = 9 eggs."],
        ),
        # Nothing comes before the first step, or a "First".
        ("splitting", EGGS, "She sells 16 - 3 - 4 = 9 eggs.", []),
        ("splitting", "Of 2 x 8 eggs she eats 3 and 4.", "2 * 8 = 16.|Next, she sells 16 - 3 - 4 = 9 eggs.", []),
        ("operations", EGGS, "She sells 16 - 3 - 4 = 9 eggs.", ["She sells 16 - (3 + 4) = 9 eggs."]),
        ("operations", "She takes 20% of 50.", "It is 20% of 50 = 10.", ["It is 50 * 0.2 = 10.", "It is 50 / 5 = 10."]),
        ("operations", SHOP, f"{PENS}|{TOTAL}", [f"The pens cost $2 + $2 + $2 = $6.|{TOTAL}"]),
        # 75 records of $3 are no sum of three.
        ("operations", "He buys 75 records of $3.", "He pays 75 * 3 = $225.", []),
        ("operations", BOXES, "There are (2 + 3) * 7 = 35.", ["There are 2 * 7 + 3 * 7 = 35."]),
        (
            "operations", BOXES, "There are 2 * 7 + 3 * 7 = 35.",
            ["There are (2 + 3) * 7 = 35.", "There are 7 + 7 + 3 * 7 = 35."],
        ),
        ("operations", "Half of 48 clips.", "She sold 48 / 2 = 24 clips.", ["She sold 48 * 0.5 = 24 clips."]),
        ("operations", "Two boys share 48 clips.", "Each gets 48 / 2 = 24 clips.", []),
        # A percentage and a decimal in one sum, a step that goes on from another one, and a fact that is said once.
        ("operations", "75% are sold.", "There are 100% - 75% * 1 = 25% left.", []),
        ("splitting", EGGS, "And she sells 16 - 3 - 4 = 9 eggs.", []),
        (
            "merging", SHOP, f"{PENS}|And the books cost 4 * $5 = $20.|{TOTAL}",
            [f"{PENS}|She pays $6 + 4 * $5 = $26."],
        ),
        # A product with units, a decimal of the question, and a share that the question does not have.
        ("operations", SHOP, f"The pens cost 3 pens * $2/pen = $6.|{TOTAL}", []),
        ("operations", "20 cups of .5 gallons.", "They are 20 * .5 = 10 gallons.", []),
        ("operations", "4 of 20 cars.", "It is 4/20 * 100% = 20%.", []),
        ("order", SHOP, f"{PENS}|And the books cost 4 * $5 = $20.|{TOTAL}", []),
        ("merging", "He had 9, lost 2 on day 1 and 3.", "On day 1, 9 - 2 = 7 stay.|In the end 7 - 3 = 4 stay.", []),
        ("order", "Of 9 he eats 7, 6 cost $3.", "9 - 7 = 2 stay.|The two cost 3 * 6 = $18.|He pays 18 + 2 = 20.", []),
        # The words say what is done.
        ("operations", "She takes 20% of 50.", "Multiply 50 by 20%: 50 * 20% = 10.", []),
    ],
)  # fmt: skip
def test_ways(way: str, question: str, solution: str, expected: list[str]) -> None:
    steps = tuple(solution.split("|"))
    gold = read_step(steps[-1]).equations[-1].result.face
    assert ["|".join(found) for found in told(way, question, steps, gold)] == expected


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ((PENS, BOOKS, "She pays $7 + $19 = $26."), "number_from_nowhere"),
        ((PENS, "The books cost 5 * $4 = $20.", TOTAL), "same_solution"),
        ((PENS, "The books cost $6 + $14 = $20.", TOTAL), "number_from_nowhere"),
        ((PENS, "The books cost (3 + 2) * 4 = $20.", TOTAL), "computes_something_else"),
        ((BOOKS, PENS, TOTAL, "That is it."), "answer_moved"),
        ((PENS, "The books cost 4 * $5 = $21.", TOTAL), "reference_equation_false"),
    ],
)
def test_a_text_that_proves_something_else_is_refused(steps: tuple[str, ...], reason: str) -> None:
    with pytest.raises(Refusal) as refused:
        prove(read_solution(SHOP, (PENS, BOOKS, TOTAL), 26), steps)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("steps", "order", "reason"),
    [
        (("He has 2.", "This makes 3.", "It is 4."), (0, 2, 1), "reference_word"),
        (("He has 2.", "Then 3 more.", "In all 5."), (1, 0, 2), "order_word"),
        (("He has 2.", "The remaining ones are 3.", "In all 5."), (1, 0, 2), "order_word"),
        (("Ann has 2.", "He has 3.", "So 5."), (1, 0, 2), "pronoun"),
        (("Tom has 3, said Ann.", "Ann has 2, said Tom.", "He pays 5."), (1, 0, 2), ""),
        (("So Tom has 3.", "Then he has 2.", "In all 5."), (1, 2), "pronoun"),
        (("He has 3.", "So he pays 2.", "In all 5."), (1, 2), ""),
    ],
)
def test_wording(steps: tuple[str, ...], order: tuple[int, ...], reason: str) -> None:
    try:
        check_wording("Once, Ann met Tom.", steps, order)
    except Refusal as refusal:
        assert refusal.reason == reason
    else:
        assert not reason


@pytest.mark.parametrize(
    ("question", "count", "amount"),
    [
        ("Ann has 3 boxes of 8 pens.", True, True),
        ("Ann has three boxes with 8 pens in each box.", True, True),
        ("He walks 3 miles a day for 8 days.", False, False),
        ("A room of 3 feet by 8 feet.", False, False),
        ("He buys 8 records for $3 each.", False, False),
        ("There are 3 and then 3 boxes of 8.", False, True),
    ],
)
def test_counts_and_amounts(question: str, count: bool, amount: bool) -> None:
    assert (counts_things(question, 3), is_amount_of_each(question, 8)) == (count, amount)


@given(stories(), st.integers(0, 3))
def test_whatever_is_rearranged_holds_and_differs(story: Story, choice: int) -> None:
    try:
        steps = rearranged(story.question, story.texts, story.answer, choice)
    except Refusal as refusal:
        assert refusal.reason in ("no_other_way", "answer_not_numeric") or "reference" in refusal.reason
        return
    assert steps != story.texts
    assert steps == rearranged(story.question, story.texts, story.answer, choice)
    equations = [equation for step in steps for equation in read_step(step).equations]
    assert all(equation.holds for equation in equations)
    assert equations[-1].result.face == read_step(story.texts[-1]).equations[-1].result.face


def test_a_solution_without_another_way_is_refused() -> None:
    with pytest.raises(Refusal, match="nothing to rearrange"):
        rearranged("Ada has 3 pens and buys 4.", ("She has 3 + 4 = 7 pens.",), "7")


@pytest.mark.parametrize(
    ("corrected", "expected"),
    [
        # It stays a step of its own, whatever becomes of the others.
        (Corrected((1,)), {f"{HAD}|{PENS}|So $63 - $6 - 4 * $5 = $37 are left."}),
        (Corrected((2,)), set()),
        (Corrected((1, 2)), set()),
        # A part of it may come first if it was only worked out wrong.
        (Corrected((3,), miscalculated=True), {f"{HAD}|{PENS}|{BOOKS}|$63 - $6 = $57.|So $57 - $20 = $37 are left."}),
        (Corrected((3,)), set()),
    ],
)
def test_what_is_put_right_stands_and_nothing_else_is_written_anew(corrected: Corrected, expected: set[str]) -> None:
    found = set()
    for choice in range(8):
        try:
            found.add("|".join(rearranged(COINS, (HAD, PENS, BOOKS, LEFT), "37", choice, corrected)))
        except Refusal as refusal:
            assert refusal.reason == "no_other_way"
    assert found == expected


@pytest.mark.parametrize(
    ("question", "earlier", "later", "again"),
    [
        ("", "She bakes 3 muffins.", "The muffins cost 3 * 2 = 6.", True),
        ("Of 3 muffins", "She bakes 3 muffins.", "The muffins cost 3 * 2 = 6.", False),
        ("", "She bakes 3 muffins.", "The cakes cost 3 * 2 = 6.", False),
    ],
)
def test_what_an_earlier_step_brings_up(question: str, earlier: str, later: str, again: bool) -> None:
    assert named_again(question, earlier, later) == again


def test_annotations_are_kept_and_made_anew() -> None:
    steps = ("The pens cost 3*$2 = $<<3*2=6>>6.", "The books cost 4*$5 = $<<4*5=20>>20.", "So 6+20 = <<6+20=26>>26.")
    ways = {rearranged(SHOP, steps, "26", choice) for choice in range(8)}
    assert all(text.count("<<") == text.count("=") / 2 for text in map("".join, ways))
    assert any("3*2+20=26>>" in "".join(way) or "2+2+2=6>>" in "".join(way) for way in ways)


def test_what_the_choices_share_decides_nothing() -> None:
    """Proposals and proofs are kept from one choice to the next; each choice alone has to come out the same."""
    asked = [(SHOP, (PENS, BOOKS, TOTAL), "26", choice) for choice in range(8)]
    together = [rearranged(*one) for one in asked]
    assert len(set(together)) > 1
    for one, told_together in zip(asked[::-1], together[::-1], strict=True):
        for cached in (rearranging._start, rearranging._rearranged):
            cached.cache_clear()
        assert rearranged(*one) == told_together
