"""The shipped error types, the labels that lead to them, and what is refused in a user's own folder."""

import ast
import operator
import re
from fractions import Fraction
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lemma.exceptions import ConfigError
from lemma.injectors import injector as find_injector
from lemma.injectors.algebra import AlgebraInjector, FormulaInjector
from lemma.resources import data_folder
from lemma.taxonomy.error_types import FAMILIES, ErrorType, load_taxonomy

SHIPPED = load_taxonomy()
FAMILY_OF = {
    "calculation_error": "calc",
    "sign_error": "calc",
    "cancellation_error": "logic",
    "cross_term_error": "logic",
    "distribution_error": "logic",
    "endpoint_error": "logic",
    "exponent_law_error": "logic",
    "fraction_error": "calc",
    "inequality_direction_error": "logic",
    "inverse_operation_error": "logic",
    "like_terms_error": "logic",
    "lost_root_error": "logic",
    "wrong_case_error": "logic",
    "coordinate_swap_error": "reading",
    "counting_error": "calc",
    "unit_conversion_error": "calc",
    "operator_error": "calc",
    "formula_confusion_error": "logic",
    "confusing_concept_error": "logic",
    "missing_step": "logic",
    "contradictory_step": "logic",
    "context_value_error": "reading",
    "previous_step_value_error": "reading",
    "question_misinterpretation_error": "reading",
    "hallucination": "reading",
    "nonsensical_output": "output",
}
# What the papers and their code write, and where it must lead.
LABELS = [
    ("CA", "calculation_error"),
    ("Calculation Error", "calculation_error"),
    ("CO", "counting_error"),
    ("CV", "context_value_error"),
    ("referencing_context_value_error", "context_value_error"),
    ("referencing_value", "context_value_error"),
    ("referencing_previous_step_value_error", "previous_step_value_error"),
    ("HA", "hallucination"),
    ("adding_irrelevant_information", "hallucination"),
    ("UC", "unit_conversion_error"),
    ("OP", "operator_error"),
    ("FC", "formula_confusion_error"),
    ("confusing_formula_error", "formula_confusion_error"),
    ("MS", "missing_step"),
    ("Missing Step", "missing_step"),
    ("CS", "contradictory_step"),
    ("QM", "question_misinterpretation_error"),
    ("question_misinterpretation", "question_misinterpretation_error"),
    ("question_understanding_error", "question_misinterpretation_error"),
    ("Confusing Concept", "confusing_concept_error"),
    ("nonsense_output_error", "nonsensical_output"),
    ("  Unit-Conversion  error ", "unit_conversion_error"),
]
UNKNOWN = ["no calculation_error", "calculation_error.", "calculation_errors", "not OP", "no", "", "error", "none"]

OWN = {
    "id": "rounding_error",
    "name": "Rounding error",
    "family": "calc",
    "definition": "A result is rounded too early.",
    "example": {
        "question": "4 friends share $10. What does each pay?",
        "right_step": "Each pays $10 / 4 = $2.50.",
        "wrong_step": "Each pays $10 / 4 = $3.",
        "explanation": "10 / 4 is 2.50, which was rounded to 3.",
    },
}


def folder_with(folder: Path, changes: dict[str, object], stem: str = "rounding_error") -> Path:
    """A user's folder with one type in it: OWN, with fields changed, or left out where the change is None."""
    content = {key: value for key, value in (OWN | changes).items() if value is not None}
    (folder / f"{stem}.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return folder


def test_the_shipped_types_and_their_families():
    assert {error_type.id: error_type.family for error_type in SHIPPED} == FAMILY_OF


def test_every_file_of_the_folder_is_a_type():
    assert {path.stem for path in data_folder("error_taxonomy").iterdir()} == set(FAMILY_OF)


@pytest.mark.parametrize("error_type", SHIPPED.types, ids=lambda error_type: error_type.id)
def test_shipped_types_leave_nothing_out(error_type):
    assert error_type.source
    assert error_type.paper_names
    assert error_type.aliases
    assert error_type.symbolic_note
    assert error_type.injector == (None if error_type.family == "output" else error_type.id)
    assert all(alias == alias.lower() for alias in error_type.aliases)


@pytest.mark.parametrize(("label", "type_id"), LABELS)
def test_labels_of_the_papers_resolve(label, type_id):
    assert SHIPPED.resolve(label).id == type_id


@pytest.mark.parametrize("label", UNKNOWN)
def test_a_label_is_never_read_by_a_part_of_it(label):
    with pytest.raises(ConfigError):
        SHIPPED.resolve(label)


def test_an_unknown_label_names_the_nearest():
    with pytest.raises(ConfigError, match=r"did you mean 'calculation_error'\?"):
        SHIPPED.resolve("calcluation error")


@given(st.text())
def test_any_text_resolves_or_is_a_config_error(text):
    try:
        assert isinstance(SHIPPED.resolve(text), ErrorType)
    except ConfigError as error:
        assert "no error type" in str(error)


@given(st.sampled_from([label for error_type in SHIPPED for _, label in error_type.labels()]), st.data())
def test_case_and_separators_do_not_matter(label, data):
    letters = [data.draw(st.sampled_from([letter.lower(), letter.upper()])) for letter in label]
    separator = data.draw(st.sampled_from([" ", "_", "-", "  "]))
    assert SHIPPED.resolve("".join(letters).replace(" ", separator)) == SHIPPED.resolve(label)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("all", sorted(FAMILY_OF)),
        ("output", ["nonsensical_output"]),
        ("CA", ["calculation_error"]),
        (
            "calc",
            [
                "calculation_error",
                "counting_error",
                "fraction_error",
                "operator_error",
                "sign_error",
                "unit_conversion_error",
            ],
        ),
        ("OP, calculation_error , op", ["calculation_error", "operator_error"]),
        (("missing step", "Output"), ["missing_step", "nonsensical_output"]),
        ("output,all", sorted(FAMILY_OF)),
    ],
)
def test_select(names, expected):
    assert [error_type.id for error_type in SHIPPED.select(names)] == expected


@given(st.lists(st.sampled_from([*FAMILIES, *FAMILY_OF]), min_size=1))
def test_selection_is_ordered_and_without_doubles(names):
    chosen = [error_type.id for error_type in SHIPPED.select(names)]
    assert chosen == sorted(set(chosen))
    assert set(chosen) == {type_id for type_id, family in FAMILY_OF.items() if {type_id, family} & set(names)}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("calc,logik", "did you mean 'logic'"),
        ("xyzzy", "`lemma taxonomy` lists all"),
        ("", "no error type is named"),
        (" , ", "no error type is named"),
    ],
)
def test_bad_selections(names, message):
    with pytest.raises(ConfigError, match=message):
        SHIPPED.select(names)


def test_the_shipped_taxonomy_is_read_once():
    assert load_taxonomy() is SHIPPED


def test_a_type_of_ones_own_is_added(tmp_path):
    taxonomy = load_taxonomy(folder_with(tmp_path, {"aliases": ["RE"]}))
    assert len(taxonomy) == len(SHIPPED) + 1
    assert taxonomy.resolve("re").injector is None
    assert "rounding_error" in {error_type.id for error_type in taxonomy.select("calc")}


def test_a_shipped_type_is_overridden(tmp_path):
    own = {"id": "missing_step", "name": "Gap", "family": "output", "aliases": ["leap"]}
    taxonomy = load_taxonomy(folder_with(tmp_path, own, stem="missing_step"))
    assert len(taxonomy) == len(SHIPPED)
    assert taxonomy.resolve("leap").family == "output"
    with pytest.raises(ConfigError):
        taxonomy.resolve("MS")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"definition": None}, r"rounding_error\.yaml: definition: Field required"),
        ({"example": {**OWN["example"], "wrong_step": "  "}}, r"rounding_error\.yaml: example\.wrong_step"),
        ({"family": "algebra"}, r"rounding_error\.yaml: family: Input should be 'calc'"),
        ({"name": 7}, r"rounding_error\.yaml: name"),
        ({"colour": "red"}, r"rounding_error\.yaml: colour"),
        ({"id": "Rounding Error"}, r"rounding_error\.yaml: id"),
        ({"id": "rounding"}, r"id: 'rounding' is not the file's name"),
        ({"aliases": ["Calculation-Error"]}, r"rounding_error\.yaml: aliases: .* already stands for calculation_error"),
        ({"name": "ca"}, r"rounding_error\.yaml: name: 'ca' already stands for calculation_error"),
        ({"aliases": ["Logic"]}, r"rounding_error\.yaml: aliases: 'Logic' is the name of a family"),
        ({"aliases": ["ALL"]}, r"rounding_error\.yaml: aliases: 'ALL' is the name of a family"),
    ],
)
def test_bad_fields_are_named_with_their_file(tmp_path, changes, message):
    with pytest.raises(ConfigError, match=message):
        load_taxonomy(folder_with(tmp_path, changes))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"id: [", "is not YAML"),
        (b"id: \xff", "cannot be read"),
        (b"", "expected fields"),
        (b"- id", "expected fields"),
    ],
)
def test_broken_files(tmp_path, content, message):
    (tmp_path / "broken.yaml").write_bytes(content)
    with pytest.raises(ConfigError, match=message) as caught:
        load_taxonomy(tmp_path)
    assert "broken.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("folder", "message"), [(".", "holds no .yaml file"), ("nowhere", "is not a folder")])
def test_a_folder_without_types(tmp_path, folder, message):
    with pytest.raises(ConfigError, match=message):
        load_taxonomy(tmp_path / folder)


# The worked examples, read here from scratch.

EQUATION = re.compile(r"([\d$][\d$ ()+*/.-]*) = \$?(\d+)")
OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def equation(step: str) -> tuple[str, int]:
    ((left, right),) = EQUATION.findall(step)
    return left.replace("$", ""), int(right)


def value(expression: str) -> Fraction:
    def walk(node: ast.expr) -> Fraction:
        if isinstance(node, ast.BinOp):
            return OPERATORS[type(node.op)](walk(node.left), walk(node.right))
        return Fraction(node.value)

    return walk(ast.parse(expression, mode="eval").body)


def numbers(text: str) -> list[str]:
    return re.findall(r"\d+", text)


# Examples with letters are read, and their errors made again, in tests/test_algebra_injectors.py, and those in LaTeX
# formulas in tests/test_formula_endings.py.
WITH_NUMBERS = [
    kind
    for kind in SHIPPED.types
    if kind.injector is None or not isinstance(find_injector(kind.injector), AlgebraInjector | FormulaInjector)
]


@pytest.mark.parametrize("error_type", WITH_NUMBERS, ids=lambda error_type: error_type.id)
def test_examples_are_right_where_they_say_so(error_type):
    left, result = equation(error_type.example.right_step)
    assert value(left) == result


@pytest.mark.parametrize(
    "error_type", [kind for kind in WITH_NUMBERS if kind.family != "output"], ids=lambda error_type: error_type.id
)
def test_examples_are_wrong_in_the_way_of_their_type(error_type):
    example = error_type.example
    (right_left, _), (wrong_left, wrong_result) = equation(example.right_step), equation(example.wrong_step)
    only_the_result_is_wrong = right_left == wrong_left and value(wrong_left) != wrong_result
    the_setup_is_wrong = right_left != wrong_left and value(wrong_left) == wrong_result
    assert only_the_result_is_wrong if error_type.id == "calculation_error" else the_setup_is_wrong


def test_the_operator_example_keeps_its_operands():
    example = SHIPPED.resolve("operator_error").example
    right, wrong = equation(example.right_step)[0], equation(example.wrong_step)[0]
    assert numbers(right) == numbers(wrong)


@pytest.mark.parametrize("type_id", ["context_value_error", "confusing_concept_error", "contradictory_step"])
def test_swapped_values_are_values_of_the_question(type_id):
    example = SHIPPED.resolve(type_id).example
    new = set(numbers(equation(example.wrong_step)[0])) - set(numbers(equation(example.right_step)[0]))
    assert new
    assert new <= set(numbers(example.question))


@pytest.mark.parametrize("type_id", ["hallucination", "previous_step_value_error", "unit_conversion_error"])
def test_invented_values_are_not(type_id):
    example = SHIPPED.resolve(type_id).example
    new = set(numbers(equation(example.wrong_step)[0])) - set(numbers(equation(example.right_step)[0]))
    assert new
    assert not new & set(numbers(example.question))


def test_nonsense_computes_nothing():
    assert not numbers(SHIPPED.resolve("nonsensical_output").example.wrong_step)
