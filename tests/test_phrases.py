"""The reflection phrases as shipped, and how one is drawn."""

import itertools
import random
import re
from collections import Counter
from types import SimpleNamespace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sft_data import erroneous

from lemma.exceptions import ConfigError
from lemma.records import Strategy
from lemma.resources import data_folder
from lemma.taxonomy.error_types import FAMILIES, load_taxonomy
from lemma.trajectories.error_kinds import COMPARISON, EARLY_STOP, PART, TERMS, kind_of
from lemma.trajectories.languages import LANGUAGES, UNDETERMINED, language_of
from lemma.trajectories.phrases import (
    FOR_ANY_ERROR,
    FOR_IMPLAUSIBLE_NUMBERS,
    STEP_SLOT,
    choose_phrase,
    filled,
    is_numbered,
    load_phrases,
    read_phrases,
)
from lemma.trajectories.plausibility import is_implausible

STRATEGIES = get_args(Strategy)
TYPES = load_taxonomy().types
SHIPPED = [(strategy, phrase) for strategy in STRATEGIES for phrase in load_phrases(strategy).all]

# What only somebody who has seen the solution could say.
TELLTALE = re.compile(
    r"ground truth|reference|given answer|teacher|as given|answer key|official|\bgold\b", re.IGNORECASE
)

every_strategy = pytest.mark.parametrize("strategy", STRATEGIES)
every_type = pytest.mark.parametrize("error_type", TYPES, ids=lambda error_type: error_type.id)


def plain(text: str) -> str:
    return " ".join(re.findall(r"\w+|[^\w\s.,:?!。：？，]", text.lower()))


def draw(phrases, error_type, mode, seed, *, step_number=3, language="en"):
    return choose_phrase(
        phrases,
        error_type.id,
        error_type.family,
        mode=mode,
        rng=random.Random(seed),
        step_number=step_number,
        language=language,
    )


@every_strategy
def test_there_are_enough_phrases_and_files(strategy):
    by_file = load_phrases(strategy).by_file
    injectable = {error_type.id for error_type in TYPES if error_type.injector}
    kinds = {name for name in by_file if "." in name}
    assert set(by_file) - kinds == {FOR_ANY_ERROR, FOR_IMPLAUSIBLE_NUMBERS, *FAMILIES, *injectable}
    assert all(len(load_phrases(strategy).of(name)) >= 10 for name in (FOR_ANY_ERROR, *FAMILIES))
    for name in (*injectable, "output"):
        assert len(load_phrases(strategy).of(name)) >= 12
        assert all(len(load_phrases(strategy).of(name, language)) >= 6 for language in LANGUAGES), name
    languages = {phrase.language for phrase in by_file[FOR_ANY_ERROR]}
    assert languages == {*LANGUAGES, UNDETERMINED}


def test_every_folder_is_a_strategy():
    assert {folder.name for folder in (data_folder("prompts") / "reflections").iterdir()} == set(STRATEGIES)


def test_no_phrase_stands_twice():
    assert [text for text, count in Counter(plain(phrase.text) for _, phrase in SHIPPED).items() if count > 1] == []


def test_ids_are_unique():
    for strategy in STRATEGIES:
        ids = [phrase.id for phrase in load_phrases(strategy).all]
        assert len(ids) == len(set(ids))


@every_strategy
def test_a_phrase_is_what_a_solver_would_say(strategy):
    for phrase in load_phrases(strategy).all:
        check_phrase(phrase)


def check_phrase(phrase):
    assert not TELLTALE.search(phrase.text)
    assert not re.search(r"\d", phrase.text)
    if phrase.language == UNDETERMINED:
        assert not re.search(r"\w", phrase.text)
        return
    assert phrase.text[-1] in (".:?!。：？" if phrase.language in ("zh", "ja") else ".:?!")
    if phrase.language in ("zh", "ja", "ru"):
        assert language_of(phrase.text) in (phrase.language, "zh"), phrase.text
    assert len(phrase.text.split()) <= 30
    assert phrase.fill(3).count("3") == phrase.text.count(STEP_SLOT) <= 1


@every_strategy
def test_most_phrases_have_no_slot(strategy):
    phrases = load_phrases(strategy).all
    assert 0 < sum(STEP_SLOT in phrase.text for phrase in phrases) < len(phrases) / 5


@every_strategy
@every_type
def test_typed_phrases_fit_the_type(strategy, error_type):
    """They are the type's own, in English as in every other language; only a type without any has its family's."""
    phrases = load_phrases(strategy)
    name = error_type.id if error_type.injector else error_type.family
    for language in LANGUAGES:
        own = {phrase.fill(3) for phrase in phrases.of(name, language)}
        drawn = {draw(phrases, error_type, "typed", seed, language=language) for seed in range(200)}
        assert drawn == own
        fitting = phrases.fitting(error_type.id, error_type.family, language, implausible=True)
        assert set(fitting) == {*phrases.of(name, language), *phrases.of(FOR_IMPLAUSIBLE_NUMBERS, language)}


KINDS = [
    ("question_misinterpretation_error", 2, EARLY_STOP),
    ("question_misinterpretation_error", 3, COMPARISON),
    ("missing_step", 2, ""),
    ("missing_step", 3, PART),
    ("operator_error", 3, ""),
    ("sign_error", 3, TERMS),
]


KINDS_IN_FORMULAS = [
    ("calculation_error", "47 + 38 is 85, not 75: the 1 that is carried to the tens is dropped.", "carry"),
    ("calculation_error", "160 + 227 is 387, not 487: a 1 is carried, although 6 + 2 is only 8.", "carry"),
    ("calculation_error", "83 - 47 is 36, not 44: in the ones, 3 is taken from 7 instead of 7 from 13.", "borrow"),
    ("calculation_error", "83 - 47 is 36, not 46: the 1 that is borrowed from the tens is not taken away.", "borrow"),
    ("calculation_error", "7 * 8 is 56, not 54: 54 is 6 times 9.", "table"),
    ("calculation_error", "14 * 6 is 84, not 78: in the ones, 4 times 6 is 24, but 18 was used.", "table"),
    ("calculation_error", "40 / 5 is 8, not 7: 7 times 5 is 35, not 40.", "quotient"),
    ("calculation_error", "105 / 7 is 15, not 14: in the ones, 35 divided by 7 is 5, but 4 was used.", "quotient"),
    ("calculation_error", "40 * 12 is 480, not 360: without the zero, ..., and 36 is 3 times 12.", "table"),
    ("calculation_error", "30 * 4 is 120, not 1200: there is one zero too many.", "extra_zero"),
    ("calculation_error", "30 * 40 is 1200, not 120: there is one zero too few.", "missing_zero"),
    ("calculation_error", "0.3 * 8 is $2.40, not $0.24: the decimal point is one place too far to the left.", "point"),
    ("calculation_error", "27 / 2 is 13.5, not 13.1: the 1 is written behind the decimal point.", "behind_point"),
    ("calculation_error", "400 / 16 is 25, not 20: the 8 left over in the tens is dropped.", "rest"),
    ("calculation_error", "46 * 38 is 1748, not 1380: 46 times 8 is left out.", "partial"),
    ("calculation_error", "$4.50 + $2.75 is $7.25, not $7.00: the .25 is dropped.", "decimals"),
    ("calculation_error", "1.5 * 6 is 9, not 6: the .5 is ignored.", "decimals"),
    ("calculation_error", "4.99 * 3 is $14.97, not $15: 15 is 5 times 3.", "near"),
    ("calculation_error", "49 * 6 is 294, not 300: 300 is 50 times 6.", "near"),
    ("calculation_error", "47 + 38 is 85, not 95: the 1 that is carried to the tens is added twice.", "carry"),
    ("calculation_error", "64 * 7 is 448, not 568: the 2 carried is added to the 6 before multiplying ...", "carry"),
    ("calculation_error", "30 + 15 + 40 is 85, not 100: 15 is added twice.", "twice"),
    ("calculation_error", "30 + 15 + 40 is 85, not 70: 15 is passed over.", "term"),
    ("calculation_error", "9 + 8 is 17, not 18: the step is off by one.", "near_miss"),
    ("calculation_error", "12 * 23 is 276, not 60: the second partial product, 12 times 2, is not shifted", "shift"),
    ("missing_step", "The step 4 + 8 = 12 was skipped, so 8 was used in place of 12: the next ...", "whole"),
    ("missing_step", "The step leaves out the exponent $2$: it should be $14 \\cdot 6^2 = 504$.", "exponent"),
    ("missing_step", r"The step leaves out the square root of $16$: it should be $\sqrt{16} = 4$.", "operation"),
    ("question_misinterpretation_error", "The problem asks for $a+b$, which is $202$, and ...", "asked"),
    ("question_misinterpretation_error", "The problem says 'half as many', which the step takes ...", "comparison"),
    ("missing_step", "The step leaves out the subtraction of 6 (\"6 caps\"): it should be 24 - 6 = 18.", "subtraction"),
    ("missing_step", "The step leaves out the $2$ that is taken away: it should be $9 - 2 - 1 = 6$.", "subtraction"),
    ("missing_step", "The step leaves out the 6 (\"6 caps\"): it should be 24 + 6 = 30.", "term"),
    ("missing_step", "The step leaves out one of the factors 2: it should be $2 * 2 * 5 = 20$.", "factor"),
    ("missing_step", "The step leaves out the part 3 * 5: it should be 24 + 3 * 5 = 39.", "part"),
    ("context_value_error", 'The step takes 5 ("5 pens") instead of 7 ("7 caps"): it should be ...', "elsewhere"),
    ("context_value_error", 'The step takes 5 instead of 7, both from "7 caps and 5 pens": it should ...', "elsewhere"),
    ("context_value_error", 'The step takes 12, the result of 5 + 7 from step 1, instead of 7 ("7 caps")...', "result"),
    ("operator_error", "The step adds where it should have subtracted: not 9 + 4, but 9 - 4 = 5.", "add_for_subtract"),
    ("operator_error", "The step adds where it should have multiplied: not 9 + 4, but 9 * 4 = 36.", "add_for_multiply"),
    ("operator_error", "The step subtracts where it should have added: not 9 - 4, but 9 + 4.", "subtract_for_add"),
    ("operator_error", "The step multiplies where it should have divided: not 8 * 4 ...", "multiply_for_divide"),
    ("operator_error", "The step multiplies where it should have added: not 8 * 4, but 8 + 4.", "multiply_for_add"),
    ("operator_error", "The step divides where it should have multiplied: not 8 / 4 ...", "divide_for_multiply"),
    ("calculation_error", "1031 + 121 is 1152, not 1125: the digits 5 and 2 of 1152 changed places.", "digits"),
    ("calculation_error", "The digits are written from the wrong end: it should be $204_8$.", "digits"),
    ("calculation_error", r"$\lfloor 9.33 \rfloor$ is $9$, not $10$: it has to be rounded down.", "rounding"),
    ("calculation_error", "2 + 3 * 4 is 14, not 20: it was worked out from left to right, although ...", "order"),
    ("calculation_error", "83 - 47 is 36, not 35: in the ones, 13 - 7 is 6, but 5 was used.", "difference"),
    ("calculation_error", "$40 + $17 is $57, not $58: in the ones, 0 + 7 is 7, but 8 was used.", "sum"),
    ("calculation_error", "12 * 14 is 168, not 178: in the tens, 4 + 2 is 6, but 7 was used.", "column"),
    ("calculation_error", "150 - 39 is 111, not 110: 40 is taken away in place of 39.", "near"),
    ("exponent_law_error", "$9$ was taken out of the root without taking its own root.", "root"),
    ("exponent_law_error", "$6^3$ is $216$, not $18$: the base was multiplied by the exponent.", "value"),
    ("exponent_law_error", "The exponents 2 and 3 are multiplied, but a product of powers adds them.", ""),
    ("formula_confusion_error", "The root of a difference is not the difference of the roots.", "rule"),
    ("formula_confusion_error", "The step counts arrangements in a circle; those in a row are $7!$.", ""),
    ("calculation_error", r"$\frac{9!}{6!}$ is $504$, not $84$: $6!$ is $720$ (one factor was forgotten).", "factor"),
    ("formula_confusion_error", r"$\binom{7}{4}$ is $35$: the product was not divided by $4!$.", "orders"),
    ("formula_confusion_error", "Combinations are counted; the step counts arrangements. It should be $6$.", "orders"),
    ("formula_confusion_error", "For the number of divisors, the increased exponents are multiplied.", "rule"),
    ("fraction_error", r"The quotient is upside down: it should be $\frac 34$.", "upside_down"),
    ("fraction_error", r"$2/6$ is $\frac{1}{3}$: only the denominator was divided by $2$.", "one_part"),
    ("fraction_error", "$12$ was divided by $3$, but not multiplied by $2$.", "half_done"),
    ("counting_error", "The list leaves out $12$: there are $7$, not $6$.", "left_out"),
    ("counting_error", "The step counts one too few: there are $8$, not $7$.", ""),
    ("exponent_law_error", r"$\sqrt{11^2}$ is $11$, and the step worked with $121$ (the root was not taken).", "root"),
    ("missing_step", r"The step leaves out the division by $2$: it should be $\frac{2 + 8}{2} = 5$.", "division"),
    ("sign_error", "$13 - 16$ is $-3$, not $3$: $16$ is larger than $13$.", "value"),
    ("sign_error", "$3(-2) - 2$ is $-8$, not $4$: $3(-2)$ is $-6$, and the step worked with $6$.", "terms"),
    ("sign_error", r"$\frac{q + 8}{63}$ is $\frac{3}{56}$, not $\frac{101}{504}$: the minus sign is lost.", ""),
    ("confusing_concept_error", r"$\frac{1}{2}$ is the sine of $30^\circ$, not of $60^\circ$.", "angle"),
    (
        "sign_error",
        "$x^2 - 4x$ is $x(x - 4)$, not $x(x + 4)$: multiplied out, that has the other sign in the middle.",
        "factors",
    ),
    ("sign_error", "the term $1$ was moved to the other side without changing its sign, so $-n = -5$.", "moved"),
    ("cross_term_error", "$5^2 - 3^2$ is $16$, not $4$: it is not the square of the difference.", "squares"),
    ("missing_step", "The step leaves out the division by $2$: $2x = 4$ gives $x = 2$.", "operation"),
    ("operator_error", "The step adds in $12 + 2$, where it should have subtracted: $12 - 2 = 10$.", "formula"),
    ("context_value_error", "The problem says 48, but this step copies it as 84.", "copied"),
    ("previous_step_value_error", "The step takes 9, the result of 4 + 5 from step 1, instead of 8", "other_result"),
    ("previous_step_value_error", 'The step takes 9 ("9 pens") instead of 8, the result of 3 + 5 from ...', "given"),
    ("confusing_concept_error", 'The step takes 9 ("9 pens") instead of 8, the result from step 1: ...', "worked_out"),
    ("confusing_concept_error", "The step needs the profit, 9 - 1 = 8, but takes the 1 ...", "worked_out"),
    ("confusing_concept_error", 'The step needs 2/5 ("2/5 of them"), but takes 3/5, which is the rest: it ...', "rest"),
    ("previous_step_value_error", "Step 1 found $2520$, but this step copies it as $5220$.", "copied"),
    ("previous_step_value_error", "The answer is $8$, and it gives $7$, which step 4 found on the way.", "on_the_way"),
]  # fmt: skip


@pytest.mark.parametrize(("error_type", "explanation", "kind"), KINDS_IN_FORMULAS)
def test_phrases_fit_the_kind_of_an_error_in_a_formula(error_type, explanation, kind):
    steps = ("48 / 2 = 24", "24 + 48 = 72")
    injected = erroneous(
        error_type=error_type, steps=steps, reference_steps=steps, error_step=1, explanation=explanation
    )
    assert kind_of(injected) == kind
    strategies = ("fix", "restart") if kind in ("root", "one_part", "half_done", "left_out") else ("fix",)
    for strategy, language in itertools.product(strategies, LANGUAGES if kind else ()):
        assert len(load_phrases(strategy).of(f"{error_type}.{kind}", language)) >= (10 if language == "en" else 5)
    if kind in ("asked", "exponent", "near_miss", "shift", "term", "twice", "whole", "elsewhere") or "_for_" in kind:
        assert all(len(load_phrases("restart").of(f"{error_type}.{kind}", language)) >= 5 for language in LANGUAGES)


@pytest.mark.parametrize(("error_type", "steps", "kind"), KINDS)
def test_phrases_fit_the_kind_of_the_error(error_type, steps, kind):
    reference = ("48 / 2 = 24", "24 + 48 = 72", "72 * 2 = 144")
    injected = erroneous(error_type=error_type, steps=reference[:steps], reference_steps=reference, error_step=1)
    assert kind_of(injected) == kind
    assert kind_of(injected.model_copy(update={"origin": "student", "evidence": "graph", "confidence": 0.5})) == ""
    phrases = load_phrases("fix")
    for language in LANGUAGES if kind else ():
        own = phrases.of(f"{error_type}.{kind}", language)
        assert len(own) >= (10 if language == "en" else 5)
        assert phrases.fitting(error_type, "logic", language, kind=kind) == own
    # A file of one's own has no kinds.
    assert phrases.fitting(error_type, "logic", kind="of_ones_own") == phrases.of(error_type)


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        ("3*x = 7 - 4", TERMS),
        ("2x + 5 = 9", TERMS),
        ("2*x=110", ""),
        ("x = -4", ""),
        ("A 14-day trip", ""),
        ("x-y", TERMS),
    ],
)
def test_a_sign_is_that_of_a_term_only_if_the_step_has_terms(step, kind):
    steps = ("4 + 4 = 8", step)
    injected = erroneous(error_type="sign_error", steps=steps, reference_steps=("4 + 4 = 8", "x = 5"), error_step=1)
    assert kind_of(injected) == kind


@every_strategy
def test_a_family_without_phrases_gets_those_for_any_error(strategy):
    phrases = load_phrases(strategy)
    assert phrases.fitting("a_type_of_ones_own", "a_family_of_ones_own") == phrases.of(FOR_ANY_ERROR)
    assert phrases.fitting("a_type_of_ones_own", "calc") == phrases.of("calc")
    assert phrases.fitting("a_type_of_ones_own", "calc", "de") == phrases.of(FOR_ANY_ERROR, "de")


@every_strategy
@pytest.mark.parametrize("mode", ["typed", "random"])
def test_a_language_without_phrases_gets_signs(strategy, mode):
    phrases = load_phrases(strategy)
    drawn = {draw(phrases, TYPES[0], mode, seed, language=UNDETERMINED) for seed in range(100)}
    assert drawn == {phrase.text for phrase in phrases.of(FOR_ANY_ERROR, UNDETERMINED)}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Janet has 3 cats. How many paws is that?", "en"),
        ("5 * 7 = 35 apples", "en"),
        (r"$x^2 = \frac{1}{2}$", "en"),
        (r"Hence $\frac{d y}{d x} = y^{l}$ and \[e^{y} = \cos d.\] So $y = e$ or $y = d.$", "en"),
        (r"[asy] draw(a--e); label(y, d, E); [/asy] The triangle is isosceles, so $\angle d = l.$", "en"),
        (r"Alors $x = \sqrt{2}$ et la somme est $\boxed{3}$.", "fr"),
        ("Wie viele Äpfel hat Anna?", "de"),
        ("¿Cuántos perros tiene Ana si compra 3?", "es"),
        ("Combien de pommes a-t-elle ?", "fr"),
        ("他有多少个苹果？", "zh"),
        ("りんごは何個ありますか。", "ja"),
        ("Сколько яблок у Маши?", "ru"),
        ("Скільки яблук у Марії? Її брат має 5.", "und"),
        ("Quante mele ha Anna se ne mangia 3?", "und"),
        ("Hoeveel appels heeft ze?", "und"),
        ("Je, ana mapera mangapi kwa jumla?", "und"),
        ("আমার কতগুলি আপেল আছে?", "und"),
    ],
)
def test_the_language_of_a_problem(text, language):
    assert language_of(text) == language


# What is wrong with 114 of 84 is plain; a count may be wrong without being implausible.
@pytest.mark.parametrize(
    ("question", "wrong", "implausible"),
    [
        ("He has 84 pens.", "84 - 30 = 114 are left.", True),
        ("He has 84 pens.", "84 - 30 = 64 are left.", False),
        ("He has 84 pens.", "84 + 30 = 54 pens", True),
        ("He has 84 pens.", "84 / 2 = 168 pens", True),
        ("He walks 365 days.", "365 * 1 = 356 days", False),
        ("He has 84 pens.", "7 * 12 = 9 pens", True),
        ("He has 84 pens.", "7 * 0.5 = 4 liters", False),
        ("He has 5 pens.", "5 - 8 = -3 pens", True),
        ("He has 5 pens.", "5 / 2 = 2.5 pens", True),
        ("He has 5 liters.", "5 / 2 = 2.5 liters", False),
        ("What is the probability?", "The probability is 6 / 4 = 1.5.", True),
        ("Of a total of 20 pens, some are red.", "So 12 + 9 = 21 pens are red.", True),
        ("He has 84 pens.", "84 + 30 = 114 pens", False),
    ],
)
def test_a_number_that_nobody_would_believe(question, wrong, implausible):
    erroneous = SimpleNamespace(question=question, steps=(wrong,), error_step=0)
    assert is_implausible(erroneous) is implausible


@every_strategy
def test_random_phrases_come_from_everywhere(strategy):
    phrases = load_phrases(strategy)
    drawn = {draw(phrases, TYPES[0], "random", seed) for seed in range(8000)}
    assert drawn == {phrase.fill(3) for phrase in phrases.anywhere("en")}
    assert drawn.isdisjoint(phrase.text for phrase in phrases.of(FOR_IMPLAUSIBLE_NUMBERS))


@given(
    st.sampled_from(STRATEGIES),
    st.sampled_from(TYPES),
    st.sampled_from(["typed", "random"]),
    st.integers(),
    st.integers(1),
)
def test_the_same_seed_draws_the_same_phrase(strategy, error_type, mode, seed, step_number):
    phrases = load_phrases(strategy)
    first = draw(phrases, error_type, mode, seed, step_number=step_number)
    assert first == draw(phrases, error_type, mode, seed, step_number=step_number)
    assert STEP_SLOT not in first


NUMBERED = [
    ("Step 3: 5 * 7 = 35", True), ("3. 5 * 7 = 35", True), ("(3) 5 * 7 = 35", True), ("**Step 3.** So", True),
    ("Schritt 3: so", True), ("3 * 5 = 15", False), ("3.5 * 2 = 7", False), ("Step 4: 5", False), ("In 3 days:", False),
    ("He has 3. So", False),
]  # fmt: skip


@pytest.mark.parametrize(("step", "numbered"), NUMBERED)
def test_a_step_that_says_its_number(step, numbered):
    assert is_numbered(step, 3) is numbered


@every_strategy
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_phrase_names_no_step_of_a_solution_without_numbers(strategy, language):
    for error_type in TYPES:
        fitting = load_phrases(strategy).fitting(error_type.id, error_type.family, language, implausible=True)
        texts = filled(fitting, 31, numbered=False)
        assert texts
        assert not [text for text in texts if "31" in text]
        assert any("31" in text for text in filled(fitting, 31)) is any(STEP_SLOT in phrase.text for phrase in fitting)


# How the problem is solved from there on, which the steps that follow may not show.
PROMISE = re.compile(
    r"\b(?:digit by digit|piece by piece|one (?:by one|at a time)|column by column|this time I'll"
    r"|check (?:each|every)|double-checking|diesmal|esta vez|cette fois)\b|这次|今度は",
    re.IGNORECASE,
)


@every_strategy
def test_no_phrase_promises_how_the_problem_is_solved(strategy):
    assert [phrase.text for phrase in load_phrases(strategy).all if PROMISE.search(phrase.text)] == []


def test_own_phrases_may_all_name_the_step(tmp_path):
    (tmp_path / "any.yaml").write_text("phrases: ['Step {step} is off.']", encoding="utf-8")
    phrases = read_phrases((tmp_path / "any.yaml",)).all
    assert filled(phrases, 2, numbered=False) == ("Step 2 is off.",)


def test_ids_stay_and_the_version_changes(tmp_path):
    versions, ids = set(), set()
    for texts in (["No.", "Wait."], ["Wait.", "No."], ["Wait."], ["Wait.", "No!"]):
        (tmp_path / "any.yaml").write_text(f"phrases: {texts}", encoding="utf-8")
        phrases = read_phrases(tuple(sorted(tmp_path.glob("*.yaml"))))
        assert [phrase.text for phrase in phrases.all] == texts
        ids.add(phrases.all[texts.index("Wait.")].id)
        versions.add(phrases.version)
    assert len(ids) == 1
    assert len(versions) == 4


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("phrases: []", r"any\.yaml: phrases"),
        ("phrases: [3]", r"any\.yaml: phrases\.0"),
        ("phrases: ['  ']", r"any\.yaml: phrases\.0"),
        ("- Wait.", r"any\.yaml: expected fields"),
        ("phrases: [Wait.]\nmore: [No.]", r"any\.yaml: more"),
        ("phrases: ['It is {right}.']", r"any\.yaml: phrases: 'It is \{right\}\.' has a slot other than \{step\}"),
        ("phrases: ['It is {step.']", "has a slot other than"),
        ("phrases: ['It is {{step}}.']", "has a slot other than"),
        ("phrases: [No.]\nlanguages: {de: []}", r"any\.yaml: languages\.de"),
        ("phrases: [No.]\nlanguages: {de: ['{x}']}", "has a slot other than"),
        ("phrases: [No.]\nlanguages: {German: [Nein.]}", r"any\.yaml: languages"),
        ("phrases: [", "is not YAML"),
    ],
)
def test_files_that_are_refused(tmp_path, content, message):
    (tmp_path / "any.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        read_phrases(tuple(sorted(tmp_path.glob("*.yaml"))))


def test_phrases_for_any_error_must_be_there(tmp_path):
    (tmp_path / "calc.yaml").write_text("phrases: [Wait.]", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"there is no any\.yaml"):
        read_phrases(tuple(sorted(tmp_path.glob("*.yaml"))))
