"""One change, and all that follows from it: in the right places, in the right format, or refused by name."""

import re
from fractions import Fraction
from importlib.resources import files

import pytest
from arithmetic_stories import apply, read_equation, stories
from hypothesis import given
from hypothesis import strategies as st

from lemma.arithmetic.graph import Link, read_solution
from lemma.arithmetic.numbers import INTEGER, Number, NumberStyle
from lemma.arithmetic.propagation import Change, Edit, propagate, reads_well
from lemma.exceptions import Refusal

TOM = "Tom buys 5 bags with 7 apples in each. He eats 4 apples and sells half of the rest for $2 each."
TOMS_STEPS = (
    "Tom buys 5 x 7 = 35 apples.",
    "After his meal there are 35 - 4 = 31 apples.",
    "He sells 31 / 2 * $2 = $31 worth of them.",
)


def links(question, steps, gold=0):
    graph = read_solution(question, steps, gold)
    return [
        (operand.face, link)
        for equation, row in zip(graph.equations, graph.operand_links, strict=True)
        for operand, link in zip(equation.operands, row, strict=True)
    ]


LINKED = [
    ("5 bags of 7", ("5 * 7 = 35",), 5, Link(question=True)),
    ("five bags of 7", ("5 * 7 = 35",), 5, Link(question=True)),
    ("twenty-five bags of 7", ("25 * 7 = 175",), 25, Link(question=True)),
    ("half of 8", ("8 / 2 = 4",), 2, Link(question=True)),
    ("3/4 of 8", ("0.75 * 8 = 6",), Fraction(3, 4), Link(question=True)),
    ("20% of 8", ("0.2 * 8 = 1.6",), Fraction(1, 5), Link(question=True)),
    ("20% of 8", ("20% * 8 = 1.6",), 20, Link(question=True)),
    ("5 bags of 7", ("5 * 7 = 35", "35 + 1 = 36"), 35, Link(results=(0,))),
    ("5 bags of 7 or 35", ("5 * 7 = 35", "35 + 1 = 36"), 35, Link(results=(0,), question=True)),
    ("5 bags of 7", ("5 * 7 = 35", "30 + 5 = 35", "35 + 1 = 36"), 35, Link(results=(0, 1))),
    ("8 of 40", ("8 / 40 = 0.2", "20% * 10 = 2"), 20, Link(rescaled=(0,))),
    ("8 of 40", ("8 / 40 = 20%", "0.2 * 10 = 2"), Fraction(1, 5), Link(rescaled=(0,))),
    ("2 hours", ("2 * 60 = 120 minutes",), 60, Link(constant=True)),
    ("2 of them", ("2 * 60 = 120 things",), 60, Link()),
    ("2 dozen eggs", ("2 * 12 = 24",), 12, Link(question=True, constant=True)),
    ("one of them", ("100 - 1 = 99",), 1, Link(question=True, constant=True)),
]


@pytest.mark.parametrize(("question", "steps", "face", "link"), LINKED)
def test_operands_are_linked_to_all_that_they_may_come_from(question, steps, face, link):
    assert [found for value, found in links(question, steps) if value == face][-1] == link


def test_an_operand_never_comes_from_a_later_result():
    assert links("q", ("35 + 1 = 36", "5 * 7 = 35"))[0] == (35, Link())


MENTIONS = [
    (("5 + 3 = 8", "So there are 8."), Link(results=(0,))),
    (("She drinks 8 ounces because 5 + 3 = 8.",), Link(results=(0,))),
    (("There are 8 of them.", "2 * 4 = 8"), Link()),
]


@pytest.mark.parametrize(("steps", "link"), MENTIONS)
def test_mentions_are_linked_to_what_was_known_by_then(steps, link):
    (mention,) = [mention for mention in read_solution("q", steps, 8).mentions if mention.number.face == 8]
    assert mention.link == link


NOT_READ = [
    (("5 * 7 = 36",), "reference_equation_false"),
    (("5 * 7 = 35", "35 / 2 = 17"), "reference_equation_false"),
    (("5 / 0 = 5",), "reference_equation_unclear"),
    ((), "empty_solution"),
    (("",), "empty_solution"),
    (("a" * 20_001,), "solution_too_long"),
    (("1 + 1 = 2. " * 101,), "solution_too_long"),
]


@pytest.mark.parametrize(("steps", "reason"), NOT_READ)
def test_solutions_that_cannot_be_trusted_are_refused_by_name(steps, reason):
    with pytest.raises(Refusal) as refusal:
        read_solution("q", steps, 5)
    assert refusal.value.reason == reason


CARRIED = [
    (TOM, TOMS_STEPS, 45, ("Tom buys 5 x 7 = 45 apples.", "After his meal there are 45 - 4 = 41 apples.",
                           "He sells 41 / 2 * $2 = $41 worth of them.")),
    ("5 of 7", ("5 * 7 = <<5*7=35>>35", "35 + 5 = <<35+5=40>>40."), 45,
     ("5 * 7 = <<5*7=45>>45", "45 + 5 = <<45+5=50>>50.")),
    ("$5 and 7", ("5 * $7 = $35.", "So $35 + $5 = $40 are spent, which is $40.00."), 45,
     ("5 * $7 = $45.", "So $45 + $5 = $50 are spent, which is $50.00.")),
    ("500 of 7", ("500 * 7 = 3,500", "3,500 + 7 = 3,507"), 3600, ("500 * 7 = 3,600", "3,600 + 7 = 3,607")),
    ("500 of 7", ("500 * 7 = 3500", "3,500 + 7 = 3507"), 3600, ("500 * 7 = 3600", "3,600 + 7 = 3607")),
    ("3 of 8", (r"$\frac{3}{8}+\frac{1}{8}=\frac{1}{2}$", r"Thus $0.5 \cdot 8 = \boxed{4}$."), Fraction(3, 4),
     (r"$\frac{3}{8}+\frac{1}{8}=\frac{3}{4}$", r"Thus $0.75 \cdot 8 = \boxed{6}$.")),
    ("3 and 2", ("3 / 2 = 1 1/2 cups", "1 1/2 * 2 = 3 cups"), Fraction(5, 2),
     ("3 / 2 = 2 1/2 cups", "2 1/2 * 2 = 5 cups")),
    ("$3 and 2", ("$3 / 2 = $1.50", "$1.50 * 3 = $4.50"), 2, ("$3 / 2 = $2.00", "$2.00 * 3 = $6.00")),
    ("20% of 50, 5% and 40", ("20% + 5% = 25%", "25% * 40 = 10"), 35, ("20% + 5% = 35%", "35% * 40 = 14")),
    ("4 of 25", ("4 / 25 * 100 = 16%", "16% * 50 = 8"), 18, ("4 / 25 * 100 = 18%", "18% * 50 = 9")),
    ("$5 for 2, 4 of them", ("$5 / 2 = $2.5", "$2.5 * 4 = $10"), 3, ("$5 / 2 = $3", "$3 * 4 = $12")),
    ("2 and 3", ("14 / 2 = 7 hours", "7 * 3 = 21 miles"), Fraction(15, 2),
     ("14 / 2 = 7.5 hours", "7.5 * 3 = 22.5 miles")),
    ("5 and 9", ("9 + 3 = 12 cats", "12 - 5 = 7 cats", "12 + 7 = 19 pets"), 14,
     ("9 + 3 = 14 cats", "14 - 5 = 9 cats", "14 + 9 = 23 pets")),
]  # fmt: skip


@pytest.mark.parametrize(("question", "steps", "result", "expected"), CARRIED)
def test_a_changed_result_is_carried_through_in_its_format(question, steps, result, expected):
    graph = read_solution(question, steps, read_solution(question, steps, 0).equations[-1].result.face)
    consequence = propagate(graph, Change(0, result=result))
    assert consequence.steps == expected
    assert consequence.error_step == 0
    assert consequence.final == read_solution_end(expected)


def read_solution_end(steps):
    """The last number after an equals sign, without its format."""
    text = steps[-1].replace(r"\boxed{", "").replace("$", "").replace(">>", "=")
    return Fraction(re.findall(r"=\s*([\d,.]+\d|\d)", text)[-1].replace(",", ""))


def test_an_edit_changes_the_expression_and_all_that_follows():
    graph = read_solution(TOM, TOMS_STEPS, 31)
    consequence = propagate(graph, Change(1, edits=(Edit(28, 29, "+"),)))
    assert consequence.steps == (
        "Tom buys 5 x 7 = 35 apples.",
        "After his meal there are 35 + 4 = 39 apples.",
        "He sells 39 / 2 * $2 = $39 worth of them.",
    )
    assert (consequence.error_step, consequence.final, consequence.changed) == (1, 39, {1: 39, 2: 39})


EDITED = [
    # An operand's repetition behind the equation is not part of the expression, whatever its length.
    ("Each has 7 * 10 = 70 for 10 bags", ((13, 15, "8"), (25, 27, "8")), "Each has 7 * 8 = 56 for 8 bags"),
    ("Each has 7 * 10 = 70 for 10 bags", ((13, 15, "115"), (25, 27, "115")), "Each has 7 * 115 = 805 for 115 bags"),
    # What is put in behind a unit is.
    ("So 5 cats + 3 cats = 8 cats", ((18, 18, " - 2"),), "So 5 cats + 3 cats - 2 = 6 cats"),
    ("5 cats + 3 cats = 8 cats", ((0, 0, "Two ran. "), (15, 15, " - 2")), "Two ran. 5 cats + 3 cats - 2 = 6 cats"),
    ("There are 18 = 3 * 6 of 6", ((19, 20, "12"), (24, 25, "12")), "There are 36 = 3 * 12 of 12"),
]


@pytest.mark.parametrize(("text", "edits", "expected"), EDITED)
def test_the_whole_edited_expression_counts(text, edits, expected):
    graph = read_solution("q", (text,), read_solution("q", (text,), 0).equations[0].result.face)
    assert propagate(graph, Change(0, tuple(Edit(*edit) for edit in edits))).steps == (expected,)


def test_a_step_can_be_dropped_or_put_in():
    graph = read_solution(TOM, TOMS_STEPS, 31)
    dropped = propagate(graph, Change(2, edits=(Edit(9, 11, "35"),), dropped_step=1))
    assert (dropped.steps, dropped.error_step) == ((TOMS_STEPS[0], "He sells 35 / 2 * $2 = $35 worth of them."), 1)
    said = propagate(graph, Change(0, result=53, inserted_step="So Tom buys 53 apples."))
    assert said.steps[:3] == (
        TOMS_STEPS[0],
        "So Tom buys 53 apples.",
        "After his meal there are 53 - 4 = 49 apples.",
    )
    assert said.error_step == 1


REFUSED = [
    (
        "unreadable_equation",
        "5 bags of 7",
        ("5 * 7 = 35", "With 2x + 35 = 45 we are done.", "35 - 5 = 30"),
        {"result": 42},
    ),
    ("chained_equation", "5 bags of 7", ("5 * 7 = 30 + 5 = 35 apples.", "So 35 - 5 = 30."), {"result": 42}),
    ("chained_equation", "5 bags of 7", ("5 * 7 = 35", "So 35 - 5 = 20 + 10 = 30."), {"result": 42}),
    ("hidden_equation", "48 and 5", ("Half of them, <<48/2=24>>24, go.", "24 - 5 = 19."), {"result": 34}),
    ("hidden_equation", "48 and 5", ("48 - 5 = 43", "He sells his <<43-5=38>>38 of them."), {"result": 34}),
    ("result_unchanged", "5 of 7", ("5 * 7 = 35",), {"result": 35}),
    ("implausible_value", "5 of 7", ("5 * 7 = 35 apples",), {"result": Fraction(71, 2)}),
    ("implausible_value", "5 of 7", ("5 * 7 = 35 apples",), {"result": -35}),
    ("implausible_value", "5 of 7", ("5 * 7 = 35 apples",), {"result": 35 * 1001}),
    ("implausible_value", "5 of 7", ("5 * 7 = 35 apples", "35 / 5 = 7 each"), {"result": 36}),
    ("implausible_value", "5 of 7", ("5 * 7 = 35 apples",), {"result": 1, "inserted_step": "x"}),
    ("unreadable_edit", "5 of 7", ("5 * 7 = 35",), {"edits": (Edit(0, 1, "("),)}),
    ("no_value", "5 of 7", ("5 * 7 = 35",), {"edits": (Edit(2, 3, "/"), Edit(4, 5, "0"))}),
    ("overlapping_edits", "5 of 7", ("5 * 7 = 35",), {"edits": (Edit(0, 1, "6"), Edit(0, 3, "7"))}),
    ("possibly_dependent_number", "5 of 7", ("5 * 7 = 35", "Twice that makes 70", "35 + 5 = 40"), {"result": 45}),
    ("possibly_dependent_number", "5 of 7", ("5 * 7 = 35", "70 + 5 = 75", "35 + 5 = 40"), {"result": 45}),
    ("rescaled_operand", "q", ("1 - 0.35 = 0.65", "65% * 100 = 65"), {"result": Fraction(56, 100)}),
    ("ambiguous_operand", "5, 7 and 35", ("5 * 7 = 35", "35 + 5 = 40", "40 + 35 = 75"), {"result": 45}),
    ("ambiguous_operand", "5, 7 and 35", ("5 * 7 = 35", "These 35 are few", "35 + 5 = 40"), {"result": 45}),
    ("unreadable_equation", "5 and 7", ("5 * 7 = 35", "There are 35 + 5 so far = 40"), {"result": 45}),
    ("unreadable_equation", "5 and 7", ("5 * 7 = 35", "There are 35 + 5 = 40 \u200bof them"), {"result": 45}),
    ("ambiguous_operand", "5 of 7 and 30", ("5 * 7 = 35", "30 + 5 = 35", "35 + 5 = 40"), {"result": 45}),
    ("number_word", "5 and 7", ("5 + 7 = 12", "These twelve and 12 + 5 = 17"), {"result": 13}),
    ("number_word", "940, 60 and 5", ("940 + 60 = 1000", "一千 and 1000 + 5 = 1005"), {"result": 1010}),
    ("unread_number", "5 and 7", ("5 + 7 = 12", "On the 12th, it is 12 + 5 = 17"), {"result": 13}),
    ("claim_about_numbers", "5 and 7", ("5 + 7 = 12", "As 12 is less than 20, it is 12 + 5 = 17"), {"result": 13}),
    ("claim_about_numbers", "5 and 7 or 10", ("5 + 7 = 12", "So 12 > 10, and 12 + 5 = 17"), {"result": 13}),
    ("claim_about_numbers", "5 and 7 or 10", ("5 + 7 = 12", "12大于10。12 + 5 = 17"), {"result": 13}),
    ("right_value_again", "7 of 8 and 19", ("7 + 8 = 15", "15 + 8 = 23"), {"result": 23}),
    ("answer_not_computed", "5 and 7", ("5 + 7 = 12", "It is 12 + 5 = 17"), {"result": 13, "gold": 99}),
    ("answer_unchanged", "5 and 7", ("5 + 7 = 12", "It is 7 + 5 = 12"), {"result": 13}),
    (
        "written_fraction",
        "1, 2, 3, 6 and 8",
        ("3/8 + 1/8 = 1/2", "0.5 * 8 = 4", "1/2 * 6 = 3", "4 + 3 = 7"),
        {"result": Fraction(3, 4)},
    ),
    ("answer_unchanged", "5, 7 and 9", ("5 + 7 = 12", "So 12 of them", "It is 7 * 9 = 63"), {"result": 13}),
]


def test_a_result_with_one_possible_use_is_used_there():
    graph = read_solution("5, 7 and 35", ("5 * 7 = 35", "35 + 5 = 40"), 40)
    assert propagate(graph, Change(0, result=45)).steps[1] == "45 + 5 = 50"


def test_an_amount_of_money_is_rounded_to_cents():
    graph = read_solution("3 and 2 share $40", ("3 + 2 = 5", "$40 / 5 = $8"), 8)
    assert propagate(graph, Change(0, result=6)).steps[1] == "$40 / 6 = $6.67"


def refusal_of(question, steps, gold=None, **change):
    gold = read_solution(question, steps, 0).equations[-1].result.face if gold is None else gold
    with pytest.raises(Refusal) as refusal:
        propagate(read_solution(question, steps, gold), Change(0, **change))
    return refusal.value.reason


@pytest.mark.parametrize(("reason", "question", "steps", "change"), REFUSED)
def test_what_cannot_be_carried_through_is_refused_by_name(reason, question, steps, change):
    assert refusal_of(question, steps, **change) == reason


def test_every_refusal_there_is_has_a_case():
    source = files("lemma").joinpath("arithmetic/propagation.py").read_text("utf-8")
    named = set(re.findall(r'"([a-z]+(?:_[a-z]+)+)"', "".join(re.findall(r"Refusal\((.*)\)", source))))
    assert named == {reason for reason, *_ in REFUSED}


def number(face, form="plain", decimals=0, percent=False, currency=False):
    return Number(0, 1, face, NumberStyle(form, decimals), percent, currency)


WELL_READ = [
    (number(35), 45, True),
    (number(35), 1, False),
    (number(1), 2, True),
    (number(35), 0, False),
    (number(35), -5, False),
    (number(-35), -5, True),
    (number(-35), 5, False),
    (number(35), Fraction(71, 2), False),
    (number(35, currency=True), Fraction(71, 2), True),
    (number(35, currency=True), Fraction(71, 3), False),
    (number(Fraction(7, 2), decimals=1), Fraction(71, 20), True),
    (number(Fraction(7, 2), decimals=1), Fraction(71, 2000), False),
    (number(35, percent=True), 120, False),
    (number(135, percent=True), 120, True),
    (number(Fraction(1, 2), "fraction"), Fraction(3, 4), True),
    (number(Fraction(1, 2), "fraction"), Fraction(3, 4001), False),
    (number(2), 2000, True),
    (number(2), 2001, False),
]


@pytest.mark.parametrize(("old", "new", "good"), WELL_READ)
def test_what_a_student_could_have_written(old, new, good):
    assert reads_well(old, new) is good
    assert old.style != INTEGER or old.style.form == "plain"


@given(stories(), st.integers(0, 5), st.integers(-9, 9).filter(bool))
def test_a_change_and_its_opposite_give_the_original_text(story, which, off):
    index = which % len(story.steps)
    gold = read_equation(story.texts[-1])[3]
    graph = read_solution(story.question, story.texts, gold.numerator)
    operand = graph.equations[index].operands[1]
    try:
        changed = propagate(graph, Change(index, (Edit(operand.start, operand.end, str(operand.face + off)),)))
        again = read_solution(story.question, changed.steps, changed.final)
        other = again.equations[index].operands[1]
        back = propagate(again, Change(index, (Edit(other.start, other.end, str(operand.face)),)))
    except Refusal:
        return
    # Only thousands separators and the cents of whole dollars may come or go with the size of a number.
    assert list(map(_bare, back.steps)) == list(map(_bare, story.texts))


def _bare(step):
    return re.sub(r"\.00(?!\d)", "", step.replace(",", ""))


@given(stories(), st.integers(0, 5), st.integers(2, 10**5))
def test_a_changed_result_follows_through_every_later_step(story, which, wrong):
    index = which % len(story.steps)
    graph = read_solution(story.question, story.texts, read_equation(story.texts[-1])[3].numerator)
    try:
        consequence = propagate(graph, Change(index, result=wrong))
    except Refusal:
        return
    assert consequence.steps[:index] == story.texts[:index]
    value = Fraction(wrong)
    for before, after in zip(story.texts[index + 1 :], consequence.steps[index + 1 :], strict=True):
        _, sign, right, _ = read_equation(before)
        value_before, value = value, apply(value, sign, right)
        assert read_equation(after) == (value_before, sign, right, value)
    assert consequence.final == value
