"""Signs that a step is the first wrong one, as numbers: what `graph` weighs.

    >>> reading = Reading("He has 9 eggs. He eats 3 eggs.", "6", ("9 - 3 = 6 eggs are left.",), ("He has 9 + 3 = 12.",))
    >>> signs = dict(zip(SIGNS, signs_of_steps(reading)[0], strict=True))
    >>> signs["other_operator"], signs["false_equation"]
    (1.0, 0.0)

A sign is about one step and its place among the others. None was written for a single case: each is a property that the
fit in `benchmarks/fit_locating.py` gives a weight, and the weight may turn out to be zero.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lemma.arithmetic.computations import Computation
from lemma.arithmetic.equations import read_step
from lemma.arithmetic.error_types import type_of_error, would_be_right
from lemma.arithmetic.fingerprints import MODULUS, inverse
from lemma.arithmetic.numbers import WORD_VALUES, Value, find_numbers, normal
from lemma.arithmetic.reference_index import Reference, with_plain_thousands
from lemma.grading.verdict import exact_value
from lemma.locating.faults import Fault, JudgedSolution
from lemma.locating.formulas import Relation, read_relations, value_of, values_of
from lemma.steps import without_annotations

Signs = NDArray[np.float64]

_STEP_NUMBER = re.compile(r"^\W*Step \d+\W*", re.IGNORECASE)
_ANSWER = re.compile(r"\\boxed|####|\b(?:final )?answer\b", re.IGNORECASE)
_DOUBT = re.compile(r"\b(?:however|but|wait|mistake|actually|instead|correct(?:ed|ion)?)\b", re.IGNORECASE)
_ASSUMPTION = re.compile(r"\b(?:assum\w+|suppose|must|since|because|should)\b", re.IGNORECASE)
_CONCLUSION = re.compile(r"^\W*(?:therefore|thus|hence|so)\b", re.IGNORECASE)
_FORMAL = re.compile(r"\\[a-zA-Z]{2,}|\$[a-zA-Z(|\\-][^$]*\$|[a-z]\^")
_MOST_RESULTS = 24
_MOST_COMPUTATIONS = 40
_WORD = re.compile(r"[A-Za-z]{4,}")

# A flag is turned into three signs: the step has it, it is the first with it, an earlier step has it.
FLAGS = (
    "false", "other_operator", "no_counterpart", "apart", "provable", "repairable", "new_value", "unexplained_number",
    "unexplained_operand", "contradicts_value", "fails_reference", "loses_solution", "not_identical", "unreadable",
    "answer_value",
)  # fmt: skip
PLAIN = (
    "false_formula", "false_though_set_up_right", "false_and_clean", "other_operator_and_clean", "apart_and_clean",
    "repairable_and_clean", "counterpart", "all_counterparts", "one_from_reference", "leads_to_right",
    "counterpart_later", "computations", "reference_value", "reference_value_later", "reference_value_before",
    "gold_value", "one_from_gold", "used_later", "new_value_used_later", "question_value_first_used", "no_numbers",
    "repeats_only", "holds", "identical", "fits_reference", "doubt", "assumption", "conclusion", "long", "new_words",
    "reference_words", "is_first", "is_second", "is_last", "is_last_but_one", "relative", "relative_squared",
    "after_answer_value", "first_computing", "before_computing",
)  # fmt: skip
_UNCLEAN = ("apart", "unexplained_number", "contradicts_value", "fails_reference", "false")
SIGNS = (*PLAIN, *(f"{prefix}{flag}" for prefix in ("", "first_", "after_") for flag in FLAGS))


@dataclass(frozen=True)
class Reading:
    """A problem and a solution of it, with what the signs are computed from."""

    question: str
    gold_answer: str
    reference_steps: tuple[str, ...]
    steps: tuple[str, ...]

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The steps without numbering and annotations."""
        return tuple(with_plain_thousands(without_annotations(_STEP_NUMBER.sub("", step))) for step in self.steps)

    @cached_property
    def gold(self) -> Value | None:
        """The gold answer, if it is a number."""
        value = exact_value(self.gold_answer)
        return None if value is None else normal(value)

    @cached_property
    def judged(self) -> JudgedSolution:
        """The computations, and what the rules say of them."""
        return JudgedSolution(self.texts, Reference(self.question, self.reference_steps, self.gold))

    @cached_property
    def fault(self) -> Fault:
        """The step that the rules find."""
        return self.judged.fault()

    @cached_property
    def is_formal(self) -> bool:
        """Whether the problem is about formulas rather than a story: such problems get weights of their own."""
        return _FORMAL.search(" ".join((self.question, *map(without_annotations, self.reference_steps)))) is not None


def signs_of_steps(reading: Reading) -> Signs:
    """One row per step, one column per sign, in the order of `SIGNS`."""
    computations: list[list[Computation]] = [[] for _ in reading.steps]
    for computation in reading.judged.computations:
        if len(computations[computation.step]) < _MOST_COMPUTATIONS:
            computations[computation.step].append(computation)
    values = _Values(reading)
    formulas = _Formulas(reading)
    plain: list[dict[str, float]] = []
    flags: list[dict[str, bool]] = []
    for step, text in enumerate(reading.texts):
        here, flagged = values.signs(step), values.flags(step)
        of_computations, flagged_computations = _of_computations(reading.judged, computations[step])
        of_formulas, flagged_formulas = formulas.of_step(step)
        plain.append(here | of_computations | of_formulas | _of_text(text) | _of_place(step, len(reading.steps)))
        flags.append(flagged | flagged_computations | flagged_formulas | {"unreadable": bool(read_step(text).unread)})
        plain[-1][f"found_{reading.fault.reason}"] = float(step == reading.fault.step)
    _look_around(plain, flags)
    rows = np.zeros((len(plain), len(SIGNS)))
    for step, named in enumerate(plain):
        for name, sign in named.items():
            rows[step, SIGNS.index(name)] = sign
    return rows


def _of_computations(
    judged: JudgedSolution, computations: Sequence[Computation]
) -> tuple[dict[str, float], dict[str, bool]]:
    reasons = {judged.reason_against(computation) for computation in computations}
    counterparts = [judged.has_counterpart(computation) for computation in computations]
    signs = {
        "counterpart": float(any(counterparts)),
        "all_counterparts": float(bool(counterparts) and all(counterparts)),
        "leads_to_right": float(any(computation.leads_to_right for computation in computations)),
        "computations": math.log1p(len(computations)),
    }
    flags: dict[str, bool] = {
        name: name in reasons for name in ("false_equation", "other_operator", "not_in_reference", "wrong_answer")
    }
    alone = [one for one, known in zip(computations, counterparts, strict=True) if not known]
    worked_out_otherwise = judged.reference.terms | judged.reference.reordered
    near = [
        not one.fingerprints.isdisjoint(worked_out_otherwise) or _is_one_from_reference(judged, one) for one in alone
    ]
    signs["one_from_reference"] = float(any(near))
    flags["no_counterpart"] = bool(alone)
    flags["apart"] = not all(near)
    flags["provable"] = any(type_of_error(judged, one) is not None for one in computations)
    flags["repairable"] = any(one.children and _is_repairable(judged, one) for one in alone)
    flags["false_though_set_up_right"] = any(
        known and judged.is_false(one) for one, known in zip(computations, counterparts, strict=True)
    )
    flags["unexplained_operand"] = any(
        not sources and not judged.is_given(operand) and operand.face not in judged.reference.constants
        and operand.face not in (0, 1, 2, 100)
        for computation in computations
        for operand, sources in zip(computation.equation.operands, computation.sources, strict=True)
    )  # fmt: skip
    return signs, flags


def _is_one_from_reference(judged: JudgedSolution, computation: Computation) -> bool:
    """Whether one more operation, with a known quantity, gives something that the reference computes."""
    reference = judged.reference
    known = set(reference.given_fingerprints)
    for earlier in judged.computations:
        if earlier is not computation and judged.has_counterpart(earlier):
            known |= earlier.fingerprints
    wanted = reference.results | reference.answers
    for one in computation.fingerprints:
        for other in known - {0, 1}:
            made = {(one + other) % MODULUS, (one - other) % MODULUS, (other - one) % MODULUS, one * other % MODULUS}
            made |= {one * inverse(other) % MODULUS, other * inverse(one) % MODULUS}
            if not made.isdisjoint(wanted):
                return True
    return False


def _is_repairable(judged: JudgedSolution, computation: Computation) -> bool:
    """Whether the student's later steps reach the gold answer if this one had some result of the reference."""
    results = {result for results in judged.reference.of_value.values() for result in results}
    return any(would_be_right(judged, computation, right) for right in sorted(results)[:_MOST_RESULTS])


class _Values:
    """The numbers of each step: given, known from before, of the reference, or new."""

    def __init__(self, reading: Reading) -> None:
        self.question = _numbers(reading.question) | _word_numbers(reading.question)
        self.reference = frozenset().union(*map(_numbers, reading.reference_steps)) - self.question
        gold = value_of(reading.gold_answer)
        if reading.gold is not None:
            gold = complex(reading.gold)
        self.gold = frozenset() if gold is None else frozenset((_rounded(gold),))
        self.steps = [_numbers(text) for text in reading.texts]
        self.results = [_results(text) for text in reading.texts]
        answer = find_numbers(reading.texts[-1]) if reading.texts else []
        self.answer = _rounded(complex(answer[-1].face)) if answer else None
        reference_words = set(_words(" ".join((reading.question, *reading.reference_steps))))
        self.words = [set(_words(text)) for text in reading.texts]
        self.reference_words = reference_words
        before: set[float] = set(self.question)
        words_before = set(_words(reading.question))
        self.new: list[set[float]] = []
        self.first_used: list[bool] = []
        self.new_words: list[float] = []
        used: set[float] = set()
        for numbers, words in zip(self.steps, self.words, strict=True):
            self.new.append(set(numbers) - before)
            self.first_used.append(bool((numbers & self.question) - used))
            self.new_words.append(len(words - words_before) / (1 + len(words)))
            before |= numbers
            used |= numbers
            words_before |= words

    def signs(self, step: int) -> dict[str, float]:
        """Signs of the numbers and words of a step."""
        numbers, new, words = self.steps[step], self.new[step], self.words[step]
        return {
            "reference_value": float(bool(new & self.reference)),
            "gold_value": float(bool(new & self.gold)),
            "gold_near": float(any(self._makes_gold(value) for value in new)),
            "used_later": float(any(new & later for later in self.steps[step + 1 :])),
            "new_value_used_later": float(any((new - self.reference) & later for later in self.steps[step + 1 :])),
            "question_value_first_used": float(self.first_used[step]),
            "no_numbers": float(not numbers),
            "repeats_only": float(bool(numbers) and not new),
            "new_words": self.new_words[step],
            "reference_words": len(words & self.reference_words) / (1 + len(words)),
        }

    def flags(self, step: int) -> dict[str, bool]:
        """Flags of the numbers of a step."""
        strange = self.new[step] - self.reference - self.gold
        return {
            "new_value": bool(strange),
            "has_answer_value": self.answer in self.new[step],
            "unexplained_number": bool(strange - self.results[step]),
        }

    def _makes_gold(self, value: float) -> bool:
        """Whether one operation with a number of the question makes the gold answer of a value."""
        return any(
            _rounded(complex(made)) in self.gold
            for other in self.question
            if other and value
            for made in (value + other, value - other, value * other, value / other, other / value)
        )


class _Formulas:
    """The relations of each step: whether they hold, by themselves and with the values that letters have."""

    def __init__(self, reading: Reading) -> None:
        self.relations = [read_relations(text) for text in reading.texts]
        given = [relation for text in (reading.question, *reading.reference_steps) for relation in read_relations(text)]
        self.of_reference = _bindings(given)
        self.bound: dict[str, complex] = {}
        self.roots: dict[str, tuple[complex, ...]] = {}

    def of_step(self, step: int) -> tuple[dict[str, float], dict[str, bool]]:
        """Signs and flags of a step; steps have to be asked for in their order."""
        signs = dict.fromkeys(("holds", "identical", "fits_reference"), 0.0)
        flags = dict.fromkeys(
            ("false_formula", "contradicts_value", "fails_reference", "loses_solution", "not_identical"), False
        )
        for relation in self.relations[step]:
            if not relation.letters:
                holds = relation.holds({})
                signs["holds"] += holds is True
                flags["false_formula"] |= holds is False
                continue
            identity = relation.is_identity()
            signs["identical"] += identity is True
            flags["not_identical"] |= identity is False and relation.place > 0
            if identity:
                continue
            fits = relation.holds(self.of_reference)
            signs["fits_reference"] += fits is True
            flags["fails_reference"] |= fits is False
            binding = relation.binding()
            if binding is None:
                flags["contradicts_value"] |= relation.holds(self.bound) is False
            else:
                self.bound[binding[0]] = binding[1]
            flags["loses_solution"] |= self._loses_solution(relation)
        return {name: math.log1p(count) for name, count in signs.items()}, flags

    def _loses_solution(self, relation: Relation) -> bool:
        """Whether an equation in one letter has no solution in common with the equation in that letter before it."""
        if len(relation.letters) != 1:
            return False
        (letter,) = relation.letters
        roots = _roots(relation, letter)
        before = self.roots.get(letter)
        if roots:
            self.roots[letter] = roots
        if not roots or before is None:
            return False
        return all(abs(one - other) > 1e-6 * max(1.0, abs(one)) for one in roots for other in before)


def _roots(relation: Relation, letter: str) -> tuple[complex, ...]:
    """The solutions of an equation in one letter that is linear or quadratic; empty if it is not."""
    points = (0.0, 1.0, -1.0, 2.0, 3.0)
    try:
        found = [relation.left.at({letter: x}) - relation.right.at({letter: x}) for x in points]
    except ValueError:
        return ()
    at_zero, at_one, at_minus_one = found[:3]
    square = (at_one + at_minus_one) / 2 - at_zero
    slope = (at_one - at_minus_one) / 2
    size = max(map(abs, found))
    for x, value in zip(points[3:], found[3:], strict=True):
        if abs(square * x * x + slope * x + at_zero - value) > 1e-9 * (1 + size):
            return ()
    if abs(square) > 1e-9 * size:
        root = (slope * slope - 4 * square * at_zero) ** 0.5
        return ((-slope + root) / (2 * square), (-slope - root) / (2 * square))
    return (-at_zero / slope,) if abs(slope) > 1e-9 * size else ()


def _bindings(relations: Sequence[Relation]) -> dict[str, complex]:
    """The letters that have one value throughout."""
    found: dict[str, set[complex]] = {}
    for relation in relations:
        binding = relation.binding()
        if binding is not None:
            found.setdefault(binding[0], set()).add(binding[1])
    return {letter: values.pop() for letter, values in found.items() if len(values) == 1}


def _of_text(text: str) -> dict[str, float]:
    return {
        "doubt": float(bool(_DOUBT.search(text))),
        "assumption": float(bool(_ASSUMPTION.search(text))),
        "conclusion": float(bool(_CONCLUSION.search(text))),
        "long": math.log1p(len(text)) - 5.0,
    }


def _of_place(step: int, count: int) -> dict[str, float]:
    relative = step / max(1, count - 1)
    return {
        "is_first": float(step == 0),
        "is_second": float(step == 1),
        "is_last": float(step == count - 1),
        "is_last_but_one": float(step == count - 2),
        "relative": relative,
        "relative_squared": relative * relative,
    }


def _look_around(plain: list[dict[str, float]], flags: list[dict[str, bool]]) -> None:
    """Add what depends on the steps before and after."""
    computing = [signs["computations"] > 0 or signs["holds"] > 0 for signs in plain]
    for step, signs in enumerate(plain):
        flags[step]["states_answer"] = flags[step]["has_answer_value"] and step >= len(plain) - 3
        signs["counterpart_later"] = float(any(later["counterpart"] for later in plain[step + 1 :]))
        signs["reference_value_later"] = float(any(later["reference_value"] for later in plain[step + 1 :]))
        signs["reference_value_before"] = float(any(earlier["reference_value"] for earlier in plain[:step]))
        signs["among_last_if_answer"] = float(any(earlier["has_answer_value"] for earlier in flags[:step]))
        signs["first_computing"] = float(computing[step] and not any(computing[:step]))
        signs["before_computing"] = float(not any(computing[: step + 1]))
        clean = not any(earlier[flag] for earlier in flags[:step] for flag in _UNCLEAN)
        false = flags[step]["false_equation"] or flags[step]["false_formula"]
        signs["false_and_clean"] = float(clean and false)
        signs["other_operator_and_clean"] = float(clean and flags[step]["other_operator"])
        signs["apart_and_clean"] = float(clean and flags[step]["apart"])
        signs["repairable_and_clean"] = float(clean and flags[step]["repairable"])
        for flag in FLAGS:
            before = any(earlier.get(flag, False) for earlier in flags[:step])
            signs[flag] = float(flags[step][flag])
            signs[f"first_{flag}"] = float(flags[step][flag] and not before)
            signs[f"after_{flag}"] = float(before)


def _numbers(text: str) -> frozenset[float]:
    digits = {_rounded(complex(number.face)) for number in find_numbers(text)}
    return frozenset(digits | {_rounded(value) for value in values_of(text)})


def _results(text: str) -> frozenset[float]:
    """The numbers that a text computes."""
    found = {_rounded(complex(equation.result.face)) for equation in read_step(text).equations}
    for relation in read_relations(text):
        if not relation.right.letters:
            try:
                found.add(_rounded(relation.right.at({})))
            except ValueError:
                continue
    return frozenset(found)


def _word_numbers(text: str) -> frozenset[float]:
    found = (value for word in _WORD.findall(text) for value in WORD_VALUES.get(word.lower(), ()))
    return frozenset(_rounded(complex(value)) for value in found)


def _rounded(value: complex) -> float:
    return float(f"{abs(value):.6g}")


def _words(text: str) -> Iterator[str]:
    return (word.lower()[:6] for word in _WORD.findall(text))


def named_signs(reading: Reading) -> Iterator[Mapping[str, float]]:
    """The signs of each step that are not zero, by name, for people."""
    for row in signs_of_steps(reading):
        yield {name: float(sign) for name, sign in zip(SIGNS, row, strict=True) if sign}
