"""The bundled sample, checked from scratch: nothing of the package computes here."""

import ast
import json
import operator
import os
import re
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from importlib.resources import files
from pathlib import Path

import pytest

ROWS = [json.loads(line) for line in files("lemma").joinpath("data/sample.jsonl").read_text("utf-8").splitlines()]
PLAIN = [row for row in ROWS if "question" in row]
LATEX = [row for row in ROWS if "problem" in row]

OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
ANNOTATION = re.compile(r"<<([^=<>]+)=([^<>]+)>>")
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
SPELLED = {"half": 2, "twice": 2, "quarter": 4, "third": 3, "three": 3}
COMMON_KNOWLEDGE = {1, 2, 7, 12, 60, 100, 360, 1000}  # one less, pairs, calendar, dozen, clock, percent, angles, metric


def number(text: str) -> Fraction:
    return Fraction(text.replace(",", ""))


def value(expression: str) -> Fraction:
    def walk(node: ast.expr) -> Fraction:
        if isinstance(node, ast.Constant):
            return Fraction(ast.get_source_segment(expression, node))
        if isinstance(node, ast.BinOp):
            return OPERATORS[type(node.op)](walk(node.left), walk(node.right))
        raise AssertionError(f"not arithmetic: {expression}")

    return walk(ast.parse(expression, mode="eval").body)


def arithmetic(latex: str) -> str:
    """`7+\\frac{1}{2}\\cdot 3` as `7+((1)/(2))* 3`."""
    text = latex.replace("{,}", "").replace("^2", "**2")
    for command, sign in ((r"\cdot", "*"), (r"\times", "*"), (r"\div", "/")):
        text = text.replace(command, sign)
    text = re.sub(r"\\frac\{([^{}]+)\}\{([^{}]+)\}", r"((\1)/(\2))", text)
    return re.sub(r"\\boxed\{([^{}]+)\}", r"\1", text).strip().rstrip(".,")


def equations(row: dict[str, str]) -> list[tuple[str, str]]:
    """Left and right sides, in order, in the notation of `value`."""
    if "answer" in row:
        return ANNOTATION.findall(row["answer"])
    spans = re.findall(r"\$([^$]+)\$", row["solution"])
    return [tuple(arithmetic(side) for side in span.split("=")) for span in spans if "=" in span]


def question_of(row: dict[str, str]) -> str:
    return row.get("question") or row["problem"]


def stated_numbers(row: dict[str, str]) -> set[Fraction]:
    text = arithmetic(question_of(row))
    spelled = {Fraction(meaning) for word, meaning in SPELLED.items() if word in text.lower()}
    return spelled | {number(found) for found in NUMBER.findall(text)}


def final_answer(row: dict[str, str]) -> Fraction:
    if "answer" in row:
        return number(row["answer"].rsplit("#### ", 1)[1])
    (boxed,) = re.findall(r"\\boxed\{(?:[^{}]|\{[^{}]*\})+\}", row["solution"])
    return value(arithmetic(boxed))


def ngrams(row: dict[str, str], n: int = 8) -> Iterator[tuple[str, ...]]:
    for text in row.values():
        words = re.findall(r"[a-z0-9]+", ANNOTATION.sub("", text).lower())
        yield from zip(*(words[i:] for i in range(n)), strict=False)


def short_name(row: dict[str, str]) -> str:
    return " ".join(question_of(row).split()[:5])


every_row = pytest.mark.parametrize("row", ROWS, ids=short_name)
every_plain_row = pytest.mark.parametrize("row", PLAIN, ids=short_name)
every_latex_row = pytest.mark.parametrize("row", LATEX, ids=short_name)


def test_there_are_enough_of_both_forms():
    assert len(PLAIN) >= 48
    assert len(LATEX) >= 16
    assert len(PLAIN) + len(LATEX) == len(ROWS)


def test_no_problem_stands_twice():
    assert not [question for question, count in Counter(map(question_of, ROWS)).items() if count > 1]


def test_every_length_from_one_step_to_ten():
    lengths = Counter(len(equations(row)) for row in PLAIN)
    assert set(lengths) == set(range(1, 11))
    assert min(lengths.values()) >= 3


@every_row
def test_every_equation_is_true(row):
    for left, right in equations(row):
        assert value(left) == value(right), f"{left} = {right}"


@every_row
def test_every_operand_comes_from_somewhere(row):
    known = stated_numbers(row) | COMMON_KNOWLEDGE
    for left, right in equations(row):
        assert {number(found) for found in NUMBER.findall(left)} <= known, left
        known |= {value(right), *(number(found) for found in NUMBER.findall(right))}


@every_row
def test_no_result_could_be_mistaken_for_another_number(row):
    seen = stated_numbers(row)
    for _, right in equations(row):
        assert value(right) not in seen, right
        seen.add(value(right))


@every_row
def test_the_final_answer_is_the_last_result(row):
    assert final_answer(row) == value(equations(row)[-1][1])


@every_plain_row
def test_gsm8k_form(row):
    assert list(row) == ["question", "answer"]
    *steps, last = row["answer"].split("\n")
    assert re.fullmatch(r"#### [\d,.]+", last)
    for step in steps:
        ((expression, result),) = ANNOTATION.findall(step)
        visible, after = re.split(r" = \$?<<[^>]+>>", step)
        assert re.sub(r"[$, ]", "", visible).endswith(expression)
        assert number(re.match(r"[\d,.]*\d", after)[0]) == number(result)
        assert step[-1] == "."


@every_latex_row
def test_math_form(row):
    assert list(row) == ["problem", "solution"]
    sentences = re.split(r"(?<=\.)\s|(?<=\.\$)\s", row["solution"])
    assert r"\boxed" in sentences[-1]
    assert len(equations(row)) >= 2
    assert row["solution"].count("$") % 2 == 0


def test_nothing_is_taken_from_gsm8k():
    folder = Path(os.environ.get("LEMMA_DATA", Path(__file__).parents[2] / "shared" / "data"))
    sources = [folder / name for name in ("gsm8k_train.jsonl", "gsm8k_test.jsonl")]
    if not all(source.is_file() for source in sources):
        pytest.skip(f"GSM8K is not in {folder}")
    ours = {gram for row in ROWS for gram in ngrams(row)}
    for source in sources:
        for line in source.read_text("utf-8").splitlines():
            assert not ours.intersection(ngrams(json.loads(line))), line
